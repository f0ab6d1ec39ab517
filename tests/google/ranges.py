"""The requests of a batch on named and protected ranges.

As the service does it: a named range whose cells have gone is listed no more, but its name stays
taken; a protection without editors lets in all who may write at that moment; whoever protects, and
the owner, can always edit.
"""

from __future__ import annotations

import copy
import re

from tests.google import masks
from tests.google.edit import Edit
from tests.google.errors import NO_FIELDS, PROTECTED, Json, invalid
from tests.google.grid import Sheet, shown_range
from tests.google.render import may_edit, protected

_NAME = re.compile(r"[^\W\d]\w{0,249}")
_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]")


# --- names


def add_named_range(edit: Edit, body: Json) -> Json:
    asked = body.get("namedRange", {})
    name, key = asked.get("name", ""), asked.get("namedRangeId") or str(next(edit.book.numbers))
    _check_name(edit, name)
    if key in edit.book.named:
        raise invalid(
            f"Cannot add named range with ID: {key}, a named range with that ID already exists."
        )
    edit.area(asked.get("range", {}))
    edit.book.named[key] = {"name": name, "range": {"sheetId": 0} | asked.get("range", {})}
    return {
        "namedRange": {"namedRangeId": key, "name": name, "range": shown_range(asked.get("range"))}
    }


def _check_name(edit: Edit, name: str, own: str | None = None) -> None:
    if not _NAME.fullmatch(name) or _LIKE_A_CELL.fullmatch(name):
        raise invalid(f"Invalid name: {name}")
    if any(
        known["name"].casefold() == name.casefold()
        for key, known in edit.book.named.items()
        if key != own
    ):
        raise invalid(
            f"Cannot add named range with name: {name}, a named range with that name already exists."
        )


def update_named_range(edit: Edit, body: Json) -> None:
    asked, mask = body.get("namedRange", {}), masks.parse(body.get("fields", ""))
    if not mask:
        raise invalid(NO_FIELDS)
    known = _named(edit, asked.get("namedRangeId", ""))
    if "*" in mask or "name" in mask:
        _check_name(edit, asked.get("name", ""), asked["namedRangeId"])
        known["name"] = asked["name"]
    if "*" in mask or "range" in mask:
        edit.area(asked.get("range", {}))
        known["range"] = {"sheetId": 0} | asked.get("range", {})


def delete_named_range(edit: Edit, body: Json) -> None:
    _named(edit, body.get("namedRangeId", ""))
    del edit.book.named[body["namedRangeId"]]


def _named(edit: Edit, key: str) -> Json:
    if key not in edit.book.named:
        raise invalid(f"No NamedRange with id: {key}")
    found: Json = edit.book.named[key]
    return found


# --- protections


def add_protected_range(edit: Edit, body: Json) -> Json:
    asked = copy.deepcopy(body.get("protectedRange", {}))
    asked.setdefault("protectedRangeId", next(edit.book.numbers))
    if any(asked["protectedRangeId"] in sheet.protected for sheet in edit.book.sheets):
        raise invalid(f"Protected range with id {asked['protectedRangeId']} already exists.")
    if "namedRangeId" in asked:
        asked["range"] = dict(_named(edit, asked["namedRangeId"])["range"] or {})
    sheet = _checked(edit, asked)
    edit.guard(sheet, sheet.area(asked["range"]))
    sheet.protected[asked["protectedRangeId"]] = asked
    return {"protectedRange": protected(asked, edit.user, edit.owners)}


def _checked(edit: Edit, held: Json) -> Sheet:
    """A protection made whole: where it is, and who may edit."""
    held["range"] = {"sheetId": 0} | held.get("range", {})
    held.pop("requestingUserCanEdit", None)
    sheet, _ = edit.area(held["range"])
    if held.get("unprotectedRanges") and set(held["range"]) != {"sheetId"}:
        raise invalid("Unprotected ranges are only supported on protected sheets.")
    for hole in held.get("unprotectedRanges", []):
        hole.setdefault("sheetId", 0)
        sheet.area(hole)
        if hole["sheetId"] != sheet.id:
            raise invalid("Unprotected ranges must be on the protected sheet.")
    if held.get("warningOnly"):
        if "editors" in held:
            raise invalid("ProtectedRange is warningOnly. Editors cannot be set on it.")
        return sheet
    users = held.get("editors", {}).get("users") if "editors" in held else edit.writers
    always = [user for user in (*sorted(edit.owners), edit.user) if user]
    held["editors"] = held.get("editors", {}) | {
        "users": list(dict.fromkeys([*always, *(users or [])]))
    }
    return sheet


def update_protected_range(edit: Edit, body: Json) -> None:
    asked, mask = copy.deepcopy(body.get("protectedRange", {})), masks.parse(body.get("fields", ""))
    if not mask:
        raise invalid(NO_FIELDS)
    sheet, held = _protected(edit, asked.get("protectedRangeId", 0))
    number = held["protectedRangeId"]
    if "*" in mask:
        new = asked
    else:
        new = {name: value for name, value in held.items() if name not in mask} | {
            name: asked[name] for name in mask if name in asked
        }
    if new.get("warningOnly") and "editors" not in mask:
        new.pop("editors", None)
    new["protectedRangeId"] = number
    del sheet.protected[number]
    _checked(edit, new).protected[number] = new


def delete_protected_range(edit: Edit, body: Json) -> None:
    sheet, held = _protected(edit, body.get("protectedRangeId", 0))
    del sheet.protected[held["protectedRangeId"]]


def _protected(edit: Edit, number: int) -> tuple[Sheet, Json]:
    for sheet in edit.book.sheets:
        if number in sheet.protected:
            held = sheet.protected[number]
            if not may_edit(held, edit.user, edit.owners):
                raise invalid(PROTECTED)
            return sheet, held
    raise invalid(f"No protected range with id: {number}")

"""Which header of a foreign file is which of our fields, as people say it (`--map`) and as
`_IMPORT_PROFILES` remembers it, by what the headers are."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from ticketops.domain.plan import Plan, Run
from ticketops.errors import UsageError
from ticketops.model.names import same_name
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import IMPORT_PROFILES
from ticketops.schema.tables import Snapshot


class Field(NamedTuple):
    """A field as a file may have it. called: other headers of it, without blanks and signs."""

    name: str
    called: tuple[str, ...]

    @property
    def option(self) -> str:
        """What `--map` calls it."""
        return self.name


class Profile(Struct, frozen=True):
    """A mapping that is remembered. mapping: {field: header}, a blank header for a field that is not
    taken from the file; options: {option: what it said} of how the file was read."""

    name: str
    fingerprint: str
    shape: str
    mapping: dict[str, str]
    sheet: str = ""
    header_row: int | None = None
    row: int = 0
    options: dict[str, str] = {}


def plain(header: str) -> str:
    """A header for comparing: without case, accents, blanks and signs, `#` being `no`."""
    text = unicodedata.normalize("NFKD", header.casefold().replace("#", "no"))
    return re.sub(r"[\W_]+", "", "".join(c for c in text if not unicodedata.combining(c)))


def fingerprint(headers: Sequence[str]) -> str:
    """What finds a mapping again: that of these headers, whatever their case and order."""
    text = "\x1f".join(sorted(filter(None, map(plain, headers))))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def field_named(text: str, fields: Sequence[Field]) -> Field | None:
    """The field that `--map` names: `long-description`, `Long Desc`."""
    wanted = plain(text)
    exact = next((field for field in fields if plain(field.name) == wanted), None)
    return exact or next((field for field in fields if wanted in field.called), None)


def given_mapping(given: Sequence[str], fields: Sequence[Field]) -> dict[str, str]:
    """`--map FIELD=HEADER` as {field: header}; `FIELD=` takes nothing for it. Raises UsageError."""
    mapped: dict[str, str] = {}
    for text in given:
        name, mark, header = text.partition("=")
        field = field_named(name, fields)
        if not mark or field is None:
            options = ", ".join(field.option for field in fields)
            raise UsageError(
                f"--map must be FIELD=HEADER, not {text!r}", f"the fields are {options}"
            )
        if field.name in mapped:
            raise UsageError(f"--map names {field.option} twice")
        mapped[field.name] = header.strip()
    return mapped


def packed(mapping: Mapping[str, str]) -> str:
    """A mapping as a cell of `_IMPORT_PROFILES` holds it."""
    return json.dumps(dict(mapping), ensure_ascii=False, sort_keys=True)


def unpacked(text: str | None, fields: Sequence[Field]) -> dict[str, str]:
    """The mapping of a cell; empty where it holds none."""
    try:
        said: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    return {str(name): str(one) for name, one in said.items() if field_named(str(name), fields)}


def _options(text: str | None) -> dict[str, str]:
    """The options of a cell; none where it holds none."""
    try:
        said: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    known = said.items() if isinstance(said, dict) else ()
    return {str(name): one for name, one in known if isinstance(one, str)}


def listed(table: ForeignTable) -> str:
    """The headers of a file, for people."""
    return ", ".join(header for header in table.headers if header)


def fits(table: ForeignTable, mark: str) -> bool:
    """Whether a file has the headers of a mapping. mark: its fingerprint."""
    return fingerprint(table.headers) == mark


def header_named(table: ForeignTable, text: str) -> str:
    """The header that a text names, by itself or by the number of its column; a blank text stays.
    Raises UsageError for none."""
    wanted = plain(text)
    if not text or any(plain(header) == wanted for header in table.headers if header):
        return text
    at = int(text) - 1 if text.isascii() and text.isdecimal() else -1
    if not 0 <= at < len(table.headers):
        raise UsageError(f"{table.label} has no column {text!r}", f"it has {listed(table)}")
    if not table.headers[at]:
        raise UsageError(f"column {text} has no header", "write one into the file")
    return table.headers[at]


def given_places(
    table: ForeignTable, keys: Sequence[str], given: Mapping[str, str], shared: Collection[str] = ()
) -> dict[str, int]:
    """{field: place of its column} of a mapping. keys: the headers for comparing; shared: fields
    that may be read from one column. Raises UsageError for a header that the file lacks."""
    places: dict[str, int] = {}
    for name, header in given.items():
        if not header:
            continue
        wanted = plain(header)
        here = [at for at, key in enumerate(keys) if key == wanted]
        if not here:
            raise UsageError(f"{table.label} has no column {header!r}", f"it has {listed(table)}")
        if here[0] in places.values():
            other = next(one for one, at in places.items() if at == here[0])
            if not {name, other} <= set(shared):
                raise UsageError(f"--map takes the column {header!r} for {other} and {name}")
        places[name] = here[0]
    return places


def remembered(snapshot: Snapshot, kind: str, fields: Sequence[Field]) -> list[Profile]:
    """The mappings of a kind of files. A row without a kind is of each that has its fields."""
    return [
        Profile(
            row["name"],
            row["fingerprint"] or "",
            row["shape"] or "",
            unpacked(row["mapping"], fields),
            row["sheet"] or "",
            row["header_row"],
            row["row"],
            _options(row["options"]),
        )
        for row in snapshot[IMPORT_PROFILES].frame.drop_nulls("name").iter_rows(named=True)
        if row["kind"] in (None, kind)
    ]


def fitting(profiles: Sequence[Profile], table: ForeignTable, name: str) -> Profile | None:
    """The mapping of a file: the one that is named, else the one of its headers."""
    if name:
        return next((one for one in profiles if same_name(one.name, name)), None)
    mark = fingerprint(table.headers)
    return next((one for one in profiles if one.fingerprint == mark), None)


def remember(
    plan: Plan, snapshot: Snapshot, profile: Profile, kind: str, known: Profile | None, run: Run
) -> str:
    """Keep a mapping under its name, or under one of its kind where it has none; the name. known:
    the one that it takes the place of."""
    values: dict[str, Any] = {
        "kind": kind,
        "fingerprint": profile.fingerprint,
        "shape": profile.shape or None,
        "sheet": profile.sheet or None,
        "header_row": profile.header_row,
        "mapping": packed(profile.mapping),
    }
    if profile.options or (known and known.options):
        values["options"] = packed(profile.options) if profile.options else None
    sheet = snapshot[IMPORT_PROFILES]
    if known is None:
        name = profile.name or f"{kind}-{profile.fingerprint[:6]}"
        cells = {"name": name, **values, "user": run.user, "updated_at": run.now}
        plan.changes.append(
            IMPORT_PROFILES, sheet.room_for(1), tuple(cells), [tuple(cells.values())]
        )
        return name
    row = next(one for one in sheet.frame.iter_rows(named=True) if one["row"] == known.row)
    differing = {key: (row[key], one) for key, one in values.items() if row[key] != one}
    if differing:
        stamps = {"user": (row["user"], run.user), "updated_at": (row["updated_at"], run.now)}
        plan.changes.set(IMPORT_PROFILES, known.row, known.name, differing | stamps)
    return known.name

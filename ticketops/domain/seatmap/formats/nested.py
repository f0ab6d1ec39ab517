"""Seats as JSON (§1b.1): blocks that hold rows that hold seats, in our own words or in those of
pretix's seating plans and seats.io's charts, by their public structure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ticketops.domain.seatmap.plan import Area, Restriction, Zone
from ticketops.domain.seatmap.spots import BAD_PLACE, NOT_UNDERSTOOD, Spots, Wrong, number_of
from ticketops.errors import HostileFileError, InputError
from ticketops.model import spelling
from ticketops.model.seat_labels import parse_labels
from ticketops.model.states import SEAT_RESTRICTION

_BLOCKS = ("blocks", "sections", "zones", "areas", "stands")
_ROWS = ("rows",)
_SEATS = ("seats",)
_BLOCK_NAMES = ("block", "name", "label", "id", "section", "zone_id")
_ROW_NAMES = ("row", "row_label", "row_number", "label", "name", "id")
_SEAT_NAMES = ("seat", "seat_number", "number", "label", "name", "id")
_SEATS_IO = ("subChart", "floors")
_DEEPEST = 12
_NOWHERE = (0.0, 0.0)


def spots_of(text: str, label: str) -> tuple[Spots, list[Zone], list[Restriction]]:
    """The seats of a file, and the zones and restrictions that it lists by areas.

    Raises InputError for what holds no seats, HostileFileError for what is nested too deeply.
    """
    try:
        content = json.loads(text)
    except RecursionError:
        raise HostileFileError(f"{label} is nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{label} is not JSON: {error}") from None
    reader = _Reader(_categories(content))
    if isinstance(content, Mapping):
        reader.found.venue = _text(content.get("venue"))
        if any(name in content for name in _SEATS_IO):
            reader.chart(content, "", "", _NOWHERE, 0)
        else:
            reader.plan(content)
        zones = _listed(content, "category_zones", _zone, reader.found)
        restrictions = _listed(content, "restrictions", _restriction, reader.found)
    else:
        reader.blocks(content, _NOWHERE, "the file")
        zones, restrictions = [], []
    if not reader.found.seats and not reader.found.wrong:
        raise InputError(
            f"{label} has no seats",
            'it must be {"blocks": [{"block", "rows": [{"row", "seats"}]}]}',
        )
    return reader.found, zones, restrictions


class _Reader:
    """Gathers the seats. categories: {key or name of a category: its name}."""

    def __init__(self, categories: Mapping[str, str]) -> None:
        self.found = Spots()
        self._categories = categories

    def plan(self, content: Mapping[str, Any]) -> None:
        """Our own structure, or that of pretix: places add up from the outermost in."""
        name = next((one for one in _BLOCKS if isinstance(content.get(one), (list, Mapping))), None)
        if name is not None:
            self.blocks(content[name], _NOWHERE, name)
        elif "rows" in content or "seats" in content:
            self.block("", content, _NOWHERE, "the file")
        elif content and all(isinstance(one, (list, Mapping)) for one in content.values()):
            self.blocks(content, _NOWHERE, "the file")  # {"101": {"A": ["1", "2"]}}

    def blocks(self, content: Any, origin: tuple[float, float], where: str) -> None:
        for name, one in _members(content):
            at = f"{where}[{name}]"
            self.block(_name(one, _BLOCK_NAMES, name, content), one, origin, at)

    def block(self, name: Any, content: Any, origin: tuple[float, float], where: str) -> None:
        if isinstance(content, Mapping):
            place = self._moved(content, origin, where)
            category = content.get("category")
            inner = next((content[one] for one in _ROWS if one in content), None)
            if inner is None and "seats" in content:
                self.row(name, "", content, place, where, category)
                return
            if inner is None:
                inner = {key: one for key, one in content.items() if isinstance(one, (list, str))}
            self._rows(name, inner, place, where, category)
        elif isinstance(content, list):
            self._rows(name, content, origin, where, None)
        else:
            self._wrong(where, f"{_shown(content)} is not a block")

    def _rows(self, block: Any, content: Any, origin: Any, where: str, category: Any) -> None:
        for name, one in _members(content):
            at = f"{where}.rows[{name}]"
            self.row(block, _name(one, _ROW_NAMES, name, content), one, origin, at, category)

    def row(
        self, block: Any, row: Any, content: Any, origin: Any, where: str, category: Any
    ) -> None:
        if not isinstance(content, Mapping):
            self._seats(block, row, content, origin, where, category)
            return
        category = content.get("category", category)
        if "seats" not in content:
            self._wrong(where, "it has no seats")
            return
        if content.get("start") is not None and content.get("end") is not None:
            self._even(block, row, content, origin, where, category)
            return
        place = self._moved(content, origin, where)
        self._seats(block, row, content["seats"], place, where, category)

    def _seats(
        self, block: Any, row: Any, content: Any, origin: Any, where: str, category: Any
    ) -> None:
        if isinstance(content, str):  # "1-24"
            for label in self._labels(content, where):
                self.found.add(where, (block, row, label), category=category)
            return
        if not isinstance(content, (list, Mapping)):
            self._wrong(where, f"{_shown(content)} is not a list of seats")
            return
        for name, one in _members(content):
            at = f"{where}.seats[{name}]"
            if isinstance(one, Mapping):
                own = _name(one, _SEAT_NAMES, name, content)
                self._seat(block, row, own, one, origin, at, category)
            elif isinstance(one, str) and _is_list(one):
                for label in self._labels(one, at):
                    self.found.add(at, (block, row, label), category=category)
            elif isinstance(one, (str, int, float)) and not isinstance(one, bool):
                self.found.add(at, (block, row, one), category=category)
            else:
                self._wrong(at, f"{_shown(one)} is not a seat")

    def _seat(
        self,
        block: Any,
        row: Any,
        name: Any,
        told: Mapping[str, Any],
        origin: tuple[float, float],
        where: str,
        category: Any,
    ) -> None:
        place: tuple[Any, Any] = (told.get("x"), told.get("y"))
        inner = told.get("position")
        if isinstance(inner, Mapping):
            place = (inner.get("x"), inner.get("y"))
        elif isinstance(inner, list) and len(inner) == 2:
            place = (inner[0], inner[1])
        if None not in place:
            try:
                place = tuple(  # type: ignore[assignment]
                    number_of(one) + off for one, off in zip(place, origin, strict=True)
                )
            except ValueError as error:
                self._wrong(where, str(error), BAD_PLACE)
                return
        kinds = told.get("restrictions") or ()
        kinds = (
            [kinds] if isinstance(kinds, str) else list(kinds) if isinstance(kinds, list) else []
        )
        kinds = [one for one in map(str, kinds) if one]
        self.found.add(where, (block, row, name), place, self._category(told, category), kinds)

    def _even(
        self, block: Any, row: Any, told: Mapping[str, Any], origin: Any, where: str, category: Any
    ) -> None:
        """A row whose seats stand evenly from start to end."""
        try:
            (x, y), (to_x, to_y) = (
                (number_of(a) + origin[0], number_of(b) + origin[1])
                for a, b in (told["start"], told["end"])
            )
        except (ValueError, TypeError):
            self._wrong(where, "start and end must be [x, y]", BAD_PLACE)
            return
        seats = told["seats"]
        labels = self._labels(seats, where) if isinstance(seats, str) else seats
        if not isinstance(labels, Sequence):
            self._wrong(where, f"{_shown(labels)} is not a list of seats")
            return
        steps = max(len(labels) - 1, 1)
        for at, label in enumerate(labels):
            share = at / steps
            place = (x + (to_x - x) * share, y + (to_y - y) * share)
            kinds: Sequence[str] = ()
            self.found.add(where, (block, row, label), place, category, kinds)

    def chart(
        self, told: Any, block: str, where: str, origin: tuple[float, float], depth: int
    ) -> None:
        """A chart of seats.io: rows and tables with seats at x and y, sections with a chart of their
        own."""
        if depth > _DEEPEST:
            raise HostileFileError("the chart is nested too deeply")
        if not isinstance(told, Mapping):
            return
        place = self._moved(told, origin, where, ("topLeft", "position"))
        for name in ("rows", "tables"):
            for at, row in enumerate(_list(told.get(name))):
                if not isinstance(row, Mapping):
                    continue
                own = _text(row.get("sectionLabel")) or block
                category = self._category(row, None)
                here = f"{where}{name}[{at}]"
                for nth, seat in enumerate(_list(row.get("seats"))):
                    there = f"{here}.seats[{nth}]"
                    if isinstance(seat, Mapping):
                        label = _name(seat, _SEAT_NAMES, None, None)
                        self._seat(own, row.get("label"), label, seat, place, there, category)
                    else:
                        self._wrong(there, f"{_shown(seat)} is not a seat")
        for at, section in enumerate(_list(told.get("sections"))):
            if isinstance(section, Mapping):
                label = _text(section.get("label")) or block
                self.chart(section, label, f"{where}sections[{at}].", place, depth + 1)
        for name in _SEATS_IO:
            inner = told.get(name)
            for at, one in enumerate(inner if isinstance(inner, list) else [inner]):
                self.chart(one, block, f"{where}{name}[{at}].", place, depth + 1)

    def _category(self, told: Mapping[str, Any], otherwise: Any) -> Any:
        for name in ("category", "categoryLabel", "categoryKey"):
            if told.get(name) not in (None, ""):
                return self._categories.get(str(told[name]), told[name])
        return self._categories.get(str(otherwise), otherwise) if otherwise else otherwise

    def _moved(
        self,
        told: Mapping[str, Any],
        origin: tuple[float, float],
        where: str,
        names: Sequence[str] = ("position",),
    ) -> tuple[float, float]:
        """Where what is inside begins."""
        for name in names:
            inner = told.get(name)
            if isinstance(inner, Mapping) and "x" in inner and "y" in inner:
                try:
                    return origin[0] + number_of(inner["x"]), origin[1] + number_of(inner["y"])
                except ValueError as error:
                    self._wrong(where, str(error), BAD_PLACE)
        return origin

    def _labels(self, text: str, where: str) -> tuple[str, ...]:
        try:
            return parse_labels(text)
        except ValueError as error:
            self._wrong(where, str(error))
            return ()

    def _wrong(self, where: str, message: str, code: str = NOT_UNDERSTOOD) -> None:
        self.found.wrong.append(Wrong(where, code, message))


def _members(content: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(content, Mapping):
        yield from content.items()
    elif isinstance(content, list):
        yield from enumerate(content)


def _name(one: Any, names: Sequence[str], key: Any, holder: Any) -> Any:
    """What a block, row or seat is called: by itself, or by its key where an object holds it."""
    if isinstance(one, Mapping):
        for name in names:
            if isinstance(one.get(name), (str, int, float)) and one[name] != "":
                return one[name]
    return key if isinstance(holder, Mapping) else ""


def _is_list(text: str) -> bool:
    """`1-24`: a range that counts. `A-1` is one label."""
    try:
        return len(parse_labels(text)) > 1
    except ValueError:
        return False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("name")
    return str(value) if isinstance(value, (str, int, float)) else ""


def _shown(value: Any) -> str:
    return repr(value)[:40]


def _categories(content: Any) -> dict[str, str]:
    """{key or name: name} of the categories that a plan declares."""
    told = content.get("categories") if isinstance(content, Mapping) else None
    if isinstance(told, Mapping):
        told = told.get("list")
    found = {}
    for one in _list(told):
        if isinstance(one, Mapping):
            name = one.get("name") or one.get("label")
            for key in ("key", "id", "name", "label"):
                if one.get(key) is not None and name:
                    found[str(one[key])] = str(name)
    return found


# --- zones and restrictions by areas, as an export has them


def _listed(content: Mapping[str, Any], name: str, make: Any, found: Spots) -> list[Any]:
    made = []
    for at, one in enumerate(_list(content.get(name))):
        try:
            made.append(make(one))
        except (ValueError, TypeError, AttributeError, KeyError):
            where = f"{name}[{at}]"
            found.wrong.append(Wrong(where, NOT_UNDERSTOOD, f"{_shown(one)} is unclear"))
    return made


def _area(one: Mapping[str, Any]) -> Area:
    area = Area(*(str(one.get(name) or "") for name in ("blocks", "rows", "seats")))
    area.understood()
    return area


def _zone(one: Mapping[str, Any]) -> Zone:
    return Zone(spelling.category(str(one["category"])) or str(one["category"]), _area(one))


def _restriction(one: Mapping[str, Any]) -> Restriction:
    kind = spelling.choice(str(one["restriction"]), SEAT_RESTRICTION)
    if kind is None:
        raise ValueError
    return Restriction(kind, _area(one), str(one.get("note") or ""))

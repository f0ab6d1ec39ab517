"""Rows of a foreign schedule as sessions: each cell read as what its field holds, rows of one code taken
together, and everything that is wrong with a row said (§1a.1, §18b)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import Struct, field

from ticketops.domain.schedule.cells import (
    Wrong,
    capacity_in,
    category_in,
    clock_in,
    day_of,
    end_in,
    flag_in,
    long_text,
    text_in,
    weekday_in,
)
from ticketops.domain.schedule.shapes import OLYMPICS, Columns
from ticketops.model import ids, spelling
from ticketops.model.clock import offset_text, parse_offset
from ticketops.model.dates import order_of
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.sports import sport_of
from ticketops.model.texts import clean_text
from ticketops.schema.columns import ErrorValue, parse_time, text_of
from ticketops.schema.foreign import ForeignTable, Row

_SAME_CELL = frozenset(("code", "category"))


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of the file that is not taken, and why."""

    row: int
    code: str
    message: str


class Session(Struct):
    """A match or session of the file. rows: where it is there; values: {field: value} of what the file
    says, blanks left out; categories: with the capacity that only they have."""

    code: str
    rows: list[int]
    values: dict[str, Any]
    categories: list[str] = field(default_factory=list)


class Lines(Struct):
    """What a file holds. sessions: those that can be taken, {code: session}; faults: of the rows that
    can't; findings: what else is to be known; codes: all that it names."""

    sessions: dict[str, Session] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)


def read_lines(table: ForeignTable, columns: Columns, dates: str = "") -> Lines:
    """The sessions of a table. dates: dmy or mdy, else a date that can be read only one way decides for
    the column."""
    found = Lines()
    reader = _Reader(table, columns, dates)
    bad: set[str] = set()
    repeated: list[int] = []
    for row in table.rows:
        try:
            code = reader.code(row)
        except Wrong as wrong:
            if not reader.is_heading(row):
                found.faults.append(Fault(row.number, wrong.code, wrong.message))
            continue
        found.codes.add(code)
        values, wrongs = reader.values(row, code)
        known = found.sessions.get(code)
        if known is not None:
            wrongs += _conflicts(code, known, values, columns)
        found.faults += [Fault(row.number, one.code, one.message) for one in wrongs]
        if wrongs:
            bad.add(code)
        category = values.pop("category", None)
        if known is None:
            session = Session(code, [row.number], values, [category] if category else [])
            found.sessions[code] = session
            continue
        known.rows.append(row.number)
        known.values.update({name: one for name, one in values.items() if name not in known.values})
        if category and category not in known.categories:
            known.categories.append(category)
        elif not wrongs:
            repeated.append(row.number)
    found.sessions = {code: one for code, one in found.sessions.items() if code not in bad}
    if repeated:
        rows = ", ".join(map(str, repeated[:5])) + (" …" if repeated[5:] else "")
        message = f"{counted(len(repeated), 'row')} that say the same as another: {rows}"
        found.findings.append(Finding("ROWS_REPEATED", Severity.INFO, message))
    return found


def _conflicts(
    code: str, known: Session, values: Mapping[str, Any], columns: Columns
) -> list[Wrong]:
    """What a row says otherwise than an earlier one of its session."""
    return [
        Wrong(
            "CONFLICT",
            f"{code}: {columns.headers.get(name, name)} is {shown(values[name])!r} here and "
            f"{shown(known.values[name])!r} on row {known.rows[0]}",
        )
        for name in values
        if name not in _SAME_CELL
        and name in known.values
        and not _same(values[name], known.values[name])
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return spelling.tidy(one).casefold() == spelling.tidy(other).casefold()
    return bool(one == other)


def shown(value: Any) -> str:
    """A value for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    return text_of(value)


class _Reader:
    """Cells of a table as values of fields."""

    def __init__(self, table: ForeignTable, columns: Columns, dates: str) -> None:
        self._at, self._headers, self._shape = columns.places, columns.headers, columns.shape
        self._order = dates or self._order_of(table.rows)
        self._read: dict[str, Callable[[Any], Any]] = {
            "date": self._day,
            "time": clock_in,
            "end": end_in,
            "capacity": capacity_in,
            "medal": flag_in,
            "day": weekday_in,
            "category": category_in,
            "long_description": long_text,
        }

    def _day(self, cell: Any) -> datetime | None:
        return day_of(cell, self._order)

    def _order_of(self, rows: Sequence[Row]) -> str:
        at = self._at.get("date")
        return "" if at is None else order_of(_first_word(row.text(at)) for row in rows)

    def is_heading(self, row: Row) -> bool:
        """Whether a row without a code is a heading or a remark: nothing stands in its columns but in
        one of them."""
        return sum(cell is not None for cell in row.cells) <= 1

    def code(self, row: Row) -> str:
        """The code of a row. Raises Wrong."""
        header = self._headers["code"]
        try:
            cell = self._cell(row, "code")
        except Wrong as wrong:
            raise Wrong(wrong.code, f"{header} {wrong.message}") from None
        text = spelling.tidy(text_of(cell)) if cell is not None else ""
        if not text:
            raise Wrong("MISSING_CODE", f"{header} is blank")
        if isinstance(cell, (datetime, date, time, timedelta)):
            raise Wrong("BAD_CODE", f"{header} shows {text!r}, which is a date")
        try:
            code = ids.normalise_match(clean_text(text, "code"))
        except ValueError as error:
            raise Wrong("BAD_CODE", str(error)) from None
        is_number = text.isdecimal()
        if spelling.is_no_match(code) or (self._shape == OLYMPICS and is_number):
            meant = spelling.without_slips(code)
            hint = f": did you mean {meant}?" if meant != code else ""
            raise Wrong("BAD_CODE", f"{text!r} is not the code of a match{hint}")
        return code

    def values(self, row: Row, code: str) -> tuple[dict[str, Any], list[Wrong]]:
        """What a row says, blanks left out, and what is wrong with it."""
        values: dict[str, Any] = {}
        wrongs: list[Wrong] = []
        for name in self._at:
            if name == "code":
                continue
            try:
                cell = self._cell(row, name)
                if cell is None:
                    continue
                read: Callable[[Any], Any] = self._read.get(name, text_in)
                value = read(cell)
            except Wrong as wrong:
                wrongs.append(Wrong(wrong.code, f"{code}: {self._headers[name]} {wrong.message}"))
                continue
            if value is not None and value != "":
                values[name] = value
        self._from_moment(row, values)
        if "sport" in values or (spelling.is_session(code) and not ids.is_fifa_match(code)):
            values["sport"] = sport_of(code, values.get("sport", ""))
        return values, wrongs

    def _from_moment(self, row: Row, values: dict[str, Any]) -> None:
        """A date that has a time of day, where the file has no other."""
        if "time" in values or "date" not in values:
            return
        cell = self._cell(row, "date")
        if isinstance(cell, datetime):
            if cell.time() != time():
                values["time"] = f"{cell:%H:%M}"
        elif isinstance(cell, str):
            _, _, rest = spelling.plain(cell).replace("T", " ", 1).partition(" ")
            if rest[:1].isdigit() and (clock := parse_time(rest)) is not None and ":" in rest:
                offset = parse_offset(rest)
                suffix = f" {offset_text(offset)}" if offset is not None else ""
                values["time"] = f"{clock:%H:%M}{suffix}"

    def _cell(self, row: Row, name: str) -> Any:
        """A cell; None where it is blank. Raises Wrong for an error."""
        at = self._at[name]
        cell = row.cells[at] if at < len(row.cells) else None
        if isinstance(cell, ErrorValue):
            raise Wrong("ERROR_CELL", f"shows {cell}")
        if isinstance(cell, str) and (
            cell.strip().startswith("#") and _IS_ERROR.fullmatch(cell.strip())
        ):
            raise Wrong("ERROR_CELL", f"shows {cell.strip()}")
        return cell


_IS_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|ERROR!)")


def _first_word(text: str) -> str:
    return text.partition(" ")[0]


def every(faults: Iterable[Fault]) -> list[Fault]:
    """The faults, by row."""
    return sorted(faults, key=lambda one: (one.row, one.code))

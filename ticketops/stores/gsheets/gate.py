"""Batches that rest on an assumption which failed on this account (`assumptions`): they are refused
before anything of them is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketops.schema.addresses import Area
from ticketops.schema.sheets_api import Request, area
from ticketops.stores.gsheets.assumptions import Kind
from ticketops.stores.gsheets.connection import Connection
from ticketops.stores.gsheets.control import is_internal
from ticketops.stores.gsheets.recheck import Look, ranges
from ticketops.stores.gsheets.sheets import KnownSheets

_FEW = 30
"""Ranges that may be asked for at once where Google does not answer to hundreds."""
_PROTECTIONS = "sheets(properties(title),protectedRanges(warningOnly,requestingUserCanEdit))"
_LOOKS = "userEnteredFormat.numberFormat.type,dataValidation"
_LENDING = ("PASTE_FORMAT", "PASTE_DATA_VALIDATION")


@dataclass(frozen=True, slots=True)
class _Written:
    """A cell of the workbook that a batch writes; fields: of it."""

    sheet: str
    row: int
    column: int
    cell: Mapping[str, Any]
    fields: str

    @property
    def value(self) -> Mapping[str, Any]:
        value: Mapping[str, Any] = self.cell.get("userEnteredValue", {})
        return value

    @property
    def text(self) -> str:
        return str(self.value.get("stringValue", ""))


def refuse(connection: Connection, known: KnownSheets, batch: Sequence[Request]) -> None:
    """Raises RuleError for a batch of which anything rests on what failed. Where a failed
    assumption is about what cells look like, Google is asked for it: only then is there a request
    more."""
    failed = connection.failed
    kinds = set(failed.kinds())
    if not kinds:
        return
    names = {grid.sheet_id: name for name, grid in known.grids.items() if not is_internal(name)}
    made = {
        one["sheetId"]: one["title"]
        for request in batch
        if (one := request.get("addSheet", {}).get("properties"))
    }
    for title in made.values():
        failed.refuse(Kind.NEW_SHEETS, title)
    own = {number: title for number, title in made.items() if not is_internal(title)}
    written = list(_written(batch, names | own))
    for name in dict.fromkeys(_sheets(batch, names)):
        grid = known.grids[name]
        if grid.filtered:
            failed.refuse(Kind.FILTERED, name)
        if grid.merges and failed.of(Kind.MERGED):
            known.forget()  # merges that are gone by now are known until the list is fetched anew
            failed.refuse(Kind.MERGED, name)
    for one in written:
        if "formulaValue" in one.value:
            failed.refuse(Kind.FORMULAS, one.sheet)
        if "\r" in one.text:
            failed.refuse(Kind.RETURNS, one.sheet)
        if any(_is_control(c) for c in one.text):
            failed.refuse(Kind.CONTROLS, one.sheet)
    if Kind.PROTECTED in kinds:
        refuse_protected(connection, {known.spelled(one.sheet): one.sheet for one in written})
    if kinds & {Kind.PLAIN_TEXT, Kind.VALIDATED}:
        _refuse_by_looks(connection, known, written, _lenders(batch, names))


def refuse_look(connection: Connection, name: str, asked: Sequence[str]) -> None:
    """Raises RuleError where so many ranges are asked for as Google does not answer to. name: of
    the workbook."""
    if len(asked) > _FEW:
        connection.failed.refuse(Kind.SCATTERED, name)


def refuse_protected(connection: Connection, titles: Mapping[str, str] | None = None) -> None:
    """Raises RuleError where a sheet has cells that are protected against us, and how Google
    refuses those is not understood. titles: {title: what people call it} of the sheets that matter,
    None for all."""
    if not connection.failed.of(Kind.PROTECTED):
        return
    for sheet in connection.spreadsheet_with([], _PROTECTIONS).get("sheets", ()):
        title = sheet["properties"]["title"]
        closed = any(
            not one.get("requestingUserCanEdit") and not one.get("warningOnly")
            for one in sheet.get("protectedRanges", ())
        )
        if closed and (titles is None or title in titles):
            connection.failed.refuse(Kind.PROTECTED, titles[title] if titles else title)


def _written(batch: Sequence[Request], names: Mapping[int, str]) -> Iterator[_Written]:
    for request in batch:
        block = request.get("updateCells", {})
        start = block.get("start", {})
        if start.get("sheetId") not in names:
            continue
        for row, held in enumerate(block["rows"], start=start["rowIndex"] + 1):
            for column, cell in enumerate(held["values"], start=start["columnIndex"] + 1):
                yield _Written(names[start["sheetId"]], row, column, cell, block["fields"])


def _sheets(batch: Sequence[Request], names: Mapping[int, str]) -> Iterator[str]:
    """The sheets of the workbook in which a batch writes values."""
    for request in batch:
        for kind in ("updateCells", "cutPaste"):
            body = request.get(kind, {})
            place = body.get("start") or body.get("range") or body.get("destination") or {}
            if place.get("sheetId") in names:
                yield names[place["sheetId"]]


def _is_control(character: str) -> bool:
    return (character < " " and character not in "\n\r") or "\x7f" <= character <= "\x9f"


def _lenders(batch: Sequence[Request], names: Mapping[int, str]) -> list[tuple[str, Area, int]]:
    """(sheet, cells that get the looks of another row, that row)."""
    return [
        (names[body["source"]["sheetId"]], area(body["destination"], 0, 0), row)
        for request in batch
        if (body := request.get("copyPaste", {})).get("pasteType") in _LENDING
        and body["source"]["sheetId"] in names
        for row in [body["source"]["startRowIndex"] + 1]
    ]


def _refuse_by_looks(
    connection: Connection,
    known: KnownSheets,
    written: Sequence[_Written],
    lenders: Sequence[tuple[str, Area, int]],
) -> None:
    """Ask what the written cells look like, and the rows that lend new ones their looks."""
    wanted: dict[str, dict[int, set[int]]] = {}
    rows_of: list[tuple[_Written, set[int]]] = []
    for one in written:
        if one.sheet not in known.grids:
            continue
        rows = {one.row} | {
            row
            for sheet, ((left, top), (right, bottom)), row in lenders
            if sheet == one.sheet and top <= one.row <= bottom and left <= one.column <= right
        }
        grid = known.grids[one.sheet]
        rows = {row for row in rows if row <= grid.rows and one.column <= grid.columns}
        rows_of.append((one, rows))
        for row in rows:
            wanted.setdefault(one.sheet, {}).setdefault(row, set()).add(one.column)
    looks = _looks(connection, known, wanted)
    for one, rows in rows_of:
        for row in rows:
            look = looks.get((one.sheet, row, one.column), {})
            form = look.get("userEnteredFormat", {}).get("numberFormat", {}).get("type")
            if form == "TEXT" and "numberValue" in one.value and "numberFormat" not in one.fields:
                connection.failed.refuse(Kind.PLAIN_TEXT, one.sheet)
            rule = look.get("dataValidation", {})
            is_tick = rule.get("condition", {}).get("type") == "BOOLEAN" and (
                "boolValue" in one.value
            )
            if rule.get("strict") and one.value and not is_tick:
                connection.failed.refuse(Kind.VALIDATED, one.sheet)


def _looks(
    connection: Connection, known: KnownSheets, wanted: Mapping[str, Mapping[int, set[int]]]
) -> dict[tuple[str, int, int], Mapping[str, Any]]:
    """{(sheet, row, column): what its cell looks like}."""
    asked = [
        text
        for name, rows in wanted.items()
        for text in ranges(
            known.spelled(name),
            Look({row: tuple(sorted(columns)) for row, columns in rows.items()}),
        )
    ]
    if not asked:
        return {}
    return {
        (known.name_of(sheet["properties"]["title"]), row, column): cell
        for sheet in connection.cells(asked, _LOOKS)
        for block in sheet.get("data", ())
        for row, held in enumerate(block.get("rowData", ()), start=block.get("startRow", 0) + 1)
        for column, cell in enumerate(held.get("values", ()), start=block.get("startColumn", 0) + 1)
    }

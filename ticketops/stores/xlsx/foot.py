"""Rows of totals below the records: new rows go above them and inside their sums.

Where blank rows lie between, those are used; else the totals move down by as many rows as they
lack. What can't be done safely is refused: notes, shared formulas or other cells in the way,
formulas elsewhere that point at a row that would move.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from ticketops.errors import SpliceError
from ticketops.schema.addresses import column_letters, column_number, parse_range
from ticketops.stores.edits import SheetEdit
from ticketops.stores.references import Room, points_below, with_room
from ticketops.stores.xlsx.cells import CELL, has_formula, is_constant
from ticketops.stores.xlsx.conventional import SheetXml
from ticketops.stores.xlsx.parts import Parts
from ticketops.stores.xlsx.xmltext import escape, unescape

_ROW = re.compile(rb'<row r="(\d+)"([^>]*?)(/?)>')
_PLAIN = re.compile(rb"<f((?:\s(?!t=|si=)[\w:]+=(?:\"[^\"]*\"|'[^']*'))*)\s*>([^<]*)</f>")
_ANY_FORMULA = re.compile(rb'<c r="[A-Z]+(\d+)"[^>]*><f[^>]*>([^<]*)</f>')
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*>([^<]+)</(?:\w+:)?f>")
_NAME = re.compile(rb"<(?:\w+:)?definedName\b([^>]*)>([^<]+)<")
_RESULT = re.compile(rb"<v(?:\s[^>]*)?>[^<]*</v>|<v\s*/>")
_TYPE = re.compile(rb'\st="\w+"')
_MERGED = re.compile(rb'(<(?:\w+:)?mergeCell\b[^>]*?\bref=["\'])([^"\']+)')
_HINT = "leave a blank row above it for each row to add"


def make_room(sheet_xml: SheetXml, edit: SheetEdit, parts: Parts, sheet: str) -> SheetXml:
    """The sheet with its totals below the rows that `edit` adds, and their sums over them. Raises
    SpliceError."""
    room = edit.room
    if room is None:
        return sheet_xml
    shift = room.shift
    if shift:
        _refuse_pointers(sheet_xml, edit, parts, sheet)
    rows = _Rows(sheet_xml, edit.foot[0])
    for row in sorted(edit.foot, reverse=True):
        cells = [(column, cell) for column, cell in rows.cells(row) if column <= edit.edge]
        rows.drop(row, {column for column, _cell in cells})
        target = row + shift
        taken = [
            column
            for column, cell in rows.cells(target)
            if column <= edit.edge and not cell.endswith(b"/>")
        ]
        if taken:
            raise SpliceError(
                f"{sheet}!{column_letters(taken[0])}{target} is in the way of the totals in row {row}",
                _HINT,
            )
        rows.drop(target, {column for column, _cell in cells})
        rows.put(
            target, [(column, _moved(cell, row, target, room, sheet)) for column, cell in cells]
        )
    return _with_merges(rows.sheet(), edit, shift) if shift else rows.sheet()


def _moved(cell: bytes, row: int, target: int, room: Room, sheet: str) -> bytes:
    """One cell of a row of totals in its new row, its ranges over the new rows."""
    found = CELL().fullmatch(cell)
    if found is None:
        raise SpliceError(f"{sheet} row {row} holds a cell that can't be moved", _HINT)
    content = found[3] or b""
    opening = b'<c r="%b%d"' % (found[1], target)
    if not has_formula(content) or is_constant(content):
        return opening + cell[cell.index(b'"', cell.index(b'"') + 1) + 1 :]
    plain = _PLAIN.search(content)
    if plain is None:
        raise SpliceError(
            f"{sheet}!{found[1].decode()}{row} holds a formula that it shares with other cells",
            _HINT,
        )
    text = unescape(plain[2].decode())
    new = with_room(text, sheet, room)
    if new == text:
        return opening + cell[cell.index(b'"', cell.index(b'"') + 1) + 1 :]
    return (
        opening
        + _TYPE.sub(b"", found[2])
        + b"><f"
        + plain[1]
        + b">"
        + escape(new).encode()
        + b"</f></c>"
    )


class _Rows:
    """The rows of a sheet from one on, as cells that can be moved."""

    def __init__(self, sheet_xml: SheetXml, first: int) -> None:
        self._xml, self._start, self._end = sheet_xml
        opened = list(_ROW.finditer(self._xml, self._start, self._end))
        self._at = next((found.start() for found in opened if int(found[1]) >= first), self._end)
        self._attributes: dict[int, bytes] = {}
        self._cells: dict[int, list[tuple[int, bytes]]] = {}
        self._as_it_was: dict[int, bytes] = {}
        for found in opened[bisect_left([int(o[1]) for o in opened], first) :]:
            row = int(found[1])
            stop = found.end() if found[3] else self._xml.index(b"</row>", found.end())
            self._attributes[row] = found[2]
            self._cells[row] = [
                (column_number(cell[1]), cell[0])
                for cell in CELL().finditer(self._xml, found.end(), stop)
            ]
            self._as_it_was[row] = self._xml[
                found.start() : stop if found[3] else stop + len(b"</row>")
            ]

    def cells(self, row: int) -> list[tuple[int, bytes]]:
        return self._cells.get(row, [])

    def drop(self, row: int, columns: Iterable[int]) -> None:
        gone = set(columns)
        if row in self._cells:
            self._cells[row] = [
                (column, cell) for column, cell in self._cells[row] if column not in gone
            ]
            self._as_it_was.pop(row, None)

    def put(self, row: int, cells: list[tuple[int, bytes]]) -> None:
        self._attributes.setdefault(row, b"")
        self._cells[row] = sorted([*self.cells(row), *cells])
        self._as_it_was.pop(row, None)

    def sheet(self) -> SheetXml:
        pieces = []
        for row in sorted(self._cells):
            body = b"".join(cell for _column, cell in self._cells[row])
            attributes = re.sub(rb'\sspans="[^"]*"', b"", self._attributes[row])
            pieces.append(
                self._as_it_was.get(row) or b'<row r="%d"%b>%b</row>' % (row, attributes, body)
            )
        rows = b"".join(pieces)
        xml = self._xml[: self._at] + rows + self._xml[self._end :]
        return SheetXml(xml, self._start, self._at + len(rows))


def _refuse_pointers(sheet_xml: SheetXml, edit: SheetEdit, parts: Parts, sheet: str) -> None:
    """Raises SpliceError where something points at a row of totals that would move, or a note hangs
    on it."""
    first, foot = edit.foot[0], set(edit.foot)
    noted = sorted(
        row for row, column in parts.notes_of(sheet) if row in foot and column <= edit.edge
    )
    if noted:
        raise SpliceError(
            f"{sheet} row {noted[0]} holds totals with a note that are in the way of new rows",
            _HINT,
        )
    why = f"{sheet} row {first} holds totals that are in the way of new rows, and {{}} refers to it"
    xml, start, end = sheet_xml
    for found in _ANY_FORMULA.finditer(xml, start, end):
        if int(found[1]) not in foot and points_below(
            unescape(found[2].decode()), sheet, first, inside=True
        ):
            raise SpliceError(why.format(f"a formula in row {int(found[1])}"), _HINT)
    own = parts.sheets[sheet]
    sheets = set(parts.sheets.values())
    for part in parts.package.members:
        chart = "/charts/" in part.casefold() and part.casefold().endswith(".xml")
        if part == own or not (chart or part in sheets):
            continue
        other = parts.package.read(part)
        if b"f>" in other and any(
            points_below(unescape(f.decode()), sheet, first, inside=False)
            for f in _FORMULA.findall(other)
        ):
            raise SpliceError(why.format(f"another part of the workbook ({part})"), _HINT)
    for attributes, text in _NAME.findall(parts.workbook_xml()):
        hidden = b"_xlnm." in attributes or b"_FilterDatabase" in attributes
        if not hidden and points_below(unescape(text.decode()), sheet, first, inside=False):
            raise SpliceError(why.format("a defined name"), _HINT)


def _with_merges(sheet_xml: SheetXml, edit: SheetEdit, shift: int) -> SheetXml:
    """Merged cells of the totals move with them."""

    def moved(found: re.Match[bytes]) -> bytes:
        area = parse_range(found[2].decode())
        if area is None or area[0][1] not in edit.foot or area[1][0] > edit.edge:
            return found[0]
        (left, top), (right, bottom) = area
        return (
            found[1]
            + f"{column_letters(left)}{top + shift}:{column_letters(right)}{bottom + shift}".encode()
        )

    xml, start, end = sheet_xml
    return SheetXml(xml[:end] + _MERGED.sub(moved, xml[end:]), start, end)

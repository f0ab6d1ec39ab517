"""Undo on a workbook that another program saved since: which cells go back to what, from the journal and the backup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ticketops.errors import ConflictError, RuleError
from ticketops.model.changes import ChangeSet
from ticketops.schema.tables import Table, build_table, place_names
from ticketops.schema.workbook import Manifest
from ticketops.stores.journal import Journal
from ticketops.stores.records import Record, content_digest, plain_row, tabular
from ticketops.stores.undo import inverse
from ticketops.stores.xlsx.conventional import conventional
from ticketops.stores.xlsx.parts import OFFSET_1904, Parts
from ticketops.stores.xlsx.reader import Reader
from ticketops.stores.xlsx.splice import read_cells, rows_of


def plan(record: Record, parts: Parts, old: Parts | None, journal: Journal, manifest: Manifest) -> tuple[ChangeSet, dict[str, Table]]:
    """The changes that take a transaction back, and the tables they are to be written on.

    old: the backup from before it, for what the journal does not hold (secrets, replaced sheets). Raises ConflictError
    where the workbook no longer holds what was written, RuleError where the backup is needed and gone.
    """
    names = [*record.cells, *(name for name in record.replaced if name not in record.cells)]
    tables = {name: _table(parts, name, manifest) for name in names}
    found = {name: _raw_cells(parts, tables[name], rows) for name, rows in record.cells.items()}
    originals = {}
    if old is not None:
        originals = {name: _raw_cells(old, _table(old, name, manifest), rows) for name, rows in record.cells.items()}
    changes = inverse(record, found, originals, journal.seal, OFFSET_1904 if parts.date1904 else timedelta())
    for name, content in record.replaced.items():
        if replaced_digest(parts, tables[name]) != content:
            raise ConflictError(f"sheet {name!r} was changed since: it can't be taken back", "nothing was written")
        if old is None:
            raise RuleError(f"the backup that holds the old {name!r} is gone")
        columns = tuple(c.name for c in manifest[name].columns if c.name in tables[name].positions)
        before = _table(old, name, manifest)
        rows = _in_place(old, before, columns) if columns else [tuple(row) for row in _plain_rows(old, name)]
        changes.replace(name, columns, rows)
    return changes, tables


def _in_place(parts: Parts, table: Table, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """The rows below the header as they stand, blank ones and misfits included, so that each comes back where it stood."""
    if not table.exists or not table.positions:
        return []
    rows = Reader(parts).rows(table.sheet.name)[table.sheet.header_row : table.next_row - 1]
    places = [table.positions[name][0] - 1 if name in table.positions else None for name in columns]
    return [tuple(plain_row(row[p] if p is not None and p < len(row) else None for p in places)) for row in rows]


def replaced_digest(parts: Parts, table: Table) -> str:
    """The digest of a sheet's content as it stands, comparable with that of what was written."""
    name = table.sheet.name
    return content_digest(tabular(table) if table.sheet.header_row else _plain_rows(parts, name))


def _plain_rows(parts: Parts, name: str) -> Sequence[Sequence[Any]]:
    return [plain_row(row) for row in (Reader(parts).rows(name) if name in parts.sheets else [])]


def _table(parts: Parts, name: str, manifest: Manifest) -> Table:
    rows = Reader(parts).rows(name) if name in parts.sheets else []
    sheet = manifest[name]
    return build_table(sheet, rows[sheet.header_row - 1] if len(rows) >= sheet.header_row > 0 else [], rows[sheet.header_row :])


def _raw_cells(parts: Parts, table: Table, rows: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """{row: {column name: raw value}} of named cells, where the sheet still has the columns."""
    part = parts.sheets.get(table.sheet.name)
    if part is None:
        return {}
    names = place_names(table.positions)
    places = {name: place for place, name in names.items()}
    wanted = {row: [places[name] for name in cells if name in places] for row, cells in rows.items()}
    found = read_cells(rows_of(conventional(parts.xml(part), part), wanted), wanted, parts.shared)
    return {row: {names[place]: value for place, value in cells.items()} for row, cells in found.items()}

"""What append-only sheets keep, and what they say of an undo (D19, D25)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Outbox, Sheet, Trail
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import Snapshot, Table
from ticketops.stores.base import Entry, Transaction
from ticketops.stores.records import Record
from ticketops.stores.standing import is_append_only

UNDO = "UNDO"
"""What append-only sheets say of what was taken back."""


class Said(NamedTuple):
    """What append-only sheets say of an undo. stays: what was done already, for people."""

    changes: ChangeSet
    stays: tuple[str, ...] = ()


def said_of_undo(record: Record, layout: Layout, tables: Mapping[str, Table], entry: Entry) -> Said:
    """A row UNDO for each sale, set, login or ticket that append-only sheets tell of, so that whoever
    looks for one of them finds that it does not stand; rows of an outbox that are still open are called
    off. tables: those of the append-only sheets. Sheets and columns that lack are added."""
    changes = ChangeSet()
    stays: list[str] = []
    for name, rows in record.cells.items():
        if name not in layout:
            continue
        sheet = layout[name]
        if sheet.trail is not None:
            columns, added = _undo_rows(sheet, sheet.trail, rows, record.transaction, entry)
            changes.append(name, tables[name].next_row, columns, added)
        elif sheet.outbox is not None:
            stays += _called_off(sheet.outbox, rows, tables[name], changes)
    return Said(with_structure(changes, Snapshot("", tables)), tuple(stays))


def _called_off(
    outbox: Outbox,
    rows: Mapping[int, Mapping[str, tuple[Any, Any]]],
    table: Table,
    changes: ChangeSet,
) -> list[str]:
    """Call off what is still open of the rows that a transaction appended; what was done already. A row
    is known by its name, wherever it is now."""
    name, whom = outbox.named
    appended = {
        after
        for cells in rows.values()
        for before, after in (cells.get(name, (None, None)),)
        if before is None and after
    }
    stays = []
    if not appended or not table.exists:
        return []
    frame = table.frame.filter(table.frame[name].is_in(list(appended)))
    for row, called, state, to in frame.select("row", name, outbox.state, whom).iter_rows():
        if state in outbox.open:
            changes.set(table.sheet.name, row, called, {outbox.state: (state, outbox.off)})
        elif state != outbox.off:
            stays.append(f"{called} to {to or 'nobody'}: it is {state or 'unclear'}")
    return stays


def _undo_rows(
    sheet: Sheet,
    trail: Trail,
    rows: Mapping[int, Mapping[str, tuple[Any, Any]]],
    undone: Transaction,
    entry: Entry,
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    own = {
        "timestamp": entry.at.replace(microsecond=0),
        "user": entry.user,
        "run_id": entry.run_id,
        "action": UNDO,
    }
    given = {name: value for name, value in own.items() if name in sheet.by_name}
    said = f"{undone.entry.run_id} {undone.entry.command}"
    given[trail.reason] = said if "action" in given else f"{UNDO} {said}"
    whom = dict.fromkeys(
        tuple(cells.get(name, (None, None))[1] for name in trail.copied) for cells in rows.values()
    )
    columns = (*given, *trail.copied)
    return columns, [(*given.values(), *one) for one in whom]


def append_only_sheets(record: Record, layout: Layout) -> list[str]:
    """The append-only sheets that a transaction wrote to."""
    return [name for name in record.cells if is_append_only(layout, name)]


def kept_rows(layout: Layout, now: Mapping[str, Table], old: Mapping[str, Table]) -> ChangeSet:
    """What append-only sheets hold beyond an older version of them, to be put below what that holds; of
    an outbox also what became of the rows that it had: nothing that was done is done again."""
    changes = ChangeSet()
    for name, table in now.items():
        if not table.exists:
            continue
        columns = tuple(
            column.name for column in layout[name].columns if column.name in table.positions
        )
        kept = table.frame["row"] > old[name].last_row
        if layout[name].outbox is not None:
            kept = _kept_cells(changes, name, columns, table, old[name])
        fresh = table.frame.filter(kept).select(columns).rows()
        changes.append(name, old[name].next_row, columns, fresh)
    return changes


def _kept_cells(
    changes: ChangeSet, name: str, columns: tuple[str, ...], now: Table, old: Table
) -> pl.Series:
    """Set in the rows of an older outbox what they hold now; which rows of now it did not have."""
    key = old.sheet.identity[0]
    standing = {row[key]: row for row in now.frame.iter_rows(named=True) if row[key]}
    for row in old.frame.iter_rows(named=True):
        if row[key] in standing:
            cells = {one: (row[one], standing[row[key]][one]) for one in columns}
            changes.set(name, row["row"], row[key], cells)
    keyed = now.frame[key].is_not_null()
    return (keyed & ~now.frame[key].is_in(old.frame[key].drop_nulls().to_list())) | (
        ~keyed & (now.frame["row"] > old.last_row)
    )

"""What append-only sheets keep, and what they say of an undo (D19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet, Trail
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import Snapshot, Table
from ticketops.stores.base import Entry, Transaction
from ticketops.stores.records import Record
from ticketops.stores.standing import is_append_only

UNDO = "UNDO"
"""What append-only sheets say of what was taken back."""


def trail_rows(
    record: Record, layout: Layout, tables: Mapping[str, Table], entry: Entry
) -> ChangeSet:
    """A row UNDO for each sale, set, login or ticket that append-only sheets tell of, so that whoever
    looks for one of them finds that it does not stand. tables: those of the append-only sheets. Sheets
    and columns that lack are added."""
    changes = ChangeSet()
    for name, rows in record.cells.items():
        trail = layout[name].trail if name in layout else None
        if trail is not None:
            columns, added = _undo_rows(layout[name], trail, rows, record.transaction, entry)
            changes.append(name, tables[name].next_row, columns, added)
    return with_structure(changes, Snapshot("", tables))


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
    """What append-only sheets hold beyond an older version of them, to be put below what that holds."""
    changes = ChangeSet()
    for name, table in now.items():
        if not table.exists:
            continue
        columns = tuple(
            column.name for column in layout[name].columns if column.name in table.positions
        )
        fresh = table.frame.filter(table.frame["row"] > old[name].last_row).select(columns).rows()
        changes.append(name, old[name].next_row, columns, fresh)
    return changes

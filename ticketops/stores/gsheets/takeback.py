"""Undo of a Google Sheet, and of an event in a database: cell by cell from its journal, in one batch with what append-only sheets say
of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketops.errors import ConflictError, RuleError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import Layout
from ticketops.schema.tables import Table
from ticketops.stores.base import Entry, Transaction, Undoing
from ticketops.stores.gsheets import ledger, recheck
from ticketops.stores.records import Digest, Record, content_digest, tabular
from ticketops.stores.standing import told_logs_only
from ticketops.stores.trail import append_only_sheets, said_of_undo
from ticketops.stores.undo import SecretGone, TakenBack, take_back, typed


class Fetched:
    """The sheets as they were read last: a `stores.undo.Reading`."""

    def __init__(
        self, table: Callable[[str], Table], rows: Mapping[str, Sequence[Sequence[Any]]]
    ) -> None:
        self.table, self.rows = table, rows

    def raw(self, sheet: str, wanted: Mapping[int, Collection[str]]) -> dict[int, dict[str, Any]]:
        return recheck.found(self.table(sheet), self.rows.get(sheet, []), wanted)

    def hung(self, sheet: str, place: int) -> bool:
        del sheet, place  # notes and merged cells stay where they are
        return False


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be taken back. stood: what stood in sheets that it replaced."""

    record: Record
    stood: Mapping[str, Any]
    passed: tuple[Transaction, ...]
    is_last: bool

    def sheets(self, layout: Layout) -> tuple[str, ...]:
        """The sheets to read for it."""
        made = self.record.identities.sheets if self.record.identities else ()
        return tuple(
            name
            for name in dict.fromkeys([*self.record.cells, *self.record.replaced, *made])
            if name in layout
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """An undo, ready to be written. replaced: sheets that are rewritten; removed: those that go."""

    undoing: Undoing
    changes: ChangeSet
    tables: dict[str, Table]
    replaced: dict[str, str]
    removed: tuple[str, ...]


def plan(
    of: Target,
    layout: Layout,
    now: Fetched,
    there: Collection[str],
    seal: Callable[[Any], Digest],
    entry: Entry,
    *,
    why: str = "as always on a Google Sheet",
    older: str = "Google's version history has it",
) -> Planned:
    """there: the sheets of the workbook; why: it goes cell by cell; older: where older versions are,
    for people. Raises what `Store.undo` raises."""
    record = of.record
    target = record.transaction
    try:
        back = take_back(record, layout, now, None, seal)
    except SecretGone as error:
        raise RuleError(f"no journal holds the old secret of {error.where}", older) from None
    for name, digest in record.replaced.items():
        if name not in of.stood:
            raise RuleError(f"the old content of {name!r} is not in the journal", older)
        back.tables[name] = now.table(name)
        _rewritten(back, back.tables[name], now, digest, of.stood[name], older)
    logged = {name: now.table(name) for name in append_only_sheets(record, layout)}
    said = said_of_undo(record, layout, logged, entry)
    trail = said.changes
    if not back.changes and not back.made and not told_logs_only(record, layout):
        left = "; ".join(back.stays) or "what it wrote"
        raise RuleError(f"{target.entry.run_id} can't be undone: {left} would stay")
    removed = tuple(name for name in back.made if name in there)
    tables = back.tables | logged
    cells = typed(back.changes, layout)
    cells.extend(trail)
    undoing = Undoing(
        target,
        cells,
        tables,
        False,
        why,
        of.passed,
        (*back.stays, *said.stays),
        tuple(back.secrets),
        of.is_last,
    )
    rewritten = dict.fromkeys((name for name in record.replaced if name not in removed), "")
    return Planned(undoing, ChangeSet([*back.changes, *trail]), tables, rewritten, removed)


def _rewritten(
    back: TakenBack, table: Table, now: Fetched, digest: str, stood: Mapping[str, Any], older: str
) -> None:
    """A rewritten sheet as it was. Raises ConflictError where it was changed since."""
    name = table.sheet.name
    standing = (
        tabular(table)
        if table.sheet.header_row
        else list(map(ledger.serials, now.rows.get(name, [])))
    )
    if digest and content_digest(standing) != digest:
        raise ConflictError(
            f"sheet {name!r} was changed since and can't be undone", "nothing was written"
        )
    if name in back.made:
        return
    if any(column.secret for column in table.sheet.columns):
        raise RuleError(
            f"the old content of {name!r} is not in the journal, because it holds secrets", older
        )
    rows = [tuple(None if cell == "" else cell for cell in row) for row in stood["rows"]]
    back.changes.replace(name, stood["columns"], rows)

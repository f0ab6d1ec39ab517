"""A workbook as it was after an earlier transaction, rebuilt from what the journal says of the cells
before each (§11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from ticketops.errors import NotFoundError, UnusableError
from ticketops.model.changes import CopyCells
from ticketops.schema.columns import ColumnType, text_of
from ticketops.schema.surroundings import DERIVED
from ticketops.schema.tables import Table, apply
from ticketops.stores.base import Transaction
from ticketops.stores.records import Digest, Record, Written

BY_HAND = "what was changed by hand before {} is unknown"
_WORTH = ("number", "price")
"""What a Total that is a formula is made of."""


class Step(Struct, frozen=True):
    """What takes cells to another state: of each, what stood there `before` it was written, or
    after."""

    cells: Written
    before: bool = True


class Backwards(Struct, frozen=True):
    """What leads from a state to an earlier one. replaced: sheets of which the journal does not keep
    what they held; unknown: what can't be known, for people."""

    steps: tuple[Step, ...]
    replaced: frozenset[str]
    unknown: tuple[str, ...]


def transaction_at(log: Sequence[Transaction], when: str | datetime, name: str) -> Transaction:
    """The transaction of a RunID, or the last one until a moment. Raises NotFoundError where there
    is none."""
    if isinstance(when, str):
        wanted = when.strip().casefold()
        found = (t for t in reversed(log) if t.entry.run_id.casefold() == wanted)
    else:
        found = (t for t in reversed(log) if t.entry.at <= when)
    transaction = next(found, None)
    if transaction is None:
        what = when if isinstance(when, str) else f"transaction until {when:%Y-%m-%d %H:%M}"
        raise NotFoundError(
            f"the journal of {name} has no {what}", "ticketops log lists what was done, and when"
        )
    return transaction


def backwards(
    log: Sequence[Transaction],
    target: Transaction,
    start: int,
    record: Callable[[int], Record],
    *,
    by_hand: bool = True,
) -> Backwards:
    """What leads from the state before transaction `start` to the one after `target`.

    start: one more than the number of the last transaction, for the state after that. by_hand: whether
    revisions tell that something was changed by hand. Raises UnusableError where an entry between
    them is lost.
    """
    steps: list[Step] = []
    replaced: set[str] = set()
    unknown: list[str] = []
    known = {t.number: t for t in log}
    for number in range(start, target.number, -1):
        if number in known and by_hand:
            _before_it(known[number], known.get(number - 1), record, steps, unknown)
        if number - 1 == target.number:
            break
        if number - 1 not in known:
            raise UnusableError(
                f"what was written after {target.entry.run_id} can't be rebuilt: the journal has "
                f"lost the entry {number - 1:06d}"
            )
        _taken_back(known[number - 1], record, steps, replaced, unknown)
    return Backwards(tuple(steps), frozenset(replaced), tuple(dict.fromkeys(unknown)))


def _before_it(
    own: Transaction,
    last: Transaction | None,
    record: Callable[[int], Record],
    steps: list[Step],
    unknown: list[str],
) -> None:
    """What was changed by hand between two transactions."""
    if last is None or own.revision_before == last.revision_after:
        return
    outside = record(own.number).outside
    if outside is None:
        unknown.append(BY_HAND.format(own.entry.run_id))
    else:
        steps.append(Step(outside))


def _taken_back(
    own: Transaction,
    record: Callable[[int], Record],
    steps: list[Step],
    replaced: set[str],
    unknown: list[str],
) -> None:
    """What a transaction wrote. Of an undo: what it says of cells besides, and what it took back as
    it stood before."""
    held = record(own.number)
    steps.append(Step(held.back or held.cells))
    replaced.update(held.replaced)
    if own.undoes is None:
        return
    undone = record(own.undoes)
    replaced.update(undone.replaced)
    if own.restores or held.back is None:
        steps.append(Step(undone.cells, before=False))
    if not own.restores and held.back is None:
        unknown.append(
            f"where {own.entry.run_id} put back what {undone.transaction.entry.run_id} had written "
            "is unknown"
        )


def rebuilt(
    tables: Mapping[str, Table], steps: Iterable[Step], epoch: timedelta = timedelta()
) -> dict[str, Table]:
    """The tables after the steps, in their order. epoch: how much later than 1900 the workbook's
    dates start to count."""
    held: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in tables}
    for step in steps:
        for name, rows in step.cells.items():
            if name in held:
                into = held[name]
                for row, cells in rows.items():
                    became = into.setdefault(row, {})
                    for column, (before, after) in cells.items():
                        became[column] = before if step.before else after
    return {name: _with(table, held[name], epoch) for name, table in tables.items()}


def _with(table: Table, held: Mapping[int, Mapping[str, Any]], epoch: timedelta) -> Table:
    """A table with raw values in some of its cells. Passwords, of which the journal keeps digests
    only, are blank."""
    by_name = table.sheet.by_name
    rows = {
        row: {
            name: (None, _since(value, by_name[name].type, epoch))
            for name, value in cells.items()
            if name in by_name
        }
        for row, cells in held.items()
    }
    rows = {row: cells for row, cells in rows.items() if cells}
    if not rows:
        return table
    _totals(table, rows)
    return apply(table, [CopyCells(table.sheet.name, rows)])


def _since(value: Any, kind: ColumnType, epoch: timedelta) -> Any:
    if isinstance(value, Digest):
        return None
    if epoch and kind in (ColumnType.DATE, ColumnType.DATETIME) and type(value) in (int, float):
        return value + epoch.days
    return value


def _totals(table: Table, rows: dict[int, dict[str, tuple[Any, Any]]]) -> None:
    """A Total that is a formula, which no command writes, follows what it is made of."""
    runs = table.around.formulas.get("total", ())
    if not runs or not set(_WORTH) <= table.sheet.by_name.keys():
        return
    now = {row: pair for row, *pair in table.frame.select("row", *_WORTH).iter_rows()}
    for row, cells in rows.items():
        if "total" in cells or not any(first <= row <= last for first, last in runs):
            continue
        stood = now.get(row, (None, None))
        worth = [
            cells[name][1] if name in cells else was
            for name, was in zip(_WORTH, stood, strict=True)
        ]
        both = all(type(part) in (int, float) for part in worth)
        cells["total"] = (None, worth[0] * worth[1] if both else None)


def differences(old: Table, new: Table) -> dict[int, dict[str, tuple[Any, Any]]]:
    """{row: {column: (before, after)}} of the cells in which two versions of a sheet differ. What
    formulas fill by themselves is left out."""
    found: dict[int, dict[str, tuple[Any, Any]]] = {}
    before, after = _rows(old), _rows(new)
    filled = {name for name in DERIVED if new.around.formulas.get(name)}
    names = [c.name for c in old.sheet.columns]
    blank = (None,) * len(names)
    for row in sorted(before.keys() | after.keys()):
        was, became = before.get(row, blank), after.get(row, blank)
        if was == became:
            continue
        cells = {
            name: (a, b)
            for name, a, b in zip(names, was, became, strict=True)
            if a != b and not (name in filled and row in before and row in after)
        }
        if cells:
            found[row] = cells
    return found


def _rows(table: Table) -> dict[int, tuple[Any, ...]]:
    """{row: its values}; a text where a cell does not fit its column."""
    names = [c.name for c in table.sheet.columns]
    rows = {row: tuple(values) for row, *values in table.frame.select("row", *names).iter_rows()}
    for misfit in table.misfits:
        values = list(rows[misfit.row])
        values[names.index(misfit.column)] = text_of(misfit.text)
        rows[misfit.row] = tuple(values)
    return rows

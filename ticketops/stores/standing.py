"""Which transaction an undo takes back, whether something rests on it, and which versions of a
workbook are one (D19)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ticketops.errors import ConflictError, NotFoundError, RuleError
from ticketops.schema.layout import Layout
from ticketops.stores.base import NotUndoable, Transaction
from ticketops.stores.records import Identity, Record


def to_take_back(
    transactions: Sequence[Transaction], name: str, not_undoable: NotUndoable, run_id: str = ""
) -> Transaction:
    """The newest transaction that was not undone, is no undo and does not last; or the one with
    this RunID.

    Raises RuleError where there is none, or it can't be taken back; NotFoundError for a RunID that
    the journal does not hold.
    """
    if run_id:
        return _named(transactions, name, not_undoable, run_id)
    for transaction in reversed(transactions):
        if stands(transaction) and not not_undoable(transaction.entry):
            return transaction
    raise RuleError(f"there is nothing to undo in {name}", "ticketops log lists what was done")


def _named(
    transactions: Sequence[Transaction], name: str, not_undoable: NotUndoable, run_id: str
) -> Transaction:
    found = next(
        (
            t
            for t in reversed(transactions)
            if t.entry.run_id.casefold() == run_id.strip().casefold()
        ),
        None,
    )
    if found is None:
        raise NotFoundError(
            f"the journal of {name} has no {run_id}", "ticketops log lists the RunIDs"
        )
    if found.undone_by is not None:
        by = next((t.entry.run_id for t in transactions if t.number == found.undone_by), "")
        raise RuleError(f"{run_id} was already undone by {by}")
    if found.undoes is not None:
        raise RuleError(
            f"{run_id} is itself an undo and can't be undone", "run the command that it undid again"
        )
    if not_undoable(found.entry):
        why = "it records that someone saw a password"
        if found.entry.command.startswith("invoice "):
            why = "what was issued stays, and `ticketops invoice credit` cancels an invoice"
        elif found.entry.command.startswith(("message ", "run ", "inbox")):
            why = "what became of messages stays recorded"
        raise RuleError(f"{run_id} ({found.entry.command}) can't be undone: {why}")
    return found


def stands(transaction: Transaction) -> bool:
    """Whether it is no undo and was not undone."""
    return transaction.undoes is None and transaction.undone_by is None


def later_than(transactions: Sequence[Transaction], target: Transaction) -> list[Transaction]:
    """What was written after it and stands, the oldest first."""
    return [t for t in transactions if t.number > target.number and stands(t)]


def refuse_if_lost(target: Transaction, lost: Sequence[int]) -> None:
    """Raises RuleError where the journal does not say what was written after a transaction: it may
    have been taken back, or something may rest on it. lost: the numbers of what was."""
    if lost:
        which = ", ".join(f"{number:06d}" for number in lost[:5]) + (" …" if lost[5:] else "")
        raise RuleError(
            f"{target.entry.run_id} can't be undone: the journal has lost what was written after "
            f"it ({which})",
            "nothing was written; the backups hold an older version",
        )


# --- what rests on it


def refuse_if_needed(record: Record, later: Sequence[Record], layout: Layout) -> None:
    """Raises RuleError where something that was written later, and stands, rests on a transaction;
    it is named."""
    resting = [
        (one.transaction.entry, why) for one in later if (why := _rests(one, record, layout))
    ]
    if resting:
        entry, why = resting[-1]
        more = f", as do {len(resting) - 1} more" if len(resting) > 1 else ""
        raise RuleError(
            f"{record.transaction.entry.run_id} can't be undone: {entry.run_id} ({entry.command}) "
            f"depends on it ({why}){more}",
            f"undo {entry.run_id} first",
        )


def _rests(later: Record, record: Record, layout: Layout) -> str:
    """What a later transaction shares with a record, for people; empty where nothing."""
    made = set(record.identities.sheets) if record.identities else set()
    columns = record.identities.columns if record.identities else {}
    touched = {name for name in (*later.cells, *later.replaced) if not is_append_only(layout, name)}
    for name in touched:
        if name in made:
            return f"it added the sheet {name}"
        if name in record.replaced:
            return f"both rewrote {name}" if name in later.replaced else f"it is in {name}"
        if name in later.replaced and name in record.cells:
            return f"it rewrote {name}"
        new = set(columns.get(name, ()))
        if new and any(new & cells.keys() for cells in later.cells.get(name, {}).values()):
            return f"it fills a new column of {name}"
        shared = _shared_row(record, later, name)
        if shared:
            return f"{name} {shared}"
    created = _created_keys(record, layout)
    used = next((token for token in _tokens(later, layout) if token in created), "")
    return f"it names {used}" if used else ""


def _shared_row(record: Record, later: Record, name: str) -> str:
    mine, theirs = known_rows(record, name), known_rows(later, name)
    by_key = {one.key: one for one in mine.values() if one and one.key}
    for row, one in theirs.items():
        if one and one.key:
            if one.key in by_key:
                return str(one)
            continue
        if row in mine:
            return f"row {row}"
    return next(
        (f"row {row}" for row, one in mine.items() if not (one and one.key) and row in theirs), ""
    )


def known_rows(record: Record, name: str) -> dict[int, Identity | None]:
    """{row: which record it held} of the rows of a sheet that a transaction wrote to."""
    known = record.identities
    rows: dict[int, Identity | None] = dict.fromkeys(record.cells.get(name, ()))
    if known:
        rows |= {
            row: one
            for row, one in {**known.gone.get(name, {}), **known.after.get(name, {})}.items()
            if row in rows
        }
    return rows


def _created_keys(record: Record, layout: Layout) -> set[str]:
    """The keys that a transaction brought into the world."""
    found: set[str] = set()
    for name, rows in record.cells.items():
        key = layout[name].key if name in layout and not is_append_only(layout, name) else ""
        for cells in rows.values():
            before, after = cells.get(key, (None, None))
            if before is None and isinstance(after, str):
                found.add(after)
    return found


def _tokens(record: Record, layout: Layout) -> Iterator[str]:
    """Every code that a transaction wrote, lists taken apart."""
    for name, rows in record.cells.items():
        if is_append_only(layout, name):
            continue
        for cells in rows.values():
            for _before, after in cells.values():
                if isinstance(after, str):
                    yield after
                    yield from re.split(r"[\s,;/]+", after)


def told_logs_only(record: Record, layout: Layout) -> bool:
    """Whether a transaction wrote rows of append-only sheets and nothing else: they stay, and
    taking it back means saying so (D19)."""
    return all(is_append_only(layout, name) for name in (*record.cells, *record.replaced))


def is_append_only(layout: Layout, name: str) -> bool:
    """Whether a sheet keeps what was written there."""
    return name in layout and layout[name].append_only


def passed_over(
    transactions: Iterable[Transaction], target: Transaction, not_undoable: NotUndoable
) -> tuple[Transaction, ...]:
    """Newer transactions that are never taken back."""
    return tuple(
        t for t in transactions if t.number > target.number and stands(t) and not_undoable(t.entry)
    )


def resolver(transactions: Sequence[Transaction], layout: Layout) -> Callable[[str], str]:
    """Revision → the one that it equals but for the rows that append-only sheets keep: what undo
    gave back, and what came before a transaction that wrote into such sheets only."""
    same: dict[str, str] = {}
    for t in transactions:
        if t.restores and t.restores != t.revision_after:
            same[t.revision_after] = t.restores
        elif (
            t.undoes is None and t.counts and all(is_append_only(layout, name) for name in t.counts)
        ):
            same[t.revision_after] = t.revision_before

    def resolve(revision: str) -> str:
        seen = {revision}
        while revision in same and same[revision] not in seen:
            revision = same[revision]
            seen.add(revision)
        return revision

    return resolve


def refuse_renamed(record: Record, titles: Mapping[str, str]) -> None:
    """Raises ConflictError where the workbook has no sheet of a title that the record names.
    titles: {title: the sheet's title now}."""
    for title in (*record.cells, *record.replaced):
        if titles.get(title) != title:
            raise ConflictError(
                f"can't undo {record.transaction.entry.run_id}: the sheet {title!r} was renamed or deleted since",
                "nothing was written",
            )

"""Earlier states of a workbook file (§11): the nearest version that is kept, and from there the
journal backwards; and what somebody changed by hand since the last commit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from ticketops.errors import TicketopsError
from ticketops.schema.layout import Layout
from ticketops.schema.tables import Snapshot, empty_table
from ticketops.stores.base import Past, Transaction
from ticketops.stores.history import BY_HAND, backwards, differences, rebuilt, transaction_at
from ticketops.stores.journal import Journal
from ticketops.stores.records import Written
from ticketops.stores.xlsx.package import Package
from ticketops.stores.xlsx.parts import OFFSET_1904, Parts
from ticketops.stores.xlsx.replacement import COMMITTED, kept_versions, number_of
from ticketops.stores.xlsx.takeback import Sheets


def changed_by_hand(
    state: Path, layout: Layout, last: Transaction | None, parts: Parts
) -> Written | None:
    """The cells that were changed by hand since the last commit, secret ones with their values;
    None where nothing was, or it can't be known. parts: the workbook as it stands."""
    if last is None or parts.package.revision == last.revision_after:
        return None
    left = _committed(state, last)
    if left is None:
        return None
    old, now = Sheets(left, layout), Sheets(parts, layout)
    found = {}
    for sheet in layout:
        if sheet.header_row and not now.is_as(old, sheet.name):
            cells = differences(old.table(sheet.name), now.table(sheet.name))
            if cells:
                found[sheet.name] = cells
    return found


def _committed(state: Path, last: Transaction) -> Parts | None:
    """The workbook as the last commit left it; None where it is not kept."""
    with suppress(OSError, TicketopsError):
        package = Package.open(state / COMMITTED)
        if package.revision == last.revision_after:
            return Parts(package)
    return None


def as_of(
    when: str | datetime,
    sheets: Sequence[str],
    state: Path,
    journal: Journal,
    layout: Layout,
    parts: Parts,
    log: Sequence[Transaction],
) -> Past:
    """The workbook as it was after a transaction, or at a moment. Raises NotFoundError where there
    was none, UnusableError where the journal has lost an entry that it takes."""
    target = transaction_at(log, when, parts.package.name)
    start, base, unknown = _nearest(state, target, log, parts)
    back = backwards(log, target, start, journal.record)
    read = Sheets(base, layout)
    tables = {layout[name].name: read.table(layout[name].name) for name in sheets}
    epoch = OFFSET_1904 if base.date1904 else timedelta()
    tables = rebuilt(tables, back.steps, epoch)
    lost = [name for name in back.replaced if name in tables]
    tables |= {name: empty_table(layout[name]) for name in lost}
    told = [*unknown, *back.unknown, *(f"what {name} held then is not kept" for name in lost)]
    return Past(Snapshot(target.revision_after, tables, layout), target, tuple(told))


def _nearest(
    state: Path, target: Transaction, log: Sequence[Transaction], parts: Parts
) -> tuple[int, Parts, list[str]]:
    """(the number of the transaction before which it stood, the nearest later version of the
    workbook, what of it can't be known)."""
    before = {t.number: t.revision_before for t in log}
    for version in kept_versions(state):
        number = number_of(version)
        if number > target.number and number in before:
            with suppress(OSError, TicketopsError):
                package = Package.open(version)
                if package.revision == before[number]:
                    return number, Parts(package), []
    last = log[-1]
    if parts.package.revision == last.revision_after:
        return last.number + 1, parts, []
    left = _committed(state, last)
    if left is not None:
        return last.number + 1, left, []
    return last.number + 1, parts, [BY_HAND.format("now")]

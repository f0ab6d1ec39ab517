"""Earlier states of a Google Sheet (§11): from what stands there now, its journal backwards. What people
changed by hand is not in it, which is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ticketops.schema.tables import Snapshot, empty_table
from ticketops.stores.base import Past, Transaction
from ticketops.stores.gsheets import ledger
from ticketops.stores.history import backwards, rebuilt, transaction_at
from ticketops.stores.records import Record

BY_HAND = "what people changed in the Google Sheet itself since then is unknown"


def as_of(
    when: str | datetime,
    now: Snapshot,
    name: str,
    rows: Sequence[tuple[int, Transaction]],
    bodies: Callable[[Sequence[int]], Sequence[Any]],
) -> Past:
    """The tables of a snapshot as they were. rows: of the journal; bodies: by their
    numbers. Raises what `Historic.as_of` raises."""
    log = [transaction for _, transaction in rows]
    target = transaction_at(log, when, name)
    later = [t for t in log if t.number > target.number]
    known = {t.number: t for t in log}
    wanted = sorted({t.undoes or t.number for t in later})
    found = dict(zip(wanted, bodies(wanted) if wanted else (), strict=True))

    def record(number: int) -> Record:
        if known[number].undoes is not None:  # its body is the other's, exchanged
            return Record(known[number], {}, {})
        return ledger.record_from(known[number], found[number])[0]

    back = backwards(log, target, log[-1].number + 1, record, by_hand=False)
    tables = rebuilt(now.tables, back.steps)
    lost = [title for title in back.replaced if title in tables]
    tables |= {title: empty_table(tables[title].sheet) for title in lost}
    told = (BY_HAND, *back.unknown, *(f"what {title} held then is not kept" for title in lost))
    return Past(replace(now, made_of=target.revision_after, tables=tables), target, told)

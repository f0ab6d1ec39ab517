"""What two readings of one workbook have in common: what is made of them need not be made again after
somebody filled in a guest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from msgspec import Struct, field

from ticketops.domain.ticket.records import GUEST
from ticketops.schema.layouts.event import (
    BOOK_EDITS,
    BOOKS,
    CLIENT_INPUTS,
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    NOTIFICATION_LOG,
    PORTAL_LOG,
    PORTAL_TOKENS,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    VIEWS,
)
from ticketops.schema.tables import Snapshot

_SAID = frozenset(
    (
        *GUEST,
        *("delivery", "dispatch_status", "dispatch_notes", "dispatched_at"),
        *("accepted_at", "accepted_by", "run_id"),
    )
)
"""Columns of Distribution with what people say of a ticket: no name and no match depends on them."""
_OF_WORDS = (
    *(BOOKS, BOOK_EDITS, CLIENT_INPUTS, CREDENTIAL_HISTORY, NOTIFICATION_LOG, PORTAL_LOG),
    *(PORTAL_TOKENS, STAFF_QUEUE, SUPPLIER_QUEUE, VIEWS),
)
"""Sheets with what people said and did: as little does."""


class Rows(Struct):
    """The rows of sheets as dictionaries, which nobody changes."""

    known: dict[str, tuple[pl.DataFrame, list[dict[str, Any]]]] = field(default_factory=dict)
    """{sheet: (its columns that are used, its rows)}."""

    def of(
        self,
        snapshot: Snapshot,
        sheet: str,
        columns: Sequence[str] = (),
        before: Rows | None = None,
    ) -> list[dict[str, Any]]:
        """The rows of a sheet, in its order. columns: all, where none is named. before: rows that stay
        where they are there, and hold the same, are taken from there."""
        table = snapshot[sheet]
        named = columns or [column.name for column in table.sheet.columns]
        frame = table.frame.select(list(dict.fromkeys(("row", *named))))
        old = before.known.get(sheet) if before is not None else None
        made = frame.rows(named=True) if old is None else _patched(frame, *old)
        self.known[sheet] = frame, made
        return made


def _patched(
    frame: pl.DataFrame, before: pl.DataFrame, made: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The rows of a frame; made: those of an earlier one."""
    count = before.height
    if frame.schema != before.schema or frame.height < count:
        return frame.rows(named=True)
    differ = pl.repeat(False, count, dtype=pl.Boolean, eager=True)
    for name in frame.columns:
        differ |= frame[name].head(count).ne_missing(before[name])
    found = list(made)
    places = differ.arg_true()
    for place, row in zip(places, frame[places].rows(named=True), strict=True):
        found[place] = row
    return found + frame[count:].rows(named=True)


def same(sheet: str, snapshot: Snapshot, before: Snapshot) -> bool:
    """Whether a sheet holds the same in two snapshots."""
    one, other = snapshot[sheet].frame, before[sheet].frame
    return one is other or (one.schema == other.schema and one.equals(other))


def same_names(snapshot: Snapshot, before: Snapshot) -> bool:
    """Whether everything is the same in two snapshots by which names, matches and contracts are sorted
    out."""
    layout = snapshot.layout
    told = {layout.title_of(name) for name in (*_OF_WORDS, DISTRIBUTION)}
    if (
        layout.words != before.layout.words
        or layout.titles != before.layout.titles
        or snapshot.tables.keys() - told != before.tables.keys() - told
    ):
        return False
    if not all(same(title, snapshot, before) for title in snapshot.tables.keys() - told):
        return False
    one, other = (one[DISTRIBUTION].frame for one in (snapshot, before))
    columns = [name for name in one.columns if name not in _SAID]
    return one.schema == other.schema and one.select(columns).equals(other.select(columns))

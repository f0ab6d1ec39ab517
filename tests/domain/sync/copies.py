"""Copies of sheets, and what stands in them after a sync."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ticketops.domain.sync.merge import Copy, Preferences, Side, Taken, blank_texts, differences
from ticketops.schema.layouts.event import EVENT
from ticketops.schema.tables import apply, build_table, empty_table

HERE, THERE, CONFLICT = Side.LOCAL, Side.REMOTE, Side.CONFLICT
CANARY = "Pw-Zeisig-7731-im-Schilf"
Rows = Mapping[int, Mapping[str, Any]]
"""{row below the header, from 1: {column: raw value}}"""


def seal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def copy_of(sheet: str, rows: Rows | None, *, without: Sequence[str] = ()) -> Copy:
    """A copy of a sheet as it would be read; without: columns that it lacks. None: there is no such
    sheet."""
    made = EVENT[sheet]
    if rows is None:
        return Copy.of(empty_table(made), {}, seal)
    columns = [column for column in made.columns if column.name not in without]
    raw = [
        [rows.get(row, {}).get(column.name) for column in columns]
        for row in range(1, max(rows, default=0) + 1)
    ]
    table = build_table(made, [column.header for column in columns], raw)
    misfits = {(m.row, m.column): rows[m.row - made.header_row][m.column] for m in table.misfits}
    return Copy.of(table, misfits, seal)


def texts_of(sheet: str, rows: Rows | None) -> pl.DataFrame:
    """What both copies had in common when they held these rows."""
    return copy_of(sheet, rows).texts if rows is not None else blank_texts(EVENT[sheet])


def sides(
    sheet: str, base: Rows | None, here: Rows | None, there: Rows | None
) -> dict[tuple[int, str], Side]:
    """{(row below the header, column): where it changed}"""
    found = differences(
        EVENT[sheet], copy_of(sheet, here).texts, copy_of(sheet, there).texts, texts_of(sheet, base)
    )
    assert len({(d.row, d.column) for d in found}) == len(found)
    return {(d.row - EVENT[sheet].header_row, d.column): d.side for d in found}


def nobody(*preferences: str) -> Preferences:
    return Preferences(preferences, EVENT)


def after(into: Side, here: Copy, there: Copy, taken: Taken) -> tuple[Copy, Copy]:
    """Both copies once it is written."""
    mine = here if into is HERE else there
    if taken.changes is None:
        return here, there
    table = apply(mine.table, [taken.changes])
    written = {
        (row, name): new
        for row, cells in taken.changes.rows.items()
        for name, (_old, new) in cells.items()
    }
    misfits = {
        (m.row, m.column): written.get((m.row, m.column), mine.misfits.get((m.row, m.column)))
        for m in table.misfits
    }
    made = Copy.of(table, misfits, seal)
    return (made, there) if into is HERE else (here, made)


def sale(notes: str | None) -> Rows:
    return {1: {"sales_id": "S1", "client": "Acme", "notes": notes}}


KEYED: dict[str, Any] = {"sales_id": "S1", "client": "Acme", "match": "M01", "number": 2}
OTHER: dict[str, Any] = {"sales_id": "S9", "client": "Bolt", "match": "M7", "number": 5}
LOGGED = {"user": "ana", "action": "ALLOCATE", "reason": "x"}

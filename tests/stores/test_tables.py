"""The tables that a commit keeps are those that reading the file anew would give: cells that do not
fit, and cells below an alias."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT
from ticketops.schema.tables import Table, apply, build_table
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

ENTRY = Entry("R20260417-143022", "test", "tester", datetime(2026, 4, 17, 14, 30, 22))
HEADER = ["ID", "Sets", "SalesChild", "Process_Now", "Allocate_Now", "Alloc_Now"]
ROWS: list[list[Any]] = [
    ["S1-1", "three", "x", True, True, None],
    ["S1-2", "four", 2, None, None, True],
    ["S1-3", 1, 3, True, True, True],
    ["S1-4", 2, "y", None, True, None],
]
"""Sheet rows 3 to 6."""


def filled(path: Path) -> Path:
    book = openpyxl.load_workbook(path)
    sheet = book[DISTRIBUTION]
    heads = [cell.value for cell in sheet[2]]
    width = len(heads)
    places = [heads.index(name) + 1 if name in heads else (width := width + 1) for name in HEADER]
    for place, name in zip(places, HEADER, strict=True):
        sheet.cell(2, place).value = name
    for number, row in enumerate(ROWS, start=3):
        for place, value in zip(places, row, strict=True):
            sheet.cell(number, place).value = value
    book.save(path)
    return path


def facts(table: Table) -> tuple[Any, ...]:
    misfits = sorted((m.row, m.column, m.text) for m in table.misfits)
    return table.frame.rows(), misfits, sorted(table.shadowed), table.next_row, table.next_column


def cells(row: int, **after: Any) -> Callable[[ChangeSet], None]:
    return lambda changes: changes.set(
        DISTRIBUTION,
        row,
        f"S1-{row - 2}",
        {name: ("before", value) for name, value in after.items()},
    )


def delete(*rows: int) -> Callable[[ChangeSet], None]:
    return lambda changes: changes.delete(DISTRIBUTION, {row: f"S1-{row - 2}" for row in rows})


CASES: dict[
    str, tuple[list[Callable[[ChangeSet], None]], list[tuple[int, str]], list[tuple[int, str]]]
] = {
    # what is done → the misfits and the cells below an alias that are left
    "nothing of them": (
        [cells(3, comment="aisle")],
        [(3, "child"), (3, "sets"), (4, "sets"), (6, "child")],
        [
            (3, "process_now@1"),
            (4, "process_now@2"),
            (5, "process_now@1"),
            (5, "process_now@2"),
            (6, "process_now@1"),
        ],
    ),
    "a misfit is set right": (
        [cells(3, sets=3)],
        [(3, "child"), (4, "sets"), (6, "child")],
        [
            (3, "process_now@1"),
            (4, "process_now@2"),
            (5, "process_now@1"),
            (5, "process_now@2"),
            (6, "process_now@1"),
        ],
    ),
    "a misfit is emptied": (
        [cells(6, child=None)],
        [(3, "child"), (3, "sets"), (4, "sets")],
        [
            (3, "process_now@1"),
            (4, "process_now@2"),
            (5, "process_now@1"),
            (5, "process_now@2"),
            (6, "process_now@1"),
        ],
    ),
    "a tick is taken off": (
        [cells(5, process_now=False)],
        [(3, "child"), (3, "sets"), (4, "sets"), (6, "child")],
        [
            (3, "process_now@1"),
            (4, "process_now@2"),
            (5, "process_now@1"),
            (5, "process_now@2"),
            (6, "process_now@1"),
        ],
    ),
    "a tick is emptied": (
        [cells(5, process_now=None)],
        [(3, "child"), (3, "sets"), (4, "sets"), (6, "child")],
        [(3, "process_now@1"), (4, "process_now@2"), (6, "process_now@1")],
    ),
    "two ticks, one emptied": (
        [cells(3, process_now=None), cells(6, process_now=True)],
        [(3, "child"), (3, "sets"), (4, "sets"), (6, "child")],
        [(4, "process_now@2"), (5, "process_now@1"), (5, "process_now@2"), (6, "process_now@1")],
    ),
    "a row goes": (
        [delete(3)],
        [(4, "sets"), (6, "child")],
        [(4, "process_now@2"), (5, "process_now@1"), (5, "process_now@2"), (6, "process_now@1")],
    ),
    "two rows go": (
        [delete(4, 6)],
        [(3, "child"), (3, "sets")],
        [(3, "process_now@1"), (5, "process_now@1"), (5, "process_now@2")],
    ),
    "all rows go": ([delete(3, 4, 5, 6)], [], []),
}


@pytest.mark.parametrize(("acts", "misfits", "shadowed"), CASES.values(), ids=CASES)
def test_what_a_commit_leaves(
    empty: Path, acts: list[Any], misfits: list[tuple[int, str]], shadowed: list[tuple[int, str]]
) -> None:
    path = filled(empty)
    store = XlsxStore(path, layout=EVENT)
    snapshot = store.read(DISTRIBUTION)
    assert len(snapshot[DISTRIBUTION].misfits) == 4
    assert len(snapshot[DISTRIBUTION].shadowed) == 5
    changes = ChangeSet()
    for act in acts:
        act(changes)
    store.commit(changes, snapshot.revision, ENTRY)
    kept = store.read(DISTRIBUTION)[DISTRIBUTION]
    anew = XlsxStore(path, use_cache=False, layout=EVENT).read(DISTRIBUTION)[DISTRIBUTION]
    assert (
        facts(kept)
        == facts(anew)
        == facts(XlsxStore(path, layout=EVENT).read(DISTRIBUTION)[DISTRIBUTION])
    )
    assert [
        (m.row, m.column) for m in sorted(anew.misfits, key=lambda m: (m.row, m.column))
    ] == misfits
    assert sorted(anew.shadowed) == shadowed


@pytest.mark.parametrize(("acts", "misfits", "shadowed"), CASES.values(), ids=CASES)
def test_the_same_before_it_is_written(
    acts: list[Any], misfits: list[tuple[int, str]], shadowed: list[tuple[int, str]]
) -> None:
    """A second step of a plan stands on the table after the first."""
    table = build_table(EVENT[DISTRIBUTION], HEADER, ROWS)
    changes = ChangeSet()
    for act in acts:
        act(changes)
    after = apply(table, changes.for_sheet(DISTRIBUTION))
    assert sorted((m.row, m.column) for m in after.misfits) == misfits
    assert sorted(after.shadowed) == shadowed

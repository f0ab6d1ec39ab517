"""Random noise in the spelling of every closed column (D16): the plan is that of the clean
workbook, or a finding names the cell."""

from __future__ import annotations

import copy
import itertools
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import Desk
from ticketops.domain.dispatch import tasks
from ticketops.domain.dispatch.state import SHEETS
from ticketops.engine.job import Job
from ticketops.model import spelling
from ticketops.model.findings import Severity
from ticketops.schema.layouts.event import DISTRIBUTION, SALES, SCHEDULE, STAFF_QUEUE, UNITS, USERS
from ticketops.services import allocation
from ticketops.stores.memory import MemoryStore

NOISY = {
    DISTRIBUTION: (
        "sales_id",
        "row_type",
        "match",
        "category",
        "status",
        "unit_ids",
        "delivery",
        "dispatch_status",
    ),
    UNITS: ("unit_id", "match", "category", "status", "sales_id", "set_id"),
    SALES: ("match", "category", "status", "sales_id"),
}
INVISIBLE = ("\u00a0", "\u200b", "\u00ad", "\ufeff", " ", "  ", "\t", "\u2009", "\u200e")


def _event() -> MemoryStore:
    desk = Desk()
    desk.type_rows(SCHEDULE, [{"match": f"M{number:02d}"} for number in range(1, 4)])
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 2", 1))
    desk.do(allocation.allocate_commit("S1"))
    for row in (3, 4):
        for column, value in (
            ("first_name", "Ann"),
            ("last_name", "Lee"),
            ("client_email", "a@example.com"),
        ):
            desk.set(DISTRIBUTION, row, column, value)
    desk.set(DISTRIBUTION, 3, "delivery", "SENT")
    desk.do(Job("staff.queue", tasks.plan_queue, SHEETS, (USERS,)))
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 2", 1))
    return desk.store


EVENT = _event()
CELLS = [
    (sheet, row, column, value)
    for sheet, columns in NOISY.items()
    for column in columns
    for row, value in EVENT.read(sheet)[sheet].frame.select("row", column).iter_rows()
    if value
]


def _same(draw: st.DrawFn, column: str, text: str) -> str:
    """The text as somebody else would spell it, meaning the same."""
    text = "".join(
        draw(st.sampled_from([char.upper(), char.lower()])) if char.isalpha() else char
        for char in text
    )
    if column == "match":
        text = re.sub(
            r"(?i)^m0*", draw(st.sampled_from(["M", "m ", "m-", "Match ", "M0", "M#", "M00"])), text
        )
    if column == "unit_ids":
        text = re.sub(r"(?i)p0*", draw(st.sampled_from(["P", "p0", "P 0"])), text)
    at = draw(st.integers(0, len(text)))
    for noise in draw(
        st.lists(st.sampled_from(["\u200b", "\u00ad", "\ufeff", "\u200e"]), max_size=2)
    ):
        text = text[:at] + noise + text[at:]
    for noise in draw(st.lists(st.sampled_from(INVISIBLE), max_size=2)):
        text = draw(st.sampled_from([noise + text, text + noise]))
    return (
        text.replace(" ", draw(st.sampled_from([" ", "\u00a0", "  "])))
        if column == "category"
        else text
    )


@st.composite
def noise(draw: st.DrawFn, *, junk: bool) -> dict[tuple[str, int, str], str]:
    cells = draw(
        st.lists(st.sampled_from(CELLS), min_size=1, max_size=6, unique_by=lambda cell: cell[:3])
    )
    made = {}
    for sheet, row, column, value in cells:
        bad = junk and column not in ("sales_id",) and draw(st.booleans())
        made[sheet, row, column] = (
            draw(st.sampled_from(["?", "x" + value + "x", value[:-1] + "§"]))
            if bad
            else _same(draw, column, value)
        )
    return made


def _worked(store: MemoryStore) -> tuple[Any, list[Any]]:
    """What everything says after allocating and queueing, and the findings."""
    desk = Desk(store)
    desk._minutes = itertools.count(100)
    found = desk.do(allocation.allocate_auto()).findings
    found = found + desk.do(Job("staff.queue", tasks.plan_queue, SHEETS, (USERS,))).findings
    return {name: desk.frame(name).rows() for name in (*NOISY, STAFF_QUEUE)}, found


def _with(cells: dict[tuple[str, int, str], str]) -> MemoryStore:
    store = copy.deepcopy(EVENT)
    for (sheet, row, column), text in cells.items():
        store.edit_outside(sheet, row, store.read(sheet)[sheet].positions[column][0], text)
    return store


CLEAN, _FOUND = _worked(copy.deepcopy(EVENT))


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(noise(junk=False))
def test_what_means_the_same_gives_the_same_plan(cells: dict[tuple[str, int, str], str]) -> None:
    worked, found = _worked(_with(cells))
    assert worked == CLEAN
    assert not [finding for finding in found if finding.code == "UNKNOWN_VALUE"]


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(noise(junk=True))
def test_what_means_nothing_is_named_and_no_seat_is_sold_twice(
    cells: dict[tuple[str, int, str], str],
) -> None:
    store = _with(cells)
    odd = {
        (sheet, row, column)
        for (sheet, row, column) in cells
        if _is_unknown(store, sheet, row, column)
    }
    before = {
        name: dict(store.read(name)[name].frame.select("row", "status").iter_rows())
        for name in (DISTRIBUTION, UNITS)
    }
    worked, found = _worked(store)
    named = {(finding.sheet, finding.row) for finding in found if finding.severity >= Severity.HIGH}
    assert {(sheet, row) for sheet, row, _column in odd} <= named
    for sheet, row, _column in odd:
        if sheet in before:
            assert (
                dict(store.read(sheet)[sheet].frame.select("row", "status").iter_rows())[row]
                == before[sheet][row]
            )
    if not odd:
        assert worked == CLEAN
    used = [
        unit
        for cell in store.read(DISTRIBUTION)[DISTRIBUTION].frame["unit_ids"].drop_nulls()
        for unit in spelling.mentioned(cell)
    ]
    assert len(used) == len(set(used))


def _is_unknown(store: MemoryStore, sheet: str, row: int, column: str) -> bool:
    """By the definition of D16, column by column, not by the code that finds them."""
    value = dict(store.read(sheet)[sheet].frame.select("row", column).iter_rows()).get(row)
    clean = {cell[3] for cell in CELLS if cell[2] == column} | {
        "M01",
        "SENT",
        "NOT_SENT",
        "ALLOCATED",
        "AVAILABLE",
        "UNALLOCATED",
    }
    return value is not None and value not in clean

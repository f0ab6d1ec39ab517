"""The position report (§11, D8), against a hand-computed table and a brute-force count."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import Desk
from ticketops.books.report_sheets import position_grid
from ticketops.domain.reporting.figures import FIGURES
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.services import allocation


def test_a_small_event_by_hand() -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 5), ("M02", "Cat 2", 1))
    desk.sell(("M01", "Cat 1", 3), ("M02", "Cat 2", 4))
    desk.do(allocation.allocate_commit("S1"))
    desk.set(DISTRIBUTION, 3, "delivery", "SENT")
    desk.type_rows(DISTRIBUTION, [{"row_type": "Purchases", "match": "M01", "category": "Cat 1"}])
    report = desk.position()
    assert {name: getattr(report, name) for name in FIGURES} == {
        "sold": 7,
        "sent": 1,
        "open": 6,
        "available": 3,
        "oversold": 3,
        "surplus": 0,
        "allocated_unsent": 2,
        "true_shortage": 3,
    }
    assert [
        (line.match, line.open, line.available, line.oversold, line.surplus)
        for line in report.lines
    ] == [("M01", 2, 2, 0, 0), ("M02", 4, 1, 3, 0)]


codes = st.sampled_from(["M01", "M1", "M02", "ARC01"])
categories = st.sampled_from(["Cat 1", "Cat 2"])
tickets = st.lists(
    st.tuples(
        codes,
        categories,
        st.sampled_from([None, "NOT_SENT", "SENT", "UPLOADED", "ACCEPTED", "ISSUE"]),
        st.booleans(),
    ),
    max_size=12,
)
stock = st.lists(
    st.tuples(codes, categories, st.sampled_from([None, "AVAILABLE", "ALLOCATED", "CANCELLED"])),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(tickets, stock)
def test_against_a_count_by_hand(
    sold: list[tuple[str, str, str | None, bool]], units: list[tuple[str, str, str | None]]
) -> None:
    desk = Desk()
    desk.type_rows(
        UNITS,
        [
            {"unit_id": f"P{i:05d}", "match": m, "category": c, "status": s}
            for i, (m, c, s) in enumerate(units, start=1)
        ],
    )
    desk.type_rows(
        DISTRIBUTION,
        [
            {
                "sales_id": f"S{i}-1",
                "row_type": "Sales",
                "match": m,
                "category": c,
                "delivery": d,
                "unit_ids": f"P{i:05d}" if has else None,
            }
            for i, (m, c, d, has) in enumerate(sold, start=1)
        ],
    )
    key = lambda match, category: (match.replace("M1", "M01") if match == "M1" else match, category)  # noqa: E731
    used = {f"P{i:05d}" for i, (_m, _c, _d, has) in enumerate(sold, start=1) if has}
    open_ = Counter(key(m, c) for m, c, d, _ in sold if d not in ("SENT", "UPLOADED", "ACCEPTED"))
    held = Counter(
        key(m, c) for m, c, d, has in sold if has and d not in ("SENT", "UPLOADED", "ACCEPTED")
    )
    free = Counter(
        key(m, c)
        for i, (m, c, s) in enumerate(units, start=1)
        if s in (None, "AVAILABLE") and f"P{i:05d}" not in used
    )
    report = desk.position()
    pools = set(open_) | set(free) | {key(m, c) for m, c, _, _ in sold}
    assert report.open == sum(open_.values())
    assert report.available == sum(free.values())
    assert report.oversold == sum(max(0, open_[p] - free[p]) for p in pools)
    assert report.surplus == sum(max(0, free[p] - open_[p]) for p in pools)
    assert report.true_shortage == sum(max(0, open_[p] - held[p] - free[p]) for p in pools)
    assert report.open - report.available == report.oversold - report.surplus
    assert {(line.match, line.category) for line in report.lines} == pools


def test_the_sheet_has_the_rows_of_the_specification() -> None:
    desk = Desk()
    desk.sell(("M02", "Cat 2", 2), ("M01", "Cat 1", 1))
    run = desk.run()
    grid = position_grid(desk.position(), run.now)
    assert grid[0][0] == "TICKETS POSITION REPORT"
    assert run.now in grid[0]
    assert grid[2][:6] == (
        "Total Sold",
        "Total Sent",
        "Total Open",
        "Available Inventory",
        "Oversold Total",
        "Surplus Total",
    )
    assert grid[3][:6] == (3, 0, 3, 0, 3, 0)

"""What follows its source (D21): the Game the schedule, the seats of a ticket those of its unit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import Desk, everything
from ticketops.config import Settings
from ticketops.domain.plan import Plan
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
)
from ticketops.services import allocation, audit, books, dispatch, purchasing, selling, status

OLD, NEW = "Winner QF1 vs Winner QF2", "Spain vs Brazil"
GAMES = (PURCHASES, UNITS, SALES, DISTRIBUTION)


def sync(desk: Desk) -> Plan:
    return desk.do(books.sync(desk.store, Settings()))


def told(plan: Plan, code: str) -> list[str]:
    return [finding.message for finding in plan.findings if finding.code == code]


@pytest.fixture
def desk() -> Desk:
    """S1 has two tickets that are allocated and one that waits, S2 is of another match; Povami
    sends what it sold."""
    desk = Desk(role="ops_manager")
    desk.type_rows(
        SCHEDULE, [{"match": "M101", "game": OLD}, {"match": "M01", "game": "Mexico vs Korea"}]
    )
    desk.buy(("M101", "Cat 1", 2), vendor="Povami")
    desk.buy(("M01", "Cat 1", 1))
    desk.sell(("M101", "Cat 1", 3), ("M01", "Cat 1", 1))
    desk.do(selling.sale_approve("S1", "the third is ordered"))
    desk.do(allocation.allocate_commit("S2"))
    desk.do(dispatch.supplier_map("POVAMI", ["Povami"], []))
    desk.do(dispatch.staff_queue())
    return desk


def games(desk: Desk, sheet: str) -> list[str | None]:
    return [game for match, game in desk.rows(sheet, "match", "game") if match == "M101"]


def test_dispatch_sync_takes_the_game_everywhere(desk: Desk) -> None:
    desk.set(SCHEDULE, 2, "game", NEW)
    plan = sync(desk)
    for sheet in (*GAMES, SUPPLIER_QUEUE):
        assert set(games(desk, sheet)) == {NEW}, sheet
        assert "Mexico vs Korea" in desk.rows(sheet, "game") or sheet == SUPPLIER_QUEUE
    assert told(plan, "GAME_FOLLOWS") == [
        f"M101: Game follows the schedule, '{OLD}' → '{NEW}', in 7 cells (Purchases 1, _PURCHASE_UNITS 2, Sales 1, Distribution 3)"
    ]
    before = everything(desk.store)
    assert not desk.done(books.sync(desk.store, Settings())).written
    assert everything(desk.store) == before


def test_expand_takes_it_to_its_own_sheets(desk: Desk) -> None:
    desk.set(SCHEDULE, 2, "game", NEW)
    plan = desk.do(selling.sale_expand())
    assert [set(games(desk, sheet)) for sheet in GAMES] == [{OLD}, {OLD}, {NEW}, {NEW}]
    assert plan.result.rows_refreshed == 3
    plan = desk.do(purchasing.purchase_expand())
    assert [set(games(desk, sheet)) for sheet in GAMES] == [{NEW}] * 4
    assert told(plan, "PURCHASE_CHANGED_AFTER_ALLOCATION") == []
    assert not desk.done(selling.sale_expand()).written
    assert not desk.done(purchasing.purchase_expand()).written


@pytest.mark.parametrize("text", [None, "  ", "#N/A", "#REF!", "#DIV/0!", "Loading..."])
def test_a_blank_schedule_never_overwrites(desk: Desk, text: str | None) -> None:
    desk.set(SCHEDULE, 2, "game", text)
    before = everything(desk.store)
    for job in (
        selling.sale_expand(),
        purchasing.purchase_expand(),
        books.sync(desk.store, Settings()),
    ):
        desk.do(job)
    assert {name: rows for name, rows in everything(desk.store).items() if name in GAMES} == {
        name: rows for name, rows in before.items() if name in GAMES
    }


def test_a_blank_purchase_or_sale_empties_no_game(desk: Desk) -> None:
    desk.set(SCHEDULE, 2, "game", None)
    desk.set(PURCHASES, 2, "game", None)
    desk.set(SALES, 2, "game", None)
    desk.do(purchasing.purchase_expand())
    desk.do(selling.sale_expand())
    assert set(games(desk, UNITS)) == set(games(desk, DISTRIBUTION)) == {OLD}


def test_a_match_that_stands_there_with_two_texts_changes_nothing(desk: Desk) -> None:
    desk.type_rows(SCHEDULE, [{"match": "M101", "game": NEW}])
    sync(desk)
    assert [set(games(desk, sheet)) for sheet in GAMES] == [{OLD}] * 4


def test_an_allocated_ticket_keeps_the_game_of_its_own_match(desk: Desk) -> None:
    desk.set(SALES, 2, "match", "M01")
    desk.do(selling.sale_expand())
    assert desk.rows(DISTRIBUTION, "match", "game")[:3] == [
        ("M101", OLD),
        ("M101", OLD),
        ("M01", "Mexico vs Korea"),
    ]
    assert not desk.done(selling.sale_expand()).written


def test_other_commands_count_what_differs(desk: Desk) -> None:
    assert desk.do(status.status_job(Settings())).result.waiting.reference_behind == 0
    desk.set(SCHEDULE, 2, "game", NEW)
    desk.set(UNITS, 2, "block", "B")
    found = desk.do(status.status_job(Settings())).result
    assert found.waiting.reference_behind == 8
    assert "dispatch sync" in [action.command for action in found.actions]
    for job in (audit.audit_job(write=False), dispatch.staff_queue(), selling.recon_run()):
        messages = told(desk.do(job), "GAME_BEHIND")
        assert [message.split()[6] for message in messages] == [
            "5" if job.name == "recon.run" else "7"
        ], job.name
        assert "dispatch sync" in messages[0]
    assert told(desk.do(audit.audit_job(write=False)), "SEATS_BEHIND") != []
    assert set(games(desk, DISTRIBUTION)) == {OLD}


def seat_of(desk: Desk, sheet: str, key: str, value: str) -> list[Any]:
    return [
        tuple(seat)
        for ident, *seat in desk.rows(sheet, key, "block", "seat_row", "seat")
        if ident == value
    ]


def sit(desk: Desk, sheet: str, row: int, *seat: str | None) -> None:
    for name, text in zip(("block", "seat_row", "seat"), seat, strict=True):
        desk.set(sheet, row, name, text)


JOBS = {
    "sale expand": lambda _desk: selling.sale_expand(),
    "dispatch sync": lambda desk: books.sync(desk.store, Settings()),
}


@pytest.mark.parametrize("name", JOBS)
def test_seats_typed_on_a_unit_later_reach_its_ticket(desk: Desk, name: str) -> None:
    sit(desk, UNITS, 2, "BX", "4", "1")
    plan = desk.do(JOBS[name](desk))
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-1") == [("BX", "4", "1")]
    assert told(plan, "SEATS_FOLLOW") == []
    sit(desk, UNITS, 2, "BY", "5", None)
    plan = desk.do(JOBS[name](desk))
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-1") == [("BY", "5", None)]
    assert told(plan, "SEATS_FOLLOW") == ["seats follow the units: S1-1 BX/4/1 → BY/5/–"]
    before = everything(desk.store)
    assert not desk.done(JOBS[name](desk)).written
    assert everything(desk.store) == before


def test_they_reach_queues_too(desk: Desk) -> None:
    desk.set(DISTRIBUTION, 6, "client_email", "ann@example.org")
    sit(desk, UNITS, 2, "BX", "4", "1")
    sit(desk, UNITS, 4, "C", "1", "9")
    sync(desk)
    assert seat_of(desk, SUPPLIER_QUEUE, "unit_ids", "P00001") == [("BX", "4", "1")]
    assert seat_of(desk, STAFF_QUEUE, "sales_id", "S2-1") == [("C", "1", "9")]


@pytest.mark.parametrize("name", JOBS)
def test_seats_that_were_the_units_follow_and_others_are_kept(name: str) -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3))
    for row in (2, 3, 4):
        sit(desk, UNITS, row, "A", "1", str(row))
    desk.sell(("M01", "Cat 1", 3))
    desk.do(allocation.allocate_auto())
    sit(desk, UNITS, 2, "B", "1", "2")
    sit(desk, UNITS, 3, "B", "1", "3")
    sit(desk, DISTRIBUTION, 4, "A", "7", "7")
    for _ in range(2):
        plan = desk.do(JOBS[name](desk))
        assert [seat_of(desk, DISTRIBUTION, "sales_id", f"S1-{n}")[0] for n in (1, 2, 3)] == [
            ("B", "1", "2"),
            ("A", "7", "7"),
            ("A", "1", "4"),
        ]
        found = [
            (f.code, f.severity.name, f.sales_id, f.unit_id)
            for f in plan.findings
            if f.code == "SEATS_DIFFER"
        ]
        assert found == [("SEATS_DIFFER", "MEDIUM", "S1-2", "P00002")]
        assert "A/7/7" in told(plan, "SEATS_DIFFER")[0]
        assert "B/1/3" in told(plan, "SEATS_DIFFER")[0]
    assert desk.codes() == ["SEATS_DIFFER"]


@pytest.mark.parametrize("name", JOBS)
def test_a_seat_that_somebody_typed_first_is_kept_though_its_unit_gave_the_same(name: str) -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 2))
    sit(desk, UNITS, 2, "A", "1", "2")
    desk.sell(("M01", "Cat 1", 2))
    sit(desk, DISTRIBUTION, 3, "A", "1", "2")
    sit(desk, DISTRIBUTION, 4, "A", None, None)
    desk.do(allocation.allocate_auto())
    sit(desk, UNITS, 3, "A", "1", "3")
    desk.do(JOBS[name](desk))
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-2") == [("A", "1", "3")]
    sit(desk, UNITS, 2, "B", "1", "2")
    sit(desk, UNITS, 3, "A", "9", "3")
    plan = desk.do(JOBS[name](desk))
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-1") == [("A", "1", "2")]
    assert "S1-1 has the seat A/1/2" in told(plan, "SEATS_DIFFER")[0]
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-2") == [("A", "9", "3")]
    sit(desk, UNITS, 3, "C", "9", "3")
    desk.do(JOBS[name](desk))
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-2") == [("A", "9", "3")]


def test_a_seat_that_was_given_follows_again_once_its_unit_is_given_back() -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 1))
    sit(desk, UNITS, 2, "A", "1", "2")
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    desk.do(allocation.override_unallocate("S1", "why", set_id="", keep_seats=True, force=False))
    desk.do(allocation.allocate_auto())
    sit(desk, UNITS, 2, "B", "1", "2")
    sync(desk)
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-1") == [("B", "1", "2")]


def test_seats_that_were_cleared_stay_clear_until_the_units_change(desk: Desk) -> None:
    sit(desk, UNITS, 2, "BX", "4", "1")
    sync(desk)
    desk.do(allocation.override_reset_seats("PR0001-S01", "moved", units_too=False, force=False))
    sync(desk)
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-1") == [(None, None, None)]
    sit(desk, UNITS, 2, "BX", "4", "2")
    sync(desk)
    assert seat_of(desk, DISTRIBUTION, "sales_id", "S1-1") == [("BX", "4", "2")]


def test_a_unit_that_says_it_is_anothers_gives_no_seat(desk: Desk) -> None:
    sit(desk, UNITS, 2, "BX", "4", "1")
    desk.set(UNITS, 2, "sales_id", "S9-1")
    desk.set(DISTRIBUTION, 4, "unit_ids", "P00003")
    sit(desk, UNITS, 4, "C", "1", "1")
    desk.do(selling.sale_expand())
    assert desk.rows(DISTRIBUTION, "block") == [None] * 4


_SEATS = st.tuples(*[st.sampled_from([None, "A", "B"])] * 3)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    first=_SEATS,
    steps=st.lists(st.tuples(st.sampled_from([UNITS, DISTRIBUTION]), _SEATS), max_size=4),
)
def test_a_ticket_says_its_units_seat_or_a_finding_does(
    first: Any, steps: list[tuple[str, Any]]
) -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 1))
    sit(desk, UNITS, 2, *first)
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    said = [{text} for text in first]  # what the unit has said so far, which may follow it
    for sheet, seat in steps:
        if sheet == UNITS:
            for texts, text in zip(said, seat, strict=True):
                texts.add(text)
        sit(desk, sheet, 2 if sheet == UNITS else 3, *seat)
        plan = desk.do(selling.sale_expand())
        before = everything(desk.store)
        assert not desk.done(selling.sale_expand()).written
        assert everything(desk.store) == before
        unit, ticket = (
            seat_of(desk, UNITS, "unit_id", "P00001")[0],
            seat_of(desk, DISTRIBUTION, "sales_id", "S1-1")[0],
        )
        apart = any(u and u != t for u, t in zip(unit, ticket, strict=True))
        assert not apart or told(plan, "SEATS_DIFFER") or not any(ticket)
        if sheet == DISTRIBUTION and any(seat):
            assert all(
                typed is None or typed == now or typed in texts
                for typed, now, texts in zip(seat, ticket, said, strict=True)
            )

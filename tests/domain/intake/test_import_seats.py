"""Seats from files (§3, D21): which units a line is about, and whose a seat is."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from tests.desk import everything
from tests.domain.intake.trade_files import FileDesk
from ticketops.domain.allocation.commit import Choice
from ticketops.schema.layouts.event import DISTRIBUTION, IMPORT_LINES, UNITS
from ticketops.services import allocation


@functools.cache
def _stand() -> FileDesk:
    """P00001 to P00003 of Bee Seats, listing 77, of which two serve S1; P00004 and P00005 of
    Viagogo; P00006 of M12."""
    desk = FileDesk()
    desk.buy(("M01", "Cat 1", 3), vendor="Bee Seats", inv_no="77")
    desk.buy(("M01", "Cat 1", 2), vendor="Viagogo")
    desk.buy(("M12", "Cat 2", 1), vendor="Viagogo")
    desk.sell(("M01", "Cat 1", 2), client="Acme Travel", contract="")
    desk.do(allocation.allocate_commit("S1", Choice(sets=(("PR0001-S01", 2),))))
    return desk


@pytest.fixture
def desk() -> FileDesk:
    return FileDesk(_stand())


def seats(desk: FileDesk) -> dict[str, str]:
    found = desk.rows(UNITS, "unit_id", "block", "seat_row", "seat")
    return {key: "/".join(part or "" for part in seat) for key, *seat in found if any(seat)}


def wrong(plan: Any) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in plan.result.rejected]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("unit id,block,row,seat\np1,101,C,12\nP00003,101,C,14\n", {"P00001": "101/C/12", "P00003": "101/C/14"}),
        ("listing no,section,seats\n77,Block 101 / Row C,12-14\n", {"P00001": "101/C/12", "P00002": "101/C/13", "P00003": "101/C/14"}),
        ("match,category,vendor,block,row,seat\nM1,CAT1,viagogo,B1,4,8\nM1,CAT1,viagogo,B1,4,7\n", {"P00004": "B1/4/8", "P00005": "B1/4/7"}),
        ("ticket id,block,row,seat\nS1-2,101,C,13\nS1-1,101,C,12\n", {"P00001": "101/C/12", "P00002": "101/C/13"}),
        ("reference,block,row,seats\npr1-s1,101,C,\"12,14,16\"\n", {"P00001": "101/C/12", "P00002": "101/C/14", "P00003": "101/C/16"}),
        ("reference,block\nPR0001-S01,101\n", {"P00001": "101//", "P00002": "101//", "P00003": "101//"}),
        ("match,vendor,qty,block\n12,Viagogo,1,GA\n", {"P00006": "GA//"}),
    ],
)  # fmt: skip
def test_units_get_the_seats_that_their_lines_say(
    desk: FileDesk, text: str, wanted: dict[str, str]
) -> None:
    plan = desk.seat_file(text)
    assert seats(desk) == wanted
    assert (plan.result.units, plan.result.rejected) == (len(wanted), [])
    before = everything(desk.store)
    again = desk.seat_file(text.replace("\n", "\n\n"))
    assert again.result.taken == 0
    assert everything(desk.store) == before


def test_tickets_follow_and_undo_takes_both_back(desk: FileDesk) -> None:
    desk.seat_file("inv no,block,row,seats\n77,101,C,12-14\n")
    assert desk.rows(DISTRIBUTION, "sales_id", "block", "seat_row", "seat") == [
        ("S1-1", "101", "C", "12"),
        ("S1-2", "101", "C", "13"),
    ]
    assert desk.rows(IMPORT_LINES, "line", "record") == [(2, "P00001, P00002, P00003")]
    desk.undo()
    assert seats(desk) == {}
    assert set(desk.rows(DISTRIBUTION, "seat")) == {None}


def test_seats_of_two_units_may_be_exchanged(desk: FileDesk) -> None:
    desk.seat_file("unit id,block,row,seat\nP1,101,C,12\nP2,101,C,13\n")
    desk.seat_file("unit id,block,row,seat\nP1,101,C,13\nP2,101,C,12\n")
    assert seats(desk) == {"P00001": "101/C/13", "P00002": "101/C/12"}
    assert [one["seat"] for one in desk.tickets().values()] == ["13", "12"]


def test_a_blank_part_of_a_seat_stays(desk: FileDesk) -> None:
    desk.seat_file("unit id,block,row,seat\nP1,101,C,12\n")
    desk.seat_file("unit id,block,row,seat\nP1,,,15\n")
    assert seats(desk) == {"P00001": "101/C/15"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("P99,,M1,Cat 1,101,C,13", "UNKNOWN_UNIT"),
        ("P2,,M12,Cat 1,101,C,13", "UNKNOWN_UNIT"),
        ("P2,,M1,Cat 1,101,C,12", "SEAT_TAKEN"),
        ("P2,,M1,Cat 1,101,c,12", "SEAT_TAKEN"),
        ("P2,,M1,Cat 1,101,C,13-14", "TOO_MANY_LINES"),
        (",Viagogo,M1,Cat 1,101,C,13", "AMBIGUOUS"),
        (",Viagogo,M1,Cat 1,101,C,13-15", "TOO_MANY_LINES"),
        (",Nobody,M1,Cat 1,101,C,13", "UNKNOWN_UNIT"),
        (",Viagogo,M99,Cat 1,101,C,13", "UNKNOWN_MATCH"),
        (",,,,101,C,13", "MISSING_UNIT"),
        ("P2,,M1,Cat 1,101,C,12 or 13", "BAD_SEATS"),
    ],
)
def test_lines_that_are_wrong_are_said(desk: FileDesk, line: str, code: str) -> None:
    desk.seat_file("unit id,block,row,seat\nP1,101,C,12\n")
    before = everything(desk.store)
    head = "unit id,vendor,match,category,block,row,seats\n"
    plan = desk.seat_file(f"{head}{line}\nP6,,M12,Cat 2,1,1,1\n")
    assert [(one.line, one.code) for one in plan.result.rejected] == [(2, code)]
    assert everything(desk.store) == before
    desk.seat_file(f"{head}{line}\nP6,,M12,Cat 2,1,1,1\n", partial=True)
    assert seats(desk) == {"P00001": "101/C/12", "P00006": "1/1/1"}


def test_a_ticket_that_was_sent_keeps_its_seat_without_a_manager(desk: FileDesk) -> None:
    desk.set(DISTRIBUTION, desk.ticket("S1-1")["row"], "delivery", "SENT")
    text = "unit id,block,row,seat\nP1,101,C,12\n"
    assert wrong(desk.seat_file(text)) == [(2, "seat", "ALREADY_SENT")]
    desk.role = "operator"
    assert wrong(desk.seat_file(text, force=True)) == [(2, "seat", "ALREADY_SENT")]
    desk.role = "ops_manager"
    assert desk.seat_file(text, force=True).result.units == 1


def test_the_same_seat_twice_in_a_file_is_said_of_the_second(desk: FileDesk) -> None:
    plan = desk.seat_file("unit id,block,row,seat\nP1,101,C,12\nP2,101,C,12\n")
    assert wrong(plan) == [(3, "seat", "SEAT_TAKEN")]
    assert "belongs to P00001" in plan.result.rejected[0].message


def test_a_line_that_was_imported_already_does_not_undo_a_later_correction(desk: FileDesk) -> None:
    text = "inv no,block,row,seats\n77,101,C,12-14\n"
    desk.seat_file(text)
    desk.set(UNITS, 2, "seat", "99")
    plan = desk.seat_file(text)
    assert (plan.result.taken, plan.result.skipped) == (0, 1)
    assert seats(desk)["P00001"] == "101/C/99"
    assert desk.seat_file(text, again=True).result.units == 1
    assert seats(desk)["P00001"] == "101/C/12"

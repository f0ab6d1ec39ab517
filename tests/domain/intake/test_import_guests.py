"""Guests from files (§7): whose ticket a line is about, and what of it is never overwritten."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import everything
from tests.domain.intake.trade_files import FileDesk, table
from ticketops.domain.allocation.commit import Choice
from ticketops.schema.layouts.event import CLIENT_INPUTS, DISTRIBUTION
from ticketops.services import allocation, dispatch

HEAD = "ticket,first name,surname,e-mail\n"


@functools.cache
def _stand() -> FileDesk:
    desk = FileDesk()
    desk.buy(("M01", "Cat 1", 6))
    for client, of in (("Acme Travel", (("M01", "Cat 1", 3), ("M12", "Cat 2", 2))), ("Bolt Tours", (("M01", "Cat 1", 2),))):  # fmt: skip
        desk.sell(*of, client=client, contract="")
    desk.do(allocation.allocate_commit("S1", Choice(sets=(("PR0001-S01", 3),))))
    return desk


@pytest.fixture
def desk() -> FileDesk:
    return FileDesk(_stand())


def names(desk: FileDesk) -> dict[str, tuple[str | None, str | None, str | None]]:
    return {
        key: (one["first_name"], one["last_name"], one["client_email"])
        for key, one in desk.tickets().items()
        if any(one[name] for name in ("first_name", "last_name", "client_email"))
    }


def wrong(plan: Any) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in plan.result.rejected]


def codes(plan: Any) -> set[str]:
    return {finding.code for finding in plan.findings}


def test_a_ticket_is_named_by_its_id_or_its_line_key(desk: FileDesk) -> None:
    key = desk.ticket("S1-3")["line_key"]
    plan = desk.guests(
        f"Ticket ID;Vorname;Nachname;E-Mail\ns1-1;Ana;Berg;Ana Berg <ana@x.se>\n{key};Bo;;\n"
    )
    assert names(desk) == {"S1-1": ("Ana", "Berg", "ana@x.se"), "S1-3": ("Bo", None, None)}
    assert (plan.result.taken, plan.result.units, plan.result.skipped) == (2, 2, 0)
    kept = {row["sales_id"]: row["first_name"] for row in desk.frame(CLIENT_INPUTS).to_dicts()}
    assert kept == {"S1-1": "Ana", "S1-3": "Bo"}
    desk.undo()
    assert names(desk) == {}


def test_as_many_lines_as_tickets_fill_them_in_order(desk: FileDesk) -> None:
    text = (
        "client,match,category,first name,last name\nacme,M1,CAT1,A,1\nBolt Tours,M1,CAT1,B,1\n"
        "acme,12,Cat 2,A,4\nacme,M1,CAT1,A,2\nBolt Tours,M1,CAT1,B,2\nacme,M1,CAT1,A,3\nacme,12,C2,A,5\n"
    )
    desk.guests(text.replace("acme", "Acme Travel"))
    wanted = {"S1-1": "A1", "S1-2": "A2", "S1-3": "A3", "S2-1": "A4", "S2-2": "A5", "S3-1": "B1", "S3-2": "B2"}  # fmt: skip
    assert {key: f"{one[0]}{one[1]}" for key, one in names(desk).items()} == wanted
    before = everything(desk.store)
    again = desk.guests(table(text.replace("acme", "Acme Travel"), "other.csv"))
    assert (again.result.taken, again.result.skipped) == (0, 7)
    assert everything(desk.store) == before


def test_too_few_or_too_many_lines_are_refused_with_candidates(desk: FileDesk) -> None:
    few = desk.guests("client,match,first name\nBolt Tours,M1,A\n")
    assert wrong(few) == [(2, "match", "AMBIGUOUS")]
    assert few.result.rejected[0].suggestion == "ticket_id: S3-1, S3-2"
    many = desk.guests("order,first name\nS3,A\nS3,B\nS3,C\n")
    assert [code for *_, code in wrong(many)] == ["TOO_MANY_LINES"] * 3
    assert names(desk) == {}


def test_first_and_last_are_names_of_guests(desk: FileDesk) -> None:
    plan = desk.guests("Ticket ID,First,Last,Mail\nS1-1,Ana,Berg,ana@x.se\n")
    assert names(desk) == {"S1-1": ("Ana", "Berg", "ana@x.se")}
    assert "COLUMN_UNUSED" not in codes(plan)


def test_a_seat_tells_which_ticket_it_is(desk: FileDesk) -> None:
    for number in (1, 2, 3):
        row = desk.ticket(f"S1-{number}")["row"]
        for name, text in (("block", "101"), ("seat_row", "C"), ("seat", str(10 + number))):
            desk.set(DISTRIBUTION, row, name, text)
    desk.guests("client,place,seat,name first\nAcme Travel,Block 101 / Row C,12,Ana\n", mapped={"first_name": "name first"})  # fmt: skip
    assert names(desk) == {"S1-2": ("Ana", None, None)}
    other = desk.guests("client,seat,first name\nAcme Travel,19,Bo\n")
    assert wrong(other) == [(2, "client", "UNKNOWN_TICKET")]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("S9-1,M1,Cat 1,Acme Travel,A,a@x.se", "ticket", "UNKNOWN_TICKET"),
        ("banana,M1,Cat 1,Acme Travel,A,a@x.se", "ticket", "UNKNOWN_TICKET"),
        ("S1-1,M12,Cat 1,Acme Travel,A,a@x.se", "ticket", "TICKET_DIFFERS"),
        ("S1-1,M1,Cat 2,Acme Travel,A,a@x.se", "ticket", "TICKET_DIFFERS"),
        ("S1-1,M1,Cat 1,Bolt Tours,A,a@x.se", "ticket", "TICKET_DIFFERS"),
        ("S1-1,M99,Cat 1,Acme Travel,A,a@x.se", "match", "UNKNOWN_MATCH"),
        ("S1-1,M1,Cat 1,Zebra Holidays,A,a@x.se", "client", "UNKNOWN_CLIENT"),
        ("S1-1,M1,Cat 1,Acme Travel,A,a@@x", "mail", "BAD_EMAIL"),
        (f"S1-1,M1,Cat 1,Acme Travel,{'A' * 3000},a@x.se", "first name", "BAD_TEXT"),
        (",M1,Cat 1,,A,a@x.se", "", "MISSING_CLIENT"),
        (",M12,Cat 1,Acme Travel,A,a@x.se", "match", "UNKNOWN_TICKET"),
    ],
)
def test_lines_that_are_wrong_are_said(desk: FileDesk, line: str, column: str, code: str) -> None:
    before = everything(desk.store)
    head = "ticket,match,category,client,first name,mail\n"
    plan = desk.guests(head + line + "\nS1-2,M1,Cat 1,Acme Travel,B,b@x.se\n", mapped={"ticket_id": "ticket"})  # fmt: skip
    assert [(one.line, one.code) for one in plan.result.rejected] == [(2, code)]
    assert plan.result.rejected[0].column in (column, "client")
    assert everything(desk.store) == before


def test_two_lines_about_one_ticket_are_both_refused(desk: FileDesk) -> None:
    plan = desk.guests("ticket id,first name\nS1-1,A\nS1-1,B\nS1-2,C\n", partial=True)
    assert [(line, code) for line, _, code in wrong(plan)] == [(2, "TOO_MANY_LINES"), (3, "TOO_MANY_LINES")]  # fmt: skip
    assert names(desk) == {"S1-2": ("C", None, None)}


def test_what_is_there_stays_unless_asked_for_and_blank_erases_nothing(desk: FileDesk) -> None:
    desk.guests("ticket id,first name,last name\nS1-1,Ana,Berg\n")
    plan = desk.guests("ticket id,first name,last name,email\nS1-1,Anna,,anna@x.se\n")
    assert names(desk) == {"S1-1": ("Ana", "Berg", "anna@x.se")}
    assert "CONFLICT" in codes(plan)
    plan = desk.guests("ticket id,first name,last name,email\nS1-1,Anna,,\n", overwrite=True)
    assert names(desk) == {"S1-1": ("Anna", "Berg", "anna@x.se")}
    assert "OVERTAKEN" in codes(plan)


def test_an_old_file_does_not_bring_back_what_a_later_one_changed(desk: FileDesk) -> None:
    first, second = (f"ticket id,first name\nS1-1,{name}\n" for name in ("Ana", "Bo"))
    desk.guests(first)
    desk.guests(second, overwrite=True)
    row = desk.ticket("S1-1")["row"]
    desk.set(DISTRIBUTION, row, "first_name", "Bodil")
    plan = desk.guests(second, overwrite=True)
    assert (plan.result.taken, plan.result.skipped, "ALREADY_IMPORTED" in codes(plan)) == (0, 1, True)  # fmt: skip
    desk.guests(first, overwrite=True)
    assert names(desk)["S1-1"][0] == "Ana"


def test_a_guest_changed_after_the_ticket_was_sent_is_pointed_out(desk: FileDesk) -> None:
    desk.guests("ticket id,first name,last name,email\nS1-1,Ana,Berg,ana@x.se\n")
    desk.do(dispatch.staff_queue())
    row = desk.ticket("S1-1")["row"]
    desk.set(DISTRIBUTION, row, "delivery", "SENT")
    kept = desk.guests("ticket id,first name\nS1-1,Bo\n")
    assert names(desk)["S1-1"][0] == "Ana"
    assert "CONFLICT" in codes(kept)
    plan = desk.guests("ticket id,first name\nS1-1,Bo\n", overwrite=True)
    assert names(desk)["S1-1"][0] == "Bo"
    assert "CHANGED_AFTER_SENT" in codes(plan)


def test_a_cancelled_ticket_has_no_guest(desk: FileDesk) -> None:
    row = desk.ticket("S3-1")["row"]
    desk.set(DISTRIBUTION, row, "status", "CANCELLED")
    assert wrong(desk.guests("ticket id,first name\nS3-1,A\n")) == [(2, "ticket id", "TICKET_CANCELLED")]  # fmt: skip
    desk.guests("client,first name\nBolt Tours,A\n")
    assert names(desk) == {"S3-2": ("A", None, None)}


def test_lines_without_a_guest_are_passed_over(desk: FileDesk) -> None:
    plan = desk.guests("ticket id,first name,email\nS1-1,,\nS1-2,B,\n")
    assert (plan.result.taken, plan.result.skipped) == (1, 1)
    assert "NOTHING_SAID" in codes(plan)


@settings(max_examples=25, deadline=None)
@given(st.permutations(["S1-1", "S1-2", "S1-3", "S2-1", "S2-2", "S3-1", "S3-2"]), st.integers(0, 7))
def test_any_order_of_named_lines_gives_each_ticket_its_guest(order: list[str], count: int) -> None:
    desk = FileDesk(_stand())
    lines = [f"{key},F{key},L{key},g{key}@x.se\n" for key in order[:count]]
    if lines:
        desk.guests("ticket id,first name,last name,email\n" + "".join(lines))
    assert names(desk) == {key: (f"F{key}", f"L{key}", f"g{key}@x.se") for key in order[:count]}


def test_whole_names_are_told_apart_or_refused(desk: FileDesk) -> None:
    plan = desk.guests("Guest name;Email\nBerg, Ana Maria;a@x.se\nBo Holm;\n", client="Bolt Tours")
    assert plan.result.rejected == []
    assert names(desk) == {"S3-1": ("Ana Maria", "Berg", "a@x.se"), "S3-2": ("Bo", "Holm", None)}
    plan = desk.guests("ticket id;name\nS1-1;Ana Maria Berg\nS1-2;Cher\nS1-3;Berg,\n")
    assert wrong(plan) == [(line, "name", "NAME_UNCLEAR") for line in (2, 3, 4)]

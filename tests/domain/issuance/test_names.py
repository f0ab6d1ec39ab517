"""Names in the form of airlines, and names that agree."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tickets import office, one_ticket, row_of
from ticketops.domain.intake.faults import Place
from ticketops.domain.issuance import names
from ticketops.domain.issuance.naming import Named
from ticketops.errors import TicketopsError
from ticketops.services import issuance


@pytest.mark.parametrize(
    ("name", "text", "exact"),
    [
        ("Khan/Amina", "KHAN/AMINA", True),
        ("  o'neill-smith / anne-marie  ", "ONEILL SMITH/ANNE MARIE", True),
        ("KHAN, AMINA", "KHAN AMINA", True),
        ("Müller/Jörg", "MUELLER/JOERG", False),
        ("Muñoz/José", "MUNOZ/JOSE", False),
        ("Łukasz Żak", "LUKASZ ZAK", False),
        ("Strauß", "STRAUSS", False),
        ("Щукин/Юлия", "SHCHUKIN/IULIIA", False),
        ("Παππάς", "PAPPAS", False),
        ("محمد", "", False),
        ("李", "", False),
        ("A/B/C", "", False),
        ("", "", False),
    ],
)
def test_the_form_of_a_name(name: str, text: str, exact: bool) -> None:
    found = names.form(name)
    assert (found.text, found.exact) == (text, exact)
    assert bool(found.why) == (not exact)


def test_a_name_that_is_too_long_is_proposed_shorter() -> None:
    found = names.form("ABCDEFGH/IJKLMN", 10)
    assert (found.text, found.exact) == ("ABCDEFGH/I", False)
    assert "the airline takes 10" in found.why


@given(st.text(max_size=40))
def test_whatever_is_proposed_can_stand_on_a_ticket(name: str) -> None:
    found = names.form(name)
    assert not found.text or re.fullmatch(r"[A-Z]+[A-Z /]*", found.text)
    again = names.form(found.text) if found.text else found
    assert again.text == found.text


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("Jörg Müller", "MUELLER/JOERG MR", True),
        ("KHAN/AMINA", "Amina Khan", True),
        ("KHAN/AMINA MRS", "KHAN/AMINA MISS", True),
        ("KHAN/AMINA", "KHAN/AMIN", False),
        ("KHAN/AMINA", "KHAN/AMINA B", False),
        ("KHAN/AMINA", "", False),
        ("", "", False),
        ("محمد", "محمد", True),
    ],
)
def test_names_that_agree(one: str, other: str, agree: bool) -> None:
    assert names.agree(one, other) == names.agree(other, one) == agree


def test_what_is_proposed_is_taken_when_it_is_accepted_and_the_original_kept() -> None:
    desk = office(one_ticket("NAME_UPDATE_PENDING", balance=0))
    odd = [Named("TK00001", "Müller/Jörg")]
    refused = issuance.issuance_name_update(odd, accept=False)
    desk.refused(refused, TicketopsError, "MUELLER/JOERG")
    desk.do(issuance.issuance_name_update(odd, accept=True))
    ticket = row_of(desk, "TicketRecords", "ticket_id", "TK00001")
    assert (ticket["name"], ticket["original_name"]) == ("MUELLER/JOERG", "Müller/Jörg")
    assert ticket["state"] == "FINANCE_CLEARED"


def test_the_strictest_airline_of_a_ticket_says_how_long_a_name_may_be() -> None:
    rows = one_ticket("NOT_READY")
    rows["FITInventory"] = [{"fit_id": "F1", "booking_id": "B1", "airline": "sv"}]
    job = issuance.issuance_name_update([Named("TK00001", "ABCDEFGH/IJK")], accept=False)
    office(rows).refused(job, TicketopsError, "takes 10")


def test_without_a_group_flight_a_name_makes_nothing_ready() -> None:
    rows = one_ticket("NAME_UPDATE_PENDING", balance=0)
    rows["GroupFlights"] = []
    plan = office(rows).do(issuance.issuance_name_update([Named("TK00001")], accept=False))
    assert [one.api_status for one in plan.result.updated] == ["NOT_READY"]


def test_everything_that_is_wrong_with_a_file_is_told_at_once() -> None:
    rows = one_ticket("NOT_READY")
    given_names = [
        Named("TK00009", "X", Place("names.csv", 2)),
        Named("TK00001", "李", Place("names.csv", 3)),
    ]
    desk = office(rows)
    job = issuance.issuance_name_update(given_names, accept=True)
    desk.refused(job, TicketopsError, "line 2.*no ticket TK00009.*line 3.*李")

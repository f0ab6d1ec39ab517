"""Which PNR a ticket has: all sixteen combinations of the four sources, and what stands before them."""

from __future__ import annotations

import itertools

import pytest

from tests.tickets import office, one_ticket
from ticketops.domain.issuance import pnr
from ticketops.services import issuance

NAMED = {"passenger": "PASSEN", "leg": "LEGLEG", "block": "BLOCKS", "group_flight": "FLIGHT"}


@pytest.mark.parametrize("there", list(itertools.product([False, True], repeat=4)))
def test_the_first_source_that_has_one_counts(there: tuple[bool, ...]) -> None:
    """By the sheets, and by hand: passenger, leg, block, group flight."""
    has = dict(zip(NAMED, there, strict=True))
    rows = one_ticket("FINANCE_CLEARED", balance=0)
    rows["BookingPassengers"][0]["pnr"] = NAMED["passenger"] if has["passenger"] else None
    leg = rows["GroupFlights"][0]
    leg["leg_pnr"] = NAMED["leg"] if has["leg"] else None
    leg["pnr"] = NAMED["group_flight"] if has["group_flight"] else None
    rows["AirlineQuotaBlocks"] = [
        {
            "block_id": "AB1",
            "group": "G",
            "pnr": NAMED["block"] if has["block"] else None,
            "return_pnr": "RETURN",
        }
    ]
    desk = office(rows)
    whole = desk.do(issuance.issuance_show(desk.store, "TK00001")).result
    expected = next((source for source in NAMED if has[source]), None)
    assert whole.ticket.pnr_source == expected
    assert whole.ticket.pnr == (NAMED[expected] if expected else None)
    assert whole.return_pnr == "RETURN"
    assert pnr.resolve(*(NAMED[s] if has[s] else None for s in NAMED)) == (
        (NAMED[expected], expected) if expected else ("", "")
    )


def test_what_stands_on_the_ticket_comes_before_all_of_them() -> None:
    rows = one_ticket("FINANCE_CLEARED", balance=0, pnr="TICKET")
    rows["BookingPassengers"][0]["pnr"] = "PASSEN"
    (line,) = office(rows).do(issuance.issuance_queue("", 2)).result.lines
    assert (line.pnr, line.pnr_source) == ("TICKET", "ticket")


def test_a_way_back_has_the_pnr_of_its_leg_before_that_of_the_block() -> None:
    rows = one_ticket("FINANCE_CLEARED", balance=0)
    back = {"flight_id": "GF1", "group": "G", "leg": 2, "direction": "RETURN"}
    rows["GroupFlights"].append({**back, "leg_pnr": "BACKLG"})
    rows["AirlineQuotaBlocks"] = [{"block_id": "AB1", "group": "G", "return_pnr": "BLOCKR"}]
    desk = office(rows)
    whole = desk.do(issuance.issuance_show(desk.store, "TK00001")).result
    assert (whole.ticket.pnr, whole.ticket.pnr_source) == ("FLIGHT", "group_flight")
    assert whole.return_pnr == "BACKLG"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("ab12cd", "AB12CD"),
        (" AB 12 CD", "AB12CD"),
        ("AB12C", None),
        ("AB12CDE", None),
        ("ÄB12CD", None),
    ],
)
def test_six_letters_and_digits(text: str, read: str | None) -> None:
    assert pnr.read(text) == read

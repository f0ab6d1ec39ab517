"""What the report says of passengers and deadlines that somebody typed (document 001)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.domain.issuance.lists import passengers
from tests.tickets import office
from ticketops.domain.issuance.naming import Named
from ticketops.errors import RuleError
from ticketops.services import issuance

BORN = datetime(1985, 3, 12)


def codes(rows: dict[str, Any]) -> list[str]:
    desk = office(rows)
    found = desk.do(issuance.issuance_report(desk.store, 2)).findings
    return [one.code for one in found if one.code != "HISTORY_GAP"]


@pytest.mark.parametrize(
    ("names", "first", "second", "told"),
    [
        (("KHAN/AMINA", "KHAN/OMAR"), {}, {}, []),
        (("KHAN/AMINA", "Amina Khan MRS"), {}, {}, ["DOUBLED"]),
        (("KHAN/AMINA", "KHAN/AMINA"), {"born_on": BORN}, {}, ["DOUBLED"]),
        (("KHAN/ALI", "KHAN/ALI"), {"born_on": BORN}, {"born_on": datetime(2015, 1, 1)}, []),
        (("KHAN/ALI", "SAID/OMAR"), {"passport": "P1"}, {"passport": "p1"}, ["DOUBLED"]),
        (("KHAN/ALI", "SAID/OMAR"), {"passport": None}, {"passport": None}, []),
    ],
)
def test_somebody_who_was_entered_twice(
    names: tuple[str, str], first: dict[str, Any], second: dict[str, Any], told: list[str]
) -> None:
    rows = passengers(*names)
    for number, cells in enumerate((first, second)):
        rows["BookingPassengers"][number].update(cells)
    assert codes(rows) == told


def test_the_same_name_in_two_bookings_is_two_people() -> None:
    rows = passengers("KHAN/AMINA", "KHAN/AMINA")
    rows["Bookings"].append({"booking_id": "B2", "group": "G", "balance": 0.0})
    rows["BookingPassengers"][1]["booking_id"] = rows["TicketRecords"][1]["booking_id"] = "B2"
    assert codes(rows) == []


def test_a_blank_name_takes_none_away() -> None:
    rows = passengers("KHAN/AMINA")
    rows["BookingPassengers"][0]["name"] = None
    assert codes(rows) == ["NAME_MISSING"]
    desk = office(rows)
    assert not desk.done(issuance.issuance_refresh()).written


@pytest.mark.parametrize("sheet", ["TicketRecords", "GroupFlights"])
def test_a_deadline_that_is_not_understood(sheet: str) -> None:
    rows = passengers("KHAN/AMINA")
    rows[sheet][0]["deadline"] = "tomorrow"
    assert codes(rows) == ["UNKNOWN_DEADLINE"]
    assert [one.code for one in office(rows).do(issuance.issuance_due(2)).findings] == [
        "UNKNOWN_DEADLINE"
    ]


def test_a_pnr_in_small_letters_and_one_that_is_none() -> None:
    rows = passengers("KHAN/AMINA", "SAID/OMAR")
    rows["BookingPassengers"][0]["pnr"] = "xy12zw"
    rows["BookingPassengers"][1]["pnr"] = "12"
    assert codes(rows) == ["BAD_PNR"]
    lines = office(rows).do(issuance.issuance_queue("", 2)).result.lines
    assert [one.pnr for one in lines] == ["XY12ZW", "12"]


def test_a_file_of_names_whose_rows_are_shifted_is_refused() -> None:
    desk = office(passengers("KHAN/AMINA", "SAID/OMAR", "NOVAK/ELIF"))
    file = ["SAID/OMAR", "NOVAK/ELIF", "LAST/ONE"]
    shifted = [Named(f"TK{n:05d}", name) for n, name in enumerate(file, start=1)]
    match = "TK00001: SAID/OMAR is the name of TK00002"
    desk.refused(issuance.issuance_name_update(shifted, accept=True), RuleError, match)
    right = [Named("TK00001", "Amina Khan"), Named("TK00002", "SAIDI/OMAR")]
    desk.do(issuance.issuance_name_update(right, accept=True))
    alone = [Named("TK00003", "SAIDI/OMAR")]
    desk.do(issuance.issuance_name_update(alone, accept=True))

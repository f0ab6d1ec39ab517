"""The queue of suppliers and single rows of books, by hand: what they tell nobody."""

from __future__ import annotations

import pytest

from tests.books.confidentiality.by_hand import a_world, client_row, supplier_row
from tests.desk import Desk
from ticketops.domain.dispatch import clients
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, SUPPLIER_QUEUE
from ticketops.services import allocation, dispatch, selling


def test_the_queue_by_hand() -> None:
    state = a_world(
        ticket={"dispatch_notes": "Orchid wants it early", "comment": "from ORCHID Ltd"}
    )
    rows = {
        row["unit_ids"]: {
            c.name: row[c.name]
            for c in EVENT[SUPPLIER_QUEUE].columns
            if row[c.name] is not None and c.name != "notes_agreed"
        }
        for row in state.supplier_rows
    }
    assert rows == {
        "P00001": {
            "supplier_key": "ALPHA",
            "vendor": "Alpha Tickets",
            "email": "buy@alpha.example",
            "sales_id": "S1-1",
            "row_type": "Sales",
            "match": "M01",
            "company": "MIRRA",
            "block": "B",
            "seat_row": "1",
            "seat": "7",
            "status": "ALLOCATED",
            "unit_ids": "P00001",
            "first_name": "Ann",
            "last_name": "Lee",
            "client_email": "ann@mail.example",
            "comment": "from MIRRA Ltd",
            "dispatch_notes": "MIRRA wants it early",
            "dist_row": 3,
            "line_key": "S_1#1",
        },
        "P00002": {
            "supplier_key": "SALVADOR",
            "vendor": "Beta Tickets",
            "email": "buy@beta.example",
            "match": "M01",
            "company": "MIRRA",
            "qty": 1,
            "block": "B",
            "seat_row": "1",
            "seat": "8",
            "unit_ids": "P00002",
        },
    }


def test_a_row_of_the_queue_that_held_anything_is_written_anew() -> None:
    old = {
        "supplier_key": "alpha",
        "unit_ids": "P00001",
        "company": "Orchid",
        "notes": "margin 12%",
        "first_name": "Old",
        "last_name": "Guest",
        "client_email": "old@mail.example",
        "comment": "for Orchid",
        "client_notes": "x",
        "dispatch_notes": "Orchid's",
        "sales_id": "S9-1",
        "line_key": "S_9#1",
        "device": "Orchid's phone",
        "tix": 3,
        "acc_tix": "Orchid",
    }
    twice = old | {"company": "Blue Heron"}
    gone = old | {"unit_ids": "P09999"}
    state = a_world(queue=[old, twice, gone])
    assert [row["unit_ids"] for row in state.supplier_rows] == ["P00001", "P00002"]
    row = state.supplier_rows[0]
    assert {name: row[name] for name in old} == {
        "supplier_key": "alpha",
        "unit_ids": "P00001",
        "company": "MIRRA",
        "notes": None,
        "first_name": "Ann",
        "last_name": "Lee",
        "client_email": "ann@mail.example",
        "comment": None,
        "client_notes": None,
        "dispatch_notes": None,
        "sales_id": "S1-1",
        "line_key": "S_1#1",
        "device": None,
        "tix": None,
        "acc_tix": None,
    }
    assert sorted(row for row, _key in state.gone[SUPPLIER_QUEUE]) == [3, 4]


def test_what_was_typed_into_the_queue_names_no_company_either() -> None:
    old = {
        "supplier_key": "ALPHA",
        "unit_ids": "P00001",
        "line_key": "S_1#1",
        "company": "Orchid",
        "dispatch_notes": "told Orchid; Blue-Heron too",
    }
    state = a_world(queue=[old])
    assert state.tickets["S1-1"]["dispatch_notes"] == "told Orchid; Blue-Heron too", (
        "the office reads it whole"
    )
    assert [row["dispatch_notes"] for row in state.supplier_rows] == ["told MIRRA; MIRRA too", None]
    assert supplier_row(state)["dispatch_notes"] == "told MIRRA; MIRRA too"


@pytest.mark.parametrize("how", ["cancelled", "unallocated", "substituted"])
def test_a_unit_that_was_sent_and_came_back_tells_of_nobody(how: str) -> None:
    """A supplier sent a ticket, which then lost its unit: the unit's row is stock again, and says
    nothing of the guest."""
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 1), client="Orchid")
    desk.do(allocation.allocate_commit("S1"))
    desk.do(dispatch.supplier_map("ALPHA", ["Viagogo"], []))
    desk.set(DISTRIBUTION, 3, "client_email", "ann@mail.example")
    desk.do(dispatch.staff_queue())
    desk.set(SUPPLIER_QUEUE, 2, "delivery", "SENT")
    desk.do(dispatch.staff_queue())
    assert desk.rows(DISTRIBUTION, "delivery", "unit_ids") == [("SENT", "P00001")]
    desk.do(
        {
            "cancelled": lambda: selling.sale_cancel("S1", "gone", force=True),
            "unallocated": lambda: allocation.override_unallocate(
                "S1", "wrong", set_id="", keep_seats=False, force=True
            ),
            "substituted": lambda: allocation.unit_substitute(
                "P00001", "P00002", "broken", force=True
            ),
        }[how]()
    )
    desk.do(dispatch.staff_queue())
    rows = {
        unit: rest
        for unit, *rest in desk.rows(
            SUPPLIER_QUEUE, "unit_ids", "company", "sales_id", "client_email", "delivery"
        )
    }
    assert rows.get("P00001", ["MIRRA", None, None, None]) == ["MIRRA", None, None, None]
    assert {company for company, *_ in rows.values()} == {"MIRRA"}


@pytest.mark.parametrize(
    ("first", "last", "read"),
    [
        ("Orchid", "guest 1", ("MIRRA", None)),
        ("ORCHID", None, ("MIRRA", None)),
        ("Orchid VIP", "2", ("MIRRA", None)),
        ("Blue", "Heron", ("MIRRA", None)),
        ("Blue Heron", "guest", ("MIRRA", None)),
        ("blue-heron", None, ("MIRRA", None)),
        (None, "BlueHeron", ("MIRRA", None)),
        ("Heron", "Blue", ("Heron", "Blue")),
        ("Orchidea", "Lee", ("Orchidea", "Lee")),
        ("Ann", "Lee", ("Ann", "Lee")),
        (None, None, (None, None)),
    ],
)
def test_a_guest_that_is_a_company(
    first: str | None, last: str | None, read: tuple[str | None, str | None]
) -> None:
    """A client that fills its own name in as the guest's does not tell the supplier who it is."""
    state = a_world(ticket={"first_name": first, "last_name": last})
    row = supplier_row(state)
    assert (row.get("first_name"), row.get("last_name")) == read
    assert (client_row(state).get("first_name"), client_row(state).get("last_name")) == (
        first,
        last,
    ), "its own book says what it typed"


def test_of_two_tickets_with_one_unit_only_the_one_that_stands_is_told() -> None:
    cancelled = {
        "sales_id": "S3-1",
        "row_type": "Sales",
        "company": "Blue Heron",
        "status": "CANCELLED",
        "unit_ids": "P00001",
        "first_name": "Zed",
        "client_email": "zed@mail.example",
        "line_key": "S_3#1",
    }
    state = a_world(others=[cancelled])
    assert supplier_row(state)["client_email"] == "ann@mail.example"
    assert [ticket.key for ticket in clients.by_group(state)["blue heron"]] == ["S2-1"]
    state = a_world(ticket={"status": "CANCELLED"})
    assert "client_email" not in supplier_row(state)
    assert "orchid" not in clients.by_group(state)


def test_a_note_about_the_supplier_itself_stays() -> None:
    note = "Alpha Tickets (buy@alpha.example) asks for the passport"
    assert supplier_row(a_world(ticket={"dispatch_notes": note}))["dispatch_notes"] == note


@pytest.mark.parametrize(
    "column",
    [
        "device",
        "acc_tix",
        "contract",
        "inv_no",
        "game",
        "block",
        "seat_row",
        "seat",
        "client_notes",
        "comment",
        "dispatch_notes",
    ],
)
def test_no_column_of_a_supplier_names_a_company_or_another_supplier(column: str) -> None:
    row = supplier_row(
        a_world(ticket={column: "for orchid and Blue-Heron, not BETA TICKETS (Buy@Beta.example)"})
    )
    assert row[column] == "for MIRRA and MIRRA, not our supplier (our supplier)"


def test_not_even_the_category_names_anybody() -> None:
    named = "Cat 1 Blue Heron"
    state = a_world(ticket={"category": named}, purchases=[{"match": "M01", "category": named}])
    assert supplier_row(state)["category"] == "Cat 1 MIRRA"


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("ask SALVADOR", id="supplier key"),
        pytest.param("ask Gamma Seats", id="mapped, nothing bought yet"),
        pytest.param("log in as desk@gamma.example", id="address of another ticket"),
        pytest.param("ask Beta Tickets", id="vendor"),
        pytest.param("log in as BUY@beta.example", id="address"),
        pytest.param("use beta-login", id="login"),
    ],
)
def test_a_note_that_names_another_supplier(note: str) -> None:
    groups = [
        {"supplier_key": "ALPHA", "vendor": "Alpha Tickets"},
        {"supplier_key": "SALVADOR", "vendor": "Beta Tickets"},
        {"supplier_key": "GAMMA", "vendor": "Gamma Seats"},
    ]
    other = {
        "sales_id": "S4-1",
        "row_type": "Sales",
        "company": "Orchid",
        "vendor": "Delta Seats",
        "email": "desk@gamma.example",
    }
    state = a_world(ticket={"dispatch_notes": note}, groups=groups, others=[other])
    assert supplier_row(state)["dispatch_notes"].endswith("our supplier")


@pytest.mark.parametrize("login", ["7", "B", "1"])
def test_a_short_login_of_another_vendor_takes_no_seat_away(login: str) -> None:
    unit = {
        "unit_id": "P00003",
        "vendor": "Gamma Seats",
        "login_id": login,
        "status": "AVAILABLE",
        "match": "M01",
    }
    row = supplier_row(a_world(units=[unit]))
    assert (row["block"], row["seat_row"], row["seat"]) == ("B", "1", "7")


def test_a_vendor_of_two_chinese_letters_is_not_named() -> None:
    unit = {"unit_id": "P00003", "vendor": "携程", "status": "AVAILABLE", "match": "M01"}
    assert (
        "携程"
        not in supplier_row(a_world(ticket={"dispatch_notes": "请联系携程的客服"}, units=[unit]))[
            "dispatch_notes"
        ]
    )

"""Who gets which task, in what order matches stand, and what books and commands count."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.cli.dispatching import ANA, BEN, Do, codes, rows_of, supplier_book
from tests.conftest import Runner
from tests.desk import Desk
from ticketops.domain.dispatch.staff import together
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.ticket.records import Record, in_order
from ticketops.model.ids import natural_order


def test_matches_stand_in_natural_order() -> None:
    codes_ = ["M12", "M2", None, "BK301", "M1", "BK35"]
    assert sorted(codes_, key=natural_order) == ["BK35", "BK301", "M1", "M2", "M12", None]


def test_tickets_stand_in_natural_order_of_their_matches() -> None:
    """Of matches whose days nobody knows."""
    desk = Desk()
    for match in ("M10", "M09", "M100"):
        desk.sell((match, "Cat 1", 1))
    state = State.of(desk.store.read(*SHEETS, strict=False))
    found = in_order(state.tickets.values(), state.place)
    assert [ticket["match"] for ticket in found] == ["M09", "M10", "M100"]


@pytest.mark.parametrize(
    ("tickets", "batches"),
    [
        ([("S1-1", "a@x"), ("S2-1", "b@x"), ("S1-2", "c@x")], [0, 1, 0]),
        ([("S1-1", "a@x"), ("S2-1", "A@x")], [0, 0]),
        ([("S1-1", "a@x"), ("S2-1", "b@x"), ("S2-2", "a@x"), ("S3-1", None)], [0, 0, 0, 2]),
        ([("S1-1", None), ("S2-1", None)], [0, 1]),
    ],
)
def test_tickets_of_one_guest_or_sale_go_together(
    tickets: list[tuple[str, str | None]], batches: list[int]
) -> None:
    assert together([Record(key, {"client_email": email}) for key, email in tickets]) == batches


def test_one_sale_goes_to_one_member_of_staff(do: Do, book: Path) -> None:
    do("staff", "assign", "--unassigned", "--to", f"{ANA},{BEN}")
    whose = {row["SalesID"]: row["AssignedTo"] for row in rows_of(book, "_STAFF_QUEUE")}
    assert whose == {"S2-1": ANA, "S4-1": BEN, "S4-2": BEN}


def test_a_suppliers_book_counts_each_set(do: Do, book: Path) -> None:
    do("supplier", "build", "--all")
    sheet = openpyxl.load_workbook(supplier_book(book)).worksheets[0]
    assert "Cat 1" in sheet["G2"].value
    assert sheet["G2"].value.endswith(": 3 of 3")


def test_client_inputs_are_made_hidden(book: Path) -> None:
    states = {sheet.title: sheet.sheet_state for sheet in openpyxl.load_workbook(book)}
    assert states["_CLIENT_INPUTS"] == "hidden"
    assert states["_STAFF_QUEUE"] == "visible"


def test_patterns_are_proposed_not_taken(here: Runner, do: Do, book: Path) -> None:
    line = ("--match", "M01", "--contract", "K9", "--line", "Cat 1:2@5")
    do("purchase", "add", "--vendor", "bdc07@mail.example", *line)
    done = here("supplier", "learn", "--json")
    assert (done.code, codes(done)) == (0, ["PATTERN_PROPOSED"])
    assert "2 units" in done.json["findings"][0]["message"]
    assert "supplier map BDC --email 'bdc*@*'" in done.json["findings"][0]["message"]
    assert done.json["result"]["added"] == []
    do("supplier", "map", "BDC", "--email", "bdc*@*")
    assert codes(here("supplier", "learn", "--json")) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1 distribution row: S6-1"), (3, "3 distribution rows: S6-1, S6-2, S6-3")],
)
def test_a_sale_names_its_tickets(here: Runner, book: Path, number: int, said: str) -> None:
    done = here("sale", "add", "--client", "Bolt", "--line", f"M01:Cat 1:{number}@5")
    assert f"Sale S6 created · {said}\n" in done.out

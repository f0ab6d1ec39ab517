"""Allocation where the match has a seat map (§1b, D28): who sits where, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.desk import START, Desk
from ticketops.domain.allocation.instructions import read
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import roles
from ticketops.model.findings import Severity
from ticketops.schema.layouts.event import SALES, SEAT_RESTRICTIONS, SEAT_ROWS, SEAT_ZONES, UNITS
from ticketops.schema.tables import Snapshot
from ticketops.services import allocation

MAP = (
    # block, row, seats, x1, y1, x2, y2: two blocks of three rows of eight, an aisle in row C of block 1
    ("1", "A", "1-8", 0, 0, 7, 0),
    ("1", "B", "1-8", 0, 1, 7, 1),
    ("1", "C", "1-4", 0, 2, 3, 2),
    ("1", "C", "5-8", 6, 2, 9, 2),
    ("2", "A", "1-8", 30, 0, 37, 0),
    ("2", "B", "1-8", 30, 1, 37, 1),
    ("2", "C", "1-8", 30, 2, 37, 2),
)


class Stadium(Desk):
    """A desk with a map of M01; units are bought seat by seat."""

    def __init__(self) -> None:
        super().__init__(role=roles.OPS_MANAGER)
        names = ("block", "seat_row", "seats", "x1", "y1", "x2", "y2")
        self.fill(SEAT_ROWS, [dict(zip(names, row, strict=True)) for row in MAP])

    def fill(self, sheet: str, rows: Sequence[dict[str, Any]]) -> None:
        """Rows of M01 in a sheet, which is made if need be."""
        names = ("match", *rows[0])
        cells = [("M01", *row.values()) for row in rows]

        def planner(snapshot: Snapshot, _run: Run) -> Plan:
            plan = Plan()
            plan.changes.append(sheet, snapshot[sheet].next_row, names, cells)
            return plan

        self.do(Job("purchase.add", planner, (), (sheet,)))

    def own(self, *places: str, vendor: str = "Viagogo") -> None:
        """Buy a lot with these seats (`1/A/3`)."""
        row = self.store.read(UNITS)[UNITS].next_row
        self.buy(("M01", "Cat 1", len(places)), vendor=vendor)
        for at, place in enumerate(places):
            for name, text in zip(("block", "seat_row", "seat"), place.split("/"), strict=True):
                self.set(UNITS, row + at, name, text)

    def restrict(self, kind: str, place: str) -> None:
        blocks, rows, seats = place.split("/")
        cells = {"blocks": blocks, "rows": rows, "seats": seats}
        self.fill(SEAT_RESTRICTIONS, [cells | {"restriction": kind}])

    def ask(self, quantity: int, instructions: str = "") -> None:
        self.sell(("M01", "Cat 1", quantity))
        if instructions:
            row = self.store.read(SALES)[SALES].next_row - 1
            self.set(SALES, row, "notes", instructions)

    def given(self, sale: str = "S1") -> list[str]:
        """The seats that a sale gets."""
        self.do(allocation.allocate_commit(sale))
        rows = [t for name, t in self.tickets().items() if name.split("-")[0] == sale]
        return sorted(f"{t['block']}/{t['seat_row']}/{t['seat']}" for t in rows if t["seat"])

    def why(self, seat: str, sale: str = "", match: str = "") -> Any:
        return self.do(allocation.seat_why(seat, match, sale)).result


@pytest.fixture
def stadium() -> Stadium:
    return Stadium()


def row_of(block: str, row: str, *seats: int) -> list[str]:
    return [f"{block}/{row}/{seat}" for seat in seats]


def test_an_aisle_parts_neighbours_by_number(stadium: Stadium) -> None:
    stadium.own(*row_of("1", "C", 4, 5), *row_of("2", "C", 1, 2))
    stadium.ask(2)
    assert stadium.given() == row_of("2", "C", 1, 2)


def test_every_other_number_adjoins_where_the_map_says_so(stadium: Stadium) -> None:
    stadium.type_rows(
        SEAT_ROWS, [{"match": "M01", "block": "3", "seat_row": "A", "seats": "1-9/2"}]
    )
    stadium.own("3/A/1", "3/A/5", "3/A/7", "1/A/1", "1/A/3")
    stadium.ask(2)
    assert stadium.given() == ["3/A/5", "3/A/7"]


def test_one_row_comes_before_two_and_rows_above_one_another_before_far_ones(
    stadium: Stadium,
) -> None:
    stadium.own("1/A/1", "1/A/3", "1/B/1", "2/A/8")
    stadium.ask(2)
    assert stadium.given() == ["1/A/1", "1/A/3"]
    stadium.ask(2)
    assert stadium.given("S2") == ["1/B/1", "2/A/8"]


def test_rows_above_one_another(stadium: Stadium) -> None:
    """1/C/8 is nearer to 1/A/7 than any, but two rows away; of the rows that follow one another A and
    B are nearer than B and C."""
    stadium.own("1/A/7", "1/B/1", "1/C/8", "2/A/1")
    stadium.ask(2)
    assert stadium.given() == ["1/A/7", "1/B/1"]


def test_neighbours_of_two_purchases_are_found_together(stadium: Stadium) -> None:
    stadium.own("1/A/1", "1/A/2", "2/C/8", vendor="Viagogo")
    stadium.own("1/A/3", "1/A/4", "2/A/1", vendor="Ticombo")
    stadium.ask(4, "consecutive seats please")
    shown = stadium.do(allocation.allocate_preview("S1", write=False)).result
    together = next(plan for plan in shown.plans if plan.badge == "together")
    assert [(chunk.set_id, chunk.qty) for chunk in together.chunks] == [
        ("PR0001-S01", 2),
        ("PR0002-S01", 2),
    ]
    assert not together.unmet_instructions
    assert stadium.given() == row_of("1", "A", 1, 2, 3, 4)


def test_the_score_counts_how_far_apart_seats_are(stadium: Stadium) -> None:
    """Of 1/A/1 and 2/C/8: half of their distance over the way across the map, (37² + 2²)½ both."""
    stadium.own("1/A/1", "2/C/8")
    stadium.ask(2)
    plan = stadium.do(allocation.allocate_preview("S1", write=False)).result.plans[0]
    assert plan.parts.distance == 0.5
    assert plan.parts.continuity == 0.5


@pytest.mark.parametrize("kind", ["MEDIA", "HELD"])
def test_seats_that_are_not_for_sale_are_kept_out_and_said(stadium: Stadium, kind: str) -> None:
    stadium.own(*row_of("1", "A", 1, 2, 3))
    stadium.restrict(kind, "1/A/1-2")
    stadium.ask(2)
    done = stadium.do(allocation.allocate_commit("S1"))
    assert done.result.allocated == 1
    said = [f.message for f in done.findings if f.code == "KEPT_OUT"]
    assert len(said) == 2
    assert all(f"its seat is {kind} on the seat map" in text for text in said)
    assert {f.severity for f in done.findings if f.code == "KEPT_OUT"} == {Severity.INFO}


def test_an_aisle_seat(stadium: Stadium) -> None:
    stadium.own(*row_of("1", "A", 3, 4, 5), *row_of("1", "C", 3, 4, 5))
    stadium.ask(1, "an aisle seat, please")
    assert stadium.given() in (["1/C/4"], ["1/C/5"])


def test_an_aisle_at_the_end_of_a_run(stadium: Stadium) -> None:
    stadium.own(*row_of("1", "A", 2, 3, 4), *row_of("2", "B", 5, 6, 7, 8))
    stadium.ask(2, "two seats together, one on the aisle")
    assert stadium.given() == row_of("2", "B", 7, 8)


def test_not_behind_an_obstruction(stadium: Stadium) -> None:
    stadium.own(*row_of("1", "A", 1, 2, 3, 4))
    stadium.restrict("OBSTRUCTED_VIEW", "1/A/1-2")
    stadium.ask(2, "not behind a pillar")
    assert stadium.given() == row_of("1", "A", 3, 4)
    stadium.ask(1, "unobstructed")
    found = stadium.do(allocation.allocate_preview("S2", write=False)).result.plans
    assert [v.code for v in found[0].unmet_instructions] == ["INSTRUCTION_OBSTRUCTED"]


def test_a_wheelchair_and_its_companion(stadium: Stadium) -> None:
    stadium.own(*row_of("1", "A", 1, 2, 3, 4, 5, 6))
    stadium.restrict("ACCESSIBLE", "1/A/4")
    stadium.restrict("COMPANION", "1/A/5")
    stadium.ask(2, "wheelchair and companion")
    assert stadium.given() == row_of("1", "A", 4, 5)


def test_what_is_asked_of_a_place_is_not_judged_without_a_map() -> None:
    desk = Desk(role=roles.OPS_MANAGER)
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.set(SALES, 2, "notes", "aisle, unobstructed")
    plan = desk.do(allocation.allocate_preview("S1", write=False)).result.plans[0]
    assert plan.unmet_instructions == []
    assert plan.parts.distance == 0


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("aisle", ["an aisle seat"]),
        ("no aisle", []),
        ("not behind an obstruction", ["no obstructed view"]),
        ("without pillars in front", ["no obstructed view"]),
        ("no restricted view please", ["no obstructed view"]),
        ("clear view of the goal", ["no obstructed view"]),
        ("pillar of society", []),
        ("wheelchair + companion", ["wheelchair access", "a companion beside the wheelchair"]),
        (
            "wheelchair, carer comes along",
            ["wheelchair access", "a companion beside the wheelchair"],
        ),
    ],
)
def test_what_is_read(text: str, wishes: list[str]) -> None:
    assert read(text).said == wishes


# --- why


def codes(why: Any) -> list[str]:
    return [reason.code for reason in why.reasons]


def test_why_a_free_seat(stadium: Stadium) -> None:
    stadium.own(*row_of("1", "A", 1, 2, 3))
    stadium.fill(SEAT_ZONES, [{"blocks": "1", "category": "Cat 1"}])
    why = stadium.why("1/A/2", match="M01")
    assert (why.to_be_had, why.on_map, why.category, codes(why)) == (True, True, "Cat 1", [])
    stadium.ask(2)
    why = stadium.why("1/A/2", "S1")
    assert why.to_be_had
    assert codes(why) == ["LEAVES_ONE", "PROPOSED"]
    assert codes(stadium.why("01/a/2", "S1")) == ["LEAVES_ONE", "PROPOSED"]


def test_why_each_seat_that_is_not_to_be_had(stadium: Stadium) -> None:
    stadium.own(*row_of("1", "A", *range(1, 9)))
    stadium.ask(2)
    stadium.do(allocation.allocate_commit("S1"))
    sold = stadium.ticket("S1-1")
    seat = f"1/A/{sold['seat']}"
    why = stadium.why(seat, match="M01")
    assert not why.to_be_had
    assert codes(why) == ["SOLD", "STATUS"]
    assert "S1-1 of Meridian Travel" in why.reasons[0].message
    stadium.restrict("MEDIA", "1/A/8")
    assert codes(stadium.why("1/A/8", match="M01")) == ["RESTRICTED"]
    stadium.restrict("OBSTRUCTED_VIEW", "1/A/7")
    assert stadium.why("1/A/7", match="M01").to_be_had
    assert codes(stadium.why("1/A/7", match="M01")) == ["OBSTRUCTED_VIEW"]
    assert codes(stadium.why("9/Z/1", match="M01")) == ["NOT_ON_MAP", "NOT_BOUGHT"]
    assert codes(stadium.why("1/B/1", match="M01")) == ["NOT_BOUGHT"]


def test_why_for_a_sale(stadium: Stadium) -> None:
    stadium.own(*row_of("1", "A", 1, 2))
    stadium.buy(("M01", "Cat 2", 1), ("M02", "Cat 1", 1))
    for name, text in zip(("block", "seat_row", "seat"), ("1", "B", "1"), strict=True):
        stadium.set(UNITS, 4, name, text)
    stadium.ask(1)
    why = stadium.why("1/B/1", "S1")
    assert not why.to_be_had
    assert codes(why) == ["WRONG_CATEGORY"]
    stadium.do(allocation.policy_set("match", "M01", {"vendor_blocklist": "Viagogo"}))
    assert any(code.startswith("POLICY:") for code in codes(stadium.why("1/A/1", "S1")))


def test_a_hold_keeps_a_seat_from_other_clients_only(stadium: Stadium) -> None:
    stadium.own("1/A/1")
    stadium.ask(1)
    stadium.sell(("M01", "Cat 1", 1), client="Agência Coração")
    until = START + timedelta(days=3)
    stadium.do(allocation.unit_hold(["P00001"], "Meridian Travel", until, "asked for"))
    assert [stadium.why("1/A/1", sale).to_be_had for sale in ("S1", "S2")] == [True, False]
    assert "HELD" in codes(stadium.why("1/A/1", "S1"))
    assert not stadium.why("1/A/1", match="M01").to_be_had


def test_why_takes_names_as_the_page_of_a_sale_writes_them(stadium: Stadium) -> None:
    stadium.own("1/A/1")
    stadium.set(UNITS, 2, "block", "A/B")
    for text in ('"A/B"/A/1', '"A/B" / a / "01"'):
        assert stadium.why(text, match="M01").unit_ids == ["P00001"]
    assert stadium.why("Block 1 Row A 2", match="M01").seat == "1/A/2"


def test_why_is_refused_in_one_line(stadium: Stadium) -> None:
    with pytest.raises(UsageError):
        allocation.seat_why("1/A/1-3", "M01", "")
    stadium.refused(allocation.seat_why("1/A/1", "", ""), UsageError)
    stadium.refused(allocation.seat_why("1/A/1", "", "S9"), NotFoundError)
    stadium.own("1/A/1")
    stadium.ask(1)
    stadium.refused(allocation.seat_why("1/A/1", "M02", "S1"), RuleError)

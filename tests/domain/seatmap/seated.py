"""A desk with a small stadium: who has which seat of it is in the table below."""

from __future__ import annotations

from datetime import datetime

from tests.desk import CopiedDesk
from tests.seat_bowl import bowl, map_rows, put_map
from ticketops.domain.allocation.commit import Choice
from ticketops.domain.seatmap.places import parse_places
from ticketops.domain.seatmap.plan import Area, Restriction, Zone
from ticketops.domain.seatmap.showing import Asked, View
from ticketops.schema.layouts.event import UNITS
from ticketops.services import allocation, seat_views

MAP = bowl(8, 4, 10)
ZONES = (Zone("Cat 1", Area("101-104")), Zone("Cat 2", Area("105-107")))
RESTRICTIONS = (
    Restriction("OBSTRUCTED_VIEW", Area("101", "A", "8")),
    Restriction("HELD", Area("101", "D")),
    Restriction("ACCESSIBLE", Area("101", "A", "1")),
)
SEATS = {
    **{f"P{n:05}": ("101", "A", str(n)) for n in range(1, 9)},
    "P00009": ("101", "B", None),
    "P00010": ("101", "B", None),
    "P00011": ("999", "Z", "1"),
    "P00012": (None, None, None),
    "P00013": ("101", "D", "1"),
    **{f"P{n:05}": ("105", "A", str(n - 13)) for n in range(14, 18)},
}
"""{UnitID: block, row and seat}: P00001–P00013 are Cat 1, P00014–P00017 Cat 2."""


class SeatDesk(CopiedDesk):
    """S1 of Acme has P00001 and P00002, S2 of Beta P00003 and P00004, S3 of Acme waits for three of
    Cat 1. P00006 is held for Gamma, P00007 has a category that nobody understands."""

    def seat(self, unit_id: str, *seat: str | None) -> None:
        """Somebody types a seat into a row of units."""
        row = dict(self.rows(UNITS, "unit_id", "row"))[unit_id]
        for column, text in zip(("block", "seat_row", "seat"), seat, strict=True):
            self.set(UNITS, row, column, text)

    def view(self, **asked: str) -> View:
        """What `seatmap show` finds."""
        view: View = self.do(seat_views.seatmap_show(Asked(**asked))).result
        return view

    def states(self, **asked: str) -> dict[tuple[str, str, str], str]:
        """{seat: its state}, those that are not in stock left out."""
        return {
            (row.block, row.row, label): one.state
            for row, found in self.view(**asked).seats.rows()
            for label, one in zip(row.labels, found, strict=True)
            if one and one.state not in ("NONE", "NOT_AVAILABLE")
        }


def chosen(text: str) -> Choice:
    """Seats as `--seats` names them."""
    return Choice(seats=parse_places(text))


def seat_desk() -> SeatDesk:
    """The desk at work."""
    desk = SeatDesk()
    desk.buy(("M01", "Cat 1", 13), ("M01", "Cat 2", 4))
    for unit_id, seat in SEATS.items():
        desk.seat(unit_id, *seat)
    put_map(desk.store, map_rows("Arena", MAP, ZONES, RESTRICTIONS, match="M01"))
    desk.sell(("M01", "Cat 1", 2), client="Acme")
    desk.sell(("M01", "Cat 1", 2), client="Beta")
    desk.sell(("M01", "Cat 1", 3), client="Acme")
    desk.do(allocation.allocate_commit("S1", chosen("101/A/1-2")))
    desk.do(allocation.allocate_commit("S2", chosen("101/A/3-4")))
    desk.do(allocation.unit_hold(["P00006"], "Gamma", datetime(2099, 1, 1), "option", new=True))
    desk.set(UNITS, dict(desk.rows(UNITS, "unit_id", "row"))["P00007"], "status", "perhaps")
    return desk

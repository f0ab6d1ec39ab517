"""Every job of seat maps, and who may run it: what `EVERY` of test_jobs has of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.desk import Desk
from ticketops.domain.seatmap.importing import Options, Read
from ticketops.domain.seatmap.listing import Which
from ticketops.domain.seatmap.plan import Area, Restriction, Zone
from ticketops.domain.seatmap.restrictions import Wanted as Restrict
from ticketops.domain.seatmap.spots import SeatSpot, Spots
from ticketops.domain.seatmap.zones import Wanted
from ticketops.engine.job import Job
from ticketops.services import allocation, seatmaps

_SEATS = [SeatSpot("101", "A", str(seat)) for seat in range(1, 5)]
_MAP = Read("map.csv", "table", Spots(_SEATS))
_AREA = Area("101", "A")


def let_there_be_a_map(desk: Desk) -> None:
    """Of the venue at which the matches are played."""
    few = Read("few.csv", "table", Spots(_SEATS[:3]))
    desk.do(seatmaps.seatmap_import(few, "Wembley", "", Options()))


SEATMAPS: dict[str, tuple[str, Callable[..., Job]]] = {
    "seatmap.list": ("staff", lambda *_: seatmaps.seatmap_list("", "", Which())),
    "seatmap.check": ("operator", lambda *_: seatmaps.seatmap_check("Wembley", "")),
    "seatmap.export": ("operator", lambda *_: seatmaps.seatmap_export("Wembley", "", [])),
    "seatmap.import": (
        "sr_operator",
        lambda *_: seatmaps.seatmap_import(_MAP, "Wembley", "", Options()),
    ),
    "seatmap.zones.list": ("staff", lambda *_: seatmaps.seatmap_zones_list("Wembley", "")),
    "seatmap.zones": (
        "sr_operator",
        lambda *_: seatmaps.seatmap_zones("Wembley", "", Wanted(zones=[Zone("Cat 1", _AREA)])),
    ),
    "seatmap.restrict.list": ("staff", lambda *_: seatmaps.seatmap_restrict_list("Wembley", "")),
    "seatmap.restrict": (
        "sr_operator",
        lambda *_: seatmaps.seatmap_restrict(
            "Wembley", "", Restrict(add=[Restriction("HELD", _AREA)])
        ),
    ),
    "seatmap.why": ("staff", lambda *_: allocation.seat_why("A/1/1", "M01", "")),
}

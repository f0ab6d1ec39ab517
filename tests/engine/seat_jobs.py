"""The jobs of looking at seat maps, for `test_jobs`."""

from __future__ import annotations

from collections.abc import Callable

from tests.desk import Desk
from tests.seat_bowl import bowl, map_rows, put_map
from ticketops.domain.seatmap.showing import Asked
from ticketops.engine.job import Job
from ticketops.services import seat_views

EVERY: dict[str, tuple[str, Callable[..., Job]]] = {
    "seatmap.show": ("staff", lambda *_: seat_views.seatmap_show(Asked(match="M01"))),
    "allocate.seats": ("staff", lambda *_: seat_views.allocate_seats("S2")),
}
"""{job: (its least role, how it is made)}."""


def prepare(desk: Desk) -> None:
    """M01 has a small map of its own."""
    put_map(desk.store, map_rows("Wembley", bowl(4, 2, 6), match="M01"))

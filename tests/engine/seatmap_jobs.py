"""Every job of seat maps, and who may run it: what `EVERY` of test_jobs has of them."""

from __future__ import annotations

from collections.abc import Callable

from ticketops.domain.seatmap.listing import Which
from ticketops.engine.job import Job
from ticketops.services import allocation, seatmaps

SEATMAPS: dict[str, tuple[str, Callable[..., Job]]] = {
    "seatmap.list": ("staff", lambda *_: seatmaps.seatmap_list("", "", Which())),
    "seatmap.why": ("staff", lambda *_: allocation.seat_why("A/1/1", "M01", "")),
}

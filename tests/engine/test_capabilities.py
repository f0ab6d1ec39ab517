"""A user who may only view may run what only reads (§2)."""

from __future__ import annotations

from tests.engine.test_jobs import EVERY, BookLocation, place  # noqa: F401
from ticketops.engine.flows import capability
from ticketops.engine.job import Effect


def test_what_reads_only_needs_no_more_than_to_view(place: BookLocation) -> None:  # noqa: F811
    reading = {name for name in EVERY if place.job(name, place.nameless).effect is Effect.READS}
    assert "seatmap.why" in reading
    more = {name for name in reading if capability(name)[1] not in ("", "view", "export")}
    assert more == {"archive.build", "event.clone"}  # they write another workbook

"""A user who may only view may run what only reads (§2)."""

from __future__ import annotations

from tests.engine import seat_jobs, seatmap_jobs
from ticketops.engine.flows import capability
from ticketops.engine.job import Effect


def test_what_reads_only_needs_no_more_than_to_view() -> None:
    made = {**seat_jobs.EVERY, **seatmap_jobs.SEATMAPS}
    jobs = {name: make(None, None, None) for name, (_least, make) in made.items()}
    reading = {name for name, job in jobs.items() if job.effect is Effect.READS}
    assert "seatmap.why" in reading
    assert {name: capability(name)[1] for name in reading} == dict.fromkeys(reading, "view")

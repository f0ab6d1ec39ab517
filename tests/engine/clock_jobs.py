"""Every job of the clock, and who may run it: what `EVERY` of test_jobs has of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from ticketops.domain.clock.record import TaskRun
from ticketops.services import clock, cron

DAY = datetime(2026, 4, 17)
CLOCK: dict[str, tuple[str, Any]] = {
    "dispatch.deadlines": ("operator", lambda _b, _o, settings: clock.deadlines(settings)),
    "run.nightly": (
        "sr_operator",
        lambda *_: clock.record_job([TaskRun("audit", "audit run", 0, 1.0, 0)], DAY, "host"),
    ),
    "run.list": ("operator", lambda *_: clock.run_list(["audit"])),
    "cron.check": (
        "operator",
        lambda _b, _o, settings: cron.check_job(
            cron.entry_of(settings, Path("event.xlsx"), DAY.time()), settings
        ),
    ),
}
"""{name: (the least role, one such job)}"""

"""What a job hands back, and what it knows of the run it is part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ticketops.model import roles
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding


@dataclass(frozen=True, slots=True)
class Run:
    """Who runs a job, when, under which RunID, and where new UUIDs come from. The domain has no
    clock of its own."""

    run_id: str
    user: str
    now: datetime
    new_uuid: Callable[[], str]
    role: str = roles.SR_OPERATOR
    """What the user may do: the setting, then what _USERS says; "" where it says that they may do
    nothing."""
    setting: str = ""
    """The setting, where it was asked already what _USERS says."""
    barred: str = ""
    """Why they may do nothing, as the end of a sentence: `is inactive in _USERS`."""
    managers: tuple[str, ...] | None = None
    """Who may change that; None where _USERS names nobody."""
    chosen: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """{(client, vendor or match; as it was typed): whom a person at a terminal said it means}."""

    utc_offset: timedelta = timedelta(0)
    """How far its clock is ahead of UTC."""

    @property
    def today(self) -> datetime:
        """Its day, as a date cell holds it."""
        return datetime(self.now.year, self.now.month, self.now.day)


@dataclass(slots=True)
class Plan:
    """What to change, what to tell, and the machine-readable result. Nothing was written yet."""

    changes: ChangeSet = field(default_factory=ChangeSet)
    findings: list[Finding] = field(default_factory=list)
    result: Any = field(default_factory=dict)
    """A frozen dataclass; `--json` is made of it."""

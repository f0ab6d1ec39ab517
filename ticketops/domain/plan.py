"""What a job hands back, and what it is told about the run it is part of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ticketops.model import states
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding


@dataclass(frozen=True, slots=True)
class Run:
    """Who runs a job, when, under which RunID, and where new UUIDs come from. The domain has no clock of its own."""

    run_id: str
    user: str
    now: datetime
    new_uuid: Callable[[], str]
    role: str = states.SR_OPERATOR
    """What the user may do: the setting, then what _USERS says."""


@dataclass(slots=True)
class Plan:
    """What to change, what to tell, and the machine-readable result. Nothing was written yet."""

    changes: ChangeSet = field(default_factory=ChangeSet)
    findings: list[Finding] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)

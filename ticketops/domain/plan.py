"""What a job hands back, and what it knows of the run it is part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from ticketops.model import roles
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding
from ticketops.model.money import DEFAULT_CURRENCY

if TYPE_CHECKING:
    from ticketops.domain.event.record import Event
    from ticketops.domain.masterdata.scopes import Scope
    from ticketops.domain.messages.facts import Fact


DISPATCH_BUFFER_HOURS = 72.0
"""How long before a match its tickets must be out, where nothing says otherwise (§8)."""

MEDAL_HOURS_EARLIER = 24.0
"""How much earlier those of a medal session must be (§1a, §18b.12)."""


class Run(Struct, frozen=True):
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
    event: Event | None = None
    """The event that the workbook is about; None where its _EVENTS names none."""
    capabilities: frozenset[str] | None = None
    """What the user takes part in, by _USERS; None for all that the role gives."""
    scope: Scope | None = None
    """The clients and suppliers that the user is limited to; None for a user who is not."""
    buffer_setting: float | None = None
    """The setting `dispatch_buffer_hours`."""
    medal_hours: float = MEDAL_HOURS_EARLIER
    """How much earlier the tickets of a medal session must be out, by the setting."""

    @property
    def currency(self) -> str:
        """The currency of what is recorded without one: that of the event, if it names one."""
        return self.event.currency if self.event else DEFAULT_CURRENCY

    def buffer_hours(self, setting: float | None) -> float:
        """How long before a match its tickets must be out: by the setting, else by the event."""
        setting = self.buffer_setting if setting is None else setting
        if setting is not None:
            return setting
        return self.event.dispatch_buffer_hours if self.event else DISPATCH_BUFFER_HOURS

    @property
    def today(self) -> datetime:
        """Its day, as a date cell holds it."""
        return datetime(self.now.year, self.now.month, self.now.day)


class Plan(Struct):
    """What to change, what to tell, and the machine-readable result. Nothing was written yet."""

    changes: ChangeSet = field(default_factory=ChangeSet)
    findings: list[Finding] = field(default_factory=list)
    result: Any = field(default_factory=dict)
    """A frozen dataclass; `--json` is made of it."""
    refused: bool = False
    """Whether nothing is written since what was given is wrong: the command ends with 2."""
    facts: list[Fact] = field(default_factory=list)
    """What happened, for messages (§10 step 1); said only where it is written, too."""

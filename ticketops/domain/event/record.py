"""The row of `_EVENTS`: the event that a workbook is about (§1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketops.domain.plan import DISPATCH_BUFFER_HOURS
from ticketops.model.events import EVENT_STATE, EVENT_TYPE
from ticketops.model.money import CURRENCIES, DEFAULT_CURRENCY
from ticketops.schema.tables import Table

DEFAULTS: dict[str, Any] = {
    "type": "OTHER",
    "currency": DEFAULT_CURRENCY,
    "dispatch_buffer_hours": DISPATCH_BUFFER_HOURS,
    "portal_token_expiry_days": 14,
    "allow_oversell": True,
    "audit_retention_days": 365,
}
"""What a blank cell stands for; the other fields may be blank."""
RETENTION = "AuditRetentionDays"
"""The header of the days for which guests' data are kept, as `Event.unclear` has it."""
_COUNTED = ("dispatch_buffer_hours", "portal_token_expiry_days", "audit_retention_days")
_CLOSED = {"type": EVENT_TYPE, "currency": CURRENCIES, "status": EVENT_STATE}


@dataclass(frozen=True, slots=True)
class EventFields:
    """The thirteen fields of an event (§1). start, end: its first and last day."""

    name: str
    code: str
    type: str
    start: datetime | None
    end: datetime | None
    currency: str
    dispatch_buffer_hours: float
    portal_token_expiry_days: int
    allow_oversell: bool
    owner: str | None
    logo_url: str | None
    banner_url: str | None
    audit_retention_days: int


FIELDS = tuple(EventFields.__dataclass_fields__)
"""The thirteen fields of an event, as the columns of `_EVENTS` have them; its state is apart."""


@dataclass(frozen=True, slots=True)
class Event(EventFields):
    """An event as its row says it, with the defaults of blank cells. state: "" where the row has
    none. unclear: the headers of cells that are not understood;
    for those nothing is assumed: no state, no overselling. rows: how many events `_EVENTS` names;
    a workbook is about one."""

    state: str
    row: int
    unclear: tuple[str, ...] = ()
    rows: int = 1

    @property
    def called(self) -> str:
        """How people call it."""
        return self.code or self.name or "the event"


def event_of(table: Table) -> Event | None:
    """The event of a workbook, from its `_EVENTS`; None where that names none."""
    columns = ("row", *FIELDS, "status")
    rows = [dict(zip(columns, row, strict=True)) for row in table.frame.select(columns).iter_rows()]
    if not rows:
        return None
    cells = rows[0]
    names = [misfit.column for misfit in table.misfits if misfit.row == cells["row"]]
    for name, known in _CLOSED.items():
        if cells[name] and cells[name] not in known:
            names.append(name)
    names += [name for name in _COUNTED if cells[name] is not None and cells[name] < 0]
    values = {name: cells[name] for name in FIELDS}
    for name, default in DEFAULTS.items():
        if values[name] is None or name in names:
            values[name] = default
    if "allow_oversell" in names:
        values["allow_oversell"] = False
    values["name"], values["code"] = values["name"] or "", values["code"] or ""
    return Event(
        **values,
        state="" if "status" in names else cells["status"] or "",
        row=cells["row"],
        unclear=tuple(table.sheet.by_name[name].header for name in dict.fromkeys(names)),
        rows=len(rows),
    )

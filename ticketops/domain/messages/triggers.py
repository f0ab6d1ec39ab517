"""Triggers (§10 step 2): which fact makes a message, of which template, to whom. Ours are off until
`trigger set --on`; what `_NOTIFICATION_TRIGGERS` says goes before."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.messages.facts import facts_in
from ticketops.domain.messages.templates import as_known
from ticketops.model.states import EMAIL
from ticketops.schema.layout import EVENT_KIND, ISSUANCE_KIND
from ticketops.schema.tables import Table


class Trigger(Struct, frozen=True):
    """A trigger. condition, recipients: as they are typed."""

    id: str
    fact: str
    recipients: str
    template: str
    condition: str = ""
    channel: str = EMAIL
    active: bool = False
    since: datetime | None = None
    """Only facts after this make messages."""
    row: int = 0
    """Of the sheet; 0 for one that is not there."""
    unclear: tuple[str, ...] = ()
    """Headers of cells that are not understood: then it makes nothing."""
    kind: str = EVENT_KIND
    """Of the workbook that it is for."""
    rows: int = 0
    """In how many rows of the sheet it stands: with more than one, nobody knows which counts."""

    @property
    def may_be_on(self) -> bool:
        """Whether it is on, or somebody may mean it to be."""
        return self.active or _ACTIVE in self.unclear


_ACTIVE = "Active"


def _of(id_: str, fact: str, to: str, *, template: str = "", when: str = "") -> Trigger:
    return Trigger(id_, fact, to, template or id_, when)


_OURS = (
    _of("oversell_alert", "oversell.raised", "role:ops_manager"),
    _of("portal_generated", "portal.generated", "client.primary_contact"),
    _of("portal_invited", "portal.invited", "client.primary_contact, supplier.contact"),
    _of(
        "portal_reminder",
        "portal.generated",
        "client.primary_contact",
        when="portal.hoursRemaining <= 72 and portal.guestsMissing > 0",
    ),
    _of("ticket_dispatched", "sale.fully_dispatched", "client.primary_contact"),
    _of(
        "dispatch_overdue",
        "dispatch.ticket_unsent_T_minus_Nd",
        "role:ops_manager",
        when="deadline.days <= 65",
    ),
    _of("allocation_committed", "allocation.committed", "sale.assigned_operator"),
    _of("sale_created", "sale.created", "role:ops_manager"),
    _of("credential_updated", "credential.updated", "role:ops_manager"),
    _of("event_transition", "event.transition", "role:ops_manager"),
    _of("dispatch_issue", "dispatch.issue_raised", "role:sr_operator"),
    _of("match_teams_resolved", "match.teams_resolved", "client.primary_contact"),
    _of("dispatch_accepted", "dispatch.accepted", "sale.assigned_operator, role:ops_manager"),
    _of("sale_cancelled", "sale.cancelled", "client.primary_contact"),
    _of("sale_rejected", "sale.rejected", "client.primary_contact"),
    _of("guests_due", "guests.due", "client.primary_contact", template="portal_reminder"),
    _of("guest_changed", "guest.changed_after_sent", "role:sr_operator"),
    _of("dispatch_escalated", "dispatch.escalated", "role:ops_manager"),
    _of("match_moved", "match.moved", "client.primary_contact"),
    _of("payment_overdue", "payment.overdue", "role:ops_manager"),
    _of("night_finished", "clock.night_finished", "role:ops_manager", when="night.exit > 0"),
)
DEFAULTS = {one.id: one for one in _OURS}
"""{TriggerID: trigger} of ours in the workbook of an event, after the table of §10."""
_OF_TICKETS = (
    _of("ticket_due_soon", "ticket.due_soon", "role:operator"),
    _of("ticket_exception_requested", "ticket.exception_requested", "role:ops_manager"),
    _of("ticket_exception_approved", "ticket.exception_approved", "exception.requested_by"),
    _of("ticket_issued", "ticket.issued", "booking.contact"),
    DEFAULTS["night_finished"],
)
_OURS_IN = {
    EVENT_KIND: DEFAULTS,
    ISSUANCE_KIND: {one.id: replace(one, kind=ISSUANCE_KIND) for one in _OF_TICKETS},
}
OUR_TEMPLATES = frozenset(one.template for own in _OURS_IN.values() for one in own.values())
"""The codes of the templates that our triggers use."""


def ours(kind: str) -> dict[str, Trigger]:
    """{TriggerID: trigger} of those of ours for a kind of workbook."""
    return dict(_OURS_IN[kind])


def triggers_of(table: Table, kind: str) -> dict[str, Trigger]:
    """{TriggerID: trigger} of a kind of workbook: ours, with what the sheet says of them, then the
    office's own. A blank cell leaves what is ours; a Condition is blank where the row names its
    fact."""
    found = ours(kind)
    facts = facts_in(kind)
    unclear: dict[int, list[str]] = {}
    for misfit in table.misfits:
        header = table.sheet.by_name[misfit.column].header
        unclear.setdefault(misfit.row, []).append(header)
    columns = (
        "row",
        "trigger",
        "fact",
        "condition",
        "recipients",
        "template",
        "channel",
        "active",
        "since",
    )
    for row in table.frame.select(columns).iter_rows(named=True):
        if not row["trigger"]:
            continue
        id_ = as_known(row["trigger"], found)
        old = found.get(id_, Trigger(id_, "", "", "", kind=kind))
        found[id_] = replace(
            old,
            fact=as_known(row["fact"], facts) if row["fact"] else old.fact,
            recipients=row["recipients"] or old.recipients,
            template=row["template"] or old.template,
            condition=row["condition"] or ("" if row["fact"] else old.condition),
            channel=row["channel"] or old.channel,
            active=row["active"] is True or (old.rows > 0 and old.active),
            since=row["since"],
            row=row["row"],
            unclear=(*old.unclear, *unclear.get(row["row"], ())),
            rows=old.rows + 1,
        )
    return found


def active(table: Table, kind: str) -> list[Trigger]:
    """The triggers of a kind of workbook that are on, or may be; of one fact those with a condition first, which say more
    about it."""
    on = (one for one in triggers_of(table, kind).values() if one.may_be_on)
    return sorted(on, key=lambda one: not one.condition)

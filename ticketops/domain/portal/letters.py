"""Messages with a link to the portal (§7 step 2, §10). Neither the workbook nor the outbox holds the link:
it is put in when the message is sent, by the machine that made it."""

from __future__ import annotations

from msgspec.structs import replace

from ticketops.domain.dispatch.groups import plain_key
from ticketops.domain.messages import outbox
from ticketops.domain.messages.facts import PortalInvited
from ticketops.domain.messages.readiness import Readiness
from ticketops.domain.messages.recipients import CLIENT_CONTACT, SUPPLIER_CONTACT, Nobody, People
from ticketops.domain.messages.triggers import Trigger, triggers_of
from ticketops.domain.messages.variables import ClientVars, InvitationVars, SupplierVars
from ticketops.domain.plan import Plan, Run
from ticketops.domain.portal.tokens import Token
from ticketops.errors import RuleError
from ticketops.model import book_kinds
from ticketops.schema.layout import EVENT_KIND
from ticketops.schema.layouts.event import (
    NOTIFICATION_LOG,
    NOTIFICATION_TEMPLATES,
    NOTIFICATION_TRIGGERS,
    SUPPLIER_GROUPS,
)
from ticketops.schema.tables import Snapshot

TRIGGER = "portal_invited"
"""Whose template and channel an invitation has."""
UNSEEN = "(the link is put in when this is sent)"
"""What stands for the link until then."""


def queue(plan: Plan, snapshot: Snapshot, run: Run, token: Token, address: str) -> outbox.Message:
    """Queue a message with a new link to its party, in the plan that makes the link. address: of the
    portal. snapshot: holds the outbox, its triggers and templates, and who can be written to. Raises
    RuleError where nobody can be."""
    people = People(snapshot, run)
    fact = PortalInvited(
        key=f"{token.token_id} {run.run_id}",
        client=ClientVars(token.title if token.kind == book_kinds.CLIENT else None),
        supplier=SupplierVars(),
        invitation=InvitationVars(token.title, token.expires_at, f"{address}/i/{UNSEEN}"),
    )
    ours = triggers_of(snapshot[NOTIFICATION_TRIGGERS], EVENT_KIND)[TRIGGER]
    trigger = replace(ours, recipients=CLIENT_CONTACT, condition="", since=None)
    if token.kind == book_kinds.STAFF_BOOK:
        trigger = replace(trigger, recipients=token.party)
    elif token.kind == book_kinds.SUPPLIER:
        trigger = replace(trigger, recipients=SUPPLIER_CONTACT)
        vendor = _vendor(snapshot, people, trigger, fact, token.party)
        fact = replace(fact, supplier=SupplierVars(vendor))
    log = snapshot[NOTIFICATION_LOG]
    rows, found = outbox.queued([fact], [trigger], people, log, run, asked=True)
    if not rows:
        why = found[0].message if found else "nobody is known to write to"
        raise RuleError(
            f"the link for {token.title} can't be sent: {why}",
            "without --queue the link is printed, to be sent by hand",
        )
    plan.findings += [*found, *Readiness(snapshot[NOTIFICATION_TEMPLATES]).findings(rows)]
    plan.changes.append(NOTIFICATION_LOG, log.room_for(len(rows)), outbox.Message._fields, rows)
    return rows[0]


def _vendor(
    snapshot: Snapshot, people: People, trigger: Trigger, fact: PortalInvited, key: str
) -> str:
    """The vendor of a supplier whose contact is written to. Raises RuleError for a supplier with none,
    or whose vendors have several."""
    rows = snapshot[SUPPLIER_GROUPS].frame.select("supplier_key", "vendor").iter_rows()
    names = dict.fromkeys(name for own, name in rows if own and name and plain_key(own) == key)
    reached: dict[str, str] = {}
    whys = []
    for name in names:
        told = replace(fact, supplier=SupplierVars(name))
        for one in people.meant(SUPPLIER_CONTACT, trigger.channel, told):
            if isinstance(one, Nobody):
                whys.append(one.why)
            else:
                reached.setdefault(one.address.casefold(), name)
    if len(reached) == 1:
        return next(iter(reached.values()))
    why = whys[0] if whys else f"{SUPPLIER_GROUPS} names no vendor of {key}"
    if reached:
        why = f"its vendors have several contacts ({', '.join(reached.values())})"
    raise RuleError(
        f"the link for {key} can't be sent: {why}",
        "without --queue the link is printed, to be sent by hand",
    )

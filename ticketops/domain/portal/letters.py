"""Messages with a link to the portal (§7 step 2, §10). Neither the workbook nor the outbox holds the link:
it is put in when the message is sent, by the machine that made it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ticketops.domain.dispatch.groups import plain_key
from ticketops.domain.messages import outbox
from ticketops.domain.messages.facts import PortalInvited
from ticketops.domain.messages.readiness import Readiness
from ticketops.domain.messages.recipients import CLIENT_CONTACT, SUPPLIER_CONTACT, Nobody, People
from ticketops.domain.messages.triggers import triggers_of
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


def queue(plan: Plan, snapshot: Snapshot, run: Run, token: Token, link: str) -> outbox.Message:
    """Queue a message with a new link to its party, in the plan that makes the link. link: with UNSEEN in
    place of its secret. snapshot: holds the outbox, its triggers and templates, and who can be written to. Raises
    RuleError where nobody can be."""
    ours = triggers_of(snapshot[NOTIFICATION_TRIGGERS], EVENT_KIND)[TRIGGER]
    to = {book_kinds.CLIENT: CLIENT_CONTACT, book_kinds.SUPPLIER: SUPPLIER_CONTACT}
    expression = to.get(token.kind, token.party)
    trigger = replace(ours, recipients=expression, condition="", since=None)
    fact = PortalInvited(
        key=f"{token.token_id} {run.run_id}",
        client=ClientVars(token.title if token.kind == book_kinds.CLIENT else None),
        supplier=SupplierVars(),
        invitation=InvitationVars(token.title, token.expires_at, link),
    )
    facts = [fact]
    if token.kind == book_kinds.SUPPLIER:
        vendors = _vendors(snapshot, token.party)
        facts = [replace(fact, supplier=SupplierVars(name)) for name in vendors]
    people = People(snapshot, run)
    fact = _reachable(people, facts, expression, trigger.channel, token)
    log = snapshot[NOTIFICATION_LOG]
    rows, found = outbox.queued([fact], [trigger], people, log, run, asked=True)
    if not rows:
        raise _unsent(token, found[0].message if found else f"{TRIGGER} makes no message")
    plan.findings += [*found, *Readiness(snapshot[NOTIFICATION_TEMPLATES]).findings(rows)]
    plan.changes.append(NOTIFICATION_LOG, log.room_for(len(rows)), outbox.Message._fields, rows)
    return rows[0]


def _reachable(
    people: People, facts: Sequence[PortalInvited], expression: str, channel: str, token: Token
) -> PortalInvited:
    """The fact whose party can be written to: of a supplier, the one of the vendor that has a contact.
    Raises RuleError for a party with none, or several."""
    reached: dict[str, PortalInvited] = {}
    why = f"{SUPPLIER_GROUPS} names no vendor of {token.party}"
    for fact in facts:
        for one in people.meant(expression, channel, fact):
            if isinstance(one, Nobody):
                why = one.why
            else:
                reached.setdefault(one.address.casefold(), fact)
    if len(reached) > 1:
        names = ", ".join(fact.supplier.vendor or "" for fact in reached.values())
        why = f"its vendors have several contacts ({names})"
    if len(reached) != 1:
        raise _unsent(token, why)
    return next(iter(reached.values()))


def _vendors(snapshot: Snapshot, key: str) -> list[str]:
    """The vendors that a supplier has by name."""
    rows = snapshot[SUPPLIER_GROUPS].frame.select("supplier_key", "vendor").iter_rows()
    return list(dict.fromkeys(name for own, name in rows if own and name and plain_key(own) == key))


def _unsent(token: Token, why: str) -> RuleError:
    return RuleError(
        f"the link for {token.title} can't be sent: {why}",
        "without --queue the link is printed, to be sent by hand",
    )

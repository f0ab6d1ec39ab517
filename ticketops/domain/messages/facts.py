"""Facts (§10 step 1): what happened, of which a trigger makes messages. Most are told by the changes of
a plan (`happened`); planners say those that no change tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, get_type_hints

from msgspec import Struct

from ticketops.domain.messages import variables as v
from ticketops.domain.messages.variables import COMMON, EVENT_GROUP, Group, Variable
from ticketops.schema.layout import EVENT_KIND, ISSUANCE_KIND, KINDS

_OWN = ("key", "also")
"""What a fact says of itself, and no message does."""


class Fact(Struct, frozen=True, kw_only=True):
    """Something that happened. key: what it happened to, and how: a fact of the same name and key is
    the same one, whichever run says it. also: keys under which it may have been said before. The first
    line of a fact's docstring says when it is; kinds: in which kinds of workbooks."""

    name: ClassVar[str] = ""
    kinds: ClassVar[tuple[str, ...]] = (EVENT_KIND,)
    key: str
    also: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """What tells it from every other fact."""
        return f"{self.name} {self.key}"

    @property
    def identities(self) -> tuple[str, ...]:
        """All that tell it."""
        return (self.identity, *(f"{self.name} {key}" for key in self.also))

    @property
    def groups(self) -> dict[str, Group]:
        """{name: group} of what it says."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name not in _OWN}


class SaleCreated(Fact, frozen=True, kw_only=True):
    """A sale is recorded."""

    name: ClassVar[str] = "sale.created"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars


class OversellRaised(Fact, frozen=True, kw_only=True):
    """A sale asks for more tickets than there are, and waits for approval."""

    name: ClassVar[str] = "oversell.raised"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars
    oversell: v.OversellVars


class SaleCancelled(Fact, frozen=True, kw_only=True):
    """A sale, or tickets of it, are cancelled."""

    name: ClassVar[str] = "sale.cancelled"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars
    tickets: v.TicketVars


class SaleRejected(Fact, frozen=True, kw_only=True):
    """What waited for approval is rejected."""

    name: ClassVar[str] = "sale.rejected"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars
    tickets: v.TicketVars


class AllocationCommitted(Fact, frozen=True, kw_only=True):
    """Tickets of a sale get their units."""

    name: ClassVar[str] = "allocation.committed"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars
    tickets: v.TicketVars
    allocation: v.AllocationVars


class PortalGenerated(Fact, frozen=True, kw_only=True):
    """A client's book is built with contents that it did not have before."""

    name: ClassVar[str] = "portal.generated"
    client: v.ClientVars
    portal: v.PortalVars


class PortalInvited(Fact, frozen=True, kw_only=True):
    """A link to the portal is made with `portal invite --queue`, which needs no trigger that is on."""

    name: ClassVar[str] = "portal.invited"
    client: v.ClientVars
    supplier: v.SupplierVars
    invitation: v.InvitationVars


class GuestsDue(Fact, frozen=True, kw_only=True):
    """Guest details of a client are missing, and the day for them comes near."""

    name: ClassVar[str] = "guests.due"
    client: v.ClientVars
    portal: v.PortalVars


class GuestChanged(Fact, frozen=True, kw_only=True):
    """A client changes a guest of a ticket that was already sent."""

    name: ClassVar[str] = "guest.changed_after_sent"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars
    tickets: v.TicketVars
    guest: v.GuestVars


class TicketsUnsent(Fact, frozen=True, kw_only=True):
    """Tickets of a match are not sent, and the day for it comes near."""

    name: ClassVar[str] = "dispatch.ticket_unsent_T_minus_Nd"
    match: v.MatchVars
    tickets: v.TicketVars
    deadline: v.DeadlineVars


class SaleDispatched(Fact, frozen=True, kw_only=True):
    """The last ticket of a sale is sent."""

    name: ClassVar[str] = "sale.fully_dispatched"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars
    tickets: v.TicketVars


class DispatchAccepted(Fact, frozen=True, kw_only=True):
    """A client accepts tickets of a sale."""

    name: ClassVar[str] = "dispatch.accepted"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars
    tickets: v.TicketVars


class DispatchIssue(Fact, frozen=True, kw_only=True):
    """Tickets of a sale can't be sent, or something is wrong with them."""

    name: ClassVar[str] = "dispatch.issue_raised"
    sale: v.SaleVars
    client: v.ClientVars
    supplier: v.SupplierVars
    match: v.MatchVars
    tickets: v.TicketVars
    issue: v.IssueVars


class DispatchEscalated(Fact, frozen=True, kw_only=True):
    """An issue is handed up."""

    name: ClassVar[str] = "dispatch.escalated"
    sale: v.SaleVars
    client: v.ClientVars
    match: v.MatchVars
    tickets: v.TicketVars
    issue: v.IssueVars


class CredentialUpdated(Fact, frozen=True, kw_only=True):
    """A login of a vendor is added, changed or deactivated."""

    name: ClassVar[str] = "credential.updated"
    credential: v.CredentialVars


class EventTransition(Fact, frozen=True, kw_only=True):
    """The event goes a step on, or back."""

    name: ClassVar[str] = "event.transition"
    transition: v.TransitionVars


class TeamsResolved(Fact, frozen=True, kw_only=True):
    """It is known who plays in a match of which a client has tickets."""

    name: ClassVar[str] = "match.teams_resolved"
    client: v.ClientVars
    match: v.MatchVars
    tickets: v.TicketVars


class MatchMoved(Fact, frozen=True, kw_only=True):
    """A match of which a client has tickets is on another day, at another time or place."""

    name: ClassVar[str] = "match.moved"
    client: v.ClientVars
    match: v.MatchVars
    before: v.MovedVars
    tickets: v.TicketVars


class PaymentOverdue(Fact, frozen=True, kw_only=True):
    """A sale is not paid, although its day has passed."""

    name: ClassVar[str] = "payment.overdue"
    sale: v.SaleVars
    client: v.ClientVars
    payment: v.PaymentVars


class NightFinished(Fact, frozen=True, kw_only=True):
    """The tasks of a night are done, except sending what waits."""

    name: ClassVar[str] = "clock.night_finished"
    kinds: ClassVar[tuple[str, ...]] = KINDS
    night: v.NightVars


class TicketFact(Fact, frozen=True, kw_only=True):
    """A fact about an airline ticket (document 001)."""

    kinds: ClassVar[tuple[str, ...]] = (ISSUANCE_KIND,)
    ticket: v.AirTicketVars
    booking: v.BookingVars


class TicketDueSoon(TicketFact, frozen=True, kw_only=True):
    """The name on a ticket is not final, and the day for it comes near."""

    name: ClassVar[str] = "ticket.due_soon"
    deadline: v.DeadlineVars


class ExceptionRequested(TicketFact, frozen=True, kw_only=True):
    """Somebody asks for a ticket to be issued before it is cleared."""

    name: ClassVar[str] = "ticket.exception_requested"
    exception: v.ExceptionVars


class ExceptionApproved(TicketFact, frozen=True, kw_only=True):
    """The exception of a ticket is approved."""

    name: ClassVar[str] = "ticket.exception_approved"
    exception: v.ExceptionVars


class TicketIssued(TicketFact, frozen=True, kw_only=True):
    """A ticket is issued. Its e-tickets and scans go along with the e-mail."""

    name: ClassVar[str] = "ticket.issued"


FACTS: Mapping[str, type[Fact]] = {
    fact.name: fact
    for fact in (
        SaleCreated,
        OversellRaised,
        SaleCancelled,
        SaleRejected,
        AllocationCommitted,
        PortalGenerated,
        PortalInvited,
        GuestsDue,
        GuestChanged,
        TicketsUnsent,
        SaleDispatched,
        DispatchAccepted,
        DispatchIssue,
        DispatchEscalated,
        CredentialUpdated,
        EventTransition,
        TeamsResolved,
        MatchMoved,
        PaymentOverdue,
        NightFinished,
        TicketDueSoon,
        ExceptionRequested,
        ExceptionApproved,
        TicketIssued,
    )
}
"""{name: fact}, in the order in which a sale or a ticket meets them."""


@cache
def facts_in(kind: str) -> Mapping[str, type[Fact]]:
    """{name: fact} of those that a kind of workbook tells."""
    return {name: fact for name, fact in FACTS.items() if kind in fact.kinds}


@cache
def groups_of(name: str) -> dict[str, type[Group]]:
    """{name: group} of all that messages of a fact may speak of."""
    hints = get_type_hints(FACTS[name])
    own = {group: hints[group] for group in FACTS[name].__struct_fields__ if group not in _OWN}
    about_event = EVENT_KIND in FACTS[name].kinds
    return own | {
        group: kind for group, kind in COMMON.items() if about_event or group != EVENT_GROUP
    }


def variables_of(name: str, audience: str) -> dict[str, dict[str, Variable]]:
    """{group: {name: variable}} of a fact that an audience may read."""
    return {
        group: kept
        for group, kind in groups_of(name).items()
        if (
            kept := {
                one.name: one
                for one in v.of_group(group, kind).values()
                if audience in one.says.readers
            }
        )
    }


def every_variable(name: str, audience: str) -> Iterator[Variable]:
    """Those of all groups of a fact."""
    for group in variables_of(name, audience).values():
        yield from group.values()


def payload_of(fact: Fact, common: dict[str, Group], audience: str) -> dict[str, dict[str, Any]]:
    """{group: {variable: value}} of a fact, without what its audience may not read. common: the groups
    of COMMON."""
    given = fact.groups | common
    return {
        group: {name: v.values_of(given[group])[name] for name in readable}
        for group, readable in variables_of(fact.name, audience).items()
    }


def sample_of(name: str, audience: str) -> dict[str, dict[str, Any]]:
    """A complete payload of made-up values, for previews."""
    return {
        group: {one.name: one.says.sample for one in readable.values()}
        for group, readable in variables_of(name, audience).items()
    }

"""What a message may speak of (§10 step 4): groups of variables, each with a line that describes it, a
sample, and who may read it (D10, D25)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

from msgspec import Struct

from ticketops.model.states import AUDIENCE, FOR_CLIENT, FOR_OFFICE, FOR_SUPPLIER

ALL = AUDIENCE
CLIENT = (FOR_OFFICE, FOR_CLIENT)
SUPPLIER = (FOR_OFFICE, FOR_SUPPLIER)
OFFICE = (FOR_OFFICE,)


class Says(NamedTuple):
    """What a variable says, for people, a sample of it, and who may read it: nobody but the office,
    unless it says so."""

    text: str
    sample: str | int | float | bool
    readers: tuple[str, ...] = OFFICE


class Group(Struct, frozen=True):
    """Variables that are about one thing. A text that is not known is None."""


class EventVars(Group, frozen=True):
    """The event that the workbook is about."""

    code: Annotated[str | None, Says("The code of the event.", "WC2026", ALL)] = None
    name: Annotated[str | None, Says("The name of the event.", "World Cup 2026", ALL)] = None
    state: Annotated[
        str | None, Says("The state of the event before the command.", "DISPATCHING")
    ] = None


class RunVars(Group, frozen=True):
    """The command that the message comes from."""

    user: Annotated[str | None, Says("Who ran the command.", "alice")] = None
    at: Annotated[datetime | None, Says("When the command ran.", "2026-05-04T09:30:00")] = None


class RecipientVars(Group, frozen=True):
    """Who gets the message."""

    name: Annotated[str | None, Says("The name of the recipient.", "Dana Reyes", ALL)] = None


class SaleVars(Group, frozen=True):
    """A sale: a line of an order, with its own SalesID."""

    id: Annotated[str, Says("The SalesID.", "S147", CLIENT)]
    match: Annotated[str | None, Says("The code of its match.", "M06", CLIENT)] = None
    category: Annotated[str | None, Says("Its category.", "Cat 2", CLIENT)] = None
    quantity: Annotated[int | None, Says("How many tickets it has.", 4, CLIENT)] = None
    client_po: Annotated[str | None, Says("The client's own number.", "PO-881", CLIENT)] = None
    status: Annotated[str | None, Says("Its status.", "UNALLOCATED")] = None
    unit_price: Annotated[float | None, Says("The price of one ticket.", 350.0)] = None
    total_value: Annotated[float | None, Says("What all its tickets cost.", 1400.0)] = None
    currency: Annotated[str | None, Says("The currency of its prices.", "USD")] = None
    operator: Annotated[str | None, Says("Who looks after it.", "alice")] = None
    reason: Annotated[str | None, Says("Why it was cancelled or rejected.", "trip called off")] = (
        None
    )


class ClientVars(Group, frozen=True):
    """A client."""

    name: Annotated[str | None, Says("The name of the client.", "Meridian Travel", CLIENT)] = None


class SupplierVars(Group, frozen=True):
    """Who sends the tickets."""

    vendor: Annotated[str | None, Says("Its name.", "Viagogo", SUPPLIER)] = None


class MatchVars(Group, frozen=True):
    """A match, or a session."""

    code: Annotated[str | None, Says("The code of the match.", "M06", ALL)] = None
    name: Annotated[str | None, Says("Who plays.", "Mexico vs South Africa", ALL)] = None
    date: Annotated[datetime | None, Says("Its day.", "2026-06-11T00:00:00", ALL)] = None
    time: Annotated[str | None, Says("When it starts.", "13:00 UTC-6", ALL)] = None
    venue: Annotated[str | None, Says("City and stadium.", "Mexico City: Estadio Azteca", ALL)] = (
        None
    )


class MovedVars(Group, frozen=True):
    """Where and when a match was, before it moved."""

    date: Annotated[datetime | None, Says("Its day before.", "2026-06-10T00:00:00", ALL)] = None
    time: Annotated[str | None, Says("When it started before.", "16:00 UTC-6", ALL)] = None
    venue: Annotated[str | None, Says("Its venue before.", "Zapopan: Estadio Akron", ALL)] = None


class TicketVars(Group, frozen=True):
    """A ticket, or some of a sale."""

    ids: Annotated[str | None, Says("Their SalesIDs.", "S147-1, S147-2", ALL)] = None
    count: Annotated[int, Says("How many they are.", 2, ALL)] = 1


class OversellVars(Group, frozen=True):
    """A sale that asks for more than there is."""

    said: Annotated[
        str | None, Says("How many it asks for, and how many there are.", "oversold by 2")
    ] = None


class AllocationVars(Group, frozen=True):
    """What an allocation did."""

    units: Annotated[int, Says("How many units were allocated.", 4)]
    open: Annotated[int, Says("How many tickets of the sale have no unit yet.", 0)]
    sets: Annotated[str | None, Says("From which sets.", "PR0001-S01")] = None


class IssueVars(Group, frozen=True):
    """What is wrong with tickets."""

    text: Annotated[str | None, Says("What was reported.", "the link is dead")] = None
    by: Annotated[str | None, Says("Who reported it.", "bob")] = None
    to: Annotated[str | None, Says("Who it is handed up to.", "ops_manager")] = None


class CredentialVars(Group, frozen=True):
    """A login of a vendor. Its password is no variable."""

    vendor: Annotated[str | None, Says("Whose login it is.", "Viagogo")]
    login: Annotated[str | None, Says("Its LoginID.", "desk-1")] = None
    event: Annotated[str | None, Says("For which event; blank for all.", "WC2026")] = None
    action: Annotated[str | None, Says("CREATED, UPDATED or DEACTIVATED.", "UPDATED")] = None


class TransitionVars(Group, frozen=True):
    """A step of the event."""

    before: Annotated[str | None, Says("The state before.", "SELLING")]
    after: Annotated[str, Says("The state now.", "ALLOCATING")]
    reason: Annotated[str | None, Says("Why it went back.", "stock came in late")] = None


class PortalVars(Group, frozen=True):
    """The book that a client fills in."""

    tickets: Annotated[int | None, Says("How many tickets it has.", 12, CLIENT)] = None
    guests_missing: Annotated[
        int | None, Says("For how many of them guest details are missing.", 5, CLIENT)
    ] = None
    due_on: Annotated[
        datetime | None, Says("Until when the names are needed.", "2026-05-28T00:00:00", CLIENT)
    ] = None
    hours_remaining: Annotated[
        float | None, Says("How many hours are left until then.", 60.0, CLIENT)
    ] = None
    link: Annotated[
        str | None,
        Says("Its address, where it is a Google Sheet.", "https://docs.google.com/x", CLIENT),
    ] = None
    file: Annotated[str | None, Says("Its file.", "Meridian Travel.xlsx")] = None


class InvitationVars(Group, frozen=True):
    """A link to the portal."""

    name: Annotated[str | None, Says("Who is invited.", "Meridian Travel", ALL)] = None
    until: Annotated[
        datetime | None, Says("Until when the link works.", "2026-06-03T09:30:00", ALL)
    ] = None
    link: Annotated[
        str | None,
        Says("The link. It is put in when the message is sent.", "https://host.example/i/…", ALL),
    ] = None


class DeadlineVars(Group, frozen=True):
    """A day by which something must be done."""

    due_on: Annotated[datetime | None, Says("The day.", "2026-06-08T00:00:00", CLIENT)] = None
    days: Annotated[int | None, Says("How many days are left.", 65, CLIENT)] = None


class GuestVars(Group, frozen=True):
    """A guest of a ticket."""

    changed: Annotated[str | None, Says("Which details changed.", "First name, Phone")] = None


class PaymentVars(Group, frozen=True):
    """What a client owes for a sale."""

    due_on: Annotated[datetime | None, Says("When it was due.", "2026-05-01T00:00:00")] = None
    days: Annotated[int | None, Says("For how many days it has been overdue.", 9)] = None
    open: Annotated[float | None, Says("What is open.", 700.0)] = None
    currency: Annotated[str | None, Says("In which currency.", "USD")] = None


class NightVars(Group, frozen=True):
    """A run of the tasks of the night."""

    exit: Annotated[int, Says("The worst exit code.", 1)]
    findings: Annotated[int, Says("How many findings matter.", 3)]
    failed: Annotated[str | None, Says("Which tasks failed.", "recon")] = None
    tasks: Annotated[
        str | None, Says("Each task and what came of it.", "audit: 3 findings; recon: exit 5")
    ] = None


class AirTicketVars(Group, frozen=True):
    """An airline ticket."""

    id: Annotated[str, Says("The TicketID.", "TK00012", CLIENT)]
    passenger: Annotated[str | None, Says("Who travels.", "KHAN/AMINA", CLIENT)] = None
    number: Annotated[str | None, Says("The ticket number.", "176-2401234567", CLIENT)] = None
    pnr: Annotated[str | None, Says("The PNR.", "AB12CD", CLIENT)] = None


class BookingVars(Group, frozen=True):
    """The booking that a ticket is of."""

    id: Annotated[str | None, Says("The BookingID.", "B00012", CLIENT)] = None
    group: Annotated[str | None, Says("Its group.", "G03", CLIENT)] = None
    client: Annotated[str | None, Says("Whose booking it is.", "Meridian Travel", CLIENT)] = None
    balance: Annotated[float | None, Says("What it still owes.", 450.0)] = None
    currency: Annotated[str | None, Says("In which currency.", "USD")] = None


class ExceptionVars(Group, frozen=True):
    """That a ticket is to be issued before it is cleared."""

    reason: Annotated[str | None, Says("Why.", "the wire is on its way")] = None
    proof: Annotated[str | None, Says("The file that proves it.", "proofs/mail.eml")] = None
    requested_by: Annotated[str | None, Says("Who asked for it.", "olga")] = None
    approved_by: Annotated[str | None, Says("Who approved it.", "greta")] = None


class Variable(Struct, frozen=True):
    """A variable as templates name it: `sale.total_value`. kind: str, int, float, bool or
    datetime."""

    group: str
    name: str
    kind: type
    says: Says

    @property
    def called(self) -> str:
        """Its whole name."""
        return f"{self.group}.{self.name}"


EVENT_GROUP = "event"
COMMON: dict[str, type[Group]] = {
    EVENT_GROUP: EventVars,
    "run": RunVars,
    "recipient": RecipientVars,
}
"""Groups that every message has; the first only where the workbook may be about an event."""


@cache
def of_group(name: str, group: type[Group]) -> dict[str, Variable]:
    """{name: variable} of a group."""
    found = {}
    for field, hint in get_type_hints(group, include_extras=True).items():
        if field.startswith("__"):
            continue
        kind, says = get_args(hint)
        plain = next(one for one in (get_args(kind) or (kind,)) if one is not type(None))
        found[field] = Variable(name, field, plain, says)
    return found


def plain_name(name: str) -> str:
    """A name as names are compared: `totalValue` is `total_value`."""
    return name.replace("_", "").casefold()


def values_of(group: Group) -> dict[str, Any]:
    """{name: value}, as a payload holds them: days and moments as ISO texts."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name in group.__struct_fields__
        for value in (getattr(group, name),)
    }

"""Who gets a message (§10 step 3): expressions such as `role:ops_manager`, `sale.assigned_operator` or
`client.primary_contact` as addresses of people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.masterdata import scopes
from ticketops.domain.masterdata.aliases import CLIENT, VENDOR, other_names, party_keys
from ticketops.domain.masterdata.users import Users
from ticketops.domain.messages.facts import Fact, groups_of
from ticketops.domain.messages.templates import words_of
from ticketops.domain.plan import Run
from ticketops.model import roles
from ticketops.model.names import name_key
from ticketops.model.patterns import when_needed
from ticketops.model.states import (
    EMAIL,
    FOR_CLIENT,
    FOR_OFFICE,
    FOR_SUPPLIER,
    IN_APP,
    SLACK,
    WHATSAPP,
)
from ticketops.schema.layout import Layout
from ticketops.schema.layouts.event import ALIASES, CLIENTS, USERS, VENDORS
from ticketops.schema.layouts.issuance import AIRLINES, BOOKINGS
from ticketops.schema.tables import Snapshot

ROLE = "role:"
OPERATOR = "sale.assigned_operator"
CLIENT_CONTACT = "client.primary_contact"
SUPPLIER_CONTACT = "supplier.contact"
BOOKING_CONTACT = "booking.contact"
REQUESTER = "exception.requested_by"
_GROUP = {
    OPERATOR: "sale",
    CLIENT_CONTACT: "client",
    SUPPLIER_CONTACT: "supplier",
    BOOKING_CONTACT: "booking",
    REQUESTER: "exception",
}
DEPENDING = frozenset(_GROUP)
"""Expressions that mean somebody else from fact to fact."""
_OUTSIDE = {CLIENT_CONTACT: FOR_CLIENT, BOOKING_CONTACT: FOR_CLIENT, SUPPLIER_CONTACT: FOR_SUPPLIER}
"""{expression: who reads what is sent to it}, where that is not the office."""
_ADDRESS = when_needed(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")
_PHONE = when_needed(r"\+\d[\d ()/-]{5,}")
_CALLED = {EMAIL: "e-mail address", WHATSAPP: "phone number", SLACK: "chat address"}


class Recipient(Struct, frozen=True):
    """Somebody who gets a message. address: for the channel; for in_app the user."""

    address: str
    name: str
    audience: str


class Nobody(Struct, frozen=True):
    """Why an expression leads to nobody, for people."""

    why: str


def audience_of(expression: str) -> str:
    """Who reads what is sent to an expression."""
    return _OUTSIDE.get(expression.strip().lower(), FOR_OFFICE)


def sheets_in(layout: Layout) -> tuple[str, ...]:
    """The sheets of a kind of workbook that say who can be written to."""
    named = (USERS, CLIENTS, VENDORS, ALIASES, BOOKINGS, AIRLINES)
    return tuple(filter(layout.__contains__, named))


def unusable(expression: str, fact: str, channel: str) -> str:
    """Why an expression can't be used for a fact and a channel, for people; "" where it can."""
    said = expression.lower()
    if said.startswith(ROLE):
        role = said.removeprefix(ROLE).strip()
        known = ", ".join(roles.KNOWN)
        return "" if role in roles.KNOWN else f"{role!r} is not a role; it must be one of {known}"
    if said in _GROUP:
        if _GROUP[said] not in groups_of(fact):
            return f"{fact} has no {_GROUP[said]}, so {said} is nobody"
        if said == BOOKING_CONTACT and channel != EMAIL:
            return f"{said} can be reached by {EMAIL} only"
        if audience_of(said) != FOR_OFFICE and channel not in (EMAIL, WHATSAPP):
            return f"{said} can be reached by {EMAIL} and {WHATSAPP} only"
        return ""
    if "." in said and "@" not in said and said.partition(".")[0] in groups_of(fact):
        own = [one for one, group in _GROUP.items() if group in groups_of(fact)]
        return f"{expression!r} must be one of {', '.join(own)}"
    return ""


class People:
    """Who can be written to. snapshot: what `sheets_in` names."""

    def __init__(self, snapshot: Snapshot, run: Run) -> None:
        self._snapshot, self._run = snapshot, run
        self.users = Users.of(snapshot[USERS])
        self._contacts: dict[str, tuple[dict[str | None, dict[str, Any]], Callable[..., Any]]] = {}
        columns = ("user", "name", "email", "phone", "chat")
        self._people = {
            name_key(key): row
            for row in snapshot[USERS].frame.select(columns).iter_rows(named=True)
            for key in (row["email"], row["user"])
            if key
        }
        self._limits: dict[str, scopes.Scope] = {}

    def meant(self, expression: str, channel: str, fact: Fact) -> Iterator[Recipient | Nobody]:
        """Who an expression means for a fact, or why nobody."""
        said = expression.lower()
        if said.startswith(ROLE):
            yield from self._of_role(said.removeprefix(ROLE).strip(), channel, fact)
        elif said == OPERATOR:
            who = getattr(fact.groups.get("sale"), "operator", None)
            yield self._user(who, channel, fact) if who else Nobody("the sale has no operator")
        elif said == CLIENT_CONTACT:
            name = getattr(fact.groups.get("client"), "name", None)
            yield self._contact(CLIENT, name, channel)
        elif said == SUPPLIER_CONTACT:
            name = getattr(fact.groups.get("supplier"), "vendor", None)
            yield self._contact(VENDOR, name, channel)
        elif said == BOOKING_CONTACT:
            yield self._of_booking(getattr(fact.groups.get("booking"), "id", None), channel)
        elif said == REQUESTER:
            who = getattr(fact.groups.get("exception"), "requested_by", None)
            yield self._user(who, channel, fact) if who else Nobody("nobody asked for it by name")
        elif self._people.get(name_key(expression)):
            yield self._user(expression, channel, fact)
        else:
            yield self._elsewhere(expression, channel)

    def _of_role(self, role: str, channel: str, fact: Fact) -> Iterator[Recipient | Nobody]:
        names = dict.fromkeys(user.name for user in self.users.rows)
        having = [name for name in names if self.users.role(name) == role]
        if not having:
            yield Nobody(f"no active user in {USERS} has the role {role}")
        for name in having:
            yield self._user(name, channel, fact)

    def _user(self, who: str, channel: str, fact: Fact) -> Recipient | Nobody:
        row = self._people.get(name_key(who))
        if row is None:
            return Nobody(f"{who} is not in {USERS}")
        if why := self.users.barred(who):
            return Nobody(f"{who} {why}")
        user = row["user"] or row["email"]
        limits = self._limited(user)
        client = getattr(fact.groups.get("client"), "name", None)
        if limits and not (limits.suppliers is None and limits.sees_client(client)):
            return Nobody(f"{user} may not see it: {limits.limits}")
        address = user if channel == IN_APP else row[_COLUMN[channel]]
        if not address:
            return Nobody(f"{user} has no {_CALLED[channel]} in {USERS}")
        return Recipient(address, row["name"] or user, FOR_OFFICE)

    def _limited(self, user: str) -> scopes.Scope:
        if user not in self._limits:
            found = scopes.of(self._snapshot[USERS], replace(self._run, user=user))
            known = other_names(self._snapshot, CLIENT) if ALIASES in self._snapshot else {}
            self._limits[user] = found.knowing(known)
        return self._limits[user]

    def _contact(self, kind: str, name: str | None, channel: str) -> Recipient | Nobody:
        sheet = CLIENTS if kind == CLIENT else VENDORS
        if not name:
            return Nobody(f"it names no {kind.lower()}")
        records, key = self._records(kind, sheet)
        row = records.get(key(name))
        if row is None:
            return Nobody(f"{name} is not in {sheet}")
        address = row["contact_phone" if channel == WHATSAPP else "contact_email"]
        if not address or channel not in (EMAIL, WHATSAPP):
            called = _CALLED.get(channel, "account")
            return Nobody(f"the contact of {name} has no {called} in {sheet}")
        audience = FOR_CLIENT if kind == CLIENT else FOR_SUPPLIER
        return Recipient(address, row["contact_name"] or row["name"], audience)

    def _of_booking(self, booking: str | None, channel: str) -> Recipient | Nobody:
        found = self._bookings.get((booking or "").casefold())
        if found is None:
            return Nobody(f"{booking or 'its booking'} is not in {BOOKINGS}")
        own, client, email = found
        if not email or channel != EMAIL:
            return Nobody(f"{own} has no Email in {BOOKINGS}")
        if not _ADDRESS().fullmatch(email):
            return Nobody(f"the Email of {own} in {BOOKINGS} is not an e-mail address: {email}")
        return Recipient(email, client or own, FOR_CLIENT)

    @cached_property
    def _bookings(self) -> dict[str, tuple[str, str | None, str | None]]:
        """{BookingID, case forgiven: (BookingID, its client, its address)}; the first row counts."""
        rows = self._snapshot[BOOKINGS].frame.select("booking_id", "client", "email").iter_rows()
        found: dict[str, tuple[str, str | None, str | None]] = {}
        for own, client, email in rows:
            if own:
                found.setdefault(own.casefold(), (own, client, email))
        return found

    @cached_property
    def _of_others(self) -> dict[str, tuple[str, str]]:
        """{address: (whose it is, the sheet)} of bookings and airlines: none of the office."""
        found: dict[str, tuple[str, str]] = {}
        for sheet, name in ((BOOKINGS, "booking_id"), (AIRLINES, "airline")):
            if sheet in self._snapshot:
                for whose, email in self._snapshot[sheet].frame.select(name, "email").iter_rows():
                    if email:
                        found.setdefault(email.casefold(), (whose, sheet))
        return found

    def _records(
        self, kind: str, sheet: str
    ) -> tuple[dict[str | None, dict[str, Any]], Callable[..., Any]]:
        if kind not in self._contacts:
            key = party_keys(self._snapshot, kind)
            frame = self._snapshot[sheet].frame
            columns = (kind.lower(), "contact_name", "contact_email", "contact_phone")
            rows = frame.select(columns).rename({kind.lower(): "name"}).drop_nulls("name")
            self._contacts[kind] = {key(row["name"]): row for row in rows.to_dicts()}, key
        return self._contacts[kind]

    def _elsewhere(self, said: str, channel: str) -> Recipient | Nobody:
        """An address that is nobody's in _USERS: of the office, and never that of a client or
        vendor, who would read what is not theirs."""
        if held := self._of_others.get(said.casefold()):
            return Nobody(f"{said} is the address of {held[0]} in {held[1]}")
        for kind, sheet in ((CLIENT, CLIENTS), (VENDOR, VENDORS)):
            if sheet not in self._snapshot:
                continue
            records, _key = self._records(kind, sheet)
            for row in records.values():
                if said.casefold() in (
                    (row[c] or "").casefold() for c in ("contact_email", "contact_phone")
                ):
                    return Nobody(f"{said} is the address of {row['name']} in {sheet}")
        if channel == IN_APP:
            return Nobody(f"{said} is not in {USERS}")
        if not addresses(said, channel):
            return Nobody(f"{said} is not in {USERS}, and is not a {_CALLED[channel]}")
        return Recipient(said, said, FOR_OFFICE)


_COLUMN = {EMAIL: "email", WHATSAPP: "phone", SLACK: "chat"}


def addresses(text: str, channel: str) -> bool:
    """Whether a text is an address of a channel."""
    match channel:
        case "email":
            return bool(_ADDRESS().fullmatch(text))
        case "whatsapp":
            return bool(_PHONE().fullmatch(text))
        case "slack":
            return text[:1] in "#@" and len(text) > 1
    return False


def expressions(text: str | None) -> list[str]:
    """The expressions that a cell names, separated by commas."""
    return words_of(text)

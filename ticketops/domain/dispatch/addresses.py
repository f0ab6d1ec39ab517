"""Addresses of guests that say which company a ticket is of: the supplier that sends it must read
them, so the office is told (§9c, D10)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ticketops.domain.dispatch.everyday import is_everyday
from ticketops.domain.dispatch.lettering import Letters, Reading
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata.companies import proper_name
from ticketops.domain.ticket.records import Record
from ticketops.model.findings import Finding, Severity
from ticketops.schema.book_layouts import Book
from ticketops.schema.layouts.event import DISTRIBUTION

_LEAST_PART = 4
"""Letters of a name that may be a part of a longer word of a domain."""
_TRADE = frozenset(
    [
        "travel",
        "travels",
        "tours",
        "tour",
        "tourism",
        "trips",
        "ticket",
        "tickets",
        "ticketing",
        "events",
        "event",
        "sports",
        "sport",
        "sportive",
        "group",
        "groups",
        "holding",
        "holdings",
        "company",
        "agency",
        "agencies",
        "hospitality",
        "experience",
        "experiences",
        "global",
        "world",
        "international",
        "services",
        "service",
        "partners",
        "partner",
        "media",
        "club",
        "clubs",
        "reisen",
        "reise",
        "viajes",
        "viaggi",
        "voyages",
        "turismo",
        "turizm",
        "mail",
        "email",
        "info",
        "office",
        "guests",
        "guest",
        "hotel",
        "hotels",
    ]
)
"""Words of many companies' names: they tell of none."""


def told(state: State, book: Book) -> list[Finding]:
    """A finding for each company that the addresses in a supplier's book name, with the tickets."""
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in book.rows:
        ticket = state.ticket_by_line.get(row.key) if row.key else None
        address = str(row.values.get("client_email") or "")
        if ticket is None or "@" not in address:
            continue
        domain = address.rpartition("@")[2].casefold()
        for company in _named(ticket["company"], address):
            found[company, domain].append(ticket)
    return [
        Finding(
            "ADDRESS_TELLS",
            Severity.INFO,
            f"{book.party} can read {len(tickets):,} "
            f"{'address' if len(tickets) == 1 else 'addresses'} at {domain},"
            f" which {'is' if len(tickets) == 1 else 'are'} {company}'s by name: {_listed(tickets)}",
            DISTRIBUTION,
            tickets[0].before["row"],
            tickets[0].key,
        )
        for (company, domain), tickets in found.items()
    ]


def _listed(tickets: list[Record]) -> str:
    keys = [ticket.key for ticket in tickets]
    return ", ".join(keys[:6]) + (f" and {len(keys) - 6:,} more" if keys[6:] else "")


def _named(company: str | None, address: str) -> Iterator[str]:
    """The company of the ticket, if an address names it."""
    if company and names(company, address):
        yield company


def names(company: str, address: str) -> bool:
    """Whether the domain of an address, or the part before it, says a company's name, or the domain
    a word of it that is no word of many companies."""
    local, _, domain = address.rpartition("@")
    labels = [part for part in domain.split(".") if part][:-1]
    spoken = [_letters(_decoded(label)) for label in labels]
    pieces = {
        _letters(piece) for label in labels for piece in re.split(r"[^\w]|_", _decoded(label))
    }
    for spelt in _spellings(company):
        whole = "".join(spelt)
        if len(whole) >= _LEAST_PART and any(whole in said for said in (*spoken, _letters(local))):
            return True
        telling = [word for word in spelt if word not in _TRADE and not is_everyday([word])]
        if any(word in pieces or word in spoken for word in telling if len(word) > 1):
            return True
        if any(word in said for word in telling if len(word) > _LEAST_PART for said in spoken):
            return True
    return False


def _spellings(company: str) -> Iterable[list[str]]:
    """The words of a name, its ending aside, without accents, and as addresses spell them."""
    for reading in (Reading.PLAIN, Reading.SPELT_OUT):
        yield [
            word for part in proper_name(company).split() if (word := Letters(part, reading).text)
        ]


def _letters(text: str) -> str:
    return Letters(text).text


def _decoded(label: str) -> str:
    """A label of a domain as people read it: `xn--mller-kva` is müller."""
    if not label.casefold().startswith("xn--"):
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label

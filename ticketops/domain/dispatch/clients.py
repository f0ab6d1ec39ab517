"""What a client sees and does (§7): the rows of its book and which of their cells are open, receipts,
guests copied down."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

from ticketops.domain.catalogue.fixtures import when_and_where
from ticketops.domain.dispatch.groups import client_group_key, spellings
from ticketops.domain.dispatch.results import ClientFigures
from ticketops.domain.dispatch.said import CLIENT_WORDS
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata.aliases import CLIENT, masters
from ticketops.domain.masterdata.who import begins, fold, near, unclear
from ticketops.domain.ticket.identity import sale_of
from ticketops.domain.ticket.records import GUEST, Record, in_order, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.domain.ticket.wording import Spans, reading
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import book_kinds, states
from ticketops.model.categories import is_among
from ticketops.model.findings import Finding, Severity
from ticketops.model.ids import natural_order
from ticketops.model.names import name_key, quoted
from ticketops.schema import book_words
from ticketops.schema.book_layouts import CLIENT_LAYOUT, Book, BookRow

RECEIVABLE = (states.SENT, states.UPLOADED)
"""Deliveries whose receipt a client confirms."""
_OF_UNIT = ("inv_no", "block", "seat_row", "seat")
_CHECKED = (*_OF_UNIT, "category")
"""Columns in which somebody may have written another's name."""
NEEDED = ("first_name", "last_name", "client_email")
"""What must be known of a guest before the ticket can be sent."""


def client_groups(state: State) -> dict[str, list[str]]:
    """{client group: its companies} of all tickets that are still owed."""
    return spellings(
        (ticket["company"] for ticket in state.tickets.values() if is_live(ticket)),
        state.clients.key,
    )


def find_group(state: State, text: str, chosen: Mapping[tuple[str, str], str] | None = None) -> str:
    """The client group that a company's name, its code, an alias, a beginning that only one has, or a
    group's own name stands for (D23). chosen: what a person at a terminal chose.

    Raises UnclearNameError where it is near one, or tied; NotFoundError where it is none.
    """
    known = client_groups(state)
    text = (chosen or {}).get(("client", text), text)
    coded = {name_key(code): name for name, code, _ in masters(state.snapshot, CLIENT) if code}
    owner = coded.get(name_key(text), text)
    for key in (state.clients.key(text), name_key(text) or "", state.clients.key(owner)):
        if key in known:
            return key
    called = {group: [*names, *state.clients.aliases_of(group)] for group, names in known.items()}
    for means in (_is_called, begins, near):
        found = [group for group, names in called.items() if any(means(text, n) for n in names)]
        if len(found) == 1 and means is not near:
            return found[0]
        if found:
            raise unclear("client", text, [known[group][0] for group in found])
    close = difflib.get_close_matches(client_group_key(text), known, n=3, cutoff=0.6)
    hint = (
        f"did you mean {', '.join(known[name][0] for name in close)}?"
        if close
        else "client groups lists them"
    )
    raise NotFoundError(f"Distribution has no ticket of {text!r}", hint)


def _is_called(text: str, name: str) -> bool:
    return fold(text) == fold(name)


def unconfirmed(state: State, kind: str, parties: Iterable[str]) -> dict[str, str]:
    """{client group: what to do about it}, of those of several names that nobody confirmed to be
    one client (D27): no book is made for them until somebody does. kind: of the books; other ones
    need nothing."""
    known = client_groups(state) if kind == book_kinds.CLIENT else {}
    found = {}
    for group in parties:
        if names := state.clients.unconfirmed(known.get(group, ())):
            first, *others = map(quoted, names)
            found[group] = (
                f"{' · '.join(names)} may be several clients: `ticketops client merge "
                f"{' '.join(others)} --into {first}` makes them one, `ticketops client split "
                f"{others[0]}` keeps them apart"
            )
    return found


def not_confirmed(doubtful: Mapping[str, str], severity: Severity = Severity.HIGH) -> list[Finding]:
    """The books that are not made until somebody says who is who."""
    return [
        Finding("NOT_CONFIRMED", severity, f"can't build a book for {party}: {why}")
        for party, why in sorted(doubtful.items())
    ]


def tickets_of(state: State, group: str) -> list[Record]:
    """The tickets of a client group that are still owed, as its book lists them."""
    mine = (
        t
        for t in state.tickets.values()
        if t["company"] and is_live(t) and state.clients.key(t["company"]) == group
    )
    return in_order(mine, state.place)


def by_group(state: State) -> dict[str, list[Record]]:
    """{client group: its tickets}, all at once."""
    found: dict[str, list[Record]] = {}
    for ticket in in_order(
        (t for t in state.tickets.values() if t["company"] and is_live(t)), state.place
    ):
        found.setdefault(state.clients.key(ticket["company"]), []).append(ticket)
    return found


def book(state: State, group: str, tickets: Sequence[Record]) -> Book:
    """A client's book. Its guests may be filled in where the ticket has a unit, its receipt
    confirmed where it was sent."""
    title = state.client_titles.get(group, group)
    return Book(CLIENT_LAYOUT, group, title, [_row(state, ticket) for ticket in tickets])


def _row(state: State, ticket: Record) -> BookRow:
    bought, allocated = state.sets_of[sale_of(ticket.key)]
    delivery = ticket["delivery"] or states.NOT_SENT
    values = {name: ticket[name] for name in ("sales_id", "match", "company", "qty")}
    group = state.clients.key(ticket["company"])
    unit_id = "" if ticket.key in state.waiting else unit_of(ticket)
    checked = {name: ticket[name] for name in _CHECKED} | {"inv_no": state.inv_no(ticket)}
    if ticket.key in state.waiting:
        checked |= dict.fromkeys(_OF_UNIT)
    checked |= {"game": state.game(ticket["match"], ticket["game"])}
    values |= {name: state.client_seat(group, text) for name, text in checked.items()}
    values |= {"key": ticket.key, "sets": bought, "allocated": allocated, "delivery": delivery}
    values |= {name: shown_to_client(state, ticket, name) for name in GUEST}
    values |= when_and_where(state.fixtures, state.occasion(ticket))
    values["in_words"] = _in_words(state, ticket, unit_id, delivery)
    return BookRow(ticket.key, values, open_cells(state, ticket), unit_id)


def open_cells(state: State, ticket: Record) -> frozenset[str]:
    """The input cells of a ticket that are open: none without a unit; D26: a client may always
    raise an issue."""
    if ticket.key in state.waiting or not unit_of(ticket):
        return frozenset()
    issue = (ticket["delivery"] or states.NOT_SENT) == states.ISSUE
    return frozenset(GUEST) if issue else frozenset({*GUEST, "delivery"})


def _in_words(state: State, ticket: Record, unit_id: str, delivery: str) -> str:
    """How far a ticket is, for somebody who knows no codes."""
    if ticket.key in state.waiting:
        return book_words.WAITS_FOR_US
    if not unit_id and delivery == states.NOT_SENT:
        return book_words.NO_TICKET
    return book_words.in_words(book_kinds.CLIENT, delivery)


def was_sent(ticket: Record) -> bool:
    """Whether a ticket left the house for a guest: what is then changed of that guest is for the
    office to decide (D26)."""
    delivery = ticket["delivery"]
    gone = delivery in states.DISPATCHED or (delivery == states.ISSUE and ticket["dispatched_at"])
    return bool(gone) and any(ticket.before[name] for name in NEEDED)


def shown_to_client(state: State, ticket: Record, name: str) -> Any:
    """A guest cell as the client reads it: its own words to the letter; in what the office wrote,
    no vendor's and no other client's name."""
    return read_by_client(state, ticket, name)[0]


def read_by_client(state: State, ticket: Record, name: str) -> tuple[Any, Spans]:
    """`shown_to_client`, and which stretches of it are the client's own words."""
    value = ticket[name]
    if name not in CLIENT_WORDS or not value:
        return value, ()
    group = state.clients.key(ticket["company"] or "")
    own = state.said.own(ticket, name, book_kinds.CLIENT)
    return reading(value, own, partial(state.client_reading, group))


@dataclass(frozen=True, slots=True)
class Filters:
    """A view of a client's tickets (§7 step 3). Empty: everything. sort: columns, each with `-`
    before it for descending."""

    match: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()
    block: str = ""
    row: str = ""
    holder: str = ""
    allocation: str = ""
    guests: str = ""
    sort: tuple[str, ...] = ()

    def as_text(self) -> str:
        """`match=M01,M34; guests=missing`: the form in `_VIEWS`."""
        values = {
            name: value if isinstance(value, str) else ",".join(value)
            for name, value in asdict(self).items()
            if value
        }
        return "; ".join(
            f"{name}={value.replace('%', '%25').replace(';', '%3B')}"
            for name, value in values.items()
        )

    @classmethod
    def from_text(cls, text: str) -> Filters:
        """Raises UsageError for a text that no view has."""
        values: dict[str, Any] = {}
        many = {f.name for f in fields(cls) if f.default == ()}
        for part in filter(None, (part.strip() for part in text.split(";"))):
            name, is_there, value = part.partition("=")
            value = value.replace("%3B", ";").replace("%25", "%")
            if not is_there or name not in cls.__dataclass_fields__:
                raise UsageError(f"the saved view says {part!r}, which is not a filter")
            values[name] = tuple(value.split(",")) if name in many else value
        return cls(**values)


ALLOCATION = ("allocated", "unallocated", "partial")
GUESTS = ("missing", "complete")
SORTABLE = {
    "id": "sales_id",
    "match": "match",
    "game": "game",
    "company": "company",
    "inv-no": "inv_no",
    "category": "category",
    "sets": "sets",
    "allocated": "allocated",
    "qty": "qty",
    "block": "block",
    "row": "seat_row",
    "seat": "seat",
    "notes": "client_notes",
    "first-name": "first_name",
    "last-name": "last_name",
    "email": "client_email",
    "comments": "comment",
    "status": "delivery",
}
"""What `--sort` accepts, and the column it stands for."""


def seen(state: State, group: str, filters: Filters) -> list[BookRow]:
    """The rows of a client's book that a view shows, in its order."""
    return through([_row(state, ticket) for ticket in tickets_of(state, group)], filters)


def through(book_rows: Iterable[BookRow], filters: Filters) -> list[BookRow]:
    """Those of a book's rows that a view shows, in its order."""
    rows = [row for row in book_rows if _fits(row.values, filters)]
    for column in reversed(filters.sort):
        name = SORTABLE[column.lstrip("-")]
        rows.sort(key=partial(_place_by, name), reverse=column.startswith("-"))
    return rows


def _fits(values: Any, wanted: Filters) -> bool:
    bought, have = values["sets"], values["allocated"]
    allocation = "allocated" if have >= bought else "partial" if have else "unallocated"
    guest = " ".join(values[name] or "" for name in NEEDED)
    return (
        is_among(values["match"] or "", wanted.match)
        and (
            not wanted.category
            or (values["category"] or "").casefold()
            in {text.casefold() for text in wanted.category}
        )
        and (not wanted.delivery or values["delivery"] in wanted.delivery)
        and _within(values["block"], wanted.block)
        and _within(values["seat_row"], wanted.row)
        and all(word in guest.casefold() for word in wanted.holder.casefold().split())
        and wanted.allocation in ("", allocation)
        and wanted.guests in ("", "complete" if all(values[name] for name in NEEDED) else "missing")
    )


def _within(value: str | None, wanted: str) -> bool:
    """`C` or a range such as `12-15` or `A-C`; ranges hold both their ends."""
    if not wanted:
        return True
    if not value:
        return False
    first, is_range, last = wanted.partition("-")
    if not is_range or not first or not last:
        return value.casefold() == wanted.casefold()
    return natural_order(first) <= natural_order(value) <= natural_order(last)


def _place_by(name: str, row: BookRow) -> tuple[Any, ...]:
    return natural_order(row.values[name])


def summary(rows: Iterable[BookRow]) -> ClientFigures:
    """How far a client is."""
    found = dict.fromkeys((one.name for one in fields(ClientFigures)), 0)
    for row in rows:
        has_unit = "first_name" in row.open
        found["tickets"] += 1
        found["allocated"] += has_unit
        found["missing_email"] += has_unit and not row.values["client_email"]
        found["missing_name"] += has_unit and not (
            row.values["first_name"] and row.values["last_name"]
        )
        found["sent"] += row.values["delivery"] in RECEIVABLE
        found["accepted"] += row.values["delivery"] == states.ACCEPTED
        found["issues"] += row.values["delivery"] == states.ISSUE
    return ClientFigures(**found)


def copied_down(
    state: State, sales_id: str, count: int | None, *, overwrite: bool
) -> tuple[Record, list[Record]]:
    """The ticket to copy from, and those that get its guest: the next `count` of the client's book
    that have a unit (None: the rest of the sale).

    Raises NotFoundError; RuleError where there is nothing to copy, or a row is filled in already
    and overwrite is off.
    """
    source = state.tickets.get(sales_id)
    if source is None or not source["company"]:
        raise NotFoundError(f"Distribution has no ticket {sales_id}")
    if not any(source[name] for name in GUEST):
        raise RuleError(f"{sales_id} has no guest details to copy")
    rows = tickets_of(state, state.clients.key(source["company"]))
    keys = [row.key for row in rows]
    if sales_id not in keys:
        raise RuleError(f"{sales_id} is cancelled")
    after = [row for row in rows[keys.index(sales_id) + 1 :] if unit_of(row)]
    after = (
        [row for row in after if sale_of(row.key) == sale_of(sales_id)]
        if count is None
        else after[:count]
    )
    filled = [
        row.key
        for row in after
        if any(row[name] for name in GUEST) and any(row[name] != source[name] for name in GUEST)
    ]
    if filled and not overwrite:
        raise RuleError(
            f"{', '.join(filled[:3])}{' …' if len(filled) > 3 else ''}: already filled in",
            "--overwrite replaces them",
        )
    if not after:
        raise RuleError(f"no ticket with a unit follows {sales_id}")
    return source, after

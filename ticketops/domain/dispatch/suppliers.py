"""What a supplier sees (§9): every unit that was bought from it, and, once a client has it, where
to send the ticket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from ticketops.domain.catalogue.fixtures import when_and_where
from ticketops.domain.dispatch.redaction import is_name_of
from ticketops.domain.dispatch.said import NOTES
from ticketops.domain.dispatch.state import State
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.records import Record, StockUnit, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.domain.ticket.wording import Spans, reading
from ticketops.model import book_kinds, ids, states
from ticketops.model.display import counted
from ticketops.schema import book_words
from ticketops.schema.book_layouts import SUPPLIER_LAYOUT, Book, BookRow
from ticketops.schema.layouts.event.queues import SUPPLIER_QUEUE_SHEET

_FROM_TICKET = (
    "contract",
    "tix",
    "acc_tix",
    "sales_id",
    "row_type",
    "date",
    "match",
    "game",
    "category",
    "sets",
    "qty",
    "block",
    "seat_row",
    "seat",
    "sold",
    "process_now",
    "status",
    "run_id",
    "unit_ids",
    "unit_count",
    "client_email",
    "delivery",
    "dispatch_status",
    "dispatched_at",
    "line_key",
    "source_sale_id",
)
"""Columns that a ticket's row passes on as they are. Vendor, login, price, notes and company are
not among them."""
_FREE_TEXT = ("client_notes", "comment")
_SEATS = (
    "device",
    "contract",
    "inv_no",
    "game",
    "category",
    "block",
    "seat_row",
    "seat",
    "acc_tix",
)
"""Columns in which somebody may have written a name, and most say a seat or a number."""
OPEN = frozenset({"delivery", "dispatch_notes"})
"""The input cells of a unit that serves a ticket."""
_OF_QUEUE = tuple(
    column.name for column in SUPPLIER_LAYOUT.columns if column.name in SUPPLIER_QUEUE_SHEET.by_name
)
_MOST_SETS = 30
"""Sets that the line above a supplier's rows counts one by one."""
_NOT_SOLD_ON = (states.CANCELLED, states.REPLACED)


def row_values(state: State, key: str, unit: StockUnit, ticket: Record | None) -> dict[str, Any]:
    """A row of `_SUPPLIER_QUEUE` less its SupplierKey, Vendor, Email and Password: all that this
    supplier may know of a unit and of the ticket it serves. Built up from nothing, so that nothing
    else gets in."""
    values: dict[str, Any] = dict.fromkeys(_OF_QUEUE)
    values["company"] = state.words.company
    if ticket is None:
        values |= {
            name: getattr(unit, name)
            for name in (
                "contract",
                "match",
                "game",
                "inv_no",
                "category",
                "block",
                "seat_row",
                "seat",
            )
        }
        values |= {"unit_ids": unit.unit_id, "qty": 1}
    else:
        values |= {name: ticket[name] for name in _FROM_TICKET}
        values |= {"client_notes": ticket["client_notes"], "comment": ticket["comment"]}
        values["device"], values["dist_row"] = ticket["device"], ticket.before["row"]
        values["unit_ids"], values["inv_no"] = unit.unit_id, state.inv_no(ticket)
        values["first_name"], values["last_name"] = _guest(state, ticket)
    values["game"] = state.game(values["match"], values["game"])
    for name in _FREE_TEXT:
        values[name] = shown_notes(state, key, values[name])
    for name in _SEATS:
        values[name] = _shown_seat(state, key, values[name])
    if ticket is not None:
        values[NOTES] = notes_of(state, key, ticket)
    return values


def _guest(state: State, ticket: Record) -> tuple[str | None, str | None]:
    """The guest's name, unless a client wrote its company there."""
    first, last = ticket["first_name"], ticket["last_name"]
    redactor = state.without_company_phrases
    own = state.without_company_name(ticket["company"])
    joined = f"{first or ''} {last or ''}".strip()
    if own.seat(joined) != joined or redactor.text(joined) != joined:
        return state.words.company, None
    if ticket["company"] and is_name_of(ticket["company"], joined):
        return state.words.company, None
    return first, last


def shown_notes(state: State, key: str, text: str | None) -> str | None:
    """A text as this supplier reads it. What the schedule and the category schemes say themselves
    is no secret."""
    if text in state.public:
        return text
    return state.without_other_suppliers(key).text(state.without_companies.text(text))


def _shown_seat(state: State, key: str, text: str | None) -> str | None:
    """A seat, a number, a category or a game as this supplier reads it."""
    if text in state.public:
        return text
    return state.without_other_suppliers(key).seat(state.without_companies.seat(text))


def notes_of(state: State, key: str, ticket: Record) -> str | None:
    """The notes of a ticket's dispatch as this supplier reads them: its own words to the letter
    (D27)."""
    return read_notes(state, key, ticket)[0]


def read_notes(state: State, key: str, ticket: Record) -> tuple[str | None, Spans]:
    """`notes_of`, and which stretches of it are the supplier's own words."""
    own = state.said.own(ticket, NOTES, key)
    return reading(ticket[NOTES], own, partial(shown_notes, state, key))


def tickets_by_unit(state: State) -> dict[str, Record]:
    """{UnitID: the ticket it serves}; a ticket whose sale waits for approval has none yet."""
    found: dict[str, Record] = {}
    for ticket in state.tickets.values():
        if ticket.key in state.waiting:
            continue
        for unit_id in unit_ids.listed(ticket):
            if is_live(ticket):
                found.setdefault(unit_id, ticket)
    return found


def units_of(state: State) -> dict[str, list[StockUnit]]:
    """{SupplierKey: its units}, by match, set and position in the set; those of CANCELLED and
    REPLACED are left out."""
    found: dict[str, list[StockUnit]] = {}
    for unit_id in state.suppliers:
        key, unit = state.supplier_of(unit_id), state.units[unit_id]
        if key and unit.status not in _NOT_SOLD_ON:
            found.setdefault(key, []).append(unit)
    for units in found.values():
        units.sort(
            key=lambda unit: (
                ids.natural_order(unit.match),
                ids.natural_order(unit.set_id),
                unit.set_pos or 0,
                unit.unit_id,
            )
        )
    return found


def book(state: State, key: str, units: Iterable[StockUnit], by_unit: dict[str, Record]) -> Book:
    """A supplier's book. Delivery and notes may be filled in where a guest's address says where to
    send the ticket to, or where something was said already."""
    rows = []
    units = list(units)
    for unit in units:
        ticket = by_unit.get(unit.unit_id)
        if ticket is not None and ticket.key in state.unknown:
            continue
        values = row_values(state, key, unit, ticket) | when_and_where(
            state.fixtures, state.occasion(unit if ticket is None else ticket)
        )
        if ticket is None:
            values["in_words"] = book_words.NOT_SOLD
            rows.append(BookRow("", values, unit_id=unit.unit_id))
            continue
        values["delivery"] = values["delivery"] or states.NOT_SENT
        values["in_words"] = book_words.in_words(book_kinds.SUPPLIER, values["delivery"])
        rows.append(BookRow(ticket["line_key"] or "", values, OPEN, unit.unit_id))
    return Book(SUPPLIER_LAYOUT, key, key, rows, note=_by_set(state, key, units, by_unit))


def _by_set(
    state: State, key: str, units: Iterable[StockUnit], by_unit: Mapping[str, Record]
) -> str:
    """`Allocated: M01 Cat 1 0012: 2 of 5 · …`: how many of each set have a ticket (§9b); the sets
    by what their supplier knows of them."""
    counts: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for unit in units:
        one = unit.set_id or unit.unit_id
        allocated = counts.setdefault(one, [0, 0])
        allocated[0] += unit.unit_id in by_unit
        allocated[1] += 1
        parts = (state.occasion(unit), unit.category, _shown_seat(state, key, unit.contract))
        names.setdefault(one, " ".join(filter(None, parts)))
    said = [f"{names[one]}: {have} of {of}" for one, (have, of) in counts.items()]
    more = f" · and {counted(len(said) - _MOST_SETS, 'more set')}" if said[_MOST_SETS:] else ""
    return f"Allocated: {' · '.join(said[:_MOST_SETS])}{more}" if said else ""


def claimed_twice(state: State) -> dict[str, frozenset[str]]:
    """{vendor: the SupplierKeys that claim it} where there is more than one."""
    return {
        state.units[unit_id].vendor or "": keys
        for unit_id, keys in state.suppliers.items()
        if len(keys) > 1
    }


def ticket_supplier(state: State, ticket: Record) -> str:
    """The SupplierKey of the unit that serves a ticket; empty where staff send it."""
    return state.supplier_of(unit_of(ticket))

"""What a supplier sees (§9): every unit that was bought from it, and, once a client has it, where to send the ticket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ticketops.domain.dispatch.records import Record, is_live, unit_of
from ticketops.domain.dispatch.redaction import COMPANY_REDACTED
from ticketops.domain.dispatch.state import State
from ticketops.model import ids, states
from ticketops.schema.books import SUPPLIER_LAYOUT, Book, BookRow

_FROM_TICKET = (
    "contract", "tix", "acc_tix", "sales_id", "row_type", "date", "match", "game", "inv_no", "category", "sets", "qty", "block",
    "seat_row", "seat", "sold", "process_now", "status", "run_id", "unit_ids", "unit_count", "client_email", "delivery",
    "dispatch_status", "dispatched_at", "line_key", "source_sale_id",
)  # fmt: skip
"""Columns that a ticket's row passes on as they are. Vendor, login, price, notes and company are not among them."""
_FREE_TEXT = (
    "device",
    "contract",
    "inv_no",
    "game",
    "category",
    "block",
    "seat_row",
    "seat",
    "client_notes",
    "comment",
    "dispatch_notes",
    "acc_tix",
)
_NOT_SOLD_ON = (states.CANCELLED, states.REPLACED)


def row_values(state: State, key: str, unit: dict[str, Any], ticket: Record | None) -> dict[str, Any]:
    """A row of `_SUPPLIER_QUEUE` less its SupplierKey, Vendor, Email and Password: all that this supplier may know of a unit
    and of the ticket it serves. Built up from nothing, so that nothing else gets in."""
    values: dict[str, Any] = dict.fromkeys(column.name for column in SUPPLIER_LAYOUT.columns)
    values["company"] = COMPANY_REDACTED
    if ticket is None:
        values |= {name: unit[name] for name in ("contract", "match", "game", "category", "block", "seat_row", "seat")}
        values |= {"unit_ids": unit["unit_id"], "qty": 1}
    else:
        values |= {name: ticket[name] for name in _FROM_TICKET}
        values |= {"client_notes": ticket["client_notes"], "comment": ticket["comment"], "dispatch_notes": ticket["dispatch_notes"]}
        values["device"], values["dist_row"] = ticket["device"], ticket.before["row"]
        values["unit_ids"] = unit["unit_id"]
        values["first_name"], values["last_name"] = _guest(state, ticket)
    for name in _FREE_TEXT:
        values[name] = shown_notes(state, key, values[name])
    return values


def _guest(state: State, ticket: Record) -> tuple[str | None, str | None]:
    """The guest's name, unless a client wrote its company there."""
    first, last = ticket["first_name"], ticket["last_name"]
    redactor = state.without_company_phrases
    own = state.without_company_name(ticket["company"])
    joined = f"{first or ''} {last or ''}".strip()
    if own.text(joined) != joined or redactor.text(joined) != joined:
        return COMPANY_REDACTED, None
    return first, last


def shown_notes(state: State, key: str, text: str | None) -> str | None:
    """A text as this supplier reads it. What the schedule and the category schemes say themselves is no secret."""
    if text in state.public:
        return text
    return state.without_other_suppliers(key).text(state.without_companies.text(text))


def tickets_by_unit(state: State) -> dict[str, Record]:
    """{UnitID: the ticket it serves}."""
    found: dict[str, Record] = {}
    for ticket in state.tickets.values():
        for unit_id in ids.split_unit_ids(ticket["unit_ids"]):
            if is_live(ticket):
                found.setdefault(unit_id, ticket)
    return found


def units_of(state: State) -> dict[str, list[dict[str, Any]]]:
    """{SupplierKey: its units}, by match, set and place in the set; those of CANCELLED and REPLACED are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for unit_id in state.suppliers:
        key, unit = state.supplier_of(unit_id), state.units[unit_id]
        if key and unit["status"] not in _NOT_SOLD_ON:
            found.setdefault(key, []).append(unit)
    for units in found.values():
        units.sort(key=lambda unit: (unit["match"] or "", unit["set_id"] or "", unit["set_pos"] or 0, unit["unit_id"]))
    return found


def book(state: State, key: str, units: Iterable[dict[str, Any]], by_unit: dict[str, Record]) -> Book:
    """A supplier's book. Delivery and notes may be filled in where a guest's address says where to send the ticket to, or where
    something was said already."""
    rows = []
    for unit in units:
        ticket = by_unit.get(unit["unit_id"])
        values = row_values(state, key, unit, ticket)
        if ticket is None:
            rows.append(BookRow("", values, unit_id=unit["unit_id"]))
            continue
        values["delivery"] = values["delivery"] or states.NOT_SENT
        rows.append(BookRow(ticket["line_key"] or "", values, frozenset({"delivery", "dispatch_notes"}), unit["unit_id"]))
    return Book(SUPPLIER_LAYOUT, key, key, rows)


def claimed_twice(state: State) -> dict[str, frozenset[str]]:
    """{vendor: the SupplierKeys that claim it} where there is more than one."""
    return {state.units[unit_id]["vendor"] or "": keys for unit_id, keys in state.suppliers.items() if len(keys) > 1}


def ticket_supplier(state: State, ticket: Record) -> str:
    """The SupplierKey of the unit that serves a ticket; empty where staff send it."""
    return state.supplier_of(unit_of(ticket))

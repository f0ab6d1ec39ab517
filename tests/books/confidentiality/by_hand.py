"""A small workbook by hand, and single rows of its books."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.books.confidentiality.worlds import World, reconciled
from ticketops.domain.dispatch import clients, suppliers
from ticketops.domain.dispatch.state import State
from ticketops.schema.layouts.event import (
    CLIENT_INPUTS,
    DISTRIBUTION,
    MATTHIAS_EMAILS,
    PURCHASES,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    UNITS,
)


def a_world(
    *,
    ticket: Mapping[str, Any] | None = None,
    others: Sequence[dict[str, Any]] = (),
    **sheets: list[dict[str, Any]],
) -> State:
    """Orchid's ticket S1-1 has the unit P00001 of the vendor Alpha Tickets, who is the supplier
    ALPHA; Blue Heron waits for its own. Beta Tickets is the supplier SALVADOR. All of it
    settled."""
    world = World(random.Random(0))
    unit = {
        "unit_id": "P00001",
        "match": "M01",
        "vendor": "Alpha Tickets",
        "email": "buy@alpha.example",
        "login_id": "alpha-login",
        "block": "B",
        "seat_row": "1",
        "seat": "7",
        "status": "ALLOCATED",
        "set_id": "PR0001-S01",
        "set_pos": 1,
        "password": "Kanarie-7741",
    }
    row = {
        "sales_id": "S1-1",
        "row_type": "Sales",
        "company": "Orchid",
        "match": "M01",
        "status": "ALLOCATED",
        "unit_ids": "P00001",
        "block": "B",
        "seat_row": "1",
        "seat": "7",
        "vendor": "Alpha Tickets",
        "email": "buy@alpha.example",
        "line_key": "S_1#1",
        "first_name": "Ann",
        "last_name": "Lee",
        "client_email": "ann@mail.example",
        "notes": "our margin is thin",
    }
    beta = unit | {
        "unit_id": "P00002",
        "vendor": "Beta Tickets",
        "email": "buy@beta.example",
        "login_id": "beta-login",
        "seat": "8",
        "status": "AVAILABLE",
        "set_id": "PR0002-S01",
    }
    world.sheets = {
        SUPPLIER_GROUPS: [
            {"supplier_key": "ALPHA", "vendor": "Alpha Tickets"},
            {"supplier_key": "SALVADOR", "vendor": "Beta Tickets"},
        ],
        UNITS: [unit, beta, *sheets.pop("units", [])],
        DISTRIBUTION: [
            row | dict(ticket or {}),
            {"sales_id": "S2-1", "row_type": "Sales", "company": "Blue Heron", "match": "M01"},
            *others,
        ],
    } | {
        {
            "queue": SUPPLIER_QUEUE,
            "groups": SUPPLIER_GROUPS,
            "masked": MATTHIAS_EMAILS,
            "client_inputs": CLIENT_INPUTS,
            "purchases": PURCHASES,
        }[name]: rows
        for name, rows in sheets.items()
    }
    return reconciled(world)


def supplier_row(state: State, unit_id: str = "P00001", key: str = "ALPHA") -> dict[str, Any]:
    """A unit's row of a supplier's book, blanks left out."""
    book = suppliers.book(
        state, key, suppliers.units_of(state)[key], suppliers.tickets_by_unit(state)
    )
    return {
        name: value
        for row in book.rows
        if row.unit_id == unit_id
        for name, value in row.values.items()
        if value is not None
    }


def client_row(state: State, sales_id: str = "S1-1", group: str = "orchid") -> dict[str, Any]:
    book = clients.book(state, group, clients.by_group(state)[group])
    return {
        name: value
        for row in book.rows
        if row.key == sales_id
        for name, value in row.values.items()
        if value is not None
    }

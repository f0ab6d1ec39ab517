"""A workbook of airline tickets in memory, and a desk to work at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.desk import Desk
from ticketops.books.sample.tickets import tickets
from ticketops.engine.not_undoable import not_undoable
from ticketops.model import roles
from ticketops.schema.layouts.issuance import ISSUANCE
from ticketops.stores.memory import MemoryStore

TODAY = datetime(2026, 4, 17)
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def store_of(rows: Rows) -> MemoryStore:
    """A store with these rows, by sheet and column names."""
    grids = {}
    for sheet in ISSUANCE.canonical():
        columns = [column.name for column in sheet.columns]
        grids[sheet.name] = [
            [column.header for column in sheet.columns],
            *([row.get(name) for name in columns] for row in rows.get(sheet.name, ())),
        ]
    store = MemoryStore.of_rows(grids, layout=ISSUANCE)
    store._not_undoable = not_undoable
    return store


def office(rows: Rows | None = None, *, role: str = roles.SR_OPERATOR) -> Desk:
    """A desk at a workbook of airline tickets; at the sample's, where no rows are given."""
    return Desk(store_of(tickets(2026, TODAY, 40) if rows is None else rows), role=role)


def row_of(desk: Desk, sheet: str, key: str, value: str) -> dict[str, Any]:
    """The one row with this value in the column."""
    (found,) = (
        row
        for row in desk.store.read(sheet, strict=False)[sheet].frame.iter_rows(named=True)
        if row[key] == value
    )
    return dict(found)


def one_ticket(
    state: str | None = None, *, balance: float | None = 500.0, **cells: Any
) -> dict[str, list[dict[str, Any]]]:
    """A booking B1 of the group G with one passenger, BP00001, whose flight GF1 is of EK. state: of its
    ticket TK00001; None: it has none yet. cells: of the ticket."""
    rows: dict[str, list[dict[str, Any]]] = {
        "_AIRLINES": [
            {"prefix": "176", "airline": "EK", "name_length": 57},
            {"prefix": "065", "airline": "SV", "name_length": 10},
        ],
        "Bookings": [
            {
                "booking_id": "B1",
                "client": "Acme",
                "group": "G",
                "balance": balance,
                "currency": "USD",
            }
        ],
        "BookingPassengers": [
            {"passenger_id": "BP00001", "booking_id": "B1", "name": "KHAN/AMINA"}
        ],
        "GroupFlights": [
            {
                "flight_id": "GF1",
                "group": "G",
                "leg": 1,
                "direction": "OUTBOUND",
                "airline": "EK",
                "flight": "EK1",
                "pnr": "FLIGHT",
            }
        ],
    }
    if state is not None:
        ticket = {
            "ticket_id": "TK00001",
            "booking_id": "B1",
            "passenger_id": "BP00001",
            "name": "KHAN/AMINA",
            "state": state,
            "created_at": TODAY,
        }
        rows["TicketRecords"] = [{**ticket, **cells}]
        rows["TicketStatusHistory"] = [
            {"timestamp": TODAY, "ticket_id": "TK00001", "action": "CREATE", "after": state}
        ]
    return rows

"""A sample of airline tickets (document 001): bookings in groups, their flights, and tickets that stand in
every queue. Everything is made up; nobody is named in _USERS."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ticketops.books.canonical import SheetContent, write_workbook
from ticketops.domain.issuance import names
from ticketops.domain.issuance.flights import Deadline
from ticketops.domain.issuance.tracker import deadline_said
from ticketops.model import ids, issuance
from ticketops.model.states import VOID
from ticketops.schema.layouts.issuance import (
    AIRLINES,
    BLOCKS,
    BOOKING_PAYMENTS,
    BOOKINGS,
    FIT,
    GROUP_FLIGHTS,
    HISTORY,
    ISSUANCE,
    OFFERS,
    PASSENGERS,
    TICKETS,
)

_FIRST = [
    "Amina",
    "Bilal",
    "Carla",
    "Dawid",
    "Elif",
    "Farid",
    "Grace",
    "Hassan",
    "Ines",
    "Jörg",
    "Khadija",
    "Layla",
    "Marek",
    "Nadia",
    "Omar",
    "Priya",
    "Rashid",
    "Sofia",
    "Tariq",
    "Yusuf",
    "Zainab",
    "Łucja",
]
_LAST = [
    "Ahmed",
    "Brandt",
    "Chaudhry",
    "Dogan",
    "Farouk",
    "Garcia",
    "Haddad",
    "Khan",
    "Kowalska",
    "Malik",
    "Müller",
    "Novak",
    "Osman",
    "Patel",
    "Rahman",
    "Said",
]
_CLIENTS = (
    "Crescent Travel",
    "Harbour Pilgrims",
    "Lantern Tours",
    "Meridian Journeys",
    "North Gate",
)
_AIRLINES = (
    ("176", "EK", "Emirates", 57),
    ("065", "SV", "Saudia", 40),
    ("157", "QR", "Qatar Airways", 57),
    ("235", "TK", "Turkish Airlines", 49),
    ("125", "BA", "British Airways", 57),
)
_ROUTES = {"EK": "DXB", "SV": "RUH", "QR": "DOH", "TK": "IST"}
_PLANS = (
    ("NAME", 5),
    ("DUE", 4),
    ("OVERDUE", 3),
    ("WAITS", 5),
    ("PAID", 5),
    ("HOLD", 2),
    ("READY", 4),
    ("EXCEPTION", 2),
    ("ISSUED", 6),
    ("VOID", 1),
)
"""(what becomes of the tickets of a booking, how many of forty bookings)."""


class _Group(NamedTuple):
    code: str
    airline: str
    deadline: datetime | None
    source: str


Rows = dict[str, list[dict[str, Any]]]


def make_tickets(path: Path, seed: int, now: datetime, *, bookings: int = 40) -> None:
    """Write the sample. now: its deadlines lie around it. Raises OSError."""
    day = datetime(now.year, now.month, now.day)
    rows = tickets(seed, day, bookings)
    contents = {name: SheetContent(_tuples(name, rows[name])) for name in rows}
    write_workbook(path, ISSUANCE, contents, created=day)


def _tuples(sheet: str, rows: Sequence[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    columns = [column.name for column in ISSUANCE[sheet].columns]
    return (tuple(row.get(name) for name in columns) for row in rows)


def tickets(seed: int, day: datetime, bookings: int) -> Rows:
    """{sheet: rows} of a sample with so many bookings."""
    dice = random.Random(seed)
    names_of = (
        BOOKINGS,
        PASSENGERS,
        GROUP_FLIGHTS,
        BLOCKS,
        FIT,
        OFFERS,
        TICKETS,
        HISTORY,
        BOOKING_PAYMENTS,
        AIRLINES,
    )
    rows: Rows = {name: [] for name in names_of}
    rows[AIRLINES] = [
        {"prefix": prefix, "airline": code, "name": name, "name_length": longest}
        for prefix, code, name, longest in _AIRLINES
    ]
    plans = [plan for plan, count in _PLANS for _ in range(count)]
    groups: dict[tuple[str, int], _Group] = {}
    for number in range(bookings):
        plan = plans[number * len(plans) // bookings % len(plans)]
        batch = number // 400
        if (plan, batch) not in groups:
            groups[plan, batch] = _group(rows, dice, day, plan, len(groups) + 1)
        _booking(rows, dice, day, plan, groups[plan, batch], number + 1)
    return rows


def _group(rows: Rows, dice: random.Random, day: datetime, plan: str, number: int) -> _Group:
    """A group with its flights: out and back, of a block or of its own."""
    airline = dice.choice(tuple(_ROUTES))
    code, away = f"G{number:02d}", _ROUTES[airline]
    left = {"NAME": 20, "DUE": dice.choice((0, 1, 2)), "OVERDUE": -3}.get(plan)
    deadline = None if left is None else day + timedelta(days=left)
    leaves = day + timedelta(days=30 + number)
    flight = f"GF{number:02d}"
    block = f"AB{number:02d}" if number % 2 else None
    legs = (
        ("OUTBOUND", "LHR", away, leaves),
        ("OUTBOUND", away, "JED", leaves + timedelta(hours=9)),
        ("RETURN", "JED", "LHR", leaves + timedelta(days=12)),
    )
    for leg, (direction, origin, destination, departs) in enumerate(legs, start=1):
        rows[GROUP_FLIGHTS].append(
            {
                "flight_id": flight,
                "group": code,
                "leg": leg,
                "direction": direction,
                "airline": airline,
                "flight": f"{airline}{100 * number + leg}",
                "origin": origin,
                "destination": destination,
                "departs": departs + timedelta(hours=8),
                "arrives": departs + timedelta(hours=14),
                "leg_pnr": _pnr(dice) if number % 3 == 0 and leg == 1 else None,
                "pnr": _pnr(dice) if number % 4 == 0 and leg == 1 else None,
                "block_id": block,
                "deadline": deadline + timedelta(days=1) if deadline and block else deadline,
            }
        )
    if block or plan not in ("NAME", "DUE", "OVERDUE"):
        rows[BLOCKS].append(
            {
                "block_id": block or f"AB{number:02d}",
                "group": code,
                "seats": 40,
                "airline": airline,
                "flight": f"{airline}{100 * number + 1}",
                "origin": "LHR",
                "destination": away,
                "departs": leaves + timedelta(hours=8),
                "pnr": _pnr(dice),
                "return_pnr": _pnr(dice),
                "deadline": deadline,
            }
        )
    source = f"{BLOCKS} {block}" if block else f"{GROUP_FLIGHTS} {flight}"
    return _Group(code, airline, deadline, source)


def _booking(
    rows: Rows, dice: random.Random, day: datetime, plan: str, group: _Group, number: int
) -> None:
    """A booking, its passengers and their tickets."""
    booking = f"B{number:05d}"
    owed = 0.0 if plan in ("PAID", "READY", "ISSUED") else float(dice.randrange(200, 3000, 50))
    rows[BOOKINGS].append(
        {
            "booking_id": booking,
            "client": dice.choice(_CLIENTS),
            "group": group.code,
            "balance": owed,
            "currency": dice.choice(("USD", "EUR")),
            "approved": plan in ("READY", "ISSUED"),
            "email": f"desk{number}@example.org",
        }
    )
    if plan == "WAITS" and number % 2:
        rows[FIT].append(_other(dice, day, "fit_id", f"FI{number:04d}", booking, group))
    if plan == "PAID" and number % 2:
        other = _other(dice, day, "offer_id", f"OF{number:04d}", booking, group)
        rows[OFFERS].append({**other, "supplier": "Gulf Seats"})
    for place in range(dice.choice((1, 2, 2, 3))):
        person = {
            "passenger_id": ids.numbered(ids.PASSENGER_ID, len(rows[PASSENGERS]) + 1),
            "booking_id": booking,
            "ref": f"{booking}/{place + 1}",
            "name": f"{dice.choice(_LAST)}/{dice.choice(_FIRST)}",
            "born_on": datetime(1950 + dice.randrange(60), 1 + dice.randrange(12), 1),
            "pnr": _pnr(dice) if dice.randrange(12) == 0 else None,
        }
        rows[PASSENGERS].append(person)
        _ticket(rows, dice, day, plan, group, person)


def _other(
    dice: random.Random, day: datetime, key: str, own: str, booking: str, group: _Group
) -> dict[str, Any]:
    """A flight beside those of the group."""
    departs = day + timedelta(days=29, hours=6)
    return {
        key: own,
        "booking_id": booking,
        "airline": group.airline,
        "flight": f"{group.airline}{dice.randrange(1000, 9999)}",
        "origin": "MAN",
        "destination": "LHR",
        "departs": departs,
        "arrives": departs + timedelta(hours=1),
        "pnr": _pnr(dice),
    }


def _ticket(
    rows: Rows, dice: random.Random, day: datetime, plan: str, group: _Group, person: dict[str, Any]
) -> None:
    """A ticket as its plan leaves it, and the history that led there."""
    made = day - timedelta(days=9) + timedelta(hours=9)
    number = len(rows[TICKETS]) + 1
    waits = group.deadline is not None
    state = issuance.NAME_UPDATE_PENDING if waits else issuance.NOT_READY
    ticket: dict[str, Any] = {
        "ticket_id": ids.numbered(ids.TICKET_ID, number),
        "booking_id": person["booking_id"],
        "passenger_id": person["passenger_id"],
        "ref": person["ref"],
        "name": person["name"],
        "original_name": person["name"],
        "finance": issuance.PENDING,
        "state": state,
        "created_at": made,
    }
    if group.deadline is not None:
        said = deadline_said(Deadline(group.deadline, group.source))
        ticket |= {"deadline": group.deadline, "deadline_from": said}
    steps: list[tuple[str, str, str, str | None]] = [(issuance.CREATED, "", state, None)]

    def step(action: str, to: str, note: str | None = None, **cells: Any) -> None:
        steps.append((action, ticket["state"], to, note))
        ticket.update(cells, state=to)

    if plan in ("READY", "ISSUED", "VOID"):
        name = names.form(person["name"]).text
        later = made + timedelta(days=len(steps))
        step(
            issuance.NAMED,
            issuance.FINANCE_CLEARED if plan != "VOID" else issuance.NOT_READY,
            f"{name} is final",
            name=name,
            named_by="omar",
            named_at=later,
        )
    if plan in ("READY", "ISSUED"):
        ticket |= {"finance": issuance.CLEARED, "cleared_by": "fatima", "cleared_at": made}
    if plan in ("HOLD", "EXCEPTION"):
        step(
            issuance.EXCEPTION_REQUESTED,
            issuance.ON_HOLD,
            "the money is on its way",
            finance=issuance.EXCEPTION,
            requested_by="omar",
            requested_at=made + timedelta(days=1),
            request_reason="the money is on its way",
            proof=f"proofs/{person['booking_id']}.eml",
            proof_hash=f"{dice.getrandbits(128):032x}",
        )
    if plan == "EXCEPTION":
        step(
            issuance.EXCEPTION_APPROVED,
            issuance.FINANCE_CLEARED,
            "asked for by omar",
            approved_by="greta",
            approved_at=made + timedelta(days=2),
        )
    if plan == "ISSUED":
        prefix = next(row[0] for row in _AIRLINES if row[1] == group.airline)
        text, pnr = f"{prefix}{2400000000 + number}", person["pnr"] or _pnr(dice)
        step(
            issuance.WAS_ISSUED,
            issuance.ISSUED,
            f"{prefix}-{2400000000 + number}, PNR {pnr}",
            ticket_number=text,
            pnr=pnr,
            issued_by="greta",
            issued_at=made + timedelta(days=3),
            cleared_as=f"the balance of {person['booking_id']} is 0.00",
        )
    if plan == "VOID":
        step(issuance.WAS_VOIDED, VOID, "they do not travel", void_reason="they do not travel")
    rows[TICKETS].append(ticket)
    for place, (action, before, after, note) in enumerate(steps):
        at = made + timedelta(days=place)
        rows[HISTORY].append(
            {
                "timestamp": at,
                "user": "omar",
                "ticket_id": ticket["ticket_id"],
                "action": action,
                "before": before or None,
                "after": after,
                "note": note,
                "run_id": ids.run_id(at),
            }
        )


def _pnr(dice: random.Random) -> str:
    return "".join(dice.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(6))

"""What each reader's book may hold and must not, by the words of a random workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.books.confidentiality.search import Inside, squeezed, table
from tests.books.confidentiality.worlds import GUEST, Ticket, World
from ticketops.books.file_writer import write_book
from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.state import State
from ticketops.model import book_kinds
from ticketops.schema.book_layouts import Book, file_name
from ticketops.schema.layouts.event import EVENT, MATTHIAS_EMAILS, SUPPLIER_QUEUE


@dataclass
class Made:
    kind: str
    party: str
    path: Path
    passwords: bool
    inside: Inside


def books_of(state: State, folder: Path) -> Iterator[Made]:
    """Every book that can be made, as a file."""
    by_unit = suppliers.tickets_by_unit(state)
    made: list[tuple[str, Book, bool]] = []
    made += [
        (book_kinds.CLIENT, clients.book(state, group, mine), False)
        for group, mine in clients.by_group(state).items()
    ]
    made += [
        (book_kinds.SUPPLIER, suppliers.book(state, key, units, by_unit), False)
        for key, units in suppliers.units_of(state).items()
    ]
    for passwords in (False, True):
        made += [
            (
                book_kinds.STAFF_BOOK,
                staff.book(state, person, pairs, passwords=passwords),
                passwords,
            )
            for person, pairs in staff.tasks_by_person(state).items()
        ]
    for kind, book, passwords in made:
        path = folder / file_name(kind, book.party)
        write_book(book, path, reveal=str if passwords else None)
        yield Made(kind, book.party, path, passwords, Inside(path))
        path.unlink()


def check_everything(world: World, state: State, folder: Path) -> int:
    """Every book of a world; how many there are."""
    known = list(books_of_checked(world, state, folder))
    expected = len({t.client.group for t in world.tickets if t.client and t.live})
    assert sum(kind == book_kinds.CLIENT for kind in known) == expected
    keys = {
        key
        for u in world.units
        if u["status"] not in ("CANCELLED", "REPLACED")
        and len(keys := world.vendor_of[u["unit_id"]].keys) == 1
        for key in keys
    }
    assert sum(kind == book_kinds.SUPPLIER for kind in known) == len(keys)
    people = {
        person
        for t in world.tickets
        if t.live and is_sent_by_staff(world, t)
        for person in t.people
    }
    assert sum(kind == book_kinds.STAFF_BOOK for kind in known) == 2 * len(people)
    return len(known)


def books_of_checked(world: World, state: State, folder: Path) -> Iterator[str]:
    check = {
        book_kinds.CLIENT: check_client,
        book_kinds.SUPPLIER: check_supplier,
        book_kinds.STAFF_BOOK: check_staff,
    }
    for made in books_of(state, folder):
        check[made.kind](world, made)
        yield made.kind


def _nothing_of(made: Made, **secrets: Iterable[str]) -> None:
    for what, texts in secrets.items():
        assert made.inside.of(texts) == [], f"{made.path.name} holds {what}"


def _guests(tickets: Iterable[Ticket]) -> list[str]:
    return [word for ticket in tickets for word in ticket.guest]


def _rest(world: World, mine: Sequence[Ticket]) -> list[Ticket]:
    own = {id(ticket) for ticket in mine}
    return [ticket for ticket in world.tickets if id(ticket) not in own]


def _typed(world: World, ticket: Ticket, name: str) -> Any:
    """What the client typed into a cell, or what stands there."""
    return next(
        (word.value for word in world.words if (word.sales_id, word.field) == (ticket.key, name)),
        ticket.values[name],
    )


def tidy(name: str | None) -> str | None:
    """A name as every sheet says it, its spaces forgiven."""
    return " ".join(name.split()) if name else None


def listed(ticket: Ticket) -> str | None:
    """The vendor's number of a ticket (D20): what a person typed, else that of its unit; never the
    contract of its sale."""
    number = ticket.values["inv_no"]
    return number if number and number.startswith("INV") else ticket.unit and ticket.unit["inv_no"]


def check_client(world: World, made: Made) -> None:
    mine = [t for t in world.tickets if t.live and t.client and t.client.group == made.party]
    client = mine[0].client
    assert client is not None
    rest = _rest(world, mine)
    _nothing_of(
        made,
        companies=[word for other in world.clients if other is not client for word in other.words],
        vendors=[word for vendor in world.vendors for word in vendor.words],
        suppliers={key for v in world.vendors for key in v.keys},
        prices=world.prices,
        passwords=world.passwords,
        internal=world.internal,
        guests=_guests(rest),
        remarks=[text for t in rest for text in t.remarks],
        notes=[text for t in world.tickets for text in t.notes],
    )
    rows = {
        row["Sales ID"]: row for row in table(made.path, "Tickets") if row["Sales ID"]
    }  # below them is room for lines
    assert sorted(rows) == sorted(t.key for t in mine)
    headers = {
        "client_notes": "Clients notes",
        "first_name": "First name",
        "last_name": "Last Name",
        "client_email": "Client Email",
        "comment": "Comments",
        "company": "Company",
        "inv_no": "INV-NO",
        "block": "Block",
        "seat_row": "Row",
        "seat": "Seat",
    }
    for ticket in mine:
        row = rows[ticket.key]
        for name, header in headers.items():
            if not (world.office and name in ("comment", "client_notes")):
                other = {"inv_no": listed(ticket), "company": tidy(ticket.values["company"])}
                wanted = (
                    _typed(world, ticket, name)
                    if name in GUEST
                    else other.get(name, ticket.values.get(name))
                )
                assert row[header] == wanted, (ticket.key, name)
        assert row["Status"] == (ticket.values["delivery"] or "NOT_SENT")
        assert row["Qty"] == 1
    assert made.inside.holds(client.words[0])


def check_supplier(world: World, made: Made) -> None:
    units = {
        u["unit_id"]: u
        for u in world.units
        if world.vendor_of[u["unit_id"]].keys == {made.party}
        and u["status"] not in ("CANCELLED", "REPLACED")
    }
    mine = [t for t in world.tickets if t.live and t.unit and t.unit["unit_id"] in units]
    rest = _rest(world, mine)
    _nothing_of(
        made,
        companies=[word for client in world.clients for word in client.words],
        prices=world.prices,
        passwords=world.passwords,
        internal=world.internal,
        vendors=[word for vendor in world.vendors for word in vendor.words],
        guests=_guests(rest),
        suppliers={key for vendor in world.vendors for key in vendor.keys if key != made.party},
        remarks=[text for t in rest for text in t.remarks],
        notes=[text for t in rest for text in t.notes],
    )
    rows = {row["AllocatedUnitIDs"]: row for row in table(made.path, "Supplier")}
    assert sorted(rows) == sorted(units)
    assert {row["Company"] for row in rows.values()} == {"MIRRA"}
    assert {row["Notes"] for row in rows.values()} == {None}
    assert not {"Vendor", "Email", "Password", "SupplierKey"} & set(next(iter(rows.values())))
    tickets = {ticket.unit["unit_id"]: ticket for ticket in mine if ticket.unit}
    for unit_id, row in rows.items():
        ticket = tickets.get(unit_id)
        assert (row["Block"], row["Row"], row["Seat"]) == tuple(
            units[unit_id][name] for name in ("block", "seat_row", "seat")
        )
        if ticket is None:
            assert [
                row[name]
                for name in (
                    "ID",
                    "First name",
                    "Last Name",
                    "Client Email",
                    "Clients notes",
                    "Comment",
                    "DispatchNotes",
                    "Delivery",
                )
            ] == [None] * 8
            continue
        assert (row["ID"], row["INV-NO"]) == (ticket.key, listed(ticket))
        assert [row["First name"], row["Last Name"], row["Client Email"]] == [
            _typed(world, ticket, name) for name in GUEST[1:4]
        ]
        said = "\n".join(str(row[name]) for name in ("Clients notes", "Comment", "DispatchNotes"))
        if not world.office:
            assert all(text in said for text in (*ticket.remarks, *ticket.notes)), (
                ticket.key,
                said,
            )
    assert made.inside.holds("Client company identities are redacted")


def is_sent_by_staff(world: World, ticket: Ticket) -> bool:
    """Whether no supplier sends it."""
    return ticket.unit is None or len(world.vendor_of[ticket.unit["unit_id"]].keys) != 1


def check_staff(world: World, made: Made) -> None:
    mine = [
        t for t in world.tickets if t.live and made.party in t.people and is_sent_by_staff(world, t)
    ]
    rest = _rest(world, mine)
    companies = "\n".join(squeezed(t.values["company"] or "") for t in mine)
    """Staff see them; a made-up guest may be called as a part of one."""
    own = {_login(t)[1] for t in mine if t.unit} if made.passwords else set()
    _nothing_of(
        made,
        passwords=set(world.passwords) - own,
        prices=world.prices,
        internal=world.internal,
        guests=[guest for guest in _guests(rest) if squeezed(guest) not in companies],
        notes=[text for t in rest for text in t.notes],
        remarks=[text for t in world.tickets for text in t.remarks],
    )
    rows = {row["TaskID"]: row for row in table(made.path, "_MY_TASKS")}
    assert sorted(rows) == sorted(t.task for t in mine)
    for ticket in mine:
        row = rows[ticket.task]
        assert row["Company"] == tidy(ticket.values["company"])
        assert row["INV_NO"] == listed(ticket)
        assert row["Vendor"] == (
            "Matthias"
            if is_masked(world, ticket)
            else tidy(ticket.vendor.name)
            if ticket.vendor
            else None
        )
        assert row["StaffNotes"] == ticket.values.get("dispatch_notes")
        assert [row["ClientFirstName"], row["ClientLastName"], row["ClientEmail"]] == [
            _typed(world, ticket, name) for name in GUEST[1:4]
        ]
        email, password = _login(ticket)
        assert row["VendorEmail"] == email
        assert row["VendorPassword"] == (password if made.passwords else None)


def _login(ticket: Ticket) -> tuple[str | None, str | None]:
    """Address and password of the unit: nothing of the ticket's row is put beside them."""
    return (
        (ticket.unit["email"], ticket.unit["password"] or ticket.unit["password_legacy"])
        if ticket.unit
        else (None, None)
    )


def is_masked(world: World, ticket: Ticket) -> bool:
    hidden = {row["email"].casefold() for row in world.sheets.get(MATTHIAS_EMAILS, ())}
    return bool(ticket.vendor and ticket.vendor.name.casefold() in hidden)


def check_queue(world: World, state: State) -> None:
    """`_SUPPLIER_QUEUE` as it is written: its rows are all that a supplier's book is made of."""
    forbidden = [squeezed(word) for client in world.clients for word in client.words]
    forbidden += [squeezed(text) for text in (*world.internal, *world.prices)]
    guests = {id(t): [squeezed(word) for word in t.guest] for t in world.tickets}
    by_unit = {t.unit["unit_id"]: t for t in world.tickets if t.unit and t.live}
    keys = {key for vendor in world.vendors for key in vendor.keys}
    seen = set()
    for row in state.supplier_rows:
        assert row.key.upper() in keys
        values = {column.name: row[column.name] for column in EVENT[SUPPLIER_QUEUE].columns}
        assert values["company"] == "MIRRA"
        assert values["notes"] is None
        unit_id = values["unit_ids"]
        vendor = world.vendor_of[unit_id]
        assert vendor.keys == {row.key.upper()}
        assert unit_id not in seen
        seen.add(unit_id)
        ticket = by_unit.get(unit_id)
        assert values["sales_id"] == (ticket.key if ticket else None)
        said = squeezed(
            "\n".join(
                str(value)
                for name, value in values.items()
                if name not in ("vendor", "email", "password", "supplier_key")
            )
        )
        others = [squeezed(word) for other in world.vendors for word in other.words]
        foreign = [word for t in world.tickets if t is not ticket for word in guests[id(t)]]
        assert [word for word in (*forbidden, *others, *foreign) if word in said] == [], (
            row.key,
            unit_id,
        )
    wanted = {
        u["unit_id"]
        for u in world.units
        if len(world.vendor_of[u["unit_id"]].keys) == 1
        and u["status"] not in ("CANCELLED", "REPLACED")
    }
    assert seen == wanted

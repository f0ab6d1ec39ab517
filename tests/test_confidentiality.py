"""What no reader of a book may know is not in its file (§7, §9c, D3, D10, D13).

Random workbooks in which every name, price, password, address, login, note and guest is a word of its own. Every book made from
them is unzipped, and every part is searched for the words that its reader may not know; what it must hold is looked up as well.
"""

from __future__ import annotations

import html
import random
import re
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from tests.conftest import Result, run_cli
from tests.desk import Desk
from ticketops.books.handout import write_book
from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.cascade import plan_of, settle
from ticketops.domain.dispatch.redaction import Redactor
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.dispatch.words import Word
from ticketops.domain.plan import Run
from ticketops.model import states
from ticketops.schema.books import Book, file_name
from ticketops.schema.workbook import (
    ALLOC_LOG,
    CLIENT_INPUTS,
    DISTRIBUTION,
    HOLDS,
    MANIFEST,
    MATTHIAS_EMAILS,
    POLICIES,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.services import dispatch, jobs
from ticketops.stores.memory import MemoryStore

NOW = datetime(2026, 4, 17, 14, 30)
RUN = Run("R20260417-143000", "tester", NOW, lambda: "00000000-0000-0000-0000-000000000001")

# --- searching a file


APART = "\x1f"
"""Between two texts of a file: the end of one and the beginning of the next are no word."""


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def squeezed(text: str) -> str:
    """Letters and digits only, without case: `Meridian-Travel` and `MERIDIAN  travel` are one. What stands apart stays apart."""
    return re.sub(rf"[^\w{APART}]+|_+", "", folded(text))


class Inside:
    """Everything that stands in an .xlsx file, its name included."""

    def __init__(self, path: Path) -> None:
        texts = [path.name]
        with zipfile.ZipFile(path) as archive:
            texts.append(archive.comment.decode("utf-8", "replace"))
            for info in archive.infolist():
                data = archive.read(info)
                raw = data.decode("utf-8", "replace")
                texts += [info.filename, info.comment.decode("utf-8", "replace"), info.extra.decode("latin-1"), raw]
                if "&" in raw:
                    texts.append(html.unescape(html.unescape(raw)))
                if raw.lstrip("\ufeff").startswith("<"):
                    texts += _xml_texts(data)
                if b"\0" in data:
                    texts += [data.decode("utf-16-le", "replace"), data.decode("latin-1").replace("\0", "")]
        everything = APART.join(texts)
        self.folded = folded(everything)
        self.squeezed = squeezed(everything)

    def holds(self, text: str) -> bool:
        small = squeezed(text)
        return small in self.squeezed if len(small) > 2 else folded(text) in self.folded

    def of(self, words: Iterable[str]) -> list[str]:
        """Those of the words that stand in it."""
        return sorted(word for word in words if self.holds(word))


def _xml_texts(data: bytes) -> Iterator[str]:
    root = ET.fromstring(data)
    for element in root.iter():
        yield from element.attrib.values()
        if element.tag.endswith(("}si", "}is", "}comment", "}p")):
            yield "".join(element.itertext())
    yield from root.itertext()


def table(path: Path, sheet: str, header: int = 3) -> list[dict[str, Any]]:
    """The rows below the header of a sheet, blanks as None; read by another program than made it."""
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    names = [str(name) for name in rows[header - 1]]
    return [{n: (v if v != "" else None) for n, v in zip(names, row, strict=True) if n} for row in rows[header:]]


# --- random workbooks

LETTERS = {
    "latin": ("bdfgkmprtvz", "aeiou"),
    "accents": ("bčďřšťžñ", "äéíôü"),
    "cyrillic": ("бвгдкмпрт", "аеиоу"),
    "greek": ("βγδκμπτ", "αειου"),
    "arabic": ("بتجدرسفقكم", "اوي"),
    "hebrew": ("בגדכלמנפקר", "אוי"),
    "chinese": ("携程旅国际票务球安达", "山水龙凤海江湖岛星月"),
    "katakana": ("カキクケコタチツテト", "ラリルレロマミムメモ"),
    "hangul": ("가나다라마바사아자차", "강난달람맘반산안장찬"),
}
SCRIPTS = ("latin", "latin", "latin", *LETTERS)
ENDINGS = (" VIP", " Ltd", " Ltd.", ", Inc.", " Premium", " (VIP)", " GmbH", " VIP Ltd", " & Co.", " S.p.A.")
PEOPLE = ("ana@desk.example", "bo@desk.example")
GUEST = ("client_notes", "first_name", "last_name", "client_email", "comment")


@dataclass
class Client:
    name: str
    words: list[str]
    spellings: list[str]
    group: str


@dataclass
class Vendor:
    name: str
    email: str
    login: str
    secrets: list[str]
    keys: frozenset[str]
    words: list[str]


@dataclass
class Ticket:
    """A row of Distribution, and whose it is."""

    values: dict[str, Any]
    row: int
    client: Client | None
    unit: dict[str, Any] | None
    vendor: Vendor | None
    live: bool
    guest: list[str]
    remarks: list[str]
    notes: list[str]
    people: tuple[str, ...] = ()
    task: str = ""

    @property
    def key(self) -> str:
        return self.values["sales_id"]


@dataclass
class World:
    """A random workbook, and what of it nobody, or only some, may read. office: whether the office, too, writes into the columns
    that clients read, naming vendors and other clients."""

    rng: random.Random
    office: bool = False
    clients: list[Client] = field(default_factory=list)
    vendors: list[Vendor] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    vendor_of: dict[str, Vendor] = field(default_factory=dict)
    tickets: list[Ticket] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    sheets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    prices: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    """Internal notes, policies, allocation notes, purchase numbers: nobody's."""
    _made: set[str] = field(default_factory=set)

    def word(self, script: str = "latin") -> str:
        """A word that nothing else holds."""
        while True:
            first, second = LETTERS[script]
            length = 2 if script in ("chinese", "katakana", "hangul") else 4 if script == "latin" else 3
            made = "".join(self.rng.choice(first) + self.rng.choice(second) for _ in range(length))
            if not any(made in other or other in made for other in self._made):
                self._made.add(made)
                return made.capitalize()

    def secret(self, where: list[str]) -> str:
        made = f"{self.word()}!{self.rng.randint(10, 99)}"
        where.append(made)
        return made

    def price(self) -> float:
        whole = self.rng.randint(10_000_000, 99_999_999)
        self.prices.append(str(whole))
        return whole + 0.25

    def a_name(self) -> tuple[str, list[str]]:
        script = self.rng.choice(SCRIPTS)
        parts = [self.word(script) for _ in range(self.rng.choice((1, 1, 2, 2, 3)))]
        join = "" if script in ("chinese", "katakana") and self.rng.random() < 0.7 else self.rng.choice((" ", " ", " ", "-", " & "))
        if join == "":
            return "".join(parts), ["".join(parts)]
        return join.join(parts), parts

    def written(self, name: str) -> str:
        """A name as somebody may write it."""
        rng = self.rng
        name = rng.choice((str, str, str.upper, str.lower))(name)
        return name.replace(" ", rng.choice((" ", " ", "-", "_", "", "  ", "\n")))

    def called(self, client: Client) -> str:
        """A client as somebody may call it, also in a spelling that stands nowhere else."""
        return self.written(client.name) + self.rng.choice(("", "", " VIP", " Ltd.", ", Inc.", " (Premium)"))

    def remark(self, markers: list[str], names: Sequence[str]) -> str:
        """Free text: a word of its own, and names of others."""
        text = self.word()
        markers.append(text)
        for name in names:
            text = self.rng.choice(("{t} ask {n}, please", "{n}: {t}", "{t} ({n})", "not {n}! {t}", "{t}\n{n}", "«{n}» {t} <&>")).format(
                t=text, n=name
            )
        return text


def make(seed: int, *, office: bool = False) -> World:
    world = World(random.Random(seed), office)
    _clients(world)
    _vendors(world)
    _units(world)
    _sales_and_tickets(world)
    _queues(world)
    return world


def _clients(world: World) -> None:
    for _ in range(world.rng.randint(2, 5)):
        name, parts = world.a_name()
        forms = [name + ending for ending in ("", *world.rng.sample(ENDINGS, 3))]
        forms += [form.upper() for form in forms[:2]] + [name.replace(" ", "  ")]
        group = " ".join(name.casefold().split())
        world.clients.append(Client(name, parts, world.rng.sample(forms, world.rng.randint(1, 4)), group))


def _vendors(world: World) -> None:
    rng = world.rng
    supplier_keys = [world.word().upper() for _ in range(rng.randint(1, 3))]
    groups: list[dict[str, Any]] = []
    for number in range(rng.randint(2, 5)):
        name, parts = world.a_name()
        user, host = world.word(), world.word()
        email = f"{user}.{number}@{host}.example".lower()
        if rng.random() < 0.3:
            name, parts = f"{world.word()}@{host}.example", []
            parts = [name.partition("@")[0]]
            world.sheets.setdefault(MATTHIAS_EMAILS, []).append({"email": rng.choice((name, name.upper()))})
        login = f"{world.word()}-{number}"
        secrets = [world.secret(world.passwords) for _ in range(2)]
        keys: set[str] = set()
        if rng.random() < 0.65 or number == 0:
            keys = set(rng.sample(supplier_keys, 1 if rng.random() < 0.85 else min(2, len(supplier_keys))))
            by_name = rng.random() < 0.6
            groups += [
                {"supplier_key": rng.choice((key, key.lower())), "vendor": rng.choice((name, name.upper())) if by_name else None,
                 "email_pattern": None if by_name else f"{user}*@*"} for key in sorted(keys)
            ]  # fmt: skip
        world.vendors.append(Vendor(name, email, login, secrets, frozenset(keys), [*parts, user, host, login.partition("-")[0]]))
    world.sheets[SUPPLIER_GROUPS] = groups


def _units(world: World) -> None:
    rng = world.rng
    for number, vendor in enumerate(world.vendors, start=1):
        world.sheets.setdefault(PURCHASES, []).append({
            "date": NOW, "match": "M01", "game": "Brazil vs Italy", "vendor": vendor.name, "contract": "000777", "category": "Cat 1", "number": 9,
            "price": world.price(), "total": world.price(), "email_password": world.secret(world.passwords), "currency": "USD",
            "notes": world.secret(world.internal), "purchase_id": f"P_00000000-0000-0000-0000-{number:012}",
        })  # fmt: skip
        for place in range(1, rng.randint(3, 7)):
            unit = {
                "unit_id": f"P{len(world.units) + 1:05}", "match": f"M{rng.randint(1, 4):02}", "game": "Brazil vs Italy", "vendor": vendor.name,
                "contract": "000777", "category": "Cat 1", "status": rng.choice(("ALLOCATED",) * 6 + ("CANCELLED", "REPLACED")),
                "alloc_note": world.secret(world.internal), "set_id": f"PR{number:04}-S01", "set_pos": place, "block": f"B{place}",
                "seat_row": str(rng.randint(1, 40)), "seat": str(place), "email": vendor.email, "login_id": vendor.login,
                "password": rng.choice((vendor.secrets[0], vendor.secrets[0], None)), "password_legacy": vendor.secrets[1],
            }  # fmt: skip
            world.units.append(unit)
            world.vendor_of[unit["unit_id"]] = vendor
    world.sheets[UNITS] = world.units


def _sales_and_tickets(world: World) -> None:
    rng = world.rng
    name, parts = world.a_name()
    only_sold = Client(name, parts, [name], "")
    named = [*world.clients, only_sold]
    free = [unit for unit in world.units if unit["status"] == "ALLOCATED" and rng.random() < 0.8]
    rng.shuffle(free)
    used: list[dict[str, Any]] = []
    for number in range(1, rng.randint(6, 9)):
        client = rng.choice(world.clients) if number > len(world.clients) else world.clients[number - 1]
        quantity = rng.randint(1, 4)
        world.sheets.setdefault(SALES, []).append({
            "date": NOW, "match": "M01", "game": "Brazil vs Italy", "client": rng.choice(client.spellings), "contract": "000777",
            "category": "Cat 1", "number": quantity, "price": world.price(), "total": world.price(), "status": "ALLOCATED",
            "sales_id": f"S{number}", "notes": world.secret(world.internal), "source_sale_id": f"S_00000000-0000-0000-0000-{number:012}",
            "client_po": world.secret(world.internal), "instructions": world.secret(world.internal), "currency": "USD",
        })  # fmt: skip
        for child in range(1, quantity + 1):
            cancelled = rng.random() < 0.12
            unit = None
            if cancelled and used + free:
                unit = rng.choice(used + free)  # another ticket has it, or is about to
            elif free and rng.random() < 0.85:
                unit = free.pop()
                used.append(unit)
            _ticket(world, number, child, None if rng.random() < 0.04 else client, unit, named, live=not cancelled)
    world.sheets[SALES].append({"date": NOW, "match": "M01", "client": only_sold.name, "sales_id": "S99", "status": "UNALLOCATED"})
    world.clients.append(only_sold)
    rows = [ticket.values for ticket in world.tickets]
    purchase = {"row_type": "Purchases", "sales_id": "S77-1", "company": world.clients[0].name, "vendor": world.vendors[0].name,
                "first_name": world.secret(world.internal), "client_email": "nobody@mail.example", "unit_ids": "P00001"}  # fmt: skip
    world.sheets[DISTRIBUTION] = [*rows, purchase]
    world.sheets[SCHEDULE] = [{"match": f"M{day:02}", "date": datetime(2026, 6, 10 + day)} for day in (1, 2, 3)]


def _ticket(
    world: World, number: int, child: int, client: Client | None, unit: dict[str, Any] | None, named: Sequence[Client], *, live: bool
) -> None:
    rng = world.rng
    vendor = world.vendor_of[unit["unit_id"]] if unit else None
    guest = [world.word(rng.choice(SCRIPTS)), world.word(rng.choice(SCRIPTS)), f"{world.word()}@mail.example".lower()]
    remarks: list[str] = []
    notes: list[str] = []

    def of_others() -> list[str]:
        """Companies, and vendors who do not serve this ticket."""
        found = [world.called(other) for other in named if other is not client and rng.random() < 0.4]
        strangers = [other for other in world.vendors if other is not vendor and not (vendor and vendor.keys & other.keys)]
        found += [world.written(rng.choice((other.name, other.email, other.login))) for other in strangers if rng.random() < 0.4]
        return found

    own = [world.called(client)] if client and rng.random() < 0.5 else []
    delivery = rng.choice((None, "NOT_SENT", "PENDING", "SENT", "UPLOADED", "ISSUE", "ACCEPTED")) if unit else None
    values: dict[str, Any] = {
        "sales_id": f"S{number}-{child}", "row_type": "Sales", "date": NOW, "match": f"M{rng.randint(1, 4):02}", "game": "Brazil vs Italy",
        "company": rng.choice(client.spellings) if client else None, "inv_no": f"INV{rng.randint(10_000, 99_999)}", "category": "Cat 1", "qty": 1,
        "status": "ALLOCATED" if live else "CANCELLED", "run_id": "R20260416-090000", "notes": world.secret(world.internal),
        "delivery": delivery, "dispatch_status": delivery, "src_row": number + 1, "child": child,
        "line_key": f"S_00000000-0000-0000-0000-{number:012}#{child}", "source_sale_id": f"S_00000000-0000-0000-0000-{number:012}",
    }  # fmt: skip
    if unit:
        values |= {name: unit[name] for name in ("vendor", "email", "contract", "block", "seat_row", "seat")}
        values |= {"password": world.secret(world.passwords), "unit_ids": unit["unit_id"], "unit_count": 1}
        values["device"] = world.remark([], of_others() + own) if rng.random() < 0.3 else None
        if rng.random() < 0.6:
            values["dispatch_notes"] = world.remark(notes, of_others() + own)
    typed: dict[str, Any] = {}
    if rng.random() < 0.75:
        typed = dict(zip(("first_name", "last_name", "client_email"), guest, strict=True))
    if rng.random() < 0.5:
        typed["comment"] = world.remark(remarks, own)
    if rng.random() < 0.3:
        typed["client_notes"] = world.remark(remarks, own)
    ticket = Ticket(values, len(world.tickets) + 3, client, unit, vendor, live, guest, remarks, notes)
    values |= dict.fromkeys(GUEST) | typed
    if client and live and typed and rng.random() < 0.3:  # it came back in a file just now
        values |= dict.fromkeys(typed)
        world.words += [Word(states.CLIENT, client.group, ticket.key, name, "", text, "back.xlsx!AC4") for name, text in typed.items()]
    elif client and typed and rng.random() < 0.6:  # and some time ago
        world.sheets.setdefault(CLIENT_INPUTS, []).append(
            {"sales_id": ticket.key, "client_group": client.group, "typed": ",".join(typed), **typed}
        )
    if world.office and live and client and rng.random() < 0.7:
        name = rng.choice(("comment", "client_notes"))
        world.words[:] = [word for word in world.words if (word.sales_id, word.field) != (ticket.key, name)]
        values[name] = world.remark([], of_others())
    world.tickets.append(ticket)


def _queues(world: World) -> None:
    """Tasks that somebody has, and rows of suppliers as they were some time ago, when anything stood in them."""
    rng = world.rng
    tasks = []
    for number, ticket in enumerate(world.tickets, start=1):
        if ticket.unit and rng.random() < 0.5:
            ticket.people = rng.choice(((PEOPLE[0],), (PEOPLE[1],), PEOPLE, ()))
            ticket.task = f"T{number:05}"
            tasks.append({"task_id": ticket.task, "sales_id": ticket.key, "dist_row": ticket.row, "unit_ids": ticket.values["unit_ids"],
                          "assigned_to": ", ".join(ticket.people).upper() or None, "vendor_password": world.secret(world.passwords)})  # fmt: skip
    tasks.append({"task_id": "T09999", "sales_id": "S98-1", "assigned_to": PEOPLE[0], "first_name": world.secret(world.internal),
                  "vendor_password": world.secret(world.passwords)})  # fmt: skip
    world.sheets[STAFF_QUEUE] = tasks
    rows = []
    for unit in world.units:
        keys = world.vendor_of[unit["unit_id"]].keys
        if keys and rng.random() < 0.4:
            rows.append({
                "supplier_key": sorted(keys)[0], "unit_ids": unit["unit_id"], "vendor": unit["vendor"], "email": unit["email"],
                "password": world.secret(world.passwords), "company": rng.choice(world.clients).name, "notes": world.secret(world.internal),
                "first_name": world.secret(world.internal), "client_email": f"{world.secret(world.internal)[:-3]}@mail.example",
                "comment": world.secret(world.internal), "line_key": "S_00000000-0000-0000-0000-000000000999#1",
                "dispatch_notes": world.secret(world.internal), "delivery": "SENT",
            })  # fmt: skip
    world.sheets[SUPPLIER_QUEUE] = rows


def stored(world: World) -> MemoryStore:
    sheets: dict[str, list[list[Any]]] = {}
    for name in SHEETS:
        sheet = MANIFEST[name]
        above: list[list[Any]] = [[] for _ in range(sheet.header_row - 1)]
        rows = [[row.get(column.name) for column in sheet.columns] for row in world.sheets.get(name, ())]
        sheets[name] = [*above, [column.header for column in sheet.columns], *rows]
    return MemoryStore.of_rows(sheets)


# --- the books of a workbook


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
    made += [(states.CLIENT, clients.book(state, group, mine), False) for group, mine in clients.by_group(state).items()]
    made += [(states.SUPPLIER, suppliers.book(state, key, units, by_unit), False) for key, units in suppliers.units_of(state).items()]
    for passwords in (False, True):
        made += [(states.STAFF_BOOK, staff.book(state, person, pairs, passwords=passwords), passwords)
                 for person, pairs in staff.tasks_by_person(state).items()]  # fmt: skip
    for kind, book, passwords in made:
        path = folder / file_name(kind, book.party)
        write_book(book, path, reveal=str if passwords else None)
        yield Made(kind, book.party, path, passwords, Inside(path))
        path.unlink()


def check_everything(world: World, state: State, folder: Path) -> int:
    """Every book of a world; how many there are."""
    known = list(books_of_checked(world, state, folder))
    expected = len({t.client.group for t in world.tickets if t.client and t.live})
    assert sum(kind == states.CLIENT for kind in known) == expected
    keys = {
        key
        for u in world.units
        if u["status"] not in ("CANCELLED", "REPLACED") and len(keys := world.vendor_of[u["unit_id"]].keys) == 1
        for key in keys
    }
    assert sum(kind == states.SUPPLIER for kind in known) == len(keys)
    people = {person for t in world.tickets if t.live and is_sent_by_staff(world, t) for person in t.people}
    assert sum(kind == states.STAFF_BOOK for kind in known) == 2 * len(people)
    return len(known)


def books_of_checked(world: World, state: State, folder: Path) -> Iterator[str]:
    check = {states.CLIENT: check_client, states.SUPPLIER: check_supplier, states.STAFF_BOOK: check_staff}
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
    return next((word.value for word in world.words if (word.sales_id, word.field) == (ticket.key, name)), ticket.values[name])


def check_client(world: World, made: Made) -> None:
    mine = [t for t in world.tickets if t.live and t.client and t.client.group == made.party]
    client = mine[0].client
    assert client is not None
    rest = _rest(world, mine)
    _nothing_of(
        made, companies=[word for other in world.clients if other is not client for word in other.words],
        vendors=[word for vendor in world.vendors for word in vendor.words], suppliers={key for v in world.vendors for key in v.keys},
        prices=world.prices, passwords=world.passwords, internal=world.internal, guests=_guests(rest),
        remarks=[text for t in rest for text in t.remarks], notes=[text for t in world.tickets for text in t.notes],
    )  # fmt: skip
    rows = {row["Sales ID"]: row for row in table(made.path, "Tickets")}
    assert sorted(rows) == sorted(t.key for t in mine)
    headers = {"client_notes": "Clients notes", "first_name": "First name", "last_name": "Last Name", "client_email": "Client Email",
               "comment": "Comments", "company": "Company", "inv_no": "INV-NO", "block": "Block", "seat_row": "Row", "seat": "Seat"}  # fmt: skip
    for ticket in mine:
        row = rows[ticket.key]
        for name, header in headers.items():
            if not (world.office and name in ("comment", "client_notes")):
                wanted = _typed(world, ticket, name) if name in GUEST else ticket.values.get(name)
                assert row[header] == wanted, (ticket.key, name)
        assert row["Company"] == ticket.values["company"]
        assert row["Status"] == (ticket.values["delivery"] or "NOT_SENT")
        assert row["Qty"] == 1
    assert made.inside.holds(client.words[0])


def check_supplier(world: World, made: Made) -> None:
    units = {u["unit_id"]: u for u in world.units
             if world.vendor_of[u["unit_id"]].keys == {made.party} and u["status"] not in ("CANCELLED", "REPLACED")}  # fmt: skip
    mine = [t for t in world.tickets if t.live and t.unit and t.unit["unit_id"] in units]
    rest = _rest(world, mine)
    _nothing_of(
        made, companies=[word for client in world.clients for word in client.words], prices=world.prices, passwords=world.passwords,
        internal=world.internal, vendors=[word for vendor in world.vendors for word in vendor.words], guests=_guests(rest),
        suppliers={key for vendor in world.vendors for key in vendor.keys if key != made.party},
        remarks=[text for t in rest for text in t.remarks], notes=[text for t in rest for text in t.notes],
    )  # fmt: skip
    rows = {row["AllocatedUnitIDs"]: row for row in table(made.path, "Supplier")}
    assert sorted(rows) == sorted(units)
    assert {row["Company"] for row in rows.values()} == {"MIRRA"}
    assert {row["Notes"] for row in rows.values()} == {None}
    assert not {"Vendor", "Email", "Password", "SupplierKey"} & set(next(iter(rows.values())))
    tickets = {ticket.unit["unit_id"]: ticket for ticket in mine if ticket.unit}
    for unit_id, row in rows.items():
        ticket = tickets.get(unit_id)
        assert (row["Block"], row["Row"], row["Seat"]) == tuple(units[unit_id][name] for name in ("block", "seat_row", "seat"))
        if ticket is None:
            assert [
                row[name]
                for name in ("ID", "First name", "Last Name", "Client Email", "Clients notes", "Comment", "DispatchNotes", "Delivery")
            ] == [None] * 8
            continue
        assert (row["ID"], row["INV-NO"]) == (ticket.key, ticket.values["inv_no"])
        assert [row["First name"], row["Last Name"], row["Client Email"]] == [_typed(world, ticket, name) for name in GUEST[1:4]]
        said = "\n".join(str(row[name]) for name in ("Clients notes", "Comment", "DispatchNotes"))
        if not world.office:
            assert all(text in said for text in (*ticket.remarks, *ticket.notes)), (ticket.key, said)
    assert made.inside.holds("Client company identities are redacted")


def is_sent_by_staff(world: World, ticket: Ticket) -> bool:
    """Whether no supplier sends it."""
    return ticket.unit is None or len(world.vendor_of[ticket.unit["unit_id"]].keys) != 1


def check_staff(world: World, made: Made) -> None:
    mine = [t for t in world.tickets if t.live and made.party in t.people and is_sent_by_staff(world, t)]
    rest = _rest(world, mine)
    own = {(t.unit or {}).get("password") or t.values["password"] for t in mine} if made.passwords else set()
    _nothing_of(
        made, passwords=set(world.passwords) - own, prices=world.prices, internal=world.internal, guests=_guests(rest),
        notes=[text for t in rest for text in t.notes], remarks=[text for t in world.tickets for text in t.remarks],
    )  # fmt: skip
    rows = {row["TaskID"]: row for row in table(made.path, "_MY_TASKS")}
    assert sorted(rows) == sorted(t.task for t in mine)
    for ticket in mine:
        row = rows[ticket.task]
        assert row["Company"] == ticket.values["company"]
        assert row["StaffNotes"] == ticket.values.get("dispatch_notes")
        assert [row["ClientFirstName"], row["ClientLastName"], row["ClientEmail"]] == [_typed(world, ticket, name) for name in GUEST[1:4]]
        assert row["VendorEmail"] == ticket.values["email"]
        password = (ticket.unit or {}).get("password") or ticket.values["password"]
        assert row["VendorPassword"] == (password if made.passwords else None)


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
        values = {column.name: row[column.name] for column in MANIFEST[SUPPLIER_QUEUE].columns}
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
            "\n".join(str(value) for name, value in values.items() if name not in ("vendor", "email", "password", "supplier_key"))
        )
        others = [squeezed(word) for other in world.vendors for word in other.words]
        foreign = [word for t in world.tickets if t is not ticket for word in guests[id(t)]]
        assert [word for word in (*forbidden, *others, *foreign) if word in said] == [], (row.key, unit_id)
    wanted = {
        u["unit_id"] for u in world.units if len(world.vendor_of[u["unit_id"]].keys) == 1 and u["status"] not in ("CANCELLED", "REPLACED")
    }
    assert seen == wanted


def settled(world: World) -> State:
    state = State.of(stored(world).read(*SHEETS))
    settle(state, RUN, world.words)
    return state


def again(state: State) -> State:
    """The workbook that a settled state was written to, read and settled once more."""
    after = State.of(state.snapshot.after(plan_of(state, settle(state, RUN)).changes))
    settle(after, RUN)
    return after


@pytest.mark.parametrize("first", [0, 20, 40, *(pytest.param(first, marks=pytest.mark.slow) for first in (60, 80, 100))])
def test_no_book_holds_what_its_reader_may_not_know(first: int, tmp_path: Path) -> None:
    """120 workbooks, a thousand books."""
    books = 0
    for seed in range(first, first + 20):
        world = make(seed, office=bool(seed % 2))
        state = settled(world)
        check_queue(world, state)
        books += check_everything(world, state, tmp_path)
    assert books > 100


@pytest.mark.parametrize("first", [5000, 5008])
def test_what_was_written_and_read_again(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 8):
        world = make(seed, office=bool(seed % 2))
        state = again(settled(world))
        check_queue(world, state)
        check_everything(world, state, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(10_000, 10_400, 100))
def test_no_book_holds_what_its_reader_may_not_know_at_length(first: int, tmp_path: Path) -> None:
    """400 more workbooks, each also as it is read again: some 6,500 books."""
    for seed in range(first, first + 100):
        world = make(seed, office=bool(seed % 2))
        state = settled(world)
        check_queue(world, state)
        check_everything(world, state, tmp_path)
        state = again(state)
        check_queue(world, state)
        check_everything(world, state, tmp_path)


# --- the queue and single rows, by hand


def a_world(*, ticket: Mapping[str, Any] | None = None, others: Sequence[dict[str, Any]] = (), **sheets: list[dict[str, Any]]) -> State:
    """Orchid's ticket S1-1 has the unit P00001 of the vendor Alpha Tickets, who is the supplier ALPHA; Blue Heron waits for its
    own. Beta Tickets is the supplier SALVADOR. All of it settled."""
    world = World(random.Random(0))
    unit = {"unit_id": "P00001", "match": "M01", "vendor": "Alpha Tickets", "email": "buy@alpha.example", "login_id": "alpha-login", "block": "B",
            "seat_row": "1", "seat": "7", "status": "ALLOCATED", "set_id": "PR0001-S01", "set_pos": 1, "password": "Kanarie-7741"}  # fmt: skip
    row = {"sales_id": "S1-1", "row_type": "Sales", "company": "Orchid", "match": "M01", "status": "ALLOCATED", "unit_ids": "P00001", "block": "B",
           "seat_row": "1", "seat": "7", "vendor": "Alpha Tickets", "email": "buy@alpha.example", "line_key": "S_1#1", "first_name": "Ann",
           "last_name": "Lee", "client_email": "ann@mail.example", "notes": "our margin is thin"}  # fmt: skip
    beta = unit | {"unit_id": "P00002", "vendor": "Beta Tickets", "email": "buy@beta.example", "login_id": "beta-login", "seat": "8",
                   "status": "AVAILABLE", "set_id": "PR0002-S01"}  # fmt: skip
    world.sheets = {
        SUPPLIER_GROUPS: [{"supplier_key": "ALPHA", "vendor": "Alpha Tickets"}, {"supplier_key": "SALVADOR", "vendor": "Beta Tickets"}],
        UNITS: [unit, beta, *sheets.pop("units", [])],
        DISTRIBUTION: [row | dict(ticket or {}), {"sales_id": "S2-1", "row_type": "Sales", "company": "Blue Heron", "match": "M01"}, *others],
    } | {{"queue": SUPPLIER_QUEUE, "groups": SUPPLIER_GROUPS, "masked": MATTHIAS_EMAILS, "vault": CLIENT_INPUTS}[name]: rows
         for name, rows in sheets.items()}  # fmt: skip
    return settled(world)


def supplier_row(state: State, unit_id: str = "P00001", key: str = "ALPHA") -> dict[str, Any]:
    """A unit's row of a supplier's book, blanks left out."""
    book = suppliers.book(state, key, suppliers.units_of(state)[key], suppliers.tickets_by_unit(state))
    return {name: value for row in book.rows if row.unit_id == unit_id for name, value in row.values.items() if value is not None}


def client_row(state: State, sales_id: str = "S1-1", group: str = "orchid") -> dict[str, Any]:
    book = clients.book(state, group, clients.by_group(state)[group])
    return {name: value for row in book.rows if row.key == sales_id for name, value in row.values.items() if value is not None}


def test_the_queue_by_hand() -> None:
    state = a_world(ticket={"dispatch_notes": "Orchid wants it early", "comment": "from ORCHID Ltd"})
    rows = {
        row["unit_ids"]: {
            c.name: row[c.name] for c in MANIFEST[SUPPLIER_QUEUE].columns if row[c.name] is not None and c.name != "notes_agreed"
        }
        for row in state.supplier_rows
    }
    assert rows == {
        "P00001": {
            "supplier_key": "ALPHA", "vendor": "Alpha Tickets", "email": "buy@alpha.example", "sales_id": "S1-1", "row_type": "Sales", "match": "M01",
            "company": "MIRRA", "block": "B", "seat_row": "1", "seat": "7", "status": "ALLOCATED", "unit_ids": "P00001", "first_name": "Ann",
            "last_name": "Lee", "client_email": "ann@mail.example", "comment": "from MIRRA Ltd", "dispatch_notes": "MIRRA wants it early",
            "dist_row": 3, "line_key": "S_1#1",
        },
        "P00002": {
            "supplier_key": "SALVADOR", "vendor": "Beta Tickets", "email": "buy@beta.example", "match": "M01", "company": "MIRRA", "qty": 1,
            "block": "B", "seat_row": "1", "seat": "8", "unit_ids": "P00002",
        },
    }  # fmt: skip


def test_a_row_of_the_queue_that_held_anything_is_written_anew() -> None:
    old = {"supplier_key": "alpha", "unit_ids": "P00001", "company": "Orchid", "notes": "margin 12%", "first_name": "Old", "last_name": "Guest",
           "client_email": "old@mail.example", "comment": "for Orchid", "client_notes": "x", "dispatch_notes": "Orchid's", "sales_id": "S9-1",
           "line_key": "S_9#1", "device": "Orchid's phone", "tix": 3, "acc_tix": "Orchid"}  # fmt: skip
    twice = old | {"company": "Blue Heron"}
    gone = old | {"unit_ids": "P09999"}
    state = a_world(queue=[old, twice, gone])
    assert [row["unit_ids"] for row in state.supplier_rows] == ["P00001", "P00002"]
    row = state.supplier_rows[0]
    assert {name: row[name] for name in old} == {
        "supplier_key": "alpha", "unit_ids": "P00001", "company": "MIRRA", "notes": None, "first_name": "Ann", "last_name": "Lee",
        "client_email": "ann@mail.example", "comment": None, "client_notes": None, "dispatch_notes": None, "sales_id": "S1-1",
        "line_key": "S_1#1", "device": None, "tix": None, "acc_tix": None,
    }  # fmt: skip
    assert sorted(row for row, _key in state.gone[SUPPLIER_QUEUE]) == [3, 4]


def test_what_was_typed_into_the_queue_names_no_company_either() -> None:
    old = {
        "supplier_key": "ALPHA",
        "unit_ids": "P00001",
        "line_key": "S_1#1",
        "company": "Orchid",
        "dispatch_notes": "told Orchid; Blue-Heron too",
    }
    state = a_world(queue=[old])
    assert state.tickets["S1-1"]["dispatch_notes"] == "told Orchid; Blue-Heron too", "the office reads it whole"
    assert [row["dispatch_notes"] for row in state.supplier_rows] == ["told MIRRA; MIRRA too", None]
    assert supplier_row(state)["dispatch_notes"] == "told MIRRA; MIRRA too"


@pytest.mark.parametrize("how", ["cancelled", "unallocated", "substituted"])
def test_a_unit_that_was_sent_and_came_back_tells_of_nobody(how: str) -> None:
    """A supplier sent a ticket, which then lost its unit: the unit's row is stock again, and says nothing of the guest."""
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 1), client="Orchid")
    desk.do(jobs.allocate_commit("S1"))
    desk.do(dispatch.supplier_map("ALPHA", ["Viagogo"], []))
    desk.set(DISTRIBUTION, 3, "client_email", "ann@mail.example")
    desk.do(dispatch.staff_queue())
    desk.set(SUPPLIER_QUEUE, 2, "delivery", "SENT")
    desk.do(dispatch.staff_queue())
    assert desk.rows(DISTRIBUTION, "delivery", "unit_ids") == [("SENT", "P00001")]
    desk.do(
        {
            "cancelled": lambda: jobs.sale_cancel("S1", "gone", force=True),
            "unallocated": lambda: jobs.override_unallocate("S1", "wrong", set_id="", keep_seats=False, force=True),
            "substituted": lambda: jobs.unit_substitute("P00001", "P00002", "broken", force=True),
        }[how]()
    )
    desk.do(dispatch.staff_queue())
    rows = {unit: rest for unit, *rest in desk.rows(SUPPLIER_QUEUE, "unit_ids", "company", "sales_id", "client_email", "delivery")}
    assert rows.get("P00001", ["MIRRA", None, None, None]) == ["MIRRA", None, None, None]
    assert {company for company, *_ in rows.values()} == {"MIRRA"}


@pytest.mark.parametrize(
    ("first", "last", "read"),
    [
        ("Orchid", "guest 1", ("MIRRA", None)),
        ("ORCHID", None, ("MIRRA", None)),
        ("Orchid VIP", "2", ("MIRRA", None)),
        ("Blue", "Heron", ("MIRRA", None)),
        ("Blue Heron", "guest", ("MIRRA", None)),
        ("blue-heron", None, ("MIRRA", None)),
        (None, "BlueHeron", ("MIRRA", None)),
        ("Heron", "Blue", ("Heron", "Blue")),
        ("Orchidea", "Lee", ("Orchidea", "Lee")),
        ("Ann", "Lee", ("Ann", "Lee")),
        (None, None, (None, None)),
    ],
)
def test_a_guest_that_is_a_company(first: str | None, last: str | None, read: tuple[str | None, str | None]) -> None:
    """A client that fills its own name in as the guest's does not tell the supplier who it is."""
    state = a_world(ticket={"first_name": first, "last_name": last})
    row = supplier_row(state)
    assert (row.get("first_name"), row.get("last_name")) == read
    assert (client_row(state).get("first_name"), client_row(state).get("last_name")) == (first, last), "its own book says what it typed"


def test_of_two_tickets_with_one_unit_only_the_one_that_stands_is_told() -> None:
    cancelled = {"sales_id": "S3-1", "row_type": "Sales", "company": "Blue Heron", "status": "CANCELLED", "unit_ids": "P00001",
                 "first_name": "Zed", "client_email": "zed@mail.example", "line_key": "S_3#1"}  # fmt: skip
    state = a_world(others=[cancelled])
    assert supplier_row(state)["client_email"] == "ann@mail.example"
    assert [ticket.key for ticket in clients.by_group(state)["blue heron"]] == ["S2-1"]
    state = a_world(ticket={"status": "CANCELLED"})
    assert "client_email" not in supplier_row(state)
    assert "orchid" not in clients.by_group(state)


def test_a_note_about_the_supplier_itself_stays() -> None:
    note = "Alpha Tickets (buy@alpha.example) asks for the passport"
    assert supplier_row(a_world(ticket={"dispatch_notes": note}))["dispatch_notes"] == note


@pytest.mark.parametrize(
    "column", ["device", "acc_tix", "contract", "inv_no", "game", "block", "seat_row", "seat", "client_notes", "comment", "dispatch_notes"]
)
def test_no_column_of_a_supplier_names_a_company_or_another_supplier(column: str) -> None:
    row = supplier_row(a_world(ticket={column: "for orchid and Blue-Heron, not BETA TICKETS (Buy@Beta.example)"}))
    assert row[column] == "for MIRRA and MIRRA, not our supplier (our supplier)"


def test_not_even_the_category_names_anybody() -> None:
    assert "Heron" not in supplier_row(a_world(ticket={"category": "Cat 1 Blue Heron"}))["category"]


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("ask SALVADOR", id="supplier key"),
        pytest.param("ask Gamma Seats", id="mapped, nothing bought yet"),
        pytest.param("log in as desk@gamma.example", id="address of another ticket"),
        pytest.param("ask Beta Tickets", id="vendor"),
        pytest.param("log in as BUY@beta.example", id="address"),
        pytest.param("use beta-login", id="login"),
    ],
)  # fmt: skip
def test_a_note_that_names_another_supplier(note: str) -> None:
    groups = [{"supplier_key": "ALPHA", "vendor": "Alpha Tickets"}, {"supplier_key": "SALVADOR", "vendor": "Beta Tickets"},
              {"supplier_key": "GAMMA", "vendor": "Gamma Seats"}]  # fmt: skip
    other = {"sales_id": "S4-1", "row_type": "Sales", "company": "Orchid", "vendor": "Delta Seats", "email": "desk@gamma.example"}
    state = a_world(ticket={"dispatch_notes": note}, groups=groups, others=[other])
    assert supplier_row(state)["dispatch_notes"].endswith("our supplier")


@pytest.mark.parametrize("login", ["7", "B", "1"])
def test_a_short_login_of_another_vendor_takes_no_seat_away(login: str) -> None:
    unit = {"unit_id": "P00003", "vendor": "Gamma Seats", "login_id": login, "status": "AVAILABLE", "match": "M01"}
    row = supplier_row(a_world(units=[unit]))
    assert (row["block"], row["seat_row"], row["seat"]) == ("B", "1", "7")


def test_a_vendor_of_two_chinese_letters_is_not_named() -> None:
    unit = {"unit_id": "P00003", "vendor": "携程", "status": "AVAILABLE", "match": "M01"}
    assert "携程" not in supplier_row(a_world(ticket={"dispatch_notes": "请联系携程的客服"}, units=[unit]))["dispatch_notes"]


# --- what the office wrote, and what the client typed


OFFICE_TEXT = "Alpha Tickets gave these to Blue Heron first, not to Orchid"


def test_a_client_reads_its_own_words_to_the_letter() -> None:
    """Also those that name others: it typed them, and the next file must not seem to have changed them."""
    typed = {"client_notes": "we are with Blue Heron", "comment": "Alpha Tickets?  \n=1+1"}
    state = a_world(ticket=typed, vault=[{"sales_id": "S1-1", "client_group": "orchid", "typed": "client_notes,comment", **typed}])
    assert {name: client_row(state)[name] for name in typed} == typed


@pytest.mark.parametrize("name", ["comment", "client_notes"])
def test_a_client_reads_no_names_in_what_the_office_wrote(name: str) -> None:
    world = World(random.Random(0))
    world.sheets = {
        UNITS: [{"unit_id": "P00001", "vendor": "Alpha Tickets", "status": "ALLOCATED"}],
        DISTRIBUTION: [{"sales_id": "S1-1", "row_type": "Sales", "company": "Orchid", "unit_ids": "P00001", name: OFFICE_TEXT},
                       {"sales_id": "S2-1", "row_type": "Sales", "company": "Blue Heron"}],
    }  # fmt: skip
    state = State.of(stored(world).read(*SHEETS))
    assert client_row(state)[name] == "our supplier gave these to another client first, not to Orchid"


@pytest.mark.parametrize("name", ["comment", "client_notes"])
def test_nor_after_everything_was_settled(name: str) -> None:
    assert client_row(a_world(ticket={name: OFFICE_TEXT}))[name] == "our supplier gave these to another client first, not to Orchid"


def test_what_the_office_wrote_in_books_made_without_settling(tmp_path: Path) -> None:
    for seed in range(7000, 7015):
        world = make(seed, office=True)
        world.words.clear()
        state = State.of(stored(world).read(*SHEETS))
        _check_books(world, state, tmp_path, states.CLIENT)


def test_what_the_office_wrote_in_books_made_after_settling(tmp_path: Path) -> None:
    for seed in range(7000, 7015):
        world = make(seed, office=True)
        _check_books(world, settled(world), tmp_path, states.CLIENT)


def test_what_the_office_wrote_in_books_of_suppliers(tmp_path: Path) -> None:
    for seed in range(7000, 7015):
        world = make(seed, office=True)
        _check_books(world, settled(world), tmp_path, states.SUPPLIER)


def _check_books(world: World, state: State, folder: Path, kind: str) -> None:
    check = {states.CLIENT: check_client, states.SUPPLIER: check_supplier}[kind]
    for made in books_of(state, folder):
        if made.kind == kind:
            check(world, made)


@pytest.mark.parametrize("column", ["inv_no", "game", "block", "seat_row", "seat", "category"])
def test_no_column_of_a_client_names_a_vendor_or_another_client(column: str) -> None:
    shown = client_row(a_world(ticket={column: "Alpha Tickets 4711, was Blue Heron's"}))[column]
    assert "Alpha" not in shown
    assert "Heron" not in shown


# --- the search itself: what leaks on purpose is found

CANARY = "Zärtlich Vögel & Söhne"


def _planted(place: str, path: Path) -> Path:
    """A workbook that holds the canary in one place."""
    if place == "file name":
        path = path.with_name(f"CLIENT - {CANARY}.xlsx")
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet(CANARY[:20].replace("&", "") if place == "sheet name" else "Tickets")
        other = made.add_worksheet("More")
        match place:
            case "cell":
                sheet.write_string(5, 5, f"for {CANARY}!")
            case "other case":
                sheet.write_string(5, 5, CANARY.upper())
            case "joined":
                sheet.write_string(5, 5, "zärtlichvögel&söhne")
            case "apart":
                sheet.write_string(5, 5, "Zärtlich-Vögel_-_& Söhne")
            case "decomposed":
                sheet.write_string(5, 5, unicodedata.normalize("NFD", CANARY))
            case "runs":
                sheet.write_rich_string(5, 5, "Zärt", made.add_format({"bold": True}), "lich Vö", "gel & Söhne")
            case "two cells":
                sheet.write_row(5, 5, ["Zärtlich", "Vögel & Söhne"])
            case "formula":
                sheet.write_formula(5, 5, f'="{CANARY}"', None, "")
            case "cached value":
                sheet.write_formula(5, 5, '="A"', None, CANARY)
            case "title":
                made.set_properties({"title": CANARY})
            case "author":
                made.set_properties({"author": CANARY})
            case "custom property":
                made.set_custom_property("Client", CANARY)
            case "comment":
                sheet.write_comment(5, 5, f"ask {CANARY}")
            case "comment author":
                sheet.write_comment(5, 5, "x", {"author": CANARY})
            case "defined name":
                made.define_name("Whose", f'="{CANARY}"')
            case "hidden sheet":
                other.write_string(0, 0, CANARY)
                other.hide()
            case "very hidden sheet":
                other.write_string(0, 0, CANARY)
                other.very_hidden()
            case "hidden column":
                sheet.write_string(0, 20, CANARY)
                sheet.set_column(20, 20, 0, None, {"hidden": True})
            case "header":
                sheet.set_header(f"&C{CANARY.replace('&', '&&')}")
            case "validation":
                sheet.data_validation("A1", {"validate": "any", "input_title": "x", "input_message": CANARY})
            case "list":
                sheet.data_validation("A1", {"validate": "list", "source": ["a", CANARY]})
            case "link":
                sheet.write_url(0, 0, "https://host.example/", string="x", tip=CANARY)
            case "text box":
                sheet.insert_textbox(2, 2, CANARY)
            case "picture":
                sheet.insert_textbox(2, 2, "x", {"description": CANARY})
    with zipfile.ZipFile(path, "a") as archive:
        match place:
            case "archive comment":
                archive.comment = CANARY.encode()
            case "part name":
                archive.writestr(f"customXml/{CANARY}.xml", "<a/>")
            case "wide part":
                archive.writestr("customXml/item1.bin", b"\x01\x02" + CANARY.encode("utf-16-le"))
            case "escaped":
                archive.writestr("customXml/item1.xml", "<a>" + "".join(f"&#x{ord(c):x};" for c in CANARY) + "</a>")
    return path


PLACES = ("cell", "other case", "joined", "apart", "decomposed", "runs", "two cells", "formula", "cached value", "title", "author", "custom property",
          "comment", "comment author", "defined name", "hidden sheet", "very hidden sheet", "hidden column", "header", "validation", "list", "link",
          "text box", "picture", "archive comment", "part name", "wide part", "escaped", "file name", "sheet name")  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_the_search_finds_a_leak(place: str, tmp_path: Path) -> None:
    inside = Inside(_planted(place, tmp_path / "book.xlsx"))
    wanted = {"sheet name": ["Zärtlich Vögel"], "two cells": ["Vögel & Söhne", "Zärtlich"]}.get(place, [CANARY])
    assert inside.of([*wanted, "Nobody"]) == wanted


def test_the_search_finds_nothing_in_a_file_without_it(tmp_path: Path) -> None:
    inside = Inside(_planted("none", tmp_path / "book.xlsx"))
    assert inside.of([CANARY, "Vögel", "73184629"]) == []


@pytest.mark.parametrize(("number", "found"), [(73184629.25, True), ("73,184,629.25", True), ("USD 73.184.629", True), (3184629, False)])
def test_the_search_finds_a_price(number: Any, found: bool, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        made.add_worksheet().write(0, 0, number)
    assert Inside(path).holds("73184629") is found


def _leaks(world_seeds: Iterable[int], folder: Path) -> str:
    """The first complaint about the books of some worlds."""
    for seed in world_seeds:
        world = make(seed)
        try:
            check_everything(world, settled(world), folder)
        except AssertionError as error:
            return str(error)
    return ""


def _with(book: Any, name: str, value: Any) -> Any:
    """A book-maker whose rows say something more."""

    def leaking(state: State, party: str, *args: Any, **kwargs: Any) -> Book:
        made = book(state, party, *args, **kwargs)
        for row in made.rows:
            row.values[name] = value(state)
        return made

    return leaking


def _any_vendor(state: State) -> str:
    return next(unit["vendor"] for unit in state.units.values() if unit["vendor"])


def _any_password(state: State) -> str:
    return next((unit["password"] for unit in state.units.values() if unit["password"]), "")


def _any_company(state: State) -> str:
    return sorted(filter(None, (ticket["company"] for ticket in state.tickets.values())))[-1]


def _everybody(state: State) -> dict[str, list[Any]]:
    every = [ticket for ticket in state.tickets.values() if ticket["company"] and ticket["status"] != "CANCELLED"]
    return {clients.client_group_key(ticket["company"]): every for ticket in every}


_no_names = Redactor([], "")


@pytest.mark.parametrize(
    ("target", "name", "value", "complaint"),
    [
        (State, "without_companies", _no_names, "holds companies"),
        (State, "without_other_suppliers", lambda _self, _key: _no_names, "holds vendors"),
        (suppliers, "COMPANY_REDACTED", "", ""),
        (suppliers, "_NOT_SOLD_ON", (), ""),
        (suppliers, "is_live", lambda _ticket: True, ""),
        (suppliers, "book", _with(suppliers.book, "block", _any_company), "holds companies"),
        (clients, "book", _with(clients.book, "inv_no", _any_vendor), "holds vendors"),
        (staff, "book", _with(staff.book, "vendor_password", _any_password), "holds passwords"),
        (clients, "by_group", _everybody, "holds companies"),
        (suppliers, "units_of", lambda state: {key: list(state.units.values()) for key in sorted(state.groups.keys)}, "holds"),
    ],
)  # fmt: skip
def test_a_product_that_leaks_is_found_out(
    target: Any, name: str, value: Any, complaint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The checks above fail where the product is broken on purpose."""
    monkeypatch.setattr(target, name, value)
    said = _leaks(range(12), tmp_path)
    assert said
    assert complaint in said


# --- the real command line


def _in_a_file(world: World, path: Path) -> None:
    """A world typed into an empty workbook by openpyxl, with sheets that no book is made of, full of secrets too."""
    world.sheets |= {
        VENDOR_CREDENTIALS: [{"vendor": v.name, "login_id": v.login, "email": v.email, "password": world.secret(world.passwords), "active": True,
                              "notes": world.secret(world.internal)} for v in world.vendors],
        ALLOC_LOG: [{"timestamp": NOW, "user": world.secret(world.internal), "action": "ALLOCATE", "reason": world.secret(world.internal)}],
        POLICIES: [{"scope": "client", "key": world.clients[0].name, "mode": "SUGGEST", "user": world.secret(world.internal), "vendor_whitelist": world.vendors[0].name}],
        HOLDS: [{"unit_id": "P09999", "client": world.clients[0].name, "reason": world.secret(world.internal)}],
    }  # fmt: skip
    for word in world.words:
        ticket = next(ticket for ticket in world.tickets if ticket.key == word.sales_id)
        ticket.values[word.field] = word.value
    world.words.clear()
    book = openpyxl.load_workbook(path)
    for name, rows in world.sheets.items():
        sheet = MANIFEST[name]
        if name == SUPPLIER_GROUPS:
            continue
        if name not in book.sheetnames:
            book.create_sheet(name).append([column.header for column in sheet.columns])
        page = book[name]
        headers = [cell.value for cell in page[sheet.header_row]]
        for number, row in enumerate(rows, start=sheet.header_row + 1):
            for column in sheet.columns:
                if row.get(column.name) is None:
                    continue
                places = [i for i, header in enumerate(headers, start=1) if header in (column.header, *column.aliases)]
                if not places:
                    headers.append(column.header)
                    places = [len(headers)]
                    page.cell(sheet.header_row, len(headers), column.header)
                page.cell(number, places[column.occurrence - 1], row[column.name])
    book.save(path)


@pytest.mark.parametrize(("seed", "sealed"), [(0, False), (7, True)])
def test_the_books_of_the_command_line(seed: int, sealed: bool, empty: Path, tmp_path: Path) -> None:
    """All books of a random workbook, made by the real commands in processes of their own."""
    world = _unambiguous(seed)
    _in_a_file(world, empty)
    env = {
        "TICKETOPS_WORKBOOK": str(empty),
        "TICKETOPS_ROLE": "ops_manager",
        "TICKETOPS_USER": "anna",
        "TICKETOPS_KEY_FILE": str(tmp_path / "keys" / "k"),
    }

    def at(*words: str) -> Result:
        done = run_cli(*words, env=env, cwd=tmp_path)
        assert done.code in (0, 1), (words, done.err)
        return done

    for row in world.sheets[SUPPLIER_GROUPS]:
        at("supplier", "map", row["supplier_key"], *(("--vendor", row["vendor"]) if row["vendor"] else ("--email", row["email_pattern"])))
    if sealed:
        at("credentials", "seal", "-y")
    for kind in ("client", "supplier", "staff"):
        at(kind, "build", "--all", "-o", str(tmp_path / "out"))
    at("staff", "build", "--all", "-o", str(tmp_path / "secret"), "--with-passwords")
    at("dispatch", "sync")
    at("client", "build", "--all", "-o", str(tmp_path / "later"))
    groups = {f"CLIENT - {t.client.group}.xlsx": t.client.group for t in world.tickets if t.client and t.live}
    keys = {f"SUPPLIER - {key}.xlsx": key for v in world.vendors if len(v.keys) == 1 for key in v.keys}
    people = {f"STAFF - Dispatch - {person}.xlsx": person for t in world.tickets if t.live for person in t.people}
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {name for name in files if name.startswith("CLIENT")} == set(groups)
    assert {name for name in files if name.startswith("STAFF")} == set(people)
    assert {name for name in files if name.startswith("SUPPLIER")} == {name for name in keys if name in files} != set()
    assert {path.name for path in (tmp_path / "secret").iterdir()} == set(people)
    for folder in ("out", "secret", "later"):
        for path in (tmp_path / folder).iterdir():
            inside = Inside(path)
            if path.name in groups:
                check_client(world, Made(states.CLIENT, groups[path.name], path, passwords=False, inside=inside))
            elif path.name in keys:
                check_supplier(world, Made(states.SUPPLIER, keys[path.name], path, passwords=False, inside=inside))
            else:
                check_staff(world, Made(states.STAFF_BOOK, people[path.name], path, passwords=folder == "secret", inside=inside))
            assert not inside.holds("sealed:gAAAA")
    queue = [row for row in table(empty, SUPPLIER_QUEUE, header=1) if row["SupplierKey"]]
    assert {row["Company"] for row in queue} == {"MIRRA"}
    assert {row["Notes"] for row in queue} == {None}


def _unambiguous(seed: int) -> World:
    """The first world from a seed on in which nobody claims another's vendors."""
    while True:
        world = make(seed)
        if all(len(vendor.keys) < 2 for vendor in world.vendors) and any(ticket.people for ticket in world.tickets):
            return world
        seed += 1

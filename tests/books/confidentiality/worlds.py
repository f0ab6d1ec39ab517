"""Random workbooks in which every name, price, password, address, login, note and guest is a word of
its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ticketops.domain.dispatch.cascade import plan_of, reconcile
from ticketops.domain.dispatch.field_edits import FieldEdit
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.plan import Run
from ticketops.model import book_kinds
from ticketops.model.names import same_name
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENT_INPUTS,
    DISTRIBUTION,
    EVENT,
    MATTHIAS_EMAILS,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    UNITS,
)
from ticketops.stores.memory import MemoryStore

NOW = datetime(2026, 4, 17, 14, 30)
RUN = Run("R20260417-143000", "tester", NOW, lambda: "00000000-0000-0000-0000-000000000001")


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
ENDINGS = (
    " VIP",
    " Ltd",
    " Ltd.",
    ", Inc.",
    " Premium",
    " (VIP)",
    " GmbH",
    " VIP Ltd",
    " & Co.",
    " S.p.A.",
)
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
    """A random workbook, and what of it nobody, or only some, may read. office: whether the office,
    too, writes into the columns that clients read, naming vendors and other clients."""

    rng: random.Random
    office: bool = False
    clients: list[Client] = field(default_factory=list)
    vendors: list[Vendor] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    vendor_of: dict[str, Vendor] = field(default_factory=dict)
    tickets: list[Ticket] = field(default_factory=list)
    words: list[FieldEdit] = field(default_factory=list)
    sheets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    prices: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    """Internal notes, policies, allocation notes, purchase numbers, contracts of sales:
    nobody's."""
    _made: set[str] = field(default_factory=set)

    def word(self, script: str = "latin") -> str:
        """A word that nothing else holds."""
        while True:
            first, second = LETTERS[script]
            length = (
                2 if script in ("chinese", "katakana", "hangul") else 4 if script == "latin" else 3
            )
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
        join = (
            ""
            if script in ("chinese", "katakana") and self.rng.random() < 0.7
            else self.rng.choice((" ", " ", " ", "-", " & "))
        )
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
        return self.written(client.name) + self.rng.choice(
            ("", "", " VIP", " Ltd.", ", Inc.", " (Premium)")
        )

    def remark(self, markers: list[str], names: Sequence[str]) -> str:
        """Free text: a word of its own, and names of others."""
        text = self.word()
        markers.append(text)
        for name in names:
            text = self.rng.choice(
                (
                    "{t} ask {n}, please",
                    "{n}: {t}",
                    "{t} ({n})",
                    "not {n}! {t}",
                    "{t}\n{n}",
                    "«{n}» {t} <&>",
                )
            ).format(t=text, n=name)
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
    """Clients in several spellings, which somebody said are one each (D23, D27)."""
    for _ in range(world.rng.randint(2, 5)):
        name, parts = world.a_name()
        forms = [name + ending for ending in ("", *world.rng.sample(ENDINGS, 3))]
        forms += [form.upper() for form in forms[:2]] + [name.replace(" ", "  ")]
        group = " ".join(name.casefold().split())
        world.clients.append(
            Client(name, parts, world.rng.sample(forms, world.rng.randint(1, 4)), group)
        )
        world.sheets.setdefault(ALIASES, []).extend(
            {"kind": "CLIENT", "alias": form, "name": name}
            for form in forms
            if not same_name(form, name)
        )


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
            world.sheets.setdefault(MATTHIAS_EMAILS, []).append(
                {"email": rng.choice((name, name.upper()))}
            )
        login = f"{world.word()}-{number}"
        secrets = [world.secret(world.passwords) for _ in range(2)]
        keys: set[str] = set()
        if rng.random() < 0.65 or number == 0:
            keys = set(
                rng.sample(supplier_keys, 1 if rng.random() < 0.85 else min(2, len(supplier_keys)))
            )
            by_name = rng.random() < 0.6
            groups += [
                {
                    "supplier_key": rng.choice((key, key.lower())),
                    "vendor": rng.choice((name, name.upper())) if by_name else None,
                    "email_pattern": None if by_name else f"{user}*@*",
                }
                for key in sorted(keys)
            ]
        world.vendors.append(
            Vendor(
                name,
                email,
                login,
                secrets,
                frozenset(keys),
                [*parts, user, host, login.partition("-")[0]],
            )
        )
    world.sheets[SUPPLIER_GROUPS] = groups


def _units(world: World) -> None:
    rng = world.rng
    for number, vendor in enumerate(world.vendors, start=1):
        world.sheets.setdefault(PURCHASES, []).append(
            {
                "date": NOW,
                "match": "M01",
                "game": "Brazil vs Italy",
                "vendor": vendor.name,
                "contract": "000777",
                "category": "Cat 1",
                "number": 9,
                "price": world.price(),
                "total": world.price(),
                "email_password": world.secret(world.passwords),
                "currency": "USD",
                "notes": world.secret(world.internal),
                "purchase_id": f"P_00000000-0000-0000-0000-{number:012}",
            }
        )
        for place in range(1, rng.randint(3, 7)):
            unit = {
                "unit_id": f"P{len(world.units) + 1:05}",
                "match": f"M{rng.randint(1, 4):02}",
                "game": "Brazil vs Italy",
                "vendor": vendor.name,
                "contract": "000777",
                "category": "Cat 1",
                "status": rng.choice(("ALLOCATED",) * 6 + ("CANCELLED", "REPLACED")),
                "alloc_note": world.secret(world.internal),
                "set_id": f"PR{number:04}-S01",
                "set_pos": place,
                "block": f"B{place}",
                "seat_row": str(rng.randint(1, 40)),
                "seat": str(place),
                "email": vendor.email,
                "login_id": vendor.login,
                "password": rng.choice((vendor.secrets[0], vendor.secrets[0], None)),
                "password_legacy": vendor.secrets[1],
                "inv_no": rng.choice((None, f"LISTED{rng.randint(10_000, 99_999)}")),
            }
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
        client = (
            rng.choice(world.clients) if number > len(world.clients) else world.clients[number - 1]
        )
        quantity = rng.randint(1, 4)
        contract = world.secret(world.internal)
        world.sheets.setdefault(SALES, []).append(
            {
                "date": NOW,
                "match": "M01",
                "game": "Brazil vs Italy",
                "client": rng.choice(client.spellings),
                "contract": contract,
                "category": "Cat 1",
                "number": quantity,
                "price": world.price(),
                "total": world.price(),
                "status": "ALLOCATED",
                "sales_id": f"S{number}",
                "notes": world.secret(world.internal),
                "source_sale_id": f"S_00000000-0000-0000-0000-{number:012}",
                "client_po": world.secret(world.internal),
                "instructions": world.secret(world.internal),
                "currency": "USD",
            }
        )
        for child in range(1, quantity + 1):
            cancelled = rng.random() < 0.12
            unit = None
            if cancelled and used + free:
                unit = rng.choice(used + free)  # another ticket has it, or is about to
            elif free and rng.random() < 0.85:
                unit = free.pop()
                used.append(unit)
            _ticket(
                world,
                number,
                child,
                None if rng.random() < 0.04 else client,
                unit,
                named,
                contract,
                live=not cancelled,
            )
    world.sheets[SALES].append(
        {
            "date": NOW,
            "match": "M01",
            "client": only_sold.name,
            "sales_id": "S99",
            "status": "UNALLOCATED",
        }
    )
    world.clients.append(only_sold)
    rows = [ticket.values for ticket in world.tickets]
    purchase = {
        "row_type": "Purchases",
        "sales_id": "S77-1",
        "company": world.clients[0].name,
        "vendor": world.vendors[0].name,
        "first_name": world.secret(world.internal),
        "client_email": "nobody@mail.example",
        "unit_ids": "P00001",
    }
    world.sheets[DISTRIBUTION] = [*rows, purchase]
    world.sheets[SCHEDULE] = [
        {"match": f"M{day:02}", "date": datetime(2026, 6, 10 + day)} for day in (1, 2, 3)
    ] + [{"match": "M04"}]


def _ticket(
    world: World,
    number: int,
    child: int,
    client: Client | None,
    unit: dict[str, Any] | None,
    named: Sequence[Client],
    contract: str,
    *,
    live: bool,
) -> None:
    rng = world.rng
    vendor = world.vendor_of[unit["unit_id"]] if unit else None
    guest = [
        world.word(rng.choice(SCRIPTS)),
        world.word(rng.choice(SCRIPTS)),
        f"{world.word()}@mail.example".lower(),
    ]
    remarks: list[str] = []
    notes: list[str] = []

    def of_others() -> list[str]:
        """Companies, and vendors who do not serve this ticket."""
        found = [
            world.called(other) for other in named if other is not client and rng.random() < 0.4
        ]
        strangers = [
            other
            for other in world.vendors
            if other is not vendor and not (vendor and vendor.keys & other.keys)
        ]
        found += [
            world.written(rng.choice((other.name, other.email, other.login)))
            for other in strangers
            if rng.random() < 0.4
        ]
        return found

    own = [world.called(client)] if client and rng.random() < 0.5 else []
    delivery = (
        rng.choice((None, "NOT_SENT", "PENDING", "SENT", "UPLOADED", "ISSUE", "ACCEPTED"))
        if unit
        else None
    )
    values: dict[str, Any] = {
        "sales_id": f"S{number}-{child}",
        "row_type": "Sales",
        "date": NOW,
        "match": f"M{rng.randint(1, 4):02}",
        "game": "Brazil vs Italy",
        "company": rng.choice(client.spellings) if client else None,
        "inv_no": rng.choice(
            (contract, contract.upper(), None, f"INV{rng.randint(10_000, 99_999)}")
        ),
        "category": "Cat 1",
        "qty": 1,
        "status": "ALLOCATED" if live else "CANCELLED",
        "run_id": "R20260416-090000",
        "notes": world.secret(world.internal),
        "delivery": delivery,
        "dispatch_status": delivery,
        "src_row": number + 1,
        "child": child,
        "line_key": f"S_00000000-0000-0000-0000-{number:012}#{child}",
        "source_sale_id": f"S_00000000-0000-0000-0000-{number:012}",
    }
    if unit:
        values |= {
            name: unit[name]
            for name in ("vendor", "email", "contract", "block", "seat_row", "seat")
        }
        values |= {
            "password": world.secret(world.passwords),
            "unit_ids": unit["unit_id"],
            "unit_count": 1,
        }
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
    ticket = Ticket(
        values, len(world.tickets) + 3, client, unit, vendor, live, guest, remarks, notes
    )
    values |= dict.fromkeys(GUEST) | typed
    if client and live and typed and rng.random() < 0.3:  # it came back in a file just now
        values |= dict.fromkeys(typed)
        world.words += [
            FieldEdit(book_kinds.CLIENT, client.group, ticket.key, name, "", text, "back.xlsx!AC4")
            for name, text in typed.items()
        ]
    elif client and typed and rng.random() < 0.6:  # and some time ago
        world.sheets.setdefault(CLIENT_INPUTS, []).append(
            {
                "sales_id": ticket.key,
                "client_group": client.group,
                "typed": ",".join(typed),
                **typed,
            }
        )
    if world.office and live and client and rng.random() < 0.7:
        name = rng.choice(("comment", "client_notes"))
        world.words[:] = [
            word for word in world.words if (word.sales_id, word.field) != (ticket.key, name)
        ]
        values[name] = world.remark([], of_others())
    world.tickets.append(ticket)


def _queues(world: World) -> None:
    """Tasks that somebody has, and rows of suppliers as they were some time ago, when anything
    stood in them."""
    rng = world.rng
    tasks = []
    for number, ticket in enumerate(world.tickets, start=1):
        if ticket.unit and rng.random() < 0.5:
            ticket.people = rng.choice(((PEOPLE[0],), (PEOPLE[1],), PEOPLE, ()))
            ticket.task = f"T{number:05}"
            tasks.append(
                {
                    "task_id": ticket.task,
                    "sales_id": ticket.key,
                    "dist_row": ticket.row,
                    "unit_ids": ticket.values["unit_ids"],
                    "inv_no": ticket.values["inv_no"],
                    "assigned_to": ", ".join(ticket.people).upper() or None,
                    "vendor_password": world.secret(world.passwords),
                }
            )
    tasks.append(
        {
            "task_id": "T09999",
            "sales_id": "S98-1",
            "assigned_to": PEOPLE[0],
            "first_name": world.secret(world.internal),
            "vendor_password": world.secret(world.passwords),
        }
    )
    world.sheets[STAFF_QUEUE] = tasks
    rows = []
    for unit in world.units:
        keys = world.vendor_of[unit["unit_id"]].keys
        if keys and rng.random() < 0.4:
            rows.append(
                {
                    "supplier_key": sorted(keys)[0],
                    "unit_ids": unit["unit_id"],
                    "vendor": unit["vendor"],
                    "email": unit["email"],
                    "password": world.secret(world.passwords),
                    "company": rng.choice(world.clients).name,
                    "notes": world.secret(world.internal),
                    "first_name": world.secret(world.internal),
                    "client_email": f"{world.secret(world.internal)[:-3]}@mail.example",
                    "comment": world.secret(world.internal),
                    "line_key": "S_00000000-0000-0000-0000-000000000999#1",
                    "dispatch_notes": world.secret(world.internal),
                    "delivery": "SENT",
                    "inv_no": world.secret(world.internal),
                }
            )
    world.sheets[SUPPLIER_QUEUE] = rows


def stored(world: World) -> MemoryStore:
    sheets: dict[str, list[list[Any]]] = {}
    for name in SHEETS:
        sheet = EVENT[name]
        above: list[list[Any]] = [[] for _ in range(sheet.header_row - 1)]
        rows = [
            [row.get(column.name) for column in sheet.columns] for row in world.sheets.get(name, ())
        ]
        sheets[name] = [*above, [column.header for column in sheet.columns], *rows]
    return MemoryStore.of_rows(sheets, layout=EVENT)


def reconciled(world: World) -> State:
    state = State.of(stored(world).read(*SHEETS))
    reconcile(state, RUN, world.words)
    return state


def again(state: State) -> State:
    """The workbook that a settled state was written to, read and settled once more."""
    after = State.of(state.snapshot.after(plan_of(state, reconcile(state, RUN)).changes))
    reconcile(after, RUN)
    return after

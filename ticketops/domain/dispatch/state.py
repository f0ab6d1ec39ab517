"""Everything that dispatch works on, read once, changed in memory, and written as one plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl

from ticketops.domain.audit.unknown import Unknown, unknown_cells, unknown_tickets
from ticketops.domain.catalogue.fixtures import Fixture, fixtures
from ticketops.domain.catalogue.follow import SEAT, SeatMove
from ticketops.domain.catalogue.matches import texts
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.catalogue.times import Start, days, starts
from ticketops.domain.dispatch.alike import Rows, same, same_names
from ticketops.domain.dispatch.groups import Clients, SupplierGroups, plain_key, titles
from ticketops.domain.dispatch.redaction import Redactor
from ticketops.domain.dispatch.said import Said
from ticketops.domain.masterdata.aliases import (
    CLIENT,
    VENDOR,
    aliases_of,
    known_as,
    masters,
    other_names,
)
from ticketops.domain.masterdata.companies import proper_name
from ticketops.domain.plan import Plan
from ticketops.domain.purchasing.listing import Contracts, carried
from ticketops.domain.ticket.identity import sale_of
from ticketops.domain.ticket.masking import Masked, masked_addresses
from ticketops.domain.ticket.records import (
    TICKET_COLUMNS,
    Record,
    StockUnit,
    is_live,
    records,
    tickets_among,
    units,
)
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.model import categories, ids, states
from ticketops.model.categories import match_of
from ticketops.model.words import Words
from ticketops.schema.layouts.event import (
    ALIASES,
    CATEGORIES,
    CLIENT_INPUTS,
    CLIENTS,
    DISTRIBUTION,
    MATTHIAS_EMAILS,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUBGAMES,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_EVENTS,
    VENDORS,
)
from ticketops.schema.tables import Snapshot

LEDGERS = (DISTRIBUTION, UNITS, SALES, PURCHASES)
QUEUES = (
    SCHEDULE,
    MATTHIAS_EMAILS,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    SUPPLIER_GROUPS,
    CLIENT_INPUTS,
    ALIASES,
    CLIENTS,
    VENDORS,
    VENDOR_EVENTS,
)
"""Those that may be absent."""
SHEETS = (*LEDGERS, *QUEUES)
"""What `State.of` reads."""
_OF_NAMES = (
    *("suppliers", "contracts", "clients", "client_titles", "_named", "companies", "vendors"),
    *("games", "_sub_games", "_days", "_starts", "_places", "fixtures", "public"),
    *("without_companies", "without_company_phrases", "without_vendors"),
    *("_others", "_other_clients", "_own_names"),
)
"""What a state works out when it is asked, of what `same_names` compares."""


@dataclass
class State:
    """tickets: {SalesID: row of Distribution}. tasks, supplier_rows: the queues, new rows at their
    end. client_inputs: {SalesID: row}."""

    tickets: dict[str, Record]
    units: dict[str, StockUnit]
    tasks: list[Record]
    supplier_rows: list[Record]
    client_inputs: dict[str, Record]
    groups: SupplierGroups
    masked: Masked
    snapshot: Snapshot
    sale_status: dict[str, str] = field(default_factory=dict)
    """{sale: the status that its tickets make it, ALLOCATED or FULFILLED}."""
    unpaid: frozenset[str] = frozenset()
    """Sales of which nothing may be sent, since they are not paid and the setting says so."""
    gone: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    """{sheet: (row, key) to empty}."""
    rows: Rows = field(default_factory=Rows)

    @classmethod
    def of(cls, snapshot: Snapshot, like: State | None = None) -> State:
        """Of a snapshot. like: of another snapshot of the same workbook, changed by nobody: what is the
        same in both is not sorted out again."""
        rows, before = Rows(), like.rows if like is not None else None
        made = cls(
            tickets_among(
                rows.of(snapshot, DISTRIBUTION, TICKET_COLUMNS, before),
                like.tickets if like is not None else {},
            ),
            like.units
            if like is not None and same(UNITS, snapshot, like.snapshot)
            else units(snapshot),
            list(records(rows.of(snapshot, STAFF_QUEUE, before=before), "task_id")),
            list(records(rows.of(snapshot, SUPPLIER_QUEUE, before=before), "supplier_key")),
            {
                record.key: record
                for record in records(rows.of(snapshot, CLIENT_INPUTS, before=before), "sales_id")
            },
            SupplierGroups.of(snapshot[SUPPLIER_GROUPS]),
            masked_addresses(snapshot),
            snapshot,
            rows=rows,
        )
        if like is not None and same_names(snapshot, like.snapshot):
            known = like.__dict__
            made.__dict__.update({name: known[name] for name in _OF_NAMES if name in known})
        return made

    @property
    def words(self) -> Words:
        """What stands in place of the names that a reader may not know."""
        return self.snapshot.layout.words

    @cached_property
    def unknown(self) -> dict[str, Unknown]:
        """{SalesID: the cell of its row that nobody understands}: nothing is said, sent or written
        about these tickets (D16)."""
        rows = unknown_tickets(self.snapshot, self.unknown_cells)
        return {
            key: rows[ticket.before["row"]]
            for key, ticket in self.tickets.items()
            if ticket.before["row"] in rows
        }

    @cached_property
    def waiting(self) -> frozenset[str]:
        """SalesIDs of tickets whose sale waits for approval (§14a) and that were not sent before:
        nobody sends them, and to clients and suppliers they have no unit."""
        frame = self.snapshot[SALES].frame.filter(pl.col("status") == states.PENDING_APPROVAL)
        sales = set(frame["sales_id"].drop_nulls())
        return frozenset(
            key
            for key, ticket in self.tickets.items()
            if sale_of(key) in sales and ticket.before["delivery"] not in states.DISPATCHED
        )

    @cached_property
    def unknown_cells(self) -> list[Unknown]:
        """The cells of tickets, sales and units that nobody understands."""
        return unknown_cells(self.snapshot, (DISTRIBUTION, SALES, UNITS))

    @cached_property
    def suppliers(self) -> dict[str, frozenset[str]]:
        """{UnitID: the SupplierKeys that claim its vendor}, of the units that any claims."""
        known: dict[tuple[str | None, str | None], frozenset[str]] = {}
        found = {}
        for unit_id, unit in self.units.items():
            who = unit.vendor, unit.email
            if who not in known:
                known[who] = self.groups.keys_of(*who, self.masked)
            if known[who]:
                found[unit_id] = known[who]
        return found

    def unit(self, ticket: Record) -> StockUnit:
        """The unit that serves a ticket; a blank one where it has none, or none that stands in
        stock."""
        unit_id = unit_of(ticket)
        return self.units.get(unit_id) or StockUnit(unit_id)

    @cached_property
    def contracts(self) -> Contracts:
        """The contracts of the sales: no number of a vendor's."""
        return Contracts.of(self.snapshot)

    def inv_no(self, ticket: Record) -> str | None:
        """A ticket's INV-NO as everybody reads it (D20): the unit's number where the cell is blank
        or holds the contract of its sale."""
        return carried(
            ticket["inv_no"], self.unit(ticket).inv_no, is_contract=self.is_contract(ticket)
        )

    def is_contract(self, ticket: Record) -> bool:
        """Whether INV-NO of a ticket holds the contract of its sale, as older versions wrote it."""
        return self.contracts.has(ticket["inv_no"], ticket.key, ticket["source_sale_id"])

    def supplier_of(self, unit_id: str) -> str:
        """The SupplierKey of a unit; empty where nobody, or more than one, claims it."""
        keys = self.suppliers.get(unit_id, frozenset())
        return next(iter(keys)) if len(keys) == 1 else ""

    @cached_property
    def clients(self) -> Clients:
        """Which companies are one client."""
        records = (name for name, _code, _status in masters(self.snapshot, CLIENT))
        return Clients(self._named, other_names(self.snapshot, CLIENT), records)

    @cached_property
    def said(self) -> Said:
        """Whose words the free texts are."""
        return Said(self.client_inputs, self.clients)

    @cached_property
    def client_titles(self) -> dict[str, str]:
        """{client group: its client as it is spelled}."""
        live = filter(is_live, self.tickets.values())
        return titles((ticket["company"] for ticket in live), self.clients)

    @cached_property
    def _named(self) -> frozenset[str]:
        """Every company name that Distribution and Sales hold."""
        names = {ticket["company"] for ticket in self.tickets.values()}
        return frozenset((names | set(self.snapshot[SALES].frame["client"])) - {None})

    @cached_property
    def companies(self) -> list[str]:
        """Every company name that the workbook knows, and each without its ending."""
        names = (
            self._named | set(aliases_of(self.snapshot, CLIENT)) | known_as(self.snapshot, CLIENT)
        )
        return sorted(names | {proper_name(name) for name in names})

    @cached_property
    def vendors(self) -> dict[str, set[str]]:
        """{name, address, login or key of a vendor: the SupplierKeys that claim it}."""
        found: dict[str, set[str]] = defaultdict(set)
        for unit_id, unit in self.units.items():
            for text in filter(None, {unit.vendor, unit.email, unit.login_id}):
                found[text] |= self.suppliers.get(unit_id, frozenset())
        for key, vendor in (
            self.snapshot[SUPPLIER_GROUPS].frame.select("supplier_key", "vendor").iter_rows()
        ):
            for text in {key, vendor} - {None}:
                found[text].add(plain_key(key or ""))
        for ticket in self.tickets.values():
            for text in {ticket["vendor"], ticket["email"]} - {None}:
                found[text] |= self.suppliers.get(unit_of(ticket), frozenset())
        for vendor in self.snapshot[PURCHASES].frame["vendor"].drop_nulls().unique():
            found[vendor] |= self.groups.keys_of(vendor, None, self.masked)
        for alias in aliases_of(self.snapshot, VENDOR):
            found[alias] |= self.groups.keys_of(alias, None, self.masked)
        for name, code, _status in masters(self.snapshot, VENDOR):
            for text in filter(None, (name, code)):
                found[text] |= self.groups.keys_of(name, None, self.masked)
        folded = {text.casefold() for text in found}
        for address in self.masked - folded:
            found[address] |= set()
        if self.masked:
            found[self.masked.name] |= self.groups.keys_of(self.masked.name, None, self.masked)
        return dict(found)

    @cached_property
    def games(self) -> dict[str, str]:
        """{match code: its game} as the schedule has it now."""
        return texts(self.snapshot)

    def game(self, match: str | None, text: str | None) -> str | None:
        """What a match is called in a queue or a book: by the schedule (D21), else by the row."""
        return self.games.get(match or "", text)

    @cached_property
    def _sub_games(self) -> SubGames:
        return SubGames.of(self.snapshot)

    @cached_property
    def _days(self) -> dict[str, datetime]:
        return days(self.snapshot)

    @cached_property
    def _starts(self) -> dict[str, Start]:
        return starts(self.snapshot)

    def day(self, ticket: Record) -> datetime | None:
        """The day of what a ticket is for: of its sub-game, where that has one of its own."""
        return self._days.get(self.occasion(ticket)) or self._days.get(ticket["match"] or "")

    def place(self, ticket: Record) -> tuple[Any, ...]:
        """Where a ticket stands among others: by the day of what it is for, the match, and the time
        of its sub-game."""
        what = ticket["match"], ticket["sub_game"]
        if what not in self._places:
            occasion = self.occasion(ticket)
            start = self._starts.get(occasion) if "/" in occasion else None
            day = self.day(ticket) or datetime.max
            when = start.moment if start else day
            match = ids.natural_order(match_of(occasion))
            self._places[what] = day, match, when, ids.natural_order(occasion)
        return self._places[what]

    @cached_property
    def _places(self) -> dict[tuple[str | None, str | None], tuple[Any, ...]]:
        return {}

    def occasion(self, one: Record | StockUnit) -> str:
        """What a ticket or unit is for: its match, or the sub-game of it (D31)."""
        match, sub_game = (
            (one.match, one.sub_game)
            if isinstance(one, StockUnit)
            else (one["match"], one["sub_game"])
        )
        return self._sub_games.occasion(ids.normalise_match(match) if match else "", sub_game)

    @cached_property
    def fixtures(self) -> dict[str, Fixture]:
        """{match code: when and where it is}: what everybody may read who goes there."""
        return fixtures(self.snapshot)

    @cached_property
    def public(self) -> frozenset[str | None]:
        """Texts that are no secret, whoever is called like a part of them: games of the schedule,
        categories of the schemes and of `_CATEGORIES`, sub-games and what they are called."""
        found = {None, *categories.FIFA_CATEGORIES, *categories.OLYMPIC_CATEGORIES}
        for sheet, columns in (
            (SCHEDULE, ("game",)),
            (CATEGORIES, ("category", "sub_game")),
            (SUBGAMES, ("sub_game", "name")),
        ):
            if sheet in self.snapshot:
                for column in columns:
                    found |= set(self.snapshot[sheet].frame[column].drop_nulls())
        return frozenset(found)

    def client_reading(self, group: str, text: str | None) -> str | None:
        """A text as a client reads it: no vendor, no other client."""
        if text in self.public:
            return text
        return self.without_other_clients(group).text(self.without_vendors.text(text))

    def client_seat(self, group: str, text: str | None) -> str | None:
        """A seat, a number, a category or a game as a client reads it."""
        if text in self.public:
            return text
        return self.without_other_clients(group).seat(self.without_vendors.seat(text))

    @cached_property
    def without_companies(self) -> Redactor:
        return Redactor(self.companies, self.words.company)

    @cached_property
    def without_company_phrases(self) -> Redactor:
        """For names of guests: only companies of two words or more, since a guest may well be
        called like one of one word."""
        return Redactor(
            [name for name in self.companies if len(name.split()) > 1], self.words.company
        )

    @cached_property
    def without_vendors(self) -> Redactor:
        return Redactor(self.vendors, self.words.vendor)

    def without_other_suppliers(self, key: str) -> Redactor:
        """For the texts that a supplier reads: no other vendor's name or address."""
        if key not in self._others:
            self._others[key] = Redactor(
                [name for name, keys in self.vendors.items() if key not in keys], self.words.vendor
            )
        return self._others[key]

    def without_other_clients(self, group: str) -> Redactor:
        """For the texts that a client reads: no other client's name."""
        if group not in self._other_clients:
            own = {n for n in self.companies if self.clients.key(n) == group}
            own |= {proper_name(name) for name in own}
            self._other_clients[group] = Redactor(
                [name for name in self.companies if name not in own], self.words.client
            )
        return self._other_clients[group]

    def without_company_name(self, company: str | None) -> Redactor:
        """For names of guests: the company of the ticket itself, also where it is one word."""
        names = frozenset({company, proper_name(company)}) if company else frozenset()
        if names not in self._own_names:
            self._own_names[names] = Redactor(names, self.words.company)
        return self._own_names[names]

    @cached_property
    def _others(self) -> dict[str, Redactor]:
        return {}

    @cached_property
    def _other_clients(self) -> dict[str, Redactor]:
        return {}

    @cached_property
    def _own_names(self) -> dict[frozenset[str], Redactor]:
        return {}

    @cached_property
    def tasks_of(self) -> dict[str, list[Record]]:
        """{SalesID: its tasks}, in sheet order."""
        found: dict[str, list[Record]] = defaultdict(list)
        for task in self.tasks:
            found[task["sales_id"] or ""].append(task)
        return found

    @cached_property
    def task_by_id(self) -> dict[str, Record]:
        """{TaskID: task}, of those that the sheet has; the first where there are several."""
        return {task.key: task for task in reversed(self.tasks)}

    @cached_property
    def ticket_by_line(self) -> dict[str, Record]:
        """{SalesLineKey: ticket}."""
        return {
            ticket["line_key"]: ticket
            for ticket in reversed(self.tickets.values())
            if ticket["line_key"]
        }

    @cached_property
    def sets_of(self) -> dict[str, tuple[int, int]]:
        """{sale: (tickets bought, tickets that have a unit)} (P and Q of §7)."""
        found: dict[str, tuple[int, int]] = {}
        for ticket in filter(is_live, self.tickets.values()):
            sale = sale_of(ticket.key)
            bought, have = found.get(sale, (0, 0))
            has = bool(unit_of(ticket)) and ticket.key not in self.waiting
            found[sale] = bought + 1, have + has
        return found

    def seat(self, moves: Iterable[SeatMove]) -> None:
        """Tickets get the seats of their units (D21)."""
        for move in moves:
            ticket = self.tickets.get(move.sales_id)
            if ticket is not None and ticket.before["row"] == move.row:
                for name, text in zip(SEAT, move.after, strict=True):
                    ticket.set(name, text)

    def add(self, sheet: str, key: str, values: dict[str, Any]) -> Record:
        """A new row of a queue or of the client inputs."""
        blank = dict.fromkeys(column.name for column in self.snapshot[sheet].sheet.columns)
        record = Record(key, blank | {"row": None})
        record.after = {name: value for name, value in values.items() if value is not None}
        if sheet == CLIENT_INPUTS:
            self.client_inputs[key] = record
        else:
            (self.tasks if sheet == STAFF_QUEUE else self.supplier_rows).append(record)
        return record

    def new_task_id(self) -> str:
        """The next TaskID."""
        if not hasattr(self, "_next_task"):
            self._next_task = ids.next_number(ids.TASK_ID, (task.key for task in self.tasks))
        self._next_task += 1
        return ids.task_id(self._next_task - 1)

    def write(self, plan: Plan) -> None:
        """Everything that changed, as changes of the plan."""
        for sheet, of in (
            (DISTRIBUTION, self.tickets.values()),
            (STAFF_QUEUE, self.tasks),
            (SUPPLIER_QUEUE, self.supplier_rows),
            (CLIENT_INPUTS, self.client_inputs.values()),
        ):
            new = []
            for record in of:
                if record.before["row"] is None:
                    new.append(record.after)
                else:
                    record.write(plan, sheet)
            table = self.snapshot[sheet]
            columns = [column.name for column in table.sheet.columns]
            plan.changes.append(
                sheet,
                table.next_row,
                columns,
                [tuple(values.get(name) for name in columns) for values in new],
            )
            plan.changes.delete(sheet, dict(self.gone.get(sheet, ())))

"""Everything that dispatch works on, read once, changed in memory, and written as one plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from ticketops.domain.dispatch.groups import SupplierGroups, client_group_key
from ticketops.domain.dispatch.records import Record, is_live, match_dates, records, tickets, unit_of, units
from ticketops.domain.dispatch.redaction import CLIENT_REDACTED, COMPANY_REDACTED, VENDOR_REDACTED, Redactor, is_telling
from ticketops.domain.masking import MASK, masked_addresses
from ticketops.domain.plan import Plan
from ticketops.model import ids, states
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import (
    CLIENT_INPUTS,
    DISTRIBUTION,
    MATTHIAS_EMAILS,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    UNITS,
)

SHEETS = (DISTRIBUTION, UNITS, SALES, SCHEDULE, MATTHIAS_EMAILS, STAFF_QUEUE, SUPPLIER_QUEUE, SUPPLIER_GROUPS, CLIENT_INPUTS, PURCHASES)
"""What `State.of` reads."""


@dataclass
class State:
    """tickets: {SalesID: row of Distribution}. tasks, supplier_rows: the queues, new rows at their end. vault: {SalesID: row}."""

    tickets: dict[str, Record]
    units: dict[str, dict[str, Any]]
    tasks: list[Record]
    supplier_rows: list[Record]
    vault: dict[str, Record]
    dates: dict[str, datetime]
    groups: SupplierGroups
    masked: frozenset[str]
    snapshot: Snapshot
    sale_status: dict[str, str] = field(default_factory=dict)
    """{sale: the status that its tickets make it, ALLOCATED or FULFILLED}."""
    gone: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    """{sheet: (row, key) to empty}."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> State:
        return cls(
            tickets(snapshot), units(snapshot), list(records(snapshot[STAFF_QUEUE], "task_id")),
            list(records(snapshot[SUPPLIER_QUEUE], "supplier_key")),
            {record.key: record for record in records(snapshot[CLIENT_INPUTS], "sales_id")},
            match_dates(snapshot), SupplierGroups.of(snapshot[SUPPLIER_GROUPS]), masked_addresses(snapshot[MATTHIAS_EMAILS]), snapshot,
        )  # fmt: skip

    @cached_property
    def suppliers(self) -> dict[str, frozenset[str]]:
        """{UnitID: the SupplierKeys that claim its vendor}, of the units that any claims."""
        known: dict[tuple[Any, Any], frozenset[str]] = {}
        found = {}
        for unit_id, unit in self.units.items():
            who = unit["vendor"], unit["email"]
            if who not in known:
                known[who] = self.groups.keys_of(*who, self.masked)
            if known[who]:
                found[unit_id] = known[who]
        return found

    def supplier_of(self, unit_id: str) -> str:
        """The SupplierKey of a unit; empty where nobody, or more than one, claims it."""
        keys = self.suppliers.get(unit_id, frozenset())
        return next(iter(keys)) if len(keys) == 1 else ""

    @cached_property
    def companies(self) -> list[str]:
        """Every company name that the workbook knows, and each without its ending."""
        names = {ticket["company"] for ticket in self.tickets.values()}
        names |= set(self.snapshot[SALES].frame["client"].drop_nulls())
        names.discard(None)
        return sorted(names | {client_group_key(name) for name in names})

    @cached_property
    def vendors(self) -> dict[str, set[str]]:
        """{name, address, login or key of a vendor: the SupplierKeys that claim it}; very short ones left out, they would take seats along."""
        found: dict[str, set[str]] = defaultdict(set)
        for unit_id, unit in self.units.items():
            for text in {unit["vendor"], unit["email"], unit["login_id"]} - {None}:
                found[text] |= self.suppliers.get(unit_id, frozenset())
        for key, vendor in self.snapshot[SUPPLIER_GROUPS].frame.select("supplier_key", "vendor").iter_rows():
            for text in {key, vendor} - {None}:
                found[text].add((key or "").upper())
        for ticket in self.tickets.values():
            for text in {ticket["vendor"], ticket["email"]} - {None}:
                found[text] |= self.suppliers.get(unit_of(ticket), frozenset())
        for vendor in self.snapshot[PURCHASES].frame["vendor"].drop_nulls().unique():
            found[vendor] |= self.groups.keys_of(vendor, None, self.masked)
        folded = {text.casefold() for text in found}
        for address in self.masked - folded:
            found[address] |= set()
        if self.masked:
            found[MASK] |= self.groups.keys_of(MASK, None, self.masked)
        return {text: keys for text, keys in found.items() if is_telling(text)}

    @cached_property
    def public(self) -> frozenset[str | None]:
        """Texts that are no secret, whoever is called like a part of them: games of the schedule, categories of the schemes."""
        games = self.snapshot[SCHEDULE].frame["game"].drop_nulls()
        return frozenset({None, *games, *states.FIFA_CATEGORIES, *states.OLYMPIC_CATEGORIES})

    def client_reading(self, group: str, text: str | None) -> str | None:
        """A text as a client reads it: no vendor, no other client."""
        if text in self.public:
            return text
        return self.without_other_clients(group).text(self.without_vendors.text(text))

    @cached_property
    def without_companies(self) -> Redactor:
        return Redactor(self.companies, COMPANY_REDACTED)

    @cached_property
    def without_company_phrases(self) -> Redactor:
        """For names of guests: only companies of two words or more, since a guest may well be called like one of one word."""
        return Redactor([name for name in self.companies if len(name.split()) > 1], COMPANY_REDACTED)

    @cached_property
    def without_vendors(self) -> Redactor:
        return Redactor(self.vendors, VENDOR_REDACTED)

    def without_other_suppliers(self, key: str) -> Redactor:
        """For the texts that a supplier reads: no other vendor's name or address."""
        if key not in self._others:
            self._others[key] = Redactor([name for name, keys in self.vendors.items() if key not in keys], VENDOR_REDACTED)
        return self._others[key]

    def without_other_clients(self, group: str) -> Redactor:
        """For the texts that a client reads: no other client's name."""
        if group not in self._other_clients:
            self._other_clients[group] = Redactor([n for n in self.companies if client_group_key(n) != group], CLIENT_REDACTED)
        return self._other_clients[group]

    def without_company_name(self, company: str | None) -> Redactor:
        """For names of guests: the company of the ticket itself, also where it is one word."""
        names = frozenset({company, client_group_key(company)}) if company else frozenset()
        if names not in self._own_names:
            self._own_names[names] = Redactor(names, COMPANY_REDACTED)
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
    def ticket_by_line(self) -> dict[str, Record]:
        """{SalesLineKey: ticket}."""
        return {ticket["line_key"]: ticket for ticket in reversed(self.tickets.values()) if ticket["line_key"]}

    @cached_property
    def sets_of(self) -> dict[str, tuple[int, int]]:
        """{sale: (tickets bought, tickets that have a unit)} (P and Q of §7)."""
        found: dict[str, tuple[int, int]] = {}
        for ticket in filter(is_live, self.tickets.values()):
            sale = ticket.key.partition("-")[0]
            bought, have = found.get(sale, (0, 0))
            found[sale] = bought + 1, have + bool(unit_of(ticket))
        return found

    def add(self, sheet: str, key: str, values: dict[str, Any]) -> Record:
        """A new row of a queue or of the vault."""
        blank = dict.fromkeys(column.name for column in self.snapshot[sheet].sheet.columns)
        record = Record(key, blank | {"row": None})
        record.after = {name: value for name, value in values.items() if value is not None}
        if sheet == CLIENT_INPUTS:
            self.vault[key] = record
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
        for sheet, of in ((DISTRIBUTION, self.tickets.values()), (STAFF_QUEUE, self.tasks), (SUPPLIER_QUEUE, self.supplier_rows),
                          (CLIENT_INPUTS, self.vault.values())):  # fmt: skip
            new = []
            for record in of:
                if record.before["row"] is None:
                    new.append(record.after)
                else:
                    record.write(plan, sheet)
            table = self.snapshot[sheet]
            columns = [column.name for column in table.sheet.columns]
            plan.changes.append(sheet, table.next_row, columns, [tuple(values.get(name) for name in columns) for values in new])
            plan.changes.delete(sheet, dict(self.gone.get(sheet, ())))

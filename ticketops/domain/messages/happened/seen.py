"""A workbook before and after the changes of a plan, for whoever looks for what happened."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from ticketops.domain.catalogue.fixtures import kick_off
from ticketops.domain.masterdata.aliases import CLIENT, owners
from ticketops.domain.messages.variables import ClientVars, MatchVars, SaleVars, TicketVars
from ticketops.domain.plan import Run
from ticketops.domain.ticket.identity import is_ticket, sale_of, sale_of_each
from ticketops.domain.ticket.line import is_live
from ticketops.model import ids
from ticketops.model.changes import AppendRows, ChangeSet, SetCells
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import DISTRIBUTION, SALES, SCHEDULE
from ticketops.schema.tables import Snapshot

Row = dict[str, Any]


class Touched(NamedTuple):
    """A row that changes. before: empty for a new one."""

    before: Row
    after: Row

    def becomes(self, name: str, *values: Any) -> bool:
        """Whether a cell holds one of these afterwards, and did not hold the same before."""
        return self.after[name] in values and self.before.get(name) != self.after[name]


class _Sales(dict[str, Row | None]):
    """The rows of Sales by SalesID, each looked for when it is asked for: a command is about few."""

    def __init__(self, frame: pl.DataFrame) -> None:
        super().__init__()
        self._frame = frame

    def __missing__(self, sales_id: str) -> Row | None:
        found = self._frame.filter(self._frame["sales_id"] == sales_id)
        self[sales_id] = next(found.iter_rows(named=True), None)
        return self[sales_id]


class Seen:
    """What a plan does. before: the sheets that are needed, as they are; findings: what the plan says
    besides."""

    def __init__(
        self, before: Snapshot, changes: ChangeSet, findings: Collection[Finding], run: Run
    ) -> None:
        self.before, self.findings, self.run = before, findings, run
        self._changes = changes
        self.after = before.after(changes)

    def _of(self, sheet: str) -> list[Any]:
        return self._changes.for_sheet(self.before.layout.title_of(sheet))

    def added(self, sheet: str) -> list[Row]:
        """The rows that are appended to a sheet."""
        columns = self.before[sheet].sheet.by_name
        return [
            dict.fromkeys(columns) | dict(zip(change.columns, row, strict=True))
            for change in self._of(sheet)
            if isinstance(change, AppendRows)
            for row in change.rows
        ]

    def touched(self, sheet: str) -> list[Touched]:
        """The rows of a sheet that change or are new."""
        rows: set[int] = set()
        for change in self._of(sheet):
            if isinstance(change, SetCells):
                rows.add(change.row)
            elif isinstance(change, AppendRows):
                rows.update(range(change.first_row, change.first_row + len(change.rows)))
        wanted = pl.col("row").is_in(list(rows))
        before = {
            row["row"]: row for row in self.before[sheet].frame.filter(wanted).iter_rows(named=True)
        }
        return [
            Touched(before.get(row["row"], {}), row)
            for row in self.after[sheet].frame.filter(wanted).iter_rows(named=True)
        ]

    @cached_property
    def tickets(self) -> dict[str, list[Touched]]:
        """{SalesID: tickets of it that change}."""
        found: dict[str, list[Touched]] = {}
        for one in self.touched(DISTRIBUTION):
            if is_ticket(one.after):
                found.setdefault(sale_of(one.after["sales_id"]), []).append(one)
        return found

    @cached_property
    def sales(self) -> _Sales:
        """{SalesID: its row of Sales afterwards}."""
        return _Sales(self.after[SALES].frame)

    def live(self, sales: Iterable[str]) -> dict[str, tuple[list[Row], list[Row]]]:
        """{SalesID: its live tickets before, and after}."""
        wanted = list(sales)
        found: dict[str, tuple[list[Row], list[Row]]] = {sale: ([], []) for sale in wanted}
        for place, snapshot in enumerate((self.before, self.after)):
            frame = snapshot[DISTRIBUTION].frame
            own = frame.filter(sale_of_each(pl.col("sales_id")).is_in(wanted))
            for row in own.iter_rows(named=True):
                if is_live(row):
                    found[sale_of(row["sales_id"])][place].append(row)
        return found

    @cached_property
    def _schedule(self) -> dict[str, tuple[Any, ...]]:
        columns = ("match", "game", "date", "time", "city")
        found: dict[str, tuple[Any, ...]] = {}
        for code, *said in self.after[SCHEDULE].frame.select(columns).iter_rows():
            if code:
                found.setdefault(ids.normalise_match(code), tuple(said))
        return found

    @cached_property
    def owner(self) -> Any:
        """Whom a client's name stands for, by aliases."""
        return owners(self.before, CLIENT)

    def match(self, code: str | None, game: str | None = None) -> MatchVars:
        """What is known of a match."""
        if not code:
            return MatchVars()
        known = self._schedule.get(ids.normalise_match(code))
        if known is None:
            return MatchVars(code, game)
        game, day, at, city = known
        return MatchVars(ids.normalise_match(code), game, day, kick_off(at), city)

    def client(self, name: str | None) -> ClientVars:
        """A client by the name that a row has."""
        return ClientVars(self.owner(name) if name else None)

    def about(self, sale: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
        """The groups of a fact that is about a sale."""
        return {
            "sale": SaleVars(
                id=sale["sales_id"],
                match=sale["match"],
                category=sale["category"],
                quantity=sale["number"],
                client_po=sale["client_po"],
                status=sale["status"],
                unit_price=sale["price"],
                total_value=sale["total"],
                currency=sale["currency"],
                operator=sale["operator"] or sale["user"],
                reason=reason,
            ),
            "client": self.client(sale["client"]),
            "match": self.match(sale["match"], sale["game"]),
        }


def tickets_vars(tickets: Iterable[Mapping[str, Any]]) -> TicketVars:
    """Tickets by their SalesIDs."""
    named = sorted((one["sales_id"] for one in tickets), key=_in_order)
    shown = ", ".join(named[:_MOST_NAMED]) + (" …" if named[_MOST_NAMED:] else "")
    return TicketVars(shown or None, len(named))


_MOST_NAMED = 60


def _in_order(sales_id: str) -> tuple[str, int]:
    sale, _, child = sales_id.partition("-")
    return sale, int(child) if child.isdecimal() else 0


def key_of(*parts: Any) -> str:
    """The key of a fact: whom it is about, and a digest of what it says. parts: the first is told in
    plain text."""
    first, *more = (str(part) for part in parts)
    if not more:
        return first
    said = "\x1f".join(more).encode()
    return f"{first} {hashlib.blake2s(said, digest_size=8).hexdigest()}"

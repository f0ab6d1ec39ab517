"""What the journal tells: `log`, `log show`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.identity import is_or_is_of, sale_of
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import JOURNAL_DAMAGED
from ticketops.errors import NotFoundError, TicketopsError, UnusableError
from ticketops.model import ids
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layout import EVENT_KIND, KINDS
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import DamagedEntry, LocalFile, LoggedCell, Store, Transaction

_MOST_CELLS = 3000
"""Cells and rows of a transaction that `log` looks through for whom it concerned."""
_AT_ONCE = 100
"""Entries of the journal that are read in one go."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A transaction. user: who ran it, by their own claim; login, host: the login and machine of
    the process (empty in entries of older versions). changes: {sheet: {"set", "appended",
    "deleted", "replaced": how many}}, as in the journal. undoes, undone_by: numbers of other
    transactions. revision: the workbook's revision after it. clients, matches: the clients and
    matches of its cells and their sales, as far as known; reason: the reason given, if any."""

    number: int
    run_id: str
    at: datetime
    user: str
    login: str
    host: str
    command: str
    changes: dict[str, dict[str, int]]
    undoes: int | None
    undone_by: int | None
    revision: str
    clients: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """`log`, newest first. total: the number of transactions, in all or of the sale."""

    transactions: tuple[Logged, ...]
    total: int


@dataclass(frozen=True, slots=True)
class LoggedItem:
    """A cell that a transaction wrote. row: its row at the time; key: the key of its record."""

    sheet: str
    row: int
    key: str
    column: str
    was: Any
    became: Any


@dataclass(frozen=True, slots=True)
class LogEntry:
    """`log show`: a transaction with its cells; `rewritten` names the sheets that were rewritten
    whole."""

    transaction: Logged
    items: tuple[LoggedItem, ...]
    rewritten: tuple[str, ...]


def apart(store: Store) -> Finding | None:
    """That the journal beside a file may be another workbook's, or that there is none though
    commands were carried out: a copy without its folder, an older version put back."""
    why = store.doubt() if isinstance(store, LocalFile) else ""
    if not why:
        return None
    known = bool(store.log())
    return Finding(
        "JOURNAL_APART",
        Severity.HIGH if known else Severity.INFO,
        f"the journal may belong to another workbook: {why}"
        if known
        else f"{why}: undo can't take back what was done before",
    )


def log_job(store: Store, most: int, sales_id: str = "") -> Job:
    """The newest transactions of the journal. sales_id: only those that touched this sale (S3) or
    ticket (S3-1)."""

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        every = store.log()
        damaged = list(store.damaged_entries()) if isinstance(store, LocalFile) else []
        if sales_id:
            keys = _keys(snapshot, sales_id)
            newest = [
                t
                for t, cells in _with_cells(store, every, damaged)
                if _touches(cells, sales_id, keys)
            ]
        else:
            newest = every[::-1]
        shown = newest[:most]
        cells = _told(store, shown)
        sales = _Sales(snapshot)
        logged = tuple(_logged(t, sales.concerned(t, cells.get(t.number, ()))) for t in shown)
        findings = [
            Finding(JOURNAL_DAMAGED, Severity.MEDIUM if one.why else Severity.INFO, str(one))
            for one in damaged
        ]
        gap = apart(store)
        return Plan(result=Log(logged, len(newest)), findings=findings + ([gap] if gap else []))

    needed = (SALES, DISTRIBUTION) if sales_id else (SALES,)
    about = (EVENT_KIND,) if sales_id else KINDS
    return Job("log", plan, optional=needed, effect=Effect.READS, works_on=about)


def log_show_job(store: Store, run_id: str) -> Job:
    """One transaction of the journal with every cell before and after.

    Raises NotFoundError where there is none of that RunID.
    """

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        found = next((t for t in reversed(store.log()) if t.entry.run_id == run_id), None)
        if found is None:
            raise NotFoundError(
                f"the journal has no transaction {run_id}", "`ticketops log` shows them"
            )
        (cells,) = store.logged(found.number)
        concerned = _Sales(snapshot).concerned(found, cells)
        items = (
            LoggedItem(cell.sheet, cell.row, cell.key, _header(store, cell), cell.was, cell.became)
            for cell in cells
        )
        rewritten = (sheet for sheet, counts in found.counts.items() if counts.get("replaced"))
        return Plan(result=LogEntry(_logged(found, concerned), tuple(items), tuple(rewritten)))

    return Job(
        "log.show",
        plan,
        optional=(SALES,),
        label=f"log show {run_id}",
        effect=Effect.READS,
        works_on=KINDS,
    )


@dataclass(frozen=True, slots=True)
class _Concerned:
    """Whom and what a transaction concerned, and why it was done."""

    clients: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    reason: str = ""


class _Sales:
    """The clients and matches of sales, for cells that name only those."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._of: dict[str, tuple[str | None, str | None]] = {}
        if SALES not in snapshot.layout:
            return
        columns = snapshot[SALES].frame.select("sales_id", "client", "match")
        self._of = {sale: (client, match) for sale, client, match in columns.iter_rows() if sale}

    def concerned(self, transaction: Transaction, cells: Iterable[LoggedCell]) -> _Concerned:
        """What a transaction's cells, and the sales that its command names, tell."""
        clients: dict[str, None] = {}
        matches: dict[str, None] = {}
        reason = ""
        named_sales = transaction.entry.command.split()
        for cell in cells:
            named = cell.became if isinstance(cell.became, str) else cell.was
            text = named if isinstance(named, str) else ""
            if cell.column in ("client", "company"):
                clients[text] = None
            elif cell.column == "match":
                matches[text] = None
            elif cell.column == "reason":
                reason = reason or text
            named_sales += [cell.key, text]
        for known in dict.fromkeys(named_sales):
            if ids.SALES_ID.fullmatch(known):
                client, match = self._of.get(sale_of(known), (None, None))
                clients[client or ""] = None
                matches[match or ""] = None
        ordered = sorted(filter(None, matches), key=ids.natural_order)
        return _Concerned(tuple(filter(None, clients)), tuple(ordered), reason)


def _logged(transaction: Transaction, concerned: _Concerned) -> Logged:
    return Logged(
        transaction.number,
        transaction.entry.run_id,
        transaction.entry.at,
        transaction.entry.user,
        transaction.entry.login,
        transaction.entry.host,
        transaction.entry.command,
        transaction.counts,
        transaction.undoes,
        transaction.undone_by,
        transaction.revision_after,
        concerned.clients,
        concerned.matches,
        concerned.reason,
    )


def _told(store: Store, shown: list[Transaction]) -> dict[int, list[LoggedCell]]:
    """{number: cells} of the transactions that are looked through for whom they concerned: those of
    a file that are not very long. At Google they would be requests of their own; there the command
    says what it can, and `log show` the rest."""
    short = [t for t in shown if sum(sum(c.values()) for c in t.counts.values()) <= _MOST_CELLS]
    if not short or not isinstance(store, LocalFile):
        return {}
    found = {}
    for transaction in short:
        # one whose cells can't be read is listed all the same
        with suppress(TicketopsError, ValueError, LookupError, TypeError):
            (found[transaction.number],) = store.logged(transaction.number)
    return found


def _header(store: Store, cell: LoggedCell) -> str:
    """The header of a cell's column; its name where the layout no longer has it."""
    name, _, nth = cell.column.partition("@")
    by_name: Mapping[str, Any] = (
        store.layout[cell.sheet].by_name if cell.sheet in store.layout else {}
    )
    header = str(by_name[name].header) if name in by_name else name
    return f"{header} ({nth})" if nth else header


def _with_cells(
    store: Store, every: list[Transaction], damaged: list[DamagedEntry]
) -> Iterable[tuple[Transaction, list[LoggedCell]]]:
    """The transactions with their cells, the newest first; those whose cells can't be read are put
    among the damaged."""
    newest = every[::-1]
    for first in range(0, len(newest), _AT_ONCE):
        some = newest[first : first + _AT_ONCE]
        try:
            yield from zip(some, store.logged(*(t.number for t in some)), strict=True)
        except UnusableError:
            for transaction in some:
                try:
                    (cells,) = store.logged(transaction.number)
                except UnusableError as error:
                    damaged.append(DamagedEntry(transaction.number, "", error.message))
                else:
                    yield transaction, cells


def _keys(snapshot: Snapshot, sales_id: str) -> set[str]:
    """The keys of the rows that are the sale's or the ticket's."""
    tickets = snapshot[DISTRIBUTION].frame.select("sales_id", "line_key").drop_nulls()
    keys = {key for own, key in tickets.iter_rows() if is_or_is_of(own, sales_id)}
    return {sales_id, *keys} if sale_of(sales_id) == sales_id else keys


def _touches(cells: Iterable[LoggedCell], sales_id: str, keys: set[str]) -> bool:
    """Whether a transaction wrote to a row of the sale, or its SalesID into another."""
    return any(
        cell.key in keys or _names(cell.was, sales_id) or _names(cell.became, sales_id)
        for cell in cells
    )


def _names(value: Any, sales_id: str) -> bool:
    """Whether a cell holds a SalesID, or that of a ticket of it."""
    if not isinstance(value, str) or not ids.SALES_ID.fullmatch(value):
        return False
    return is_or_is_of(value, sales_id)

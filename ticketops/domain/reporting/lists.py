"""Lists of records and one record whole: sales, purchases, units, tickets, refunds, and the log of
the allocation (§3, §4, §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import polars as pl
from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.allocation.pool import active_holds
from ticketops.domain.allocation.targets import Terms
from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.aliases import clients, vendors
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.money import accounts
from ticketops.domain.plan import Run
from ticketops.domain.purchasing.named import purchase_ids
from ticketops.domain.purchasing.terms import settlement
from ticketops.domain.schedule.book import stages
from ticketops.domain.ticket.identity import is_or_is_of, is_sold
from ticketops.domain.ticket.line import shown_status
from ticketops.errors import NotFoundError
from ticketops.model import ids, states
from ticketops.model.categories import is_among, match_of
from ticketops.model.findings import Finding
from ticketops.model.names import name_key, same_name
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, PURCHASES, REFUNDS, SALES, UNITS
from ticketops.schema.tables import Snapshot


class Which(Struct, frozen=True):
    """The records that a list is to show: those that have all of this. Blank: any."""

    match: str = ""
    category: str = ""
    client: str = ""
    vendor: str = ""
    status: str = ""
    sale: str = ""
    set_id: str = ""
    order: str = ""
    user: str = ""
    action: str = ""
    operator: str = ""
    """Who looks after a sale."""
    open: bool = False
    """Tickets that have no unit."""
    allocated: bool = False
    """Tickets that have one."""
    clients: frozenset[str | None] = frozenset()
    """What the client is called in rows, as names are compared: its aliases too."""
    vendors: frozenset[str | None] = frozenset()
    """And the vendor."""


@dataclass(frozen=True, slots=True)
class SaleRow:
    """A sale line. tickets: the number of its rows that are not cancelled; allocated, sent: how
    many have that status."""

    row: int
    sales_id: str | None
    date: datetime | None
    match: str | None
    game: str | None
    client: str | None
    contract: str | None
    category: str | None
    quantity: int | None
    price: float | None
    total: float | None
    currency: str | None
    status: str
    """That of its tickets (PARTIAL_PENDING if some wait for approval, §14a), or what was decided."""
    payment_status: str | None
    client_po: str | None
    order_id: str | None
    oversell: bool
    notes: str | None
    instructions: str | None
    user: str | None
    operator: str | None
    """Who looks after it: AssignedOperator, else the user who recorded it."""
    credit_reason: str | None
    """Why a manager went beyond the client's credit."""
    created_at: datetime | None
    tickets: int
    allocated: int
    sent: int
    stage: str | None


@dataclass(frozen=True, slots=True)
class SaleList:
    """`sale list`, in sheet order."""

    sales: tuple[SaleRow, ...]


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A purchase line. units: the number of its units; available, allocated: how many have that
    status."""

    row: int
    purchase_id: str | None
    date: datetime | None
    match: str | None
    game: str | None
    vendor: str | None
    contract: str | None
    category: str | None
    quantity: int | None
    price: float | None
    total: float | None
    currency: str | None
    inv_no: str | None
    purchase_order_id: str | None
    notes: str | None
    fx_rate: float | None
    delivery_channel: str | None
    prepaid: bool | None
    deposit: float | None
    attachments: str | None
    settlement: str
    """OPEN, PARTLY_SETTLED, SETTLED or DISPUTED."""
    outstanding: float
    """What its vendor still gets."""
    user: str | None
    created_at: datetime | None
    units: int
    available: int
    allocated: int
    stage: str | None


@dataclass(frozen=True, slots=True)
class PurchaseList:
    """`purchase list`, in sheet order."""

    purchases: tuple[PurchaseRow, ...]


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit. held_for: the client whose hold stands today."""

    row: int
    unit_id: str | None
    match: str | None
    category: str | None
    vendor: str | None
    contract: str | None
    status: str
    sales_id: str | None
    set_id: str | None
    set_pos: int | None
    block: str | None
    seat_row: str | None
    seat: str | None
    inv_no: str | None
    purchase_id: str | None
    held_for: str | None
    stage: str | None


@dataclass(frozen=True, slots=True)
class UnitList:
    """`unit list`, in sheet order."""

    units: tuple[UnitRow, ...]


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A row of Distribution that is a sold ticket."""

    row: int
    sales_id: str
    match: str | None
    game: str | None
    category: str | None
    client: str | None
    status: str
    unit_ids: str | None
    block: str | None
    seat_row: str | None
    seat: str | None
    first_name: str | None
    last_name: str | None
    client_email: str | None
    delivery: str
    dispatched_at: datetime | None
    stage: str | None


@dataclass(frozen=True, slots=True)
class TicketList:
    """`ticket list`, in sheet order."""

    tickets: tuple[TicketRow, ...]


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A row of _REFUNDS."""

    row: int
    sales_id: str | None
    client: str | None
    tickets: int | None
    amount: float | None
    currency: str | None
    payment_status: str | None
    decision: str
    decided_amount: float | None
    reason: str | None
    decision_reason: str | None
    user: str | None
    created_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundList:
    """`refund list`, in sheet order."""

    refunds: tuple[RefundRow, ...]


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """A row of _ALLOC_LOG."""

    row: int
    timestamp: datetime | None
    user: str | None
    action: str | None
    sale_id: str | None
    set_id: str | None
    units_affected: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class AllocationLog:
    """`allocate log`, newest first. total: the number of matching rows, before `most` cuts them."""

    rows: tuple[AllocationRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PurchaseWhole:
    """`purchase show`: a purchase line with its units."""

    purchase: PurchaseRow
    units: tuple[UnitRow, ...]


@dataclass(frozen=True, slots=True)
class UnitWhole:
    """`unit show`: a unit, the ticket it serves and the log of its set or sale."""

    unit: UnitRow
    ticket: TicketRow | None
    log: tuple[AllocationRow, ...]


_CLIENT = {SALES: "client", DISTRIBUTION: "company", REFUNDS: "client"}


def resolved(snapshot: Snapshot, sheet: str, which: Which, run: Run) -> tuple[Which, list[Finding]]:
    """The same with its match, client and vendor as the workbook calls them (D23), and what was understood
    by them. Raises NotFoundError, UnclearNameError."""
    said: list[Finding] = []
    if which.match and "match" in snapshot[sheet].frame.columns:
        [occasion] = filtered(snapshot, sheet, [which.match], run.chosen)
        which = replace(which, match=occasion)
    if which.client:
        names = (
            active_holds(snapshot, run.today).values()
            if sheet == UNITS
            else snapshot[sheet].frame[_CLIENT[sheet]]
            if sheet in _CLIENT
            else ()
        )
        client, keys = _meant(clients(snapshot, run.chosen, names), which.client, "client", said)
        which = replace(which, client=client, clients=keys)
    if which.vendor:
        names = snapshot[sheet].frame["vendor"]
        vendor, keys = _meant(vendors(snapshot, run.chosen, names), which.vendor, "vendor", said)
        which = replace(which, vendor=vendor, vendors=keys)
    return which, said


def _meant(
    directory: Directory, text: str, what: str, said: list[Finding]
) -> tuple[str, frozenset[str | None]]:
    """Whom a text means, and all that they are called, as names are compared. Raises
    UnclearNameError."""
    found = directory.find(text, insist="")
    said += found.said(what) if found.how != "new" else []
    owner = directory.owner(found.name)
    called = {found.name, owner, *directory.names, *directory.aliases}
    return owner, frozenset(name_key(n) for n in called if same_name(directory.owner(n), owner))


def sale_list(snapshot: Snapshot, which: Which) -> SaleList:
    """The sale lines, of Sales; how far they are, of Distribution."""
    return SaleList(tuple(_sales(snapshot, which)))


def purchase_list(snapshot: Snapshot, which: Which, run: Run) -> PurchaseList:
    """The purchase lines, of Purchases; how many units there are, of _PURCHASE_UNITS."""
    return PurchaseList(tuple(_purchases(snapshot, which, run)))


def unit_list(snapshot: Snapshot, which: Which, today: datetime) -> UnitList:
    """The units, with the holds that stand today."""
    return UnitList(tuple(_units(snapshot, which, today)))


def ticket_list(snapshot: Snapshot, which: Which) -> TicketList:
    """The sold tickets."""
    return TicketList(tuple(_tickets(snapshot, which)))


def refund_list(snapshot: Snapshot, which: Which) -> RefundList:
    """The refunds, decided or not."""
    return RefundList(tuple(_refunds(snapshot, which)))


def allocation_log(snapshot: Snapshot, which: Which, most: int) -> AllocationLog:
    """What was done to the allocation, the newest first, `most` of them."""
    rows = tuple(_logged(snapshot, which))[::-1]
    return AllocationLog(rows[:most], len(rows))


def purchase_whole(snapshot: Snapshot, text: str, run: Run) -> PurchaseWhole:
    """A purchase line by its PurchaseID or one of its SetIDs or UnitIDs, with its units. Raises
    NotFoundError where there is none, or several."""
    named = purchase_ids(snapshot, text)
    found = [
        purchase for purchase in _purchases(snapshot, Which(), run) if purchase.purchase_id in named
    ]
    if len(found) != 1:
        raise NotFoundError(
            f"there is no purchase {text}" if not found else f"several purchases match {text}",
            "name a PurchaseID, a SetID or a UnitID; `ticketops purchase list` shows all",
        )
    units = (
        unit
        for unit in _units(snapshot, Which(), run.today)
        if unit.purchase_id == found[0].purchase_id
    )
    return PurchaseWhole(found[0], tuple(units))


def unit_whole(snapshot: Snapshot, unit_id: str, today: datetime) -> UnitWhole:
    """A unit with its ticket and what was done to its set or sale. Raises NotFoundError where there
    is none."""
    found = next((u for u in _units(snapshot, Which(), today) if u.unit_id == unit_id), None)
    if found is None:
        raise NotFoundError(f"there is no unit {unit_id}", "`ticketops unit list` shows all")
    ticket = next(
        (t for t in _tickets(snapshot, Which()) if unit_id in ids.split_unit_ids(t.unit_ids)), None
    )
    log = (
        row
        for row in _logged(snapshot, Which())
        if unit_id in (row.reason or "")
        or (found.set_id and row.set_id == found.set_id)
        or (ticket and is_or_is_of(row.sale_id, ticket.sales_id))
    )
    return UnitWhole(found, ticket, tuple(log))


# --- rows


def _of_occasions(snapshot: Snapshot, sheet: str) -> pl.DataFrame:
    """The rows of a sheet, with `M01/RACE` as the match of those that are of a sub-game."""
    sub_games, frame = SubGames.of(snapshot), snapshot[sheet].frame
    return frame.with_columns(sub_games.occasions().alias("match")) if sub_games.names else frame


def _stages(snapshot: Snapshot) -> Callable[[str | None], str | None]:
    """The stage of what a row says is its match; None where the schedule says none."""
    known = stages(snapshot)
    return lambda match: known.get(match_of(_code(match)))


def _sales(snapshot: Snapshot, which: Which) -> Iterator[SaleRow]:
    tickets = snapshot[DISTRIBUTION].frame.filter(
        is_sold(), pl.col("status").ne_missing(states.CANCELLED)
    )
    counts = {
        sale: rest
        for sale, *rest in tickets.group_by(pl.col("sales_id").str.extract(r"^(S\d+)"))
        .agg(
            tickets=pl.len(),
            allocated=pl.col("unit_ids").is_not_null().sum(),
            sent=pl.col("delivery").is_in(sorted(states.DISPATCHED)).fill_null(False).sum(),
        )
        .iter_rows()
    }
    stage_of = _stages(snapshot)
    for row in _of_occasions(snapshot, SALES).iter_rows(named=True):
        if not row["sales_id"] and not row["client"]:
            continue
        tickets_of, allocated, sent = counts.get(row["sales_id"], (0, 0, 0))
        waits = Terms(status=row["status"], oversell=row["oversell"]).unapproved
        shown = shown_status(row["status"], tickets_of, allocated, sent, unapproved=waits)
        told = row | {
            "quantity": row["number"],
            "status": shown,
            "stored": row["status"] if shown == states.PARTIAL_PENDING else shown,
            "oversell": bool(row["oversell"]),
            "operator": row["operator"] or row["user"],
            "tickets": tickets_of,
            "allocated": allocated,
            "sent": sent,
            "stage": stage_of(row["match"]),
        }
        if which.operator and name_key(told["operator"]) != name_key(which.operator):
            continue
        both = ("status", "stored")
        if _fits(told, which, sale=row["sales_id"], order=row["order_id"], states=both):
            yield _as(SaleRow, told)


def _purchases(snapshot: Snapshot, which: Which, run: Run) -> Iterator[PurchaseRow]:
    money = accounts.of_purchases(snapshot, run).by_row()
    units = snapshot[UNITS].frame.filter(pl.col("unit_id").is_not_null())
    status = pl.col("status").fill_null(states.AVAILABLE)
    counts = {
        purchase: rest
        for purchase, *rest in units.group_by("purchase_id")
        .agg(
            units=pl.len(),
            available=(status == states.AVAILABLE).sum(),
            allocated=(status == states.ALLOCATED).sum(),
        )
        .iter_rows()
    }
    stage_of = _stages(snapshot)
    frame = _of_occasions(snapshot, PURCHASES).drop("email_password")
    for row in frame.iter_rows(named=True):
        if not row["vendor"] and not row["match"]:
            continue
        made, available, allocated = counts.get(row["purchase_id"], (0, 0, 0))
        line = money.get(row["row"])
        told = row | {
            "settlement": settlement(line, disputed=row["disputed"]) if line else states.OPEN,
            "outstanding": float(line.outstanding) if line else 0.0,
            "quantity": row["number"],
            "units": made if row["purchase_id"] else 0,
            "available": available if row["purchase_id"] else 0,
            "allocated": allocated if row["purchase_id"] else 0,
            "stage": stage_of(row["match"]),
        }
        if _fits(told, which, order=row["purchase_order_id"]):
            yield _as(PurchaseRow, told)


def _units(snapshot: Snapshot, which: Which, today: datetime) -> Iterator[UnitRow]:
    held = active_holds(snapshot, today)
    stage_of = _stages(snapshot)
    columns = [f.name for f in fields(UnitRow) if f.name not in ("held_for", "stage")]
    for row in _of_occasions(snapshot, UNITS).select(columns).iter_rows(named=True):
        if not row["unit_id"]:
            continue
        told = row | {
            "status": row["status"] or states.AVAILABLE,
            "held_for": held.get(row["unit_id"]),
            "client": held.get(row["unit_id"]),
            "stage": stage_of(row["match"]),
        }
        if _fits(told, which, sale=row["sales_id"]):
            yield _as(UnitRow, told)


def _tickets(snapshot: Snapshot, which: Which) -> Iterator[TicketRow]:
    frame = _of_occasions(snapshot, DISTRIBUTION).filter(is_sold())
    if which.open:
        frame = frame.filter(
            pl.col("unit_ids").is_null(), pl.col("status").ne_missing(states.CANCELLED)
        )
    if which.allocated:
        frame = frame.filter(pl.col("unit_ids").is_not_null())
    frame = _near(frame, "sales_id", which)
    stage_of = _stages(snapshot)
    for row in frame.iter_rows(named=True):
        told = row | {
            "stage": stage_of(row["match"]),
            "sales_id": row["sales_id"] or "",
            "client": row["company"],
            "status": row["status"] or states.UNALLOCATED,
            "delivery": row["delivery"] or states.NOT_SENT,
        }
        if _fits(told, which, sale=row["sales_id"], states=("status", "delivery")):
            yield _as(TicketRow, told)


def _refunds(snapshot: Snapshot, which: Which) -> Iterator[RefundRow]:
    for row in snapshot[REFUNDS].frame.iter_rows(named=True):
        told = row | {"decision": row["decision"] or states.REFUND_DECISION[0]}
        if row["sales_id"] and _fits(told, which, sale=row["sales_id"], states=("decision",)):
            yield _as(RefundRow, told)


def _logged(snapshot: Snapshot, which: Which) -> Iterator[AllocationRow]:
    for row in _near(snapshot[ALLOC_LOG].frame, "sale_id", which).iter_rows(named=True):
        if _fits(row, which, sale=row["sale_id"], states=("action",)):
            yield _as(AllocationRow, row)


def _near(frame: pl.DataFrame, column: str, which: Which) -> pl.DataFrame:
    """The rows that may be of the sale that is asked for: one sale need not read them all."""
    return frame.filter(pl.col(column).str.starts_with(which.sale)) if which.sale else frame


def _as(kind: Any, row: dict[str, Any]) -> Any:
    """A row as the dataclass that shows it."""
    return kind(**{one.name: row[one.name] for one in fields(kind)})


def _fits(
    row: dict[str, Any],
    which: Which,
    *,
    sale: str | None = None,
    order: str | None = None,
    states: Iterable[str] = ("status",),
) -> bool:
    """Whether a row has all that is asked for. A column that a sheet lacks is not asked."""
    exact = (
        (which.category, row.get("category")),
        (which.set_id, row.get("set_id")),
        (which.order, order),
    )
    folded = ((which.user, row.get("user")), (which.action, row.get("action")))
    match = _code(row.get("match"))
    return (
        is_among(match, [which.match] if which.match else ())
        and all(not wanted or wanted == has for wanted, has in exact)
        and all(not wanted or same_name(wanted, has) for wanted, has in folded)
        and (not which.client or name_key(row.get("client")) in which.clients)
        and (not which.vendor or name_key(row.get("vendor")) in which.vendors)
        and (not which.status or any(same_name(which.status, row.get(s)) for s in states))
        and (not which.sale or is_or_is_of(sale, which.sale))
    )


def _code(match: str | None) -> str:
    """A match code as it is spelt, of a cell that may hold anything."""
    return ids.normalise_match(match) if match and match.strip() else ""

"""Sales (§4): order lines become one Distribution row a ticket.

`plan_add` records an order and expands it; `plan_expand` brings Distribution into agreement with
Sales, keeping what operators typed, and reconciles (§12b).
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import polars as pl

from ticketops.domain.audit.refused import refused_by_add
from ticketops.domain.audit.safeguard import confirmed
from ticketops.domain.catalogue import follow
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.intake import again as twice
from ticketops.domain.intake import faults as intake_faults
from ticketops.domain.intake import typed as completion
from ticketops.domain.intake.faults import NOWHERE, Fault, Place
from ticketops.domain.masterdata.aliases import clients
from ticketops.domain.masterdata.similar import typed_names
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing import listing
from ticketops.domain.selling import reconciliation
from ticketops.domain.selling.availability import oversold
from ticketops.domain.selling.orders import DRIVEN, SALE_COLUMNS, Sale, next_sales_number, sales_of
from ticketops.domain.ticket.identity import identity_of
from ticketops.domain.ticket.line import free_numbers, is_live
from ticketops.model import ids, states
from ticketops.model.changes import AppendRows, ChangeSet, SetCells
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import line_total
from ticketops.model.results import shallow
from ticketops.schema.layouts.event import DISTRIBUTION, IMPORT_META, SALES
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line of an order."""

    match: str
    category: str
    quantity: int
    unit_price: Decimal
    game: str = ""
    """What the line calls its match, where it does: it may not be another one."""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Order:
    """The header of a sale: what all its lines share."""

    client: str
    currency: str
    date: datetime
    contract: str = ""
    client_po: str = ""
    payment_status: str = "PENDING"
    instructions: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class OrderOf:
    """A recorded order and its lines."""

    order_id: str
    client: str
    sales_ids: list[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """SalesIDs of sale lines, and numbers of Distribution rows; `missing` are made anew, `excess`
    are left for recon apply."""

    sales_ids: list[str]
    rows_created: int
    rows_refreshed: int
    rows_missing: int
    rows_excess: int
    tickets: list[str]
    """SalesIDs of the created rows."""


@dataclass(frozen=True, slots=True)
class Oversold:
    """A line that asks for more tickets (`qty`) than are available (`available`)."""

    sales_id: str
    match: str
    category: str
    qty: int
    available: int
    short: int


@dataclass(frozen=True, slots=True)
class Ordered(Rows):
    """What was recorded, and which lines wait for approval. order_id: the first order."""

    order_id: str
    status: Literal["UNALLOCATED", "PARTIAL_PENDING"]
    oversold: list[Oversold]
    orders: list[OrderOf]


@dataclass(frozen=True, slots=True)
class Expanded(Rows):
    """The expanded sale lines, and what the reconciliation then finds: {action: rows}, with every
    action."""

    by_action: dict[str, int]


def plan_add(
    snapshot: Snapshot,
    orders: Sequence[tuple[Order, Sequence[SaleLine]]],
    run: Run,
    *,
    new: bool = False,
    again: bool = False,
    faults: Sequence[Fault] = (),
) -> Plan:
    """Orders as rows of Sales, one a line with its own SalesID (D2), and one Distribution row a
    ticket. new: a client that is near a known one is somebody new. again: an order may have the PO
    of an older one of its client. faults: what is wrong with the lines already.

    A line that asks for more than there is gets OversellFlag and PENDING_APPROVAL (§14a). Raises
    NotFoundError or RuleError for a match or category that can't be, UnclearNameError for a client
    or match that is near a known one, or tied (D23); of several things that are wrong, one error
    says all.
    """
    asked, said = _asked(snapshot, orders, run, faults, new=new)
    shortages = oversold(
        snapshot,
        [(one.match, one.category, one.line.quantity, one.order.client) for one in asked],
        run.now,
    )
    number = next_sales_number(snapshot)
    remembered = completion.remembers(snapshot[SALES])
    rows = [
        _sale_row(one, number + place, bool(short), run, remembered=remembered)
        for place, (one, short) in enumerate(zip(asked, shortages, strict=True))
    ]
    added = ChangeSet()
    first_row = snapshot[SALES].room_for(len(rows))
    added.append(SALES, first_row, SALE_COLUMNS, rows)
    recorded, only = snapshot.after(added), range(first_row, first_row + len(rows))
    plan, _growth = _expand_rows(recorded, run, only_rows=only, new=True)
    added.extend(plan.changes)
    plan.changes = added
    sales_ids = plan.result.sales_ids
    found = [
        Oversold(key, one.match, one.category, one.line.quantity, short.available, short.short)
        for key, one, short in zip(sales_ids, asked, shortages, strict=True)
        if short
    ]
    made: dict[str, OrderOf] = {}
    for key, one in zip(sales_ids, asked, strict=True):
        made.setdefault(one.order_id, OrderOf(one.order_id, one.order.client, []))
        made[one.order_id].sales_ids.append(key)
    plan.result = Ordered(
        **shallow(plan.result),
        order_id=asked[0].order_id,
        status="PARTIAL_PENDING" if found else "UNALLOCATED",
        oversold=found,
        orders=list(made.values()),
    )
    plan.findings += said
    plan.findings += [] if again else twice.sales(recorded, only)
    plan.findings += [_oversell(one, "waits for approval", Severity.INFO) for one in found]
    return plan


@dataclass(frozen=True, slots=True)
class _Asked:
    """A line whose client, match and category are known."""

    order_id: str
    order: Order
    line: SaleLine
    match: str
    game: str
    category: str


def _asked(
    snapshot: Snapshot,
    orders: Sequence[tuple[Order, Sequence[SaleLine]]],
    run: Run,
    faults: Sequence[Fault],
    *,
    new: bool,
) -> tuple[list[_Asked], list[Finding]]:
    """The lines of all orders, and what was understood by what they say. Raises one error for all
    that is wrong."""
    wrong = list(faults)
    catalogue = Catalogue.of(snapshot, SALES, chosen=run.chosen)
    directory = clients(snapshot, run.chosen)
    asked: list[_Asked] = []
    said: dict[Finding, None] = {}
    for order, lines in orders:
        place = lines[0].place if lines else NOWHERE
        client = intake_faults.whom(directory, order.client, place, wrong, new=new)
        if client:
            directory.learn(client.name)
            said |= dict.fromkeys(client.said("client"))
        order_id = ids.order_id(run.new_uuid())
        for line in lines:
            match, category = intake_faults.named(
                catalogue, line.match, line.game, line.category, line.place, wrong
            )
            if not (client and match and category):
                continue
            said |= dict.fromkeys(match.said("match"))
            asked.append(
                _Asked(
                    order_id,
                    replace(order, client=client.name),
                    line,
                    match.name,
                    catalogue.games.get(match.name, ""),
                    category,
                )
            )
    intake_faults.refuse(wrong)
    return asked, list(said)


def _sale_row(
    one: _Asked, number: int, short: bool, run: Run, *, remembered: bool
) -> tuple[Any, ...]:
    """A row of Sales, as SALE_COLUMNS has them."""
    order, line = one.order, one.line
    total = float(line_total(line.quantity, line.unit_price))
    return (
        order.date,
        one.match,
        one.game or None,
        order.client,
        order.contract or None,
        one.category,
        line.quantity,
        float(line.unit_price),
        total,
        states.PENDING_APPROVAL if short else states.UNALLOCATED,
        run.run_id,
        str(ids.SalesId(number)),
        order.notes or None,
        ids.source_sale_id(run.new_uuid()),
        one.order_id,
        order.currency,
        order.client_po or None,
        order.payment_status,
        order.instructions or None,
        run.user,
        run.now,
        True if short else None,
        total if remembered else None,
    )


def _oversell(one: Oversold, what: str, severity: Severity, row: int | None = None) -> Finding:
    message = f"{one.sales_id}: {counted(one.qty, 'ticket')} of {one.match} {one.category}, but {one.available} available: oversold by {one.short}, {what}"
    return Finding(
        "OVERSELL",
        severity,
        message,
        SALES,
        row,
        one.sales_id,
        match=one.match,
        category=one.category,
    )


def plan_expand(snapshot: Snapshot, run: Run, *, confirm: bool = False) -> Plan:
    """Distribution rows for every sale line, refreshed where they exist, and both reconciliation
    sheets (§4 4–5, §12b).

    Game follows the schedule, seats their units, Totals their quantities (D21); rows that were
    typed get what `add` gives them. INV-NO is left alone, but for a contract that an older version
    wrote there (D20). Running it again changes nothing. Raises RuleError for a plan that empties a
    column on many rows, unless it is confirmed (D17).
    """
    followed = follow.games(snapshot, (SALES, DISTRIBUTION))
    seats = follow.seats(snapshot)
    seats.write(followed.changes)
    plan = expand_typed(snapshot.after(followed.changes), run)
    plan.changes.changes[:0] = followed.changes.changes
    plan.findings += followed.findings + seats.findings
    plan.result = replace(
        plan.result,
        rows_refreshed=len(
            {c.row for c in plan.changes.for_sheet(DISTRIBUTION) if isinstance(c, SetCells)}
        ),
    )
    plan = confirmed(plan, snapshot, confirm=confirm)
    listing.told_apart(plan, snapshot)  # after the safeguard: the contracts still stand in Sales
    report = reconciliation.reconcile(snapshot.after(plan.changes), touched=touched(plan.changes))
    plan.changes.extend(report.changes)
    plan.result = Expanded(**shallow(plan.result), by_action=report.by_action)
    told = set(plan.findings)
    refused = refused_by_add(snapshot, SALES, ("client",))
    plan.findings += [finding for finding in refused if finding not in told]
    plan.findings.extend(report.findings)
    return plan


@dataclass(frozen=True, slots=True)
class Growth:
    """A sale line in an expansion: the tickets it had and those it gets. asked: the Number that it
    was expanded with, as Sets has it; typed: whether it has its SalesID or SourceSaleID only now;
    served: whether a ticket of it is allocated."""

    sale: Sale
    had: int
    asked: int
    gets: int
    typed: bool
    served: bool


def expand_typed(snapshot: Snapshot, run: Run, *, only_rows: Container[int] | None = None) -> Plan:
    """`_expand_rows`, with what `sale add` gives for those that were typed (§4): the oversell check
    for all that is asked beyond what stands in Distribution, Status, Currency, User, CreatedAt,
    RunID, PaymentStatus, an OrderID of its own, Total."""
    plan, growth = _expand_rows(
        snapshot, run, only_rows=only_rows, undated=completion.open_cells(snapshot[SALES], "date")
    )
    keys = {one.sale.row: one.sale.sales_id for one in growth}
    typed = [one.sale.row for one in growth if one.typed and not one.sale.ended]
    given = {
        "run_id": run.run_id,
        "payment_status": states.PAYMENT_STATUS[0],
        "order_id": lambda: ids.order_id(run.new_uuid()),
    }
    completion.complete(plan, snapshot, SALES, {row: keys[row] for row in typed}, given, run)
    if typed:
        plan.findings += typed_names(snapshot, SALES, typed)
    completion.totals(
        plan, snapshot, SALES, {one.sale.row: one.asked for one in growth}, keys, typed
    )
    _check_stock(
        plan,
        snapshot,
        [one for one in growth if not one.sale.ended and (one.typed or (one.had and one.gets))],
        run,
    )
    return plan


def _check_stock(plan: Plan, snapshot: Snapshot, growth: Sequence[Growth], run: Run) -> None:
    """The oversell check of `sale add` for lines that were typed or grew. Only what they ask beyond
    counts; of a line that is served already only the tickets without a unit wait: OversellFlag says
    so, its Status is that of its tickets."""
    if not growth:
        return
    asked = [(one.sale.match, one.sale.category, one.gets, one.sale.client or "") for one in growth]
    shortages = oversold(snapshot, asked, run.now)
    rows = [one.sale.row for one in growth]
    columns = (
        snapshot[SALES]
        .frame.filter(pl.col("row").is_in(rows))
        .select("row", "status", "oversell")
        .iter_rows()
    )
    said = {row: (status, flag) for row, status, flag in columns}
    for one, short in zip(growth, shortages, strict=True):
        sale = one.sale
        status, flag = said[sale.row]
        if one.gets and one.had and status in (states.ALLOCATED, states.FULFILLED):
            cells = {"status": (status, states.PARTIAL_ALLOCATED)}
            plan.changes.set(SALES, sale.row, sale.sales_id, cells)
        if short is None:
            if status is None and one.typed:
                plan.changes.set(
                    SALES, sale.row, sale.sales_id, {"status": (None, states.UNALLOCATED)}
                )
            continue
        found = Oversold(
            sale.sales_id, sale.match, sale.category, one.gets, short.available, short.short
        )
        if one.served or status not in (None, states.UNALLOCATED, states.PENDING_APPROVAL):
            plan.changes.set(SALES, sale.row, sale.sales_id, {"oversell": (flag, True)})
            kept = f"its tickets without a unit wait for approval ({states.PARTIAL_PENDING})"
            plan.findings.append(_oversell(found, kept, Severity.INFO, sale.row))
            continue
        flagged = {"status": (status, states.PENDING_APPROVAL), "oversell": (flag, True)}
        plan.changes.set(SALES, sale.row, sale.sales_id, flagged)
        plan.findings.append(_oversell(found, "waits for approval", Severity.INFO, sale.row))


def _expand_rows(
    snapshot: Snapshot,
    run: Run,
    *,
    only_rows: Container[int] | None,
    new: bool = False,
    undated: Collection[int] = (),
) -> tuple[Plan, list[Growth]]:
    """Distribution rows for the sale lines in `only_rows` of Sales (all where None), and how every
    line grew; `new` lines have none yet. undated: rows that are of today where they were typed."""
    plan = Plan()
    growth: list[Growth] = []
    sales, findings = sales_of(snapshot)
    if only_rows is None:
        plan.findings += findings
    else:
        sales = [sale for sale in sales if sale.row in only_rows]
    typed = {sale.row for sale in sales if not (sale.sales_id and sale.source_sale_id)}
    sales = [
        replace(sale, date=run.today)
        if sale.row in typed and sale.row in undated and not sale.ended
        else sale
        for sale in sales
    ]
    sales = _with_ids(sales, snapshot, run, plan)
    existing = _Existing(None if new else snapshot, {sale.source_sale_id for sale in sales})
    created: list[tuple[Sale, int, int | None]] = []
    refreshed = missing = excess = 0
    for sale in sales:
        changed = existing.under_another_key(sale)
        plan.findings += [_key_changed(row, sale) for row in changed.values()]
        known = existing.of(sale)
        live = {child: row for child, row in known.items() if is_live(row)}
        if known and not sale.ended:
            missing += max(0, sale.quantity - len(live) - len(changed))
        lacking = 0 if sale.ended else sale.quantity - len(live) - len(changed)
        new_children = free_numbers({*known, *changed}, lacking)
        excess += max(0, len(live) - (0 if sale.ended else sale.quantity))
        first = min((*live, *new_children), default=None)
        for child, row in known.items():
            refreshed += _refresh(row, sale, child, first, plan)
        created += [(sale, child, first) for child in new_children]
        served = any(row["unit_ids"] or row["status"] == states.ALLOCATED for row in live.values())
        asked = sum(row["sets"] or 0 for row in live.values()) or len(live)
        growth.append(Growth(sale, len(live), asked, len(new_children), sale.row in typed, served))
    plan.changes.append(
        DISTRIBUTION,
        snapshot[DISTRIBUTION].room_for(len(created)),
        DRIVEN,
        [_driven(*one) for one in created],
    )
    meta = [
        (ids.sales_line_key(sale.source_sale_id, child), run.now) for sale, child, _first in created
    ]
    plan.changes.append(
        IMPORT_META, snapshot[IMPORT_META].next_row, ("row_key", "imported_at"), meta
    )
    plan.result = Rows(
        sales_ids=[sale.sales_id for sale in sales],
        rows_created=len(created),
        rows_refreshed=refreshed,
        rows_missing=missing,
        rows_excess=excess,
        tickets=[ids.ticket_sales_id(sale.sales_id, child) for sale, child, _first in created],
    )
    return plan, growth


def _with_ids(sales: list[Sale], snapshot: Snapshot, run: Run, plan: Plan) -> list[Sale]:
    """Every sale with SalesID and SourceSaleID; blank ones are given and written. Doubled ones are
    left out and reported."""
    number = next_sales_number(snapshot)
    seen: set[str] = set()
    complete = []
    for given in sales:
        sale = given
        if not given.sales_id:
            sale = replace(sale, sales_id=str(ids.SalesId(number)))
            number += 1
        if not given.source_sale_id:
            sale = replace(sale, source_sale_id=ids.source_sale_id(run.new_uuid()))
        cells = {
            "sales_id": (given.sales_id or None, sale.sales_id),
            "source_sale_id": (given.source_sale_id or None, sale.source_sale_id),
        }
        doubled = {sale.sales_id, sale.source_sale_id} & seen
        if doubled:
            plan.findings.append(
                Finding(
                    "DUPLICATE_SALE",
                    Severity.HIGH,
                    f"{sorted(doubled)[0]} is also on an earlier row: the row was not expanded",
                    SALES,
                    sale.row,
                    sale.sales_id,
                    match=sale.match,
                )
            )
            continue
        seen |= {sale.sales_id, sale.source_sale_id}
        plan.changes.set(SALES, sale.row, sale.sales_id, cells)
        complete.append(sale)
    return complete


class _Existing:
    """The Distribution rows of sales, found by SalesLineKey, else by SourceSaleID and child, else
    by ID."""

    def __init__(self, snapshot: Snapshot | None, sources: Collection[str]) -> None:
        """sources: every SourceSaleID of Sales."""
        self._strange: dict[str, dict[int, dict[str, Any]]] = {}
        self._by_source: dict[str, dict[int, dict[str, Any]]] = {}
        self._by_number: dict[str, dict[int, dict[str, Any]]] = {}
        if snapshot is None:
            return
        columns = ("row", "status", "unit_ids", *DRIVEN)
        for row in snapshot[DISTRIBUTION].frame.select(columns).iter_rows(named=True):
            if row["row_type"] == "Purchases":
                continue
            source, named, child = identity_of(row)
            if named and named.child is not None and source and source not in sources:
                self._strange.setdefault(named.parent, {}).setdefault(named.child, row)
            if source and child:
                self._by_source.setdefault(source, {}).setdefault(child, row)
            elif named and child:
                self._by_number.setdefault(named.parent, {}).setdefault(child, row)

    def under_another_key(self, sale: Sale) -> Mapping[int, dict[str, Any]]:
        """{child: row} of rows with the SalesID of this sale under a SourceSaleID that Sales does
        not hold: one of the two was changed."""
        known = self.of(sale)
        return {
            child: row
            for child, row in self._strange.get(sale.sales_id, {}).items()
            if child not in known and child <= sale.quantity
        }

    def of(self, sale: Sale) -> Mapping[int, dict[str, Any]]:
        """{child: row}."""
        return self._by_number.get(sale.sales_id, {}) | self._by_source.get(sale.source_sale_id, {})


def _key_changed(row: Mapping[str, Any], sale: Sale) -> Finding:
    message = f"{row['sales_id']} has the key {row['line_key'] or row['source_sale_id']}, but its sale has {sale.source_sale_id}: one of the two was changed; the row is left unchanged"
    return Finding(
        "KEY_CHANGED",
        Severity.HIGH,
        message,
        DISTRIBUTION,
        row["row"],
        row["sales_id"] or "",
        match=sale.match,
        category=sale.category,
    )


def _driven(sale: Sale, child: int, first: int | None) -> tuple[Any, ...]:
    """The sale-driven cells of one ticket, in the order of DRIVEN. first: the lowest live ticket,
    where Sets stands (D6)."""
    return (
        ids.ticket_sales_id(sale.sales_id, child),
        "Sales",
        sale.date,
        sale.match,
        sale.game,
        sale.client,
        sale.category,
        sale.quantity if child == first else 0,
        1,
        sale.row,
        child,
        sale.source_sale_id,
        ids.sales_line_key(sale.source_sale_id, child),
    )


def _refresh(row: Mapping[str, Any], sale: Sale, child: int, first: int | None, plan: Plan) -> bool:
    """Sale-driven cells that differ are set; match and category of an allocated ticket are not, but
    reported."""
    cells = {
        name: (row[name], value)
        for name, value in zip(DRIVEN, _driven(sale, child, first), strict=True)
    }
    if first is None:
        del cells["sets"]  # no ticket is left: its rows are a record
    if row["unit_ids"] or row["status"] == states.ALLOCATED:
        frozen = [name for name in ("match", "category") if cells[name][0] != cells[name][1]]
        for name in (*frozen, "game") if "match" in frozen else frozen:
            del cells[name]
        if frozen:
            plan.findings.append(
                Finding(
                    "SALE_CHANGED_AFTER_ALLOCATION",
                    Severity.HIGH,
                    f"{sale.sales_id} is now {sale.match} {sale.category} but this ticket is allocated: unallocate it first",
                    DISTRIBUTION,
                    row["row"],
                    row["sales_id"] or "",
                    row["unit_ids"] or "",
                    row["match"] or "",
                    row["category"] or "",
                )
            )
    if sale.game is None:
        cells.pop("game", None)  # a blank never overwrites (D21)
    before = len(plan.changes.changes)
    plan.changes.set(DISTRIBUTION, row["row"], ids.ticket_sales_id(sale.sales_id, child), cells)
    return len(plan.changes.changes) > before


def touched(changes: ChangeSet) -> set[int]:
    """The Distribution rows that the changes create or edit."""
    rows: set[int] = set()
    for change in changes.for_sheet(DISTRIBUTION):
        if isinstance(change, SetCells):
            rows.add(change.row)
        elif isinstance(change, AppendRows):
            rows.update(range(change.first_row, change.first_row + len(change.rows)))
    return rows

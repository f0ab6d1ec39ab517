"""Sales (§4): order lines become one Distribution row a ticket.

`plan_add` records an order and expands it; `plan_expand` brings Distribution into agreement with
Sales, keeping what operators typed, and reconciles (§12b).
"""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from msgspec import Struct, structs

from ticketops.domain.audit.refused import refused_by_add
from ticketops.domain.audit.safeguard import confirmed
from ticketops.domain.audit.unknown import row_types
from ticketops.domain.catalogue import follow
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.intake import again as twice
from ticketops.domain.intake import faults as intake_faults
from ticketops.domain.intake import typed as completion
from ticketops.domain.intake.faults import NOWHERE, Fault, Place
from ticketops.domain.masterdata import contract_values, parties, scopes, typed_contracts
from ticketops.domain.masterdata.aliases import CLIENT, clients
from ticketops.domain.masterdata.contract_values import Traded
from ticketops.domain.masterdata.contracts import Contracts
from ticketops.domain.masterdata.typed_contracts import TypedLine
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing import listing
from ticketops.domain.selling import credit, limits, reconciliation
from ticketops.domain.selling.availability import Short, left_before, oversold
from ticketops.domain.selling.driven import driven, refresh, touched
from ticketops.domain.selling.existing import Existing, key_changed
from ticketops.domain.selling.orders import DRIVEN, SALE_COLUMNS, Sale, next_sales_number, sales_of
from ticketops.domain.selling.oversell import (
    Growth,
    Oversold,
    check_stock,
    moved_by,
    oversell_finding,
)
from ticketops.domain.selling.stock_level import Stock, stock_levels
from ticketops.domain.ticket.line import free_numbers, is_live
from ticketops.model import ids, states
from ticketops.model.changes import ChangeSet, SetCells
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import line_total
from ticketops.model.results import shallow
from ticketops.schema.layouts.event import DISTRIBUTION, IMPORT_META, SALES
from ticketops.schema.tables import Snapshot


class SaleLine(Struct, frozen=True):
    """One line of an order."""

    match: str
    category: str
    quantity: int
    unit_price: Decimal
    game: str = ""
    """What the line calls its match, where it does: it may not be another one."""
    sub_game: str = ""
    """Which sub-game of its match; a match may be given with it, too: `M01/RACE`."""
    place: Place = NOWHERE


class Order(Struct, frozen=True):
    """The header of a sale: what all its lines share."""

    client: str
    currency: str
    """Blank: that of the event (§1)."""
    date: datetime
    contract: str = ""
    client_po: str = ""
    payment_status: str = "PENDING"
    instructions: str = ""
    notes: str = ""
    operator: str = ""
    """Who looks after it; nobody else than its user where it is blank."""


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
class OrderedLine:
    """A recorded line. stock: what it left; match_score, client_score: how sure it is that these are
    meant, from 0 (new) to 1."""

    sales_id: str
    match: str
    category: str
    qty: int
    unit_price: float
    currency: str
    client: str
    stock: Stock
    match_score: float
    client_score: float


@dataclass(frozen=True, slots=True)
class Ordered(Rows):
    """What was recorded, and which lines wait for approval. order_id: the first order."""

    order_id: str
    status: Literal["UNALLOCATED", "PARTIAL_PENDING"]
    oversold: list[Oversold]
    orders: list[OrderOf]
    lines: list[OrderedLine]


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
    force: bool = False,
    override: str = "",
    faults: Sequence[Fault] = (),
) -> Plan:
    """Orders as rows of Sales, one a line with its own SalesID (D2), and one Distribution row a
    ticket. new: a client that is near a known one is somebody new. again: an order may have the PO
    of an older one of its client. force: a contract may be exceeded, by an
    ops_manager; override: why a client's credit may be. faults: what is wrong with the lines
    already.

    A line that asks for more than there is gets OversellFlag and PENDING_APPROVAL (§14a); one that
    exceeds its client's credit is refused, or says who overrode that and why (§4). Raises
    NotFoundError or RuleError for a match or category that can't be, UnclearNameError for a client
    or match that is near a known one, or tied (D23); of several things that are wrong, one error
    says all.
    """
    asked, understood = _asked(snapshot, orders, run, faults, new=new, force=force)
    wanted = [(one.occasion, one.category, one.line.quantity, one.order.client) for one in asked]
    left = left_before(snapshot, wanted, run.now)
    shortages = oversold(snapshot, wanted, run.now, left=left)
    intake_faults.refuse(
        Fault(one.line.place, refusal)
        for one, short in zip(asked, shortages, strict=True)
        if short and (refusal := limits.oversold(_beyond_stock(one, short), run))
    )
    exceeded = _within_credit(snapshot, asked, understood, run, override)
    number = next_sales_number(snapshot)
    remembered = completion.remembers(snapshot[SALES])
    rows = [
        _sale_row(one, number + place, bool(short), run, remembered=remembered)
        for place, (one, short) in enumerate(zip(asked, shortages, strict=True))
    ]
    added = ChangeSet()
    first_row = snapshot[SALES].room_for(len(rows))
    added.append(SALES, first_row, SALE_COLUMNS, rows)
    for place in exceeded:
        credit.mark(added, first_row + place, str(ids.SalesId(number + place)), override)
    recorded, only = snapshot.after(added), range(first_row, first_row + len(rows))
    plan, _growth = _expand_rows(recorded, run, only_rows=only, new=True)
    added.extend(plan.changes)
    plan.changes = added
    sales_ids = plan.result.sales_ids
    found = [
        Oversold(key, one.occasion, one.category, one.line.quantity, short.available, short.short)
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
        lines=[
            OrderedLine(
                key,
                one.occasion,
                one.category,
                one.line.quantity,
                float(one.line.unit_price),
                one.order.currency,
                one.order.client,
                stock,
                one.match_score,
                one.client_score,
            )
            for key, one, stock in zip(
                sales_ids, asked, stock_levels(snapshot, wanted, left), strict=True
            )
        ],
    )
    plan.changes.extend(understood.changes)
    plan.findings += understood.findings
    plan.findings += [] if again else twice.sales(recorded, only)
    plan.findings += [oversell_finding(one, "waits for approval", Severity.INFO) for one in found]
    return plan


class _Asked(Struct, frozen=True):
    """A line whose client, match and category are known."""

    order_id: str
    order: Order
    line: SaleLine
    match: str
    sub_game: str | None
    occasion: str
    game: str
    category: str
    match_score: float
    client_score: float


def _asked(
    snapshot: Snapshot,
    orders: Sequence[tuple[Order, Sequence[SaleLine]]],
    run: Run,
    faults: Sequence[Fault],
    *,
    new: bool,
    force: bool,
) -> tuple[list[_Asked], Plan]:
    """The lines of all orders, and what was understood by what they say, with the drafts of new
    clients. Raises one error for all that is wrong."""
    wrong = list(faults)
    catalogue = Catalogue.of(snapshot, SALES, chosen=run.chosen)
    directory = clients(snapshot, run.chosen)
    standing = parties.Standing(snapshot, CLIENT)
    contracts = Contracts(snapshot, states.SALE_CONTRACT, directory.owner, run)
    directory.prefer(contracts.parties(run.today))
    asked: list[_Asked] = []
    fresh: list[str] = []
    said: dict[Finding, None] = {}
    for given, lines in orders:
        order = given
        place = lines[0].place if lines else NOWHERE
        scopes.require_client(run, given.client, directory, new=new)
        client = intake_faults.whom(directory, given.client, place, wrong, new=new)
        if client:
            intake_faults.tried(partial(standing.require, client.name), place, wrong)
            directory.learn(client.name)
            fresh += [client.name] if client.how == "new" else []
            contract, doubts = contracts.chosen(given.contract, client.name, given.date)
            currency = given.currency or run.currency
            order = structs.replace(given, client=client.name, contract=contract, currency=currency)
            said |= dict.fromkeys([*client.said("client"), *doubts])
        order_id = ids.order_id(run.new_uuid())
        for line in lines:
            match, sub_game, category, whole = intake_faults.named(
                catalogue, line.match, line.game, line.sub_game, line.category, line.place, wrong
            )
            if not (client and whole and match and category):
                continue
            said |= dict.fromkeys(match.said("match"))
            asked.append(
                _Asked(
                    order_id,
                    order,
                    line,
                    match.name,
                    sub_game,
                    catalogue.sub_games.occasion(match.name, sub_game),
                    catalogue.games.get(match.name, ""),
                    category,
                    match.score,
                    client.score,
                )
            )
    traded = [
        Traded(
            one.order.contract,
            one.order.currency,
            line_total(one.line.quantity, one.line.unit_price),
            place=one.line.place,
        )
        for one in asked
    ]
    told = contract_values.require_within(snapshot, SALES, traded, run, wrong, force=force)
    said |= dict.fromkeys(told)
    intake_faults.refuse(wrong)
    plan = Plan(findings=list(said))
    standing.draft(plan, fresh, run)
    return asked, plan


def _beyond_stock(one: _Asked, short: Short) -> str:
    asked = f"{counted(one.line.quantity, 'ticket')} of {one.occasion} {one.category}"
    return f"{asked}, but {short.available} available:"


def _within_credit(
    snapshot: Snapshot, asked: Sequence[_Asked], understood: Plan, run: Run, override: str
) -> Collection[int]:
    """The places of the lines that exceed their client's credit, which a manager overrode. Raises
    RuleError where nobody did, once for each client."""
    more = [
        credit.Line(
            one.order.client, one.order.currency, line_total(one.line.quantity, one.line.unit_price)
        )
        for one in asked
    ]
    exceeded, told = credit.judged(snapshot, more, run, override=override)
    understood.findings += told
    if exceeded and not override:
        first = {over: place for place, over in reversed(exceeded.items())}
        intake_faults.refuse(
            Fault(asked[place].line.place, credit.refusal(over)) for over, place in first.items()
        )
    return exceeded


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
        order.operator or None,
        one.sub_game,
    )


def plan_expand(snapshot: Snapshot, run: Run, *, confirm: bool = False, override: str = "") -> Plan:
    """Distribution rows for every sale line, refreshed where they exist, and both reconciliation
    sheets (§4 4–5, §12b).

    Game follows the schedule, seats their units, Totals their quantities (D21); rows that were
    typed get what `add` gives them. INV-NO is left alone, but for a contract that an older version
    wrote there (D20). Running it again changes nothing. override: why clients' credit may be
    exceeded; without it lines beyond it get no tickets (§4). Raises RuleError for a plan that empties a
    column on many rows, unless it is confirmed (D17).
    """
    followed = follow.games(snapshot, (SALES, DISTRIBUTION))
    seats = follow.seats(snapshot)
    seats.write(followed.changes)
    plan = expand_typed(snapshot.after(followed.changes), run, override=override)
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
    plan.findings += row_types(snapshot)
    told = set(plan.findings)
    refused = refused_by_add(snapshot, SALES, ("client", "price"))
    plan.findings += [finding for finding in refused if finding not in told]
    plan.findings += [finding for finding in report.findings if finding not in told]
    return plan


def expand_typed(
    snapshot: Snapshot,
    run: Run,
    *,
    only_rows: Container[int] | None = None,
    override: str | None = "",
) -> Plan:
    """`_expand_rows`, with what `sale add` gives for those that were typed (§4): the oversell check
    for all that is asked beyond what stands in Distribution or of other stock now, Status, Currency, User, CreatedAt,
    RunID, PaymentStatus, an OrderID of its own, Contract, Total. override: as `plan_expand` has it;
    None where credit and contract were checked already."""
    undated = completion.open_cells(snapshot[SALES], "date")
    plan, growth = _expand_rows(snapshot, run, only_rows=only_rows, undated=undated)
    if override is not None:
        exceeded, told = credit.beyond(snapshot, growth, run, override=override)
        if exceeded and not override:
            plan, growth = _expand_rows(
                snapshot, run, only_rows=only_rows, undated=undated, without=exceeded
            )
        plan.findings += told
        for one in growth:
            if one.sale.row in exceeded:
                credit.mark(plan.changes, one.sale.row, one.sale.sales_id, override)
    keys = {one.sale.row: one.sale.sales_id for one in growth}
    typed = [one.sale.row for one in growth if one.typed and not one.sale.ended]
    given = {
        "run_id": run.run_id,
        "payment_status": states.PAYMENT_STATUS[0],
        "order_id": lambda: ids.order_id(run.new_uuid()),
    }
    completion.complete(plan, snapshot, SALES, {row: keys[row] for row in typed}, given, run)
    parties.typed(plan, snapshot, SALES, typed, run)
    fresh = [
        TypedLine(one.sale.row, one.sale.sales_id, one.sale.client, one.sale.date)
        for one in growth
        if one.typed and not one.sale.ended and not one.had
    ]
    typed_contracts.fill(plan, snapshot, SALES, fresh, run)
    if override is not None:
        grown = {one.sale.row: (one.had, one.had + one.gets) for one in growth}
        contract_values.report(plan, snapshot, SALES, grown, run)
    completion.totals(
        plan, snapshot, SALES, {one.sale.row: one.asked for one in growth}, keys, typed
    )
    check_stock(plan, snapshot, growth, run)
    return plan


def _expand_rows(
    snapshot: Snapshot,
    run: Run,
    *,
    only_rows: Container[int] | None,
    new: bool = False,
    undated: Collection[int] = (),
    without: Container[int] = (),
) -> tuple[Plan, list[Growth]]:
    """Distribution rows for the sale lines in `only_rows` of Sales (all where None), and how every
    line grew; `new` lines have none yet. undated: rows that are of today where they were typed;
    without: rows that get no tickets."""
    plan = Plan()
    growth: list[Growth] = []
    sales, findings = sales_of(snapshot, judged=new)
    if only_rows is None:
        plan.findings += findings
    else:
        sales = [sale for sale in sales if sale.row in only_rows]
    sales = [sale for sale in sales if sale.row not in without]
    typed = {sale.row for sale in sales if not (sale.sales_id and sale.source_sale_id)}
    sales = [
        structs.replace(sale, date=run.today)
        if sale.row in typed and sale.row in undated and not sale.ended
        else sale
        for sale in sales
    ]
    sales = _with_ids(sales, snapshot, run, plan)
    existing = Existing(None if new else snapshot, sales)
    sub_games = SubGames.of(snapshot)
    created: list[tuple[Sale, int, int | None]] = []
    refreshed = missing = excess = 0
    for sale in sales:
        changed = existing.under_another_key(sale)
        plan.findings += [key_changed(row, sale) for row in changed.values()]
        known = existing.of(sale)
        live = {child: row for child, row in known.items() if is_live(row)}
        if known and not sale.ended:
            missing += existing.lacking(sale)
        new_children = free_numbers({*known, *changed}, existing.lacking(sale))
        excess += max(0, len(live) - (0 if sale.ended else sale.quantity))
        first = min((*live, *new_children), default=None)
        for child, row in known.items():
            refreshed += refresh(row, sale, child, first, plan)
        created += [(sale, child, first) for child in new_children]
        served = any(row["unit_ids"] or row["status"] == states.ALLOCATED for row in live.values())
        asked = sum(row["sets"] or 0 for row in live.values()) or len(live)
        growth.append(
            Growth(
                sale,
                len(live),
                asked,
                len(new_children),
                sale.row in typed,
                served,
                moved_by(sale, live.values(), sub_games),
                tuple(live.values()),
            )
        )
    plan.changes.append(
        DISTRIBUTION,
        snapshot[DISTRIBUTION].room_for(len(created)),
        DRIVEN,
        [driven(*one) for one in created],
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
    number = 0 if all(sale.sales_id for sale in sales) else next_sales_number(snapshot)
    seen: set[str] = set()
    complete = []
    for given in sales:
        sale = given
        if not given.sales_id:
            sale = structs.replace(sale, sales_id=str(ids.SalesId(number)))
            number += 1
        if not given.source_sale_id:
            sale = structs.replace(sale, source_sale_id=ids.source_sale_id(run.new_uuid()))
        cells: dict[str, tuple[Any, Any]] = {
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
        if sale.sub_game != given.named:
            cells["sub_game"] = (given.named, sale.sub_game)
        plan.changes.set(SALES, sale.row, sale.sales_id, cells)
        complete.append(sale)
    return complete

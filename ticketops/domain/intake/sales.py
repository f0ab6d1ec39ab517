"""Sales taken from a file (§4): its lines become the orders of `sale add`."""

from __future__ import annotations

from msgspec import structs

from ticketops.domain.intake import duplicates, fields, limits
from ticketops.domain.intake.faults import Place
from ticketops.domain.intake.imported import Options, Outcome
from ticketops.domain.intake.reading import amounts, opened, price_of
from ticketops.domain.intake.resolving import Traded
from ticketops.domain.intake.rows import Faults, Line
from ticketops.domain.masterdata.aliases import CLIENT, clients
from ticketops.domain.masterdata.parties import Standing
from ticketops.domain.plan import Plan, Run
from ticketops.domain.selling.sales import Order, SaleLine, plan_add
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import SALES
from ticketops.schema.tables import Snapshot

KIND = fields.SALES
_NEEDED = (("match", "game", "home", "match_date"), ("category",), ("unit_price", "total", "qty"))
_Sold = tuple[Line, Traded, str]


def plan_import(snapshot: Snapshot, table: ForeignTable, options: Options, run: Run) -> Plan:
    """Take sales over. Lines of one client that agree in order number, date, currency, contract,
    instructions and notes are one order. Without `partial` nothing is taken where a line is wrong.

    Raises InputError for a file without what a sale needs, UsageError for a mapping that does not
    fit it; what `sale add` raises of the lines together; UnclearNameError where a person can be
    asked.
    """
    reading = opened(snapshot, table, options, run, KIND, _NEEDED, SALES)
    options = reading.options
    directory, standing = clients(snapshot, run.chosen), Standing(snapshot, CLIENT)
    read: list[_Sold] = []
    for line in reading.lines.good:
        of = reading.resolver.traded(line)
        client = reading.resolver.party(directory, standing, line, "client", options.client)
        if of and client:
            read.append((line, of, client))
    plan = Plan()
    earlier = duplicates.Earlier(snapshot, KIND, table)
    keys = [_key(*one, run) for one in read]
    fresh = earlier.fresh(plan, [line for line, _, _ in read], keys, again=options.again)
    skipped = len(read) - len(fresh)
    chosen = [read[at] for at in fresh]
    _require_one_client(chosen, reading.faults, run)
    limits.stock(snapshot, chosen, reading.resolver.occasion, reading.faults, run)
    limits.contracts(snapshot, SALES, chosen, directory, options, reading.faults, run)
    limits.clients(snapshot, chosen, directory, options, reading.faults, run)
    kept = reading.good((read[at][0], (read[at], keys[at])) for at in fresh)
    outcome = Outcome(0, skipped)
    if kept:
        orders: dict[Order, list[tuple[_Sold, str]]] = {}
        for one, key in kept:
            orders.setdefault(_order(one[0], one[2], run), []).append((one, key))
        said = plan.findings
        plan = plan_add(
            snapshot,
            [
                (
                    _referring(order, [line for (line, _, _), _ in own]),
                    [_sale(line, of, table.label) for (line, of, _), _ in own],
                )
                for order, own in orders.items()
            ],
            run,
            new=True,
            again=options.again,
            force=options.force,
            override=options.override,
        )
        plan.findings[:0] = said
        made = plan.result
        taken = [one for own in orders.values() for one in own]
        lines = [one[0] for one, _ in taken]
        earlier.record(plan, lines, [key for _, key in taken], made.sales_ids, run)
        outcome = Outcome(
            len(taken),
            skipped,
            [one.order_id for one in made.orders],
            made.rows_created,
            amounts(lines, run),
        )
    return reading.finished(plan, snapshot, outcome, run)


def _require_one_client(read: list[_Sold], faults: Faults, run: Run) -> None:
    """Lines of one order number that are of two clients, or in two currencies, are wrong."""
    first: dict[str, tuple[str, str, int]] = {}
    for line, _of, client in read:
        number = line.text("order")
        if not number:
            continue
        currency = line.currency or run.currency
        whose = first.setdefault(number.casefold(), (client, currency, line.number))
        if whose[:2] != (client, currency):
            said = (
                f"order {number} is of {whose[0]} in {whose[1]} on line {whose[2]}, here of {client} "
                f"in {currency}"
            )
            faults.add(line.number, "order", "ORDER_DIFFERS", said)


def _key(line: Line, of: Traded, client: str, run: Run) -> str:
    return duplicates.key(
        line.text("order"),
        line.text("reference"),
        client,
        of.match,
        of.sub_game,
        of.category,
        line.quantity,
        f"{price_of(line):.2f}",
        line.currency or run.currency,
    )


def _order(line: Line, client: str, run: Run) -> Order:
    return Order(
        client=client,
        currency=line.currency or run.currency,
        date=line.date or run.today,
        contract=line.text("contract"),
        client_po=line.text("order") or line.text("reference"),
        instructions=line.text("instructions"),
        notes=line.text("notes"),
    )


def _referring(order: Order, lines: list[Line]) -> Order:
    """The order, with the references of its lines in its notes where a number of its own is its
    PO."""
    named = dict.fromkeys(line.text("reference") for line in lines if line.text("order"))
    names = ", ".join(filter(None, named))
    if not names:
        return order
    return structs.replace(
        order, notes="; ".join(filter(None, (order.notes, f"reference {names}")))
    )


def _sale(line: Line, of: Traded, label: str) -> SaleLine:
    return SaleLine(
        match=of.match,
        category=of.category,
        quantity=line.quantity,
        unit_price=price_of(line),
        sub_game=of.sub_game or "",
        place=Place(label, line.number),
    )

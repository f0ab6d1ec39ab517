"""`ticketops sale …` (§4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.output import listed
from ticketops.cli.session import (
    Again,
    Beyond,
    Confirm,
    ConfirmRemoval,
    Dates,
    Force,
    New,
    Reason,
    Session,
    command,
    command_group,
)
from ticketops.errors import PriceNeededError, UsageError
from ticketops.model.display import counted
from ticketops.model.money import DEFAULT_CURRENCY

if TYPE_CHECKING:
    from ticketops.domain.intake.faults import Fault
    from ticketops.domain.selling.amend import Amended
    from ticketops.domain.selling.approvals import Approved, Upgraded, Upgrades
    from ticketops.domain.selling.cancellation import Ended
    from ticketops.domain.selling.lines import Refund
    from ticketops.domain.selling.sales import Expanded, Ordered

app = command_group("sale")


_Override = Annotated[
    str,
    typer.Option(
        "--override-credit",
        metavar="REASON",
        help="Go beyond the client's credit; needs the role ops_manager.",
        show_default=False,
    ),
]


@command(app, "add", writes=True)
def add(
    session: Session,
    client: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The client: its name, an alias, or a beginning that only one has.",
            show_default=False,
        ),
    ] = None,
    contract: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Contract or invoice number; stays text. Default: the client's one valid contract in _CONTRACTS.",
            show_default=False,
        ),
    ] = "",
    currency: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help=f"USD or EUR; default: that of the event, else {DEFAULT_CURRENCY}.",
            show_default=False,
        ),
    ] = None,
    line: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MATCH:CATEGORY:QTY@PRICE",
            help="A line. Repeatable, for several matches too; a sub-game follows its match: M01/RACE:Paddock:2@900.",
            show_default=False,
        ),
    ] = None,
    csv: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="Lines from a CSV file: match, category, qty, unit_price; optional: client, "
            "order, currency, date, contract, client_po, payment_status, instructions, notes, operator, subgame.",
            show_default=False,
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Sale date (2026-06-11); default: today.", show_default=False
        ),
    ] = None,
    po: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="The client's purchase order or reference.", show_default=False
        ),
    ] = "",
    payment: Annotated[
        str | None,
        typer.Option(
            metavar="STATE", help="PENDING, INVOICED or PAID; default: PENDING.", show_default=False
        ),
    ] = None,
    instructions: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Special instructions for allocation: consecutive seats, wheelchair …",
            show_default=False,
        ),
    ] = "",
    notes: Annotated[
        str, typer.Option(metavar="TEXT", help="Internal notes.", show_default=False)
    ] = "",
    operator: Annotated[
        str,
        typer.Option(
            metavar="USER", help="Who looks after the order; default: you.", show_default=False
        ),
    ] = "",
    dates: Dates = None,
    new: New = False,
    again: Again = False,
    force: Beyond = False,
    override_credit: _Override = "",
) -> int:
    """Record an order of one or more lines, for one or more matches, and expand it: one
    Distribution row per ticket. A CSV file can hold orders of many clients.

    Example: ticketops sale add --client "Meridian Travel" --line "M06:Cat 2:2@350" --line "M104:Top
    Cat 1:4@2900"
    """
    from ticketops.domain.selling.sales import SaleLine
    from ticketops.services import intake, line_orders, selling
    from ticketops.services.line_files import read_csv

    if bool(line) == bool(csv):
        raise UsageError("give either --line (once or more) or --csv")
    typed = intake.date_order(dates, session.settings.dates)
    given = {
        "client": intake.option_text(client, "client", required=True) if client is not None else "",
        "currency": intake.option_currency(currency) if currency is not None else "",
        "date": f"{intake.option_date(date, 'date', datetime.now(), typed):%Y-%m-%d}"
        if date is not None
        else "",
        "contract": intake.option_text(contract, "contract"),
        "client_po": intake.option_text(po, "po"),
        "payment_status": intake.option_payment(payment) if payment is not None else "",
        "instructions": intake.option_text(instructions, "instructions"),
        "notes": intake.option_text(notes, "notes"),
        "operator": intake.option_text(operator, "operator"),
    }
    faults: list[Fault] = []
    required = ["match", "category", "qty", "unit_price", *([] if given["client"] else ["client"])]
    if csv:
        wanted = ["order", "sub_game", *given]
        rows = read_csv(csv, required, wanted, session.out.notice, faults, dates=typed)
    elif not given["client"]:
        raise UsageError("--client is missing")
    else:
        rows = [intake.parse_line(text, with_match=True) for text in line or []]
    orders = [
        (
            order,
            [
                SaleLine(
                    o.match,
                    o.category,
                    o.quantity,
                    o.unit_price,
                    o.fields.get("game", ""),
                    o.fields.get("sub_game", ""),
                    o.place,
                )
                for o in of
            ],
        )
        for order, of in line_orders.orders(rows, given, datetime.now(), faults)
    ]
    return session.run(
        selling.sales_add(
            orders,
            new=new,
            again=again,
            force=force,
            override=intake.option_text(override_credit, "override-credit"),
            faults=faults,
        ),
        lambda result: _added(session, result),
    )


@command(app, "expand", writes=True)
def expand(
    session: Session, confirm: ConfirmRemoval = None, override_credit: _Override = ""
) -> int:
    """Expand every sale line to one Distribution row per ticket: add missing rows, refresh the
    columns that follow the sale, keep everything operators typed. Then update both reconciliation
    sheets."""
    from ticketops.services import intake, selling

    override = intake.option_text(override_credit, "override-credit")
    return session.run(
        selling.sale_expand(confirm=session.removes(confirm), override=override),
        lambda result: _expanded(session, result),
    )


_Sale = Annotated[str, typer.Argument(metavar="SALESID", help="The sale line (S147).")]


@command(app, "approve", writes=True)
def approve(
    session: Session,
    sale: _Sale,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is logged.", show_default=False)
    ],
) -> int:
    """Approve an oversold sale: it gets the available units, and the rest waits for stock. Needs
    the role ops_manager."""
    from ticketops.services import intake, selling

    def show(result: Approved) -> None:
        done = result.allocation
        given = (
            f"{done.allocated} of {done.requested} tickets allocated"
            if done
            else result.not_allocated or ""
        )
        session.out.line(f"{result.sales_id} · approved · {given}")

    return session.run(
        selling.sale_approve(sale, intake.option_text(reason, "reason", required=True)), show
    )


@command(app, "reject", writes=True)
def reject(
    session: Session,
    sale: Annotated[
        str, typer.Argument(metavar="SALESID", help="The sale line (S147), or one of its tickets.")
    ],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is logged.", show_default=False)
    ],
    force: Force = False,
) -> int:
    """Reject an oversold sale, or the oversold part it grew by. Its rows are kept and marked; if it
    was paid, a refund waits for a decision. Needs the role ops_manager."""
    from ticketops.services import intake, selling

    return session.run(
        selling.sale_reject(sale, intake.option_text(reason, "reason", required=True), force=force),
        lambda result: _ended(session, result),
    )


@command(app, "upgrade", writes=True)
def upgrade(
    session: Session,
    sale: _Sale,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="CATEGORY",
            help="The better category; without it, the choices are listed.",
            show_default=False,
        ),
    ] = None,
    price: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT",
            help="New price per ticket; default: that at which the category was sold last.",
            show_default=False,
        ),
    ] = None,
    reason: Reason = None,
    force: Beyond = False,
    override_credit: _Override = "",
) -> int:
    """Serve a sale from a better category, at a new price. Shows the margin before and after.

    Without --price, the price is that at which this category of the match was sold last in the
    currency of the sale; where it was not sold yet, the command asks.

    Without --to, the command lists the better categories, their free units and the effect on the
    margin, and writes nothing. Needs the role ops_manager.
    """
    from ticketops.model.money import parse_amount
    from ticketops.services import intake, selling

    def amount_of(text: str) -> float:
        try:
            return float(parse_amount(text))
        except ValueError as error:
            raise UsageError(f"--price: {error}") from None

    amount = None if price is None else amount_of(price)
    if to is None:
        return session.look(
            selling.sale_upgrades(sale, amount), lambda result: _proposed(session, result)
        )
    if reason is None and not session.dry_run:
        raise UsageError("--reason TEXT is missing", "it is written into _ALLOC_LOG")
    why = intake.option_text("dry run" if reason is None else reason, "reason", required=True)
    category = intake.option_text(to, "to", required=True)
    override = intake.option_text(override_credit, "override-credit")

    def act(at: float | None) -> int:
        return session.run(
            selling.sale_upgrade(sale, category, at, why, force=force, override=override),
            lambda result: _upgraded(session, result),
        )

    try:
        return act(amount)
    except PriceNeededError as error:
        if not session.interactive:
            raise
        session.out.notice(error.message)
        return act(amount_of(session.out.answer("New price per ticket?")))


@command(app, "set", writes=True)
def set_terms(
    session: Session,
    sale: Annotated[str, typer.Argument(metavar="SALESID", help="The sale line (S147).")],
    qty: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="The new number of tickets; tickets without a unit go first.",
            show_default=False,
        ),
    ] = None,
    price: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="New price per ticket.", show_default=False)
    ] = None,
    notes: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help='New internal notes; "" clears them.', show_default=False
        ),
    ] = None,
    payment: Annotated[
        str | None,
        typer.Option(metavar="STATE", help="PENDING, INVOICED or PAID.", show_default=False),
    ] = None,
    operator: Annotated[
        str | None,
        typer.Option(
            metavar="USER",
            help='Who looks after the sale; "" makes it the user who recorded it.',
            show_default=False,
        ),
    ] = None,
    contract: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help='Contract or invoice number; stays text; "" clears it.',
            show_default=False,
        ),
    ] = None,
    reason: Reason = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Also if a ticket is already sent, and beyond the highest value of a contract; "
            "needs the role ops_manager.",
        ),
    ] = False,
    override_credit: _Override = "",
) -> int:
    """Change a sale line: its row in Sales with its Total, and its Distribution rows, which are
    added or cancelled. If it was paid, a refund waits for a decision.

    Example: ticketops sale set S9 --qty 7 --price 320
    """
    from ticketops.domain.selling.amend import Terms
    from ticketops.model.money import parse_amount
    from ticketops.model.quantity import MAX_QUANTITY
    from ticketops.model.states import PAYMENT_STATUS
    from ticketops.services import intake, selling

    if all(given is None for given in (qty, price, notes, payment, operator, contract)):
        raise UsageError("give --qty, --price, --notes, --payment, --operator or --contract")
    if qty == 0:
        raise UsageError("--qty must be at least 1", f"sale cancel {sale} cancels the sale")
    if qty is not None and qty > MAX_QUANTITY:
        raise UsageError(f"--qty must be at most {MAX_QUANTITY:,} tickets, not {qty}")
    if payment is not None and payment.strip().upper() not in PAYMENT_STATUS:
        raise UsageError(f"--payment must be one of {', '.join(PAYMENT_STATUS)}, not {payment!r}")
    try:
        amount = parse_amount(price) if price is not None else None
    except ValueError as error:
        raise UsageError(f"--price: {error}") from None
    terms = Terms(
        quantity=qty,
        price=amount,
        notes=None if notes is None else intake.option_text(notes, "notes"),
        payment_status=None if payment is None else payment.strip().upper(),
        operator=None if operator is None else intake.option_text(operator, "operator"),
        contract=None if contract is None else intake.option_text(contract, "contract"),
    )
    why = "sale set" if reason is None else intake.option_text(reason, "reason", required=True)
    return session.run(
        selling.sale_set(
            sale,
            terms,
            why,
            force=force,
            override=intake.option_text(override_credit, "override-credit"),
        ),
        lambda result: _amended(session, result),
    )


def _amended(session: Session, result: Amended) -> None:
    out = session.out
    out.line(f"{result.sales_id} · {result.status} · payment {result.payment_status or 'unknown'}")
    out.table(
        ("", "Before", "Now"),
        [
            ("Quantity", result.quantity_before, result.quantity),
            ("Price", _amount(result.price_before), _amount(result.price)),
            ("Total", _amount(result.total_before), _amount(result.total)),
        ],
    )
    if result.added:
        out.line(f"{counted(len(result.added), 'ticket')} added: {listed(result.added)}")
    if result.cancelled:
        out.line(
            f"{counted(len(result.cancelled), 'ticket')} cancelled: {listed(result.cancelled)}"
            f" · {counted(result.units, 'unit')} AVAILABLE again"
        )
    if result.refund:
        _refund(session, result.refund)


@command(app, "cancel", writes=True)
def cancel(
    session: Session,
    sales: Annotated[
        list[str],
        typer.Argument(
            metavar="SALESID…", help="The sale line (S147), or single tickets (S147-2)."
        ),
    ],
    confirm: Confirm = None,
    reason: Reason = None,
    force: Force = False,
) -> int:
    """Cancel a sale, or only the tickets you name. Their units are AVAILABLE again; their rows are
    kept and marked. If they were paid, a refund waits for a decision."""
    from ticketops.services import selling

    return session.run(
        selling.sale_cancel(sales, session.reasoned(confirm, reason), force=force),
        lambda result: _ended(session, result),
    )


def _ended(session: Session, result: Ended) -> None:
    left = f", {result.tickets_left:,} left" if result.tickets_left else ""
    session.out.line(
        f"{result.sales_id} · {result.status} · {counted(result.tickets, 'ticket')} cancelled "
        f"({listed(result.ticket_ids)}){left}, {counted(result.units, 'unit')} AVAILABLE again"
    )
    if result.refund:
        _refund(session, result.refund)


def _refund(session: Session, refund: Refund) -> None:
    amount = (
        "unknown"
        if refund.amount is None
        else f"{refund.amount:,.2f} {refund.currency or ''}".strip()
    )
    session.out.table(
        ("Refund of", "Client", "Tickets", "Amount", "Payment", "Decision"),
        [
            (
                refund.sales_id,
                refund.client,
                refund.tickets,
                amount,
                refund.payment_status,
                refund.decision,
            )
        ],
    )


def _proposed(session: Session, result: Upgrades) -> None:
    session.out.line(
        f"{result.sales_id} · {result.match} · {result.category} · {counted(result.qty, 'ticket')}"
    )
    rows = [
        (
            one.category,
            one.available,
            _amount(one.price),
            _amount(one.margin_pct),
            _amount(one.margin_delta),
            _amount(one.margin_change),
            "; ".join(v.code for v in one.violations) or "passes",
        )
        for one in result.upgrades
    ]
    if rows:
        session.out.table(
            ("Category", "Free", "Price", "Margin %", "Margin", "Change", "Policy"), rows
        )
    else:
        session.out.line("there is no better category")


def _upgraded(session: Session, result: Upgraded) -> None:
    offer = result.upgrade
    margin, change = (offer.margin_delta, offer.margin_change) if offer else (None, None)
    session.out.line(
        f"{result.sales_id} · {counted(result.tickets, 'ticket')} of {result.category} now served from {result.alloc_from}"
        f" · price {_amount(result.price_before)} → {_amount(result.price)}"
        f" · margin {_amount(margin)}, change {_amount(change)}"
    )


def _amount(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.2f}"


def _added(session: Session, result: Ordered) -> None:
    sales = result.sales_ids
    span = sales[0] if len(sales) == 1 else f"{sales[0]}–{sales[-1]}"
    rows = counted(result.rows_created, "distribution row")
    session.out.line(
        f"Sale {span} created · {rows}: {_named(result.tickets)}"
        + (f" · {counted(len(result.orders), 'order')}" if len(result.orders) > 1 else "")
    )
    if len(result.orders) > 1:
        session.out.table(
            ("Client", "Lines", "SalesIDs"),
            [(one.client, len(one.sales_ids), ", ".join(one.sales_ids)) for one in result.orders],
        )
    session.out.table(
        ("Sale", "Match", "Category", "Qty", "Left", "Stock"),
        [
            (
                line.sales_id,
                line.match,
                line.category,
                line.qty,
                line.stock.left,
                line.stock.level
                + (f", capacity {line.stock.capacity:,}" if line.stock.capacity else ""),
            )
            for line in result.lines
        ],
    )
    if result.oversold:
        short = sum(one.short for one in result.oversold)
        session.out.line(
            f"PENDING_APPROVAL: oversold by {short:,}; sale approve, reject or upgrade decides"
        )


def _named(tickets: Sequence[str]) -> str:
    """Tickets by name, a long list cut."""
    return ", ".join(tickets[:20]) + (f" and {len(tickets) - 20:,} more" if tickets[20:] else "")


def _expanded(session: Session, result: Expanded) -> None:
    session.out.line(
        f"{counted(len(result.sales_ids), 'sale line')} · {counted(result.rows_created, 'row')} "
        "added, "
        f"{result.rows_refreshed:,} refreshed, {result.rows_excess:,} surplus"
    )
    session.out.table(
        ("Reconciliation", "Rows"), [(action, n) for action, n in result.by_action.items() if n]
    )


@command(app, "list")
def list_sales(
    session: Session,
    client: listing.Client = "",
    match: listing.Match = "",
    category: listing.Category = "",
    status: Annotated[
        str,
        typer.Option("--status", metavar="STATUS", help="Only this status.", show_default=False),
    ] = "",
    order: Annotated[
        str, typer.Option("--order", metavar="ORDERID", help="Only this order.", show_default=False)
    ] = "",
    operator: Annotated[
        str,
        typer.Option(
            "--operator", metavar="USER", help="Only what they look after.", show_default=False
        ),
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the sale lines, in sheet order, with the numbers of allocated and sent tickets."""
    from ticketops.domain.reporting.lists import Which
    from ticketops.model.states import PARTIAL_PENDING, SALE_STATUS
    from ticketops.services import lists

    which = Which(
        client=client,
        match=listing.match_code(match),
        category=listing.category_name(category),
        status=listing.one_of(status, "status", (*SALE_STATUS, PARTIAL_PENDING)),
        order=order,
        operator=operator,
    )
    return listing.show_list(session, lists.sale_list(which), "sales", "sale", _SALE, csv)


@command(app, "show")
def show(
    session: Session,
    sale: Annotated[str, typer.Argument(metavar="SALESID", help="The sale line (S3).")],
) -> int:
    """Show a sale line on one screen: tickets, units, seats, guests, dispatch, money, history."""
    from ticketops.cli import whole_sale
    from ticketops.model.ids import parse_sales_id, read_sales_id
    from ticketops.services import lists

    text = read_sales_id(sale)
    try:
        text = parse_sales_id(text).parent
    except ValueError as error:
        raise UsageError(str(error)) from None
    found = session.result_of(lists.sale_show(text))
    whole_sale.show(session, found)
    return session.finish(found, [])


_SALE: listing.Columns = (
    ("Sale", "sales_id"),
    ("Date", "date"),
    ("Match", "match"),
    ("Client", "client"),
    ("Category", "category"),
    ("Qty", "quantity"),
    ("Price", "price"),
    ("Cur", "currency"),
    ("Status", "status"),
    ("Alloc", "allocated"),
    ("Sent", "sent"),
    ("Payment", "payment_status"),
)

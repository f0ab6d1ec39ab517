"""`ticketops sale …` (§4)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from ticketops.cli.output import counted
from ticketops.cli.session import Confirm, Force, Reason, Session, command, command_group
from ticketops.errors import UsageError

app = command_group("sale")


@command(app, "add", writes=True)
def add(
    session: Session,
    client: Annotated[str, typer.Option(metavar="NAME", help="The client.", show_default=False)],
    contract: Annotated[str, typer.Option(metavar="TEXT", help="Contract or invoice number; stays text.", show_default=False)] = "",
    currency: Annotated[str, typer.Option(metavar="CODE", help="USD or EUR.")] = "USD",
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="MATCH:CATEGORY:QTY@PRICE", help="A line; may be given again, for other matches too.", show_default=False),
    ] = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Lines from a CSV file: match, category, qty, unit_price.", show_default=False)
    ] = None,
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Sale date (2026-06-11); today if not given.", show_default=False)
    ] = None,
    po: Annotated[str, typer.Option(metavar="TEXT", help="The client's purchase order or reference.", show_default=False)] = "",
    payment: Annotated[str, typer.Option(metavar="STATE", help="PENDING, INVOICED or PAID.")] = "PENDING",
    instructions: Annotated[
        str,
        typer.Option(metavar="TEXT", help="Special instructions for the allocator: consecutive seats, wheelchair …", show_default=False),
    ] = "",
    notes: Annotated[str, typer.Option(metavar="TEXT", help="Internal notes.", show_default=False)] = "",
) -> int:
    """Record an order of one or many lines, over one or many matches, and expand it: one Distribution row a ticket.

    Example: ticketops sale add --client "Meridian Travel" --line "M06:Cat 2:2@350" --line "M104:Top Cat 1:4@2900"
    """
    from ticketops.domain.sales import Order, SaleLine
    from ticketops.model.states import PAYMENT_STATUS
    from ticketops.services import intake, jobs

    if bool(line) == bool(csv):
        raise UsageError("give either --line (once or more) or --csv")
    if payment.upper() not in PAYMENT_STATUS:
        raise UsageError(f"--payment {payment!r}: it is {', '.join(PAYMENT_STATUS)}")
    order = Order(
        client=intake.option_text(client, "client", required=True),
        currency=intake.option_currency(currency),
        date=intake.option_date(date, "date", datetime.now()),
        contract=intake.option_text(contract, "contract"),
        client_po=intake.option_text(po, "po"),
        payment_status=payment.upper(),
        instructions=intake.option_text(instructions, "instructions"),
        notes=intake.option_text(notes, "notes"),
    )
    if csv:
        given = intake.read_csv(csv, ["match", "category", "qty", "unit_price"], [], session.out.notice)
    else:
        given = [intake.parse_line(text, with_match=True) for text in line or []]
    lines = [SaleLine(one.match, one.category, one.quantity, one.unit_price) for one in given]
    return session.run(jobs.sale_add(order, lines), lambda result: _added(session, result))


@command(app, "expand", writes=True)
def expand(session: Session) -> int:
    """One Distribution row a ticket for every sale line: missing rows are made, sale-driven columns refreshed,
    everything that operators typed is kept. Then both reconciliation sheets are brought up to date.
    """
    from ticketops.services import jobs

    return session.run(jobs.sale_expand(), lambda result: _expanded(session, result))


_Sale = Annotated[str, typer.Argument(metavar="SALESID", help="The sale line (S147) or its first ticket (S147-1).")]


@command(app, "approve", writes=True)
def approve(
    session: Session,
    sale: _Sale,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is logged.", show_default=False)],
) -> int:
    """Bear the risk of an oversold sale: it is given what there is, the rest waits for stock. Needs the role ops_manager."""
    from ticketops.services import intake, jobs

    def show(result: dict[str, Any]) -> None:
        done = result["allocation"]
        given = f"{done['allocated']} of {done['requested']} tickets allocated" if done else result.get("not_allocated", "")
        session.out.line(f"{result['sales_id']} · approved · {given}")

    return session.run(jobs.sale_approve(sale, intake.option_text(reason, "reason", required=True)), show)


@command(app, "reject", writes=True)
def reject(
    session: Session,
    sale: _Sale,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is logged.", show_default=False)],
    force: Force = False,
) -> int:
    """Reject an oversold sale: its rows are kept and marked, a refund row is to be decided. Needs the role ops_manager."""
    from ticketops.services import intake, jobs

    return session.run(
        jobs.sale_reject(sale, intake.option_text(reason, "reason", required=True), force=force), lambda result: _ended(session, result)
    )


@command(app, "upgrade", writes=True)
def upgrade(
    session: Session,
    sale: _Sale,
    to: Annotated[
        str | None, typer.Option("--to", metavar="CATEGORY", help="The better category; if not given, what there is.", show_default=False)
    ] = None,
    price: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="New price of one ticket; the old one stays if not given.", show_default=False)
    ] = None,
    reason: Reason = None,
) -> int:
    """Serve a sale from a better category, at a new price if given; shows the margin before and after.

    Without --to: the better categories, what is free there and what it would do to the margin; nothing is written.
    Needs the role ops_manager.
    """
    from ticketops.model.money import parse_amount
    from ticketops.services import intake, jobs

    try:
        amount = float(parse_amount(price)) if price is not None else None
    except ValueError as error:
        raise UsageError(f"--price: {error}") from None
    if to is None:
        return session.look(jobs.sale_upgrades(sale, amount), lambda result: _proposed(session, result))
    if reason is None and not session.dry_run:
        raise UsageError("--reason TEXT is missing", "it is written into _ALLOC_LOG")
    why = intake.option_text("dry run" if reason is None else reason, "reason", required=True)
    category = intake.option_text(to, "to", required=True)
    return session.run(jobs.sale_upgrade(sale, category, amount, why), lambda result: _upgraded(session, result))


@command(app, "cancel", writes=True)
def cancel(session: Session, sale: _Sale, confirm: Confirm = None, reason: Reason = None, force: Force = False) -> int:
    """Cancel a sale: its units are AVAILABLE again, its rows are kept and marked, a refund row is to be decided."""
    from ticketops.services import jobs

    return session.run(jobs.sale_cancel(sale, session.reasoned(confirm, reason), force=force), lambda result: _ended(session, result))


def _ended(session: Session, result: dict[str, Any]) -> None:
    refund = result["refund"]
    session.out.line(
        f"{result['sales_id']} · {result['status']} · {counted(result['tickets'], 'ticket')}, {counted(result['units'], 'unit')} AVAILABLE again"
    )
    amount = "unknown" if refund["amount"] is None else f"{refund['amount']:,.2f} {refund['currency'] or ''}".strip()
    session.out.table(
        ("Refund of", "Client", "Tickets", "Amount", "Payment", "Decision"),
        [(refund["sales_id"], refund["client"], refund["tickets"], amount, refund["payment_status"], refund["decision"])],
    )


def _proposed(session: Session, result: dict[str, Any]) -> None:
    session.out.line(f"{result['sales_id']} · {result['match']} · {result['category']} · {counted(result['qty'], 'ticket')}")
    rows = [
        (one["category"], one["available"], _amount(one["price"]), _amount(one["margin_pct"]), _amount(one["margin_delta"]),
         _amount(one["margin_change"]), "; ".join(v["code"] for v in one["violations"]) or "passes")
        for one in result["upgrades"]
    ]  # fmt: skip
    if rows:
        session.out.table(("Category", "Free", "Price", "Margin %", "Margin", "Change", "Policy"), rows)
    else:
        session.out.line("there is no better category")


def _upgraded(session: Session, result: dict[str, Any]) -> None:
    offer = result["upgrade"] or {}
    session.out.line(
        f"{result['sales_id']} · {counted(result['tickets'], 'ticket')} of {result['category']} now served from {result['alloc_from']}"
        f" · price {_amount(result['price_before'])} → {_amount(result['price'])}"
        f" · margin {_amount(offer.get('margin_delta'))}, change {_amount(offer.get('margin_change'))}"
    )


def _amount(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.2f}"


def _added(session: Session, result: dict[str, Any]) -> None:
    sales = result["sales_ids"]
    span = sales[0] if len(sales) == 1 else f"{sales[0]}–{sales[-1]}"
    session.out.line(f"Sale {span} created · {result['rows_created']:,} distribution rows")
    if result["oversold"]:
        short = sum(one["short"] for one in result["oversold"])
        session.out.line(f"PENDING_APPROVAL: oversold by {short:,}; sale approve, reject or upgrade decides")


def _expanded(session: Session, result: dict[str, Any]) -> None:
    session.out.line(
        f"{len(result['sales_ids']):,} sale lines · {result['rows_created']:,} rows made, "
        f"{result['rows_refreshed']:,} refreshed, {result['rows_excess']:,} too many"
    )
    session.out.table(("Reconciliation", "Rows"), [(action, n) for action, n in result["by_action"].items() if n])

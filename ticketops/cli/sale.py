"""`ticketops sale …` (§4)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from ticketops.cli.session import Session, command
from ticketops.errors import UsageError

app = typer.Typer(
    help="Record sales and turn them into Distribution rows.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)


@command(app, "add", group="sale", writes=True)
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


@command(app, "expand", group="sale", writes=True)
def expand(session: Session) -> int:
    """One Distribution row a ticket for every sale line: missing rows are made, sale-driven columns refreshed,
    everything that operators typed is kept. Then both reconciliation sheets are brought up to date.
    """
    from ticketops.services import jobs

    return session.run(jobs.sale_expand(), lambda result: _expanded(session, result))


def _added(session: Session, result: dict[str, Any]) -> None:
    sales = result["sales_ids"]
    span = sales[0] if len(sales) == 1 else f"{sales[0]}–{sales[-1]}"
    session.out.line(f"Sale {span} created · {result['rows_created']:,} distribution rows")


def _expanded(session: Session, result: dict[str, Any]) -> None:
    session.out.line(
        f"{len(result['sales_ids']):,} sale lines · {result['rows_created']:,} rows made, "
        f"{result['rows_refreshed']:,} refreshed, {result['rows_excess']:,} too many"
    )
    session.out.table(("Reconciliation", "Rows"), [(action, n) for action, n in result["by_action"].items() if n])

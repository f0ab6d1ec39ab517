"""`ticketops refund …`: what becomes of the money for cancelled tickets (§14e)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError

if TYPE_CHECKING:
    from ticketops.domain.selling.refunds import Decided

app = command_group("refund")


@command(app, "list")
def list_refunds(
    session: Session,
    client: listing.Client = "",
    sale: listing.Sale = "",
    decision: Annotated[
        str,
        typer.Option(
            "--decision",
            metavar="DECISION",
            help="Only this decision, such as TO_BE_DECIDED.",
            show_default=False,
        ),
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the refunds, waiting and decided."""
    from ticketops.domain.reporting.lists import Which
    from ticketops.model.ids import read_sales_id
    from ticketops.model.states import REFUND_DECISION
    from ticketops.services import lists

    which = Which(
        client=client,
        sale=read_sales_id(sale) if sale else "",
        status=listing.one_of(decision, "decision", REFUND_DECISION),
    )
    found = session.result_of(lists.refund_list(which))
    return listing.show(session, found, found.refunds, "refund", listing.REFUND, csv)


@command(app, "decide", writes=True)
def decide(
    session: Session,
    sale: Annotated[
        str, typer.Argument(metavar="SALESID", help="The sale (S36) or ticket (S36-1).")
    ],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
    amount: Annotated[
        float | None,
        typer.Option(
            "--amount",
            metavar="AMOUNT",
            min=0.01,
            help="The amount to pay back, or with --credit to credit.",
            show_default=False,
        ),
    ] = None,
    credit: Annotated[
        bool, typer.Option("--credit", help="Give a credit: the whole price, or --amount.")
    ] = False,
    none: Annotated[bool, typer.Option("--none", help="Pay nothing back.")] = False,
) -> int:
    """Decide a refund: money back (--amount), a credit (--credit) or nothing (--none). Only paid
    amounts can be refunded. Needs the role ops_manager."""
    from ticketops.domain.selling import refunds
    from ticketops.model.ids import read_sales_id
    from ticketops.services import intake, selling

    if (none and (credit or amount is not None)) or not (none or credit or amount is not None):
        raise UsageError("give --amount, --credit (with or without --amount) or --none")
    decision = refunds.NO_REFUND if none else refunds.CREDIT if credit else refunds.REFUND
    why = intake.option_text(reason, "reason", required=True)

    def show(result: Decided) -> None:
        money = (
            f" of {result.amount:,.2f} {result.currency or ''}".rstrip()
            if result.amount is not None
            else ""
        )
        session.out.line(f"{result.sales_id} · {result.client or 'no client'} · {decision}{money}")

    return session.run(
        selling.refund_decide(read_sales_id(sale), decision, why, amount=amount), show
    )

"""`ticketops payment …`: money that came and went (§13, D24)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Dates, Session, command, command_group

if TYPE_CHECKING:
    from ticketops.domain.money.payments import Paid

app = command_group("payment")
_PAYMENT: listing.Columns = (
    ("Payment", "payment_id"),
    ("Date", "date"),
    ("Way", "direction"),
    ("Party", lambda one: one.client or one.vendor),
    ("Amount", lambda one: listing.money(one.amount)),
    ("Cur", "currency"),
    ("For", "paid_for"),
    ("Ref", "ref"),
    ("Void", lambda one: one.void_reason if one.status == "VOID" else ""),
    ("Note", "note"),
)


@command(app, "add", writes=True)
def add(
    session: Session,
    amount: Annotated[
        str, typer.Option(metavar="AMOUNT", help="How much: 1350.00.", show_default=False)
    ],
    client: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The client who pays; default: that of the sales.",
            show_default=False,
        ),
    ] = "",
    vendor: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The vendor who is paid; default: that of the purchases.",
            show_default=False,
        ),
    ] = "",
    paid_for: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="SALESID|PURCHASE",
            help="The sale (S147) or purchase (PurchaseID, SetID, UnitID, listing number) that it is for. Repeatable; without it, the payment is on account.",
            show_default=False,
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="USD or EUR; default: that of the lines, else of the event.",
            show_default=False,
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="The day of the payment; default: today.", show_default=False
        ),
    ] = None,
    ref: Annotated[
        str, typer.Option(metavar="TEXT", help="The reference at the bank.", show_default=False)
    ] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="A note.", show_default=False)] = "",
    refund: Annotated[
        bool,
        typer.Option(
            "--refund", help="The money goes back: to the client, or from the vendor to us."
        ),
    ] = False,
    dates: Dates = None,
) -> int:
    """Record a payment: from a client or, with --vendor, to a vendor. A sale that it settles says
    PAID. What names no line is on account and settles the oldest ones.

    Example: ticketops payment add --for S147 --amount 1400 --ref "Bank 4711"
    """
    from ticketops.domain.money.payments import Given
    from ticketops.services import intake, money

    typed = intake.date_order(dates, session.settings.dates)
    given = Given(
        intake.option_amount(amount, "amount"),
        intake.option_date(date, "date", datetime.now(), typed),
        intake.option_text(client, "client"),
        intake.option_text(vendor, "vendor"),
        tuple(intake.option_text(one, "for", required=True) for one in paid_for or ()),
        intake.option_currency(currency) if currency is not None else "",
        intake.option_text(ref, "ref"),
        intake.option_text(note, "note"),
        refund,
    )
    return session.run(money.payment_add(given), lambda result: _show(session, result, "recorded"))


@command(app, "list")
def list_payments(
    session: Session,
    client: listing.Client = "",
    vendor: listing.Vendor = "",
    paid_for: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="SALESID|PURCHASE",
            help="Only for this sale or purchase.",
            show_default=False,
        ),
    ] = "",
    void: Annotated[bool, typer.Option("--void", help="Those that are VOID, too.")] = False,
    csv: listing.Csv = None,
) -> int:
    """List the payments, in the order in which they were recorded."""
    from ticketops.domain.money.payments import Which
    from ticketops.services import money

    plan = session.plan_of(money.payment_list(Which(client, vendor, paid_for, void)))
    return listing.show(
        session, plan.result, plan.result.payments, "payment", _PAYMENT, csv, plan.findings
    )


@command(app, "void", writes=True)
def void(
    session: Session,
    payment: Annotated[str, typer.Argument(metavar="PAYMENTID", help="The payment (PM00012).")],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
) -> int:
    """Make a payment count for nothing: it bounced, or was recorded by mistake. Its row is kept."""
    from ticketops.services import intake, money

    return session.run(
        money.payment_void(payment, intake.option_text(reason, "reason", required=True)),
        lambda result: _show(session, result, "VOID"),
    )


def _show(session: Session, result: Paid, what: str) -> None:
    out = session.out
    party = result.client or result.vendor or ""
    way = "from" if result.direction == "IN" else "to"
    out.line(
        f"{result.payment_id} {what} · {listing.money(result.amount)} {result.currency} {way} {party}"
    )
    if result.lines:
        out.table(
            ("For", "Total", "Paid", "Open", "Payment"),
            [
                (
                    one.ref,
                    listing.money(one.total),
                    listing.money(one.paid),
                    listing.money(one.outstanding),
                    one.payment_status,
                )
                for one in result.lines
            ],
        )
    if result.on_account:
        out.line(f"{listing.money(result.on_account)} {result.currency} of {party} on account")

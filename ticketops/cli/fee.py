"""`ticketops fee …`: what platforms and deliveries cost (§13)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Dates, Session, command, command_group
from ticketops.errors import UsageError

if TYPE_CHECKING:
    from ticketops.domain.money.fees import FeeSet

app = command_group("fee")
_FEE: listing.Columns = (
    ("Fee", "fee_id"),
    ("Date", "date"),
    ("Kind", "kind"),
    ("For", "fee_for"),
    ("Amount", lambda one: listing.money(one.amount)),
    ("Cur", "currency"),
    ("Void", lambda one: one.void_reason if one.status == "VOID" else ""),
    ("Note", "note"),
)


@command(app, "add", writes=True)
def add(
    session: Session,
    what: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="SALESID|PURCHASE",
            help="The sale (S147), the purchase (PurchaseID, SetID, UnitID), or the listing number of several.",
            show_default=False,
        ),
    ],
    amount: Annotated[
        str, typer.Option(metavar="AMOUNT", help="How much: 12.50.", show_default=False)
    ],
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="PLATFORM, DELIVERY or OTHER.")
    ] = "PLATFORM",
    currency: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="USD or EUR; default: that of the sale or purchase.",
            show_default=False,
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day; default: today.", show_default=False),
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="A note.", show_default=False)] = "",
    dates: Dates = None,
) -> int:
    """Record a fee beside the price: margins count it, balances of vendors do not.

    Example: ticketops fee add --for PR0012-S01 --amount 48 --kind PLATFORM
    """
    from ticketops.domain.money.fees import Given
    from ticketops.model.states import FEE_KIND
    from ticketops.services import intake, money

    if not kind.strip():
        raise UsageError(f"--kind must be one of {', '.join(FEE_KIND)}")
    typed = intake.date_order(dates, session.settings.dates)
    given = Given(
        listing.one_of(kind, "kind", FEE_KIND),
        intake.option_text(what, "for", required=True),
        intake.option_amount(amount, "amount"),
        intake.option_date(date, "date", datetime.now(), typed),
        intake.option_currency(currency) if currency is not None else "",
        intake.option_text(note, "note"),
    )
    return session.run(money.fee_add(given), lambda result: _show(session, result, "recorded"))


@command(app, "list")
def list_fees(
    session: Session,
    what: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="SALESID|PURCHASE",
            help="Only of this sale or purchase.",
            show_default=False,
        ),
    ] = "",
    void: Annotated[bool, typer.Option("--void", help="Those that are VOID, too.")] = False,
    csv: listing.Csv = None,
) -> int:
    """List the fees, in the order in which they were recorded."""
    from ticketops.services import money

    plan = session.plan_of(money.fee_list(what, void=void))
    return listing.show(session, plan.result, plan.result.fees, "fee", _FEE, csv, plan.findings)


@command(app, "void", writes=True)
def void(
    session: Session,
    fee: Annotated[str, typer.Argument(metavar="FEEID", help="The fee (FE00003).")],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
) -> int:
    """Make a fee count for nothing. Its row is kept."""
    from ticketops.services import intake, money

    return session.run(
        money.fee_void(fee, intake.option_text(reason, "reason", required=True)),
        lambda result: _show(session, result, "VOID"),
    )


def _show(session: Session, result: FeeSet, what: str) -> None:
    amount = f"{listing.money(result.amount)} {result.currency or ''}"
    session.out.line(f"{result.fee_id} {what} · {result.kind} of {amount} for {result.fee_for}")

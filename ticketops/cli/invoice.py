"""`ticketops invoice …`: invoices and credit notes (§13)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Dates, Session, command, command_group
from ticketops.errors import UnusableError, UsageError

if TYPE_CHECKING:
    from decimal import Decimal

    from ticketops.domain.money.invoices import InvoiceWhole

app = command_group("invoice")
_Invoice = Annotated[
    str, typer.Argument(metavar="INVOICE", help="The number of the invoice (2026-0001).")
]
_Date = Annotated[
    str | None, typer.Option(metavar="DATE", help="Its date; default: today.", show_default=False)
]
_INVOICE: listing.Columns = (
    ("Invoice", "invoice"),
    ("Kind", "kind"),
    ("Date", "issued_on"),
    ("Due", "due_on"),
    ("Client", "client"),
    ("Total", lambda one: listing.money(one.total)),
    ("Cur", "currency"),
    ("Sales", "lines"),
    ("Cancels", "cancels"),
    ("Cancelled by", "cancelled_by"),
)


@command(app, "issue", writes=True)
def issue(
    session: Session,
    sales: Annotated[
        list[str],
        typer.Argument(metavar="SALESID…", help="The sales (S147), of one client and currency."),
    ],
    date: _Date = None,
    due: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="When it is to be paid; default: as the client's payment terms say.",
            show_default=False,
        ),
    ] = None,
    tax_rate: Annotated[
        str, typer.Option("--tax-rate", metavar="PERCENT", help="The tax that the prices include.")
    ] = "0",
    dates: Dates = None,
) -> int:
    """Issue an invoice with the next number. It can't be undone: a credit note cancels it.

    Example: ticketops invoice issue S147 S148 --tax-rate 19
    """
    from ticketops.domain.money.invoices import Given
    from ticketops.services import intake, money

    typed = intake.date_order(dates, session.settings.dates)
    given = Given(
        tuple(sales),
        intake.option_date(date, "date", datetime.now(), typed),
        intake.option_date(due, "due", datetime.now(), typed) if due is not None else None,
        _rate(tax_rate),
    )
    return session.run(money.invoice_issue(given), lambda result: _show(session, result))


@command(app, "credit", writes=True)
def credit(
    session: Session,
    invoice: _Invoice,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
    date: _Date = None,
    dates: Dates = None,
) -> int:
    """Cancel an invoice by a credit note with the next number. It can't be undone; its sales can be
    invoiced again. Needs the role ops_manager."""
    from ticketops.services import intake, money

    typed = intake.date_order(dates, session.settings.dates)
    day = intake.option_date(date, "date", datetime.now(), typed)
    why = intake.option_text(reason, "reason", required=True)
    return session.run(
        money.invoice_credit(invoice, day, why), lambda result: _show(session, result)
    )


@command(app, "list")
def list_invoices(session: Session, client: listing.Client = "", csv: listing.Csv = None) -> int:
    """List the invoices and credit notes, in the order of their issue."""
    from ticketops.services import money

    plan = session.plan_of(money.invoice_list(client))
    return listing.show(
        session, plan.result, plan.result.invoices, "invoice", _INVOICE, csv, plan.findings
    )


@command(app, "show")
def show(
    session: Session,
    invoice: _Invoice,
    page: Annotated[
        Path | None,
        typer.Option(
            "--page", metavar="FILE", help="Write a page to print (HTML).", show_default=False
        ),
    ] = None,
    xlsx: Annotated[
        Path | None,
        typer.Option("--xlsx", metavar="FILE", help="Write it as .xlsx.", show_default=False),
    ] = None,
) -> int:
    """Show an invoice; write it as a page to print or as a workbook."""
    from ticketops.services import money

    plan = session.plan_of(money.invoice_show(invoice))
    found = plan.result
    try:
        money.write_invoice(found, session.settings, page=page, xlsx=xlsx)
    except OSError as error:
        raise UnusableError(
            f"{error.filename or page or xlsx} can't be written: {error.strerror or error}"
        ) from None
    for path in filter(None, (page, xlsx)):
        session.out.notice(f"{path} written")
    _show(session, found)
    session.out.findings(plan.findings)
    return session.finish(found, plan.findings)


def _rate(text: str) -> Decimal:
    from ticketops.model.money import parse_amount

    try:
        rate = parse_amount(text.strip().removesuffix("%"))
    except ValueError:
        raise UsageError(f"--tax-rate must be a number such as 19, not {text!r}") from None
    if rate >= 100:
        raise UsageError(f"--tax-rate must be below 100, not {text!r}")
    return rate


def _show(session: Session, whole: InvoiceWhole) -> None:
    one, out = whole.invoice, session.out
    kind = "Credit note" if one.cancels else "Invoice"
    said = [
        f"{kind} {one.invoice}",
        one.client or "",
        f"date {listing.shown(one.issued_on)}",
        f"due {listing.shown(one.due_on)}" if one.due_on else "",
        f"cancels {one.cancels}" if one.cancels else "",
        f"cancelled by {one.cancelled_by}" if one.cancelled_by else "",
    ]
    out.line(" · ".join(filter(None, said)))
    listing.table(session, whole.lines, _LINE)
    out.line(
        f"Net {listing.money(one.net)} · tax {one.tax_rate:g} % {listing.money(one.tax)}"
        f" · total {listing.money(one.total)} {one.currency or ''} · open {listing.money(whole.outstanding)}"
    )


_LINE: listing.Columns = (
    ("Sale", "sales_id"),
    ("Match", "match"),
    ("Category", "category"),
    ("Qty", "quantity"),
    ("Price", lambda one: listing.money(one.price)),
    ("Total", lambda one: listing.money(one.total)),
)

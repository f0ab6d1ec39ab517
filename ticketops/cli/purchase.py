"""`ticketops purchase …` (§3)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Again, ConfirmRemoval, Dates, New, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.money import DEFAULT_CURRENCY

if TYPE_CHECKING:
    from ticketops.domain.intake.faults import Fault
    from ticketops.domain.purchasing.purchases import Expanded

app = command_group("purchase")


@command(app, "add", writes=True)
def add(
    session: Session,
    match: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="Match code: M1, M01 or an Olympic session.", show_default=False
        ),
    ] = None,
    vendor: Annotated[
        str | None, typer.Option(metavar="NAME", help="The vendor.", show_default=False)
    ] = None,
    contract: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="Contract number; stays text (000777).", show_default=False
        ),
    ] = "",
    inv_no: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="The vendor's listing number, which staff use to find the tickets.",
            show_default=False,
        ),
    ] = "",
    currency: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help=f"USD or EUR; default: {DEFAULT_CURRENCY}.", show_default=False
        ),
    ] = None,
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="CATEGORY:QTY@PRICE", help="A line. Repeatable.", show_default=False),
    ] = None,
    csv: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="Lines from a CSV file: match, category, qty, unit_price, vendor, contract, currency, inv_no, date, notes.",
            show_default=False,
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Purchase date (2026-06-11); default: today.", show_default=False
        ),
    ] = None,
    notes: Annotated[str, typer.Option(metavar="TEXT", help="Notes.", show_default=False)] = "",
    dates: Dates = None,
    new: New = False,
    again: Again = False,
) -> int:
    """Record a purchase of one or more lines and expand it into units, in one transaction.

    Example: ticketops purchase add --match M01 --vendor Viagogo --contract 000777 --line "Cat
    1:3@120.50"
    """
    from ticketops.domain.purchasing.purchases import PurchaseLine
    from ticketops.services import intake, purchasing
    from ticketops.services.line_files import read_csv
    from ticketops.services.line_orders import purchase_fields

    if bool(line) == bool(csv):
        raise UsageError("give either --line (once or more) or --csv")
    typed = intake.date_order(dates, session.settings.dates)
    shared = {
        "vendor": intake.option_text(vendor or "", "vendor"),
        "contract": intake.option_text(contract, "contract"),
        "inv_no": intake.option_text(inv_no, "inv-no"),
        "currency": intake.option_currency(currency) if currency is not None else "",
        "date": f"{intake.option_date(date, 'date', datetime.now(), typed):%Y-%m-%d}"
        if date is not None
        else "",
        "notes": intake.option_text(notes, "notes"),
    }
    code = intake.option_text(match or "", "match")
    faults: list[Fault] = []
    if csv:
        required = [
            "category",
            "qty",
            "unit_price",
            *([] if code else ["match"]),
            *([] if shared["vendor"] else ["vendor"]),
        ]
        given = read_csv(
            csv, required, ["match", *shared], session.out.notice, faults, match=code, dates=typed
        )
    else:
        if not code:
            raise UsageError("--match is missing")
        if not shared["vendor"]:
            raise UsageError("--vendor is missing")
        given = [
            intake.parse_line(text, with_match=False)._replace(match=code) for text in line or []
        ]
    lines = []
    for one in given:
        own = purchase_fields(one, shared, faults)
        lines.append(
            PurchaseLine(
                one.match,
                own["vendor"],
                own["contract"],
                one.category,
                one.quantity,
                one.unit_price,
                own["currency"] or DEFAULT_CURRENCY,
                intake.option_date(own["date"] or None, "date", datetime.now()),
                own["notes"],
                own["inv_no"],
                one.fields.get("game", ""),
                one.place,
            )
        )
    return session.run(
        purchasing.purchase_add(lines, new=new, again=again, faults=faults),
        lambda result: _show(session, result, "Purchase recorded"),
    )


@command(app, "expand", writes=True)
def expand(session: Session, confirm: ConfirmRemoval = None) -> int:
    """Make _PURCHASE_UNITS agree with Purchases: add missing units, remove surplus free ones.

    Allocated units are never removed. Running the command again changes nothing.
    """
    from ticketops.services import purchasing

    return session.run(
        purchasing.purchase_expand(confirm=session.removes(confirm)),
        lambda result: _show(session, result, "Units agree with Purchases"),
    )


def _show(session: Session, result: Expanded, what: str) -> None:
    created = result.units_created
    first, last = result.first_unit_id, result.last_unit_id
    span = (f": {first}" if first == last else f": {first}–{last}") if created else ""
    removed = f", {result.units_removed:,} removed" if result.units_removed else ""
    session.out.line(f"{what} · {counted(created, 'unit')} generated{span}{removed}")
    if result.issues:
        rows = [(issue.code, issue.purchase_id, issue.source_row) for issue in result.issues]
        session.out.table(("Issue", "PurchaseID", "SourceRow"), rows)


@command(app, "list")
def list_purchases(
    session: Session,
    vendor: listing.Vendor = "",
    match: listing.Match = "",
    category: listing.Category = "",
    order: Annotated[
        str,
        typer.Option(
            "--order", metavar="ORDERID", help="Only this PurchaseOrderID.", show_default=False
        ),
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the purchase lines, in sheet order, with their numbers of units."""
    from ticketops.domain.reporting.lists import Which
    from ticketops.services import lists

    which = Which(
        vendor=vendor,
        match=listing.match_code(match),
        category=listing.category_name(category),
        order=order,
    )
    found = session.result_of(lists.purchase_list(which))
    columns: listing.Columns = (
        ("Row", "row"),
        ("Date", "date"),
        ("Match", "match"),
        ("Vendor", "vendor"),
        ("Contract", "contract"),
        ("Category", "category"),
        ("Qty", "quantity"),
        ("Price", "price"),
        ("Cur", "currency"),
        ("Units", "units"),
        ("Free", "available"),
        ("Alloc", "allocated"),
    )
    return listing.show(session, found, found.purchases, "purchase", columns, csv)


@command(app, "show")
def show(
    session: Session,
    purchase: Annotated[
        str,
        typer.Argument(
            metavar="PURCHASEID|SETID|UNITID", help="The purchase, or one of its sets or units."
        ),
    ],
) -> int:
    """Show a purchase line with its units."""
    from ticketops.services import lists

    found = session.result_of(lists.purchase_show(purchase))
    listing.record(session, found.purchase)
    listing.table(session, found.units, listing.UNIT, "Units")
    return session.finish(found, [])

"""`ticketops purchase …` (§3)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import (
    Again,
    Beyond,
    ConfirmRemoval,
    Dates,
    New,
    Session,
    command,
    command_group,
)
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.money import DEFAULT_CURRENCY

if TYPE_CHECKING:
    from ticketops.domain.intake.faults import Fault
    from ticketops.domain.purchasing.purchases import Expanded
    from ticketops.domain.purchasing.terms import PurchaseSet, Terms

app = command_group("purchase")


_FxRate = Annotated[
    str | None,
    typer.Option(
        "--fx-rate",
        metavar="RATE",
        help="What one unit of its currency is worth in that of the event; for costs in reports.",
        show_default=False,
    ),
]
_Channel = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="NAME",
        help="How the vendor delivers: E_TICKET, MOBILE_TRANSFER, PHYSICAL, LINK or RFID.",
        show_default=False,
    ),
]
_Prepaid = Annotated[
    bool | None,
    typer.Option("--prepaid/--no-prepaid", help="Whether it was paid whole beforehand."),
]
_Deposit = Annotated[
    str | None, typer.Option(metavar="AMOUNT", help="What was paid beforehand.", show_default=False)
]
_Attach = Annotated[
    list[Path] | None,
    typer.Option(
        "--attach",
        metavar="FILE",
        help="A paper; its path and SHA-256 are kept. Repeatable.",
        show_default=False,
    ),
]


def _terms(
    fx_rate: str | None,
    channel: str | None,
    prepaid: bool | None,
    deposit: str | None,
    attach: list[Path] | None,
    *,
    disputed: bool | None = None,
    notes: str | None = None,
) -> Terms:
    """What the options say. Raises UsageError."""
    from ticketops.domain.purchasing.terms import Terms
    from ticketops.model.states import DELIVERY_CHANNEL
    from ticketops.services import intake, purchasing

    return Terms(
        None if fx_rate is None else intake.option_rate(fx_rate, "fx-rate"),
        None if channel is None else intake.option_choice(channel, "channel", DELIVERY_CHANNEL),
        prepaid,
        None if deposit is None else intake.option_amount(deposit, "deposit", least=0),
        disputed,
        None if notes is None else intake.option_text(notes, "notes"),
        tuple(purchasing.attachment(path) for path in attach or ()),
    )


@command(app, "add", writes=True)
def add(
    session: Session,
    match: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Match code: M1, M01 or an Olympic session; with its sub-game: M01/RACE.",
            show_default=False,
        ),
    ] = None,
    vendor: Annotated[
        str | None, typer.Option(metavar="NAME", help="The vendor.", show_default=False)
    ] = None,
    contract: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Contract number; stays text (000777). Default: the vendor's one valid contract in _CONTRACTS.",
            show_default=False,
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
            metavar="CODE",
            help=f"USD or EUR; default: that of the event, else {DEFAULT_CURRENCY}.",
            show_default=False,
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
            help="Lines from a CSV file: match, category, qty, unit_price, vendor, contract, currency, inv_no, date, notes, subgame.",
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
    seats: Annotated[
        str,
        typer.Option(
            metavar="BLOCK/ROW/SEATS",
            help="The seats of one line: 101/C/12-14, 101/C/1-23 odd, 101/C-D/5-6 piggyback.",
            show_default=False,
        ),
    ] = "",
    fx_rate: _FxRate = None,
    channel: _Channel = None,
    prepaid: _Prepaid = None,
    deposit: _Deposit = None,
    attach: _Attach = None,
    dates: Dates = None,
    new: New = False,
    again: Again = False,
    force: Beyond = False,
) -> int:
    """Record a purchase of one or more lines and expand it into units, in one transaction.

    Example: ticketops purchase add --match M01 --vendor Viagogo --contract 000777 --line "Cat
    1:3@120.50"
    """
    from ticketops.domain.purchasing.entered import PurchaseLine
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
            csv,
            required,
            ["match", "sub_game", *shared],
            session.out.notice,
            faults,
            match=code,
            dates=typed,
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
                own["currency"],
                intake.option_date(own["date"] or None, "date", datetime.now()),
                own["notes"],
                own["inv_no"],
                one.fields.get("game", ""),
                one.fields.get("sub_game", ""),
                one.place,
            )
        )
    return session.run(
        purchasing.purchase_add(
            lines,
            new=new,
            again=again,
            force=force,
            faults=faults,
            terms=_terms(fx_rate, channel, prepaid, deposit, attach),
            seats=intake.option_seats(seats, "seats") if seats else (),
        ),
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


@command(app, "set", writes=True)
def set_terms(
    session: Session,
    purchase: Annotated[
        str,
        typer.Argument(
            metavar="PURCHASEID|SETID|UNITID", help="The purchase, or one of its sets or units."
        ),
    ],
    fx_rate: _FxRate = None,
    channel: _Channel = None,
    prepaid: _Prepaid = None,
    deposit: _Deposit = None,
    disputed: Annotated[
        bool | None,
        typer.Option("--disputed/--no-disputed", help="Whether it is disputed with the vendor."),
    ] = None,
    notes: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help='New notes; "" clears them.', show_default=False),
    ] = None,
    attach: _Attach = None,
) -> int:
    """Set what was agreed of a purchase: rate, delivery, what was paid beforehand, a dispute, papers.

    Example: ticketops purchase set PR0012-S01 --channel E_TICKET --deposit 500
    """
    from ticketops.services import purchasing

    terms = _terms(fx_rate, channel, prepaid, deposit, attach, disputed=disputed, notes=notes)
    if not terms.cells and not terms.attach:
        raise UsageError(
            "give --fx-rate, --channel, --prepaid, --deposit, --disputed, --notes or --attach"
        )
    return session.run(
        purchasing.purchase_set(purchase, terms), lambda result: _set(session, result)
    )


def _set(session: Session, result: PurchaseSet) -> None:
    money = listing.money
    said = [
        f"{result.purchase_id} · {result.vendor or 'no vendor'} · {result.settlement}",
        f"total {money(result.total)} {result.currency}",
        f"paid {money(result.paid)}",
        f"open {money(result.outstanding)}",
        f"rate {result.fx_rate:g}" if result.fx_rate else "",
        result.delivery_channel or "",
        counted(len(result.attachments), "paper") if result.attachments else "",
    ]
    session.out.line(" · ".join(filter(None, said)))


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
        ("Settled", "settlement"),
        ("Units", "units"),
        ("Free", "available"),
        ("Alloc", "allocated"),
    )
    return listing.show_list(
        session, lists.purchase_list(which), "purchases", "purchase", columns, csv
    )


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

"""`ticketops purchase …` (§3)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from ticketops.cli.output import counted
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError

app = command_group("purchase")


@command(app, "add", writes=True)
def add(
    session: Session,
    match: Annotated[
        str | None, typer.Option(metavar="CODE", help="Match code: M1, M01 or an Olympic session.", show_default=False)
    ] = None,
    vendor: Annotated[str | None, typer.Option(metavar="NAME", help="Who it was bought from.", show_default=False)] = None,
    contract: Annotated[str, typer.Option(metavar="TEXT", help="Contract number; stays text (000777).", show_default=False)] = "",
    currency: Annotated[str, typer.Option(metavar="CODE", help="USD or EUR.")] = "USD",
    line: Annotated[
        list[str] | None, typer.Option(metavar="CATEGORY:QTY@PRICE", help="A line; may be given again.", show_default=False)
    ] = None,
    csv: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="Lines from a CSV file: match, category, qty, unit_price, vendor, contract, currency.",
            show_default=False,
        ),
    ] = None,
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Purchase date (2026-06-11); today if not given.", show_default=False)
    ] = None,
    notes: Annotated[str, typer.Option(metavar="TEXT", help="Notes.", show_default=False)] = "",
) -> int:
    """Record a purchase of one or many lines and expand it into units, in one transaction.

    Example: ticketops purchase add --match M01 --vendor Viagogo --contract 000777 --line "Cat 1:3@120.50"
    """
    from ticketops.domain.procurement import PurchaseLine
    from ticketops.services import intake, jobs

    if bool(line) == bool(csv):
        raise UsageError("give either --line (once or more) or --csv")
    bought = intake.option_date(date, "date", datetime.now())
    shared = {
        "vendor": intake.option_text(vendor or "", "vendor"),
        "contract": intake.option_text(contract, "contract"),
        "currency": intake.option_currency(currency),
    }
    code = intake.option_text(match or "", "match")
    note = intake.option_text(notes, "notes")
    if csv:
        required = ["category", "qty", "unit_price", *([] if code else ["match"]), *([] if shared["vendor"] else ["vendor"])]
        given = intake.read_csv(csv, required, ["match", "vendor", "contract", "currency"], session.out.notice, match=code)
    else:
        if not code:
            raise UsageError("--match is missing")
        if not shared["vendor"]:
            raise UsageError("--vendor is missing")
        given = [intake.parse_line(text, with_match=False)._replace(match=code) for text in line or []]
    lines = []
    for one in given:
        own = shared | {name: text for name, text in one.fields.items() if text}
        lines.append(PurchaseLine(one.match, own["vendor"], own["contract"], one.category, one.quantity, one.unit_price,
                                  intake.option_currency(own["currency"]), bought, note))  # fmt: skip
    return session.run(jobs.purchase_add(lines), lambda result: _show(session, result, "Purchase recorded"))


@command(app, "expand", writes=True)
def expand(session: Session) -> int:
    """Bring _PURCHASE_UNITS into agreement with Purchases: add what is missing, remove free units that are too many.

    Never removes an allocated unit. Running it again changes nothing.
    """
    from ticketops.services import jobs

    return session.run(jobs.purchase_expand(), lambda result: _show(session, result, "Units agree with Purchases"))


def _show(session: Session, result: dict[str, Any], what: str) -> None:
    created = result["units_created"]
    first, last = result["first_unit_id"], result["last_unit_id"]
    span = (f": {first}" if first == last else f": {first}–{last}") if created else ""
    removed = f", {result['units_removed']:,} removed" if result["units_removed"] else ""
    session.out.line(f"{what} · {counted(created, 'unit')} generated{span}{removed}")
    if result["issues"]:
        rows = [(issue["code"], issue["purchase_id"], issue["source_row"]) for issue in result["issues"]]
        session.out.table(("Issue", "PurchaseID", "SourceRow"), rows)

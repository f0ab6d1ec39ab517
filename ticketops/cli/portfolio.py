"""`ticketops portfolio`: all events of a database at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.reporting.portfolio import Money

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_NONE: list[str] = []


@command(app, "portfolio")
def portfolio(
    session: Session,
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS]",
            help="The database: postgresql://HOST/DATABASE. Default: that of the workbook (-w).",
            show_default=False,
        ),
    ] = None,
    event: Annotated[
        list[str], typer.Option("--event", metavar="KEY", help="Only this event. Repeatable.")
    ] = _NONE,
    sort: Annotated[
        str,
        typer.Option(
            metavar="WHAT", help="event, or most urgent first: short, late, open, margin."
        ),
    ] = "event",
    csv: listing.Csv = None,
) -> int:
    """Show the events of a database, one line each: position, true shortage, late tickets, and what
    each brought in every currency.

    The figures are those of `report position`, `dispatch status` and `margin`; nothing is added up
    across currencies.
    """
    from ticketops.domain.reporting.portfolio import PortfolioLine
    from ticketops.services import portfolio as service

    found = service.portfolio(
        address if address is not None else str(session.workbook),
        session.settings,
        session.new_run(),
        only=event,
        sort=sort.strip().lower(),
    )
    problems = [one for one in found.events if one.problem is not None]
    out = session.out
    if csv is not None:
        names = [name for name in PortfolioLine.__dataclass_fields__ if name != "money"]
        rows = [
            [*(getattr(one, name) for name in names), *(getattr(of, name, None) for name in _MONEY)]
            for one in found.events
            for of in one.money or (None,)
        ]
        text = listing.csv_text([*names, *_MONEY], rows)
        listing.to_file(session, csv, text, counted(len(rows), "line"))
        return session.finish(found, []) or int(bool(problems))
    total = found.total
    lines = [
        (
            *(one.event, one.state or "open"),
            *(one.sold, one.sent, one.open, one.available, one.true_shortage, one.late),
            one.not_understood or "",
        )
        for one in found.events
        if one.problem is None
    ]
    if len(lines) > 1:
        figures = (total.sold, total.sent, total.open, total.available, total.true_shortage)
        lines.append(("total", "", *figures, found.late, ""))
    out.table(
        ("Event", "State", "Sold", "Sent", "Open", "Available", "Short", "Late", "Odd cells"), lines
    )
    money = [(one.event, *_money(of)) for one in found.events for of in one.money]
    if len(lines) > 1:
        money += [("total", *_money(of)) for of in found.money]
    if money:
        out.line("")
        out.table(("Event", "Cur", "Revenue", "Cost", "Fees", "Refunds", "Margin"), money)
    for one in problems:
        out.notice(f"{one.event}: {one.problem}")
    if said := service.read_whole(found):
        out.notice(said)
    if found.other_kinds:
        out.line(f"{counted(found.other_kinds, 'workbook')} of other kinds left out")
    return session.finish(found, []) or int(bool(problems))


_MONEY = ("currency", "revenue", "cost", "fees", "refunds", "margin")


def _money(of: Money) -> tuple[str, ...]:
    """The cells of a line of money."""
    return of.currency, *(listing.money(getattr(of, name)) for name in _MONEY[1:])

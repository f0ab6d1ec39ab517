"""`ticketops status`: one screen."""

from __future__ import annotations

import shlex

import typer

from ticketops.cli.output import listed
from ticketops.cli.session import Session, command
from ticketops.cli.tables import width_of, wrap
from ticketops.model.display import counted

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "status")
def status(session: Session) -> int:
    """Show the six figures, what waits, and what to do next, on one screen."""
    from ticketops.services import status as services

    plan = session.planned(services.status_job(session.settings))
    result = plan.result
    figures, waits, out = result.position, result.waiting, session.out
    out.line(f"{session.workbook}")
    named = (
        ("True shortage", figures.true_shortage),
        ("Sold", figures.sold),
        ("Sent", figures.sent),
        ("Open", figures.open),
        ("Available", figures.available),
        ("Oversold", figures.oversold),
        ("Surplus", figures.surplus),
    )
    out.figures(named)
    out.line(
        f"allocated and unsent {figures.allocated_unsent:,} · audit issues {result.audit.issues:,}"
    )
    if figures.oversold:
        out.line(
            "Oversold: open tickets (allocated ones included) minus free units, per match and "
            "category. True shortage: open tickets with neither a unit nor stock."
        )
    out.line()
    waiting = [
        (count, what)
        for count, what in (
            (waits.unexpanded_purchases, "purchases without all their units"),
            (waits.unexpanded_sales, "sales without all their rows"),
            (waits.unallocated, "tickets not allocated"),
            (waits.pending_approval, "oversold sales waiting for approval"),
            (waits.waiting_stock, "tickets waiting for stock"),
            (waits.guest_details_missing, "allocated tickets without the guest's e-mail address"),
            (waits.staff_to_send, "tickets that staff can send"),
            (waits.supplier_to_send, "tickets that suppliers can send"),
            (waits.delivery_issues, "delivery issues"),
            (waits.refunds_to_decide, "refunds to decide"),
            (waits.reference_behind, "games and seats that differ from the schedule and the units"),
        )
        if count
    ]
    out.table(("Waiting", ""), waiting or [(0, "nothing is waiting")])
    for sale in result.partial_pending:
        out.line(
            f"PARTIAL_PENDING: {listed(sale.sales_ids)} · {sale.waiting:,} of {counted(sale.tickets, 'ticket')} wait for approval"
        )
    if result.short:
        out.line()
        rows = [
            (line.match, line.category, line.true_shortage, line.open, line.available)
            for line in result.short
        ]
        out.table(("Shortest", "Category", "Short", "Open", "Available"), rows)
    if result.actions:
        out.line()
        _next(session, [(pasted(session, one.command), one.why) for one in result.actions])
    out.findings(plan.findings)
    if out.scrolled:  # the figures are what people look for: they never leave the screen
        out.line()
        out.figures(named)
    return session.finish(result, plan.findings)


def _next(session: Session, actions: list[tuple[str, str]]) -> None:
    """What to do next, and why. A command stays on one line, so that it can be pasted."""
    heads, width = ("Next", "Why"), session.out.width
    if width is None or width_of(heads, actions) <= width:
        session.out.table(heads, actions)
        return
    session.out.line("Next")
    for line, why in actions:
        session.out.line(f"  {line}")
        for part in wrap(why, max(20, width - 6)):
            session.out.line(f"      {part}")


def pasted(session: Session, command: str) -> str:
    """A command as it can be run: it names the workbook where the settings do not."""
    from ticketops import config

    known = config.load({}).workbook
    workbook = "" if known == session.settings.workbook else shlex.quote(str(session.workbook))
    return f"ticketops {command}" + (f" -w {workbook}" if workbook else "")

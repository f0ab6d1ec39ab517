"""`ticketops status`: one screen."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import typer

from ticketops.cli.output import listed
from ticketops.cli.session import Session, command
from ticketops.cli.tables import width_of, wrap
from ticketops.model.display import counted
from ticketops.schema.layout import ISSUANCE_KIND

if TYPE_CHECKING:
    from ticketops.domain.issuance.report import TicketOverview
    from ticketops.domain.reporting.status import EventNow

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "status")
def status(session: Session) -> int:
    """Show the six figures, what waits, and what to do next, on one screen; of a workbook of airline
    tickets, how many stand where."""
    from ticketops.services import status as services

    store = session.store()
    if store.layout.kind == ISSUANCE_KIND:
        return _tickets(session, store)
    plan = session.planned(services.status_job(session.settings), store=store)
    result = plan.result
    figures, waits, out = result.position, result.waiting, session.out
    out.line(" · ".join((f"{session.workbook}", *_event(result.event))))
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
    if result.event is None:
        out.line(f"no event, so every command is open: {pasted(session, 'event set')}")
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
            (waits.not_understood, "tickets with a cell that is not understood"),
            (waits.delivery_issues, "delivery issues"),
            (waits.refunds_to_decide, "refunds to decide"),
            (waits.reference_behind, "games and seats that differ from the schedule and the units"),
            (waits.messages_queued, "messages to be sent"),
            (waits.messages_failed, "messages that could not be sent"),
            (waits.messages_unknown, "messages that may or may not have been sent"),
        )
        if count
    ]
    out.table(("Waiting", ""), waiting or [(0, "nothing is waiting")])
    if result.clock:
        at, code = result.clock.started_at, result.clock.exit
        out.line(f"nightly run {at:%Y-%m-%d %H:%M} · exit code {code} · {result.clock.said}")
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
    if apart := session.apart(session.store(), whole=True):
        out.notice(apart)
    if out.scrolled:  # the figures are what people look for: they never leave the screen
        out.line()
        out.figures(named)
    return session.finish(result, plan.findings)


def _tickets(session: Session, store: Any) -> int:
    """The screen of a workbook of airline tickets."""
    from ticketops.cli.whole_ticket import counts
    from ticketops.services import issuance

    plan = session.plan_of(
        issuance.issuance_status(store, session.settings.name_update_days), store=store
    )
    session.out.line(f"{session.workbook}")
    counts(session, plan.result)
    found: TicketOverview = plan.result
    for count, what in (
        (found.messages_queued, "to be sent"),
        (found.messages_failed, "that could not be sent"),
        (found.messages_unknown, "that may or may not have been sent"),
    ):
        if count:
            session.out.line(f"{counted(count, 'message')} {what}")
    if found.clock:
        at, code = found.clock.started_at, found.clock.exit
        session.out.line(f"nightly run {at:%Y-%m-%d %H:%M} · exit code {code} · {found.clock.said}")
    for code, number in plan.result.findings.items():
        session.out.line(f"{code}: {counted(number, 'finding')}")
    if plan.findings:
        session.out.line(f"next: {pasted(session, 'issuance report')} shows them")
    return session.finish(plan.result, plan.findings)


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


def _event(event: EventNow | None) -> list[str]:
    """Which event it is, and its state."""
    if event is None:
        return []
    return [event.code, event.name, event.state or "no state: event set proposes one"]

"""`ticketops status`: one screen."""

from __future__ import annotations

import typer

from ticketops.cli.session import Session, command

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_WAITING = {
    "unexpanded_purchases": "purchases without all their units",
    "unexpanded_sales": "sales without all their rows",
    "unallocated": "tickets not allocated",
    "pending_approval": "oversold sales waiting for approval",
    "waiting_stock": "tickets waiting for stock",
    "guest_details_missing": "allocated tickets without guest details",
    "ready_to_send": "tickets ready to send",
    "delivery_issues": "delivery issues",
}


@command(app, "status")
def status(session: Session) -> int:
    """The six figures, what is waiting, and the next actions, on one screen."""
    from ticketops.services import reports

    result = reports.status(session.store())
    figures, out = result["position"], session.out
    out.line(f"{session.workbook}")
    out.table(
        ("Sold", "Sent", "Open", "Available", "Oversold", "Surplus"),
        [[figures[name] for name in ("sold", "sent", "open", "available", "oversold", "surplus")]],
    )
    out.line(
        f"allocated and unsent {figures['allocated_unsent']:,} · true shortage {figures['true_shortage']:,} · audit issues {result['audit']['issues']:,}"
    )
    out.line()
    waiting = [(count, _WAITING[name]) for name, count in result["waiting"].items() if count]
    out.table(("Waiting", ""), waiting or [(0, "nothing waits")])
    if result["short"]:
        out.line()
        rows = [(line["match"], line["category"], line["true_shortage"], line["open"], line["available"]) for line in result["short"]]
        out.table(("Shortest", "Category", "Short", "Open", "Available"), rows)
    if result["actions"]:
        out.line()
        out.table(("Next", "Why"), [(f"ticketops {action['command']}", action["why"]) for action in result["actions"]])
    return session.finish(result, [])

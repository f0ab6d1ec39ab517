"""`ticketops waitlist …`: who wants tickets that there are not (000)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Dates, New, Session, command, command_group
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.ticketing.waitlist import Promoted, WaitingSet

app = command_group("waitlist")
_ENTRY = Annotated[str, typer.Argument(metavar="ENTRYID", help="The entry (WL00003).")]
_MATCH = typer.Option(metavar="CODE", help="The match, or M01/RACE.", show_default=False)
_CATEGORY = typer.Option(metavar="NAME", help="The category.", show_default=False)


LINE: listing.Columns = (
    ("Entry", "entry"),
    ("Client", "client"),
    ("Match", listing.occasion),
    ("Category", "category"),
    ("Qty", "quantity"),
    ("State", "state"),
    ("Queued", "queued_at"),
    ("Promoted", "promoted_at"),
    ("Deadline", "deadline"),
    ("Decided", "decided_at"),
    ("Source", "source"),
    ("Sale", "sale"),
    ("Units", lambda one: ", ".join(one.units)),
    ("Reason", "reason"),
)


@command(app, "join", writes=True)
def join(
    session: Session,
    client: Annotated[str, typer.Option(metavar="NAME", help="The client.", show_default=False)],
    match: Annotated[str, _MATCH],
    category: Annotated[str, _CATEGORY],
    qty: Annotated[
        str, typer.Option("--qty", metavar="NUMBER", help="How many tickets.", show_default=False)
    ],
    source: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Where the wish comes from: web, phone, or a sale (S147).",
            show_default=False,
        ),
    ] = "",
    new: New = False,
) -> int:
    """Put a client on the waiting list for tickets of a match and category.

    Example: ticketops waitlist join --client Acme --match M01 --category "Cat 1" --qty 2
    """
    from ticketops.services import intake, ticketing

    job = ticketing.waitlist_join(
        intake.option_text(client, "client", required=True),
        match,
        category,
        intake.option_quantity(qty, "qty"),
        source=intake.option_text(source, "source"),
        new=new,
    )
    return session.run(job, lambda result: _show(session, result))


@command(app, "promote", writes=True)
def promote(
    session: Session,
    entry: Annotated[
        str,
        typer.Argument(
            metavar="[ENTRYID]",
            help="This entry; else those of --match and --category that are next.",
            show_default=False,
        ),
    ] = "",
    match: Annotated[str, _MATCH] = "",
    category: Annotated[str, _CATEGORY] = "",
    until: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="The last day to accept; default: in three days.",
            show_default=False,
        ),
    ] = None,
    dates: Dates = None,
) -> int:
    """Hold freed stock for those who are next, in the order of joining, until a deadline."""
    from ticketops.services import intake, ticketing

    order = intake.date_order(dates, session.settings.dates)
    day = intake.option_date(until, "until", datetime.now(), order) if until is not None else None

    def show(result: Promoted) -> None:
        for one in result.entries:
            session.out.line(
                f"{one.entry} PROMOTED until {listing.shown(one.deadline)} · {one.client} · {listing.occasion(one)} · {one.category} · {', '.join(one.units)}"
            )

    return session.run(ticketing.waitlist_promote(entry, match, category, day), show)


@command(app, "accept", writes=True)
def accept(
    session: Session,
    entry: _ENTRY,
    sale: Annotated[
        str,
        typer.Option(
            metavar="SALESID", help="The sale that was recorded for it.", show_default=False
        ),
    ] = "",
) -> int:
    """Record that a promoted client takes the tickets, and show the command that sells them."""
    from ticketops.services import ticketing

    return session.run(
        ticketing.waitlist_accept(entry, sale), lambda result: _show(session, result)
    )


@command(app, "skip", writes=True)
def skip(
    session: Session,
    entry: _ENTRY,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
) -> int:
    """Pass an entry over for good. What is held for it is free again."""
    from ticketops.services import intake, ticketing

    said = intake.option_text(reason, "reason", required=True)
    return session.run(ticketing.waitlist_skip(entry, said), lambda result: _show(session, result))


@command(app, "list")
def list_waiting(
    session: Session,
    client: listing.Client = "",
    match: listing.Match = "",
    category: listing.Category = "",
    state: Annotated[
        str,
        typer.Option(
            metavar="STATE", help="Only QUEUED, PROMOTED, ACCEPTED or SKIPPED.", show_default=False
        ),
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the waiting list, in the order of joining."""
    from ticketops.model.states import WAITLIST_STATE
    from ticketops.services import ticketing

    job = ticketing.waitlist_list(
        client,
        match,
        listing.category_name(category),
        listing.one_of(state, "state", WAITLIST_STATE),
    )
    plan = session.plan_of(job)
    records = plan.result.entries
    return listing.show(session, plan.result, records, "entry", LINE, csv, plan.findings)


def _show(session: Session, result: WaitingSet) -> None:
    one = result.entry
    sale = f" · {one.sale}" if one.sale else ""
    session.out.line(
        f"{one.entry} {one.state} · {one.client} · {counted(one.quantity, 'ticket')} · {listing.occasion(one)} · {one.category}{sale}"
    )
    if result.next_command:
        session.out.line(f"next: {result.next_command}")

"""`ticketops allotment …`: ticket blocks of sponsors (000)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import New, Session, command, command_group
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.ticketing.allotments import AllotmentChanged

app = command_group("allotment")
_ALLOTMENT = Annotated[str, typer.Argument(metavar="ALLOTMENTID", help="The allotment (AL00003).")]
_TICKETS = "Tickets (S147-1), all tickets of a sale (S147), or units (P00012)."
_NOTE = Annotated[str, typer.Option(metavar="TEXT", help="A note.", show_default=False)]


LINE: listing.Columns = (
    ("Allotment", "allotment"),
    ("Sponsor", "sponsor"),
    ("Match", listing.occasion),
    ("Category", "category"),
    ("Assigned", "assigned"),
    ("Used", lambda one: str(one.used)),
    ("Transferred", lambda one: str(one.transferred)),
    ("Revoked", lambda one: str(one.revoked)),
    ("Remaining", lambda one: str(one.remaining)),
)
_TICKET: listing.Columns = (
    ("Ticket", lambda one: one.ticket or f"({counted(one.quantity, 'place')})"),
    ("State", "state"),
    ("Assigned", "assigned_at"),
    ("Changed", "changed_at"),
    ("User", "user"),
    ("Note", "note"),
)


@command(app, "add", writes=True)
def add(
    session: Session,
    sponsor: Annotated[str, typer.Argument(metavar="SPONSOR", help="The sponsor.")],
    match: Annotated[
        str, typer.Option(metavar="CODE", help="The match, or M01/RACE.", show_default=False)
    ],
    category: Annotated[
        str, typer.Option(metavar="NAME", help="The category.", show_default=False)
    ],
    qty: Annotated[
        str, typer.Option("--qty", metavar="NUMBER", help="How many tickets.", show_default=False)
    ],
    note: _NOTE = "",
    new: New = False,
) -> int:
    """Give a sponsor an allotment of tickets of a match and category.

    Example: ticketops allotment add "Nordlys AS" --match M01 --category "Cat 1" --qty 20
    """
    from ticketops.services import intake, ticketing

    job = ticketing.allotment_add(
        intake.option_text(sponsor, "sponsor", required=True),
        match,
        category,
        intake.option_quantity(qty, "qty"),
        note=intake.option_text(note, "note"),
        new=new,
    )
    return session.run(job, lambda result: _show(session, result))


@command(app, "assign", writes=True)
def assign(
    session: Session,
    allotment: _ALLOTMENT,
    tickets: Annotated[list[str], typer.Argument(metavar="TICKET…", help=_TICKETS)],
    note: _NOTE = "",
) -> int:
    """Let a sponsor use tickets of its allotment."""
    from ticketops.services import intake, ticketing

    job = ticketing.allotment_assign(allotment, tickets, note=intake.option_text(note, "note"))
    return session.run(job, lambda result: _show(session, result, "used"))


@command(app, "revoke", writes=True)
def revoke(
    session: Session,
    allotment: _ALLOTMENT,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
    tickets: Annotated[
        list[str] | None, typer.Argument(metavar="[TICKET…]", help=_TICKETS, show_default=False)
    ] = None,
    qty: Annotated[
        str | None,
        typer.Option(
            "--qty", metavar="NUMBER", help="Also places nobody has yet.", show_default=False
        ),
    ] = None,
) -> int:
    """Take tickets of an allotment back, or places nobody has yet. The sponsor gets no others for
    them."""
    from ticketops.services import intake, ticketing

    job = ticketing.allotment_revoke(
        allotment,
        tickets or [],
        intake.option_quantity(qty, "qty") if qty is not None else 0,
        intake.option_text(reason, "reason", required=True),
    )
    return session.run(job, lambda result: _show(session, result, "revoked"))


@command(app, "list")
def list_allotments(
    session: Session,
    allotment: Annotated[
        str,
        typer.Argument(
            metavar="[ALLOTMENTID]",
            help="Only this allotment, with its tickets.",
            show_default=False,
        ),
    ] = "",
    sponsor: Annotated[
        str, typer.Option(metavar="NAME", help="Only this sponsor.", show_default=False)
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the allotments: assigned = used + transferred + revoked + remaining."""
    from ticketops.services import ticketing

    plan = session.plan_of(ticketing.allotment_list(allotment, sponsor))
    if allotment and csv is None:
        listing.table(session, plan.result.tickets, _TICKET)
    records, noun = plan.result.lines, "allotment"
    return listing.show(session, plan.result, records, noun, LINE, csv, plan.findings)


def _show(session: Session, result: AllotmentChanged, what: str = "") -> None:
    line = result.line
    session.out.line(
        f"{line.allotment} · {line.sponsor} · {listing.occasion(line)} · {line.category} · {counted(line.assigned, 'ticket')}"
    )
    if what:
        tickets = f": {', '.join(result.tickets)}" if result.tickets else ""
        session.out.line(f"{counted(result.quantity, 'ticket')} {what}{tickets}")
    session.out.line(
        f"{line.used} used, {line.transferred} transferred, {line.revoked} revoked, {line.remaining} remaining"
    )

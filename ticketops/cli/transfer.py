"""`ticketops transfer …`: tickets that a guest passes on to another (000)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Dates, Session, command, command_group

if TYPE_CHECKING:
    from ticketops.domain.ticketing.offers import Transfer

app = command_group("transfer")
_TRANSFER = Annotated[str, typer.Argument(metavar="TRANSFERID", help="The transfer (TR00003).")]


def guest(one: Transfer) -> str:
    """Whom a ticket is offered to: name and address."""
    email = f"<{one.email}>" if one.email else ""
    return " ".join(filter(None, (one.first_name, one.last_name, email)))


LINE: listing.Columns = (
    ("Transfer", "transfer"),
    ("Ticket", "ticket"),
    ("State", "state"),
    ("From", "from_guest"),
    ("To", guest),
    ("Offered", "offered_at"),
    ("Expires", "expires_at"),
    ("Decided", "decided_at"),
    ("Reason", "reason"),
)


@command(app, "offer", writes=True)
def offer(
    session: Session,
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="The ticket (S147-1).")],
    first: Annotated[
        str, typer.Option(metavar="TEXT", help="The other's first name.", show_default=False)
    ],
    last: Annotated[
        str, typer.Option(metavar="TEXT", help="The other's last name.", show_default=False)
    ],
    email: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The other's address.", show_default=False)
    ],
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="The last day, or moment, to accept; default: none.",
            show_default=False,
        ),
    ] = None,
    dates: Dates = None,
) -> int:
    """Offer a ticket to another guest, who gets it by accepting. Nothing changes before that.

    Example: ticketops transfer offer S147-1 --first Ana --last Pérez --email ana@example.org
    """
    from ticketops.services import intake, ticketing

    order = intake.date_order(dates, session.settings.dates)
    until = intake.option_moment(expires, "expires", order) if expires is not None else None
    job = ticketing.transfer_offer(ticket, first, last, email, until)
    return session.run(job, lambda result: _show(session, result))


@command(app, "accept", writes=True)
def accept(session: Session, transfer: _TRANSFER) -> int:
    """Make the other guest that of the ticket. If it was sent, Delivery becomes ISSUE until it is sent
    again."""
    from ticketops.services import ticketing

    return session.run(ticketing.transfer_accept(transfer), lambda result: _show(session, result))


@command(app, "decline", writes=True)
def decline(
    session: Session,
    transfer: _TRANSFER,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ] = "",
) -> int:
    """Record that the other guest does not want the ticket. It stays with its guest."""
    from ticketops.services import intake, ticketing

    said = intake.option_text(reason, "reason")
    return session.run(
        ticketing.transfer_decline(transfer, said), lambda result: _show(session, result)
    )


@command(app, "revoke", writes=True)
def revoke(
    session: Session,
    transfer: _TRANSFER,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
) -> int:
    """Take an offer back that nobody accepted yet."""
    from ticketops.services import intake, ticketing

    said = intake.option_text(reason, "reason", required=True)
    return session.run(
        ticketing.transfer_revoke(transfer, said), lambda result: _show(session, result)
    )


@command(app, "list")
def list_transfers(
    session: Session,
    sale: listing.Sale = "",
    state: Annotated[
        str,
        typer.Option(
            metavar="STATE",
            help="Only PENDING, ACCEPTED, DECLINED, REVOKED or EXPIRED.",
            show_default=False,
        ),
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the transfers, in the order in which they were offered."""
    from ticketops.model.states import TRANSFER_STATE
    from ticketops.services import ticketing

    wanted = listing.one_of(state, "state", TRANSFER_STATE)
    plan = session.plan_of(ticketing.transfer_list(sale, wanted))
    records, noun = plan.result.transfers, "transfer"
    return listing.show(session, plan.result, records, noun, LINE, csv, plan.findings)


def _show(session: Session, result: Transfer) -> None:
    until = f" until {listing.shown(result.expires_at)}" if result.expires_at else ""
    session.out.line(f"{result.transfer} {result.state}{until} · {result.ticket}")
    session.out.line(f"from {result.from_guest} to {guest(result)}")

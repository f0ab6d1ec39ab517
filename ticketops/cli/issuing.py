"""`ticketops issuance …`: the steps of an airline ticket, from its name to its number (document 001)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError

if TYPE_CHECKING:
    from ticketops.domain.issuance.finance import Rulings
    from ticketops.domain.issuance.issuing import Issued
    from ticketops.domain.issuance.naming import NamesSet

app = command_group("issuance")
Tickets = Annotated[list[str], typer.Argument(metavar="TICKETID…", help="The tickets (TK00012).")]
_Named = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TICKETID…]", help="The tickets (TK00012).", show_default=False),
]
_RULED: listing.Columns = (
    ("Ticket", "ticket_id"),
    ("Passenger", "passenger"),
    ("Status", "status"),
    ("State", "api_status"),
    ("Finance", "finance"),
)


@command(app, "name-update", writes=True)
def name_update(
    session: Session,
    tickets: _Named = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The name as the ticket is to bear it: LAST/FIRST. Without it, the names that the "
            "tickets have are final.",
            show_default=False,
        ),
    ] = None,
    csv: Annotated[
        str | None,
        typer.Option(
            "--csv",
            metavar="FILE|-",
            help="Names from a CSV file with the columns TicketID and PassengerName.",
            show_default=False,
        ),
    ] = None,
    accept: Annotated[
        bool,
        typer.Option(
            "--accept",
            help="Take the proposed spelling of names that no ticket can bear as they are.",
        ),
    ] = False,
) -> int:
    """Make the names on tickets final, in the airline's form. A ticket that is cleared and has a group
    flight is ready to issue then.

    Example: ticketops issuance name-update TK00012 --name "KHAN/AMINA"
    """
    from ticketops.domain.issuance.naming import Named
    from ticketops.services import intake, issuance, ticket_files

    _one_of(tickets, csv)
    said = intake.option_text(name, "name", required=True) if name is not None else ""
    if said and (csv is not None or len(tickets or ()) != 1):
        raise UsageError("--name is of one ticket", "--csv FILE takes a name per ticket")
    given = (
        ticket_files.names_of(csv)
        if csv is not None
        else [Named(one, said) for one in dict.fromkeys(tickets or ())]
    )

    def show(result: NamesSet) -> None:
        columns: listing.Columns = (
            ("Ticket", "ticket_id"),
            ("Name", "name"),
            ("Original", lambda one: one.original if one.original != one.name else ""),
            ("Status", "status"),
            ("State", "api_status"),
        )
        listing.table(session, result.updated, columns)

    return session.run(issuance.issuance_name_update(given, accept=accept), show)


@command(app, "finance-clear", writes=True)
def finance_clear(
    session: Session,
    tickets: _Named = None,
    booking: Annotated[
        str,
        typer.Option(metavar="BOOKINGID", help="All tickets of this booking.", show_default=False),
    ] = "",
    approved: Annotated[
        bool, typer.Option("--approved", help="All tickets of bookings that are Approved.")
    ] = False,
) -> int:
    """Put on record that finance cleared tickets, whatever is still owed."""
    from ticketops.services import intake, issuance

    of = intake.option_text(booking, "booking")
    job = issuance.issuance_finance_clear(tickets or (), of, approved=approved)
    return session.run(job, lambda result: _ruled(session, result))


@command(app, "request-exception", writes=True)
def request_exception(
    session: Session,
    tickets: Tickets,
    proof: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="The e-mail that proves it. Its hash is kept.", show_default=False
        ),
    ],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; it is recorded.", show_default=False)
    ] = "",
) -> int:
    """Ask for tickets to be issued before they are cleared. They wait ON_HOLD until someone else
    approves that."""
    from ticketops.services import intake, issuance

    said = intake.option_text(reason, "reason")
    store = session.store()
    job = issuance.issuance_request_exception(store, tickets, proof, said)
    return session.run(job, lambda result: _ruled(session, result), store=store)


@command(app, "approve-exception", writes=True)
def approve_exception(session: Session, tickets: Tickets) -> int:
    """Approve the exceptions of tickets, which someone else asked for."""
    from ticketops.services import issuance

    store = session.store()
    job = issuance.issuance_approve_exception(store, tickets)
    return session.run(job, lambda result: _ruled(session, result), store=store)


@command(app, "issue", writes=True)
def issue(
    session: Session,
    ticket: Annotated[
        str, typer.Argument(metavar="[TICKETID]", help="The ticket.", show_default=False)
    ] = "",
    ticket_number: Annotated[
        str,
        typer.Option(
            metavar="NUMBER",
            help="Three digits of the airline and ten more: 176-2401234567.",
            show_default=False,
        ),
    ] = "",
    pnr: Annotated[
        str,
        typer.Option(
            metavar="PNR",
            help="The PNR; default: that of the passenger, the leg, the block or the group flight.",
            show_default=False,
        ),
    ] = "",
    csv: Annotated[
        str | None,
        typer.Option(
            "--csv",
            metavar="FILE|-",
            help="Tickets from a CSV file with the columns TicketID, PassengerName, TicketNumber and "
            "PNR. The names must agree.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Issue a ticket, or a file of them: number and PNR are recorded, and the clearance is frozen.

    Example: ticketops issuance issue TK00012 --ticket-number 176-2401234567
    """
    from ticketops.domain.issuance.issuing import Given
    from ticketops.services import intake, issuance, ticket_files

    _one_of([ticket] if ticket else None, csv)
    if csv is not None and (ticket_number or pnr):
        raise UsageError("--csv FILE brings the numbers and PNRs along")
    if csv is None and not ticket_number:
        raise UsageError("--ticket-number is missing")
    given = (
        ticket_files.numbers_of(csv)
        if csv is not None
        else [
            Given(
                ticket,
                intake.option_text(ticket_number, "ticket-number", required=True),
                intake.option_text(pnr, "pnr"),
            )
        ]
    )
    job = issuance.issuance_issue(given, bulk=csv is not None)
    return session.run(job, lambda result: _issued(session, result))


@command(app, "void", writes=True)
def void(
    session: Session,
    tickets: Tickets,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
) -> int:
    """End tickets for good, issued ones, too. VOID is final; only `undo` takes it back."""
    from ticketops.services import intake, issuance

    why = intake.option_text(reason, "reason", required=True)
    job = issuance.issuance_void(tickets, why)
    return session.run(job, lambda result: _ruled(session, result))


def _one_of(tickets: list[str] | None, csv: str | None) -> None:
    if bool(tickets) == (csv is not None):
        raise UsageError("name tickets, or give --csv FILE")


def _ruled(session: Session, result: Rulings) -> None:
    if not result.tickets:
        session.out.line("no ticket is meant")
    listing.table(session, result.tickets, _RULED)


def _issued(session: Session, result: Issued) -> None:
    columns: listing.Columns = (
        ("Ticket", "ticket_id"),
        ("Number", "ticket_number"),
        ("PNR", "pnr"),
    )
    listing.table(session, result.issued, columns, "Issued" if result.refused else "")
    refused: listing.Columns = (("Ticket", "ticket_id"), ("Code", "code"), ("Why not", "message"))
    listing.table(session, result.refused, refused, "Not issued" if result.issued else "")

"""`ticketops issuance …`: where airline tickets stand, and what is kept beside them (document 001)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing, whole_ticket
from ticketops.cli.name_lists import app
from ticketops.cli.session import Dates, Session, command
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.issuance import DOCUMENT_KIND, QUEUES

if TYPE_CHECKING:
    from ticketops.domain.issuance.due import NamesDue
    from ticketops.domain.issuance.payments import Paid
    from ticketops.domain.issuance.refresh import Refreshed
    from ticketops.domain.issuance.report import Report

__all__ = ["app"]
_Booking = Annotated[
    str, typer.Option(metavar="BOOKINGID", help="Only this booking.", show_default=False)
]
_GroupName = Annotated[
    str, typer.Option(metavar="GROUP", help="Only this group.", show_default=False)
]
_LINE: listing.Columns = (
    ("Ticket", "ticket_id"),
    ("Passenger", "passenger"),
    ("State", "api_status"),
    ("Finance", "finance"),
    ("Days", "due_in_days"),
    ("PNR", "pnr"),
    ("Number", "ticket_number"),
    ("Booking", "booking"),
    ("Deadline", "deadline"),
    ("From", "pnr_source"),
    ("Shown as", "status"),
)


@command(app, "refresh", writes=True)
def refresh(
    session: Session,
    booking: _Booking = "",
    group: _GroupName = "",
    every: Annotated[bool, typer.Option("--all", help="All bookings.")] = False,
    after_void: Annotated[
        bool, typer.Option("--after-void", help="A new ticket for passengers whose ticket is VOID.")
    ] = False,
) -> int:
    """Make a ticket for each passenger who has none. Tickets of passengers who are gone are reported,
    never deleted."""
    from ticketops.services import intake, issuance

    if sum(map(bool, (booking, group, every))) != 1:
        raise UsageError("give one of --booking BOOKINGID, --group GROUP or --all")

    def show(result: Refreshed) -> None:
        session.out.line(
            f"{counted(result.created, 'ticket')} created · {result.kept:,} kept · "
            f"{result.orphaned:,} without their passenger"
        )

    job = issuance.issuance_refresh(
        intake.option_text(booking, "booking"),
        intake.option_text(group, "group"),
        after_void=after_void,
    )
    return session.run(job, show)


@command(app, "queue")
def queue(
    session: Session,
    which: Annotated[
        str,
        typer.Argument(
            metavar="[QUEUE]", help=f"{', '.join(QUEUES)}; default: all.", show_default=False
        ),
    ] = "",
    booking: _Booking = "",
    group: _GroupName = "",
    csv: listing.Csv = None,
) -> int:
    """List the tickets of a queue, most urgent first. Clearance, PNR and deadlines are as of now,
    whatever is stored."""
    from ticketops.services import intake, issuance

    wanted = "-".join(which.casefold().replace("_", " ").replace("-", " ").split())
    if wanted and wanted not in QUEUES:
        raise UsageError(f"QUEUE must be one of {', '.join(QUEUES)}, not {which!r}")
    job = issuance.issuance_queue(
        wanted,
        session.settings.name_update_days,
        intake.option_text(booking, "booking"),
        intake.option_text(group, "group"),
    )
    plan = session.plan_of(job)
    found = plan.result
    return listing.show(session, found, found.lines, "ticket", _LINE, csv, plan.findings)


@command(app, "due", writes=True)
def due(session: Session) -> int:
    """Say which names must be final within name_update_days, or should be already. Messages are queued
    where triggers ask for them, once for each ticket and deadline."""
    from ticketops.services import issuance

    def show(result: NamesDue) -> None:
        listing.table(session, result.due, _LINE)
        late = f" · {result.overdue:,} overdue" if result.overdue else ""
        session.out.line(f"{counted(len(result.due), 'name')} due{late}")

    return session.run(issuance.issuance_due(session.settings.name_update_days), show)


@command(app, "show")
def show(
    session: Session,
    ticket: Annotated[str, typer.Argument(metavar="TICKETID", help="The ticket (TK00012).")],
) -> int:
    """Show a ticket with its flights, its clearance and the arithmetic behind it, its PNR and where that
    is from, its documents and its history."""
    from ticketops.services import issuance

    store = session.store()
    job = issuance.issuance_show(store, ticket)
    return session.look(job, lambda result: whole_ticket.show(session, result), store=store)


@command(app, "payment", writes=True)
def payment(
    session: Session,
    booking: Annotated[
        str, typer.Argument(metavar="[BOOKINGID]", help="The booking.", show_default=False)
    ] = "",
    amount: Annotated[
        str, typer.Option(metavar="AMOUNT", help="How much was paid: 1350.00.", show_default=False)
    ] = "",
    withdraw: Annotated[
        str,
        typer.Option(
            metavar="PAYMENTID",
            help="Take this payment (PY00012) back: it bounced, or was recorded by mistake.",
            show_default=False,
        ),
    ] = "",
    currency: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="USD or EUR; default: that of the booking.", show_default=False
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="The day of the payment; default: today.", show_default=False
        ),
    ] = None,
    ref: Annotated[
        str, typer.Option(metavar="TEXT", help="The reference at the bank.", show_default=False)
    ] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="A note.", show_default=False)] = "",
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why a payment is taken back.", show_default=False)
    ] = "",
    dates: Dates = None,
) -> int:
    """Record what was paid for a booking; its balance falls by as much, and its tickets may be ready.

    Example: ticketops issuance payment B00012 --amount 450 --ref "Bank 4711"
    """
    from ticketops.domain.issuance.payments import Given
    from ticketops.services import intake, issuance

    if bool(booking) == bool(withdraw):
        raise UsageError("name a booking, or give --withdraw PAYMENTID")
    if withdraw:
        if amount:
            raise UsageError("--withdraw takes the whole payment back: leave --amount out")
        why = intake.option_text(reason, "reason", required=True)
        job = issuance.issuance_withdraw(withdraw, why)
    else:
        if not amount:
            raise UsageError("--amount is missing")
        order = intake.date_order(dates, session.settings.dates)
        job = issuance.issuance_payment(
            Given(
                intake.option_text(booking, "booking"),
                intake.option_amount(amount, "amount"),
                intake.option_date(date, "date", datetime.now(), order),
                intake.option_currency(currency) if currency is not None else "",
                intake.option_text(ref, "ref"),
                intake.option_text(note, "note"),
            )
        )
    return session.run(job, lambda result: _paid(session, result))


@command(app, "document", writes=True)
def document(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="add|list", help="What to do.")],
    ticket: Annotated[
        str,
        typer.Argument(
            metavar="[TICKETID]", help="The ticket; `list` takes all.", show_default=False
        ),
    ] = "",
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE…]", help="What `add` adds.", show_default=False),
    ] = None,
    kind: Annotated[
        str, typer.Option(metavar="KIND", help=f"{', '.join(DOCUMENT_KIND)}.")
    ] = DOCUMENT_KIND[0],
    note: Annotated[str, typer.Option(metavar="TEXT", help="A note.", show_default=False)] = "",
) -> int:
    """Add documents to a ticket, each with its hash, or list them.

    Example: ticketops issuance document add TK00012 e-ticket.pdf
    """
    from ticketops.services import intake, issuance

    if what.casefold() not in ("add", "list"):
        raise UsageError(f"the first word must be one of add, list, not {what!r}")
    store = session.store()
    if what.casefold() == "add":
        if not ticket or not files:
            raise UsageError("name the ticket and the files")
        word = intake.option_choice(kind, "kind", DOCUMENT_KIND)
        job = issuance.issuance_document_add(
            store, ticket, files, word, intake.option_text(note, "note")
        )
    else:
        if files:
            raise UsageError("`document list` takes no files")
        job = issuance.issuance_document_list(store, ticket)
    columns: listing.Columns = (
        ("Document", "document_id"),
        ("Ticket", "ticket_id"),
        ("Kind", "kind"),
        ("File", "path"),
        ("Bytes", "size"),
        ("Note", "note"),
    )

    def shown(result: object) -> None:
        found = result.documents  # type: ignore[attr-defined]
        listing.table(session, found, columns)
        if not found:
            session.out.line("no documents")

    if what.casefold() == "list":
        return session.look(job, shown, store=store)
    return session.run(job, shown, store=store)


@command(app, "manifest")
def manifest(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="build", help="What to do.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The file to create.")],
    group: _GroupName = "",
    airline: Annotated[
        str, typer.Option(metavar="CODE", help="Only flights of this airline.", show_default=False)
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> int:
    """Write the passenger list of a group or an airline as a workbook: names, passports, flights, PNRs
    and numbers, nothing about money.

    Example: ticketops issuance manifest build ek.xlsx --airline EK
    """
    from ticketops.services import intake, issuance

    if what.casefold() != "build":
        raise UsageError(f"the first word must be build, not {what!r}")
    if not group and not airline:
        raise UsageError("give --group GROUP, --airline CODE, or both")
    of, code = intake.option_text(group, "group"), intake.option_text(airline, "airline")
    listing.refuse_workbook(session, out)
    plan = session.plan_of(issuance.issuance_manifest(out, of, code))
    issuance.write_manifest(out, plan.result, force=force)
    count = counted(len(plan.result.passengers), "passenger")
    session.out.line(f"created {out}: {count}")
    return session.finish(plan.result, plan.findings)


@command(app, "report")
def report(session: Session, csv: listing.Csv = None) -> int:
    """Show how many tickets stand where, by group, and everything that is wrong. Exit code 1 if there
    are findings."""
    from dataclasses import asdict

    from ticketops.services import issuance

    store = session.store()
    plan = session.plan_of(
        issuance.issuance_report(store, session.settings.name_update_days), store=store
    )
    found: Report = plan.result
    if csv is not None:
        names = ["group", *asdict(found.total)]
        rows = [[one.group, *asdict(one.counts).values()] for one in found.groups]
        text = listing.csv_text(names, rows)
        listing.to_file(session, csv, text, counted(len(rows), "group"))
        return session.finish(found, plan.findings)
    whole_ticket.counts(session, found)
    session.out.findings(plan.findings)
    return session.finish(found, plan.findings)


def _paid(session: Session, result: Paid) -> None:
    out, currency = session.out, result.currency or ""
    taken = "taken back" if result.amount < 0 else "paid"
    out.line(
        f"{result.payment_id} · {listing.money(abs(result.amount))} {currency} {taken} for "
        f"{result.booking} · balance {listing.money(result.balance_before)} → "
        f"{listing.money(result.balance_after)}"
    )
    if result.ready:
        out.line(f"ready to issue now: {', '.join(result.ready)}")
    if result.waiting:
        out.line(f"no longer ready to issue: {', '.join(result.waiting)}")

"""`ticketops client …` (§7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli.book_options import (
    DriveFolder,
    Files,
    Into,
    Online,
    Out,
    Share,
    To,
    build_books,
    pull_books,
)
from ticketops.cli.masters import of_entity
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.states import DELIVERY
from ticketops.schema.layouts.event.masters import CLIENT

if TYPE_CHECKING:
    from ticketops.domain.dispatch.results import (
        Accepted,
        ClientGroups,
        ClientView,
        CopiedDown,
        SavedViews,
    )
    from ticketops.domain.masterdata.joining import Joined, Split
    from ticketops.domain.messages.reminders import Reminded

app = command_group("client")
of_entity(app, CLIENT, "CLIENT")
_FILTERS = "M01,M34/RACE. Repeatable."
_Match = Annotated[
    list[str] | None,
    typer.Option(
        "--match", metavar="CODES", help=f"Only these matches: {_FILTERS}", show_default=False
    ),
]
_Category = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="NAMES", help="Only these categories.", show_default=False),
]
_Delivery = Annotated[
    list[str] | None,
    typer.Option(
        "--delivery", metavar="STATES", help=f"Only {', '.join(DELIVERY)}.", show_default=False
    ),
]
_Block = Annotated[
    str,
    typer.Option(
        "--block", metavar="BLOCK", help="Only this block, or a range: A-C.", show_default=False
    ),
]
_Row = Annotated[
    str,
    typer.Option(
        "--row", metavar="ROW", help="Only this row, or a range: 12-15.", show_default=False
    ),
]
_Holder = Annotated[
    str,
    typer.Option(
        "--holder",
        metavar="TEXT",
        help="Text in the guest's name or e-mail address.",
        show_default=False,
    ),
]
_Allocation = Annotated[
    str,
    typer.Option(
        "--allocation",
        metavar="STATE",
        help="allocated, unallocated or partial.",
        show_default=False,
    ),
]
_Guests = Annotated[
    str, typer.Option("--guests", metavar="STATE", help="missing or complete.", show_default=False)
]
_View = Annotated[
    str,
    typer.Option(
        "--view", metavar="NAME", help="A saved view, instead of filters.", show_default=False
    ),
]


@command(app, "groups")
def groups(session: Session) -> int:
    """List the clients, the spellings that share one book, and how far each client is."""
    from ticketops.services import dispatch

    def show(result: ClientGroups) -> None:
        rows = [
            (
                row.client,
                " · ".join(row.companies) + ("" if row.confirmed else " (to be confirmed)"),
                row.tickets,
                row.allocated,
                row.missing_email,
                row.sent,
                row.accepted,
            )
            for row in result.clients
        ]
        session.out.table(
            ("Client", "Companies", "Tickets", "Allocated", "No e-mail", "Sent", "Accepted"), rows
        )

    return session.look(dispatch.client_groups(), show)


@command(app, "build", writes=True)
def build(
    session: Session,
    companies: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMPANY…]", help="The clients.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All clients.")] = False,
    out: Out = None,
    to: To = "file",
    drive_folder: DriveFolder = "",
    share: Share = None,
    into: Into = None,
) -> int:
    """Make the workbooks that clients fill in: tickets, guests, status. What a client typed is
    never lost."""
    return build_books(
        session,
        "client",
        companies or [],
        every=every,
        folder=out,
        online=Online(to, drive_folder, share, into),
    )


@command(app, "pull", writes=True)
def pull(
    session: Session,
    files: Files,
    company: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The client, if the hidden sheet of the file is gone.",
            show_default=False,
        ),
    ] = "",
    prefer: Annotated[
        str, typer.Option(metavar="ours|theirs", help="Which side wins if both changed a cell.")
    ] = "ours",
    accept_erased: Annotated[
        bool,
        typer.Option(
            "--accept-erased",
            help="Remove guests that the client erased, unless the ticket is sent.",
        ),
    ] = False,
) -> int:
    """Read what clients filled in: guests, notes, receipts. Changes are merged cell by cell.
    Conflicts, erased guests and changes after dispatch are listed; nothing is lost."""
    return pull_books(
        session, "client", files, party=company, prefer=prefer, accept_erased=accept_erased
    )


@command(app, "view", writes=True)
def view(
    session: Session,
    company: Annotated[str, typer.Argument(metavar="COMPANY", help="The client.")],
    match: _Match = None,
    category: _Category = None,
    delivery: _Delivery = None,
    block: _Block = "",
    row: _Row = "",
    holder: _Holder = "",
    allocation: _Allocation = "",
    guests: _Guests = "",
    sort: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMNS", help="match,-seat …: - sorts descending.", show_default=False
        ),
    ] = None,
    view: _View = "",
    save_view: Annotated[
        str, typer.Option(metavar="NAME", help="Save this view under a name.", show_default=False)
    ] = "",
) -> int:
    """Show a client's tickets as in its book, filtered and sorted."""
    from ticketops.services import dispatch, intake

    filters = _filters(match, category, delivery, block, row, holder, allocation, guests, sort)
    if view and any(getattr(filters, name) for name in filters.__dataclass_fields__):
        raise UsageError("give either --view or filters")
    save = intake.option_text(save_view, "save-view", required=True) if save_view else ""
    job = dispatch.client_view(company, filters, view=view, save=save)

    return session.run(job, lambda result: _show_view(session, result), changes_expected=False)


def _show_view(session: Session, result: ClientView) -> None:
    columns = {
        "sales_id": "Sales ID",
        "match": "M-No.",
        "category": "Category",
        "block": "Block",
        "seat_row": "Row",
        "seat": "Seat",
        "first_name": "First name",
        "last_name": "Last Name",
        "client_email": "Client Email",
        "delivery": "Status",
    }
    session.out.table(
        list(columns.values()),
        [[getattr(ticket, name) for name in columns] for ticket in result.tickets],
        first=("M-No.", "Status", "Client Email", "Last Name", "Category"),
    )
    figures = result.summary
    session.out.line(
        f"{counted(figures.tickets, 'ticket')} of {' · '.join(result.companies)}: {figures.allocated} allocated, "
        f"{figures.missing_email} without an e-mail address, {figures.sent} sent, "
        f"{figures.accepted} accepted, {counted(figures.issues, 'issue')}"
    )


@command(app, "views")
def views(
    session: Session,
    company: Annotated[
        str | None,
        typer.Argument(metavar="[COMPANY]", help="Only this client.", show_default=False),
    ] = None,
) -> int:
    """List the saved views."""
    from ticketops.services import dispatch

    def show(result: SavedViews) -> None:
        rows = [(row.name, row.client, row.filters, row.by) for row in result.views]
        session.out.table(("Name", "Client", "Filters", "Saved by"), rows)
        if not rows:
            session.out.line("no view is saved; client view COMPANY … --save-view NAME saves one")

    return session.look(dispatch.client_views(company or ""), show)


@command(app, "accept", writes=True)
def accept(
    session: Session,
    company: Annotated[str, typer.Argument(metavar="COMPANY", help="The client.")],
    tickets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SALESID…]", help="The tickets.", show_default=False),
    ] = None,
    match: _Match = None,
    category: _Category = None,
    delivery: _Delivery = None,
    block: _Block = "",
    row: _Row = "",
    holder: _Holder = "",
    view: _View = "",
    every: Annotated[bool, typer.Option("--all", help="Everything sent to the client.")] = False,
    by: Annotated[
        str, typer.Option(metavar="NAME", help="Who at the client confirmed.", show_default=False)
    ] = "",
) -> int:
    """Confirm that a client received tickets: those named, or all sent ones that a filter or a
    saved view shows."""
    from ticketops.services import dispatch, intake

    filters = _filters(match, category, delivery, block, row, holder, "", "", None)
    chosen = any(getattr(filters, name) for name in filters.__dataclass_fields__) or bool(view)
    if bool(tickets) + chosen + every != 1:
        raise UsageError("name the tickets: SalesIDs, a filter, --view NAME, or --all")
    job = dispatch.client_accept(
        company, tickets or (), filters, by=intake.option_text(by, "by"), view=view
    )

    def show(result: Accepted) -> None:
        keys = result.accepted
        listed = ", ".join(keys[:12]) + (" …" if len(keys) > 12 else "")
        session.out.line(f"{counted(len(keys), 'ticket')} accepted by {result.by}: {listed}")

    return session.run(job, show)


@command(app, "copy-down", writes=True)
def copy_down(
    session: Session,
    ticket: Annotated[
        str, typer.Argument(metavar="SALESID", help="The ticket to copy the guest from (S147-1).")
    ],
    count: Annotated[
        int | None,
        typer.Option(
            "-c",
            "--count",
            min=1,
            help="How many tickets below it to fill; default: the rest of its sale.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also replace other guests.")
    ] = False,
) -> int:
    """Copy a ticket's guest to the tickets below it in the client's book."""
    from ticketops.services import dispatch

    def show(result: CopiedDown) -> None:
        session.out.line(f"The guest of {result.source} is copied to {', '.join(result.to)}")

    return session.run(dispatch.client_copy_down(ticket, count, overwrite=overwrite), show)


@command(app, "remind", writes=True)
def remind(
    session: Session,
    clients: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CLIENT…]", help="The clients.", show_default=False),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All clients with guest details missing.")
    ] = False,
) -> int:
    """Queue a reminder to clients whose guest details are missing, once a day each. `message send`
    sends it."""
    from ticketops.services import outbox

    if bool(clients) == every:
        raise UsageError("name a CLIENT, or give --all")

    def show(result: Reminded) -> None:
        rows = [
            (one.client, one.tickets, one.guests_missing, one.recipient, one.message)
            for one in result.clients
        ]
        session.out.table(("Client", "Tickets", "Guests missing", "To", "Message"), rows)

    return session.run(outbox.client_remind(clients or ()), show)


@command(app, "merge", writes=True)
def merge(
    session: Session,
    clients: Annotated[list[str], typer.Argument(metavar="CLIENT…", help="The names to merge.")],
    into: Annotated[
        str, typer.Option("--into", metavar="CLIENT", help="The client they belong to from now on.")
    ],
) -> int:
    """Merge several names into one client: one book, one set of holds and policies. Sales and
    Distribution keep their names; books built before can still be read.

    Example: ticketops client merge "Acme VIP" "Acme Inc" --into Acme
    """
    from ticketops.services import intake, masterdata

    job = masterdata.client_merge(
        [intake.option_text(name, "client", required=True) for name in clients],
        intake.option_text(into, "into", required=True),
    )
    return session.run(job, lambda result: _joined(session, result))


@command(app, "alias", writes=True)
def alias(
    session: Session,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client.")],
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Other names for it.")],
) -> int:
    """Give a client other names, which every command accepts."""
    from ticketops.services import intake, masterdata

    job = masterdata.client_alias(
        intake.option_text(client, "client", required=True),
        [intake.option_text(name, "name", required=True) for name in names],
    )
    return session.run(job, lambda result: _joined(session, result))


@command(app, "split", writes=True)
def split(
    session: Session, name: Annotated[str, typer.Argument(metavar="NAME", help="The name.")]
) -> int:
    """Make a name a client of its own, whatever it resembles or was merged into."""
    from ticketops.services import intake, masterdata

    def show(result: Split) -> None:
        was = f", no longer {result.was}" if result.was else ""
        session.out.line(f"{result.client} is a client of its own{was}")

    return session.run(
        masterdata.client_split(intake.option_text(name, "name", required=True)), show
    )


def _joined(session: Session, result: Joined) -> None:
    session.out.line(f"{result.client} is also called {', '.join(result.names) or 'nothing else'}")


def _filters(
    match: Any,
    category: Any,
    delivery: Any,
    block: str,
    row: str,
    holder: str,
    allocation: str,
    guests: str,
    sort: Any,
) -> Any:
    """The options as a view. Raises UsageError."""
    from ticketops.domain.dispatch.clients import ALLOCATION, GUESTS, SORTABLE, Filters
    from ticketops.model.ids import normalise_match

    states = tuple(text.upper() for text in _listed(delivery))
    for text in states:
        if text not in DELIVERY:
            raise UsageError(f"--delivery must be one of {', '.join(DELIVERY)}, not {text!r}")
    for option, value, choices in (
        ("allocation", allocation, ALLOCATION),
        ("guests", guests, GUESTS),
    ):
        if value and value.lower() not in choices:
            raise UsageError(f"--{option} must be one of {', '.join(choices)}, not {value!r}")
    wanted = tuple(text.lower() for text in _listed(sort))
    for text in wanted:
        if text.lstrip("-") not in SORTABLE:
            raise UsageError(f"--sort must be one of {', '.join(SORTABLE)}, not {text!r}")
    matches = tuple(normalise_match(text) for text in _listed(match))
    return Filters(
        matches,
        _listed(category),
        states,
        block.strip(),
        row.strip(),
        holder.strip(),
        allocation.lower(),
        guests.lower(),
        wanted,
    )


def _listed(given: list[str] | None) -> tuple[str, ...]:
    return tuple(text.strip() for part in given or () for text in part.split(",") if text.strip())

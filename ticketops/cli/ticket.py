"""`ticketops ticket …`: the sold tickets, one by one (§4)."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError

app = command_group("ticket")


@command(app, "list")
def list_tickets(
    session: Session,
    open_: Annotated[bool, typer.Option("--open", help="Only tickets without a unit.")] = False,
    allocated: Annotated[
        bool, typer.Option("--allocated", help="Only tickets with a unit.")
    ] = False,
    client: listing.Client = "",
    match: listing.Match = "",
    category: listing.Category = "",
    sale: listing.Sale = "",
    status: Annotated[
        str,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only this status, of the allocation or the delivery.",
            show_default=False,
        ),
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the sold tickets, in sheet order: seat, guest, delivery."""
    from ticketops.domain.reporting.lists import Which
    from ticketops.model import states
    from ticketops.model.ids import read_sales_id
    from ticketops.services import lists

    if open_ and allocated:
        raise UsageError("give either --open or --allocated")
    known = (states.UNALLOCATED, *states.DISTRIBUTION_STATUS, *states.DELIVERY)
    which = Which(
        client=client,
        match=listing.match_code(match),
        category=listing.category_name(category),
        sale=read_sales_id(sale) if sale else "",
        status=listing.one_of(status, "status", known),
        open=open_,
        allocated=allocated,
    )
    return listing.show_list(
        session, lists.ticket_list(which), "tickets", "ticket", listing.TICKET, csv
    )

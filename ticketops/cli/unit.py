"""`ticketops unit …`: substitution and holds."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Confirm, Force, New, Reason, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.allocation.holds import Released, SetAside
    from ticketops.domain.allocation.seats import Seated
    from ticketops.domain.allocation.substitution import Substituted

app = command_group("unit")
_WHAT = "P00012, PR0002-S01 or PR0002-S01:4. Repeatable."


@command(app, "substitute", writes=True)
def substitute(
    session: Session,
    unit: Annotated[str, typer.Argument(metavar="UNITID", help="The unit to replace (P00012).")],
    with_unit: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="UNITID",
            help="The new unit; default: the best free one.",
            show_default=False,
        ),
    ] = None,
    confirm: Confirm = None,
    reason: Reason = None,
    force: Force = False,
) -> int:
    """Give a ticket another unit of an equal or better category. The old unit becomes REPLACED."""
    from ticketops.model.ids import read_unit_id
    from ticketops.services import allocation, intake

    new = intake.option_text(with_unit, "with", required=True) if with_unit is not None else ""

    def show(result: Substituted) -> None:
        seat = " ".join(part for part in result.seat if part)
        where = f" ({seat})" if seat else ""
        session.out.line(
            f"{result.sales_id} · {result.old} is REPLACED by {result.new} of {result.new_category}{where}, {result.vendor or 'no vendor'}"
        )

    why = session.reasoned(confirm, reason)
    return session.run(allocation.unit_substitute(read_unit_id(unit), new, why, force=force), show)


@command(app, "hold", writes=True)
def hold(
    session: Session,
    what: Annotated[list[str], typer.Argument(metavar="UNITID|SETID[:QTY]…", help=_WHAT)],
    client: Annotated[str, typer.Option(metavar="NAME", help="The client.", show_default=False)],
    until: Annotated[
        str, typer.Option(metavar="DATE", help="The last day (2026-06-11).", show_default=False)
    ],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is logged.", show_default=False)
    ],
    new: New = False,
) -> int:
    """Hold free units for a client until a day. Until then they serve only that client's sales."""
    from ticketops.services import allocation, intake

    def show(result: SetAside) -> None:
        session.out.line(
            f"{counted(len(result.units), 'unit')} held for {result.client} until {result.until}: {', '.join(result.units)}"
        )

    job = allocation.unit_hold(
        what,
        intake.option_text(client, "client", required=True),
        intake.option_date(until, "until", datetime.now(), session.settings.dates),
        intake.option_text(reason, "reason", required=True),
        new=new,
    )
    return session.run(job, show)


@command(app, "release", writes=True)
def release(
    session: Session,
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[UNITID|SETID…]", help="The units or sets.", show_default=False),
    ] = None,
    client: Annotated[
        str, typer.Option(metavar="NAME", help="All of this client's holds.", show_default=False)
    ] = "",
    lapsed: Annotated[
        bool,
        typer.Option("--lapsed", help="Those whose last day is past: write it down (every night)."),
    ] = False,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is logged.")
    ] = "released",
) -> int:
    """Release holds before their last day. After it they serve anybody, released or not."""
    from ticketops.services import allocation, intake

    if lapsed and (what or client):
        raise UsageError("--lapsed takes neither units nor --client")
    if not what and not client and not lapsed:
        raise UsageError("give units or sets, --client, or --lapsed")

    def show(result: Released) -> None:
        if result.units:
            session.out.line(
                f"{counted(len(result.units), 'unit')} free again: {', '.join(result.units)}"
            )

    job = allocation.unit_release(
        what or [], client, intake.option_text(reason, "reason", required=True), lapsed=lapsed
    )
    return session.run(job, show)


@command(app, "holds")
def holds(session: Session) -> int:
    """List today's holds."""
    from ticketops.services import allocation

    found = session.result_of(allocation.unit_holds())
    rows = [(hold.unit_id, hold.client, hold.until, hold.reason, hold.user) for hold in found.holds]
    session.out.table(("UnitID", "Client", "Until", "Reason", "By"), rows)
    return session.finish(found, [])


@command(app, "list")
def list_units(
    session: Session,
    match: listing.Match = "",
    category: listing.Category = "",
    vendor: listing.Vendor = "",
    status: Annotated[
        str,
        typer.Option("--status", metavar="STATUS", help="Only this status.", show_default=False),
    ] = "",
    set_id: Annotated[
        str, typer.Option("--set", metavar="SETID", help="Only this set.", show_default=False)
    ] = "",
    sale: listing.Sale = "",
    csv: listing.Csv = None,
) -> int:
    """List the units, in sheet order: seat, ticket, hold."""
    from ticketops.domain.reporting.lists import Which
    from ticketops.model import ids
    from ticketops.model.states import UNIT_STATUS
    from ticketops.services import lists

    which = Which(
        match=listing.match_code(match),
        category=listing.category_name(category),
        vendor=vendor,
        status=listing.one_of(status, "status", UNIT_STATUS),
        set_id=ids.read_set_id(set_id) if set_id else "",
        sale=ids.read_sales_id(sale) if sale else "",
    )
    return listing.show_list(session, lists.unit_list(which), "units", "unit", listing.UNIT, csv)


@command(app, "show")
def show(
    session: Session,
    unit: Annotated[str, typer.Argument(metavar="UNITID", help="The unit (P00012).")],
) -> int:
    """Show a unit with its ticket and the allocation log of its set and sale."""
    from ticketops.model.ids import read_unit_id
    from ticketops.services import lists

    found = session.result_of(lists.unit_show(read_unit_id(unit)))
    listing.record(session, found.unit)
    listing.table(session, [found.ticket] if found.ticket else [], listing.TICKET, "Ticket")
    listing.table(session, found.log, listing.LOGGED, "Allocation log")
    return session.finish(found, [])


@command(app, "seat", writes=True)
def seat(
    session: Session,
    unit: Annotated[str, typer.Argument(metavar="UNITID", help="The unit (P00012).")],
    block: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help='The block; "" clears it.', show_default=False),
    ] = None,
    row: Annotated[
        str | None, typer.Option(metavar="TEXT", help='The row; "" clears it.', show_default=False)
    ] = None,
    seat_number: Annotated[
        str | None,
        typer.Option("--seat", metavar="TEXT", help='The seat; "" clears it.', show_default=False),
    ] = None,
    force: Force = False,
) -> int:
    """Set the seat of a unit. Its ticket takes over the seat if it had none or the unit's old one."""
    from ticketops.model.ids import read_unit_id
    from ticketops.services import allocation, intake

    given = {"block": block, "seat_row": row, "seat": seat_number}
    texts = {
        name: intake.option_text(text, name.replace("seat_row", "row"))
        for name, text in given.items()
        if text is not None
    }
    if not texts:
        raise UsageError("give --block, --row or --seat")

    def show(result: Seated) -> None:
        from ticketops.domain.catalogue.follow import shown

        ticket = f", and of {result.sales_id}" if result.follows else ""
        session.out.line(
            f"{result.unit_id} · seat {shown(result.before)} → {shown(result.after)}{ticket}"
        )

    return session.run(allocation.unit_seat(read_unit_id(unit), texts, force=force), show)

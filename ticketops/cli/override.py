"""`ticketops override …` (§6): reversible special handling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.output import listed
from ticketops.cli.session import Confirm, Force, Reason, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.allocation.overrides import AllocFrom, SeatsReset, Unallocated

app = command_group("override")


@command(app, "unallocate", writes=True)
def unallocate(
    session: Session,
    sales: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SALESID…]",
            help="Whole sale lines (S147), or single tickets (S147-2).",
            show_default=False,
        ),
    ] = None,
    confirm: Confirm = None,
    reason: Reason = None,
    set_id: Annotated[
        str | None,
        typer.Option(
            "--set",
            metavar="SETID",
            help="Only the units of this set; of every sale, if you name none.",
            show_default=False,
        ),
    ] = None,
    keep_seats: Annotated[
        bool, typer.Option("--keep-seats", help="Leave Block, Row and Seat as they are.")
    ] = False,
    force: Force = False,
) -> int:
    """Unallocate whole sales, single tickets or a set: the tickets lose their units, and the units
    are AVAILABLE again."""
    from ticketops.services import allocation, intake

    wanted = intake.option_text(set_id, "set", required=True) if set_id is not None else ""
    if not sales and not wanted:
        raise UsageError("name what to unallocate: a SALESID, or --set SETID")

    def show(result: Unallocated) -> None:
        session.out.line(
            f"{result.sales_id or wanted or listed(sales or ())} · {counted(result.tickets, 'ticket')} unallocated"
            f" ({listed(result.ticket_ids)}) · {counted(result.units, 'unit')} AVAILABLE again"
        )

    why = session.reasoned(confirm, reason)
    return session.run(
        allocation.override_unallocate(
            sales or (), why, set_id=wanted, keep_seats=keep_seats, force=force
        ),
        show,
    )


@command(app, "reset-seats", writes=True)
def reset_seats(
    session: Session,
    set_id: Annotated[str, typer.Argument(metavar="SETID", help="The set (PR0002-S01).")],
    confirm: Confirm = None,
    reason: Reason = None,
    units: Annotated[
        bool, typer.Option("--units", help="Clear the seats in _PURCHASE_UNITS too.")
    ] = False,
    force: Force = False,
) -> int:
    """Clear Block, Row and Seat of the tickets that a set serves. The allocation stays."""
    from ticketops.services import allocation

    def show(result: SeatsReset) -> None:
        more = f", of {counted(result.units, 'unit')}" if result.units else ""
        session.out.line(
            f"{result.set_id} · seats of {counted(result.tickets, 'ticket')} cleared{more}"
        )

    why = session.reasoned(confirm, reason)
    return session.run(
        allocation.override_reset_seats(set_id, why, units_too=units, force=force), show
    )


@command(app, "alloc-from", writes=True)
def alloc_from(
    session: Session,
    sale: Annotated[
        str, typer.Argument(metavar="SALESID", help="The sale line (S147), or one ticket (S147-2).")
    ],
    category: Annotated[
        str | None,
        typer.Argument(
            metavar="[CATEGORY]",
            help='The category to allocate from ("Cat 1").',
            show_default=False,
        ),
    ] = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="Allocate from the sold category again.")
    ] = False,
    confirm: Confirm = None,
    reason: Reason = None,
) -> int:
    """Serve the pending tickets of a sale, or a single ticket, from another category
    (AllocFromCategory). With --clear, from the sold category again."""
    from ticketops.services import allocation, intake

    if clear == (category is not None):
        raise UsageError("give either a CATEGORY or --clear")
    wanted = (
        intake.option_text(category, "category", required=True) if category is not None else None
    )

    def show(result: AllocFrom) -> None:
        served = result.alloc_from or result.category
        session.out.line(
            f"{result.sales_id} · {counted(result.tickets, 'ticket')} now served from {served}"
        )

    return session.run(
        allocation.override_alloc_from(sale, wanted, session.reasoned(confirm, reason)), show
    )

"""`ticketops override …` (§6): reversible special handling."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ticketops.cli.output import counted
from ticketops.cli.session import Confirm, Force, Reason, Session, command, command_group
from ticketops.errors import UsageError

app = command_group("override")
_Sale = Annotated[str, typer.Argument(metavar="SALESID", help="The sale line (S147) or its first ticket (S147-1).")]


@command(app, "unallocate", writes=True)
def unallocate(
    session: Session,
    sale: _Sale,
    confirm: Confirm = None,
    reason: Reason = None,
    set_id: Annotated[str | None, typer.Option("--set", metavar="SETID", help="Only the units of this set.", show_default=False)] = None,
    keep_seats: Annotated[bool, typer.Option("--keep-seats", help="Leave Block, Row and Seat as they are.")] = False,
    force: Force = False,
) -> int:
    """Take a sale's units back, or those of one set: its tickets are unallocated, the units AVAILABLE again."""
    from ticketops.services import intake, jobs

    wanted = intake.option_text(set_id, "set", required=True) if set_id is not None else ""

    def show(result: dict[str, Any]) -> None:
        session.out.line(
            f"{result['sales_id']} · {counted(result['tickets'], 'ticket')} unallocated · {counted(result['units'], 'unit')} AVAILABLE again"
        )

    why = session.reasoned(confirm, reason)
    return session.run(jobs.override_unallocate(sale, why, set_id=wanted, keep_seats=keep_seats, force=force), show)


@command(app, "reset-seats", writes=True)
def reset_seats(
    session: Session,
    set_id: Annotated[str, typer.Argument(metavar="SETID", help="The set (PR0002-S01).")],
    confirm: Confirm = None,
    reason: Reason = None,
    units: Annotated[bool, typer.Option("--units", help="Clear the seats in _PURCHASE_UNITS too.")] = False,
    force: Force = False,
) -> int:
    """Clear Block, Row and Seat of the tickets that a set serves; the allocation stays."""
    from ticketops.services import jobs

    def show(result: dict[str, Any]) -> None:
        more = f", of {counted(result['units'], 'unit')}" if result["units"] else ""
        session.out.line(f"{result['set_id']} · seats of {counted(result['tickets'], 'ticket')} cleared{more}")

    why = session.reasoned(confirm, reason)
    return session.run(jobs.override_reset_seats(set_id, why, units_too=units, force=force), show)


@command(app, "alloc-from", writes=True)
def alloc_from(
    session: Session,
    sale: _Sale,
    category: Annotated[str | None, typer.Argument(metavar="[CATEGORY]", help='Where to draw from ("Cat 1").', show_default=False)] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Draw from the sold category again.")] = False,
    confirm: Confirm = None,
    reason: Reason = None,
) -> int:
    """Serve a sale's pending tickets from another category (AllocFromCategory), or with --clear from its own again."""
    from ticketops.services import intake, jobs

    if clear == (category is not None):
        raise UsageError("give either a CATEGORY or --clear")
    wanted = intake.option_text(category, "category", required=True) if category is not None else None

    def show(result: dict[str, Any]) -> None:
        served = result["alloc_from"] or result["category"]
        session.out.line(f"{result['sales_id']} · {counted(result['tickets'], 'ticket')} now served from {served}")

    return session.run(jobs.override_alloc_from(sale, wanted, session.reasoned(confirm, reason)), show)

"""`ticketops event …`: what concerns a whole event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Confirm, Force, Reason, Session, command, command_group
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.catalogue.swap import Swapped

app = command_group("event")


@command(app, "swap", writes=True)
def swap(
    session: Session,
    first: Annotated[str, typer.Argument(metavar="MATCH", help="A match (M06).")],
    second: Annotated[str, typer.Argument(metavar="MATCH", help="The match to swap it with.")],
    confirm: Confirm = None,
    reason: Reason = None,
    stock_only: Annotated[
        bool,
        typer.Option(
            "--stock-only",
            help="Swap only purchases and units; unallocate the tickets they served.",
        ),
    ] = False,
    force: Force = False,
) -> int:
    """Swap two matches: every row of one gets the code of the other. Allocations stay unchanged.

    With --stock-only, only the stock moves to the other match; sales keep theirs. Needs the role
    ops_manager.
    """
    from ticketops.services import catalogue

    def show(result: Swapped) -> None:
        one, other = result.matches
        session.out.line(f"{one} and {other} are swapped")
        session.out.table(("Sheet", "Rows"), list(result.rows.items()))
        if result.units_unallocated:
            session.out.line(
                f"{counted(result.units_unallocated, 'unit')} unallocated: allocate auto serves "
                "the tickets again"
            )

    return session.run(
        catalogue.event_swap(
            first, second, session.reasoned(confirm, reason), stock_only=stock_only, force=force
        ),
        show,
    )

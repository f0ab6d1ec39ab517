"""`ticketops recon …` (§12b, §14c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketops.cli.session import Session, command, command_group
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.selling.reimport import Applied

app = command_group("recon")


@command(app, "run", writes=True)
def run(session: Session) -> int:
    """Bring _SALES_PARENT_RECON and _SALES_RECON_AUDIT up to date. Ticks in Process_Now are kept."""
    from ticketops.services import selling

    return session.run(selling.recon_run(), lambda result: _actions(session, result.by_action))


@command(app, "apply", writes=True)
def apply(session: Session) -> int:
    """Carry out the rows whose Process_Now is ticked: delete candidates, create missing rows.
    Allocated rows are never removed."""
    from ticketops.services import selling

    def show(result: Applied) -> None:
        session.out.line(
            f"{counted(result.ticked, 'row')} ticked · {result.rows_deleted:,} deleted, "
            f"{result.rows_created:,} created, "
            f"{result.refused:,} left unchanged, {result.needed_nothing:,} needed nothing"
        )
        _actions(session, result.by_action)

    return session.run(selling.recon_apply(), show)


def _actions(session: Session, by_action: dict[str, int]) -> None:
    session.out.table(("Action", "Rows"), list(by_action.items()))

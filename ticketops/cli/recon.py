"""`ticketops recon …` (§12b, §14c)."""

from __future__ import annotations

from typing import Any

from ticketops.cli.session import Session, command, command_group

app = command_group("recon")


@command(app, "run", writes=True)
def run(session: Session) -> int:
    """Bring _SALES_PARENT_RECON and _SALES_RECON_AUDIT up to date; ticks in Process_Now are kept."""
    from ticketops.services import jobs

    return session.run(jobs.recon_run(), lambda result: _actions(session, result))


@command(app, "apply", writes=True)
def apply(session: Session) -> int:
    """Carry out the rows whose Process_Now is ticked: delete candidates, make missing rows. Never removes an allocated row."""
    from ticketops.services import jobs

    def show(result: dict[str, Any]) -> None:
        session.out.line(
            f"{result['ticked']:,} rows ticked · {result['rows_deleted']:,} deleted, {result['rows_created']:,} made, "
            f"{result['refused']:,} left as they are"
        )
        _actions(session, result)

    return session.run(jobs.recon_apply(), show)


def _actions(session: Session, result: dict[str, Any]) -> None:
    session.out.table(("Action", "Rows"), list(result["by_action"].items()))

"""`ticketops audit …` (§12a)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ticketops.cli.session import Session, command, command_group

app = command_group("audit")


@command(app, "run", writes=True)
def run(
    session: Session,
    write: Annotated[bool, typer.Option("--write", help="Put the audit into _ALLOCATION_AUDIT.")] = False,
) -> int:
    """Check Distribution against _PURCHASE_UNITS, both ways. Exit code 1 where there are findings."""
    from ticketops.services.reports import audit_job

    if write:
        return session.run(audit_job(write=True), lambda result: _show(session, result))
    return session.look(audit_job(write=False), lambda result: _show(session, result))


@command(app, "repair", writes=True)
def repair(session: Session) -> int:
    """Plan the repairs that are certain (back-pointers, counts, statuses) and, confirmed, make them.

    Each is logged in _ALLOCATION_REPAIR_LOG. What a person must decide is listed. Without a terminal and without --yes
    nothing is written: the plan is shown.
    """
    from ticketops.services import jobs

    if not session.yes and not session.interactive and not session.dry_run:
        session.out.notice("not confirmed: showing what would be repaired; --yes makes the repairs")
        session.dry_run = True
    return session.run(jobs.audit_repair(), lambda result: _repaired(session, result))


def _show(session: Session, result: dict[str, Any]) -> None:
    holds = "holds" if result["invariant_holds"] else "is BROKEN"
    session.out.line(
        f"Distribution rows {result['distribution_rows']:,} · unique UnitIDs referenced {result['unique_unit_ids']:,} · "
        f"units {result['purchase_units']:,} · allocated {result['allocated_units']:,} · issues {result['issues']:,}"
    )
    session.out.line(f"The invariant (referenced = allocated) {holds}")
    if result["by_code"]:
        session.out.table(("Code", "Findings"), list(result["by_code"].items()))


def _repaired(session: Session, result: dict[str, Any]) -> None:
    session.out.line(f"{result['repairs']:,} certain repairs · {result['left']:,} findings are left for a person to decide")
    if result["by_repair"]:
        session.out.table(("Repair", "Times"), list(result["by_repair"].items()))

"""`ticketops audit …` (§12a)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Session, command, command_group
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.audit.figures import Audit
    from ticketops.domain.audit.repair import Repaired

app = command_group("audit")


@command(app, "run", writes=True)
def run(
    session: Session,
    write: Annotated[
        bool, typer.Option("--write", help="Write the audit into _ALLOCATION_AUDIT.")
    ] = False,
) -> int:
    """Check Distribution against _PURCHASE_UNITS, both ways. Exit code 1 if there are findings."""
    from ticketops.services.audit import audit_job

    if write:
        return session.run(audit_job(write=True), lambda result: _show(session, result))
    return session.look(audit_job(write=False), lambda result: _show(session, result))


@command(app, "repair", writes=True)
def repair(session: Session) -> int:
    """Plan the repairs that are certain (back-pointers, counts, statuses); make them once
    confirmed.

    Each repair is logged in _ALLOCATION_REPAIR_LOG. Findings that need a decision are listed.
    Without a terminal and without --yes, the command shows the plan and writes nothing.
    """
    from ticketops.services import audit

    if not session.yes and not session.interactive and not session.dry_run:
        session.out.notice("not confirmed: this is the plan; --yes makes the repairs")
        session.dry_run = True
    return session.run(audit.audit_repair(), lambda result: _repaired(session, result))


def _show(session: Session, result: Audit) -> None:
    holds = "holds" if result.invariant_holds else "is BROKEN"
    session.out.line(
        f"Distribution rows {result.distribution_rows:,} · unique UnitIDs referenced {result.unique_unit_ids:,} · "
        f"units {result.purchase_units:,} · allocated {result.allocated_units:,} · issues {result.issues:,}"
    )
    session.out.line(f"The invariant (referenced = allocated) {holds}")
    if result.by_code:
        session.out.table(("Code", "Findings"), list(result.by_code.items()))


def _repaired(session: Session, result: Repaired) -> None:
    session.out.line(
        f"{counted(result.repairs, 'certain repair')} · {counted(result.left, 'finding')} left for a person to decide"
    )
    if result.by_repair:
        session.out.table(("Repair", "Times"), list(result.by_repair.items()))

"""`ticketops unit …`: substitution and holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from ticketops.cli.output import counted
from ticketops.cli.session import Confirm, Force, Reason, Session, command, command_group
from ticketops.errors import UsageError

app = command_group("unit")
_WHAT = "P00012, PR0002-S01 or PR0002-S01:4; may be given again."


@command(app, "substitute", writes=True)
def substitute(
    session: Session,
    unit: Annotated[str, typer.Argument(metavar="UNITID", help="The unit that is replaced (P00012).")],
    with_unit: Annotated[
        str | None, typer.Option("--with", metavar="UNITID", help="By this one; if not given, by the best there is.", show_default=False)
    ] = None,
    confirm: Confirm = None,
    reason: Reason = None,
    force: Force = False,
) -> int:
    """Give a ticket another unit, of an equal or better seat; the old unit is REPLACED."""
    from ticketops.services import intake, jobs

    new = intake.option_text(with_unit, "with", required=True) if with_unit is not None else ""

    def show(result: dict[str, Any]) -> None:
        seat = " ".join(str(part) for part in result["seat"] if part)
        where = f" ({seat})" if seat else ""
        session.out.line(
            f"{result['sales_id']} · {result['old']} is REPLACED by {result['new']} of {result['new_category']}{where}, {result['vendor'] or 'no vendor'}"
        )

    why = session.reasoned(confirm, reason)
    return session.run(jobs.unit_substitute(unit.strip().upper(), new, why, force=force), show)


@command(app, "hold", writes=True)
def hold(
    session: Session,
    what: Annotated[list[str], typer.Argument(metavar="UNITID|SETID[:QTY]…", help=_WHAT)],
    client: Annotated[str, typer.Option(metavar="NAME", help="For whom.", show_default=False)],
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day (2026-06-11).", show_default=False)],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is logged.", show_default=False)],
) -> int:
    """Set free units aside for a client until a day. Only that client's sales are served from them; the day after, everybody's."""
    from ticketops.services import intake, jobs

    def show(result: dict[str, Any]) -> None:
        session.out.line(
            f"{counted(len(result['units']), 'unit')} held for {result['client']} until {result['until']}: {', '.join(result['units'])}"
        )

    job = jobs.unit_hold(
        what, intake.option_text(client, "client", required=True), intake.option_date(until, "until", datetime.now()),
        intake.option_text(reason, "reason", required=True),
    )  # fmt: skip
    return session.run(job, show)


@command(app, "release", writes=True)
def release(
    session: Session,
    what: Annotated[list[str] | None, typer.Argument(metavar="[UNITID|SETID…]", help="Which holds.", show_default=False)] = None,
    client: Annotated[str, typer.Option(metavar="NAME", help="All holds for this client.", show_default=False)] = "",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is logged.")] = "released",
) -> int:
    """End holds before their day."""
    from ticketops.services import intake, jobs

    if not what and not client:
        raise UsageError("name units or sets, or give --client")

    def show(result: dict[str, Any]) -> None:
        session.out.line(f"{counted(len(result['units']), 'unit')} free again: {', '.join(result['units'])}")

    return session.run(jobs.unit_release(what or [], client, intake.option_text(reason, "reason", required=True)), show)


@command(app, "holds")
def holds(session: Session) -> int:
    """The holds that stand today."""
    from ticketops.services import lists

    found = lists.holds(session.store(), session.settings)
    session.out.table(("UnitID", "Client", "Until", "Reason", "By"), [tuple(row.values()) for row in found])
    return session.finish({"holds": found}, [])

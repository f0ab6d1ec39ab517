"""`ticketops allocate …` (§5b)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ticketops.cli.session import Session, command

app = typer.Typer(help="Give units to sold tickets.", no_args_is_help=True, rich_markup_mode=None, add_completion=False)


@command(app, "commit", group="allocate", writes=True)
def commit(
    session: Session,
    target: Annotated[str, typer.Argument(metavar="SALESID", help="The sale line (S147) or its first ticket (S147-1).")],
) -> int:
    """Allocate one sale line: the smallest set that holds it whole, else the largest sets first.

    Where there is too little, what there is is allocated, the rest waits for stock, and the exit code is 1.
    """
    from ticketops.services import jobs

    return session.run(jobs.allocate_commit(target), lambda result: _committed(session, result))


@command(app, "auto", group="allocate", writes=True)
def auto(session: Session) -> int:
    """Allocate everything that is pending, waiting sales first, in one transaction."""
    from ticketops.services import jobs

    return session.run(jobs.allocate_auto(), lambda result: _auto(session, result), most_findings=20)


def _committed(session: Session, result: dict[str, Any]) -> None:
    out = session.out
    out.line(f"{result['sales_id']} · {result['allocated']} of {result['requested']} tickets allocated · {result['status']}")
    if result["chunks"]:
        out.table(("SetID", "Qty", "Vendor"), [(c["set_id"], c["qty"], c["vendor"]) for c in result["chunks"]])
        out.line(f"Units: {', '.join(result['unit_ids'])}")


def _auto(session: Session, result: dict[str, Any]) -> None:
    session.out.line(
        f"{result['targets']:,} sales pending · {result['filled']:,} filled, {result['waiting']:,} waiting · "
        f"{result['units']:,} units in {result['chunks']:,} chunks, {result['split_sales']:,} sales split"
    )

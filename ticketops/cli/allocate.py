"""`ticketops allocate …` (§5)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.allocation.automatic import Allocated
    from ticketops.domain.allocation.commit import Outcome
    from ticketops.domain.allocation.preview import Preview
    from ticketops.domain.allocation.process import Processed

app = command_group("allocate")
_Sale = Annotated[
    str,
    typer.Argument(metavar="SALESID", help="The sale line (S147) or its first ticket (S147-1)."),
]
_TimeLimit = Annotated[
    float,
    typer.Option(
        "--time-limit",
        metavar="SECONDS",
        min=0.1,
        max=86_400,
        help="Time limit of the optimum, for all pools together.",
    ),
]


@command(app, "preview", writes=True)
def preview(
    session: Session,
    sale: _Sale,
    write: Annotated[
        bool, typer.Option("--write", help="Write the plans into _ALLOCATION_PREVIEW.")
    ] = False,
) -> int:
    """Show the best six plans for a sale: chunks, score and its parts, margin, and what the policy
    says.

    Nothing is committed. `allocate commit SALESID --plan N` commits one. With --write, an operator
    can also choose in the sheet (ChosenSetID), and `allocate process` commits that choice. Exit
    code 1 if stock is short or no plan passes.
    """
    from ticketops.services import allocation

    job = allocation.allocate_preview(sale, write=write)
    if write:
        return session.run(job, lambda result: _previewed(session, result))
    return session.look(job, lambda result: _previewed(session, result))


@command(app, "commit", writes=True)
def commit(
    session: Session,
    sale: _Sale,
    plan: Annotated[
        int | None,
        typer.Option(
            "--plan",
            metavar="N",
            min=1,
            help="The plan with this rank in `allocate preview`.",
            show_default=False,
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SETID[:QTY]",
            help="Take the units from this set. Repeatable.",
            show_default=False,
        ),
    ] = None,
    seats: Annotated[
        str | None,
        typer.Option(
            "--seats",
            metavar="TEXT|FILE",
            help='Take the units on these seats: "101/C/5-8; 102/A/1", or a file that the page of '
            "`allocate seats` saved.",
            show_default=False,
        ),
    ] = None,
    override: Annotated[
        bool,
        typer.Option(
            "--override",
            help="Commit a plan that breaks the policy; needs --reason and the role ops_manager.",
        ),
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            metavar="TEXT",
            help="The reason for overriding the policy; it is logged.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Allocate one sale line: the best plan that passes the policy, the plan of --plan, the sets of
    --set, or the seats of --seats.

    If stock is short, the available units are allocated, the rest waits for stock, and the exit
    code is 1.
    """
    from ticketops.domain.allocation.commit import Choice, parse_sets
    from ticketops.services import allocation, intake, seat_views

    if sum((plan is not None, bool(sets), seats is not None)) > 1:
        raise UsageError("give one of --plan, --set and --seats")
    if override != (reason is not None):
        raise UsageError("--override and --reason TEXT go together")
    why = intake.option_text(reason, "reason", required=True) if reason is not None else ""
    places = seat_views.places_of(seats, sale) if seats is not None else ()
    choice = Choice(plan, parse_sets(sets or ()), places)
    return session.run(
        allocation.allocate_commit(sale, choice, why), lambda result: _committed(session, result)
    )


@command(app, "seats")
def seats(
    session: Session,
    sale: _Sale,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE.html",
            help="The page; default: SALESID-seats.html.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Write a page on which a person chooses the seats of a sale: the map of its match, with the
    proposed seats.

    Seats are clicked or lassoed, and counted against the tickets that want one. The page shows the
    command that commits them, and saves a file that `allocate commit --seats FILE` takes. It needs
    no server.
    """
    from ticketops.cli.listing import refuse_workbook
    from ticketops.domain.allocation.visual import told
    from ticketops.model.names import quoted
    from ticketops.services import seat_files, seat_views

    plan = session.plan_of(seat_views.allocate_seats(sale))
    choosing = plan.result
    path = out or Path(f"{choosing.sale}-seats.html")
    refuse_workbook(session, path)
    seat_files.require_ending(path, pages_only=True)
    head = f"ticketops allocate commit {choosing.sale} --seats"
    tail = f" -w {quoted(str(session.workbook))}"
    page = seat_views.page_of(choosing, head, tail)
    seat_files.put(path, page.text.encode())
    result = told(choosing, str(path), head, tail)
    line = session.out.line
    line(
        f"{path} · {result.sale} · {result.match} · {result.category} · "
        f"{counted(result.quantity, 'ticket')} · {counted(result.free, 'free seat')}"
    )
    if result.command:
        line(f"Proposed: {result.proposed}")
        line(result.command)
    if page.left_out:
        session.out.notice(page.left_out)
    session.out.findings(plan.findings)
    return session.finish(result, plan.findings)


@command(app, "auto", writes=True)
def auto(
    session: Session,
    optimize: Annotated[
        bool,
        typer.Option(
            "--optimize",
            help="Plan all sales together: fewest split sales, best seats, no single left, most margin.",
        ),
    ] = False,
    time_limit: _TimeLimit = 60.0,
    unattended: Annotated[
        bool, typer.Option("--unattended", help="For cron: touch only FULLY_AUTO sales.")
    ] = False,
) -> int:
    """Allocate all pending sales in one transaction, within the policies: waiting sales first,
    oldest first.

    --optimize starts from that plan and is never worse; it needs OR-Tools (pip install
    'ticketops[optimize]').
    """
    from ticketops.services import allocation

    if not optimize:
        return session.run(
            allocation.allocate_auto(unattended=unattended),
            lambda result: _auto(session, result),
            most_findings=20,
        )
    with session.out.progress("Planning pools") as progress:
        improve = allocation.improver(time_limit, progress)
        job = allocation.allocate_auto(unattended=unattended, improve=improve)
        return session.run(job, lambda result: _auto(session, result), most_findings=20)


@command(app, "process", writes=True)
def process(session: Session) -> int:
    """Carry out what operators decided in the sheet: every ChosenSetID of _ALLOCATION_PREVIEW, then
    the ticked Process_Now.

    One tick at a time: if several rows are ticked, the first is carried out and the others are
    cleared.
    """
    from ticketops.services import allocation

    def show(result: Processed) -> None:
        for one in result.processed:
            _committed(session, one)
        if not result.processed:
            session.out.line(
                "nothing is chosen or ticked"
                if not result.refused
                else "nothing could be carried out"
            )

    return session.run(allocation.allocate_process(), show, changes_expected=False)


@command(app, "compare")
def compare(session: Session, time_limit: _TimeLimit = 60.0) -> int:
    """Compare two plans for all pending sales: one sale after the other, and all together. Nothing
    is written."""
    from ticketops.engine.transaction import look
    from ticketops.services.allocation import improver
    from ticketops.services.comparison import compare as compared

    run = session.new_run()
    with session.out.progress("Planning pools") as progress:
        result = look(session.store(), compared(improver(time_limit, progress)), run)
    rows = [
        (label, *(_figure(getattr(plan, name)) for plan in (result.sequential, result.optimal)))
        for name, label in _FIGURES.items()
    ]
    session.out.table(("", "Sequential", "Optimal"), rows)
    session.out.line(_gap(result.optimal.proven_gap))
    return session.finish(result, [], run_id=run.run_id)


_FIGURES = {
    "targets": "Sales pending",
    "filled": "filled",
    "waiting": "waiting for stock",
    "left": "left for an operator",
    "units": "Units",
    "split_sales": "Sales split",
    "chunks": "Chunks",
    "seat_groups": "Groups of seats",
    "seats_together": "Neighbouring seats (pairs)",
    "stranded_singles": "Stranded singles",
    "margin": "Margin",
    "seconds": "Seconds",
}


def _figure(value: float | dict[str, float]) -> str:
    if isinstance(value, dict):
        return (
            ", ".join(f"{amount:,.2f} {currency}".strip() for currency, amount in value.items())
            or "unknown"
        )
    return f"{value:,}"


def _gap(gap: float | None) -> str:
    return (
        "proven: no plan is better"
        if not gap
        else f"proven gap: at most {gap:.2%} better is possible"
    )


def _previewed(session: Session, result: Preview) -> None:
    from ticketops.domain.allocation.scoring import WEIGHTS

    out, target = session.out, result.target
    served = target.effective_category
    category = served if served == target.category else f"{target.category} from {served}"
    tickets = counted(target.qty, "ticket")
    out.line(
        f"{target.sales_id} · {target.match} · {category} · {tickets} · policy {result.policy.mode}"
    )
    for text in result.instructions.texts:
        out.line(f"Note: {text}")
    if result.instructions.constraints:
        out.line(f"Read as: {', '.join(result.instructions.constraints)}")
    if not result.plans:
        out.line("No unit is free.")
        return
    out.line(
        f"Pool: {counted(sum(result.pool.values()), 'unit')} in {counted(len(result.pool), 'set')}"
    )
    if result.held_for_others:
        out.line(f"Held for others: {counted(result.held_for_others, 'unit')}")
    best = max(plan.score for plan in result.plans)
    rows = []
    for plan in result.plans:
        chunks = " · ".join(f"{c.set_id}×{c.qty} {c.vendor or ''}".strip() for c in plan.chunks)
        verdict = "passes" if plan.passes_policy else "; ".join(v.code for v in plan.violations)
        verdict += "".join(f"; {v.code}" for v in plan.unmet_instructions)
        margin = "" if plan.margin_pct is None else f"{plan.margin_pct:.1f}"
        delta = "" if plan.margin_delta is None else f"{plan.margin_delta:,.2f}"
        score = f"{plan.score:.3f}{'*' if plan.score == best else ''}"
        rows.append((str(plan.rank), plan.badge, chunks, score, margin, delta, verdict))
    out.table(("Plan", "Badge", "Sets", "Score", "Margin %", "Margin", "Policy"), rows)
    if len(rows) > 1:
        out.line("* highest score")
    numbers = [str(plan.rank) for plan in result.plans]
    parts = [
        (name, f"{weight:+.2f}", *(f"{getattr(plan.parts, name):.2f}" for plan in result.plans))
        for name, weight in WEIGHTS.items()
    ]
    out.line()
    out.table(("Part of score", "Weight", *numbers), parts)
    for plan in result.plans:
        for violation in (*plan.violations, *plan.unmet_instructions):
            out.line(f"Plan {plan.rank}: {violation.code}: {violation.message}")


def _committed(session: Session, result: Outcome) -> None:
    out = session.out
    out.line(
        f"{result.sales_id} · {result.allocated} of {result.requested} tickets allocated · {result.status}"
    )
    if result.instructions:
        out.line(f"Asked for: {', '.join(result.instructions)}")
    if result.chunks:
        out.table(("SetID", "Qty", "Vendor"), [(c.set_id, c.qty, c.vendor) for c in result.chunks])
        out.line(f"Units: {', '.join(result.unit_ids)}")


def _auto(session: Session, result: Allocated) -> None:
    left = f", {result.left:,} left for an operator" if result.left else ""
    session.out.line(
        f"{counted(result.targets, 'sale')} pending · {result.filled:,} filled, {result.waiting:,} waiting{left} · "
        f"{counted(result.units, 'unit')} in {counted(result.chunks, 'chunk')}, {counted(result.split_sales, 'sale')} split"
    )
    if result.proven_gap is not None:
        session.out.line(_gap(result.proven_gap))


@command(app, "log")
def log(
    session: Session,
    sale: listing.Sale = "",
    user: Annotated[
        str, typer.Option("--user", metavar="NAME", help="Only this user.", show_default=False)
    ] = "",
    action: Annotated[
        str,
        typer.Option("--action", metavar="ACTION", help="Only this action.", show_default=False),
    ] = "",
    most: Annotated[int, typer.Option("-m", "--most", min=1, help="How many rows to show.")] = 50,
    csv: listing.Csv = None,
) -> int:
    """Show what was done to the allocation (_ALLOC_LOG), newest first."""
    from ticketops.domain.reporting.lists import Which
    from ticketops.model.ids import read_sales_id
    from ticketops.model.states import ALLOC_ACTION
    from ticketops.services import lists

    which = Which(
        sale=read_sales_id(sale) if sale else "",
        user=user,
        action=listing.one_of(action, "action", ALLOC_ACTION),
    )
    found = session.result_of(lists.allocation_log(which, most))
    if len(found.rows) < found.total:
        session.out.notice(
            f"{counted(found.total - len(found.rows), 'older row')}: --most shows more"
        )
    return listing.show(session, found, found.rows, "row", listing.LOGGED, csv)

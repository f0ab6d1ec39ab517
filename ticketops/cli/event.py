"""`ticketops event …` (§1): what concerns a whole event."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli.session import Confirm, Dates, Force, Reason, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.events import ARCHIVED, EVENT_STATE, EVENT_TYPE

if TYPE_CHECKING:
    from ticketops.domain.catalogue.swap import Swapped
    from ticketops.domain.event.archiving import ArchiveMade
    from ticketops.domain.event.issues import Accepted, OutstandingList
    from ticketops.domain.event.lifecycle import EventShown, Moved

app = command_group("event")


def _text(metavar: str, help_: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=help_, show_default=False)


@command(app, "show")
def show(session: Session) -> int:
    """Show the event: its fields, its state, and what keeps it from the next one."""
    from ticketops.services import events

    plan = session.planned(events.event_show())
    _show(session, plan.result)
    session.out.findings(plan.findings)
    return session.finish(plan.result, plan.findings)


@command(app, "set", writes=True)
def set_(
    session: Session,
    name: Annotated[str | None, _text("TEXT", "The event's name.")] = None,
    code: Annotated[str | None, _text("CODE", "Its code (WC2026).")] = None,
    type_: Annotated[
        str | None,
        _text("TYPE", f"{', '.join(EVENT_TYPE)}; default: what the schedule looks like.", "--type"),
    ] = None,
    start: Annotated[
        str | None, _text("DATE", "Its first day; default: that of the schedule.")
    ] = None,
    end: Annotated[
        str | None, _text("DATE", "Its last day; default: that of the schedule.")
    ] = None,
    currency: Annotated[
        str | None, _text("CODE", "USD or EUR, of what is recorded without one; default: USD.")
    ] = None,
    dispatch_buffer_hours: Annotated[
        str | None, _text("HOURS", "How long before a match its tickets must be out; default: 72.")
    ] = None,
    portal_token_expiry_days: Annotated[
        str | None, _text("DAYS", "How long a link to the portal is valid; default: 14.")
    ] = None,
    allow_oversell: Annotated[
        bool | None,
        typer.Option(
            "--allow-oversell/--no-allow-oversell",
            help="Whether a sale above the stock waits for approval, or is refused; default: waits.",
            show_default=False,
        ),
    ] = None,
    owner: Annotated[str | None, _text("USER", "Who is in charge; default: you.")] = None,
    logo_url: Annotated[str | None, _text("URL", "The address of its logo.")] = None,
    banner_url: Annotated[str | None, _text("URL", "The address of its banner.")] = None,
    audit_retention_days: Annotated[
        str | None, _text("DAYS", "How long guests' data are kept once it is over; default: 365.")
    ] = None,
    state: Annotated[
        str | None,
        _text(
            "STATE",
            f"The state a new event starts in: {', '.join(EVENT_STATE)}; default: what its rows show.",
        ),
    ] = None,
    dates: Dates = None,
) -> int:
    """Enter the event of the workbook, or change its fields; "" clears one. Needs the role
    ops_manager.

    A new event needs a name and a code. In a workbook that is in use already it starts in the state
    that its rows show. From then on the state says which commands may write: purchases from BUYING,
    sales from SELLING, allocation from ALLOCATING, the staff queue from DISPATCHING.
    """
    from ticketops.services import event_fields, events

    given = event_fields.read(
        {
            "name": name,
            "code": code,
            "type": type_,
            "start": start,
            "end": end,
            "currency": currency,
            "dispatch_buffer_hours": dispatch_buffer_hours,
            "portal_token_expiry_days": portal_token_expiry_days,
            "owner": owner,
            "logo_url": logo_url,
            "banner_url": banner_url,
            "audit_retention_days": audit_retention_days,
        },
        dates or session.settings.dates,
    )
    if allow_oversell is not None:
        given["allow_oversell"] = allow_oversell
    if not given and state is None:
        raise UsageError("nothing to set", "give --name, --code or another option")
    return session.run(
        events.event_set(given, state=_state(state, "state")), lambda result: _show(session, result)
    )


@command(app, "advance", writes=True)
def advance(
    session: Session,
    to: Annotated[
        str | None, _text("STATE", "The next state, to be sure that it is this one.")
    ] = None,
) -> int:
    """Take the event to its next state, if nothing blocks it. Needs the role ops_manager.

    The states are DRAFT, PLANNING, BUYING, SELLING, ALLOCATING, DISPATCHING, CLOSED, ARCHIVED.
    Before it is CLOSED, the final audit and reconciliation run, and what is outstanding is shown and
    confirmed; -y confirms it. ARCHIVED needs that all of it is cleared or accepted: `event
    outstanding` lists it, `event accept` accepts it. The books end then, and the archive is sealed
    beside the workbook. Nothing leads back from ARCHIVED.
    """
    from ticketops.services import copies, events

    agreed = session.yes or session.dry_run or session.interactive
    store = session.store()

    made: ArchiveMade | None = None

    def after(plan: Any) -> Any:
        from ticketops.services import archive

        nonlocal made
        found = archive.follow_up(store, session.settings, plan)
        made = plan.result.archive
        return found

    job = events.event_advance(
        to=_state(to, "to"),
        agreed=agreed,
        beside=copies.newer(store, session.settings),
        after=after,
    )

    final = False

    def show(result: Moved) -> None:
        nonlocal final
        final = result.after == ARCHIVED
        session.out.line(f"{result.code}: {result.before} → {result.after}")
        tell_archive()

    def tell_archive() -> None:
        """Once there is one: who confirmed the step saw its result before."""
        nonlocal made
        if made is not None:
            from ticketops.cli.archive import tell

            tell(session, made)
            made = None

    def ask(what: str) -> bool:
        question = f"{what} — nothing leads back from {ARCHIVED}: write it?" if final else ""
        return session.out.ask(question or f"{what} — write it?", default=not final)

    code = session.run(job, show, store=store, ask=ask)
    if not session.out.as_json:
        tell_archive()
    return code


@command(app, "outstanding")
def outstanding(session: Session) -> int:
    """List what is not finished, with the command that clears each: what blocks the archive (§13).

    Tickets that somebody waits for are HIGH. The final audit and the reconciliation are among it.
    """
    from ticketops.services import copies, events

    store = session.store()
    job = events.event_outstanding(copies.newer(store, session.settings))
    return session.look(job, lambda result: _outstanding(session, result), store=store)


@command(app, "accept", writes=True)
def accept(
    session: Session,
    reason: Annotated[str, _text("TEXT", "The reason; it is recorded.")],
    issues: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ISSUE…]",
            help="What is accepted, as `event outstanding` calls it: UNPAID, or one subject of it: "
            "UNPAID:S147.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that is outstanding.")] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Withdraw an acceptance: it is outstanding again.")
    ] = False,
) -> int:
    """Accept what is outstanding as it is, so that it does not block the archive. Needs the role
    ops_manager and a reason.

    It counts for the tickets, sales … that are outstanding now, and for no more than their amounts:
    what comes later is outstanding again.
    Example: ticketops event accept UNPAID:S147 --reason "written off"
    """
    from ticketops.services import copies, events, intake

    if every and issues:
        raise UsageError("give either issues or --all", "--all accepts every one, not one of these")
    store = session.store()
    job = events.event_accept(
        issues or [],
        intake.option_text(reason, "reason", required=True),
        every=every,
        withdraw=withdraw,
        beside=copies.newer(store, session.settings),
    )

    def show(result: Accepted) -> None:
        word = "withdrawn" if result.action == "WITHDRAW" else "accepted"
        session.out.table(("Issue", word.capitalize()), list(result.subjects.items()))
        left = counted(result.open, "issue")
        session.out.line(
            f"{left} open" if result.open else "nothing is open: `ticketops event advance` archives"
        )

    return session.run(job, show, store=store)


@command(app, "back", writes=True)
def back(
    session: Session, reason: Annotated[str, _text("TEXT", "The reason; it is logged.")]
) -> int:
    """Take the event back one state. Needs the role ops_manager and a reason."""
    from ticketops.services import events, intake

    return _move(session, events.event_back(intake.option_text(reason, "reason", required=True)))


@command(app, "list")
def list_(
    session: Session,
    where: Annotated[
        list[str],
        typer.Argument(metavar="FOLDER|FILE…", help="Workbooks, and folders of workbooks."),
    ],
) -> int:
    """List the events of several workbooks, one line each: state, position, what is late, audit
    findings."""
    from ticketops.engine.opening import open_store
    from ticketops.services import events

    found = events.portfolio(
        events.workbooks(where),
        session.settings,
        open_store,
        lambda store, job: session.result_of(job, store=store),
    )
    rows = [
        (
            one.code or Path(one.file).name,
            one.state or ("open" if one.problem is None else "–"),
            one.sold,
            one.sent,
            one.available,
            one.true_shortage,
            one.late,
            one.audit,
        )
        for one in found.events
    ]
    session.out.table(
        ("Event", "State", "Sold", "Sent", "Available", "Short", "Late", "Audit"), rows
    )
    for one in found.events:
        if one.problem is not None:
            session.out.notice(f"{one.file}: {one.problem}")
    if found.left_out:
        session.out.line(f"{counted(found.left_out, 'workbook')} of other kinds left out")
    return session.finish(found, []) or int(any(one.problem is not None for one in found.events))


@command(app, "page")
def page(
    session: Session,
    match: Annotated[str, typer.Argument(metavar="MATCH", help="M12, or a sub-game: M01/RACE.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE.html",
            help="The page; default: the match's code.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Write the page of one match: what was bought and sold, alerts, where dispatch stands. It shows
    only what you may see."""
    from ticketops.cli.listing import refuse_workbook
    from ticketops.services import dashboards

    if out is not None:
        refuse_workbook(session, out)
    made = dashboards.match_page(
        session.store(), session.settings, session.new_run(), match, path=out
    )
    dashboards.write(made.text, Path(made.result.path))
    session.out.line(f"{made.result.path} · {made.result.match}")
    if made.result.left_out:
        session.out.notice(f"left out: you may not run {', '.join(made.result.left_out)}")
    return session.finish(made.result, [])


@command(app, "switch", writes=True)
def switch(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A workbook, or gsheet:ID.")],
) -> int:
    """Use another workbook from now on: it becomes the setting `workbook` in your own settings.

    TICKETOPS_WORKBOOK and the ticketops.toml of a folder still come before it, and so does -w.
    """
    from ticketops.services import switching

    dry = session.dry_run
    done = switching.switch(file, session.settings, dry_run=dry)
    verb = "would be set" if dry else "set"
    session.out.line(f"{done.workbook} · {done.code or 'no event'} · {verb} in {done.file}")
    if done.overridden_by:
        session.out.notice(
            f"here {done.overridden_by} comes before it: TICKETOPS_WORKBOOK, or the ticketops.toml "
            "of this folder, names it"
        )
    session.say_dry()
    return session.finish(done, [])


@command(app, "clone", writes=True)
def clone(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="OUT.xlsx", help="The new workbook.")],
    name: Annotated[str, _text("TEXT", "The new event's name.")],
    code: Annotated[str, _text("CODE", "The new event's code.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> int:
    """Start a new event with the masters and the schedule of this one, and none of its trade: users,
    aliases, policies, supplier groups, logins with sealed passwords. Needs the role ops_manager."""
    from ticketops.cli.listing import refuse_own_workbook
    from ticketops.services import event_fields, events

    refuse_own_workbook(session, Path(file))
    values = event_fields.read({"name": name, "code": code}, "")
    plan = session.planned(events.event_clone(values["name"] or "", values["code"] or ""))
    dry = session.dry_run
    made = events.clone_to(Path(file), plan.result, session.settings, force=force, dry_run=dry)
    session.out.line(f"{'would create' if dry else 'created'} {made.path}: {made.code}, DRAFT")
    session.out.table(("Sheet", "Rows"), list(made.rows.items()))
    session.out.findings(plan.findings)
    session.say_dry()
    return session.finish(made, plan.findings)


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


def _state(text: str | None, option: str) -> str | None:
    if text is None:
        return None
    if (state := text.strip().upper()) not in EVENT_STATE:
        raise UsageError(f"--{option} must be one of {', '.join(EVENT_STATE)}, not {text!r}")
    return state


def _show(session: Session, event: EventShown) -> None:
    out = session.out
    out.line(f"{event.code or '–'} · {event.name or '–'} · {event.state or 'no state'}")
    said = (
        ("Type", event.type),
        ("Categories", event.implies.scheme),
        ("Matches", event.implies.codes),
        ("Sessions", ", ".join(event.implies.sessions)),
        ("Days", f"{_day(event.start)} to {_day(event.end)}"),
        ("Currency", event.currency),
        ("Dispatch buffer", f"{event.dispatch_buffer_hours:g} hours"),
        ("Portal links", f"valid for {counted(event.portal_token_expiry_days, 'day')}"),
        ("Overselling", "waits for approval" if event.allow_oversell else "is refused"),
        ("Owner", event.owner),
        ("Logo", event.logo_url),
        ("Banner", event.banner_url),
        ("Retention", counted(event.audit_retention_days, "day")),
    )
    out.table(("Field", "Value"), [row for row in said if row[1] is not None])
    if event.next and not event.blocked_by:
        out.line(f"next: {event.next} (`ticketops event advance`)")
    for one in event.blocked_by:
        how = f" · {one.command}" if one.command else ""
        out.line(f"{event.next} is blocked: {one.message}{how}")


def _outstanding(session: Session, found: OutstandingList) -> None:
    out = session.out
    out.line(
        f"{found.event} · {found.state or 'no state'} · "
        + (f"{counted(found.open, 'issue')} open" if found.open else "nothing is open")
    )
    if not found.issues:
        return
    rows = [
        (
            "–" if one.state == "accepted" else "HIGH" if one.urgent else "MEDIUM",
            one.code,
            one.count - one.accepted,
            one.accepted,
            one.message,
        )
        for one in found.issues
    ]
    out.table(("Severity", "Issue", "Open", "Accepted", "What"), rows, first=("Issue", "What"))
    for one in found.issues:
        if one.state == "open":
            out.line(f"  {one.code}: ticketops {one.command}")
        else:
            out.line(f"  {one.code}: accepted by {one.by}: {one.reason}")


def _day(day: datetime | None) -> str:
    return f"{day:%Y-%m-%d}" if day else "–"


def _move(session: Session, job: Any) -> int:
    def show(result: Moved) -> None:
        session.out.line(f"{result.code}: {result.before} → {result.after}")

    return session.run(job, show)

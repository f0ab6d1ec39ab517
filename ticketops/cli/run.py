"""`ticketops run …`: what runs every night (§10)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Session, command, command_group

if TYPE_CHECKING:
    from ticketops.domain.clock.record import TaskRun
    from ticketops.domain.clock.tasks import Task
    from ticketops.model.findings import Finding

app = command_group("run")
_MOST = 10
"""Findings of a task that are printed; its command lists all."""


@command(app, "nightly", writes=True)
def nightly(
    session: Session,
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            metavar="NAME",
            help="Only this task. Repeatable; default: the setting clock_tasks, or the usual ones.",
            show_default=False,
        ),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, max=86400, help="How long one task may take.")
    ] = 1800.0,
) -> int:
    """Run the tasks of the night one after the other, and record the run in _CLOCK. The exit code is
    the worst of all.

    A task that fails, or takes longer than the limit, stops no other one. A second run at the same
    time ends with exit code 5 and does nothing. A dry run shows the tasks and starts none.
    """
    from ticketops.domain.clock.tasks import chosen
    from ticketops.services import clock

    store = session.store()
    tasks = chosen(task or (), session.settings.clock_tasks, store.layout.kind)
    run = session.new_run()
    clock.permitted(store, run, gated=not session.dry_run)
    if session.dry_run:
        night = clock.shown(tasks, run.now)
        session.out.table(("Task", "Command"), [(one.name, one.command) for one in night.tasks])
        session.say_dry()
        return session.finish(night, [])
    with clock.alone(store), _ended_whole():
        done: list[TaskRun] = []
        try:
            findings = _perform(session, tasks, time_limit, done)
        except KeyboardInterrupt:
            _interrupted(session, tasks, done, run.now)
            raise
        night, late, kept = clock.recorded(session.store(), done, run.now, session.new_run())
    session.out.findings(late)
    session.out.notice(f"{night.started_at} to {night.finished_at}: exit code {night.exit}")
    session.finish(
        night,
        [*findings, *late],
        run_id=kept.run.run_id if kept else None,
        counts=kept.plan.changes.counts() if kept else {},
    )
    return max(night.exit, 1 if late else 0)


def _perform(
    session: Session, tasks: tuple[Task, ...], limit: float, done: list[TaskRun]
) -> list[Finding]:
    """Run the tasks, and say what came of each; what they found. done: gets those that ran."""
    from ticketops.domain.clock.tasks import SENDING
    from ticketops.services import clock

    every: list[Finding] = []
    for task in tasks:
        if task.name == SENDING:
            every += clock.told(session.store(), done, session.new_run())
        session.out.status(f"{task.name} …")
        one, findings = clock.perform(task, session.settings, limit)
        session.out.status("")
        said = f": {one.said}" if one.said and (one.exit or 0) > 1 else ""
        session.out.line(f"{one.name:<10} exit {one.exit}  {one.seconds:.1f} s{said}")
        grave = sorted(
            (f for f in findings if f.severity > 0), key=lambda finding: -finding.severity
        )
        session.out.findings(grave[:_MOST])
        if len(grave) > _MOST:
            session.out.line(f"… and {len(grave) - _MOST:,} more: ticketops {task.command}")
        done.append(one)
        every += findings
    return every


def _interrupted(
    session: Session, tasks: tuple[Task, ...], done: list[TaskRun], started: datetime
) -> None:
    """Record a run that is ended from outside, with the task that it was at."""
    from ticketops.services import clock

    ended = clock.interrupted(tasks, done, started)
    _night, late, _kept = clock.recorded(session.store(), ended, started, session.new_run())
    session.out.findings(late)


@contextmanager
def _ended_whole() -> Iterator[None]:
    """A run that is told to end, by systemd for example, ends its task first, as with Ctrl-C."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@command(app, "list")
def list_(session: Session) -> int:
    """List the tasks of the night: what each is, and when it ran last."""
    from ticketops.domain.clock.tasks import chosen
    from ticketops.services import clock

    store = session.store()
    kind = store.layout.kind
    runs = [task.name for task in chosen((), session.settings.clock_tasks, kind)]
    result = session.result_of(clock.run_list(runs, kind), store=store)
    session.out.table(
        ("Task", "Command", "Runs", "Last", "Exit"),
        [
            (one.name, one.command, "yes" if one.runs else "no", one.last, one.exit)
            for one in result.tasks
        ],
        first=("Command", "Last", "Exit"),
    )
    return session.finish(result, [])

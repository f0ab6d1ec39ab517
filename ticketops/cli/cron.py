"""`ticketops cron …`: who starts the nightly run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli.session import Session, command, command_group

if TYPE_CHECKING:
    from ticketops.services.cron import Checked, Schedule

app = command_group("cron")
_At = Annotated[str, typer.Option(metavar="HH:MM", help="When it starts, every day.")]
_Systemd = Annotated[
    bool, typer.Option("--systemd", help="By a timer of systemd, in place of a line of crontab.")
]
USUAL = "03:30"
"""Out of the hour that daylight saving skips or has twice."""


def _entry(session: Session, at: str) -> Any:
    from ticketops.domain.clock.entry import time_of
    from ticketops.services import cron

    return cron.entry_of(session.settings, session.workbook, time_of(at))


@command(app, "show")
def show(session: Session, at: _At = USUAL, systemd: _Systemd = False) -> int:
    """Print what `cron install` would install: two lines of a crontab, or two units."""
    from ticketops.services import cron

    schedule = cron.shown(_entry(session, at), by=cron.SYSTEMD if systemd else cron.CRON)
    _print(session, schedule)
    _left_behind(session)
    return session.finish(schedule, [])


@command(app, "install", writes=True)
def install(session: Session, at: _At = USUAL, systemd: _Systemd = False) -> int:
    """Have `run nightly` started every day, as you, from this folder. Everything else in the crontab
    stays unchanged.

    What cron prints goes to a log file. `cron show` prints the lines first, `cron check` says
    whether they work.
    """
    from ticketops.services import cron

    by = cron.SYSTEMD if systemd else cron.CRON
    schedule = cron.install(_entry(session, at), by=by, dry_run=session.dry_run)
    _print(session, schedule)
    if not schedule.changed:
        session.out.notice("nothing to do: it is installed like this already")
    elif session.dry_run:
        session.out.notice("dry run: nothing was installed")
    else:
        session.out.notice(f"installed: every day at {schedule.at}; it writes to {schedule.log}")
        if systemd:
            session.out.notice(
                "while you are logged out it runs only after `loginctl enable-linger`"
            )
    _left_behind(session)
    return session.finish(schedule, [])


@command(app, "remove", writes=True)
def remove(session: Session) -> int:
    """No longer start `run nightly` of this workbook, whether by cron or by systemd."""
    from ticketops.services import cron

    gone = cron.remove(_entry(session, USUAL), dry_run=session.dry_run)
    for one in gone:
        _print(session, one)
    if not gone:
        session.out.notice("nothing to do: nothing on this machine starts it")
    else:
        session.out.notice("dry run: nothing was removed" if session.dry_run else "removed")
    return session.finish(cron.Removed(tuple(gone)), [])


@command(app, "check")
def check(session: Session) -> int:
    """Show whether `run nightly` is started on this machine, and when it ran last. Exit code 1 if it
    is not installed, is silent, or failed."""
    from ticketops.services import cron

    return session.look(
        cron.check_job(_entry(session, USUAL), session.settings),
        lambda result: _show_check(session, result),
    )


def _show_check(session: Session, result: Checked) -> None:
    for one in result.installed:
        session.out.line(f"{one.by} starts it every day at {one.at or 'a time of its own'}")
        session.out.line(f"log file  {one.log}")
    last = result.last
    if last is None:
        session.out.line("no run is recorded in this workbook")
    else:
        session.out.line(
            f"last run {last.started_at:%Y-%m-%d %H:%M} on {last.host or 'an unknown machine'} · "
            f"exit code {last.exit} · {last.said}"
        )


def _print(session: Session, schedule: Schedule) -> None:
    for one in schedule.written:
        if len(schedule.written) > 1:
            session.out.line(f"# {one.file}")
        for line in one.text.rstrip("\n").split("\n"):
            session.out.line(f"{line}" if line else "")


def _left_behind(session: Session) -> None:
    from ticketops.services.cron import left_behind

    if names := left_behind():
        session.out.notice(
            f"not taken along, since nobody may read it there: {', '.join(names)}; "
            "put it into your own configuration file"
        )

"""Having the nightly run started, by cron or by systemd, and whether it is."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import time
from hashlib import blake2b
from pathlib import Path

from msgspec.structs import replace

from ticketops.adapters import schedulers
from ticketops.config import Settings
from ticketops.domain.clock import crontab, units
from ticketops.domain.clock.entry import TAKEN_ALONG, Entry, time_of
from ticketops.domain.clock.record import LastRun, last_run
from ticketops.domain.clock.silence import silent
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.errors import TicketopsError, UnusableError
from ticketops.files import real_path
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layout import KINDS
from ticketops.schema.layouts.event import CLOCK
from ticketops.schema.tables import Snapshot
from ticketops.stores.postgres.address import is_database

CRON, SYSTEMD = "cron", "systemd"
_SECRETS = ("PASSWORD", "_URL", "TOKEN")


@dataclass(frozen=True, slots=True)
class Written:
    """A text that starts it. file: where it is, or `crontab`."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """`cron show` and `cron install`. by: cron or systemd; at: when it starts every day;
    changed: whether something was written or deleted, or would be; log: the file that it writes to.
    """

    by: str
    at: str
    changed: bool
    written: tuple[Written, ...]
    log: str


@dataclass(frozen=True, slots=True)
class Removed:
    """`cron remove`: what started it and no longer does, or would no longer."""

    removed: tuple[Schedule, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """`cron check`. installed: by what it is started on this machine, and when; as_shown: whether that is
    what `cron show` prints now; last: the last run that is recorded, from whatever machine."""

    installed: tuple[Schedule, ...]
    as_shown: bool
    last: LastRun | None


def _short(workbook: Path | str) -> str:
    """What the log of a workbook is called by."""
    if isinstance(workbook, Path):
        return real_path(workbook).stem
    return "database" if is_database(workbook) else "gsheet"


def entry_of(settings: Settings, workbook: Path | str, at: time) -> Entry:
    """The nightly run of a workbook, as this user on this machine would start it from this
    folder."""
    where = workbook if isinstance(workbook, str) else str(real_path(workbook))
    program = _program()
    digest = blake2b(where.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    name = f"{_short(workbook)}-{digest}.log"
    known = {name: text for name in TAKEN_ALONG if (text := os.environ.get(name))}
    around = {
        "HOME": str(Path.home()),
        "PATH": os.pathsep.join((str(Path(program[0]).parent), "/usr/local/bin:/usr/bin:/bin")),
        "LANG": os.environ.get("LC_ALL") or known.get("LANG", "C.UTF-8"),
    }
    return Entry(
        where,
        program,
        settings.user,
        str(Path.cwd()),
        {**known, **around},
        str(real_path(settings.state) / "clock" / name),
        at,
    )


def _program() -> tuple[str, ...]:
    """How this program is called in full: the command beside this Python, where it is installed."""
    command = Path(sys.executable).with_name("ticketops")
    return (str(command),) if command.is_file() else (sys.executable, "-P", "-m", "ticketops")


def left_behind() -> list[str]:
    """Variables of the environment that a nightly run will not have: secrets, which no file of a
    schedule may hold."""
    own = (name for name in os.environ if name.startswith("TICKETOPS_"))
    return sorted(name for name in own if name.endswith(_SECRETS))


def shown(entry: Entry, *, by: str) -> Schedule:
    """What starts it: the lines of the crontab, or the units. Raises UsageError where it can't be
    written."""
    return Schedule(by, f"{entry.at:%H:%M}", False, _texts(entry, by), entry.log)


def install(entry: Entry, *, by: str, dry_run: bool) -> Schedule:
    """Have it started every day. What else the crontab holds stays as it is. Raises UnusableError
    where cron or systemd does not take it."""
    texts = _texts(entry, by)
    if by == SYSTEMD:
        wanted = {Path(one.file).name: one.text for one in texts}
        timer = f"{entry.unit}.timer"
        changed = any(schedulers.read_unit(name) != text for name, text in wanted.items())
        changed = changed or not schedulers.is_enabled(timer)
        if changed and not dry_run:
            schedulers.write_units(wanted, timer)
    else:
        before = schedulers.read_crontab()
        after = crontab.with_entry(before, entry)
        changed = before != after
        if changed and not dry_run:
            schedulers.write_crontab(after)
    if not dry_run:
        _make_folder(Path(entry.log).parent)
    return Schedule(by, f"{entry.at:%H:%M}", changed, texts, entry.log)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnusableError(f"{folder} can't be made: {error.strerror or error}") from None


def remove(entry: Entry, *, dry_run: bool) -> list[Schedule]:
    """No longer start it, by whichever of the two it is. What was removed."""
    gone = installed(entry)
    for one in gone:
        if dry_run:
            continue
        if one.by == SYSTEMD:
            names = [Path(text.file).name for text in one.written]
            schedulers.remove_units(names, f"{entry.unit}.timer")
        else:
            schedulers.write_crontab(crontab.without(schedulers.read_crontab(), entry.workbook))
    return gone


def installed(entry: Entry) -> list[Schedule]:
    """By what a workbook's run is started now. A machine without cron has no entry there."""
    found = []
    try:
        line = crontab.found(schedulers.read_crontab(), entry.workbook)
    except UnusableError:
        line = ""
    if line:
        text = f"{crontab.mark_of(entry.workbook)}\n{line}\n"
        at = crontab.time_in(line)
        found.append(Schedule(CRON, at, True, (Written("crontab", text),), entry.log))
    timer = f"{entry.unit}.timer"
    if (text := schedulers.read_unit(timer)) and schedulers.is_enabled(timer):
        names = (f"{entry.unit}.service", timer)
        files = tuple(
            Written(str(schedulers.unit_folder() / name), schedulers.read_unit(name))
            for name in names
        )
        found.append(Schedule(SYSTEMD, units.time_in(text), True, files, entry.log))
    return found


def _texts(entry: Entry, by: str) -> tuple[Written, ...]:
    if by == SYSTEMD:
        folder = schedulers.unit_folder()
        return (
            Written(str(folder / f"{entry.unit}.service"), units.service_of(entry)),
            Written(str(folder / f"{entry.unit}.timer"), units.timer_of(entry)),
        )
    lines = f"{crontab.mark_of(entry.workbook)}\n{crontab.line_of(entry)}\n"
    return (Written("crontab", lines),)


def check_job(entry: Entry, settings: Settings) -> Job:
    """Whether it is installed on this machine, and when the workbook's clock ran last."""

    there = tuple(installed(entry))

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        last = last_run(snapshot[CLOCK])
        as_shown = bool(there) and all(_is_as_shown(one, entry) for one in there)
        findings = []
        if not there:
            message = "nothing on this machine starts the nightly run: `ticketops cron install`"
            findings.append(Finding("CLOCK_NOT_INSTALLED", Severity.MEDIUM, message))
        if len(there) > 1:
            message = "cron and systemd both start the nightly run: `ticketops cron remove`, then install it again"
            findings.append(Finding("CLOCK_TWICE", Severity.LOW, message))
        if there and not as_shown:
            message = "what is installed is not what `ticketops cron show` prints from this folder"
            findings.append(Finding("CLOCK_DIFFERS", Severity.INFO, message))
        if said := silent(last, run.now, settings.clock_silence_hours):
            findings.append(Finding("CLOCK_SILENT", Severity.HIGH, said, CLOCK))
        if last is not None and (last.exit or 0) > 1:
            message = f"the last run ended with exit code {last.exit}: {last.said}"
            findings.append(Finding("CLOCK_FAILED", Severity.MEDIUM, message, CLOCK))
        return Plan(result=Checked(there, as_shown, last), findings=findings)

    return Job("cron.check", plan, optional=(CLOCK,), effect=Effect.READS, works_on=KINDS)


def _is_as_shown(one: Schedule, entry: Entry) -> bool:
    """Whether it is what would be installed now, at whatever time."""
    try:
        return _texts(replace(entry, at=time_of(one.at)), one.by) == one.written
    except TicketopsError:
        return False

"""Which reports can be made as jobs (000), and how: from the workbook to the bytes of a file."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Struct

from ticketops.books.report_files import content_of
from ticketops.config import Settings
from ticketops.domain.plan import Run
from ticketops.domain.reporting.sections import heading, main_section, sections
from ticketops.engine import permissions
from ticketops.engine.job import Job
from ticketops.engine.transaction import prepare
from ticketops.errors import NotPermittedError, UsageError
from ticketops.model import ids
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import USERS
from ticketops.schema.tables import Snapshot
from ticketops.services import reports
from ticketops.services.reporting import position_job
from ticketops.services.ticketing_reports import BLOCKS_REPORT, state_named, ticketing_report
from ticketops.services.ticketing_reports import REPORTS as TICKETING
from ticketops.stores.base import Store


class Kind(Struct, frozen=True):
    """A report. job: makes its use case of what its lines are to be of, the state that they are in or
    the match, and the settings; title: what its file is called; state: how that state is spelled, None
    where they have none; of_match: whether it is one of a match."""

    job: Callable[[str, Settings], Job]
    title: str
    state: Callable[[str], str] | None = None
    of_match: bool = False


def _ticketing(which: str) -> Kind:
    spelled = None if which == BLOCKS_REPORT else partial(state_named, which)
    return Kind(lambda state, _own: ticketing_report(which, state), f"Ticketing {which}", spelled)


REPORTS: dict[str, Kind] = {
    "summary": Kind(lambda *_: reports.summary_job("client"), "Summary"),
    "inventory": Kind(lambda *_: reports.inventory_job("match"), "Inventory"),
    "allocation": Kind(lambda *_: reports.allocation_job("match", None), "Allocation"),
    "dispatch": Kind(lambda _, own: reports.dispatch_job("client", own), "Dispatch"),
    "pnl": Kind(lambda *_: reports.pnl_job("match", None), "Profit and loss"),
    "match": Kind(reports.match_job, "Match", of_match=True),
    "position": Kind(lambda *_: position_job(write=False), "Position"),
    **{f"ticketing {which}": _ticketing(which) for which in TICKETING},
}
"""{the words after `report`: the report}, as it is without options; after `match` comes the match."""


def named(report: str) -> str:
    """A report as it is called here. Raises UsageError."""
    name = " ".join(report.lower().split())
    if name not in REPORTS:
        raise UsageError(
            f"the report must be one of {', '.join(map(spelled, REPORTS))}, not {report!r}"
        )
    return name


def spelled(name: str) -> str:
    """A report as one asks for it."""
    return f"{name} MATCH" if REPORTS[name].of_match else name


def asked(report: str, state: str) -> tuple[str, str]:
    """A report as somebody asks for it, the words after `report`, and the state of its lines: as it is
    called here, and its arguments as a job keeps them. Raises UsageError."""
    words = report.split()
    kind = REPORTS.get(words[0].lower()) if words else None
    of_match = kind is not None and kind.of_match
    if of_match and len(words) != 2:
        raise UsageError(f"{report!r} is to name one match", f'such as "{words[0].lower()} M12"')
    name = named(words[0] if of_match else report)
    kind = REPORTS[name]
    if state and kind.state is None:
        raise UsageError(f"the report {name!r} has no --state")
    if kind.of_match:
        return name, shlex.quote(ids.normalise_match(words[1]))
    return name, f"--state {shlex.quote(kind.state(state))}" if state and kind.state else ""


def job_of(report: str, arguments: str, settings: Settings) -> Job:
    """The use case of a report with its arguments. Raises UsageError where they are not understood."""
    kind = REPORTS[named(report)]
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = [arguments, "", ""]
    if kind.of_match and len(words) == 1:
        return kind.job(words[0], settings)
    if kind.of_match or (words and (len(words) != 2 or words[0] != "--state")):
        right = "the match" if kind.of_match else "--state STATE"
        raise UsageError(f"the Arguments {arguments!r} are not understood", f"write {right}")
    return kind.job(words[1] if words else "", settings)


def permitted(snapshot: Snapshot, run: Run) -> list[str]:
    """The reports that the user of a run may make. snapshot: holds _USERS."""
    found = []
    for name in REPORTS:
        try:
            require(name, snapshot, run)
        except NotPermittedError:
            continue
        found.append(name)
    return found


def require(report: str, snapshot: Snapshot, run: Run) -> None:
    """Raises NotPermittedError for a report that the user of a run may not make."""
    name = named(report)
    job = f"report.{name.replace(' ', '.')}"
    permissions.require(job, f"report {name}", run, snapshot.of([USERS]))


class Report(Struct, frozen=True):
    """A report on the workbook as it is. revision: what it was made from; the same of it makes the same
    content. findings: what it says besides, such as what is missing."""

    revision: str
    content: bytes
    findings: list[Finding]


def made(
    store: Store, report: str, arguments: str, kind: str, run: Run, settings: Settings
) -> Report:
    """Make a report. kind: csv or xlsx. Raises what the report raises."""
    job = job_of(report, arguments, settings)
    plan, snapshot, _run = prepare(store, job, run)
    content = content_of(plan.result, REPORTS[named(report)].title, f".{kind}", dated=False)
    revision = _revision(snapshot, job, (report, arguments, kind), plan.result)
    return Report(revision, content, plan.findings)


def _revision(snapshot: Snapshot, job: Job, asked: tuple[str, ...], result: Any) -> str:
    """A hash of all that a report is made from: what is asked, its sheets without passwords, and its
    tables, since settings and time alone change them, too (an offer that expired)."""
    found = hashlib.blake2b(repr(asked).encode(), digest_size=16)
    for name in job.sheets:
        table = snapshot[name]
        plain = [column.name for column in table.sheet.columns if not column.secret]
        found.update(name.encode())
        found.update(repr(table.frame.select("row", *plain).rows()).encode())
    tables = [main_section(result), *sections(result)]
    found.update(repr((heading(result, dated=False), tables)).encode())
    return found.hexdigest()

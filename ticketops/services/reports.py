"""The use cases behind the reports of §11, but for the position, which needs less."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from ticketops.books import report_files
from ticketops.config import Settings
from ticketops.domain.dispatch.state import QUEUES
from ticketops.domain.reporting import per_match, reports
from ticketops.engine.job import Effect, Job
from ticketops.errors import UnusableError, UsageError
from ticketops.files import replace_file
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    FEES,
    PURCHASES,
    SALES,
    SCHEDULE,
    UNITS,
    VENDORS,
)
from ticketops.services.sheet_groups import MONEY
from ticketops.stores.xlsx.lock import refuse_read_only

EARNED = (SALES, PURCHASES, UNITS, DISTRIBUTION)
"""What margins are made of; beside it, BESIDE_EARNED."""
BESIDE_EARNED = (*MONEY, FEES, ALIASES, CLIENTS, VENDORS)


def summary_job(by: str) -> Job:
    """Revenue, cost, margin and dispatch rate, with revenue by one of `margin.BY`."""
    return Job(
        "report.summary",
        lambda snapshot, run: reports.plan_summary(snapshot, run, by),
        EARNED,
        BESIDE_EARNED,
        effect=Effect.READS,
    )


def inventory_job(by: str) -> Job:
    """Purchased, available and allocated units, by one of `stock.BY`."""
    return Job(
        "report.inventory",
        lambda snapshot, run: reports.plan_inventory(snapshot, run, by),
        (DISTRIBUTION, UNITS),
        effect=Effect.READS,
    )


def allocation_job(by: str, since: datetime | None) -> Job:
    """How far tickets are, by one of `stock.BY`, and what happened on which day."""
    return Job(
        "report.allocation",
        lambda snapshot, run: reports.plan_allocation(snapshot, run, by, since),
        (DISTRIBUTION, UNITS),
        effect=Effect.READS,
    )


def dispatch_job(by: str, settings: Settings) -> Job:
    """What was sent and what is pending, by one of `reports.DISPATCH_BY`."""
    return Job(
        "report.dispatch",
        lambda snapshot, run: reports.plan_dispatch(
            snapshot,
            run,
            by,
            run.buffer_hours(settings.dispatch_buffer_hours),
            settings.medal_hours_earlier,
        ),
        (DISTRIBUTION, UNITS, SALES),
        QUEUES,
        effect=Effect.READS,
    )


def pnl_job(by: str, since: datetime | None) -> Job:
    """Profit and loss by one of `margin.BY`; since: the timeline from this day on."""
    return Job(
        "report.pnl",
        lambda snapshot, run: reports.plan_pnl(snapshot, run, by, since),
        EARNED,
        BESIDE_EARNED,
        effect=Effect.READS,
    )


def match_job(match: str, settings: Settings) -> Job:
    """A match, or one of its sub-games, by category."""
    return Job(
        "report.match",
        lambda snapshot, run: per_match.plan_match(
            snapshot,
            match,
            run,
            run.buffer_hours(settings.dispatch_buffer_hours),
            settings.medal_hours_earlier,
        ),
        EARNED,
        (*BESIDE_EARNED, SCHEDULE),
        f"report match {match}",
        Effect.READS,
    )


def require_ending(path: Path) -> None:
    """Raises UsageError where the name of a file says none of what a report can be written as."""
    if path.suffix.lower() not in report_files.ENDINGS:
        raise UsageError(
            f"-o must end in {', '.join(report_files.ENDINGS)}, not {path.name!r}",
            "the ending says what is written: a table, a workbook or a page",
        )


def write(report: Any, title: str, path: Path) -> None:
    """Write a report as what the name of its file says: .csv, .xlsx or .html. Raises UnusableError
    where the file can't be written."""
    refuse_read_only(path)
    save(path, report_files.content_of(report, title, path.suffix.lower()))


def save(path: Path, content: bytes) -> None:
    """Put a file into its place, whole or not at all. Raises UnusableError."""
    try:
        replace_file(path, content)
    except OSError as error:
        raise UnusableError(f"{path} can't be written: {error.strerror or error}") from None


def as_csv(report: Any) -> str:
    """The lines of a report as CSV."""
    return report_files.csv_text(report)

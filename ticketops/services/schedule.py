"""The use cases of the schedule (§1a, §18): taken from files, entered by hand, listed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ticketops.config import Settings
from ticketops.domain.plan import Run
from ticketops.domain.schedule import entry, importing, listing, profiles
from ticketops.domain.schedule.cells import Wrong, clock_text, end_in
from ticketops.domain.schedule.importing import Options
from ticketops.domain.schedule.listing import Filters
from ticketops.domain.schedule.profiles import ProfileLine
from ticketops.engine.job import Effect, Job
from ticketops.errors import UsageError
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import (
    ALIASES,
    CATEGORIES,
    CLIENTS,
    DISTRIBUTION,
    IMPORT_PROFILES,
    MATCHES,
    PURCHASES,
    SALES,
    SCHEDULE,
    SCHEDULE_LOG,
    SUBGAMES,
    TEAMS,
    THIRDS,
    UNITS,
    VENUES,
)
from ticketops.services import intake
from ticketops.stores.foreign.files import read_table

_SCHEDULE = (SCHEDULE, MATCHES, VENUES, CATEGORIES, SUBGAMES)
_FOLLOWS = (
    *(PURCHASES, UNITS, SALES, DISTRIBUTION, ALIASES, CLIENTS),
    *(SCHEDULE_LOG, TEAMS, THIRDS),
)
"""What says which Game a match is, who holds tickets of it, and what decides its sides."""
PREFER = ("schedule", "matches", "fixtures", "sessions", "spielplan")
"""Words in the title of a sheet that is likely a schedule."""


GIVEN = (
    *("date", "time", "end", "home", "away", "game", "group", "venue", "city", "country"),
    *("region", "capacity", "sport", "description", "long_description", "medal"),
    *("guest_names_due", "status"),
)
"""The fields of a match that options name."""


def _buffers(run: Run, settings: Settings) -> tuple[float, float]:
    """The hours that the deadline of a match is before it, and that of a medal session."""
    hours = run.buffer_hours(settings.dispatch_buffer_hours)
    return hours, hours + settings.medal_hours_earlier


_DAYS = ("date", "guest_names_due")


def given(options: Mapping[str, Any], order: str) -> dict[str, Any]:
    """What options say, as {field: value}; a blank text is None. order: dmy or mdy. Raises
    UsageError."""
    values: dict[str, Any] = {}
    for name, said in options.items():
        option = name.replace("_", "-")
        if not isinstance(said, str):
            values[name] = said
        elif not said.strip():
            values[name] = None
        elif name in _DAYS:
            values[name] = intake.option_date(said, option, datetime.min, order)
        elif name == "status":
            values[name] = entry.status_of(said)
        elif name in ("time", "end"):
            try:
                values[name] = (end_in if name == "end" else clock_text)(said)
            except (ValueError, Wrong) as error:
                raise UsageError(f"--{option} {error}", "write it as 19:00") from None
        else:
            values[name] = intake.option_text(said, option)
    return values


def read_file(
    file: str, sheet: str | None, header_row: int | None, profile: ProfileLine | None
) -> ForeignTable:
    """The table of a file. profile: says its sheet and header, where no option does."""
    if profile is not None:
        sheet = sheet or profile.sheet or None
        header_row = header_row or profile.header_row
    return read_table(file, sheet=sheet, header_row=header_row, prefer=PREFER)


def schedule_profiles(table: ForeignTable | None = None) -> Job:
    """table: only the mapping that is remembered for its headers."""
    return Job(
        "schedule.profiles",
        lambda snapshot, _run: profiles.listed(snapshot, table),
        optional=(IMPORT_PROFILES,),
        effect=Effect.READS,
    )


def schedule_import(table: ForeignTable, options: Options, settings: Settings) -> Job:
    return Job(
        "schedule.import",
        lambda snapshot, run: importing.plan_import(
            snapshot, table, options, run, _buffers(run, settings)
        ),
        optional=(*_SCHEDULE, *_FOLLOWS, IMPORT_PROFILES),
        label=f"schedule import {table.label}",
    )


def schedule_add(code: str, given: Mapping[str, Any], settings: Settings, *, new: bool) -> Job:
    """given: {field: value}."""
    return Job(
        "schedule.add",
        lambda snapshot, run: entry.plan_add(
            snapshot, code, given, run, _buffers(run, settings), new=new
        ),
        optional=(*_SCHEDULE, *_FOLLOWS),
        label=f"schedule add {code}",
    )


def schedule_set(match: str, given: Mapping[str, Any], settings: Settings, *, new: bool) -> Job:
    """given: {field: value}, None blanks one."""
    return Job(
        "schedule.set",
        lambda snapshot, run: entry.plan_set(
            snapshot, match, given, run, _buffers(run, settings), new=new
        ),
        optional=(*_SCHEDULE, *_FOLLOWS),
        label=f"schedule set {match}",
    )


def schedule_list(filters: Filters) -> Job:
    return Job(
        "schedule.list",
        lambda snapshot, _run: listing.listed(snapshot, filters),
        optional=_SCHEDULE,
        effect=Effect.READS,
    )


def schedule_show(match: str) -> Job:
    return Job(
        "schedule.show",
        lambda snapshot, run: listing.whole(snapshot, match, run),
        optional=(*_SCHEDULE, SALES, ALIASES, CLIENTS, SCHEDULE_LOG),
        effect=Effect.READS,
    )

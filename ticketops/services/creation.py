"""The use cases that make a workbook where there is none: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from ticketops.config import Settings
from ticketops.engine.opening import layout_of
from ticketops.errors import NotPermittedError, RuleError, UnusableError, UsageError
from ticketops.files import real_path, require_room, staging, usual_rights
from ticketops.schema.layout import EVENT_KIND, ISSUANCE_KIND
from ticketops.stores.xlsx.lock import refuse_read_only


@dataclass(frozen=True, slots=True)
class Made:
    """`init`: the created file."""

    path: str


@dataclass(frozen=True, slots=True)
class SampleMade:
    """`sample`: the created file, and what it holds."""

    path: str
    size: str
    seed: int


def init(
    path: Path,
    *,
    event: str = "",
    masters: bool = False,
    layout: str = EVENT_KIND,
    force: bool = False,
    settings: Settings | None = None,
) -> Path:
    """An empty canonical workbook, as the settings word it. layout: which kind. event: the code that
    its schedule is titled with. masters: with the sheets of master data, and drop-downs of what they name. Raises UsageError for a code that no title can hold, RuleError where the file
    exists, unless `force`."""
    from ticketops.books.canonical import SheetContent, write_workbook
    from ticketops.schema.layout import title_problem, title_with
    from ticketops.schema.layouts.event import SCHEDULE
    from ticketops.schema.layouts.event.masters import SHEETS

    if layout == ISSUANCE_KIND and (event or masters):
        raise UsageError("--event and --masters are for the workbook of an event")
    code = " ".join(event.split()) if event.isprintable() else event
    title = title_with(SCHEDULE, code)
    if problem := title_problem(title):
        raise UsageError(f"--event {event!r} can't be part of the sheet title {title!r}: {problem}")
    sheets = layout_of(settings or Settings(), code, kind=layout)
    contents = {
        sheet.name: SheetContent(headers=tuple(column.header for column in sheet.columns))
        for sheet in (SHEETS if masters else ())
    }
    return made(
        path,
        force,
        lambda temporary: write_workbook(
            temporary, sheets, contents, created=datetime.now().replace(microsecond=0)
        ),
    )


def sample(
    size: Literal["small", "full", "x10", "issuance"] | str,
    path: Path,
    *,
    seed: int,
    orders_only: bool = False,
    force: bool = False,
) -> Path:
    """A sample workbook (§16 for `full`), or, for `issuance`, one of airline tickets, whose deadlines lie
    around today. Raises UsageError for an option that such a one does not take, RuleError where the file exists, unless
    `force`."""
    if size == ISSUANCE_KIND:
        from ticketops.books.sample.tickets import make_tickets

        if orders_only:
            raise UsageError("--orders-only is for the workbook of an event")
        today = datetime.now()
        return made(path, force, lambda temporary: make_tickets(temporary, seed, today))
    from ticketops.books.sample import make_sample
    from ticketops.books.sample.shape import Size

    return made(
        path,
        force,
        lambda temporary: make_sample(temporary, cast(Size, size), seed, orders_only=orders_only),
    )


def made(path: Path, force: bool, make: Callable[[Path], None], *, dry_run: bool = False) -> Path:
    """A new .xlsx file, whole or not at all; none with dry_run, which raises the same. make: writes
    it under another name. Raises UsageError,
    RuleError where the file exists, unless `force`, UnusableError, NotPermittedError."""
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path} does not end in .xlsx")
    if os.path.lexists(path) and not force:
        raise RuleError(
            f"{path} already exists", "name another file, or give --force to replace it"
        )
    if path.is_dir() or not real_path(path).parent.is_dir():
        raise UnusableError(f"{path}: the folder does not exist")
    refuse_read_only(path)
    try:
        if dry_run:
            require_room(path)
            return path
        with staging(path) as temporary:
            make(temporary)
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            temporary.chmod(usual_rights(path))
            os.replace(temporary, path)
    except OSError as error:
        raise NotPermittedError(f"{path} can't be written: {error.strerror or error}") from None
    return path

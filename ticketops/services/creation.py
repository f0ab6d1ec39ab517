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
from ticketops.files import real_path, staging, usual_rights
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
    path: Path, *, event: str = "", force: bool = False, settings: Settings | None = None
) -> Path:
    """An empty canonical workbook, as the settings word it. event: the code that its schedule is
    titled with. Raises UsageError for a code that no title can hold, RuleError where the file
    exists, unless `force`."""
    from ticketops.books.canonical import write_workbook
    from ticketops.schema.layout import title_problem, title_with
    from ticketops.schema.layouts.event import SCHEDULE

    code = " ".join(event.split()) if event.isprintable() else event
    title = title_with(SCHEDULE, code)
    if problem := title_problem(title):
        raise UsageError(f"--event {event!r} can't be part of the sheet title {title!r}: {problem}")
    layout = layout_of(settings or Settings(), code)
    return _made(
        path,
        force,
        lambda temporary: write_workbook(
            temporary, layout, {}, created=datetime.now().replace(microsecond=0)
        ),
    )


def sample(
    size: Literal["small", "full", "x10"] | str,
    path: Path,
    *,
    seed: int,
    orders_only: bool = False,
    force: bool = False,
) -> Path:
    """A sample workbook (§16 for `full`). Raises RuleError where the file exists, unless
    `force`."""
    from ticketops.books.sample import make_sample
    from ticketops.books.sample.shape import Size

    return _made(
        path,
        force,
        lambda temporary: make_sample(temporary, cast(Size, size), seed, orders_only=orders_only),
    )


def _made(path: Path, force: bool, make: Callable[[Path], None]) -> Path:
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
        with staging(path) as temporary:
            make(temporary)
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            temporary.chmod(usual_rights(path))
            os.replace(temporary, path)
    except OSError as error:
        raise NotPermittedError(f"{path} can't be written: {error.strerror or error}") from None
    return path

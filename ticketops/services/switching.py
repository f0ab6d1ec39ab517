"""Which workbook commands work on from now on: the setting `workbook` of the user (§1)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ticketops import config
from ticketops.config import Settings
from ticketops.errors import NotPermittedError, UsageError
from ticketops.files import read_regular, real_path, replace_file, require_room


@dataclass(frozen=True, slots=True)
class Switched:
    """The workbook of the user's settings. code: of its event; file: the settings; overridden_by: the
    workbook that the environment or the settings of this folder name, which come before them."""

    workbook: str
    code: str | None
    file: str
    overridden_by: str | None


def switch(
    workbook: str,
    settings: Settings,
    environment: Mapping[str, str] = os.environ,
    *,
    dry_run: bool = False,
) -> Switched:
    """Make a workbook the one that commands work on, unless dry_run. Everything else in the user's settings stays
    as it is, comments too. Raises what opening it raises, UsageError for settings that can't be
    read, NotPermittedError where they can't be written."""
    from ticketops.domain.event.record import event_of
    from ticketops.engine.opening import open_store
    from ticketops.schema.layout import EVENT_KIND
    from ticketops.schema.layouts.event import EVENTS, SALES, SCHEDULE

    named = config.workbook(workbook, "event switch")
    where = named if isinstance(named, str) else Path.cwd() / named
    store = open_store(where, settings)
    if store.layout.kind == EVENT_KIND:
        snapshot = store.read(EVENTS, SCHEDULE, SALES, strict=False)
        event = event_of(snapshot[EVENTS])
        code = event.code if event else snapshot.layout.code_of(SCHEDULE)
    else:  # such a workbook is about no event
        store.read()
        code = ""
    file = config.config_folder(environment) / config.FILE_NAME
    _write(file, str(where), dry_run=dry_run)
    first = config.workbook_before_own(environment)
    overridden = None if first in (None, where) else str(first)
    return Switched(str(where), code or None, str(file), overridden)


def _write(file: Path, workbook: str, *, dry_run: bool) -> None:
    import tomlkit  # only here: settings are read with tomllib
    from tomlkit.exceptions import TOMLKitError

    try:
        text = read_regular(file, config.MAX_FILE).decode("utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} can't be read: {error}") from None
    try:
        content = tomlkit.parse(text)
    except TOMLKitError as error:
        raise UsageError(f"{file} can't be read: {error}") from None
    content["workbook"] = workbook
    try:
        if dry_run:
            return require_room(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(real_path(file), tomlkit.dumps(content).encode())
    except OSError as error:
        raise NotPermittedError(f"{file} can't be written: {error.strerror or error}") from None

"""The files of report jobs, in a folder beside the workbook, for their owner only; and what is remembered
there of jobs that are not made yet."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from ticketops.domain.jobs.rows import LEASE, is_unmade, stuck_in
from ticketops.errors import RuleError, TicketopsError, UnusableError
from ticketops.files import read_regular, replace_file, sweep
from ticketops.model.display import counted
from ticketops.schema.layouts.event import JOBS
from ticketops.stores.base import HasFolders, LocalFile, Store, with_folders

_MOST = 2**30
_MARK = "waiting.json"
_MOST_MARK = 2**16


def folder_of(store: Store) -> Path:
    """Where the files of a workbook are. Raises UnusableError where this machine keeps none."""
    return with_folders(store).state_folder / "artifacts"


def put(store: Store, name: str, content: bytes) -> None:
    """Put a file there, whole or not at all. Raises OSError."""
    folder = folder_of(store)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder)
    replace_file(folder / name, content)


def get(store: Store, job: str, name: str, sha256: str) -> bytes:
    """A file as it was made. Raises RuleError where it is not here, or is another one by now."""
    import hashlib  # costs the start of every command 2 ms

    again = f"`ticketops job regenerate {job}` makes it again"
    try:
        content = read_regular(folder_of(store) / Path(name).name, _MOST)
    except FileNotFoundError:
        raise RuleError(f"the file of {job} is not on this machine", again) from None
    except OSError as error:
        raise UnusableError(f"{name} can't be read: {error.strerror or error}", again) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RuleError(f"the file of {job} was changed since it was made", again)
    return content


def clear(store: Store, kept: Collection[str]) -> None:
    """Remove the files that no job has. One that was made just now may be about to be recorded. Never
    fails."""
    with suppress(OSError, TicketopsError):
        folder = folder_of(store)
        sweep(folder)
        for path in list(folder.iterdir()):
            old = time.time() - path.stat().st_mtime > LEASE.total_seconds()
            if path.name not in kept and path.name != _MARK and old and path.is_file():
                path.unlink()


def mark(store: Store, now: datetime) -> None:
    """Remember that a job may wait from now on, for `stuck`. Never fails."""
    if isinstance(store, LocalFile) and not store.path.exists():
        return  # which the command itself says
    with suppress(OSError, TicketopsError):
        path = folder_of(store) / _MARK
        if not path.exists():
            put(store, _MARK, json.dumps({"since": f"{now}"}).encode())


def stuck(store: Store, now: datetime, minutes: float) -> str:
    """One line where jobs wait or run for longer than so many minutes; else "". Never fails. The
    workbook is looked at only where it was marked so long ago."""
    if not isinstance(store, HasFolders):
        return ""
    path = store.state_folder / "artifacts" / _MARK
    try:
        since = datetime.fromisoformat(json.loads(read_regular(path, _MOST_MARK))["since"])
        if timedelta(0) <= now - since <= timedelta(minutes=minutes):
            return ""
        table = store.read(JOBS, strict=False)[JOBS]
        if not any(map(is_unmade, table.frame.to_dicts())):
            path.unlink()
        names = stuck_in(table, now, minutes)
    except (TicketopsError, OSError, ValueError, TypeError, KeyError, RecursionError):
        return ""
    if not names:
        return ""
    many = "is" if len(names) == 1 else "are"
    return f"{counted(len(names), 'report job')} {many} stuck ({', '.join(names[:3])}{' …' if len(names) > 3 else ''}): `ticketops job work` takes them up"


def name_of(job: str, report: str, kind: str, sha256: str) -> str:
    """What the file of a job is called."""
    return f"{job}-{report.replace(' ', '-')}-{sha256[:12]}.{kind}"

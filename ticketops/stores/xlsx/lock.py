"""One writer at a time: ticketops' own lock, the marks that Excel, LibreOffice and WPS leave beside an
open workbook, and the mark of a file that nobody is to write."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ticketops.errors import LockedError, UnusableError
from ticketops.files import read_regular

_MOST_BYTES = 2**16
"""Of a mark that says who has a workbook open."""


@contextmanager
def writing(path: Path, state: Path, timeout: float, holder: str) -> Iterator[None]:
    """Hold the workbook's lock. `holder` says who and what, for the others.

    Raises LockedError after `timeout` seconds, naming the holder, and at once where a spreadsheet
    program has the file open.
    """
    from filelock import FileLock, Timeout  # 35 ms that a reading command need not spend

    refuse_open_elsewhere(path)
    lock = FileLock(state / "lock")
    note = state / "lock.json"
    try:
        lock.acquire(timeout=timeout, poll_interval=0.02)
    except Timeout:
        raise LockedError(
            f"{path.name} is being written by {_holder(note)}", f"waited {timeout:g} s; try again"
        ) from None
    try:
        refuse_open_elsewhere(path)  # it may have been opened while we waited
        stamp = {
            "holder": holder,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now().isoformat(timespec="seconds"),
        }
        with suppress(OSError):  # only others would read it
            note.write_text(json.dumps(stamp))
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        with suppress(OSError):  # then the end of the process releases it
            lock.release()


def refuse_open_elsewhere(path: Path) -> None:
    """Raises LockedError where Excel (~$name.xlsx), LibreOffice (.~lock.name.xlsx#) or WPS
    (.~name.xlsx) has the workbook open."""
    excel = path.with_name(f"~${path.name}")
    if excel.exists():
        raise LockedError(
            f"{path.name} is open in Excel ({_excel_owner(excel)})",
            f"close it there; if nobody has it open, delete {excel.name}",
        )
    office = path.with_name(f".~lock.{path.name}#")
    if office.exists():
        raise LockedError(
            f"{path.name} is open in LibreOffice ({_office_owner(office)})",
            f"close it there; if nobody has it open, delete {office.name}",
        )
    wps = path.with_name(f".~{path.name}")
    if wps.exists():
        raise LockedError(
            f"{path.name} is open in WPS Office ({_excel_owner(wps)})",
            f"close it there; if nobody has it open, delete {wps.name}",
        )


def refuse_read_only(path: Path) -> None:
    """Raises UnusableError where a file is there and may not be written: a rename over it would ask
    the folder only. (The administrator may write every file.)"""
    if path.exists() and not os.access(path, os.W_OK):
        raise UnusableError(
            f"{path.name} is read-only",
            "nothing was written; make the file writable, or work on a copy",
        )


def _excel_owner(mark: Path) -> str:
    """Excel's owner file: a length byte and the name in an 8-bit code page, then the name again in
    UTF-16."""
    try:
        data = read_regular(mark, _MOST_BYTES)
    except OSError:
        return "somebody"
    name = data[1 : 1 + data[0]].decode("cp1252", "replace").strip() if data else ""
    return name or "somebody"


def _office_owner(mark: Path) -> str:
    """LibreOffice's lock file: its user's name, the login, the machine, the time, separated by
    commas."""
    try:
        said = read_regular(mark, _MOST_BYTES).decode("utf-8", "replace")
        fields = [field.strip() for field in said.split(",")]
    except OSError:
        return "somebody"
    name = next((field for field in fields[:2] if field), "somebody")
    return f"{name} on {fields[2]}" if len(fields) > 2 and fields[2] else name


def _holder(note: Path) -> str:
    try:
        stamp = json.loads(read_regular(note, _MOST_BYTES))
        return (
            f"{stamp['holder']} (process {stamp['pid']} on {stamp['host']}, since {stamp['since']})"
        )
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return "another ticketops process"

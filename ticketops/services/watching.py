"""What goes on round after round until somebody stops it: `dispatch watch` takes over files as they arrive in a folder, `sync watch`
keeps two workbooks in step."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from ticketops.config import Settings
from ticketops.domain.sync import Side
from ticketops.errors import BusyError, TicketopsError
from ticketops.model.findings import Finding, Severity
from ticketops.services import books, sync
from ticketops.services.shelf import Shelf, hash_of
from ticketops.services.transaction import carry_out, new_run


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at the folder came to. lines: what happened; status: one line about where it stands."""

    status: str
    lines: Sequence[str] = ()
    findings: Sequence[Finding] = ()


def watch(
    open_store: Callable[[], Any], settings: Settings, folder: Path, *, interval: float, told: Callable[[Round], None], once: bool = False
) -> dict[str, int]:
    """Look at the folder every `interval` seconds: what is new there is pulled, then everything is brought into agreement.

    A file is taken when two looks found it alike, so that it is whole. A workbook that is busy is tried again; a file that can't be
    used is reported once, until it changes. Raises what the first round raises. Returns {"files", "edits", "rounds"} when it is stopped (Ctrl-C, SIGTERM).
    """
    gc.enable()
    totals = {"files": 0, "edits": 0, "rounds": 0}
    seen: dict[Path, tuple[int, int]] = {}
    taken: dict[Path, str] = {}
    with _stopping() as stopped:
        while not stopped.is_set():
            totals["rounds"] += 1
            ready, waiting = _arrived(folder, seen, taken, patient=not once)
            if ready or totals["rounds"] == 1:
                told(_round(open_store, settings, ready, taken, totals))
            else:
                told(Round(_status(folder, totals, waiting)))
            if once:
                break
            stopped.wait(interval)
    return totals


def watch_sync(
    open_both: Callable[[], tuple[Any, Any]], settings: Settings, prefer: Sequence[str], *, interval: float, budget: int,
    told: Callable[[Round], None], once: bool = False,
) -> dict[str, int]:  # fmt: skip
    """Pull, then push, every `interval` seconds; longer where that would take more than `budget` requests a minute.

    Conflicts are reported once, until they change. A workbook that is busy is tried again. Raises what the first round raises. Returns
    {"pulled", "pushed", "rounds", "requests"} when it is stopped.
    """
    gc.enable()
    totals = {"pulled": 0, "pushed": 0, "rounds": 0, "requests": 0}
    known: set[tuple[str, int | None, str]] = set()
    with _stopping() as stopped:
        while not stopped.is_set():
            totals["rounds"] += 1
            before = totals["requests"]
            done = _sync_round(open_both, settings, prefer, totals, once=once)
            fresh = [f for f in done.findings if (f.sheet, f.row, f.message) not in known]
            known = {(f.sheet, f.row, f.message) for f in done.findings}
            pause = max(interval, 60.0 * (totals["requests"] - before) / budget)
            told(Round(f"{done.status} · next in {pause:.0f} s · Ctrl-C stops", done.lines, fresh))
            if once:
                break
            stopped.wait(pause)
    return totals


def _sync_round(
    open_both: Callable[[], tuple[Any, Any]], settings: Settings, prefer: Sequence[str], totals: dict[str, int], *, once: bool
) -> Round:
    lines: list[str] = []
    findings: list[Finding] = []
    stores = open_both()
    try:
        for into, what in ((Side.LOCAL, "pulled"), (Side.REMOTE, "pushed")):
            job = sync.job(into, *stores, prefer, command="sync watch")
            store = stores[into is Side.REMOTE]
            done = carry_out(store, job, new_run(settings.user, role=settings.role))
            taken = done.plan.result["taken"]
            totals[what] += taken
            if done.written:
                lines.append(f"{datetime.now():%H:%M:%S} {what} {taken:,} cells ({done.run.run_id})")
            findings = done.plan.findings
    except BusyError as error:
        if once:
            raise
        return Round(f"busy, trying again: {error.message}", lines, findings)
    except TicketopsError as error:
        if totals["rounds"] == 1:
            raise
        findings = [Finding("ROUND_FAILED", Severity.HIGH, error.message)]
    finally:
        totals["requests"] += sum(getattr(getattr(store, "connection", None), "requests", 0) for store in stores)
    return Round(f"{datetime.now():%H:%M:%S} in step · {totals['pulled']:,} cells pulled, {totals['pushed']:,} pushed", lines, findings)


def _arrived(folder: Path, seen: dict[Path, tuple[int, int]], taken: dict[Path, str], *, patient: bool) -> tuple[list[Path], int]:
    """The files that are new and still, and how many are still being written."""
    ready, waiting = [], 0
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() != ".xlsx" or path.name.startswith(("~$", ".")):
            continue
        try:
            state = path.stat()
        except OSError:
            continue
        mark = state.st_size, state.st_mtime_ns
        still = seen.get(path) == mark
        seen[path] = mark
        if not still and patient:
            waiting += 1
            continue
        if taken.get(path) != hash_of(path):
            ready.append(path)
    return ready, waiting


def _round(open_store: Callable[[], Any], settings: Settings, ready: list[Path], taken: dict[Path, str], totals: dict[str, int]) -> Round:
    """Pull what arrived, then sync. What is busy stays for the next round."""
    lines: list[str] = []
    findings: list[Finding] = []
    store = open_store()
    shelf = Shelf(store.state_folder, store.home)
    fresh = [path for path in ready if not shelf.is_as_written(path, hash_of(path))]
    hashes = {path: hash_of(path) for path in ready}
    try:
        if fresh:
            done = carry_out(store, books.pull(store, settings, fresh), new_run(settings.user, role=settings.role))
            result = done.plan.result
            totals["files"] += len(fresh)
            totals["edits"] += result["edits"]
            stamp = f"{datetime.now():%H:%M:%S}"
            lines += [f"{stamp} {file['file']} · {file['party'] or '?'} · {file['edits']} new" for file in result["files"]]
            findings += done.plan.findings
        taken |= hashes
        done = carry_out(open_store(), books.sync(store, settings), new_run(settings.user, role=settings.role))
        rebuilt = [book for book in done.plan.result["books"] if book["state"] in ("new", "rebuilt")]
        if rebuilt:
            lines.append(f"{datetime.now():%H:%M:%S} {len(rebuilt)} books made anew")
        findings += done.plan.findings
        for book in rebuilt:
            taken[Path(book["file"])] = hash_of(Path(book["file"]))
    except BusyError as error:
        for path in ready:
            taken.pop(path, None)
        return Round(f"the workbook is busy, trying again: {error.message}", lines, findings)
    except TicketopsError as error:
        if totals["rounds"] == 1:
            raise  # as it is now, no round will do better
        findings.append(Finding("ROUND_FAILED", Severity.HIGH, error.message))
    return Round(_status(None, totals, 0), lines, findings)


def _status(folder: Path | None, totals: dict[str, int], waiting: int) -> str:
    where = f"watching {folder}" if folder else "watching"
    arriving = f" · {waiting} arriving" if waiting else ""
    return f"{datetime.now():%H:%M:%S} {where} · {totals['files']} files, {totals['edits']} edits{arriving} · Ctrl-C stops"


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM let the round that runs come to its end; a second one does not wait."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

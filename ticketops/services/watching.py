"""What goes on round after round until somebody stops it: `dispatch watch` takes over files as they
arrive in a folder, `sync watch` keeps two workbooks in step."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType

from ticketops.config import Settings
from ticketops.domain.sync.merge import Side
from ticketops.engine.transaction import carry_out, run_of
from ticketops.errors import BusyError, NotPermittedError, OutOfScopeError, TicketopsError
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.book_layouts import Returned
from ticketops.services import book_plans, books, sync
from ticketops.services.book_registry import BookRegistry, hash_of
from ticketops.services.inbox import Inbox
from ticketops.stores.base import Metered, Store
from ticketops.stores.returned.files import read_returned

ROUND = 120.0
"""Seconds that one round spends on reading files; the rest of them waits for the next."""
_NOTHING = book_plans.Pulled((), 0, 0, 0, 0, 0)
_ALIKE = 3
"""Files that fail one after the other with the same words: it is not their fault."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at the folder came to. lines: what happened; status: one line about where it
    stands."""

    status: str
    lines: Sequence[str] = ()
    findings: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one round of `dispatch watch` did. taken: {file: its hash} of what need not be looked at
    again."""

    files: int = 0
    edits: int = 0
    taken: Mapping[Path, str] = field(default_factory=dict)
    lines: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    busy: str = ""


@dataclass(frozen=True, slots=True)
class _SyncPass:
    """What one round of `sync watch` did: cells taken over here and there, requests to Google."""

    pulled: int = 0
    pushed: int = 0
    requests: int = 0
    lines: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    busy: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """`dispatch watch`, when it stops: files read, changed cells, looks at the folder."""

    files: int
    edits: int
    rounds: int


@dataclass(frozen=True, slots=True)
class SyncWatched:
    """`sync watch`, when it stops: cells copied in each direction, rounds, and requests to Google."""

    pulled: int
    pushed: int
    rounds: int
    requests: int


def watch(
    open_store: Callable[[], Store],
    settings: Settings,
    folder: Path,
    *,
    interval: float,
    on_progress: Callable[[Round], None],
    once: bool = False,
) -> Watched:
    """Look at the folder every `interval` seconds: what is new there is pulled, then everything is
    brought into agreement.

    A file is taken when two looks found it alike, so that it is whole. A workbook that is busy is
    tried again; a file that can't be used is reported once, until it changes, and stops no other
    one; what is over the budget of a round waits for the next. Raises what the first round raises.
    Returns when it is stopped (Ctrl-C, SIGTERM).
    """
    gc.enable()
    files = edits = rounds = 0
    inbox = Inbox(folder, once)
    with _stopping() as stopped:
        while not stopped.is_set():
            rounds += 1
            look = inbox.look()
            if look.ready or rounds == 1:
                done = _round(open_store, settings, look.ready, first=rounds == 1)
                inbox.took(done.taken)
                files, edits = files + done.files, edits + done.edits
                status = done.busy or _status(None, files, edits, look.waiting)
                on_progress(Round(status, done.lines, (*look.findings, *done.findings)))
            else:
                arriving = look.arriving + look.waiting
                on_progress(Round(_status(folder, files, edits, arriving), (), look.findings))
            if once:
                break
            stopped.wait(interval)
    return Watched(files, edits, rounds)


def watch_sync(
    open_both: Callable[[], tuple[Store, Store]],
    settings: Settings,
    prefer: Sequence[str],
    *,
    interval: float,
    budget: int,
    on_progress: Callable[[Round], None],
    once: bool = False,
) -> SyncWatched:
    """Pull, then push, every `interval` seconds; longer where that would take more than `budget`
    requests a minute.

    Conflicts are reported once, until they change. A workbook that is busy is tried again. Raises
    what the first round raises.
    """
    gc.enable()
    pulled = pushed = rounds = requests = 0
    known: set[tuple[str, int | None, str]] = set()
    with _stopping() as stopped:
        while not stopped.is_set():
            rounds += 1
            done = _sync_round(open_both, settings, prefer, first=rounds == 1, once=once)
            pulled, pushed = pulled + done.pulled, pushed + done.pushed
            requests += done.requests
            fresh = [f for f in done.findings if (f.sheet, f.row, f.message) not in known]
            known = {(f.sheet, f.row, f.message) for f in done.findings}
            pause = max(interval, 60.0 * done.requests / budget)
            status = (
                done.busy
                or f"{datetime.now():%H:%M:%S} in step · {counted(pulled, 'cell')} pulled, "
                f"{pushed:,} pushed"
            )
            on_progress(
                Round(f"{status} · next in {pause:.0f} s · Ctrl-C stops", done.lines, fresh)
            )
            if once:
                break
            stopped.wait(pause)
    return SyncWatched(pulled, pushed, rounds, requests)


def _sync_round(
    open_both: Callable[[], tuple[Store, Store]],
    settings: Settings,
    prefer: Sequence[str],
    *,
    first: bool,
    once: bool,
) -> _SyncPass:
    """One pull and one push. first: what fails now is raised, no round will do better."""
    lines: list[str] = []
    findings: list[Finding] = []
    moved = {Side.LOCAL: 0, Side.REMOTE: 0}
    busy = ""
    stores = open_both()
    try:
        for into, what in ((Side.LOCAL, "pulled"), (Side.REMOTE, "pushed")):
            job = sync.job(into, *stores, prefer, job_name="sync.watch")
            store = stores[into is Side.REMOTE]
            done = carry_out(store, job, run_of(settings))
            result: sync.Compared = done.plan.result
            moved[into] = result.taken
            if done.written:
                lines.append(
                    f"{datetime.now():%H:%M:%S} {what} {counted(result.taken, 'cell')} "
                    f"({done.run.run_id})"
                )
            findings += [found for found in done.plan.findings if found not in findings]
    except BusyError as error:
        if once:
            raise
        busy = f"busy, trying again: {error.message}"
    except TicketopsError as error:
        if first:
            raise
        findings = [Finding("ROUND_FAILED", Severity.HIGH, error.message)]
    requests = sum(store.requests for store in stores if isinstance(store, Metered))
    return _SyncPass(moved[Side.LOCAL], moved[Side.REMOTE], requests, lines, findings, busy)


def _round(
    open_store: Callable[[], Store], settings: Settings, ready: Mapping[Path, str], *, first: bool
) -> _Pass:
    """Pull what arrived, then sync. What is busy, or over the budget, stays for the next round.
    first: what fails now is raised, no round will do better."""
    lines: list[str] = []
    findings: list[Finding] = []
    files = edits = 0
    store = open_store()
    registry = BookRegistry.of(store)
    fresh = [path for path, held in ready.items() if not registry.is_as_written(path, held)]
    read = read_returned([path.absolute() for path in fresh], seconds=ROUND) if fresh else []
    later = fresh[len(read) :]
    taken: dict[Path, str] = {}
    try:
        for pulled, found in _pulled(open_store, settings, fresh, read):
            files, edits = files + len(pulled.files), edits + pulled.edits
            stamp = f"{datetime.now():%H:%M:%S}"
            lines += [
                f"{stamp} {file.file} · {file.party or '?'} · {file.edits} new"
                for file in pulled.files
            ]
            findings += found
        taken = {path: held for path, held in ready.items() if path not in later}
        done = carry_out(open_store(), books.sync(store, settings), run_of(settings))
        synced: book_plans.Synced = done.plan.result
        rebuilt = [book for book in synced.books if book.state in ("new", "rebuilt")]
        if rebuilt:
            lines.append(f"{datetime.now():%H:%M:%S} {counted(len(rebuilt), 'book')} rebuilt")
        findings += done.plan.findings
        taken |= {Path(book.file): _hash(Path(book.file)) for book in rebuilt}
    except BusyError as error:
        busy = f"the workbook is busy, trying again: {error.message}"
        return _Pass(files, edits, {}, lines, findings, busy)
    except TicketopsError as error:
        if first:
            raise
        findings.append(Finding("ROUND_FAILED", Severity.HIGH, error.message))
    return _Pass(files, edits, taken, lines, findings)


def _pulled(
    open_store: Callable[[], Store],
    settings: Settings,
    paths: Sequence[Path],
    read: Sequence[Returned],
) -> Iterator[tuple[book_plans.Pulled, list[Finding]]]:
    """Take over what files say, all in one transaction; where that fails, each in its own, so that
    one stops no other: it is a finding. So is a file of a party that is not the user's (§15). Raises
    BusyError, NotPermittedError, and what the first files all fail with: it is the workbook's
    fault."""
    if not read:
        return
    try:
        yield _pull(open_store, settings, paths, read)
        return
    except OutOfScopeError as error:
        if len(read) == 1:
            yield _NOTHING, [_left(paths[0], error)]
            return
        failed = []
    except (BusyError, NotPermittedError):
        raise
    except TicketopsError as error:
        failed = [error.message] if len(read) == 1 else []
    for path, file in zip(paths, read, strict=False):
        if len(read) > 1:
            try:
                yield _pull(open_store, settings, [path], [file])
                continue
            except OutOfScopeError as error:
                yield _NOTHING, [_left(path, error)]
                continue
            except (BusyError, NotPermittedError):
                raise
            except TicketopsError as error:
                failed.append(error.message)
                if failed == [error.message] * _ALIKE and file is read[_ALIKE - 1]:
                    raise
        yield (_NOTHING, [Finding("FILE_FAILED", Severity.HIGH, f"{path.name}: {failed[-1]}")])


def _left(path: Path, error: OutOfScopeError) -> Finding:
    """A file that waits for somebody who may see whose it is."""
    return Finding("NOT_YOURS", Severity.MEDIUM, f"{path.name} is not read: {error.message}")


def _pull(
    open_store: Callable[[], Store],
    settings: Settings,
    paths: Sequence[Path],
    read: Sequence[Returned],
) -> tuple[book_plans.Pulled, list[Finding]]:
    store = open_store()
    job = books.pull(store, settings, paths[: len(read)], read=read)
    done = carry_out(store, job, run_of(settings))
    return done.plan.result, done.plan.findings


def _hash(path: Path) -> str:
    """The hash of what stands there; empty where that can't be told."""
    try:
        return hash_of(path)
    except OSError:
        return ""


def _status(folder: Path | None, files: int, edits: int, waiting: int) -> str:
    where = f"watching {folder}" if folder else "watching"
    arriving = f" · {waiting} arriving" if waiting else ""
    return f"{datetime.now():%H:%M:%S} {where} · {counted(files, 'file')}, {counted(edits, 'edit')}{arriving} · Ctrl-C stops"


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

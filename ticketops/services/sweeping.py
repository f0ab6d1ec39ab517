"""Blanking guests' data once the retention of an archived event is over (§13): in the workbook, in its
journal, in older versions, in what is cached, and in the sealed archive.

The order is such that whoever is killed anywhere runs it again: the workbook first, in one commit that
keeps nothing of what it blanks; then what stands beside it, file by file; the archive last.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from ticketops.config import Settings
from ticketops.domain.event import archiving, lifecycle
from ticketops.domain.event.sweeping import Blanking, Swept, blanking
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import entry_of, prepare, run_of
from ticketops.errors import RuleError, UnusableError
from ticketops.files import read_regular, replace_file
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import BOOKS, DISTRIBUTION, EVENT_LOG, EVENTS, SCHEDULE
from ticketops.schema.layouts.event.personal import PERSONAL, is_personal
from ticketops.schema.tables import Snapshot
from ticketops.services import archive
from ticketops.services.book_registry import BookRegistry, hash_of
from ticketops.services.copies import synced_with
from ticketops.stores import sealed
from ticketops.stores.base import LocalFile, Store, as_spreadsheet
from ticketops.stores.gsheets.address import is_online
from ticketops.stores.scrub import scrubbed

_MOST = 1 << 31
_COPIES = ("artifacts", "proofs", "sync")
"""Folders of the state folder in which cells of the workbook, or pictures of them, are kept."""


def archive_sweep() -> Job:
    """What is to be blanked; `sweep` does it. Its result is a `Blanking`: the cells are no changes of
    the plan, since no journal may keep them."""

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        known = archiving.archived(snapshot, lifecycle.require(snapshot))
        return Plan(result=blanking(snapshot, known))

    return Job(
        "archive.sweep",
        plan,
        (DISTRIBUTION,),
        (*PERSONAL, SCHEDULE, EVENTS, EVENT_LOG, BOOKS),
        effect=Effect.FINAL,
    )


def sweep(
    store: Store, settings: Settings, archives: Sequence[Path] = (), *, write: bool
) -> tuple[Swept, list[Finding]]:
    """Blank guests' data for good, or count it. archives: where sealed archives of the event are,
    besides the one beside the workbook.

    Raises RuleError where the event is not ARCHIVED, before its day, and for an archive of another
    event; UnusableError for a Google Sheet and a damaged archive.
    """
    if not isinstance(store, LocalFile):
        raise UnusableError(
            f"{store.name} is not a file of this machine",
            "`ticketops sync pull` brings it into a workbook file; delete the Google Sheet",
        )
    job, run = archive_sweep(), run_of(settings)
    with store.locked(entry_of(job, run)) if write else nullcontext():
        plan, snapshot, run = prepare(store, job, run, gated=write)
        found: Blanking = plan.result
        sealed_in = _archives(store, found.known, archives)
        known = _kept(found.known, sealed_in)
        if write and run.now < known.sweep_from:
            raise RuleError(
                f"guests' data of {known.code} are kept until {known.sweep_from:%Y-%m-%d}: "
                f"{known.days:,} days from {known.at:%Y-%m-%d}",
                "nothing was blanked; without --write, what would be is counted",
            )
        books, kept = _books(store, known)
        copies = [folder for name in _COPIES if (folder := store.state_folder / name).is_dir()]
        linked = list(synced_with(store))
        others = [
            name for name in as_spreadsheet(store).sheet_names() if name not in snapshot.layout
        ]
        versions, texts = len(store.older_versions()), ""
        if write:
            texts = _blank(store, found, run, job)
            for path in books:
                path.unlink(missing_ok=True)
            for folder in copies:
                shutil.rmtree(folder)
        entries = _journal(store, write=write)
        again = [
            str(path)
            for path in sealed_in
            if _seal_again(store, path, run.now, run.run_id, write=write)
        ]
    left = (
        *kept,
        *(f"{name}: a copy of the workbook" for name in linked),
        *(f"{name}: a sheet of your own" for name in others),
        *filter(None, [texts]),
    )
    files = (*map(str, books), *(f"{folder.name}/" for folder in copies))
    result = Swept(
        known.code,
        f"{known.sweep_from:%Y-%m-%d}",
        write,
        found.counts,
        entries,
        versions,
        files,
        tuple(again),
        left,
    )
    return result, _said(result, store, known, run.now, write=write)


def _blank(store: Any, found: Blanking, run: Run, job: Job) -> str:
    return str(store.blank(found.changes, entry_of(job, run)))


def _said(
    result: Swept, store: LocalFile, known: archiving.Archived, now: datetime, *, write: bool
) -> list[Finding]:
    found = [
        Finding("GUESTS_LEFT", Severity.MEDIUM, f"{one}: it may hold guests' data")
        for one in result.left
    ]
    if not write and now < known.sweep_from:
        message = f"guests' data are kept until {known.sweep_from:%Y-%m-%d}: nothing can be blanked before"
        found.append(Finding("TOO_EARLY", Severity.INFO, message, EVENTS))
    if write:
        rest = blanking(store.read(*PERSONAL, strict=False), known)
        found += [
            Finding(
                "NOT_BLANKED",
                Severity.HIGH,
                f"{count:,} cells of {sheet} hold a formula and were left: delete it in the sheet, and sweep again",
                sheet,
            )
            for sheet, count in rest.counts.items()
        ]
    return found


def _journal(store: LocalFile, *, write: bool) -> int:
    """Take guests' data out of the journal; of how many entries. A damaged entry, which may hold
    some, is emptied."""
    folder = store.state_folder / "journal"
    count = 0
    for path in sorted(folder.glob("*.json.gz*")) if folder.is_dir() else ():
        packed = read_regular(path, _MOST)
        try:
            content, values = scrubbed(packed, is_personal, path.name)
        except UnusableError:
            content, values = b"", len(packed)
        if values:
            count += 1
            if write:
                replace_file(path, content)
    return count


def _books(store: LocalFile, known: archiving.Archived) -> tuple[list[Path], list[str]]:
    """The books that are as they were built, and what is to be deleted by hand."""
    registry = BookRegistry.of(store)
    own, kept = [], []
    for _kind, _party, name in known.books:
        if is_online(name):
            kept.append(f"{name}: a book")
            continue
        path = registry.path_of(name)
        try:
            here = hash_of(path)
        except OSError:
            here = "?"
        if not here:
            continue
        if registry.is_as_written(path, here):
            own.append(path)
        else:
            kept.append(f"{path}: a book that somebody changed")
    return own, kept


# --- archives


def _kept(known: archiving.Archived, archives: Iterable[Path]) -> archiving.Archived:
    """An event whose guests' data are kept as long as its archives say: who types fewer days into the
    workbook afterwards sweeps nothing before."""
    told = [archive.look(path)[0].manifest.get("retention_days") for path in archives]
    days = max([known.days, *(one for one in told if isinstance(one, int))])
    return structs.replace(known, days=days)


def _archives(store: LocalFile, known: archiving.Archived, named: Iterable[Path]) -> list[Path]:
    """The archives of the event. Raises RuleError for one of another, UnusableError for a damaged
    one: whatever is wrong with it would be sealed anew."""
    usual = archive.path_of(store, known)
    wanted = {path.resolve(): path for path in named}
    if usual.is_file():
        wanted.setdefault(usual.resolve(), usual)
    for path in wanted.values():
        _sealed, shown = archive.look(path)
        if shown.problems:
            raise UnusableError(
                f"{path} is damaged: {shown.problems[0]}",
                "restore it from a copy; one that is beyond repair can only be deleted",
            )
        if (shown.event, shown.run_id) != (known.code, known.run_id):
            raise RuleError(
                f"{path} is the archive of {shown.event} ({shown.run_id}), not of {known.code} "
                f"({known.run_id})"
            )
    return list(wanted.values())


def _seal_again(store: LocalFile, path: Path, now: datetime, run_id: str, *, write: bool) -> bool:
    """Seal an archive again, with the workbook and the journal as they are now and without books;
    whether it was not so already."""
    old = archive.look(path)[0]
    members = {f"{archive.WORKBOOK}/{store.path.name}": read_regular(store.path, _MOST)}
    members |= archive.journal_members(store)
    members |= {
        name: content
        for name, content in old.members.items()
        if name.startswith(f"{archive.EXPORTS}/")
    }
    if old.manifest.get("swept") and dict(old.members) == members:
        return False
    if write:
        told = {
            name: value for name, value in old.manifest.items() if name not in ("format", "files")
        }
        books = [name for name in old.members if name.startswith(f"{archive.BOOK_FOLDER}/")]
        told["left_out"] = [
            *told.get("left_out", ()),
            *(f"{name}: swept with guests' data" for name in books),
        ]
        told["revision"] = store.revision()
        told["swept"] = {"at": f"{now:%Y-%m-%d %H:%M:%S}", "run_id": run_id}
        archive.put(path, sealed.seal(told, members))
    return True

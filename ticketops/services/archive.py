"""The sealed archive of an event (§13): made once it is ARCHIVED, looked at, verified.

What is in it: the workbook, its journal, the books that were built and are still there, the financial
export made of the very workbook, and a manifest. The step to ARCHIVED is the truth: an archive that was
not made then, since the machine died, is made by `archive build`.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import structs

from ticketops import __version__
from ticketops.config import Settings
from ticketops.domain.event import archiving, lifecycle
from ticketops.domain.event.archiving import Archived, ArchiveMade, ArchiveMember, ArchiveShown
from ticketops.domain.money.financial import plan_financial
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import entry_of, prepare, run_of
from ticketops.errors import NotPermittedError, RuleError, TicketopsError, UnusableError
from ticketops.files import read_regular, staging, write_durably
from ticketops.model.events import ARCHIVED
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import BOOKS, EVENT_LOG, EVENTS
from ticketops.schema.tables import Snapshot
from ticketops.services.book_registry import BookRegistry
from ticketops.services.financial import FINANCIAL_BESIDE, FINANCIAL_SHEETS
from ticketops.stores import sealed
from ticketops.stores.base import LocalFile, Store
from ticketops.stores.gsheets.address import PREFIX, is_online
from ticketops.stores.journal import sync_folder

_MOST = 1 << 31
"""Bytes of an archive, and of a file in it."""
WORKBOOK, JOURNAL, BOOK_FOLDER, EXPORTS = "workbook", "journal", "books", "exports"


def archive_build() -> Job:
    """What is to be archived; `build` writes it. Its result: what is known of the event, and its
    financial close."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        known = archiving.archived(snapshot, lifecycle.require(snapshot))
        return Plan(result=(known, plan_financial(snapshot, run).result))

    return Job(
        "archive.build",
        plan,
        (),
        (*FINANCIAL_SHEETS, *FINANCIAL_BESIDE, EVENTS, EVENT_LOG, BOOKS),
        effect=Effect.READS,
    )


def build(
    store: Store,
    settings: Settings,
    *,
    out: Path | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> tuple[ArchiveMade, list[Finding]]:
    """Seal the archive of a workbook file. out: where; beside the workbook unless it says.

    Raises UnusableError for a Google Sheet, RuleError where the event is not ARCHIVED or the file
    exists, unless `force`, NotPermittedError where it can't be written.
    """
    if not isinstance(store, LocalFile):
        raise UnusableError(
            f"{store.name} is not a file of this machine",
            "`ticketops sync pull` brings it into a workbook file, of which the archive is made",
        )
    job = archive_build()
    run = run_of(settings)
    with store.locked(entry_of(job, run)) if not dry_run else nullcontext():
        plan, _snapshot, run = prepare(store, job, run)
        known, financial = plan.result
        data = read_regular(store.path, _MOST)
        members, left_out = _members(store, data, known, financial)
        manifest = _manifest(store, known, left_out)
    target = out or path_of(store, known)
    if os.path.lexists(target) and not force:
        raise RuleError(
            f"{target} already exists",
            "`ticketops archive verify` checks it; give --force to seal it again",
        )
    content = sealed.seal(manifest, members)
    if not dry_run:
        put(target, content)
    made = ArchiveMade(
        str(target),
        known.code,
        known.run_id,
        sealed.digest_of(content),
        len(content),
        len(members),
        tuple(left_out),
    )
    return made, []


def path_of(store: LocalFile, known: Archived) -> Path:
    """Where the archive of an event is, unless it was sealed elsewhere."""
    return store.path.with_name(f"{store.path.stem}-archive-{known.run_id}.zip")


def put(path: Path, content: bytes) -> None:
    """An archive in its place, whole or not at all, for its owner only. Raises NotPermittedError."""
    try:
        with staging(path) as staged:
            write_durably(staged, lambda file: file.write(content))
            staged.chmod(0o600)
            os.replace(staged, path)
        sync_folder(path.parent)
    except OSError as error:
        raise NotPermittedError(f"{path} can't be written: {error.strerror or error}") from None


def _manifest(store: Store, known: Archived, left_out: list[str]) -> dict[str, Any]:
    return {
        "program": f"ticketops {__version__}",
        "event": known.code,
        "name": known.name,
        "workbook": store.name,
        "revision": store.revision(),
        "run_id": known.run_id,
        "archived_at": f"{known.at:%Y-%m-%d %H:%M:%S}",
        "retention_days": known.days,
        "sweep_from": f"{known.sweep_from:%Y-%m-%d}",
        "swept": None,
        "left_out": left_out,
    }


def _members(
    store: LocalFile, data: bytes, known: Archived, financial: Any
) -> tuple[dict[str, bytes], list[str]]:
    """{path: content} of what goes in, and what does not, with why."""
    from ticketops.books.financial_files import files_of

    members = {f"{WORKBOOK}/{store.path.name}": data} | journal_members(store)
    books, left_out = _books(store, known)
    members |= books
    dated = structs.replace(financial, as_of=known.at)  # the same event makes the same archive
    members |= {f"{EXPORTS}/{name}": content for name, content in files_of(dated).items()}
    return members, left_out


def journal_members(store: LocalFile) -> dict[str, bytes]:
    """{path in an archive: content} of the entries of the journal. Raises UnusableError for one that
    can't be read."""
    folder = store.state_folder / "journal"
    found = {}
    for path in sorted(folder.glob("*.json.gz*")) if folder.is_dir() else ():
        try:
            found[f"{JOURNAL}/{path.name}"] = read_regular(path, _MOST)
        except OSError as error:
            raise UnusableError(
                f"{path.name} of the journal can't be read: {error.strerror or error}"
            ) from None
    return found


def _books(store: LocalFile, known: Archived) -> tuple[dict[str, bytes], list[str]]:
    registry = BookRegistry.of(store)
    found: dict[str, bytes] = {}
    left_out = []
    for _kind, _party, name in known.books:
        if is_online(name):
            left_out.append(f"{name}: a Google Sheet")
            continue
        path = registry.path_of(name)
        own = f"{BOOK_FOLDER}/{path.name}"
        number = 1
        while own in found:
            number += 1
            own = f"{BOOK_FOLDER}/{PurePosixPath(path.name).stem} ({number}){path.suffix}"
        try:
            found[own] = read_regular(path, _MOST)
        except OSError as error:
            left_out.append(f"{name}: {error.strerror or error}")
    return dict(sorted(found.items())), left_out


def end_shares(store: Store, settings: Settings) -> list[Finding]:
    """Take the Google Sheets that are books from everybody but their owner and us. What fails is a
    finding, and can be done again."""
    from ticketops.engine.opening import connect
    from ticketops.stores.gsheets import drive

    frame = store.read(BOOKS, strict=False)[BOOKS].frame
    found = []
    for name in dict.fromkeys(one for one in frame["file"].drop_nulls() if is_online(one)):
        number = name.removeprefix(PREFIX)
        try:
            gone = drive.unshare(connect(number, settings), number)
        except TicketopsError as error:
            message = f"{name} is still shared: {error.message}; `ticketops archive build --shares` tries again"
            found.append(Finding("SHARE_NOT_ENDED", Severity.HIGH, message, BOOKS))
        else:
            if gone:
                message = f"{name} is no longer shared with {', '.join(gone)}"
                found.append(Finding("SHARE_ENDED", Severity.INFO, message, BOOKS))
    return found


def follow_up(store: Store, settings: Settings, plan: Plan) -> list[Finding]:
    """What follows once an event is ARCHIVED: shares end, and the archive is sealed. Never fails: what
    went wrong is a finding, with the command that does it again."""
    if plan.result.after != ARCHIVED:
        return []
    found = end_shares(store, settings)
    try:
        made, more = build(store, settings)
    except (TicketopsError, OSError, MemoryError) as error:
        why = error.message if isinstance(error, TicketopsError) else str(error)
        message = f"the archive was not made: {why}; `ticketops archive build` makes it"
        return [*found, Finding("ARCHIVE_NOT_MADE", Severity.HIGH, message)]
    plan.result = replace(plan.result, archive=made)
    return [*found, *more]


def look(path: Path) -> tuple[sealed.Sealed, ArchiveShown]:
    """An archive with what is wrong with it. Raises UnusableError for what is none, or can't be
    read."""
    try:
        data = read_regular(path, _MOST)
    except OSError as error:
        raise UnusableError(f"{path} can't be read: {error.strerror or error}") from None
    found = sealed.read(data, path.name)
    told = found.manifest
    files = [
        ArchiveMember(one["path"], one["size"], one["sha256"])
        for one in told.get("files", ())
        if isinstance(one, dict)
        and isinstance(one.get("path"), str)
        and isinstance(one.get("size"), int)
        and isinstance(one.get("sha256"), str)
    ]
    swept = told.get("swept")
    shown = ArchiveShown(
        str(path),
        not found.problems,
        found.problems,
        _text(told.get("event")),
        _text(told.get("run_id")),
        _text(told.get("revision")),
        _text(told.get("archived_at")),
        _text(told.get("sweep_from")),
        _text(swept.get("at")) if isinstance(swept, dict) else None,
        sealed.digest_of(data),
        tuple(files),
    )
    return found, shown


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def damage(shown: ArchiveShown) -> list[Finding]:
    """A finding for each thing that is wrong with an archive."""
    name = Path(shown.file).name
    return [
        Finding("ARCHIVE_DAMAGED", Severity.CRITICAL, f"{name}: {one}") for one in shown.problems
    ]

"""`ticketops archive …` (§13): the sealed archive of an event, and the end of its guests' data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Session, command, command_group
from ticketops.errors import RuleError, UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.event.archiving import ArchiveMade, ArchiveShown
    from ticketops.domain.event.sweeping import Swept

app = command_group("archive")
_File = Annotated[Path, typer.Argument(metavar="FILE.zip", help="An archive.")]


@command(app, "build", writes=True)
def build(
    session: Session,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE.zip",
            help="The archive; default: beside the workbook.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Seal it again where it exists.")] = False,
    shares: Annotated[
        bool, typer.Option("--shares", help="Only end the shares of Google Sheets, again.")
    ] = False,
) -> int:
    """Seal the archive of an event that is ARCHIVED. `event advance --to ARCHIVED` does it by itself;
    this does it again where that was cut off. Needs the role ops_manager.

    In it: the workbook, its journal, the books that are there, the financial export, and a manifest
    with the hash of each.
    """
    from ticketops.cli.listing import refuse_workbook
    from ticketops.services import archive

    store = session.store()
    if shares and out is not None:
        raise UsageError("give either --shares or --out")
    if out is not None:
        refuse_workbook(session, out)
    session.planned(archive.archive_build(), store=store)
    found = [] if session.dry_run else archive.end_shares(store, session.settings)
    made = None
    if not shares:
        made, more = archive.build(
            store, session.settings, out=out, force=force, dry_run=session.dry_run
        )
        found += more
        tell(session, made, dry_run=session.dry_run)
    session.out.findings(found)
    session.say_dry()
    return session.finish(made, found)


def tell(session: Session, made: ArchiveMade, *, dry_run: bool = False) -> None:
    """What is said of an archive that was sealed."""
    verb = "would be sealed" if dry_run else "sealed"
    out = session.out
    out.line(f"{verb}: {made.file}")
    out.line(f"{counted(made.members, 'file')}, {made.size:,} bytes, SHA-256 {made.sha256}")
    for one in made.left_out:
        out.line(f"left out: {one}")


@command(app, "verify")
def verify(session: Session, file: _File) -> int:
    """Check an archive, every byte of it. Exit code 1: something is not as it was sealed.

    A changed, missing or added file is named; so is a changed header. Compare the SHA-256 with the one
    that was printed when the archive was sealed: whoever can write the file can seal another one.
    """
    from ticketops.services import archive

    _sealed, shown = archive.look(file)
    found = archive.damage(shown)
    session.out.line(
        f"{file}: {'intact' if shown.intact else 'not as it was sealed'}, "
        f"{counted(len(shown.files), 'file')}, SHA-256 {shown.sha256}"
    )
    session.out.findings(found)
    return session.finish(shown, found)


@command(app, "show")
def show(session: Session, file: _File) -> int:
    """Show what is in an archive, and when guests' data may be swept from it."""
    from ticketops.services import archive

    _sealed, shown = archive.look(file)
    _show(session, shown)
    found = archive.damage(shown)
    session.out.findings(found)
    return session.finish(shown, found)


def _show(session: Session, shown: ArchiveShown) -> None:
    out = session.out
    swept = f"swept {shown.swept_at}" if shown.swept_at else f"sweep from {shown.sweep_from or '–'}"
    event, at, by = shown.event or "–", shown.archived_at or "–", shown.run_id or "–"
    out.line(f"{event} · archived {at} by {by} · {swept}")
    out.table(
        ("File", "Bytes", "SHA-256"), [(one.path, one.size, one.sha256) for one in shown.files]
    )


@command(app, "sweep", writes=True)
def sweep(
    session: Session,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE.zip…]",
            help="Archives of the event that are not beside the workbook.",
            show_default=False,
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Blank them; without it, they are only counted.")
    ] = False,
) -> int:
    """Blank guests' data once the retention of the archived event is over: names, addresses, notes.
    It can't be undone. Needs the role ops_manager.

    In the workbook and its logs, in the journal, the kept versions, the books that are there, and the
    archive, which gets a new manifest. Without --write it is a dry run. Killed anywhere, the same
    command finishes it.
    """
    from ticketops.services import sweeping

    store = session.store()
    write = write and not session.dry_run
    if write and session.interactive:
        preview, _found = sweeping.sweep(store, session.settings, files or [], write=False)
        _swept(session, preview)
        if not session.out.ask("this can't be undone — blank it?", default=False):
            raise RuleError("not confirmed: nothing was blanked")
    result, found = sweeping.sweep(store, session.settings, files or [], write=write)
    _swept(session, result)
    session.out.findings(found)
    if not write:
        session.out.notice("dry run: nothing was blanked; --write does it")
    return session.finish(result, found)


def _swept(session: Session, result: Swept) -> None:
    out = session.out
    out.line(f"{result.event} · guests' data may be blanked from {result.sweep_from}")
    verb = "Blanked" if result.written else "To blank"
    rows = list(result.cells.items())
    rows += [
        ("journal entries", result.journal),
        ("older versions", result.versions),
        ("files beside the workbook", len(result.files)),
        ("archives", len(result.archives)),
    ]
    out.table(("Where", verb), rows)
    for one in (*result.files, *result.archives):
        out.line(one)

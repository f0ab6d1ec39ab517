"""What the commands that make and read books have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli.session import Session
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.mail import bare_address
from ticketops.stores.gsheets.address import is_online

if TYPE_CHECKING:
    from ticketops.services.book_plans import Built, Pulled
    from ticketops.services.book_registry import PlannedBook

_TO_FILL = {
    "client": "No e-mail",
    "supplier": "To send",
    "staff": "To send",
    "names": "No passport",
}


Out = Annotated[
    Path | None,
    typer.Option(
        "-o", "--out", metavar="DIR", help="The folder. [setting: books]", show_default=False
    ),
]
Files = Annotated[list[str], typer.Argument(metavar="FILE…", help="Returned files, or gsheet:ID.")]
To = Annotated[
    str, typer.Option("--to", metavar="file|gsheet", help="Make files, or Google Sheets.")
]
DriveFolder = Annotated[
    str,
    typer.Option(
        "--folder",
        metavar="ID",
        help="With --to gsheet: the Drive folder for new ones.",
        show_default=False,
    ),
]
Share = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PARTY=ADDRESS",
        help="With --to gsheet: who may fill in the book. Repeatable.",
        show_default=False,
    ),
]
Into = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PARTY=gsheet:ID",
        help="With --to gsheet: a Google Sheet you made and shared with us. Repeatable.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Online:
    """The options of `build` that concern Google Sheets, as they were given."""

    to: str = "file"
    folder: str = ""
    share: Sequence[str] | None = None
    into: Sequence[str] | None = None


def build_books(
    session: Session,
    kind: str,
    names: Sequence[str],
    *,
    every: bool,
    folder: Path | None,
    online: Online,
    passwords: bool = False,
) -> int:
    """Make books and list them. Raises UsageError unless parties are named or all are meant."""
    from ticketops.services import books

    if bool(names) == every:
        what = {"client": "a COMPANY", "supplier": "a SUPPLIERKEY", "staff": "an ADDRESS"}[kind]
        raise UsageError(
            f"name {what}, or give --all" if not names else f"name {what} or give --all, not both"
        )
    if online.to not in ("file", "gsheet"):
        raise UsageError(f"--to must be one of file, gsheet, not {online.to!r}")
    if online.to == "file" and (online.folder or online.share or online.into):
        raise UsageError("--folder, --share and --into are for --to gsheet")
    store = session.store()
    if online.to == "gsheet":
        return _build_online(session, store, kind, names, folder, online, passwords=passwords)
    where = folder or session.settings.books
    if where.exists() and not where.is_dir():
        raise UsageError(f"{where} is not a folder")
    job = books.build(store, session.settings, kind, names, folder=where, passwords=passwords)
    return session.run(job, lambda result: _show_built(session, result), store=store)


def _build_online(
    session: Session,
    store: Any,
    kind: str,
    names: Sequence[str],
    folder: Path | None,
    online: Online,
    *,
    passwords: bool,
) -> int:
    from ticketops.services import books
    from ticketops.services.online_books import prepare
    from ticketops.stores.gsheets.address import folder_id, spreadsheet_id

    if folder is not None:
        raise UsageError("--out is for files; --folder names a Drive folder")
    if passwords:
        raise UsageError(
            "--with-passwords makes files only",
            "anyone who may edit a Google Sheet can share it further",
        )
    into = {party: spreadsheet_id(text) for party, text in _pairs(online.into, "--into")}
    drive_folder = folder_id(online.folder)
    share: dict[str, list[str]] = {}
    for party, address in _pairs(online.share, "--share"):
        share.setdefault(party, []).append(bare_address(address))
    ready = prepare(
        store,
        session.settings,
        kind,
        names,
        folder=drive_folder,
        into=into,
        share=share,
        dry_run=session.dry_run,
    )
    job = books.build(
        store,
        session.settings,
        kind,
        names,
        folder=session.settings.books,
        online=ready.sheets,
        fresh=ready.fresh,
    )
    session.out.findings(ready.findings)
    return session.run(job, lambda result: _show_built(session, result), store=store)


def _pairs(texts: Sequence[str] | None, option: str) -> list[tuple[str, str]]:
    found = []
    for text in texts or ():
        party, equals, value = text.partition("=")
        if not (equals and party.strip() and value.strip()):
            raise UsageError(f"{option} {text!r} must be PARTY=…")
        found.append((party.strip(), value.strip()))
    return found


def _show_built(session: Session, result: Built) -> None:
    show_books(session, result.books)
    if result.edits:
        session.out.line(
            f"Read first, because the books had been filled in: {counted(result.edits, 'edit')}, "
            f"{became(result)}"
        )


def show_books(session: Session, books: Sequence[PlannedBook]) -> None:
    """Books, those that did not change in a line of their own."""
    made = [book for book in books if book.state != "unchanged"]
    if made:
        kinds = sorted({book.kind for book in made})
        to_fill = _TO_FILL[kinds[0]] if len(kinds) == 1 else "To fill"
        rows = [
            (book.title, book.rows, book.to_fill, book.state, _name(book.file)) for book in made
        ]
        session.out.table(("Book", "Rows", to_fill, "State", "File"), rows)
        folders = sorted(
            {
                "Google Drive" if is_online(book.file) else str(Path(book.file).parent)
                for book in made
            }
        )
        session.out.line(f"{counted(len(made), 'book')} in {', '.join(folders)}")
    left = len(books) - len(made)
    if left:
        session.out.line(f"{counted(left, 'book')} unchanged")


def _name(file: str) -> str:
    return file if is_online(file) else Path(file).name


def pull_books(
    session: Session,
    kind: str,
    files: Sequence[str],
    *,
    party: str = "",
    prefer: str = "ours",
    accept_erased: bool = False,
) -> int:
    """Read files that came back and list what they said. Raises UsageError."""
    from ticketops.services import books

    if prefer not in ("ours", "theirs"):
        raise UsageError(f"--prefer must be one of ours, theirs, not {prefer!r}")
    store = session.store()
    with session.out.progress("Reading") as on_progress:
        job = books.pull(
            store,
            session.settings,
            files,
            kind=kind,
            party=party,
            prefer_theirs=prefer == "theirs",
            accept_erased=accept_erased,
            on_progress=on_progress,
        )
    return session.run(job, lambda result: show_pulled(session, result), store=store)


def show_pulled(session: Session, result: Pulled) -> None:
    """The files and how much each said."""
    rows = [(file.file, file.party or "?", file.rows, file.edits) for file in result.files]
    session.out.table(("File", "Of", "Rows", "New"), rows)
    session.out.line(f"{counted(result.edits, 'edit')}: {became(result)}")


def became(result: Pulled) -> str:
    """`3 taken, 1 conflict, 0 refused`, and how many came to nothing."""
    rest = result.edits - result.taken - result.conflicts - result.refused
    said = (
        f"{result.taken} taken, {counted(result.conflicts, 'conflict')}, {result.refused} refused"
    )
    return said + (f", {rest} out of date or unchanged" if rest else "")

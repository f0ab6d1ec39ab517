"""What the commands that make and read books have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ticketops.cli.output import counted
from ticketops.cli.session import Session
from ticketops.errors import UsageError

_TO_FILL = {"client": "No e-mail", "supplier": "To send", "staff": "To send"}


def build_books(session: Session, kind: str, names: Sequence[str], *, every: bool, folder: Path | None, passwords: bool = False) -> int:
    """Make books and list them. Raises UsageError unless parties are named or all are meant."""
    from ticketops.services import books

    if bool(names) == every:
        what = {"client": "a COMPANY", "supplier": "a SUPPLIERKEY", "staff": "an ADDRESS"}[kind]
        raise UsageError(f"name {what}, or give --all" if not names else f"name {what} or give --all, not both")
    store = session.store()
    where = folder or session.settings.books
    if where.exists() and not where.is_dir():
        raise UsageError(f"{where} is no folder")
    job = books.build(store, session.settings, kind, names, folder=where, passwords=passwords)
    return session.run(job, lambda result: show_built(session, result), store=store)


def show_built(session: Session, result: dict[str, Any]) -> None:
    """The books of a result, those that did not change in a line of their own."""
    made = [book for book in result["books"] if book["state"] != "unchanged"]
    if made:
        kinds = sorted({book["kind"] for book in made})
        to_fill = _TO_FILL[kinds[0]] if len(kinds) == 1 else "To fill"
        rows = [(book["title"], book["rows"], book["to_fill"], book["state"], Path(book["file"]).name) for book in made]
        session.out.table(("Book", "Rows", to_fill, "State", "File"), rows)
        folders = sorted({str(Path(book["file"]).parent) for book in made})
        session.out.line(f"{counted(len(made), 'book')} in {', '.join(folders)}")
    left = len(result["books"]) - len(made)
    if left:
        session.out.line(f"{counted(left, 'book')} unchanged")
    if result["edits"]:
        session.out.line(f"Read first, since they had been filled in: {counted(result['edits'], 'edit')}")


def pull_books(session: Session, kind: str, files: Sequence[Path], *, party: str = "", prefer: str = "ours") -> int:
    """Read files that came back and list what they said. Raises UsageError."""
    from ticketops.services import books

    if prefer not in ("ours", "theirs"):
        raise UsageError(f"--prefer {prefer!r}: it is ours or theirs")
    store = session.store()
    with session.out.progress("Reading") as told:
        job = books.pull(store, session.settings, files, kind=kind, party=party, prefer_theirs=prefer == "theirs", told=told)
    return session.run(job, lambda result: show_pulled(session, result), store=store)


def show_pulled(session: Session, result: dict[str, Any]) -> None:
    """The files and how much each said."""
    rows = [(file["file"], file["party"] or "?", file["rows"], file["edits"]) for file in result["files"]]
    session.out.table(("File", "Of", "Rows", "New"), rows)
    session.out.line(f"{counted(result['edits'], 'edit')}: {became(result)}")


def became(result: dict[str, Any]) -> str:
    """`3 taken, 1 conflict, 0 refused`, and how many came to nothing."""
    rest = result["edits"] - result["taken"] - result["conflicts"] - result["refused"]
    said = f"{result['taken']} taken, {counted(result['conflicts'], 'conflict')}, {result['refused']} refused"
    return said + (f", {rest} overtaken or so already" if rest else "")

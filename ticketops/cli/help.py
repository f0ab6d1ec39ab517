"""`ticketops help`: the help of a command, and the manual pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ticketops.cli.session import Session, command
from ticketops.errors import UnusableError, UsageError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@dataclass(frozen=True, slots=True)
class Helped:
    """`help`. text: the help asked for, empty if pages were written; pages: the written files."""

    text: str
    pages: tuple[str, ...]


@command(app, "help")
def show(
    session: Session,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMMAND…]", help="The command: sale, or sale add."),
    ] = None,
    man: Annotated[
        Path | None,
        typer.Option(
            "--man",
            metavar="DIR",
            help="Write the manual pages (man 1) into this folder; it is created if needed.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Show the help of a command, or write the manual pages.

    Example: ticketops help --man ~/.local/share/man/man1; then man ticketops-sale shows one.
    """
    if man is not None:
        if words:
            raise UsageError("give either a command or --man, which writes all pages")
        written = _write(man)
        session.out.line(f"wrote {len(written)} pages to {man}")
        return session.finish(Helped("", written), [])
    text = _help_of(words or [])
    session.out.line(text)
    return session.finish(Helped(text, ()), [])


def _write(folder: Path) -> tuple[str, ...]:
    from ticketops.cli.manual import pages

    made = pages()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise UnusableError(f"{folder} can't be written: {error.strerror}") from None
    return tuple(str(folder / name) for name in made)


def _help_of(words: list[str]) -> str:
    """The help of a command by its words. Raises UsageError for one that there is not."""
    from ticketops.cli.app import app as top

    found: Any = typer.main.get_command(top)
    context: Any = found.make_context("ticketops", [], resilient_parsing=True)
    for word in words:
        child = found.get_command(context, word) if hasattr(found, "get_command") else None
        if child is None:
            raise UsageError(
                f"{context.command_path} has no command {word!r}",
                f"{context.command_path} --help lists them",
            )
        found = child
        context = child.make_context(word, [], parent=context, resilient_parsing=True)
    text: str = found.get_help(context)
    return text

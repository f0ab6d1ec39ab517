"""`ticketops issuance names …`: lists of passengers, out and back (document 001)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.book_options import Out, became, show_books, show_pulled
from ticketops.cli.issuing import app
from ticketops.cli.session import Session, command
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.services.book_plans import Built

__all__ = ["app"]


@command(app, "names", writes=True)
def names(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="build|pull", help="What to do.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE…]", help="With pull: returned files, or gsheet:ID.", show_default=False
        ),
    ] = None,
    booking: Annotated[
        str,
        typer.Option(
            metavar="BOOKINGID",
            help="The list of this booking; with pull whose a file without its hidden sheet is.",
            show_default=False,
        ),
    ] = "",
    group: Annotated[
        str,
        typer.Option(
            metavar="GROUP",
            help="With build: a list for each booking of this group.",
            show_default=False,
        ),
    ] = "",
    airline: Annotated[
        str,
        typer.Option(
            metavar="CODE",
            help="The list of this airline, of all its passengers; with pull as --booking.",
            show_default=False,
        ),
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="With build: all bookings.")] = False,
    out: Out = None,
    prefer: Annotated[
        str,
        typer.Option(
            metavar="ours|theirs",
            help="With pull: whose value counts where both changed. The name of an issued ticket "
            "stays.",
        ),
    ] = "ours",
    accept_erased: Annotated[
        bool,
        typer.Option(
            "--accept-erased", help="With pull: cells that were emptied are emptied here, too."
        ),
    ] = False,
) -> int:
    """Build lists of passengers for agencies and airlines to fill in, and pull them back in. What is new
    is taken once; where both sides changed, the workbook's value stays and the conflict is reported.

    Example: ticketops issuance names build --group G01
    """
    word = what.casefold()
    if word not in ("build", "pull"):
        raise UsageError(f"the first word must be one of build, pull, not {what!r}")
    parties = sum(map(bool, (booking, group, airline, every)))
    if word == "pull":
        if not files:
            raise UsageError("name the returned files, or gsheet:ID")
        if group or every or out is not None or parties > 1:
            raise UsageError("pull takes files, and one of --booking and --airline at most")
        return _pull(session, files, booking, airline, prefer, accept_erased=accept_erased)
    if files:
        raise UsageError("`names build` takes no files", "--booking, --group, --airline or --all")
    if prefer != "ours" or accept_erased:
        raise UsageError("--prefer and --accept-erased are for `names pull`")
    if parties != 1:
        raise UsageError("give one of --booking BOOKINGID, --group GROUP, --airline CODE or --all")
    return _build(session, booking, group, airline, out)


def _build(session: Session, booking: str, group: str, airline: str, out: Path | None) -> int:
    from ticketops.services import intake, name_lists

    where = out or session.settings.books
    if where.exists() and not where.is_dir():
        raise UsageError(f"{where} is not a folder")
    store = session.store()
    job = name_lists.build(
        store,
        session.settings,
        folder=where,
        booking=intake.option_text(booking, "booking"),
        group=intake.option_text(group, "group"),
        airline=intake.option_text(airline, "airline"),
    )

    def show(result: Built) -> None:
        show_books(session, result.books)
        if result.edits:
            session.out.line(
                f"Read first, because the lists had been filled in: "
                f"{counted(result.edits, 'edit')}, {became(result)}"
            )

    return session.run(job, show, store=store)


def _pull(
    session: Session,
    files: list[str],
    booking: str,
    airline: str,
    prefer: str,
    *,
    accept_erased: bool,
) -> int:
    from ticketops.services import intake, name_lists

    if prefer not in ("ours", "theirs"):
        raise UsageError(f"--prefer must be one of ours, theirs, not {prefer!r}")
    store = session.store()
    with session.out.progress("Reading") as on_progress:
        job = name_lists.pull(
            session.settings,
            files,
            booking=intake.option_text(booking, "booking"),
            airline=intake.option_text(airline, "airline"),
            prefer_theirs=prefer == "theirs",
            accept_erased=accept_erased,
            on_progress=on_progress,
        )
    return session.run(job, lambda result: show_pulled(session, result), store=store)

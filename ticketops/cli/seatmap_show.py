"""`ticketops seatmap show` (§1b.2): who sits where, in a terminal, as a picture or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Session, command
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.seatmap.showing import ShownMap, View

_MOST_BLOCKS = 40
_PLAIN_WIDTH = 100


def mount(app: typer.Typer) -> None:
    """Register the command on the group `seatmap`."""
    command(app, "show")(show)


def show(
    session: Session,
    match: Annotated[
        str,
        typer.Option(
            "--match", metavar="CODE", help="The match, or sub-game: M01/RACE.", show_default=False
        ),
    ] = "",
    venue: Annotated[
        str,
        typer.Option(
            "--venue",
            metavar="NAME",
            help="The venue, without a match: categories and restrictions.",
            show_default=False,
        ),
    ] = "",
    sale: Annotated[
        str,
        typer.Option(
            "--sale",
            metavar="SALESID",
            help="Mark the tickets of this sale, and what is free for it.",
            show_default=False,
        ),
    ] = "",
    client: Annotated[
        str,
        typer.Option(
            "--client",
            metavar="NAME",
            help="What this client may see: only its own seats.",
            show_default=False,
        ),
    ] = "",
    category: Annotated[
        str,
        typer.Option(
            "--category",
            metavar="NAME",
            help="Dim the free seats of other categories.",
            show_default=False,
        ),
    ] = "",
    block: Annotated[
        str,
        typer.Option(
            "--block", metavar="BLOCK", help="Draw this block in the terminal.", show_default=False
        ),
    ] = "",
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="RUNID|DATE",
            help="As the workbook was after this run of `ticketops log`, or at the end of this day.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Write a picture (.svg, .png) or a page (.html).",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Show what is on each seat of a match: allocated, free, held, restricted.

    A page names each seat under the mouse, zooms and pans; it needs nothing beside it. Pictures and
    pages name no client, vendor or price.
    """
    from ticketops.domain.seatmap.showing import Asked, shown
    from ticketops.services import seat_files, seat_views

    if out is not None:
        from ticketops.cli.listing import refuse_workbook

        refuse_workbook(session, out)
        seat_files.require_ending(out)
    asked = Asked(match, venue, sale, client, category)
    plan = session.plan_of(seat_views.seatmap_show(asked), as_of=as_of)
    view: View = plan.result
    result = shown(view, block, str(out) if out else None)
    if out is not None:
        notice = seat_files.write(view, out)
        session.out.line(f"{out} · {view.title}")
        if notice:
            session.out.notice(notice)
    if not session.out.as_json:
        _told(session, view, result, block)
        session.out.findings(plan.findings)
    return session.finish(result, plan.findings)


def _told(session: Session, view: View, result: ShownMap, block: str) -> None:
    """The legend, and a block or the list of blocks."""
    from ticketops.services import seat_files

    out = session.out
    if result.path is None:
        out.line(f"{view.title} · {result.seats:,} seats")
    only = block or (result.blocks[0].block if len(result.blocks) == 1 else "")
    said = seat_files.in_words(view, only, out.width or _PLAIN_WIDTH)
    if only:
        out.line(said.legend)
        out.line()
        for line in said.block:
            out.line(line)
    elif result.path is None:
        _blocks(session, result)
    else:
        out.line(said.legend)
    for line in said.bands[:_MOST_BLOCKS]:
        out.line(line)
    if len(said.bands) > _MOST_BLOCKS:
        out.line(f"… and {len(said.bands) - _MOST_BLOCKS:,} more without seat numbers (--json)")
    if result.placeless:
        out.line(f"{result.placeless:,} without block and row")


def _blocks(session: Session, result: ShownMap) -> None:
    """A line per block: those with something of ours, in the order of the map."""
    from ticketops.domain.seatmap.state import HIDDEN, NONE

    out = session.out
    states = [name for name in result.counts if name not in (NONE, HIDDEN)]
    some = [one for one in result.blocks if any(one.counts.get(name) for name in states)]
    rows = [
        [one.block, one.seats, *(one.counts.get(name, 0) for name in states)]
        for one in some[:_MOST_BLOCKS]
    ]
    out.table(["Block", "Seats", *(_NAMES.get(name, name.capitalize()) for name in states)], rows)
    if len(some) > _MOST_BLOCKS:
        out.line(f"… and {len(some) - _MOST_BLOCKS:,} more blocks (--json)")
    if left := len(result.blocks) - len(some):
        out.line(f"{counted(left, 'block')} without any of these")
    if result.blocks:
        out.notice("--block NAME draws a block, -o FILE.html the whole map")


_NAMES = {
    "OWN": "Own",
    "OTHER": "Free, other category",
    "UNCLEAR": "Kept out",
    "SEAT": "Unrestricted",
}

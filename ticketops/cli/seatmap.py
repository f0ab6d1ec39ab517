"""`ticketops seatmap …` (§1b): the seats of venues, their categories, what restricts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.listing import Csv
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.states import SEAT_RESTRICTION

if TYPE_CHECKING:
    from ticketops.domain.seatmap.listing import SeatList

app = command_group("seatmap")


def _option(metavar: str, help_: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=help_, show_default=False)


Venue = Annotated[str, _option("NAME", "The map of this venue.", "--venue")]
Match = Annotated[str, _option("CODE", "The map that this match has.", "--match")]

_MAP: listing.Columns = (
    ("Venue", "venue"),
    ("Match", "match"),
    ("Blocks", "blocks"),
    ("Rows", "rows"),
    ("Seats", "seats"),
    ("With coordinates", "with_coordinates"),
)
_SEATS: listing.Columns = (
    ("Block", "block"),
    ("Row", "seat_row"),
    ("Seats", "seats"),
    ("Number", "number"),
    ("Category", "category"),
    ("Restrictions", lambda line: ", ".join(line.restrictions)),
)


@command(app, "list")
def list_(
    session: Session,
    venue: Venue = "",
    match: Match = "",
    block: Annotated[str, _option("LIST", "Only these blocks: 101-104.")] = "",
    row: Annotated[str, _option("LIST", "Only these rows: A-F.")] = "",
    category: listing.Category = "",
    restriction: Annotated[str, _option("WORD", "Only seats with it: ACCESSIBLE, HELD …")] = "",
    to_csv: Csv = None,
) -> int:
    """List the seats of a map by row, with their category and what restricts them; without --venue
    and --match the maps, where there are several.

    Example: ticketops seatmap list --match M01 --block 101 --category "Cat 1"
    """
    from ticketops.domain.seatmap.listing import Which
    from ticketops.services import intake, seatmaps

    which = Which(
        intake.option_text(block, "block"),
        intake.option_text(row, "row"),
        intake.option_text(category, "category"),
        listing.one_of(restriction, "restriction", SEAT_RESTRICTION),
    )
    plan = session.plan_of(
        seatmaps.seatmap_list(
            intake.option_text(venue, "venue"), intake.option_text(match, "match"), which
        )
    )
    result = plan.result
    if to_csv is not None:
        lines = result.rows or (result.maps if result.venue is None and not result.match else [])
        if not lines:
            raise UsageError("there is nothing to list: nothing was written")
        listing.to_file(session, to_csv, listing.as_csv(lines), counted(len(lines), "row"))
        return session.finish(result, plan.findings)
    if not session.out.as_json:
        _listed(session, result)
        session.out.findings(plan.findings)
    return session.finish(result, plan.findings)


def _listed(session: Session, result: SeatList) -> None:
    if result.venue is None and result.match is None:
        listing.table(session, result.maps, _MAP)
        if not result.maps:
            session.out.line("no seat map: `ticketops seatmap import FILE --venue NAME` adds one")
        return
    listing.table(session, result.rows, _SEATS)
    where = " at ".join(filter(None, (result.match, result.venue)))
    session.out.notice(f"{where}: {counted(result.seats, 'seat')}")

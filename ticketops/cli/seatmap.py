"""`ticketops seatmap …` (§1b): the seats of venues, their categories, what restricts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing, seatmap_show
from ticketops.cli.listing import Csv
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.states import SEAT_RESTRICTION

if TYPE_CHECKING:
    from ticketops.domain.allocation.why import Why
    from ticketops.domain.seatmap.listing import SeatList

app = command_group("seatmap")
seatmap_show.mount(app)


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


@command(app, "why")
def why(
    session: Session,
    seat: Annotated[str, typer.Argument(metavar="SEAT", help="BLOCK/ROW/SEAT, as in 101/C/12.")],
    match: Annotated[str, _option("CODE", "The match; that of --sale without it.", "--match")] = "",
    sale: Annotated[
        str, _option("SALESID", "For this sale: its category, policy, instructions.", "--sale")
    ] = "",
) -> int:
    """Say why a seat is or isn't to be had: sold, held, restricted, of another category, kept from
    the sale by its policy, leaving one alone.

    Example: ticketops seatmap why 101/C/12 --sale S147
    """
    from ticketops.services import allocation, intake

    def show(result: Why) -> None:
        yes = "is to be had" if result.to_be_had else "is not to be had"
        whom = f" for {result.sale}" if result.sale else ""
        category = f" ({result.category} on the map)" if result.category else ""
        session.out.line(f"{result.seat} of {result.match}{category} {yes}{whom}.")
        for reason in result.reasons:
            session.out.line(f"  {reason.code}: {reason.message}")

    return session.look(
        allocation.seat_why(
            seat, intake.option_text(match, "match"), intake.option_text(sale, "sale")
        ),
        show,
    )

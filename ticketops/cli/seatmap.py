"""`ticketops seatmap …` (§1b): the seats of venues, their categories, what restricts them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing, seatmap_show
from ticketops.cli.listing import Csv
from ticketops.cli.session import New, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.states import SEAT_RESTRICTION

if TYPE_CHECKING:
    from ticketops.domain.allocation.why import Why
    from ticketops.domain.seatmap.checking import SeatMapCheck
    from ticketops.domain.seatmap.importing import SeatMapImported
    from ticketops.domain.seatmap.listing import SeatList
    from ticketops.domain.seatmap.restrictions import RestrictionList
    from ticketops.domain.seatmap.zones import ZoneList

app = command_group("seatmap")
seatmap_show.mount(app)


def _option(metavar: str, help_: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=help_, show_default=False)


Venue = Annotated[str, _option("NAME", "The map of this venue.", "--venue")]
Match = Annotated[str, _option("CODE", "The map that this match has.", "--match")]

_Partial = Annotated[
    bool, typer.Option("--partial", help="Leave out what can't be read, and take the rest.")
]

_ZONES: listing.Columns = (
    ("Blocks", lambda line: line.blocks or "all"),
    ("Rows", lambda line: line.rows or "all"),
    ("Seats", lambda line: line.seat_range or "all"),
    ("Category", "category"),
    ("Number", "seats"),
)
_RESTRICTIONS: listing.Columns = (
    ("Blocks", lambda line: line.blocks or "all"),
    ("Rows", lambda line: line.rows or "all"),
    ("Seats", lambda line: line.seat_range or "all"),
    ("Restriction", "restriction"),
    ("Note", "note"),
    ("Number", "seats"),
)
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


@command(app, "import", writes=True)
def import_(
    session: Session,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="CSV, SVG, JSON, or a spreadsheet: a table or a drawn grid."
        ),
    ],
    venue: Annotated[str, _option("NAME", "The venue; a new one becomes a draft.", "--venue")] = "",
    match: Annotated[str, _option("CODE", "Only for this match there.", "--match")] = "",
    shape: Annotated[
        str,
        typer.Option(
            metavar="SHAPE", help="auto, table, svg, json or grid; auto looks at the file."
        ),
    ] = "auto",
    pattern: Annotated[
        str, _option("TEXT", "What ids of an SVG are like: 'seat-{block}-{row}-{seat}'.")
    ] = "",
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=HEADER",
            help="The header that a field has in a table. Repeatable.",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[str | None, _option("NAME", "Only this sheet.")] = None,
    header_row: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="The row of the headers.", show_default=False),
    ] = None,
    y_up: Annotated[bool, typer.Option("--y-up", help="Read Y as growing upwards.")] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Also if many seats of the map that is there go, or it is another venue's.",
        ),
    ] = False,
    partial: _Partial = False,
    new: New = False,
) -> int:
    """Take the seat map of a venue, or of one match there, from a file. It replaces the map that is
    there; categories and restrictions that the file has replace those of the map.

    The fields of --map are block, row, seat, x, y, category, restrictions. Coordinates may be left
    out.

    Example: ticketops seatmap import azteca.svg --venue "Estadio Azteca"
    """
    from ticketops.domain.seatmap.formats.tables import given_columns
    from ticketops.domain.seatmap.importing import Options
    from ticketops.services import intake, seatmap_files, seatmaps

    wanted = shape.strip().casefold()
    if wanted not in seatmap_files.SHAPES:
        raise UsageError(f"--shape must be one of {', '.join(seatmap_files.SHAPES)}, not {shape!r}")
    read = seatmap_files.read(
        file,
        shape=wanted,
        pattern=pattern,
        mapped=given_columns(mapped or []),
        sheet=sheet,
        header_row=header_row,
        y_up=y_up,
    )
    asks = session.interactive and not session.dry_run
    options = Options(partial, replace, new, asks=asks, shows=session.dry_run)
    job = seatmaps.seatmap_import(
        read, intake.option_text(venue, "venue"), intake.option_text(match, "match"), options
    )
    return session.run(job, lambda result: _imported(session, result))


@command(app, "export")
def export(
    session: Session,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="FILE", help="The file: .csv, .svg, .json or .xlsx."),
    ],
    venue: Venue = "",
    match: Match = "",
) -> int:
    """Write a seat map to a file that `seatmap import` reads: a table, a picture, JSON, or a drawn grid.

    Example: ticketops seatmap export --venue "Estadio Azteca" -o azteca.svg
    """
    from dataclasses import replace

    from ticketops.services import intake, reports, seatmap_files, seatmaps
    from ticketops.stores.xlsx.lock import refuse_read_only

    suffix = out.suffix.lower()
    if suffix not in seatmap_files.WRITTEN:
        raise UsageError(f"-o must be a file {', '.join(seatmap_files.WRITTEN)}, not {str(out)!r}")
    listing.refuse_workbook(session, out)
    refuse_read_only(out)
    keep: list[Any] = []
    job = seatmaps.seatmap_export(
        intake.option_text(venue, "venue"), intake.option_text(match, "match"), keep
    )
    plan = session.plan_of(job)
    reports.save(out, seatmap_files.content(keep[0], suffix))
    session.out.notice(f"{out}: {counted(plan.result.map.seats, 'seat')}")
    if not session.out.as_json:
        session.out.findings(plan.findings)
    return session.finish(replace(plan.result, file=str(out)), plan.findings)


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


@command(app, "zones", writes=True)
def zones(
    session: Session,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A table: Block-range, Row-range, CategoryID."),
    ] = None,
    venue: Venue = "",
    match: Match = "",
    zone: Annotated[
        list[str] | None,
        typer.Option(
            "--zone",
            metavar="AREA=CATEGORY",
            help='A zone: "101-104 / A-F = Cat 1"; * stands for all. Repeatable.',
            show_default=False,
        ),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            "--remove",
            metavar="AREA",
            help="Take the category from these seats. Repeatable.",
            show_default=False,
        ),
    ] = None,
    over: Annotated[
        bool, typer.Option("--over", help="Take seats from zones of other categories.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove all other zones of the map.")
    ] = False,
    partial: _Partial = False,
) -> int:
    """Give seats of a map their category; without a zone, list the zones. An area is BLOCKS / ROWS /
    SEATS, each a list such as 101-104, A-F or 1-23/2.

    Example: ticketops seatmap zones --match M01 --zone "101-104 / A-F = Cat 1"
    """
    from ticketops.domain.seatmap.formats.areas import area_of, zone_of
    from ticketops.domain.seatmap.zones import Wanted
    from ticketops.services import intake, seatmap_files, seatmaps

    whose = intake.option_text(venue, "venue"), intake.option_text(match, "match")
    if file is None and not zone and not remove:
        if over or replace or partial:
            raise UsageError("nothing says which zones", 'give FILE or --zone "AREA = CATEGORY"')
        return session.look(
            seatmaps.seatmap_zones_list(*whose), lambda result: _zones(session, result)
        )
    found, wrong = seatmap_files.read_zones(file) if file is not None else ([], [])
    wanted = Wanted(
        zones=[*found, *map(zone_of, zone or ())],
        remove=[area_of(text) for text in remove or ()],
        wrong=wrong,
        over=over,
        replace=replace,
        partial=partial,
    )
    job = seatmaps.seatmap_zones(*whose, wanted)
    return session.run(job, lambda result: _zones(session, result))


@command(app, "restrict", writes=True)
def restrict(
    session: Session,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="[WORD]", help=f"{', '.join(SEAT_RESTRICTION)}.", show_default=False
        ),
    ] = "",
    areas: Annotated[
        list[str] | None,
        typer.Argument(metavar="[AREA]...", help="BLOCKS / ROWS / SEATS: 101 / C / 5-8."),
    ] = None,
    venue: Venue = "",
    match: Match = "",
    note: Annotated[str, _option("TEXT", "What is to be known about the seats.")] = "",
    lift: Annotated[bool, typer.Option("--lift", help="Lift it from these seats.")] = False,
    file: Annotated[
        str | None,
        _option(
            "FILE", "A table: Block-range, Row-range, Seat-range, Restriction, Note.", "--file"
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Lift all other restrictions of the map.")
    ] = False,
    partial: _Partial = False,
) -> int:
    """Say what restricts seats of a map, or lift it; without a word, list the restrictions.

    Example: ticketops seatmap restrict ACCESSIBLE "101 / A / 1-4" --match M01 --note "by the ramp"
    """
    from ticketops.domain.seatmap.formats.areas import area_of
    from ticketops.domain.seatmap.plan import Restriction
    from ticketops.domain.seatmap.restrictions import Wanted
    from ticketops.services import intake, seatmap_files, seatmaps

    whose = intake.option_text(venue, "venue"), intake.option_text(match, "match")
    if not kind and file is None:
        if lift or replace or partial or note:
            raise UsageError(
                "nothing says which seats", 'for example seatmap restrict HELD "101 / C / 5-8"'
            )
        return session.look(
            seatmaps.seatmap_restrict_list(*whose), lambda result: _restrictions(session, result)
        )
    word = intake.option_choice(kind, "restriction", SEAT_RESTRICTION) if kind else ""
    if word and not areas:
        raise UsageError(f"nothing says which seats are {word}", 'write them as "101 / C / 5-8"')
    said = intake.option_text(note, "note")
    given = [Restriction(word, area_of(text), said) for text in areas or ()]
    found, wrong = seatmap_files.read_restrictions(file) if file is not None else ([], [])
    every = [*found, *given]
    wanted = Wanted(
        add=() if lift else every,
        lift=every if lift else (),
        wrong=wrong,
        replace=replace,
        partial=partial,
    )
    job = seatmaps.seatmap_restrict(*whose, wanted)
    return session.run(job, lambda result: _restrictions(session, result))


@command(app, "check")
def check(session: Session, venue: Venue = "", match: Match = "") -> int:
    """Check a map: seats without a category, seats against purchased tickets by category, overlapping
    zones, units on seats that the map has not or of another category."""
    from ticketops.services import intake, seatmaps

    job = seatmaps.seatmap_check(
        intake.option_text(venue, "venue"), intake.option_text(match, "match")
    )
    return session.look(job, lambda result: _checked(session, result))


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


def _shown(result: Any) -> str:
    return " at ".join(filter(None, (result.match, result.venue)))


def _imported(session: Session, result: SeatMapImported) -> None:
    out = session.out
    out.line(
        f"{result.file} · {result.shape} · {_shown(result)} · {counted(result.blocks, 'block')} · "
        f"{counted(result.rows, 'row')} · {counted(result.seats, 'seat')}"
    )
    there = result.unchanged + result.gone
    parts = [
        f"{result.with_coordinates:,} with coordinates",
        f"{result.new:,} new, {result.gone:,} gone" if there else "",
        counted(result.duplicates, "double") if result.duplicates else "",
        f"{counted(result.without_row, 'seat')} without a row" if result.without_row else "",
        counted(result.zones, "zone") if result.zones else "",
        counted(result.restrictions, "restriction") if result.restrictions else "",
    ]
    out.line(" · ".join(filter(None, parts)))
    if result.gaps:
        more = " …" if result.rows_with_gaps > len(result.gaps) else ""
        rows = counted(result.rows_with_gaps, "row")
        out.line(f"gaps in {rows}: {'; '.join(result.gaps)}{more}")
    for note in result.notes:
        out.line(note)
    if result.errors:
        wrong = [(one.where, one.message) for one in result.errors]
        listing.first_of(session, ("Where", "Why"), wrong, "what can't be read", "--json has all")


def _zones(session: Session, result: ZoneList) -> None:
    listing.table(session, result.zones, _ZONES)
    for one in result.errors[:20]:
        session.out.line(f"{one.where}: {one.message}")
    of = "" if result.own else ", of the venue"
    session.out.line(
        f"{_shown(result)}: {counted(len(result.zones), 'zone')}{of} · "
        f"{counted(result.seats, 'seat')}, {result.uncategorised:,} without a category"
        + (f" · {result.changed:,} changed" if result.changed else "")
    )


def _restrictions(session: Session, result: RestrictionList) -> None:
    listing.table(session, result.restrictions, _RESTRICTIONS)
    for one in result.errors[:20]:
        session.out.line(f"{one.where}: {one.message}")
    session.out.line(
        f"{_shown(result)}: {counted(len(result.restrictions), 'restriction')}"
        + (f" · {counted(result.changed, 'seat')} changed" if result.changed else "")
    )


def _checked(session: Session, result: SeatMapCheck) -> None:
    rows = [(name, one.seats, one.contracted) for name, one in result.by_category.items()]
    if rows:
        session.out.table(("Category", "Seats", "Contracted"), rows)
    session.out.line(
        f"{_shown(result)}: {counted(result.seats, 'seat')}, "
        f"{result.uncategorised:,} without a category · {counted(result.findings, 'finding')}"
    )

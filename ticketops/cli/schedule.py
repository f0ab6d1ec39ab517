"""`ticketops schedule …` (§1a, §18): the matches and sessions of the event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.listing import Csv
from ticketops.cli.session import Dates, New, Session, command
from ticketops.cli.tournament import app
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.names import same_name

if TYPE_CHECKING:
    from ticketops.domain.schedule.entry import MatchSet
    from ticketops.domain.schedule.imported import ScheduleImported
    from ticketops.domain.schedule.listing import MatchShown, ScheduleLine
    from ticketops.domain.schedule.profiles import ProfileLine
    from ticketops.schema.foreign import ForeignTable


__all__ = ["app"]

_Match = Annotated[
    str, typer.Argument(metavar="MATCH", help="The match: its code, teams or sport.")
]


def _option(metavar: str, help_: str) -> Any:
    return typer.Option(metavar=metavar, help=help_, show_default=False)


_Date = Annotated[str | None, _option("DATE", "The day of the match.")]
_Time = Annotated[str | None, _option("TIME", 'When it starts; "13:00 UTC-6" with its offset.')]
_End = Annotated[str | None, _option("TIME", "When it ends; before the start: the next day.")]
_Home = Annotated[str | None, _option("TEAM", "The first side: a team or a placeholder.")]
_Away = Annotated[str | None, _option("TEAM", "The second side.")]
_Game = Annotated[str | None, _option("TEXT", "What the match is called, if not by its sides.")]
_Group = Annotated[str | None, _option("TEXT", "Its group or round.")]
_Venue = Annotated[str | None, _option("NAME", "Its venue; a new one becomes a draft.")]
_City = Annotated[str | None, _option("NAME", "The city of the venue.")]
_Country = Annotated[str | None, _option("NAME", "The country.")]
_Region = Annotated[str | None, _option("NAME", "The region.")]
_Capacity = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="How many people fit; 0 is open.", show_default=False),
]
_Sport = Annotated[str | None, _option("NAME", "The sport; default: by the code.")]
_Description = Annotated[str | None, _option("TEXT", "Its short description.")]
_Long = Annotated[str | None, _option("TEXT", "Its long description.")]
_Medal = Annotated[
    bool | None,
    typer.Option(
        "--medal/--no-medal", help="Whether medals are decided there.", show_default=False
    ),
]
_Names = Annotated[str | None, _option("DATE", "The day by which guest names are due.")]
_Status = Annotated[str | None, _option("WORD", "SCHEDULED, LIVE, POSTPONED or CANCELLED.")]


@command(app, "import", writes=True)
def import_(
    session: Session,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A spreadsheet, CSV, JSON, a saved web page, or - for standard input.",
        ),
    ],
    shape: Annotated[
        str,
        typer.Option(
            metavar="SHAPE", help="auto, fifa, olympics or table; auto looks at the headers."
        ),
    ] = "auto",
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=HEADER",
            help="The header that a field has in the file. Repeatable; it is remembered.",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[str | None, _option("NAME", "The sheet, or the table of a web page.")] = None,
    header_row: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="The row of the headers, the last if two.", show_default=False
        ),
    ] = None,
    profile: Annotated[
        str | None, _option("NAME", "The name under which the mapping is remembered.")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Leave out the sessions whose rows fail.")
    ] = False,
    another_event: Annotated[
        bool, typer.Option("--another-event", help="Import it, although it shares few codes.")
    ] = False,
    dates: Dates = None,
    new: New = False,
) -> int:
    """Take the schedule from a file: new matches are added, changed ones are changed. Nothing is
    deleted, and what the file leaves blank stays unchanged.

    Columns are found by their headers. The fields of --map are code, date, time, end, home, away,
    game, group, venue, city, country, region, capacity, sport, category, description,
    long_description, medal. A mapping is remembered and used for the next file with these headers.

    Example: ticketops schedule import cup.csv --map time=kickoff --map home=team1 --map away=team2
    """
    from ticketops.domain.intake.mappings import given_mapping
    from ticketops.domain.schedule import shapes
    from ticketops.domain.schedule.importing import Options
    from ticketops.services import intake, schedule

    wanted = shape.strip().casefold()
    if wanted not in shapes.SHAPES:
        raise UsageError(f"--shape must be one of {', '.join(shapes.SHAPES)}, not {shape!r}")
    given = given_mapping(mapped or [], shapes.FIELDS)
    name = intake.option_text(profile or "", "profile", required=profile is not None)
    kept = session.planned(schedule.schedule_profiles()).result.profiles if name else []
    known = next((one for one in kept if same_name(one.name, name)), None)
    if name and known is None and not given:
        raise UsageError(f"no profile is called {name!r}", "give --map FIELD=HEADER to make it")
    table = schedule.read_file(file, sheet, header_row, known)
    asks = session.interactive and not session.dry_run
    if asks:
        given |= _asked(session, table, given, wanted, known)
    options = Options(
        shape=wanted,
        mapped=given,
        profile=name,
        sheet=sheet or "",
        header_row=header_row,
        dates=intake.date_order(dates, session.settings.dates),
        new=new,
        partial=partial,
        another=another_event,
        asks=asks,
        shows=session.dry_run,
    )
    job = schedule.schedule_import(table, options, session.settings)
    return session.run(job, lambda result: _imported(session, table.label, result))


def _asked(
    session: Session,
    table: ForeignTable,
    given: Mapping[str, str],
    shape: str,
    known: ProfileLine | None,
) -> dict[str, str]:
    """The columns that are only near the name of a field and are it, as the person at the terminal
    says: {field: header}. known: the profile that was named."""
    from ticketops.domain.schedule import shapes
    from ticketops.services import schedule

    kept = session.planned(schedule.schedule_profiles(table)).result.profiles
    own = known or next(iter(kept), None)
    if own is not None:
        given = {**own.mapping, **given}
        shape = own.shape if shape == shapes.AUTO else shape
    return {
        name: header
        for name, header in shapes.near_of(table, given, shape).items()
        if session.out.ask(f"is the column {header!r} the field {name}?", default=False)
    }


@command(app, "add", writes=True)
def add(
    session: Session,
    code: Annotated[str, typer.Argument(metavar="CODE", help="Its code: M105, ARC01.")],
    date: _Date = None,
    time: _Time = None,
    end: _End = None,
    home: _Home = None,
    away: _Away = None,
    game: _Game = None,
    group: _Group = None,
    venue: _Venue = None,
    city: _City = None,
    country: _Country = None,
    region: _Region = None,
    capacity: _Capacity = None,
    sport: _Sport = None,
    description: _Description = None,
    long_description: _Long = None,
    medal: _Medal = None,
    guest_names_due: _Names = None,
    status: _Status = None,
    dates: Dates = None,
    new: New = False,
) -> int:
    """Add a match to the schedule.

    Example: ticketops schedule add M105 --date 2026-07-20 --home Spain --away W101
    """
    from ticketops.services import schedule

    given = _given(session, locals())
    if "date" not in given:
        raise UsageError("--date is missing", "write it as 2026-06-11")
    job = schedule.schedule_add(code, given, session.settings, new=new)
    return session.run(job, lambda result: _set(session, result))


@command(app, "set", writes=True)
def set_(
    session: Session,
    match: _Match,
    date: _Date = None,
    time: _Time = None,
    end: _End = None,
    home: _Home = None,
    away: _Away = None,
    game: _Game = None,
    group: _Group = None,
    venue: _Venue = None,
    city: _City = None,
    country: _Country = None,
    region: _Region = None,
    capacity: _Capacity = None,
    sport: _Sport = None,
    description: _Description = None,
    long_description: _Long = None,
    medal: _Medal = None,
    guest_names_due: _Names = None,
    status: _Status = None,
    dates: Dates = None,
    new: New = False,
) -> int:
    """Change a match: its day, time, place, sides. "" blanks a field. A placeholder becomes a team so.

    Who holds tickets of a match that moves is reported.

    Example: ticketops schedule set M2 --home Spain
    """
    from ticketops.services import intake, schedule

    given = _given(session, locals())
    if not given:
        raise UsageError("nothing to set", "give --date, --time, --home or another option")
    job = schedule.schedule_set(
        intake.option_text(match, "match", required=True), given, session.settings, new=new
    )
    return session.run(job, lambda result: _set(session, result))


@command(app, "list")
def list_(
    session: Session,
    sport: Annotated[str, _option("NAME", "Only this sport.")] = "",
    stage: Annotated[str, _option("NAME", "Only this stage: group, semi-final.")] = "",
    team: Annotated[str, _option("NAME", "Only matches with this side.")] = "",
    venue: Annotated[str, _option("NAME", "Only this venue or city.")] = "",
    date: Annotated[str | None, _option("DATE", "Only this day.")] = None,
    medal: Annotated[bool, typer.Option("--medal", help="Only medal sessions.")] = False,
    to_csv: Csv = None,
    dates: Dates = None,
) -> int:
    """List the matches by day, medal sessions first within one."""
    from datetime import datetime

    from ticketops.domain.schedule.listing import Filters
    from ticketops.services import intake, schedule

    order = intake.date_order(dates, session.settings.dates)
    day = intake.option_date(date, "date", datetime.min, order) if date is not None else None
    filters = Filters(
        sport=intake.option_text(sport, "sport"),
        stage=intake.option_text(stage, "stage"),
        team=intake.option_text(team, "team"),
        venue=intake.option_text(venue, "venue"),
        day=day,
        medal=medal,
    )
    plan = session.planned(schedule.schedule_list(filters))
    lines = plan.result.lines
    if to_csv is not None:
        text = listing.csv_text(*_every(lines))
        listing.to_file(session, to_csv, text, counted(len(lines), "row"))
    else:
        columns = [(header, of) for header, of in _COLUMNS if any(of(one) for one in lines)]
        session.out.table(
            [header for header, _ in columns],
            [[of(one) for _, of in columns] for one in lines],
            first=("Date", "Time", "Game", "Stage"),
        )
        if not lines:
            session.out.line("no match: `ticketops schedule import FILE` takes a schedule over")
    if not session.out.as_json:
        session.out.findings(plan.findings)
    return session.finish(plan.result, plan.findings)


@command(app, "show")
def show(session: Session, match: _Match) -> int:
    """Show one match whole: what is known of it, who holds tickets, what became of it."""
    from ticketops.services import intake, schedule

    job = schedule.schedule_show(intake.option_text(match, "match", required=True))
    plan = session.plan_of(job)
    if not session.out.as_json:
        _shown(session, plan.result)
        session.out.findings(plan.findings)
    return session.finish(plan.result, plan.findings)


@command(app, "profiles")
def profiles(session: Session) -> int:
    """List the mappings of files that are remembered, each with the fields it names."""
    from ticketops.services import schedule

    def show(result: Any) -> None:
        rows = [
            (one.name, one.shape, ", ".join(f"{k}={v}" for k, v in one.mapping.items()))
            for one in result.profiles
        ]
        session.out.table(("Profile", "Shape", "Mapping"), rows)
        if not rows:
            session.out.line(
                "no mapping is remembered: `ticketops schedule import --map` makes one"
            )

    return session.look(schedule.schedule_profiles(), show)


def _given(session: Session, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say, as {field: value}; None for one that is blanked. Raises UsageError."""
    from ticketops.services import schedule

    order = options["dates"] or session.settings.dates
    texts = {name: options[name] for name in schedule.GIVEN if options[name] is not None}
    return schedule.given(texts, order)


def _imported(session: Session, label: str, result: ScheduleImported) -> None:
    out = session.out
    out.line(
        f"{label} · {result.shape} · {counted(result.sessions, 'session')} · "
        f"{result.matches_new:,} new, {result.matches_changed:,} changed, "
        f"{result.matches_unchanged:,} unchanged, {result.matches_missing:,} missing"
    )
    counts = (
        (result.sports, "sport"),
        (result.venues_new, "new venue"),
        (result.medal_sessions, "medal session"),
        (result.placeholders, "placeholder"),
    )
    parts = [counted(number, noun) for number, noun in counts if number]
    if result.categories:
        parts.append("1 category" if result.categories == 1 else f"{result.categories} categories")
    if parts:
        out.line(" · ".join(parts))
    out.line(
        "read from: " + ", ".join(f"{name} ← {header}" for name, header in result.columns.items())
    )
    if result.changed:
        rows = [(one.match, one.field, one.was or "–", one.now or "–") for one in result.changed]
        out.table(("Match", "Field", "Was", "Now"), rows, title="changed")
    if result.missing:
        lost = [(one.match, one.sales, one.purchases) for one in result.missing]
        out.table(("Match", "Sales", "Purchases"), lost, title="missing in the file")
    venues = [(one.given, one.venue, f"{one.score:.2f}") for one in result.venues_matched]
    venues = [one for one in venues if one[2] != "1.00" or one[0] != one[1]]
    venues += [(name, "new", "–") for name in result.new_venues]
    if venues:
        out.table(("Venue", "Is", "Score"), venues, title="venues")
    if result.errors:
        wrong = [(one.row, one.code, one.message) for one in result.errors]
        headers = ("Row", "Error", "Why")
        listing.first_of(session, headers, wrong, "rows that fail", "--json has all")
    if result.refused:
        out.line("nothing was written: correct the rows, or give --partial")


def _set(session: Session, result: MatchSet) -> None:
    line = result.match
    if not result.changed and not result.added:
        session.out.line(f"{line.code} is already as you ask")
        return
    place = " · ".join(filter(None, (line.city, line.venue)))
    parts = (line.code, line.game, line.date, line.time, place)
    session.out.line(" · ".join(filter(None, parts)))
    if not result.added:
        rows = [(one.field, one.was or "–", one.now or "–") for one in result.changed]
        session.out.table(("Field", "Was", "Now"), rows)


def _shown(session: Session, result: MatchShown) -> None:
    out, line = session.out, result.line
    out.line(" · ".join(filter(None, (line.code, line.game, line.date, line.time))))
    until = f"{line.end}{' the next day' if result.until_next_day else ''}" if line.end else None
    said = (
        ("Stage", _stage(line)),
        ("Group", result.group),
        ("Sport", line.sport),
        ("Gender", line.gender),
        ("Home", _side(line.home, is_open=line.home_placeholder)),
        ("Away", _side(line.away, is_open=line.away_placeholder)),
        ("As imported", result.pairing if result.pairing != line.game else None),
        ("Ends", until),
        ("Minutes", result.minutes),
        ("Venue", line.venue),
        ("City", line.city),
        ("Country", result.country),
        ("Region", result.region),
        ("Capacity", _places(line)),
        ("Medal session", "yes" if line.medal else None),
        ("Status", line.status),
        ("Score", " · ".join(filter(None, (result.score, result.penalties, result.cards)))),
        ("Winner", result.winner),
        ("Runner-up", result.runner_up),
        ("Guest names due", result.guest_names_due),
        ("Dispatch deadline", result.dispatch_deadline),
        ("Categories", ", ".join(line.categories)),
        ("Description", result.description),
        ("Long description", result.long_description),
    )
    out.table(("Field", "Value"), [(name, value) for name, value in said if value])
    if result.clients:
        rows = [(one.client, one.tickets) for one in result.clients]
        out.table(("Client", "Tickets"), rows, title="clients")
    if result.trail:
        rows_ = [(one.at, one.user, one.action, one.side, one.was, one.now) for one in result.trail]
        out.table(("At", "User", "Action", "Side", "Was", "Now"), rows_, title="what became of it")


def _stage(line: ScheduleLine) -> str:
    from ticketops.model import stages

    return stages.named(line.stage) if line.stage else ""


def _side(text: str | None, *, is_open: bool) -> str | None:
    return f"{text} (open)" if text and is_open else text


def _places(line: ScheduleLine) -> str | None:
    if line.capacity is None:
        return None
    return f"{line.capacity:,}" if line.capacity else "open"


_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("Match", lambda one: one.code),
    ("Date", lambda one: one.date),
    ("Time", lambda one: one.time),
    ("Game", lambda one: one.game),
    ("Stage", _stage),
    ("Sport", lambda one: one.sport),
    ("Medal", lambda one: "medal" if one.medal else None),
    ("Venue", lambda one: " · ".join(filter(None, (one.city, one.venue)))),
    ("Capacity", _places),
    ("Status", lambda one: one.status if one.status != "SCHEDULED" else None),
)


def _every(lines: list[ScheduleLine]) -> tuple[list[str], list[list[Any]]]:
    """The header and the rows of a CSV file with every field."""
    from dataclasses import asdict, fields

    from ticketops.domain.schedule.listing import ScheduleLine as Line

    names = [one.name for one in fields(Line)]
    rows = [[_cell(asdict(line)[name]) for name in names] for line in lines]
    return names, rows


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value

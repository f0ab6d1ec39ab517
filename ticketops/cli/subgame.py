"""`ticketops subgame …` (§1 step 2, D31): the sub-games of matches."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.session import Dates, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.events import SESSION_TYPE

if TYPE_CHECKING:
    from ticketops.domain.catalogue.sub_game_rows import SubGameSet

app = command_group("subgame")
_CLOCK = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?![0-9])")

_Match = Annotated[str, typer.Argument(metavar="MATCH", help="The match: its code or its name.")]
_Type = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", help=f"One of {', '.join(SESSION_TYPE)}.", show_default=False
    ),
]
_Name = Annotated[
    str | None, typer.Option("--name", metavar="TEXT", help='What it is called; "" empties it.')
]
_Date = Annotated[
    str | None, typer.Option("--date", metavar="DATE", help='Its day (2026-06-11); "" empties it.')
]
_Time = Annotated[
    str | None,
    typer.Option(
        "--time",
        metavar="HH:MM",
        help='When it begins, with its zone if you like (15:00 UTC+2); "" empties it.',
    ),
]


@command(app, "add", writes=True)
def add(
    session: Session,
    match: _Match,
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE", help="A short code for it: letters, digits and hyphens (RACE, FP1)."
        ),
    ],
    type_: _Type = None,
    name: _Name = None,
    date: _Date = None,
    time: _Time = None,
    dates: Dates = None,
) -> int:
    """Add a sub-game to a match. Once a match has several, every purchase and sale names one.

    Example: ticketops subgame add M01 RACE --type RACE --name "Grand Prix" --date 2026-06-14
    """
    from ticketops.services import catalogue, intake

    given = _given(session, type_, name, date, time, dates)
    if "session_type" not in given:
        raise UsageError("--type is missing", f"one of {', '.join(SESSION_TYPE)}")
    job = catalogue.sub_game_add(intake.option_text(match, "match", required=True), code, given)
    return session.run(job, lambda result: _say(session, result))


@command(app, "set", writes=True)
def set_(
    session: Session,
    match: _Match,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The sub-game: its code or name.")],
    type_: _Type = None,
    name: _Name = None,
    date: _Date = None,
    time: _Time = None,
    dates: Dates = None,
) -> int:
    """Change the type, name, day or time of a sub-game."""
    from ticketops.services import catalogue, intake

    given = _given(session, type_, name, date, time, dates)
    if not given:
        raise UsageError("nothing to set", "give --type, --name, --date or --time")
    job = catalogue.sub_game_set(
        intake.option_text(match, "match", required=True),
        intake.option_text(code, "code", required=True),
        given,
    )
    return session.run(job, lambda result: _say(session, result))


@command(app, "list")
def list_(
    session: Session,
    match: Annotated[
        str, typer.Option("--match", metavar="MATCH", help="Only this match.", show_default=False)
    ] = "",
) -> int:
    """List the sub-games in _SUBGAMES."""
    from ticketops.services import catalogue

    columns: listing.Columns = (
        ("Match", "match"),
        ("SubGame", "sub_game"),
        ("Type", "session_type"),
        ("Name", "name"),
        ("Date", "date"),
        ("Time", "time"),
    )

    def show(result: Any) -> None:
        listing.table(session, result.sub_games, columns)
        if not result.sub_games:
            session.out.line("there are no sub-games: every match is one")

    return session.look(catalogue.sub_game_list(match), show)


def _given(
    session: Session,
    type_: str | None,
    name: str | None,
    date: str | None,
    time: str | None,
    dates: str | None,
) -> dict[str, Any]:
    """The cells that options say. Raises UsageError."""
    from ticketops.model.spelling import choice
    from ticketops.services import intake

    given: dict[str, Any] = {}
    if type_ is not None:
        given["session_type"] = choice(type_, SESSION_TYPE)
        if given["session_type"] is None:
            raise UsageError(f"--type must be one of {', '.join(SESSION_TYPE)}, not {type_!r}")
    if name is not None:
        given["name"] = intake.option_text(name, "name") or None
    if date is not None:
        order = intake.date_order(dates, session.settings.dates)
        given["date"] = intake.option_date(date, "date", datetime.now(), order) if date else None
    if time is not None:
        given["time"] = intake.option_text(time, "time") or None
        if given["time"] and not _CLOCK.match(given["time"]):
            raise UsageError(f"--time must begin with HH:MM, not {time!r}")
    return given


def _say(session: Session, result: SubGameSet) -> None:
    one = result.sub_game
    parts = (f"{one.match}/{one.sub_game}", one.session_type, one.name)
    if not result.changed:
        session.out.line(f"{one.match}/{one.sub_game} is already as you ask")
        return
    when = f"{one.date:%Y-%m-%d}" if one.date else None
    session.out.line(" · ".join(filter(None, (*parts, when, one.time))))

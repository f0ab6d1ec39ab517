"""The commands of `ticketops schedule` for results: what came out of matches, the standings, and what
decides beside them (§1a.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.session import New, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketops.domain.schedule.facts import FactsEntered
    from ticketops.domain.schedule.ladder import Standings
    from ticketops.domain.schedule.resolving import SideResolved
    from ticketops.domain.schedule.results import ResultEntered
    from ticketops.domain.schedule.standings import Standing

app = command_group("schedule")

_File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A spreadsheet, CSV, JSON, a saved web page, or - for standard input."
    ),
]
_Sheet = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The sheet, or the table of a web page.", show_default=False),
]


@command(app, "result", writes=True)
def result(
    session: Session,
    match: Annotated[str, typer.Argument(metavar="MATCH", help="The match: its code or its name.")],
    score: Annotated[
        str | None,
        typer.Option(metavar="H-A", help="Its goals, home first (2-1).", show_default=False),
    ] = None,
    penalties: Annotated[
        str | None,
        typer.Option(
            metavar="H-A",
            help="The penalties of a knockout match that ended in a draw (4-3).",
            show_default=False,
        ),
    ] = None,
    cards: Annotated[
        str | None,
        typer.Option(
            metavar="HOME/AWAY",
            help="The cards of both sides, home first (2Y+1R/1YY): Y yellow, YY second yellow, R red, YR yellow and then red; 0 for none.",
            show_default=False,
        ),
    ] = None,
    winner: Annotated[
        str | None,
        typer.Option(metavar="TEAM", help="Who won, where there is no score.", show_default=False),
    ] = None,
    runner_up: Annotated[
        str | None,
        typer.Option("--runner-up", metavar="TEAM", help="Who came second.", show_default=False),
    ] = None,
    correct: Annotated[
        bool, typer.Option("--correct", help="Replace the result that the match has.")
    ] = False,
) -> int:
    """Enter the result of a match. Sides that wait for it become teams, to the last pairing, and Game
    follows in every sheet.

    Example: ticketops schedule result M74 --score 1-1 --penalties 4-3
    """
    from ticketops.domain.schedule.results import Given
    from ticketops.services import intake, tournament

    job = tournament.schedule_result(
        intake.option_text(match, "match", required=True),
        Given(score, penalties, cards, winner, runner_up),
        correct=correct,
    )
    return session.run(job, lambda entered: _say_result(session, entered))


@command(app, "standings")
def standings(
    session: Session,
    group: Annotated[
        str, typer.Argument(metavar="GROUP", help="Only this group (A).", show_default=False)
    ] = "",
) -> int:
    """Show the groups in their order, what is clinched, and which fact decides what is not decided.

    The rules are those of the year in which the event starts.
    """
    from ticketops.services import tournament

    def show(shown: Standings) -> None:
        for name, lines in shown.groups.items():
            _table(session, f"Group {name}", lines, shown.possible.get(name, {}))
        if shown.thirds:
            _table(session, "Third-placed teams", shown.thirds, {})
        for tie in shown.unresolved:
            if any(one.played for one in shown.groups.get(tie.group, shown.thirds)):
                where = "Third-placed teams" if tie.group == "thirds" else f"Group {tie.group}"
                session.out.line(f"{where}, place {tie.rank}: {tie.missing} is missing")
        if not shown.groups:
            session.out.line("no match of the schedule is of a group")

    return session.look(tournament.schedule_standings(group), show)


@command(app, "team", writes=True)
def team(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="TEAM", help="The team, as the schedule has it.")],
    ranking: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Its place in the FIFA ranking.", show_default=False),
    ] = None,
    lot: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Its place in a drawing of lots.", show_default=False
        ),
    ] = None,
    conduct: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            max=0,
            help="Its points for fair play (-4), in the place of what the cards of its matches say.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="LETTER", help="Its group, where no match says it.", show_default=False
        ),
    ] = None,
    new: New = False,
) -> int:
    """Record what decides between teams that are level.

    Example: ticketops schedule team Spain --ranking 1
    """
    from ticketops.services import intake, tournament

    given = {"ranking": ranking, "lot": lot, "conduct": conduct, "group": group}
    told = {field: value for field, value in given.items() if value is not None}
    if not told:
        raise UsageError("nothing to record", "give --ranking, --lot, --conduct or --group")
    job = tournament.schedule_team(intake.option_text(name, "team", required=True), told, new=new)
    return session.run(job, lambda entered: _say_facts(session, entered, "team"))


@command(app, "teams", writes=True)
def teams(session: Session, file: _File, sheet: _Sheet = None, new: New = False) -> int:
    """Record what decides between teams from a file with the columns team and ranking, lot or
    conduct."""
    from ticketops.services import tournament

    job = tournament.schedule_teams(tournament.team_lines(file, sheet), new=new)
    return session.run(job, lambda entered: _say_facts(session, entered, "team"))


@command(app, "thirds", writes=True)
def thirds(session: Session, file: _File, sheet: _Sheet = None) -> int:
    """Record which third-placed team plays against which group winner, from a table of the
    organiser.

    A row for each set of groups whose third goes through: columns groups and pairings (ABCD,
    1A:3C 1B:3D), or a column for each group winner (1A, 1B) with its third (3C or C).
    """
    from ticketops.services import tournament

    job = tournament.schedule_thirds(tournament.thirds_lines(file, sheet))
    return session.run(job, lambda entered: _say_facts(session, entered, "row"))


def _table(
    session: Session, title: str, lines: Sequence[Standing], possible: dict[str, list[int]]
) -> None:
    columns: list[tuple[str, Any]] = [
        ("", "rank"),
        (title, "team"),
        ("P", "played"),
        ("W", "won"),
        ("D", "drawn"),
        ("L", "lost"),
        ("Goals", lambda one: f"{one.gf}:{one.ga}"),
        ("Diff", lambda one: f"{one.gd:+d}" if one.gd else "0"),
        ("Pts", "points"),
        ("Decided by", lambda one: one.decided_by.lower().replace("_", " ")),
    ]
    if possible:
        columns.append(("Places left", lambda one: _places(possible.get(one.team, []))))
    listing.table(session, lines, columns)


def _places(places: list[int]) -> str:
    """`1–3`, or what is clinched."""
    if len(places) == 1:
        return f"{places[0]}, clinched"
    return f"{places[0]}–{places[-1]}" if places else ""


def _say_result(session: Session, entered: ResultEntered) -> None:
    won = f"{entered.winner} won" if entered.winner else "a draw"
    against = f" against {entered.runner_up}" if entered.winner and entered.runner_up else ""
    session.out.line(f"{entered.match}: {won}{against}")
    _say_sides(session, entered.resolved)
    for one in entered.unresolved:
        session.out.line(f"{one.match} {one.side.lower()} is open: {one.why}")


def _say_facts(session: Session, entered: FactsEntered, noun: str) -> None:
    parts = (
        f"{counted(len(entered.added), noun)} added",
        f"{len(entered.changed):,} changed",
        f"{entered.unchanged:,} unchanged",
    )
    session.out.line(", ".join(parts))
    _say_sides(session, entered.resolved)


def _say_sides(session: Session, resolved: Sequence[SideResolved]) -> None:
    for one in resolved:
        session.out.line(f"{one.match} {one.side.lower()}: {one.was} → {one.now}")

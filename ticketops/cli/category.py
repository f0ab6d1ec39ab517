"""`ticketops category …` (§1 step 3): the categories of matches and sub-games."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group

if TYPE_CHECKING:
    from ticketops.domain.catalogue.category_rows import CategorySet

app = command_group("category")

_Name = Annotated[str, typer.Argument(metavar="CATEGORY", help="The name of the category.")]
_Match = Annotated[
    str,
    typer.Option(
        "--match",
        metavar="MATCH",
        help="The match: its code or its name; with its sub-game: M01/RACE.",
    ),
]
_SubGame = Annotated[
    str,
    typer.Option(
        "--subgame", metavar="CODE", help="Only this sub-game of the match.", show_default=False
    ),
]


@command(app, "set", writes=True)
def set_(
    session: Session,
    category: _Name,
    match: _Match,
    subgame: _SubGame = "",
    level: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Its rank: 1 is the best. Several categories may share one.",
            show_default=False,
        ),
    ] = None,
    capacity: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="How many seats it has.", show_default=False),
    ] = None,
) -> int:
    """Name a category of a match, or of one of its sub-games, and its level. From then on the match
    has only the categories that are named.

    Example: ticketops category set "Paddock Club" --match M01 --subgame RACE --level 1
    """
    from ticketops.services import catalogue, intake

    given = {"level": level, "capacity": capacity}
    job = catalogue.category_set(
        intake.option_text(match, "match", required=True),
        intake.option_text(subgame, "subgame"),
        intake.option_text(category, "category", required=True),
        {name: value for name, value in given.items() if value is not None},
    )
    return session.run(job, lambda result: _say(session, result))


@command(app, "remove", writes=True)
def remove(session: Session, category: _Name, match: _Match, subgame: _SubGame = "") -> int:
    """Take a category away that no purchase, sale, unit or ticket uses."""
    from ticketops.services import catalogue, intake

    job = catalogue.category_remove(
        intake.option_text(match, "match", required=True),
        intake.option_text(subgame, "subgame"),
        intake.option_text(category, "category", required=True),
    )
    return session.run(job, lambda result: _say(session, result))


@command(app, "list")
def list_(
    session: Session,
    match: Annotated[
        str,
        typer.Option(
            "--match",
            metavar="MATCH",
            help="What this match has, also by its scheme.",
            show_default=False,
        ),
    ] = "",
) -> int:
    """List the categories in _CATEGORIES; of one match all that it has."""
    from ticketops.services import catalogue

    columns: listing.Columns = (
        ("Match", "match"),
        ("SubGame", "sub_game"),
        ("Category", "category"),
        ("Level", "level"),
        ("Capacity", "capacity"),
        ("Scheme", "scheme"),
    )

    def show(result: Any) -> None:
        listing.table(session, result.categories, columns)
        if not result.categories:
            session.out.line("no category is named: matches have those of their scheme")

    return session.look(catalogue.category_list(match), show)


def _say(session: Session, result: CategorySet) -> None:
    one = result.category
    where = f"{one.match}/{one.sub_game}" if one.sub_game else one.match
    if not result.changed:
        session.out.line(f"{where} {one.category} is already as you ask")
        return
    if result.changed == ["removed"]:
        session.out.line(f"{where} · {one.category} removed")
        return
    seats = f"{one.capacity:,} seats" if one.capacity is not None else None
    parts = (where, one.category, f"level {one.level}", seats)
    session.out.line(" · ".join(filter(None, parts)))

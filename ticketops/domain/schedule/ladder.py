"""The groups as people read them: `schedule standings`."""

from __future__ import annotations

from dataclasses import dataclass

from ticketops.domain.plan import Plan
from ticketops.domain.schedule.bracket import Bracket, bracket
from ticketops.domain.schedule.groups import GroupKey
from ticketops.domain.schedule.sides import SideKind
from ticketops.domain.schedule.standings import Standing, Table
from ticketops.errors import NotFoundError
from ticketops.model.spelling import tidy
from ticketops.schema.tables import Snapshot

THIRDS = "thirds"
"""In the place of the name of a group: the third-placed teams."""


@dataclass(frozen=True, slots=True)
class TieLine:
    """Teams that no entered fact decides between. group: `thirds` for the third-placed teams;
    missing: the fact that would decide next."""

    group: str
    rank: int
    teams: list[str]
    missing: str


@dataclass(frozen=True, slots=True)
class Standings:
    """The groups as they are. left: {group: matches that are still to be played}; possible: {group:
    {team: the places that points still leave it}}, of groups that are not over: a single place is
    clinched; thirds: the third-placed teams of groups whose third place is decided now, where
    the schedule has places for them."""

    rules: str
    groups: dict[str, list[Standing]]
    left: dict[str, int]
    possible: dict[str, dict[str, list[int]]]
    thirds: list[Standing]
    unresolved: list[TieLine]


def standings(snapshot: Snapshot, wanted: str) -> Plan:
    """The groups, or one of them. wanted: `A`, `Group A`, `FBL W A`; "" for all. Raises NotFoundError
    for none."""
    one = bracket(snapshot)
    names = _names(one)
    if wanted:
        said = tidy(wanted).casefold().removeprefix("group").strip()
        names = {
            key: name for key, name in names.items() if said in (name.casefold(), key[1].casefold())
        }
        if not names:
            known = ", ".join(_names(one).values())
            raise NotFoundError(
                f"the schedule has no group {wanted!r}",
                f"it has {known}" if known else "no match of it is of a group",
            )
    unresolved = [tie for key, name in names.items() for tie in _ties(name, one.tables[key])]
    thirds: list[Standing] = []
    competitions = {key[0] for key in names}
    has_places = any(seen.side.kind is SideKind.THIRD for seen in one.sides.values())
    if not wanted and has_places and len(competitions) == 1:
        table = one.thirds_of(competitions.pop())
        thirds = list(table.standings)
        unresolved += _ties(THIRDS, table)
    open_ = {key: group for key, group in one.groups.items() if key in names and group.left}
    return Plan(
        result=Standings(
            one.rules.value,
            {name: list(one.tables[key].standings) for key, name in names.items()},
            {names[key]: group.left for key, group in open_.items()},
            {
                names[key]: {team: list(places) for team, places in found.items()}
                for key, group in open_.items()
                if (found := group.possible(one.rules)) is not None
            },
            thirds,
            unresolved,
        )
    )


def _names(one: Bracket) -> dict[GroupKey, str]:
    """{group: what it is called}: its letter, with its competition where there are several."""
    several = len({key[0] for key in one.groups}) > 1
    ordered = sorted(one.groups)
    return {key: f"{key[0].called} {key[1]}".strip() if several else key[1] for key in ordered}


def _ties(group: str, table: Table) -> list[TieLine]:
    return [TieLine(group, tie.rank, list(tie.teams), tie.missing) for tie in table.ties]

"""Which column of a foreign schedule is which of our fields: by its shape, by a mapping that is given or
remembered, or by what its headers are called (§1a.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ticketops.domain.intake.mappings import Field, given_places, listed, plain
from ticketops.domain.schedule.sides import parse_pairing
from ticketops.errors import InputError
from ticketops.model import spelling
from ticketops.schema.foreign import ForeignTable, Row

AUTO, FIFA_SHEET, OLYMPICS, TABLE = "auto", "fifa", "olympics", "table"
SHAPES = (AUTO, FIFA_SHEET, OLYMPICS, TABLE)
KIND = "schedule"
"""What `_IMPORT_PROFILES` calls a mapping of schedules."""


FIELDS = (
    Field(
        "code",
        (
            *("sessioncode", "mno", "matchcode", "matchno", "matchnumber", "matchnum", "matchid"),
            *("match", "session", "gameno", "gamenumber", "number", "num", "no", "nr", "sessionid"),
        ),
    ),
    Field(
        "date",
        ("matchdate", "sessiondate", "gamedate", "datum", "startdate", "datetime", "dateandtime"),
    ),
    Field(
        "time",
        (
            *("start", "starttime", "kickoff", "kickofftime", "matchtime", "localtime", "ko"),
            *("timelocal", "sessionstart", "begin", "starts"),
        ),
    ),
    Field("end", ("endtime", "finish", "sessionend", "ends", "endstime")),
    Field(
        "home", ("hometeam", "team1", "teama", "team1name", "hometeamname", "teamshome", "homename")
    ),
    Field(
        "away",
        (
            *("awayteam", "team2", "teamb", "team2name", "awayteamname", "teamsaway", "awayname"),
            *("visitor", "visitors"),
        ),
    ),
    Field("game", ("teams", "fixture", "matchup", "pairing", "teamsordescription", "matchname")),
    Field("group", ("pool", "grp")),
    Field(
        "venue",
        (
            *("stadium", "citystadiums", "citystadium", "arena", "ground", "location", "place"),
            *("site", "venuename", "stadiumname"),
        ),
    ),
    Field("city", ("town", "hostcity", "venuecity")),
    Field("country", ("nation", "hostcountry")),
    Field("region", ("cluster",)),
    Field("capacity", ("cap", "venuecapacity")),
    Field("sport", ("disp", "discipline", "disciplinename")),
    Field("category", ("cat", "ticketcategory", "pricecategory", "categories")),
    Field(
        "description",
        (
            *("sdesc", "shortdesc", "shortdescription", "desc", "stage", "round", "phase"),
            *("roundname", "matchday"),
        ),
    ),
    Field("long_description", ("longdesc", "longdescription", "details")),
    Field("medal", ("medalsession", "medals", "ismedalsession")),
)
_DAY = Field("day", ("weekday", "dayofweek"))
"""Beside the others: it follows from the date, and is kept as a file writes it."""
_SHAPED: Mapping[str, tuple[str, ...]] = {
    OLYMPICS: (
        *("sessioncode", "category", "disp", "date", "day", "venue", "capacity", "start", "end"),
        *("sdesc", "longdesc", "medal"),
    ),
    FIFA_SHEET: (
        *("day", "date", "mno", "game", "group", "time", "citystadiums", "country", "region"),
        "capacity",
    ),
}
"""The headers of the two shapes of §1a.1."""
_TELLING: Mapping[str, tuple[str, ...]] = {
    OLYMPICS: ("sessioncode", "disp"),
    FIFA_SHEET: ("mno", "game", "citystadiums"),
}
"""Those of them that no other table has."""
_NEAR = 0.8


class Columns(Struct, frozen=True):
    """How a file is read. places: {field: place of its column}; headers: {field: its header};
    near: {field: a header that may be it}; unused: headers that nothing is read from."""

    shape: str
    places: dict[str, int]
    headers: dict[str, str]
    near: dict[str, str]
    unused: list[str]


def mapping_of(table: ForeignTable, given: Mapping[str, str], shape: str = AUTO) -> Columns:
    """How a file is read. given: {field: header}, whatever the headers are called.

    Raises UsageError for a header that the file lacks, InputError for a file without matches, or
    not of the shape that was named.
    """
    columns = _columns(table, given, shape)
    if "code" not in columns.places:
        near = columns.near.get("code", "")
        raise InputError(
            f"{table.label} has no column with the codes of its matches",
            f"it has {listed(table)}; --map code={near!r} takes it from {near!r}"
            if near
            else f"it has {listed(table)}; --map code=HEADER names it",
        )
    return columns


def near_of(table: ForeignTable, given: Mapping[str, str], shape: str = AUTO) -> dict[str, str]:
    """{field: a header that may be it}, of fields that no header is certain to be. Raises as
    `mapping_of` does, but not for a file without matches."""
    return _columns(table, given, shape).near


def _columns(table: ForeignTable, given: Mapping[str, str], shape: str) -> Columns:
    keys = [plain(header) for header in table.headers]
    places = given_places(table, keys, given, shared={"date", "time"})
    found = _shape(keys) if shape == AUTO else shape
    if found in _SHAPED and shape != AUTO:
        missing = [name for name in _TELLING[found] if name not in keys]
        if missing and not given:
            raise InputError(
                f"{table.label} is not of the shape {found}: it has no column {', '.join(missing)}",
                f"it has {listed(table)}; --shape table takes any other",
            )
    near: dict[str, str] = {}
    taken = set(places.values())
    for field in (*FIELDS, _DAY):
        if field.name in places or field.name in given:
            continue
        at = _place(field, keys, taken, table.rows)
        if at is not None:
            places[field.name] = at
            taken.add(at)
    free = [at for at, key in enumerate(keys) if key and at not in taken]
    for field in FIELDS:
        if field.name not in places and field.name not in given:
            names = (plain(field.name), *field.called)
            here = [at for at in free if spelling.nearest(keys[at], names, cutoff=_NEAR)]
            if here and table.headers[here[0]] not in near.values():
                near[field.name] = table.headers[here[0]]
    order = [field.name for field in (*FIELDS, _DAY)]
    places = {name: places[name] for name in order if name in places}
    headers = {name: table.headers[at] for name, at in places.items()}
    return Columns(found, places, headers, near, [table.headers[at] for at in free])


def _shape(keys: Sequence[str]) -> str:
    for shape, headers in _SHAPED.items():
        has = sum(header in keys for header in headers)
        if all(one in keys for one in _TELLING[shape]) and has >= len(headers) - 3:
            return shape
    return TABLE


def _place(field: Field, keys: Sequence[str], taken: set[int], rows: Sequence[Row]) -> int | None:
    """The column that is called as a field, its own name first. A column `Match` that names teams is
    the game, one that counts is the code."""
    for name in (plain(field.name), *field.called):
        for at, key in enumerate(keys):
            if at in taken or key != name:
                continue
            if field.name == "code" and key in ("match", "session") and _names_teams(rows, at):
                continue
            return at
    if field.name == "game":
        return next(
            (
                at
                for at, key in enumerate(keys)
                if at not in taken and key == "match" and _names_teams(rows, at)
            ),
            None,
        )
    return None


def _names_teams(rows: Sequence[Row], at: int) -> bool:
    """Whether most cells of a column name two teams."""
    texts = [text for row in rows[:50] if (text := row.text(at))]
    return sum(parse_pairing(text) is not None for text in texts) * 2 > len(texts)

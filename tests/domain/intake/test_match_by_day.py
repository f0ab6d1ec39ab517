"""A match that a line names by its day and its venue (§3, §4): one, or the candidates."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from tests.desk import everything
from tests.domain.intake.trade_files import FileDesk
from ticketops.config import Settings
from ticketops.schema.layouts.event import PURCHASES
from ticketops.services import schedule

PLACES = {
    "M01": ("Mexico", "South Africa", "2026-06-11", "Mexico City", "Estadio Azteca"),
    "M02": ("South Korea", "Denmark", "2026-06-11", "Guadalajara", "Estadio Akron"),
    "M12": ("Spain", "Italy", "2026-06-15", "Miami", "Hard Rock Stadium"),
    "M13": ("Ghana", "Peru", "2026-06-15", "Miami", "Hard Rock Stadium"),
    "M80": ("Mexico", "South Africa", "2026-07-01", "Atlanta", "Mercedes-Benz Stadium"),
}


@functools.cache
def _stand() -> FileDesk:
    desk = FileDesk(matches={})
    for code, (home, away, day, city, venue) in PLACES.items():
        said = schedule.given(
            {"date": day, "home": home, "away": away, "city": city, "venue": venue}, ""
        )
        desk.do(schedule.schedule_add(code, said, Settings(), new=True))
    return desk


@pytest.fixture
def desk() -> FileDesk:
    return FileDesk(_stand())


def matches(desk: FileDesk) -> list[Any]:
    return list(desk.rows(PURCHASES, "match"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Match date,Stadium,Cat,Qty,Price\n11/06/2026,Estadio Azteca,1,2,100\n2026-06-13,x,1,2,100\n", None),
        ("Match date,Stadium,Cat,Qty,Price\n11.6.2026,estadio azteca,C1,2,100\n15.06.2026,,C1,2,100\n", None),
        ("Match date,Stadium,Cat,Qty,Price\n11.6.2026,estadio azteca,C1,2,100\n", ["M01"]),
        ("Date;Venue;Cat;Qty;Price\n2026-06-11;Akron;C1;2;100\n2026-07-01;Atlanta;C1;2;100\n", ["M02", "M80"]),
        ("Spieltag;Stadion;Cat;Qty;Price\n11.06.2026;Mexico City (Estadio Azteca);C1;2;100\n", ["M01"]),
        ("Matchday,Cat,Qty,Price\n2026-07-01,C1,2,100\n", ["M80"]),
        ("Game,Match date,Cat,Qty,Price\nMexico vs South Africa,2026-07-01,C1,2,100\n", ["M80"]),
        ("Game,Match date,Venue,Cat,Qty,Price\nMexico,2026-06-11,Azteca,C1,2,100\n", ["M01"]),
    ],
)  # fmt: skip
def test_the_one_match_of_a_day_and_a_venue_is_meant(
    desk: FileDesk, text: str, wanted: list[str] | None
) -> None:
    before = everything(desk.store)
    result = desk.take(text, vendor="Bee Seats")
    if wanted is None:
        assert result.refused
        assert everything(desk.store) == before
    else:
        assert result.rejected == []
        assert matches(desk) == wanted


@pytest.mark.parametrize(
    ("day", "venue", "code", "suggestion"),
    [
        ("2026-06-15", "Miami", "UNCLEAR_MATCH", "M12 Spain vs Italy or M13 Ghana vs Peru"),
        ("2026-06-11", "", "UNCLEAR_MATCH", "M01 Mexico vs South Africa or M02 South Korea vs Denmark"),
        ("2026-06-11", "Miami", "UNKNOWN_MATCH", "that day are M01 Mexico vs South Africa, M02 South Korea vs Denmark"),
        ("2026-06-14", "Miami", "UNKNOWN_MATCH", "the schedule has none that day"),
        ("14 June", "Miami", "BAD_DATE", ""),
    ],
)  # fmt: skip
def test_none_or_several_are_said_with_candidates(
    desk: FileDesk, day: str, venue: str, code: str, suggestion: str
) -> None:
    result = desk.take(
        f"match date,venue,category,qty,price\n{day},{venue},Cat 1,2,100\n", vendor="Bee Seats"
    )
    (wrong,) = result.rejected
    assert (wrong.code, wrong.column, wrong.value) == (code, "match date", day)
    assert wrong.suggestion == suggestion


def test_a_match_on_another_day_is_taken_and_said(desk: FileDesk) -> None:
    plan = desk.plan(
        "match,match date,category,qty,price\nM12,2026-06-16,Cat 1,2,100\n", vendor="Bee Seats"
    )
    assert matches(desk) == ["M12"]
    (said,) = [one.message for one in plan.findings if one.code == "DATE_DIFFERS"]
    assert said == "line 2: M12 is on 2026-06-15, but the file says 2026-06-16"


def test_the_date_of_a_purchase_stays_that_where_the_match_is_named(desk: FileDesk) -> None:
    desk.take(
        "date,match,venue,category,qty,price\n2026-03-01,M12,x,Cat 1,2,100\n", vendor="Bee Seats"
    )
    assert [f"{day:%Y-%m-%d}" for day in desk.rows(PURCHASES, "date")] == ["2026-03-01"]

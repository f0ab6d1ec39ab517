"""Tables ("Convert to table") and alternating colours: they are kept, and reach over new rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.google.errors import Json
from tests.online import Google
from tests.stores.gsheets.fixtures import content, desk_with_stock, quick, rows_of, stocked
from ticketops.errors import TicketopsError, UnusableError
from ticketops.schema.layouts.event import DISTRIBUTION, SALES

WIDE = 14


def frame(google: Google, key: str, end: int | None, *, top: int = 0, left: int = 0) -> Json:
    area: Json = {
        "sheetId": google.server.sheet(key, SALES).id,
        "startRowIndex": top,
        "startColumnIndex": left,
        "endColumnIndex": left + WIDE,
    }
    return area if end is None else area | {"endRowIndex": end}


def tabled(google: Google, key: str, end: int, **where: int) -> None:
    """Another user converts rows of Sales to a table, and colours them in turn."""
    of = frame(google, key, end, **where)
    looks = {"headerColorStyle": {"rgbColor": {"red": 1}}}
    google.server.request(
        key,
        {"addTable": {"table": {"tableId": "T1", "name": "Sales_1", "range": of}}},
        {"addBanding": {"bandedRange": {"bandedRangeId": 7, "range": of, "rowProperties": looks}}},
    )


def ends(google: Google, key: str) -> list[int]:
    sheet = google.server.sheet(key, SALES)
    held: list[Any] = [*sheet.tables.values(), *sheet.banding.values()]
    return [one["range"]["endRowIndex"] for one in held]


def test_tables_and_bands_reach_over_new_rows(google: Google) -> None:
    key = stocked(google)
    tabled(google, key, 2)
    before = google.server.sheet(key, SALES).banding[7]
    for end in (3, 4):
        Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
        assert ends(google, key) == [end, end]
    held = google.server.sheet(key, SALES).banding[7]
    assert held | {"range": None} == before | {"range": None}
    assert held["range"] == before["range"] | {"endRowIndex": 4}
    assert google.server.sheet(key, SALES).tables["T1"]["name"] == "Sales_1"


@pytest.mark.parametrize(
    ("end", "where"),
    [(10, {}), (2, {"left": 20}), (8, {"top": 6})],
    ids=["reaches further", "stands beside", "stands below"],
)
def test_those_that_need_not_grow_stay(google: Google, end: int, where: dict[str, int]) -> None:
    key = stocked(google)
    google.server.sheet(key, SALES).column_count = 40
    tabled(google, key, end, **where)
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert ends(google, key) == [end, end]


def test_totals_at_the_foot_of_a_table_stay_in_it(google: Google) -> None:
    key = stocked(google)
    google.server.set(key, SALES, 3, 1, "Total")
    tabled(google, key, 3)
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert google.server.rows(key, SALES)[3][0] == "Total"
    assert ends(google, key) == [4, 4]


def test_a_table_that_is_in_the_way_refuses_the_whole(google: Google) -> None:
    key = stocked(google)
    tabled(google, key, 2)
    of = frame(google, key, 5, top=2)
    google.server.request(key, {"addTable": {"table": {"tableId": "T2", "range": of}}})
    before = content(google.server, key)
    with pytest.raises(TicketopsError, match="overlaps another one"):
        Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert content(google.server, key) == before


def test_a_table_whose_columns_have_no_end_grows_too(google: Google) -> None:
    key = stocked(google)
    sheet = google.server.sheet(key, DISTRIBUTION)
    of = {"sheetId": sheet.id, "startRowIndex": 0, "endRowIndex": 4}
    google.server.request(key, {"addTable": {"table": {"tableId": "T1", "range": of}}})
    Desk(quick(google, key)).sell(("M01", "Cat 1", 3))
    rows = len(google.server.rows(key, DISTRIBUTION))
    (left,) = google.server.sheet(key, DISTRIBUTION).tables.values()
    assert left["range"]["endRowIndex"] == rows == 7


@pytest.mark.parametrize("beside", ["", "Our own"], ids=["nothing beside", "their column beside"])
def test_tables_and_bands_reach_over_new_columns(google: Google, beside: str) -> None:
    """Those that end where ours are added; what another column parts from them stays apart."""
    rows = rows_of(desk_with_stock())
    gone = 2
    width = len(rows[SALES][0]) - gone
    header = rows[SALES][0]
    rows[SALES] = [[*row[:width], *([beside] * (beside != ""))] for row in rows[SALES]]
    key = google.new(rows)
    for kind in ("addTable", "addBanding"):
        of = frame(google, key, 2) | {"endColumnIndex": width}
        name = {"addTable": "table", "addBanding": "bandedRange"}[kind]
        google.server.request(key, {kind: {name: {"range": of}}})
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    seen = google.server.rows(key, SALES)[0]
    assert set(header) <= set(seen)
    assert len(seen) == width + gone + (beside != "")
    sheet = google.server.sheet(key, SALES)
    held = [*sheet.tables.values(), *sheet.banding.values()]
    right = width if beside else width + gone
    assert [(one["range"]["endColumnIndex"], one["range"]["endRowIndex"]) for one in held] == [
        (right, 3)
    ] * 2


def test_half_a_character_is_one_line(google: Google) -> None:
    store = quick(google, stocked(google))
    with pytest.raises(UnusableError, match="half a character"):
        store.connection.drive("post", json={"name": "half \ud83c"})

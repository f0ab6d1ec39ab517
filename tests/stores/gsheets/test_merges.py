"""Merged cells: Google keeps one value for all of them, and what is written into a cell that they
cover is gone without a word. Nothing is written there."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.google.server import Request
from tests.online import Google
from tests.stores.gsheets.fixtures import (
    ENTRY,
    asked,
    content,
    fault,
    interrupted,
    is_locked,
    quick,
    stocked,
)
from ticketops.errors import ConflictError, SpliceError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import SALES

CLIENT, CONTRACT = "Client", "Contract"


def merge(google: Google, key: str, top: int, left: int, bottom: int, right: int) -> None:
    """Another user merges cells of Sales; from 1, ends included."""
    area = {
        "sheetId": google.server.sheet(key, SALES).id,
        "startRowIndex": top - 1,
        "startColumnIndex": left - 1,
        "endRowIndex": bottom,
        "endColumnIndex": right,
    }
    google.server.request(key, {"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}})


def sales(google: Google, key: str) -> list[int]:
    """The rows with a SalesID."""
    rows = google.server.rows(key, SALES)
    place = rows[0].index("SalesID")
    return [n for n, row in enumerate(rows, start=1) if n > 1 and len(row) > place and row[place]]


def test_sales_go_round_merged_rows(google: Google) -> None:
    key = stocked(google)
    merge(google, key, 3, 3, 4, 4)
    for _ in range(2):
        Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 5, 6]


def test_cells_merged_since_are_gone_round_the_next_time(google: Google) -> None:
    """Their rows are known from before, by this machine: the look before the commit sees them."""
    key = stocked(google)
    desk = Desk(quick(google, key))
    desk.sell(("M01", "Cat 1", 1))
    merge(google, key, 4, 3, 5, 4)
    before = content(google.server, key)
    with pytest.raises(ConflictError, match=r"lies inside merged cells \(C4:D5\)") as refused:
        Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert "run the command again" in str(refused.value.hint)
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 3, 6]


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_cells_merged_meanwhile(google: Google, moment: int) -> None:
    """Before the cells are read, before the lock, before the look: no sale is half there."""
    key = stocked(google)
    desk = Desk(quick(google, key))
    desk.sell(("M01", "Cat 1", 1))
    with (
        interrupted(google.server, moment, lambda: merge(google, key, 4, 3, 5, 4)),
        pytest.raises(ConflictError, match="merged cells"),
    ):
        desk.sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 3]
    desk.sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 3, 6]


@pytest.mark.parametrize("answer", ["comes", "is lost"])
def test_what_a_merge_swallows_in_the_moment_of_the_write_is_named(
    google: Google, answer: str
) -> None:
    """It is made after the look: then the values that Google kept are told from those that it did
    not, also where the answer to the write is lost."""
    key = stocked(google)
    desk = Desk(quick(google, key))
    desk.sell(("M01", "Cat 1", 1))
    header = google.server.rows(key, SALES)[0]
    left = header.index(CLIENT) + 1
    assert header[left] == CONTRACT
    if answer == "is lost":
        google.server.faults.append(fault("drop after", nth=4))
    with (
        interrupted(google.server, 4, lambda: merge(google, key, 4, left, 4, left + 1)),
        pytest.raises(
            UnusableError,
            match=rf"left 1 of the written cells unchanged, Sales!{'ABCDEFGHIJ'[left]}4",
        ),
    ):
        desk.sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 3, 4]
    assert google.server.rows(key, SALES)[3][left - 1] == "Meridian Travel"
    assert google.server.rows(key, SALES)[3][left] is None
    assert not is_locked(google.server, key)
    merge(google, key, 3, 20, 3, 21)  # elsewhere, nobody is held up
    desk.sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 3, 4, 5]


@pytest.mark.slow
def test_what_a_merge_swallowed_is_written_once_it_is_no_more(google: Google) -> None:
    """Whoever made it takes it back before the cells are read again."""
    key = stocked(google)
    desk = Desk(quick(google, key))
    desk.sell(("M01", "Cat 1", 1))
    seen = [0]

    def before(request: Request) -> None:
        if asked(request):
            seen[0] += 1
            sheet = google.server.sheet(key, SALES)
            if seen[0] == 4:
                merge(google, key, 4, 3, 5, 4)
            elif seen[0] == 6:
                google.server.request(key, {"unmergeCells": {"range": {"sheetId": sheet.id}}})

    google.server.before = before
    desk.sell(("M01", "Cat 1", 1))
    google.server.before = None
    usual = stocked(google)
    for _ in range(2):
        Desk(quick(google, usual)).sell(("M01", "Cat 1", 1))
    assert [row[1:6] for row in google.server.rows(key, SALES)] == [
        row[1:6] for row in google.server.rows(usual, SALES)
    ]


@pytest.mark.parametrize(("row", "name", "fits"), [(2, "client", True), (2, "contract", False)])
def test_a_covered_cell_is_not_written(google: Google, row: int, name: str, fits: bool) -> None:
    key = stocked(google)
    header = google.server.rows(key, SALES)[0]
    client, contract = header.index(CLIENT) + 1, header.index(CONTRACT) + 1
    assert contract == client + 1
    merge(google, key, row, client, row, contract)
    store = quick(google, key)
    snapshot = store.read(SALES)
    held = snapshot[SALES].frame.row(0, named=True)
    assert held["contract"] is None
    changes = ChangeSet()
    changes.set(SALES, row, "S1", {name: (held[name], "X")})
    before = content(google.server, key)
    if fits:
        store.commit(changes, snapshot.revision, ENTRY)
        assert google.server.rows(key, SALES)[row - 1][client - 1] == "X"
        return
    with pytest.raises(SpliceError, match="lies inside merged cells"):
        store.commit(changes, snapshot.revision, ENTRY)
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)


def test_reading_asks_no_more_for_merges(google: Google) -> None:
    """What is merged comes along with what is asked anyway, and is remembered between commands."""
    key = stocked(google)
    merge(google, key, 3, 3, 4, 4)
    quick(google, key).read(SALES)
    store = quick(google, key)
    store.read(SALES)
    assert store.requests == 1
    google.server.faults.append(fault("status 503", times=2))
    Desk(store).sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 5]


def test_totals_take_their_merged_label_along(google: Google) -> None:
    key = stocked(google)
    google.server.set(key, SALES, 3, 1, "Total")
    merge(google, key, 3, 1, 3, 4)
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 3]
    rows = google.server.rows(key, SALES)
    assert rows[2][rows[0].index(CLIENT)] == "Meridian Travel"
    assert rows[3][0] == "Total"
    (left,) = google.server.sheet(key, SALES).merges
    assert (left["startRowIndex"], left["endRowIndex"]) == (3, 4)


def test_totals_of_a_filtered_sheet_stay_where_they_are(google: Google) -> None:
    """Whether hidden cells go along when they are cut is not documented."""
    key = stocked(google)
    google.server.set(key, SALES, 3, 1, "Total")
    sheet = google.server.sheet(key, SALES).id
    of = {"range": {"sheetId": sheet}, "criteria": {"0": {"hiddenValues": ["x"]}}}
    google.server.request(key, {"setBasicFilter": {"filter": of}})
    before = content(google.server, key)
    with pytest.raises(SpliceError, match="that sheet is filtered") as refused:
        Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert "clear the filter" in str(refused.value.hint)
    assert content(google.server, key) == before
    google.server.request(key, {"clearBasicFilter": {"sheetId": sheet}})
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert sales(google, key) == [2, 3]

"""Large changes of a sheet whose filter hides rows. Whether Google copies into hidden rows is not
documented; the local server does not: so nothing is copied there, and what was copied is read
back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.google.server import Fault
from tests.google.wire import Request
from tests.online import Google
from tests.stores.gsheets.fixtures import (
    ENTRY,
    asked,
    column_of,
    committed,
    content,
    is_locked,
    journal,
    quick,
    requests_in,
    titles,
)
from ticketops.errors import RuleError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import PURCHASES
from ticketops.stores.gsheets import readback, sending

ROWS = 60
LONG = "x" * 150


@pytest.fixture
def key(google: Google, monkeypatch: pytest.MonkeyPatch) -> str:
    """A spreadsheet of which a change of every note is a large one."""
    key = google.new()
    rows = [(f"P{i}", "M01", f"Cat {i % 3}", f"{LONG}{i}") for i in range(ROWS)]
    columns = ("purchase_id", "match", "category", "notes")
    committed(quick(google, key), lambda c, _s: c.append(PURCHASES, 2, columns, rows), PURCHASES)
    monkeypatch.setattr(sending, "ADVISED", 8_000)
    monkeypatch.setattr(readback, "_READ", 100)  # a few rows a request
    return key


def hide(google: Google, key: str, **criteria: Any) -> None:
    """Another user filters: rows of one category are hidden."""
    sheet = google.server.sheet(key, PURCHASES)
    place = column_of(google.server, key, PURCHASES, "Category") - 1
    of = {
        "range": {"sheetId": sheet.id, "startRowIndex": 0, "endRowIndex": ROWS + 1},
        "criteria": {str(place): criteria or {"hiddenValues": ["Cat 1"]}},
    }
    google.server.request(key, {"setBasicFilter": {"filter": of}})


def slice_(google: Google, key: str) -> None:
    """Another user lays a slicer over the purchases: rows of one category are hidden."""
    sheet = google.server.sheet(key, PURCHASES)
    place = column_of(google.server, key, PURCHASES, "Category") - 1
    data = {
        "sheetId": sheet.id,
        "startRowIndex": 0,
        "endRowIndex": ROWS + 1,
        "startColumnIndex": place - 1,
        "endColumnIndex": place + 2,
    }
    spec = {"dataRange": data, "columnIndex": 1, "filterCriteria": {"hiddenValues": ["Cat 1"]}}
    google.server.request(key, {"addSlicer": {"slicer": {"slicerId": 5, "spec": spec}}})


HIDES = pytest.mark.parametrize("hides", [hide, slice_], ids=["filter", "slicer"])


def note(google: Google, key: str) -> list[Any]:
    place = column_of(google.server, key, PURCHASES, "Notes") - 1
    return [
        row[place] if place < len(row) else None
        for row in google.server.rows(key, PURCHASES)[1 : ROWS + 1]
    ]


def change_all(store: Any) -> None:
    """Every note becomes another one; the last is emptied."""
    snapshot = store.read(PURCHASES)
    changes = ChangeSet()
    for held in snapshot[PURCHASES].frame.iter_rows(named=True):
        new = None if held["row"] == ROWS + 1 else held["notes"].upper()
        changes.set(PURCHASES, held["row"], held["purchase_id"], {"notes": (held["notes"], new)})
    store.commit(changes, snapshot.revision, ENTRY)


NEW = [f"{LONG}{i}".upper() for i in range(ROWS - 1)] + [None]


def pasted(google: Google, key: str, store: Any) -> int:
    """How many blocks are copied while every note is changed."""
    batches: list[Any] = []
    google.server.before = lambda request: (
        batches.append(request.json) if request.path.endswith(":batchUpdate") else None
    )
    change_all(store)
    google.server.before = None
    return sum("copyPaste" in one for batch in batches for one in batch["requests"])


def test_what_was_copied_is_read_back(google: Google, key: str) -> None:
    store = quick(google, key)
    asked_for = requests_in(google.server, lambda: change_all(store))
    written = len(asked_for) - asked_for[::-1].index("batch")
    assert len(asked_for[written:]) > 1  # band by band
    assert set(asked_for[written:]) == {"values"}
    assert note(google, key) == NEW


@HIDES
def test_nothing_is_copied_into_a_sheet_that_is_filtered(
    google: Google, key: str, hides: Callable[[Google, str], None]
) -> None:
    hides(google, key)
    assert pasted(google, key, quick(google, key)) == 0
    assert note(google, key) == NEW


def test_a_filter_that_hides_nothing_is_no_hindrance(google: Google, key: str) -> None:
    sheet = google.server.sheet(key, PURCHASES).id
    google.server.request(key, {"setBasicFilter": {"filter": {"range": {"sheetId": sheet}}}})
    assert pasted(google, key, quick(google, key)) > 0
    assert note(google, key) == NEW


@HIDES
def test_a_change_too_large_for_a_filtered_sheet_says_what_to_do(
    google: Google, key: str, monkeypatch: pytest.MonkeyPatch, hides: Callable[[Google, str], None]
) -> None:
    hides(google, key)
    monkeypatch.setattr(sending, "MOST", 9_000)
    before = content(google.server, key)
    with pytest.raises(RuleError, match="while 'Purchases' is filtered") as refused:
        change_all(quick(google, key))
    assert "clear the filter" in str(refused.value.hint)
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)
    assert len(journal(google.server, key)) == 1
    if hides is hide:
        sheet = google.server.sheet(key, PURCHASES).id
        google.server.request(key, {"clearBasicFilter": {"sheetId": sheet}})
    else:
        google.server.request(key, {"deleteEmbeddedObject": {"objectId": 5}})
    change_all(quick(google, key))
    assert note(google, key) == NEW


def _is_last(request: Request) -> bool:
    """Whether it is the batch that counts: it copies."""
    return request.path.endswith(":batchUpdate") and b"copyPaste" in request.body


@HIDES
@pytest.mark.parametrize("answer", ["comes", "is lost"])
def test_what_copying_left_out_is_written_directly(
    google: Google, key: str, answer: str, hides: Callable[[Google, str], None]
) -> None:
    """Somebody filters between look and commit; whether or not the answer is lost, no cell is."""
    store = quick(google, key)
    google.server.before = lambda request: hides(google, key) if _is_last(request) else None
    if answer == "is lost":
        google.server.faults.append(Fault(_is_last, "drop after"))
    change_all(store)
    google.server.before = None
    assert note(google, key) == NEW
    assert len(journal(google.server, key)) == 2
    assert len([title for title in titles(google.server, key) if "STAGING" in title]) == 0 or (
        answer == "is lost"
    )
    quick(google, key, machine="b").undo(ENTRY)
    assert note(google, key) == [f"{LONG}{i}" for i in range(ROWS)]


def test_cells_that_google_does_not_write_are_named(google: Google, key: str) -> None:
    store = quick(google, key)
    written = False

    def before(request: Request) -> None:
        """Two cells are always as they were when they are read back."""
        nonlocal written
        if _is_last(request):
            written = True
        elif written and asked(request) and "batchGet" in request.path:
            for row in (5, 6):
                place = column_of(google.server, key, PURCHASES, "Notes")
                google.server.set(key, PURCHASES, row, place, f"{LONG}{row - 2}")

    google.server.before = before
    with pytest.raises(
        UnusableError, match=r"left 2 of the written cells unchanged, Purchases!\w+5 first"
    ):
        change_all(store)


def test_what_somebody_else_wrote_since_is_theirs(google: Google, key: str) -> None:
    store = quick(google, key)
    place = column_of(google.server, key, PURCHASES, "Notes")
    google.server.after = lambda request: (
        google.server.set(key, PURCHASES, 5, place, "theirs") if _is_last(request) else None
    )
    change_all(store)
    google.server.after = None
    assert note(google, key) == [*NEW[:3], "theirs", *NEW[4:]]

"""What Google does and a plain grid would not: cells that others' formulas fill, smart chips, files
that are no Google Sheets, refusals whose reason stands in a field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.google.errors import ApiError, DriveError
from tests.google.grid import Chip, Spilled
from tests.google.server import Fault
from tests.online import Google
from tests.stores.gsheets.commands import Command, one_line
from tests.stores.gsheets.fixtures import (
    ENTRY,
    asked,
    content,
    is_locked,
    quick,
    requests_in,
    stocked,
    titles,
)
from ticketops.errors import ConflictError, SpliceError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import SALES

ROW = 2
"""The first sale."""


def column(google: Google, key: str, header: str) -> int:
    return int(google.server.rows(key, SALES)[0].index(header)) + 1


def shown(google: Google, key: str, header: str) -> Any:
    return google.server.rows(key, SALES)[ROW - 1][column(google, key, header) - 1]


def correct(google: Google, key: str, **cells: str) -> None:
    """Another text in cells of the first sale."""
    store = quick(google, key)
    snapshot = store.read(SALES)
    held = snapshot[SALES].frame.row(0, named=True)
    assert held["row"] == ROW
    changes = ChangeSet()
    changes.set(SALES, ROW, "S1", {name: (held[name], value) for name, value in cells.items()})
    store.commit(changes, snapshot.revision, ENTRY)


def test_a_cell_that_another_formula_fills_holds_nobody_up(google: Google) -> None:
    """A value that nobody entered is no change by somebody else."""
    key = stocked(google)
    google.server.set(key, SALES, ROW, column(google, key, "Game"), Spilled("Spain v Italy"))
    correct(google, key, notes="checked")
    assert shown(google, key, "Game") == "Spain v Italy"
    Desk(quick(google, key)).buy(("M01", "Cat 1", 1))


def test_a_cell_that_another_formula_fills_is_not_overwritten(google: Google) -> None:
    key = stocked(google)
    google.server.set(key, SALES, ROW, column(google, key, "Game"), Spilled("Spain v Italy"))
    before = content(google.server, key)
    with pytest.raises(SpliceError, match="filled by another cell's formula"):
        correct(google, key, game="France v Italy")
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)


def test_a_smart_chip_is_what_it_shows(google: Google) -> None:
    """It is entered as an @: neither a change by somebody else, nor anybody's name."""
    key = stocked(google)
    where = (key, SALES, ROW, column(google, key, "Client"))
    google.server.set(*where, Chip("Meridian Travel", "m@meridian.example"))
    assert quick(google, key).read(SALES)[SALES].frame["client"][0] == "Meridian Travel"
    correct(google, key, client="Meridian")
    assert shown(google, key, "Client") == "Meridian"


@pytest.mark.parametrize("words", [("status",), ("audit", "run"), ("sale", "expand", "-y")])
def test_an_excel_file_in_drive_is_called_so(
    google: Google, command: Command, words: tuple[str, ...]
) -> None:
    answer = ApiError(
        400, "This operation is not supported for this document", status="FAILED_PRECONDITION"
    )
    google.server.faults.append(Fault(asked, "status 400", times=1000, answer=answer))
    done = command(*words, "-w", "gsheet:1abcdef")
    one_line(done, 3, "Excel file", "Save as Google Sheets")


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "rateLimitExceeded"])
def test_requests_that_come_too_fast_are_sent_again(google: Google, reason: str) -> None:
    """By the reason: the words may be in any language."""
    key = stocked(google)
    google.server.faults.append(
        Fault(asked, "status 403", times=2, answer=DriveError(403, reason, "Langsamer, bitte."))
    )
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert (
        len(google.server.rows(key, SALES)) == len(google.server.rows(stocked(google), SALES)) + 1
    )


def test_the_first_lock_asks_to_see_no_sheet_that_it_makes(google: Google) -> None:
    """Whether an answer may show a sheet of the same batch is not documented."""
    key = stocked(google)
    batches: list[Any] = []
    google.server.before = lambda request: (
        batches.append(request.json) if request.path.endswith(":batchUpdate") else None
    )
    Desk(quick(google, key)).buy(("M01", "Cat 1", 1))
    making = [one for one in batches if any("addSheet" in r for r in one["requests"])]
    assert making
    assert "responseRanges" not in making[0]


def test_titles_forgive_case(google: Google, command: Command) -> None:
    """`SALES` is the sheet Sales: commands find it, `doctor --fix` adds nothing, its title stays."""
    key = stocked(google)
    sheet = google.server.sheet(key, SALES).id
    properties = {"sheetId": sheet, "title": "SALES"}
    google.server.request(
        key, {"updateSheetProperties": {"properties": properties, "fields": "title"}}
    )
    desk = Desk(quick(google, key))
    desk.sell(("M01", "Cat 1", 1))
    assert titles(google.server, key).count("SALES") == 1
    assert len(google.server.rows(key, "SALES")) == 3
    correct(google, key, notes="checked")
    assert shown(google, key, "Notes") == "checked"
    asks = quick(google, key)
    assert requests_in(google.server, lambda: asks.read(SALES)) == ["values"]
    fixed = command("doctor", "--fix", "-y", "--json", "-w", f"gsheet:{key}")
    assert fixed.code == 0, fixed.err
    named = {one["sheet"] for one in fixed.json["findings"] if one["code"] == "MISSING_SHEET"}
    assert SALES not in named
    assert titles(google.server, key).count("SALES") == 1
    assert SALES not in titles(google.server, key)
    back = quick(google, key)
    back.undo(ENTRY)
    assert shown(google, key, "Notes") is None


def test_what_stands_below_a_title_of_other_case_is_looked_at_again(google: Google) -> None:
    """Another user's change between look and commit is seen there too."""
    key = stocked(google)
    store = quick(google, key)
    google.server.request(
        key,
        {
            "updateSheetProperties": {
                "properties": {"sheetId": google.server.sheet(key, SALES).id, "title": "sALES"},
                "fields": "title",
            }
        },
    )
    snapshot = store.read(SALES)
    held = snapshot[SALES].frame.row(0, named=True)
    google.server.set(key, SALES, ROW, column(google, key, "Notes"), "typed")
    changes = ChangeSet()
    changes.set(SALES, ROW, "S1", {"notes": (held["notes"], "ours")})
    with pytest.raises(ConflictError, match="changed by someone else"):
        store.commit(changes, snapshot.revision, ENTRY)

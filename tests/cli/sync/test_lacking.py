"""Columns, sheets and most of a sheet's rows that one side lacks: made, or not emptied unasked."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.sync.two_copies import LINES, Pair
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    EVENT,
    HOLDS,
    PURCHASES,
    SALES,
    SALES_PARENT_RECON,
    VENDOR_CREDENTIALS,
)

# --- columns and sheets that one side lacks


def test_columns_and_sheets_of_ours_are_made_when_needed(pair: Pair, slim: Path) -> None:
    pair.type_here(SALES, {2: {"order_id": "O1", "currency": "USD"}})
    pair.type_here(
        HOLDS, {2: {"unit_id": "P00001", "client": "Acme", "until": datetime(2026, 6, 1)}}
    )
    assert pair.sync("push").code == 0
    assert pair.there() == pair.here()
    assert [pair.there()[SALES, 2, header] for header in ("OrderID", "Currency")] == ["O1", "USD"]
    pair.type_there(HOLDS, {3: {"unit_id": "P00002"}})
    shutil.copy(slim, pair.path)  # a file without any of that
    shutil.rmtree(pair.state)
    assert pair.sync("pull").code == 0
    assert pair.here() == pair.there()
    assert pair.here()[HOLDS, 3, "UnitID"] == "P00002"


def test_an_empty_spreadsheet_gets_every_sheet(pair: Pair) -> None:
    pair.key = pair.server.new_spreadsheet(
        "New", {"Sheet1": []}, {pair.google.email: "writer"}, tight=True
    )
    pair.remote = f"gsheet:{pair.key}"
    assert pair.sync("push").code == 0
    assert pair.there() == pair.here()
    assert "Sheet1" in pair.sync("diff").out


@pytest.mark.parametrize("how", ["renamed", "deleted"])
def test_a_column_that_is_gone_over_there_is_not_emptied_here(how: str, pair: Pair) -> None:
    place = pair.server.rows(pair.key, DISTRIBUTION)[1].index("Notes") + 1
    if how == "renamed":
        pair.server.set(pair.key, DISTRIBUTION, 2, place, "Notes (internal)")
    else:
        where = {"sheetId": pair.server.sheet(pair.key, DISTRIBUTION).id, "dimension": "COLUMNS"}
        pair.server.request(
            pair.key,
            {"deleteDimension": {"range": where | {"startIndex": place - 1, "endIndex": place}}},
        )
    before = pair.here()
    assert sum(header == "Notes" and sheet == DISTRIBUTION for sheet, _, header in before) > 10
    assert pair.sync("pull").code != 0
    assert pair.here() == before


def test_a_sheet_that_is_gone_over_there_is_not_emptied_here(pair: Pair) -> None:
    sheet = pair.server.sheet(pair.key, VENDOR_CREDENTIALS)
    pair.server.request(
        pair.key,
        {
            "updateSheetProperties": {
                "properties": {"sheetId": sheet.id, "title": "Logins"},
                "fields": "title",
            }
        },
    )
    before = pair.here()
    done = pair.sync("pull", "--json")
    assert done.code == 1
    assert [(finding["code"], finding["sheet"]) for finding in done.json["findings"]] == [
        ("NOT_FOUND", VENDOR_CREDENTIALS)
    ]
    assert pair.here() == before


def test_a_sheet_that_was_lost_and_made_again_is_not_emptied_here(pair: Pair) -> None:
    before = pair.here()
    pair.server.request(
        pair.key, {"deleteSheet": {"sheetId": pair.server.sheet(pair.key, VENDOR_CREDENTIALS).id}}
    )
    pair.sync("watch", "--once")
    assert pair.do("doctor", "--fix", "-w", pair.remote, "--yes").code in (0, 1)
    pair.sync("watch", "--once")
    assert pair.here() == before


# --- the guard


ALL = (*(column.name for column in EVENT[PURCHASES].columns if not column.extension), "inv_no")


@pytest.mark.parametrize(
    ("rows", "left", "refused"),
    [
        (LINES, 20, True),
        (LINES, 21, False),
        (20, 10, True),
        (12, 3, False),
        (12, 2, True),
        (9, 0, False),
        (10, 0, True),
    ],
)
@pytest.mark.parametrize("what", ["pull", "push"])
def test_half_of_a_sheet_is_not_emptied_unasked(
    what: str, rows: int, left: int, refused: bool, pair: Pair
) -> None:
    """Ten rows at least and half of them or more."""
    if rows < LINES:
        pair.type_here(PURCHASES, {row: dict.fromkeys(ALL) for row in range(2 + rows, LINES + 2)})
        pair.clear_there(PURCHASES, range(2 + rows, LINES + 2))
        assert pair.sync("pull").code == 0
    gone = range(2 + left, 2 + rows)
    if what == "pull":
        pair.clear_there(PURCHASES, gone)
    else:
        pair.type_here(PURCHASES, {row: dict.fromkeys(ALL) for row in gone})
    before = pair.everything()
    done = pair.sync(what)
    assert done.code == (4 if refused else 0)
    if refused:
        assert f"{PURCHASES} would have {left} rows instead of {rows}" in done.err
        assert "--emptying" in done.err
        assert pair.everything() == before
        assert pair.sync(what, "--emptying", "-n").code == 0
    assert pair.sync(what, "--emptying").code == 0
    assert pair.here() == pair.there()


def test_a_queue_that_a_command_builds_anew_goes_over(pair: Pair) -> None:
    """It is half as long as it was, as sheets of tasks may be the next day."""
    pair.type_here(
        SALES_PARENT_RECON,
        {row: {"action": "KEEP", "sales_id": f"S{row}-1"} for row in range(2, 702)},
    )
    assert pair.sync("push").code == 0
    assert pair.do("recon", "run", "-w", str(pair.path)).code in (0, 1)
    assert pair.sync("watch", "--once").code == 0
    assert pair.here() == pair.there()

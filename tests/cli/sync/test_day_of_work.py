"""`ticketops sync …` through the real command line, on a real workbook and the local Google server:
what it says, takes over and leaves alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.sync.two_copies import TASKS, Pair, never_synced
from tests.online import Google
from ticketops.schema.layouts.event import DISTRIBUTION, SALES, STAFF_QUEUE


@pytest.mark.slow
def test_a_file_goes_online_and_both_stay_in_step(
    google: Google, small: Path, environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The words of the documentation, one after the other: push, diff, pull, push, diff."""
    apart = never_synced(google, small, capsys.readouterr)
    before = apart.here()
    first = apart.real("push")
    assert first.code == 0
    assert "there is no common state yet" in first.out
    assert apart.here() == apart.there() == before
    assert "both copies are the same" in apart.sync("diff").out

    apart.type_here(SALES, {2: {"notes": "VIP"}, 3: {"price": 999.5, "notes": None}})
    apart.type_there(
        DISTRIBUTION,
        {
            5: {"first_name": "Ada", "delivery": "SENT"},
            6: {"sold": True, "date": datetime(2026, 7, 4)},
        },
    )
    looked = apart.real("diff")
    assert looked.code == 0
    assert [line.split()[:4] for line in looked.out.splitlines()[1:]] == [
        ["Sales", *("2", "0", "0")],
        ["Distribution", *("0", "4", "0")],
    ]
    here, there = apart.here(), apart.there()
    assert apart.real("pull").code == 0
    assert apart.there() == there
    assert apart.here() == here | {
        (DISTRIBUTION, 5, "First name"): "Ada",
        (DISTRIBUTION, 5, "Delivery"): "SENT",
        (DISTRIBUTION, 6, "Sold (Y/N)"): True,
        (DISTRIBUTION, 6, "Date"): 46207.0,
    }
    assert apart.real("push").code == 0
    assert apart.there() == apart.here()
    assert apart.there()[SALES, 2, "Notes"] == "VIP"
    assert "both copies are the same" in apart.sync("diff").out
    assert apart.sync("pull").out == apart.sync("push").out == "both copies are the same\n"


def test_what_is_not_ours_stays(pair: Pair) -> None:
    """Sheets and columns of one's own, formats and notes: on either side, whatever is written
    beside them."""
    pair.server.request(pair.key, {"addSheet": {"properties": {"sheetId": 4711, "title": "Mine"}}})
    pair.server.set(pair.key, "Mine", 1, 1, "=mine")
    width = len(pair.server.rows(pair.key, SALES)[0])
    pair.server.set(pair.key, SALES, 1, width + 1, "My column")
    pair.server.set(pair.key, SALES, 2, width + 1, "my text")
    before = pair.path.read_bytes()
    assert pair.result("pull")["taken"] == 0
    assert pair.path.read_bytes() == before
    looked = pair.sync("diff")
    assert looked.code == 0
    assert "your own sheets are not synced: Mine" in looked.out
    pair.type_here(SALES, {2: {"currency": "USD"}})  # a column that is made at the right end
    assert pair.result("push")["taken"] == 1
    assert pair.server.rows(pair.key, "Mine") == [["=mine"]]
    assert [row[width : width + 2] for row in pair.server.rows(pair.key, SALES)[:2]] == [
        ["My column", "Currency"],
        ["my text", "USD"],
    ]


def test_counts(pair: Pair) -> None:
    """Per sheet and in all: what changed where, what contradicts, what is left; how many rows there
    were, and will be."""
    pair.type_here(
        SALES,
        {2: {"notes": "here"}, 3: {"notes": "here"}, 37: {"sales_id": "S90", "client": "Acme"}},
    )
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"notes": "there"}})
    pair.clear_there(STAFF_QUEUE, [TASKS, TASKS + 1])
    gone = sum(
        1 for sheet, row, _ in pair.here() if sheet == STAFF_QUEUE and row in (TASKS, TASKS + 1)
    )
    totals = {"local": 3, "remote": 1 + gone, "conflicts": 1}
    sales = {
        "sheet": SALES,
        "local": 3,
        "remote": 1,
        "conflicts": 1,
        "rows_local": 36,
        "rows_remote": 35,
    }
    queue = {
        "sheet": STAFF_QUEUE,
        "local": 0,
        "remote": gone,
        "conflicts": 0,
        "rows_local": TASKS,
        "rows_remote": TASKS - 2,
    }

    def plain(result: dict[str, Any]) -> tuple[dict[str, int], list[dict[str, Any]]]:
        return {name: result[name] for name in totals}, [
            {k: v for k, v in sheet.items() if k != "left"} for sheet in result["sheets"]
        ]

    assert plain(pair.result("diff")) == (totals, [sales, queue])
    pulled = pair.result("pull", "-n")
    assert plain(pulled) == (
        totals,
        [sales | {"taken": 1, "rows_after": 36}, queue | {"taken": gone, "rows_after": TASKS - 2}],
    )
    pushed = pair.result("push", "-n")
    assert plain(pushed) == (
        totals,
        [sales | {"taken": 3, "rows_after": 36}, queue | {"taken": 0, "rows_after": TASKS - 2}],
    )
    assert (pulled["taken"], pulled["left"], pushed["taken"], pushed["left"]) == (1 + gone, 1, 3, 1)
    assert pair.result("pull", "-n", "--prefer", "Notes=remote")["left"] == 0

"""`ticketops dispatch status` against a table made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import pytest
from time_machine import TimeMachineFixture

from tests.cli.dispatching import ANA, BEN, SENT, Do, type_by_key
from tests.cli.workbooks import type_into
from tests.conftest import Runner

NOW = datetime(2026, 6, 1, 12)
FIGURES = (
    "tickets",
    "allocated",
    "sent",
    "accepted",
    "pending",
    "issues",
    "no_guest",
    "to_send",
    "overdue",
    "today",
)


@pytest.fixture
def noon(time_machine: TimeMachineFixture) -> None:
    """It is noon here on that day, whenever and wherever the test runs."""
    time_machine.move_to(NOW.astimezone())


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        (
            {"own": NOW - timedelta(hours=1), "date": NOW + timedelta(days=30), "time": "19:00"},
            "overdue",
        ),
        ({"own": NOW + timedelta(days=30), "date": NOW - timedelta(days=9), "time": "19:00"}, ""),
        (
            {
                "date": NOW + timedelta(hours=71),
                "time": (NOW + timedelta(hours=71)).strftime("%H:%M"),
            },
            "overdue",
        ),
        (
            {
                "date": NOW + timedelta(hours=71),
                "time": clock((NOW + timedelta(hours=71)).hour, NOW.minute),
            },
            "overdue",
        ),
        ({"date": NOW + timedelta(days=5), "time": "19:00"}, ""),
        (
            {"date": NOW + timedelta(days=3)},
            "overdue",
        ),  # no time: before its day, so 72 hours before last midnight
        ({"date": NOW + timedelta(days=5)}, ""),
        ({"own": NOW.replace(hour=23, minute=59), "date": NOW + timedelta(days=1)}, "today"),
        ({}, ""),
    ],
    ids=[
        "own past",
        "own ahead",
        "71 h before",
        "71 h before, a time",
        "days ahead",
        "no time, 3 days",
        "no time, 5 days",
        "own today",
        "no row",
    ],
)
@pytest.mark.usefixtures("noon")
def test_deadlines(do: Do, book: Path, schedule: dict[str, Any], due: str) -> None:
    do(*SENT)
    if schedule:
        midnight = {"Date": schedule["date"].replace(hour=0, minute=0)}
        cells: dict[str, Any] = {"B2": midnight["Date"], "C2": "M01", "F2": schedule.get("time")}
        if "own" in schedule:
            cells |= {"K1": "DispatchDeadline", "K2": schedule["own"]}
        type_into(book, "Schedule WC2026", **cells)
    result = do("dispatch", "status", code=1 if due == "overdue" else 0)
    figures = result["matches"]["M01"]
    late = 5  # S1-1 … S1-3, S4-2, S4-3: all but S4-1, which was sent
    assert (figures["overdue"], figures["today"]) == (
        late if due == "overdue" else 0,
        late if due == "today" else 0,
    )
    assert (result["matches"]["M02"]["overdue"], result["matches"]["M02"]["today"]) == (0, 0)
    assert result["without_date"] == (1 if schedule else 2)
    assert (
        [row for row in result["today"] if row["match"] == "M01"] != []
        if due
        else result["today"] == []
    )


@pytest.mark.usefixtures("noon")
def test_status_by_hand(do: Do, here: Runner, book: Path) -> None:
    """S1-1 UPLOADED by BEE, S2-1 ACCEPTED, S2-2 without a guest, S4-1 PENDING of Ana, S4-2 ISSUE of
    Ben; M01 is overdue."""
    do("staff", "assign", "T00001", "T00002", "--to", ANA)
    do("staff", "assign", "T00003", "--to", BEN)
    do(*SENT[:3], "T00001")
    do("client", "accept", "acme", "S2-1")
    do("staff", "mark", "PENDING", "T00002")
    do("staff", "report-issue", "T00003", "--reason", "x")
    type_by_key(book, "Distribution", "ID", {"S1-1": {"Delivery": "UPLOADED"}}, 2)
    type_into(
        book,
        "Schedule WC2026",
        B2=datetime(2026, 1, 9),
        C2="m1",
        F2="19:00",
        B3=NOW.replace(hour=0, minute=0) + timedelta(days=30),
        C3="M02",
        F3="19:00",
    )
    result = do("dispatch", "status", code=1)
    #         tickets, allocated, sent, accepted, pending, issues, no_guest, to_send, overdue, today
    by_hand = {
        "clients": {
            "Acme Ltd": (6, 5, 1, 1, 0, 0, 2, 1, 2, 0),
            "Bolt": (4, 3, 0, 0, 1, 1, 1, 2, 3, 0),
        },
        "suppliers": {"BEE": (3, 3, 1, 0, 0, 0, 1, 1, 2, 0)},
        "staff": {ANA: (2, 2, 0, 1, 1, 0, 0, 1, 1, 0), BEN: (1, 1, 0, 0, 0, 1, 0, 1, 1, 0)},
        "matches": {"M01": (6, 6, 1, 0, 1, 1, 2, 3, 5, 0), "M02": (4, 2, 0, 1, 0, 0, 1, 0, 0, 0)},
    }
    for name, table in by_hand.items():
        assert {
            key: tuple(figures[f] for f in FIGURES) for key, figures in result[name].items()
        } == table
    assert tuple(result["total"][f] for f in FIGURES) == (10, 8, 1, 1, 1, 1, 3, 3, 5, 0)
    assert sorted(
        (row["what"], row["who"], row["match"], row["deadline"], row["tickets"], row["first"])
        for row in result["today"]
    ) == [
        ("get the guest", "Acme Ltd", "M01", "2026-01-06T19:00:00", 1, "S1-3"),
        ("get the guest", "Bolt", "M01", "2026-01-06T19:00:00", 1, "S4-3"),
        ("resolve the issue", "office", "M01", "2026-01-06T19:00:00", 1, "S4-2"),
        ("send", "BEE", "M01", "2026-01-06T19:00:00", 1, "S1-2"),
        ("send", ANA, "M01", "2026-01-06T19:00:00", 1, "S4-1"),
    ]
    tables = {
        whom: here("dispatch", "status", "--by", whom).out
        for whom in ("client", "supplier", "staff", "match")
    }
    for whom, name in (
        ("client", "clients"),
        ("supplier", "suppliers"),
        ("staff", "staff"),
        ("match", "matches"),
    ):
        assert tables[whom].startswith(whom.capitalize())
        rows = [line.split() for line in tables[whom].splitlines()[1 : 1 + len(by_hand[name])]]
        assert {
            " ".join(row[:-10]): tuple(int(text) for text in row[-10:]) for row in rows
        } == by_hand[name]
    late = do("dispatch", "status", code=1, dispatch_buffer_hours="0")
    assert late["total"]["overdue"] == 5
    late = do("dispatch", "status", code=1, dispatch_buffer_hours="2000")
    assert late["total"]["overdue"] == 8, "M02 too: its three that are not with the client"
    said = here("dispatch", "status", "--json").json["findings"]
    assert [(f["code"], f["message"]) for f in said] == [
        ("OVERDUE", "5 tickets are overdue: M01"),
        ("UNPAID", "tickets of S1, S2, S4 are to be sent, but the payment is PENDING"),
    ]


@pytest.mark.usefixtures("noon")
def test_status_of_some_matches(do: Do, here: Runner, book: Path) -> None:
    type_into(book, "Schedule WC2026", B2=datetime(2026, 1, 9), C2="M01", B3=NOW, C3="M02")
    type_into(book, "Schedule WC2026", B3=NOW + timedelta(days=30), F2="19:00", F3="19:00")
    whole = do("dispatch", "status", code=1)
    second = do("dispatch", "status", "--match", "m2")
    assert second["matches"] == {"M02": whole["matches"]["M02"]}
    assert second["total"] == whole["matches"]["M02"]
    assert second["today"] == []
    both = do("dispatch", "status", "--match", "M01", "--match", "M02", code=1)
    assert both["total"] == whole["total"]
    unknown = here("dispatch", "status", "--match", "M77")
    assert unknown.code == 3
    assert "M77" in unknown.err

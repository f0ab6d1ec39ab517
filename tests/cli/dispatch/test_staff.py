"""Staff: queue, assign, tasks, mark, issues."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from tests.cli.dispatching import (
    ANA,
    BEN,
    SENT,
    Do,
    book_rows,
    fill,
    rows_of,
    staff_book,
    tickets_of,
)
from tests.conftest import Runner


def test_assign_takes_turns(do: Do, here: Runner, book: Path) -> None:
    def whose() -> dict[str, Any]:
        return {row["TaskID"]: row["AssignedTo"] for row in rows_of(book, "_STAFF_QUEUE")}

    assert do("staff", "assign", "--unassigned", "--to", ANA.upper(), "--to", BEN)["people"] == {
        ANA: 1,
        BEN: 2,
    }
    assert whose() == {"T00001": ANA, "T00002": BEN, "T00003": BEN}, "one sale, one person"
    assert here("staff", "assign", "--unassigned", "--to", BEN).code == 4
    assert do("staff", "assign", "--from", BEN.upper(), "--to", "cy@staff.example.com")[
        "tasks"
    ] == ["T00002", "T00003"]
    assert do("staff", "assign", "--from", "cy@staff.example.com", "--match", "m1", "--to", BEN)[
        "tasks"
    ] == ["T00002", "T00003"]
    assert do("staff", "assign", "--match", "M02", "--match", "M01", "--priority", "high")[
        "tasks"
    ] == ["T00001", "T00002", "T00003"]
    assert {row["Priority"] for row in rows_of(book, "_STAFF_QUEUE")} == {"High"}
    assert whose() == {"T00001": ANA, "T00002": BEN, "T00003": BEN}
    do("staff", "assign", "T00001", "--to", "cy@staff.example.com")
    assert (
        do("staff", "assign", "t00002", "T00002", "--to", ANA, "--priority", "Low")["people"][ANA]
        >= 1
    )
    assert [task["task_id"] for task in do("staff", "tasks")["tasks"]] == [
        "T00001",
        "T00003",
        "T00002",
    ]
    assert [task["task_id"] for task in do("staff", "tasks", ANA.upper())["tasks"]] == ["T00002"]
    do("staff", "mark", "SENT", "T00001")
    assert [task["task_id"] for task in do("staff", "tasks")["tasks"]] == ["T00003", "T00002"]
    assert {task["task_id"] for task in do("staff", "tasks", "--all")["tasks"]} == {
        "T00001",
        "T00002",
        "T00003",
    }


def test_an_issue_and_its_end(do: Do, here: Runner, book: Path) -> None:
    do(*SENT)
    assert (
        do(
            "staff",
            "report-issue",
            "T00001",
            "--reason",
            "wrong seats",
            "--to",
            BEN,
            "--priority",
            "High",
        )["delivery"]
        == "ISSUE"
    )
    assert tickets_of(book, "Delivery", "DispatchNotes")["S2-1"] == ("ISSUE", "wrong seats")
    (task,) = (row for row in rows_of(book, "_STAFF_QUEUE") if row["TaskID"] == "T00001")
    assert (task["AssignedTo"], task["Priority"], task["DispatchStatus"], task["StaffNotes"]) == (
        BEN,
        "High",
        "ISSUE",
        "wrong seats",
    )
    do("staff", "assign", "T00001", "--reopen")
    sent = datetime.now().replace(second=0, microsecond=0)  # on the day of the allocation
    assert tickets_of(book, "Delivery", "DispatchNotes")["S2-1"] == ("NOT_SENT", "wrong seats")
    do(
        "staff",
        "mark",
        "SENT",
        "T00001",
        "--at",
        f"{sent:%Y-%m-%d %H:%M}",
        "--note",
        "app",
        "--proof",
        "https://proof.example.com/7",
    )
    assert tickets_of(book, "Delivery", "DispatchedAt", "DispatchNotes")["S2-1"] == (
        "SENT",
        sent,
        "wrong seats | app",
    )
    (task,) = (row for row in rows_of(book, "_STAFF_QUEUE") if row["TaskID"] == "T00001")
    assert (task["ProofUrl"], task["DispatchedAt"]) == ("https://proof.example.com/7", sent)
    for status in ("NOT_SENT", "PENDING"):
        assert here("staff", "mark", status, "T00001").code == 4
    do("client", "accept", "acme", "S2-1")
    assert here("staff", "report-issue", "T00001", "--reason", "x").code == 4
    assert (
        do("staff", "mark", "ISSUE", "T00001", "--note", "not there after all", role="ops_manager")[
            "delivery"
        ]
        == "ISSUE"
    )
    done = here("staff", "mark", "SENT", "T00002", "T00001", "--at", f"{sent:%Y-%m-%d}")
    assert done.code == 0


def test_of_several_tasks_all_are_marked_or_none(here: Runner, do: Do, book: Path) -> None:
    do(*SENT)
    before = book.read_bytes()
    assert here("staff", "mark", "PENDING", "T00003", "T00001").code == 4
    assert book.read_bytes() == before


def test_an_issue_goes_to_an_address(here: Runner) -> None:
    assert here("staff", "report-issue", "T00001", "--reason", "x", "--to", "ben").code == 2


def test_a_task_named_twice_counts_once(do: Do, book: Path) -> None:
    do("staff", "mark", "PENDING", "T00001", "t00001", "--note", "called")
    assert tickets_of(book, "DispatchNotes")["S2-1"] == "called"
    assert do("staff", "assign", "T00001", "t00001", "--to", f"{ANA},{BEN}")["people"] == {
        ANA: 1,
        BEN: 0,
    }


def test_what_is_not_ready_is_not_sent(here: Runner, book: Path) -> None:
    assert (
        here(
            "override", "unallocate", "S2", "--confirm", "UNDO", "--reason", "x", role="ops_manager"
        ).code
        == 0
    )
    assert tickets_of(book, "AllocatedUnitIDs")["S2-1"] is None
    assert here("staff", "mark", "SENT", "T00001").code == 4


def test_the_round_of_a_staff_book(do: Do, here: Runner, book: Path) -> None:
    sent = datetime.now().replace(microsecond=0)  # between the allocation and the pull
    do("staff", "assign", "T00001", "T00003", "--to", ANA)
    do("staff", "assign", "T00002", "--to", BEN)
    do("staff", "build", "--all")
    assert set(book_rows(staff_book(book))) == {"T00001", "T00003"}
    assert set(book_rows(staff_book(book, BEN))) == {"T00002"}
    back = fill(
        staff_book(book),
        book.parent / "back.xlsx",
        {
            "T00001": {
                "DispatchStatus": "SENT",
                "DispatchedAt": sent,
                "StaffNotes": "app",
                "ProofUrl": "https://proof.example.com/2",
            },
            "T00003": {"DispatchStatus": "ISSUE", "StaffNotes": "login blocked"},
        },
        key="TaskID",
    )
    assert here("staff", "pull", str(back), "--staff", BEN).code == 1
    assert do("staff", "pull", str(back))["conflicts"] == 0
    assert tickets_of(book, "Delivery", "DispatchedAt", "DispatchNotes")["S2-1"] == (
        "SENT",
        sent,
        "app",
    )
    assert tickets_of(book, "Delivery", "DispatchNotes")["S4-2"] == ("ISSUE", "login blocked")
    do("staff", "assign", "T00003", "--to", BEN)
    result = do("dispatch", "sync")
    assert {made["party"]: made["rows"] for made in result["books"]} == {ANA: 1, BEN: 2}
    assert here("dispatch", "sync", "--json").json["changes"] == {}

"""Pending is pending, through the command line on a file (§14a): nobody allocates or dispatches what
waits for approval; a sale keeps its first RunID; an escalation is recorded (§14d)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.dispatching import book_rows, fill, rows_of, tickets_of, type_by_key
from tests.cli.workbooks import done, type_into
from tests.conftest import Runner
from ticketops.cli.main import run

ANA = "ana@staff.example.com"
GUEST = {"First name": "Ann", "Last Name": "Lee", "Client Email": "guest@example.com"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five units of M01 Cat 1, of which S1 (two of Acme) has two; S2 asks for five more."""
    path = tmp_path_factory.mktemp("pending") / "event.xlsx"
    assert run(["init", str(path), "--event", "WC2026"]) == 0
    type_into(path, "Schedule WC2026", C2="M01", D2="Mexico vs Korea")
    at = ("-w", str(path))
    words = ["purchase", "add", "--match", "M01", "--vendor", "Ann", "--line", "Cat 1:5@100"]
    assert run([*words, *at]) == 0
    assert run(["sale", "add", "--client", "Acme", "--line", "M01:Cat 1:2@200", *at]) == 0
    assert run(["allocate", "commit", "S1", *at]) == 0
    assert run(["sale", "add", "--client", "Bolt", "--line", "M01:Cat 1:5@200", *at]) == 0
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {
        "TICKETOPS_WORKBOOK": str(book),
        "TICKETOPS_BOOKS": str(book.parent / "books"),
        "TICKETOPS_ROLE": "ops_manager",
    }


def served(book: Path) -> list[str]:
    return [key for key, unit in tickets_of(book, "AllocatedUnitIDs").items() if unit]


@pytest.mark.parametrize(
    "words",
    [
        ["allocate", "commit", "S2"],
        ["allocate", "commit", "S2-1"],
        ["allocate", "commit", "S2", "--plan", "1"],
        ["allocate", "commit", "S2", "--set", "PR0001-S01:1"],
        ["allocate", "commit", "S2", "--override", "--reason", "the boss says so"],
        ["allocate", "auto"],
        ["allocate", "auto", "--unattended"],
        ["allocate", "auto", "--optimize"],
        ["allocate", "process"],
    ],
)
@pytest.mark.parametrize("stock", ["short", "enough"])
def test_nobody_allocates_what_waits_for_approval(
    here: Runner, book: Path, words: list[str], stock: str
) -> None:
    if stock == "enough":
        more = ("--match", "M01", "--vendor", "Ann", "--line", "Cat 1:9@100")
        done(here("purchase", "add", *more))
    type_by_key(book, "Distribution", "ID", {"S2-1": {"Process_Now": True}}, header_row=2)
    result = here(*words)
    assert result.code in (1, 4), result.out
    assert "waits for approval" in result.out + result.err
    assert served(book) == ["S1-1", "S1-2"]
    assert [row["Status"] for row in rows_of(book, "Sales")] == ["ALLOCATED", "PENDING_APPROVAL"]
    assert tickets_of(book, "Status")["S2-1"] is None


def test_a_chosen_set_of_the_preview_is_refused(here: Runner, book: Path) -> None:
    assert here("allocate", "preview", "S2", "--write").code == 1
    row = rows_of(book, "_ALLOCATION_PREVIEW")[0]
    assert row["Warnings"].startswith("PENDING_APPROVAL")
    chosen = {row["SalesID"]: {"ChosenSetID": "PR0001-S01"}}
    type_by_key(book, "_ALLOCATION_PREVIEW", "SalesID", chosen)
    result = done(here("allocate", "process", "--json"), 1).json
    assert (result["result"]["units"], result["result"]["refused"]) == (0, 1)
    assert served(book) == ["S1-1", "S1-2"]


def test_approval_lets_it_through(here: Runner, book: Path) -> None:
    done(here("sale", "approve", "S2", "--reason", "bear it"), 1)
    assert served(book) == ["S1-1", "S1-2", "S2-1", "S2-2", "S2-3"]


def pend(book: Path) -> None:
    """S1, which is allocated, has guests and tasks, is set back to wait for approval."""
    type_by_key(book, "Sales", "SalesID", {"S1": {"Status": "Pending approval"}})


@pytest.fixture
def tasked(here: Runner, book: Path) -> Path:
    """S1's tickets have guests and tasks of Ana's; every book is made."""
    type_by_key(book, "Distribution", "ID", {f"S1-{n}": GUEST | {"Block": "A"} for n in (1, 2)}, 2)
    assert here("staff", "queue").code in (0, 1)
    done(here("staff", "assign", "--to", ANA, "T00001", "T00002"))
    done(here("supplier", "map", "BEE", "--vendor", "Bee"))
    for kind in ("client", "staff"):
        assert here(kind, "build", "--all").code in (0, 1)
    return book


def test_nobody_dispatches_what_waits_for_approval(here: Runner, tasked: Path) -> None:
    pend(tasked)
    for words in (
        ("staff", "mark", "SENT", "T00001"),
        ("staff", "assign", "T00001", "--to", ANA),
        ("staff", "reveal", "T00001"),
        ("unit", "substitute", "P00001", "--confirm", "UNDO", "--reason", "x"),
    ):
        assert "waits for approval" in done(here(*words), 4).err or words[1] == "reveal"
    assert "no task matches" in done(here("staff", "assign", "--match", "M01", "--to", ANA), 4).err
    assert done(here("staff", "tasks", "--json")).json["result"]["tasks"] == []
    queue = here("staff", "queue", "--json").json["result"]
    assert (queue["ready"], queue["new"]) == (0, 0)
    assert here("status", "--json").json["result"]["waiting"]["ready_to_send"] == 0
    assert here("dispatch", "status", "--json").json["result"]["total"]["to_send"] == 0
    assert tickets_of(tasked, "Delivery")["S1-1"] in (None, "NOT_SENT")


def test_no_book_hands_out_what_waits_for_approval(here: Runner, tasked: Path) -> None:
    books = tasked.parent / "books"
    assert set(book_rows(books / f"STAFF - Dispatch - {ANA}.xlsx")) == {"T00001", "T00002"}
    assert book_rows(books / "CLIENT - Acme.xlsx")["S1-1"]["Block"] == "A"
    pend(tasked)
    assert here("dispatch", "sync").code == 0
    assert book_rows(books / f"STAFF - Dispatch - {ANA}.xlsx") == {}
    client = book_rows(books / "CLIENT - Acme.xlsx")["S1-1"]
    assert client["Block"] is None
    done(here("sale", "approve", "S1", "--reason", "x"))
    assert here("dispatch", "sync").code == 0
    assert "T00001" in book_rows(books / f"STAFF - Dispatch - {ANA}.xlsx")


def test_a_word_of_a_book_about_it_is_refused(here: Runner, tasked: Path) -> None:
    path = tasked.parent / "books" / f"STAFF - Dispatch - {ANA}.xlsx"
    fill(path, path, {"T00001": {"DispatchStatus": "SENT"}})
    pend(tasked)
    result = here("staff", "pull", str(path), "--json")
    assert "waits for approval" in result.out
    assert tickets_of(tasked, "Delivery")["S1-1"] in (None, "NOT_SENT")


def test_a_status_typed_into_the_queue_is_refused(here: Runner, tasked: Path) -> None:
    pend(tasked)
    type_by_key(tasked, "_STAFF_QUEUE", "TaskID", {"T00001": {"DispatchStatus": "SENT"}})
    result = done(here("dispatch", "sync"), 1)
    assert "waits for approval" in result.out
    assert tickets_of(tasked, "Delivery")["S1-1"] in (None, "NOT_SENT")


@pytest.mark.slow
def test_what_was_sent_before_may_still_be_received(here: Runner, tasked: Path) -> None:
    done(here("staff", "mark", "SENT", "T00001"))
    pend(tasked)
    done(here("client", "accept", "Acme", "S1-1"))
    assert tickets_of(tasked, "Delivery")["S1-1"] == "ACCEPTED"


def test_partial_pending_of_an_order_is_shown(here: Runner, book: Path) -> None:
    words = ("--client", "Zed", "--line", "M01:Cat 2:1@9", "--line", "M01:Cat 1:1@9")
    done(here("purchase", "add", "--match", "M01", "--vendor", "Bee", "--line", "Cat 2:1@5"))
    done(here("sale", "add", *words))
    assert "PARTIAL_PENDING: S3, S4 · 1 of 2 tickets wait for approval" in here("status").out
    found = here("status", "--json").json["result"]["partial_pending"]
    assert found == [{"sales_ids": ["S3", "S4"], "waiting": 1, "tickets": 2}]


def test_a_later_commit_keeps_the_first_run_id(here: Runner, book: Path) -> None:
    first = tickets_of(book, "RunID")["S1-1"]
    assert first
    done(here("override", "unallocate", "S1-2", "--confirm", "UNDO", "--reason", "x"))
    assert tickets_of(book, "RunID")["S1-2"] is None
    done(here("allocate", "commit", "S1"))
    assert tickets_of(book, "RunID")["S1-2"] == first


def test_an_escalation_is_recorded(here: Runner, tasked: Path) -> None:
    words = ("staff", "escalate", "T00001", "--reason", "the vendor's platform is down")
    assert "not ISSUE" in done(here(*words), 4).err
    done(here("staff", "report-issue", "T00001", "--reason", "platform down"))
    assert done(here("staff", "escalate", "T00001"), 2).err
    done(here(*words, role="staff"), 6)
    before = tasked.read_bytes()
    done(here(*words, "-n"))
    assert tasked.read_bytes() == before
    result = done(here(*words, "--json", user="sara")).json["result"]
    assert result["escalated"] == [{"task_id": "T00001", "sales_id": "S1-1"}]
    task = rows_of(tasked, "_STAFF_QUEUE")[0]
    columns = ("EscalatedTo", "EscalatedBy", "EscalationReason", "Priority", "DispatchStatus")
    assert tuple(task[name] for name in columns) == (
        "ops_manager",
        "sara",
        "the vendor's platform is down",
        "High",
        "ISSUE",
    )
    assert task["EscalatedAt"]
    listed = here("staff", "tasks", "--json").json["result"]["tasks"]
    assert [(one["task_id"], one["escalated_to"]) for one in listed] == [
        ("T00001", "ops_manager"),
        ("T00002", None),
    ]
    todo = here("dispatch", "status", "--json").json["result"]["today"]
    assert [one["who"] for one in todo if one["what"] == "resolve the issue"] == ["ops_manager"]
    done(here("staff", "assign", "T00001", "--to", ANA, "--reopen"))
    listed = here("staff", "tasks", "--json").json["result"]["tasks"]
    assert {one["escalated_to"] for one in listed} == {None}
    assert rows_of(tasked, "_STAFF_QUEUE")[0]["EscalatedAt"], "what was done stays on record"


def test_an_issue_is_escalated_to_an_ops_manager_only(here: Runner, tasked: Path) -> None:
    done(here("staff", "report-issue", "T00001", "--reason", "platform down"))
    for name, role in (("boss", "super_admin"), ("mia", "ops_manager"), ("ben", "staff")):
        done(here("user", "set", name, "--role", role, "-y", user="boss"))
    words = ("staff", "escalate", "T00001", "--reason", "x")
    assert "is not an ops_manager" in done(here(*words, "--to", "ben", user="mia"), 4).err
    assert "not in _USERS" in done(here(*words, "--to", "zoe", user="mia"), 4).err
    done(here(*words, "--to", "mia", user="mia"))
    assert rows_of(tasked, "_STAFF_QUEUE")[0]["EscalatedTo"] == "mia"

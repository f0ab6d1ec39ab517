"""What the commands of dispatch refuse: the exit code, one line, and nothing written; who may do
what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.dispatching import ANA, ASSIGN, BEN, SENT, Do, below, name_of
from tests.conftest import Runner


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["client", "build"], 2, "--all"),
        (["client", "build", "Acme", "--all"], 2, "not both"),
        (["client", "build", "Akme"], 3, "did you mean Acme Ltd"),
        (["client", "build", "acme", "-o", "event.xlsx"], 2, "not a folder"),
        (["client", "pull"], 2, "FILE"),
        (["client", "pull", "none.xlsx"], 3, "none.xlsx is not a file"),
        (["client", "pull", "event.xlsx", "--prefer", "mine"], 2, "must be one of ours, theirs"),
        (["client", "view"], 2, "COMPANY"),
        (["client", "view", "zzz"], 3, "client groups"),
        (["client", "view", "acme", "--delivery", "gone"], 2, "NOT_SENT, SENT"),
        (["client", "view", "acme", "--allocation", "some"], 2, "partial"),
        (["client", "view", "acme", "--guests", "some"], 2, "complete"),
        (["client", "view", "acme", "--sort", "price"], 2, "--sort must be one of"),
        (["client", "view", "acme", "--view", "mine"], 3, "client views"),
        (
            ["client", "view", "acme", "--view", "mine", "--match", "M01"],
            2,
            "either --view or filters",
        ),
        (["client", "view", "acme", "--save-view", " "], 2, "--save-view is empty"),
        (["client", "accept", "acme"], 2, "name the tickets"),
        (["client", "accept", "acme", "S1-1", "--all"], 2, "name the tickets"),
        (["client", "accept", "acme", "--match", "M01", "--all"], 2, "name the tickets"),
        (["client", "accept", "acme", "--all"], 4, "SENT or UPLOADED"),
        (["client", "accept", "acme", "S1-1"], 4, "SENT or UPLOADED"),
        (["client", "accept", "acme", "S4-1"], 3, "acme has no ticket S4-1"),
        (["client", "accept", "Bolt", "--view", "mine"], 3, "client views"),
        (["client", "copy-down", "S9-1"], 3, "no ticket S9-1"),
        (["client", "copy-down", "S1-3"], 4, "no guest details"),
        (["client", "copy-down", "S4-1"], 4, "--overwrite"),
        (["client", "copy-down", "S4-2", "-c", "0"], 2, "greater than or equal to 1"),
        (["supplier", "map", "CEE"], 2, "--vendor NAME or --email"),
        (["supplier", "map", " ", "--vendor", "X"], 2, "empty"),
        (["supplier", "map", "CEE", "--vendor", "bee seats"], 4, "already belongs to BEE"),
        (["supplier", "map", "CEE", "--email", "cee"], 2, "not a pattern"),
        (["supplier", "unmap", "CEE"], 3, "no such entry"),
        (["supplier", "unmap", "BEE", "Ann Tickets"], 3, "no such entry"),
        (["supplier", "build"], 2, "--all"),
        (["supplier", "build", "CEE"], 3, "known names: BEE"),
        (["staff", "assign", "T00001"], 2, "--to ADDRESS"),
        (["staff", "assign", "--to", ANA], 2, "name the tasks"),
        (["staff", "assign", "T00001", "--match", "M01", "--to", ANA], 2, "either TASKIDs"),
        (["staff", "assign", "T00001", "--to", "ana"], 2, "@"),
        (["staff", "assign", "T00009", "--to", ANA], 3, "no task T00009"),
        (["staff", "assign", "--match", "M09", "--to", ANA], 4, "no task matches"),
        (["staff", "assign", "T00001", "--priority", "urgent"], 2, "Normal, High, Low"),
        (["staff", "build"], 2, "--all"),
        (["staff", "build", "--all"], 4, "no task that is assigned"),
        (["staff", "build", ANA], 3, ANA),
        (["staff", "mark", "GONE", "T00001"], 2, "NOT_SENT, SENT"),
        (["staff", "mark", "SENT"], 2, "TASKID"),
        (["staff", "mark", "SENT", "T00009"], 3, "no task T00009"),
        (["staff", "mark", "SENT", "T00001", "--at", "noon"], 2, "2026-06-11 14:30"),
        (["staff", "mark", "SENT", "T00001", "--at", "1999-06-11"], 2, "years 2000 and 2100"),
        (["staff", "mark", "SENT", "T00001", "--at", "9998-06-11"], 2, "years 2000 and 2100"),
        (["staff", "mark", "SENT", "T00001", "--at", "2099-06-11"], 4, "is in the future"),
        (["staff", "mark", "SENT", "T00001", "--at", "2001-06-11"], 4, "was allocated only on"),
        (["staff", "mark", "ACCEPTED", "T00001"], 4, "NOT_SENT can't change to ACCEPTED"),
        (["staff", "report-issue", "T00001"], 2, "--reason"),
        (["staff", "report-issue", "T00001", "--reason", " "], 2, "--reason is empty"),
        (["staff", "reveal", "T00001"], 4, "terminal"),
        (["dispatch", "status", "--by", "vendor"], 2, "client, supplier, staff, match"),
        (["dispatch", "watch", "nowhere"], 2, "not a folder"),
        (["dispatch", "watch", ".", "-n"], 2, "no dry run"),
        (["dispatch", "watch", ".", "--interval", "0"], 2, "0.1"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_what_is_refused_is_one_line(
    here: Runner, book: Path, words: list[str], code: int, message: str
) -> None:
    before = below(book.parent)
    done = here(*words)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1), done.err
    assert message in done.err
    assert here(*words, "--json").json["error"]["code"]
    assert below(book.parent) == before


def test_a_locked_workbook_is_code_5(here: Runner, book: Path) -> None:
    lock = book.with_name(".~lock.event.xlsx#")
    lock.write_text(",olga,desk,21.11.2026 10:00,file:///x;")
    before = book.read_bytes()
    for words in (
        ["client", "build", "--all"],
        SENT,
        ["staff", "mark", "PENDING", "T00001"],
        ASSIGN,
        ["supplier", "build", "--all"],
    ):
        assert here(*words).code == 5, words
    assert here("client", "view", "acme").code == 0, "to look is no harm"
    assert book.read_bytes() == before
    assert not (book.parent / "books").exists()


LEAST = [
    ("staff", ["client", "groups"]),
    ("staff", ["client", "view", "acme"]),
    ("staff", ["client", "views"]),
    ("staff", ["supplier", "groups"]),
    ("staff", ["staff", "tasks"]),
    ("staff", ["dispatch", "status"]),
    ("operator", ["client", "build", "--all"]),
    ("operator", ["client", "pull", "event.xlsx"]),
    ("operator", ["client", "accept", "acme", "S2-1"]),
    ("operator", ["client", "copy-down", "S4-2"]),
    ("operator", ["supplier", "map", "CEE", "--vendor", "C"]),
    ("operator", ["supplier", "unmap", "BEE"]),
    ("operator", ["supplier", "learn"]),
    ("operator", ["supplier", "build", "--all"]),
    ("operator", ["supplier", "pull", "event.xlsx"]),
    ("operator", ["staff", "queue"]),
    ("operator", ["staff", "assign", "T00003", "--to", BEN]),
    ("operator", ["staff", "build", "--all"]),
    ("operator", ["staff", "build", "--all", "--with-passwords"]),
    ("operator", ["staff", "pull", "event.xlsx"]),
    ("operator", ["dispatch", "sync"]),
]


@pytest.mark.parametrize(("least", "words"), LEAST, ids=[name_of(words) for _, words in LEAST])
def test_roles(here: Runner, book: Path, least: str, words: list[str]) -> None:
    """Staff may look and say what became of their own tasks; the rest takes an operator."""
    here(*ASSIGN)
    here(*SENT)
    before = below(book.parent)
    if least == "operator":
        done = here(*words, role="staff")
        assert (done.code, done.err.count("\n")) == (6, 1), done.err
        assert below(book.parent) == before
    assert here(*words, role=least).code in (0, 1)


def test_staff_touch_their_own_tasks_only(here: Runner, do: Do, book: Path) -> None:
    """By name or by address; _USERS says which address a name has."""
    do(*ASSIGN)
    do("staff", "assign", "T00003", "--to", ANA)
    for user in ("boss", "ana", "ben"):
        role = "ops_manager" if user == "boss" else "staff"
        do(
            "user",
            "set",
            user,
            "--role",
            role,
            "--email",
            f"{user}@staff.example.com",
            role="super_admin",
            user="boss",
        )
    before = book.read_bytes()
    assert do("staff", "tasks", ANA, user="ana")["tasks"]
    for words in (
        ["staff", "mark", "SENT", "T00002"],
        ["staff", "report-issue", "T00002", "--reason", "x"],
        ["staff", "reveal", "T00002", "-n"],
        ["staff", "mark", "SENT", "T00001", "T00002"],
    ):
        done = here(*words, user="ana")
        assert (done.code, "T00002 is not ana's task" in done.err) == (6, True), done.err
    assert here("staff", "mark", "SENT", "T00001", user="nobody").code == 6
    assert book.read_bytes() == before
    assert do("staff", "mark", "SENT", "T00001", user="ana")["marked"] == [
        {"task_id": "T00001", "sales_id": "S2-1"}
    ]
    assert do("staff", "mark", "PENDING", "T00003", user=ANA)["delivery"] == "PENDING"
    assert (
        do("staff", "report-issue", "T00002", "--reason", "gate", user="ben")["delivery"] == "ISSUE"
    )
    assert do("staff", "mark", "SENT", "T00002", user="boss")["delivery"] == "SENT"
    assert here("staff", "assign", "T00001", "--to", BEN, user="ana").code == 6

"""`ticketops client|supplier|staff|dispatch …` through the real command line: the object that each
prints, its dry run and its undo, and what people read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.dispatching import (
    ANA,
    ASSIGN,
    BEN,
    ENVELOPE,
    SENT,
    below,
    client_book,
    fill,
    name_of,
    staff_book,
    supplier_book,
)
from tests.cli.workbooks import cells_of
from tests.conftest import Runner
from tests.sampling import some
from tests.trail import given_back

BACK = "back.xlsx"


def came_back(kind: str) -> Callable[[Path, Runner], None]:
    """A book that was filled in and lies in back.xlsx."""

    def make(book: Path, here: Runner) -> None:
        said: dict[str, Any]
        if kind == "client":
            assert here("client", "build", "acme").code == 0
            path, said = (
                client_book(book),
                {
                    "S1-3": {
                        "First name": "Eve",
                        "Last Name": "Gray",
                        "Client Email": "eve@guests.example.com",
                    }
                },
            )
        elif kind == "supplier":
            assert here("supplier", "build", "BEE").code == 0
            path, said = (
                supplier_book(book),
                {"S1-1": {"Delivery": "UPLOADED", "DispatchNotes": "on the platform"}},
            )
        else:
            assert here(*ASSIGN).code == 0
            assert here("staff", "build", ANA).code == 0
            path, said = (
                staff_book(book),
                {"T00001": {"DispatchStatus": "SENT", "ProofUrl": "https://proof.example.com/1"}},
            )
        fill(path, book.parent / BACK, said)

    return make


def first(*commands: list[str]) -> Callable[[Path, Runner], None]:
    def make(_book: Path, here: Runner) -> None:
        for words in commands:
            assert here(*words).code in (0, 1), words

    return make


BOOKS = {"books", "edits", "taken", "conflicts", "refused", "files"}
PULLED = {"files", "edits", "taken", "conflicts", "refused"}
WRITING: list[tuple[list[str], set[str], Callable[[Path, Runner], None]]] = [
    (["client", "build", "Acme Ltd"], BOOKS, first()),
    (["client", "build", "--all"], BOOKS, first()),
    (["client", "pull", BACK], PULLED, came_back("client")),
    (
        ["client", "view", "Bolt", "--match", "M01", "--save-view", "opening"],
        {"client", "companies", "view", "summary", "tickets"},
        first(),
    ),
    (["client", "accept", "acme", "--all"], {"client", "accepted", "by"}, first(SENT)),
    (
        ["client", "accept", "Bolt", "S4-1", "--by", "Joe Bolt"],
        {"client", "accepted", "by"},
        first(SENT),
    ),
    (["client", "copy-down", "S4-2"], {"from", "to"}, first()),
    (["supplier", "map", "CEE", "--email", "cee*@*"], {"added"}, first()),
    (["supplier", "unmap", "BEE"], {"supplier_key", "removed"}, first()),
    (
        ["supplier", "learn"],
        {"added"},
        first(["supplier", "build", "--all"], ["supplier", "unmap", "BEE"]),
    ),
    (["supplier", "build", "--all"], BOOKS, first()),
    (["supplier", "pull", BACK], PULLED, came_back("supplier")),
    (
        ["staff", "queue"],
        {"tasks", "ready", "new", "unassigned", "memories"},
        first(["supplier", "unmap", "BEE"]),
    ),
    (ASSIGN, {"tasks", "people", "priority"}, first()),
    (["staff", "build", "--all"], BOOKS, first(ASSIGN)),
    (["staff", "pull", BACK], PULLED, came_back("staff")),
    (
        [
            "staff",
            "mark",
            "SENT",
            "T00001",
            "--note",
            "done",
            "--proof",
            "https://proof.example.com/1",
        ],
        {"marked", "delivery"},
        first(),
    ),
    (
        ["staff", "report-issue", "T00002", "--reason", "platform down", "--to", BEN],
        {"marked", "delivery"},
        first(),
    ),
    (
        ["dispatch", "sync"],
        BOOKS | {"gone", "new_tasks"},
        first(["supplier", "unmap", "BEE"], ["client", "build", "--all"], SENT),
    ),
]
READING: list[tuple[list[str], set[str]]] = [
    (["client", "groups"], {"clients"}),
    (["client", "view", "acme"], {"client", "companies", "view", "summary", "tickets"}),
    (["client", "views"], {"views"}),
    (["supplier", "groups"], {"groups", "units"}),
    (["staff", "tasks"], {"person", "tasks"}),
    (
        ["dispatch", "status"],
        {"total", "clients", "suppliers", "staff", "matches", "today", "without_date"},
    ),
]


def beside_the_copy(text: str) -> str:
    """What is said besides that the workbook is a copy without its journal, as it is here."""
    lines = [line for line in text.splitlines() if "no journal beside it knows them" not in line]
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "keys", "prepare"),
    some(WRITING, 4, of=3),
    ids=[name_of(words) for words, _, _ in WRITING],
)
def test_dry_run_command_and_undo(
    here: Runner,
    at: Runner,
    book: Path,
    words: list[str],
    keys: set[str],
    prepare: Callable[[Path, Runner], None],
) -> None:
    """A dry run writes no file at all and lists the very cells that the command changes; undo gives
    the bytes back, but for what lasting logs keep."""
    prepare(book, here)
    before, cells = below(book.parent), cells_of(book)
    planned = here(*words, "-n", "--json")
    assert below(book.parent) == before
    done = at(*words, "--json")
    assert (done.code, beside_the_copy(done.err)) == (0, ""), done.err
    assert set(done.json) == ENVELOPE
    assert keys <= set(done.json["result"])
    assert done.json["command"] == " ".join(words[:2])
    after = cells_of(book)
    changed = {key for key in cells.keys() | after.keys() if cells.get(key) != after.get(key)}
    listed = {(cell["sheet"], cell["cell"]) for cell in planned.json["cells"]}
    assert changed
    assert changed == listed
    assert planned.json["changes"] == done.json["changes"]
    assert (planned.json["dry_run"], done.json["dry_run"]) == (True, False)
    during = book.read_bytes()
    taken_back = here("undo", "-y")
    assert taken_back.code == 0, taken_back.err
    given_back(book, before["event.xlsx"], during)


@pytest.mark.parametrize(("words", "keys"), READING, ids=[name_of(words) for words, _ in READING])
def test_what_only_looks_writes_nothing(
    at: Runner, here: Runner, book: Path, words: list[str], keys: set[str]
) -> None:
    before = below(book.parent)
    done = at(*words, "--json", role="staff")
    assert (done.code, beside_the_copy(done.err)) == (0, "")
    assert set(done.json) == ENVELOPE
    assert keys == set(done.json["result"])
    assert done.json["changes"] == {}
    shown = here(*words, role="staff")
    assert (shown.code, beside_the_copy(shown.err)) == (0, "")
    assert shown.out
    assert below(book.parent) == before


def test_what_people_read(here: Runner, book: Path) -> None:
    assert here("client", "groups").out.splitlines() == [
        "Client  Companies            Tickets  Allocated  No e-mail  Sent  Accepted",
        "acme    Acme Ltd · ACME VIP        6          5          2     0         0",
        "bolt    Bolt                       4          3          1     0         0",
    ]
    assert here(*ASSIGN).out.splitlines() == [f"{ANA}: 1 task", f"{BEN}: 2 tasks"]
    assert here("staff", "mark", "sent", "t00001").out == (
        "SENT: T00001 (S2-1)\n"
        "Severity  Code    Where  What\n"
        "INFO      UNPAID  Sales  tickets of S2 are sent, but the payment is PENDING\n"
    )
    assert (
        here("client", "accept", "Acme Ltd", "--all", "--by", "Zoë").out
        == "1 ticket accepted by Zoë: S2-1\n"
    )
    assert here("client", "copy-down", "s4-2").out == "The guest of S4-2 is copied to S4-3\n"
    built = here("client", "build", "--all")
    assert built.out.splitlines() == [
        "Book      Rows  No e-mail  State  File",
        "Acme Ltd     6          2  new    CLIENT - Acme Ltd.xlsx",
        "Bolt         4          0  new    CLIENT - Bolt.xlsx",
        f"2 books in {book.parent / 'books'}",
    ]
    assert here("supplier", "groups").out.splitlines()[-1] == "BEE: 3 units"
    assert here("supplier", "unmap", "bee", "BEE SEATS").out == "Removed: BEE Bee Seats\n"
    assert "no group is set up" in here("supplier", "groups").out
    assert "no view is saved" in here("client", "views").out

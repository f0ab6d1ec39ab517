"""`ticketops client|supplier|staff|dispatch …` through the real command line: what they print, write and refuse, what watches a
folder, and that no password comes out of any command."""

from __future__ import annotations

import itertools
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from time_machine import TimeMachineFixture

from tests.cli.test_credentials_cli import ENTER, LEAVE, Terminal, holding, outside
from tests.cli.workbooks import cells_of, type_into
from tests.conftest import ROOT, Result, Runner
from ticketops.cli.main import run

ANA, BEN = "ana@staff.example.com", "ben@staff.example.com"
PLAIN = "Pw-Kranich-5512-am-See"
ENVELOPE = {"command", "run_id", "dry_run", "result", "changes", "findings"}


# --- a small event


def type_by_key(path: Path, sheet: str, key: str, rows: dict[str, dict[str, Any]], header_row: int = 1) -> None:
    """Somebody types into rows, by what stands in a key column, and saves."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    heads = [cell.value for cell in page[header_row]]
    found = set()
    for row in page.iter_rows(min_row=header_row + 1):
        name = row[heads.index(key)].value
        if name in rows:
            found.add(name)
            for head, value in rows[name].items():
                if head not in heads:
                    heads.append(head)
                    page.cell(header_row, len(heads)).value = head
                page.cell(row[0].row, heads.index(head) + 1).value = value
    assert found == set(rows), rows.keys() - found
    book.save(path)
    book.close()


def rows_of(path: Path, sheet: str, header_row: int = 1) -> list[dict[str, Any]]:
    """A sheet's rows below its header, as another library reads them; of headers that stand twice the last one counts."""
    book = openpyxl.load_workbook(path, read_only=True)
    if sheet not in book.sheetnames:
        book.close()
        return []
    rows = [row for row in book[sheet].iter_rows(min_row=header_row, values_only=True) if any(value is not None for value in row)]
    book.close()
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]


def tickets_of(path: Path, *columns: str) -> dict[str, Any]:
    """{SalesID: the value, or values, of Distribution}."""
    found = {row["ID"]: tuple(row.get(name) for name in columns) for row in rows_of(path, "Distribution", 2)}
    return {key: values[0] for key, values in found.items()} if len(columns) == 1 else found


def fill(source: Path, target: Path, rows: dict[str, dict[str, Any]], key: str = "") -> Path:
    """A reader fills in a book and saves it under another name. key: the header of the column that names the rows."""
    name = key or {"CLIENT": "Sales ID", "SUPPLIER": "ID", "STAFF": "TaskID"}[source.name.split()[0]]
    book = openpyxl.load_workbook(source)
    title = book.sheetnames[0]
    book.close()
    if target != source:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    type_by_key(target, title, name, rows, header_row=3)
    return target


def book_rows(path: Path, key: str = "") -> dict[str, dict[str, Any]]:
    """{row's key: what a book shows}."""
    name = key or {"CLIENT": "Sales ID", "SUPPLIER": "ID", "STAFF": "TaskID"}[path.name.split()[0]]
    loaded = openpyxl.load_workbook(path, read_only=True)
    title = loaded.sheetnames[0]
    loaded.close()
    return {row[name]: row for row in rows_of(path, title, 3) if row.get(name)}


GUESTS = {
    "S1-1": ("Ada", "Byron", "ada@guests.example.com"), "S1-2": ("Bo", "Chan", "bo@guests.example.com"), "S1-3": (None, None, None),
    "S2-1": ("Cy", "Dahl", "cy@guests.example.com"), "S2-2": (None, None, None),
    "S4-1": ("Di", "Eco", "di@guests.example.net"), "S4-2": ("Ed", "Fux", "ed@guests.example.net"), "S4-3": (None, None, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M01 Cat 1: P00001–P00005 of Ann Tickets, P00006–P00008 of Bee Seats; M02 Cat 2: P00009–P00012 of Ann Tickets. Acme Ltd has
    S1 (three of Bee's) and S2 (two of M02), ACME VIP S3 (one, no unit), Bolt S4 (three of Ann's) and S5 (one, no unit). Guests
    with an address: S1-1, S1-2, S2-1, S4-1, S4-2. Bee Seats is the supplier BEE. Tasks: S2-1, S4-1, S4-2, of nobody."""
    path = tmp_path_factory.mktemp("dispatch") / "event.xlsx"
    at = ("-w", str(path))
    assert run(["init", str(path)]) == 0
    for words in (
        ["purchase", "add", "--match", "M01", "--vendor", "Ann Tickets", "--contract", "000777", "--line", "Cat 1:5@100"],
        ["purchase", "add", "--match", "M01", "--vendor", "Bee Seats", "--contract", "B-1", "--line", "Cat 1:3@110"],
        ["purchase", "add", "--match", "M02", "--vendor", "Ann Tickets", "--contract", "000778", "--line", "Cat 2:4@50"],
        ["sale", "add", "--client", "Acme Ltd", "--line", "M01:Cat 1:3@200", "--line", "M02:Cat 2:2@90"],
        ["sale", "add", "--client", "ACME VIP", "--line", "M02:Cat 2:1@90"],
        ["sale", "add", "--client", "Bolt", "--line", "M01:Cat 1:3@200", "--line", "M02:Cat 2:1@90"],
    ):
        assert run([*words, *at]) == 0
    seats = {f"P{n:05d}": {"Block": "AB"[n % 2], "Row": str(n), "Seat": str(20 - n)} for n in range(1, 13)}
    type_by_key(path, "_PURCHASE_UNITS", "UnitID", seats)
    for words in (["S1", "--set", "PR0002-S01:3"], ["S2"], ["S4", "--set", "PR0001-S01:3"]):
        assert run(["allocate", "commit", *words, *at]) == 0
    named = ("First name", "Last Name", "Client Email")
    type_by_key(path, "Distribution", "ID", {key: dict(zip(named, guest, strict=True)) for key, guest in GUESTS.items()}, 2)
    for words in (["supplier", "map", "BEE", "--vendor", "Bee Seats"], ["staff", "queue"]):
        assert run([*words, *at]) == 0
    assert [(row["TaskID"], row["SalesID"]) for row in rows_of(path, "_STAFF_QUEUE")] == [
        ("T00001", "S2-1"), ("T00002", "S4-1"), ("T00003", "S4-2"),
    ]  # fmt: skip
    shutil.rmtree(path.with_name("event.xlsx.ticketops"))
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {
        "TICKETOPS_WORKBOOK": str(book),
        "TICKETOPS_KEY_FILE": str(book.parent / "keys" / "ticketops.keys"),
        "TICKETOPS_BOOKS": str(book.parent / "books"),
        "TICKETOPS_ROLE": "operator",
        "TICKETOPS_USER": "olga",
        "TERM": "xterm",
    }


@pytest.fixture
def do(here: Runner) -> Callable[..., dict[str, Any]]:
    """A command that must succeed; its result."""

    def command(*words: str, code: int = 0, **settings: str) -> dict[str, Any]:
        done = here(*words, "--json", **settings)
        assert done.code == code, done.out + done.err
        return done.json["result"]

    return command


Do = Callable[..., dict[str, Any]]


def client_book(book: Path, name: str = "acme") -> Path:
    return book.parent / "books" / f"CLIENT - {name}.xlsx"


def staff_book(book: Path, name: str = ANA) -> Path:
    return book.parent / "books" / f"STAFF - Dispatch - {name}.xlsx"


def supplier_book(book: Path, name: str = "BEE") -> Path:
    return book.parent / "books" / f"SUPPLIER - {name}.xlsx"


def codes(done: Result) -> list[str]:
    return sorted(finding["code"] for finding in done.json["findings"])


def below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for the journal's folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.endswith(".ticketops") for part in path.relative_to(folder).parts)
    }


# --- every command: the object it prints, its dry run, undo

SENT = ["staff", "mark", "SENT", "T00001", "T00002"]
ASSIGN = ["staff", "assign", "--unassigned", "--to", f"{ANA},{BEN}"]
BACK = "back.xlsx"


def came_back(kind: str) -> Callable[[Path, Runner], None]:
    """A book that was filled in and lies in back.xlsx."""

    def make(book: Path, here: Runner) -> None:
        said: dict[str, Any]
        if kind == "client":
            assert here("client", "build", "acme").code == 0
            path, said = client_book(book), {"S1-3": {"First name": "Eve", "Last Name": "Gray", "Client Email": "eve@guests.example.com"}}
        elif kind == "supplier":
            assert here("supplier", "build", "BEE").code == 0
            path, said = supplier_book(book), {"S1-1": {"Delivery": "UPLOADED", "DispatchNotes": "on the platform"}}
        else:
            assert here(*ASSIGN).code == 0
            assert here("staff", "build", ANA).code == 0
            path, said = staff_book(book), {"T00001": {"DispatchStatus": "SENT", "ProofUrl": "https://proof.example.com/1"}}
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
    (["client", "view", "Bolt", "--match", "M01", "--save-view", "opening"], {"client", "companies", "view", "summary", "tickets"}, first()),
    (["client", "accept", "acme", "--all"], {"client", "accepted", "by"}, first(SENT)),
    (["client", "accept", "Bolt", "S4-1", "--by", "Joe Bolt"], {"client", "accepted", "by"}, first(SENT)),
    (["client", "copy-down", "S4-2"], {"from", "to"}, first()),
    (["supplier", "map", "CEE", "--email", "cee*@*"], {"added"}, first()),
    (["supplier", "unmap", "BEE"], {"supplier_key", "removed"}, first()),
    (["supplier", "learn"], {"added"}, first(["supplier", "build", "--all"], ["supplier", "unmap", "BEE"])),
    (["supplier", "build", "--all"], BOOKS, first()),
    (["supplier", "pull", BACK], PULLED, came_back("supplier")),
    (["staff", "queue"], {"tasks", "ready", "new", "unassigned", "memories"}, first(["supplier", "unmap", "BEE"])),
    (ASSIGN, {"tasks", "people", "priority"}, first()),
    (["staff", "build", "--all"], BOOKS, first(ASSIGN)),
    (["staff", "pull", BACK], PULLED, came_back("staff")),
    (["staff", "mark", "SENT", "T00001", "--note", "done", "--proof", "https://proof.example.com/1"], {"marked", "delivery"}, first()),
    (["staff", "report-issue", "T00002", "--reason", "platform down", "--to", BEN], {"marked", "delivery"}, first()),
    (["dispatch", "sync"], BOOKS | {"gone", "new_tasks"}, first(["supplier", "unmap", "BEE"], ["client", "build", "--all"], SENT)),
]  # fmt: skip
READING: list[tuple[list[str], set[str]]] = [
    (["client", "groups"], {"clients"}),
    (["client", "view", "acme"], {"client", "companies", "view", "summary", "tickets"}),
    (["client", "views"], {"views"}),
    (["supplier", "groups"], {"groups", "units"}),
    (["staff", "tasks"], {"person", "tasks"}),
    (["dispatch", "status"], {"total", "clients", "suppliers", "staff", "matches", "today", "without_date"}),
]


def name_of(words: Sequence[str]) -> str:
    return " ".join(words[:3])


@pytest.mark.parametrize(("words", "keys", "prepare"), WRITING, ids=[name_of(words) for words, _, _ in WRITING])
def test_dry_run_command_and_undo(
    here: Runner, at: Runner, book: Path, words: list[str], keys: set[str], prepare: Callable[[Path, Runner], None]
) -> None:
    """A dry run writes no file at all and lists the very cells that the command changes; undo gives the bytes back."""
    prepare(book, here)
    before, cells = below(book.parent), cells_of(book)
    planned = here(*words, "-n", "--json")
    assert below(book.parent) == before
    done = at(*words, "--json")
    assert (done.code, done.err) == (0, ""), done.err
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
    taken_back = here("undo", "-y")
    assert taken_back.code == 0, taken_back.err
    assert book.read_bytes() == before["event.xlsx"]


@pytest.mark.parametrize(("words", "keys"), READING, ids=[name_of(words) for words, _ in READING])
def test_what_only_looks_writes_nothing(at: Runner, here: Runner, book: Path, words: list[str], keys: set[str]) -> None:
    before = below(book.parent)
    done = at(*words, "--json", role="staff")
    assert (done.code, done.err) == (0, "")
    assert set(done.json) == ENVELOPE
    assert keys == set(done.json["result"])
    assert done.json["changes"] == {}
    shown = here(*words, role="staff")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out
    assert below(book.parent) == before


def test_what_people_read(here: Runner, book: Path) -> None:
    assert here("client", "groups").out.splitlines() == [
        "Client  Companies            Tickets  Allocated  No e-mail  Sent  Accepted",
        "acme    Acme Ltd · ACME VIP        6          5          2     0         0",
        "bolt    Bolt                       4          3          1     0         0",
    ]
    assert here(*ASSIGN).out.splitlines() == [f"{ANA}: 2 tasks", f"{BEN}: 1 task"]
    assert here("staff", "mark", "sent", "t00001").out == "SENT: T00001 (S2-1)\n"
    assert here("client", "accept", "Acme Ltd", "--all", "--by", "Zoë").out == "1 ticket accepted by Zoë: S2-1\n"
    assert here("client", "copy-down", "s4-2").out == "The guest of S4-2 is copied to S4-3\n"
    built = here("client", "build", "--all")
    assert built.out.splitlines() == [
        "Book      Rows  No e-mail  State  File",
        "Acme Ltd     6          2  new    CLIENT - acme.xlsx",
        "Bolt         4          0  new    CLIENT - bolt.xlsx",
        f"2 books in {book.parent / 'books'}",
    ]
    assert here("supplier", "groups").out.splitlines()[-1] == "BEE: 3 units"
    assert here("supplier", "unmap", "bee", "BEE SEATS").out == "Taken out: BEE Bee Seats\n"
    assert "none is set up" in here("supplier", "groups").out
    assert "none is saved" in here("client", "views").out


# --- what is refused: the exit code, one line, and nothing written


@pytest.mark.parametrize(("words", "code", "message"), [
    (["client", "build"], 2, "--all"),
    (["client", "build", "Acme", "--all"], 2, "not both"),
    (["client", "build", "Akme"], 3, "did you mean Acme Ltd"),
    (["client", "build", "acme", "-o", "event.xlsx"], 2, "no folder"),
    (["client", "pull"], 2, "FILE"),
    (["client", "pull", "none.xlsx"], 3, "none.xlsx is no file"),
    (["client", "pull", "event.xlsx", "--prefer", "mine"], 2, "ours or theirs"),
    (["client", "view"], 2, "COMPANY"),
    (["client", "view", "zzz"], 3, "client groups"),
    (["client", "view", "acme", "--delivery", "gone"], 2, "NOT_SENT, SENT"),
    (["client", "view", "acme", "--allocation", "some"], 2, "partial"),
    (["client", "view", "acme", "--guests", "some"], 2, "complete"),
    (["client", "view", "acme", "--sort", "price"], 2, "columns are"),
    (["client", "view", "acme", "--view", "mine"], 3, "client views"),
    (["client", "view", "acme", "--view", "mine", "--match", "M01"], 2, "whole view"),
    (["client", "view", "acme", "--save-view", " "], 2, "--save-view is empty"),
    (["client", "accept", "acme"], 2, "say which tickets"),
    (["client", "accept", "acme", "S1-1", "--all"], 2, "say which tickets"),
    (["client", "accept", "acme", "--match", "M01", "--all"], 2, "say which tickets"),
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
    (["supplier", "map", "CEE", "--vendor", "bee seats"], 4, "BEE already"),
    (["supplier", "map", "CEE", "--email", "cee"], 2, "no pattern"),
    (["supplier", "unmap", "CEE"], 3, "no such entry"),
    (["supplier", "unmap", "BEE", "Ann Tickets"], 3, "no such entry"),
    (["supplier", "build"], 2, "--all"),
    (["supplier", "build", "CEE"], 3, "there are BEE"),
    (["staff", "assign", "T00001"], 2, "--to ADDRESS"),
    (["staff", "assign", "--to", ANA], 2, "say which tasks"),
    (["staff", "assign", "T00001", "--match", "M01", "--to", ANA], 2, "not both"),
    (["staff", "assign", "T00001", "--to", "ana"], 2, "@"),
    (["staff", "assign", "T00009", "--to", ANA], 3, "no task T00009"),
    (["staff", "assign", "--match", "M09", "--to", ANA], 4, "no task fits"),
    (["staff", "assign", "T00001", "--priority", "urgent"], 2, "Normal, High, Low"),
    (["staff", "build"], 2, "--all"),
    (["staff", "build", "--all"], 4, "no task that is assigned"),
    (["staff", "build", ANA], 3, ANA),
    (["staff", "mark", "GONE", "T00001"], 2, "NOT_SENT, SENT"),
    (["staff", "mark", "SENT"], 2, "TASKID"),
    (["staff", "mark", "SENT", "T00009"], 3, "no task T00009"),
    (["staff", "mark", "SENT", "T00001", "--at", "noon"], 2, "2026-06-11 14:30"),
    (["staff", "mark", "ACCEPTED", "T00001"], 4, "NOT_SENT does not go to ACCEPTED"),
    (["staff", "report-issue", "T00001"], 2, "--reason"),
    (["staff", "report-issue", "T00001", "--reason", " "], 2, "--reason is empty"),
    (["staff", "reveal", "T00001"], 4, "terminal"),
    (["dispatch", "status", "--by", "vendor"], 2, "client, supplier, staff, match"),
    (["dispatch", "watch", "nowhere"], 2, "no folder"),
    (["dispatch", "watch", ".", "-n"], 2, "no dry run"),
    (["dispatch", "watch", ".", "--interval", "0"], 2, "0.1"),
], ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "")  # fmt: skip
def test_what_is_refused_is_one_line(here: Runner, book: Path, words: list[str], code: int, message: str) -> None:
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
    for words in (["client", "build", "--all"], SENT, ["staff", "mark", "PENDING", "T00001"], ASSIGN, ["supplier", "build", "--all"]):
        assert here(*words).code == 5, words
    assert here("client", "view", "acme").code == 0, "to look is no harm"
    assert book.read_bytes() == before
    assert not (book.parent / "books").exists()


LEAST = [
    ("staff", ["client", "groups"]), ("staff", ["client", "view", "acme"]), ("staff", ["client", "views"]),
    ("staff", ["supplier", "groups"]), ("staff", ["staff", "tasks"]), ("staff", ["dispatch", "status"]),
    ("operator", ["client", "build", "--all"]), ("operator", ["client", "pull", "event.xlsx"]), ("operator", ["client", "accept", "acme", "S2-1"]),
    ("operator", ["client", "copy-down", "S4-2"]), ("operator", ["supplier", "map", "CEE", "--vendor", "C"]),
    ("operator", ["supplier", "unmap", "BEE"]), ("operator", ["supplier", "learn"]), ("operator", ["supplier", "build", "--all"]),
    ("operator", ["supplier", "pull", "event.xlsx"]), ("operator", ["staff", "queue"]), ("operator", ["staff", "assign", "T00003", "--to", BEN]),
    ("operator", ["staff", "build", "--all"]), ("operator", ["staff", "build", "--all", "--with-passwords"]),
    ("operator", ["staff", "pull", "event.xlsx"]), ("operator", ["dispatch", "sync"]),
]  # fmt: skip


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
    for user in ("boss", "ana", "ben"):
        role = "ops_manager" if user == "boss" else "staff"
        do("user", "set", user, "--role", role, "--email", f"{user}@staff.example.com", role="super_admin", user="boss")
    before = book.read_bytes()
    assert do("staff", "tasks", ANA, user="ana")["tasks"]
    for words in (["staff", "mark", "SENT", "T00002"], ["staff", "report-issue", "T00002", "--reason", "x"], ["staff", "reveal", "T00002", "-n"],
                  ["staff", "mark", "SENT", "T00001", "T00002"]):  # fmt: skip
        done = here(*words, user="ana")
        assert (done.code, "T00002 is not ana's task" in done.err) == (6, True), done.err
    assert here("staff", "mark", "SENT", "T00001", user="nobody").code == 6
    assert book.read_bytes() == before
    assert do("staff", "mark", "SENT", "T00001", user="ana")["marked"] == [{"task_id": "T00001", "sales_id": "S2-1"}]
    assert do("staff", "mark", "PENDING", "T00003", user=ANA)["delivery"] == "PENDING"
    assert do("staff", "report-issue", "T00002", "--reason", "gate", user="ben")["delivery"] == "ISSUE"
    assert do("staff", "mark", "SENT", "T00002", user="boss")["delivery"] == "SENT"
    assert here("staff", "assign", "T00001", "--to", BEN, user="ana").code == 6


# --- client view: filters and sorts against brute force

VIEWED = ("sales_id", "match", "game", "company", "inv_no", "category", "sets", "allocated", "qty", "block", "seat_row", "seat",
          "client_notes", "first_name", "last_name", "client_email", "comment", "delivery")  # fmt: skip


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sample; the 71 tickets of one client stand in many blocks, rows and states."""
    path = Path(shutil.copy(ROOT / "sample_workbooks" / "small.xlsx", tmp_path_factory.mktemp("crowd") / "event.xlsx"))
    dice = random.Random(11)
    book = openpyxl.load_workbook(path)
    page = book["Distribution"]
    heads = {cell.value: cell.column for cell in page[2]}
    for row in page.iter_rows(min_row=3):
        if row[heads["Company"] - 1].value != "Turizm Şişli":
            continue
        for head, choices in (
            ("Block", ["A", "B", "c", "9", "10", "101", None]), ("Row", ["1", "2", "9", "12", "15", "AA", None]),
            ("Seat", ["1", "7", "10", "22", None]), ("Delivery", ["NOT_SENT", "SENT", "PENDING", "ISSUE", "UPLOADED", None]),
            ("First name", ["Ada", "Bo", "Çelik", None]), ("Last Name", ["Byron", "de la Cruz", None]),
            ("Client Email", ["ada@guests.example.com", "bo@guests.example.net", None]),
        ):  # fmt: skip
            page.cell(row[0].row, heads[head]).value = dice.choice(choices)
    book.save(path)
    return path


def number_first(value: Any) -> tuple[Any, ...]:
    """The order people expect: runs of digits count as numbers, and come before letters (9, 12, A2, A10; M9, M12; S2-1, S10-1)."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in re.findall(r"\d+|\D+", str(value)))


def in_range(value: str | None, wanted: str) -> bool:
    if not value:
        return False
    low, dash, high = wanted.partition("-")
    if not dash:
        return value.casefold() == wanted.casefold()
    return number_first(low.casefold()) <= number_first(value.casefold()) <= number_first(high.casefold())


Ticket = dict[str, Any]
FILTERS: dict[str, list[tuple[str, Callable[[Ticket], bool]]]] = {
    "match": [
        ("M01", lambda t: t["match"] == "M01"),
        ("m1", lambda t: t["match"] == "M01"),
        ("M01,M51", lambda t: t["match"] in ("M01", "M51")),
        ("M99", lambda _: False),
    ],
    "category": [("cat 1", lambda t: t["category"] == "Cat 1"), ("Cat 2,CAT 3", lambda t: t["category"] in ("Cat 2", "Cat 3"))],
    "delivery": [
        ("sent", lambda t: t["delivery"] == "SENT"),
        ("NOT_SENT,ISSUE", lambda t: t["delivery"] in ("NOT_SENT", "ISSUE")),
        ("UPLOADED", lambda t: t["delivery"] == "UPLOADED"),
        ("PENDING", lambda t: t["delivery"] == "PENDING"),
        ("ACCEPTED", lambda t: t["delivery"] == "ACCEPTED"),
    ],
    "block": [("A", lambda t: t["block"] == "A"), ("C", lambda t: t["block"] == "c"), ("9-101", lambda t: in_range(t["block"], "9-101")),
              ("B-C", lambda t: in_range(t["block"], "B-C"))],
    "row": [("9", lambda t: t["seat_row"] == "9"), ("2-12", lambda t: t["seat_row"] in ("2", "9", "12")), ("aa", lambda t: t["seat_row"] == "AA")],
    "holder": [
        ("ada", lambda t: any("ada" in (t[n] or "").casefold() for n in ("first_name", "last_name", "client_email"))),
        ("çelik cruz", lambda t: t["first_name"] == "Çelik" and t["last_name"] == "de la Cruz"),
        ("nobody", lambda _: False),
    ],
    "allocation": [
        ("allocated", lambda t: t["allocated"] >= t["sets"]),
        ("unallocated", lambda t: t["allocated"] == 0),
        ("partial", lambda t: 0 < t["allocated"] < t["sets"]),
    ],
    "guests": [
        ("missing", lambda t: not (t["first_name"] and t["last_name"] and t["client_email"])),
        ("complete", lambda t: bool(t["first_name"] and t["last_name"] and t["client_email"])),
    ],
}  # fmt: skip
SORTS = {"id": "sales_id", "match": "match", "game": "game", "company": "company", "inv-no": "inv_no", "category": "category", "sets": "sets",
         "allocated": "allocated", "qty": "qty", "block": "block", "row": "seat_row", "seat": "seat", "notes": "client_notes",
         "first-name": "first_name", "last-name": "last_name", "email": "client_email", "comments": "comment", "status": "delivery"}  # fmt: skip


@pytest.fixture
def seen(crowd: Path, do: Do) -> Callable[..., list[Ticket]]:
    def look(*words: str) -> list[Ticket]:
        return do("client", "view", "Turizm Şişli", *words, workbook=str(crowd))["tickets"]

    return look


def test_filters_against_brute_force(seen: Callable[..., list[Ticket]]) -> None:
    """Every filter alone, and random ones together."""
    everything = seen()
    assert len(everything) == 71
    assert all(set(VIEWED) <= set(ticket) for ticket in everything)
    single = [((name, text, rule),) for name, choices in FILTERS.items() for text, rule in choices]
    dice = random.Random(5)
    several = []
    for _ in range(25):
        names = dice.sample(sorted(FILTERS), 2)
        several.append(tuple((name, *dice.choice(FILTERS[name])) for name in names))
    hits = 0
    for chosen in [*single, *several]:
        words = [word for name, text, _ in chosen for word in (f"--{name}", text)]
        expected = [ticket for ticket in everything if all(rule(ticket) for _, _, rule in chosen)]
        assert seen(*words) == expected, words
        hits += bool(expected)
    assert hits > 25


@pytest.mark.parametrize("column", SORTS)
def test_sorts_against_brute_force(seen: Callable[..., list[Ticket]], column: str) -> None:
    everything, name = seen(), SORTS[column]
    for sign in ("", "-"):
        shown = seen("--sort", f"{sign}{column}")
        assert sorted(ticket["sales_id"] for ticket in shown) == sorted(ticket["sales_id"] for ticket in everything)
        filled = [ticket for ticket in shown if ticket[name] not in (None, "")]
        expected = [ticket for ticket in everything if ticket[name] not in (None, "")]
        expected.sort(key=lambda ticket: number_first(ticket[name]), reverse=bool(sign))
        assert [(t[name], t["sales_id"]) for t in filled] == [(t[name], t["sales_id"]) for t in expected], "ties keep their order"


def test_several_sorts_and_options_given_twice(seen: Callable[..., list[Ticket]]) -> None:
    everything = seen()
    expected = sorted(everything, key=lambda t: number_first(t["seat"]))
    expected.sort(key=lambda t: number_first(t["category"]), reverse=True)
    assert seen("--sort", "-category,seat") == seen("--sort", "-category", "--sort", "seat") == expected
    assert seen("--match", "M01", "--match", "M51") == [t for t in everything if t["match"] in ("M01", "M51")]


def test_views_are_kept_replaced_and_listed(do: Do, here: Runner, book: Path) -> None:
    wanted = ["--match", "M01", "--delivery", "NOT_SENT", "--sort", "-seat"]
    kept = do("client", "view", "acme", *wanted, "--save-view", "Opening; day = 1%")
    assert [ticket["sales_id"] for ticket in kept["tickets"]] == ["S1-1", "S1-2", "S1-3"]
    assert do("client", "view", "ACME VIP", "--view", "OPENING; day = 1%") == kept
    assert here("client", "view", "Bolt", "--view", "Opening; day = 1%").code == 3, "another client's"
    assert do("client", "views")["views"] == [
        {"name": "Opening; day = 1%", "client": "acme", "filters": "match=M01; delivery=NOT_SENT; sort=-seat", "by": "olga"}
    ]
    assert do("client", "views", "Bolt")["views"] == []
    do("client", "view", "acme", "--holder", "x;y 100%, z", "--save-view", "opening; day = 1%", user="otto")
    (view,) = do("client", "views", "Acme Ltd")["views"]
    assert (view["name"], view["by"]) == ("Opening; day = 1%", "otto")
    type_by_key(book, "Distribution", "ID", {"S2-1": {"First name": "x;y", "Last Name": "100%, z"}}, 2)
    assert [t["sales_id"] for t in do("client", "view", "acme", "--view", "opening; day = 1%")["tickets"]] == ["S2-1"]
    before = book.read_bytes()
    assert here("client", "view", "acme", "--match", "M02").code == 0
    assert book.read_bytes() == before


# --- accept, copy-down

ALL_SENT = ["staff", "mark", "SENT", "T00001", "T00002", "T00003"]


@pytest.mark.parametrize(("words", "accepted", "found"), [
    (["Bolt", "S4-1"], ["S4-1"], []),
    (["bolt", "s4-2", "S4-1"], ["S4-2", "S4-1"], []),
    (["bolt", "s4-2", "S4-2"], ["S4-2"], []),
    (["Bolt", "S4-1", "S5-1"], ["S4-1"], ["NOT_SENT_YET"]),
    (["Bolt", "--match", "M01"], ["S4-1", "S4-2"], []),
    (["Bolt", "--holder", "fux"], ["S4-2"], []),
    (["Bolt", "--block", "B-Z"], ["S4-1"], []),
    (["Bolt", "--row", "2"], ["S4-2"], []),
    (["Bolt", "--view", "mine"], ["S4-2"], []),
    (["Bolt", "--all"], ["S4-1", "S4-2"], []),
    (["Acme Premium", "--category", "cat 2"], ["S2-1"], []),
])  # fmt: skip
def test_receipts(here: Runner, do: Do, book: Path, words: list[str], accepted: list[str], found: list[str]) -> None:
    do(*ALL_SENT)
    do("client", "view", "Bolt", "--holder", "ed@", "--save-view", "mine")
    before = tickets_of(book, "Delivery", "AcceptedAt", "AcceptedBy")
    start = datetime.now().replace(microsecond=0)
    done = here("client", "accept", *words, "--by", "Joe", "--json")
    assert (done.code, codes(done)) == (1 if found else 0, found)
    assert done.json["result"]["accepted"] == accepted
    for key, values in tickets_of(book, "Delivery", "AcceptedAt", "AcceptedBy").items():
        if key in accepted:
            assert (values[0], values[2]) == ("ACCEPTED", "Joe")
            assert start <= values[1] <= datetime.now() + timedelta(seconds=1)
        else:
            assert values == before[key]
    vault = {row["SalesID"]: row["AcceptedBy"] for row in rows_of(book, "_CLIENT_INPUTS")}
    assert all(vault[key] == "Joe" for key in accepted)
    queue = {row["SalesID"]: row["DispatchStatus"] for row in rows_of(book, "_STAFF_QUEUE")}
    assert {key for key, status in queue.items() if status == "ACCEPTED"} == set(accepted)


def test_a_sale_that_is_all_with_the_client_is_fulfilled(do: Do, book: Path) -> None:
    do("client", "copy-down", "S2-1")
    do("staff", "queue")
    task = next(row["TaskID"] for row in rows_of(book, "_STAFF_QUEUE") if row["SalesID"] == "S2-2")
    do("staff", "mark", "SENT", "T00001")
    do("client", "accept", "acme", "S2-1")
    assert {row["SalesID"]: row["Status"] for row in rows_of(book, "Sales")}["S2"] == "ALLOCATED"
    do("staff", "mark", "SENT", task)
    assert {row["SalesID"]: row["Status"] for row in rows_of(book, "Sales")}["S2"] == "FULFILLED"


GUEST = ("First name", "Last Name", "Client Email")


def test_copy_down(here: Runner, do: Do, book: Path) -> None:
    assert do("client", "copy-down", "S4-1", "--overwrite") == {"from": "S4-1", "to": ["S4-2", "S4-3"]}
    assert {tickets_of(book, *GUEST)[key] for key in ("S4-1", "S4-2", "S4-3")} == {GUESTS["S4-1"]}
    assert here("undo", "-y").code == 0
    done = here("client", "copy-down", "S1-2", "-c", "2")
    assert (done.code, "S2-1: filled in already" in done.err) == (4, True), "a book goes on with the next sale"
    assert tickets_of(book, *GUEST)["S1-3"] == (None, None, None), "whole or not at all"
    assert do("client", "copy-down", "S1-2", "-c", "1")["to"] == ["S1-3"]
    assert tickets_of(book, *GUEST)["S1-3"] == GUESTS["S1-2"]
    assert do("client", "copy-down", "S1-2", "-c", "1")["to"] == ["S1-3"], "the same again"
    assert do("client", "copy-down", "S1-2", "-c", "2", "--overwrite")["to"] == ["S1-3", "S2-1"]
    assert here("client", "copy-down", "S4-3").code == 4, "nothing there to copy"
    assert here("client", "copy-down", "S2-1", "-c", "9").code == 0
    assert tickets_of(book, *GUEST)["S3-1"] == (None, None, None), "it has no unit"


# --- books: made, made again, in the way, open elsewhere, taken back


def test_a_second_build_changes_nothing(here: Runner, do: Do, book: Path) -> None:
    do(*ASSIGN)
    for words, number in ((["client", "build", "--all"], 2), (["supplier", "build", "--all"], 1), (["staff", "build", "--all"], 2)):
        assert [made["state"] for made in do(*words)["books"]] == ["new"] * number
        before = below(book.parent)
        done = here(*words, "--json")
        assert (done.code, done.json["changes"], done.err) == (0, {}, "")
        assert {made["state"] for made in done.json["result"]["books"]} == {"unchanged"}
        assert below(book.parent) == before
        text = here(*words)
        assert f"{number} book{'s' * (number > 1)} unchanged" in text.out
        assert "nothing to do" in text.err
    assert here("dispatch", "sync", "--json").json["changes"] == {}
    assert len(rows_of(book, "_BOOKS")) == 5


def test_what_was_typed_in_place_is_read_and_kept(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "--all")
    path = fill(client_book(book), client_book(book), {"S1-3": {"First name": "Eve", "Last Name": "Gray", "Client Email": "eve@guests.example.com"},
                                                       "S3-1": {"First name": "Early"}})  # fmt: skip
    typed = path.read_bytes()
    dry = here("client", "build", "acme", "-n", "--json")
    assert dry.json["result"]["edits"] == 3
    assert path.read_bytes() == typed
    done = here("client", "build", "acme", "--json")
    assert (done.code, codes(done)) == (1, ["CLOSED_CELL"])
    assert tickets_of(book, *GUEST)["S1-3"] == ("Eve", "Gray", "eve@guests.example.com")
    (kept,) = (book.parent / "books" / "returned").iterdir()
    assert re.fullmatch(r"CLIENT - acme \d{8}-\d{6}\.xlsx", kept.name)
    assert kept.read_bytes() == typed
    assert [book_rows(path)["S1-3"][head] for head in GUEST] == ["Eve", "Gray", "eve@guests.example.com"]
    assert book_rows(path)["S3-1"]["First name"] is None
    assert here("client", "build", "acme", "--json").json["changes"] == {}


def test_an_undone_build_is_made_good(here: Runner, do: Do, book: Path) -> None:
    """The book that stands there says what the workbook says, also after undo."""
    do("client", "build", "acme")
    fill(
        client_book(book), client_book(book), {"S1-3": {"First name": "Eve", "Last Name": "Gray", "Client Email": "eve@guests.example.com"}}
    )
    do("client", "build", "acme")
    assert here("undo", "-y").code == 0
    assert tickets_of(book, "First name")["S1-3"] is None
    assert here("dispatch", "sync").code in (0, 1)
    assert here("client", "build", "acme").code in (0, 1)
    assert book_rows(client_book(book))["S1-3"]["First name"] == tickets_of(book, "First name")["S1-3"]


@pytest.mark.parametrize("again", [["client", "build", "Bolt"], ["dispatch", "sync"]], ids=["build", "sync"])
def test_a_book_that_is_open_is_made_later(here: Runner, do: Do, book: Path, again: list[str]) -> None:
    do("client", "build", "--all")
    before = client_book(book, "bolt").read_bytes()
    do("client", "copy-down", "S4-2")
    lock = client_book(book, "bolt").with_name(".~lock.CLIENT - bolt.xlsx#")
    lock.write_text(",kim,desk,21.11.2026 10:00,file:///x;")
    done = here("client", "build", "--all", "--json")
    assert (done.code, codes(done)) == (1, ["BOOK_OPEN"])
    assert [(made["party"], made["state"]) for made in done.json["result"]["books"]] == [("acme", "unchanged"), ("bolt", "open elsewhere")]
    assert client_book(book, "bolt").read_bytes() == before
    assert "kim" in here("dispatch", "sync").out
    lock.unlink()
    assert here(*again).code == 0
    assert book_rows(client_book(book, "bolt"))["S4-3"]["First name"] == "Ed"


def test_a_book_that_could_not_be_written_is_made_later(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "Bolt")
    do("client", "copy-down", "S4-2")
    books = book.parent / "books"
    books.rename(book.parent / "away")
    (book.parent / "books").mkdir()
    (book.parent / "books" / "CLIENT - bolt.xlsx").mkdir()
    done = here("client", "build", "Bolt")
    assert done.code == 1
    (book.parent / "books" / "CLIENT - bolt.xlsx").rmdir()
    (book.parent / "books").rmdir()
    (book.parent / "away").rename(books)
    assert here("client", "build", "Bolt").code == 0
    assert book_rows(client_book(book, "bolt"))["S4-3"]["First name"] == "Ed"


@pytest.mark.parametrize("what", ["text", "a workbook", "another party's book", "a book of another workbook"])
def test_a_file_in_the_way_is_left_alone(here: Runner, do: Do, book: Path, tmp_path: Path, what: str) -> None:
    path = client_book(book)
    path.parent.mkdir()
    if what == "text":
        path.write_text("my notes")
    elif what == "a workbook":
        shutil.copy(book, path)
    elif what == "another party's book":
        do("client", "build", "Bolt")
        shutil.copy(client_book(book, "bolt"), path)
    else:
        other = Path(shutil.copy(book, tmp_path / "other.xlsx"))
        do("client", "build", "acme", workbook=str(other))
        shutil.rmtree(tmp_path / "other.xlsx.ticketops")
    before = path.read_bytes()
    done = here("client", "build", "acme", "--json")
    assert done.code == 1
    assert "FILE_IN_THE_WAY" in codes(done)
    assert [made["state"] for made in done.json["result"]["books"]] == ["in the way"]
    assert path.read_bytes() == before


def test_books_are_read_from_any_folder(here: Runner, do: Do, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names with blanks and accents; another working folder; a book that was moved is no longer kept up to date."""
    out = book.parent / "Bücher für «Kunden» 2026"
    do("client", "build", "--all", "-o", str(out))
    elsewhere = book.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    do("client", "copy-down", "S4-2")
    result = do("dispatch", "sync")
    assert {made["party"]: made["state"] for made in result["books"]} == {"acme": "unchanged", "bolt": "rebuilt"}
    assert book_rows(out / "CLIENT - bolt.xlsx")["S4-3"]["First name"] == "Ed"
    (out / "CLIENT - acme.xlsx").rename(elsewhere / "Kopie von CLIENT - acme (1).xlsx")
    fill(elsewhere / "Kopie von CLIENT - acme (1).xlsx", elsewhere / "Kopie von CLIENT - acme (1).xlsx",
         {"S1-3": {"First name": "Eve"}}, key="Sales ID")  # fmt: skip
    assert do("dispatch", "sync")["gone"] == 1
    done = here("client", "pull", "Kopie von CLIENT - acme (1).xlsx", "--json")
    assert (done.code, done.json["result"]["taken"], codes(done)) == (1, 1, ["INCOMPLETE"])
    assert tickets_of(book, "First name")["S1-3"] == "Eve"
    assert list(elsewhere.iterdir()) == [elsewhere / "Kopie von CLIENT - acme (1).xlsx"]


def test_pull_tells_what_it_refuses(here: Runner, do: Do, book: Path) -> None:
    """Other kinds, other parties, damage: a line each, the rest is taken."""
    do("client", "build", "--all")
    do("supplier", "build", "--all")
    good = fill(client_book(book), book.parent / "good.xlsx", {
        "S1-3": {"First name": "Eve", "Client Email": "no address"}, "S1-1": {"Status": "ACCEPTED"}, "S2-1": {"First name": "=1+1"},
        "S2-2": {"Clients notes": "by post"}}, key="Sales ID")  # fmt: skip
    (book.parent / "cut.xlsx").write_bytes(good.read_bytes()[:3000])
    (book.parent / "empty.xlsx").touch()
    (book.parent / "text.xlsx").write_text("hello")
    done = here("client", "pull", "good.xlsx", "cut.xlsx", "empty.xlsx", "text.xlsx", "event.xlsx", str(supplier_book(book)), "--json")
    assert done.code == 1
    found = codes(done)
    assert {code: found.count(code) for code in set(found) - {"INCOMPLETE"}} == {
        "UNUSABLE": 4, "WRONG_KIND": 1, "BAD_EMAIL": 1, "CLOSED_CELL": 1, "FORMULA": 1,
    }  # fmt: skip
    assert done.json["result"]["taken"] == 2
    assert tickets_of(book, "First name", "Client Email", "Clients notes")["S1-3"] == ("Eve", None, None)
    assert tickets_of(book, "Clients notes")["S2-2"] == "by post"
    again = here("client", "pull", "good.xlsx", "--json")
    assert (again.json["result"]["edits"], again.json["changes"]) == (0, {})
    wrong = here("client", "pull", "good.xlsx", "--company", "Bolt", "--json")
    assert codes(wrong) == ["WRONG_PARTY"]


def test_conflicts_and_prefer(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "acme")
    fill(client_book(book), book.parent / "a.xlsx", {"S1-1": {"First name": "Augusta"}}, key="Sales ID")
    type_by_key(book, "Distribution", "ID", {"S1-1": {"First name": "Adele"}}, 2)
    theirs = Path(shutil.copy(book, book.parent / "theirs.xlsx"))
    done = here("client", "pull", "a.xlsx", "--json")
    assert (done.code, done.json["result"]["conflicts"]) == (1, 1)
    assert tickets_of(book, "First name")["S1-1"] == "Adele"
    done = here("client", "pull", "a.xlsx", "--prefer", "theirs", "--json", workbook=str(theirs))
    assert done.json["result"]["conflicts"] == 0
    assert tickets_of(theirs, "First name")["S1-1"] == "Augusta"


# --- suppliers


def test_supplier_groups(here: Runner, do: Do, book: Path) -> None:
    assert do("supplier", "groups") == {
        "groups": [{"supplier_key": "BEE", "vendor": "Bee Seats", "email_pattern": None}],
        "units": {"BEE": 3},
    }
    assert do("supplier", "map", "ann  x", "--vendor", "Ann Tickets", "--email", "ann*@*", "--email", "a2@*")["added"] == [
        {"supplier_key": "ANN X", "vendor": "Ann Tickets", "email_pattern": None},
        {"supplier_key": "ANN X", "vendor": None, "email_pattern": "ann*@*"},
        {"supplier_key": "ANN X", "vendor": None, "email_pattern": "a2@*"},
    ]
    assert do("supplier", "map", "ANN X", "--vendor", "ann tickets")["added"] == [], "again"
    assert do("supplier", "groups")["units"] == {"ANN X": 9, "BEE": 3}
    do("supplier", "build", "--all")
    assert {row["SupplierKey"] for row in rows_of(book, "_SUPPLIER_QUEUE")} == {"ANN X", "BEE"}
    assert do("supplier", "unmap", "Ann X", "ANN TICKETS")["removed"] == ["ANN X Ann Tickets"]
    assert do("supplier", "groups")["units"] == {"BEE": 3}
    assert len(do("supplier", "unmap", "ann x")["removed"]) == 2
    assert do("supplier", "learn")["added"] == [{"supplier_key": "ANN X", "vendor": "Ann Tickets", "email_pattern": None}]
    assert do("supplier", "learn")["added"] == []


def test_a_vendor_that_two_suppliers_claim_is_in_no_book(here: Runner, do: Do, book: Path) -> None:
    type_by_key(book, "_PURCHASE_UNITS", "UnitID", {f"P{n:05d}": {"Email": "sales@ann.example.com"} for n in (1, 2, 4)})
    do("supplier", "map", "CEE", "--email", "sales@ann*")
    do("supplier", "map", "DEE", "--email", "*@ann.example.com")
    done = here("supplier", "build", "--all", "--json")
    assert (done.code, codes(done)) == (1, ["AMBIGUOUS_SUPPLIER"])
    (finding,) = done.json["findings"]
    assert ("Ann Tickets" in finding["message"], "CEE and DEE" in finding["message"]) == (True, True)
    assert [made["party"] for made in done.json["result"]["books"]] == ["BEE"]
    do("supplier", "unmap", "DEE")
    built = do("supplier", "build", "--all")["books"]
    assert {made["party"]: made["rows"] for made in built} == {"BEE": 3, "CEE": 3}


def test_what_a_supplier_says_reaches_all(do: Do, book: Path) -> None:
    do("client", "build", "--all")
    do("supplier", "build", "BEE")
    assert {key: row["Delivery"] for key, row in book_rows(supplier_book(book)).items()} == dict.fromkeys(
        ("S1-1", "S1-2", "S1-3"), "NOT_SENT"
    )
    fill(
        supplier_book(book),
        book.parent / "back.xlsx",
        {"S1-1": {"Delivery": "UPLOADED"}, "S1-2": {"Delivery": "sent", "DispatchNotes": "by app"}},
        key="ID",
    )
    assert do("supplier", "pull", "back.xlsx")["taken"] == 3
    assert tickets_of(book, "Delivery", "DispatchNotes")["S1-1"] == ("UPLOADED", None)
    assert tickets_of(book, "Delivery", "DispatchNotes")["S1-2"] == ("SENT", "by app")
    do("dispatch", "sync")
    assert {key: row["Status"] for key, row in book_rows(client_book(book)).items() if key.startswith("S1-")} == {
        "S1-1": "UPLOADED", "S1-2": "SENT", "S1-3": "NOT_SENT",
    }  # fmt: skip
    queue = {row["ID"]: row["Delivery"] for row in rows_of(book, "_SUPPLIER_QUEUE")}
    assert (queue["S1-1"], queue["S1-2"]) == ("UPLOADED", "SENT")


def test_a_supplier_is_told_of_locked_rows(here: Runner, do: Do, book: Path) -> None:
    do("supplier", "map", "ANN", "--vendor", "Ann Tickets")
    do("supplier", "build", "ANN")
    path = supplier_book(book, "ANN")
    loaded = openpyxl.load_workbook(path)
    page = loaded.worksheets[0]
    heads = [cell.value for cell in page[3]]
    row = next(row for row in page.iter_rows(min_row=4) if row[heads.index("AllocatedUnitIDs")].value == "P00005")
    row[heads.index("Delivery")].value = "SENT"
    loaded.save(book.parent / "back.xlsx")
    assert "CLOSED_CELL" in codes(here("supplier", "pull", "back.xlsx", "--json"))


# --- staff: queue, assign, tasks, mark, issues


def test_assign_takes_turns(do: Do, here: Runner, book: Path) -> None:
    def whose() -> dict[str, Any]:
        return {row["TaskID"]: row["AssignedTo"] for row in rows_of(book, "_STAFF_QUEUE")}

    assert do("staff", "assign", "--unassigned", "--to", ANA.upper(), "--to", BEN)["people"] == {ANA: 2, BEN: 1}
    assert whose() == {"T00001": ANA, "T00002": BEN, "T00003": ANA}
    assert here("staff", "assign", "--unassigned", "--to", BEN).code == 4
    assert do("staff", "assign", "--from", ANA.upper(), "--to", "cy@staff.example.com")["tasks"] == ["T00001", "T00003"]
    assert do("staff", "assign", "--from", "cy@staff.example.com", "--match", "m1", "--to", BEN)["tasks"] == ["T00003"]
    assert do("staff", "assign", "--match", "M02", "--match", "M01", "--priority", "high")["tasks"] == ["T00001", "T00002", "T00003"]
    assert {row["Priority"] for row in rows_of(book, "_STAFF_QUEUE")} == {"High"}
    assert whose() == {"T00001": "cy@staff.example.com", "T00002": BEN, "T00003": BEN}
    assert do("staff", "assign", "t00002", "T00002", "--to", ANA, "--priority", "Low")["people"][ANA] >= 1
    assert [task["task_id"] for task in do("staff", "tasks")["tasks"]] == ["T00001", "T00003", "T00002"]
    assert [task["task_id"] for task in do("staff", "tasks", ANA.upper())["tasks"]] == ["T00002"]
    do("staff", "mark", "SENT", "T00001")
    assert [task["task_id"] for task in do("staff", "tasks")["tasks"]] == ["T00003", "T00002"]
    assert {task["task_id"] for task in do("staff", "tasks", "--all")["tasks"]} == {"T00001", "T00002", "T00003"}


def test_an_issue_and_its_end(do: Do, here: Runner, book: Path) -> None:
    do(*SENT)
    assert do("staff", "report-issue", "T00001", "--reason", "wrong seats", "--to", BEN, "--priority", "High")["delivery"] == "ISSUE"
    assert tickets_of(book, "Delivery", "DispatchNotes")["S2-1"] == ("ISSUE", "wrong seats")
    (task,) = (row for row in rows_of(book, "_STAFF_QUEUE") if row["TaskID"] == "T00001")
    assert (task["AssignedTo"], task["Priority"], task["DispatchStatus"], task["StaffNotes"]) == (BEN, "High", "ISSUE", "wrong seats")
    do("staff", "assign", "T00001", "--reopen")
    assert tickets_of(book, "Delivery", "DispatchNotes")["S2-1"] == ("NOT_SENT", "wrong seats")
    do("staff", "mark", "SENT", "T00001", "--at", "2026-06-11 14:30", "--note", "app", "--proof", "https://proof.example.com/7")
    assert tickets_of(book, "Delivery", "DispatchedAt", "DispatchNotes")["S2-1"] == (
        "SENT",
        datetime(2026, 6, 11, 14, 30),
        "wrong seats | app",
    )
    (task,) = (row for row in rows_of(book, "_STAFF_QUEUE") if row["TaskID"] == "T00001")
    assert (task["ProofUrl"], task["DispatchedAt"]) == ("https://proof.example.com/7", datetime(2026, 6, 11, 14, 30))
    for status in ("NOT_SENT", "PENDING"):
        assert here("staff", "mark", status, "T00001").code == 4
    do("client", "accept", "acme", "S2-1")
    assert here("staff", "report-issue", "T00001", "--reason", "x").code == 4
    assert do("staff", "mark", "ISSUE", "T00001", "--note", "not there after all", role="ops_manager")["delivery"] == "ISSUE"
    done = here("staff", "mark", "SENT", "T00002", "T00001", "--at", "2026-06-11")
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
    assert do("staff", "assign", "T00001", "t00001", "--to", f"{ANA},{BEN}")["people"] == {ANA: 1, BEN: 0}


def test_what_is_not_ready_is_not_sent(here: Runner, book: Path) -> None:
    assert here("override", "unallocate", "S2", "--confirm", "UNDO", "--reason", "x", role="ops_manager").code == 0
    assert tickets_of(book, "AllocatedUnitIDs")["S2-1"] is None
    assert here("staff", "mark", "SENT", "T00001").code == 4


def test_the_round_of_a_staff_book(do: Do, here: Runner, book: Path) -> None:
    do(*ASSIGN)
    do("staff", "build", "--all")
    assert set(book_rows(staff_book(book))) == {"T00001", "T00003"}
    assert set(book_rows(staff_book(book, BEN))) == {"T00002"}
    back = fill(staff_book(book), book.parent / "back.xlsx", {
        "T00001": {"DispatchStatus": "SENT", "DispatchedAt": datetime(2026, 6, 10, 9, 5), "StaffNotes": "app", "ProofUrl": "https://proof.example.com/2"},
        "T00003": {"DispatchStatus": "ISSUE", "StaffNotes": "login blocked"}}, key="TaskID")  # fmt: skip
    assert here("staff", "pull", str(back), "--staff", BEN).code == 1
    assert do("staff", "pull", str(back))["conflicts"] == 0
    assert tickets_of(book, "Delivery", "DispatchedAt", "DispatchNotes")["S2-1"] == ("SENT", datetime(2026, 6, 10, 9, 5), "app")
    assert tickets_of(book, "Delivery", "DispatchNotes")["S4-2"] == ("ISSUE", "login blocked")
    do("staff", "assign", "T00003", "--to", BEN)
    result = do("dispatch", "sync")
    assert {made["party"]: made["rows"] for made in result["books"]} == {ANA: 1, BEN: 2}
    assert here("dispatch", "sync", "--json").json["changes"] == {}


# --- passwords in books and on the terminal


def with_secrets(book: Path) -> None:
    """Every unit that serves a task has a login and a password of its own, in column V."""
    tasks = {row["AllocatedIDs"]: row["TaskID"] for row in rows_of(book, "_STAFF_QUEUE")}
    loaded = openpyxl.load_workbook(book)
    page = loaded["_PURCHASE_UNITS"]
    assert [page[f"{letter}1"].value for letter in "UVW"] == ["Email", "Password", "LoginID"]
    for row in page.iter_rows(min_row=2):
        if row[0].value in tasks:
            number = row[0].row
            page[f"U{number}"], page[f"V{number}"], page[f"W{number}"] = "ann@accounts.example.com", f"{PLAIN}-{tasks[row[0].value]}", "a1"
    loaded.save(book)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_books_with_passwords(here: Runner, do: Do, book: Path, is_sealed: bool) -> None:
    """Only where asked for, only for their reader, recorded row by row; and gone from the file when it is made without."""
    with_secrets(book)
    if is_sealed:
        assert here("credentials", "seal", "--purge-backups", role="ops_manager").code == 0
    do(*ASSIGN)
    do("staff", "build", "--all")
    assert holding(book.parent / "books", PLAIN) == []
    before = below(book.parent)
    dry = here("staff", "build", ANA, "--with-passwords", "-n", "--json")
    assert (dry.code, below(book.parent)) == (0, before)
    done = here("staff", "build", ANA, "--with-passwords", "--json")
    text = here("staff", "build", ANA, "--with-passwords")
    assert (done.code, text.code) == (0, 0), done.out + text.err
    assert "unchanged" in text.out
    assert PLAIN not in dry.out + dry.err + done.out + done.err + text.out + text.err
    path = staff_book(book)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {key: row["VendorPassword"] for key, row in book_rows(path).items()} == {key: f"{PLAIN}-{key}" for key in ("T00001", "T00003")}
    assert holding(book.parent / "books", PLAIN)[:1] == holding(path.parent, PLAIN)[:1]
    assert not [name for name in holding(book.parent / "books", PLAIN) if ANA not in name]
    exported = [row for row in rows_of(book, "_CREDENTIAL_HISTORY") if row["Action"] == "EXPORTED"]
    assert sorted(tuple(row.values())[2:8] for row in exported) == [
        ("EXPORTED", "Ann Tickets", "a1", "WC2026", key, f"in the book for {ANA}") for key in ("T00001", "T00003")
    ]
    assert [row["User"] for row in exported] == ["olga", "olga"]
    if is_sealed:
        assert [name for name in holding(book.parent, PLAIN) if ANA not in name] == []
    do("staff", "mark", "SENT", "T00001")
    assert {made["party"]: made["state"] for made in do("dispatch", "sync")["books"]}[ANA] == "rebuilt"
    assert book_rows(path)["T00003"]["VendorPassword"] == f"{PLAIN}-T00003", "sync keeps the kind of book it was"
    do("staff", "build", ANA)
    assert holding(path.parent, PLAIN) == []


def test_the_export_of_passwords_is_not_undone(here: Runner, do: Do, book: Path) -> None:
    with_secrets(book)
    do(*ASSIGN)
    do("staff", "build", "--all", "--with-passwords")
    for _ in range(5):
        if here("undo", "-y").code != 0:
            break
    assert [row["Action"] for row in rows_of(book, "_CREDENTIAL_HISTORY")].count("EXPORTED") == 3


class Staff(Terminal):
    """`ticketops staff …` on a terminal of its own."""

    def __init__(self, words: list[str], env: dict[str, str]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            plain = subprocess.Popen

            def popen(command: list[str], **more: Any) -> Any:
                return plain([*command[:3], "staff", *command[4:]], **more)

            patch.setattr(subprocess, "Popen", popen)
            super().__init__(words, env)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_staff_reveal(here: Runner, do: Do, book: Path, environment: dict[str, str], is_sealed: bool) -> None:
    """Only at a terminal, on a screen that leaves nothing, recorded, and only of one's own tasks."""
    with_secrets(book)
    if is_sealed:
        assert here("credentials", "seal", role="ops_manager").code == 0
    do(*ASSIGN)
    other = Staff(["reveal", "T00002"], environment | {"TICKETOPS_ROLE": "staff", "TICKETOPS_USER": ANA})
    assert other.end() == 6
    assert PLAIN not in other.text
    terminal = Staff(["reveal", "t00001"], environment | {"TICKETOPS_ROLE": "staff", "TICKETOPS_USER": ANA})
    terminal.until(re.escape(PLAIN) + r"[^\x00]*\d+ s, or press a key")
    terminal.type("q")
    assert terminal.end() == 0
    assert terminal.text.count(ENTER) == terminal.text.count(LEAVE) == 1
    assert PLAIN not in outside(terminal.text)
    assert "T00001 · S2-1" in terminal.text
    seen = [row for row in rows_of(book, "_CREDENTIAL_HISTORY") if row["Action"] == "PASSWORD_VIEWED"]
    assert [(row["User"], row["Vendor"], row["Subject"]) for row in seen] == [(ANA, "Ann Tickets", "T00001")]


def test_reveal_and_a_book_know_the_same_password(do: Do, here: Runner, book: Path) -> None:
    type_into(book, "_PURCHASE_UNITS", **{f"P{n}": PLAIN for n in range(2, 14)})
    do(*ASSIGN)
    assert here("staff", "reveal", "T00001", "-n").code == 0
    do("staff", "build", ANA, "--with-passwords")
    assert book_rows(staff_book(book))["T00001"]["VendorPassword"] == PLAIN


# --- sync


def test_sync_brings_everything_into_agreement_once(do: Do, here: Runner, book: Path) -> None:
    """What is typed by hand reaches the queues and the books; the second run finds nothing to do."""
    do(*ASSIGN)
    for kind in ("client", "supplier", "staff"):
        do(kind, "build", "--all")
    type_by_key(book, "Distribution", "ID", {"S2-2": {"Client Email": "new@guests.example.com", "First name": "Nia", "Last Name": "Orr"},
                                             "S4-1": {"Delivery": "SENT"}, "S1-1": {"Client Email": "ada2@guests.example.com"}}, 2)  # fmt: skip
    done = here("dispatch", "sync", "--json")
    assert (done.code, done.json["result"]["new_tasks"]) == (0, 1)
    assert {made["party"]: made["state"] for made in done.json["result"]["books"]} == {
        "acme": "rebuilt", "bolt": "rebuilt", "BEE": "rebuilt", ANA: "unchanged", BEN: "rebuilt",
    }  # fmt: skip
    queue = {row["SalesID"]: row for row in rows_of(book, "_STAFF_QUEUE")}
    assert (queue["S2-2"]["ClientEmail"], queue["S2-2"]["DispatchStatus"]) == ("new@guests.example.com", "NOT_SENT")
    assert queue["S4-1"]["DispatchStatus"] == "SENT"
    assert book_rows(supplier_book(book))["S1-1"]["Client Email"] == "ada2@guests.example.com"
    assert book_rows(client_book(book, "bolt"))["S4-1"]["Status"] == "SENT"
    before = below(book.parent)
    for _ in range(2):
        done = here("dispatch", "sync", "--json")
        assert (done.code, done.json["changes"], done.json["findings"]) == (0, {}, [])
        assert below(book.parent) == before
    (book.parent / "books" / "CLIENT - bolt.xlsx").unlink()
    assert "1 book no longer where they were built" in here("dispatch", "sync").out


def test_a_sheet_that_lacks_a_column_can_be_mended(here: Runner, book: Path) -> None:
    heads = list(rows_of(book, "_CLIENT_INPUTS")[0])
    place = heads.index("UpdatedAt") + 1
    type_into(book, "_CLIENT_INPUTS", **{f"{openpyxl.utils.get_column_letter(place)}1": None})
    done = here("client", "groups")
    if done.code == 3:
        assert "doctor --fix" in done.err
        assert here("doctor", "--fix").code in (0, 1)
    assert here("client", "groups").code == 0


# --- watch


class Watch:
    """`dispatch watch` in a process of its own."""

    def __init__(self, book: Path, environment: dict[str, str], *words: str) -> None:
        self.inbox = book.parent / "inbox"
        self.inbox.mkdir(exist_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {"PYTHONPATH": str(ROOT)} | environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ticketops", "dispatch", "watch", str(self.inbox), "--interval", "0.2", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=book.parent,
        )  # fmt: skip

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> Result:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return Result(self.process.returncode, out.decode(), err.decode())


@pytest.fixture
def watch(book: Path, environment: dict[str, str]) -> Iterator[Callable[..., Watch]]:
    started: list[Watch] = []

    def start(*words: str) -> Watch:
        started.append(Watch(book, environment, *words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def said(book: Path, key: str) -> Any:
    """The guest's first name, of a workbook that may be in the middle of being replaced."""
    return tickets_of(book, "First name")[key]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_watch_takes_what_arrives(do: Do, book: Path, watch: Callable[..., Watch], number: int) -> None:
    """Also a file that grows while it is looked at, and one that is replaced; other books follow; it ends when it is told to."""
    do("client", "build", "--all")
    do(*ASSIGN)
    do("staff", "build", "--all")
    whole = fill(client_book(book), book.parent / "a.xlsx", {"S1-3": {"First name": "Eve", "Last Name": "G", "Client Email": "eve@guests.example.com"}},
                 key="Sales ID").read_bytes()  # fmt: skip
    later = fill(client_book(book), book.parent / "b.xlsx", {"S1-3": {"First name": "Eva", "Last Name": "G", "Client Email": "eve@guests.example.com"}},
                 key="Sales ID").read_bytes()  # fmt: skip
    sent = fill(staff_book(book), book.parent / "c.xlsx", {"T00001": {"DispatchStatus": "SENT"}}, key="TaskID")
    one = watch()
    target = one.inbox / "CLIENT - acme (1).xlsx"
    with target.open("wb") as file:
        for part in range(0, len(whole), len(whole) // 6 + 1):
            file.write(whole[part : part + len(whole) // 6 + 1])
            file.flush()
            time.sleep(0.08)
    (one.inbox / "~$CLIENT - acme (1).xlsx").write_bytes(b"x")
    (one.inbox / ".hidden.xlsx").write_bytes(b"x")
    (one.inbox / "notes.txt").write_text("x")
    one.until(lambda: said(book, "S1-3") == "Eve")
    target.write_bytes(later)
    shutil.copy(sent, one.inbox)
    one.until(lambda: said(book, "S1-3") == "Eva" and tickets_of(book, "Delivery")["S2-1"] == "SENT")
    one.until(lambda: book_rows(client_book(book))["S2-1"]["Status"] == "SENT")
    done = one.end(number)
    assert done.code == 0, done
    assert "stopped: 3 files, 5 edits" in done.err
    assert target.read_bytes() == later, "what arrived stays as it is"
    assert do("dispatch", "sync")["edits"] == 0


def test_watch_reports_a_bad_file_once(do: Do, book: Path, watch: Callable[..., Watch]) -> None:
    do("client", "build", "acme")
    one = watch("--json")
    (one.inbox / "broken.xlsx").write_bytes(client_book(book).read_bytes()[:2000])
    time.sleep(1.5)
    shutil.copy(fill(client_book(book), book.parent / "a.xlsx", {"S1-3": {"First name": "Eve"}}, key="Sales ID"), one.inbox)
    one.until(lambda: book_rows(client_book(book))["S1-3"]["First name"] == "Eve")
    time.sleep(1)  # what a round that is stopped in its middle found is not told
    done = one.end()
    assert done.code == 1
    assert set(done.json) == ENVELOPE
    assert codes(done) == ["INCOMPLETE", "UNUSABLE"]
    assert done.json["result"]["files"] == 2


def test_watch_once(do: Do, here: Runner, book: Path) -> None:
    do("client", "build", "acme")
    inbox = book.parent / "in box"
    inbox.mkdir()
    assert do("dispatch", "watch", str(inbox), "--once")["files"] == 0
    fill(client_book(book), inbox / "a.xlsx", {"S2-2": {"Clients notes": "by post"}}, key="Sales ID")
    assert do("dispatch", "watch", "in box", "--once")["edits"] == 1
    assert tickets_of(book, "Clients notes")["S2-2"] == "by post"
    assert do("dispatch", "watch", "in box", "--once")["edits"] == 0


@pytest.mark.parametrize("wrong", [{"TICKETOPS_ROLE": "staff"}, {"TICKETOPS_WORKBOOK": "none.xlsx"}], ids=["role", "workbook"])
def test_watch_once_ends_where_it_can_do_nothing(do: Do, book: Path, environment: dict[str, str], wrong: dict[str, str]) -> None:
    do("client", "build", "acme")
    inbox = book.parent / "inbox"
    fill(client_book(book), inbox / "a.xlsx", {"S2-2": {"Clients notes": "by post"}}, key="Sales ID")
    one = Watch(book, environment | wrong, "--once")
    try:
        one.process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        pytest.fail("it goes on and on")
    finally:
        one.process.kill()
        one.process.communicate()
    assert one.process.returncode in (1, 3, 6)


def test_two_watches_at_one_folder(do: Do, book: Path, watch: Callable[..., Watch]) -> None:
    """Each takes every file; the second one finds nothing new in it."""
    do("client", "build", "--all")
    both = [watch(), watch()]
    for i, (name, key) in enumerate((("acme", "S1-3"), ("bolt", "S4-3"), ("acme", "S2-2"))):
        path = fill(client_book(book, name), book.parent / f"{i}.xlsx", {key: {"First name": f"Guest {i}"}}, key="Sales ID")
        shutil.copy(path, both[0].inbox)
    both[0].until(lambda: [said(book, key) for key in ("S1-3", "S4-3", "S2-2")] == ["Guest 0", "Guest 1", "Guest 2"])
    time.sleep(1)
    assert {one.end().code for one in both} <= {0, 1}
    assert do("dispatch", "sync", code=0)["edits"] == 0
    edits = rows_of(book, "_BOOK_EDITS")
    assert sorted((row["SalesID"], row["Edited"], row["Outcome"]) for row in edits) == [
        ("S1-3", "first_name", "taken"), ("S2-2", "first_name", "taken"), ("S4-3", "first_name", "taken"),
    ]  # fmt: skip


def killed_at_random(do: Do, here: Runner, book: Path, environment: dict[str, str], rounds: int, seed: int) -> None:
    """Between SIGKILLs the workbook is whole, no half of a transaction is in it, no half-written book lies about, and in the end
    all that was said is there."""
    dice = random.Random(seed)
    do("client", "build", "--all")
    pristine = {name: client_book(book, name).read_bytes() for name in ("acme", "bolt")}
    expected = {}
    for i in range(rounds):
        name, key = dice.choice([("acme", "S1-3"), ("acme", "S2-2"), ("bolt", "S4-3"), ("bolt", "S4-2")])
        source = book.parent / "source.xlsx"
        source.write_bytes(pristine[name])
        one = Watch(book, environment)
        fill(source, one.inbox / f"{i:02d}.xlsx", {key: {"Clients notes": f"word {i}", "Comments": f"and {i}"}}, key="Sales ID")
        expected[key] = i
        time.sleep(dice.uniform(0.3, 2.2))
        one.process.send_signal(signal.SIGKILL)
        one.process.communicate()
        loaded = openpyxl.load_workbook(book)
        assert loaded["Distribution"]["H2"].value == "ID"
        loaded.close()
        for notes, comment in tickets_of(book, "Clients notes", "Comment").values():
            if notes:
                assert re.findall(r"\d+", notes) == re.findall(r"\d+", comment or ""), "both cells of a file, or neither"
        for path in (book.parent / "books").glob("*.xlsx"):
            assert zipfile.ZipFile(path).testzip() is None
    done = here("dispatch", "watch", str(book.parent / "inbox"), "--once")
    assert done.code in (0, 1), done.err
    heard = {(row["SalesID"], number) for row in rows_of(book, "_BOOK_EDITS") for number in re.findall(r"\d+", row["Clients notes"] or "")}
    assert heard >= {(key, str(i)) for key, i in expected.items()}
    assert here("dispatch", "sync", "--json").json["changes"] == {}
    for name in pristine:
        for key, row in book_rows(client_book(book, name)).items():
            assert row["Clients notes"] == tickets_of(book, "Clients notes")[key]
    assert here("audit", "run").code == 0


def test_what_a_killed_command_left_is_swept(do: Do, book: Path) -> None:
    do("client", "build", "Bolt")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = client_book(book, "bolt").with_name(f".CLIENT - bolt.xlsx.{ended.pid}.tmp")
    left.write_bytes(client_book(book, "bolt").read_bytes()[:2000])
    do("client", "copy-down", "S4-2")
    do("client", "build", "Bolt")
    assert not left.exists()


def test_watch_killed(do: Do, here: Runner, book: Path, environment: dict[str, str]) -> None:
    killed_at_random(do, here, book, environment, 3, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_watch_killed_often(do: Do, here: Runner, book: Path, environment: dict[str, str], seed: int) -> None:
    killed_at_random(do, here, book, environment, 20, seed)


# --- dispatch status against a table made by hand

NOW = datetime(2026, 6, 1, 12)
FIGURES = ("tickets", "allocated", "sent", "accepted", "pending", "issues", "no_guest", "to_send", "overdue", "today")


@pytest.fixture
def noon(time_machine: TimeMachineFixture) -> None:
    """It is noon here on that day, whenever and wherever the test runs."""
    time_machine.move_to(NOW.astimezone())


@pytest.mark.parametrize(("schedule", "due"), [
    ({"own": NOW - timedelta(hours=1), "date": NOW + timedelta(days=30), "time": "19:00"}, "overdue"),
    ({"own": NOW + timedelta(days=30), "date": NOW - timedelta(days=9), "time": "19:00"}, ""),
    ({"date": NOW + timedelta(hours=71), "time": (NOW + timedelta(hours=71)).strftime("%H:%M")}, "overdue"),
    ({"date": NOW + timedelta(hours=71), "time": clock((NOW + timedelta(hours=71)).hour, NOW.minute)}, "overdue"),
    ({"date": NOW + timedelta(days=5), "time": "19:00"}, ""),
    ({"date": NOW + timedelta(days=3)}, "overdue"),  # no time: before its day, so 72 hours before last midnight
    ({"date": NOW + timedelta(days=5)}, ""),
    ({"own": NOW.replace(hour=23, minute=59), "date": NOW + timedelta(days=1)}, "today"),
    ({}, ""),
], ids=["own past", "own ahead", "71 h before", "71 h before, a time", "days ahead", "no time, 3 days", "no time, 5 days", "own today", "no row"])  # fmt: skip
@pytest.mark.usefixtures("noon")
def test_deadlines(do: Do, book: Path, schedule: dict[str, Any], due: str) -> None:
    do(*SENT)
    if schedule:
        midnight = {"Date": schedule["date"].replace(hour=0, minute=0)}
        cells: dict[str, Any] = {"B2": midnight["Date"], "C2": "M01", "F2": schedule.get("time")}
        if "own" in schedule:
            cells |= {"K1": "DispatchDeadline", "K2": schedule["own"]}
        type_into(book, "Schedule WC2026", **cells)
    result = do("dispatch", "status")
    figures = result["matches"]["M01"]
    late = 5  # S1-1 … S1-3, S4-2, S4-3: all but S4-1, which was sent
    assert (figures["overdue"], figures["today"]) == (late if due == "overdue" else 0, late if due == "today" else 0)
    assert (result["matches"]["M02"]["overdue"], result["matches"]["M02"]["today"]) == (0, 0)
    assert result["without_date"] == (1 if schedule else 2)
    assert [row for row in result["today"] if row["match"] == "M01"] != [] if due else result["today"] == []


@pytest.mark.usefixtures("noon")
def test_status_by_hand(do: Do, here: Runner, book: Path) -> None:
    """S1-1 UPLOADED by BEE, S2-1 ACCEPTED, S2-2 without a guest, S4-1 PENDING of Ana, S4-2 ISSUE of Ben; M01 is overdue."""
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
    result = do("dispatch", "status")
    #         tickets, allocated, sent, accepted, pending, issues, no_guest, to_send, overdue, today
    by_hand = {
        "clients": {"Acme Ltd": (6, 5, 1, 1, 0, 0, 2, 1, 2, 0), "Bolt": (4, 3, 0, 0, 1, 1, 1, 2, 3, 0)},
        "suppliers": {"BEE": (3, 3, 1, 0, 0, 0, 1, 1, 2, 0)},
        "staff": {ANA: (2, 2, 0, 1, 1, 0, 0, 1, 1, 0), BEN: (1, 1, 0, 0, 0, 1, 0, 1, 1, 0)},
        "matches": {"M01": (6, 6, 1, 0, 1, 1, 2, 3, 5, 0), "M02": (4, 2, 0, 1, 0, 0, 1, 0, 0, 0)},
    }
    for name, table in by_hand.items():
        assert {key: tuple(figures[f] for f in FIGURES) for key, figures in result[name].items()} == table
    assert tuple(result["total"][f] for f in FIGURES) == (10, 8, 1, 1, 1, 1, 3, 3, 5, 0)
    assert sorted((row["what"], row["who"], row["match"], row["deadline"], row["tickets"], row["first"]) for row in result["today"]) == [
        ("get the guest", "Acme Ltd", "M01", "2026-01-06T19:00:00", 1, "S1-3"),
        ("get the guest", "Bolt", "M01", "2026-01-06T19:00:00", 1, "S4-3"),
        ("resolve the issue", "office", "M01", "2026-01-06T19:00:00", 1, "S4-2"),
        ("send", "BEE", "M01", "2026-01-06T19:00:00", 1, "S1-2"),
        ("send", ANA, "M01", "2026-01-06T19:00:00", 1, "S4-1"),
    ]
    tables = {whom: here("dispatch", "status", "--by", whom).out for whom in ("client", "supplier", "staff", "match")}
    for whom, name in (("client", "clients"), ("supplier", "suppliers"), ("staff", "staff"), ("match", "matches")):
        assert tables[whom].startswith(whom.capitalize())
        rows = [line.split() for line in tables[whom].splitlines()[1 : 1 + len(by_hand[name])]]
        assert {" ".join(row[:-10]): tuple(int(text) for text in row[-10:]) for row in rows} == by_hand[name]
    assert do("dispatch", "status", dispatch_buffer_hours="0")["total"]["overdue"] == 5
    assert do("dispatch", "status", dispatch_buffer_hours="2000")["total"]["overdue"] == 8, (
        "M02 too: its three that are not with the client"
    )


# --- the canary: every command there is, on a workbook whose every secret cell holds it

EVENTFUL: list[list[str]] = [
    ["status"], ["doctor"], ["doctor", "--fix"], ["user", "list"], ["user", "set", "anna", "--role", "super_admin"], ["log"], ["policy", "list"], ["policy", "show", "SEMI_AUTO"],
    ["policy", "set", "SEMI_AUTO", "max_vendors=3"], ["purchase", "add", "--match", "M02", "--vendor", "Ann Tickets", "--line", "Cat 2:3@9"],
    ["purchase", "expand"], ["sale", "add", "--client", "Zed", "--line", "M02:Cat 2:1@99"], ["sale", "expand"], ["sale", "upgrades", "S3"],
    ["sale", "approve", "S3"], ["sale", "reject", "S3"], ["sale", "upgrade", "S3"], ["allocate", "preview", "S3"], ["allocate", "preview", "S3", "--write"],
    ["allocate", "compare"], ["allocate", "commit", "S3"], ["allocate", "process"], ["allocate", "auto"], ["allocate", "auto", "--optimize"],
    ["unit", "substitute", "S4-3", "--to", "P00005", "--confirm", "UNDO", "--reason", "x"], ["unit", "substitute", "S4-3", "P00005"],
    ["unit", "hold", "P00003", "--client", "Acme", "--until", "2099-12-31", "--reason", "x"], ["unit", "holds"], ["unit", "release", "P00003"],
    ["override", "reset-seats", "S5", "--confirm", "UNDO", "--reason", "x"], ["override", "unallocate", "S5", "--confirm", "UNDO", "--reason", "x"],
    ["override", "alloc-from", "S5", "Cat 1", "--confirm", "UNDO", "--reason", "x"], ["recon", "run"], ["recon", "apply"],
    ["audit", "run", "--write"], ["audit", "repair", "-y"], ["report", "position", "--write"],
    ["supplier", "groups"], ["supplier", "learn"], ["supplier", "map", "CEE", "--email", "cee*@*"], ["supplier", "unmap", "CEE"],
    ["supplier", "build", "--all"], ["supplier", "pull", "books/SUPPLIER - BEE.xlsx"],
    ["staff", "queue"], ["staff", "tasks", "--all"], ASSIGN, ["staff", "build", "--all"], ["staff", "pull", f"books/STAFF - Dispatch - {ANA}.xlsx"],
    ["staff", "mark", "SENT", "T00001", "--note", "n"], ["staff", "report-issue", "T00002", "--reason", "x"], ["staff", "reveal", "T00001"],
    ["client", "groups"], ["client", "view", "acme", "--save-view", "v"], ["client", "views"], ["client", "copy-down", "S1-2", "-c", "1"],
    ["client", "accept", "acme", "--all"], ["client", "build", "--all"], ["client", "pull", "books/CLIENT - acme.xlsx"],
    ["client", "pull", "event.xlsx"], ["dispatch", "sync"], ["dispatch", "watch", "books", "--once"], ["dispatch", "status"],
    ["credentials", "list", "--all"], ["credentials", "history"], ["credentials", "reveal", "Ann Tickets"],
    ["credentials", "add", "Dee", "--login", "d", "--no-password"], ["credentials", "update", "Dee", "--notes", "n"],
    ["credentials", "assign", "--vendor", "Ann Tickets", "--mode", "OVERWRITE"], ["credentials", "deactivate", "Dee", "--reason", "x"],
    ["event", "swap", "M01", "M02", "--confirm", "UNDO", "--reason", "x", "--force"],
    ["sale", "cancel", "S4", "--confirm", "UNDO", "--reason", "x", "--force"], ["undo", "-y"], ["init", "none.xlsx"], ["sample", "small", "other.xlsx"],
    ["sync", "diff", "--with", "other.xlsx"], ["sync", "push", "--with", "other.xlsx", "-n"], ["sync", "push", "--with", "other.xlsx"],
    ["sync", "pull", "--with", "other.xlsx"], ["sync", "watch", "--with", "other.xlsx", "--once"],
    ["credentials", "rotate"], ["credentials", "seal"],
]  # fmt: skip
SECRET = ("Password", "VendorPassword", "Password behind the Email TAB")


def test_the_list_of_commands_is_whole() -> None:
    from tests.cli.test_docs import every_command

    mine = (name for name in every_command() if not name.startswith("google "))  # they touch no workbook
    assert {name for name in mine if not any(" ".join(words).startswith(name) for words in EVENTFUL)} == set()


def sealed_or_plain(book: Path) -> set[str]:
    """Fill every cell of every secret column with a canary of its own; the texts."""
    loaded = openpyxl.load_workbook(book)
    made = itertools.count()
    texts = set()
    credentials = loaded["_VENDOR_CREDENTIALS"]
    for column, value in enumerate(("Ann Tickets", "a1", "ann@accounts.example.com", None, True), 1):
        credentials.cell(2, column).value = value
    for page in loaded:
        header_row = 2 if page.title == "Distribution" else 1
        for head in [cell for cell in page[header_row] if cell.value in SECRET]:
            for row in range(header_row + 1, max(page.max_row, header_row + 1) + 1):
                if any(cell.value is not None for cell in page[row]):
                    page.cell(row, head.column).value = f"{PLAIN}-{next(made):03d}"
                    texts.add(page.cell(row, head.column).value)
    loaded.save(book)
    return texts


@pytest.mark.parametrize("is_sealed", [pytest.param(False, marks=pytest.mark.slow), True], ids=["plain", "sealed"])
def test_no_command_tells_a_password(here: Runner, do: Do, book: Path, is_sealed: bool) -> None:
    """Neither in its output, as text, as JSON, in a dry run or with --debug, nor in the journal, the memory of books, or a book."""
    do("supplier", "build", "--all")  # so that _SUPPLIER_QUEUE has rows
    for path in (book.parent / "books").iterdir():
        path.unlink()
    shutil.rmtree(book.with_name("event.xlsx.ticketops"))
    assert len(sealed_or_plain(book)) > 40
    if is_sealed:
        assert here("credentials", "seal", "--purge-backups", role="ops_manager").code == 0
        for stale in (book.with_name("event.xlsx.ticketops") / "backups").iterdir():
            stale.unlink()
    printed, ended = [], {}
    for words in EVENTFUL:
        if words == ["credentials", "rotate"] and not is_sealed:
            continue
        own = ["-w", str(book)] if words[0] not in ("init", "sample") else []
        writes = "-n" if words[0] not in ("status", "log", "init", "sample") else "-q"
        for more in ([writes, "--debug"], ["--json"]) if is_sealed else ([writes, "--json"], ["--debug"]):
            try:
                done = here(*words, *own, *more, role="super_admin", user="anna")
                printed.append(done.out + done.err)
                ended.setdefault(" ".join(words[:2]), set()).add(done.code)
            except Exception as error:
                printed.append("".join(traceback.format_exception(error)))
    assert not [text for text in printed if PLAIN in text or "sealed:" in text]
    assert not [name for name, ends in ended.items() if 70 in ends]
    done_at_least = {"staff build", "client build", "supplier build", "dispatch sync", "allocate commit", "undo -y", "event swap", "sale cancel",
                     "client pull", "staff mark", "unit hold"}  # fmt: skip
    done_at_least |= {"credentials assign"} if is_sealed else set()  # a plain one is sealed before it is copied: it takes a key
    assert {name: ended[name] for name in done_at_least if not ended[name] & {0, 1}} == {}
    home = book.with_name("event.xlsx.ticketops")
    assert holding(book.parent / "books", PLAIN, "sealed:") == []
    assert holding(home / "journal", PLAIN, "sealed:") == []
    assert not [path.name for path in home.iterdir() if path.is_file() and PLAIN.encode() in path.read_bytes()]
    if is_sealed:
        assert [name for name in holding(book.parent, PLAIN) if "keys" not in name] == []

"""Nobody gets round the roles: a sync or an undo writes _USERS and _POLICIES for those only who may
set them; and who says that they are somebody else leaves the login in the journal."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import rows_of
from tests.conftest import Result, Runner
from ticketops.cli.main import run
from ticketops.model.roles import OPS_MANAGER, SR_OPERATOR


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """anna is an ops_manager, sam an sr_operator; one policy."""
    path = tmp_path_factory.mktemp("sideways") / "event.xlsx"
    assert run(["init", str(path)]) == 0
    for words in (
        ["purchase", "add", "--match", "M01", "--vendor", "Ann", "--line", "Cat 1:2@10"],
        ["user", "set", "anna", "--role", "ops_manager"],
        ["user", "set", "sam", "--role", "sr_operator", "--as", "anna"],
        ["policy", "set", "--min-chunk", "2", "--as", "anna"],
    ):
        assert run([*words, "-y", "-w", str(path)]) == 0, words
    shutil.rmtree(path.with_name("event.xlsx.ticketops"))
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {"TICKETOPS_WORKBOOK": str(book), "TICKETOPS_USER": "anna"}


@pytest.fixture
def theirs(here: Runner, book: Path) -> Path:
    """A copy that sam has, in which they are somebody else: the role, a new colleague, the
    policies and a purchase."""
    path = Path(shutil.copy(book, book.with_name("theirs.xlsx")))
    at = {"workbook": str(path)}
    assert here("sync", "pull", "--with", str(path), "-y").code == 0
    assert here("user", "set", "sam", "--role", "super_admin", **at).code == 0
    assert here("user", "set", "mallory", "--role", "super_admin", **at).code == 0
    assert here("policy", "set", "--min-chunk", "6", **at).code == 0
    assert (
        here(
            "purchase", "add", "--match", "M01", "--vendor", "Bee", "--line", "Cat 1:1@9", **at
        ).code
        == 0
    )
    return path


GUARDED = ("_USERS", "_POLICIES")


def guarded(path: Path) -> list[Any]:
    return [rows_of(path, sheet) for sheet in GUARDED]


def left(done: Result) -> list[str]:
    return sorted(f["sheet"] for f in done.json["findings"] if f["code"] == "NOT_PERMITTED")


@pytest.mark.parametrize(
    "words",
    [
        ("pull",),
        ("pull", "--prefer", "remote"),
        ("watch", "--once"),
        ("watch", "--once", "--prefer", "remote"),
    ],
    ids=" ".join,
)
def test_a_pull_takes_over_what_its_user_may_set(
    here: Runner, book: Path, theirs: Path, words: tuple[str, ...]
) -> None:
    """The rest is taken over, what is left is named, and stays a difference for who may."""
    before = guarded(book)
    done = here("sync", *words, "--with", str(theirs), "--json", user="sam")
    assert (done.code, left(done)) == (1, sorted(GUARDED)), done.err
    assert guarded(book) == before
    assert [row["Vendor"] for row in rows_of(book, "Purchases")] == ["Ann", "Bee"]
    again = here("sync", *words, "--with", str(theirs), "--json", user="sam")
    assert left(again) == sorted(GUARDED)
    allowed = here("sync", "pull", "--with", str(theirs), "--json", user="anna")
    assert left(allowed) == []
    assert guarded(book) == guarded(theirs)


def test_a_formula_opens_no_guarded_sheet(here: Runner, book: Path, theirs: Path) -> None:
    """A cell that is left for its formula is left for want of a right, too."""
    users = openpyxl.load_workbook(book)
    email = next(cell.column for cell in users["_USERS"][1] if cell.value == "Email")
    for path, value in ((book, '="sam@us.example.com"'), (theirs, "sam@them.example.com")):
        users = openpyxl.load_workbook(path)
        row = next(row for row in users["_USERS"] if "sam" in [cell.value for cell in row])
        users["_USERS"].cell(row[0].row, email).value = value
        users.save(path)
    before = guarded(book)
    done = here("sync", "pull", "--prefer", "remote", "--with", str(theirs), "--json", user="sam")
    assert (done.code, left(done)) == (1, sorted(GUARDED)), done.out + done.err
    assert guarded(book) == before


def test_a_push_into_a_workbook_goes_by_that_workbooks_users(
    here: Runner, book: Path, theirs: Path
) -> None:
    before = guarded(book)
    done = here(
        *("sync", "push", "--with", str(book), "--prefer", "local", "--json"),
        workbook=str(theirs),
        user="sam",
    )
    assert left(done) == sorted(GUARDED)
    assert guarded(book) == before
    assert [row["Vendor"] for row in rows_of(book, "Purchases")] == ["Ann", "Bee"]


def test_a_dry_run_says_so_too(here: Runner, theirs: Path) -> None:
    done = here("sync", "pull", "--with", str(theirs), "-n", "--json", user="sam")
    assert left(done) == sorted(GUARDED)
    assert not {cell["sheet"] for cell in done.json["cells"]} & set(GUARDED)


def test_where_nobody_stands_in_users_the_setting_counts(
    here: Runner, book: Path, tmp_path: Path
) -> None:
    """The first users may be anybody's, as for `user set`; policies are not."""
    fresh = tmp_path / "fresh.xlsx"
    assert here("init", str(fresh)).code == 0
    for role, code in ((SR_OPERATOR, ["_POLICIES"]), (OPS_MANAGER, [])):
        copy = Path(shutil.copy(fresh, tmp_path / f"{role}.xlsx"))
        done = here(
            "sync", "pull", "--with", str(book), "--json", workbook=str(copy), role=role, user="sam"
        )
        assert left(done) == code
        assert rows_of(copy, "_USERS") == rows_of(book, "_USERS")


def test_an_undo_of_a_sync_needs_what_the_sync_wrote(
    here: Runner, book: Path, theirs: Path
) -> None:
    """Else whoever may sync could take a colleague's role back."""
    assert here("user", "set", "sam", "--role", "sr_operator", workbook=str(theirs)).code == 0
    assert here("sync", "pull", "--with", str(theirs)).code == 0
    after = guarded(book)
    for words in (("undo", "-y"), ("undo", "-n")):
        refused = here(*words, user="sam")
        assert (refused.code, "which writes _POLICIES" in refused.err) == (6, True), refused.err
    assert guarded(book) == after
    assert here("undo", "-y").code == 0
    assert guarded(book) != after


# --- who it really was


def process(done: Result) -> dict[str, Any]:
    return dict(done.json["result"]["transactions"][0])


@pytest.mark.parametrize("how", ["--as", "environment"])
def test_the_journal_keeps_the_login_and_the_host(
    here: Runner, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever USER and LOGNAME say, which anybody can set."""
    for name in ("USER", "LOGNAME", "USERNAME", "LNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "anna")
    assert getpass.getuser() == "anna"
    words = ("purchase", "add", "--match", "M01", "--vendor", "Bee", "--line", "Cat 1:1@9")
    done = here(*words, "--as", "anna") if how == "--as" else here(*words, user="anna")
    assert done.code == 0
    login = pwd.getpwuid(os.getuid()).pw_name
    one = process(here("log", "--json"))
    assert (one["user"], one["login"], one["host"]) == ("anna", login, socket.gethostname())
    assert f"anna ({login}@{socket.gethostname()})" in here("log").out
    shown = here("log", "show", one["run_id"])
    assert f"anna ({login}@{socket.gethostname()})" in shown.out
    assert here("undo", "-y").code == 0
    undone = process(here("log", "--json"))
    assert (undone["command"].split()[0], undone["login"]) == ("undo", login)


def test_who_is_who_they_say_is_told_once(here: Runner, book: Path) -> None:
    login = pwd.getpwuid(os.getuid()).pw_name
    assert here("user", "set", login, "--role", "ops_manager").code == 0
    out = here("log", user=login).out
    assert f"anna ({login}@" in out
    assert f"{login} ({login}@" not in out
    words = ("purchase", "add", "--match", "M01", "--vendor", "Bee", "--line", "Cat 1:1@9")
    assert here(*words, user=login).code == 0
    assert f"{login} ({login}@" not in here("log", user=login).out

"""Passwords in books of staff and on the terminal."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.disk import holding
from tests.cli.dispatching import ANA, ASSIGN, PLAIN, Do, below, book_rows, rows_of, staff_book
from tests.cli.screen import ENTER, LEAVE, Terminal, outside
from tests.cli.workbooks import type_into
from tests.conftest import Runner


def with_secrets(book: Path) -> None:
    """Every unit that serves a task has a login and a password of its own, in column V."""
    tasks = {row["AllocatedIDs"]: row["TaskID"] for row in rows_of(book, "_STAFF_QUEUE")}
    loaded = openpyxl.load_workbook(book)
    page = loaded["_PURCHASE_UNITS"]
    assert [page[f"{letter}1"].value for letter in "UVW"] == ["Email", "Password", "LoginID"]
    for row in page.iter_rows(min_row=2):
        if row[0].value in tasks:
            number = row[0].row
            page[f"U{number}"], page[f"V{number}"], page[f"W{number}"] = (
                "ann@accounts.example.com",
                f"{PLAIN}-{tasks[row[0].value]}",
                "a1",
            )
    loaded.save(book)


@pytest.mark.slow
@pytest.mark.parametrize("is_sealed", [False, True])
def test_books_with_passwords(here: Runner, do: Do, book: Path, is_sealed: bool) -> None:
    """Only where asked for, only for their reader, recorded row by row; and gone from the file when
    it is made without."""
    with_secrets(book)
    if is_sealed:
        assert here("credentials", "seal", "--purge-backups", role="ops_manager").code == 0
    do(*ASSIGN)
    do("staff", "assign", "T00003", "--to", ANA)
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
    assert {key: row["VendorPassword"] for key, row in book_rows(path).items()} == {
        key: f"{PLAIN}-{key}" for key in ("T00001", "T00003")
    }
    assert holding(book.parent / "books", PLAIN)[:1] == holding(path.parent, PLAIN)[:1]
    assert not [name for name in holding(book.parent / "books", PLAIN) if ANA not in name]
    exported = [row for row in rows_of(book, "_CREDENTIAL_HISTORY") if row["Action"] == "EXPORTED"]
    assert sorted(tuple(row.values())[2:8] for row in exported) == [
        ("EXPORTED", "Ann Tickets", "a1", "WC2026", key, f"in the book for {ANA}")
        for key in ("T00001", "T00003")
    ]
    assert [row["User"] for row in exported] == ["olga", "olga"]
    if is_sealed:
        assert [name for name in holding(book.parent, PLAIN) if ANA not in name] == []
    do("staff", "mark", "SENT", "T00001")
    assert {made["party"]: made["state"] for made in do("dispatch", "sync")["books"]}[
        ANA
    ] == "rebuilt"
    assert book_rows(path)["T00003"]["VendorPassword"] == f"{PLAIN}-T00003", (
        "sync keeps the kind of book it was"
    )
    do("staff", "build", ANA)
    assert holding(path.parent, PLAIN) == []


def test_the_export_of_passwords_is_not_undone(here: Runner, do: Do, book: Path) -> None:
    with_secrets(book)
    do(*ASSIGN)
    do("staff", "assign", "T00003", "--to", ANA)
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


@pytest.mark.slow
@pytest.mark.parametrize("is_sealed", [False, True])
def test_staff_reveal(
    here: Runner, do: Do, book: Path, environment: dict[str, str], is_sealed: bool
) -> None:
    """Only at a terminal, on a screen that leaves nothing, recorded, and only of one's own
    tasks."""
    with_secrets(book)
    if is_sealed:
        assert here("credentials", "seal", role="ops_manager").code == 0
    do(*ASSIGN)
    do("staff", "assign", "T00003", "--to", ANA)
    other = Staff(
        ["reveal", "T00002"], environment | {"TICKETOPS_ROLE": "staff", "TICKETOPS_USER": ANA}
    )
    assert other.end() == 6
    assert PLAIN not in other.text
    terminal = Staff(
        ["reveal", "t00001"], environment | {"TICKETOPS_ROLE": "staff", "TICKETOPS_USER": ANA}
    )
    terminal.until(re.escape(PLAIN) + r"[^\x00]*\d+ s, or press a key")
    terminal.type("q")
    assert terminal.end() == 0
    assert terminal.text.count(ENTER) == terminal.text.count(LEAVE) == 1
    assert PLAIN not in outside(terminal.text)
    assert "T00001 · S2-1" in terminal.text
    seen = [
        row for row in rows_of(book, "_CREDENTIAL_HISTORY") if row["Action"] == "PASSWORD_VIEWED"
    ]
    assert [(row["User"], row["Vendor"], row["Subject"]) for row in seen] == [
        (ANA, "Ann Tickets", "T00001")
    ]


@pytest.mark.slow
def test_reveal_and_a_book_know_the_same_password(do: Do, here: Runner, book: Path) -> None:
    type_into(book, "_PURCHASE_UNITS", **{f"P{n}": PLAIN for n in range(2, 14)})
    do(*ASSIGN)
    do("staff", "assign", "T00003", "--to", ANA)
    assert here("staff", "reveal", "T00001", "-n").code == 0
    do("staff", "build", ANA, "--with-passwords")
    assert book_rows(staff_book(book))["T00001"]["VendorPassword"] == PLAIN

"""Books are made after the commit: one that can't be made is one finding, the others are made, and
the next build makes up for it."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter.packager
import xlsxwriter.worksheet

from tests.cli.dispatching import ASSIGN, Do, book_rows, client_book, codes
from tests.conftest import Result, Runner
from tests.stores.xlsx.crash.failing_disk import Disk
from ticketops.books import file_writer

pytestmark = pytest.mark.slow

NOT_MADE = {"BOOK_NOT_WRITTEN", "BOOK_NOT_REACHED", "BOOK_OPEN"}
ALL = ("client", "build", "--all", "--json")
Verdict = Callable[[int, str], BaseException | None]


def enough(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def folder_of(book: Path) -> Path:
    return book.parent / "books"


def on_a_disk(here: Runner, folder: Path, verdict: Verdict) -> tuple[Result, Disk]:
    with Disk(folder, verdict) as disk:
        done = here(*ALL)
    return done, disk


def whole(book: Path) -> set[str]:
    """The names of the client's books that another library can read."""
    found = sorted(folder_of(book).glob("CLIENT*.xlsx"))
    return {path.name for path in found if book_rows(path)}


def nothing_left(folder: Path) -> bool:
    return not [path for path in folder.iterdir() if path.name.endswith(".tmp")]


@pytest.mark.parametrize("standing", [False, True], ids=["new", "made anew"])
@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_a_call_fails_once(here: Runner, do: Do, book: Path, standing: bool, stride: int) -> None:
    """For each call to the disk: every other book is made, what is told is what happened, and the
    next build leaves nothing to do."""
    folder = folder_of(book)
    folder.mkdir()
    if standing:
        do("client", "build", "--all")
        do("sale", "add", "--client", "Bolt", "--line", "M02:Cat 2:1@90", "--again")
        do("sale", "add", "--client", "Acme Ltd", "--line", "M02:Cat 2:1@90", "--again")
    state = Path(f"{book}.ticketops")
    base = book.parent.parent / f"{book.parent.name} kept"
    shutil.copytree(book.parent, base)
    for nth in itertools.count(1, stride):
        for old in (folder, state):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(base, book.parent, dirs_exist_ok=True)
        done, disk = on_a_disk(
            here,
            folder,
            lambda count, _name, nth=nth: enough(errno.ENOSPC) if count == nth else None,  # type: ignore[misc]
        )
        if disk.count < nth:
            break
        said = disk.trace[nth - 1]
        if done.code == 3:  # before anything was written
            assert said[1] == str(folder)
            assert book.read_bytes() == (base / book.name).read_bytes()
            continue
        assert done.code in (0, 1), (said, done.err)
        states = {one["party"]: one["state"] for one in done.json["result"]["books"]}
        missed = {party for party, how in states.items() if how not in ("new", "rebuilt")}
        assert len(missed) <= 1, (said, states)
        assert len(set(codes(done)) & NOT_MADE) == len(missed), (said, done.out)
        assert nothing_left(folder) or said[0] in ("unlink", "open", "close"), said
        again = here(*ALL)
        assert again.code == 0, (said, again.out)
        assert len(whole(book)) == 2
        assert {one["state"] for one in here(*ALL).json["result"]["books"]} == {"unchanged"}
    assert nth > 20


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EACCES, errno.EDQUOT])
def test_a_folder_that_nobody_can_write_to(here: Runner, do: Do, book: Path, code: int) -> None:
    """One finding a book, and the workbook is written: it says what the books will hold."""
    folder = folder_of(book)
    folder.mkdir()

    def refuses(_count: int, name: str) -> BaseException | None:
        return enough(code) if name in ("write", "replace", "mkdir") else None

    done, _disk = on_a_disk(here, folder, refuses)
    assert done.code == 1
    findings = [f for f in done.json["findings"] if f["code"] in NOT_MADE]
    assert [f["code"] for f in findings] == ["BOOK_NOT_WRITTEN"] * 2
    assert all(os.strerror(code) in f["message"] for f in findings)
    assert list(folder.iterdir()) == []
    assert do("client", "build", "--all")["books"][0]["state"] == "new"


def test_the_rest_is_made(here: Runner, book: Path) -> None:
    """Whatever goes wrong with the first."""
    folder = folder_of(book)
    folder.mkdir()
    client_book(book).mkdir()
    done = here(*ALL)
    assert (done.code, set(codes(done)) & {"FILE_IN_THE_WAY"}) == (1, {"FILE_IN_THE_WAY"})
    assert client_book(book).is_dir()
    assert [one["state"] for one in done.json["result"]["books"]] == ["in the way", "new"]


@pytest.mark.parametrize("error", [MemoryError(), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x")])
def test_a_book_that_can_not_be_made(
    here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    write = file_writer._write_main

    def fails(made: Any, sheet: Any, what: Any, reveal: Any) -> None:
        if what.title.startswith("Bolt"):
            raise error
        write(made, sheet, what, reveal)

    monkeypatch.setattr(file_writer, "_write_main", fails)
    done = here(*ALL)
    assert (done.code, set(codes(done)) & NOT_MADE) == (1, {"BOOK_NOT_WRITTEN"})
    assert len(whole(book)) == 1


# --- what lies on the disk meanwhile


def test_a_book_with_passwords_is_made_in_memory(
    here: Runner, do: Do, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is put into a folder of temporary files, where it would outlive a kill; beside the
    books it is its owner's alone."""
    do(*ASSIGN)
    made: list[tuple[Path, int]] = []
    mkstemp = tempfile.mkstemp

    def noted(*args: Any, **more: Any) -> tuple[int, str]:
        descriptor, name = mkstemp(*args, **more)
        made.append((Path(name).parent, os.fstat(descriptor).st_mode & 0o777))
        return descriptor, name

    monkeypatch.setattr(tempfile, "mkstemp", noted)
    for module in (xlsxwriter.packager, xlsxwriter.worksheet):
        monkeypatch.setattr(module.tempfile, "mkstemp", noted)
    old_umask = os.umask(0)
    try:
        done = here("staff", "build", "--all", "--with-passwords", "--json", role="ops_manager")
    finally:
        os.umask(old_umask)
    assert done.code == 0, done.err
    books = [mode for parent, mode in made if parent == folder_of(book)]
    assert len(books) >= 2
    assert set(books) == {0o600}
    assert {parent for parent, _ in made} <= {folder_of(book), book.parent} | {
        parent for parent, _ in made if Path(f"{book}.ticketops") in (parent, *parent.parents)
    }

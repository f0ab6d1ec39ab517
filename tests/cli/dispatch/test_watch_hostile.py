"""What others put into the folder that is watched: whatever it is, it stops neither the watch nor
any other file, and takes neither its time nor its memory."""

from __future__ import annotations

import os
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.dispatching import Do, book_rows, client_book, codes, fill, tickets_of
from tests.conftest import Runner
from tests.sampling import some
from ticketops.errors import ConflictError, RuleError
from ticketops.services import book_job, inbox, watching
from ticketops.services.inbox import Inbox


def with_part(source: Path, target: Path, name: str, content: bytes) -> None:
    """A book with another part in place of one."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, content if info.filename == name else old.read(info))


def styles(tag: bytes) -> bytes:
    """31 KB, packed; thirty million bytes for a parser."""
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    count = 30_000_000 // (len(tag) + 2)
    return b"<styleSheet %s><cellXfs>%s</cellXfs></styleSheet>" % (space, b"<%s/>" % tag * count)


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**42)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


HOSTILE: dict[str, Callable[[Path, Path], object]] = {
    "a folder": lambda path, _book: path.mkdir(),
    "a pipe": lambda path, _book: os.mkfifo(path),
    "a socket": lambda path, _book: listening(path),
    "endless": lambda path, _book: path.symlink_to("/dev/zero"),
    "a terminal": lambda path, _book: path.symlink_to("/dev/tty"),
    "sparse": lambda path, _book: sparse(path),
    "a link to itself": lambda path, _book: path.symlink_to(path),
    "a link to nothing": lambda path, _book: path.symlink_to("nowhere"),
    "a link to the folder": lambda path, _book: path.symlink_to(path.parent),
    "no workbook": lambda path, _book: path.write_bytes(b"x" * 1000),
    "empty": lambda path, _book: path.write_bytes(b""),
    "styles": lambda path, book: with_part(book, path, "xl/styles.xml", styles(b"xf")),
    "short styles": lambda path, book: with_part(book, path, "xl/styles.xml", styles(b"a")),
}
SILENT = ("a link to itself", "a link to nothing")
"""What is not there is nothing to tell of."""


@pytest.fixture
def box(book: Path) -> Path:
    path = book.parent / "inbox"
    path.mkdir()
    return path


def answered(book: Path, box: Path, name: str, said: str) -> None:
    fill(client_book(book), box / name, {"S1-3": {"First name": said}}, key="Sales ID")


@pytest.mark.parametrize("only", some(["all of them", *HOSTILE], 4))
def test_the_others_are_taken(here: Runner, do: Do, book: Path, box: Path, only: str) -> None:
    do("client", "build", "--all")
    wanted = HOSTILE if only == "all of them" else {only: HOSTILE[only]}
    for number, (what, make) in enumerate(wanted.items()):
        make(box / f"{number:02d} {what}.xlsx", client_book(book))
    answered(book, box, "zz.xlsx", "Eve")
    done = here("dispatch", "watch", str(box), "--once", "--json")
    assert tickets_of(book, "First name")["S1-3"] == "Eve"
    told = [f for f in done.json["findings"] if f["code"] in ("UNUSABLE", "HOSTILE_FILE")]
    loud = [what for what in wanted if what not in SILENT]
    assert len(told) == len(loud), told
    assert all(any(f"{what}.xlsx" in f["message"] for f in told) for what in loud)
    assert done.code == (1 if told or done.json["findings"] else 0)


def test_a_pull_of_a_folder_of_files(here: Runner, do: Do, book: Path, box: Path) -> None:
    """As a shell names them."""
    do("client", "build", "--all")
    for what in ("a folder", "a pipe", "endless", "sparse", "no workbook"):
        HOSTILE[what](box / f"{what}.xlsx", client_book(book))
    answered(book, box, "zz.xlsx", "Eve")
    done = here("client", "pull", *sorted(map(str, box.iterdir())), "--json")
    assert tickets_of(book, "First name")["S1-3"] == "Eve"
    assert len([f for f in done.json["findings"] if f["code"] in ("UNUSABLE", "HOSTILE_FILE")]) == 5
    missing = here("client", "pull", str(box / "none.xlsx"), str(box / "zz.xlsx"))
    assert (missing.code, "none.xlsx is not a file" in missing.err) == (3, True)


@pytest.mark.parametrize("what", some([w for w in HOSTILE if w not in SILENT], 4))
def test_in_the_place_of_a_book(
    here: Runner, do: Do, book: Path, what: str, tmp_path: Path
) -> None:
    """`dispatch sync` and `client build` leave it alone, and make the others."""
    do("client", "build", "--all")
    path = client_book(book)
    kept = Path(shutil.copy(path, tmp_path / "kept.xlsx"))
    path.unlink()
    HOSTILE[what](path, kept)
    stood = os.lstat(path)
    do("sale", "add", "--client", "Bolt", "--line", "M02:Cat 2:1@90", "--again")
    for words in (("dispatch", "sync"), ("client", "build", "--all")):
        done = here(*words, "--json")
        assert done.code in (0, 1), done.out
        after = os.lstat(path)
        assert (after.st_ino, after.st_mode) == (stood.st_ino, stood.st_mode)
    assert "FILE_IN_THE_WAY" in codes(done)
    assert "S6-1" in book_rows(client_book(book, "bolt"))


@pytest.mark.parametrize("what", ["a folder", "a pipe", "endless", "sparse", "empty", "a socket"])
@pytest.mark.parametrize("words", [("status",), ("sync", "diff", "--with", "other.xlsx")])
def test_as_a_workbook(here: Runner, book: Path, what: str, words: tuple[str, ...]) -> None:
    path = book.with_name("other.xlsx")
    HOSTILE[what](path, book)
    at = {} if "sync" in words else {"workbook": str(path)}
    done = here(*words, **at)
    assert (done.code, len(done.err.splitlines())) == (3, 1), done.err


@pytest.mark.parametrize("mark", ["~$event.xlsx", ".~lock.event.xlsx#"])
@pytest.mark.parametrize("what", ["a folder", "a pipe", "endless", "sparse", "empty"])
def test_as_a_mark_of_an_open_workbook(here: Runner, book: Path, mark: str, what: str) -> None:
    HOSTILE[what](book.with_name(mark), book)
    done = here("sale", "add", "--client", "Bolt", "--line", "M02:Cat 2:1@90", "--again")
    assert (done.code, "somebody" in done.err) == (5, True), done.err


# --- one look after the other


def test_what_is_no_book_is_told_once(tmp_path: Path) -> None:
    """Until it is something else."""
    bad = tmp_path / "x.xlsx"
    bad.mkdir()
    looking = Inbox(tmp_path)
    assert looking.look().findings == ()  # it may be on its way still
    assert [f.message for f in looking.look().findings] == ["x.xlsx is skipped: it is a folder"]
    assert looking.look().findings == ()
    bad.rmdir()
    os.mkfifo(bad)
    assert looking.look().findings == ()
    assert "a pipe" in looking.look().findings[0].message
    bad.unlink()
    bad.write_bytes(b"x")
    looking.look()
    assert [path.name for path in looking.look().ready] == ["x.xlsx"]


def test_a_round_has_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of files, and of bytes to look through; every file has its turn."""
    monkeypatch.setattr(inbox, "MOST_FILES", 3)
    for number in range(8):
        (tmp_path / f"{number}.xlsx").write_bytes(b"%d" % number)
    looking = Inbox(tmp_path, once=True)
    seen: list[str] = []
    for expected in (5, 2, 0):
        look = looking.look()
        assert look.waiting == expected
        seen += [path.name for path in look.ready]
        looking.took(look.ready)
    assert seen == [f"{number}.xlsx" for number in range(8)]
    monkeypatch.setattr(inbox, "MOST_BYTES", 1)
    looking = Inbox(tmp_path, once=True)
    for number in range(8):
        look = looking.look()
        assert [path.name for path in look.ready] == [f"{number}.xlsx"]
        looking.took(look.ready)
    assert looking.look().ready == {}


def test_a_file_that_did_not_change_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"one")
    looking = Inbox(tmp_path, once=True)
    looking.took(looking.look().ready)
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "hash_regular", lambda *_: pytest.fail("read again"))
        assert looking.look().ready == {}
    path.write_bytes(b"two")
    assert list(looking.look().ready) == [path]


def test_what_a_round_has_no_time_for_is_read_in_the_next(
    here: Runner, do: Do, book: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least one file a round."""
    monkeypatch.setattr(watching, "ROUND", 0.0)
    do("client", "build", "--all")
    answered(book, box, "a.xlsx", "Eve")
    fill(client_book(book), box / "b.xlsx", {"S2-2": {"Clients notes": "post"}}, key="Sales ID")
    first = here("dispatch", "watch", str(box), "--once", "--json").json["result"]
    assert first["files"] == 1
    assert tickets_of(book, "First name")["S1-3"] == "Eve"


def test_a_file_that_no_commit_takes_stops_no_other(
    here: Runner, do: Do, book: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do("client", "build", "--all")
    for name in ("a.xlsx", "c.xlsx"):
        answered(book, box, name, "Eve")
    fill(client_book(book), box / "b.xlsx", {"S1-3": {"First name": "Bad"}}, key="Sales ID")
    reconciled = book_job.BookJob.reconciled

    def refuses(
        self: book_job.BookJob, snapshot: object, run: object, files: object, **more: object
    ) -> object:
        if any(file.file == "b.xlsx" for file in files):  # type: ignore[attr-defined]
            raise RuleError("no cell can hold it")
        return reconciled(self, snapshot, run, files, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(book_job.BookJob, "reconciled", refuses)
    done = here("dispatch", "watch", str(box), "--once", "--json")
    assert [f["message"] for f in done.json["findings"] if f["code"] == "FILE_FAILED"] == [
        "b.xlsx: no cell can hold it"
    ]
    assert tickets_of(book, "First name")["S1-3"] == "Eve"


def test_what_is_the_workbooks_fault_is_no_files(
    here: Runner, do: Do, book: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do("client", "build", "--all")
    for number in range(9):
        answered(book, box, f"{number}.xlsx", f"Eve {number}")
    tried: list[int] = []

    def refuses(
        self: object, snapshot: object, run: object, files: list[object], **_: object
    ) -> None:
        tried.append(len(files))
        raise RuleError("the workbook is odd")

    monkeypatch.setattr(book_job.BookJob, "reconciled", refuses)
    done = here("dispatch", "watch", str(box), "--once")
    assert (done.code, "the workbook is odd" in done.err) == (4, True)
    assert tried == [9, 1, 1, 1]


@pytest.mark.slow
def test_a_busy_workbook_is_tried_again(
    here: Runner, do: Do, book: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do("client", "build", "--all")
    answered(book, box, "a.xlsx", "Eve")

    def busy(*_args: object, **_more: object) -> None:
        raise ConflictError("somebody else writes")

    with monkeypatch.context() as patch:
        patch.setattr(book_job.BookJob, "reconciled", busy)
        here("dispatch", "watch", str(box), "--once")
    assert tickets_of(book, "First name")["S1-3"] != "Eve"
    here("dispatch", "watch", str(box), "--once")
    assert tickets_of(book, "First name")["S1-3"] == "Eve"

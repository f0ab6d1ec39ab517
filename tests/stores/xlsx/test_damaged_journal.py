"""An entry of the journal that can't be read stops nobody: it is set aside and named, and nothing
is taken back of which nobody can tell what rests on it."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.conftest import Runner
from tests.desk import Desk
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.errors import RuleError, TicketopsError, UnusableError
from ticketops.files import new_file
from ticketops.schema.layouts.event import EVENT, PURCHASES
from ticketops.services import purchasing
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

BUY = ("purchase", "add", "--match", "M01", "--vendor", "Ann", "--line", "Cat 1:1@1", "--again")


def store(path: Path) -> XlsxStore:
    return XlsxStore(path, layout=EVENT)


def entry(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.ticketops") / "journal" / f"{number:06d}.json.gz"


@pytest.fixture(scope="module")
def three_purchases(empty_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("three") / "event.xlsx"
    shutil.copy(empty_source, path)
    desk = Desk(store(path))
    for quantity in (1, 2, 3):
        desk.buy(("M01", "Cat 1", quantity))
    return path


@pytest.fixture
def book(three_purchases: Path, tmp_path: Path) -> Path:
    shutil.copytree(three_purchases.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / three_purchases.name


def head(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """The head of an entry changed, its body as it was."""

    def changed(path: Path) -> None:
        first, body, *_ = gzip.decompress(path.read_bytes()).split(b"\n")
        content = json.loads(first)
        made = change(content)
        said = json.dumps(content if made is None else made).encode()
        path.write_bytes(gzip.compress(said + b"\n" + body + b"\n"))

    return changed


def replaced(make: Callable[[Path], Any]) -> Callable[[Path], None]:
    def by(path: Path) -> None:
        path.unlink()
        make(path)

    return by


DAMAGE: dict[str, Callable[[Path], None]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "other bytes": lambda path: path.write_bytes(b"\x1f\x8b" + os.urandom(300)),
    "a bit": lambda path: path.write_bytes(path.read_bytes()[:12] + b"\xff" * 9),
    "text": lambda path: path.write_text("hello"),
    "no JSON": lambda path: path.write_bytes(gzip.compress(b"{\n{}\n")),
    "not UTF-8": lambda path: path.write_bytes(gzip.compress(b'{"a": "\xff"}\n{}\n')),
    "nested": lambda path: path.write_bytes(gzip.compress(b"[" * 200_000 + b"\n")),
    "a list": lambda path: path.write_bytes(gzip.compress(b"[1]\n{}\n")),
    "no keys": lambda path: path.write_bytes(gzip.compress(b"{}\n{}\n")),
    **{
        f"without {name}": head(lambda said, name=name: said.pop(name) and None)  # type: ignore[misc]
        for name in (
            "number",
            "run_id",
            "command",
            "user",
            "at",
            "revision_before",
            "revision_after",
            "counts",
        )
    },
    "number of another": head(lambda said: said.update(number=77)),
    "number as a path": head(lambda said: said.update(number="../../x")),
    "no revision": head(lambda said: said.update(revision_before="")),
    "counts of another kind": head(lambda said: said.update(counts={"Sales": 5})),
    "counts that are words": head(lambda said: said.update(counts={"Sales": {"set": "x"}})),
    "no moment": head(lambda said: said.update(at="yesterday")),
    "undoes itself in words": head(lambda said: said.update(undoes="one")),
    "a folder": replaced(Path.mkdir),
    "a pipe": replaced(os.mkfifo),
    "endless": replaced(lambda path: path.symlink_to("/dev/zero")),
    "a link to nothing": replaced(lambda path: path.symlink_to("nowhere")),
}
QUICK = ("cut", "no keys", "without revision_after", "a folder", "a pipe")


@pytest.mark.parametrize("name", [name for name in DAMAGE if name != "a link to nothing"])
def test_the_newest_entry_is_damaged(book: Path, name: str) -> None:
    """The next commit works, has a number of its own, and sets it aside; `log` tells the rest."""
    DAMAGE[name](entry(book, 3))
    before = store(book)
    assert [t.number for t in before.log()] == [1, 2]
    assert [(one.number, bool(one.why)) for one in before.damaged_entries()] == [(3, True)]
    desk = Desk(store(book))
    desk.days = 1
    done = desk.done(_purchase())
    assert [f.code for f in done.late] == ["JOURNAL_DAMAGED"]
    assert "moved to 000003.json.gz.damaged" in done.late[0].message
    assert entry(book, 3).with_name("000003.json.gz.damaged").exists()
    after = store(book)
    assert [t.number for t in after.log()] == [1, 2, 4]
    assert [(one.number, one.why) for one in after.damaged_entries()] == [(3, "")]
    assert after.doubt() == ""
    assert desk.done(_purchase()).late == ()
    assert store(book).log()[-1].number == 5
    after.undo(Entry("R20270101-000000", "undo", "x", desk.run().now))
    with pytest.raises(RuleError, match="lost"):
        store(book).undo(
            Entry("R20270101-000001", "undo", "x", desk.run().now), after.log()[0].entry.run_id
        )


def test_an_undo_while_the_newest_entry_is_damaged(book: Path, in_process: Runner) -> None:
    """It would be of an older command: refused, and the reason is named; the entry is too, where
    something can be taken back."""
    DAMAGE["cut"](entry(book, 3))
    before = book.read_bytes()
    done = in_process("undo", "-y", "-w", str(book))
    assert (done.code, "lost what was written after it (000003)" in done.err) == (4, True)
    assert book.read_bytes() == before
    told = in_process(*BUY, "-w", str(book))
    assert (told.code, "moved to 000003.json.gz.damaged" in told.out) == (1, True)
    DAMAGE["cut"](entry(book, 2))
    taken = in_process("undo", "-y", "-w", str(book), "--json")
    assert [f["code"] for f in taken.json["findings"]] == ["JOURNAL_DAMAGED"]


def _purchase() -> Any:
    line = PurchaseLine(
        "M01", "Ann", "7", "Cat 1", 1, Decimal(1), "USD", datetime(2026, 1, 1), inv_no=""
    )
    return purchasing.purchase_add([line])


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("number", [1, 2])
def test_an_older_entry_is_damaged(book: Path, name: str, number: int) -> None:
    """What came after it can be taken back; what came before it can't."""
    DAMAGE[name](entry(book, number))
    rows = store(book).read(PURCHASES)[PURCHASES].frame.height
    now = Desk().run().now
    work = store(book)
    work.undo(Entry("R20270101-000000", "undo", "x", now))
    assert store(book).read(PURCHASES)[PURCHASES].frame.height == rows - 1
    kept = [t for t in store(book).log() if t.number < number]
    for one in kept:
        with pytest.raises(RuleError, match="lost"):
            store(book).undo(Entry("R20270101-000001", "undo", "x", now), one.entry.run_id)


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'{"cells": {}}', b'{"cells": 5}', b"null"])
def test_the_cells_of_an_entry_are_damaged(book: Path, in_process: Runner, body: bytes) -> None:
    """The head tells what is to be told; an undo of it is refused in one line."""
    path = entry(book, 3)
    first = gzip.decompress(path.read_bytes()).split(b"\n")[0]
    path.write_bytes(gzip.compress(first + b"\n" + body + b"\n"))
    run_id = store(book).log()[-1].entry.run_id
    for words in (("undo", "-y"), ("log", "show", run_id)):
        done = in_process(*words, "-w", str(book))
        assert done.code == 3, done.err
        assert "the journal entry 000003.json.gz is damaged" in done.err
        assert len(done.err.splitlines()) == 1
    found = in_process("log", "--sale", "S1", "-w", str(book), "--json")
    assert (found.code, [f["code"] for f in found.json["findings"]]) == (1, ["JOURNAL_DAMAGED"])
    assert in_process(*BUY, "-w", str(book)).code == 0


@pytest.mark.parametrize("name", ["cut", "no keys", "a folder", "number of another"])
def test_what_a_killed_commit_left_is_damaged(book: Path, name: str) -> None:
    pending = entry(book, 1).with_name("pending.json.gz")
    shutil.copy(entry(book, 3), pending)
    DAMAGE[name](pending)
    desk = Desk(store(book))
    desk.days = 1
    desk.done(_purchase())
    assert not pending.exists()
    numbers = [t.number for t in store(book).log()]
    assert numbers[:3] == [1, 2, 3]
    assert len(numbers) == 4


@pytest.mark.parametrize(
    "run_id", ["R20269999-999999", "R00000000-000000", "R99991231-235959", "X", "R2026", "9" * 5000]
)
def test_an_odd_run_id(book: Path, in_process: Runner, run_id: str) -> None:
    head(lambda said: said.update(run_id=run_id))(entry(book, 3))
    for words in (BUY, BUY, ("log",), ("undo", "-y"), ("status",), ("log", "show", run_id)):
        done = in_process(*words, "-w", str(book))
        assert done.code in (0, 1), (words, done.err)


@pytest.mark.parametrize(
    "moment", ["9998-12-31T23:59:59", "9999-12-31T12:00:00", "1970-01-01T00:00:10", "2107-12-31"]
)
def test_a_clock_that_is_wrong(book: Path, in_process: Runner, moment: str, tmp_path: Path) -> None:
    """Nothing is our bug; RunIDs stay unique once the clock is right again."""
    at = ("-w", str(book))
    with time_machine.travel(f"{moment}", tick=False):
        for words in (
            BUY,
            ("sale", "add", "--client", "C", "--line", "M01:Cat 1:2@5"),
            ("allocate", "commit", "S1"),
            ("status",),
            ("dispatch", "status"),
            ("audit", "run", "--write"),
            ("report", "position", "--write"),
            ("client", "build", "--all", "--folder", str(tmp_path / "books")),
            ("log",),
            ("undo", "-y"),
        ):
            done = in_process(*words, *at)
            assert done.code in (0, 1, 2, 3, 4), (words, done.err)
            assert "internal error" not in done.err
    assert in_process(*BUY, *at).code == 0
    run_ids = [t.entry.run_id for t in store(book).log()]
    assert len(set(run_ids)) == len(run_ids) > 4


ODD_NAMES = (
    "[2026] event.xlsx",
    "e*.xlsx",
    "e?ent.xlsx",
    "[!a]vent.xlsx",
    "é [1].xlsx",
    "\udcff.xlsx",
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_no_pattern(book: Path, name: str, in_process: Runner) -> None:
    """What lies beside the workbook of another name is not touched, its own strays go."""
    odd = book.with_name(name)
    shutil.copy(book, odd)
    shutil.copytree(f"{book}.ticketops", f"{odd}.ticketops")
    own = new_file(odd, f"{odd.name}.ticketops")
    others = [
        new_file(book, f"{other}.ticketops")
        for other in ("event.xlsx", "2 event.xlsx", "avent.xlsx", "xvent.xlsx", "e.xlsx")
        if other != name
    ]
    cached = Path(f"{odd}.ticketops") / "cache" / "Sales@[x].arrow"
    cached.parent.mkdir(exist_ok=True)
    cached.write_bytes(b"x")
    for words in (BUY, ("undo", "-y"), BUY, ("log",), ("status",)):
        assert in_process(*words, "-w", str(odd)).code == 0
    assert in_process("sync", "diff", "--with", str(odd), "-w", str(book)).code in (0, 1)
    assert not own.exists()
    assert all(path.exists() for path in others)


def test_what_is_no_version_among_the_versions(book: Path, in_process: Runner) -> None:
    """Folders, pipes and files of other names among the backups stop nobody."""
    backups = Path(f"{book}.ticketops") / "backups"
    (backups / "x.xlsx").mkdir()
    (backups / "000009-abc.xlsx").mkdir()
    os.mkfifo(backups / "000001-00.xlsx")
    (backups / "mine.xlsx").write_bytes(b"mine")
    (backups / "000008-ab.xlsx").symlink_to("/dev/zero")
    for words in (BUY, BUY, ("undo", "-y"), ("undo", "-y"), ("log",)):
        assert in_process(*words, "-w", str(book)).code == 0, words
    assert (backups / "mine.xlsx").read_bytes() == b"mine"


def test_errors_are_one_line_each(book: Path) -> None:
    for name in QUICK:
        path = entry(book, 3)
        kept = path.read_bytes()
        DAMAGE[name](path)
        with pytest.raises(TicketopsError) as caught:
            store(book).logged(3)
        assert isinstance(caught.value, UnusableError)
        assert "\n" not in caught.value.message
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.write_bytes(kept)


def test_the_key_of_the_journals_digests_is_no_file(book: Path, in_process: Runner) -> None:
    """A command that writes a password says so in one line, at once; the others work."""
    key = entry(book, 1).with_name("secret.key")
    key.unlink(missing_ok=True)
    os.mkfifo(key)
    assert in_process(*BUY, "-w", str(book)).code == 0
    done = in_process(
        *("credentials", "add", "Ann", "--login", "a", "--password-stdin", "-w", str(book)),
        stdin="pw-1",
        env={"TICKETOPS_KEY_FILE": str(book.with_name("keys"))},
    )
    assert (done.code, "it is a pipe" in done.err) == (3, True), done.err


def test_an_entry_without_end(book: Path, in_process: Runner) -> None:
    path = entry(book, 3)
    os.truncate(path, 2**42)
    run_id = store(book).log()[-1].entry.run_id
    for words in (("log", "show", run_id), ("undo", "-y")):
        done = in_process(*words, "-w", str(book))
        assert (done.code, len(done.err.splitlines())) == (3, 1), done.err
    assert in_process(*BUY, "-w", str(book)).code == 0

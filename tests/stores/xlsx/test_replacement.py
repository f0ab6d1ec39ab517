"""Which error is raised when a step of a commit fails, what then stands on the disk, and whose the
file is afterwards."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ticketops.errors import ConflictError, NotPermittedError, TicketopsError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import EVENT, UNITS
from ticketops.stores.base import Entry
from ticketops.stores.journal import Journal
from ticketops.stores.xlsx.package import Package
from ticketops.stores.xlsx.store import XlsxStore

ENTRY = Entry("R20260417-143022", "test", "tester", datetime(2026, 4, 17, 14, 30, 22))
UNCHANGED = "the workbook is unchanged"
UNSURE = "ticketops log shows whether it was written"


def commit(path: Path) -> None:
    store = XlsxStore(path, layout=EVENT)
    table = store.read(UNITS)[UNITS]
    changes = ChangeSet()
    changes.append(UNITS, table.next_row, ("unit_id", "match"), [(f"P{table.next_row:05d}", "M01")])
    store.commit(changes, store.revision(), ENTRY)


def temporaries(path: Path) -> list[str]:
    return [file.name for file in path.parent.iterdir() if file.name.endswith(".tmp")]


Break = Callable[[pytest.MonkeyPatch, Path, OSError], None]


def failing(
    owner: Any, name: str, concerns: Callable[..., bool] = lambda *_: True, *, after: bool = False
) -> Break:
    """A call that fails, the calls before it work. after: it does its work, then fails."""

    def install(patch: pytest.MonkeyPatch, path: Path, error: OSError) -> None:
        real = getattr(owner, name)

        def call(*args: Any, **more: Any) -> Any:
            if not concerns(path, *args):
                return real(*args, **more)
            if after:
                real(*args, **more)
            raise error

        patch.setattr(owner, name, call)

    return install


def onto_the_workbook(path: Path, _source: Any, target: Any, *_: Any) -> bool:
    return Path(target).name == path.name


STEPS: dict[str, Break] = {
    "the content is written": failing(Package, "write"),
    "it is synced": failing(os, "fsync"),
    "it gets the mode": failing(shutil, "copymode"),
    "the journal is written ahead": failing(Journal, "begin"),
    "it takes the place of the old one": failing(os, "replace", onto_the_workbook),
}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES], ids=["full", "not permitted"])
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_step_fails_and_nothing_has_changed(
    empty: Path, monkeypatch: pytest.MonkeyPatch, step: Break, number: int
) -> None:
    commit(empty)
    before, log = empty.read_bytes(), XlsxStore(empty, layout=EVENT).log()
    with monkeypatch.context() as patch:
        step(patch, empty, OSError(number, os.strerror(number)))
        with pytest.raises(TicketopsError) as raised:
            commit(empty)
    assert type(raised.value) is (NotPermittedError if number == errno.EACCES else UnusableError)
    assert raised.value.message == f"event.xlsx can't be written: {os.strerror(number)}"
    assert raised.value.hint == ("" if number == errno.EACCES else UNCHANGED)
    assert empty.read_bytes() == before
    assert temporaries(empty) == []
    assert XlsxStore(empty, layout=EVENT).log() == log
    commit(empty)
    assert len(XlsxStore(empty, layout=EVENT).log()) == len(log) + 1


def test_no_hard_link_is_no_reason_to_give_up(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = empty.read_bytes()
    with monkeypatch.context() as patch:
        failing(os, "link")(patch, empty, OSError(errno.EPERM, "no links here"))
        commit(empty)
    (kept,) = XlsxStore(empty, layout=EVENT).older_versions()
    assert kept.read_bytes() == before != empty.read_bytes()
    with monkeypatch.context() as patch:
        failing(os, "link")(patch, empty, OSError(errno.EPERM, "no links here"))
        failing(shutil, "copy2")(patch, empty, OSError(errno.ENOSPC, "full"))
        after = empty.read_bytes()
        with pytest.raises(UnusableError, match=r"event\.xlsx can't be written: full"):
            commit(empty)
    assert (empty.read_bytes(), temporaries(empty), len(XlsxStore(empty, layout=EVENT).log())) == (
        after,
        [],
        1,
    )


def test_written_but_the_answer_was_lost(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rename happened, the system says that it failed: nobody may be told that nothing was
    written."""
    before = empty.read_bytes()
    with monkeypatch.context() as patch:
        failing(os, "replace", onto_the_workbook, after=True)(
            patch, empty, OSError(errno.EIO, "lost")
        )
        with pytest.raises(UnusableError) as raised:
            commit(empty)
    assert (raised.value.message, raised.value.hint) == ("event.xlsx: lost", UNSURE)
    assert empty.read_bytes() != before
    assert len(XlsxStore(empty, layout=EVENT).log()) == 1


def test_neither_written_nor_cleared_away(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk goes away in the middle: it is unknown whether the rename counted."""
    before = empty.read_bytes()
    error = OSError(errno.EIO, "gone")
    with monkeypatch.context() as patch:
        failing(os, "replace", onto_the_workbook)(patch, empty, error)
        failing(Journal, "abandon")(patch, empty, error)
        with pytest.raises(UnusableError) as raised:
            commit(empty)
    assert (raised.value.message, raised.value.hint) == ("event.xlsx: gone", UNSURE)
    assert empty.read_bytes() == before
    assert XlsxStore(empty, layout=EVENT).log() == []
    commit(empty)
    assert temporaries(empty) == []


def test_not_cleared_away_before_the_rename_is_certain_all_the_same(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = empty.read_bytes()
    error = OSError(errno.EIO, "gone")
    with monkeypatch.context() as patch:
        failing(Package, "write")(patch, empty, error)
        failing(Journal, "abandon")(patch, empty, error)
        with pytest.raises(UnusableError) as raised:
            commit(empty)
    assert (raised.value.message, raised.value.hint) == (
        "event.xlsx can't be written: gone",
        UNCHANGED,
    )
    assert empty.read_bytes() == before


@pytest.mark.parametrize("name", ["finish", "abandon"])
def test_what_fails_after_the_rename_is_settled_by_the_next_commit(
    empty: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patch:
        failing(Journal, name)(patch, empty, OSError(errno.EIO, "gone"))
        commit(empty)
    assert len(XlsxStore(empty, layout=EVENT).log()) == 1
    commit(empty)
    assert len(XlsxStore(empty, layout=EVENT).log()) == 2


def test_somebody_else_saves_just_before_the_rename(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last look at the file is after the journal was written: what was saved until then
    stays."""
    other = empty.read_bytes() + b""
    link = os.link

    def linked(source: Any, target: Any) -> None:
        link(source, target)
        theirs = empty.with_suffix(".theirs")
        with Path(source).open("rb") as file:
            theirs.write_bytes(file.read()[:-1] + b"\x01")
        os.replace(theirs, empty)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", linked)
        with pytest.raises(
            ConflictError, match=r"event\.xlsx was changed by someone else meanwhile"
        ):
            commit(empty)
    assert empty.read_bytes() == other[:-1] + b"\x01"
    assert temporaries(empty) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(("user", "group"), [(12345, 0), (0, 23456), (12345, 23456)])
def test_the_owner_is_kept(empty: Path, user: int, group: int) -> None:
    os.chown(empty, user, group)
    empty.chmod(0o640)
    commit(empty)
    kept = empty.stat()
    assert (kept.st_uid, kept.st_gid, stat.S_IMODE(kept.st_mode)) == (user, group, 0o640)
    XlsxStore(empty, layout=EVENT).undo(ENTRY)
    kept = empty.stat()
    assert (kept.st_uid, kept.st_gid, stat.S_IMODE(kept.st_mode)) == (user, group, 0o640)


@pytest.mark.parametrize(
    ("user", "group", "given"), [(1, 0, True), (0, 1, True), (1, 1, True), (0, 0, False)]
)
def test_whose_file_it_is_told_to_the_system(
    empty: Path, monkeypatch: pytest.MonkeyPatch, user: int, group: int, given: bool
) -> None:
    """Also where nobody may give files away. user, group: of whoever commits, as seen from the
    owner."""
    asked: list[tuple[str, int, int]] = []
    owner = empty.stat()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: owner.st_uid + user)
        patch.setattr(os, "getgid", lambda: owner.st_gid + group)
        patch.setattr(
            os, "chown", lambda path, uid, gid: asked.append((Path(path).suffix, uid, gid))
        )
        commit(empty)
    assert asked == ([(".tmp", owner.st_uid, owner.st_gid)] if given else [])


def test_an_owner_that_cannot_be_kept_does_not_stop_a_commit(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: empty.stat().st_uid + 1)
        failing(os, "chown")(patch, empty, PermissionError(errno.EPERM, "not yours"))
        commit(empty)
    assert len(XlsxStore(empty, layout=EVENT).log()) == 1


def test_as_many_older_versions_as_are_asked_for(empty: Path) -> None:
    for _ in range(4):
        store = XlsxStore(empty, backups=2, layout=EVENT)
        changes = ChangeSet()
        table = store.read(UNITS)[UNITS]
        changes.append(UNITS, table.next_row, ("unit_id",), [(f"P{table.next_row:05d}",)])
        store.commit(changes, store.revision(), ENTRY)
    assert [path.name[:6] for path in XlsxStore(empty, layout=EVENT).older_versions()] == [
        "000003",
        "000004",
    ]

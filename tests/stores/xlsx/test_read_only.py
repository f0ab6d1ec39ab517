"""A file that is marked read-only is read, and never replaced; nor is one that somebody else may
write only."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import ROOT
from tests.stores.xlsx.dialects import ENTRY
from ticketops.cli.listing import write_text
from ticketops.errors import UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.book_layouts import Book
from ticketops.schema.layouts.event import EVENT, UNITS
from ticketops.services.book_locations import FileLocation
from ticketops.services.book_registry import BookRegistry
from ticketops.services.creation import init
from ticketops.stores.xlsx.lock import refuse_read_only
from ticketops.stores.xlsx.store import XlsxStore


def commit(path: Path) -> None:
    store = XlsxStore(path, layout=EVENT)
    table = store.read(UNITS)[UNITS]
    changes = ChangeSet()
    changes.append(UNITS, table.next_row, ("unit_id", "match"), [(f"P{table.next_row:05d}", "M01")])
    store.commit(changes, store.revision(), ENTRY)


@pytest.fixture
def bound_by_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may write what its mode lets somebody write; root could write all."""
    access = os.access

    def asked(path: Path, mode: int) -> bool:
        marked = mode == os.W_OK and not Path(path).stat().st_mode & 0o222
        return not marked and access(path, mode)

    monkeypatch.setattr(os, "access", asked)


def as_one_bound_by_modes(*words: str) -> list[str]:
    """The command, without what lets root write everything."""
    if os.getuid():
        return [*words]
    dropped = "-dac_override"
    return ["setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}", *words]


def files_below(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {
        path: (path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "cache"
    }


WRITERS: dict[str, Callable[[Path], object]] = {
    "a commit": commit,
    "an undo": lambda path: XlsxStore(path, layout=EVENT).undo(ENTRY),
    "a purge": lambda path: XlsxStore(path, layout=EVENT).purge(ENTRY),
    "init --force": lambda path: init(path, force=True),
    "a CSV file": lambda path: write_text(path, "a,b\n"),
}


@pytest.mark.usefixtures("bound_by_modes")
@pytest.mark.parametrize("mode", [0o444, 0o400, 0o555])
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_nothing_is_written(empty: Path, write: Callable[[Path], object], mode: int) -> None:
    commit(empty)
    empty.chmod(mode)
    before = files_below(empty.parent)
    with pytest.raises(UnusableError) as raised:
        write(empty)
    assert raised.value.message == "event.xlsx is read-only"
    assert raised.value.hint.startswith("nothing was written")
    assert files_below(empty.parent) == before
    assert XlsxStore(empty, layout=EVENT).read(UNITS)[UNITS].frame.height == 1
    empty.chmod(mode | stat.S_IWUSR)
    write(empty)
    assert files_below(empty.parent) != before


@pytest.mark.usefixtures("bound_by_modes")
def test_a_book_is_not_replaced(empty: Path) -> None:
    empty.chmod(0o444)
    before = files_below(empty.parent)
    location = FileLocation(empty, BookRegistry(None, empty.parent))
    with pytest.raises(UnusableError, match=r"event\.xlsx is read-only"):
        location.write(cast(Book, None), seen=location.state(), edited=False, reveal=None)
    assert files_below(empty.parent) == before


@pytest.mark.usefixtures("bound_by_modes")
def test_a_link_to_a_read_only_file_is_no_way_round(empty: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "event.xlsx"
    link.symlink_to(empty)
    empty.chmod(0o444)
    before = files_below(tmp_path)
    with pytest.raises(UnusableError, match=r"event\.xlsx is read-only"):
        commit(link)
    assert files_below(tmp_path) == before


@pytest.mark.skipif(not hasattr(os, "fork") or os.getuid() != 0, reason="only root can be another")
def test_a_file_of_somebody_else_that_we_may_only_read(tmp_path: Path) -> None:
    """The folder lets everybody rename, the file does not let them write."""
    path = tmp_path / "event.xlsx"
    path.write_bytes(b"x")
    path.chmod(0o644)
    refuse_read_only(path)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            refuse_read_only(path)
        except UnusableError as error:
            os._exit(error.exit_code)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


@pytest.mark.skipif(os.getuid() == 0 and not shutil.which("setpriv"), reason="root writes all")
def test_the_command_line_says_so_in_one_line(empty: Path) -> None:
    empty.chmod(0o444)
    before = empty.read_bytes()
    words = ("purchase", "add", "--match", "M1", "--vendor", "V", "--line", "Cat 1:1@10", "-q")
    done = subprocess.run(
        as_one_bound_by_modes(sys.executable, "-m", "ticketops", *words, "-w", str(empty)),
        env=os.environ | {"PYTHONPATH": str(ROOT), "TICKETOPS_ROLE": "ops_manager"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("ticketops: event.xlsx is read-only (nothing was written; ")
    assert len(done.stderr.splitlines()) == 1
    assert empty.read_bytes() == before
    assert [path.name for path in empty.parent.glob("*.tmp")] == []

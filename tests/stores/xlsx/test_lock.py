"""Who has the workbook open: what Excel and LibreOffice leave beside it, and what ticketops' own
lock says."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import Runner
from ticketops.errors import LockedError
from ticketops.schema.layouts.event import EVENT
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

BUY = ("purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:3@120.50")


@pytest.mark.parametrize(
    ("mark", "who"),
    [
        ("Ana Berg,ana,desk-7,17.04.2026 14:30,file:///home/ana;", "Ana Berg on desk-7"),
        (" Ana Berg , ana , desk-7 ,17.04.2026 14:30", "Ana Berg on desk-7"),
        (",ana,desk-7,17.04.2026 14:30", "ana on desk-7"),
        (",,desk-7,17.04.2026 14:30", "somebody on desk-7"),
        ("Ana Berg,ana,,17.04.2026 14:30", "Ana Berg"),
        ("Ana Berg,ana,desk-7", "Ana Berg on desk-7"),
        ("Ana Berg,ana", "Ana Berg"),
        ("Ana Berg", "Ana Berg"),
        ("", "somebody"),
        (",,,", "somebody"),
    ],
)
def test_libreoffice_has_it_open(empty: Path, in_process: Runner, mark: str, who: str) -> None:
    place = empty.with_name(".~lock.event.xlsx#")
    place.write_text(mark, "utf-8")
    before = empty.read_bytes()
    done = in_process(*BUY, "-w", str(empty))
    assert (done.code, done.out) == (5, "")
    assert f"event.xlsx is open in LibreOffice ({who})" in done.err
    assert "close it there; if nobody has it open, delete .~lock.event.xlsx#" in done.err
    assert empty.read_bytes() == before
    assert in_process("status", "-w", str(empty)).code == 0
    place.unlink()
    assert in_process(*BUY, "-w", str(empty)).code == 0


@pytest.mark.parametrize(
    ("mark", "who"),
    [
        (b"\x08Ana Berg" + b" " * 46 + "\x08Ana Berg".encode("utf-16-le"), "Ana Berg"),
        (b"\x05\xc4nne " + b" " * 40, "Änne"),
        (b"\x03Ana Berg", "Ana"),
        (b"\x00" + b" " * 54, "somebody"),
        (b"", "somebody"),
    ],
)
def test_excel_has_it_open(empty: Path, in_process: Runner, mark: bytes, who: str) -> None:
    empty.with_name("~$event.xlsx").write_bytes(mark)
    before = empty.read_bytes()
    done = in_process(*BUY, "-w", str(empty))
    assert (done.code, done.out) == (5, "")
    assert f"event.xlsx is open in Excel ({who})" in done.err
    assert "close it there; if nobody has it open, delete ~$event.xlsx" in done.err
    assert empty.read_bytes() == before


@pytest.mark.parametrize(
    ("note", "who"),
    [
        (
            {
                "holder": "ana (sale add)",
                "pid": 7,
                "host": "desk-7",
                "since": "2026-04-17T14:30:22",
            },
            "ana (sale add) (process 7 on desk-7, since 2026-04-17T14:30:22)",
        ),
        ({"holder": "ana"}, "another ticketops process"),
        ("{", "another ticketops process"),
        (None, "another ticketops process"),
    ],
)
def test_another_process_writes_it(empty: Path, note: object, who: str) -> None:
    store = XlsxStore(empty, lock_timeout=0.1, layout=EVENT)
    entry = Entry("R20260417-143022", "sale add", "ben", datetime(2026, 4, 17, 14, 30, 22))
    with store.locked(entry):
        state = empty.with_name("event.xlsx.ticketops")
        written = json.loads((state / "lock.json").read_text())
        assert (written["holder"], set(written)) == (
            "ben (sale add)",
            {"holder", "pid", "host", "since"},
        )
    assert not (state / "lock.json").exists()
    with FileLock(state / "lock"):
        if note is not None:
            (state / "lock.json").write_text(note if isinstance(note, str) else json.dumps(note))
        with (
            pytest.raises(LockedError) as raised,
            XlsxStore(empty, lock_timeout=0.1, layout=EVENT).locked(entry),
        ):
            pass
    assert (raised.value.message, raised.value.hint) == (
        f"event.xlsx is being written by {who}",
        "waited 0.1 s; try again",
    )


def test_wps_has_it_open(empty: Path, in_process: Runner) -> None:
    place = empty.with_name(".~event.xlsx")
    place.write_bytes(b"\x08Ana Berg" + b" " * 46 + b"\x08\0" + "Ana Berg".encode("utf-16-le"))
    before = empty.read_bytes()
    done = in_process(*BUY, "-w", str(empty))
    assert (done.code, done.out) == (5, "")
    assert "event.xlsx is open in WPS Office (Ana Berg)" in done.err
    assert empty.read_bytes() == before
    place.unlink()
    assert in_process(*BUY, "-w", str(empty)).code == 0

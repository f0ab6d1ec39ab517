"""A written file is read back before it counts: a renderer or an archive that goes wrong is found
out, and nothing has happened."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
import pytest

from tests.conftest import Runner
from ticketops.errors import InternalError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.columns import ErrorValue
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, UNITS
from ticketops.schema.tables import canonical_positions
from ticketops.stores.base import Entry
from ticketops.stores.edited import EditedRows
from ticketops.stores.xlsx import contents, reader
from ticketops.stores.xlsx.package import Package, plain
from ticketops.stores.xlsx.parts import Parts
from ticketops.stores.xlsx.reader import Reader
from ticketops.stores.xlsx.store import XlsxStore
from ticketops.stores.xlsx.verify import same

NOW = datetime(2026, 4, 17, 14, 30, 22)
ENTRY = Entry("R20260417-143022", "test", "tester", NOW)
COLUMNS = ("unit_id", "match", "contract", "category", "created_at", "status", "set_pos")
PLACES = {name: places[0] for name, places in canonical_positions(EVENT[UNITS]).items()}
FEW, MANY = 3, 800
"""Rows of seven cells: few are read from the XML, many by python-calamine."""

PIECE = 2**12
"""Bytes of a sheet that are read at a time, where it is large."""

Rows = dict[int, dict[int, Any]]
Spoil = Callable[[Rows], None]


def spoilt(edits: Any, sheet: str, spoil: Spoil) -> Any:
    """The edits with other cells in one sheet."""
    others = copy.deepcopy(edits)
    rows = {row: dict(cells) for row, cells in others[sheet].cells.items()}
    spoil(rows)
    others[sheet].cells = EditedRows(rows)
    return others


def commit(path: Path, rows: int = FEW, first: int = 2) -> None:
    store = XlsxStore(path, layout=EVENT)
    revision = store.read(UNITS).revision
    changes = ChangeSet()
    values = [
        (f"P{n:05d}", "M01", "0012", "1", NOW + timedelta(minutes=n), "AVAILABLE", n)
        for n in range(1, rows + 1)
    ]
    changes.append(UNITS, first, COLUMNS, values)
    store.commit(changes, revision, ENTRY)


def files(path: Path) -> dict[str, bytes]:
    """What stands beside the workbook and in its folders, but for the tables that were read and the
    empty lock."""
    return {
        str(file.relative_to(path.parent)): file.read_bytes()
        for file in path.parent.rglob("*")
        if file.is_file()
        and file.suffix not in (".arrow", ".names")
        and file.name not in ("lock", "secret.key")
    }


def cell(column: str, value: Any, row: int = 3) -> Spoil:
    """A renderer that writes another value into one cell."""

    def spoil(rows: Rows) -> None:
        assert rows[row][PLACES[column]] != value or type(rows[row][PLACES[column]]) is not type(
            value
        )
        rows[row][PLACES[column]] = value

    return spoil


def lost_row(rows: Rows) -> None:
    del rows[max(rows)]


def lost_cell(rows: Rows) -> None:
    del rows[3][PLACES["status"]]


def a_row_too_low(rows: Rows) -> None:
    last = max(rows)
    rows[last + 1] = rows.pop(last)


def two_rows_changed_over(rows: Rows) -> None:
    rows[2], rows[3] = rows[3], rows[2]


def a_column_too_far(rows: Rows) -> None:
    rows[3][PLACES["game"]] = rows[3].pop(PLACES["match"])


LATER = NOW + timedelta(minutes=2)  # what row 3 is to hold
WRONG: dict[str, tuple[Spoil, str]] = {
    "another text": (cell("status", "ALLOCATED"), "row 3 column 9"),
    "a text with a blank behind it": (cell("status", "AVAILABLE "), "row 3 column 9"),
    "no text": (cell("status", None), "row 3 column 9"),
    "another number": (cell("set_pos", 3), "row 3 column 15"),
    "a number a little off": (cell("set_pos", 2.0001), "row 3 column 15"),
    "zero": (cell("set_pos", 0), "row 3 column 15"),
    "no number": (cell("set_pos", None), "row 3 column 15"),
    "a number as text": (cell("set_pos", "2"), "row 3 column 15"),
    "a number as true": (cell("set_pos", True, row=2), "row 2 column 15"),
    "a number as a date": (cell("set_pos", LATER), "row 3 column 15"),
    "a code as a number": (cell("contract", 12), "row 3 column 5"),
    "a code without its zeros": (cell("contract", "12"), "row 3 column 5"),
    "a digit as true": (cell("category", True), "row 3 column 6"),
    "another day": (cell("created_at", LATER + timedelta(days=1)), "row 3 column 8"),
    "the day before": (cell("created_at", LATER - timedelta(days=1)), "row 3 column 8"),
    "another second": (cell("created_at", LATER + timedelta(seconds=1)), "row 3 column 8"),
    "a date as text": (cell("created_at", "2026-04-17"), "row 3 column 8"),
    "no date": (cell("created_at", None), "row 3 column 8"),
    "a date from 1904": (cell("created_at", LATER - timedelta(days=1462)), "row 3 column 8"),
    "a lost cell": (lost_cell, "row 3 column 9"),
    "a column too far": (a_column_too_far, "row 3 column 2"),
    "two rows changed over": (two_rows_changed_over, "row 2 column 1"),
    "a lost row": (lost_row, "row {last} column 1"),
    "a row too low": (a_row_too_low, "row {last} column 1"),
}


@pytest.mark.parametrize(
    ("rows", "piece"),
    [(FEW, reader._PIECE), (MANY, reader._PIECE), (MANY, PIECE)],
    ids=["few", "many", "in pieces"],
)
@pytest.mark.parametrize(("spoil", "where"), WRONG.values(), ids=WRONG)
def test_what_was_written_wrong_is_refused(
    empty: Path, monkeypatch: pytest.MonkeyPatch, spoil: Spoil, where: str, rows: int, piece: int
) -> None:
    monkeypatch.setattr(reader, "_PIECE", piece)
    before = files(empty)
    render = contents.render

    def wrong(parts: Any, edits: Any, layout: Any, **how: Any) -> Any:
        return render(parts, spoilt(edits, UNITS, spoil), layout, **how)

    with monkeypatch.context() as patch:
        patch.setattr(contents, "render", wrong)
        with pytest.raises(InternalError) as raised:
            commit(empty, rows)
    place = where.format(last=rows + 1)
    assert (
        raised.value.message
        == f"{UNITS} {place} was not written correctly; the workbook is unchanged"
    )
    assert files(empty) == before
    assert XlsxStore(empty, layout=EVENT).log() == []
    commit(empty, rows)
    assert [
        len(XlsxStore(empty, layout=EVENT).log()),
        XlsxStore(empty, layout=EVENT).read(UNITS)[UNITS].frame.height,
    ] == [1, rows]


def test_a_sheet_read_in_pieces_says_the_same(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(empty, MANY, first=40)  # rows that are blank, and a piece that begins with none of them
    parts = Parts(Package.open(empty))
    whole = list(Reader(parts, trusted=True).each_row(UNITS))
    monkeypatch.setattr(reader, "_PIECE", PIECE)
    assert len(list(Reader(parts, trusted=True)._pieces(UNITS))) > 20
    pieces = list(Reader(parts, trusted=True).each_row(UNITS))

    def filled(rows: list[list[Any]]) -> list[list[Any]]:
        """Without the blanks at the right, which each piece has as many of as it is wide."""
        return [row[: max((i for i, v in enumerate(row, 1) if v != ""), default=0)] for row in rows]

    assert filled(pieces) == filled(whole)
    assert len(pieces) == MANY + 39


@pytest.mark.parametrize(
    ("meant", "written"),
    [
        (None, "left"),
        (None, 7),
        (None, False),
        (False, 0),
        (True, 1),
        (True, "TRUE"),
        (True, False),
    ],
)
def test_a_cell_that_was_to_be_emptied_or_ticked(
    empty: Path, monkeypatch: pytest.MonkeyPatch, meant: Any, written: Any
) -> None:
    place = canonical_positions(EVENT[DISTRIBUTION])["process_now"][0]
    store = XlsxStore(empty, layout=EVENT)
    changes = ChangeSet()
    changes.append(DISTRIBUTION, 3, ("sales_id", "process_now"), [("S1-1", True)])
    store.commit(changes, store.read(DISTRIBUTION).revision, ENTRY)
    before, log = files(empty), len(store.log())
    render = contents.render

    def wrong(parts: Any, edits: Any, layout: Any, **how: Any) -> Any:
        others = spoilt(edits, DISTRIBUTION, lambda rows: rows[3].update({place: written}))
        return render(parts, others, layout, **how)

    monkeypatch.setattr(contents, "render", wrong)
    changes = ChangeSet()
    changes.set(DISTRIBUTION, 3, "S1-1", {"process_now": ("?", meant)})
    with pytest.raises(InternalError, match=f"{DISTRIBUTION} row 3 column {place} "):
        store.commit(changes, store.revision(), ENTRY)
    assert (files(empty), len(store.log())) == (before, log)


@pytest.mark.parametrize("tear", ["swap", "form", "lose"])
def test_an_archive_that_holds_other_bytes_is_refused(
    empty: Path, monkeypatch: pytest.MonkeyPatch, tear: str
) -> None:
    """The part is well formed and holds the values that were meant: it is not the one that was
    rendered."""
    before = files(empty)
    write = Package.write

    def torn(
        self: Package, file: BinaryIO, changed: dict[str, Any], dropped: Collection[str]
    ) -> None:
        changed = {part: plain(content) for part, content in changed.items()}
        other = dict(changed)
        part = next(name for name, content in changed.items() if b"P00001" in content)
        if tear == "swap":
            other[part] = changed[part].replace(b"</sheetData>", b"</sheetData><!-- -->")
        elif tear == "form":
            other[part] = changed[part].replace(b"P00001", b"P00009")
        else:
            del other[part]
        assert other != changed
        write(self, file, other, dropped)

    monkeypatch.setattr(Package, "write", torn)
    with pytest.raises(InternalError, match="was not written correctly; the workbook is unchanged"):
        commit(empty)
    assert files(empty) == before
    assert XlsxStore(empty, layout=EVENT).log() == []


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (b'<c r="A3"', b'<c  r="A3"', InternalError, "its changed rows, was not written correctly"),
        (b"P00002</t>", b"P00002</u>", UnusableError, "is damaged where it has to be written"),
    ],
    ids=["another form", "not well formed"],
)
def test_rows_that_a_later_commit_could_not_read_are_refused(
    empty: Path,
    monkeypatch: pytest.MonkeyPatch,
    old: bytes,
    new: bytes,
    error: type[Exception],
    message: str,
) -> None:
    before = files(empty)
    render = contents.render

    def wrong(parts: Any, edits: Any, layout: Any, **how: Any) -> Any:
        changed, raw = render(parts, edits, layout, **how)
        part = parts.sheets[UNITS]
        xml = plain(changed[part])
        assert old in xml
        return {**changed, part: xml.replace(old, new)}, raw

    monkeypatch.setattr(contents, "render", wrong)
    with pytest.raises(error, match=message):
        commit(empty)
    assert files(empty) == before
    assert XlsxStore(empty, layout=EVENT).log() == []


def test_undo_of_a_torn_backup_is_refused(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(empty)
    before = files(empty)

    def torn(self: Any, file: BinaryIO) -> None:
        file.write(empty.read_bytes())

    monkeypatch.setattr(contents.Restored, "write", torn)
    with pytest.raises(
        InternalError, match="the backup was not written correctly; the workbook is unchanged"
    ):
        XlsxStore(empty, layout=EVENT).undo(ENTRY)
    assert files(empty) == before
    assert [t.undone_by for t in XlsxStore(empty, layout=EVENT).log()] == [None]


def test_the_command_line_says_it_in_one_line(
    empty: Path, monkeypatch: pytest.MonkeyPatch, in_process: Runner
) -> None:
    before = files(empty)
    render = contents.render

    def wrong(parts: Any, edits: Any, layout: Any, **how: Any) -> Any:
        return render(parts, spoilt(edits, UNITS, spoil), layout, **how)

    def spoil(rows: Rows) -> None:
        rows[2][PLACES["status"]] = "ALLOCATED"

    words = (
        "purchase",
        "add",
        "--match",
        "M01",
        "--vendor",
        "V",
        "--line",
        "Cat 1:3@120.50",
        "-w",
        str(empty),
    )
    with monkeypatch.context() as patch:
        patch.setattr(contents, "render", wrong)
        done = in_process(*words)
    assert (done.code, done.out) == (70, "")
    assert (
        f"{UNITS} row 2 column 9 was not written correctly; the workbook is unchanged" in done.err
    )
    assert "Traceback" not in done.err
    assert files(empty) == before
    assert (
        json.loads(in_process("log", "-w", str(empty), "--json").out)["result"]["transactions"]
        == []
    )
    assert in_process(*words).code == 0
    assert openpyxl.load_workbook(empty)[UNITS]["I2"].value == "AVAILABLE"


MIDNIGHT = datetime(2026, 4, 17)
SERIAL = 46129  # 2026-04-17, counted from 1899-12-30


@pytest.mark.parametrize(
    ("found", "meant", "expected"),
    [
        ("0012", "0012", True),
        ("12", "0012", False),
        (12.0, "12", False),
        (None, "", True),
        ("", "", True),
        ("x", "", False),
        (0, "", False),
        (None, None, True),
        ("", None, True),
        (0, None, False),
        (False, None, False),
        (" ", None, False),
        (NOW, NOW, True),
        (NOW + timedelta(microseconds=999), NOW, True),
        (NOW + timedelta(milliseconds=1), NOW, False),
        (NOW - timedelta(milliseconds=1), NOW, False),
        (NOW - timedelta(microseconds=999), NOW, True),
        (date(2026, 4, 17), MIDNIGHT, True),
        (date(2026, 4, 17), NOW, False),
        (date(2026, 4, 18), MIDNIGHT, False),
        (date(2026, 5, 17), MIDNIGHT, False),
        (date(2025, 4, 17), MIDNIGHT, False),
        (SERIAL, MIDNIGHT, True),
        (float(SERIAL), MIDNIGHT, True),
        (SERIAL + 1, MIDNIGHT, False),
        (SERIAL - 1, MIDNIGHT, False),
        (SERIAL + 1e-7, MIDNIGHT, False),
        (SERIAL + 0.5, datetime(2026, 4, 17, 12), True),
        ("2026-04-17", MIDNIGHT, False),
        (None, MIDNIGHT, False),
        (True, True, True),
        (False, False, True),
        (True, False, False),
        (1, True, False),
        (True, 1, False),
        (0, False, False),
        (False, 0, False),
        (None, False, False),
        ("TRUE", True, False),
        (2, 2, True),
        (2.0, 2, True),
        (2.5, 2, False),
        ("2", 2, False),
        (None, 2, False),
        (MIDNIGHT, SERIAL, True),
        (date(2026, 4, 17), SERIAL, True),
        (date(2026, 4, 18), SERIAL, False),
        (NOW, SERIAL, False),
        (datetime(2026, 4, 17, 12), SERIAL + 0.5, True),
        (datetime(2026, 4, 16), SERIAL, False),
        (ErrorValue("#N/A"), ErrorValue("#N/A"), True),
        ("", ErrorValue("#N/A"), True),
        (None, ErrorValue("#N/A"), False),
        (0, ErrorValue("#N/A"), False),
    ],
)
def test_what_counts_as_the_same(found: Any, meant: Any, expected: bool) -> None:
    assert same(found, meant) is expected

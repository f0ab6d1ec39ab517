"""Layouts: a second one in the same process, and the sheet that is titled after its event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from ticketops.engine.transaction import carry_out, new_run
from ticketops.errors import ConflictError, SchemaError
from ticketops.model.changes import ChangeSet
from ticketops.schema.columns import Column, ColumnType
from ticketops.schema.layout import Layout, title_problem
from ticketops.schema.layouts.event import EVENT, SCHEDULE
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.services import audit
from ticketops.stores.base import Entry, Store
from ticketops.stores.memory import MemoryStore
from ticketops.stores.xlsx.store import XlsxStore

ENTRY = Entry("R20260417-143022", "test", "ana", datetime(2026, 4, 17, 14, 30, 22))
TICKETS = Sheet(
    "Tickets",
    SheetKind.LEDGER,
    (Column("number", "No", ColumnType.CODE), Column("guest", "Guest", ColumnType.TEXT)),
    "number",
)
NOTES = Sheet("Notes", SheetKind.LOG, (Column("text", "Text", ColumnType.TEXT),))
TINY = Layout((TICKETS, NOTES))
FIXTURES = [
    list(EVENT[SCHEDULE].canonical_headers),
    ["Thu", datetime(2026, 6, 11), "M01", "Mexico vs South Africa"],
]
NAMED = [["Text"], ["Schedule of the office"]]

Rows = Mapping[str, Sequence[Sequence[Any]]]


def made(kind: str, folder: Path, sheets: Rows, layout: Layout) -> Store:
    if kind == "memory":
        return MemoryStore.of_rows(sheets, layout=layout)
    path = folder / "book.xlsx"
    if not path.exists():
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(path)
    return XlsxStore(path, layout=layout)


@pytest.fixture(params=["memory", "xlsx"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_second_layout_reads_commits_undoes_and_is_examined(kind: str, tmp_path: Path) -> None:
    store = made(
        kind, tmp_path, {"Tickets": [["No", "Guest"], ["0012", "Ana"]], "Mine": [["x"]]}, TINY
    )
    assert EVENT[SCHEDULE].name == SCHEDULE, "both exist side by side"
    snapshot = store.read("Tickets", "Notes")
    assert snapshot.layout["Tickets"] is TICKETS
    changes = ChangeSet()
    changes.set("Tickets", 2, "0012", {"guest": ("Ana", "Bo")})
    store.commit(changes, snapshot.revision, ENTRY)
    assert store.read("Tickets")["Tickets"].frame.rows() == [(2, "0012", "Bo")]
    store.undo(ENTRY)
    assert store.read("Tickets")["Tickets"].frame.rows() == [(2, "0012", "Ana")]
    found = (
        audit.doctor_job(store, fix=False)
        .plan(store.read("Tickets", "Notes", strict=False), new_run("ana"))
        .findings
    )
    assert [(f.code, f.sheet) for f in found] == [
        ("MISSING_SHEET", "Notes"),
        ("EXTRA_SHEET", "Mine"),
    ]


def test_a_second_layout_does_not_know_the_sheets_of_the_first(kind: str, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        made(kind, tmp_path, {"Tickets": [["No", "Guest"]]}, TINY).read(SCHEDULE)


@pytest.mark.parametrize(
    ("titles", "code", "expected"),
    [
        ({"Schedule": FIXTURES}, "", "Schedule"),
        ({"Schedule WC2026": FIXTURES}, "", "Schedule WC2026"),
        ({"schedule  LA28": FIXTURES}, "WC2026", "schedule  LA28"),
        ({"Schedule\u00a0LA28": FIXTURES}, "", "Schedule\u00a0LA28"),
        ({"WC Fixtures": FIXTURES}, "", "WC Fixtures"),
        ({"Schedule notes": NAMED, "WC Fixtures": FIXTURES}, "", "WC Fixtures"),
        ({"Schedule notes": NAMED, "Schedule WC2026": FIXTURES}, "", "Schedule WC2026"),
        ({"Schedule WC2026": FIXTURES, "WC Fixtures": FIXTURES}, "", "Schedule WC2026"),
        ({"Schedule LA28": FIXTURES, "Schedule WC2026": FIXTURES}, "wc2026", "Schedule WC2026"),
        ({"Schedule WC2026": FIXTURES, "Schedule WC2026 (2)": FIXTURES}, "", "Schedule WC2026"),
        ({"Schedule WC2026": NAMED}, "", "Schedule WC2026"),
        ({"Scheduled": NAMED}, "", "Schedule"),
        ({"Else": NAMED}, "LA28", "Schedule LA28"),
        ({"Else": NAMED}, "a/b", "Schedule"),
    ],
)
def test_the_schedule_is_found(
    kind: str, tmp_path: Path, titles: Rows, code: str, expected: str
) -> None:
    snapshot = made(kind, tmp_path, titles, EVENT.about(code)).read(SCHEDULE, strict=False)
    assert snapshot[SCHEDULE].sheet.name == expected
    there = expected in titles
    assert (snapshot[SCHEDULE].exists, list(snapshot.tables)) == (there, [expected])
    has_headers = there and titles[expected] is FIXTURES
    assert snapshot[SCHEDULE].frame["match"].to_list() == (
        ["M01"] if has_headers else [None] * (there and snapshot[SCHEDULE].frame.height)
    )


def test_several_schedules_are_refused_with_what_decides(kind: str, tmp_path: Path) -> None:
    store = made(
        kind, tmp_path, {"Schedule LA28": FIXTURES, "Schedule WC2026": FIXTURES}, EVENT.about("OG")
    )
    with pytest.raises(SchemaError, match=r"'Schedule LA28', 'Schedule WC2026'") as refused:
        store.read(SCHEDULE)
    assert "TICKETOPS_EVENT" in refused.value.hint
    assert store.read("Purchases", strict=False).revision, "who does not need it works on"


def test_a_change_by_name_is_written_and_told_by_title(kind: str, tmp_path: Path) -> None:
    store = made(kind, tmp_path, {"Schedule WC2026": FIXTURES}, EVENT)
    changes = ChangeSet()
    changes.set(SCHEDULE, 2, "M01", {"game": ("Mexico vs South Africa", "Mexico – South Africa")})
    store.commit(changes, store.read(SCHEDULE).revision, ENTRY)
    again = made(kind, tmp_path, {}, EVENT) if kind == "xlsx" else store
    assert again.read(SCHEDULE)[SCHEDULE].frame["game"].to_list() == ["Mexico – South Africa"]
    assert list(again.log()[0].counts) == ["Schedule WC2026"]
    assert again.undoable(ENTRY).cells.sheets == ["Schedule WC2026"]
    again.undo(ENTRY)
    assert again.read(SCHEDULE)[SCHEDULE].frame["game"].to_list() == ["Mexico vs South Africa"]


def test_a_sheet_that_was_renamed_since_is_not_taken_back(tmp_path: Path) -> None:
    store = made("xlsx", tmp_path, {"Schedule WC2026": FIXTURES}, EVENT)
    changes = ChangeSet()
    changes.set(SCHEDULE, 2, "M01", {"game": ("Mexico vs South Africa", "x")})
    store.commit(changes, store.read(SCHEDULE).revision, ENTRY)
    path = tmp_path / "book.xlsx"
    book = openpyxl.load_workbook(path)
    book["Schedule WC2026"].title = "Matches"
    book.save(path)
    before = path.read_bytes()
    for act in (lambda s: s.undoable(ENTRY), lambda s: s.undo(ENTRY)):
        with pytest.raises(ConflictError, match="renamed"):
            act(XlsxStore(path, layout=EVENT))
    assert path.read_bytes() == before


def test_doctor_adds_the_schedule_under_the_title_of_its_event(kind: str, tmp_path: Path) -> None:
    store = made(kind, tmp_path, {"Mine": NAMED}, EVENT.about("LA28"))
    done = carry_out(store, audit.doctor_job(store, fix=True), new_run("ana", role="super_admin"))
    assert "Schedule LA28" in store.sheet_names()
    assert "Schedule LA28" in done.plan.changes.counts()


@pytest.mark.parametrize(
    "title",
    ["x" * 32, "a/b", "a\\b", "a:b", "a?b", "a*b", "[a", "a]", "'a", "a'", "a\tb", "🎟" * 16],
)
def test_titles_that_no_program_takes(title: str) -> None:
    assert title_problem(title)


@pytest.mark.parametrize("title", ["x" * 31, "O'Hara", "Schedule Paris 2024", "Zürich"])
def test_titles_that_every_program_takes(title: str) -> None:
    assert title_problem(title) == ""


@pytest.mark.parametrize("title", ["TICKETS", "tickets", "tIcKeTs"])
def test_titles_forgive_case_as_excel_and_google_do(kind: str, title: str, tmp_path: Path) -> None:
    """Such a sheet is ours: read, written, taken back, and none is added beside it. Its title stays
    as it is spelled."""
    rows = {"Mine": [["=TICKETS!A2"]], title: [["No", "Guest"], ["0012", "Ana"]]}
    store = made(kind, tmp_path, rows, TINY)
    snapshot = store.read("Tickets", "Notes", strict=False)
    assert snapshot["Tickets"].frame.rows() == [(2, "0012", "Ana")]
    examined = audit.doctor_job(store, fix=True).plan(snapshot, new_run("ana"))
    assert [change.sheet for change in examined.changes] == ["Notes"]
    assert {f.sheet for f in examined.findings if f.code == "EXTRA_SHEET"} == {"Mine"}
    changes = ChangeSet()
    changes.set("Tickets", 2, "0012", {"guest": ("Ana", "Bo")})
    changes.append("Tickets", 3, ("number", "guest"), [("0013", "Cy")])
    store.commit(changes, snapshot.revision, ENTRY)
    assert store.read("Tickets")["Tickets"].frame.rows() == [(2, "0012", "Bo"), (3, "0013", "Cy")]
    assert store.raw_rows("Tickets")["Tickets"][1] == ["0012", "Bo"]  # type: ignore[attr-defined]
    assert [cell.sheet for cell in store.logged(1)[0]][:1] == ["Tickets"]
    store.undo(ENTRY)
    assert store.read("Tickets")["Tickets"].frame.rows() == [(2, "0012", "Ana")]
    if kind == "xlsx":
        assert openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames == ["Mine", title]


def test_a_title_as_declared_counts_before_one_that_differs_in_case(
    kind: str, tmp_path: Path
) -> None:
    """No spreadsheet program makes such a file."""
    other = "Tickets" if kind == "memory" else "Another"
    rows = {"TICKETS": [["x"]], other: [["No", "Guest"], ["0012", "Ana"]]}
    store = made(kind, tmp_path, rows, TINY)
    if kind == "xlsx":
        _renamed(tmp_path / "book.xlsx", other, "Tickets")
    assert store.read("Tickets")["Tickets"].frame.rows() == [(2, "0012", "Ana")]
    assert sorted(store.sheet_names()) == ["TICKETS", "Tickets"]  # type: ignore[attr-defined]
    assert store.raw_rows("TICKETS") == {"TICKETS": [["x"]]}  # type: ignore[attr-defined]


@pytest.mark.parametrize("title", ["SCHEDULE", "schedule", "SCHEDULE wc2026"])
def test_the_schedule_is_found_whatever_its_case(kind: str, title: str, tmp_path: Path) -> None:
    store = made(kind, tmp_path, {title: FIXTURES}, EVENT)
    snapshot = store.read(SCHEDULE, strict=False)
    assert snapshot.layout.title_of(SCHEDULE) == title
    assert snapshot[SCHEDULE].frame.height == 1
    assert title in store.sheet_names()  # type: ignore[attr-defined]


def test_a_sheet_that_a_setting_calls_otherwise_forgives_case_too(
    kind: str, tmp_path: Path
) -> None:
    layout = TINY.worded(TINY.words, {"Tickets": "Karten"})
    rows = {"KARTEN": [["No", "Guest"], ["0012", "Ana"]], "TICKETS": [["x"]]}
    store = made(kind, tmp_path, rows, layout)
    assert store.read("Tickets")["Tickets"].frame.rows() == [(2, "0012", "Ana")]


def test_a_sheet_of_the_schedules_headers_under_anothers_title_is_not_the_schedule(
    kind: str, tmp_path: Path
) -> None:
    store = made(kind, tmp_path, {"SALES": FIXTURES}, EVENT)
    assert store.read(SCHEDULE, strict=False).layout.title_of(SCHEDULE) == SCHEDULE


def _renamed(path: Path, title: str, new: str) -> None:
    """A sheet gets a title that no spreadsheet program would give it."""
    with ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/workbook.xml"] = members["xl/workbook.xml"].replace(title.encode(), new.encode())
    with ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

"""ticketops from Python: what `read` gives is what another library reads, without secrets; reports
and refusals are those of the command line; pages of docs are true."""

from __future__ import annotations

import doctest
import subprocess
import sys
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

import ticketops
from tests.conftest import ROOT, Runner
from tests.online import Google
from ticketops import api, errors
from ticketops.model.results import plain
from ticketops.schema.layouts.event import EVENT
from ticketops.schema.sheets import Sheet


@pytest.fixture(autouse=True)
def _nobody_s_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing is set, and the folder of the workbook."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("TICKETOPS_USER", "olga")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def book(small: Path) -> ticketops.Workbook:
    return ticketops.open(small)


def cells_below(path: Path, title: str, header_row: int) -> tuple[list[Any], dict[int, list[Any]]]:
    """The headers of a sheet, and {sheet row: its cells}, as openpyxl reads them."""
    loaded = openpyxl.load_workbook(path, read_only=True, data_only=True)
    rows = list(loaded[title].iter_rows(min_row=header_row, values_only=True))
    loaded.close()
    return list(rows[0]), {header_row + n: list(row) for n, row in enumerate(rows) if n}


def in_words(value: Any) -> str:
    """A value in words that cells of any type have: 7, 7.0 and "7" are the same."""
    if value is None or value is False:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


WITH_RECORDS = [sheet for sheet in EVENT.canonical() if sheet.columns]


@pytest.mark.parametrize("sheet", WITH_RECORDS, ids=lambda sheet: sheet.name)
def test_a_sheet_is_what_another_library_reads(
    book: ticketops.Workbook, small: Path, sheet: Sheet
) -> None:
    frame = book.read(sheet.name)
    title = "Schedule WC2026" if sheet.name == "Schedule" else sheet.name
    headers, below = cells_below(small, title, sheet.header_row)
    compared = 0
    for column in sheet.columns:
        if column.secret or headers.count(column.header) != 1:
            continue
        place = headers.index(column.header)
        read = {row: in_words(value) for row, value in frame.select("row", column.name).rows()}
        there = {row: in_words(cells[place]) for row, cells in below.items()}
        assert {row: text for row, text in read.items() if text} == {
            row: text for row, text in there.items() if text
        }, column.header
        compared += 1
    assert compared >= len([c for c in sheet.columns if not (c.secret or c.extension)]) - 1


@pytest.mark.slow
def test_no_sheet_has_a_column_that_holds_secrets(book: ticketops.Workbook, small: Path) -> None:
    secret = {(s.name, c.name, c.header) for s in EVENT for c in s.columns if c.secret}
    assert len({sheet for sheet, _name, _header in secret}) >= 6
    passwords = set()
    for title, _name, header in secret:
        if title in openpyxl.load_workbook(small, read_only=True).sheetnames:
            headers, below = cells_below(small, title, EVENT[title].header_row)
            places = [place for place, text in enumerate(headers) if text == header]
            passwords |= {str(row[at]) for row in below.values() for at in places if row[at]}
    assert passwords
    for name in book.sheets:
        for frame in (book.read(name), book.read(name, headers=True)):
            told = "\n".join(frame.columns) + frame.write_csv()
            assert [word for word in passwords if word in told] == []
            held = {c for s, n, h in secret if s == name for c in (n, h)}
            assert held & set(frame.columns) == set()


def test_what_every_sheet_is_called_is_said(book: ticketops.Workbook) -> None:
    assert set(book.sheets) == {sheet.name for sheet in EVENT if sheet.columns}
    names = ("sales", "SALES", "Sales")
    assert len({book.read(name).write_csv() for name in names}) == 1
    assert book.read("schedule wc2026").equals(book.read("Schedule"))


def test_headers_are_those_of_the_sheet(book: ticketops.Workbook, small: Path) -> None:
    headers, _below = cells_below(small, "Sales", 1)
    frame = book.read("Sales", headers=True)
    assert [text for text in headers if text][:12] == frame.columns[1:13]
    assert frame.rows() == book.read("Sales").rows()


def type_into(path: Path, sheet: str, cells: dict[tuple[str, int], Any]) -> None:
    """Somebody types into cells, by header and row, and saves."""
    loaded = openpyxl.load_workbook(path)
    heads = [cell.value for cell in loaded[sheet][1]]
    for (header, row), value in cells.items():
        loaded[sheet].cell(row, heads.index(header) + 1).value = value
    loaded.save(path)


def test_cells_that_can_t_be_read_are_warned_of(book: ticketops.Workbook, small: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = book.read("Sales")
    type_into(small, "Sales", {("Number", 4): "four", ("Date", 5): "soon"})
    with pytest.warns(ticketops.UnreadableCells) as told:
        after = book.read("Sales")
    assert [warning.filename for warning in told] == [__file__]
    (text,) = [str(warning.message) for warning in told]
    assert "2 cells" in text
    assert "number in row 4: 'four'" in text
    assert "date in row 5: 'soon'" in text
    assert after.filter(row=4)["number"].to_list() == [None]
    assert after.drop("number", "date").equals(before.drop("number", "date"))


@pytest.mark.slow
def test_reports_are_those_of_the_command_line(
    book: ticketops.Workbook, small: Path, in_process: Runner
) -> None:
    units, below = cells_below(small, "_PURCHASE_UNITS", 1)
    free = [row for row, cells in below.items() if cells[units.index("Status")] == "AVAILABLE"]
    wrong = {("Status", free[0]): "REPLACED", ("Status", free[1]): "ALLOCATED"}
    type_into(small, "_PURCHASE_UNITS", wrong)
    for report, words in (
        (book.audit(), ("audit", "run")),
        (book.position(), ("report", "position")),
    ):
        said = in_process(*words, "-w", str(small), "--json").json
        found = {name: value for name, value in plain(report.result).items() if name != "as_of"}
        assert found.items() <= said["result"].items()
        assert said["result"].keys() - found.keys() <= {"as_of"}
        assert [finding.as_dict() for finding in report.findings] == said["findings"]
    audit = book.audit()
    assert audit.frame.to_dicts() == [finding.as_dict() for finding in audit.findings]
    assert audit.frame.height > 0
    assert book.position().frame.to_dicts() == plain(book.position().result.lines)


def test_frames_without_rows_have_types(book: ticketops.Workbook) -> None:
    frame = book.audit().frame
    assert frame.height == 0
    assert frame.schema["row"] == pl.Int64
    assert frame.schema["severity"] == pl.String


@pytest.mark.parametrize(
    ("words", "class_", "said"),
    [
        ("Nonsense", errors.NotFoundError, "there is no sheet 'Nonsense' that commands know"),
        ("", errors.NotFoundError, "there is no sheet '' that commands know"),
        ("_REPORT_POSITION", errors.NotFoundError, "there is no sheet '_REPORT_POSITION'"),
    ],
)
def test_a_sheet_that_there_is_not(
    book: ticketops.Workbook, words: str, class_: type[Exception], said: str
) -> None:
    with pytest.raises(class_) as raised:
        book.read(words)
    assert isinstance(raised.value, ticketops.TicketopsError)
    assert said in raised.value.message
    assert "Distribution" in raised.value.hint


@pytest.mark.slow
def test_a_ledger_that_is_missing_is_what_the_command_line_says(
    book: ticketops.Workbook, small: Path, in_process: Runner
) -> None:
    loaded = openpyxl.load_workbook(small)
    del loaded["Sales"], loaded["_SALES_RECON_AUDIT"]
    loaded.save(small)
    said = in_process("sale", "list", "-w", str(small), "--json").json["error"]
    with pytest.raises(errors.SchemaError) as raised:
        book.read("Sales")
    assert (raised.value.code, raised.value.message, raised.value.hint) == tuple(said.values())
    assert book.read("_SALES_RECON_AUDIT").height == 0


def name_users(path: Path, cli: Runner) -> None:
    for words in (
        ("boss", "--role", "ops_manager"),
        ("sam", "--role", "staff"),
        ("opal", "--role", "operator"),
        ("sue", "--role", "sr_operator"),
        ("gone", "--role", "super_admin", "--inactive"),
    ):
        assert cli("user", "set", *words, "-w", str(path), "--as", "boss", "-y").code == 0


def refusal(call: Any) -> str:
    """What a call is refused with; "" where it is not."""
    try:
        call()
    except errors.NotPermittedError as error:
        return error.message
    return ""


@pytest.mark.slow
def test_who_may_read_what(small: Path, in_process: Runner) -> None:
    """A sheet needs an operator, as `sale list` does; the history of logins what `credentials
    history` needs; reports are open to staff."""
    name_users(small, in_process)
    for user, may in (
        ("stranger", ()),
        ("gone", ()),
        ("sam", ("audit", "position")),
        ("opal", ("audit", "position", "Sales")),
        ("sue", ("audit", "position", "Sales", "_CREDENTIAL_HISTORY")),
        ("boss", ("audit", "position", "Sales", "_CREDENTIAL_HISTORY")),
    ):
        book = ticketops.open(small, user=user)
        for what, call, words in (
            ("audit", book.audit, ("audit", "run")),
            ("position", book.position, ("report", "position")),
            ("Sales", lambda book=book: book.read("Sales"), ("sale", "list")),
            (
                "_CREDENTIAL_HISTORY",
                lambda book=book: book.read("_CREDENTIAL_HISTORY"),
                ("credentials", "history"),
            ),
        ):
            told = refusal(call)
            assert (told == "") == (what in may), (user, what)
            said = in_process(*words, "-w", str(small), "--as", user, "--json").json
            if told:
                assert said["error"]["code"] == "NOT_PERMITTED"
                assert told.partition("; ")[2] == said["error"]["message"].partition("; ")[2]
            else:
                assert "error" not in said
        if not may:
            assert "_USERS" in refusal(lambda book=book: book.read("Nonsense"))


def test_who_asks_is_said_as_at_the_command_line(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "XDG_CONFIG_HOME" / "ticketops"
    own.mkdir(parents=True)
    (own / "ticketops.toml").write_text('role = "staff"\nuser = "fritz"\n')
    assert ticketops.open(small).settings.user == "olga"
    monkeypatch.delenv("TICKETOPS_USER")
    book = ticketops.open(small)
    assert (book.settings.user, refusal(lambda: book.read("Sales"))) == (
        "fritz",
        "`read Sales` needs the role operator; fritz has staff",
    )
    assert ticketops.open(small, user="ida", role="operator").read("Sales").height == 35
    monkeypatch.setenv("TICKETOPS_WORKBOOK", str(small))
    assert ticketops.open(role="operator").read("Sales").height == 35


def test_what_a_folder_may_not_set_is_warned_of(small: Path, tmp_path: Path) -> None:
    (tmp_path / "ticketops.toml").write_text('role = "super_admin"\n')
    with pytest.warns(ticketops.TicketopsWarning, match="ignored: role"):
        book = ticketops.open(small)
    assert book.settings.role == "sr_operator"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"workbook": "none.xlsx"}, "there is no workbook"),
        ({"workbook": "notes.xlsx"}, "notes.xlsx"),
        ({"workbook": 3}, "workbook can't be 3"),
        ({"role": "king"}, "role can't be 'king'"),
        ({}, "no workbook is named"),
    ],
)
def test_open_says_what_is_wrong(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    (tmp_path / "notes.xlsx").write_text("these are notes")
    with pytest.raises(ticketops.TicketopsError, match=r"^[^-]") as raised:
        ticketops.open(**given)
    assert said in raised.value.message


def test_a_google_sheet_is_read_as_a_file_is(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETOPS_GOOGLE_API", google.server.url)
    monkeypatch.setenv("TICKETOPS_GOOGLE_KEY", str(google.key))
    book = ticketops.open(f"gsheet:{google.new()}")
    assert book.read("Sales").height == 0
    assert book.read("Sales").columns[:3] == ["row", "date", "match"]
    plan = book.dry_run("purchase.add", match="M01", vendor="Ann", line="Cat 1:2@10")
    assert plan.counts["_PURCHASE_UNITS"]["appended"] == 2
    assert book.read("_PURCHASE_UNITS").height == 0


def test_pandas_gets_the_same(book: ticketops.Workbook) -> None:
    sales = book.read("Sales")
    frame = sales.to_pandas()
    assert list(frame.columns) == sales.columns
    assert frame["number"].sum() == sales["number"].sum() == 231


def test_importing_it_is_as_cheap_as_ever() -> None:
    code = "import sys, ticketops; print([m for m in sys.modules if m.partition('.')[0] in ('polars', 'typer', 'rich', 'openpyxl')], ticketops.open.__module__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "[] ticketops.api\n"


def test_the_package_has_what_it_lists() -> None:
    assert {name for name in ticketops.__all__ if getattr(ticketops, name) is None} == set()
    assert set(ticketops.__all__) == set(api.__all__) <= set(dir(ticketops))
    with pytest.raises(AttributeError, match="opens"):
        _ = ticketops.opens


@pytest.fixture
def event(tmp_path: Path, in_process: Runner) -> Path:
    """The workbook of the examples, in the current folder."""
    assert in_process("sample", "small", "event.xlsx", cwd=tmp_path).code == 0
    return tmp_path / "event.xlsx"


@pytest.mark.usefixtures("event")
@pytest.mark.parametrize(("page", "least"), [("README.md", 5), ("docs/python.md", 20)])
def test_the_examples_of_a_page_are_true(page: str, least: int) -> None:
    told = doctest.testfile(str(ROOT / page), module_relative=False)
    assert told.failed == 0
    assert told.attempted >= least


@pytest.mark.usefixtures("event")
def test_the_examples_of_the_docstrings_are_true() -> None:
    names = {"book": ticketops.open("event.xlsx")}
    told = [doctest.testmod(api, extraglobs=names), doctest.testmod(ticketops)]
    assert [one.failed for one in told] == [0, 0]
    assert sum(one.attempted for one in told) >= 10


@pytest.mark.slow
def test_the_notebook_holds_what_its_cells_say(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "notebook.py"), "--check"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, ""), "make docs writes it anew"


@pytest.mark.slow
def test_the_example_with_types_runs(event: Path, in_process: Runner) -> None:
    program = ROOT / "docs" / "python_example.py"
    done = subprocess.run(
        [sys.executable, str(program), str(event)], capture_output=True, text=True, check=True
    )
    assert "M104 Cat 1: 10 short\n" in done.stdout
    said = in_process("allocate", "auto", "-n", "--json", "-w", str(event)).json
    assert f"{said['result']['units']} units would be allocated\n" in done.stdout
    missing = subprocess.run(
        [sys.executable, str(program), "no.xlsx"], capture_output=True, text=True, check=False
    )
    assert missing.returncode == 1
    assert len(missing.stderr.splitlines()) == 1

"""Lists of passengers at the command line (document 001): on a file and on a Google Sheet, filled in as
people do it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Result, Runner, run_cli
from tests.online import Google
from ticketops.config import Settings
from ticketops.engine.opening import open_store

NUMBER = "176-2401234567"
HEADER = 3


@pytest.fixture(scope="session")
def tickets_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lists") / "tickets.xlsx"
    assert run_cli("sample", "issuance", str(path)).code == 0
    return path


class Office:
    """Commands on a workbook of tickets, with its lists in the folder `lists`."""

    def __init__(self, runner: Runner, workbook: str, folder: Path, env: dict[str, str]) -> None:
        self._runner, self.workbook, self.folder, self._env = runner, workbook, folder, env

    def __call__(self, *words: str, **environment: str) -> Result:
        env = {
            "TICKETOPS_WORKBOOK": self.workbook,
            "TICKETOPS_USER": "tester",
            "TICKETOPS_BOOKS": str(self.folder / "lists"),
            **self._env,
        }
        return self._runner(*words, env=env | environment, cwd=self.folder)

    def json(self, *words: str, code: int = 0) -> dict[str, Any]:
        """What a command prints with --json."""
        said = self(*words, "--json")
        assert said.code == code, said.err + said.out
        return said.json

    def build(self, *words: str) -> list[Path]:
        """The lists that are built."""
        made = self.json("issuance", "names", "build", *words)["result"]["books"]
        return [Path(one["file"]) for one in made]

    def pull(self, *words: str | Path, code: int = 0) -> dict[str, Any]:
        return self.json("issuance", "names", "pull", *map(str, words), code=code)

    def passports(self) -> list[str | None]:
        """What BookingPassengers of the workbook, a file, has in Passport."""
        sheet = openpyxl.load_workbook(self.workbook)["BookingPassengers"]
        headers = [cell.value for cell in sheet[1]]
        return [row[headers.index("Passport")].value for row in sheet.iter_rows(min_row=2)]


@pytest.fixture(params=["file", pytest.param("google", marks=pytest.mark.slow)])
def office(
    request: pytest.FixtureRequest,
    in_process: Runner,
    tickets_source: Path,
    tmp_path: Path,
    google: Google,
) -> Office:
    path = Path(shutil.copy(tickets_source, tmp_path / "tickets.xlsx"))
    if request.param == "file":
        return Office(in_process, str(path), tmp_path, {})
    store: Any = open_store(path, Settings())
    rows = store.raw_rows(*store.sheet_names())
    return Office(in_process, f"gsheet:{google.new(rows)}", tmp_path, google.environment())


@pytest.fixture
def local(in_process: Runner, tickets_source: Path, tmp_path: Path) -> Office:
    path = Path(shutil.copy(tickets_source, tmp_path / "tickets.xlsx"))
    return Office(in_process, str(path), tmp_path, {})


def edit(path: Path, change: Callable[[Any], None], sheet: str = "Passengers") -> Path:
    """A list that somebody changed and saved."""
    book = openpyxl.load_workbook(path)
    change(book[sheet])
    book.save(path)
    return path


def column(sheet: Any, header: str) -> int:
    found = [cell.column for cell in sheet[HEADER] if cell.value == header]
    return int(found[-1])


def fill(path: Path, row: int = 1, **cells: Any) -> Path:
    """Type into the row-th passenger of a list. cells: by headers with _ for spaces."""

    def change(sheet: Any) -> None:
        for name, value in cells.items():
            sheet.cell(HEADER + row, column(sheet, name.replace("_", " ")), value)

    return edit(path, change)


@pytest.mark.slow
def test_out_and_back(office: Office) -> None:
    paths = office.build("--group", "G02")
    assert {path.name.split(" · ")[0] for path in paths} == {
        f"NAMES - B{n:05d}" for n in range(7, 11)
    }
    path = next(one for one in paths if "B00007" in one.name)
    book = openpyxl.load_workbook(path)
    assert (book.sheetnames[0], book.sheetnames[-1]) == ("Passengers", "_base")
    text = repr([[cell.value for cell in row] for row in book["Passengers"].iter_rows()])
    assert "Balance" not in text
    fill(
        path,
        Passenger_name="SAID/NADYA",
        Title="Mrs",
        Date_of_birth=datetime(1985, 3, 12),
        Passport=123456789,
        Passport_expiry="2031-01-31",
    )
    said = office.pull(path)
    assert said["result"] | {"files": None} == {
        "files": None,
        "edits": 5,
        "taken": 5,
        "conflicts": 0,
        "refused": 0,
        "new_tasks": 0,
        "books": [],
    }
    assert [one["severity"] for one in said["findings"]] == []
    shown = office.json("issuance", "show", "TK00013")["result"]
    assert shown["ticket"]["passenger"] == "SAID/NADYA"
    assert office.pull(path)["result"]["edits"] == 0
    built = office.json("issuance", "names", "build", "--group", "G02")["result"]
    assert [one["state"] for one in built["books"]].count("rebuilt") == 1
    assert office("undo", "-y").code == 0
    assert office("undo", "-y").code == 0
    shown = office.json("issuance", "show", "TK00013")["result"]
    assert shown["ticket"]["passenger"] == "Said/Nadia"


def test_what_was_filled_in_is_read_before_a_list_is_built_again(local: Office) -> None:
    (path,) = local.build("--booking", "b00007")
    fill(path, 2, Passport="P7654321")
    built = local.json("issuance", "names", "build", "--booking", "B00007")["result"]
    assert (built["edits"], built["taken"]) == (1, 1)
    assert built["books"][0]["state"] == "rebuilt"
    (kept,) = (path.parent / "returned").iterdir()
    assert "B00007" in kept.name
    sheet = openpyxl.load_workbook(path)["Passengers"]
    assert sheet.cell(HEADER + 2, column(sheet, "Passport")).value == "P7654321"


def test_an_issued_ticket_is_locked_in_the_list(office: Office) -> None:
    ready = office.json("issuance", "queue", "ready")["result"]["lines"]
    key, booking = next((one["ticket_id"], one["booking"]) for one in ready if one["pnr"])
    (path,) = office.build("--booking", booking)
    before = shutil.copy(path, office.folder / "before.xlsx")
    assert office("issuance", "issue", key, "--ticket-number", NUMBER).code in (0, 1)
    (path,) = office.build("--booking", booking)
    sheet = openpyxl.load_workbook(path)["Passengers"]
    row = next(n for n in range(HEADER + 1, 30) if sheet.cell(n, 1).value == key)
    locked = {
        header: sheet.cell(row, column(sheet, header)).protection.locked
        for header in ("Passenger name", "Title", "Passport", "Date of birth")
    }
    assert locked == {
        "Passenger name": True,
        "Title": True,
        "Passport": False,
        "Date of birth": False,
    }
    fill(Path(before), row - HEADER, Passenger_name="SOMEBODY/ELSE")
    said = office.pull(Path(before), "--prefer", "theirs", code=1)
    assert said["result"]["conflicts"] == 1
    assert "the ticket is issued" in said["findings"][0]["message"]
    shown = office.json("issuance", "show", key)["result"]
    assert shown["ticket"]["passenger"] != "SOMEBODY/ELSE"


def moved_about(sheet: Any) -> None:
    """Rows sorted, a column of their own put in between, another one deleted, a header renamed."""
    rows = [
        [sheet.cell(row, place).value for place in range(1, sheet.max_column + 1)]
        for row in range(HEADER + 1, sheet.max_row + 1)
        if sheet.cell(row, 1).value
    ]
    for number, values in enumerate(reversed(rows), start=HEADER + 1):
        for place, value in enumerate(values, start=1):
            sheet.cell(number, place, value)
    sheet.cell(HEADER, column(sheet, "Nationality")).value = "Country"
    sheet.insert_cols(4)
    sheet.cell(HEADER, 4).value = "Room"
    sheet.delete_cols(column(sheet, "Flights"))


def test_a_list_that_was_sorted_and_rearranged_survives(local: Office) -> None:
    (path,) = local.build("--booking", "B00007")
    fill(path, 1, Passport="P0000001")
    fill(path, 3, Passport="P0000003")
    edit(path, moved_about)
    said = local.pull(path, code=1)
    assert said["result"]["taken"] == 2
    assert [one["code"] for one in said["findings"]] == ["MISSING_COLUMN"]
    assert [one for one in local.passports() if one] == ["P0000001", "P0000003"]


def test_files_that_are_no_lists(local: Office, small: Path) -> None:
    (local.folder / "x.xlsx").write_bytes(b"PK not really")
    (path,) = local.build("--booking", "B00007")
    fill(path, 1, Passport="P0000001")
    said = local.pull(path, local.folder / "x.xlsx", small, code=1)
    assert said["result"]["taken"] == 1, "what is not a list stops no other one"
    assert sorted(one["severity"] for one in said["findings"]) == ["HIGH", "HIGH"]
    missing = local("issuance", "names", "pull", "none.xlsx")
    assert (missing.code, missing.err.count("\n")) == (3, 1)


def test_a_list_of_another_workbook_is_refused(
    local: Office, in_process: Runner, tickets_source: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    copy = shutil.copy(tickets_source, other / "tickets.xlsx")
    (foreign,) = Office(in_process, str(copy), other, {}).build("--booking", "B00007")
    fill(foreign, 1, Passport="P0000001")
    said = local.pull(foreign, code=1)
    assert [one["code"] for one in said["findings"]] == ["UNKNOWN_BOOK"]
    assert said["changes"] == {}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("build",), 2, "one of --booking"),
        (("build", "--all", "--booking", "B00007"), 2, "one of --booking"),
        (("build", "x.xlsx", "--all"), 2, "takes no files"),
        (("build", "--all", "--prefer", "theirs"), 2, "are for `names pull`"),
        (("build", "--booking", "B99"), 3, "no booking B99"),
        (("build", "--group", "G99"), 3, "no booking is of the group G99"),
        (("build", "--airline", "ZZ"), 3, "no ticket is of the airline ZZ"),
        (("build", "--all", "-o", "tickets.xlsx"), 2, "is not a folder"),
        (("pull",), 2, "name the returned files"),
        (("pull", "tickets.xlsx", "--prefer", "mine"), 2, "ours, theirs"),
        (("pull", "tickets.xlsx", "--group", "G01"), 2, "pull takes files"),
        (("push", "tickets.xlsx"), 2, "one of build, pull"),
    ],
)
def test_what_is_refused_in_one_line(
    in_process: Runner, tickets_source: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    office = Office(in_process, str(tickets_source), tickets_source.parent, {})
    done = office("issuance", "names", *words)
    assert (done.code, said in done.err) == (code, True), done.err
    assert len(done.err.strip().splitlines()) == 1


def test_on_the_workbook_of_an_event_names_are_refused(in_process: Runner, small: Path) -> None:
    office = Office(in_process, str(small), small.parent, {})
    done = office("issuance", "names", "build", "--all")
    assert (done.code, "works on a workbook of airline tickets" in done.err) == (2, True)


@pytest.mark.slow
def test_a_list_that_somebody_put_on_google(
    in_process: Runner, tickets_source: Path, tmp_path: Path, google: Google
) -> None:
    path = Path(shutil.copy(tickets_source, tmp_path / "tickets.xlsx"))
    office = Office(in_process, str(path), tmp_path, google.environment())
    (made,) = office.build("--booking", "B00007")
    fill(made, 1, Passport="P0000001", Passenger_name="SAID/NADYA")
    book = openpyxl.load_workbook(made)
    rows = {
        sheet.title: [[_plain(cell.value) for cell in row] for row in sheet.iter_rows()]
        for sheet in book
    }
    said = office.pull(f"gsheet:{google.new(rows)}", code=0)
    assert (said["result"]["taken"], said["result"]["edits"]) == (2, 2)
    assert [one for one in office.passports() if one] == ["P0000001"]


def _plain(value: Any) -> Any:
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else value

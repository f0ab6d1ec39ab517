"""Settings that word a workbook and its books (§9c, §14f; D30), and the drop-downs of a new one."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.cli.terminal import at_terminal
from tests.conftest import Result, run_cli

WORDS = {
    "TICKETOPS_COMPANY_WORD": "a client of ours",
    "TICKETOPS_MASKED_VENDOR": "Carla",
    "TICKETOPS_MASKED_SHEET": "_CARLA",
}
MASKED = "seller@post.example"


class Office:
    """A workbook in a folder, and the settings that its commands run with."""

    def __init__(self, folder: Path, env: dict[str, str] | None = None) -> None:
        self.folder, self.book = folder, folder / "event.xlsx"
        self.env = {"TICKETOPS_WORKBOOK": "event.xlsx", "TICKETOPS_ROLE": "ops_manager"}
        self.env |= env or {}
        assert self("init", "event.xlsx", "--event", "WC2026").code == 0

    def __call__(self, *words: str, ok: bool = True) -> Result:
        done = run_cli(*words, cwd=self.folder, env=self.env)
        assert not ok or done.code == 0, done.err
        return done

    def sheet(self, name: str) -> list[dict[str, object]]:
        sheet = openpyxl.load_workbook(self.book)[name]
        rows = list(sheet.iter_rows(values_only=True))
        head = 1 if name == "Distribution" else 0
        return [dict(zip(rows[head], row, strict=False)) for row in rows[head + 1 :] if any(row)]


@pytest.mark.slow
def test_the_words_for_names_are_settings(tmp_path: Path) -> None:
    office = Office(tmp_path, WORDS)
    book = openpyxl.load_workbook(office.book)
    assert "_CARLA" in book.sheetnames
    assert "_MATTHIAS_EMAILS" not in book.sheetnames
    book["_CARLA"]["A2"] = MASKED
    book.save(office.book)
    office("purchase", "add", "--match", "M01", "--vendor", MASKED, "--line", "Cat 1:2@80")
    office("sale", "add", "--client", "Meridian Travel", "--line", "M01:Cat 1:2@200")
    office("allocate", "commit", "S1")
    tickets = office.sheet("Distribution")
    assert {row["Vendor"] for row in tickets} == {"Carla"}
    assert {row["Email"] for row in tickets} == {MASKED}
    office("supplier", "map", "SEL", "--vendor", "Carla")
    office("supplier", "build", "--all", "-o", "books")
    office("dispatch", "sync")
    sheet = openpyxl.load_workbook(tmp_path / "books" / "SUPPLIER - SEL.xlsx").worksheets[0]
    assert {sheet.cell(row, 10).value for row in (4, 5)} == {"a client of ours"}
    assert {row["Company"] for row in office.sheet("_SUPPLIER_QUEUE")} == {"a client of ours"}
    with zipfile.ZipFile(tmp_path / "books" / "SUPPLIER - SEL.xlsx") as archive:
        assert not any(b"Meridian" in archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize("line", ['company_word = ""', 'masked_vendor = "a\\u0007b"', "sender = 3"])
def test_words_that_can_not_be(line: str, tmp_path: Path) -> None:
    office = Office(tmp_path)
    (tmp_path / "ticketops.toml").write_text(line)
    done = office("status", ok=False)
    assert done.code == 2, done
    assert line.split(maxsplit=1)[0] in done.err


@pytest.mark.parametrize("title", ["sales", "a/b", "x" * 32])
def test_titles_that_no_sheet_can_have(title: str, tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.env["TICKETOPS_MASKED_SHEET"] = title
    done = office("status", ok=False)
    assert done.code == 2, done
    assert "masked_sheet" in done.err


def test_who_is_masked_is_not_for_the_folder_to_say(tmp_path: Path) -> None:
    """A file that came along with a workbook may word it, not decide whose names stand in it
    (D30)."""
    office = Office(tmp_path)
    (tmp_path / "ticketops.toml").write_text('sender = "MM"\nmasked_sheet = "_NOBODY"\n')
    done = office("status")
    assert "masked_sheet" in done.err
    assert "sender" not in done.err


def validations(book: Path, name: str) -> dict[str, tuple[str, str, str | None]]:
    sheet = openpyxl.load_workbook(book)[name]
    heads = {cell.column_letter: cell.value for cell in sheet[1]}
    found = {}
    for rule in sheet.data_validations.dataValidation:
        letters = re.match("[A-Z]+", str(rule.sqref))
        assert letters
        found[str(heads[letters[0]])] = (str(rule.sqref), rule.formula1, rule.errorStyle)
    return found


def test_matches_categories_and_currencies_can_be_chosen(tmp_path: Path) -> None:
    office = Office(tmp_path)
    for name in ("Purchases", "Sales"):
        rules = validations(office.book, name)
        assert rules["Match"][1:] == ("'Schedule WC2026'!$C$2:$C$1502", "warning")
        assert "Top Cat 1,Cat 1,Cat 2" in rules["Category"][1]
        assert rules["Currency"][1] == '"USD,EUR"'
    book = openpyxl.load_workbook(office.book)
    assert [cell.value for cell in book["Schedule WC2026"][1]][2] == "M#"


def test_drop_downs_stay_and_grow_with_their_sheet(tmp_path: Path) -> None:
    office = Office(tmp_path)
    book = openpyxl.load_workbook(office.book)
    for rule in book["Purchases"].data_validations.dataValidation:
        rule.sqref = type(rule.sqref)(re.sub(r"\d+$", "3", str(rule.sqref)))
    book.save(office.book)
    before = validations(office.book, "Purchases")
    lines = [word for _ in range(6) for word in ("--line", "Cat 1:1@80")]
    office("purchase", "add", "--match", "M01", "--vendor", "Viagogo", *lines)
    after = validations(office.book, "Purchases")
    assert {name: rule[1:] for name, rule in after.items()} == {
        name: rule[1:] for name, rule in before.items()
    }
    assert before["Match"][0] == "B2:B3"
    assert after["Match"][0] == "B2:B7"


def test_log_says_for_whom_and_why(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office("purchase", "add", "--match", "M01", "--vendor", "Viagogo", "--line", "Cat 1:2@80")
    office("sale", "add", "--client", "Meridian Travel", "--line", "M01:Cat 1:2@200")
    office("allocate", "commit", "S1")
    office("override", "unallocate", "S1", "--confirm", "UNDO", "--reason", "other seats")
    told = office("log", "--json").json["result"]["transactions"]
    assert [(one["clients"], one["matches"], one["reason"]) for one in told] == [
        (["Meridian Travel"], ["M01"], "other seats"),
        (["Meridian Travel"], ["M01"], ""),
        (["Meridian Travel"], ["M01"], ""),
        ([], ["M01"], ""),
    ]
    heads = office("log").out.splitlines()[0].split()
    assert heads[5:8] == ["Client", "Match", "Reason"]


@pytest.mark.slow
def test_a_destructive_command_asks_once_after_it_showed(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office("purchase", "add", "--match", "M01", "--vendor", "Viagogo", "--line", "Cat 1:2@80")
    office("sale", "add", "--client", "Meridian Travel", "--line", "M01:Cat 1:2@200")
    office("allocate", "commit", "S1")

    def at(*typed: str) -> Result:
        words = ("override", "unallocate", "S1", "--reason", "other seats")
        return at_terminal(*words, typed=typed, cwd=tmp_path, env=office.env)

    refused = at("yes\n")
    assert refused.code != 0
    assert "not confirmed" in refused.out
    assert {row["Status"] for row in office.sheet("Distribution")} == {"ALLOCATED"}
    done = at("UNDO\n")
    assert done.code == 0, done.out
    assert done.out.count("confirm:") == 1
    assert "[Y/n]" not in done.out
    assert done.out.index("will record ") < done.out.index("type UNDO to confirm:")
    assert {row["Status"] for row in office.sheet("Distribution")} == {None}


def test_log_lists_a_transaction_whose_cells_can_not_be_read(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office("purchase", "add", "--match", "M01", "--vendor", "Viagogo", "--line", "Cat 1:2@80")
    office("sale", "add", "--client", "Meridian Travel", "--line", "M01:Cat 1:2@200")
    last = max((tmp_path / "event.xlsx.ticketops" / "journal").glob("0*.json.gz"))
    head = gzip.decompress(last.read_bytes()).decode().splitlines()[0]
    last.write_bytes(gzip.compress(f"{head}\n{{broken\n".encode()))
    told = office("log", "--json").json["result"]["transactions"]
    assert [(one["command"], one["matches"]) for one in told] == [
        ("sale add", []),
        ("purchase add", ["M01"]),
    ]

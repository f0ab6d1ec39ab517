"""The mapping of a file as a person at a terminal takes it or corrects it, with one question (§3)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.terminal import END, ENTER, at_terminal
from tests.conftest import run_cli

LIST = "Spiel;Kategorie;x;Stück;y\nM1;CAT1;100,50;2;90\nM9;Kat 2;80,00;1;95\n"
WORDS = ("import", "purchases", "list.csv", "--vendor", "Bee Seats", "--decimal", "comma")


@pytest.fixture
def workbook(empty_source: Path, tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text(LIST)
    return Path(shutil.copy(empty_source, tmp_path / "event.xlsx"))


def prices(workbook: Path) -> list[float]:
    listed = run_cli("purchase", "list", "-w", str(workbook), "--json")
    return [one["price"] for one in json.loads(listed.out)["result"]["purchases"]]


def at(workbook: Path, *typed: str) -> tuple[int, str]:
    done = at_terminal(*WORDS, "-w", str(workbook), typed=typed, cwd=workbook.parent)
    return done.code, done.out


@pytest.mark.slow
def test_columns_are_named_by_number_or_header_and_enter_writes(workbook: Path) -> None:
    code, screen = at(workbook, f"price=5{ENTER}", f"unit_price=x{ENTER}", ENTER)
    assert (code, prices(workbook)) == (0, [100.5, 80.0]), screen
    assert "No.  Header" in screen
    (workbook.parent / "list.csv").write_text(LIST.replace("100,50", "70,00"))
    done = run_cli("import", "purchases", "list.csv", "-w", str(workbook), "-y", "--json", cwd=workbook.parent)  # fmt: skip
    result = json.loads(done.out)["result"]
    assert result["mapping"]["unit_price"] == "x"
    assert (result["taken"], result["skipped"], prices(workbook)[2:]) == (1, 1, [70.0])
    kept = json.loads(run_cli("import", "profiles", "-w", str(workbook), "--json").out)
    assert kept["result"]["profiles"][0]["options"] == {"vendor": "Bee Seats", "decimal": "comma"}


@pytest.mark.parametrize("answer", [f"n{ENTER}", END])
def test_no_and_the_end_of_the_input_write_nothing(workbook: Path, answer: str) -> None:
    before = workbook.read_bytes()
    code, screen = at(workbook, f"unit_price=3{ENTER}", answer)
    assert code != 0, screen
    assert workbook.read_bytes() == before


def test_what_names_no_column_is_said_and_asked_again(workbook: Path) -> None:
    code, screen = at(
        workbook, f"unit_price=9{ENTER}", f"colour=1{ENTER}", f"unit_price=y{ENTER}", ENTER
    )
    assert (code, prices(workbook)) == (0, [90.0, 95.0]), screen
    assert "no column '9'" in screen
    assert "--map must be FIELD=HEADER" in screen


def test_a_refused_file_can_be_corrected_at_once(workbook: Path) -> None:
    (workbook.parent / "list.csv").write_text(LIST.replace("Spiel", "Match").replace("Stück", "Number").replace(";x;", ";price;").replace("80,00", "eighty"))  # fmt: skip
    code, screen = at(workbook, f"unit_price=y{ENTER}", ENTER)
    assert (code, prices(workbook)) == (0, [90.0, 95.0]), screen


def test_a_sheet_and_its_row_of_headers_are_found_again(workbook: Path) -> None:
    text = "one,two,three,four\nmatch,category,qty,price\nM1,Cat 1,2,9\n"
    (workbook.parent / "list.csv").write_text(text)
    book = ("-w", str(workbook), "-y", "--json")
    words = ("import", "purchases", "list.csv")
    done = run_cli(*words, "--vendor", "Bee Seats", "--header-row", "2", *book, cwd=workbook.parent)
    assert json.loads(done.out)["result"]["taken"] == 1
    (workbook.parent / "list.csv").write_text(text.replace("M1", "M9"))
    done = run_cli(*words, *book, cwd=workbook.parent)
    assert json.loads(done.out)["result"]["taken"] == 1, done.out

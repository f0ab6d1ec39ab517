"""`ticketops import` as people run it (§3, §4)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import run_cli

LIST = (
    "Spiel;Kategorie;Anzahl;Preis;Bemerkung\r\nM1;CAT1;2;1.100,50 €;=1+1\r\n"
    "M9;Kat 2;zwei Stück;90,00 €;=2+2\r\n"
)


@pytest.fixture
def workbook(empty_source: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_source, tmp_path / "event.xlsx"))


def test_bad_lines_come_back_and_are_imported_once_corrected(workbook: Path) -> None:
    book = ("-w", str(workbook), "-y")
    (workbook.parent / "list.csv").write_bytes(b"\xef\xbb\xbf" + LIST.encode())
    words = ("import", "purchases", "list.csv", "--vendor", "Bee Seats", "--rejects", "bad.csv")
    before = workbook.read_bytes()
    done = run_cli(*words, *book, "--json", cwd=workbook.parent)
    assert done.code == 2, done.out
    assert workbook.read_bytes() == before
    assert (workbook.parent / "bad.csv").exists()
    done = run_cli(*words, *book, "--json", "--partial", cwd=workbook.parent)
    result = json.loads(done.out)["result"]
    assert (result["taken"], result["units"], result["amounts"]) == (1, 2, {"EUR": 2201.0})
    back = (workbook.parent / "bad.csv").read_text()
    assert '\nM9,Kat 2,zwei Stück,"90,00 €",\'=2+2,Anzahl: ' in back.replace("\r", "")
    mended = back.replace("zwei Stück", "2").replace("M9", "M2")
    words = ("import", "purchases", "-", "--vendor", "Bee Seats", "--json")
    done = run_cli(*words, *book, stdin=mended, cwd=workbook.parent)
    assert json.loads(done.out)["result"]["amounts"] == {"EUR": 180.0}, done.out
    assert run_cli("undo", *book).code == 0
    assert run_cli("undo", *book).code == 0


def test_options_that_are_none_are_refused_in_one_line(workbook: Path) -> None:
    (workbook.parent / "list.csv").write_text(LIST)
    for words in (
        ("--decimal", "dot"),
        ("--dates", "dym"),
        ("--map", "colour=Kategorie"),
        ("--map", "qty=Menge"),
        ("--profile", "nobody's"),
        ("--currency", "GBP"),
    ):
        done = run_cli(
            "import", "purchases", "list.csv", *words, "-w", str(workbook), cwd=workbook.parent
        )
        assert (done.code, done.err.count("\n")) in ((2, 1), (2, 2)), done.err
        assert "Traceback" not in done.err

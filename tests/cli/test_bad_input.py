"""Whatever is wrong with what comes in: one clear line, the right exit code, and the workbook to the byte what it was."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from isal import isal_zlib

from ticketops.cli.main import run

ROOT = Path(__file__).parents[2]
USAGE, UNUSABLE, RULE, BUSY, FORBIDDEN = 2, 3, 4, 5, 6
KEPT = re.compile(r"lock|journal|backups|cache|cache/[\w-]+@[0-9a-f]{32}\.arrow")
"""What a refused command may leave in the state folder."""


@dataclass
class Desk:
    """A workbook that no command of these tests may change, and the capture of what they print."""

    path: Path
    before: bytes
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        code = run([*words])
        out, err = self.capsys.readouterr()
        return code, out, err

    def refused(self, code: int, *words: str, says: str = "", notices: int = 0) -> str:
        """The command fails as it should, for people and for scripts; the line that people get. notices: lines before it."""
        found, out, err = self.run(*words)
        assert (found, out) == (code, ""), err
        lines = err.splitlines()
        assert len(lines) == 1 + notices, err
        line = lines[-1]
        assert line.startswith("ticketops: ")
        assert line.isprintable(), "a terminal would act on it"
        assert says.casefold() in line.casefold()
        assert "internal error" not in line
        assert "Traceback" not in err
        found, out, _err = self.run(*words, "--json")
        assert found == code
        answer = json.loads(out)
        assert set(answer) == {"command", "error"}
        assert set(answer["error"]) == {"code", "message", "hint"}
        assert answer["error"]["message"]
        assert line.startswith(f"ticketops: {' '.join(answer['error']['message'].split())}")
        self.untouched()
        return line

    def works(self, *words: str, code: int = 0) -> dict[str, Any]:
        found, out, err = self.run(*words, "--json")
        assert found == code, out or err
        return dict(json.loads(out))

    def untouched(self) -> None:
        if self.before:
            assert self.path.read_bytes() == self.before
        untouched_state(self.path)


def untouched_state(path: Path) -> None:
    """Nothing half-written beside the workbook."""
    assert not [p.name for p in path.parent.iterdir() if p.name.startswith(f".{path.name}")]
    state = path.with_name(f"{path.name}.ticketops")
    if state.is_dir():
        left = [p.relative_to(state).as_posix() for p in state.rglob("*")]
        assert not [name for name in left if not KEPT.fullmatch(name)]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings from outside."""
    for name in list(os.environ):
        if name.startswith("TICKETOPS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copy(ROOT / "sample_workbooks" / "small.xlsx", tmp_path_factory.mktemp("bad") / "event.xlsx"))


@pytest.fixture
def desk(shared: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    made = Desk(shared, (ROOT / "sample_workbooks" / "small.xlsx").read_bytes(), capsys)
    yield made
    try:
        made.untouched()
    except AssertionError:  # one failure is enough
        shutil.rmtree(shared.with_name(f"{shared.name}.ticketops"))
        shared.write_bytes(made.before)
        raise


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Put bytes on standard input."""

    def put(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


# --- CSV files

HEADER = "match,category,qty,unit_price,vendor"
LINE = "M06,Cat 2,2,350,Viagogo"
BUY = ("purchase", "add", "--csv")
SELL = ("sale", "add", "--client", "Meridian", "--csv")


def table(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def cell(place: int, text: str) -> bytes:
    """A sound line and one that holds `text` in one place."""
    cells = LINE.split(",")
    cells[place] = text
    return table(LINE, ",".join(cells))


MATCH, CATEGORY, QTY, PRICE, VENDOR = range(5)
BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blank lines": (b"\n\n  \n", "empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "empty"),
    "only commas": (b",,,,\n,,,,\n", "empty"),
    "header only": (table(), "no lines"),
    "header and blank lines": (table("", ",,,,", ""), "no lines"),
    "no header": (table(header=LINE), "lacks"),
    "a column is missing": (table("M06,Cat 2,350,V", header="match,category,unit_price,vendor"), "lacks the column qty"),
    "several columns are missing": (table("M06", header="match"), "category, qty, unit_price"),
    "a column stands twice": (table(LINE + ",2", header=HEADER + ",qty"), "twice"),
    "a column stands twice in two spellings": (table(LINE + ",2", header=HEADER + ",Quantity"), "twice"),
    "rows with another delimiter": (table("M06;Cat 2;2;350;Viagogo"), "line 2"),
    "too many cells": (table(LINE + ",more"), "6 cells, the header 5"),
    "too few cells": (table("M06,Cat 2"), "empty"),
    "not UTF-8": (table(LINE.replace("Viagogo", "Zoë")).decode().encode("latin-1"), "UTF-8"),
    "UTF-16 without a mark": (table(LINE).decode().encode("utf-16-le"), "binary"),
    "UTF-16 that is cut off": (table(LINE).decode().encode("utf-16")[:-1], "UTF-8"),
    "UTF-16 with half a character": (b"\xff\xfe" + table(LINE).decode().encode("utf-16-le") + b"\x00\xd8", "UTF-8"),
    "binary": (random.Random(1).randbytes(5_000), "UTF-8"),
    "a workbook": (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "binary"),
    "NUL": (table(LINE.replace("Viagogo", "Via\0gogo")), "binary"),
    "a quote that never ends": (table('M06,"Cat 2,2,350,Viagogo', LINE), "not a CSV file"),
    "a quote that never ends in the header": (b'"' + table(LINE), "not a CSV file"),
    "text after a quote": (table('M06,"Cat 2"x,2,350,Viagogo'), "not a CSV file"),
    "a huge cell": (cell(VENDOR, "x" * 200_000), "not a CSV file"),
    "a large cell": (cell(VENDOR, "x" * 2_001), "2,001 characters"),
    "a bell": (cell(VENDOR, "Via\x07gogo"), "control character"),
    "a colour": (cell(VENDOR, "\x1b[31mViagogo"), "control character"),
    "delete": (cell(VENDOR, "Via\x7fgogo"), "control character"),
    "a control character of the second page": (cell(VENDOR, "Via\x9b31mgogo"), "control character"),
    "a non-character": (cell(VENDOR, "Via\uffff"), "control character"),
    "match empty": (cell(MATCH, ""), "match is empty"),
    "match unknown": (cell(MATCH, "M105"), "no match M105"),
    "match M999": (cell(MATCH, "M999"), "no match M999"),
    "match M0": (cell(MATCH, "M0"), "no match M00"),
    "category empty": (cell(CATEGORY, " "), "category is empty"),
}
BAD_QUANTITIES = ["0", "-1", "1.5", "2.0", "abc", "1e9", "1E2", "100001", "999999999999", "NaN", "inf", "-inf", "true", "0x10", "1_0", "+3",
                  "٣", "３", "²", "2x", "½", "--2", "", "2 0", '"1,000"', "=1+1"]  # fmt: skip
BAD_PRICES = ["abc", "-1", "-0.01", "NaN", "-NaN", "sNaN", "nan(5)", "inf", "-Infinity", "1e400", "1e-400", "1e12", "1000000000000", "12.345",
              "0.001", "€5", "5€", "$5", "1_000", "٣", "٣٫٥", "３", "0x1", "=", "--1", "1.2.3", "", " ", '"1,5"', '"1,000.00"', "1 000",
              "1" * 400]  # fmt: skip
BAD_CURRENCIES = ("GBP", "US", "USDEUR", "€", "ＵＳＤ", "0")


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_csv(desk: Desk, tmp_path: Path, name: str) -> None:
    content, says = BAD_FILES[name]
    file = tmp_path / "lines.csv"
    file.write_bytes(content)
    line = desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says=says)
    if says not in ("no match M105", "no match M999", "no match M00"):
        assert str(file) in line


@pytest.mark.parametrize("name", [name for name, (_content, says) in BAD_FILES.items() if "character" not in says])
def test_bad_csv_of_a_sale(desk: Desk, typed: Callable[[bytes], None], name: str) -> None:
    """The same through standard input. What a vendor's name may not hold is not read here."""
    content, says = BAD_FILES[name]
    typed(content)
    code, out, err = desk.run(*SELL, "-", "-w", str(desk.path), "-q")
    assert (code, out) == (UNUSABLE, "")
    assert len(err.splitlines()) == 1
    assert says in err
    assert says.startswith("no match") or "standard input" in err


@pytest.mark.parametrize(
    ("place", "text"),
    [(QTY, text) for text in BAD_QUANTITIES] + [(PRICE, text) for text in BAD_PRICES],
    ids=lambda value: ascii(value)[:20],
)
def test_bad_number_in_a_csv(desk: Desk, tmp_path: Path, place: int, text: str) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(cell(place, text))
    desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says="line 3: ")


@pytest.mark.parametrize("text", BAD_CURRENCIES, ids=ascii)
def test_bad_currency_in_a_csv(desk: Desk, tmp_path: Path, text: str) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(table(LINE + ",USD", LINE + "," + text, header=HEADER + ",currency"))
    desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says="line 3: the currency")


def test_bad_category_in_a_csv(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(cell(CATEGORY, "Cat 9"))
    desk.refused(RULE, *BUY, str(file), "-w", str(desk.path), says="M06 has no category 'Cat 9'")


def test_all_faults_are_counted(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(table(LINE, *[LINE.replace(",2,", ",0,")] * 30))
    desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says="line 3: 0 tickets: a line has 1 to 100,000 (and 29 more lines)")


GOOD_FILES: dict[str, bytes] = {
    "plain": table(LINE),
    "a byte order mark": b"\xef\xbb\xbf" + table(LINE),
    "carriage returns": table(LINE).replace(b"\n", b"\r\n"),
    "an old Mac's line ends": table(LINE).replace(b"\n", b"\r"),
    "no line end at the end": table(LINE)[:-1],
    "semicolons": table(LINE).replace(b",", b";"),
    "tabs": table(LINE).replace(b",", b"\t"),
    "UTF-16": table(LINE).decode().encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + table(LINE).decode().encode("utf-16-be"),
    "other spellings": table(LINE, header="Match, CATEGORY ,Quantity,Unit Price,Vendor"),
    "blank cells and lines": table("", LINE + ",,", ",,,,"),
    "quotes": table('"M06","Cat 2","2","350","Via ""go"" go"'),
    "a line end in a cell": table('M06,Cat 2,2,350,"Via\ngogo"'),
    "a formula, which is text": table(LINE.replace("Viagogo", "=HYPERLINK(1)")),
}


@pytest.mark.parametrize("name", GOOD_FILES)
def test_good_csv(desk: Desk, tmp_path: Path, name: str) -> None:
    """What must not be refused."""
    file = tmp_path / "lines.csv"
    file.write_bytes(GOOD_FILES[name])
    assert desk.works(*BUY, str(file), "-w", str(desk.path), "--dry-run")["result"]["units_created"] == 2


def test_an_unknown_column_is_named(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(table(LINE + ",x", header=HEADER + ",seat colour"))
    code, _out, err = desk.run(*BUY, str(file), "-w", str(desk.path), "--dry-run")
    assert code == 0
    assert "seat colour" in err
    file.write_bytes(table(LINE.replace(",2,", ",0,") + ",x", header=HEADER + ",seat colour"))
    desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says="0 tickets", notices=1)


def test_csv_files_that_are_none(desk: Desk, tmp_path: Path) -> None:
    desk.refused(UNUSABLE, *BUY, str(tmp_path / "none.csv"), "-w", str(desk.path), says="none.csv can't be read")
    desk.refused(UNUSABLE, *BUY, str(tmp_path), "-w", str(desk.path), says="can't be read")
    desk.refused(UNUSABLE, *BUY, "x" * 5_000, "-w", str(desk.path), says="can't be read")
    desk.refused(UNUSABLE, *BUY, str(desk.path), "-w", str(desk.path), says="UTF-8")
    large = tmp_path / "large.csv"
    with open(large, "wb") as file:
        file.truncate(60 * 2**20)
    desk.refused(UNUSABLE, *BUY, str(large), "-w", str(desk.path), says="larger than")


def test_nothing_on_standard_input(desk: Desk, typed: Callable[[bytes], None]) -> None:
    for words in (BUY, SELL):
        typed(b"")
        assert desk.run(*words, "-", "-w", str(desk.path))[0] == UNUSABLE
        typed(b"")
        code, out, _err = desk.run(*words, "-", "-w", str(desk.path), "--json")
        assert code == UNUSABLE
        assert "standard input is empty" in json.loads(out)["error"]["message"]


@pytest.mark.slow
def test_more_tickets_than_a_sheet_has_rows(desk: Desk, tmp_path: Path) -> None:
    """1,048,576 rows are all that Excel opens."""
    file = tmp_path / "lines.csv"
    file.write_bytes(table(*["M06,Cat 2,100000,350,Viagogo"] * 11))
    code, out, err = desk.run(*BUY, str(file), "-w", str(desk.path))
    assert (code, out) == (UNUSABLE, ""), err
    assert "1,048,576" in err


# --- options

BAD_OPTIONS: list[tuple[int, str, str]] = [
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date tomorrow', "--date 'tomorrow'"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 2026-02-30', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 2026-13-01', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 1899-12-31', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 9999-12-31', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 06/13/2026', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date ""', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date NaN', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date ٢٠٢٦-٠١-٠١', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --currency GBP', "--currency 'GBP'"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --currency ""', "--currency"),
    (USAGE, 'purchase add --match M06 --line "Cat 2:2@5"', "--vendor is missing"),
    (USAGE, 'purchase add --match M06 --vendor " " --line "Cat 2:2@5"', "--vendor is missing"),
    (USAGE, 'purchase add --vendor V --line "Cat 2:2@5"', "--match is missing"),
    (USAGE, 'purchase add --match M06 --vendor "a\x1b[2J" --line "Cat 2:2@5"', "control character"),
    (USAGE, "purchase add --match M06 --vendor V --contract \udcff --line 'Cat 2:2@5'", "control character"),
    (USAGE, "purchase add --match M06 --vendor V", "--line"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --csv -', "--csv"),
    (USAGE, 'purchase add --match M06 --vendor V --csv ""', "--csv"),
    (USAGE, 'purchase add --match M06 --vendor V --line ""', "CATEGORY:QTY@PRICE"),
    (UNUSABLE, 'purchase add --match M105 --vendor V --line "Cat 2:2@5"', "no match M105"),
    (UNUSABLE, 'purchase add --match M999 --vendor V --line "Cat 2:2@5"', "no match M999"),
    (UNUSABLE, 'purchase add --match M0 --vendor V --line "Cat 2:2@5"', "no match M00"),
    (RULE, 'purchase add --match M06 --vendor V --line "Cat 9:2@5"', "no category 'Cat 9'"),
    (RULE, 'purchase add --match M06 --vendor V --line "VIP:2@5"', "no category 'VIP'"),
    (USAGE, 'sale add --line "M06:Cat 2:2@5"', "--client"),
    (USAGE, 'sale add --client "" --line "M06:Cat 2:2@5"', "--client is empty"),
    (USAGE, "sale add --client C", "--line"),
    (USAGE, 'sale add --client C --line "Cat 2:2@5"', "MATCH:CATEGORY:QTY@PRICE"),
    (USAGE, 'sale add --client C --line ":Cat 2:2@5"', "MATCH:CATEGORY:QTY@PRICE"),
    (USAGE, 'sale add --client C --line "M06:Cat 2:2@5" --payment MAYBE', "--payment 'MAYBE'"),
    (USAGE, 'sale add --client C --line "M06:Cat 2:2@5" --date 2026-02-30', "--date"),
    (USAGE, 'sale add --client C --line "M06:Cat 2:2@5" --currency CHF', "--currency"),
    (USAGE, 'sale add --client C --line "M06:Cat 2:2@5" --line "M06:Cat 2:0@5"', "0 tickets"),
    (UNUSABLE, 'sale add --client C --line "M105:Cat 2:2@5"', "no match M105"),
    (UNUSABLE, 'sale add --client C --line "M06:Cat 2:2@5" --line "M999:Cat 2:2@5"', "no match M999"),
    (RULE, 'sale add --client C --line "M06:Cat 2:2@5" --line "M07:Cat 12:2@5"', "no category 'Cat 12'"),
    (UNUSABLE, "allocate commit S99999", "no sale S99999"),
    (UNUSABLE, "allocate commit P00001", "not a SalesID"),
    (UNUSABLE, 'allocate commit ""', "not a SalesID"),
    (UNUSABLE, "allocate commit S1-99", "S1"),
    (UNUSABLE, "allocate commit S٣", "S"),
    (UNUSABLE, "allocate commit S" + "9" * 5_000, ""),
    (USAGE, "allocate commit", "SALESID"),
    (USAGE, "allocate commit S1 S2", "S2"),
    (USAGE, "log --most 0", "--most"),
    (USAGE, "log --most many", "--most"),
    (USAGE, "status --nonsense", "--nonsense"),
    (USAGE, "stauts", "stauts"),
    (USAGE, "sale ad", "ad"),
    (RULE, "undo --yes", "nothing to undo"),
]


def _words(line: str, workbook: Path) -> list[str]:
    words = shlex.split(line)
    return words if line in ("stauts", "sale ad") else [*words, "-w", str(workbook)]


@pytest.mark.parametrize(("code", "line", "says"), BAD_OPTIONS, ids=[ascii(line)[1:90] for _, line, _ in BAD_OPTIONS])
def test_bad_option(desk: Desk, code: int, line: str, says: str) -> None:
    desk.refused(code, *_words(line, desk.path), says=says)


@pytest.mark.parametrize("text", [*BAD_QUANTITIES, *BAD_PRICES], ids=lambda text: ascii(text)[:20])
def test_bad_number_in_an_option(desk: Desk, text: str) -> None:
    text = text.strip('"')
    if text in BAD_QUANTITIES or text == "1,000":
        desk.refused(USAGE, "sale", "add", "--client", "C", "--line", f"M06:Cat 2:{text}@5", "-w", str(desk.path), says="--line")
    if text in BAD_PRICES or text in ("1,5", "1,000.00"):
        desk.refused(USAGE, "sale", "add", "--client", "C", "--line", f"M06:Cat 2:2@{text}", "-w", str(desk.path), says="--line")


def test_files_to_be_made(desk: Desk, tmp_path: Path) -> None:
    exists = tmp_path / "there.xlsx"
    exists.write_bytes(b"mine")
    desk.refused(USAGE, "init", str(tmp_path / "event.txt"), says=".xlsx")
    desk.refused(USAGE, "init", says="OUT.xlsx")
    desk.refused(RULE, "init", str(exists), says="exists already")
    desk.refused(RULE, "sample", "small", str(exists), says="exists already")
    desk.refused(UNUSABLE, "init", str(tmp_path / "none" / "event.xlsx"), says="no such folder")
    desk.refused(UNUSABLE, "init", str(exists / "event.xlsx"), says="no such folder")
    desk.refused(USAGE, "sample", "huge", str(tmp_path / "x.xlsx"), says="huge")
    desk.refused(USAGE, "sample", "small", str(tmp_path / "x.xlsx"), "--seed", "x", says="--seed")
    folder = tmp_path / "folder.xlsx"
    folder.mkdir()
    desk.refused(RULE, "init", str(folder), says="exists already")
    desk.refused(UNUSABLE, "init", str(folder), "--force", says="folder")
    assert exists.read_bytes() == b"mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.xlsx", "there.xlsx"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"workbook = ", "ticketops.toml"),
        (b"workbok = 'x.xlsx'", "workbok"),
        (b"workbook = 5", "workbook"),
        (b"lock_timeout = 'soon'", "lock_timeout"),
        (b"lock_timeout = -1", "lock_timeout"),
        (b"lock_timeout = nan", "lock_timeout"),
        (b"backups = 0", "backups"),
        (b"backups = 2.5", "backups"),
        (b"user = ['a']", "user"),
        (b"cache = 'perhaps'", "cache"),
        (b"\xff\xfe", "ticketops.toml"),
        (b"user = 'a' # \x00", "ticketops.toml"),
        (b'workbook = "a\\u0000b.xlsx"', ""),
    ],
)
def test_bad_settings(desk: Desk, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "ticketops.toml").write_bytes(content)
    desk.refused(USAGE, "status", says=says)


def test_bad_settings_from_the_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LOCK_TIMEOUT", "soon"), ("LOCK_TIMEOUT", "inf"), ("BACKUPS", "many"), ("BACKUPS", "-1"), ("CACHE", "maybe")):
        monkeypatch.setenv(f"TICKETOPS_{name}", value)
        desk.refused(USAGE, "status", "-w", str(desk.path), says=f"TICKETOPS_{name}")
        monkeypatch.delenv(f"TICKETOPS_{name}")


# --- the workbook

READ = ("status",)
EXAMINE = ("doctor",)
WRITE = ("sale", "add", "--client", "Meridian", "--line", "M06:Cat 2:2@350")
COMMANDS = (READ, EXAMINE, WRITE, ("audit", "run"), ("allocate", "auto"), ("log",), ("undo", "--yes"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small sound workbook: a purchase and a sale in an otherwise empty one."""
    path = tmp_path_factory.mktemp("sound") / "event.xlsx"
    assert run(["init", str(path), "-q"]) == 0
    assert run(["purchase", "add", "-w", str(path), "-q", "--match", "M06", "--vendor", "V", "--line", "Cat 2:2@5"]) == 0
    assert run(["sale", "add", "-w", str(path), "-q", "--client", "C", "--line", "M06:Cat 2:2@5"]) == 0
    return path.read_bytes()


@pytest.fixture(scope="module")
def parts(sound: bytes) -> dict[str, bytes]:
    """The parts of a sound workbook."""
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(parts: Mapping[str, bytes], **changes: bytes | None) -> bytes:
    """An archive of the parts; `changes` by the part's last name, None leaves it out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            new = changes.get(Path(name).name.replace(".", "_").strip("[]"), content)
            if new is not None:
                archive.writestr(name, new)
    return buffer.getvalue()


@pytest.fixture
def given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Desk]:
    """A desk with a workbook of these bytes."""

    def put(content: bytes, name: str = "event.xlsx") -> Desk:
        path = tmp_path / name
        path.write_bytes(content)
        return Desk(path, content, capsys)

    return put


def test_no_workbook_is_named(desk: Desk) -> None:
    for words in COMMANDS:
        desk.refused(USAGE, *words, says="no workbook is named")


def test_there_is_no_workbook(desk: Desk, tmp_path: Path) -> None:
    for words in (READ, EXAMINE, WRITE, ("audit", "run"), ("allocate", "auto")):
        for missing in (
            tmp_path / "none.xlsx",
            tmp_path / "no folder" / "none.xlsx",
            Path("/dev/null/none.xlsx"),
            Path("x" * 3_000 + ".xlsx"),
        ):
            desk.refused(UNUSABLE, *words, "-w", str(missing))
    for words in (("log",), ("undo", "--yes")):
        desk.refused(UNUSABLE, *words, "-w", str(tmp_path / "none.xlsx"), says="there is no workbook")
    assert list(tmp_path.iterdir()) == [], "a state folder for nothing"


def test_the_workbook_is_a_folder(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "folder.xlsx"
    folder.mkdir()
    for words in COMMANDS:
        desk.refused(UNUSABLE, *words, "-w", str(folder), says="folder")
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("name", ["event.xls", "event.csv", "event.xlsb", "event.ods", "event", "event.xlsx.bak"])
def test_another_kind_of_file(given: Callable[..., Desk], name: str) -> None:
    there = given(b"match,qty\nM01,2\n", name)
    for words in COMMANDS:
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="not an .xlsx workbook")


OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(4_000)
NO_ARCHIVES = {
    "empty": (b"", "is empty"),
    "text": (b"match,qty\nM01,2\n", "not an .xlsx workbook"),
    "old .xls": (OLE, "old .xls workbook or protected by a password"),
    "HTML": (b"<html><table><tr><td>M01</table></html>", "not an .xlsx workbook"),
    "zeros": (bytes(10_000), "not an .xlsx workbook"),
    "only the magic": (b"PK", "damaged"),
    "the magic and zeros": (b"PK\x03\x04" + bytes(5_000), "damaged"),
    "an end without a beginning": (b"PK\x05\x06" + bytes(18), ""),
    "random bytes behind the magic": (b"PK\x03\x04" + random.Random(2).randbytes(5_000), "damaged"),
}


@pytest.mark.parametrize("name", NO_ARCHIVES)
def test_no_archive(given: Callable[..., Desk], name: str) -> None:
    content, says = NO_ARCHIVES[name]
    there = given(content)
    for words in (READ, EXAMINE, WRITE, ("audit", "run")):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says=says)


def test_cut_off_anywhere(given: Callable[..., Desk], sound: bytes) -> None:
    end = len(sound)
    for offset in [*range(1, 40), *range(40, end, end // 60), *range(end - 30, end)]:
        there = given(sound[:offset])
        code, out, err = there.run(*WRITE, "-w", str(there.path))
        assert (code, out, len(err.splitlines())) == (UNUSABLE, "", 1), f"{offset}: {err}"
        assert there.path.read_bytes() == sound[:offset]
    there.refused(UNUSABLE, *READ, "-w", str(there.path), says="damaged")


def test_parts_that_are_missing(given: Callable[..., Desk], parts: dict[str, bytes]) -> None:
    for missing in ("workbook_xml", "workbook_xml_rels", "_rels", "sheet3_xml", "sheet4_xml"):
        there = given(packed(parts, **{missing: None}))
        for words in (READ, EXAMINE, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says=there.path.name)
    for missing in ("sharedStrings_xml", "styles_xml", "Content_Types_xml"):  # what a reader may do without, a writer may not
        there = given(packed(parts, **{missing: None}))
        for words in (READ, EXAMINE, WRITE):
            code, _out, err = there.run(*words, "-w", str(there.path))
            assert code in (0, 1, UNUSABLE), f"{missing} {words}: {err}"
            if code == UNUSABLE:
                assert len(err.splitlines()) == 1
                there.untouched()
            else:
                there = given(packed(parts, **{missing: None}))


BROKEN = {
    "empty": b"",
    "text": b"hello",
    "cut off": b'<?xml version="1.0"?><workbook><sheets>',
    "not closed": b"<a><b></a>",
    "not UTF-8": b'<?xml version="1.0"?><a b="\xff\xfe\xfa"/>',
    "another root": b'<?xml version="1.0"?><html/>',
    "an unknown entity": b"<a>&nbsp;</a>",
    "zeros": bytes(100),
    "another encoding": b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    "an encoding that is none": b'<?xml version="1.0" encoding="klingon"?><a/>',
    "deep": b"<a>" * 100_000,
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("part", ["workbook_xml", "workbook_xml_rels", "_rels", "sheet4_xml"])
def test_parts_that_are_broken(given: Callable[..., Desk], parts: dict[str, bytes], part: str, name: str) -> None:
    there = given(packed(parts, **{part: BROKEN[name]}))
    for words in (READ, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path))


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("part", ["sharedStrings_xml", "styles_xml", "Content_Types_xml", "core_xml", "theme1_xml"])
def test_parts_that_are_broken_and_not_always_needed(given: Callable[..., Desk], parts: dict[str, bytes], part: str, name: str) -> None:
    there = given(packed(parts, **{part: BROKEN[name]}))
    for words in (READ, EXAMINE, WRITE):
        code, out, err = there.run(*words, "-w", str(there.path))
        assert code in (0, 1, UNUSABLE), err
        assert "Traceback" not in err
        if code == UNUSABLE:
            assert (out, len(err.splitlines())) == ("", 1)
            there.untouched()


def _u16(xml: bytes) -> bytes:
    return xml.decode().replace("UTF-8", "UTF-16").encode("utf-16")


LAUGHS = b'<!DOCTYPE lolz [<!ENTITY a "lol">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
) + b"]>"  # fmt: skip


def _with_dtd(xml: bytes, dtd: bytes, use: bytes = b"", *, comment: int = 0) -> bytes:
    head, _, rest = xml.partition(b"?>")
    return (
        head + b"?>" + (b"<!--" + b"x" * comment + b"-->" if comment else b"") + dtd + rest.replace(b"<sheetData>", b"<sheetData>" + use, 1)
    )


@pytest.mark.parametrize("part", ["workbook_xml", "workbook_xml_rels", "_rels", "sheet4_xml"])
@pytest.mark.parametrize("comment", [0, 10_000])
def test_a_dtd(given: Callable[..., Desk], parts: dict[str, bytes], part: str, comment: int) -> None:
    """A workbook part never declares one, wherever it hides it."""
    xml = next(content for name, content in parts.items() if Path(name).name.replace(".", "_") == part)
    for dtd in (LAUGHS, b'<!DOCTYPE x SYSTEM "file:///etc/passwd">', b'<!DOCTYPE x [<!ENTITY p SYSTEM "file:///etc/passwd">]>'):
        there = given(packed(parts, **{part: _with_dtd(xml, dtd, b"&a;", comment=comment)}))
        for words in (READ, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says="DTD" if not comment else "")


@pytest.mark.parametrize("part", ["workbook_xml", "workbook_xml_rels", "_rels", "sheet4_xml"])
def test_a_part_in_utf_16(given: Callable[..., Desk], parts: dict[str, bytes], part: str) -> None:
    xml = next(content for name, content in parts.items() if Path(name).name.replace(".", "_") == part)
    there = given(packed(parts, **{part: _u16(xml)}))
    for words in (READ, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="UTF-8")


def _flagged(archive: bytes) -> bytes:
    """The archive with every member marked as encrypted."""
    data = bytearray(archive)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(magic), archive):
            data[found.start() + offset] |= 1
    return bytes(data)


def test_encrypted(given: Callable[..., Desk], parts: dict[str, bytes]) -> None:
    there = given(_flagged(packed(parts)))
    for words in (READ, EXAMINE, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="encrypted")


def test_a_part_that_stands_twice(given: Callable[..., Desk], parts: dict[str, bytes]) -> None:
    """One reader takes the first, another the last."""
    for name in ("xl/worksheets/sheet4.xml", "xl/workbook.xml", "docProps/app.xml"):
        buffer = io.BytesIO(packed(parts))
        with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
            warnings.simplefilter("ignore")
            archive.writestr(name, b"<other/>")
        there = given(buffer.getvalue())
        for words in (READ, EXAMINE, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says="twice")


def test_other_compressions(given: Callable[..., Desk], parts: dict[str, bytes]) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        there = given(buffer.getvalue())
        for words in (READ, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says="compression")


def test_too_many_parts(given: Callable[..., Desk], parts: dict[str, bytes]) -> None:
    buffer = io.BytesIO(packed(parts))
    with zipfile.ZipFile(buffer, "a") as archive:
        for number in range(10_001):
            archive.writestr(f"xl/media/image{number}.png", b"")
    there = given(buffer.getvalue())
    for words in (READ, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="parts, more than any workbook")


def bomb(parts: Mapping[str, bytes], target: str, head: bytes, size: int, tail: bytes) -> bytes:
    """The parts with one that inflates to `size` blanks between head and tail."""
    compressor = isal_zlib.compressobj(3, isal_zlib.DEFLATED, -15)
    block = b" " * 2**20
    crc, total = isal_zlib.crc32(head), len(head)
    pieces = [compressor.compress(head)]
    for _ in range(size // len(block)):
        pieces.append(compressor.compress(block))
        crc, total = isal_zlib.crc32(block, crc), total + len(block)
    pieces += [compressor.compress(tail), compressor.flush()]
    crc, total = isal_zlib.crc32(tail, crc), total + len(tail)
    raw = b"".join(pieces)
    archive = io.BytesIO()
    names = [name for name in parts if name != target]
    central = b""
    for name, content in [*((name, parts[name]) for name in names), (target, raw)]:
        method, real, length = (8, crc, total) if name == target else (0, isal_zlib.crc32(content), len(content))
        common = struct.pack("<5H3L2H", 20, 0, method, 0, 0x21, real, len(content), length, len(name), 0)
        central += b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2L", 0, 0, 0, 0, archive.tell()) + name.encode()
        archive.write(b"PK\x03\x04" + common + name.encode() + content)
    start = archive.tell()
    count = len(names) + 1
    archive.write(central + b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, len(central), start, 0))
    return archive.getvalue()


@pytest.mark.parametrize(
    ("target", "size"),
    [("xl/worksheets/sheet4.xml", 900 * 2**20), ("xl/sharedStrings.xml", 40 * 2**20), ("xl/media/image1.png", 40 * 2**20)],
)
def test_a_zip_bomb(given: Callable[..., Desk], parts: dict[str, bytes], target: str, size: int) -> None:
    content = bomb(parts, target, b"<a>", size, b"</a>")
    assert len(content) < 6 * 2**20
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.getinfo(target).file_size == size + 7
    there = given(content)
    for words in (READ, EXAMINE, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says=f"would inflate to {size + 7:,}")


def test_cells_at_opposite_corners(given: Callable[..., Desk], parts: dict[str, bytes]) -> None:
    """python-calamine would abort the process."""
    for row, cells in ((1_048_576, "XFD1048576"), (99_999_999, "A99999999")):
        xml = parts["xl/worksheets/sheet4.xml"]
        far = f'<row r="{row}"><c r="{cells}"><v>1</v></c></row></sheetData>'.encode()
        there = given(packed(parts, sheet4_xml=xml.replace(b"</sheetData>", far)))
        for words in (READ, EXAMINE, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says="spans")


# --- the layout of the workbook


def edited(sound: bytes, change: Callable[[Any], None]) -> bytes:
    """The workbook after a change by openpyxl."""
    book = openpyxl.load_workbook(io.BytesIO(sound))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _set(sheet: str, place: str, value: Any) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book[sheet][place] = value

    return change


def _moved(sheet: str, rows: int) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book[sheet].insert_rows(1, rows)

    return change


LAYOUTS: dict[str, tuple[Callable[[Any], None], str]] = {
    "a sheet is missing": (lambda book: book.remove(book["Distribution"]), "no sheet 'Distribution'"),
    "a sheet has another name": (lambda book: setattr(book["Sales"], "title", "Sale"), "no sheet 'Sales'"),
    "a sheet's name differs by a space": (lambda book: setattr(book["Sales"], "title", "Sales "), "no sheet 'Sales'"),
    "a column is missing": (lambda book: book["Sales"].delete_cols(12), "lacks SalesID"),
    "a header was changed": (_set("Sales", "B1", "Matches"), "lacks Match"),
    "a header is blank": (_set("Distribution", "K2", None), "lacks M-No."),
    "a header is a number": (_set("Distribution", "K2", 11), "lacks M-No."),
    "the header is one row too low": (_moved("Sales", 1), "header row 1"),
    "the header is three rows too low": (_moved("Distribution", 3), "header row 2"),
    "the header is one row too high": (lambda book: book["Distribution"].delete_rows(1), "header row 2"),
    "all rows are gone": (lambda book: book["Sales"].delete_rows(1, 500), "lacks"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_bad_layout(given: Callable[..., Desk], sound: bytes, name: str) -> None:
    change, says = LAYOUTS[name]
    there = given(edited(sound, change))
    line = there.refused(UNUSABLE, *WRITE, "-w", str(there.path), says=says)
    assert "doctor" in line
    there.refused(UNUSABLE, *READ, "-w", str(there.path), says=says)
    assert there.run(*EXAMINE, "-w", str(there.path))[0] == 1, "doctor lists it"
    there.untouched()


@pytest.mark.parametrize("text", ["SalesID", " sales id "])
def test_a_header_that_stands_twice(given: Callable[..., Desk], sound: bytes, text: str) -> None:
    """The first one counts; the other is somebody's own column: `doctor` names it and nobody writes into it."""

    def change(book: Any) -> None:
        book["Sales"]["Z1"] = text
        book["Sales"]["Z2"] = "S9000"

    there = given(edited(sound, change))
    answer = there.works(*EXAMINE, "-w", str(there.path), code=1)
    assert "DUPLICATE_HEADER" in {finding["code"] for finding in answer["findings"]}
    assert there.works(*WRITE, "-w", str(there.path))["result"]["sales_ids"] == ["S2"]
    sheet = openpyxl.load_workbook(there.path)["Sales"]
    assert [cell.value for cell in sheet["Z"] if cell.value is not None] == [text, "S9000"]
    assert [cell.value for cell in sheet["L"]] == ["SalesID", "S1", "S2"]


def test_a_chart_where_a_sheet_belongs(given: Callable[..., Desk], sound: bytes) -> None:
    def change(book: Any) -> None:
        book.remove(book["Distribution"])
        book.create_chartsheet("Distribution").add_chart(openpyxl.chart.BarChart())

    there = given(edited(sound, change))
    for words in (READ, WRITE, EXAMINE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="chart")


# --- what stands in the cells

PLACES = {  # a cell that holds something in every sheet that commands work on
    "Sales": ("xl/worksheets/sheet3.xml", ["A2", "B2", "D2", "G2", "H2", "J2", "L2", "N2"]),
    "Purchases": ("xl/worksheets/sheet2.xml", ["A2", "B2", "D2", "G2", "H2", "K2"]),
    "Units": ("xl/worksheets/sheet5.xml", ["A2", "B2", "F3", "G2", "H2", "I2", "M2", "N2", "O3", "T2"]),
    "Distribution": ("xl/worksheets/sheet4.xml", ["H3", "I3", "J3", "K4", "O3", "P3", "Q3", "AK3", "AL3", "AN3", "AO3"]),
}


def _text(text: str) -> str:
    return f't="inlineStr"><is><t xml:space="preserve">{text}</t></is>'


POISON = {
    "a SalesID of 5,000 digits": _text("S" + "9" * 5_000),
    "a ticket of 5,000 digits": _text("S1-" + "9" * 5_000),
    "a UnitID of 5,000 digits": _text("P" + "9" * 5_000),
    "a SetID of 5,000 digits": _text("PR" + "9" * 5_000 + "-S01"),
    "a line key of 5,000 digits": _text("S_a#" + "9" * 5_000),
    "a match of three digits": _text("M999"),
    "digits of another script": _text("S٣"),
    "32,767 characters": _text("x" * 32_767),
    "100,000 characters": _text("x" * 100_000),
    "half a character": _text("a_xD800_b"),
    "control characters": _text("a_x001B_[2J_x0000_b"),
    "only spaces": _text("   "),
    "an entity": _text("&amp;&#65;&lt;&#x1F600;"),
    "an entity that is none": _text("&#0;"),
    "an entity beyond Unicode": _text("&#x110000;"),
    "a formula as text": _text("=1+1"),
    "runs of text": 't="inlineStr"><is><r><t>S</t></r><r><t>1</t></r><rPh sb="0" eb="1"><t>no</t></rPh></is>',
    "an inline string without one": 't="inlineStr">',
    "a huge number": "><v>1e300</v>",
    "a number beyond floats": "><v>1e999</v>",
    "no number": "><v>nan</v>",
    "letters for a number": "><v>abc</v>",
    "a negative number": "><v>-5</v>",
    "a fraction": "><v>1.5</v>",
    "a tiny number": "><v>1e-300</v>",
    "zero": "><v>0</v>",
    "a day beyond the calendar": "><v>99999999</v>",
    "2^53": "><v>9007199254740993</v>",
    "an error": 't="e"><v>#N/A</v>',
    "an error that is none": 't="e"><v>#OOPS</v>',
    "true": 't="b"><v>1</v>',
    "a boolean that is none": 't="b"><v>maybe</v>',
    "a shared string that is not there": 't="s"><v>999999</v>',
    "a shared string before the first": 't="s"><v>-1</v>',
    "a shared string by name": 't="s"><v>x</v>',
    "a type that is none": 't="zzz"><v>1</v>',
    "an ISO date": 't="d"><v>2026-06-11T00:00:00</v>',
    "an ISO date that is none": 't="d"><v>2026-13-45</v>',
    "a formula without a value": "><f>1+1</f>",
    "a formula with a value": 't="str"><f>A1</f><v>x</v>',
    "a shared formula": '><f t="shared" ref="A2:A9" si="0">1+1</f><v>2</v>',
    "an array formula": '><f t="array" ref="A1:Z99">1+1</f><v>2</v>',
    "a style that is not there": 's="99999"><v>1</v>',
    "a style that is none": 's="x"><v>1</v>',
    "nothing": "><v></v>",
}
BUY_ONE = ("purchase", "add", "--match", "M06", "--vendor", "V", "--line", "Cat 2:1@5")
AT_WORK = (READ, EXAMINE, ("audit", "run"), WRITE, BUY_ONE, ("allocate", "auto"), ("allocate", "commit", "S1"), ("sale", "expand"), ("purchase", "expand"),
           ("recon", "run"), ("recon", "apply"), ("audit", "repair", "--yes"), ("report", "position", "--write"), ("log",), ("undo", "--yes"))  # fmt: skip


def _poisoned(
    given: Callable[..., Desk], parts: dict[str, bytes], sheet: str, place: str, poison: str, work: Sequence[tuple[str, ...]] = AT_WORK
) -> None:
    part, _ = PLACES[sheet]
    cell = re.compile(rf'<c r="{place}"[^>]*?(?:/>|>.*?</c>)'.encode(), re.DOTALL)
    assert cell.search(parts[part]), f"{sheet}!{place} is blank"
    changed = cell.sub(lambda _: f'<c r="{place}" {poison}</c>'.encode(), parts[part], count=1)
    there = given(packed(parts, **{Path(part).name.replace(".", "_"): changed}))
    shutil.rmtree(there.path.with_name(f"{there.path.name}.ticketops"), ignore_errors=True)
    for words in work:
        before = there.path.read_bytes()
        code, out, err = there.run(*words, "-w", str(there.path))
        where = f"{sheet}!{place} {words}: {err}"
        assert code in (0, 1, UNUSABLE, RULE), where
        assert "internal error" not in err, where
        assert all(letter.isprintable() or letter == "\n" for letter in out + err), where
        if code in (UNUSABLE, RULE):
            assert len(err.splitlines()) == 1, where
            assert there.path.read_bytes() == before, where
    openpyxl_opens_if_it_did(packed(parts, **{Path(part).name.replace(".", "_"): changed}), there.path)


def openpyxl_opens_if_it_did(before: bytes, after: Path) -> None:
    """What we wrote is as readable for another library as what we were given."""
    try:
        openpyxl.load_workbook(io.BytesIO(before))
    except Exception:
        return
    openpyxl.load_workbook(after)


@pytest.mark.parametrize("name", POISON)
def test_poison_in_a_cell(given: Callable[..., Desk], parts: dict[str, bytes], name: str) -> None:
    """One cell of each sheet in turn."""
    nth = list(POISON).index(name)
    sheet = list(PLACES)[nth % len(PLACES)]
    places = PLACES[sheet][1]
    _poisoned(given, parts, sheet, places[nth // len(PLACES) % len(places)], POISON[name], AT_WORK[nth % 2 :: 2])


@pytest.mark.slow
@pytest.mark.parametrize("sheet", PLACES)
@pytest.mark.parametrize("name", POISON)
def test_poison_in_many_cells(given: Callable[..., Desk], parts: dict[str, bytes], name: str, sheet: str) -> None:
    places = PLACES[sheet][1]
    for place in places[list(POISON).index(name) % 3 :: 3]:
        _poisoned(given, parts, sheet, place, POISON[name])


# --- real processes


def real(*words: str, before: str = "", after: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """The command line under a shell. before: shell commands; after: redirections."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {"PYTHONPATH": str(ROOT)}
    line = f"{before} {sys.executable} -m ticketops {shlex.join(words)} {after}"
    return subprocess.run(
        ["bash", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, env=environment, cwd=cwd, timeout=120, check=False
    )


def clean(done: subprocess.CompletedProcess[bytes], *codes: int) -> None:
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"internal error" not in done.stderr + done.stdout, done.stderr.decode()
    assert done.returncode in codes, (done.returncode, done.stderr)
    assert len(done.stderr.splitlines()) <= 1


def test_standard_input_is_closed(small: Path) -> None:
    before = small.read_bytes()
    clean(real(*SELL, "-", "-w", str(small), after="<&-"), UNUSABLE)
    clean(real(*SELL, "-", "-w", str(small)), UNUSABLE)
    assert small.read_bytes() == before
    clean(real("status", "-w", str(small), after="<&-"), 0)
    clean(real(*WRITE, "-w", str(small), after="<&-"), 0)
    assert small.read_bytes() != before


def test_standard_output_is_closed(small: Path) -> None:
    """Nobody hears the result; the work is done all the same, and no file is taken for the output."""
    clean(real(*WRITE, "-w", str(small), after=">&-"), 0)
    done = real(*WRITE, "-w", str(small), "--json", after=">&- 2>&-")
    assert done.returncode == 0
    assert len(json.loads(real("log", "-w", str(small), "--json").stdout)["result"]["transactions"]) == 2
    openpyxl.load_workbook(small, read_only=True).close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_the_output_cannot_be_written(small: Path) -> None:
    """A full disk behind a redirection: an error, but neither a traceback nor a claim that all is well."""
    for words in (("status", "-w", str(small)), ("status", "-w", str(small), "--json"), ("--help",), ("--version",)):
        done = real(*words, after=">/dev/full")
        assert done.returncode not in (0, 1, 120, 255), done.returncode
        assert b"Traceback" not in done.stderr
        assert os.strerror(errno.ENOSPC).encode() in done.stderr


def test_words_that_are_no_text(small: Path, tmp_path: Path) -> None:
    """File names are bytes; JSON is UTF-8 all the same."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {"PYTHONPATH": str(ROOT)}
    for more in ([], [b"--json"]):
        done = subprocess.run(
            [sys.executable, b"-m", b"ticketops", b"status", b"-w", bytes(tmp_path) + b"/\xff\xfe.xlsx", *more],
            stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=60, check=False,
        )  # fmt: skip
        assert b"Traceback" not in done.stderr
        assert done.returncode == UNUSABLE
        if more:
            assert json.loads(done.stdout)["error"]["code"] == "UNUSABLE"
    shutil.copy(small, bytes(tmp_path) + b"/\xff.xlsx")
    done = subprocess.run(
        [sys.executable, b"-m", b"ticketops", *(word.encode() for word in WRITE), b"-w", bytes(tmp_path) + b"/\xff.xlsx"],
        stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.slow)])
def test_a_terminal_that_knows_few_letters(small: Path, encoding: str) -> None:
    for words in (("status",), WRITE, (*WRITE, "--dry-run"), ("allocate", "commit", "Sß")):
        done = real(*words, "-w", str(small), before=f"PYTHONIOENCODING={encoding} PYTHONUTF8=0 LC_ALL=C")
        assert b"Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, UNUSABLE), done.stderr


_AS_NOBODY = """
import contextlib, io, json, os, sys
from ticketops.cli.main import run

def tried(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*words])
    return code, out.getvalue(), err.getvalue()

scratch, path, *write = sys.argv[1:]
for words in (write, ["status"], ["undo", "-y"], ["log"]):  # everything is imported before we lose our rights
    tried(*words, "-w", scratch)
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(json.dumps([tried(*words, "-w", path) for words in (write, [*write, "--json"], ["status"])]))
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="POSIX only")
@pytest.mark.parametrize("forbidden", ["folder", "state folder", "journal", "lock", "workbook"])
def test_not_permitted(sound: bytes, tmp_path: Path, forbidden: str) -> None:
    """Reading works where writing may not; the refusal is exit code 6."""
    (tmp_path / "scratch.xlsx").write_bytes(sound)
    desk = tmp_path / "desk"
    state = desk / "event.xlsx.ticketops"
    (state / "journal").mkdir(parents=True)
    (state / "lock").touch()
    path = desk / "event.xlsx"
    path.write_bytes(sound)
    places = {"folder": desk, "state folder": state, "journal": state / "journal", "lock": state / "lock", "workbook": path}
    if os.getuid() == 0:
        for place in (tmp_path, *tmp_path.parents):  # pytest keeps its folders to itself
            if place.owner() == "root" and place.is_relative_to(tempfile.gettempdir()) and place != Path(tempfile.gettempdir()):
                place.chmod(place.stat().st_mode | 0o055)
        for place in (desk, *(place for name, place in places.items() if name != forbidden)):
            os.chown(place, 65534, 65534)
    elif forbidden == "state folder":
        pytest.skip("its owner may make it writable again, and does")
    if forbidden == "folder":
        shutil.rmtree(state)
    places[forbidden].chmod(0o000 if forbidden in ("workbook", "lock") else 0o555)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
        "PYTHONPATH": str(ROOT), "TICKETOPS_LOCK_TIMEOUT": "1", "HOME": str(desk), "XDG_CONFIG_HOME": str(desk), "PYTHONDONTWRITEBYTECODE": "1"
    }  # fmt: skip
    command = [sys.executable, "-c", _AS_NOBODY, str(tmp_path / "scratch.xlsx"), str(path), *WRITE]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, cwd="/", timeout=60, check=True)
    finally:
        for place in places.values():
            if place.exists():
                place.chmod(0o755 if place.is_dir() else 0o644)
    written, as_json, read = json.loads(done.stdout)
    codes = (UNUSABLE, FORBIDDEN) if forbidden == "workbook" else (FORBIDDEN,)  # unreadable: not usable, or not permitted
    assert written[0] in codes, written
    assert written[1] == ""
    assert len(written[2].splitlines()) == 1
    assert as_json[0] in codes
    assert json.loads(as_json[1])["error"]["code"] in ("NOT_PERMITTED", "UNUSABLE")
    assert read[0] in (codes if forbidden == "workbook" else (0,)), read
    assert path.read_bytes() == sound
    untouched_state(path)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

"""Options, settings and files to be made: one clear line, and the workbook to the byte what it was."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.bad_input.refusing import BAD_PRICES, BAD_QUANTITIES, RULE, UNUSABLE, USAGE, Refusing
from tests.sampling import some

BAD_OPTIONS: list[tuple[int, str, str]] = [
    (
        USAGE,
        'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date tomorrow',
        "--date 'tomorrow'",
    ),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 2026-02-30', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 2026-13-01', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 1899-12-31', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 9999-12-31', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date 06/13/2026', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date ""', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date NaN', "--date"),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --date ٢٠٢٦-٠١-٠١', "--date"),
    (
        USAGE,
        'purchase add --match M06 --vendor V --line "Cat 2:2@5" --currency GBP',
        "--currency must be one of USD, EUR, not 'GBP'",
    ),
    (USAGE, 'purchase add --match M06 --vendor V --line "Cat 2:2@5" --currency ""', "--currency"),
    (USAGE, 'purchase add --match M06 --line "Cat 2:2@5"', "--vendor is missing"),
    (USAGE, 'purchase add --match M06 --vendor " " --line "Cat 2:2@5"', "--vendor is missing"),
    (USAGE, 'purchase add --vendor V --line "Cat 2:2@5"', "--match is missing"),
    (USAGE, 'purchase add --match M06 --vendor "a\x1b[2J" --line "Cat 2:2@5"', "control character"),
    (
        USAGE,
        "purchase add --match M06 --vendor V --contract \udcff --line 'Cat 2:2@5'",
        "control character",
    ),
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
    (
        USAGE,
        'sale add --client C --line "M06:Cat 2:2@5" --payment MAYBE',
        "--payment must be one of PENDING, INVOICED, PAID",
    ),
    (USAGE, 'sale add --client C --line "M06:Cat 2:2@5" --date 2026-02-30', "--date"),
    (USAGE, 'sale add --client C --line "M06:Cat 2:2@5" --currency CHF', "--currency"),
    (USAGE, 'sale add --client C --line "M06:Cat 2:2@5" --line "M06:Cat 2:0@5"', "0 tickets"),
    (UNUSABLE, 'sale add --client C --line "M105:Cat 2:2@5"', "no match M105"),
    (
        UNUSABLE,
        'sale add --client C --line "M06:Cat 2:2@5" --line "M999:Cat 2:2@5"',
        "no match M999",
    ),
    (
        RULE,
        'sale add --client C --line "M06:Cat 2:2@5" --line "M07:Cat 12:2@5"',
        "no category 'Cat 12'",
    ),
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


@pytest.mark.parametrize(
    ("code", "line", "says"), BAD_OPTIONS, ids=[ascii(line)[1:90] for _, line, _ in BAD_OPTIONS]
)
def test_bad_option(desk: Refusing, code: int, line: str, says: str) -> None:
    desk.refused(code, *_words(line, desk.path), says=says)


@pytest.mark.parametrize(
    "text", some([*BAD_QUANTITIES, *BAD_PRICES], 4), ids=lambda text: ascii(text)[:20]
)
def test_bad_number_in_an_option(desk: Refusing, text: str) -> None:
    text = text.strip('"')
    if text in BAD_QUANTITIES or text == "1,000":
        desk.refused(
            USAGE,
            "sale",
            "add",
            "--client",
            "C",
            "--line",
            f"M06:Cat 2:{text}@5",
            "-w",
            str(desk.path),
            says="--line",
        )
    if text in BAD_PRICES or text in ("1,5", "1,000.00"):
        desk.refused(
            USAGE,
            "sale",
            "add",
            "--client",
            "C",
            "--line",
            f"M06:Cat 2:2@{text}",
            "-w",
            str(desk.path),
            says="--line",
        )


def test_files_to_be_made(desk: Refusing, tmp_path: Path) -> None:
    exists = tmp_path / "there.xlsx"
    exists.write_bytes(b"mine")
    desk.refused(USAGE, "init", str(tmp_path / "event.txt"), says=".xlsx")
    desk.refused(USAGE, "init", says="OUT.xlsx")
    desk.refused(RULE, "init", str(exists), says="already exists")
    desk.refused(RULE, "sample", "small", str(exists), says="already exists")
    desk.refused(
        UNUSABLE, "init", str(tmp_path / "none" / "event.xlsx"), says="the folder does not exist"
    )
    desk.refused(UNUSABLE, "init", str(exists / "event.xlsx"), says="the folder does not exist")
    desk.refused(USAGE, "sample", "huge", str(tmp_path / "x.xlsx"), says="huge")
    desk.refused(USAGE, "sample", "small", str(tmp_path / "x.xlsx"), "--seed", "x", says="--seed")
    folder = tmp_path / "folder.xlsx"
    folder.mkdir()
    desk.refused(RULE, "init", str(folder), says="already exists")
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
        (b"event = ['a']", "event"),
        (b"cache = 'perhaps'", "cache"),
        (b"\xff\xfe", "ticketops.toml"),
        (b"user = 'a' # \x00", "ticketops.toml"),
        (b'workbook = "a\\u0000b.xlsx"', ""),
    ],
)
def test_bad_settings(desk: Refusing, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "ticketops.toml").write_bytes(content)
    desk.refused(USAGE, "status", says=says)


def test_bad_settings_from_the_environment(desk: Refusing, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("LOCK_TIMEOUT", "soon"),
        ("LOCK_TIMEOUT", "inf"),
        ("BACKUPS", "many"),
        ("BACKUPS", "-1"),
        ("CACHE", "maybe"),
    ):
        monkeypatch.setenv(f"TICKETOPS_{name}", value)
        desk.refused(USAGE, "status", "-w", str(desk.path), says=f"TICKETOPS_{name}")
        monkeypatch.delenv(f"TICKETOPS_{name}")

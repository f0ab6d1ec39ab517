"""`sale|purchase add --csv` with files of other countries: read as they were meant, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Result, Runner

HEADER = "match;category;qty;unit_price"


def records(path: Path, sheet: str) -> list[dict[str, Any]]:
    """The rows of a ledger by header."""
    book = openpyxl.load_workbook(path, read_only=True)
    rows = list(book[sheet].iter_rows(values_only=True))
    book.close()
    at = next(i for i, row in enumerate(rows) if "Price" in row)
    return [dict(zip(rows[at], row, strict=False)) for row in rows[at + 1 :] if any(row)]


@pytest.fixture
def sell(in_process: Runner, empty: Path, tmp_path: Path) -> Any:
    """Sell the lines of a file."""

    def command(text: str, *more: str) -> Result:
        file = tmp_path / "lines.csv"
        file.write_bytes(text.encode())
        return in_process(
            "sale", "add", "--client", "A", "--csv", str(file), *more, "-w", str(empty)
        )

    return command


@pytest.mark.parametrize(
    ("text", "prices", "currency"),
    [
        (f"{HEADER}\nM01;Cat 1;2;350,00\n", [350], "USD"),
        (f"{HEADER}\nM01;Cat 1;2;1.350,50\nM01;Cat 1;1;1 350\n", [1350.5, 1350], "USD"),
        (f"{HEADER}\nM01;Cat 1;2;350,00 €\n", [350], "EUR"),
        (f"{HEADER};total\nM01;Cat 1;2;350,00 €;700,00 €\n", [350], "EUR"),
        (f"sep=;\n{HEADER}\nM01;Cat 1;2;350\n", [350], "USD"),
        (f"\ufeffsep=;\r\n{HEADER}\r\nM01;Cat 1;2;1.350,00\r\n", [1350], "USD"),
        ('"SEP=,"\nmatch,category,qty,unit_price\nM01,Cat 1,2,350.5\n', [350.5], "USD"),
        ("sep=\t\nmatch\tcategory\tqty\tunit_price\nM01\tCat 1\t2\t3,50\n", [3.5], "USD"),
        ("sep=|\nmatch|category|qty|unit_price\nM01|Cat 1|2|3,50\n", [3.5], "USD"),
    ],
)
def test_taken(sell: Any, empty: Path, text: str, prices: list[float], currency: str) -> None:
    done = sell(text)
    assert done.code == 0, done.err
    rows = records(empty, "Sales")
    assert [row["Price"] for row in rows] == prices
    assert {row["Currency"] for row in rows} == {currency}


@pytest.mark.parametrize(
    ("text", "more", "says"),
    [
        (f"{HEADER}\nM01;Cat 1;2;5\nM01;Cat 1;2;1.350\n", (), "line 3: '1.350' is ambiguous"),
        (f"{HEADER}\nM01;Cat 1;2;1,350\n", (), "line 2: '1,350' is ambiguous"),
        (f"sep=;\n{HEADER}\nM01;Cat 1;2;1.350\n", (), "line 3: '1.350' is ambiguous"),
        ("match,category,qty,unit_price\nM01,Cat 1,2,1.350\n", (), "line 2: '1.350' is ambiguous"),
        (f"{HEADER}\nM01;Cat 1;2;350 €\n", ("--currency", "USD"), "currency is 'EUR'"),
        (f"{HEADER};currency\nM01;Cat 1;2;350 €;USD\n", (), "its currency USD"),
        (f"{HEADER};total\nM01;Cat 1;2;350 €;700 $\n", (), "its currency EUR"),
        ("sep=;\n", (), "is empty"),
    ],
)
def test_refused(sell: Any, empty: Path, text: str, more: tuple[str, ...], says: str) -> None:
    before = empty.read_bytes()
    done = sell(text, *more)
    assert done.code == 3, done.out
    assert says in done.err
    assert empty.read_bytes() == before


def test_three_decimals_in_an_option(in_process: Runner, empty: Path) -> None:
    words = ("sale", "add", "--client", "A", "-w", str(empty), "--line")
    done = in_process(*words, "M01:Cat 1:2@1.234")
    assert done.code == 2
    assert "ambiguous, 1234 or 1.234" in done.err
    assert in_process(*words, "M01:Cat 1:2@1.23").code == 0


DATED = "match,category,qty,unit_price,date\n"


@pytest.mark.parametrize(
    ("dates", "more", "days"),
    [
        (["03/04/2026", "17/04/2026"], (), ["2026-04-03", "2026-04-17"]),
        (["03/04/2026", "04/17/2026"], (), ["2026-03-04", "2026-04-17"]),
        (["03/04/26"], ("--dates", "dmy"), ["2026-04-03"]),
        (["03/04/26"], ("--dates", "MDY"), ["2026-03-04"]),
        (["03.04.2026", "2026-03-04"], (), ["2026-04-03", "2026-03-04"]),
    ],
)
def test_dates(
    sell: Any, empty: Path, dates: list[str], more: tuple[str, ...], days: list[str]
) -> None:
    done = sell(DATED + "".join(f"M01,Cat 1,1,5,{one}\n" for one in dates), *more)
    assert done.code == 0, done.err
    assert [f"{row['Date']:%Y-%m-%d}" for row in records(empty, "Sales")] == days


@pytest.mark.parametrize(
    ("dates", "more", "says"),
    [
        (
            ["2026-04-17", "03/04/2026"],
            (),
            "line 3: --date '03/04/2026' can be 2026-04-03 or 2026-03-04",
        ),
        (["17/04/2026", "04/17/2026"], (), "line 3: --date '04/17/2026' is not a date"),
        (["04/17/2026"], ("--dates", "dmy"), "line 2: --date '04/17/2026' is not a date"),
    ],
)
def test_dates_that_are_refused(
    sell: Any, empty: Path, dates: list[str], more: tuple[str, ...], says: str
) -> None:
    done = sell(DATED + "".join(f"M01,Cat 1,1,5,{one}\n" for one in dates), *more)
    assert done.code == 3
    assert says in done.err
    assert records(empty, "Sales") == []


def test_the_setting_decides(in_process: Runner, empty: Path, tmp_path: Path) -> None:
    words = ("purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:1@5")
    words = (*words, "--date", "03/04/2026", "-w", str(empty))
    refused = in_process(*words)
    assert refused.code == 2
    assert "--date '03/04/2026' can be 2026-04-03 or 2026-03-04" in refused.err
    assert in_process(*words, "--dates", "ymd").code == 2
    (tmp_path / "ticketops.toml").write_text('dates = "mdy"')
    assert in_process(*words, cwd=tmp_path).code == 0
    assert in_process(*words, "--dates", "dmy", cwd=tmp_path).code == 0
    days = [f"{row['Date']:%Y-%m-%d}" for row in records(empty, "Purchases")]
    assert days == ["2026-03-04", "2026-04-03"]
    wrong = in_process(*words, env={"TICKETOPS_DATES": "american"})
    assert "TICKETOPS_DATES can't be 'american'" in wrong.err


def test_every_line_that_is_wrong_is_said(sell: Any, empty: Path) -> None:
    before = empty.read_bytes()
    lines = ("1;5", "0;5", "2;abc", "2;1.350", "0;6", "0;7", ";5")
    done = sell(f"{HEADER}\n" + "".join(f"M01;Cat 1;{one}\n" for one in lines))
    assert done.code == 3
    for says in (
        "line 3: 0 tickets: a line must have 1 to 100,000 (and lines 6, 7);",
        "line 4: 'abc' is not an amount",
        "line 5: '1.350' is ambiguous",
        "line 8: qty is empty",
    ):
        assert says in done.err
    assert "line 2" not in done.err
    assert empty.read_bytes() == before


def test_a_file_of_faults_is_said_in_short(sell: Any) -> None:
    done = sell(f"{HEADER}\n" + "".join(f"M01;Cat 1;1;x{one}\n" for one in range(500)))
    assert "line 21: 'x19' is not an amount" in done.err
    assert done.err.rstrip().endswith("; and 480 more lines (nothing was taken from it)")


def test_all_that_is_wrong_with_a_line_is_said(sell: Any) -> None:
    done = sell(f"{HEADER};date;currency\nM01;;0;x;03/04/2026;GBP\n")
    assert done.code == 3
    for says in ("category is empty", "0 tickets", "'x' is not", "2026-03-04", "'GBP'"):
        assert f"line 2: {says}" in done.err or says in done.err
    assert done.err.count("line 2: ") == 5

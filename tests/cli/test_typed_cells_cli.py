"""Dates and numbers that somebody typed as text into the workbook are read by the rule of files: what
can be read two ways is said, never obeyed (D16)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.workbooks import type_into
from tests.conftest import Runner

SALE = {"B": "M01", "D": "Meridian Travel", "F": "Cat 1", "G": 1, "H": 5}


@pytest.fixture
def sold(empty: Path) -> Any:
    """Type sales into the workbook: {column: value} each, over a sale that is right."""

    def typed(*rows: dict[str, Any]) -> Path:
        cells = {
            f"{column}{row}": value
            for row, own in enumerate(rows, start=2)
            for column, value in (SALE | own).items()
        }
        type_into(empty, "Sales", **cells)
        return empty

    return typed


def headers(path: Path, sheet: str) -> dict[str, str]:
    book = openpyxl.load_workbook(path)
    return {str(cell.value): cell.column_letter for cell in book[sheet][1]}


def test_the_sheet_is_laid_out_as_the_tests_type(empty: Path) -> None:
    at = headers(empty, "Sales")
    names = ("Date", "M No.", "Client", "Category", "Number", "Price")
    assert {at.get(name) for name in names if name in at} <= {"A", *SALE}


def findings(done: Any, code: str) -> list[str]:
    return [found["message"] for found in done.json["findings"] if found["code"] == code]


def test_a_date_that_can_be_read_two_ways(in_process: Runner, sold: Any) -> None:
    path = sold({"A": "03/04/2026"})
    done = in_process("sale", "expand", "--json", "-w", str(path))
    (said,) = findings(done, "WRONG_TYPE")
    assert "Date '03/04/2026' can be 2026-04-03 or 2026-03-04: the setting dates" in said
    book = openpyxl.load_workbook(path)
    assert book["Sales"]["A2"].value == "03/04/2026"
    row = [cell.value for cell in book["Distribution"][3]]
    assert not [
        value
        for value in row
        if isinstance(value, datetime) and value.year == 2026 and value.month in (3, 4)
    ]
    assert any(
        "can be" in text
        for text in findings(in_process("doctor", "--json", "-w", str(path)), "WRONG_TYPE")
    )


@pytest.mark.parametrize(
    ("setting", "other", "day"),
    [
        ("dmy", None, datetime(2026, 4, 3)),
        ("mdy", None, datetime(2026, 3, 4)),
        ("", "17/04/2026", datetime(2026, 4, 3)),
        ("", "04/17/2026", datetime(2026, 3, 4)),
    ],
)
def test_the_setting_or_another_row_decides(
    in_process: Runner, sold: Any, setting: str, other: str | None, day: datetime
) -> None:
    path = sold({"A": "03/04/2026"}, *([{"A": other}] if other else []))
    undecided = in_process("sale", "list", "--json", "-w", str(path))
    assert undecided.code in (0, 1)
    done = in_process("sale", "expand", "--json", "-w", str(path), env={"TICKETOPS_DATES": setting})
    assert findings(done, "WRONG_TYPE") == []
    book = openpyxl.load_workbook(path)
    values = [cell.value for cell in book["Distribution"][3]]
    assert day in values
    assert book["Sales"]["A2"].value == "03/04/2026"


def test_another_setting_is_another_table(in_process: Runner, sold: Any) -> None:
    """What was read under one setting is not served under another."""
    path = sold({"A": "03/04/2026"})
    for setting, count in (("dmy", 0), ("", 1), ("mdy", 0), ("", 1)):
        done = in_process("doctor", "--json", "-w", str(path), env={"TICKETOPS_DATES": setting})
        assert len(findings(done, "WRONG_TYPE")) == count, setting


@pytest.mark.parametrize(
    ("column", "text", "says"),
    [
        ("H", "1.350", "Price '1.350' is text and ambiguous, 1350 or 1.35: type it as a number"),
        ("H", "2.000", "2000 or 2.0"),
        ("H", "1,350", "'1,350' is not understood"),
    ],
)
def test_a_number_that_can_be_read_two_ways(
    in_process: Runner, sold: Any, column: str, text: str, says: str
) -> None:
    path = sold({column: text})
    done = in_process("sale", "expand", "--json", "-w", str(path))
    (said,) = findings(done, "WRONG_TYPE")
    assert says in said
    assert openpyxl.load_workbook(path)["Sales"][f"{column}2"].value == text


@pytest.mark.parametrize("text", ["1350", "135.5", "1.35", "1350.00", "0.125", "1350.125"])
def test_numbers_as_text_that_are_certain(in_process: Runner, sold: Any, text: str) -> None:
    done = in_process("sale", "expand", "--json", "-w", str(sold({"H": text})))
    assert findings(done, "WRONG_TYPE") == []


def test_a_quantity_of_1_000_as_text_is_neither_one_nor_a_thousand(
    in_process: Runner, sold: Any
) -> None:
    path = sold({"G": "1.000"})
    in_process("sale", "expand", "-w", str(path))
    book = openpyxl.load_workbook(path)
    assert book["Distribution"].max_row <= 2 or book["Distribution"]["A3"].value is None


@pytest.mark.slow
def test_deadlines_and_zones_that_are_not_understood(in_process: Runner, small: Path) -> None:
    cells = {
        "F2": "13:00 ET",
        "K1": "DispatchDeadline",
        "K3": "2026-06-08 14:30 CEST",
        "K4": "03/04/2026 14:30",
        "K5": "2026-06-08 14:30 UTC-6",
        "K6": datetime(2026, 6, 8, 14, 30),
        "B7": "05/06/2026",
    }
    type_into(small, "Schedule WC2026", **cells)
    for words in (("dispatch", "status"), ("doctor",)):
        done = in_process(*words, "--json", "-w", str(small))
        told = {
            found["row"]: found["message"]
            for found in done.json["findings"]
            if found["sheet"] == "Schedule WC2026"
            and found["code"] in ("UNKNOWN_ZONE", "UNKNOWN_TIME", "WRONG_TYPE")
        }
        assert set(told) == {2, 3, 4, 7}, words
        assert "the zone 'ET' is not understood; write its offset" in told[2]
        assert "the zone 'CEST' is not understood" in told[3]
        assert "can be 2026-04-03 or 2026-03-04" in told[4]
        assert "can be 2026-06-05 or 2026-05-06" in told[7]


def test_an_offset_in_a_deadline_is_one_moment(in_process: Runner, small: Path) -> None:
    """On the clock of the venue where the match's Time says which that is."""
    type_into(
        small,
        "Schedule WC2026",
        F2="13:00 UTC-6",
        K1="DispatchDeadline",
        K2="2020-06-08 20:30 UTC+0",
    )
    done = in_process("dispatch", "status", "--json", "-w", str(small))
    due = {row["deadline"] for row in done.json["result"]["today"] if row["match"] == "M01"}
    assert due == {"2020-06-08T14:30:00"}


def test_a_row_that_decided_no_longer_does(in_process: Runner, sold: Any) -> None:
    """What another row decided is read anew after each commit, not remembered."""
    path = sold({"A": "03/04/2026"}, {"A": "17/04/2026", "D": "Zebra Tours"})
    assert in_process("sale", "expand", "-y", "-w", str(path)).code in (0, 1)
    assert findings(in_process("doctor", "--json", "-w", str(path)), "WRONG_TYPE") == []
    done = in_process(
        *("sale", "cancel", "S2", "--confirm", "UNDO", "--reason", "gone", "-w", str(path))
    )
    assert done.code in (0, 1), done.err
    type_into(path, "Sales", A3=datetime(2026, 4, 17))
    assert len(findings(in_process("doctor", "--json", "-w", str(path)), "WRONG_TYPE")) == 1

"""What `expand` says of a row is what it does: a row of Sales or Purchases that is not understood
makes nothing, and what was made of it stays (D16, D17)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.workbooks import done, type_into
from tests.conftest import Runner
from ticketops.schema.layouts.event import SCHEDULE

WRONG = [
    ("Mexico vs South Africa", "Cat 1", "did you mean M01 Mexico vs South Africa?"),
    ("M01", "CAT1", "did you mean Cat 1?"),
    ("M999", "Cat 1", "is not understood"),
]


def column(path: Path, sheet: str, header: str, first: int) -> list[Any]:
    ws = openpyxl.load_workbook(path)[sheet]
    at = next(cell.column for cell in ws[first - 1] if cell.value == header)
    values = [ws.cell(row, at).value for row in range(first, ws.max_row + 1)]
    return [value for value in values if value is not None]


@pytest.fixture
def book(empty: Path) -> Path:
    type_into(empty, SCHEDULE, C2="M01", D2="Mexico vs South Africa")
    return empty


@pytest.mark.parametrize(("match", "category", "says"), WRONG)
def test_a_typed_row_that_is_not_understood_makes_nothing(
    in_process: Runner, book: Path, match: str, category: str, says: str
) -> None:
    type_into(book, "Sales", B2=match, D2="Acme", F2=category, G2=2, H2=5)
    type_into(book, "Purchases", B2=match, D2="Ann", F2=category, G2=2, H2=5)
    at = ("--json", "-w", str(book))
    for group, sheet, first in (("sale", "Distribution", 3), ("purchase", "_PURCHASE_UNITS", 2)):
        result = done(in_process(group, "expand", *at), 1).json
        (told,) = [f["message"] for f in result["findings"] if f["code"] == "UNKNOWN_VALUE"]
        assert says in told
        assert "the row is skipped until the cell is corrected" in told
        assert set(result["changes"]) <= {"Sales", "Purchases"}  # the Game of a match that is known
        assert column(book, sheet, "UnitID" if group == "purchase" else "ID", first) == []
    type_into(book, "Sales", B2="M01", F2="Cat 1")
    type_into(book, "Purchases", B2="M01", F2="Cat 1")
    for group in ("purchase", "sale"):
        findings = in_process(group, "expand", *at).json["findings"]
        assert {f["severity"] for f in findings} == {"INFO"}
    assert column(book, "Distribution", "ID", 3) == ["S1-1", "S1-2"]
    assert column(book, "_PURCHASE_UNITS", "UnitID", 2) == ["P00001", "P00002"]


@pytest.mark.parametrize(("match", "category", "says"), WRONG)
def test_what_was_made_of_a_row_stays_until_it_is_understood_again(
    in_process: Runner, book: Path, match: str, category: str, says: str
) -> None:
    at = ("--json", "-w", str(book))
    line = ("--line", "Cat 1:2@9")
    done(
        in_process(
            "purchase", "add", "--match", "M01", "--vendor", "Ann", "--contract", "1", *line, *at
        )
    )
    done(in_process("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:2@9", *at))
    type_into(book, "Sales", B2=match, F2=category, G2=3)
    type_into(book, "Purchases", B2=match, F2=category, G2=3)
    for command in (("sale", "expand"), ("purchase", "expand"), ("recon", "run")):
        result = done(in_process(*command, *at), 1).json
        assert says in " ".join(f["message"] for f in result["findings"])
    assert column(book, "Distribution", "Category", 3) == ["Cat 1"] * 2
    assert column(book, "_PURCHASE_UNITS", "Category", 2) == ["Cat 1"] * 2
    assert in_process("sale", "set", "S1", "--qty", "4", "--reason", "more", *at).code == 4

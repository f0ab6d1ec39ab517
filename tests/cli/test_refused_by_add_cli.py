"""`expand` says what `add` would refuse of Number and Price; what can't be read equals nothing (D16)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.workbooks import type_into
from tests.conftest import Runner

ROW = {"A": "2026-03-01", "B": "M01", "D": "Acme", "E": "c1", "F": "Cat 1", "G": 1, "H": 99}


def typed(path: Path, sheet: str, *rows: dict[str, Any]) -> None:
    cells = {
        f"{column}{row}": value
        for row, own in enumerate(rows, start=2)
        for column, value in (ROW | own).items()
    }
    type_into(path, sheet, **cells)


@pytest.mark.parametrize(("group", "sheet"), [("sale", "Sales"), ("purchase", "Purchases")])
@pytest.mark.parametrize(
    ("cells", "code", "says"),
    [
        ({"H": None}, "MISSING_VALUE", "row 2: Price is blank"),
        ({"H": "$99"}, "WRONG_TYPE", "row 2: Price '$99' is not understood; type a number"),
        ({"H": "99 USD"}, "WRONG_TYPE", "row 2: Price '99 USD' is not understood"),
        ({"H": -5}, "BAD_PRICE", "row 2: Price is -5.00: write 0 or more"),
        ({"G": 0}, "BAD_QUANTITY", "row 2: Number is 0: write 1 to 100,000"),
        ({"G": -2}, "BAD_QUANTITY", "must be a whole number from 0 to 100,000"),
        ({"G": None}, "BAD_QUANTITY", "must be a whole number from 0 to 100,000"),
    ],
)
def test_number_and_price(
    in_process: Runner,
    empty: Path,
    group: str,
    sheet: str,
    cells: dict[str, Any],
    code: str,
    says: str,
) -> None:
    typed(empty, sheet, cells)
    done = in_process(group, "expand", "--json", "-w", str(empty))
    assert done.code == 1
    (said,) = [f["message"] for f in done.json["findings"] if f["code"] == code]
    assert says in said


def test_what_many_rows_lack_is_counted(in_process: Runner, empty: Path) -> None:
    typed(empty, "Sales", *[{"H": None, "E": f"c{row}"} for row in range(25)])
    done = in_process("sale", "expand", "--json", "-w", str(empty))
    said = [f["message"] for f in done.json["findings"] if f["code"] == "MISSING_VALUE"]
    assert len(said) == 21
    assert "5 more rows whose Price is blank" in said


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        ({"H": "$99"}, {"H": "$98"}, None),
        ({"H": "99 USD"}, {"H": "99,-"}, None),
        ({"A": "31/06/2026"}, {"A": "32/06/2026"}, None),
        ({"H": "$99"}, {"H": 99}, "S2 and S3"),
        ({"G": 2}, {"H": 99}, "S2 and S3"),
    ],
)
def test_what_cannot_be_read_equals_nothing(
    in_process: Runner, empty: Path, one: dict[str, Any], other: dict[str, Any], named: str | None
) -> None:
    """A third sale agrees with the second one in some; only those that agree are named."""
    typed(empty, "Sales", one, other, {"E": "other"} if named is None else {})
    at = ("--json", "-w", str(empty))
    for command in (("sale", "expand"), ("recon", "run")):
        findings = in_process(*command, *at).json["findings"]
        said = [f["message"] for f in findings if f["code"] == "POSSIBLE_DOUBLE"]
        assert [message.split(" have ")[0] for message in said] == ([named] if named else [])

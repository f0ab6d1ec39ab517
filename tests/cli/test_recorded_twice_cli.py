"""The same sale or purchase recorded twice is said, with the first one's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Runner

CODE = "RECORDED_TWICE"


@pytest.fixture
def buy(in_process: Runner, empty: Path) -> Any:
    def command(
        line: str = "Cat 1:1@10", vendor: str = "Viagogo", contract: str = "000777", *more: str
    ) -> Result:
        words = ("--match", "M1", "--vendor", vendor, "--contract", contract, "--line", line)
        return in_process("purchase", "add", *words, *more, "--json", "-w", str(empty))

    return command


@pytest.fixture
def sell(in_process: Runner, empty: Path) -> Any:
    def command(client: str = "Anna", po: str = "PO-77", *more: str) -> Result:
        words = ("--client", client, "--po", po, "--line", "M1:Cat 1:1@5")
        return in_process("sale", "add", *words, *more, "--json", "-w", str(empty))

    return command


def said(result: Result) -> list[dict[str, Any]]:
    """The findings about what already exists; they decide the exit code here."""
    found = [one for one in result.json["findings"] if one["code"] == CODE]
    assert all(one["severity"] == "LOW" for one in found)
    return found


def test_the_same_purchase(buy: Any) -> None:
    first = buy()
    assert (first.code, said(first)) == (0, [])
    second = buy(vendor="viagogo ")
    assert second.code == 1
    assert [(one["sheet"], one["row"]) for one in said(second)] == [("Purchases", 3)]
    assert f"{first.json['result']['purchase_ids'][0]} in row 2" in said(second)[0]["message"]
    assert said(buy("Cat 1:1@10", "Viagogo", "000777", "--again")) == []


@pytest.mark.parametrize(
    "other",
    [
        ("Cat 1:2@10",),
        ("Cat 1:1@11",),
        ("Cat 2:1@10",),
        ("Cat 1:1@10", "Eventim"),
        ("Cat 1:1@10", "Viagogo", "777"),
        ("Cat 1:1@10", "Viagogo", "000777", "--match", "M2"),
    ],
)
def test_another_purchase(buy: Any, other: tuple[str, ...]) -> None:
    assert buy().code == 0
    done = buy(*other)
    assert (done.code, said(done)) == (0, [])


def test_without_a_contract_nothing_is_known(buy: Any) -> None:
    for _ in range(2):
        assert buy(contract="").code == 0


def test_a_purchase_file_taken_twice(in_process: Runner, empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "bought.csv"
    file.write_text(
        "match,category,qty,unit_price,contract\n"
        "M01,Cat 1,2,10,7\nM01,Cat 2,2,10,7\nM02,Cat 1,2,10.00,8\nM02,Cat 3,2,10,\n"
    )
    words = ("purchase", "add", "--vendor", "V", "--csv", str(file), "--json", "-w", str(empty))
    assert said(in_process(*words)) == []
    found = said(in_process(*words))
    assert len(found) == 2
    assert "in row 2 (and 1 more)" in found[0]["message"]
    assert "in row 4:" in found[1]["message"]


def test_the_same_sale(sell: Any, in_process: Runner, empty: Path) -> None:
    assert said(sell()) == []
    second = sell(" anna", "po-77")
    found = said(second)
    assert [(one["sales_id"], one["row"]) for one in found] == [("S2", 3)]
    assert "S1 in row 2" in found[0]["message"]
    assert said(sell("Anna", "PO-77", "--again")) == []
    assert said(sell("Anna", "PO-78")) == []
    assert said(sell("Zebra", "PO-77")) == []
    assert said(sell("Anna", "")) == said(sell("Anna", "")) == []


def test_a_sale_that_ended_can_be_made_anew(sell: Any, in_process: Runner, empty: Path) -> None:
    assert said(sell()) == []
    ended = in_process(
        "sale", "cancel", "S1", "--reason", "x", "--confirm", "UNDO", "-w", str(empty)
    )
    assert ended.code == 0, ended.err
    assert said(sell()) == []


def test_the_lines_of_one_order_share_its_po(in_process: Runner, empty: Path) -> None:
    lines = ("--line", "M1:Cat 1:1@5", "--line", "M1:Cat 1:1@5")
    words = ("sale", "add", "--client", "Anna", "--po", "7", *lines, "--json", "-w", str(empty))
    assert said(in_process(*words)) == []
    assert len(said(in_process(*words))) == 1

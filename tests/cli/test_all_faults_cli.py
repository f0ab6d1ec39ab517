"""All that is wrong with a file is said in one run: each with its line, its value and what was meant
perhaps (§3 step 2, §4 step 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Runner

Add = Any
UNUSABLE, RULE = 3, 4


@pytest.fixture
def add(in_process: Runner, small: Path, tmp_path: Path) -> Add:
    def command(group: str, text: str, *more: str) -> Result:
        file = tmp_path / "lines.csv"
        file.write_text(text)
        before = small.read_bytes()
        done = in_process(group, "add", "--csv", str(file), *more, "-w", str(small))
        assert (small.read_bytes() == before) == (done.code != 0)
        return done

    return command


SALES = """Client;Match;Category;Qty;Price;Currency;Date
Meridian Travel;M01;CAT1;2;100;USD;2026-03-01
Meridian Travel;M105;Cat 2;1;50;USD;2026-03-01
;M02;Cat 2;x;50;GBP;tomorrow
Zebra Tours;M02;Kat 2;0;-3;USD;2026-03-01
Zebra Tours;;Cat 9;1;90;USD;2026-03-01
Zebra Tours;M03;Cat 3;1;90;USD;2026-03-01
"""


def test_faults_of_cells_matches_and_categories_together(add: Add) -> None:
    done = add("sale", SALES)
    assert done.code == UNUSABLE
    assert done.err.count("\n") == 1
    for says in (
        "lines.csv line 2: M01 has no category 'CAT1' (did you mean Cat 1?)",
        "line 3: the schedule has no match M105 (it has M01 to M104; `ticketops schedule add M105` adds one)",
        "line 4: the currency must be one of USD, EUR, not 'GBP'",
        "line 4: client is empty",
        "line 4: 'x' is not a whole number of tickets",
        "line 4: --date 'tomorrow' is not a date",
        "line 5: 0 tickets: a line must have 1 to 100,000",
        "line 5: M02 has no category 'Kat 2' (did you mean Cat 2?)",
        "line 6: match is empty",
        "line 6: no match has a category 'Cat 9' (there are Top Cat 1",
    ):
        assert says in done.err, done.err
    assert "line 7" not in done.err


def test_the_same_of_purchases(add: Add) -> None:
    text = "match,vendor,category,qty,price\nM01,Viagogo,CAT1,1,5\nM999,Viagogo,Cat 2,1,5\nM01,,Cat 1,0,5\n"
    done = add("purchase", text)
    assert done.code == UNUSABLE
    for says in ("line 2: M01 has no category 'CAT1'", "line 3: the schedule", "line 4: 0 tickets"):
        assert says in done.err


def test_faults_of_one_kind_keep_its_exit_code(add: Add) -> None:
    """A category that a match does not have is a rule, whether once or twice."""
    head = "client,match,category,qty,price\n"
    assert add("sale", head + "Anna,M01,CAT1,1,5\n").code == RULE
    assert add("sale", head + "Anna,M01,CAT1,1,5\nAnna,M02,CAT2,1,5\n").code == RULE
    done = add("sale", head + "Anna,M01,CAT1,1,5\nAnna,M01,CAT1,2,7\n", "--json")
    assert done.code == RULE
    error = done.json["error"]
    assert error["message"].endswith("line 2: M01 has no category 'CAT1' (and line 3)")
    assert error["hint"] == "did you mean Cat 1?"


def test_clients_that_are_not_clear_are_all_named(add: Add) -> None:
    head = "client,match,category,qty,price\n"
    assert (
        add("sale", head + "Meridian Travel,M01,Cat 1,1,5\nZebra Tours,M01,Cat 1,1,5\n").code == 0
    )
    done = add("sale", head + "Meridan Travel,M01,Cat 1,1,5\nZebra Tuors,M01,Cat 1,1,5\n", "--json")
    assert done.code == UNUSABLE
    error = done.json["error"]
    assert error["code"] == "UNCLEAR_NAME"
    assert "line 2: client 'Meridan Travel' is ambiguous" in error["message"]
    assert "did you mean Zebra Tours?" in error["message"]


def test_what_contradicts_options_and_orders_is_named_too(add: Add) -> None:
    text = (
        "order,client,match,category,qty,price,currency,payment\n"
        "1,Anna,M01,Cat 1,1,5,USD,PAID\n"
        "1,Bert,M01,Cat 1,1,5,EUR,PAID\n"
        "2,Carla,M01,Cat 1,1,5,USD,SOON\n"
        "3,Dora,M01,CAT1,1,5,USD,PAID\n"
    )
    done = add("sale", text, "--currency", "USD")
    assert done.code == UNUSABLE
    for says in (
        "line 3: its currency is 'EUR', but the option says 'USD'",
        "line 4: --payment must be one of PENDING, INVOICED, PAID, not 'SOON'",
        "line 5: M01 has no category 'CAT1'",
    ):
        assert says in done.err
    done = add("sale", text.replace("SOON", "PAID").replace("EUR", "USD"))
    assert "line 3: order 1 has two values of client: 'Anna' and 'Bert'" in done.err
    assert "line 5" in done.err


def test_the_lines_of_options_are_all_judged(in_process: Runner, small: Path) -> None:
    lines = ("--line", "M01:CAT1:1@5", "--line", "M105:Cat 1:1@5", "--line", "M02:Cat 1:1@5")
    done = in_process("sale", "add", "--client", "Anna", *lines, "-w", str(small))
    assert done.code == UNUSABLE
    assert "M01 has no category 'CAT1' (did you mean Cat 1?); the schedule has no match" in done.err

"""`status` against the commands that are about its figures, on workbooks in which they differ from
the naive count."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Runner

MANAGER = {"TICKETOPS_ROLE": "ops_manager", "TICKETOPS_USER": "anna"}


@pytest.fixture
def at(in_process: Runner, empty: Path) -> Any:
    """M01 Cat 1: 4 units of Ann (a supplier) and 4 of Viagogo; Acme bought 3, Bee 2, both
    allocated."""

    def run(*words: str, codes: tuple[int, ...] = (0, 1)) -> Any:
        done = in_process(*words, "-w", str(empty), "--json", env=MANAGER)
        assert done.code in codes, done.out + done.err
        return done.json["result"]

    for vendor in ("Ann", "Viagogo"):
        run("purchase", "add", "--match", "M01", "--vendor", vendor, "--line", "Cat 1:4@10")
    run("supplier", "map", "ANN", "--vendor", "Ann")
    run("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:3@50")
    run("sale", "add", "--client", "Bee", "--line", "M01:Cat 1:2@50")
    run("allocate", "commit", "S1", "--set", "PR0001-S01")
    run("allocate", "commit", "S2", "--set", "PR0002-S01")
    return run


def type_guest(path: Path, sales_ids: set[str], **cells: str) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["Distribution"]
    places = {cell.value: cell.column for cell in sheet[2]}
    for row in range(3, sheet.max_row + 1):
        if sheet.cell(row, places["ID"]).value in sales_ids:
            for header, value in cells.items():
                sheet.cell(row, places[header.replace("_", " ")], value)
    book.save(path)


def test_who_sends_and_whose_guest_is_missing(at: Any, empty: Path) -> None:
    type_guest(empty, {"S1-1", "S1-2", "S2-1"}, Client_Email="g@guest.example")
    type_guest(empty, {"S2-2"}, First_name="Ann")
    waits, dispatch = at("status")["waiting"], at("dispatch", "status")
    assert (waits["staff_to_send"], waits["supplier_to_send"]) == (1, 2)
    assert waits["ready_to_send"] == dispatch["total"]["to_send"] == 3
    assert waits["guest_details_missing"] == dispatch["total"]["no_guest"] == 2
    assert at("staff", "queue")["ready"] == waits["staff_to_send"]


@pytest.mark.parametrize("mode", ["FULLY_AUTO", "SEMI_AUTO", "SUGGEST"])
def test_what_allocate_auto_would_serve(at: Any, mode: str) -> None:
    at("sale", "add", "--client", "Cee", "--line", "M01:Cat 1:2@50")
    at("policy", "set", "--mode", mode)
    promised = at("status")["waiting"]["servable"]
    assert promised == (0 if mode == "SUGGEST" else 2)
    assert at("allocate", "auto")["units"] == promised
    assert at("status")["waiting"]["servable"] == 0


def test_what_its_policy_keeps_is_not_promised(at: Any) -> None:
    at("sale", "add", "--client", "Cee", "--line", "M01:Cat 1:2@50")
    at("policy", "set", "--min-margin", "95")
    status = at("status")
    assert status["waiting"]["servable"] == 0
    assert "allocate auto" not in [action["command"] for action in status["actions"]]
    assert at("allocate", "auto")["units"] == 0


@pytest.mark.slow
def test_every_next_command_runs_as_it_is_printed(at: Any, in_process: Runner, empty: Path) -> None:
    at("sale", "add", "--client", "Dee", "--line", "M01:Cat 2:9@50")
    at("sale", "add", "--client", "Cee", "--line", "M01:Cat 1:1@50")
    type_guest(empty, {"S1-1", "S2-1"}, Client_Email="g@guest.example")
    type_guest(empty, {"S1-2"}, Delivery="ISSUE")
    at("sale", "cancel", "S2-2", "--confirm", "UNDO", "--reason", "x")
    printed = in_process("status", "-w", str(empty), env=MANAGER).out.splitlines()
    first = next(number for number, line in enumerate(printed) if line.startswith("Next"))
    commands = [
        line.split("  ")[0] for line in printed[first + 1 :] if line.startswith("ticketops")
    ]
    assert len(commands) >= 5
    for line in commands:
        words = shlex.split(line)[1:]
        words += ["-n"] if "auto" in words else []
        assert in_process(*words, env=MANAGER, cwd=empty.parent).code in (0, 1), line
    named = in_process("status", env=MANAGER | {"TICKETOPS_WORKBOOK": str(empty)}).out
    assert f" -w {empty}" not in named, "the settings name the workbook"


def test_the_true_shortage_stands_first(at: Any, in_process: Runner, empty: Path) -> None:
    at("sale", "add", "--client", "Dee", "--line", "M01:Cat 2:9@50")
    at("sale", "approve", "S3", "--reason", "x", codes=(0, 1, 4))
    out = in_process("status", "-w", str(empty), env=MANAGER).out
    assert out.splitlines()[1].split("  ")[0] == "True shortage"
    assert "Oversold: open tickets (allocated ones included) minus free units" in out


def test_units_that_cost_more_than_the_sale_brings_are_warned_of(
    at: Any, in_process: Runner, empty: Path
) -> None:
    at("sale", "add", "--client", "Cee", "--line", "M01:Cat 1:2@9.50")
    done = in_process("allocate", "commit", "S3", "-w", str(empty), "--json", env=MANAGER)
    warned = [f for f in done.json["findings"] if f["code"] == "NEGATIVE_MARGIN"]
    assert [(f["sales_id"], f["severity"]) for f in warned] == [("S3", "LOW")]
    assert "cost 1.00" in warned[0]["message"]
    assert done.code == 1

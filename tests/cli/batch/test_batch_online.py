"""A batch on a Google Sheet: each line is read and written as outside; an atomic one is one
transaction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.online import Google

LINES = """\
purchase add --match M01 --vendor 'Ann Tickets' --line 'Cat 1:3@9'
sale add --client Zed --line 'M01:Cat 1:1@99' --new
sale set S1 --notes x
allocate commit S1
sale show S1
"""


@pytest.fixture
def online(google: Google, in_process: Runner, tmp_path: Path) -> Any:
    sheet = f"gsheet:{google.new()}"
    settings = {
        "TICKETOPS_WORKBOOK": sheet,
        "TICKETOPS_GOOGLE_KEY": str(google.key),
        "TICKETOPS_GOOGLE_API": google.server.url,
        "TICKETOPS_GOOGLE_BUDGET": "20",
        "TICKETOPS_STATE": str(tmp_path / "state"),
        "TICKETOPS_ROLE": "ops_manager",
        "TICKETOPS_USER": "olga",
    }

    def run(*words: str, stdin: str = "") -> Any:
        return in_process(*words, stdin=stdin, env=settings, cwd=tmp_path)

    return run


@pytest.mark.parametrize("options", [(), ("--atomic",)])
def test_lines_on_a_google_sheet(online: Any, options: tuple[str, ...]) -> None:
    done = online("batch", "-", "--json", *options, stdin=LINES)
    *said, last = map(json.loads, done.out.splitlines())
    assert [one["exit_code"] for one in said] == [0] * 5, done
    assert said[-1]["result"]["sale"]["notes"] == "x"
    assert last["result"]["done"] == 5
    shown = online("sale", "show", "S1", "--json").json["result"]
    assert (shown["sale"]["notes"], shown["sale"]["status"]) == ("x", "ALLOCATED")
    log = online("log", "--json").json["result"]["transactions"]
    assert len(log) == (1 if options else 4)
    if options:
        assert online("undo", "-y").code == 0
        assert online("sale", "list", "--json").json["result"]["sales"] == []


def test_an_atomic_batch_that_fails_writes_nothing_online(online: Any) -> None:
    done = online("batch", "-", "--atomic", stdin=f"{LINES}sale set S9 --notes x\n")
    assert done.code == 3
    assert online("sale", "list", "--json").json["result"]["sales"] == []
    assert online("log", "--json").json["result"]["transactions"] == []

"""Every command prints what its published schema says: all commands of the tree, on a workbook of
their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.dispatching import ANA
from tests.cli.tree import every_command
from tests.conftest import Runner
from tests.contract import problems
from tests.online import Google
from ticketops.cli.schemas import RESULTS

CONFIRMED = ["--confirm", "UNDO", "--reason", "x"]
OVERSOLD = ["sale", "add", "--client", "Zed", "--line", "M02:Cat 2:9@99"]
LOGIN = ["credentials", "add", "Dee", "--login", "d", "--password-stdin"]
SHEET = "SHEET"
"""Stands for a Google Sheet on the local server."""
EMPTY = "EMPTY"
"""Stands for one that holds nothing."""
PAID = ["sale", "set", "S4", "--payment", "PAID"]
EXAMPLES: dict[str, list[list[str]]] = {
    "status": [["status"]],
    "purchase add": [
        ["purchase", "add", "--match", "M02", "--vendor", "Ann Tickets", "--line", "Cat 2:3@9"]
    ],
    "purchase expand": [["purchase", "expand"]],
    "sale add": [["sale", "add", "--client", "Zed", "--line", "M02:Cat 2:1@99"], OVERSOLD],
    "sale expand": [["sale", "expand"]],
    "sale approve": [
        OVERSOLD,
        ["policy", "set", "--max-upgrade-gap", "1"],
        ["sale", "approve", "S6", "--reason", "x"],
    ],
    "sale reject": [OVERSOLD, ["sale", "reject", "S6", "--reason", "x"]],
    "sale upgrade": [
        ["sale", "upgrade", "S3"],
        ["sale", "upgrade", "S3", "--to", "Cat 1", "--price", "120", "--reason", "x"],
    ],
    "sale set": [
        ["sale", "set", "S1", "--payment", "PAID", "--notes", "n"],
        ["sale", "set", "S1", "--qty", "1", "--price", "90"],
        ["sale", "set", "S1", "--qty", "3"],
    ],
    "sale cancel": [["sale", "cancel", "S1-1", *CONFIRMED], ["sale", "cancel", "S4", *CONFIRMED]],
    "sale list": [["sale", "list"]],
    "sale show": [["sale", "show", "S3"]],
    "purchase list": [["purchase", "list"]],
    "purchase show": [["purchase", "show", "PR0001-S01"]],
    "unit list": [["unit", "list"]],
    "unit show": [["unit", "show", "P00001"]],
    "unit seat": [["unit", "seat", "P00001", "--seat", "99"]],
    "ticket list": [["ticket", "list", "--open"]],
    "refund list": [PAID, ["sale", "cancel", "S4", *CONFIRMED], ["refund", "list"]],
    "refund decide": [
        PAID,
        ["sale", "cancel", "S4", *CONFIRMED],
        ["refund", "decide", "S4", "--none", "--reason", "x"],
    ],
    "allocate log": [["allocate", "log"]],
    "allocate preview": [["allocate", "preview", "S3"], ["allocate", "preview", "S3", "--write"]],
    "allocate commit": [["allocate", "commit", "S3"]],
    "allocate auto": [
        ["allocate", "auto"],
        ["undo", "-y"],
        ["allocate", "auto", "--optimize", "--time-limit", "5"],
    ],
    "allocate process": [["allocate", "process"]],
    "allocate compare": [["allocate", "compare", "--time-limit", "5"]],
    "override unallocate": [
        ["override", "unallocate", "S2", *CONFIRMED],
        ["override", "unallocate", "--set", "PR0001-S01", *CONFIRMED],
    ],
    "override reset-seats": [["override", "reset-seats", "PR0001-S01", "--units", *CONFIRMED]],
    "override alloc-from": [
        ["override", "alloc-from", "S3", "Cat 1", *CONFIRMED],
        ["override", "alloc-from", "S3", "--clear", *CONFIRMED],
    ],
    "unit substitute": [["unit", "substitute", "P00001", *CONFIRMED]],
    "unit hold": [
        [
            "unit",
            "hold",
            "PR0001-S01:1",
            "--client",
            "Acme",
            "--until",
            "2099-12-31",
            "--reason",
            "x",
        ]
    ],
    "unit release": [
        [
            "unit",
            "hold",
            "PR0001-S01:1",
            "--client",
            "Acme",
            "--until",
            "2099-12-31",
            "--reason",
            "x",
        ],
        ["unit", "release", "PR0001-S01"],
    ],
    "unit holds": [
        [
            "unit",
            "hold",
            "PR0001-S01:1",
            "--client",
            "Acme",
            "--until",
            "2099-12-31",
            "--reason",
            "x",
        ],
        ["unit", "holds"],
    ],
    "policy list": [
        ["policy", "set", "--min-margin", "5", "--vendor-blocklist", "Bee Seats"],
        ["policy", "list"],
    ],
    "policy show": [
        ["policy", "set", "--vendor-blocklist", "Bee Seats"],
        ["policy", "show", "--match", "M01", "--client", "Bolt"],
    ],
    "policy set": [["policy", "set", "--match", "M01", "--mode", "SUGGEST"]],
    "event swap": [["event", "swap", "M01", "M02", *CONFIRMED]],
    "user list": [
        ["user", "list"],
        ["user", "set", "olga", "--role", "super_admin"],
        ["user", "list"],
    ],
    "user set": [["user", "set", "olga", "--role", "super_admin"]],
    "audit run": [["audit", "run"], ["audit", "run", "--write"]],
    "audit repair": [["audit", "repair", "-y"]],
    "recon run": [["recon", "run"]],
    "recon apply": [["recon", "apply"]],
    "report position": [["report", "position"], ["report", "position", "--write"]],
    "client groups": [["client", "groups"]],
    "client build": [["client", "build", "--all"]],
    "client pull": [
        ["client", "build", "--all"],
        ["client", "pull", "books/CLIENT - Acme Ltd.xlsx"],
    ],
    "client view": [["client", "view", "acme", "--save-view", "v"]],
    "client views": [["client", "view", "acme", "--save-view", "v"], ["client", "views"]],
    "client accept": [
        ["staff", "mark", "SENT", "T00001", "-q"],
        ["client", "accept", "acme", "--all"],
    ],
    "client copy-down": [["client", "copy-down", "S1-2", "-c", "1"]],
    "client merge": [["client", "merge", "Bolt", "--into", "acme"]],
    "client alias": [["client", "alias", "Bolt", "Bolt Tours", "Boltons"]],
    "client split": [["client", "merge", "Bolt", "--into", "acme"], ["client", "split", "Bolt"]],
    "supplier groups": [["supplier", "groups"]],
    "supplier map": [["supplier", "map", "CEE", "--email", "cee*@*"]],
    "supplier unmap": [
        ["supplier", "map", "CEE", "--email", "cee*@*"],
        ["supplier", "unmap", "CEE"],
    ],
    "supplier learn": [["supplier", "learn"]],
    "supplier build": [["supplier", "build", "--all"]],
    "supplier pull": [
        ["supplier", "build", "--all"],
        ["supplier", "pull", "books/SUPPLIER - BEE.xlsx"],
    ],
    "staff queue": [["staff", "queue"]],
    "staff tasks": [["staff", "tasks", "--all"]],
    "staff assign": [["staff", "assign", "--to", ANA, "--unassigned"]],
    "staff build": [["staff", "assign", "--to", ANA, "--unassigned"], ["staff", "build", "--all"]],
    "staff pull": [
        ["staff", "assign", "--to", ANA, "--unassigned"],
        ["staff", "build", "--all"],
        ["staff", "pull", f"books/STAFF - Dispatch - {ANA}.xlsx"],
    ],
    "staff mark": [["staff", "mark", "SENT", "T00001", "--note", "n"]],
    "staff report-issue": [["staff", "report-issue", "T00002", "--reason", "x"]],
    "staff escalate": [
        ["staff", "report-issue", "T00002", "--reason", "x"],
        ["staff", "escalate", "T00002", "--reason", "x"],
    ],
    "staff reveal": [["staff", "reveal", "T00001"]],
    "credentials list": [LOGIN, ["credentials", "list", "--all"]],
    "credentials add": [LOGIN],
    "credentials update": [LOGIN, ["credentials", "update", "Dee", "--notes", "n"]],
    "credentials deactivate": [LOGIN, ["credentials", "deactivate", "Dee", "--reason", "x"]],
    "credentials assign": [
        ["credentials", "add", "Ann Tickets", "--login", "a", "--password-stdin"],
        ["credentials", "assign", "--vendor", "Ann Tickets"],
    ],
    "credentials seal": [LOGIN, ["credentials", "seal"]],
    "credentials rotate": [LOGIN, ["credentials", "rotate"]],
    "credentials reveal": [LOGIN, ["credentials", "reveal", "Dee"]],
    "credentials history": [LOGIN, ["credentials", "history"]],
    "dispatch sync": [["dispatch", "sync"]],
    "dispatch watch": [["client", "build", "--all"], ["dispatch", "watch", "books", "--once"]],
    "dispatch status": [["dispatch", "status"], ["dispatch", "status", "--by", "match"]],
    "log": [["log"]],
    "undo": [["sale", "expand"], ["undo", "-n"], ["undo", "-y"]],
    "sync diff": [["sync", "diff", "--with", SHEET]],
    "sync pull": [["sync", "pull", "--with", SHEET]],
    "sync push": [["sync", "push", "--with", SHEET, "-n"], ["sync", "push", "--with", SHEET]],
    "sync watch": [["sync", "watch", "--with", SHEET, "--once"]],
    "google check": [["google", "check", "-w", SHEET]],
    "google probe": [
        ["google", "probe", "--forget"],
        ["google", "probe", "-w", EMPTY, "-y"],
        ["google", "probe", "-w", EMPTY, "-y"],
    ],
    "google login": [["google", "login", "none.json"]],
    "google logout": [["google", "logout"]],
    "doctor": [["doctor"], ["doctor", "--fix"]],
    "init": [["init", "none.xlsx"]],
    "sample": [["sample", "small", "other.xlsx"]],
    "help": [["help"], ["help", "sale", "add"], ["help", "--man", "man"]],
}
"""{command: command lines, one after the other on one workbook}. A command without a line fails its
test."""
REFUSED = {"staff reveal", "credentials reveal", "google login"}
"""They take a person at a terminal, or a browser: what they print here is an error."""


def _writes(words: list[str]) -> bool:
    """Whether a command line is that of a command with dry runs."""
    command = every_command().get(" ".join(words[:2])) or every_command()[words[0]]
    return any("--dry-run" in option.opts for option in command.params)


@pytest.fixture
def settings(google: Google) -> dict[str, str]:
    return {
        name.removeprefix("TICKETOPS_").lower(): value
        for name, value in google.environment().items()
    }


@pytest.mark.parametrize("command", list(every_command()))
def test_what_a_command_prints_is_what_its_schema_says(
    command: str, here: Runner, book: Path, google: Google, settings: dict[str, str]
) -> None:
    lines = EXAMPLES[command]
    named = {
        word: f"gsheet:{google.new(rows)}"
        for word, rows in ((SHEET, None), (EMPTY, {"Sheet1": [[]]}))
        if any(word in words for words in lines)
    }
    for words in lines:
        called = [named.get(word, word) for word in words]
        for more in (["-n"], []) if _writes(words) and "-n" not in words else ([],):
            done = here(
                *called, *more, "--json", stdin="a secret\n", role="super_admin", **settings
            )
            said = json.loads(done.out)
            assert problems(done.out) == []
    assert said["command"] == command
    assert ("error" in said) == (command in REFUSED), said


def test_every_command_has_a_type() -> None:
    assert set(RESULTS) == set(every_command())


def test_an_object_that_says_more_or_less_is_refused(here: Runner) -> None:
    said = here("user", "set", "olga", "--role", "super_admin", "--json", "-n").json
    assert problems(json.dumps(said)) == []
    for wrong in (
        said | {"more": 1},
        said | {"result": said["result"] | {"more": 1}},
        said | {"result": {}},
        said | {"run_id": 3},
    ):
        assert problems(json.dumps(wrong)) != []

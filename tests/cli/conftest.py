"""The command line on a workbook of its own, in this process or in one of its own. A module says
with `source` which workbook, and with `environment` who works on it; of one that does not, Olga
works on the small event of `tests/cli/dispatching.py`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.dispatching import GUESTS, rows_of, type_by_key
from tests.conftest import Result, Runner, run_cli
from ticketops.cli.main import run


@pytest.fixture
def book(source: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(source, tmp_path / "event.xlsx"))


def _variables(environment: dict[str, str], settings: dict[str, str]) -> dict[str, str]:
    """Environment variables; a setting that is "" is not set."""
    return {
        name: value
        for name, value in (
            environment | {f"TICKETOPS_{k.upper()}": v for k, v in settings.items()}
        ).items()
        if value
    }


def _at_home(folder: Path) -> dict[str, str]:
    """`event switch` writes the user's own settings."""
    return {"XDG_CONFIG_HOME": str(folder / ".config")}


@pytest.fixture
def at(book: Path, environment: dict[str, str]) -> Runner:
    """The command line in a process of its own."""

    def command(*words: str, stdin: str | None = None, **settings: str) -> Result:
        variables = _at_home(book.parent) | _variables(environment, settings)
        return run_cli(*words, stdin=stdin, env=variables, cwd=book.parent)

    return command


@pytest.fixture
def here(
    environment: dict[str, str], in_process: Runner, book: Path, monkeypatch: pytest.MonkeyPatch
) -> Runner:
    """The same in this process, which stands beside the workbook."""
    monkeypatch.chdir(book.parent)

    def command(*words: str, stdin: str | None = None, **settings: str) -> Result:
        variables = _at_home(book.parent) | _variables(environment, settings)
        return in_process(*words, stdin=stdin, env=variables)

    return command


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M01 Cat 1: P00001–P00005 of Ann Tickets, P00006–P00008 of Bee Seats; M02 Cat 2: P00009–P00012
    of Ann Tickets. Acme Ltd has S1 (three of Bee's) and S2 (two of M02), ACME VIP S3 (one, no
    unit), Bolt S4 (three of Ann's) and S5 (one, no unit). Guests with an address: S1-1, S1-2, S2-1,
    S4-1, S4-2. Bee Seats is the supplier BEE. Tasks: S2-1, S4-1, S4-2, of nobody."""
    path = tmp_path_factory.mktemp("dispatch") / "event.xlsx"
    at = ("-w", str(path))
    assert run(["init", str(path), "--event", "WC2026"]) == 0
    for words in (
        [
            "purchase",
            "add",
            "--match",
            "M01",
            "--vendor",
            "Ann Tickets",
            "--contract",
            "000777",
            "--line",
            "Cat 1:5@100",
        ],
        [
            "purchase",
            "add",
            "--match",
            "M01",
            "--vendor",
            "Bee Seats",
            "--contract",
            "B-1",
            "--line",
            "Cat 1:3@110",
        ],
        [
            "purchase",
            "add",
            "--match",
            "M02",
            "--vendor",
            "Ann Tickets",
            "--contract",
            "000778",
            "--line",
            "Cat 2:4@50",
        ],
        [
            "sale",
            "add",
            "--client",
            "Acme Ltd",
            "--line",
            "M01:Cat 1:3@200",
            "--line",
            "M02:Cat 2:2@90",
        ],
        ["sale", "add", "--client", "ACME VIP", "--line", "M02:Cat 2:1@90", "--new"],
        ["client", "merge", "ACME VIP", "--into", "Acme Ltd"],
        [
            "sale",
            "add",
            "--client",
            "Bolt",
            "--line",
            "M01:Cat 1:3@200",
            "--line",
            "M02:Cat 2:1@90",
        ],
    ):
        assert run([*words, *at]) == 0
    seats = {
        f"P{n:05d}": {"Block": "AB"[n % 2], "Row": str(n), "Seat": str(20 - n)}
        for n in range(1, 13)
    }
    type_by_key(path, "_PURCHASE_UNITS", "UnitID", seats)
    for words in (["S1", "--set", "PR0002-S01:3"], ["S2"], ["S4", "--set", "PR0001-S01:3"]):
        assert run(["allocate", "commit", *words, *at]) == 0
    named = ("First name", "Last Name", "Client Email")
    type_by_key(
        path,
        "Distribution",
        "ID",
        {key: dict(zip(named, guest, strict=True)) for key, guest in GUESTS.items()},
        2,
    )
    for words in (["supplier", "map", "BEE", "--vendor", "Bee Seats"], ["staff", "queue"]):
        assert run([*words, *at]) == 0
    assert [(row["TaskID"], row["SalesID"]) for row in rows_of(path, "_STAFF_QUEUE")] == [
        ("T00001", "S2-1"),
        ("T00002", "S4-1"),
        ("T00003", "S4-2"),
    ]
    shutil.rmtree(path.with_name("event.xlsx.ticketops"))
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {
        "TICKETOPS_WORKBOOK": str(book),
        "TICKETOPS_KEY_FILE": str(book.parent / "keys" / "ticketops.keys"),
        "TICKETOPS_BOOKS": str(book.parent / "books"),
        "TICKETOPS_ROLE": "operator",
        "TICKETOPS_USER": "olga",
        "TERM": "xterm",
    }

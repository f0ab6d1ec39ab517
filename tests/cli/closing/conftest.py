"""A workbook of an event in which nothing is outstanding: three tickets of two clients, sent and
paid, while it is DISPATCHING."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.dispatching import type_by_key
from ticketops.cli.main import run

GUESTS = {
    f"S{sale}": {
        "First name": "Ada",
        "Last Name": f"Byron{sale}",
        "Client Email": "ada@example.org",
    }
    for sale in ("1-1", "1-2", "2-1")
}
BEFORE = (
    "event set --name Cup --code X26 --state DISPATCHING --start 2026-06-11 --end 2026-07-19",
    "purchase add --match M01 --vendor Ann --line Cat_1:6@100",
    "sale add --client Acme --line M01:Cat_1:2@350.50",
    "sale add --client Bolt --line M01:Cat_1:1@400 --currency EUR",
    "allocate auto",
)
AFTER = (
    "dispatch sync",
    "staff mark SENT T00001 T00002 T00003",
    "payment add --for S1 --amount 701",
    "payment add --for S2 --amount 400",
)


def words(line: str) -> list[str]:
    """A command line; an underscore stands for a space inside a word."""
    return [word.replace("_", " ") for word in line.split()]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = tmp_path_factory.mktemp("settled") / "event.xlsx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TICKETOPS_ROLE", "ops_manager")
        patch.setenv("TICKETOPS_USER", "ana")
        assert run(["init", str(book)]) == 0
        for line in BEFORE:
            assert run([*words(line), "-y", "-w", str(book)]) in (0, 1), line
        type_by_key(book, "Distribution", "ID", GUESTS, header_row=2)
        for line in AFTER:
            assert run([*words(line), "-y", "-w", str(book)]) in (0, 1), line
    return book


@pytest.fixture
def environment() -> dict[str, str]:
    return {
        "TICKETOPS_WORKBOOK": "event.xlsx",
        "TICKETOPS_USER": "ana",
        "TICKETOPS_ROLE": "ops_manager",
    }

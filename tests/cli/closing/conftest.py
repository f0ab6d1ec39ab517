"""A workbook of an event in which nothing is outstanding: three tickets of two clients, sent and
paid, while it is DISPATCHING."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.closing.settled import AFTER, BEFORE, GUESTS, words
from tests.cli.dispatching import type_by_key
from ticketops.cli.main import run


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

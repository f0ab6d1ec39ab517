"""The portal of the small event of `tests/cli/dispatching.py`: Acme, Bolt, the supplier BEE, Ana and Ben
of the staff, who have a task each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import source  # noqa: F401
from tests.portal.visiting import Portals
from ticketops.config import Settings


@pytest.fixture
def book(source: Path, tmp_path: Path) -> Path:  # noqa: F811
    return Path(shutil.copy(source, tmp_path / "event.xlsx"))


@pytest.fixture
def settings(book: Path, tmp_path: Path) -> Settings:
    return Settings(
        workbook=book,
        user="olga",
        role="sr_operator",
        state=tmp_path / "state",
        books=tmp_path / "books",
        key_file=tmp_path / "keys" / "ticketops.keys",
    )


@pytest.fixture
def portal(settings: Settings) -> Portals:
    """The portal of the workbook, asked without a network."""
    return Portals(settings)

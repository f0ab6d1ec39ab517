"""A small event to pull books into, and files that must not be opened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.books.field import Field, filled_raw, make_field
from tests.books.returned.hostile import hostile_files


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Field:
    return make_field(tmp_path_factory.mktemp("event"))


@pytest.fixture
def event(source: Field, tmp_path: Path) -> Field:
    """A copy to write to."""
    shutil.copy(source.workbook, tmp_path / "event.xlsx")
    shutil.copytree(source.home / "event.xlsx.ticketops", tmp_path / "event.xlsx.ticketops")
    shutil.copytree(source.home / "books", tmp_path / "books")
    return Field(
        tmp_path, {name: tmp_path / "books" / path.name for name, path in source.books.items()}
    )


@pytest.fixture(scope="module")
def hostile(
    source: Field, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, set[str]]]:
    folder = tmp_path_factory.mktemp("hostile")
    good = Path(shutil.copy(filled_raw(source, name="good.xlsx"), folder / "good one.xlsx"))
    return hostile_files(good, folder)

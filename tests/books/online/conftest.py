"""One book of each kind, as a file and as a Google Sheet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.books.builders import Event, make_event
from tests.books.online.at_google import AtGoogle, Made, books_of
from tests.google.server import GoogleServer
from tests.online import Google
from ticketops.books.file_writer import write_book


@pytest.fixture
def desk(google: Google, tmp_path: Path) -> AtGoogle:
    return AtGoogle(google.server, tmp_path)


@pytest.fixture(scope="module")
def event() -> Event:
    return make_event()


@pytest.fixture(scope="module")
def library() -> Iterator[GoogleServer]:
    """A server of its own, whose files stay."""
    with GoogleServer() as server:
        yield server


@pytest.fixture(scope="module")
def shelf(
    event: Event, library: GoogleServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Made]:
    """One book of each kind; not to be changed."""
    folder = tmp_path_factory.mktemp("books")
    at = AtGoogle(library, folder)
    made = {}
    for kind, book in books_of(event).items():
        write_book(book, folder / f"{kind}.xlsx")
        made[kind] = Made(
            book,
            folder / f"{kind}.xlsx",
            openpyxl.load_workbook(folder / f"{kind}.xlsx"),
            at.build(book),
        )
    return made

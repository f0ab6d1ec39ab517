"""One book of each kind, as a file."""

from __future__ import annotations

import openpyxl
import pytest

from tests.books.builders import Event, make_event
from tests.books.handout.made import Made
from ticketops.books.file_writer import write_book


@pytest.fixture(scope="module")
def event() -> Event:
    return make_event()


@pytest.fixture(scope="module")
def shelf(event: Event, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """One book of each kind."""
    folder = tmp_path_factory.mktemp("books")
    books = {"client": event.client(), "supplier": event.supplier(), "staff": event.staff()}
    made = {}
    for kind, book in books.items():
        path = folder / f"{kind}.xlsx"
        write_book(book, path)
        made[kind] = Made(book, path, openpyxl.load_workbook(path))
    return made

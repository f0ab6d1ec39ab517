"""No book at Google holds what its reader may not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.books.builders import Event
from tests.books.confidentiality import checks
from tests.books.confidentiality.search import APART, Inside, folded, squeezed
from tests.books.confidentiality.worlds import make, reconciled
from tests.books.online.at_google import AtGoogle, same_as_file
from ticketops.books.file_writer import write_book
from ticketops.model import book_kinds
from ticketops.schema.book_layouts import Book


class Searched(Inside):
    """Everything that a Google Sheet tells whoever opens it."""

    def __init__(self, answer: Any) -> None:
        everything = APART.join(strings(answer))
        self.folded, self.squeezed = (folded(everything), squeezed(everything))


def strings(part: Any) -> Iterator[str]:
    """Every text of JSON, names and numbers too."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield name
            yield from strings(value)
    elif isinstance(part, list):
        for value in part:
            yield from strings(value)
    else:
        yield str(part)


CHECKS: dict[str, Callable[[Any, Any], None]] = {
    book_kinds.CLIENT: checks.check_client,
    book_kinds.SUPPLIER: checks.check_supplier,
    book_kinds.STAFF_BOOK: checks.check_staff,
}


@pytest.mark.parametrize("seed", range(6))
def test_no_google_sheet_holds_what_its_reader_may_not_know(
    seed: int, desk: AtGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for the files (tests/books/confidentiality): the whole answer is searched, cells,
    checks, colours, protections and all."""
    world = make(seed, office=bool(seed % 2))
    books: list[Book] = []
    monkeypatch.setattr(
        checks,
        "write_book",
        lambda book, path, **more: (books.append(book), write_book(book, path, **more)),
    )
    checked = set()
    for made in checks.books_of(reconciled(world), desk.folder):
        write_book(books[-1], made.path, reveal=str if made.passwords else None)
        key = desk.build(
            books[-1], desk.blank(made.path.stem), reveal=str if made.passwords else None
        )
        inside = Searched(desk.everything(key))
        CHECKS[made.kind](world, replace(made, inside=inside))
        same_as_file(desk.server, key, made.path)
        checked.add(made.kind)
    assert checked >= {book_kinds.CLIENT}


def test_the_search_finds_a_leak(event: Event, desk: AtGoogle) -> None:
    """Wherever in a Google Sheet a word stands, it is found."""
    key = desk.build(event.client())
    for number, request in enumerate(
        (
            {
                "addConditionalFormatRule": {
                    "index": 0,
                    "rule": {
                        "ranges": [{"sheetId": 0}],
                        "booleanRule": {
                            "condition": {
                                "type": "TEXT_EQ",
                                "values": [{"userEnteredValue": "canary0"}],
                            },
                            "format": {},
                        },
                    },
                }
            },
            {
                "setDataValidation": {
                    "range": {"sheetId": 0, "endRowIndex": 1},
                    "rule": {
                        "condition": {
                            "type": "ONE_OF_LIST",
                            "values": [{"userEnteredValue": "canary1"}],
                        }
                    },
                }
            },
            {
                "updateCells": {
                    "start": {"sheetId": 0},
                    "rows": [{"values": [{"note": "canary2"}]}],
                    "fields": "note",
                }
            },
            {
                "addProtectedRange": {
                    "protectedRange": {
                        "range": {"sheetId": 0, "endRowIndex": 1},
                        "description": "canary3",
                    }
                }
            },
            {"addSheet": {"properties": {"title": "canary4", "hidden": True}}},
            {
                "updateSpreadsheetProperties": {
                    "properties": {"title": "canary5"},
                    "fields": "title",
                }
            },
        )
    ):
        assert not Searched(desk.everything(key)).holds(f"canary{number}")
        desk.server.request(key, request)
        assert Searched(desk.everything(key)).holds(f"canary{number}")

"""The rows of a book as a table, a page at a time."""

from __future__ import annotations

from starlette.responses import Response

from ticketops.portal.asking import Ask
from ticketops.schema.book_layouts import Book

ROWS = 50


def shown_page(ask: Ask, title: str, book: Book) -> Response:
    """The page `?page=` of a book's rows; one that there is none of is the nearest."""
    pages = max(1, -(-len(book.rows) // ROWS))
    said = ask.query.get("page", "1")
    page = (
        min(max(int(said), 1), pages)
        if said.isascii() and said.isdecimal() and len(said) < 9
        else 1
    )
    return ask.page(
        "rows.html",
        title=title,
        book=book,
        columns=[column for column in book.layout.columns if not column.hidden],
        rows=book.rows[(page - 1) * ROWS : page * ROWS],
        page=page,
        pages=pages,
    )

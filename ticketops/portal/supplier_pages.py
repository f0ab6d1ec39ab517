"""What a supplier sees and does (§9)."""

from __future__ import annotations

from starlette.responses import Response

from ticketops.portal.asking import Ask, Page
from ticketops.portal.paging import shown_page

KIND = "supplier"


def home(ask: Ask) -> Response:
    """The rows of the book, a page at a time."""
    return shown_page(ask, ask.words("supplier.home"), ask.book())


PAGES = (Page("/", home, (KIND,)),)

"""What a member of staff sees and does (§8)."""

from __future__ import annotations

from starlette.responses import Response

from ticketops.portal.asking import Ask, Page
from ticketops.portal.paging import shown_page

KIND = "staff"


def home(ask: Ask) -> Response:
    """The rows of the book, a page at a time."""
    return shown_page(ask, ask.words("staff.home"), ask.book())


PAGES = (Page("/", home, (KIND,)),)

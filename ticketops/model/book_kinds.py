"""Whom workbooks are made for."""

from __future__ import annotations

CLIENT, SUPPLIER, STAFF_BOOK = "client", "supplier", "staff"
BOOK_KIND = (CLIENT, SUPPLIER, STAFF_BOOK)
"""Whom a book is made for (§7, §8, §9)."""
HEARD = (SUPPLIER, STAFF_BOOK, CLIENT)
"""In this order books that came back at once are heard: who sends, then who receives. A client's
ACCEPTED would be refused before the SENT that it answers."""

"""Whom workbooks are made for."""

from __future__ import annotations

CLIENT, SUPPLIER, STAFF_BOOK = "client", "supplier", "staff"
NAMES = "names"
BOOK_KIND = (CLIENT, SUPPLIER, STAFF_BOOK, NAMES)
"""Whom a book is made for (§7, §8, §9); the last: a list of passengers, for an agency or an airline
(document 001)."""
COMMAND = {CLIENT: "client", SUPPLIER: "supplier", STAFF_BOOK: "staff", NAMES: "issuance names"}
"""{kind of book: the group of commands that make and read it}."""
HEARD = (SUPPLIER, STAFF_BOOK, CLIENT)
"""In this order books that came back at once are heard: who sends, then who receives. A client's
ACCEPTED would be refused before the SENT that it answers."""

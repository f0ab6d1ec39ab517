"""Whom workbooks are made for."""

from __future__ import annotations

CLIENT, SUPPLIER, STAFF_BOOK = "client", "supplier", "staff"
BOOK_KIND = (CLIENT, SUPPLIER, STAFF_BOOK)
"""Whom a book is made for (§7, §8, §9)."""

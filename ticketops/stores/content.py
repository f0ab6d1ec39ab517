"""All that a workbook holds, wherever it lives: what it takes to have it somewhere else (D29)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from ticketops.schema.addresses import column_letters
from ticketops.schema.columns import ErrorValue
from ticketops.schema.layout import Layout
from ticketops.stores.base import Transaction

Rows = Sequence[Sequence[Any]]
"""Raw cells, row 1 first."""


class Content(Struct, frozen=True):
    """What a workbook holds. sheets: {title: raw rows}, in order; layout: with its titles; journal: its
    transactions with their bodies, oldest first; digest_key: that of the digests of secrets in
    it; left: what is not taken along, for people."""

    layout: Layout
    sheets: Mapping[str, Rows]
    journal: Sequence[tuple[Transaction, Mapping[str, Any]]] = ()
    digest_key: bytes = b""
    left: tuple[str, ...] = ()


def difference(rows: Rows, others: Rows) -> str:
    """The first cell in which two sheets differ, by value or type; "" where none does. A whole number
    and a number are one type, as in every spreadsheet, and so are a day and its first moment."""
    for number in range(max(len(rows), len(others))):
        one = rows[number] if number < len(rows) else ()
        other = others[number] if number < len(others) else ()
        if one == other and all(type(a) is type(b) for a, b in zip(one, other, strict=True)):
            continue
        for place in range(max(len(one), len(other))):
            a = one[place] if place < len(one) else None
            b = other[place] if place < len(other) else None
            if _plain(a) != _plain(b):
                return f"{column_letters(place + 1)}{number + 1}"
    return ""


def _plain(raw: Any) -> tuple[str, Any]:
    if raw is None or raw == "":
        return "blank", None
    if isinstance(raw, bool):
        return "flag", raw
    if isinstance(raw, (int, float)):
        return "number", raw
    if isinstance(raw, ErrorValue):
        return "error", str(raw)
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return "datetime", datetime(raw.year, raw.month, raw.day)
    return type(raw).__name__, raw

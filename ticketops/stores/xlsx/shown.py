"""Numbers whose format shows more digits than they have: 777 as `000777` is the code 000777
(D16)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from ticketops.model.patterns import when_needed
from ticketops.stores.xlsx.conventional import conventional
from ticketops.stores.xlsx.parts import Parts
from ticketops.stores.xlsx.reader import RawRows
from ticketops.stores.xlsx.styles import number_formats
from ticketops.stores.xlsx.xmltext import unescape

_PIECE = when_needed(r'"([^"]*)"|\\(.)|\[[^\]]*\]|(0)|([-/ ()_:A-Za-z])')
_CODE = when_needed(r'(?:"[^"]*"|\\.|\[(?:\$|<|>|=)?[^\]]*\]|0|[-/ ()])+')
_CELL = r'<c r="([A-Z]{1,3})(\d+)"[^>]*? s="(%s)"[^>]*>'


def padded_styles(parts: Parts) -> dict[int, str]:
    """{cell style: its format} of the formats that show leading zeros: nothing but digits to fill,
    and text between them."""
    if parts.styles not in parts.package:
        return {}
    found = {}
    for index, code in number_formats(parts.xml(parts.styles)).items():
        plain = unescape(code).split(";")[0]
        if plain.count("0") > 1 and _CODE().fullmatch(plain):
            found[index] = plain
    return found


def shown(number: float, code: str) -> str:
    """A whole number as a format of zeros shows it: (777, `000-000`) → 000-777."""
    pieces = [found for found in _PIECE().finditer(code) if not found[0].startswith("[")]
    places = sum(found[3] is not None for found in pieces)
    digits = f"{int(number):0{places}d}"
    extra, rest = digits[: len(digits) - places], iter(digits[len(digits) - places :])
    text, first = "", True
    for found in pieces:
        if found[3] is None:
            text += found[1] if found[1] is not None else found[2] or found[4] or ""
        else:
            text += (extra if first else "") + next(rest)
            first = False
    return text


def pad(parts: Parts, sheet: str, rows: RawRows, columns: Collection[int]) -> None:
    """Put what is shown in the place of numbers in these columns (1-based), where their format
    shows leading zeros."""
    styles = padded_styles(parts) if columns else {}
    if not styles:
        return
    part = parts.sheets[sheet]
    pattern = re.compile((_CELL % "|".join(map(str, styles))).encode())
    for found in pattern.finditer(conventional(parts.xml(part), part).xml):
        column, row = _column(found[1]), int(found[2])
        if column in columns and row <= len(rows) and column <= len(rows[row - 1]):
            raw: Any = rows[row - 1][column - 1]
            if type(raw) is float and raw.is_integer() and 0 <= raw < 1e15:
                rows[row - 1][column - 1] = shown(raw, styles[int(found[3])])


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

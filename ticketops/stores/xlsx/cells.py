"""One cell's XML: a value written as an element, an element read as a value.

Values: str, bool, int, float, datetime (written as a date serial), ErrorValue, None (no content).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import Any

from ticketops.errors import SpliceError, UnusableError
from ticketops.model.patterns import when_needed
from ticketops.schema.columns import ErrorValue, to_serial
from ticketops.stores.xlsx.xmltext import unescape

MAX_TEXT = 32_767
CELL = when_needed(rb'<c r="([A-Z]+)\d+"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
"""One conventional cell: column letters, the other attributes, the content (empty bytes where it is
self-closed)."""

_STYLE = when_needed(rb'\ss="(\d+)"')
_TYPE = when_needed(rb'\st="(\w+)"')
_SHARED = when_needed(rb"\st\s*=\s*[\"']s[\"']")
_VALUE = when_needed(rb"<v(?:\s[^>]*)?>(.*?)</v>", re.DOTALL)
_TEXT = when_needed(rb"<(?:\w+:)?t(?:\s[^>]*[^>/]|\s)?>(.*?)</(?:\w+:)?t\s*>", re.DOTALL)
_PHONETIC = when_needed(rb"<((?:\w+:)?)rPh\b.*?</\1rPh>", re.DOTALL)
CONSTANT = when_needed(rb"<f(?:\s[^>]*)?>\s*(?:TRUE|FALSE)\(\)\s*</f>")
"""The formula that LibreOffice makes of a tick-box."""
_FORMULA = when_needed(rb"<f[\s>/]")
_UNSAFE = when_needed(
    r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff&<>]|_(?=x[0-9A-Fa-f]{4}[_\x00-\x08\x0b-\x1f])"
)
_DELICATE = when_needed(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff&<>]|_x|^\s|\s$|  ")
"""What needs escaping or `xml:space`: most texts hold none of it."""
_ESCAPED = when_needed(r"_x([0-9A-Fa-f]{4})_")
_KEEP_SPACE = when_needed(r"^\s|\s$|[\n\t]|  ")


def style_of(attributes: bytes) -> int:
    """The style index of a cell; 0 where it has none."""
    found = _STYLE().search(attributes)
    return int(found[1]) if found else 0


def has_formula(content: bytes) -> bool:
    """Whether a cell's content holds a formula, its own or a share of one."""
    return bool(_FORMULA().search(content))


def is_constant(content: bytes) -> bool:
    """Whether the formula of a cell is TRUE() or FALSE(), LibreOffice's way to save a tick-box."""
    return bool(CONSTANT().search(content))


def to_xml(letters: str, row: int, style: int, value: Any) -> str:
    """A cell element; nothing for no value in no style. Raises SpliceError for what a cell can't
    hold."""
    s = f' s="{style}"' if style else ""
    return f'<c r="{letters}{row}"{s}{rest_of_cell(value)}' if style or value is not None else ""


def rest_of_cell(value: Any) -> str:
    """All of a cell element that stands behind its reference and style.

    Raises SpliceError for what a cell can't hold: NaN, too long a text, a lone surrogate.
    """
    if type(value) is str:
        return text_cell(value)
    if type(value) is int:
        return f"><v>{value}</v></c>"
    if value is None:
        return "/>"
    if isinstance(value, ErrorValue):
        return f' t="e"><v>{escape_text(value)}</v></c>'
    if isinstance(value, bool):
        return f' t="b"><v>{value:d}</v></c>'
    return (
        f"><v>{_serial_text(value) if isinstance(value, datetime) else number_text(value)}</v></c>"
    )


@lru_cache(2**15)  # a ledger says the same few names again and again
def text_cell(value: str) -> str:
    """`rest_of_cell` of a text."""
    if len(value) > MAX_TEXT:
        raise SpliceError(
            f"would hold {len(value):,} characters; a cell holds at most {MAX_TEXT:,}"
        )
    if not _DELICATE().search(value):
        return f' t="inlineStr"><is><t>{value}</t></is></c>'
    space = ' xml:space="preserve"' if _KEEP_SPACE().search(value) else ""
    return f' t="inlineStr"><is><t{space}>{escape_text(value)}</t></is></c>'


@lru_cache(2**12)
def _serial_text(value: datetime) -> str:
    try:
        return number_text(to_serial(value))
    except ValueError as error:
        raise SpliceError(f"would hold an impossible date: {error}") from None


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number."""
    if isinstance(value, float):
        if not isfinite(value):
            raise SpliceError(f"would hold {value}, which is not a number")
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
    return repr(value)


def escape_text(text: str) -> str:
    """Text for XML; characters that XML can't hold become _xHHHH_, and a literal _xHHHH_ is
    protected (ECMA-376, ST_Xstring)."""
    return _UNSAFE().sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character == "_":
        return "_x005F_"
    if "\ud800" <= character <= "\udfff" or character in "\ufffe\uffff":
        raise SpliceError(f"would hold U+{ord(character):04X}, which is not a valid character")
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character) or f"_x{ord(character):04X}_"


def unescape_text(xml: bytes) -> str:
    """The text of an element, entities and _xHHHH_ resolved."""
    text = unescape(xml.decode())
    return _ESCAPED().sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


@lru_cache(2**12)
def string_item(xml: bytes) -> str:
    """The text of a shared or inline string: all its runs, without phonetic hints."""
    if b"rPh" in xml:
        xml = _PHONETIC().sub(b"", xml)
    return "".join(unescape_text(part) for part in _TEXT().findall(xml))


def strings_in(sheet: bytes) -> set[int]:
    """The indexes of the shared strings that the cells of a sheet, in conventional form, refer
    to."""
    found = (
        _VALUE().search(cell[3])
        for cell in CELL().finditer(sheet)
        if cell[3] and _SHARED().search(cell[2])
    )
    return {int(value[1]) for value in found if value and value[1].strip().isdigit()}


def from_xml(attributes: bytes, content: bytes, shared: Callable[[int], str]) -> Any:
    """The raw value of a cell: str, float, bool, ErrorValue or None. Dates stay serial numbers."""
    if not content:
        return None
    kind = _TYPE().search(attributes)
    cell_type = kind[1] if kind else b"n"
    if cell_type == b"inlineStr":
        return string_item(content) or None
    found = _VALUE().search(content)
    if not found or not found[1]:
        return None
    text = found[1]
    try:
        return _scalar(cell_type, text, shared)
    except (ValueError, OverflowError):
        raise UnusableError(
            f"the workbook is damaged: a cell holds {text[:40].decode(errors='replace')!r}, which "
            "is not a value of its type"
        ) from None


def _scalar(cell_type: bytes, text: bytes, shared: Callable[[int], str]) -> Any:
    if cell_type == b"s":
        return shared(int(text)) or None
    if cell_type == b"b":
        return text.strip() in (b"1", b"true")
    if cell_type == b"e":
        return ErrorValue(unescape_text(text))
    if cell_type in (b"str", b"d"):
        return unescape_text(text) or None
    return float(text)

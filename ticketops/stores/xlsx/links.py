"""Hyperlinks of cells that are emptied for good (§13): Excel makes one of every address that is typed,
and keeps the address in it."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from ticketops.schema.addresses import parse_range

_ATTRIBUTES = rb"(?:[^>\"']|\"[^\"]*\"|'[^']*')*?"


def without_links(
    sheet: bytes, relations: bytes, columns: Collection[int], first_row: int
) -> tuple[bytes, bytes]:
    """The XML of a sheet and of its relations without the hyperlinks of cells in these columns, from
    a row on."""
    gone: set[bytes] = set()

    def kept(found: re.Match[bytes]) -> bytes:
        place = _attribute(found[0], rb"ref")
        area = parse_range(place.decode()) if place else None
        if area is None:
            return found[0]
        (left, _top), (right, bottom) = area
        if bottom < first_row or not any(left <= column <= right for column in columns):
            return found[0]
        gone.add(_attribute(found[0], rb"\w+:id"))
        return b""

    changed = _link().sub(kept, sheet)
    if changed == sheet:
        return sheet, relations
    gone -= {_attribute(found[0], rb"\w+:id") for found in _link().finditer(changed)}
    return _no_links().sub(b"", changed), _relation().sub(
        lambda found: b"" if _attribute(found[0], rb"Id") in gone else found[0], relations
    )


def _attribute(element: bytes, name: bytes) -> bytes:
    found = re.search(rb"\s" + name + rb"\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", element)
    return (found[1] or found[2] or b"") if found else b""


@cache
def _link() -> re.Pattern[bytes]:
    return re.compile(
        rb"<(\w+:)?hyperlink\b" + _ATTRIBUTES + rb"(?:/>|>.*?</(?:\w+:)?hyperlink\s*>)", re.DOTALL
    )


@cache
def _no_links() -> re.Pattern[bytes]:
    return re.compile(rb"<(\w+:)?hyperlinks\b" + _ATTRIBUTES + rb">\s*</(?:\w+:)?hyperlinks\s*>")


@cache
def _relation() -> re.Pattern[bytes]:
    return re.compile(
        rb"<(\w+:)?Relationship\b" + _ATTRIBUTES + rb"(?:/>|>\s*</(?:\w+:)?Relationship\s*>)"
    )

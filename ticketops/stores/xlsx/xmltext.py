"""Text in XML. (The standard library's xml.sax.saxutils would import an HTTP client and TLS for
these few lines.)"""

from __future__ import annotations

import re

from ticketops.model.patterns import when_needed

_ENTITY = when_needed(r"&(?:#x([0-9A-Fa-f]+)|#(\d+)|(amp|lt|gt|quot|apos));")
_MARKUP = when_needed(rb"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_CONTENT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\n": "&#10;",
        "\t": "&#9;",
        "\r": "&#13;",
    }
)


def escape(text: str) -> str:
    """Text as element content."""
    return text.translate(_CONTENT)


def attribute(text: str) -> str:
    """Text as an attribute value, for double quotes."""
    return text.translate(_ATTRIBUTE)


def unescape(text: str) -> str:
    """The text that element content or an attribute value stands for."""
    return _ENTITY().sub(_character, text) if "&" in text else text


def without_markup(xml: bytes) -> bytes:
    """XML without comments, its CDATA sections as ordinary text."""
    return _MARKUP().sub(lambda found: escape((found[1] or b"").decode()).encode(), xml)


def _character(found: re.Match[str]) -> str:
    if found[3]:
        return _NAMED[found[3]]
    return chr(int(found[1], 16) if found[1] else int(found[2]))

"""Sheet XML in the one form the splicer works on.

Every common program writes rows as `<row r="5" …>` and cells as `<c r="B5" …>`, with explicit references first, in
double quotes, unprefixed, without comments or CDATA. XML allows much else; what is written differently is brought
into that form first, so that there is one splicer and not two.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from ticketops.errors import UnusableError
from ticketops.schema.addresses import column_letters, column_number
from ticketops.stores.xlsx.xmltext import attribute, escape

MAIN_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ODD = re.compile(rb'<c(?:[/>]|\s(?!r="[A-Z]))|<row(?:[/>]|\s(?!r="\d))')
_OPEN = re.compile(rb"<sheetData(?:\s[^>]*[^>/])?>")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")


def is_conventional(xml: bytes) -> bool:
    """Whether the sheet is in the form above. (`<!` starts comments, CDATA and doctypes; `<?` may stand once.)"""
    plain = xml.find(b"!") < 0 or xml.find(b"<!") < 0
    return plain and xml.count(b"<?") <= 1 and bool(_OPEN.search(xml)) and not _ODD.search(xml)


def conventional(xml: bytes, part: str) -> bytes:
    """The sheet with its sheetData in conventional form; the rest of it to the byte. Raises UnusableError if malformed."""
    return xml if is_conventional(xml) else _Rewriter(part).rewrite(xml)


class _Rewriter:
    """One pass of expat over a sheet, writing its sheetData anew."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._out: list[str] = []
        self._start = self._end = -1
        self._depth = 0
        self._row = self._column = 0
        self._prefix = ""
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.ordered_attributes = True
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._text

    def rewrite(self, xml: bytes) -> bytes:
        try:
            self._parser.Parse(xml, True)
        except expat.ExpatError as error:
            raise UnusableError(f"the part {self._part!r} is not well-formed XML: {error}") from None
        if self._start < 0:
            raise UnusableError(f"the part {self._part!r} has no sheetData: it is no worksheet")
        end = xml.index(b">", self._end) + 1
        return xml[: self._start] + "".join(self._out).encode() + xml[end:]

    def _open(self, name: str, attributes: list[str]) -> None:
        local = name.rpartition(":")[2]
        if self._depth == 0:
            if local == "sheetData" and self._start < 0:
                self._prefix = name[: -len(local)]
                self._start = self._parser.CurrentByteIndex
                self._depth = 1
                self._out.append(f'<sheetData xmlns="{MAIN_NAMESPACE}">' if self._prefix else "<sheetData>")
            return
        self._depth += 1
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        own = name.startswith(self._prefix) and ":" not in name[len(self._prefix) :]
        if own and local == "row" and self._depth == 2:
            self._row = int(pairs.pop("r", self._row + 1))
            self._column = 0
            pairs = {"r": str(self._row), **pairs}
        elif own and local == "c" and self._depth == 3:
            pairs = self._placed(pairs)
        text = "".join(f' {key}="{attribute(value)}"' for key, value in pairs.items())
        self._out.append(f"<{local if own else name}{text}>")

    def _placed(self, pairs: dict[str, Any]) -> dict[str, Any]:
        found = _REFERENCE.fullmatch(pairs.pop("r", ""))
        self._column = column_number(found[1]) if found else self._column + 1
        return {"r": f"{column_letters(self._column)}{self._row}", **pairs}

    def _close(self, name: str) -> None:
        if self._depth == 0:
            return
        self._depth -= 1
        local = name.rpartition(":")[2]
        if self._depth == 0:
            self._end = self._parser.CurrentByteIndex
            self._out.append("</sheetData>")
            return
        own = name.startswith(self._prefix) and ":" not in name[len(self._prefix) :]
        self._out.append(f"</{local if own else name}>")

    def _text(self, text: str) -> None:
        if self._depth > 1:
            self._out.append(escape(text))

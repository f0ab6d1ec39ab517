"""Sheet XML in the one form the splicer works on.

Every common program writes rows as `<row r="5" …>` and cells as `<c r="B5" …>`, with explicit references first, in
double quotes, unprefixed, without comments or CDATA. XML allows much else; what is written differently is brought
into that form first, so that there is one splicer and not two.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from xml.parsers import expat

from ticketops.errors import HostileFileError, UnusableError
from ticketops.schema.addresses import column_letters, column_number
from ticketops.stores.xlsx.xmltext import attribute, escape

MAIN_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ODD_CELL = re.compile(rb'<c(?! r="[A-Z]{1,3}[1-9]\d{0,6}"|[A-Za-z])')
_ODD_ROW = re.compile(rb'<row(?! r="[1-9]\d{0,6}"|[A-Za-z])')
_PREFIXED = re.compile(rb"<\w+:(?:c|row)[\s/>]")
_PERHAPS_PREFIXED = re.compile(rb":(?:c|row)[\s/>]")
_SPACED_ENDS = tuple(re.compile(end) for end in (b" >", b"\n>", b"\t>", b"\r>"))
_OPEN = re.compile(rb"<sheetData(?:\s[^>]*[^>/])?>")
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


class SheetXml(NamedTuple):
    """A sheet in conventional form; its rows stand between `start` and `end`."""

    xml: bytes
    start: int
    end: int


def is_conventional(xml: bytes) -> bool:
    """Whether the sheet is in the form above. (`<!` starts comments, CDATA and doctypes; `<?` may stand once.)

    Every commit asks it of megabytes: patterns that start with a literal, and rare characters looked for first, take
    half the time of one pattern for all.
    """
    plain = b"!" not in xml or b"<!" not in xml
    single = xml.count(b"?") <= 2 or xml.count(b"<?") <= 1
    tight = not any(end.search(xml) for end in _SPACED_ENDS)
    return plain and single and tight and bool(_OPEN.search(xml)) and not is_odd(xml)


def is_odd(xml: bytes) -> bool:
    """Whether rows or cells are written in another way than `<row r="5"` and `<c r="B5"`."""
    prefixed = _PERHAPS_PREFIXED.search(xml) and _PREFIXED.search(xml)
    return bool(prefixed or _ODD_ROW.search(xml) or _ODD_CELL.search(xml))


def conventional(xml: bytes, part: str) -> SheetXml:
    """The sheet with its sheetData in conventional form; the rest of it to the byte. Raises UnusableError if malformed."""
    return _bounded(xml, part) if is_conventional(xml) else _Rewriter(part).rewrite(xml)


def conventional_again(xml: bytes, part: str) -> SheetXml:
    """The same of a sheet that was spliced: all but the changed rows was in conventional form before, and is not asked again."""
    sheet = _bounded(xml, part)
    around = xml[: sheet.start] + xml[sheet.end :]
    return conventional(xml, part) if b"<!" in around or around.count(b"<?") > 1 else sheet  # what looks like sheetData may be a comment


def _bounded(xml: bytes, part: str) -> SheetXml:
    opened = _OPEN.search(xml)
    end = xml.rfind(b"</sheetData>")
    if not opened or end < opened.end():
        raise UnusableError(f"the part {part!r} is not well-formed XML: sheetData does not end")
    return SheetXml(xml, opened.end(), end)


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
        self._parser.StartDoctypeDeclHandler = self._doctype

    def rewrite(self, xml: bytes) -> SheetXml:
        try:
            self._parser.Parse(xml, True)
        except expat.ExpatError as error:
            raise UnusableError(f"the part {self._part!r} is not well-formed XML: {error}") from None
        if self._start < 0:
            raise UnusableError(f"the part {self._part!r} has no sheetData: it is no worksheet")
        opened = xml.index(b">", self._start)
        end = opened if xml[opened - 1 : opened] == b"/" else xml.index(b">", self._end)
        rows = "".join(self._out[1:-1]).encode()
        head = xml[: self._start] + self._out[0].encode()
        return SheetXml(head + rows + b"</sheetData>" + xml[end + 1 :], len(head), len(head) + len(rows))

    def _open(self, name: str, attributes: list[str]) -> None:
        local = name.rpartition(":")[2]
        if self._depth == 0:
            if local == "sheetData" and self._start < 0:
                self._prefix = name[: -len(local)]
                self._start = self._parser.CurrentByteIndex
                self._depth = 1
                pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
                if self._prefix:
                    pairs["xmlns"] = MAIN_NAMESPACE
                self._out.append("<sheetData" + "".join(f' {k}="{attribute(v)}"' for k, v in pairs.items()) + ">")
            return
        self._depth += 1
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        own = name.startswith(self._prefix) and ":" not in name[len(self._prefix) :]
        if local in ("row", "c") and (not own or self._depth != 2 + (local == "c")):
            raise HostileFileError(f"the part {self._part!r} holds a {local} where none belongs")
        if local == "row":
            self._row = self._row_number(pairs.pop("r", str(self._row + 1)))
            self._column = 0
            pairs = {"r": str(self._row), **pairs}
        elif local == "c":
            pairs = self._placed(pairs)
        text = "".join(f' {key}="{attribute(value)}"' for key, value in pairs.items())
        self._out.append(f"<{local if own else name}{text}>")

    def _doctype(self, *_declaration: object) -> None:
        raise HostileFileError(f"the part {self._part!r} declares a DTD")

    def _row_number(self, text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 7:
            raise HostileFileError(f"the part {self._part!r} spans a row {text[:20]!r}")
        return int(text)

    def _placed(self, pairs: dict[str, Any]) -> dict[str, Any]:
        reference = pairs.pop("r", "")
        found = _REFERENCE.fullmatch(reference)
        if reference and (not found or int(found[2]) != self._row):
            raise UnusableError(f"the part {self._part!r} holds a cell {reference[:20]!r} in row {self._row}")
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

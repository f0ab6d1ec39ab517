"""Sheet XML in the one form the splicer works on.

Only what stands inside `sheetData` is judged, row by row: buttons, drawings and extensions cost
nothing. Every common program writes rows as `<row r="5" …>` and cells as `<c r="B5" …>`, with explicit
references first, in double quotes, unprefixed, without comments or CDATA. XML allows much else;
what is written differently is brought into that form first, so that there is one splicer and not
two.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from xml.parsers import expat

from ticketops.errors import HostileFileError, UnusableError
from ticketops.model.patterns import when_needed
from ticketops.schema.addresses import column_letters, column_number
from ticketops.stores.xlsx.xmltext import attribute, escape

MAIN_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ODD_CELL = when_needed(rb'<c(?! r="[A-Z]{1,3}[1-9]\d{0,6}"|[A-Za-z])')
_ODD_ROW = when_needed(rb'<row(?! r="[1-9]\d{0,6}"|[A-Za-z])')
_PREFIXED = when_needed(rb"<\w+:(?:c|row)[\s/>]")
_PERHAPS_PREFIXED = when_needed(rb":(?:c|row)[\s/>]")
_SPACED_ENDS = tuple(when_needed(end) for end in (b" >", b"\n>", b"\t>", b"\r>"))
_ODD = (_ODD_ROW, _ODD_CELL, *_SPACED_ENDS)
_OPEN = when_needed(rb"<sheetData(?=[\s/>])(?:\s[^>]*?)?(/?)>")
_CLOSE = b"</sheetData>"
_ROW_NUMBER = when_needed(rb"""<row\s(?:[^>]*?\s)?r\s*=\s*["']\s*([1-9]\d{0,6})\s*["']""")
_ROW = when_needed(rb'<row r="(\d+)"[^>]*?(/?)>')
_REFERENCE = when_needed(r"([A-Z]{1,3})([1-9]\d{0,6})")

Originals = Mapping[int, tuple[bytes, bytes]]
"""{row: (its XML in conventional form, its XML as it was)} of rows that were written in another
form."""


class SheetXml(NamedTuple):
    """A sheet in conventional form; its rows stand between `start` and `end`."""

    xml: bytes
    start: int
    end: int


def is_conventional(xml: bytes) -> bool:
    """Whether the rows of a sheet are in the form above. What stands outside of sheetData does not
    matter: drawings, controls, comments, extensions."""
    bounds = _bounds(xml)
    return bounds is not None and not bounds.empty and not is_odd(xml, bounds.start, bounds.end)


def is_odd(xml: bytes, start: int = 0, end: int = sys.maxsize) -> bool:
    """Whether rows or cells are written in another way than `<row r="5"` and `<c r="B5"`, or
    comments, CDATA and instructions stand among them.

    Every commit asks it of megabytes: patterns that start with a literal, and rare characters
    looked for first, take half the time of one pattern for all.
    """
    return (
        _has_markup(xml, start, end)
        or _is_prefixed(xml, start, end)
        or any(odd().search(xml, start, end) for odd in _ODD)
    )


def conventional(xml: bytes, part: str) -> SheetXml:
    """The sheet with its sheetData in conventional form; the rest of it to the byte. Raises
    UnusableError if malformed."""
    return conventional_and_original(xml, part)[0]


def conventional_and_original(xml: bytes, part: str) -> tuple[SheetXml, Originals]:
    """The same, and the rows that had to be rewritten for it as they were. Raises UnusableError if
    malformed.

    Where the rows can be told apart without parsing them, only those that are written differently
    are parsed.
    """
    bounds = _bounds(xml)
    if bounds is None:
        return _Rewriter(part).rewrite(xml)
    if bounds.empty:
        head = xml[: bounds.start - 2].rstrip() + b">"  # `/>` becomes `>`, and an end follows
        return SheetXml(head + _CLOSE + xml[bounds.start :], len(head), len(head)), {}
    start, end = bounds.start, bounds.end
    if not is_odd(xml, start, end):
        return SheetXml(xml, start, end), {}
    rows = None
    if not _has_markup(xml, start, end) and not _is_prefixed(xml, start, end):
        rows = _odd_rows(xml, start, end)
    if rows is None:
        return _Rewriter(part).rewrite(xml)
    return _with_rows_rewritten(xml, bounds, rows, part)


def conventional_again(xml: bytes, part: str) -> SheetXml:
    """The same of a sheet that was spliced: the changed rows are in conventional form, and are all
    that is looked at."""
    bounds = _bounds(xml)
    if bounds is None or bounds.empty or _has_markup(xml, bounds.start, bounds.end):
        return conventional(xml, part)  # what looks like a row may be a comment
    return SheetXml(xml, bounds.start, bounds.end)


def with_originals(sheet: bytes, originals: Originals, edited: Collection[int], part: str) -> bytes:
    """A spliced sheet whose rows are as they were where nothing was edited in them."""
    if not originals:
        return sheet
    _xml, start, end = conventional_again(sheet, part)
    pieces, position = [], 0
    for opened in _ROW().finditer(sheet, start, end):
        number = int(opened[1])
        if number not in originals or number in edited:
            continue
        ours, own = originals[number]
        if sheet.startswith(ours, opened.start()):
            pieces += [sheet[position : opened.start()], own]
            position = opened.start() + len(ours)
    return b"".join([*pieces, sheet[position:]])


class _Bounds(NamedTuple):
    """Where the rows of a sheet are. empty: `<sheetData/>`, both are behind it."""

    start: int
    end: int
    empty: bool


def _bounds(xml: bytes) -> _Bounds | None:
    """Where the rows are; None where only a parser can tell."""
    position = 0
    while True:
        opened = _OPEN().search(xml, position)
        if not opened:
            return None
        aside = xml.find(b"<!", position, opened.start())
        if aside < 0:
            break
        if not xml.startswith(b"<!--", aside):
            return None
        position = xml.find(b"-->", aside + 4)
        if position < 0:
            return None
    if opened[1]:
        return _Bounds(opened.end(), opened.end(), True)
    end = xml.find(_CLOSE, opened.end())
    return _Bounds(opened.end(), end, False) if end >= 0 else None


def _has_markup(xml: bytes, start: int, end: int) -> bool:
    """Whether comments, CDATA or instructions stand there: `<!`, `<?`. Rare characters first."""
    return (xml.find(b"!", start, end) >= 0 and xml.find(b"<!", start, end) >= 0) or (
        xml.find(b"?", start, end) >= 0 and xml.find(b"<?", start, end) >= 0
    )


def _is_prefixed(xml: bytes, start: int, end: int) -> bool:
    return bool(_PERHAPS_PREFIXED().search(xml, start, end) and _PREFIXED().search(xml, start, end))


def _odd_rows(xml: bytes, start: int, end: int) -> list[tuple[int, int, int]] | None:
    """(row, where it begins, where it ends) of each row that is written differently; None where
    they can't be told apart so: a row without its number, something between rows."""
    found: list[tuple[int, int, int]] = []
    position = start
    patterns = [odd() for odd in _ODD]
    while True:
        hits = []
        for pattern in list(patterns):
            hit = pattern.search(xml, position, end)
            if hit:
                hits.append(hit.start())
            else:
                patterns.remove(pattern)
        if not hits:
            return found
        at = min(hits)
        begin = max(xml.rfind(b"<row ", position, at + 5), xml.rfind(b"<row\n", position, at + 5))
        number = _ROW_NUMBER().match(xml, begin) if begin >= 0 else None
        if number is None:
            return None
        tag = xml.find(b">", begin, end)
        if xml.startswith(b"/", tag - 1):
            stop = tag + 1
        else:
            close = _ROW_END().search(xml, tag, end)
            if not close:
                return None
            stop = close.end()
        if stop <= at:  # it stands between two rows
            return None
        found.append((int(number[1]), begin, stop))
        position = stop


_ROW_END = when_needed(rb"</row\s*>")


def _with_rows_rewritten(
    xml: bytes, bounds: _Bounds, rows: Sequence[tuple[int, int, int]], part: str
) -> tuple[SheetXml, Originals]:
    """The sheet with these rows in conventional form."""
    alone = b"".join(
        [b"<worksheet><sheetData>", *(xml[a:b] for _row, a, b in rows), b"</sheetData></worksheet>"]
    )
    done, _none = _Rewriter(part).rewrite(alone)
    written = [row + b"</row>" for row in done.xml[done.start : done.end].split(b"</row>")[:-1]]
    if len(written) != len(rows):
        return _Rewriter(part).rewrite(xml)
    pieces, position = [xml[: bounds.start]], bounds.start
    originals = {}
    for ours, (row, begin, stop) in zip(written, rows, strict=True):
        pieces += [xml[position:begin], ours]
        position = stop
        originals[row] = ours, xml[begin:stop]
    body = b"".join([*pieces, xml[position : bounds.end]])
    return SheetXml(body + xml[bounds.end :], bounds.start, len(body)), originals


class _Rewriter:
    """One pass of expat over a sheet, writing its sheetData anew."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._out: list[str] = []
        self._start = self._end = -1
        self._depth = 0
        self._row = self._column = 0
        self._begun: tuple[int, int, int] | None = None
        self._whole: list[tuple[int, int, int, int, int]] = []
        """Row, where it begins and its end tag begins, and its pieces from and to."""
        self._prefix = ""
        self._namespaces: dict[str, str] = {}
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.ordered_attributes = True
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    def rewrite(self, xml: bytes) -> tuple[SheetXml, Originals]:
        """The sheet in conventional form, and its numbered rows as they were."""
        try:
            self._parser.Parse(xml, True)
        except expat.ExpatError as error:
            raise UnusableError(
                f"the part {self._part!r} is not well-formed XML: {error}"
            ) from None
        if self._start < 0:
            raise UnusableError(f"the part {self._part!r} has no sheetData: it is not a worksheet")
        opened = xml.index(b">", self._start)
        end = opened if xml[opened - 1 : opened] == b"/" else xml.index(b">", self._end)
        rows = "".join(self._out[1:-1]).encode()
        head = xml[: self._start] + self._out[0].encode()
        sheet = SheetXml(head + rows + _CLOSE + xml[end + 1 :], len(head), len(head) + len(rows))
        return sheet, {
            row: ("".join(self._out[first:last]).encode(), xml[begin : xml.index(b">", stop) + 1])
            for row, begin, stop, first, last in self._whole
        }

    def _open(self, name: str, attributes: list[str]) -> None:
        local = name.rpartition(":")[2]
        if self._depth == 0:
            self._namespaces |= {
                key: value
                for key, value in zip(attributes[::2], attributes[1::2], strict=True)
                if key.startswith("xmlns:")
            }
            if local == "sheetData" and self._start < 0:
                self._prefix = name[: -len(local)]
                self._start = self._parser.CurrentByteIndex
                self._depth = 1
                pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
                if self._prefix:
                    pairs["xmlns"] = self._namespaces.get(
                        f"xmlns:{self._prefix[:-1]}", MAIN_NAMESPACE
                    )
                self._out.append(
                    "<sheetData" + "".join(f' {k}="{attribute(v)}"' for k, v in pairs.items()) + ">"
                )
            return
        self._depth += 1
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        own = name.startswith(self._prefix) and ":" not in name[len(self._prefix) :]
        if local in ("row", "c") and (not own or self._depth != 2 + (local == "c")):
            raise HostileFileError(f"the part {self._part!r} holds a {local} where none belongs")
        if local == "row":
            numbered = "r" in pairs
            self._row = self._row_number(pairs.pop("r", str(self._row + 1)))
            self._column = 0
            begin = self._parser.CurrentByteIndex
            keeps = numbered and not self._prefix  # rows of two prefixes are no sheet
            self._begun = (self._row, begin, len(self._out)) if keeps else None
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
        found = _REFERENCE().fullmatch(reference)
        if reference and (not found or int(found[2]) != self._row):
            raise UnusableError(
                f"the part {self._part!r} holds a cell {reference[:20]!r} in row {self._row}"
            )
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
        if local == "row" and self._begun and self._parser.CurrentByteIndex > self._begun[1]:
            row, begin, first = self._begun
            self._whole.append((row, begin, self._parser.CurrentByteIndex, first, len(self._out)))

    def _text(self, text: str) -> None:
        if self._depth > 1:
            self._out.append(escape(text))

"""Tables of saved web pages as cells: what spans several rows or columns stands in the first, as in
a spreadsheet. Nothing is fetched, no script is run."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from ticketops.errors import InputError
from ticketops.model.spelling import tidy
from ticketops.schema.foreign import Area, Cells
from ticketops.stores.foreign.texts import decoded

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,30})""", re.IGNORECASE)
_MOST_SPAN, _MOST_ROWS, _MOST_COLUMNS = 1_000, 100_000, 500
_LEAST = 2
"""Rows and columns of a table that holds data and is no frame of the page."""
_NOT_SHOWN = ("script", "style", "sup", "template", "noscript")


def page_cells(data: bytes, label: str, sheet: str | None) -> Cells:
    """The table of a page: that of the caption, id or number that `sheet` is, else the one with most
    cells. Raises InputError."""
    from lxml import etree, html

    charset = _CHARSET.search(data[:4096])
    text = decoded(_recoded(data, charset[1].decode() if charset else ""), label)
    html_: Any = html
    parser = html_.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        root = html_.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        raise InputError(f"{label} is not a web page") from None
    tables = [_table(one) for one in root.iter("table") if one.find(".//table") is None]
    names = _names([one for one in root.iter("table") if one.find(".//table") is None])
    known = [
        (name, rows)
        for name, rows in zip(names, tables, strict=True)
        if len(rows.rows) >= _LEAST and max(map(len, rows.rows)) >= _LEAST
    ]
    if not known:
        raise InputError(f"{label} holds no table")
    titles = tuple(name for name, _ in known)
    if sheet is None:
        name, rows = max(known, key=lambda one: sum(map(len, one[1].rows)))
    else:
        found = [one for one in known if one[0].casefold() == sheet.casefold()]
        if not found and sheet.isdecimal() and 0 < int(sheet) <= len(known):
            found = [known[int(sheet) - 1]]
        if not found:
            raise InputError(f"{label} has no table {sheet!r}", f"it has {', '.join(titles)}")
        name, rows = found[0]
    return Cells(name, titles, rows.rows, rows.numbers, rows.merged, rows.header)


def _recoded(data: bytes, charset: str) -> bytes:
    """A page that names another encoding than UTF-8, in UTF-8."""
    if not charset or data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:3] == b"\xef\xbb\xbf":
        return data
    try:
        return data.decode("cp1252" if charset.lower() == "iso-8859-1" else charset).encode()
    except (LookupError, UnicodeError):
        return data


def _names(tables: list[Any]) -> list[str]:
    """What each table is called: its caption, its id, or its number."""
    names: list[str] = []
    for at, table in enumerate(tables, start=1):
        caption = table.find("caption")
        name = (_text(caption) if caption is not None else "") or table.get("id") or ""
        names.append(name[:60] if name and name[:60] not in names else f"table {at}")
    return names


def _table(table: Any) -> Cells:
    """The rows of a table, each as wide as its cells span."""
    rows: list[list[Any]] = []
    numbers: list[int] = []
    merged: list[Area] = []
    taken: dict[tuple[int, int], None] = {}
    header = 0
    for tr in table.iter("tr"):
        if len(rows) >= _MOST_ROWS:
            raise InputError(f"a table has more than {_MOST_ROWS:,} rows")
        at, row = len(rows), list[Any]()
        cells = [cell for cell in tr if cell.tag in ("td", "th")]
        for cell in cells:
            while (at, len(row)) in taken:
                row.append(None)
            down, over = _span(cell, "rowspan"), _span(cell, "colspan")
            left = len(row)
            if left + over > _MOST_COLUMNS:
                raise InputError(f"a table has more than {_MOST_COLUMNS} columns")
            if down > 1 or over > 1:
                merged.append((at, left, at + down - 1, left + over - 1))
                for below in range(1, down):
                    taken |= dict.fromkeys((at + below, left + one) for one in range(over))
            row += [_text(cell) or None, *[None] * (over - 1)]
        while (at, len(row)) in taken:
            row.append(None)
        if len(rows) == header and cells and all(cell.tag == "th" for cell in cells):
            header += 1
        rows.append(row)
        numbers.append(tr.sourceline or at + 1)
        taken = {place: None for place in taken if place[0] > at}
    return Cells("", (), rows, _apart(numbers), tuple(merged), header)


def _apart(numbers: list[int]) -> list[int]:
    """The lines of the rows in the file; where several are on one line, their numbers among the
    rows."""
    is_told = all(one < other for one, other in pairwise(numbers))
    return numbers if is_told else list(range(1, len(numbers) + 1))


def _span(cell: Any, name: str) -> int:
    text = (cell.get(name) or "").strip()
    return min(max(int(text), 1), _MOST_SPAN) if text.isdecimal() and len(text) < 8 else 1


def _text(element: Any) -> str:
    """What a person reads there, without marks of footnotes."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == "br":
            parts.append(" ")
        elif isinstance(child.tag, str) and child.tag not in _NOT_SHOWN:
            parts.append(_text(child) if len(parts) < 1_000 else "")
        parts.append(child.tail or "")
    return tidy(" ".join("".join(parts).split()))

"""Ranges that must follow when data grows: dimension, filters, tables, conditional formats,
validations, print areas, widths of columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ticketops.schema.addresses import Area, column_letters, parse_range
from ticketops.stores.xlsx.xmltext import attribute

_DIMENSION = re.compile(rb'(<(?:\w+:)?dimension\b[^>]*?\bref=["\'])([^"\']+)')
_AUTO_FILTER = re.compile(rb'(<(?:\w+:)?autoFilter\b[^>]*?\bref=["\'])([^"\']+)')
_TABLE = re.compile(rb'(<(?:\w+:)?table\b[^>]*?\sref=["\'])([^"\']+)')
_TOTALS = re.compile(rb'<(?:\w+:)?table\b[^>]*?\stotalsRowCount=["\'](\d+)')
_TABLE_COLUMNS = re.compile(
    rb'(<(?:\w+:)?tableColumns\b[^>]*?\bcount=["\'])(\d+)(["\'][^>]*>)(.*?)(</((?:\w+:)?)tableColumns>)',
    re.DOTALL,
)
_TABLE_COLUMN = re.compile(rb"<(?:\w+:)?tableColumn\b([^>]*)")
_ID, _NAME = re.compile(rb'\sid=["\'](\d+)'), re.compile(rb'\sname=(?:"([^"]*)"|\'([^\']*)\')')
_SQREF = re.compile(
    rb'(<(?:\w+:)?(?:conditionalFormatting|dataValidation)\b[^>]*?\bsqref=["\'])([^"\']+)'
)
_EXTENDED = re.compile(rb"<x14:(conditionalFormatting|dataValidation)\b.*?</x14:\1>", re.DOTALL)
_EXTENDED_SQREF = re.compile(rb"(<xm:sqref>)([^<]+)")
_COLS = re.compile(rb"<((?:\w+:)?)cols\b[^>]*>(.*?)</(?:\w+:)?cols>", re.DOTALL)
_COL = re.compile(rb"<(?:\w+:)?col\b([^>]*?)/?>")
_BOUND = re.compile(rb'\s(min|max|width)=["\']([\d.]+)["\']')
_WIDTHS = re.compile(rb'\s(?:min|max|width|customWidth|bestFit)=["\'][^"\']*["\']')


class Growth(Struct, frozen=True):
    """Data that ended at sheet row `old_last` now ends at `new_last`; the header stands in
    `header_row`.

    own: the columns of the data; added: those of them that are new, with their headers; tables: the
    areas of all tables of the sheet; removed: columns of the data that go, the last of them.
    """

    header_row: int
    old_last: int
    new_last: int
    own: tuple[int, ...] = ()
    added: tuple[tuple[int, str], ...] = ()
    tables: tuple[Area, ...] = ()
    removed: tuple[int, ...] = ()

    @property
    def grows(self) -> bool:
        return self.new_last > self.old_last or bool(self.added or self.removed)

    def grow(self, reference: str) -> str:
        """A space-separated list of ranges; each that covered the data to its end covers the new
        rows too. What stands beside the data's columns, and what ends with the header, stays."""
        return " ".join(self._grow_one(part) for part in reference.split())

    def _grow_one(self, part: str) -> str:
        area = parse_range(part)
        if area is None or self.new_last <= self.old_last:
            return part
        (left, top), (right, bottom) = area
        covers_data = max(self.old_last, min(top, self.header_row + 1)) <= bottom < self.new_last
        beside = bool(self.own) and not any(left <= column <= right for column in self.own)
        if beside or not covers_data or top > self.old_last + 1 or bottom <= self.header_row:
            return part
        return f"{column_letters(left)}{top}:{column_letters(right)}{self.new_last}"

    def grow_framed(self, reference: str, *, totals: int = 0, wider: bool = True) -> str:
        """The range of a filter or table whose first row is the header: down to the new rows, and
        over new columns that adjoin it.

        It stays where it would run into another table.
        """
        area = parse_range(reference)
        if area is None:
            return reference
        (left, top), (right, bottom) = area
        if top != self.header_row or not any(left <= column <= right for column in self.own):
            return reference
        new_right, new_bottom = right, bottom
        if self.old_last <= bottom - totals < self.new_last:
            new_bottom = self.new_last + totals
        if (
            wider
            and self.added
            and self.added[0][0] > right
            and all(column in self.own for column in range(right + 1, self.added[0][0]))
        ):
            new_right = self.added[-1][0]
        if self.removed and left < self.removed[0] <= right == self.removed[-1]:
            new_right = self.removed[0] - 1
        grown = ((left, top), (new_right, new_bottom))
        if any(_meet(grown, other) and not _meet(area, other) for other in self.tables):
            return reference
        return f"{column_letters(left)}{top}:{column_letters(new_right)}{new_bottom}"


def _meet(one: Area, other: Area) -> bool:
    return (
        one[0][0] <= other[1][0]
        and other[0][0] <= one[1][0]
        and one[0][1] <= other[1][1]
        and other[0][1] <= one[1][1]
    )


def widen_dimension(head: bytes, written: Area, *, exact_bottom: bool = False) -> bytes:
    """The part of a sheet before its rows, its <dimension> widened to hold the written area.

    exact_bottom: the written area is the last of the sheet, so the dimension ends with it.
    """

    def widened(found: re.Match[bytes]) -> bytes:
        area = parse_range(found[2].decode())
        if area is None:
            return found[0]
        (left, top), (right, bottom) = area
        (new_left, new_top), (new_right, new_bottom) = written
        left, top, right = min(left, new_left), min(top, new_top), max(right, new_right)
        bottom = new_bottom if exact_bottom else max(bottom, new_bottom)
        return found[1] + f"{column_letters(left)}{top}:{column_letters(right)}{bottom}".encode()

    return _DIMENSION.sub(widened, head, count=1)


def _rewritten(change: Callable[[str], str]) -> Callable[[re.Match[bytes]], bytes]:
    return lambda found: found[1] + change(found[2].decode()).encode()


def grow_ranges(tail: bytes, growth: Growth) -> bytes:
    """The part of a sheet behind its rows, its filter, conditional formats and validations
    grown."""
    if not growth.grows:
        return tail
    framed = tail
    if not (growth.removed and b"filterColumn" in tail):  # what is hidden by it must stay explained
        framed = _AUTO_FILTER.sub(_rewritten(growth.grow_framed), tail)
    tail = _SQREF.sub(_rewritten(growth.grow), framed)
    return _EXTENDED.sub(lambda block: _EXTENDED_SQREF.sub(_rewritten(growth.grow), block[0]), tail)


def grow_table(xml: bytes, growth: Growth) -> bytes:
    """A table part whose range, filter and columns follow the data."""
    found, totals = _TABLE.search(xml), _TOTALS.search(xml)
    area = parse_range(found[2].decode()) if found else None
    if found is None or area is None:
        return xml
    others = replace(growth, tables=tuple(other for other in growth.tables if other != area))
    wider = (
        bool(growth.added)
        and growth.added[0][0] == area[1][0] + 1
        and not _named(xml) & {h.casefold() for _c, h in growth.added}
    )
    reference = others.grow_framed(
        found[2].decode(), totals=int(totals[1]) if totals else 0, wider=wider
    )
    grown = parse_range(reference)
    if grown is None or grown == area:
        return xml
    xml = xml[: found.start(2)] + reference.encode() + xml[found.end(2) :]
    xml = _AUTO_FILTER.sub(
        _rewritten(lambda own: others.grow_framed(own, wider=wider)), xml, count=1
    )
    if grown[1][0] < area[1][0]:
        return _without_columns(xml, area[1][0] - grown[1][0])
    return _with_columns(xml, growth.added) if grown[1][0] > area[1][0] else xml


def _named(table: bytes) -> set[str]:
    """The names of a table's columns, for comparing."""
    found = (_NAME.search(attributes) for attributes in _TABLE_COLUMN.findall(table))
    return {(name[1] or name[2] or b"").decode().casefold() for name in found if name}


def _with_columns(xml: bytes, added: Collection[tuple[int, str]]) -> bytes:
    found = _TABLE_COLUMNS.search(xml)
    if not found:
        return xml
    ids = [int(own[1]) for own in map(_ID.search, _TABLE_COLUMN.findall(found[4])) if own]
    first = max(ids, default=0) + 1
    new = b"".join(
        b'<%btableColumn id="%d" name="%b"/>' % (found[6], number, attribute(header).encode())
        for number, (_column, header) in enumerate(added, start=first)
    )
    count = int(found[2]) + len(added)
    return (
        xml[: found.start()]
        + found[1]
        + b"%d" % count
        + found[3]
        + found[4]
        + new
        + found[5]
        + xml[found.end() :]
    )


def _without_columns(xml: bytes, count: int) -> bytes:
    """A table without its last columns."""
    found = _TABLE_COLUMNS.search(xml)
    if not found:
        return xml
    cut = [own.start() for own in _TABLE_COLUMN.finditer(found[4])][-count]
    left = int(found[2]) - count
    return (
        xml[: found.start()]
        + found[1]
        + b"%d" % left
        + found[3]
        + found[4][:cut]
        + found[5]
        + xml[found.end() :]
    )


def grow_names(workbook: bytes, position: int, growth: Growth) -> bytes:
    """workbook.xml with the hidden _FilterDatabase and the print area of the sheet at `position`
    (0-based) grown."""
    for hidden, change in ((b"_FilterDatabase", growth.grow_framed), (b"Print_Area", growth.grow)):
        name = re.compile(
            rb"(<(?:\w+:)?definedName\b(?=[^>]*%b)(?=[^>]*localSheetId=[\"']%d[\"'])[^>]*>[^<]*!)"
            rb"(\$[A-Z]+\$\d+:\$[A-Z]+\$\d+)(?=<)" % (hidden, position)
        )

        def grown(found: re.Match[bytes], change: Callable[[str], str] = change) -> bytes:
            area = parse_range(change(found[2].decode()))
            if area is None:
                return found[0]
            (left, top), (right, bottom) = area
            return (
                found[1]
                + f"${column_letters(left)}${top}:${column_letters(right)}${bottom}".encode()
            )

        workbook = name.sub(grown, workbook)
    return workbook


def with_widths(head: bytes, widths: Mapping[int, int]) -> bytes:
    """The part of a sheet before its rows; columns that are narrower than `widths` get that
    width."""
    if not widths:
        return head
    found = _COLS.search(head)
    prefix = found[1] if found else (re.search(rb"<((?:\w+:)?)worksheet\b", head) or [b"", b""])[1]
    kept: list[tuple[int, bytes]] = []
    wanted = dict(widths)
    for attributes in _COL.findall(found[2]) if found else ():
        bounds = {name: float(value) for name, value in _BOUND.findall(attributes)}
        first, last, width = (
            int(bounds.get(b"min", 0)),
            int(bounds.get(b"max", 0)),
            bounds.get(b"width", 0.0),
        )
        inside = sorted(column for column in wanted if first <= column <= last)
        if not inside:
            kept.append((first, b"<%bcol%b/>" % (prefix, attributes.rstrip())))
            continue
        rest = _WIDTHS.sub(b"", attributes).rstrip()
        plain = (
            b' width="%g"' % width + (b' customWidth="1"' if b"customWidth" in attributes else b"")
            if b"width" in bounds
            else b""
        )
        start = first
        for column in inside:
            if start < column:
                kept.append(
                    (
                        start,
                        b'<%bcol min="%d" max="%d"%b%b/>'
                        % (prefix, start, column - 1, plain, rest),
                    )
                )
            wide = max(width, wanted.pop(column))
            kept.append(
                (
                    column,
                    b'<%bcol min="%d" max="%d" width="%g" customWidth="1"%b/>'
                    % (prefix, column, column, wide, rest),
                )
            )
            start = column + 1
        if start <= last:
            kept.append(
                (start, b'<%bcol min="%d" max="%d"%b%b/>' % (prefix, start, last, plain, rest))
            )
    kept += [
        (
            column,
            b'<%bcol min="%d" max="%d" width="%g" customWidth="1"/>'
            % (prefix, column, column, width),
        )
        for column, width in wanted.items()
    ]
    columns = b"".join(xml for _first, xml in sorted(kept))
    if found:
        return head[: found.start(2)] + columns + head[found.end(2) :]
    at = head.rindex(b"<sheetData")
    return head[:at] + b"<%bcols>%b</%bcols>" % (prefix, columns, prefix) + head[at:]

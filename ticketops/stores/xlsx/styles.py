"""The part of styles.xml that an edit needs: which cell styles are dates, and a dated twin of one
that is not."""

from __future__ import annotations

import re
from functools import cache

from ticketops.errors import SpliceError
from ticketops.model.patterns import when_needed

_CELL_XFS = when_needed(rb"<(?:\w+:)?cellXfs\b[^>]*>(.*?)</(?:\w+:)?cellXfs>", re.DOTALL)
_XF = when_needed(rb"<(?:\w+:)?xf\b[^>]*?(?:/>|(?<!/)>.*?</(?:\w+:)?xf>)", re.DOTALL)
_NUMBER_FORMAT = when_needed(rb"<(?:\w+:)?numFmt\b([^>]*?)/?>")
_FORMAT_ID = when_needed(rb'\bnumFmtId=["\'](\d+)["\']')
_FORMAT_CODE = when_needed(rb'\bformatCode=(?:"([^"]*)"|\'([^\']*)\')')
_FONT_ID = when_needed(rb'\bfontId=["\'](\d+)["\']')
_FONTS = when_needed(rb"<(?:\w+:)?fonts\b[^>]*>(.*?)</(?:\w+:)?fonts>", re.DOTALL)
_FONT = when_needed(rb"<(?:\w+:)?font\b[^>]*?(?:/>|(?<!/)>.*?</(?:\w+:)?font>)", re.DOTALL)
_BOLD = when_needed(rb"<(?:\w+:)?b(?:/>|\s*/>|>)")
_COUNT = when_needed(rb'(<(?:\w+:)?cellXfs\b[^>]*\bcount=["\'])(\d+)(["\'])')
_LITERAL = when_needed(rb'"[^"]*"|&quot;.*?&quot;|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]')

_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_BUILT_IN_TIMES = frozenset({18, 19, 20, 21, 22, 45, 46, 47})
_BUILT_IN_CLOCKS = frozenset({18, 19, 20, 21, 45, 46, 47, 32, 33, 34, 35, 55, 56})
_DURATION = when_needed(rb"\[(?:h+|m+|s+)\]")
_DATE, _DATE_TIME = 14, 22


def number_formats(xml: bytes) -> dict[int, str]:
    """{cell style: format code} of the styles with a format that the workbook declares itself."""
    cells = _CELL_XFS().search(xml)
    if not cells:
        return {}
    codes: dict[int, str] = {}
    for attributes in _NUMBER_FORMAT().findall(xml[: cells.start()]):
        number, code = _FORMAT_ID().search(attributes), _FORMAT_CODE().search(attributes)
        if number and code:
            codes[int(number[1])] = (code[1] or code[2] or b"").decode("utf-8", "replace")
    found = {}
    for index, xf in enumerate(_XF().findall(cells[1])):
        number = _FORMAT_ID().search(xf)
        if number and int(number[1]) in codes:
            found[index] = codes[int(number[1])]
    return found


def no_styles(namespace: str) -> bytes:
    """The least that a styles part holds, for a workbook that has none."""
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet xmlns="{namespace}">'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    ).encode()


class Styles:
    """cellXfs by index. `changed` is the new styles.xml once a style was added, else None."""

    def __init__(self, xml: bytes) -> None:
        """Raises SpliceError where the part has no cell styles."""
        found = _CELL_XFS().search(xml)
        if not found:
            raise SpliceError(
                "the workbook has no cell styles: save it once in a spreadsheet program"
            )
        self._xml = xml
        self._end = found.end(1)
        self._xfs = _XF().findall(found[1])
        self._added: list[bytes] = []
        self._dated: dict[tuple[int, bool], int] = {}
        self._codes: dict[int, bytes] = {}
        for attributes in _NUMBER_FORMAT().findall(xml[: found.start()]):
            number, code = _FORMAT_ID().search(attributes), _FORMAT_CODE().search(attributes)
            if number and code:
                self._codes[int(number[1])] = code[1] or code[2] or b""

    @cache  # noqa: B019 (one Styles lives as long as one commit)
    def is_date(self, index: int) -> bool:
        """Whether numbers in this style show as dates."""
        return index < len(self._xfs) and self._format_is_date(self._format(self._xfs[index]))

    @cache  # noqa: B019
    def shows_days(self, index: int) -> bool:
        """Whether numbers in this style show as days, with or without a time: neither as a time
        alone nor as a duration."""
        if not self.is_date(index):
            return False
        number = self._format(self._xfs[index])
        if number not in self._codes:
            return number not in _BUILT_IN_CLOCKS
        code = self._codes[number].lower()
        return not _DURATION().search(code) and any(
            letter in _LITERAL().sub(b"", code) for letter in (b"y", b"d")
        )

    @cache  # noqa: B019
    def undated(self, index: int) -> int:
        """The index of a style like `index` that shows plain numbers; an existing one where there
        is one, else added."""
        return self._twin(index, 0)

    def dated(self, index: int, *, with_time: bool) -> int:
        """The index of a style like `index` that shows dates; an existing one where there is one,
        else added."""
        known = self._dated.get((index, with_time))
        if known is None:
            known = self._dated[index, with_time] = (
                index if self.shows_days(index) else self._dated_twin(index, with_time)
            )
        return known

    def _dated_twin(self, index: int, with_time: bool) -> int:
        return self._twin(index, self._date_format(with_time))

    def _twin(self, index: int, number: int) -> int:
        base = self._xfs[index] if index < len(self._xfs) else b'<xf numFmtId="0"/>'
        twin = _FORMAT_ID().sub(b'numFmtId="%d"' % number, base, count=1)
        if not _FORMAT_ID().search(base):
            twin = re.sub(rb"(<(?:\w+:)?xf\b)", rb'\1 numFmtId="%d"' % number, base, count=1)
        if b"applyNumberFormat" not in twin:
            twin = re.sub(rb"(<(?:\w+:)?xf\b)", rb'\1 applyNumberFormat="1"', twin, count=1)
        else:
            twin = re.sub(rb'applyNumberFormat=["\']\w+["\']', b'applyNumberFormat="1"', twin)
        if twin in self._xfs:
            return self._xfs.index(twin)
        self._xfs.append(twin)
        self._added.append(twin)
        return len(self._xfs) - 1

    def bold(self) -> int:
        """The index of the first style with a bold font; 0 where there is none."""
        fonts = _FONTS().search(self._xml)
        bold = {
            i
            for i, font in enumerate(_FONT().findall(fonts[1] if fonts else b""))
            if _BOLD().search(font)
        }
        for index, xf in enumerate(self._xfs):
            font = _FONT_ID().search(xf)
            if font and int(font[1]) in bold:
                return index
        return 0

    @property
    def changed(self) -> bytes | None:
        if not self._added:
            return None
        xml = self._xml[: self._end] + b"".join(self._added) + self._xml[self._end :]
        return _COUNT().sub(lambda m: m[1] + b"%d" % len(self._xfs) + m[3], xml, count=1)

    def _format(self, xf: bytes) -> int:
        found = _FORMAT_ID().search(xf)
        return int(found[1]) if found else 0

    def _format_is_date(self, number: int) -> bool:
        if number in self._codes:
            return bool(
                re.search(
                    rb"[dmyhs]",
                    _LITERAL().sub(b"", self._codes[number]).lower().replace(b"general", b""),
                )
            )
        return number in _BUILT_IN_DATES

    def _date_format(self, with_time: bool) -> int:
        """A date format that the workbook already uses, else a built-in one."""
        for xf in self._xfs:
            number = self._format(xf)
            code = _LITERAL().sub(b"", self._codes.get(number, b"")).lower()
            timed = b"h" in code if code else number in _BUILT_IN_TIMES
            dated = b"y" in code if code else number in (_DATE, _DATE_TIME)
            if self._format_is_date(number) and dated and timed is with_time:
                return number
        return _DATE_TIME if with_time else _DATE

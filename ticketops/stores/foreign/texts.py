"""Files of plain text as cells: CSV in its dialects, and JSON."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ticketops.errors import InputError
from ticketops.schema.foreign import Cells

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENOUGH = 20_000
"""Characters by which the dialect of a CSV file is told."""
_FEW = 64
"""Bytes by which UTF-16 without a mark is told."""
_MOST_DEEP = 4
"""Levels of JSON objects inside one another that become columns."""


def decoded(data: bytes, label: str, *, strict: bool = False) -> str:
    """A file's text: by its byte order mark, as UTF-16 where every other byte is zero, as UTF-8,
    else as Windows has it (cp1252). strict: UTF-8 and UTF-16 with a mark only. Raises InputError."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "")
    if not encoding and not strict and b"\0" in data[:_FEW]:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    for name in (encoding,) if encoding else ("utf-8",) if strict else ("utf-8", "cp1252"):
        try:
            text = data.decode(name)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputError(f"{label} is not in UTF-8", "save it as CSV UTF-8")
    if "\0" in text:
        raise InputError(f"{label} is not a CSV file: it holds binary data")
    return text


def csv_cells(text: str, label: str) -> tuple[list[list[str]], list[int], str]:
    """The rows of a CSV file, the line that each begins on, and what stands between its cells:
    comma, semicolon, tab or bar, as its first lines or a first line `sep=;` has it. Raises
    InputError."""
    first, text, above = _separator_line(text)
    delimiter = first or _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, numbers, line = [], [], above
    try:
        for row in reader:
            rows.append(row)
            numbers.append(line + 1)
            line = above + reader.line_num
    except csv.Error as error:
        raise InputError(f"{label} is not a CSV file: {error}") from None
    return rows, numbers, delimiter


def _separator_line(text: str) -> tuple[str, str, int]:
    """What a first line `sep=;` says, which Excel reads and leaves out, the text below it, and how
    many lines that left out."""
    first, end, rest = text.partition("\n")
    if not end:
        first, _end, rest = text.partition("\r")
    found = _SEPARATOR_LINE.fullmatch(first.rstrip("\r\n "))
    return (found[1], rest, 1) if found else ("", text, 0)


def _delimiter(text: str) -> str:
    """What divides most of the first lines into equally many cells; of several the one that the
    first line has most of."""
    start = text[:_ENOUGH]
    first = next((line for line in start.splitlines() if line.strip()), "")

    def fit(mark: str) -> tuple[int, int]:
        try:
            rows = list(islice(csv.reader(io.StringIO(start, newline=""), delimiter=mark), 20))
        except csv.Error:
            return 0, 0
        widths = Counter(len(row) for row in rows if len(row) > 1)
        return max(widths.values(), default=0), first.count(mark)

    return max(",;\t|", key=fit)


def json_cells(text: str, label: str) -> Cells:
    """The objects of a JSON file as rows, the names of their members as the header; a member of an
    object within is `team1.name`. A row's number is that of its object. Lists within lists are
    rows as they stand. Raises InputError."""
    try:
        content = json.loads(text)
    except RecursionError:
        raise InputError(f"{label} is not a table: its JSON is nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{label} is not JSON: {error}") from None
    lists = _lists(content)
    if not lists:
        raise InputError(f"{label} holds no list of objects", "each match must be an object")
    name, found = max(lists, key=lambda one: len(one[1]))
    sheets = tuple(dict.fromkeys(name for name, _ in lists))
    if all(isinstance(one, list) for one in found):
        rows = [[_scalar(cell) for cell in row] for row in found]
        return Cells(name, sheets, rows, list(range(1, len(rows) + 1)))
    records = [dict(_flat(one)) for one in found if isinstance(one, Mapping)]
    header = list(dict.fromkeys(key for record in records for key in record))
    rows = [list(header), *([record.get(key) for key in header] for record in records)]
    return Cells(name, sheets, rows, list(range(len(rows))), header=1)


def _lists(content: Any, name: str = "", depth: int = 0) -> list[tuple[str, Sequence[Any]]]:
    """Every list of objects (or of lists), with what it is called. Objects that hold such a list
    themselves (a round with its matches) pass what they say on to each of its members."""
    if depth > _MOST_DEEP:
        return []
    if isinstance(content, list):
        objects = [one for one in content if isinstance(one, Mapping)]
        inner = [
            {**_alone(one), **member}
            for one in objects
            for _, members in _lists(_within(one), depth=depth + 1)
            for member in members
            if isinstance(member, Mapping)
        ]
        if len(inner) > len(objects):
            return [(name, inner)]
        if content and (objects or all(isinstance(one, list) for one in content)):
            return [(name, objects or content)]
        return []
    if isinstance(content, Mapping):
        return [found for key, one in content.items() for found in _lists(one, str(key), depth + 1)]
    return []


def _within(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if isinstance(value, list)}


def _alone(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if not isinstance(value, list)}


def _flat(one: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in one.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping) and depth < _MOST_DEEP:
            yield from _flat(value, f"{name}.", depth + 1)
        else:
            yield name, _scalar(value)


def _scalar(value: Any) -> Any:
    """A value as a cell; a list of plain values as a text, one of others as JSON."""
    if isinstance(value, list) and all(isinstance(one, (str, int, float)) for one in value):
        return ", ".join(map(str, value))
    if isinstance(value, (list, Mapping)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**15:
        return str(value)
    return value

"""A table from a file of any program: .xlsx .xlsm .xls .xlsb .ods .csv .tsv .txt .json .html.

Spreadsheets and web pages are read by a child process (`stores/foreign/reading.py`) that may die of
them; plain text is read here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ticketops import errors
from ticketops.errors import HostileFileError, InputError, UnusableError
from ticketops.model.texts import is_escaped
from ticketops.schema.foreign import Cells, ForeignTable, table_of
from ticketops.stores import child
from ticketops.stores.foreign.reading import PAGES, content_of, unpacked
from ticketops.stores.foreign.texts import csv_cells, decoded, json_cells

SPREADSHEETS = (".xlsx", ".xlsm", ".xltx", ".xls", ".xlsb", ".ods", ".fods", ".et")
_TEXTS = (".csv", ".tsv", ".tab", ".txt", ".json")
_ARCHIVE, _OLE = b"PK\x03\x04", bytes.fromhex("D0CF11E0A1B11AE1")


def read_table(
    name: str,
    *,
    sheet: str | None = None,
    header_row: int | None = None,
    prefer: Sequence[str] = (),
    is_header: Callable[[Sequence[str]], bool] | None = None,
) -> ForeignTable:
    """The table of a file, `-` being standard input (CSV or JSON). sheet: the title of a sheet, or
    the caption, id or number of a page's table; header_row: the line that the header ends on;
    prefer: words by which a sheet is chosen where none is named; is_header: whether a row is the
    header, by what it says.

    Raises InputError for a file without such a table, UnusableError and HostileFileError for one
    that can't be read.
    """
    cells = read_cells(name, sheet=sheet, prefer=prefer)
    label = "standard input" if name == "-" else Path(name).name
    return table_of(
        f"{label} {cells.sheet}" if cells.sheet else label, cells, header_row, is_header
    )


def read_cells(name: str, *, sheet: str | None = None, prefer: Sequence[str] = ()) -> Cells:
    """The cells of a file as it has them, whether they are a table or not; the arguments are those
    of `read_table`. Raises InputError, UnusableError and HostileFileError as it does."""
    if name == "-":
        return replace(_of_text(_standard_input(), "standard input", ""), sheet="")
    path = Path(name)
    suffix = path.suffix.lower()
    if suffix in (*SPREADSHEETS, *PAGES):
        return _asked(path, sheet, prefer)
    data = content_of(path)
    if data.startswith((_ARCHIVE, _OLE)):
        return _asked(path, sheet, prefer)
    if suffix and suffix not in _TEXTS and b"\0" in data[:4096]:
        raise UnusableError(
            f"{path.name} is not a table", "give .xlsx, .xls, .xlsb, .ods, .csv, .json or .html"
        )
    cells = _of_text(data, path.name, suffix)
    if sheet is not None and sheet not in cells.sheets:
        raise InputError(f"{path.name} has no sheets", "leave --sheet out")
    return cells


def _standard_input() -> bytes:
    data = sys.stdin.buffer.read(child.MAX_FILE + 1)
    if len(data) > child.MAX_FILE:
        raise InputError(f"standard input is larger than {child.MAX_FILE // 2**20} MB")
    return data


def _of_text(data: bytes, label: str, suffix: str) -> Cells:
    text = decoded(data, label)
    if suffix == ".json" or (not suffix and text.lstrip()[:1] in ("{", "[")):
        return json_cells(text, label)
    rows, numbers, _delimiter = csv_cells(text, label)
    plain = [[cell[1:] if is_escaped(cell) else cell for cell in row] for row in rows]
    return Cells("", (), plain, numbers)


def _asked(path: Path, sheet: str | None, prefer: Sequence[str]) -> Cells:
    """The cells that the child process reads."""
    content_of(path)  # what is missing or too large is told without a process
    request = {"path": str(path.absolute()), "sheet": sheet, "prefer": list(prefer)}
    with closing(child.answers("ticketops.stores.foreign.reading", request, 1)) as lines:
        line = next(lines, None)
    if line is None:
        raise HostileFileError(f"{path.name} needs more memory or time than any table")
    said: dict[str, Any] = json.loads(line)
    if "error" in said:
        kind, message, hint = said["error"]
        error = getattr(errors, kind, UnusableError)
        raise error(message, hint)
    return Cells(
        said["sheet"],
        tuple(said["sheets"]),
        [[unpacked(cell) for cell in row] for row in said["rows"]],
        said["numbers"],
        tuple((top, left, bottom, right) for top, left, bottom, right in said["merged"]),
        said["header"],
        (tuple(said["hidden"][0]), tuple(said["hidden"][1])),
    )

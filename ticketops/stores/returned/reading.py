"""Reading files that came back, in a process of its own whose memory is limited: `python -m ticketops.stores.returned.reading`.

Standard input: one JSON object {"paths": […], "kind": …, "memory": bytes}. Standard output: a JSON line a file. Nothing is evaluated,
no link is followed; a formula is reported, not read.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ticketops.errors import HostileFileError, TicketopsError, UnusableError
from ticketops.schema.books import BASE_SHEET, LAYOUTS, OPEN_MARK, STAMP, Layout
from ticketops.schema.columns import header_key, text_of

MAX_FILE = 50 * 2**20
MAX_INFLATED = 256 * 2**20
MAX_ROWS = 100_000
"""Rows of a sheet that are looked at."""
_HEADER_WITHIN = 30
"""The header is looked for in so many rows."""


def read_file(path: Path, kind: str = "") -> dict[str, Any]:
    """What a returned file says, as JSON content for `schema.books.Returned`; kind: of a file whose hidden sheet is gone.

    Raises UnusableError or HostileFileError for a file that can't be used at all.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise HostileFileError(f"{path.name} has {size:,} bytes; no book is that large")
        data = path.read_bytes()
    except OSError as error:
        raise UnusableError(f"{path.name} can't be read: {error.strerror}") from None
    found: dict[str, Any] = {"file_hash": hashlib.blake2b(data, digest_size=16).hexdigest(), "problems": []}
    _guard(data, path.name)
    from openpyxl.reader.excel import load_workbook

    loader: Any = load_workbook

    try:
        book = loader(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except (MemoryError, TicketopsError):
        raise
    except Exception as error:  # whatever a broken file makes of a parser
        raise UnusableError(f"{path.name} is not a workbook that can be read ({type(error).__name__})") from None
    sheets = {sheet.title: sheet for sheet in book.worksheets if hasattr(sheet, "reset_dimensions")}
    stamp = _stamp(sheets)
    if stamp:
        found["book_id"], kind, found["base"] = stamp
    found["kind"] = kind
    if kind not in LAYOUTS:
        raise UnusableError(f"{path.name} is not a book of ticketops: its hidden sheet {BASE_SHEET} is gone",
                            "if you know whose it is, name the party (--company, --supplier, --staff)")  # fmt: skip
    _read_rows(sheets, LAYOUTS[kind], found, path.name)
    return found


def _guard(data: bytes, name: str) -> None:
    """Refuse what is no honest workbook before a parser sees it."""
    from ticketops.stores.xlsx import guard

    guard.check_magic(data[:8], name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            guard.check_directory(members, len(data), name)
            if sum(info.file_size for info in members) > MAX_INFLATED:
                raise HostileFileError(f"{name} would inflate to more than {MAX_INFLATED // 2**20} MB")
            for info in members:
                if info.filename.endswith((".xml", ".rels", ".vml")):
                    with archive.open(info) as part:
                        _refuse_dtd(part, f"{name}: the part {info.filename!r}")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise UnusableError(f"{name} is damaged or protected by a password ({error})") from None


def _refuse_dtd(part: Any, what: str) -> None:
    """No part of a workbook declares a DTD, in whatever encoding; in a text its brackets would be escaped."""
    before = b""
    while piece := part.read(2**20):
        window = (before + piece).replace(b"\0", b"")  # UTF-16 too
        if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
            raise HostileFileError(f"{what} declares a DTD")
        before = piece[-32:]


def _stamp(sheets: Mapping[str, Any]) -> tuple[str, str, list[Any]] | None:
    """(BookID, kind, base) of the hidden sheet."""
    sheet = sheets.get(BASE_SHEET)
    if sheet is None:
        return None
    rows = _rows(sheet)
    first = next(rows, (0, ()))[1]
    values = [text_of(cell.value) if cell.value is not None else "" for cell in first]
    if len(values) < 3 or values[0] != STAMP or values[2] not in LAYOUTS:
        return None
    names = [text_of(cell.value) for cell in next(rows, (0, ()))[1][2:] if cell.value is not None]
    base = []
    for _number, cells in rows:
        key, unit_id, *texts = [text_of(cell.value) if cell.value is not None else "" for cell in cells] or ["", ""]
        if any(texts):
            texts += [""] * (len(names) - len(texts))
            said = dict(zip(names, texts, strict=False))
            still_open = sorted(name for name, text in said.items() if text[:1] == OPEN_MARK)
            base.append([key, unit_id, {name: text[1:] for name, text in said.items()}, still_open])
    return values[1], values[2], base


def _rows(sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > MAX_ROWS:
            return
        yield number, cells


def _read_rows(sheets: Mapping[str, Any], layout: Layout, found: dict[str, Any], name: str) -> None:
    """The rows of the main sheet: the one of the layout's name, else the first that has its header."""
    named = [sheets[layout.sheet]] if layout.sheet in sheets else []
    others = [sheet for title, sheet in sheets.items() if title not in (layout.sheet, BASE_SHEET)]
    for sheet in (*named, *others):
        header = _header(sheet, layout)
        if header:
            if sheet.title != layout.sheet:
                found["problems"].append(("SHEET_RENAMED", None, f"the sheet {layout.sheet!r} is called {str(sheet.title)[:40]!r} now"))
            break
    else:
        raise UnusableError(f"{name} has no sheet with the header of {layout.sheet!r}: {layout.by_name[layout.key].header}, …",
                            "were columns renamed or deleted?")  # fmt: skip
    number, places, spare, doubled = header
    found["missing"] = [layout.by_name[column].header for column in layout.typed if column not in places]
    found["places"] = {column: place for column, place in places.items() if column in layout.typed}
    for text in doubled:
        found["problems"].append(("DOUBLE_COLUMN", number, f"there are two columns {text!r}; neither is read"))
    found["rows"] = list(_content(sheet, layout, number, places, spare, found))


def _header(sheet: Any, layout: Layout) -> tuple[int, dict[str, int], int | None, list[str]] | None:
    """(row, {column: place}, place of the visible key, headers that stand twice); None where the sheet has no such header."""
    for number, cells in _rows(sheet):
        if number > _HEADER_WITHIN:
            return None
        seen: dict[str, list[int]] = {}
        for place, cell in enumerate(cells):
            if cell.value not in (None, ""):
                seen.setdefault(header_key(text_of(cell.value)), []).append(place)
        keys = seen.get(header_key(layout.by_name[layout.key].header), [])
        spares = seen.get(header_key(layout.by_name[layout.spare_key].header), []) if layout.spare_key else []
        typed = [column for column in layout.typed if header_key(layout.by_name[column].header) in seen]
        if not (keys or spares) or not typed:
            continue
        places: dict[str, int] = {}
        doubled = []
        for column in layout.typed:
            at = seen.get(header_key(layout.by_name[column].header), [])
            if len(at) == 1:
                places[column] = at[0]
            elif at:
                doubled.append(layout.by_name[column].header)
        both = sorted({*keys, *spares})
        places[layout.key] = (keys or spares)[0]
        return number, places, next((place for place in both if place != places[layout.key]), None), doubled
    return None


def _content(sheet: Any, layout: Layout, header: int, places: dict[str, int], spare: int | None, found: dict[str, Any]) -> Iterator[Any]:
    typed = [column for column in layout.typed if column in places]
    for number, cells in _rows(sheet):
        if number <= header:
            continue
        key = _text(cells, places[layout.key])
        visible = _text(cells, spare) if spare is not None else ""
        values: dict[str, Any] = {}
        formulas = []
        for column in typed:
            cell = cells[places[column]] if places[column] < len(cells) else None
            if cell is None or cell.value is None or cell.value == "":
                continue
            if cell.data_type in ("f", "e"):
                formulas.append(column)
            else:
                values[column] = _plain(cell.value)
        if key or visible or values or formulas:
            yield [number, key, visible, values, formulas]
        if number == MAX_ROWS:
            found["problems"].append(("TOO_MANY_ROWS", number, f"rows below {MAX_ROWS:,} are not read"))


def _text(cells: tuple[Any, ...], place: int) -> str:
    cell = cells[place] if place < len(cells) else None
    return "" if cell is None or cell.value is None or cell.data_type in ("f", "e") else text_of(cell.value).strip()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"at": datetime(value.year, value.month, value.day).isoformat()}
    if isinstance(value, (time, timedelta)):
        return str(value)
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def main() -> None:
    """Read the files that standard input names."""
    wanted = json.loads(sys.stdin.readline())
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (wanted["memory"], wanted["memory"]))
    for path in wanted["paths"]:
        try:
            said = read_file(Path(path), wanted["kind"])
        except TicketopsError as error:
            said = {"unusable": True, "problems": [(error.code, None, error.message + (f" ({error.hint})" if error.hint else ""))]}
        except (MemoryError, RecursionError):
            said = {"unusable": True, "problems": [("HOSTILE_FILE", None, f"{Path(path).name} needs more memory than any book")]}
        except Exception as error:  # an attacker's file must not stop the others
            said = {"unusable": True, "problems": [("UNUSABLE", None, f"{Path(path).name} can't be read ({type(error).__name__})")]}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()

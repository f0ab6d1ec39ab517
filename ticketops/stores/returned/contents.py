"""What the sheets of a book that came back say, whatever they came from: a file or a Google Sheet.

The result is JSON content, as the process that reads files prints it, until `returned_of` makes a
`schema.books.Returned` of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from ticketops.errors import TicketopsError, UnusableError
from ticketops.schema.book_layouts import (
    BASE_SHEET,
    LAYOUTS,
    OPEN_MARK,
    STAMP,
    BaseRow,
    Layout,
    Returned,
    ReturnedRow,
)
from ticketops.schema.columns import header_key, text_of

MAX_ROWS = 100_000
"""Rows of a sheet that are looked at."""
_HEADER_WITHIN = 30
"""The header is looked for in so many rows."""
_NO_VALUE = ("f", "e")
"""Types of cells that hold a formula or an error instead of a value."""


class Cell(Protocol):
    """A cell: its value (of a formula its text) and openpyxl's letter for what it holds."""

    @property
    def value(self) -> Any: ...
    @property
    def data_type(self) -> str: ...


class Page(Protocol):
    """A sheet by its title."""

    @property
    def title(self) -> str: ...
    def rows(self) -> Iterator[Sequence[Cell]]:
        """Its rows from the first on, each from the first column on."""


def read_pages(pages: Mapping[str, Page], kind: str, name: str) -> dict[str, Any]:
    """What the sheets say; kind: of a book whose hidden sheet is gone; name: for messages.

    Raises UnusableError for what is no book.
    """
    found: dict[str, Any] = {"problems": []}
    stamp = _stamp(pages)
    if stamp:
        found["book_id"], kind, found["base"] = stamp
    found["kind"] = kind
    if kind not in LAYOUTS:
        raise UnusableError(
            f"{name} is not a book of ticketops: its hidden sheet {BASE_SHEET} is missing",
            "if you know whose it is, name the party (--company, --supplier, --staff; --booking or "
            "--airline for a list of passengers)",
        )
    _read_rows(pages, LAYOUTS[kind], found, name)
    return found


def refused(error: TicketopsError) -> dict[str, Any]:
    """What is said of a book that can't be used at all."""
    return {
        "unusable": True,
        "problems": [
            (error.code, None, error.message + (f" ({error.hint})" if error.hint else ""))
        ],
    }


def returned_of(name: str, said: Mapping[str, Any]) -> Returned:
    """The content of a book as the domain hears it."""
    rows = [
        ReturnedRow(
            row, key, spare, {column: _value(v) for column, v in values.items()}, tuple(formulas)
        )
        for row, key, spare, values, formulas in said.get("rows", ())
    ]
    base = said.get("base")
    return Returned(
        name,
        said.get("file_hash", ""),
        said.get("kind", ""),
        said.get("book_id", ""),
        rows,
        None if base is None else [BaseRow(*row) for row in base],
        tuple(said.get("missing", ())),
        said.get("places", {}),
        [(code, row, text) for code, row, text in said["problems"]],
        said.get("unusable", False),
    )


def _value(said: Any) -> Any:
    return datetime.fromisoformat(said["at"]) if isinstance(said, dict) else said


def _stamp(pages: Mapping[str, Page]) -> tuple[str, str, list[Any]] | None:
    """(BookID, kind, base) of the hidden sheet."""
    page = pages.get(BASE_SHEET)
    if page is None:
        return None
    rows = _rows(page)
    first = next(rows, (0, ()))[1]
    values = [text_of(cell.value) if cell.value is not None else "" for cell in first]
    if len(values) < 3 or values[0] != STAMP or values[2] not in LAYOUTS:
        return None
    names = [text_of(cell.value) for cell in next(rows, (0, ()))[1][2:] if cell.value is not None]
    base = []
    for _number, cells in rows:
        said_here = [text_of(cell.value) if cell.value is not None else "" for cell in cells]
        key, unit_id, *texts = said_here + [""] * (2 - len(said_here))
        if any(texts):
            texts += [""] * (len(names) - len(texts))
            said = dict(zip(names, texts, strict=False))
            still_open = sorted(name for name, text in said.items() if text[:1] == OPEN_MARK)
            base.append([key, unit_id, {name: text[1:] for name, text in said.items()}, still_open])
    return values[1], values[2], base


def _rows(page: Page) -> Iterator[tuple[int, Sequence[Cell]]]:
    for number, cells in enumerate(page.rows(), start=1):
        if number > MAX_ROWS:
            return
        yield number, cells


def _read_rows(pages: Mapping[str, Page], layout: Layout, found: dict[str, Any], name: str) -> None:
    """The rows of the main sheet: the one of the layout's name, else the first that has its
    header."""
    named = [pages[layout.sheet]] if layout.sheet in pages else []
    others = [page for title, page in pages.items() if title not in (layout.sheet, BASE_SHEET)]
    for page in (*named, *others):
        header = _header(page, layout)
        if header:
            if page.title != layout.sheet:
                found["problems"].append(
                    (
                        "SHEET_RENAMED",
                        None,
                        f"the sheet {layout.sheet!r} is now called {str(page.title)[:40]!r}",
                    )
                )
            break
    else:
        raise UnusableError(
            f"{name} has no sheet with the header of {layout.sheet!r}: {layout.by_name[layout.key].header}, …",
            "were columns renamed or deleted?",
        )
    number, places, spare, doubled = header
    found["missing"] = [
        layout.by_name[column].header for column in layout.typed if column not in places
    ]
    found["places"] = {column: place for column, place in places.items() if column in layout.typed}
    for text in doubled:
        found["problems"].append(
            ("DOUBLE_COLUMN", number, f"there are two columns {text!r}; neither is read")
        )
    found["rows"] = list(_content(page, layout, number, places, spare, found))


def _header(page: Page, layout: Layout) -> tuple[int, dict[str, int], int | None, list[str]] | None:
    """(row, {column: place}, place of the visible key, headers that stand twice); None where the
    sheet has no such header."""
    for number, cells in _rows(page):
        if number > _HEADER_WITHIN:
            return None
        seen: dict[str, list[int]] = {}
        for place, cell in enumerate(cells):
            if cell.value not in (None, ""):
                seen.setdefault(header_key(text_of(cell.value)), []).append(place)
        keys = seen.get(header_key(layout.by_name[layout.key].header), [])
        spares = (
            seen.get(header_key(layout.by_name[layout.spare_key].header), [])
            if layout.spare_key
            else []
        )
        typed = [
            column for column in layout.typed if header_key(layout.by_name[column].header) in seen
        ]
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
        return (
            number,
            places,
            next((place for place in both if place != places[layout.key]), None),
            doubled,
        )
    return None


def _content(
    page: Page,
    layout: Layout,
    header: int,
    places: dict[str, int],
    spare: int | None,
    found: dict[str, Any],
) -> Iterator[Any]:
    typed = [column for column in layout.typed if column in places]
    for number, cells in _rows(page):
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
            if cell.data_type in _NO_VALUE:
                formulas.append(column)
            else:
                values[column] = _plain(cell.value)
        if key or visible or values or formulas:
            yield [number, key, visible, values, formulas]
        if number == MAX_ROWS:
            found["problems"].append(
                ("TOO_MANY_ROWS", number, f"rows below {MAX_ROWS:,} are not read")
            )


def _text(cells: Sequence[Cell], place: int) -> str:
    cell = cells[place] if place < len(cells) else None
    return (
        ""
        if cell is None or cell.value is None or cell.data_type in _NO_VALUE
        else text_of(cell.value).strip()
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"at": datetime(value.year, value.month, value.day).isoformat()}
    if isinstance(value, (time, timedelta)):
        return str(value)
    return value if isinstance(value, (str, int, float, bool)) else str(value)

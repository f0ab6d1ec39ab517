"""Files of seat maps: read in any format, written in four (§1b)."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ticketops.domain.seatmap import exporting
from ticketops.domain.seatmap.formats import areas, grids, nested, svg, tables
from ticketops.domain.seatmap.importing import Read
from ticketops.domain.seatmap.plan import Restriction, SeatMap, Zone
from ticketops.domain.seatmap.spots import Spots, Wrong
from ticketops.errors import InputError, UsageError
from ticketops.schema.foreign import Cells, ForeignTable, table_of
from ticketops.stores.foreign.files import SPREADSHEETS, read_cells, read_table
from ticketops.stores.foreign.reading import content_of
from ticketops.stores.foreign.texts import decoded

SHAPES = ("auto", "table", "svg", "json", "grid")
WRITTEN = (".csv", ".svg", ".json", ".xlsx")
_HEADER_WITHIN = 25
_MOST_SHEETS = 60
_ZONES, _RESTRICTIONS = "zones", "restrictions"


def read(
    name: str,
    *,
    shape: str = "auto",
    pattern: str = "",
    mapped: Mapping[str, str] | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    y_up: bool = False,
) -> Read:
    """A seat map as its file has it. shape: one of SHAPES; pattern: what the ids of a picture are
    like; mapped: {field: header} of a table; y_up: whether Y grows upwards there.

    Raises InputError, UnusableError, HostileFileError for what is no seat map, UsageError for what
    does not go together.
    """
    path = Path(name)
    made = _read(path, shape, pattern, mapped or {}, sheet, header_row)
    if y_up:
        made.spots.seats = [
            one if one.y is None else replace(one, y=-one.y) for one in made.spots.seats
        ]
    return made


def _read(
    path: Path,
    shape: str,
    pattern: str,
    mapped: Mapping[str, str],
    sheet: str | None,
    header_row: int | None,
) -> Read:
    kind = shape if shape != "auto" else _shape_of(path)
    if pattern and kind != "svg":
        raise UsageError("--pattern is for SVG pictures", f"{path.name} is none")
    if kind == "svg":
        text = decoded(content_of(path), path.name)
        return Read(path.name, "svg", svg.spots_of(text, path.name, pattern))
    if kind == "json":
        text = decoded(content_of(path), path.name)
        spots, zones, restrictions = nested.spots_of(text, path.name)
        return Read(path.name, "json", spots, zones, restrictions)
    return _of_cells(path, kind, mapped, sheet, header_row)


def _shape_of(path: Path) -> str:
    """By the name of a file, else by how it begins; "" for cells, which tell it themselves."""
    suffix = path.suffix.lower()
    if suffix == ".svg":
        return "svg"
    if suffix in SPREADSHEETS or suffix in (".csv", ".tsv", ".html", ".htm"):
        return ""
    start = content_of(path)[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") and b"<svg" in start:
        return "svg"
    if start.startswith((b"{", b"[")):
        cells = _flat(path)
        return "" if cells is not None else "json"
    return ""


def _flat(path: Path) -> Cells | None:
    """The cells of a JSON file that lists a seat per object; None for one that is nested."""
    if b'"seats"' in content_of(path):
        return None
    try:
        cells = read_cells(str(path))
    except InputError:
        return None
    return (
        cells if cells.header and tables.is_header([str(cell) for cell in cells.rows[0]]) else None
    )


def _of_cells(
    path: Path, kind: str, mapped: Mapping[str, str], sheet: str | None, header_row: int | None
) -> Read:
    cells = read_cells(str(path), sheet=sheet)
    others = () if sheet is not None else cells.sheets[:_MOST_SHEETS]
    every = [
        cells if title == cells.sheet else read_cells(str(path), sheet=title)
        for title in others or (cells.sheet,)
    ]
    zones: list[Zone] = []
    restrictions: list[Restriction] = []
    drawn, wrong = [], []
    for one in every:
        title = one.sheet.strip().casefold()
        if title in (_ZONES, _RESTRICTIONS) and len(every) > 1:
            found, odd = _listed(path, one, title)
            wrong += odd
            if title == _ZONES:
                zones += found
            else:
                restrictions += found
        else:
            drawn.append(one)
    made = _seats(path, drawn, kind, mapped, header_row)
    made.zones, made.restrictions = zones, restrictions
    made.spots.wrong += wrong
    if len(cells.sheets) > _MOST_SHEETS and sheet is None:
        made.spots.notes.append(f"only the first {_MOST_SHEETS} sheets are read")
    return made


def _listed(path: Path, cells: Cells, title: str) -> tuple[list[Any], list[Wrong]]:
    label = f"{path.name} {cells.sheet}"
    reader = areas.zones_of if title == _ZONES else areas.restrictions_of
    found, wrong = reader(table_of(label, cells))
    return [one for _where, one in found], [
        Wrong(f"{cells.sheet} {one.where}", one.code, one.message) for one in wrong
    ]


def _seats(
    path: Path, drawn: list[Cells], kind: str, mapped: Mapping[str, str], header_row: int | None
) -> Read:
    header = next((one for one in drawn if _has_header(one)), None)
    if kind == "table" or (kind != "grid" and (header or mapped or header_row)):
        cells = header or drawn[0]
        label = f"{path.name} {cells.sheet}" if cells.sheet else path.name
        table = table_of(label, cells, header_row, None if mapped else tables.is_header)
        return Read(label, "table", tables.spots_of(table, mapped))
    return Read(path.name, "grid", grids.spots_of(drawn, path.name))


def _has_header(cells: Cells) -> bool:
    return any(
        tables.is_header(["" if cell is None else str(cell) for cell in row])
        for row in cells.rows[:_HEADER_WITHIN]
    )


def read_zones(name: str) -> tuple[list[Zone], list[Wrong]]:
    """The zones of a table: Block-range, Row-range, CategoryID. Raises InputError and what reading
    raises."""
    return _areas(name, areas.zones_of, _ZONES)


def read_restrictions(name: str) -> tuple[list[Restriction], list[Wrong]]:
    """The restrictions of a table. Raises as `read_zones` does."""
    return _areas(name, areas.restrictions_of, _RESTRICTIONS)


def _areas(
    name: str, reader: Callable[[ForeignTable], tuple[list[Any], list[Wrong]]], title: str
) -> tuple[list[Any], list[Wrong]]:
    found, wrong = reader(read_table(name, prefer=(title,)))
    return [one for _where, one in found], wrong


def content(one: SeatMap, suffix: str) -> bytes:
    """A map as a file. suffix: one of WRITTEN. Raises UsageError for another."""
    match suffix:
        case ".csv":
            return ("\ufeff" + exporting.as_csv(one)).encode()
        case ".json":
            return exporting.as_json(one).encode()
        case ".svg":
            return exporting.as_svg(one).encode()
        case ".xlsx":
            return _workbook(exporting.as_sheets(one))
    raise UsageError(
        f"-o must be a file {', '.join(WRITTEN)}, not {suffix or 'one without a suffix'}"
    )


def _workbook(sheets: list[exporting.Sheet]) -> bytes:
    import xlsxwriter  # only a file in this format needs it

    written = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(written, options) as book:
        bold = book.add_format({"bold": True})
        seat = book.add_format({"align": "center", "border": 1, "border_color": "#9aa5b1"})
        for one in sheets:
            sheet = book.add_worksheet(one.title)
            width = max(map(len, one.rows), default=0)
            sheet.set_column(0, 0, 10 if one.drawn else 18)
            sheet.set_column(1, max(width, 1), 5 if one.drawn else 16)
            for row, cells in enumerate(one.rows):
                for column, value in enumerate(cells):
                    if value is None or value == "":
                        continue
                    head = column == 0 if one.drawn else row == 0
                    form = bold if head else seat if one.drawn else None
                    if isinstance(value, str):
                        sheet.write_string(row, column, value, form)
                    else:
                        sheet.write_number(row, column, float(value), form)
    return written.getvalue()


__all__ = ["SHAPES", "WRITTEN", "Spots", "content", "read", "read_restrictions", "read_zones"]

"""Master data in files: CSV and workbooks read as rows of text, and the headers that say which field
a column holds (§2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ticketops.domain.intake.faults import Place
from ticketops.domain.masterdata.checking import Reading
from ticketops.domain.masterdata.importing import Line
from ticketops.errors import InputError, TicketopsError, UsageError
from ticketops.model.dates import order_of
from ticketops.model.spelling import nearest, tidy
from ticketops.model.texts import is_escaped
from ticketops.schema.columns import ErrorValue, header_key, text_of
from ticketops.schema.layouts.event import EVENT
from ticketops.schema.layouts.event.masters import Entity, Field, Holds
from ticketops.services.line_files import csv_rows

if TYPE_CHECKING:
    from ticketops.stores.xlsx.store import XlsxStore


def read_records(
    name: str,
    entity: Entity,
    mapped: Mapping[str, str],
    notice: Callable[[str], None],
    dates: str = "",
) -> list[Line]:
    """The records of a file: CSV, `-` being standard input, or a workbook, whose sheet is that of the
    entity, one called as its records, or its only one.

    mapped: {name of a field: the header it has in the file}. Columns are found by header, in any
    order, case, spaces and hyphens forgiven; unknown ones are named to `notice` and left out. dates:
    dmy or mdy, else a date that can be read only one way decides for its column. A file without
    lines below its header has none, and `notice` is told. Raises InputError for what is no such
    file.
    """
    label, rows, number, local = file_rows(name, lambda store: _sheet(store, name, entity, notice))
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise InputError(f"{label} is empty", f"its first line must name {_names(entity)}")
    positions = _positions(label, rows[0], entity, mapped, notice)
    lines = []
    for cells in rows[1:]:
        number += 1
        if not any(cell.strip() for cell in cells):
            continue
        place = Place(label, number)
        if any(cell.strip() for cell in cells[len(rows[0]) :]):
            raise InputError(
                f"{label} line {number}: it has {len(cells)} cells, but the header has {len(rows[0])}"
            )
        lines.append(
            Line(
                place,
                {
                    field: cells[at]
                    for field, at in positions.items()
                    if at < len(cells) and tidy(cells[at])
                },
            )
        )
    if not lines:  # as `master export` writes a kind without records
        notice(f"{label} has no lines below the header: there is nothing to import")
    how = Reading(_order(lines, entity, dates), local)
    return [line._replace(how=how) for line in lines]


def _order(lines: list[Line], entity: Entity, dates: str) -> str:
    """dmy or mdy, where that is said, or a date can be read only one way; else ""."""
    days = [field.name for field in entity.fields if field.holds is Holds.DAY]
    return dates or order_of(
        line.given[name] for line in lines for name in days if name in line.given
    )


def file_rows(
    name: str, sheet_of: Callable[[XlsxStore], str]
) -> tuple[str, list[list[str]], int, bool]:
    """A CSV file, `-` being standard input, or a workbook: what people call it, its rows from the
    header on, the line of the header, and whether amounts may be as other countries write them.
    sheet_of: the title of the sheet of a workbook that is read. Raises InputError."""
    if Path(name).suffix.lower() not in (".xlsx", ".xlsm"):
        label, rows, number, delimiter = csv_rows(name)
        plain = [[cell[1:] if is_escaped(cell) else cell for cell in row] for row in rows]
        return label, plain, number, delimiter != ","
    from ticketops.stores.xlsx.store import XlsxStore

    store = XlsxStore(Path(name), layout=EVENT, use_cache=False)
    try:
        sheet = sheet_of(store)
        cells = store.raw_rows(sheet).get(sheet, [])
    except InputError:
        raise
    except TicketopsError as error:
        raise InputError(f"{name} can't be read: {error.message}", error.hint) from None
    rows = [["" if _blank(cell) else text_of(cell) for cell in row] for row in cells]
    top = next((at for at, row in enumerate(rows) if any(row)), len(rows))
    return f"{name} {sheet}", rows[top:], top + 1, True


def _blank(cell: object) -> bool:
    return cell is None or isinstance(cell, ErrorValue)


def _sheet(store: XlsxStore, name: str, entity: Entity, notice: Callable[[str], None]) -> str:
    titles = store.sheet_names()
    wanted = (entity.sheet.casefold(), entity.plural.casefold(), entity.name.casefold())
    found = [title for one in wanted for title in titles if title.strip().casefold() == one]
    if not found and len(titles) == 1:
        found = list(titles)
        notice(f"{name}: the {entity.plural} are read from its only sheet, {found[0]}")
    if not found:
        raise InputError(
            f"{name} has no sheet {entity.sheet} or {entity.plural}", f"it has {', '.join(titles)}"
        )
    return found[0]


def _plain(text: str) -> str:
    """A header for comparing: case, spaces, hyphens and underscores forgiven."""
    return header_key(text).replace("_", "").replace("-", "")


def field_named(entity: Entity, text: str) -> Field | None:
    """The field that a header or an option's name means."""
    plain = _plain(text)
    return next(
        (
            field
            for field in entity.fields
            if plain in map(_plain, (field.name, field.header, *field.called))
        ),
        None,
    )


def mapping(entity: Entity, given: Sequence[str]) -> dict[str, str]:
    """`--map FIELD=HEADER` as {name of a field: header}. Raises UsageError."""
    mapped: dict[str, str] = {}
    for text in given:
        name, mark, header = text.partition("=")
        field = field_named(entity, name)
        if not mark or not header.strip() or field is None:
            options = ", ".join(one.option for one in entity.fields)
            raise UsageError(
                f"--map must be FIELD=HEADER, not {text!r}", f"the fields are {options}"
            )
        if field.name in mapped:
            raise UsageError(f"--map names {field.option} twice")
        mapped[field.name] = header.strip()
    return mapped


def _positions(
    label: str,
    header: Sequence[str],
    entity: Entity,
    mapped: Mapping[str, str],
    notice: Callable[[str], None],
) -> dict[str, int]:
    """{name of a field: its place among the cells}."""
    wanted = {_plain(text): name for name, text in mapped.items()}
    positions: dict[str, int] = {}
    unknown = []
    for at, cell in enumerate(header):
        plain = _plain(cell)
        if not plain or plain in _STAMPS:
            continue
        if plain in wanted:
            name = wanted[plain]
        elif (field := field_named(entity, cell)) is not None and field.name not in mapped:
            name = field.name
        else:
            unknown.append(cell.strip())
            continue
        if name in positions:
            both = f"{header[positions[name]].strip()!r} and {cell.strip()!r}"
            raise InputError(
                f"{label}: the columns {both} are both {entity.field(name).header}",
                f"--map {entity.field(name).option}=HEADER says which one counts",
            )
        positions[name] = at
    if lost := [mapped[name] for name in mapped if name not in positions]:
        raise InputError(f"{label} has no column {', '.join(lost)}", f"it has {_listed(header)}")
    if missing := [name for name in entity.key if name not in positions]:
        headers = ", ".join(entity.field(name).header for name in missing)
        raise InputError(
            f"{label} has no column {headers}",
            f"it has {_listed(header)}; --map {entity.field(missing[0]).option}=HEADER names it",
        )
    for cell in unknown:
        notice(f"{label}: the column {cell} is not used{_perhaps(entity, cell, positions)}")
    return positions


_STAMPS = ("updatedby", "updatedat")


def _perhaps(entity: Entity, cell: str, positions: Mapping[str, int]) -> str:
    """What an unknown column may be, with the option that says so."""
    open_ = {
        field.header.casefold(): field for field in entity.fields if field.name not in positions
    }
    near = nearest(cell.casefold(), tuple(open_), cutoff=0.7)
    return f"; --map {open_[near].option}={cell!r} takes it as {open_[near].header}" if near else ""


def _listed(header: Sequence[str]) -> str:
    return ", ".join(cell.strip() for cell in header if cell.strip())


def _names(entity: Entity) -> str:
    return ", ".join(field.header for field in entity.fields if field.name in entity.key)

"""Edits of sheets as changed parts of the archive: the sheets spliced, and what must follow them
(tables, filters, styles)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketops.model.secrets import is_sealed
from ticketops.schema.addresses import Area, column_letters
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet
from ticketops.stores.edits import Filled, SheetEdit
from ticketops.stores.xlsx.cells import strings_in, to_xml
from ticketops.stores.xlsx.conventional import (
    conventional,
    conventional_again,
    conventional_and_original,
    with_originals,
)
from ticketops.stores.xlsx.foot import make_room
from ticketops.stores.xlsx.marks import tables_of
from ticketops.stores.xlsx.package import Content, Deflated
from ticketops.stores.xlsx.parts import OFFSET_1904, Parts
from ticketops.stores.xlsx.ranges import Growth, grow_names, grow_table
from ticketops.stores.xlsx.splice import splice
from ticketops.stores.xlsx.styles import Styles, no_styles

RawBefore = dict[str, dict[int, dict[int, Any]]]
"""{sheet: {row: {column: raw value}}}"""


def render(
    parts: Parts,
    edits: Mapping[str, SheetEdit],
    layout: Layout,
    *,
    aside: bool = False,
    for_good: bool = False,
) -> tuple[dict[str, Content], RawBefore]:
    """{part: new content} of every part that changes, and the raw values that stood in the edited
    cells.

    aside: formulas are computed anew only where one looks at an edited sheet. for_good: what no cell
    shows any more must not stay in the file.

    Raises SpliceError for an edit that can't be made safely.
    """
    parts.refuse_unsafe()
    changed: dict[str, Content] = {}
    before: RawBefore = {}
    styles = Styles(_styles_xml(parts))
    workbook = parts.workbook_xml()
    new_sheets: list[tuple[Sheet, Content]] = []
    for name, edit in edits.items():
        if parts.date1904:
            _shift_dates(edit)
        part = "" if edit.new_sheet else parts.sheets[name]
        xml = (
            _new_sheet_xml(layout[name], styles.bold(), parts.namespace)
            if edit.new_sheet
            else parts.package.known.get(part) or parts.xml(part)
        )
        sheet, originals = (
            (conventional_again(xml, part), {})
            if part in parts.package.known
            else conventional_and_original(xml, part)
        )
        areas: tuple[Area, ...] = ()
        if not edit.new_sheet:
            tables = list(tables_of(parts, name))
            areas = tuple(area for area, _totals, _formulas in tables)
            _fill_tables(edit, tables)
            sheet = make_room(sheet, edit, parts, name)
        done = splice(
            sheet,
            edit,
            styles,
            parts.shared,
            name,
            constants=not parts.has_calculation_chain,
            tables=areas,
        )
        if edit.new_sheet:
            new_sheets.append((layout[name], Deflated.of(done.xml)))
            continue
        changed[part] = Deflated.of(with_originals(done.xml, originals, edit.cells.keys(), part))
        before[name] = done.before
        if done.growth.grows:
            workbook = grow_names(workbook, parts.position(name), done.growth)
            changed |= _grown_tables(parts, name, done.growth)
    if (
        parts.strings in parts.package
        and not parts.not_worksheets
        and (for_good or _seals(edits, before))
    ):
        used = {
            i
            for part in parts.sheets.values()
            for i in strings_in(conventional(parts.now(part, changed), part).xml)
        }
        changed[parts.strings] = parts.used_strings(used)
    if styles.changed and parts.styles:
        changed[parts.styles] = styles.changed
    if not aside or _looked_at(parts, edits):
        workbook = parts.recalculated(workbook)
    if new_sheets:
        changed |= parts.with_sheets(new_sheets, workbook)
    elif workbook != parts.workbook_xml():
        changed[parts.workbook] = workbook
    if styles.changed and not parts.styles:
        changed |= parts.with_styles(styles.changed, changed)
    return changed, before


def _styles_xml(parts: Parts) -> bytes:
    """The styles of a workbook; the least there is where it has none, or an empty part."""
    xml = parts.xml(parts.styles) if parts.styles else b""
    return xml if b"cellXfs" in xml or b"dxf" in xml else no_styles(parts.namespace)


def _looked_at(parts: Parts, edits: Mapping[str, SheetEdit]) -> bool:
    """Whether a formula of another sheet may look at an edited one."""
    titles = [parts.sheets.spelled(name) for name in edits if name in parts.sheets]
    names = [title.encode() for title in titles]
    others = (parts.package.read(part) for name, part in parts.sheets.items() if name not in titles)
    return any(b"<f" in xml and any(name in xml for name in names) for xml in others)


def _seals(edits: Mapping[str, SheetEdit], before: RawBefore) -> bool:
    """Whether a text becomes a sealed one: then the strings that no cell shows any more must not
    stay in the file."""
    return any(
        is_sealed(edits[name].cells.get(row, {}).get(column))
        and isinstance(old, str)
        and not is_sealed(old)
        for name, rows in before.items()
        for row, cells in rows.items()
        for column, old in cells.items()
    )


def _grown_tables(parts: Parts, sheet: str, growth: Growth) -> dict[str, Content]:
    """The table parts of a sheet that must hold its new rows."""
    changed: dict[str, Content] = {}
    for table in parts.tables_of(sheet):
        xml = parts.xml(table)
        grown = grow_table(xml, growth)
        if grown != xml:
            changed[table] = grown
    return changed


def _fill_tables(edit: SheetEdit, tables: Sequence[tuple[Area, int, Mapping[int, str]]]) -> None:
    """New rows of a table of the records get the formulas of its calculated columns, save where a
    value of ours is written."""
    for ((left, top), (right, bottom)), totals, formulas in tables:
        if (
            top != edit.header_row
            or bottom - totals < edit.first_free_row - 1
            or not any(left <= column <= right for column in edit.own)
        ):
            continue
        for row in range(edit.first_free_row, edit.last_row + 1):
            for column, formula in formulas.items():
                if row in edit.cells and (column not in edit.own or column in edit.derived):
                    edit.cells.own(row).setdefault(column, Filled(0, formula))


def _shift_dates(edit: SheetEdit) -> None:
    """Dates of a workbook that counts from 1904, so that the serials come out right."""
    for row in list(edit.cells):
        dates = {
            column: value - OFFSET_1904
            for column, value in edit.cells[row].items()
            if isinstance(value, datetime)
        }
        if dates:
            edit.cells.own(row).update(dates)


def _new_sheet_xml(sheet: Sheet, header_style: int, namespace: str) -> bytes:
    """An empty worksheet with the sheet's headers, frozen and filtered. namespace: of the
    workbook's elements."""
    last = column_letters(max(1, len(sheet.columns)))
    header = sheet.header_row
    cells = "".join(
        to_xml(column_letters(i), header, header_style, c.header)
        for i, c in enumerate(sheet.columns, start=1)
    )
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{c.shown_width}" customWidth="1"/>'
        for i, c in enumerate(sheet.columns, start=1)
    )
    rows = columns = pane = auto_filter = ""
    if header:
        rows = f'<row r="{header}">{cells}</row>'
        columns = f"<cols>{widths}</cols>"
        pane = f'<pane ySplit="{header}" topLeftCell="A{header + 1}" activePane="bottomLeft" state="frozen"/>'
        auto_filter = f'<autoFilter ref="A{header}:{last}{header}"/>'
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{namespace}">'
        f'<dimension ref="A{header or 1}:{last}{header or 1}"/><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"{columns}<sheetData>{rows}</sheetData>{auto_filter}</worksheet>"
    ).encode()

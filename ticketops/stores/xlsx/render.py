"""Edits of sheets as changed parts of the archive: the sheets spliced, and what must follow them (tables, filters, styles)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ticketops.errors import SpliceError
from ticketops.model.secrets import is_sealed
from ticketops.schema.addresses import column_letters
from ticketops.schema.workbook import Manifest, Sheet
from ticketops.stores.edits import SheetEdit
from ticketops.stores.xlsx.cells import strings_in, to_xml
from ticketops.stores.xlsx.conventional import MAIN_NAMESPACE, conventional
from ticketops.stores.xlsx.parts import OFFSET_1904, Parts
from ticketops.stores.xlsx.ranges import Growth, grow_filter_name, grow_table
from ticketops.stores.xlsx.splice import splice
from ticketops.stores.xlsx.styles import Styles

RawBefore = dict[str, dict[int, dict[int, Any]]]
"""{sheet: {row: {column: raw value}}}"""


def render(parts: Parts, edits: Mapping[str, SheetEdit], manifest: Manifest) -> tuple[dict[str, bytes], RawBefore]:
    """{part: new content} of every part that changes, and the raw values that stood in the edited cells.

    Raises SpliceError for an edit that can't be made safely.
    """
    parts.refuse_unsafe()
    changed: dict[str, bytes] = {}
    before: RawBefore = {}
    styles = Styles(parts.xml(parts.styles) if parts.styles else b"")
    workbook = parts.workbook_xml()
    new_sheets = []
    for name, edit in edits.items():
        if parts.date1904:
            _shift_dates(edit)
        part = "" if edit.new_sheet else parts.sheets[name]
        xml = _new_sheet_xml(manifest[name], styles.bold()) if edit.new_sheet else parts.xml(part)
        done = splice(conventional(xml, part), edit, styles, parts.shared, name, constants=not parts.has_calculation_chain)
        if edit.new_sheet:
            new_sheets.append((manifest[name], done.xml))
            continue
        changed[part], before[name] = done.xml, done.before
        if done.growth.new_last > done.growth.old_last:
            workbook = grow_filter_name(workbook, parts.position(name), done.growth)
            changed |= _grown_tables(parts, name, done.growth)
    if parts.strings in parts.package and not parts.not_worksheets and _seals(edits, before):
        used = {i for part in parts.sheets.values() for i in strings_in(conventional(changed.get(part) or parts.xml(part), part).xml)}
        changed[parts.strings] = parts.used_strings(used)
    if styles.changed:
        changed[parts.styles] = styles.changed
    workbook = parts.recalculated(workbook)
    if new_sheets:
        changed |= parts.with_sheets(new_sheets, workbook)
    elif workbook != parts.workbook_xml():
        changed[parts.workbook] = workbook
    return changed, before


def _seals(edits: Mapping[str, SheetEdit], before: RawBefore) -> bool:
    """Whether a text becomes a sealed one: then the strings that no cell shows any more must not stay in the file."""
    return any(
        is_sealed(edits[name].cells.get(row, {}).get(column)) and isinstance(old, str) and not is_sealed(old)
        for name, rows in before.items()
        for row, cells in rows.items()
        for column, old in cells.items()
    )


def _grown_tables(parts: Parts, sheet: str, growth: Growth) -> dict[str, bytes]:
    """The table parts of a sheet that must hold its new rows."""
    changed = {}
    for table in parts.tables_of(sheet):
        xml = parts.xml(table)
        if b"totalsRowCount" in xml and b'totalsRowCount="0"' not in xml:
            raise SpliceError(f"sheet {sheet!r} has a table with a totals row in the way of new rows", "switch its totals row off")
        grown = grow_table(xml, growth)
        if grown != xml:
            changed[table] = grown
    return changed


def _shift_dates(edit: SheetEdit) -> None:
    """Dates of a workbook that counts from 1904, so that the serials come out right."""
    for cells in edit.cells.values():
        for column, value in cells.items():
            if isinstance(value, datetime):
                cells[column] = value - OFFSET_1904


def _new_sheet_xml(sheet: Sheet, header_style: int) -> bytes:
    """An empty worksheet with the sheet's headers, frozen and filtered."""
    last = column_letters(max(1, len(sheet.columns)))
    header = sheet.header_row
    cells = "".join(to_xml(column_letters(i), header, header_style, c.header) for i, c in enumerate(sheet.columns, start=1))
    widths = "".join(f'<col min="{i}" max="{i}" width="{c.width}" customWidth="1"/>' for i, c in enumerate(sheet.columns, start=1))
    rows = columns = pane = auto_filter = ""
    if header:
        rows = f'<row r="{header}">{cells}</row>'
        columns = f"<cols>{widths}</cols>"
        pane = f'<pane ySplit="{header}" topLeftCell="A{header + 1}" activePane="bottomLeft" state="frozen"/>'
        auto_filter = f'<autoFilter ref="A{header}:{last}{header}"/>'
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN_NAMESPACE}">'
        f'<dimension ref="A{header or 1}:{last}{header or 1}"/><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"{columns}<sheetData>{rows}</sheetData>{auto_filter}</worksheet>"
    ).encode()

"""Edits of sheets as changed parts of the archive: the sheets spliced, and what must follow them (tables, filters, styles)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ticketops.errors import SpliceError
from ticketops.schema.workbook import Manifest
from ticketops.stores.edits import SheetEdit
from ticketops.stores.xlsx.conventional import conventional
from ticketops.stores.xlsx.parts import Parts, new_sheet_xml
from ticketops.stores.xlsx.ranges import Growth, grow_filter_name, grow_table
from ticketops.stores.xlsx.splice import splice
from ticketops.stores.xlsx.styles import Styles

_OFFSET_1904 = timedelta(days=1462)

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
        xml = new_sheet_xml(manifest[name], styles.bold()) if edit.new_sheet else conventional(parts.xml(part), part)
        done = splice(xml, edit, styles, parts.shared, name)
        if edit.new_sheet:
            new_sheets.append((manifest[name], done.xml))
            continue
        changed[part], before[name] = done.xml, done.before
        if done.growth.new_last > done.growth.old_last:
            workbook = grow_filter_name(workbook, parts.position(name), done.growth)
            changed |= _grown_tables(parts, name, done.growth)
    if styles.changed:
        changed[parts.styles] = styles.changed
    workbook = parts.recalculated(workbook)
    if new_sheets:
        changed |= parts.with_sheets(new_sheets, workbook)
    elif workbook != parts.workbook_xml():
        changed[parts.workbook] = workbook
    return changed, before


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
                cells[column] = value - _OFFSET_1904

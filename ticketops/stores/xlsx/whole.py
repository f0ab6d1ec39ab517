"""All that a workbook file holds, its journal among it, and a new file of all that another workbook
holds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from ticketops.errors import UnusableError
from ticketops.schema.columns import ColumnType
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet
from ticketops.schema.surroundings import DERIVED, Marks
from ticketops.schema.tables import build_table, locate
from ticketops.stores.content import Content, difference
from ticketops.stores.journal import Journal, sync_folder
from ticketops.stores.xlsx.package import Package
from ticketops.stores.xlsx.parts import Parts
from ticketops.stores.xlsx.reader import RawRows, Reader
from ticketops.stores.xlsx.shown import pad

_FORMULA = re.compile(rb"<f[\s>/]")
_UNFINISHED = "copying"
"""A file in the folder of a journal whose workbook is not there yet."""


def content_of(path: Path, layout: Layout) -> Content:
    """What a file holds. layout: as the store has it once it has looked for titles. Formulas are taken
    as their values; what is drawn and how cells look is left."""
    parts = Parts(Package.open(path))
    reader = Reader(parts)
    sheets: dict[str, RawRows] = {}
    left = []
    for title in parts.sheets:
        if title in parts.not_worksheets:
            left.append(f"{title}, which is {parts.not_worksheets[title]}")
            continue
        rows = reader.rows(title)
        if title in layout and 0 < layout[title].header_row <= len(rows):
            _pad(parts, title, rows, layout)
            _without_waiting(layout[title], rows, reader.marks(title))
        sheets[title] = rows
        if _FORMULA.search(reader.xml(title).xml):
            left.append(f"the formulas of {title}, of which the values are taken")
    journal = Journal(_folder(path) / "journal", layout)
    entries = list(journal.bodies())
    left += [str(one) for one in journal.damaged()]
    key = journal.key() if entries else b""
    return Content(layout, sheets, entries, key, tuple(left))


def _pad(parts: Parts, title: str, rows: RawRows, layout: Layout) -> None:
    sheet = layout[title]
    header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
    places = locate(sheet, header)
    codes = {
        place
        for name, found in places.items()
        if sheet.by_name[name].type is ColumnType.CODE
        for place in found
    }
    pad(parts, title, rows, codes)


def _without_waiting(sheet: Sheet, rows: RawRows, marks: Marks) -> None:
    """Take out what formulas of derived columns give in rows without a record: they wait there for
    one, and as values they would be some."""
    table = build_table(sheet, rows[sheet.header_row - 1], rows[sheet.header_row :], marks)
    held = {*table.frame["row"].to_list(), *table.around.foot}
    for name in DERIVED & table.around.formulas.keys():
        place = table.positions[name][0] - 1
        for first, last in table.around.formulas[name]:
            for row in range(first, min(last, len(rows)) + 1):
                if row not in held and place < len(rows[row - 1]):
                    rows[row - 1][place] = None


def _folder(path: Path) -> Path:
    return path.with_name(path.name + ".ticketops")


def check_same(path: Path, content: Content) -> None:
    """Read a file again. Raises UnusableError for a cell that it does not hold as it was."""
    reader = Reader(Parts(Package.open(path)), trusted=True)
    for title, rows in content.sheets.items():
        wrong = difference(rows, reader.rows(title))
        if wrong:
            raise UnusableError(
                f"{title}!{wrong} holds what no workbook file can hold", "nothing was written"
            )


def write_journal(path: Path, content: Content) -> None:
    """The journal of a workbook that is about to be put in its place. Raises FileExistsError where
    the path has one."""
    folder = _folder(path)
    if (folder / _UNFINISHED).exists():  # of a copy that was cut short
        rmtree(folder)
    folder.mkdir(mode=0o700)
    (folder / _UNFINISHED).touch()
    (folder / "journal").mkdir(mode=0o700)
    journal = Journal(folder / "journal", content.layout)
    for done, body in content.journal:
        journal.keep(done, body)
    if content.digest_key:
        journal.take_key(content.digest_key)
    sync_folder(folder / "journal")


def put_in_place(path: Path, temporary: Path, journal: Callable[[], None]) -> None:
    """A finished file under its name, its journal before it: until the file is there, the journal
    counts for nothing. Raises FileExistsError where there is a file."""
    try:
        journal()
        os.link(temporary, path)
    except BaseException:
        with suppress(OSError):
            if (_folder(path) / _UNFINISHED).exists() and not path.exists():
                rmtree(_folder(path))
        raise
    temporary.unlink()
    sync_folder(path.parent)
    (_folder(path) / _UNFINISHED).unlink(missing_ok=True)

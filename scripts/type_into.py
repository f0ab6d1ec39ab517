"""Type into a book, as its reader does with a spreadsheet program.

python scripts/type_into.py BOOK "First name=Ana" "Delivery:=SENT" …: into the cells below a
header that are open to its reader; with `=` into blank ones only; nothing behind `:=` clears them. `{row}` stands for the number of
the row. With a title behind `#` (BOOK#Sales) any sheet of any workbook, whether open or not; with a
number behind that (BOOK#Sales#12) in one row only.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import openpyxl


def type_into(
    path: Path, texts: Mapping[str, str], *, title: str = "", row: int = 0, over: bool = False
) -> None:
    """Write the texts below the headers of those names, in a sheet (the first one if none is
    named), and save the file. row: this one only. over: into cells that hold something, too."""
    book = openpyxl.load_workbook(path)
    sheet = book[title] if title else book.worksheets[0]
    headers, places = _headers(sheet.iter_rows(max_row=10), set(texts))
    for number in [row] if row else range(headers + 1, sheet.max_row + 1):
        for column, header in places.items():
            cell = sheet.cell(number, column)
            if (title or not cell.protection.locked) and (over or cell.value is None):
                cell.value = texts[header].format(row=number) or None
    book.save(path)


def _headers(
    rows: Iterable[Iterable[openpyxl.cell.Cell]], wanted: set[str]
) -> tuple[int, dict[int, str]]:
    """The row of the headers, and what is in which column of those that are wanted. Raises
    SystemExit where no row has them all."""
    for cells in rows:
        found = [cell for cell in cells if cell.value in wanted]
        if {cell.value for cell in found} == wanted:
            return found[0].row, {cell.column: cell.value for cell in found}
    raise SystemExit(f"no row holds the headers {', '.join(sorted(wanted))}")


def main(book: str, *words: str) -> None:
    """What the command line says."""
    name, title, row = (*book.split("#"), "", "")[:3]
    for over, sign in ((False, "="), (True, ":=")):
        typed = [re.fullmatch(rf"([^=:]+){sign}(.*)", word) for word in words]
        if texts := {found[1]: found[2] for found in typed if found}:
            type_into(Path(name), texts, title=title, row=int(row or 0), over=over)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What people do to the rows, columns and sheets of a book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openpyxl

from tests.books.field import GOOD, Cells, put


def sort_down(_file: Any, sheet: Any) -> None:
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=15)]
    for at, values in enumerate(reversed(rows), start=4):
        for place, value in enumerate(values, start=1):
            sheet.cell(at, place).value = value


def swap_columns(_file: Any, sheet: Any) -> None:
    for row in range(3, 16):
        names = sheet[f"AC{row}"].value, sheet[f"AE{row}"].value
        sheet[f"AE{row}"], sheet[f"AC{row}"] = names


def key_to_the_end(_file: Any, sheet: Any) -> None:
    for row in range(3, 16):
        sheet[f"AZ{row}"] = sheet[f"A{row}"].value
        sheet[f"A{row}"] = None


def without_column(letters: str) -> Callable[[Any, Any], None]:
    return lambda _file, sheet: sheet.delete_cols(openpyxl.utils.column_index_from_string(letters))


def duplicate(*, differing: bool) -> Callable[[Any, Any], None]:
    def mischief(_file: Any, sheet: Any) -> None:
        sheet["AC5"] = "Bo"
        for place in range(1, 34):
            sheet.cell(16, place).value = sheet.cell(5, place).value
        if differing:
            sheet["AC16"] = "Cy"

    return mischief


def front_sheet(file: Any, sheet: Any) -> None:
    copied = file.create_sheet("Tickets (old)", 0)
    for row in sheet.iter_rows(min_row=3, max_row=8, values_only=True):
        copied.append(row)
    copied["AC3"] = "Eve"
    file.move_sheet("_base", -2)


MOVED: dict[str, tuple[Callable[[Any, Any], None], list[tuple[str, int | None]], Cells]] = {
    "sheet renamed": (
        lambda f, s: setattr(s, "title", "Tabelle1"),
        [("SHEET_RENAMED", None)],
        GOOD,
    ),
    "sheets reordered": (lambda f, s: f.move_sheet("Tickets", 2), [], GOOD),
    "a sheet in front with the same header": (front_sheet, [], GOOD),
    "help deleted": (lambda f, s: f.remove(f["How to"]), [], GOOD),
    "main sheet deleted": (lambda f, s: f.remove(s), [("UNUSABLE", None)], {}),
    "sorted downwards": (sort_down, [], GOOD),
    "columns swapped": (swap_columns, [], GOOD),
    "hidden key moved to the end": (key_to_the_end, [], GOOD),
    "rows deleted": (lambda f, s: s.delete_rows(6, 5), [("MISSING_ROWS", None)], GOOD),
    "a row inserted": (lambda f, s: s.insert_rows(4), [], GOOD),
    "rows inserted above the header": (lambda f, s: s.insert_rows(1, 3), [], GOOD),
    "header far below": (lambda f, s: s.insert_rows(1, 40), [("UNUSABLE", None)], {}),
    "a column inserted": (lambda f, s: s.insert_cols(29), [], GOOD),
    "header in other case and spaces": (put(AC3="  FIRST   NAME "), [], GOOD),
    "column renamed": (
        put(AC3="Vorname"),
        [("MISSING_COLUMN", None), ("INCOMPLETE", 4)],
        {k: v for k, v in GOOD.items() if k[1] != "First name"},
    ),
    "column deleted": (
        without_column("AC"),
        [("MISSING_COLUMN", None), ("INCOMPLETE", 4)],
        {k: v for k, v in GOOD.items() if k[1] != "First name"},
    ),
    "column doubled": (
        put(AH3="First name", AH4="Eve"),
        [("DOUBLE_COLUMN", None), ("MISSING_COLUMN", None), ("INCOMPLETE", 4)],
        {k: v for k, v in GOOD.items() if k[1] != "First name"},
    ),
    "key column deleted": (without_column("A"), [], GOOD),
    "visible key deleted": (without_column("J"), [], GOOD),
    "both keys deleted": (
        lambda f, s: (s.delete_cols(10), s.delete_cols(1)),
        [("UNUSABLE", None)],
        {},
    ),
    "all inputs deleted": (lambda f, s: s.delete_cols(28, 6), [("UNUSABLE", None)], {}),
    "duplicated, the same": (
        duplicate(differing=False),
        [("DUPLICATE_ROW", 5), ("INCOMPLETE", 5)],
        GOOD | {("S1-2", "First name"): "Bo"},
    ),
    "duplicated, differing": (duplicate(differing=True), [("DUPLICATE_ROW", 5)], GOOD),
    "text below without a key": (put(AC17="Eve"), [("NO_KEY", 17)], GOOD),
    "key of a row emptied": (
        put(A5=None, J5=None, AC5="Eve"),
        [("MISSING_ROWS", None), ("NO_KEY", 5)],
        GOOD,
    ),
    "only the hidden key emptied": (
        put(A5=None, AC5="Bo", AD5="B", AE5="bo@guest.example"),
        [],
        GOOD
        | {
            ("S1-2", "First name"): "Bo",
            ("S1-2", "Last Name"): "B",
            ("S1-2", "Client Email"): "bo@guest.example",
        },
    ),
    "what is for reading only": (
        put(K5="M99", M5="Eve Ltd", O5="Top Cat 1", Q5=99, S5="A", AG3="State"),
        [("MISSING_COLUMN", None)],
        GOOD,
    ),
    "a locked status": (put(AG14="ACCEPTED"), [("CLOSED_CELL", 14)], GOOD),
    "an invented status": (put(AG14="LOST"), [("CLOSED_CELL", 14)], GOOD),
    "a row without a ticket": (
        put(AC14="Eve", AE15="eve@guest.example"),
        [("CLOSED_CELL", 14), ("CLOSED_CELL", 15)],
        GOOD,
    ),
    "another's ticket by the hidden key": (put(A5="S2-1", AC5="Eve"), [("KEY_CHANGED", 5)], GOOD),
    "another's ticket by the visible key": (put(J5="S2-1", AC5="Eve"), [("KEY_CHANGED", 5)], GOOD),
    "another's ticket by both keys": (
        put(A5="S2-1", J5="S2-1", AC5="Eve"),
        [("FOREIGN_ROW", 5), ("MISSING_ROWS", None)],
        GOOD,
    ),
    "another's ticket by the visible key alone": (
        put(A5=None, J5="S2-1", AC5="Eve"),
        [("FOREIGN_ROW", 5), ("MISSING_ROWS", None)],
        GOOD,
    ),
    "another's ticket in a new row": (
        put(A16="S2-2", J16="S2-2", AC16="Eve", AE16="eve@guest.example"),
        [("FOREIGN_ROW", 16)],
        GOOD,
    ),
    "another's ticket with its company": (
        put(A16="S2-2", J16="S2-2", M16="Harbour Events", AC16="Eve"),
        [("FOREIGN_ROW", 16)],
        GOOD,
    ),
    "another's ticket in other letters": (
        put(A16="s2-2", J16="s2-2", AC16="Eve"),
        [("UNKNOWN_ROW", 16)],
        GOOD,
    ),
    "a ticket that is none": (
        put(A16="S999-1", J16="S999-1", AC16="Eve"),
        [("UNKNOWN_ROW", 16)],
        GOOD,
    ),
    "a sale instead of a ticket": (
        put(A16="S1", J16="S1", AC16="Eve"),
        [("UNKNOWN_ROW", 16)],
        GOOD,
    ),
    "a key that is a formula": (
        put(A5='="S2-1"', AC5="Bo", AD5="B", AE5="bo@guest.example"),
        [],
        GOOD
        | {
            ("S1-2", "First name"): "Bo",
            ("S1-2", "Last Name"): "B",
            ("S1-2", "Client Email"): "bo@guest.example",
        },
    ),
    "a key as a number": (put(A16=12, J16=12, AC16="Eve"), [("UNKNOWN_ROW", 16)], GOOD),
    "a half of a guest": (
        put(AC5="Bo"),
        [("INCOMPLETE", 5)],
        GOOD | {("S1-2", "First name"): "Bo"},
    ),
}

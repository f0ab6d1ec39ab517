"""What undo gives back, told by zipfile and openpyxl: the very bytes, but for the logs that keep
their rows."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl

Cells = Mapping[str, Mapping[tuple[int, int], Any]]
"""{sheet: {(row, column): value}}"""
LASTING = {"_ALLOC_LOG", "_ALLOCATION_REPAIR_LOG", "_CREDENTIAL_HISTORY", "_BOOK_EDITS"}
NEEDED = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"}


def rows_of(data: bytes, sheet: str) -> list[tuple[Any, ...]]:
    """The rows below the header that hold something."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    if sheet not in book.sheetnames:
        return []
    return [
        row
        for row in book[sheet].iter_rows(min_row=2, values_only=True)
        if any(value is not None for value in row)
    ]


def parts_of(data: bytes) -> dict[str, str]:
    """{title: part} of the sheets, read from the workbook's XML."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        workbook = archive.read("xl/workbook.xml").decode()
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
    targets = {}
    for element in re.findall(r"<Relationship\b[^>]*>", relations):
        targets[re.search(r'\bId="([^"]*)"', element)[1]] = (
            re.search(r'\bTarget="([^"]*)"', element)[1].lstrip("/").removeprefix("xl/")
        )  # type: ignore[index]
    found = {}
    for element in re.findall(r"<sheet\b[^>]*>", workbook):
        title, relation = (
            re.search(r'\bname="([^"]*)"', element)[1],
            re.search(r'\br:id="([^"]*)"', element)[1],
        )  # type: ignore[index]
        found[title] = f"xl/{targets[relation]}"
    return found


def differing(one: bytes, other: bytes) -> set[str]:
    """The members in which two archives differ, or that only one of them has."""
    with zipfile.ZipFile(io.BytesIO(one)) as old, zipfile.ZipFile(io.BytesIO(other)) as new:
        here, there = set(old.namelist()), set(new.namelist())
        return here ^ there | {name for name in here & there if old.read(name) != new.read(name)}


def logs_of(data: bytes) -> set[str]:
    """The parts of the sheets that keep their rows."""
    return {part for title, part in parts_of(data).items() if title in LASTING}


def given_back(path: Path, before: bytes, during: bytes) -> set[str]:
    """Assert that a workbook is what it was before a command, save for what the command told
    lasting sheets; which those are.

    before, during: the file before the command, and after it.
    """
    after = path.read_bytes()
    told = {sheet for sheet in LASTING if rows_of(during, sheet) != rows_of(before, sheet)}
    if not told and not any(rows_of(after, sheet) != rows_of(before, sheet) for sheet in LASTING):
        assert after == before
        return told
    for sheet in told:
        logged = rows_of(during, sheet)
        assert rows_of(after, sheet)[: len(logged)] == logged, "a lasting sheet lost a row"
        assert len(rows_of(after, sheet)) > len(logged)
        assert all(
            any(str(value).startswith("UNDO") for value in row)
            for row in rows_of(after, sheet)[len(logged) :]
        )
    changed = differing(before, after)
    assert changed <= logs_of(after) | NEEDED, changed
    assert parts_of(before).items() <= parts_of(after).items()
    return told


def same_but_logs(before: Cells, logged: Cells, after: Cells) -> None:
    """Assert that cells are what they were before a command that was undone, and that the sheets
    that keep their rows kept those of the command (D19).

    before, logged, after: the cells before the command, after it and after its undo.
    """
    for sheet in LASTING:
        assert after.get(sheet, {}).items() >= logged.get(sheet, {}).items(), f"{sheet} lost a row"
    assert without_logs(after) == without_logs(before)


def without_logs(cells: Cells) -> Cells:
    return {sheet: held for sheet, held in cells.items() if sheet not in LASTING}

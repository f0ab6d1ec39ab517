"""A book, its file, and what openpyxl reads there."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ticketops.schema.book_layouts import Book


@dataclass
class Made:
    """A book, its file, and what openpyxl reads there."""

    book: Book
    path: Path
    file: Any

    @property
    def sheet(self) -> Any:
        return self.file[self.book.layout.sheet]

    def part(self, name: str) -> str:
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name).decode()

    def parts(self) -> list[str]:
        with zipfile.ZipFile(self.path) as archive:
            return archive.namelist()


def headers(sheet: Any) -> dict[str, str]:
    return {cell.column_letter: cell.value for cell in sheet[3] if cell.value is not None}

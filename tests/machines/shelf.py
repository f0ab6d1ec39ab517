"""A manager's desk with a shelf of books that stay in memory, and copies that are typed into."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from collections.abc import Sequence
from copy import copy as copied
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import strategies as st
from msgspec.structs import replace

from tests.desk import Cells, CopiedDesk
from ticketops.config import Settings
from ticketops.engine.job import Job
from ticketops.engine.transaction import Done
from ticketops.schema.book_layouts import Book, Returned, ReturnedRow
from ticketops.services import book_locations, books, dispatch
from ticketops.services.book_registry import hash_of

GUEST = ("client_notes", "first_name", "last_name", "client_email", "comment")
FIELD = {"dispatch_status": "delivery", "staff_notes": "dispatch_notes"}
SUPPLIERS = {"Salvi Tickets": "SALVI", "Povami": "POVAMI"}
STAFF = ("ada@desk.example", "ben@desk.example")
WHICH = st.integers(0, 60)
"""Picks one of however many there are."""
CELLS = st.lists(st.tuples(WHICH, WHICH, st.integers(0, 9)), min_size=2, max_size=8)
"""(row, column, what) of what is typed into a book."""


@dataclass
class Copy:
    """A copy of a book that somebody has: what was typed into it, by (row of the book, column)."""

    book: Book
    typed: dict[tuple[int, str], str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.book.layout.kind

    def text(self, row: int, column: str) -> str:
        """What a cell says."""
        base = self.book.rows[row].values.get(column)
        return self.typed.get((row, column), "" if base is None else str(base))

    def key(self, row: int) -> str:
        return str(self.book.rows[row].values.get(self.book.layout.key) or "")

    def returned(self, name: str) -> Returned:
        """As the reader of files would hand it over."""
        layout = self.book.layout
        rows = []
        for number, row in enumerate(self.book.rows):
            values: dict[str, Any] = {column: row.values.get(column) for column in layout.typed}
            values |= {
                column: self.typed[number, column]
                for column in layout.typed
                if (number, column) in self.typed
            }
            spare = str(row.values.get(layout.spare_key) or "") if layout.spare_key else ""
            rows.append(
                ReturnedRow(
                    4 + number,
                    self.key(number),
                    spare,
                    {c: v for c, v in values.items() if v not in (None, "")},
                )
            )
        places = {column.name: column.position - 1 for column in layout.columns if column.typed}
        return Returned(
            name, name, layout.kind, self.book.book_id, rows, self.book.base(), (), places
        )


class Files:
    """Files that hold no more than a number; what it stands for is kept here."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="merge-"))
        self._numbers = itertools.count(1)
        self._copies: dict[str, Copy] = {}

    def write_book(self, book: Book, path: Path, *, reveal: Any = None) -> None:
        del reveal
        self.save(path, Copy(book))

    def save(self, path: Path, copy: Copy) -> None:
        number = str(next(self._numbers))
        self._copies[number] = Copy(copy.book, dict(copy.typed))
        path.write_text(number)

    def load(self, path: Path) -> Copy:
        copy = self._copies[path.read_text()]
        return Copy(copy.book, dict(copy.typed))

    def read_returned(
        self, paths: Sequence[Path], kind: str = "", *, on_progress: Any = None
    ) -> list[Returned]:
        del kind, on_progress
        return [
            replace(self.load(path).returned(path.name), file_hash=hash_of(path)) for path in paths
        ]


class ShelfDesk(CopiedDesk):
    """A manager's desk with a shelf of books."""

    def __init__(self, like: ShelfDesk | None = None) -> None:
        super().__init__(like)
        self.files = Files()
        if like:
            shutil.copytree(like.files.folder, self.files.folder, dirs_exist_ok=True)
            self.files._copies = dict(like.files._copies)
            self.files._numbers = copied(like.files._numbers)
        self.store.home, self.store.state_folder = (
            self.files.folder,
            self.files.folder / "event.xlsx.ticketops",
        )
        self.shelf = self.files.folder / "books"
        self.settings = Settings(
            workbook=self.files.folder / "event.xlsx",
            user="tester",
            role="ops_manager",
            books=self.shelf,
        )
        self._patches = [
            mock.patch.object(book_locations, "write_book", self.files.write_book),
            mock.patch.object(book_locations, "read_returned", self.files.read_returned),
        ]
        for patch in self._patches:
            patch.start()

    def close(self, *, keep: bool = False) -> None:
        while self._patches:
            self._patches.pop().stop()
        if keep:
            atexit.register(shutil.rmtree, self.files.folder, ignore_errors=True)
        else:
            shutil.rmtree(self.files.folder, ignore_errors=True)

    def build(self, kind: str, *names: str) -> Done:
        return self.done(books.build(self.store, self.settings, kind, names, folder=self.shelf))

    def pull(self, *copies: Copy) -> Done:
        return self.done(self.pulling(*copies))

    def pulling(self, *copies: Copy) -> Job:
        paths = []
        for number, copy in enumerate(copies):
            path = self.files.folder / f"returned {number}.xlsx"
            self.files.save(path, copy)
            paths.append(path)
        return books.pull(self.store, self.settings, paths)

    def sync(self) -> Done:
        return self.done(books.sync(self.store, self.settings))

    def standing(self) -> list[Path]:
        return sorted(path for path in self.shelf.glob("*.xlsx") if not path.is_symlink())

    def copy_of(self, kind: str, party: str) -> Copy:
        """A copy of the book that stands on the shelf."""
        for path in self.standing():
            copy = self.files.load(path)
            if (copy.kind, copy.book.party) == (kind, party):
                return copy
        raise AssertionError(f"no book of {party}")

    def cells(self) -> Cells:
        """Every cell that is not empty, of the sheets that have any."""
        return {name: cells for name, cells in super().cells().items() if cells}


def trading() -> ShelfDesk:
    """Two clients with three tickets each; four units each of two suppliers and of a vendor whose
    tickets staff send."""
    desk = ShelfDesk()
    for vendor in (*SUPPLIERS, "Viagogo"):
        desk.buy(("M01", "Cat 1", 4), vendor=vendor, price=Decimal(100))
    for vendor, key in SUPPLIERS.items():
        desk.do(dispatch.supplier_map(key, [vendor], []))
    desk.sell(("M01", "Cat 1", 3), client="Acme Travel", contract="")
    desk.sell(("M01", "Cat 1", 3), client="Bolt Tours", contract="")
    return desk

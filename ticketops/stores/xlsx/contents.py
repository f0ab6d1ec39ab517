"""The two things a commit can put into the file: the workbook with some cells edited, or an older
version of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ticketops.errors import InternalError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import Layout
from ticketops.schema.tables import place_names
from ticketops.stores.base import Transaction
from ticketops.stores.edits import SheetEdit
from ticketops.stores.journal import Journal
from ticketops.stores.records import NO_IDENTITIES, RawBefore
from ticketops.stores.xlsx.kept import carry_over
from ticketops.stores.xlsx.links import without_links
from ticketops.stores.xlsx.package import Package, plain
from ticketops.stores.xlsx.parts import Parts, relations_of
from ticketops.stores.xlsx.render import render
from ticketops.stores.xlsx.verify import verified


class Edited:
    """The workbook with some cells edited, all else as it was."""

    def __init__(
        self,
        parts: Parts,
        edits: Mapping[str, SheetEdit],
        journal: Journal,
        layout: Layout,
        *,
        aside: bool = False,
        removed: Sequence[str] = (),
        for_good: bool = False,
    ) -> None:
        """aside: the edits concern sheets that no formula looks at, so that nothing needs computing
        anew; removed: sheets to leave out; for_good: what the edits empty must not stay in the file,
        nor in the journal (§13)."""
        self._parts, self._package, self._edits = parts, parts.package, edits
        self._journal = journal
        self._changed, self._before = render(parts, edits, layout, aside=aside, for_good=for_good)
        self._dropped: list[str] = []
        if removed:
            gone, self._dropped = parts.without_sheets(removed, self._changed)
            self._changed |= gone
            self._changed = {
                part: content
                for part, content in self._changed.items()
                if part not in self._dropped
            }
            self._edits = {name: edit for name, edit in edits.items() if name not in removed}
        self.changes = ChangeSet()
        self.names: Mapping[str, Mapping[str, tuple[int, ...]]] = {}
        self.replaced: dict[str, str] = {}
        self.identities = NO_IDENTITIES
        self.besides: Mapping[str, Any] = {}
        self.stays_open = False
        """Whether another commit follows in this process."""

    def write(self, file: BinaryIO) -> None:
        self._package.write(file, self._changed, self._dropped)

    def verify(self, package: Package) -> Parts:
        parts = verified(package, self._changed, self._edits)
        if self.stays_open:
            written = {part: plain(content) for part, content in self._changed.items()}
            carry_over(self._parts, parts, written)
        self._changed = {}  # they are on disk: megabytes that the journal need not find in its way
        return parts

    def record(self, transaction: Transaction, temporary: Path) -> None:
        self._journal.begin(
            transaction,
            self.changes,
            self.named_before(),
            self.replaced,
            self.identities,
            temporary,
            self.besides,
        )

    def named_before(self) -> RawBefore:
        """Raw values by column name instead of column number."""
        named: dict[str, dict[int, dict[str, Any]]] = {}
        for sheet, rows in self._before.items():
            names = place_names(self.names.get(sheet, {}))
            named[sheet] = {
                row: {names[p]: v for p, v in cells.items() if p in names}
                for row, cells in rows.items()
            }
        return named


class Blanked(Edited):
    """The workbook with some cells emptied for good (§13): neither the file nor the journal keeps what
    stood in them."""

    def __init__(
        self, parts: Parts, edits: Mapping[str, SheetEdit], journal: Journal, layout: Layout
    ) -> None:
        super().__init__(parts, edits, journal, layout, aside=True, for_good=True)
        package = parts.package
        for name, edit in edits.items():
            self._unlink(parts, parts.sheets[name], edit)
        self.changes_anything = any(
            part not in package or package.read(part) != plain(content)
            for part, content in self._changed.items()
        )
        """Whether the file would be another one."""

    def record(self, transaction: Transaction, temporary: Path) -> None:
        self._journal.begin(transaction, ChangeSet(), {}, {}, NO_IDENTITIES, temporary)

    def _unlink(self, parts: Parts, part: str, edit: SheetEdit) -> None:
        """Take away what the emptied columns link to: an address stands there once more."""
        path = parts.package.named(relations_of(part))
        relations = parts.xml(path) if path in parts.package else b""
        columns = {column for cells in edit.cells.values() for column in cells}
        sheet, left = without_links(
            plain(self._changed[part]), relations, columns, edit.header_row + 1
        )
        self._changed[part] = sheet
        if left != relations:
            self._changed[path] = left


class Restored:
    """An older version of the workbook, byte for byte."""

    def __init__(self, old: Package, journal: Journal) -> None:
        self._old, self._journal = old, journal

    def write(self, file: BinaryIO) -> None:
        file.write(self._old.data)

    def verify(self, package: Package) -> Parts:
        if package.data != self._old.data:
            raise InternalError("the backup was not written correctly; the workbook is unchanged")
        return Parts(package)

    def record(self, transaction: Transaction, temporary: Path) -> None:
        self._journal.begin(transaction, ChangeSet(), {}, {}, NO_IDENTITIES, temporary)

"""What a file that came back says that is new, whatever kind of book it is: three ways, against what the
book held when it was made, and what it said before (§7 step 8, §9d, §8, document 001)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from ticketops.domain.dispatch.edit_log import said_before
from ticketops.domain.dispatch.field_edits import UNKNOWN, ClientLine, FieldEdit
from ticketops.domain.dispatch.returned_files import (
    NO_BOOK,
    KnownBook,
    known_books,
    summed_up,
    welcome,
    whose_file,
)
from ticketops.model.findings import Finding, Severity
from ticketops.schema.addresses import column_letters
from ticketops.schema.book_layouts import (
    LAYOUTS,
    BaseRow,
    Layout,
    Returned,
    ReturnedRow,
    hash_of_base,
    is_text,
    typed_text,
)
from ticketops.schema.tables import Snapshot

Said = dict[tuple[str, str], dict[str, list[str]]]
"""{(BookID, ticket): {field: what files with this BookID said of it so far}}."""
Bases = Mapping[str, BaseRow]
"""{key: what the row held when the book was made}."""
About = TypeVar("About")
"""What a row of a book stands for in the workbook."""


@dataclass(frozen=True, slots=True)
class FilePulled:
    """A returned file. party: whose file it is, empty if unknown. rows: number of rows; edits:
    number of changed cells; refused: number of changed cells and rows that can't be taken, each
    with a finding."""

    file: str
    kind: str
    party: str
    book_id: str
    rows: int
    edits: int
    refused: int = 0


@dataclass
class ReadEdits:
    """What files said. edits: what is new, in the order of the files; findings: what can't be taken
    over, a report a row."""

    edits: list[FieldEdit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: list[FilePulled] = field(default_factory=list)
    lines: list[ClientLine] = field(default_factory=list)
    """What clients wrote below their tickets."""
    sources: list[str] = field(default_factory=list)
    """The BookID of each edit."""
    not_taken: list[NotTaken] = field(default_factory=list)
    """The cells that say something that can't be taken, each with a finding."""


class NotTaken(NamedTuple):
    """A cell whose text is not taken. row: of its file; column: of the book; code: of the finding."""

    book_id: str
    row: int
    column: str
    code: str


Opening = Callable[[Returned, str, str, Said, ReadEdits], "BookReader[Any]"]
"""(file, party, hash of its base, what was said before, where it goes) → who reads it."""


def read_files(
    snapshot: Snapshot,
    files: Sequence[Returned],
    opening: Opening,
    kind: str = "",
    party: str = "",
    pages: Mapping[str, KnownBook] | None = None,
) -> ReadEdits:
    """What the files say that is new. kind: the only kind of book that is expected; others are refused.
    party: whose the files are, where their hidden sheet is gone. pages: {BookID: book} of those that
    `_BOOKS` does not list since they were pages of the portal."""
    found = ReadEdits()
    known = known_books(snapshot) | dict(pages or {})
    before = said_before(snapshot, {file.book_id for file in files})
    for file in files:
        told = len(found.findings)
        whose = whose_file(file, known, kind, party, found.findings)
        whose = welcome(snapshot, file, whose, found.findings)
        earlier = len(found.edits)
        refused = 0
        if whose is not None:
            base_hash = known.get(file.book_id, NO_BOOK).base
            reader = opening(file, whose, base_hash, before, found)
            reader.read()
            refused = reader.refused
        summed_up(found.findings, told, file.file)
        found.files.append(
            FilePulled(
                file.file,
                file.kind,
                whose or "",
                file.book_id,
                len(file.rows),
                len(found.edits) - earlier + refused,
                refused,
            )
        )
    return found


@dataclass(kw_only=True)
class BookReader(Generic[About]):
    """Reads one file of a known party. What a kind of book has of its own, a class of its own says."""

    file: Returned
    party: str
    base_hash: str
    before: Said
    found: ReadEdits
    accept_erased: bool = False
    refused: int = 0
    """Cells and rows that say something and can't be taken, one finding each."""
    untouched: int = 0
    """Cells that hold what they held when the book was made, though a copy of it said something
    else."""

    # --- what each kind of book says

    def resolve(self, row: ReturnedRow, base: Bases | None) -> About | None:
        """What a row stands for, if that is this party's; else a finding, where the row says
        anything."""
        raise NotImplementedError

    def name_of(self, about: About) -> str:
        """What people call it: a SalesID, a TicketID."""
        raise NotImplementedError

    def key_of(self, row: ReturnedRow, about: About) -> str:
        """The key that the row has in the base."""
        raise NotImplementedError

    def still_theirs(self, key: str) -> str:
        """What people call what a key of the base stands for, where that is live and its party's; else
        ""."""
        raise NotImplementedError

    def stands(self, about: About, name: str) -> str:
        """What the workbook says, as this party reads it."""
        raise NotImplementedError

    def open_now(self, about: About) -> Collection[str]:
        """The input cells that are open, where no base says which were."""
        raise NotImplementedError

    def why_closed(self, about: About, name: str) -> str:
        """`was locked`."""
        raise NotImplementedError

    def checked(self, name: str, text: str) -> tuple[str, tuple[str, str] | None]:
        """(the text as it is taken over, (code, what is wrong with it) or None)."""
        raise NotImplementedError

    def is_kept(self, about: About, name: str) -> bool:
        """Whether a cell that was emptied stays as it is: emptiness is no instruction (D17)."""
        raise NotImplementedError

    def veto(
        self, row: ReturnedRow, about: About, base: BaseRow | None, name: str, text: str
    ) -> tuple[str, str] | None:
        """(code, why) a text can't be taken that is fine in itself; None where it can."""

    def value(self, name: str, text: str) -> Any:
        """A text as the workbook holds it; UNKNOWN for one that says nothing."""
        raise NotImplementedError

    def edits_of(
        self,
        row: ReturnedRow,
        about: About,
        texts: Mapping[str, str],
        said: Mapping[str, FieldEdit],
    ) -> list[FieldEdit]:
        """The edits of a row, in the order in which they count, and what is to be told of it besides."""
        raise NotImplementedError

    def after_all(
        self, base: Bases | None, rows: Mapping[str, Sequence[tuple[ReturnedRow, About]]]
    ) -> None:
        """What is to be told of all rows together."""

    field_of: Mapping[str, str] = field(default_factory=dict)
    """{column of the book: what it is in the workbook}, where that differs."""
    pull: str = "client pull"
    """The command that reads these books."""
    of_sales: bool = True
    """Whether findings name the sale."""

    # --- what all have in common

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.file.kind]

    def read(self) -> None:
        """Put what the file says into `found`."""
        for header in self.file.missing:
            self.tell(
                "MISSING_COLUMN",
                Severity.MEDIUM,
                f"the column {header!r} is missing or renamed; its content is not read",
            )
        base = self._base()
        rows: dict[str, list[tuple[ReturnedRow, About]]] = {}
        for row in self.file.rows:
            about = self.resolve(row, base)
            if about is not None:
                rows.setdefault(self.name_of(about), []).append((row, about))
        for name, same in rows.items():
            row, about = same[0]
            if len(same) > 1:
                numbers = " and ".join(str(other.row) for other, _ in same[:6])
                numbers += f" and {len(same) - 6:,} more" if same[6:] else ""
                differ = any(
                    self.texts(other) != self.texts(row) or other.formulas != row.formulas
                    for other, _ in same[1:]
                )
                self.tell(
                    "DUPLICATE_ROW",
                    Severity.MEDIUM,
                    f"rows {numbers} are {'both' if len(same) == 2 else 'all'} {name}"
                    f"{' and differ; none is taken' if differ else '; it is read once'}",
                    row.row,
                    name,
                    refused=differ,
                )
                if differ:
                    continue
            self._row(row, about, None if base is None else base.get(self.key_of(row, about)))
        if base is not None:
            self._missing(base, rows)
        self.after_all(base, rows)
        if self.untouched:
            cells = "1 cell holds" if self.untouched == 1 else f"{self.untouched:,} cells hold"
            message = f"{cells} what it held when the book was built, although a copy of the book said something else: the copy's value stays"
            self.tell("NOT_TAKEN_BACK", Severity.INFO, message)

    def _missing(
        self, base: Bases, rows: Mapping[str, Sequence[tuple[ReturnedRow, About]]]
    ) -> None:
        """Rows that the book had when it was made, of tickets that are its party's still: that
        they are gone says nothing about the tickets."""
        here = {row.key for row in self.file.rows} | {row.spare for row in self.file.rows}
        here |= {self.key_of(*same[0]) for same in rows.values()}
        gone = [name for key in base if key not in here and (name := self.still_theirs(key))]
        if gone:
            listed = ", ".join(gone[:12]) + (f" and {len(gone) - 12:,} more" if gone[12:] else "")
            rows_of = (
                "1 row of the book is" if len(gone) == 1 else f"{len(gone):,} rows of the book are"
            )
            self.tell(
                "MISSING_ROWS",
                Severity.MEDIUM,
                f"{rows_of} missing: {listed}; nothing changes for them",
                name=gone[0] if len(gone) == 1 else "",
            )

    def _base(self) -> dict[str, BaseRow] | None:
        """{key: what the row held when the book was made}; None where that is not to be trusted."""
        if self.file.base is None:
            self.tell(
                "NO_BASE",
                Severity.INFO,
                "its hidden sheet is missing: every difference from the workbook counts as a "
                "conflict",
            )
            return None
        if not self.base_hash:
            self.tell(
                "NO_BASE",
                Severity.INFO,
                "this workbook does not know the book: every difference from the workbook counts "
                "as a conflict",
            )
            return None
        if hash_of_base(self.file.base) != self.base_hash:
            self.tell(
                "BASE_CHANGED",
                Severity.MEDIUM,
                "its hidden sheet was changed: every difference from the workbook counts as a "
                "conflict",
            )
            return None
        return {row.key: row for row in self.file.base if row.key}

    def says_anything_new(self, row: ReturnedRow, about: About, base: Bases | None) -> bool:
        """Whether a row says anything that it did not say when the book was made."""
        known = base.get(self.key_of(row, about)) if base is not None else None
        return known is None or any(
            not is_text(known.texts.get(name, ""), text) for name, text in self.texts(row).items()
        )

    def texts(self, row: ReturnedRow) -> dict[str, str]:
        """{input column: what the row says}."""
        return {
            name: typed_text(self.layout.by_name[name], row.values.get(name))
            for name in self.file.positions
        }

    def _row(self, row: ReturnedRow, about: About, base: BaseRow | None) -> None:
        texts = self.texts(row)
        for name in row.formulas:
            texts.pop(name, None)
            self.tell(
                "FORMULA",
                Severity.MEDIUM,
                f"{self.cell(row, name)} holds a formula: type the value, or paste it as a value",
                row.row,
                self.name_of(about),
                refused=True,
            )
        said: dict[str, FieldEdit] = {}
        for name, text in texts.items():
            edit = self._word(row, about, base, name, text)
            if edit is not None:
                said[edit.field] = edit
        ordered = self.edits_of(row, about, texts, said)
        self.found.edits += ordered
        self.found.sources += [self.file.book_id] * len(ordered)

    def _word(
        self, row: ReturnedRow, about: About, base: BaseRow | None, name: str, text: str
    ) -> FieldEdit | None:
        """The edit of a cell; None where it says nothing new, or, with a finding, what can't be."""
        known, own = self.field_of.get(name, name), self.name_of(about)
        earlier = self.before[self.file.book_id, own].get(known, []) if self.file.book_id else []
        then: Any = base.texts.get(name, "") if base is not None else UNKNOWN
        was = earlier[-1] if earlier else then
        if was is not UNKNOWN and is_text(was, text):
            return None
        if then is not UNKNOWN and is_text(then, text):
            self.untouched += 1  # in this copy of the book; another one has said more
            return None
        stands = self.stands(about, known)
        if was is UNKNOWN and text in ("", stands):
            return None
        said, wrong = self.checked(known, text)
        if said in earlier:
            if said not in (stands, earlier[-1]):
                message = f"{self.cell(row, name)} ({own}): {text[:60]!r} was read before and has changed since; it is not taken again"
                self._not_taken("SAID_BEFORE", Severity.LOW, message, row, own, name)
            return None
        cell = self.cell(row, name)
        is_open = base.open if base is not None else self.open_now(about)
        if name not in is_open and not earlier:
            what = self.why_closed(about, name)
            self._refuse(
                "CLOSED_CELL",
                f"{cell} {what} ({own}); what was typed there is not taken: {text[:60]!r}",
                row,
                own,
                name,
            )
            return None
        text = said
        if wrong:
            self._refuse(wrong[0], f"{cell} ({own}): {wrong[1]}", row, own, name)
            return None
        if vetoed := self.veto(row, about, base, known, text):
            self._refuse(vetoed[0], f"{cell}: {vetoed[1]}", row, own, name)
            return None
        if not text and stands and self.is_kept(about, known):
            self._refuse(
                "ERASED",
                f"{cell} ({own}): {stands[:60]!r} was erased; it is kept ({self.pull} --accept-erased removes it)",
                row,
                own,
                name,
            )
            return None
        value = self.value(known, text)
        if value is UNKNOWN:
            return None
        if self.file.book_id:
            earlier = self.before[self.file.book_id, own].setdefault(known, [])
            earlier.append(text)
        return FieldEdit(
            self.file.kind,
            self.party,
            own,
            known,
            was,
            value,
            cell,
            doubtful=base is None,
            said_before=earlier[-2] if len(earlier) > 1 else "",
        )

    def cell(self, row: ReturnedRow, name: str) -> str:
        """The cell, for people."""
        return f"{self.file.file}!{column_letters(self.file.positions[name] + 1)}{row.row}"

    def _refuse(self, code: str, message: str, row: ReturnedRow, own: str, column: str) -> None:
        self._not_taken(code, Severity.MEDIUM, message, row, own, column)

    def _not_taken(
        self, code: str, severity: Severity, message: str, row: ReturnedRow, own: str, column: str
    ) -> None:
        self.found.not_taken.append(NotTaken(self.file.book_id, row.row, column, code))
        self.tell(code, severity, message, row.row, own, refused=True)

    def tell(
        self,
        code: str,
        severity: Severity,
        message: str,
        row: int | None = None,
        name: str = "",
        *,
        refused: bool = False,
    ) -> None:
        """A finding about the file. refused: whether it is of a cell or a row that is not taken."""
        self.refused += refused
        text = message if message.startswith(self.file.file) else f"{self.file.file}: {message}"
        sales_id = name if self.of_sales else ""
        self.found.findings.append(Finding(code, severity, text, row=row, sales_id=sales_id))

"""A file that came back, as words: which of its cells say something new, and whether its party may say it (§7 step 8, §9d, §8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.edits import said_before
from ticketops.domain.dispatch.groups import client_group_key
from ticketops.domain.dispatch.records import Record, is_live, unit_of
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.words import UNKNOWN, Word, as_seen_by
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.addresses import column_letters
from ticketops.schema.books import (
    LAYOUTS,
    LONGEST,
    LONGEST_TEXT,
    BaseRow,
    Layout,
    Returned,
    ReturnedRow,
    hash_of_base,
    is_text,
    shown,
    typed_text,
)
from ticketops.schema.columns import parse_datetime
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import BOOKS

_FIELD = {"dispatch_status": "delivery", "staff_notes": "dispatch_notes"}
"""Columns of a staff book, and what they are in Distribution."""
_ONE_LINE = ("first_name", "last_name", "client_email", "proof_url", "delivery")
_HARMLESS = ("SHEET_RENAMED",)


@dataclass
class Heard:
    """What files said. words: what is new, in the order of the files; findings: what can't be taken over, a report a row."""

    words: list[Word] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    """{"file", "kind", "party", "book_id", "rows", "edits"} of each file."""
    sources: list[str] = field(default_factory=list)
    """The BookID of each word."""


def hear(
    state: State, snapshot: Snapshot, files: Sequence[Returned], check_email: Callable[[str], str], *, kind: str = "", party: str = ""
) -> Heard:
    """What the files say that is new.

    kind: the only kind of book that is expected; others are refused. party: whose the files are, where their hidden sheet is gone.
    check_email: what is wrong with an address, empty where nothing is.
    """
    found = Heard()
    known = _known_books(snapshot)
    before = said_before(snapshot, {file.book_id for file in files})
    for file in files:
        whose = _whose(file, known, kind, party, found)
        told = len(found.words)
        if whose is not None:
            _Reader(state, file, whose, known.get(file.book_id, ("", "", ""))[2], before, found, check_email).read()
        found.files.append({"file": file.file, "kind": file.kind, "party": whose or "", "book_id": file.book_id,
                            "rows": len(file.rows), "edits": len(found.words) - told})  # fmt: skip
    return found


def _known_books(snapshot: Snapshot) -> dict[str, tuple[str, str, str]]:
    """{BookID: (kind, party, hash of its base)}."""
    frame = snapshot[BOOKS].frame.select("book_id", "kind", "party", "base")
    return {book_id: (kind or "", party or "", base or "") for book_id, kind, party, base in frame.iter_rows() if book_id}


def _whose(file: Returned, known: Mapping[str, tuple[str, str, str]], kind: str, party: str, found: Heard) -> str | None:
    """The party whose file it is; None, with a finding, where that can't be told or nothing of the file can be used."""

    def refuse(code: str, message: str) -> None:
        found.findings.append(Finding(code, Severity.HIGH, f"{file.file}: {message}" if file.file not in message else message))

    for code, row, message in file.problems:
        if file.unusable:
            refuse(code, message)
            continue
        severity = Severity.INFO if code in _HARMLESS else Severity.MEDIUM
        found.findings.append(Finding(code, severity, f"{file.file}{f' row {row}' if row else ''}: {message}"))
    if file.unusable:
        return None
    if kind and file.kind != kind:
        refuse("WRONG_KIND", f"it is a {file.kind} book; ticketops {file.kind} pull reads it")
        return None
    if file.book_id in known:
        whose = known[file.book_id][1]
        if party and party != whose:
            refuse("WRONG_PARTY", f"it was made for {whose}, not for {party}")
            return None
        return whose
    if party:
        return party
    refuse("UNKNOWN_BOOK", "this workbook did not make it, or its making was undone")
    return None


@dataclass
class _Reader:
    """Reads one file of a known party."""

    state: State
    file: Returned
    party: str
    base_hash: str
    before: dict[tuple[str, str], dict[str, list[str]]]
    found: Heard
    check_email: Callable[[str], str]
    untouched: int = 0
    """Cells that hold what they held when the book was made, though a copy of it said something else."""

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.file.kind]

    def read(self) -> None:
        for header in self.file.missing:
            self._tell("MISSING_COLUMN", Severity.MEDIUM, f"the column {header!r} is gone or renamed; what stood in it is not read")
        base = self._base()
        rows: dict[str, list[tuple[ReturnedRow, Record, Record | None]]] = {}
        for row in self.file.rows:
            resolved = self._resolve(row, base)
            if resolved is not None:
                rows.setdefault(resolved[0].key, []).append((row, *resolved))
        for sales_id, same in rows.items():
            row, ticket, task = same[0]
            if any(self._texts(other) != self._texts(row) or other.formulas != row.formulas for other, _, _ in same[1:]):
                numbers = " and ".join(str(other.row) for other, _, _ in same)
                self._tell(
                    "DUPLICATE_ROW", Severity.MEDIUM, f"rows {numbers} are both {sales_id} and differ; neither is taken", row.row, sales_id
                )
                continue
            self._row(row, ticket, task, None if base is None else base.get(self._key(row, ticket, task)))
        if self.untouched:
            cells = "1 cell holds" if self.untouched == 1 else f"{self.untouched:,} cells hold"
            message = f"{cells} what stood there when the book was made, though a copy of it said something else: that is not taken back"
            self._tell("NOT_TAKEN_BACK", Severity.INFO, message)

    def _base(self) -> dict[str, BaseRow] | None:
        """{key: what the row held when the book was made}; None where that is not to be trusted."""
        if self.file.base is None:
            self._tell("NO_BASE", Severity.INFO, "its hidden sheet is gone: what differs from the workbook counts as a conflict")
            return None
        if not self.base_hash:
            self._tell(
                "NO_BASE", Severity.INFO, "this workbook does not know the book: what differs from the workbook counts as a conflict"
            )
            return None
        if hash_of_base(self.file.base) != self.base_hash:
            self._tell("BASE_CHANGED", Severity.MEDIUM, "its hidden sheet was changed: what differs from the workbook counts as a conflict")
            return None
        return {row.key: row for row in self.file.base if row.key}

    def _resolve(self, row: ReturnedRow, base: Mapping[str, BaseRow] | None) -> tuple[Record, Record | None] | None:
        """The ticket (and task) of a row, if it is this party's; else a finding, where the row says anything."""
        key, spare = row.key or row.spare, row.spare
        says = any(self._texts(row).values()) or row.formulas
        if not key:
            if says and self.file.kind == states.SUPPLIER:
                message = f"row {row.row} serves no ticket yet; what was typed there is not taken"
                self._tell("CLOSED_CELL", Severity.MEDIUM, message, row.row)
            elif says:
                self._tell(
                    "NO_KEY",
                    Severity.MEDIUM,
                    f"row {row.row} has no {self.layout.by_name[self.layout.key].header}; it is not read",
                    row.row,
                )
            return None
        task = None
        if self.file.kind == states.STAFF_BOOK:
            task = next((task for task in self.state.tasks if task.key == key), None)
            ticket = staff.ticket_of(self.state, task) if task else None
        elif self.file.kind == states.SUPPLIER and row.key and row.key not in self.state.tickets:
            ticket = self.state.ticket_by_line.get(row.key)
        else:
            ticket = self.state.tickets.get(key)
        if ticket is None:
            if says:
                self._tell("UNKNOWN_ROW", Severity.MEDIUM, f"row {row.row}: {key[:60]!r} is no ticket of the workbook", row.row)
            return None
        if spare and spare != ticket.key:
            self._tell("KEY_CHANGED", Severity.MEDIUM, f"row {row.row} is {ticket.key} by its hidden key and {spare[:40]!r} by the visible one",
                       row.row, ticket.key)  # fmt: skip
            return None
        in_base = base is not None and self._key(row, ticket, task) in base
        if not self._is_theirs(ticket, task, in_base=in_base):
            self._tell(
                "FOREIGN_ROW", Severity.HIGH, f"row {row.row}: {ticket.key} is not {self.party}'s; the row is refused", row.row, ticket.key
            )
            return None
        if not is_live(ticket):
            if self._says_anything_new(row, ticket, task, base):
                self._tell(
                    "CANCELLED_ROW", Severity.LOW, f"row {row.row}: {ticket.key} is cancelled; the row is not read", row.row, ticket.key
                )
            return None
        return ticket, task

    def _says_anything_new(self, row: ReturnedRow, ticket: Record, task: Record | None, base: Mapping[str, BaseRow] | None) -> bool:
        known = base.get(self._key(row, ticket, task)) if base is not None else None
        return known is None or any(not is_text(known.texts.get(name, ""), text) for name, text in self._texts(row).items())

    def _is_theirs(self, ticket: Record, task: Record | None, *, in_base: bool) -> bool:
        if self.file.kind == states.CLIENT:
            return bool(ticket["company"]) and client_group_key(ticket["company"]) == self.party
        if self.file.kind == states.SUPPLIER:
            return suppliers.ticket_supplier(self.state, ticket) == self.party
        return in_base or (task is not None and self.party in staff.assignees(task))

    def _key(self, row: ReturnedRow, ticket: Record, task: Record | None) -> str:
        """The key that the row has in the base."""
        if self.file.kind == states.CLIENT:
            return ticket.key
        if self.file.kind == states.SUPPLIER:
            return ticket["line_key"] or ""
        return task.key if task else row.key

    def _texts(self, row: ReturnedRow) -> dict[str, str]:
        return {name: typed_text(self.layout.by_name[name], row.values.get(name)) for name in self.file.places}

    def _row(self, row: ReturnedRow, ticket: Record, task: Record | None, base: BaseRow | None) -> None:
        texts = self._texts(row)
        for name in row.formulas:
            texts.pop(name, None)
            self._tell(
                "FORMULA",
                Severity.MEDIUM,
                f"{self._cell(row, name)} holds a formula: type the value, or paste it as a value",
                row.row,
                ticket.key,
            )
        said: dict[str, Word] = {}
        for name, text in texts.items():
            word = self._word(row, ticket, task, base, name, text)
            if word is not None:
                said[word.field] = word
        if "delivery" in said and "dispatched_at" in said:
            said["delivery"] = _at(said["delivery"], said["dispatched_at"].value)
        ordered = sorted(said.values(), key=lambda word: word.field != "delivery")
        self.found.words += ordered
        self.found.sources += [self.file.book_id] * len(ordered)
        if self.file.kind == states.CLIENT:
            self._needs(row, ticket, texts, said)

    def _word(self, row: ReturnedRow, ticket: Record, task: Record | None, base: BaseRow | None, name: str, text: str) -> Word | None:
        """The word of a cell; None where it says nothing new, or, with a finding, what can't be."""
        known = _FIELD.get(name, name)
        heard = self.before[self.file.book_id, ticket.key].get(known, []) if self.file.book_id else []
        then: Any = base.texts.get(name, "") if base is not None else UNKNOWN
        was = heard[-1] if heard else then
        if was is not UNKNOWN and is_text(was, text):
            return None
        if then is not UNKNOWN and is_text(then, text):
            self.untouched += 1  # in this copy of the book; another one has said more
            return None
        stands = self._stands(ticket, task, known)
        if was is UNKNOWN and text in ("", stands):
            return None
        said, wrong = self._checked(known, text)
        if said in heard:
            if said not in (stands, heard[-1]):
                message = f"{self._cell(row, name)} ({ticket.key}): {text[:60]!r} was said before and changed since; it is not taken again"
                self._tell("SAID_BEFORE", Severity.LOW, message, row.row, ticket.key)
            return None
        cell = self._cell(row, name)
        if base is None and self.file.base is not None and self.file.kind == states.CLIENT and not unit_of(ticket):
            base = BaseRow(ticket.key, "", {}, ())
        if base is not None and name not in base.open and not heard:
            what = "was locked" if unit_of(ticket) or name == "delivery" else "is locked until there is a ticket for it"
            self._tell(
                "CLOSED_CELL",
                Severity.MEDIUM,
                f"{cell} {what} ({ticket.key}); what was typed there is not taken: {text[:60]!r}",
                row.row,
                ticket.key,
            )
            return None
        text = said
        if wrong:
            self._tell(wrong[0], Severity.MEDIUM, f"{cell} ({ticket.key}): {wrong[1]}", row.row, ticket.key)
            return None
        if base is not None and known in ("delivery", "dispatched_at") and base.unit_id and base.unit_id != unit_of(ticket):
            message = f"{cell}: {text or 'nothing'} was said of {base.unit_id}; {ticket.key} has {unit_of(ticket) or 'no unit'} now"
            self._tell("OTHER_UNIT", Severity.MEDIUM, message, row.row, ticket.key)
            return None
        value: Any = text or None
        if known == "dispatched_at" and text:
            value = parse_datetime(text)
        if known == "delivery" and value is None:
            return None  # an emptied status says nothing
        if self.file.book_id:
            heard = self.before[self.file.book_id, ticket.key].setdefault(known, [])
            heard.append(text)
        return Word(
            self.file.kind,
            self.party,
            ticket.key,
            known,
            was,
            value,
            cell,
            task_id=task.key if task else "",
            said_before=heard[-2] if len(heard) > 1 else "",
        )

    def _stands(self, ticket: Record, task: Record | None, name: str) -> str:
        """What the workbook says, as this party reads it."""
        if name == "delivery":
            return as_seen_by(self.file.kind, ticket["delivery"])
        return shown((task if name == "proof_url" and task is not None else ticket)[name])

    def _checked(self, name: str, text: str) -> tuple[str, tuple[str, str] | None]:
        """(the text as it is taken over, (code, what is wrong with it) or None)."""
        if name in _ONE_LINE:
            text = " ".join(text.split())
        if name == "delivery":
            text = text.upper().replace(" ", "_")
        longest = LONGEST.get(name, LONGEST_TEXT)
        if len(text) > longest:
            return text, ("TOO_LONG", f"{len(text):,} characters, {longest:,} fit; it is not taken")
        if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
            return text, ("BAD_TEXT", "half a character (a lone surrogate); it is not taken")
        if any(c < " " and c not in "\n\t" for c in text):
            text = "".join(c for c in text if c >= " " or c in "\n\t")
        if name == "client_email" and text and (wrong := self.check_email(text)):
            return text, ("BAD_EMAIL", f"{text[:80]!r} is no e-mail address: {wrong}")
        if name == "dispatched_at" and text and parse_datetime(text) is None:
            return text, ("BAD_DATE", f"{text[:40]!r} is no date and time (2026-06-11 14:30)")
        return text, None

    def _needs(self, row: ReturnedRow, ticket: Record, texts: Mapping[str, str], said: Mapping[str, Word]) -> None:
        """A guest who is filled in by half is reported."""
        now = {name: said[name].value if name in said else ticket[name] for name in clients.NEEDED}
        lacking = [self.layout.by_name[name].header for name, value in now.items() if not value]
        if unit_of(ticket) and lacking and any(texts.get(name) for name in clients.NEEDED):
            self._tell("INCOMPLETE", Severity.LOW, f"row {row.row} ({ticket.key}): {' and '.join(lacking)} missing", row.row, ticket.key)

    def _cell(self, row: ReturnedRow, name: str) -> str:
        return f"{self.file.file}!{column_letters(self.file.places[name] + 1)}{row.row}"

    def _tell(self, code: str, severity: Severity, message: str, row: int | None = None, sales_id: str = "") -> None:
        text = message if message.startswith(self.file.file) else f"{self.file.file}: {message}"
        self.found.findings.append(Finding(code, severity, text, row=row, sales_id=sales_id))


def _at(word: Word, moment: Any) -> Word:
    return replace(word, at=moment)

"""A file that came back, as field edits: which of its cells say something new, and whether its
party may say it (§7 step 8, §9d, §8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.clients import was_sent
from ticketops.domain.dispatch.doubt import open_now, units_said
from ticketops.domain.dispatch.edit_log import said_before
from ticketops.domain.dispatch.field_edits import UNKNOWN, ClientLine, FieldEdit, as_seen_by
from ticketops.domain.dispatch.returned_files import (
    MOST_LINES,
    NO_BOOK,
    checked_text,
    known_books,
    summed_up,
    welcome,
    whose_file,
)
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.texts import seen_by
from ticketops.domain.ticket.records import GUEST, Record, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.model import book_kinds
from ticketops.model.findings import Finding, Severity
from ticketops.schema.addresses import column_letters
from ticketops.schema.book_layouts import (
    LAYOUTS,
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
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot

_FIELD = {"dispatch_status": "delivery", "staff_notes": "dispatch_notes"}
"""Columns of a staff book, and what they are in Distribution."""


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


def read_edits(
    state: State,
    snapshot: Snapshot,
    files: Sequence[Returned],
    check_email: Callable[[str], str],
    *,
    kind: str = "",
    party: str = "",
    accept_erased: bool = False,
) -> ReadEdits:
    """What the files say that is new.

    kind: the only kind of book that is expected; others are refused. party: whose the files are,
    where their hidden sheet is gone. check_email: what is wrong with an address, empty where
    nothing is. accept_erased: whether guests that are erased go from tickets that were not sent.
    """
    found = ReadEdits()
    known = known_books(snapshot)
    before = said_before(snapshot, {file.book_id for file in files})
    for file in files:
        told = len(found.findings)
        whose = whose_file(file, known, kind, party, found.findings)
        whose = welcome(snapshot, file, whose, found.findings)
        earlier = len(found.edits)
        refused = 0
        if whose is not None:
            reader = _Reader(
                state,
                file,
                whose,
                known.get(file.book_id, NO_BOOK).base,
                before,
                found,
                check_email,
                snapshot[DISTRIBUTION].sheet.dates,
                accept_erased,
            )
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


@dataclass
class _Reader:
    """Reads one file of a known party."""

    state: State
    file: Returned
    party: str
    base_hash: str
    before: dict[tuple[str, str], dict[str, list[str]]]
    found: ReadEdits
    check_email: Callable[[str], str]
    dates: str
    accept_erased: bool = False
    refused: int = 0
    """Cells and rows that say something and can't be taken, one finding each."""
    untouched: int = 0
    """Cells that hold what they held when the book was made, though a copy of it said something
    else."""

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.file.kind]

    @cached_property
    def units_said(self) -> dict[str, str]:
        """See `doubt.units_said`."""
        return units_said(self.file)

    def read(self) -> None:
        for header in self.file.missing:
            self._tell(
                "MISSING_COLUMN",
                Severity.MEDIUM,
                f"the column {header!r} is missing or renamed; its content is not read",
            )
        base = self._base()
        rows: dict[str, list[tuple[ReturnedRow, Record, Record | None]]] = {}
        for row in self.file.rows:
            resolved = self._resolve(row, base)
            if resolved is not None:
                rows.setdefault(resolved[0].key, []).append((row, *resolved))
        for sales_id, same in rows.items():
            row, ticket, task = same[0]
            if len(same) > 1:
                numbers = " and ".join(str(other.row) for other, _, _ in same[:6])
                numbers += f" and {len(same) - 6:,} more" if same[6:] else ""
                differ = any(
                    self._texts(other) != self._texts(row) or other.formulas != row.formulas
                    for other, _, _ in same[1:]
                )
                self._tell(
                    "DUPLICATE_ROW",
                    Severity.MEDIUM,
                    f"rows {numbers} are {'both' if len(same) == 2 else 'all'} {sales_id}"
                    f"{' and differ; none is taken' if differ else '; it is read once'}",
                    row.row,
                    sales_id,
                    refused=differ,
                )
                if differ:
                    continue
            self._row(
                row, ticket, task, None if base is None else base.get(self._key(row, ticket, task))
            )
        if base is not None:
            self._missing(base, rows)
        self._copied_over(base, rows)
        if self.untouched:
            cells = "1 cell holds" if self.untouched == 1 else f"{self.untouched:,} cells hold"
            message = f"{cells} what it held when the book was built, although a copy of the book said something else: the copy's value stays"
            self._tell("NOT_TAKEN_BACK", Severity.INFO, message)

    def _missing(
        self,
        base: Mapping[str, BaseRow],
        rows: Mapping[str, Sequence[tuple[ReturnedRow, Record, Record | None]]],
    ) -> None:
        """Rows that the book had when it was made, of tickets that are its party's still: that
        they are gone says nothing about the tickets."""
        here = {row.key for row in self.file.rows} | {row.spare for row in self.file.rows}
        here |= {self._key(*same[0]) for same in rows.values()}
        gone = []
        for key in base:
            ticket, task = self._named(key)
            if key in here or ticket is None or not is_live(ticket):
                continue
            if self._is_theirs(ticket, task, in_base=False):
                gone.append(ticket.key)
        if gone:
            listed = ", ".join(gone[:12]) + (f" and {len(gone) - 12:,} more" if gone[12:] else "")
            rows_of = (
                "1 row of the book is" if len(gone) == 1 else f"{len(gone):,} rows of the book are"
            )
            self._tell(
                "MISSING_ROWS",
                Severity.MEDIUM,
                f"{rows_of} missing: {listed}; nothing changes for them",
                sales_id=gone[0] if len(gone) == 1 else "",
            )

    def _copied_over(
        self,
        base: Mapping[str, BaseRow] | None,
        rows: Mapping[str, Sequence[tuple[ReturnedRow, Record, Record | None]]],
    ) -> None:
        """A guest who takes the place of other guests: the rows were meant to be filled, or one was
        copied over the others."""
        if base is None or self.file.kind != book_kinds.CLIENT:
            return
        guests: dict[tuple[str, ...], list[tuple[str, bool]]] = {}
        for sales_id, same in rows.items():
            known = base.get(sales_id)
            texts = self._texts(same[0][0])
            guest = tuple(texts.get(name, "") for name in clients.NEEDED)
            before = tuple(known.texts.get(name, "") if known else "" for name in clients.NEEDED)
            if all(guest):
                replaced = any(before) and before[:2] != guest[:2]
                guests.setdefault(guest, []).append((sales_id, replaced))
        for guest, held in guests.items():
            replaced_in = [sales_id for sales_id, replaced in held if replaced]
            if len(held) > 1 and replaced_in:
                listed = ", ".join(replaced_in[:12]) + (" …" if replaced_in[12:] else "")
                self._tell(
                    "SAME_GUEST",
                    Severity.MEDIUM,
                    f"{' '.join(guest[:2])} is in {len(held)} rows and replaces other guests in "
                    f"{listed}: was one row copied over the others?",
                    sales_id=replaced_in[0],
                )

    def _named(self, key: str) -> tuple[Record | None, Record | None]:
        """(ticket, task) that a key of the base stands for."""
        if self.file.kind == book_kinds.STAFF_BOOK:
            task = self.state.task_by_id.get(key)
            return (staff.ticket_of(self.state, task) if task else None), task
        if self.file.kind == book_kinds.SUPPLIER:
            return self.state.ticket_by_line.get(key), None
        return self.state.tickets.get(key), None

    def _line(self, row: ReturnedRow) -> bool:
        """Whether a row without a key is a client's line about a ticket that is missing or
        wrong; it is reported as an issue, once."""
        texts = self._texts(row)
        text = " ".join(filter(None, (texts.get("comment"), texts.get("client_notes"))))
        if self.file.kind != book_kinds.CLIENT or not text:
            return False
        text = text[:LONGEST_TEXT]
        said = self.before[self.file.book_id, ""].setdefault("comment", [])
        if len(said) >= MOST_LINES:
            message = f"row {row.row}: it has too many lines and is not taken"
            self._tell("TOO_MANY_LINES", Severity.MEDIUM, message, row.row, refused=True)
        elif text not in said:
            said.append(text)
            if self.file.book_id:
                self.found.lines.append(ClientLine(self.file.book_id, self.party, text))
            self._tell(
                "CLIENT_ISSUE",
                Severity.MEDIUM,
                f"row {row.row}: {self.party} writes {text[:200]!r}",
                row.row,
            )
        return True

    def _base(self) -> dict[str, BaseRow] | None:
        """{key: what the row held when the book was made}; None where that is not to be trusted."""
        if self.file.base is None:
            self._tell(
                "NO_BASE",
                Severity.INFO,
                "its hidden sheet is missing: every difference from the workbook counts as a "
                "conflict",
            )
            return None
        if not self.base_hash:
            self._tell(
                "NO_BASE",
                Severity.INFO,
                "this workbook does not know the book: every difference from the workbook counts "
                "as a conflict",
            )
            return None
        if hash_of_base(self.file.base) != self.base_hash:
            self._tell(
                "BASE_CHANGED",
                Severity.MEDIUM,
                "its hidden sheet was changed: every difference from the workbook counts as a "
                "conflict",
            )
            return None
        return {row.key: row for row in self.file.base if row.key}

    def _resolve(
        self, row: ReturnedRow, base: Mapping[str, BaseRow] | None
    ) -> tuple[Record, Record | None] | None:
        """The ticket (and task) of a row, if it is this party's; else a finding, where the row says
        anything."""
        key, spare = row.key or row.spare, row.spare
        says = any(self._texts(row).values()) or row.formulas
        if not key:
            if says and self.file.kind == book_kinds.SUPPLIER:
                message = f"row {row.row} serves no ticket yet; what was typed there is not read"
                self._tell("CLOSED_CELL", Severity.MEDIUM, message, row.row, refused=True)
            elif says and not self._line(row):
                self._tell(
                    "NO_KEY",
                    Severity.MEDIUM,
                    f"row {row.row} has no {self.layout.by_name[self.layout.key].header}; it is not read",
                    row.row,
                    refused=True,
                )
            return None
        task = None
        if self.file.kind == book_kinds.STAFF_BOOK:
            task = self.state.task_by_id.get(key)
            ticket = staff.ticket_of(self.state, task) if task else None
        elif (
            self.file.kind == book_kinds.SUPPLIER and row.key and row.key not in self.state.tickets
        ):
            ticket = self.state.ticket_by_line.get(row.key)
        else:
            ticket = self.state.tickets.get(key)
        if ticket is None:
            if says:
                self._tell(
                    "UNKNOWN_ROW",
                    Severity.MEDIUM,
                    f"row {row.row}: {key[:60]!r} is not a ticket of the workbook",
                    row.row,
                    refused=True,
                )
            return None
        if spare and spare != ticket.key:
            self._tell(
                "KEY_CHANGED",
                Severity.MEDIUM,
                f"row {row.row} has the hidden key {ticket.key} and the visible key {spare[:40]!r}",
                row.row,
                ticket.key,
                refused=True,
            )
            return None
        in_base = base is not None and self._key(row, ticket, task) in base
        if not self._is_theirs(ticket, task, in_base=in_base):
            self._tell(
                "FOREIGN_ROW",
                Severity.HIGH,
                f"row {row.row}: {ticket.key} is not {self.party}'s; the row is refused",
                row.row,
                ticket.key,
                refused=True,
            )
            return None
        if not is_live(ticket):
            if self._says_anything_new(row, ticket, task, base):
                self._tell(
                    "CANCELLED_ROW",
                    Severity.LOW,
                    f"row {row.row}: {ticket.key} is cancelled; the row is not read",
                    row.row,
                    ticket.key,
                    refused=True,
                )
            return None
        return ticket, task

    def _says_anything_new(
        self,
        row: ReturnedRow,
        ticket: Record,
        task: Record | None,
        base: Mapping[str, BaseRow] | None,
    ) -> bool:
        known = base.get(self._key(row, ticket, task)) if base is not None else None
        return known is None or any(
            not is_text(known.texts.get(name, ""), text) for name, text in self._texts(row).items()
        )

    def _is_theirs(self, ticket: Record, task: Record | None, *, in_base: bool) -> bool:
        if self.file.kind == book_kinds.CLIENT:
            company, known = ticket["company"], self.state.clients
            return bool(company) and (
                known.key(company) == self.party or (in_base and known.is_of(company, self.party))
            )
        if self.file.kind == book_kinds.SUPPLIER:
            return suppliers.ticket_supplier(self.state, ticket) == self.party
        return in_base or (task is not None and self.party in staff.assignees(task))

    def _key(self, row: ReturnedRow, ticket: Record, task: Record | None) -> str:
        """The key that the row has in the base."""
        if self.file.kind == book_kinds.CLIENT:
            return ticket.key
        if self.file.kind == book_kinds.SUPPLIER:
            return ticket["line_key"] or ""
        return task.key if task else row.key

    def _texts(self, row: ReturnedRow) -> dict[str, str]:
        return {
            name: typed_text(self.layout.by_name[name], row.values.get(name))
            for name in self.file.positions
        }

    def _row(
        self, row: ReturnedRow, ticket: Record, task: Record | None, base: BaseRow | None
    ) -> None:
        texts = self._texts(row)
        for name in row.formulas:
            texts.pop(name, None)
            self._tell(
                "FORMULA",
                Severity.MEDIUM,
                f"{self._cell(row, name)} holds a formula: type the value, or paste it as a value",
                row.row,
                ticket.key,
                refused=True,
            )
        said: dict[str, FieldEdit] = {}
        for name, text in texts.items():
            edit = self._word(row, ticket, task, base, name, text)
            if edit is not None:
                said[edit.field] = edit
        if "delivery" in said and "dispatched_at" in said:
            said["delivery"] = _at(said["delivery"], said["dispatched_at"].value)
        ordered = sorted(said.values(), key=lambda edit: edit.field != "delivery")
        self.found.edits += ordered
        self.found.sources += [self.file.book_id] * len(ordered)
        if self.file.kind == book_kinds.CLIENT:
            self._needs(row, ticket, texts, said)

    def _word(
        self,
        row: ReturnedRow,
        ticket: Record,
        task: Record | None,
        base: BaseRow | None,
        name: str,
        text: str,
    ) -> FieldEdit | None:
        """The edit of a cell; None where it says nothing new, or, with a finding, what can't be."""
        known = _FIELD.get(name, name)
        earlier = (
            self.before[self.file.book_id, ticket.key].get(known, []) if self.file.book_id else []
        )
        then: Any = base.texts.get(name, "") if base is not None else UNKNOWN
        was = earlier[-1] if earlier else then
        if was is not UNKNOWN and is_text(was, text):
            return None
        if then is not UNKNOWN and is_text(then, text):
            self.untouched += 1  # in this copy of the book; another one has said more
            return None
        stands = self._stands(ticket, task, known)
        if was is UNKNOWN and text in ("", stands):
            return None
        said, wrong = checked_text(known, text, self.check_email, self.dates)
        if said in earlier:
            if said not in (stands, earlier[-1]):
                message = f"{self._cell(row, name)} ({ticket.key}): {text[:60]!r} was read before and has changed since; it is not taken again"
                self._tell("SAID_BEFORE", Severity.LOW, message, row.row, ticket.key, refused=True)
            return None
        cell = self._cell(row, name)
        is_open = base.open if base is not None else open_now(self.state, self.file.kind, ticket)
        if name not in is_open and not earlier:
            what = (
                "was locked"
                if unit_of(ticket) or name == "delivery"
                else "is locked until it has a ticket"
            )
            self._tell(
                "CLOSED_CELL",
                Severity.MEDIUM,
                f"{cell} {what} ({ticket.key}); what was typed there is not taken: {text[:60]!r}",
                row.row,
                ticket.key,
                refused=True,
            )
            return None
        text = said
        if wrong:
            self._tell(
                wrong[0],
                Severity.MEDIUM,
                f"{cell} ({ticket.key}): {wrong[1]}",
                row.row,
                ticket.key,
                refused=True,
            )
            return None
        unit_id = (
            base.unit_id
            if base is not None
            else self.units_said.get(self._key(row, ticket, task), "")
        )
        if known in ("delivery", "dispatched_at") and unit_id and unit_id != unit_of(ticket):
            message = f"{cell}: {text or 'nothing'} was set for {unit_id}; {ticket.key} now has {unit_of(ticket) or 'no unit'}"
            self._tell("OTHER_UNIT", Severity.MEDIUM, message, row.row, ticket.key, refused=True)
            return None
        if not text and stands and self._is_kept(ticket, known):
            message = f"{cell} ({ticket.key}): {stands[:60]!r} was erased; it is kept (client pull --accept-erased removes it)"
            self._tell("ERASED", Severity.MEDIUM, message, row.row, ticket.key, refused=True)
            return None
        value: Any = text or None
        if known == "dispatched_at" and text:
            value = parse_datetime(text, self.dates)
        if known == "delivery" and value is None:
            return None  # an emptied status says nothing
        if self.file.book_id:
            earlier = self.before[self.file.book_id, ticket.key].setdefault(known, [])
            earlier.append(text)
        return FieldEdit(
            self.file.kind,
            self.party,
            ticket.key,
            known,
            was,
            value,
            cell,
            task_id=task.key if task else "",
            doubtful=base is None,
            said_before=earlier[-2] if len(earlier) > 1 else "",
        )

    def _is_kept(self, ticket: Record, name: str) -> bool:
        """Whether a cell of a guest that a client emptied stays as it is: emptiness is no
        instruction (D17). What was sent is for `cascade` to judge."""
        if self.file.kind != book_kinds.CLIENT or name not in GUEST or self.accept_erased:
            return False
        return not (was_sent(ticket) and name in clients.NEEDED)

    def _stands(self, ticket: Record, task: Record | None, name: str) -> str:
        """What the workbook says, as this party reads it."""
        if name == "delivery":
            return as_seen_by(self.file.kind, ticket["delivery"])
        record = task if name == "proof_url" and task is not None else ticket
        return shown(seen_by(self.state, record, name, self.file.kind, self.party).read)

    def _needs(
        self,
        row: ReturnedRow,
        ticket: Record,
        texts: Mapping[str, str],
        said: Mapping[str, FieldEdit],
    ) -> None:
        """A guest who is filled in by half is reported."""
        now = {
            name: said[name].value if name in said else texts.get(name) or ticket[name]
            for name in clients.NEEDED
        }
        lacking = [self.layout.by_name[name].header for name, value in now.items() if not value]
        if unit_of(ticket) and lacking and any(texts.get(name) for name in clients.NEEDED):
            self._tell(
                "INCOMPLETE",
                Severity.LOW,
                f"row {row.row} ({ticket.key}): {' and '.join(lacking)} missing",
                row.row,
                ticket.key,
            )

    def _cell(self, row: ReturnedRow, name: str) -> str:
        return f"{self.file.file}!{column_letters(self.file.positions[name] + 1)}{row.row}"

    def _tell(
        self,
        code: str,
        severity: Severity,
        message: str,
        row: int | None = None,
        sales_id: str = "",
        *,
        refused: bool = False,
    ) -> None:
        self.refused += refused
        text = message if message.startswith(self.file.file) else f"{self.file.file}: {message}"
        self.found.findings.append(Finding(code, severity, text, row=row, sales_id=sales_id))


def _at(edit: FieldEdit, moment: Any) -> FieldEdit:
    return replace(edit, at=moment)

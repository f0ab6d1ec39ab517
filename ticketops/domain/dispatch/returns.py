"""A file that came back, as field edits: which of its cells say something new, and whether its
party may say it (§7 step 8, §9d, §8)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from msgspec.structs import replace

from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.book_reader import Bases, BookReader, ReadEdits, Said, read_files
from ticketops.domain.dispatch.clients import was_sent
from ticketops.domain.dispatch.doubt import open_now, units_said
from ticketops.domain.dispatch.field_edits import UNKNOWN, ClientLine, FieldEdit, as_seen_by
from ticketops.domain.dispatch.returned_files import MOST_LINES, KnownBook, checked_text
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.texts import seen_by
from ticketops.domain.ticket.records import GUEST, Record, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.model import book_kinds
from ticketops.model.findings import Severity
from ticketops.schema.book_layouts import LONGEST_TEXT, BaseRow, Returned, ReturnedRow, shown
from ticketops.schema.columns import parse_datetime
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot

_FIELD = {"dispatch_status": "delivery", "staff_notes": "dispatch_notes"}
"""Columns of a staff book, and what they are in Distribution."""
_Ticket = tuple[Record, Record | None]
"""A ticket, and its task in a staff book."""


def read_edits(
    state: State,
    snapshot: Snapshot,
    files: Sequence[Returned],
    check_email: Callable[[str], str],
    *,
    kind: str = "",
    party: str = "",
    accept_erased: bool = False,
    pages: Mapping[str, KnownBook] | None = None,
) -> ReadEdits:
    """What the files say that is new.

    kind: the only kind of book that is expected; others are refused. party: whose the files are,
    where their hidden sheet is gone. check_email: what is wrong with an address, empty where
    nothing is. accept_erased: whether guests that are erased go from tickets that were not sent.
    pages: {BookID: book} of those that are pages of the portal.
    """
    opening = partial(
        _opened, state, check_email, snapshot[DISTRIBUTION].sheet.dates, accept_erased
    )
    return read_files(snapshot, files, opening, kind, party, pages)


def _opened(
    state: State,
    check_email: Callable[[str], str],
    dates: str,
    accept_erased: bool,
    file: Returned,
    party: str,
    base_hash: str,
    before: Said,
    found: ReadEdits,
) -> BookReader[_Ticket]:
    return _Reader(
        file=file,
        party=party,
        base_hash=base_hash,
        before=before,
        found=found,
        accept_erased=accept_erased,
        state=state,
        check_email=check_email,
        dates=dates,
    )


@dataclass(kw_only=True)
class _Reader(BookReader[_Ticket]):
    """Reads one file of a client, a supplier or a member of staff."""

    state: State
    check_email: Callable[[str], str]
    dates: str
    field_of: Mapping[str, str] = field(default_factory=lambda: _FIELD)

    @cached_property
    def units_said(self) -> dict[str, str]:
        """See `doubt.units_said`."""
        return units_said(self.file)

    def name_of(self, about: _Ticket) -> str:
        return about[0].key

    def still_theirs(self, key: str) -> str:
        ticket, task = self._named(key)
        if ticket is None or not is_live(ticket):
            return ""
        return ticket.key if self._is_theirs(ticket, task, in_base=False) else ""

    def after_all(
        self, base: Bases | None, rows: Mapping[str, Sequence[tuple[ReturnedRow, _Ticket]]]
    ) -> None:
        """A guest who takes the place of other guests: the rows were meant to be filled, or one was
        copied over the others."""
        if base is None or self.file.kind != book_kinds.CLIENT:
            return
        guests: dict[tuple[str, ...], list[tuple[str, bool]]] = {}
        for sales_id, same in rows.items():
            known = base.get(sales_id)
            texts = self.texts(same[0][0])
            guest = tuple(texts.get(name, "") for name in clients.NEEDED)
            before = tuple(known.texts.get(name, "") if known else "" for name in clients.NEEDED)
            if all(guest):
                replaced = any(before) and before[:2] != guest[:2]
                guests.setdefault(guest, []).append((sales_id, replaced))
        for guest, held in guests.items():
            replaced_in = [sales_id for sales_id, replaced in held if replaced]
            if len(held) > 1 and replaced_in:
                listed = ", ".join(replaced_in[:12]) + (" …" if replaced_in[12:] else "")
                self.tell(
                    "SAME_GUEST",
                    Severity.MEDIUM,
                    f"{' '.join(guest[:2])} is in {len(held)} rows and replaces other guests in "
                    f"{listed}: was one row copied over the others?",
                    name=replaced_in[0],
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
        texts = self.texts(row)
        text = " ".join(filter(None, (texts.get("comment"), texts.get("client_notes"))))
        if self.file.kind != book_kinds.CLIENT or not text:
            return False
        text = text[:LONGEST_TEXT]
        said = self.before[self.file.book_id, ""].setdefault("comment", [])
        if len(said) >= MOST_LINES:
            message = f"row {row.row}: it has too many lines and is not taken"
            self.tell("TOO_MANY_LINES", Severity.MEDIUM, message, row.row, refused=True)
        elif text not in said:
            said.append(text)
            if self.file.book_id:
                self.found.lines.append(ClientLine(self.file.book_id, self.party, text))
            self.tell(
                "CLIENT_ISSUE",
                Severity.MEDIUM,
                f"row {row.row}: {self.party} writes {text[:200]!r}",
                row.row,
            )
        return True

    def resolve(self, row: ReturnedRow, base: Bases | None) -> _Ticket | None:
        key, spare = row.key or row.spare, row.spare
        says = any(self.texts(row).values()) or row.formulas
        if not key:
            if says and self.file.kind == book_kinds.SUPPLIER:
                message = f"row {row.row} serves no ticket yet; what was typed there is not read"
                self.tell("CLOSED_CELL", Severity.MEDIUM, message, row.row, refused=True)
            elif says and not self._line(row):
                self.tell(
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
                self.tell(
                    "UNKNOWN_ROW",
                    Severity.MEDIUM,
                    f"row {row.row}: {key[:60]!r} is not a ticket of the workbook",
                    row.row,
                    refused=True,
                )
            return None
        if spare and spare != ticket.key:
            self.tell(
                "KEY_CHANGED",
                Severity.MEDIUM,
                f"row {row.row} has the hidden key {ticket.key} and the visible key {spare[:40]!r}",
                row.row,
                ticket.key,
                refused=True,
            )
            return None
        in_base = base is not None and self.key_of(row, (ticket, task)) in base
        if not self._is_theirs(ticket, task, in_base=in_base):
            self.tell(
                "FOREIGN_ROW",
                Severity.HIGH,
                f"row {row.row}: {ticket.key} is not {self.party}'s; the row is refused",
                row.row,
                ticket.key,
                refused=True,
            )
            return None
        if not is_live(ticket):
            if self.says_anything_new(row, (ticket, task), base):
                self.tell(
                    "CANCELLED_ROW",
                    Severity.LOW,
                    f"row {row.row}: {ticket.key} is cancelled; the row is not read",
                    row.row,
                    ticket.key,
                    refused=True,
                )
            return None
        return ticket, task

    def _is_theirs(self, ticket: Record, task: Record | None, *, in_base: bool) -> bool:
        if self.file.kind == book_kinds.CLIENT:
            company, known = ticket["company"], self.state.clients
            return bool(company) and (
                known.key(company) == self.party or (in_base and known.is_of(company, self.party))
            )
        if self.file.kind == book_kinds.SUPPLIER:
            return suppliers.ticket_supplier(self.state, ticket) == self.party
        return in_base or (task is not None and self.party in staff.assignees(task))

    def key_of(self, row: ReturnedRow, about: _Ticket) -> str:
        ticket, task = about
        if self.file.kind == book_kinds.CLIENT:
            return ticket.key
        if self.file.kind == book_kinds.SUPPLIER:
            return ticket["line_key"] or ""
        return task.key if task else row.key

    def open_now(self, about: _Ticket) -> Collection[str]:
        return open_now(self.state, self.file.kind, about[0])

    def why_closed(self, about: _Ticket, name: str) -> str:
        locked = unit_of(about[0]) or name == "delivery"
        return "was locked" if locked else "is locked until it has a ticket"

    def checked(self, name: str, text: str) -> tuple[str, tuple[str, str] | None]:
        return checked_text(name, text, self.check_email, self.dates)

    def veto(
        self, row: ReturnedRow, about: _Ticket, base: BaseRow | None, name: str, text: str
    ) -> tuple[str, str] | None:
        ticket, _task = about
        key = self.key_of(row, about)
        unit_id = base.unit_id if base is not None else self.units_said.get(key, "")
        now = unit_of(ticket)
        if name not in ("delivery", "dispatched_at") or not unit_id or unit_id == now:
            return None
        said = f"{text or 'nothing'} was set for {unit_id}; {ticket.key} now has {now or 'no unit'}"
        return "OTHER_UNIT", said

    def is_kept(self, about: _Ticket, name: str) -> bool:
        """Whether a cell of a guest that a client emptied stays. What was sent is for `cascade` to
        judge."""
        if self.file.kind != book_kinds.CLIENT or name not in GUEST or self.accept_erased:
            return False
        return not (was_sent(about[0]) and name in clients.NEEDED)

    def value(self, name: str, text: str) -> Any:
        if name == "dispatched_at" and text:
            return parse_datetime(text, self.dates)
        if name == "delivery" and not text:
            return UNKNOWN  # an emptied status says nothing
        return text or None

    def stands(self, about: _Ticket, name: str) -> str:
        ticket, task = about
        if name == "delivery":
            return as_seen_by(self.file.kind, ticket["delivery"])
        record = task if name == "proof_url" and task is not None else ticket
        return shown(seen_by(self.state, record, name, self.file.kind, self.party).read)

    def edits_of(
        self,
        row: ReturnedRow,
        about: _Ticket,
        texts: Mapping[str, str],
        said: Mapping[str, FieldEdit],
    ) -> list[FieldEdit]:
        ticket, task = about
        if self.file.kind == book_kinds.CLIENT:
            self._needs(row, ticket, texts, said)
        edits = {name: replace(one, task_id=task.key if task else "") for name, one in said.items()}
        if "delivery" in edits and "dispatched_at" in edits:
            edits["delivery"] = replace(edits["delivery"], at=edits["dispatched_at"].value)
        return sorted(edits.values(), key=lambda edit: edit.field != "delivery")

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
            self.tell(
                "INCOMPLETE",
                Severity.LOW,
                f"row {row.row} ({ticket.key}): {' and '.join(lacking)} missing",
                row.row,
                ticket.key,
            )

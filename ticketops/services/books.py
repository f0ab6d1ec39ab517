"""Books for clients, suppliers and staff (§7, §8, §9): made, read back when they return, and kept in agreement with the workbook."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ticketops.books.handout import write_book
from ticketops.config import Settings
from ticketops.domain import credentials
from ticketops.domain.dispatch import clients, edits, returns, staff, suppliers
from ticketops.domain.dispatch.cascade import plan_of, settle
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.dispatch.words import Outcome
from ticketops.domain.plan import Plan, Run
from ticketops.errors import LockedError, NotFoundError, RuleError, UnusableError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.model.secrets import is_sealed
from ticketops.schema.books import LAYOUTS, Book, Returned, file_name
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import BOOK_EDITS, BOOKS, CREDENTIAL_HISTORY, VENDOR_CREDENTIALS
from ticketops.services.sealing import Sealer
from ticketops.services.shelf import Shelf, Written, hash_of, sweep
from ticketops.services.transaction import Job
from ticketops.stores.returned.files import read_returned
from ticketops.stores.xlsx.lock import refuse_open_elsewhere

_SHEETS = (*SHEETS, BOOKS, BOOK_EDITS, CREDENTIAL_HISTORY, VENDOR_CREDENTIALS)
_BOOK_COLUMNS = ("book_id", "kind", "party", "file", "built_at", "user", "run_id", "rows", "passwords", "contents", "base")
RETURNED_FOLDER = "returned"
"""Beside the books: what stood in the place of a book and was edited, before the book was made anew."""


@dataclass
class Writing:
    """A book that is to be written. seen: hash of the file that stands there, as it was read or written by us: another one holds words
    that nobody heard; edited: whether somebody had typed into it."""

    book: Book
    path: Path
    name: str
    seen: str
    edited: bool
    passwords: bool
    said: dict[str, Any]


@dataclass
class BookJob:
    """Plans books; what it planned last is what `write` writes after the commit."""

    settings: Settings
    shelf: Shelf
    writings: list[Writing] = field(default_factory=list)

    def settled(self, snapshot: Snapshot, run: Run, files: Sequence[Returned], *, everything: bool, kind: str = "", party: str = "",
                prefer_theirs: bool = False, state: State | None = None) -> tuple[State, Plan]:  # fmt: skip
        """The state after the files were heard, and the plan that writes it. state: of the snapshot, where it was read already."""
        state = state or State.of(snapshot)
        heard = returns.hear(state, snapshot, files, email_problem, kind=kind, party=party)
        only = None if everything else {word.sales_id for word in heard.words}
        done = settle(state, run, heard.words, only=only, prefer_theirs=prefer_theirs)
        plan = plan_of(state, done)
        plan.findings[:0] = heard.findings
        edits.record(plan, snapshot, run, heard.sources, done)
        counts = dict.fromkeys(("taken", "conflicts", "refused"), 0)
        for _word, outcome, _message in done.outcomes:
            counts["taken"] += outcome in (Outcome.TAKEN, Outcome.OVERTAKEN, Outcome.JOINED)
            counts["conflicts"] += outcome is Outcome.CONFLICT
            counts["refused"] += outcome is Outcome.REFUSED
        plan.result = {"files": heard.files, "edits": len(heard.words), **counts, "new_tasks": done.new_tasks}
        for vendor, keys in sorted(suppliers.claimed_twice(state).items()):
            message = f"{vendor} is claimed by {' and '.join(sorted(keys))}: its tickets are in no supplier's book"
            plan.findings.append(Finding("AMBIGUOUS_SUPPLIER", Severity.HIGH, message))
        return state, plan

    def shelve(self, state: State, snapshot: Snapshot, run: Run, plan: Plan, wanted: Iterable[tuple[str, str, Path, bool]],
               read: Mapping[Path, Returned]) -> None:  # fmt: skip
        """Plan the books of (kind, party, path, with passwords): those whose contents or file changed get a new BookID.

        read: the files that stand there and are not as they were written.
        """
        self.writings.clear()
        latest = latest_books(snapshot)
        written = self.shelf.written()
        known = set(snapshot[BOOKS].frame["book_id"].drop_nulls())
        rows, shown = [], []
        shelf = _Books(state)
        for kind, party, path, passwords in wanted:
            book = shelf.of(kind, party, passwords=passwords)
            name = self.shelf.name_of(path)
            said = {"kind": kind, "party": party, "title": book.title, "file": str(path), "rows": len(book.rows),
                    "to_fill": _to_fill(book), "state": "unchanged"}  # fmt: skip
            shown.append(said)
            here = hash_of(path)
            back = read.get(path)
            if back is not None and not _is_own(back, known, snapshot, party):
                said["state"] = "in the way"
                message = f"{path.name}: a file that is not {party}'s book stands there; it is left alone"
                plan.findings.append(Finding("FILE_IN_THE_WAY", Severity.HIGH, message))
                continue
            last = latest.get((kind, party, name))
            contents = book.contents_hash()
            if (
                last
                and written.get(name) == (here, last["book_id"])
                and last["contents"] == contents
                and bool(last["passwords"]) == passwords
            ):
                continue
            said["state"] = "rebuilt" if here else "new"
            book = replace(book, book_id=run.new_uuid(), built_at=run.now)
            seen = back.file_hash if back is not None else written[name].file_hash if here and name in written else ""
            self.writings.append(Writing(book, path, name, seen, back is not None, passwords, said))
            rows.append(
                (book.book_id, kind, party, name, run.now, run.user, run.run_id, len(book.rows), passwords, contents, book.base_hash())
            )
        plan.changes.append(BOOKS, snapshot[BOOKS].next_row, _BOOK_COLUMNS, rows)
        exported = [event for writing in self.writings if writing.passwords for event in _exports(state, writing.book, self.settings)]
        if exported:
            self.sealer_for(writing.book for writing in self.writings)
            credentials.record(plan, snapshot, run, exported)
        plan.result["books"] = shown

    def sealer_for(self, books: Iterable[Book]) -> Callable[[str], str]:
        """What opens the passwords of these books. Raises UsageError or UnusableError where a sealed one can't be opened."""
        sealed = {str(value) for book in books for row in book.rows if is_sealed(value := row.values.get("vendor_password"))}
        if not sealed:
            return lambda text: text
        sealer = Sealer.of(self.settings)
        for text in sealed:
            sealer.open(text)
        return sealer.open

    def write(self, _plan: Plan) -> list[Finding]:
        """Write the planned books, each whole or not at all; findings about those that could not be."""
        found: list[Finding] = []
        written: dict[str, Written] = {}
        for writing in self.writings:
            try:
                written[writing.name] = Written(self._write_one(writing), writing.book.book_id)
            except LockedError as error:
                writing.said["state"] = "open elsewhere"
                found.append(Finding("BOOK_OPEN", Severity.MEDIUM, f"{error.message}; it was not made anew"))
            except OSError as error:
                writing.said["state"] = "not written"
                found.append(Finding("BOOK_NOT_WRITTEN", Severity.HIGH, f"{writing.path}: {error.strerror or error}"))
        self.shelf.remember(written)
        return found

    def _write_one(self, writing: Writing) -> str:
        path = writing.path
        refuse_open_elsewhere(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        staged = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
        try:
            reveal = self.sealer_for([writing.book]) if writing.passwords else None
            if writing.passwords:
                os.close(os.open(staged, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
            write_book(writing.book, staged, reveal=reveal)
            if hash_of(path) != writing.seen:
                raise LockedError(f"{path.name} was saved by somebody in this moment")
            if writing.edited:
                keep = path.parent / RETURNED_FOLDER
                keep.mkdir(exist_ok=True)
                shutil.copy2(path, keep / f"{path.stem} {writing.book.built_at:%Y%m%d-%H%M%S}{path.suffix}")
            made = hash_of(staged)
            os.replace(staged, path)
            return made
        finally:
            with suppress(FileNotFoundError):
                staged.unlink()

    def read_edited(self, paths: Iterable[Path]) -> dict[Path, Returned]:
        """Those of the files that are there and are not as they were written."""
        changed = [path for path in paths if (here := hash_of(path)) and not self.shelf.is_as_written(path, here)]
        return dict(zip(changed, read_returned(changed), strict=True)) if changed else {}


class _Books:
    """Books of any party, their tickets sorted out once."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tables: dict[str, Any] = {}

    def _of(self, kind: str) -> Any:
        if kind not in self._tables:
            sort_out = {states.CLIENT: clients.by_group, states.SUPPLIER: suppliers.units_of, states.STAFF_BOOK: staff.tasks_by_person}
            self._tables[kind] = sort_out[kind](self._state)
        return self._tables[kind]

    def of(self, kind: str, party: str, *, passwords: bool = False) -> Book:
        """The book of a party; without rows where nothing is its any more."""
        mine = self._of(kind).get(party, ())
        if kind == states.CLIENT:
            return clients.book(self._state, party, mine)
        if kind == states.SUPPLIER:
            if "by_unit" not in self._tables:
                self._tables["by_unit"] = suppliers.tickets_by_unit(self._state)
            return suppliers.book(self._state, party, mine, self._tables["by_unit"])
        return staff.book(self._state, party, mine, passwords=passwords)


def _is_own(back: Returned, known: set[str], snapshot: Snapshot, party: str) -> bool:
    """Whether a file that stands in a book's place is an earlier book of the same party."""
    if back.unusable or back.book_id not in known:
        return False
    frame = snapshot[BOOKS].frame
    return bool(frame.filter(frame["book_id"] == back.book_id)["party"][0] == party)


def _to_fill(book: Book) -> int:
    """Rows that wait for their reader: a guest without an address, a ticket that was not sent."""
    if book.layout.kind == states.CLIENT:
        return sum(1 for row in book.rows if "client_email" in row.open and not row.values.get("client_email"))
    name = "delivery" if book.layout.kind == states.SUPPLIER else "dispatch_status"
    return sum(1 for row in book.rows if row.open and row.values.get(name) == states.NOT_SENT)


def _exports(state: State, book: Book, settings: Settings) -> Iterator[credentials.Event]:
    """A row of the history for every password that leaves in a book."""
    for row in book.rows:
        if row.values.get("vendor_password"):
            unit = state.units.get(row.unit_id, {})
            yield credentials.Event(
                "EXPORTED", unit.get("vendor"), unit.get("login_id"), settings.event, row.key, f"in the book for {book.party}"
            )


def latest_books(snapshot: Snapshot) -> dict[tuple[str, str, str], dict[str, Any]]:
    """{(kind, party, file): the newest row of `_BOOKS`}."""
    return {(row["kind"], row["party"], row["file"]): row for row in snapshot[BOOKS].frame.iter_rows(named=True) if row["file"]}


def email_problem(address: str) -> str:
    """What is wrong with an e-mail address by the RFC, without asking any server; empty where nothing is."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        return str(error).rstrip(".")
    return ""


def build(store: Any, settings: Settings, kind: str, names: Sequence[str], *, folder: Path, passwords: bool = False) -> Job:
    """Make the books of these parties, or of all of that kind where none is named.

    A book that stands in its place and came back filled in is read first; with all of them, also those of parties that have nothing
    any more. Raises NotFoundError for a party without tickets,
    RuleError where there is none at all.
    """
    job = BookJob(settings, Shelf(store.state_folder, store.home))

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        state = State.of(snapshot)
        parties = _parties(state, kind, names, snapshot)
        paths = {party: folder / file_name(kind, party) for party in parties}
        standing = {} if names else _standing(snapshot, kind, folder)
        paths = dict(sorted((paths | standing).items())) if standing else paths
        read = job.read_edited(paths.values())
        usable = [file for file in read.values() if not file.unusable and file.kind == kind]
        state, made = job.settled(snapshot, run, usable, everything=kind != states.CLIENT, kind=kind, state=state)
        if kind == states.STAFF_BOOK and not names:
            assigned = {party: folder / file_name(kind, party) for party in staff.tasks_by_person(state)}
            paths = dict(sorted((assigned | standing).items()))
        job.shelve(state, snapshot, run, made, ((kind, party, path, passwords) for party, path in paths.items()), read)
        return made

    return Job(f"{kind} build{' --with-passwords' if passwords else ''}", _SHEETS, plan, afterwards=job.write)


def _standing(snapshot: Snapshot, kind: str, folder: Path) -> dict[str, Path]:
    """{party: its book that stands in the folder}: whoever has nothing any more may have written into it, and must see it emptied."""
    built = sorted({row["party"] for row in latest_books(snapshot).values() if row["kind"] == kind})
    return {party: path for party in built if (path := folder / file_name(kind, party)).is_file()}


def _parties(state: State, kind: str, names: Sequence[str], snapshot: Snapshot) -> list[str]:
    if kind == states.CLIENT:
        known = list(clients.client_groups(state))
        found = [clients.find_group(state, name) for name in names]
    elif kind == states.SUPPLIER:
        if not state.groups:
            learn = " `supplier learn` takes them from _SUPPLIER_QUEUE" if state.supplier_rows else ""
            raise RuleError("no supplier group is set up", f"`supplier map KEY --vendor NAME` makes one;{learn}".rstrip(";"))
        known = list(suppliers.units_of(state))
        found = [" ".join(name.split()).upper() for name in names]
    else:
        known = list(staff.tasks_by_person(state))
        found = [name.strip().casefold() for name in names]
    built = {row["party"] for row in latest_books(snapshot).values() if row["kind"] == kind}
    for name in found:
        if name not in known and name not in built:
            near = ", ".join(sorted(known)[:5])
            raise NotFoundError(f"{name} has nothing that a {kind} book could show", f"there are {near}" if near else "")
    if not known and not found:
        what = {states.CLIENT: "ticket in Distribution", states.SUPPLIER: "unit of a supplier", states.STAFF_BOOK: "task that is assigned"}
        raise RuleError(f"there is no {what[kind]} yet")
    return list(dict.fromkeys(found)) or sorted(known)


def pull(store: Any, settings: Settings, paths: Sequence[Path], *, kind: str = "", party: str = "", prefer_theirs: bool = False,
         told: Callable[[int, int], None] | None = None) -> Job:  # fmt: skip
    """Take over what files that came back say, all in one transaction.

    kind: the only kind expected. party: whose they are, where their hidden sheet is gone. Raises UnusableError where a file is missing.
    """
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise UnusableError(f"{missing[0]} is no file", "name the files that came back")
    job = BookJob(settings, Shelf(store.state_folder, store.home))
    files = read_returned(list(dict.fromkeys(path.absolute() for path in paths)), kind if party else "", told=told)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        whose = party
        if party and kind == states.CLIENT:
            whose = clients.find_group(State.of(snapshot), party)
        elif party:
            whose = party.strip().upper() if kind == states.SUPPLIER else party.strip().casefold()
        return job.settled(snapshot, run, files, everything=False, kind=kind, party=whose, prefer_theirs=prefer_theirs)[1]

    return Job(f"{kind or 'dispatch'} pull", _SHEETS, plan)


def sync(store: Any, settings: Settings) -> Job:
    """Bring Distribution, the queues, the vault and every book that was built into agreement: books that came back are read,
    everything is settled, books whose contents changed are made anew."""
    job = BookJob(settings, Shelf(store.state_folder, store.home))

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        there = [(kind, party, path, bool(row["passwords"])) for (kind, party, name), row in latest_books(snapshot).items()
                 if kind in LAYOUTS and (path := job.shelf.path_of(name)).is_file()]  # fmt: skip
        read = job.read_edited(path for _, _, path, _ in there)
        state, made = job.settled(snapshot, run, [file for file in read.values() if not file.unusable], everything=True)
        made.result["gone"] = len(latest_books(snapshot)) - len(there)
        job.shelve(state, snapshot, run, made, there, read)
        return made

    return Job("dispatch sync", _SHEETS, plan, afterwards=job.write)

"""What every use case of books does with them (§7, §8, §9): what came back is taken over, books that
changed are planned, and written after the commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from msgspec import structs

from ticketops.adapters.sealing import Sealer
from ticketops.config import Settings
from ticketops.domain.credentials import logins
from ticketops.domain.credentials.records import Event
from ticketops.domain.dispatch import addresses, clients, edit_log, returns, staff, suppliers
from ticketops.domain.dispatch.cascade import plan_of, reconcile
from ticketops.domain.dispatch.field_edits import Outcome
from ticketops.domain.dispatch.state import State
from ticketops.domain.money import unpaid
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.records import Record, StockUnit
from ticketops.errors import LockedError, TicketopsError
from ticketops.model import book_kinds, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import quoted
from ticketops.model.secrets import is_sealed
from ticketops.schema.book_layouts import Book, Returned
from ticketops.schema.layouts.event import BOOKS
from ticketops.schema.tables import Snapshot
from ticketops.services.book_locations import (
    BookLocation,
    BookLocations,
    FileLocation,
    keep_older_name,
    stray_beside,
)
from ticketops.services.book_registry import PlannedBook, Written, latest_books

_BOOK_COLUMNS = (
    "book_id",
    "kind",
    "party",
    "file",
    "built_at",
    "user",
    "run_id",
    "rows",
    "passwords",
    "contents",
    "base",
)


_TAKEN = (Outcome.TAKEN, Outcome.OVERTAKEN, Outcome.JOINED, Outcome.CLAIMED)


@dataclass(frozen=True, slots=True)
class Pulled:
    """`pull`: the files read, their changed cells, and what became of them: taken (also if added to
    the existing text or noted as a claim), in conflict (also if changed after dispatch), or refused
    (cells and unreadable rows; each has a finding)."""

    files: tuple[returns.FilePulled, ...]
    edits: int
    taken: int
    conflicts: int
    refused: int
    new_tasks: int


@dataclass(frozen=True, slots=True)
class Built(Pulled):
    """`build`: the books, and what had been filled in before they were rebuilt."""

    books: tuple[PlannedBook, ...] = ()


@dataclass(frozen=True, slots=True)
class Synced(Pulled):
    """`dispatch sync`: the books that are in their place. gone: the number of missing ones."""

    gone: int = 0
    books: tuple[PlannedBook, ...] = ()


@dataclass
class Writing:
    """A book that is to be written, the number-th of those that are shown. seen: state of what
    stands there, as it was read or written by us: another one holds edits that nobody read;
    edited: whether somebody had typed into it."""

    book: Book
    location: BookLocation
    seen: str
    edited: bool
    passwords: bool
    number: int


@dataclass
class BookJob:
    """Plans books; what it planned last is what `write` writes after the commit."""

    settings: Settings
    locations: BookLocations
    writings: list[Writing] = field(default_factory=list)
    handed_out: bool = False
    """Whether they go into a folder that was named, to be sent from there."""

    def reconciled(
        self,
        snapshot: Snapshot,
        run: Run,
        files: Sequence[Returned],
        *,
        everything: bool,
        besides: Collection[str] = (),
        kind: str = "",
        party: str = "",
        prefer_theirs: bool = False,
        accept_erased: bool = False,
        state: State | None = None,
    ) -> tuple[State, Plan]:
        """The state after the files were read, and the plan that writes it. everything: all tickets
        are brought into agreement, not only those of which the files say something new; besides:
        the SalesIDs of others that are. state: of the snapshot, where it was read already."""
        state = state or State.of(snapshot)
        setting = self.settings.unpaid_tickets
        state.unpaid = unpaid.blocked(snapshot, run, setting)
        pulled = returns.read_edits(
            state,
            snapshot,
            files,
            email_problem,
            kind=kind,
            party=party,
            accept_erased=accept_erased,
        )
        only = None if everything else {*besides, *(edit.sales_id for edit in pulled.edits)}
        done = reconcile(state, run, pulled.edits, only=only, prefer_theirs=prefer_theirs)
        plan = unpaid.sending(plan_of(state, done), snapshot, run, setting)
        plan.findings[:0] = pulled.findings
        edit_log.record(plan, snapshot, run, pulled.sources, done, pulled.lines)
        outcomes = Counter(outcome for _edit, outcome, _message in done.outcomes)
        taken = sum(outcomes[outcome] for outcome in _TAKEN)
        conflicts = outcomes[Outcome.CONFLICT] + outcomes[Outcome.CHANGED_AFTER_SENT]
        refused = outcomes[Outcome.REFUSED] + outcomes[Outcome.UNPAID]
        refused += sum(file.refused for file in pulled.files)
        edits = sum(file.edits for file in pulled.files)
        plan.result = Pulled(tuple(pulled.files), edits, taken, conflicts, refused, done.new_tasks)
        for vendor, keys in sorted(suppliers.claimed_twice(state).items()):
            message = f"{vendor} is claimed by {' and '.join(sorted(keys))}: its tickets are in no supplier's book"
            plan.findings.append(Finding("AMBIGUOUS_SUPPLIER", Severity.HIGH, message))
        if everything:
            plan.findings += staff.barred_findings(state)
        return state, plan

    def plan_books(
        self,
        state: State,
        snapshot: Snapshot,
        run: Run,
        plan: Plan,
        wanted: Iterable[tuple[str, str, BookLocation, bool]],
        read: Mapping[str, Returned],
        failed: Mapping[str, str],
    ) -> tuple[PlannedBook, ...]:
        """Plan the books of (kind, party, location, with passwords): those whose contents or
        location changed get a new BookID. All of them are returned, as they will be.

        read: what stands there, by name of the location, and is not as it was written; failed: why
        a location could not be read.
        """
        self.writings.clear()
        latest = latest_books(snapshot)
        written = self.locations.registry.written()
        known = set(snapshot[BOOKS].frame["book_id"].drop_nulls())
        rows = []
        shown: list[PlannedBook] = []
        event = logins.event_of(snapshot, self.settings.event, run)
        registry = _Books(state, event)
        for kind, party, location, passwords in wanted:
            book = structs.replace(
                registry.of(kind, party, passwords=passwords),
                sender=self.settings.sender,
                contact=self.settings.contact,
            )
            name = location.name
            said = PlannedBook(
                kind, party, book.title, location.where, len(book.rows), _to_fill(book), "unchanged"
            )
            shown.append(said)
            if name in failed:
                shown[-1] = replace(said, state="not reached")
                plan.findings.append(_not_reached(party, location, failed[name]))
                continue
            if isinstance(location, FileLocation) and (
                stray := stray_beside(location.path, kind, party)
            ):
                message = f"{stray} is not the book file {location.label} and is not read; `{kind} pull {quoted(str(stray))}` reads it; then move it away"
                plan.findings.append(Finding("FILE_BESIDE", Severity.INFO, message))
            try:
                here = location.state()
            except TicketopsError as error:
                shown[-1] = replace(said, state="not reached")
                plan.findings.append(_not_reached(party, location, error.message))
                continue
            back = read.get(name)
            if back is not None and not _is_own(back, known, snapshot, party):
                shown[-1] = replace(said, state="in the way")
                message = f"{location.label} is not {party}'s book and is left alone"
                plan.findings.append(Finding("FILE_IN_THE_WAY", Severity.HIGH, message))
                continue
            last = latest.get((kind, party, name))
            contents = book.contents_hash()
            if (
                last
                and written.get(name) == (here, last.book_id)
                and last.contents == contents
                and last.passwords == passwords
            ):
                continue
            shown[-1] = replace(said, state="rebuilt" if here else "new")
            book = structs.replace(book, book_id=run.new_uuid(), built_at=run.now)
            seen = (
                back.file_hash
                if back is not None
                else written[name].file_hash
                if here and name in written
                else ""
            )
            self.writings.append(
                Writing(book, location, seen, back is not None, passwords, len(shown) - 1)
            )
            if kind == book_kinds.SUPPLIER:
                plan.findings += addresses.told(state, book)
            rows.append(
                (
                    book.book_id,
                    kind,
                    party,
                    name,
                    run.now,
                    run.user,
                    run.run_id,
                    len(book.rows),
                    passwords,
                    contents,
                    book.base_hash(),
                )
            )
        plan.changes.append(BOOKS, snapshot[BOOKS].next_row, _BOOK_COLUMNS, rows)
        exported = [
            export
            for writing in self.writings
            if writing.passwords
            for export in _exports(state, writing.book, event)
        ]
        if exported:
            self.sealer_for(writing.book for writing in self.writings)
            logins.record(plan, snapshot, run, exported)
        return tuple(shown)

    def sealer_for(self, books: Iterable[Book]) -> Callable[[str], str]:
        """What opens the passwords of these books. Raises UsageError or UnusableError where a
        sealed one can't be opened."""
        sealed = {
            str(value)
            for book in books
            for row in book.rows
            if is_sealed(value := row.values.get("vendor_password"))
        }
        if not sealed:
            return lambda text: text
        sealer = Sealer.of(self.settings)
        for text in sealed:
            sealer.open(text)
        return sealer.open

    def write(self, plan: Plan) -> list[Finding]:
        """Write the planned books, each whole or not at all; findings about those that could not
        be, which the result names too."""
        found: list[Finding] = []
        shown = list(plan.result.books)
        written: dict[str, Written] = {}
        for writing in self.writings:
            try:
                reveal = self.sealer_for([writing.book]) if writing.passwords else None
                state = writing.location.write(
                    writing.book, seen=writing.seen, edited=writing.edited, reveal=reveal
                )
                written[writing.location.name] = Written(state, writing.book.book_id)
                if self.handed_out and isinstance(writing.location, FileLocation):
                    keep_older_name(writing.location.path, writing.book)
            except LockedError as error:
                shown[writing.number] = replace(shown[writing.number], state="open elsewhere")
                found.append(
                    Finding("BOOK_OPEN", Severity.MEDIUM, f"{error.message}; it was not rebuilt")
                )
            except (OSError, MemoryError, TicketopsError) as error:
                reason = _reason(error)
                shown[writing.number] = replace(shown[writing.number], state="not written")
                found.append(
                    Finding(
                        "BOOK_NOT_WRITTEN", Severity.HIGH, f"{writing.location.where}: {reason}"
                    )
                )
        self.locations.registry.record_written(written)
        plan.result = replace(plan.result, books=tuple(shown))
        return found


def _reason(error: OSError | MemoryError | TicketopsError) -> str:
    if isinstance(error, TicketopsError):
        return error.message
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "there is not enough memory for it"


def _not_reached(party: str, location: BookLocation, why: str) -> Finding:
    return Finding("BOOK_NOT_REACHED", Severity.HIGH, f"{party}: {location.where}: {why}")


class _Books:
    """Books of any party, their tickets sorted out once."""

    def __init__(self, state: State, event: str | None) -> None:
        self._state, self._event = state, event

    @cached_property
    def _by_client(self) -> dict[str, list[Record]]:
        return clients.by_group(self._state)

    @cached_property
    def _by_supplier(self) -> dict[str, list[StockUnit]]:
        return suppliers.units_of(self._state)

    @cached_property
    def _by_person(self) -> dict[str, list[tuple[Record, Record]]]:
        return staff.tasks_by_person(self._state)

    @cached_property
    def _by_unit(self) -> dict[str, Record]:
        return suppliers.tickets_by_unit(self._state)

    def of(self, kind: str, party: str, *, passwords: bool = False) -> Book:
        """The book of a party; without rows where nothing is its any more."""
        if kind == book_kinds.CLIENT:
            return clients.book(self._state, party, self._by_client.get(party, ()))
        if kind == book_kinds.SUPPLIER:
            return suppliers.book(
                self._state, party, self._by_supplier.get(party, ()), self._by_unit
            )
        pairs = self._by_person.get(party, ())
        return staff.book(self._state, party, pairs, passwords=passwords, event=self._event)


def _is_own(back: Returned, known: set[str], snapshot: Snapshot, party: str) -> bool:
    """Whether a file that stands at a book's location is an earlier book of the same party."""
    if back.unusable or back.book_id not in known:
        return False
    frame = snapshot[BOOKS].frame
    return bool(frame.filter(frame["book_id"] == back.book_id)["party"][0] == party)


def _to_fill(book: Book) -> int:
    """Rows that wait for their reader: a guest without an address, a ticket that was not sent."""
    if book.layout.kind == book_kinds.CLIENT:
        return sum(
            1
            for row in book.rows
            if "client_email" in row.open and not row.values.get("client_email")
        )
    name = "delivery" if book.layout.kind == book_kinds.SUPPLIER else "dispatch_status"
    return sum(1 for row in book.rows if row.open and row.values.get(name) == states.NOT_SENT)


def _exports(state: State, book: Book, event: str | None) -> Iterator[Event]:
    """A row of the history for every password that leaves in a book."""
    for row in book.rows:
        if row.values.get("vendor_password"):
            unit = state.units.get(row.unit_id) or StockUnit(row.unit_id)
            yield Event(
                "EXPORTED",
                unit.vendor,
                unit.login_id,
                event,
                row.key,
                f"in the book for {book.party}",
            )


def email_problem(address: str) -> str:
    """What is wrong with an e-mail address by the RFC, without asking any server; empty where
    nothing is."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        return str(error).rstrip(".")
    return ""

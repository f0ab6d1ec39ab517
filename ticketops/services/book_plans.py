"""Books of any kind, whatever they hold (§7, §8, §9, document 001): which of them change is planned, and they
are written after the commit."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from msgspec import structs

from ticketops.adapters.sealing import Sealer
from ticketops.books import helper
from ticketops.books.page import COUNTED_BLANK
from ticketops.config import Settings
from ticketops.domain.dispatch.book_reader import FilePulled
from ticketops.domain.dispatch.field_edits import Outcome
from ticketops.domain.plan import Plan, Run
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
    WriteFile,
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

    files: tuple[FilePulled, ...]
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


def pulled_of(
    files: Iterable[FilePulled], outcomes: Iterable[Outcome], new_tasks: int = 0
) -> Pulled:
    """What became of files, and of what they said."""
    read = tuple(files)
    counts = Counter(outcomes)
    taken = sum(counts[outcome] for outcome in _TAKEN)
    conflicts = counts[Outcome.CONFLICT] + counts[Outcome.CHANGED_AFTER_SENT]
    refused = counts[Outcome.REFUSED] + counts[Outcome.UNPAID] + sum(one.refused for one in read)
    edits = sum(one.edits for one in read)
    return Pulled(read, edits, taken, conflicts, refused, new_tasks)


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
class BookPlans:
    """Plans books; what it planned last is what `write` writes after the commit."""

    settings: Settings
    locations: BookLocations
    writings: list[Writing] = field(default_factory=list)
    handed_out: bool = False
    """Whether they go into a folder that was named, to be sent from there."""

    def planned(
        self,
        snapshot: Snapshot,
        run: Run,
        plan: Plan,
        wanted: Iterable[tuple[str, str, BookLocation, bool]],
        read: Mapping[str, Returned],
        failed: Mapping[str, str],
        made: Callable[[str, str, bool], Book],
    ) -> tuple[PlannedBook, ...]:
        """Plan the books of (kind, party, location, with passwords): those whose contents or
        location changed get a new BookID. All of them are returned, as they will be.

        read: what stands there, by name of the location, and is not as it was written; failed: why
        a location could not be read. made: the book of (kind, party, with passwords).
        """
        self.writings.clear()
        latest = latest_books(snapshot)
        written = self.locations.registry.written()
        known = set(snapshot[BOOKS].frame["book_id"].drop_nulls())
        rows = []
        shown: list[PlannedBook] = []
        for kind, party, location, passwords in wanted:
            book = structs.replace(
                made(kind, party, passwords),
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
                message = f"{stray} is not the book file {location.label} and is not read; `{book_kinds.COMMAND[kind]} pull {quoted(str(stray))}` reads it; then move it away"
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
        """Write the planned books, each whole or not at all, many of them by two processes;
        findings about those that could not be, which the result names too."""
        done: dict[int, tuple[Written | None, str, Finding | None]] = {}
        alone = [one for one in self.writings if not _may_be_shared(one)]
        waiting = deque(one for one in self.writings if _may_be_shared(one))

        def work(following: Callable[[], Writing], write: WriteFile | None) -> None:
            with suppress(IndexError):
                while True:
                    one = following()
                    done[one.number] = self._written(one, write)

        if helper.is_worth_it(one.book for one in waiting):
            with ThreadPoolExecutor(1) as executor, helper.helping() as second:
                theirs = executor.submit(work, waiting.pop, second.write)
                try:
                    work(waiting.popleft, None)
                    theirs.result()
                finally:  # interrupted, nothing more is begun
                    waiting.clear()
        waiting.extend(alone)
        work(waiting.popleft, None)
        shown = list(plan.result.books)
        found: list[Finding] = []
        written: dict[str, Written] = {}
        for writing in self.writings:
            made, state, problem = done[writing.number]
            if made is not None:
                written[writing.location.name] = made
            if problem is not None:
                shown[writing.number] = replace(shown[writing.number], state=state)
                found.append(problem)
        self.locations.registry.record_written(written)
        plan.result = replace(plan.result, books=tuple(shown))
        return found

    def _written(
        self, writing: Writing, write: WriteFile | None
    ) -> tuple[Written | None, str, Finding | None]:
        """Write a book: what stands there now, and what went wrong, in a word and as a finding."""
        made = None
        try:
            reveal = self.sealer_for([writing.book]) if writing.passwords else None
            state = writing.location.write(
                writing.book, seen=writing.seen, edited=writing.edited, reveal=reveal, write=write
            )
            made = Written(state, writing.book.book_id)
            older = writing.book.layout.kind in book_kinds.HEARD
            if older and self.handed_out and isinstance(writing.location, FileLocation):
                keep_older_name(writing.location.path, writing.book)
        except LockedError as error:
            message = f"{error.message}; it was not rebuilt"
            return made, "open elsewhere", Finding("BOOK_OPEN", Severity.MEDIUM, message)
        except (OSError, MemoryError, TicketopsError) as error:
            message = f"{writing.location.where}: {_reason(error)}"
            return made, "not written", Finding("BOOK_NOT_WRITTEN", Severity.HIGH, message)
        return made, "", None


def _may_be_shared(writing: Writing) -> bool:
    """Whether another process may write a book: a file without passwords."""
    return isinstance(writing.location, FileLocation) and not writing.passwords


def _reason(error: OSError | MemoryError | TicketopsError) -> str:
    if isinstance(error, TicketopsError):
        return error.message
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "there is not enough memory for it"


def _not_reached(party: str, location: BookLocation, why: str) -> Finding:
    return Finding("BOOK_NOT_REACHED", Severity.HIGH, f"{party}: {location.where}: {why}")


def _is_own(back: Returned, known: set[str], snapshot: Snapshot, party: str) -> bool:
    """Whether a file that stands at a book's location is an earlier book of the same party."""
    if back.unusable or back.book_id not in known:
        return False
    frame = snapshot[BOOKS].frame
    return bool(frame.filter(frame["book_id"] == back.book_id)["party"][0] == party)


def _to_fill(book: Book) -> int:
    """Rows that wait for their reader: a guest without an address, a ticket that was not sent."""
    if book.layout.kind in COUNTED_BLANK:
        wanted = COUNTED_BLANK[book.layout.kind][0]
        return sum(1 for row in book.rows if wanted in row.open and not row.values.get(wanted))
    name = "delivery" if book.layout.kind == book_kinds.SUPPLIER else "dispatch_status"
    return sum(1 for row in book.rows if row.open and row.values.get(name) == states.NOT_SENT)

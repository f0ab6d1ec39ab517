"""Books for clients, suppliers and staff (§7, §8, §9): made, read back when they return, and kept in agreement with the workbook."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ticketops.config import Settings
from ticketops.domain import credentials
from ticketops.domain.dispatch import clients, edits, returns, staff, suppliers
from ticketops.domain.dispatch.cascade import plan_of, settle
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.dispatch.words import Outcome
from ticketops.domain.plan import Plan, Run
from ticketops.errors import LockedError, NotFoundError, RuleError, TicketopsError, UnusableError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.model.secrets import is_sealed
from ticketops.schema.books import LAYOUTS, Book, Returned, file_name
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import BOOK_EDITS, BOOKS, CREDENTIAL_HISTORY, VENDOR_CREDENTIALS
from ticketops.services.places import Place, Places, read_named
from ticketops.services.sealing import Sealer
from ticketops.services.shelf import Shelf, Written
from ticketops.services.transaction import Job
from ticketops.stores.base import Store
from ticketops.stores.gsheets.address import is_online

SHEETS_OF_BOOKS = (*SHEETS, BOOKS, BOOK_EDITS, CREDENTIAL_HISTORY, VENDOR_CREDENTIALS)
_BOOK_COLUMNS = ("book_id", "kind", "party", "file", "built_at", "user", "run_id", "rows", "passwords", "contents", "base")


@dataclass
class Writing:
    """A book that is to be written. seen: state of what stands there, as it was read or written by us: another one holds words
    that nobody heard; edited: whether somebody had typed into it."""

    book: Book
    place: Place
    seen: str
    edited: bool
    passwords: bool
    said: dict[str, Any]


@dataclass
class BookJob:
    """Plans books; what it planned last is what `write` writes after the commit."""

    settings: Settings
    places: Places
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

    def shelve(self, state: State, snapshot: Snapshot, run: Run, plan: Plan, wanted: Iterable[tuple[str, str, Place, bool]],
               read: Mapping[str, Returned], failed: Mapping[str, str]) -> None:  # fmt: skip
        """Plan the books of (kind, party, place, with passwords): those whose contents or place changed get a new BookID.

        read: what stands there, by name of the place, and is not as it was written; failed: why a place could not be read.
        """
        self.writings.clear()
        latest = latest_books(snapshot)
        written = self.places.shelf.written()
        known = set(snapshot[BOOKS].frame["book_id"].drop_nulls())
        rows, shown = [], []
        shelf = _Books(state)
        for kind, party, place, passwords in wanted:
            book = shelf.of(kind, party, passwords=passwords)
            name = place.name
            said = {"kind": kind, "party": party, "title": book.title, "file": place.where, "rows": len(book.rows),
                    "to_fill": _to_fill(book), "state": "unchanged"}  # fmt: skip
            shown.append(said)
            if name in failed:
                said["state"] = "not reached"
                plan.findings.append(Finding("BOOK_NOT_REACHED", Severity.HIGH, f"{party}: {place.where}: {failed[name]}"))
                continue
            here = place.state()
            back = read.get(name)
            if back is not None and not _is_own(back, known, snapshot, party):
                said["state"] = "in the way"
                message = f"{place.label}: what stands there is not {party}'s book; it is left alone"
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
            self.writings.append(Writing(book, place, seen, back is not None, passwords, said))
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
                reveal = self.sealer_for([writing.book]) if writing.passwords else None
                state = writing.place.write(writing.book, seen=writing.seen, edited=writing.edited, reveal=reveal)
                written[writing.place.name] = Written(state, writing.book.book_id)
            except LockedError as error:
                writing.said["state"] = "open elsewhere"
                found.append(Finding("BOOK_OPEN", Severity.MEDIUM, f"{error.message}; it was not made anew"))
            except (OSError, TicketopsError) as error:
                reason = error.message if isinstance(error, TicketopsError) else error.strerror or str(error)
                writing.said["state"] = "not written"
                found.append(Finding("BOOK_NOT_WRITTEN", Severity.HIGH, f"{writing.place.where}: {reason}"))
        self.places.shelf.remember(written)
        return found


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


def build(
    store: Store, settings: Settings, kind: str, names: Sequence[str], *, folder: Path, passwords: bool = False,
    online: Mapping[str, str] | None = None, fresh: Collection[str] = (),
) -> Job:  # fmt: skip
    """Make the books of these parties, or of all of that kind where none is named.

    A book that stands in its place and came back filled in is read first; with all of them, also those of parties that have nothing
    any more. online: {party: id of the Google Sheet} that is to be the book, in place of files in the folder; fresh: ids of those that
    were made just now. Raises NotFoundError for a
    party without tickets, RuleError where there is none at all.
    """
    places = Places(Shelf(store.state_folder, store.home), settings)
    job = BookJob(settings, places)

    def place_of(party: str) -> Place:
        if online is not None:
            return places.online(online[party], kind, party, fresh=online[party] in fresh)
        return places.file(folder / file_name(kind, party))

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        state = State.of(snapshot)
        parties = parties_of(state, kind, names, snapshot)
        if not names:
            parties = sorted({*parties, *_standing(snapshot, kind, folder, online)})
        found = {party: place_of(party) for party in parties if online is None or party in online}
        read, failed = places.read_edited(found.values())
        usable = [file for file in read.values() if not file.unusable and file.kind == kind]
        state, made = job.settled(snapshot, run, usable, everything=kind != states.CLIENT, kind=kind, state=state)
        if kind == states.STAFF_BOOK and not names:
            late = [party for party in sorted(staff.tasks_by_person(state)) if party not in found and (online is None or party in online)]
            found |= {party: place_of(party) for party in late}
        job.shelve(state, snapshot, run, made, ((kind, party, place, passwords) for party, place in sorted(found.items())), read, failed)
        return made

    return Job(f"{kind} build{' --with-passwords' if passwords else ''}", SHEETS_OF_BOOKS, plan, afterwards=job.write)


def _standing(snapshot: Snapshot, kind: str, folder: Path, online: Mapping[str, str] | None) -> list[str]:
    """Parties whose book stands there: whoever has nothing any more may have written into it, and must see it emptied."""
    built = {row["party"] for row in latest_books(snapshot).values() if row["kind"] == kind}
    return [party for party in built if (party in online if online is not None else (folder / file_name(kind, party)).is_file())]


def party_of(state: State, kind: str, name: str) -> str:
    """A party as `_BOOKS` knows it, from what somebody typed. Raises NotFoundError for a client that there is none of."""
    if kind == states.CLIENT:
        return clients.find_group(state, name)
    plain = " ".join(name.split())
    return plain.upper() if kind == states.SUPPLIER else plain.casefold()


def parties_of(state: State, kind: str, names: Sequence[str], snapshot: Snapshot) -> list[str]:
    """The parties that are named, or all that have anything. Raises NotFoundError, RuleError."""
    if kind == states.CLIENT:
        known = list(clients.client_groups(state))
    elif kind == states.SUPPLIER:
        if not state.groups:
            learn = " `supplier learn` takes them from _SUPPLIER_QUEUE" if state.supplier_rows else ""
            raise RuleError("no supplier group is set up", f"`supplier map KEY --vendor NAME` makes one;{learn}".rstrip(";"))
        known = list(suppliers.units_of(state))
    else:
        known = list(staff.tasks_by_person(state))
    found = [party_of(state, kind, name) for name in names]
    built = {row["party"] for row in latest_books(snapshot).values() if row["kind"] == kind}
    for name in found:
        if name not in known and name not in built:
            near = ", ".join(sorted(known)[:5])
            raise NotFoundError(f"{name} has nothing that a {kind} book could show", f"there are {near}" if near else "")
    if not known and not found:
        what = {states.CLIENT: "ticket in Distribution", states.SUPPLIER: "unit of a supplier", states.STAFF_BOOK: "task that is assigned"}
        raise RuleError(f"there is no {what[kind]} yet")
    return list(dict.fromkeys(found)) or sorted(known)


def pull(store: Store, settings: Settings, names: Sequence[str | Path], *, kind: str = "", party: str = "", prefer_theirs: bool = False,
         told: Callable[[int, int], None] | None = None) -> Job:  # fmt: skip
    """Take over what files and Google Sheets that came back say, all in one transaction.

    kind: the only kind expected. party: whose they are, where their hidden sheet is gone. Raises UnusableError where a file is missing.
    """
    missing = [name for name in names if not is_online(name) and not Path(name).is_file()]
    if missing:
        raise UnusableError(f"{missing[0]} is no file", "name the files that came back, or gsheet:ID")
    job = BookJob(settings, Places(Shelf(store.state_folder, store.home), settings))
    files = read_named(list(dict.fromkeys(str(name) for name in names)), settings, kind if party else "", told=told)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        whose = party_of(State.of(snapshot), kind, party) if party else ""
        return job.settled(snapshot, run, files, everything=False, kind=kind, party=whose, prefer_theirs=prefer_theirs)[1]

    return Job(f"{kind or 'dispatch'} pull", SHEETS_OF_BOOKS, plan)


def sync(store: Store, settings: Settings) -> Job:
    """Bring Distribution, the queues, the vault and every book that was built into agreement: books that came back are read,
    everything is settled, books whose contents changed are made anew."""
    places = Places(Shelf(store.state_folder, store.home), settings)
    job = BookJob(settings, places)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        there = [(kind, party, place, bool(row["passwords"])) for (kind, party, name), row in latest_books(snapshot).items()
                 if kind in LAYOUTS and (place := places.named(name, kind, party)) is not None]  # fmt: skip
        read, failed = places.read_edited(place for _, _, place, _ in there)
        state, made = job.settled(snapshot, run, [file for file in read.values() if not file.unusable], everything=True)
        made.result["gone"] = len(latest_books(snapshot)) - len(there)
        job.shelve(state, snapshot, run, made, there, read, failed)
        return made

    return Job("dispatch sync", SHEETS_OF_BOOKS, plan, afterwards=job.write)

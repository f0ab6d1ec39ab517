"""Books for clients, suppliers and staff (§7, §8, §9): made, read back when they return, and kept
in agreement with the workbook."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ticketops.config import Settings
from ticketops.domain.catalogue import follow
from ticketops.domain.dispatch import clients, staff
from ticketops.domain.dispatch.book_reader import FilePulled
from ticketops.domain.dispatch.own_rows import OwnRows
from ticketops.domain.dispatch.state import LEDGERS, QUEUES, State
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.errors import UnusableError
from ticketops.model import book_kinds
from ticketops.model.findings import Finding, Severity
from ticketops.schema.book_layouts import LAYOUTS, Returned
from ticketops.schema.layouts.event import (
    BOOK_EDITS,
    BOOKS,
    CREDENTIAL_HISTORY,
    USERS,
    VENDOR_CREDENTIALS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.book_job import BookJob
from ticketops.services.book_locations import BookLocation, BookLocations, read_named
from ticketops.services.book_parties import (
    barred_staff,
    in_scope,
    parties_of,
    party_of,
    paths_of,
    require_seen,
    sees_book,
    standing,
)
from ticketops.services.book_plans import Built, Pulled, Synced
from ticketops.services.book_registry import BookRegistry, latest_books
from ticketops.services.sheet_groups import MONEY
from ticketops.stores.base import Store
from ticketops.stores.gsheets.address import is_online

LEDGERS_OF_BOOKS = (*LEDGERS, VENDOR_CREDENTIALS)
LISTS_OF_BOOKS = (*QUEUES, BOOKS, BOOK_EDITS, CREDENTIAL_HISTORY, USERS, *MONEY)


def build(
    store: Store,
    settings: Settings,
    kind: str,
    names: Sequence[str],
    *,
    folder: Path,
    passwords: bool = False,
    online: Mapping[str, str] | None = None,
    fresh: Collection[str] = (),
) -> Job:
    """Make the books of these parties, or of all of that kind where none is named.

    A book that came back to its location filled in is read first; with all of them, also
    those of parties that have nothing any more. online: {party: id of the Google Sheet} that is to
    be the book, in place of files in the folder; fresh: ids of those that were made just now.
    Raises NotFoundError for a party without tickets, RuleError where there is none at all.
    """
    locations = BookLocations(BookRegistry.of(store), settings)
    job = BookJob(settings, locations, handed_out=folder.absolute() != settings.books.absolute())

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        state = State.of(snapshot)
        path_of = locations.registry.path_of

        def located(parties: Iterable[str]) -> dict[str, BookLocation]:
            if online is None:
                paths = paths_of(state, kind, parties, snapshot, folder, path_of)
                return {party: locations.file(path) for party, path in paths.items()}
            return {
                party: locations.online(online[party], kind, party, fresh=online[party] in fresh)
                for party in parties
                if party in online
            }

        parties = parties_of(state, kind, names, snapshot, run)
        if not names:
            parties = sorted({*parties, *standing(snapshot, kind, folder, online, path_of)})
        parties = in_scope(state, kind, parties, parties if names else (), run)
        barred = barred_staff(snapshot, kind, parties)
        doubtful = clients.unconfirmed(state, kind, parties)
        found = located(one for one in parties if one not in barred and one not in doubtful)
        read, failed = locations.read_edited(found.values())
        usable = [file for file in read.values() if not file.unusable and file.kind == kind]
        state, made = job.reconciled(
            snapshot, run, usable, everything=kind != book_kinds.CLIENT, kind=kind, state=state
        )
        if kind == book_kinds.STAFF_BOOK and not names:
            late = [
                one
                for one in sorted(staff.tasks_by_person(state))
                if one not in found and sees_book(state, kind, one, run)
            ]
            barred |= barred_staff(snapshot, kind, late)
            found |= located(party for party in late if party not in barred)
        made.findings += _not_built(barred) + clients.not_confirmed(doubtful)
        made.findings += follow.left_behind(snapshot)
        wanted = ((kind, party, location, passwords) for party, location in sorted(found.items()))
        made.result = Built(
            *_fields(made.result),
            books=job.plan_books(state, snapshot, run, made, wanted, read, failed),
        )
        return made

    name, label, effect = f"{kind}.build", "", Effect.WRITES
    if passwords:
        name, label, effect = (
            f"{name}.with-passwords",
            f"{kind} build --with-passwords",
            Effect.FINAL,
        )
    return Job(name, plan, LEDGERS_OF_BOOKS, LISTS_OF_BOOKS, label, effect, after_commit=job.write)


def _not_built(barred: Mapping[str, str]) -> list[Finding]:
    return [
        Finding("NO_BOOK", Severity.HIGH, f"can't build a book for {person}, who {why}")
        for person, why in sorted(barred.items())
    ]


def pull(
    store: Store,
    settings: Settings,
    names: Sequence[str | Path],
    *,
    kind: str = "",
    party: str = "",
    prefer_theirs: bool = False,
    accept_erased: bool = False,
    read: Sequence[Returned] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Job:
    """Take over what files and Google Sheets that came back say, all in one transaction.

    kind: the only kind expected. party: whose they are, where their hidden sheet is gone.
    accept_erased: whether guests that are erased go from tickets that were not sent. read: what the
    files say, where that is known. Raises UnusableError where a file is missing; what is not a file
    stops no other one.
    """
    missing = [name for name in names if not is_online(name) and not Path(name).exists()]
    if missing and read is None:
        raise UnusableError(f"{missing[0]} is not a file", "name the returned files, or gsheet:ID")
    job = BookJob(settings, BookLocations(BookRegistry.of(store), settings))
    files = read or read_named(
        list(dict.fromkeys(str(name) for name in names)),
        settings,
        kind if party else "",
        on_progress=on_progress,
    )

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        state = State.of(snapshot)
        whose = party_of(state, kind, party, run) if party else ""
        require_seen(state, snapshot, files, run)
        in_scope(state, kind, (), [whose] if whose else [], run)
        return job.reconciled(
            snapshot,
            run,
            files,
            everything=False,
            kind=kind,
            party=whose,
            prefer_theirs=prefer_theirs,
            accept_erased=accept_erased,
            state=state,
        )[1]

    return Job(f"{kind or 'dispatch'}.pull", plan, LEDGERS_OF_BOOKS, LISTS_OF_BOOKS)


def sync(store: Store, settings: Settings) -> Job:
    """Games and seats follow their source (D21), books that came back are read, everything is
    reconciled, what changed is made anew. For a user who is limited to some parties (§15): of theirs
    only; games and seats wait for somebody who is not limited to some clients."""
    locations = BookLocations(BookRegistry.of(store), settings)
    job = BookJob(settings, locations)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        latest = latest_books(snapshot)
        standing = [
            (kind, party, location, last.passwords)
            for (kind, party, name), last in latest.items()
            if kind in LAYOUTS and (location := locations.named(name, kind, party)) is not None
        ]
        now = State.of(snapshot) if run.scope else None
        mine = [one for one in standing if now is None or sees_book(now, one[0], one[1], run)]
        barred = barred_staff(
            snapshot,
            book_kinds.STAFF_BOOK,
            [party for kind, party, *_ in mine if kind == book_kinds.STAFF_BOOK],
        )
        there = [one for one in mine if not (one[0] == book_kinds.STAFF_BOOK and one[1] in barred)]
        read, failed = locations.read_edited(location for _, _, location, _ in there)
        usable = [file for file in read.values() if not file.unusable]
        usable.sort(key=lambda file: book_kinds.HEARD.index(file.kind))
        own = OwnRows(snapshot, run.scope).tickets if run.scope else None
        if own is not None:
            state, made = job.reconciled(
                snapshot, run, usable, everything=False, besides=own, state=now
            )
        else:
            state, made = _followed(job, snapshot, run, usable)
        parties = [party for kind, party, *_ in there if kind == book_kinds.CLIENT]
        doubtful = clients.unconfirmed(state, book_kinds.CLIENT, parties)
        made.findings += _not_built(barred)
        made.findings += clients.not_confirmed(doubtful)
        settled = [one for one in there if not (one[0] == book_kinds.CLIENT and one[1] in doubtful)]
        books = job.plan_books(state, snapshot, run, made, settled, read, failed)
        made.result = Synced(*_fields(made.result), gone=len(latest) - len(standing), books=books)
        return made

    return Job("dispatch.sync", plan, LEDGERS_OF_BOOKS, LISTS_OF_BOOKS, after_commit=job.write)


def _followed(
    job: BookJob, snapshot: Snapshot, run: Run, files: Sequence[Returned]
) -> tuple[State, Plan]:
    """Games and seats follow their source, then everything is reconciled."""
    followed = follow.games(snapshot, follow.LEDGERS)
    state = State.of(snapshot.after(followed.changes))
    seats = follow.seats(snapshot, but=state.unknown)
    state.seat(seats.moves)
    state, made = job.reconciled(snapshot, run, files, everything=True, state=state)
    seats.write(followed.changes)
    made.changes.changes[:0] = followed.changes.changes
    made.findings += followed.findings + seats.findings
    return state, made


def _fields(pulled: Pulled) -> tuple[tuple[FilePulled, ...], int, int, int, int, int]:
    return (
        pulled.files,
        pulled.edits,
        pulled.taken,
        pulled.conflicts,
        pulled.refused,
        pulled.new_tasks,
    )

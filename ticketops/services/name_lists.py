"""Lists of passengers for agencies and airlines (document 001): made, read back when they return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ticketops.config import Settings
from ticketops.domain.issuance.name_edits import take
from ticketops.domain.issuance.name_lists import AIRLINE, BOOKING, NameLists
from ticketops.domain.issuance.tracker import Tracker
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Job
from ticketops.errors import UnusableError
from ticketops.model import book_kinds
from ticketops.schema.book_layouts import Book
from ticketops.schema.layout import ISSUANCE_KIND
from ticketops.schema.layouts.event import BOOK_EDITS, BOOKS
from ticketops.schema.layouts.issuance import (
    AIRLINES,
    BOOKING_PAYMENTS,
    BOOKINGS,
    FLIGHT_SHEETS,
    HISTORY,
    PASSENGERS,
    TICKETS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.book_locations import BookLocations, read_named
from ticketops.services.book_parties import paths_called, standing
from ticketops.services.book_plans import BookPlans, Built, Pulled, pulled_of
from ticketops.services.book_registry import BookRegistry, PlannedBook
from ticketops.stores.base import Store
from ticketops.stores.gsheets.address import is_online

_LEDGERS = (BOOKINGS, PASSENGERS, TICKETS)
_LISTS = (*FLIGHT_SHEETS, BOOKING_PAYMENTS, AIRLINES, HISTORY, BOOKS, BOOK_EDITS)


def build(
    store: Store,
    settings: Settings,
    *,
    folder: Path,
    booking: str = "",
    group: str = "",
    airline: str = "",
) -> Job:
    """Make the lists of a booking, of the bookings of a group, of an airline, or of all bookings.

    A list that came back to its place filled in is read first. With all of them, those that were made
    before are made again, also where nothing is their party's any more. Raises NotFoundError for a
    party without tickets.
    """
    locations = BookLocations(BookRegistry.of(store), settings)
    plans = BookPlans(
        settings, locations, handed_out=folder.absolute() != settings.books.absolute()
    )
    kind, path_of = book_kinds.NAMES, locations.registry.path_of

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        lists = NameLists(Tracker(snapshot, run))
        parties = lists.meant(booking, group, airline)
        if not (booking or group or airline):
            parties = sorted({*parties, *standing(snapshot, kind, folder, None, path_of)})
        titles = {party: lists.title(party) for party in parties}
        paths = paths_called(kind, parties, titles, snapshot, folder, path_of)
        found = {party: locations.file(path) for party, path in paths.items()}
        read, failed = locations.read_edited(found.values())
        made = Plan()
        usable = [file for file in read.values() if not file.unusable and file.kind == kind]
        pulled, outcomes = take(Tracker(snapshot, run), usable, made)
        now = NameLists(Tracker(snapshot.after(made.changes), run))
        made.findings += now.without_ticket(parties)

        def book(_kind: str, party: str, _passwords: bool) -> Book:
            return now.book(party)

        wanted = ((kind, party, place, False) for party, place in sorted(found.items()))
        books = plans.planned(snapshot, run, made, wanted, read, failed, book)
        made.result = _built(pulled_of(pulled.files, outcomes), books)
        return made

    whose = f"--booking {booking}" if booking else f"--group {group}" if group else ""
    whose = whose or (f"--airline {airline}" if airline else "--all")
    return Job(
        "issuance.names.build",
        plan,
        _LEDGERS,
        _LISTS,
        f"issuance names build {whose}",
        after_commit=plans.write,
        works_on=(ISSUANCE_KIND,),
    )


def pull(
    settings: Settings,
    names: Sequence[str],
    *,
    booking: str = "",
    airline: str = "",
    prefer_theirs: bool = False,
    accept_erased: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Job:
    """Take over what lists that came back say, all in one transaction.

    booking, airline: whose they are, where their hidden sheet is gone. prefer_theirs: where both sides
    changed, the list counts. accept_erased: whether cells that were emptied are emptied here. Raises
    UnusableError where a file is missing; what is not a list stops no other one.
    """
    missing = [name for name in names if not is_online(name) and not Path(name).exists()]
    if missing:
        raise UnusableError(f"{missing[0]} is not a file", "name the returned files, or gsheet:ID")
    files = read_named(
        list(dict.fromkeys(names)),
        settings,
        book_kinds.NAMES if booking or airline else "",
        on_progress=on_progress,
    )

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        tracker = Tracker(snapshot, run)
        party = f"{AIRLINE} {airline.upper()}" if airline else ""
        if booking:
            party = f"{BOOKING} {tracker.booking(booking)['booking_id']}"
        made = Plan()
        pulled, outcomes = take(
            tracker,
            files,
            made,
            party=party,
            prefer_theirs=prefer_theirs,
            accept_erased=accept_erased,
        )
        made.result = _built(pulled_of(pulled.files, outcomes), ())
        return made

    return Job("issuance.names.pull", plan, _LEDGERS, _LISTS, works_on=(ISSUANCE_KIND,))


def _built(said: Pulled, books: tuple[PlannedBook, ...]) -> Built:
    return Built(
        said.files, said.edits, said.taken, said.conflicts, said.refused, said.new_tasks, books
    )

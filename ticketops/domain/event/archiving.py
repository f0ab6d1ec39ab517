"""The end of an event (§13): its books are ended, its archive is sealed, and the clock of retention
starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from ticketops.domain.event.record import RETENTION, Event
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model.events import ARCHIVED
from ticketops.schema.layouts.event import BOOKS, EVENT_LOG, EVENTS
from ticketops.schema.tables import Snapshot

_ENDED = ("book_id", "kind", "party", "file", "built_at", "user", "run_id", "ended_at")


class Archived(Struct, frozen=True):
    """An event that is ARCHIVED. run_id, at: of the step; days: how long guests' data are kept;
    books: (kind, party, where it stands) of those that were built."""

    code: str
    name: str
    run_id: str
    at: datetime
    days: int
    books: tuple[tuple[str, str, str], ...]

    @property
    def sweep_from(self) -> datetime:
        """The first day on which guests' data may be blanked."""
        start = datetime(self.at.year, self.at.month, self.at.day)
        try:
            return start + timedelta(days=max(self.days, 0))
        except OverflowError:
            return datetime.max


@dataclass(frozen=True, slots=True)
class ArchiveMade:
    """`archive build`, and what comes of `event advance --to ARCHIVED`. sha256: of the whole file, to
    be kept elsewhere; members: how many files are in it; left_out: books that are not, and why."""

    file: str
    event: str
    run_id: str
    sha256: str
    size: int
    members: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file of an archive."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ArchiveShown:
    """`archive show` and `archive verify`. intact: whether nothing is wrong; problems: what is;
    sha256: of the whole file as it is now; sweep_from: the day from which guests' data may be blanked
    (YYYY-MM-DD); swept_at: when they were."""

    file: str
    intact: bool
    problems: tuple[str, ...]
    event: str | None
    run_id: str | None
    revision: str | None
    archived_at: str | None
    sweep_from: str | None
    swept_at: str | None
    sha256: str
    files: tuple[ArchiveMember, ...]


def archived(snapshot: Snapshot, event: Event) -> Archived:
    """What is known of an event that is ARCHIVED. Raises RuleError for one that is not, or of which
    nobody knows since when, or how long its guests' data are kept."""
    if event.state != ARCHIVED:
        raise RuleError(
            f"{event.called} is {event.state or 'in no state'}, not {ARCHIVED}",
            f"`ticketops event advance --to {ARCHIVED}` archives it",
        )
    frame = snapshot[EVENT_LOG].frame.select("after", "run_id", "timestamp")
    steps = [(run_id, at) for after, run_id, at in frame.iter_rows() if after == ARCHIVED and at]
    if not steps:
        raise RuleError(
            f"{EVENT_LOG} does not say when {event.called} was archived",
            "somebody typed the state into the sheet; nothing can be sealed or swept",
        )
    if RETENTION in event.unclear:
        raise RuleError(
            f"{RETENTION} of {event.called} in {EVENTS} is not understood",
            "type the days for which guests' data are kept into the sheet",
        )
    run_id, at = steps[-1]
    rows = snapshot[BOOKS].frame.select("kind", "party", "file").iter_rows()
    books = dict.fromkeys((kind or "", party or "", file) for kind, party, file in rows if file)
    return Archived(
        event.code, event.name, run_id or "", at, event.audit_retention_days, tuple(books)
    )


def end_books(plan: Plan, snapshot: Snapshot, run: Run) -> int:
    """Append a row that ends it for every BookID that stands; how many. A pull refuses them from
    then on."""
    columns = ("book_id", "kind", "party", "file", "built_at", "ended_at")
    rows = snapshot[BOOKS].frame.select(columns).rows()
    ended = {row[0] for row in rows if row[-1] is not None}
    standing = {row[0]: row for row in rows if row[0] and row[0] not in ended}
    added: Sequence[tuple[object, ...]] = [
        (*row[:5], run.user, run.run_id, run.now) for row in standing.values()
    ]
    plan.changes.append(BOOKS, snapshot[BOOKS].next_row, _ENDED, added)
    return len(added)

"""One writer at a time, and what waited meanwhile written at once: a workbook is written as a whole, so
twenty pages that are saved in one second need not be twenty of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from msgspec.structs import replace

from ticketops.domain.plan import Run
from ticketops.engine.job import Effect, Job
from ticketops.engine.pending import PendingStore
from ticketops.engine.permissions import TOGETHER
from ticketops.engine.transaction import Done, carry_out, entry_called
from ticketops.stores.base import Store

MOST_TOGETHER = 25
"""Jobs that become one transaction."""
_OPENING = "portal open"
Made = Job | Callable[[Store], Job]


class Waiting:
    """A job that waits to be written, and what came of it."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.done: Done | None = None
        self.error: BaseException | None = None

    @property
    def is_over(self) -> bool:
        return self.done is not None or self.error is not None

    def outcome(self) -> Done:
        """Raises what the job raised."""
        if self.error is not None:
            raise self.error
        if self.done is None:
            raise LookupError("the job still waits")
        return self.done


class Queue:
    """The jobs that wait. `write` is called by one thread at a time."""

    def __init__(self, run: Callable[[], Run]) -> None:
        self._run = run
        self._waiting: list[Waiting] = []
        self._lock = Lock()

    def add(self, made: Made) -> Waiting:
        one = Waiting(made)
        with self._lock:
            self._waiting.append(one)
        return one

    def discard(self, one: Waiting) -> None:
        """Nobody waits for it any longer: it is not written later."""
        with self._lock:
            self._waiting = [other for other in self._waiting if other is not one]

    def write(self, store: Store) -> None:
        """Write those that wait longest. Never fails: each of them learns what came of it."""
        with self._lock:
            taken = self._waiting[:MOST_TOGETHER]
            del self._waiting[:MOST_TOGETHER]
        jobs = [(one, job) for one in taken if (job := _job_of(one, store)) is not None]
        groups: dict[str, list[tuple[Waiting, Job]]] = {}
        for one, job in jobs:
            if (group := _group(job)) is not None:
                groups.setdefault(group, []).append((one, job))
        for group, joint in groups.items():
            if len(joint) > 1:
                self._jointly(store, joint, group)
        for one, job in jobs:
            if not one.is_over:
                _attempt(one, job, store, self._run())

    def _jointly(self, store: Store, joint: Sequence[tuple[Waiting, Job]], group: str) -> None:
        """Each planned on what those before it leave; all written as one transaction. A job that is
        refused is left out. Where the whole can't be written, nothing is, and all of them are still
        to be done."""
        run = self._run()
        try:
            pending = PendingStore(store)
            labels = []
            for one, job in joint:
                entries = len(pending.entries)
                _attempt(one, job, pending, run)
                if len(pending.entries) > entries:
                    labels.append(job.label)
            if pending.entries:
                entry = pending.entries[0]
                if len(labels) > 1:
                    said = f"{TOGETHER} {len(labels)}: {', '.join(labels)}"
                    label = f"{group} {len(labels)} links" if group == _OPENING else said
                    entry = replace(entry_called(label, run), run_id=entry.run_id)
                pending.write(entry)
        except Exception:
            for one, _job in joint:
                one.done = one.error = None


def _job_of(one: Waiting, store: Store) -> Job | None:
    try:
        return one.made if isinstance(one.made, Job) else one.made(store)
    except Exception as error:
        one.error = error
        return None


def _group(job: Job) -> str | None:
    """Jobs of one group may be written together: those that do nothing else and can be taken back, and
    openings of links, which can't be. None for a job that is written alone."""
    if job.after_commit is not None:
        return None
    if job.effect is Effect.FINAL:
        return _OPENING if job.label == _OPENING else None
    return TOGETHER


def _attempt(one: Waiting, job: Job, store: Store, run: Run) -> None:
    try:
        one.done = carry_out(store, job, run)
    except Exception as error:
        one.error = error

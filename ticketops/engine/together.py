"""Commands that are written together: as one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ticketops.domain.plan import Run
from ticketops.engine.job import Effect, Job
from ticketops.engine.pending import PendingStore
from ticketops.engine.permissions import TOGETHER, job_named
from ticketops.engine.warm import Warm
from ticketops.errors import RuleError, UsageError
from ticketops.stores.base import Entry, Store

if TYPE_CHECKING:
    from ticketops.config import Settings
    from ticketops.stores.gsheets.connection import OnProgress

ALONE = frozenset(
    {
        "init",
        "sample",
        "help",
        "google",
        "cron",
        "run",
        "sync",
        "undo",
        "doctor",
        "job",
        "message",
        "inbox",
        "dispatch",
        "dashboard",
        "credentials",
        "archive",
        "export",
        "workbook",
        "db",
        "master pull",
        "event page",
        "event advance",
        "event switch",
        "event clone",
        "client build",
        "client pull",
        "supplier build",
        "supplier pull",
        "staff build",
        "staff pull",
        "staff reveal",
        "invoice issue",
        "invoice credit",
        "portal",
        "serve",
    }
)
"""Commands, and groups of them, that do more than to write into one workbook, or can't be taken back:
each commits by itself."""


def refuse_alone(words: Sequence[str]) -> None:
    """Raises RuleError for a command that commits by itself."""
    for name in (" ".join(words[:1]), " ".join(words[:2])):
        if name in ALONE:
            raise _alone(" ".join(words[:2]) if len(words) > 1 else name)


def _alone(label: str) -> RuleError:
    return RuleError(
        f"`{label}` commits by itself and can't be part of --atomic",
        "run it before or after the others",
    )


class Together:
    """The workbook of commands that are written together, and what waits to be written."""

    def __init__(self, stores: Warm, locked: Store | None = None) -> None:
        """locked: the store of the workbook, where it is locked already."""
        self._stores, self._locked = stores, locked
        self._opened: Path | str | None = None
        self.pending: PendingStore | None = None
        self._run: Run | None = None

    def store(
        self,
        workbook: Path | str,
        settings: Settings,
        *,
        on_progress: OnProgress | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> Store:
        """The store of the workbook, in which commits wait. Raises UsageError for a second
        workbook, and what `open_store` raises."""
        if self.pending is None:
            made = self._locked or self._stores.store(
                workbook, settings, on_progress=on_progress, notice=notice
            )
            self.pending, self._opened = PendingStore(made), workbook
        elif workbook != self._opened:
            raise UsageError(
                f"--atomic works on one workbook, {self._opened}, not on {workbook} too"
            )
        return self.pending

    def run(self, own: Run) -> Run:
        """The run of a command: of one moment and RunID with the others. Raises UsageError where
        someone else would run it."""
        if self._run is None:
            self._run = own
        elif own.user != self._run.user:
            raise UsageError(
                f"--atomic is the work of one user, {self._run.user}, not of {own.user} too"
            )
        return replace(
            own, run_id=self._run.run_id, now=self._run.now, utc_offset=self._run.utc_offset
        )

    def require(self, job: Job) -> None:
        """Raises RuleError for a job that can't wait."""
        if job.effect is Effect.FINAL or job.after_commit is not None:
            raise _alone(job.label)

    @property
    def entry(self) -> Entry | None:
        """What the journal is to say; None where nothing waits."""
        waiting = self.pending.entries if self.pending else []
        if not waiting:
            return None
        return replace(waiting[0], command=label_of([entry.command for entry in waiting]))

    def write(self) -> Entry | None:
        """Write what waits as one transaction; its entry, None where nothing waits."""
        entry = self.entry
        if entry is not None and self.pending is not None:
            self.pending.write(entry)
        return entry


def label_of(labels: Iterable[str]) -> str:
    """What the journal calls commands that were written together: how many there were, and what each
    kind of them is, by which an undo is judged."""
    labels = list(labels)
    names = dict.fromkeys(job_named(label).replace(".", " ") or label for label in labels)
    return f"{TOGETHER} {len(labels)}: {', '.join(names)}"

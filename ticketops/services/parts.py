"""The parts of a page: jobs that only read, each shown only to whom its own command would be."""

from __future__ import annotations

from typing import Any

from ticketops.domain.plan import Run
from ticketops.engine import permissions, scoping
from ticketops.engine.held import HeldStore
from ticketops.engine.job import Job
from ticketops.engine.scoping import SAYS_WHOSE
from ticketops.engine.transaction import STANDING, known, prepare
from ticketops.errors import NotPermittedError, OutOfScopeError
from ticketops.model.roles import ROLE
from ticketops.schema.layouts.event import USERS
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import Store


class Parts:
    """What a user sees of a workbook as somebody of a role: at most what both may. jobs: {name of a
    part: its job}; each is run when it is asked for, on one state of the workbook."""

    def __init__(self, store: Store, jobs: dict[str, Job], run: Run, role: str) -> None:
        sheets = [sheet for job in jobs.values() for sheet in job.sheets]
        self._held = HeldStore(store, [*sheets, *STANDING, *SAYS_WHOSE])
        self._jobs, self.asked, self._role = jobs, run, role
        self._users: Snapshot = self._held.read(USERS)
        self.run = known(run, self._held, self._held.read(*STANDING))
        self.left_out: dict[str, None] = {}
        """The labels of what was asked for and may not be seen."""

    def may(self, name: str, label: str) -> bool:
        """Whether the user may run a job, as somebody of the role."""
        least = permissions.NEEDED.get(name)
        if not isinstance(least, str) or ROLE.index(least) > ROLE.index(self._role):
            return False
        try:
            permissions.require(name, label, self.run, self._users)
            if self.run.scope is not None:
                scoping.require(name, label, self.run)
        except (NotPermittedError, OutOfScopeError):
            return False
        return True

    def may_run(self, command: str) -> bool:
        """The same of a command as people type it."""
        name = permissions.job_named(command)
        return bool(name) and self.may(name, command)

    def of(self, part: str) -> Any:
        """The result of a part; None where it may not be seen."""
        job = self._jobs[part]
        if not self.may(job.name, job.label):
            self.left_out[job.label] = None
            return None
        return prepare(self._held, job, self.asked)[0].result

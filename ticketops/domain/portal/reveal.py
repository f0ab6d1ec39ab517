"""A member of staff looks at the password of one of their tasks in the portal (§8 step 4)."""

from __future__ import annotations

from msgspec.structs import replace

from ticketops.domain.credentials.logins import Shown
from ticketops.domain.dispatch import staff
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.tasks import plan_reveal
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Run
from ticketops.errors import NotFoundError, NotPermittedError
from ticketops.schema.tables import Snapshot


def plan_portal_reveal(
    snapshot: Snapshot, task_id: str, run: Run, event: str | None, *, person: str, token_id: str
) -> Shown:
    """Record in `_CREDENTIAL_HISTORY` that a person looks at the password of a task, with the token by
    which they came; `credential` holds what to show, as it stands in the workbook.

    person: their address. Raises NotFoundError for a task that is not in their book, whether there is
    such a one or not; NotPermittedError for somebody who may do nothing; RuleError where the task has no
    password.
    """
    if why := users.barred_people(snapshot, [person]).get(person):
        raise NotPermittedError(f"{person} {why}")
    state = State.of(snapshot)
    mine = {task.key for task, _ticket in staff.tasks_by_person(state).get(person, ())}
    if task_id not in mine:
        raise NotFoundError("there is no such task in your list")
    by = f"{person} ({token_id})" if token_id else person
    return plan_reveal(snapshot, task_id, replace(run, user=by), event)

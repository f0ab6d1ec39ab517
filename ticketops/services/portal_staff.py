"""What staff do in the portal besides filling in their tasks (§8): look at a password, and read back
the proof that they uploaded."""

from __future__ import annotations

from ticketops.config import Settings
from ticketops.domain.credentials.logins import event_of
from ticketops.domain.dispatch.proofs import plan_proof
from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.plan import Plan, Run
from ticketops.domain.portal.reveal import plan_portal_reveal
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY, USERS
from ticketops.schema.tables import Snapshot
from ticketops.services import credentials


def reveal(settings: Settings, task_id: str, *, person: str, token_id: str) -> Job:
    """Record that a person looks at the password of one of their tasks, with the token by which they
    came. Its plan is a `Shown`; a password that can't be opened is refused and not recorded. Raises as
    `plan_portal_reveal` does."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        event = event_of(snapshot, settings.event, run)
        return plan_portal_reveal(snapshot, task_id, run, event, person=person, token_id=token_id)

    job = Job(
        "portal.reveal",
        plan,
        LEDGERS,
        (*QUEUES, USERS, CREDENTIAL_HISTORY),
        f"portal reveal {token_id} {task_id}",
        Effect.FINAL,
    )
    return credentials.openable(job, settings)


def proof(task_id: str) -> Job:
    """The proof of a task, as ProofUrl names it. Raises NotFoundError for a task that there is not, RuleError
    for one without a proof."""
    return Job(
        "staff.proof",
        lambda snapshot, run: plan_proof(snapshot, task_id, run),
        LEDGERS,
        (*QUEUES, USERS),
        f"staff proof {task_id}",
        Effect.READS,
    )

"""What staff do in the portal besides filling in their tasks (§8): look at a password, and read back
the proof that they uploaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ticketops.config import Settings
from ticketops.domain.credentials.logins import event_of
from ticketops.domain.dispatch.proofs import plan_proof, referred
from ticketops.domain.dispatch.results import TaskProof
from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.plan import Plan, Run
from ticketops.domain.portal import log, tokens
from ticketops.domain.portal.reveal import plan_portal_reveal
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import look
from ticketops.errors import RuleError
from ticketops.model import book_kinds
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY, PORTAL_LOG, PORTAL_TOKENS, USERS
from ticketops.schema.tables import Snapshot
from ticketops.services import credentials, proofs, reports
from ticketops.services.portal_pages import OVER
from ticketops.stores.base import Store


def reveal(settings: Settings, task_id: str, *, token_id: str) -> Job:
    """Record that whoever came by a link looks at the password of one of their tasks. Its plan is a
    `Shown`; a password that can't be opened is refused and not recorded.

    Planning raises RuleError where the link is over, and as `plan_portal_reveal` does.
    """

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        token = tokens.standing_called(snapshot, run, token_id)
        if token is None or token.kind != book_kinds.STAFF_BOOK:
            raise RuleError(OVER)
        event = event_of(snapshot, settings.event, run)
        made = plan_portal_reveal(
            snapshot, task_id, run, event, person=token.party, token_id=token_id
        )
        log.record(made, snapshot, run, token, "REVEALED", task_id)
        return made

    job = Job(
        "portal.reveal",
        plan,
        LEDGERS,
        (*QUEUES, USERS, CREDENTIAL_HISTORY, PORTAL_TOKENS, PORTAL_LOG),
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


def proof_of(store: Store, run: Run, task_id: str, path: Path | None) -> TaskProof:
    """The proof of a task; saved as a file, or in a folder, where a path is given. Raises as `proof` does,
    RuleError where the proof is a link or its file is not on this machine, UnusableError where it can't be
    saved."""
    found: TaskProof = look(store, proof(task_id), run)
    if path is None:
        return found
    kept = referred(found.proof)
    if kept is None:
        raise RuleError(f"the proof of {found.task_id} is not an uploaded file: {found.proof[:80]}")
    target = path / kept.called(found.task_id) if path.is_dir() else path
    reports.save(target, proofs.get(store, kept))
    return replace(found, saved=str(target))

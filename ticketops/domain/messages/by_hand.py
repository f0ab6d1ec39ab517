"""What people decide about messages (D25): sent again, cancelled, or what became of one that nobody
answered for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticketops.domain.messages.listing import MessageLine, line_of
from ticketops.domain.messages.message import CANCELLED, Message, Outbox
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.schema.layouts.event import NOTIFICATION_LOG
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Decided:
    """`message retry`, `message cancel` and `message resolve`: the messages as they are now."""

    messages: tuple[MessageLine, ...]


_WAY = {
    states.QUEUED: "it waits to be sent",
    states.SENDING: "it is being sent",
    states.SENT_OUT: "a message that was sent stays sent",
    states.FAILED: "`ticketops message retry` sends it again",
    states.UNKNOWN: "`ticketops message resolve` says whether it arrived",
    states.WITHDRAWN: "it is never sent",
}


def plan_retry(snapshot: Snapshot, named: Sequence[str]) -> Plan:
    """FAILED messages wait to be sent again, and those that wait for their next attempt need wait
    no longer. Raises NotFoundError, RuleError."""
    plan, found = _found(snapshot, named, (states.FAILED, states.QUEUED))
    for one in found:
        _set(plan, one, states.QUEUED)
    return plan


def plan_cancel(snapshot: Snapshot, named: Sequence[str], run: Run) -> Plan:
    """Messages that wait or failed are never sent. Raises NotFoundError, RuleError."""
    plan, found = _found(snapshot, named, (states.QUEUED, states.FAILED))
    for one in found:
        _set(plan, one, states.WITHDRAWN, error=f"{CANCELLED} {run.user}")
    return plan


def plan_resolve(snapshot: Snapshot, named: Sequence[str], run: Run, *, sent: bool) -> Plan:
    """Say of UNKNOWN messages that they arrived, or that they did not and are to be sent again.
    Raises NotFoundError, RuleError."""
    plan, found = _found(snapshot, named, (states.UNKNOWN,))
    for one in found:
        if sent:
            _set(plan, one, states.SENT_OUT, error=f"arrived, says {run.user}", at=run)
        else:
            _set(plan, one, states.QUEUED)
    return plan


def _found(
    snapshot: Snapshot, named: Sequence[str], allowed: Sequence[str]
) -> tuple[Plan, list[Message]]:
    outbox = Outbox.of(snapshot[NOTIFICATION_LOG])
    by_id = outbox.by_id()
    unclear = {one.message_id: outbox.unclear.get(one.row, "") for one in outbox.messages}
    found = []
    for message_id in dict.fromkeys(map(ids.read_message_id, named)):
        one = by_id.get(message_id)
        if one is None:
            if why := unclear.get(message_id):
                raise RuleError(f"{message_id} is unclear: {why}", f"correct {NOTIFICATION_LOG}")
            raise NotFoundError(
                f"there is no message {message_id}", "`ticketops message list` shows all"
            )
        if one.state not in allowed:
            raise RuleError(f"{one.called} is {one.state}: {_WAY[one.state]}")
        found.append(one)
    return Plan(result=Decided(())), found


def _set(plan: Plan, one: Message, state: str, *, error: str = "", at: Run | None = None) -> None:
    cells = {
        "state": (one.state, state),
        "not_before": (one.not_before, None),
        "error": (one.error or None, error or None),
        "sent_at": (one.sent_at, at.now if at else one.sent_at),
    }
    plan.changes.set(NOTIFICATION_LOG, one.row, one.message_id, cells)
    shown = line_of(one, state=state, error=error or None, not_before=None)
    plan.result = Decided((*plan.result.messages, shown))

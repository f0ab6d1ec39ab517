"""Where the workbook stood when sending was enabled (D25): a copy stands elsewhere, and sends
nothing until it is told to."""

from __future__ import annotations

from dataclasses import dataclass

from ticketops.domain.messages.message import ELSEWHERE, Outbox
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError, UsageError
from ticketops.model import states
from ticketops.model.display import counted, listed
from ticketops.schema.layouts.event import NOTIFICATION_LOG, NOTIFICATION_SENDERS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Enabled:
    """`message enable` and `message disable`. places: from where messages are sent from now on;
    withdrawn: messages that waited in a copy, and are the original's to send."""

    place: str
    places: tuple[str, ...]
    waiting: int
    withdrawn: int = 0


def standing(snapshot: Snapshot) -> list[str]:
    """The places for which sending is enabled."""
    return list(dict.fromkeys(snapshot[NOTIFICATION_SENDERS].frame["place"].drop_nulls()))


def plan_enable(
    snapshot: Snapshot, place: str, run: Run, *, moved: bool = False, copy: bool = False
) -> Plan:
    """Send from this place from now on.

    Where sending is enabled for another place, this workbook was moved (`moved`: that place ends,
    and what waits is sent from here) or copied (`copy`: what waits is the other one's to send, and
    is withdrawn here). Raises RuleError where nobody says which, UsageError for both.
    """
    if moved and copy:
        raise UsageError("give either --moved or --copy")
    places = standing(snapshot)
    others = [one for one in places if one != place]
    outbox = Outbox.of(snapshot[NOTIFICATION_LOG])
    waiting = sum(one.state in (states.QUEUED, states.FAILED) for one in outbox.clear)
    plan = Plan(result=Enabled(place, tuple(places) or (place,), waiting))
    if place in places:
        return plan
    if others and not (moved or copy):
        raise RuleError(
            f"sending is enabled for {listed(others)}, and this workbook is at {place}",
            "give --moved if it is the same workbook at another place, or --copy if the other one "
            "goes on: then what waits here is withdrawn",
        )
    table = snapshot[NOTIFICATION_SENDERS]
    plan.changes.append(
        NOTIFICATION_SENDERS,
        table.next_row,
        ("place", "user", "enabled_at"),
        [(place, run.user, run.now)],
    )
    if others:
        rows = table.frame.filter(table.frame["place"].is_in(others))
        plan.changes.delete(
            NOTIFICATION_SENDERS, dict(zip(rows["row"], rows["place"], strict=True))
        )
    withdrawn = _withdraw(plan, outbox, others) if copy and others else 0
    plan.result = Enabled(place, (place,), waiting - withdrawn, withdrawn)
    return plan


def _withdraw(plan: Plan, outbox: Outbox, others: list[str]) -> int:
    """What waits in a copy is the original's; what was being sent may have arrived."""
    count = 0
    for one in outbox.clear:
        if one.state in (states.QUEUED, states.FAILED):
            after, why = states.WITHDRAWN, f"{ELSEWHERE} {listed(others)}"
            count += 1
        elif one.state == states.SENDING:
            after, why = states.UNKNOWN, f"was being sent from {listed(others)}"
        else:
            continue
        cells = {
            "state": (one.state, after),
            "error": (one.error or None, why),
            "not_before": (one.not_before, None),
        }
        plan.changes.set(NOTIFICATION_LOG, one.row, one.message_id, cells)
    return count


def plan_disable(snapshot: Snapshot, place: str) -> Plan:
    """Send nothing any more, from wherever; what waits stays QUEUED. Raises RuleError where sending
    is not enabled."""
    table = snapshot[NOTIFICATION_SENDERS]
    places = standing(snapshot)
    if not places:
        raise RuleError("sending is not enabled")
    frame = table.frame
    plan = Plan()
    plan.changes.delete(
        NOTIFICATION_SENDERS,
        {row: where or "" for row, where in frame.select("row", "place").iter_rows()},
    )
    outbox = Outbox.of(snapshot[NOTIFICATION_LOG])
    waiting = sum(one.state == states.QUEUED for one in outbox.clear)
    plan.result = Enabled(place, (), waiting)
    return plan


def said(result: Enabled) -> str:
    """One line for people."""
    where = f"messages are sent from {listed(result.places)}" if result.places else ""
    what = counted(result.waiting, "message")
    wait = f"{what} {'waits' if result.waiting == 1 else 'wait'}"
    gone = f"; {counted(result.withdrawn, 'message')} withdrawn" if result.withdrawn else ""
    return f"{where or 'no messages are sent'}; {wait}{gone}"

"""Sending, as far as it is cells (D25): which messages are due, who sends them, and what became of
them. QUEUED → SENDING → SENT, FAILED or UNKNOWN; who dies in between is found out the next time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ticketops.domain.messages import pacing
from ticketops.domain.messages.facts import PortalGenerated
from ticketops.domain.messages.message import Message, Outbox
from ticketops.domain.messages.senders import standing
from ticketops.domain.plan import Plan, Run
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.quiet import Quiet
from ticketops.schema.layouts.event import NOTIFICATION_LOG, NOTIFICATION_SENDERS
from ticketops.schema.tables import Snapshot

MAX_ERROR = 300


class Became(Enum):
    """What became of an attempt."""

    SENT = "sent"
    RETRY = "retry"
    """Not delivered, and it may be tried again."""
    REFUSED = "refused"
    """Not delivered, and it would not be the next time either."""
    UNKNOWN = "unknown"
    """The text was handed over, and nobody answered."""
    LEFT = "left"
    """Not tried: the time was over, or the channel could not be reached."""


class Result(Struct, frozen=True):
    """What became of a message. at: when; sent_as: under which name it was sent."""

    message_id: str
    became: Became
    at: datetime
    error: str = ""
    sent_as: str = ""


class Known(Struct, frozen=True):
    """What this machine remembers of a message that it handed over, in which attempt."""

    became: Became
    attempt: int
    at: datetime
    sent_as: str


class Terms(Struct, frozen=True):
    """place: where the workbook is. token: whose the claims are. closed: {channel: why nothing goes
    out by it}. known: {key of a message: what this machine remembers}. only: these messages.
    anywhere: what would go out is shown, wherever the workbook is."""

    place: str
    token: str
    closed: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Known] = field(default_factory=dict)
    quiet: Quiet | None = None
    most: int = pacing.BATCH
    only: frozenset[str] | None = None
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sender took. messages: to be sent, as they are now; shown: those of in_app, which are
    in the inbox with that; known: what this machine had already handed over."""

    messages: tuple[Message, ...] = ()
    shown: tuple[Message, ...] = ()
    known: tuple[Result, ...] = ()


def due(outbox: Outbox, terms: Terms, now: datetime) -> list[Message]:
    """What may go out now, the oldest first."""
    silent = terms.quiet is not None and terms.quiet.until(now) is not None
    return sorted(
        (
            one
            for one in outbox.clear
            if one.state == states.QUEUED
            and (one.not_before is None or one.not_before <= now)
            and one.channel not in terms.closed
            and (one.channel == states.IN_APP or not silent)
            and (terms.only is None or one.message_id in terms.only)
        ),
        key=lambda one: one.order,
    )


def plan_claim(snapshot: Snapshot, run: Run, terms: Terms) -> Plan:
    """Claim what is due, up to `terms.most`. In a workbook that was not told to send from where it
    is, nothing is (a copy)."""
    outbox = Outbox.of(snapshot[NOTIFICATION_LOG])
    ready = due(outbox, terms, run.now)
    plan = Plan(findings=outbox.findings(), result=Claim())
    if ready and (why := not_here(snapshot, terms.place, len(ready))):
        plan.findings.append(why)
        if not terms.anywhere:
            return plan
    for one, by in _overtaken(ready):
        ready.remove(one)
        why_not = f"{by.message_id} tells of the same book as it is now"
        withdrawn = {
            "state": (one.state, states.WITHDRAWN),
            "not_before": (one.not_before, None),
            "error": (one.error or None, why_not),
        }
        _set(plan, one, withdrawn)
        said = f"{one.called} is not sent: {why_not}"
        _tell(plan, one, "MESSAGE_OVERTAKEN", Severity.INFO, said)
    shown = [one for one in ready if one.channel == states.IN_APP]
    outward = [one for one in ready if one.channel != states.IN_APP]
    claimed: list[Message] = []
    known: list[Result] = []
    for one in outward:
        before = terms.known.get(one.key)
        if before is not None and (before.became is Became.SENT or before.attempt > one.tries):
            known.append(_remembered(plan, one, before))
        elif len(claimed) < terms.most:
            claimed.append(_claim(plan, one, run, terms))
    for one in shown:
        cells = {
            "state": (one.state, states.SENT_OUT),
            "sent_at": (one.sent_at, run.now),
            "not_before": (one.not_before, None),
            "error": (one.error or None, None),
        }
        _set(plan, one, cells)
    plan.result = Claim(tuple(claimed), tuple(shown), tuple(known))
    return plan


def _overtaken(ready: Sequence[Message]) -> list[tuple[Message, Message]]:
    """Messages that tell a reader of a book that was built again since, each with the last one that tells
    of it."""
    last: dict[tuple[str, ...], Message] = {}
    told = [one for one in ready if one.fact == PortalGenerated.name]
    for one in told:
        last[_book_of(one)] = one
    return [(one, by) for one in told if (by := last[_book_of(one)]) is not one]


def _book_of(one: Message) -> tuple[str, ...]:
    """A book and its reader: what a fact about a book is called by without its contents."""
    return (one.identity.rpartition(" ")[0], one.channel, one.recipient.casefold())


def not_here(snapshot: Snapshot, place: str, waiting: int) -> Finding | None:
    """Why nothing is sent from this place."""
    places = standing(snapshot)
    if place in places:
        return None
    sends = "1 message waits" if waiting == 1 else f"{waiting:,} messages wait"
    elsewhere = f"sending is enabled for {' and '.join(places)}, not for" if places else ""
    said = f"{elsewhere} {place}" if places else f"sending is not enabled for {place}"
    how = "`ticketops message enable` explains how" if places else "`ticketops message enable`"
    return Finding(
        "SENDING_NOT_ENABLED",
        Severity.MEDIUM,
        f"{sends}, but {said}: nothing is sent; {how}",
        NOTIFICATION_SENDERS,
    )


def _claim(plan: Plan, one: Message, run: Run, terms: Terms) -> Message:
    until = run.now + pacing.LEASE
    cells = {
        "state": (one.state, states.SENDING),
        "attempts": (one.attempts, one.tries + 1),
        "not_before": (one.not_before, until),
        "sent_as": (one.sent_as or None, terms.token),
    }
    _set(plan, one, cells)
    return _as(one, cells)


def _as(one: Message, cells: Mapping[str, tuple[Any, Any]]) -> Message:
    return replace(one, **{name: after for name, (_before, after) in cells.items()})


def _remembered(plan: Plan, one: Message, before: Known) -> Result:
    """A message that waits in the workbook, an older version of it perhaps, although this machine
    handed it over."""
    sent = before.became is Became.SENT
    cells = {
        "state": (one.state, states.SENT_OUT if sent else states.UNKNOWN),
        "attempts": (one.attempts, max(one.tries, before.attempt)),
        "sent_at": (one.sent_at, before.at if sent else None),
        "sent_as": (one.sent_as or None, before.sent_as or None),
        "not_before": (one.not_before, None),
    }
    _set(plan, one, cells)
    what = "was already sent" if sent else "was already handed over, and nobody answered"
    plan.findings.append(
        Finding(
            "MESSAGE_ALREADY_SENT",
            Severity.INFO,
            f"{one.called} {what} at {before.at:%Y-%m-%d %H:%M}; it is not sent again",
            NOTIFICATION_LOG,
            one.row,
        )
    )
    return Result(one.message_id, before.became, before.at, "", before.sent_as)


def plan_outcomes(snapshot: Snapshot, run: Run, token: str, results: Sequence[Result]) -> Plan:
    """Record what became of what was claimed under a token. A row that is another's by now stays."""
    outbox = Outbox.of(snapshot[NOTIFICATION_LOG])
    by_id = outbox.by_id()
    plan = Plan(result=tuple(results))
    for result in results:
        one = by_id.get(result.message_id)
        if one is None or one.state != states.SENDING or one.sent_as != token:
            if result.became is not Became.LEFT:
                plan.findings.append(_moved_on(result, one))
            continue
        record(plan, one, result, run)
    return plan


def _moved_on(result: Result, one: Message | None) -> Finding:
    what = "is gone or unclear" if one is None else f"says {one.state or 'nothing'}"
    return Finding(
        "MESSAGE_CHANGED_MEANWHILE",
        Severity.HIGH,
        f"{result.message_id}: the attempt ended as {result.became.value}, but meanwhile its row {what}",
        NOTIFICATION_LOG,
        one.row if one else None,
    )


def record(plan: Plan, one: Message, result: Result, run: Run) -> None:
    """Set the cells of a message whose attempt ended, and say what a person has to know."""
    became, error = result.became, one_line(result.error)
    if became is Became.LEFT and not error:
        error = one.error
    state, wait, attempts = states.QUEUED, None, one.tries
    if became is Became.SENT:
        state = states.SENT_OUT
    elif became is Became.UNKNOWN:
        state = states.UNKNOWN
    elif became is Became.REFUSED or (became is Became.RETRY and pacing.is_over(attempts)):
        state = states.FAILED
    elif became is Became.RETRY:
        wait = run.now + pacing.back_off(attempts)
    else:
        attempts -= 1
        wait = run.now + pacing.CHANNEL_PAUSE if result.error else None
    cells = {
        "state": (one.state, state),
        "attempts": (one.attempts, max(attempts, 0)),
        "not_before": (one.not_before, wait),
        "sent_at": (one.sent_at, result.at if became is Became.SENT else None),
        "sent_as": (one.sent_as or None, result.sent_as or None),
        "error": (one.error or None, error or None),
    }
    _set(plan, one, cells)
    if state == states.FAILED:
        tries = "" if became is Became.REFUSED else f" after {counted(attempts, 'attempt')}"
        _tell(plan, one, "MESSAGE_FAILED", Severity.HIGH, f"{one.called} failed{tries}: {error}")
    elif state == states.UNKNOWN:
        said = f"{one.called}: nobody knows whether it arrived ({error}); ask, then `ticketops message resolve {one.message_id} --sent` or `--not-sent`"
        _tell(plan, one, "MESSAGE_UNKNOWN", Severity.HIGH, said)
    elif became is Became.RETRY and wait is not None:
        said = f"{one.called} is tried again from {wait:%Y-%m-%d %H:%M} on: {error}"
        _tell(plan, one, "MESSAGE_RETRIED", Severity.INFO, said)


class Flown(Struct, frozen=True):
    """What this machine's senders noted of their attempts. tokens: those that claimed something;
    steps: {(token, MessageID): `handing`, `handed` or how it ended}; damaged: notes are lost."""

    tokens: frozenset[str] = frozenset()
    steps: Mapping[tuple[str, str], str | Result] = field(default_factory=dict)
    damaged: bool = False


def plan_recover(snapshot: Snapshot, run: Run, flown: Flown) -> Plan:
    """What was being sent when its sender died. The caller holds the lock of this machine's
    senders, so none of those that `flown` knows of is alive."""
    plan = Plan()
    ended = []
    for one in Outbox.of(snapshot[NOTIFICATION_LOG]).clear:
        if one.state != states.SENDING:
            continue
        result = _end_of(one, flown, run)
        if result is None:
            until = one.not_before or run.now
            said = (
                f"{one.called} is being sent by another machine, which has time until {until:%H:%M}"
            )
            _tell(plan, one, "MESSAGE_BEING_SENT", Severity.INFO, said)
            continue
        record(plan, one, result, run)
        ended.append(result)
    plan.result = tuple(ended)
    return plan


def _end_of(one: Message, flown: Flown, run: Run) -> Result | None:
    """None where another machine may still be at work."""
    if one.sent_as not in flown.tokens:
        lease = one.not_before
        if lease is not None and run.now < lease <= run.now + timedelta(hours=2):
            return None
        why = "its sender, on another machine, never said what became of it"
        return Result(one.message_id, Became.UNKNOWN, run.now, why)
    step = flown.steps.get((one.sent_as, one.message_id))
    if isinstance(step, Result):
        return step
    if step == HANDED or flown.damaged:
        why = "its sender stopped after the text was handed over"
        return Result(one.message_id, Became.UNKNOWN, run.now, why)
    if step == HANDING:
        why = "its sender stopped before the text was handed over"
        return Result(one.message_id, Became.RETRY, run.now, why)
    return Result(one.message_id, Became.LEFT, run.now)


HANDING, HANDED = "handing", "handed"


def key_of(messages: Sequence[Message]) -> str:
    """What messages that go out as one are known by for good."""
    if len(messages) == 1:
        return messages[0].key
    keys = "".join(one.key for one in messages)
    return hashlib.blake2b(keys.encode(), digest_size=12).hexdigest()


def one_line(text: str) -> str:
    """An error as a cell and a terminal can show it."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= MAX_ERROR else f"{plain[: MAX_ERROR - 1]}…"


def _set(plan: Plan, one: Message, cells: Mapping[str, tuple[Any, Any]]) -> None:
    via = {}
    before, after = cells["state"]
    if before == states.QUEUED and after in (states.SENT_OUT, states.UNKNOWN):
        via = {"state": (states.SENDING,)}
    plan.changes.set(NOTIFICATION_LOG, one.row, one.message_id, cells, via)


def _tell(plan: Plan, one: Message, code: str, severity: Severity, message: str) -> None:
    plan.findings.append(Finding(code, severity, message, NOTIFICATION_LOG, one.row))

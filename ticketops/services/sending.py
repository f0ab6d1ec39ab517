"""Sending what the outbox holds (D25): claim, send, record, so that whoever is killed at whatever point,
no message goes out twice and none is lost; where nobody can know, it is UNKNOWN."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from ticketops.adapters import whoami
from ticketops.channels.letter import Attachment, Channel, Letter, Outcome
from ticketops.config import Settings
from ticketops.domain.messages import pacing, sending
from ticketops.domain.messages.digests import Text, joined
from ticketops.domain.messages.listing import MessageLine, line_of
from ticketops.domain.messages.message import Message, Outbox
from ticketops.domain.messages.sending import Became, Claim, Result, Terms
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import carry_out, run_of
from ticketops.errors import BusyError, LockedError, TicketopsError
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layout import KINDS
from ticketops.schema.layouts.event import NOTIFICATION_LOG, NOTIFICATION_SENDERS
from ticketops.schema.tables import Snapshot
from ticketops.services.channels import Channels
from ticketops.services.enclosures import SHEETS_ALONG, Enclosures
from ticketops.services.flight import FOLDER, Recorder, recording
from ticketops.services.invitations import SHEETS_OF_LINKS, Invitations
from ticketops.services.outbox import Shown, shown
from ticketops.services.rendering import SHEETS_OF_TEXTS, Renderer
from ticketops.stores.base import LocalFile, Store, place_of, with_folders

PER_LETTER = 120.0
"""Seconds that one letter may take."""
_EVERY = 1_000_000
_SHEETS = (NOTIFICATION_LOG, NOTIFICATION_SENDERS)


@dataclass(frozen=True, slots=True)
class Sent:
    """`message send`. left: messages that still wait, for whatever reason; unknown: what nobody
    knows; messages: those that it was about, as they are now; texts: of a dry run, what it would
    send."""

    sent: int
    failed: int
    unknown: int
    left: int
    messages: tuple[MessageLine, ...]
    texts: tuple[Shown, ...] = ()


class Clock(Protocol):
    """Seconds that pass, and how to wait for some."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


def place_named(store: Store) -> str:
    """Where the workbook is, as `_NOTIFICATION_SENDERS` keeps it: two copies never have one place."""
    return f"{whoami.host()}:{store.path}" if isinstance(store, LocalFile) else place_of(store)


def claiming(terms: Terms) -> Job:
    """Take the messages that are due."""
    return Job(
        "message.send",
        lambda snapshot, run: sending.plan_claim(snapshot, run, terms),
        (),
        (*_SHEETS, *SHEETS_OF_TEXTS, *SHEETS_ALONG, *SHEETS_OF_LINKS),
        effect=Effect.FINAL,
        works_on=KINDS,
    )


def _recording(token: str, results: Sequence[Result]) -> Job:
    return Job(
        "message.send",
        lambda snapshot, run: sending.plan_outcomes(snapshot, run, token, results),
        (),
        (NOTIFICATION_LOG,),
        effect=Effect.FINAL,
        works_on=KINDS,
    )


def _recovering(flown: sending.Flown) -> Job:
    return Job(
        "message.send",
        lambda snapshot, run: sending.plan_recover(snapshot, run, flown),
        (),
        (NOTIFICATION_LOG,),
        effect=Effect.FINAL,
        works_on=KINDS,
    )


def send(
    store: Store,
    settings: Settings,
    *,
    budget: float,
    only: frozenset[str] | None = None,
    render: Renderer | None = None,
    channels: Channels | None = None,
    clock: Clock = time,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """Send what is due; the plan has what became of it, and was carried out. budget: seconds.

    Raises LockedError where another process sends, or where the workbook can't be written: what was
    sent meanwhile stands in the notes of this machine, and the next run records it.
    """
    out = channels or Channels.of(settings)
    try:
        with recording(with_folders(store).state_folder, store.name) as recorder:
            sender = _Sender(store, settings, recorder, out, render or Renderer(), clock, budget)
            sender.progress = progress
            return sender.run(only)
    finally:
        out.close()


def would_send(
    store: Store,
    settings: Settings,
    *,
    only: frozenset[str] | None = None,
    render: Renderer | None = None,
    shown_only: bool = False,
) -> Plan:
    """What `send` would send now, and what is reported of the rest; writes nothing. shown_only: also
    what is for channels that are not set up, and where sending is not enabled."""
    out, writer = Channels.of(settings), render or Renderer()
    known = Recorder(with_folders(store).state_folder / FOLDER).known()
    closed = {} if shown_only else out.closed
    quiet = settings.quiet_hours
    terms = Terms(place_named(store), "", closed, known, quiet, _EVERY, only, shown_only)
    run = run_of(settings)
    done = carry_out(store, claiming(terms), run, dry_run=True)
    claim: Claim = done.plan.result
    before = Outbox.of(done.snapshot[NOTIFICATION_LOG]).by_id()
    ready = [before[one.message_id] for one in (*claim.messages, *claim.shown)]
    along = Enclosures.of(store)
    texts = tuple(shown(done.snapshot, one, writer, along) for one in ready)
    outbox = Outbox.of(done.snapshot[NOTIFICATION_LOG])
    made = summary(outbox, (), done.plan.findings, out.closed, _silent_until(settings))
    lines = tuple(text.message for text in texts)
    made.result = replace(made.result, messages=lines, texts=texts)
    return made


def _silent_until(settings: Settings) -> datetime | None:
    return settings.quiet_hours.until(datetime.now()) if settings.quiet_hours else None


class _Sender:
    """One run of `message send`."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        recorder: Recorder,
        channels: Channels,
        render: Renderer,
        clock: Clock,
        budget: float,
    ) -> None:
        self.store, self.settings, self.recorder = store, settings, recorder
        self.channels, self.render, self.clock = channels, render, clock
        self.enclosures = Enclosures.of(store)
        self.invitations = Invitations(settings.state)
        self.progress: Callable[[str], None] | None = None
        self._until = clock.monotonic() + min(budget, pacing.LONGEST_RUN)
        self._place = place_named(store)
        self._down: dict[str, str] = {}
        self._last: dict[str, float] = {}
        self._findings: list[Finding] = []
        self._touched: dict[str, None] = {}

    def run(self, only: frozenset[str] | None) -> Plan:
        """See `send`."""
        self._recover()
        known = self.recorder.known()
        while self._seconds() > 0:
            token = f"{whoami.host()}/{uuid.uuid4().hex[:12]}"
            terms = Terms(
                self._place,
                token,
                {**self.channels.closed, **self._down},
                known,
                self.settings.quiet_hours,
                pacing.BATCH,
                only,
            )
            self.recorder.claimed(token)
            done = carry_out(self.store, claiming(terms), self._run())
            claim: Claim = done.plan.result
            self._tell(done.plan.findings)
            self._touch(one.message_id for one in (*claim.messages, *claim.shown))
            self._touch(one.message_id for one in claim.known)
            if not claim.messages:
                self.recorder.recorded()
                break
            self._batch(token, claim.messages, done.snapshot)
        return self._summary()

    def _recover(self) -> None:
        """What senders of this machine that died left, and those of others that never came back."""
        self.recorder.keep()
        done = carry_out(self.store, _recovering(self.recorder.flown()), self._run())
        self.recorder.recorded()
        self._tell(done.plan.findings)
        self._touch(one.message_id for one in done.plan.result)

    def _batch(self, token: str, messages: Sequence[Message], snapshot: Snapshot) -> None:
        """Send what was claimed, and record what became of it, also where a person interrupts."""
        left = {one.message_id: one for one in messages}
        results: list[Result] = []
        try:
            for group in pacing.grouped(messages, digest=self.settings.message_digest):
                ended = self._group(token, group, snapshot)
                results += [result for _one, result in ended]
                for one, _result in ended:
                    del left[one.message_id]
        finally:
            if left:  # interrupted: the notes say how far it came
                self._recover()
            else:
                self._record(token, results)

    def _record(self, token: str, results: Sequence[Result]) -> None:
        self.recorder.keep()
        try:
            done = carry_out(self.store, _recording(token, results), self._run())
        except BusyError as error:
            raise LockedError(
                f"{error.message}; what became of {len(results)} messages is not in the workbook yet",
                "it is noted on this machine: `ticketops message send` records it and sends none of them twice",
            ) from None
        self.recorder.recorded()
        self._tell(done.plan.findings)

    def _group(
        self, token: str, group: Sequence[Message], snapshot: Snapshot
    ) -> list[tuple[Message, Result]]:
        """Send messages as one; what became of each. One that can't be written stops no other."""
        ended: list[tuple[Message, Result]] = []
        texts: list[tuple[Message, Text]] = []
        along: dict[Attachment, None] = {}
        for one in group:
            try:
                own = self.enclosures.with_message(snapshot, one)
                late = self.invitations.with_message(snapshot, one)
                texts.append((one, self.render.text(snapshot, one, late)))
                along |= dict.fromkeys(own)
            except Exception as error:
                why = error.message if isinstance(error, TicketopsError) else _broke(error)
                ended.append((one, self._result(one, Outcome(Became.REFUSED, why))))
        if ended:
            self.recorder.answered(token, ended)
        if texts:
            messages, words = zip(*texts, strict=True)
            ended += self._deliver(token, messages, words, tuple(along))
        return ended

    def _deliver(
        self,
        token: str,
        messages: Sequence[Message],
        texts: Sequence[Text],
        along: tuple[Attachment, ...],
    ) -> list[tuple[Message, Result]]:
        first = messages[0]
        channel = self._open(first.channel)
        if isinstance(channel, Outcome):
            return [(one, self._result(one, channel)) for one in messages]
        self._pause(first.channel)
        seconds = self._seconds()
        if seconds <= 0:
            return [(one, self._result(one, Outcome(Became.LEFT))) for one in messages]
        if self.progress:
            self.progress(f"sending {first.called}")
        text = joined(texts)
        letter = Letter(
            sending.key_of(messages),
            first.recipient,
            first.recipient_name,
            text.subject,
            text.text,
            text.html,
            first.audience == states.FOR_OFFICE,
            along,
        )
        self.recorder.handing(token, messages)
        outcome = self._handed_over(channel, letter, token, messages, min(seconds, PER_LETTER))
        self._last[first.channel] = self.clock.monotonic()
        if outcome.down:
            self._down[first.channel] = outcome.down
            said = f"{first.channel} takes nothing now: {outcome.down}"
            self._tell([Finding("CHANNEL_DOWN", Severity.HIGH, sending.one_line(said))])
        ended = [(one, self._result(one, outcome)) for one in messages]
        self.recorder.answered(token, ended)
        return ended

    def _handed_over(
        self,
        channel: Channel,
        letter: Letter,
        token: str,
        messages: Sequence[Message],
        seconds: float,
    ) -> Outcome:
        """What a channel says of a letter. One that it breaks on stops no other."""
        noted: list[None] = []

        def handed() -> None:
            self.recorder.handed(token, messages)
            noted.append(None)

        try:
            return channel.deliver(letter, handed, seconds)
        except TicketopsError:  # nothing can be noted
            raise
        except Exception as error:
            return Outcome(Became.UNKNOWN if noted else Became.REFUSED, _broke(error))

    def _open(self, name: str) -> Channel | Outcome:
        """A channel, or why nothing goes out by it."""
        if name in self._down:
            return Outcome(Became.LEFT, self._down[name])
        return self.channels.named(name)

    def _pause(self, channel: str) -> None:
        """No more messages a minute than are allowed."""
        if channel in self._last:
            gap = 60.0 / self.settings.messages_per_minute
            wait = self._last[channel] + gap - self.clock.monotonic()
            if wait > 0:
                self.clock.sleep(min(wait, max(self._seconds(), 0.0)))

    def _seconds(self) -> float:
        return self._until - self.clock.monotonic()

    def _run(self) -> Run:
        return run_of(self.settings)

    def _result(self, one: Message, outcome: Outcome) -> Result:
        now = datetime.now().replace(microsecond=0)
        return Result(one.message_id, outcome.became, now, outcome.error, outcome.sent_as)

    def _tell(self, findings: Iterable[Finding]) -> None:
        self._findings += [one for one in findings if one not in self._findings]

    def _touch(self, message_ids: Iterable[str]) -> None:
        self._touched |= dict.fromkeys(message_ids)

    def _summary(self) -> Plan:
        """What is in the workbook now."""
        outbox = Outbox.of(self.store.read(NOTIFICATION_LOG)[NOTIFICATION_LOG])
        return summary(
            outbox,
            tuple(self._touched),
            self._findings,
            self.channels.closed,
            _silent_until(self.settings),
        )


def _broke(error: Exception) -> str:
    """What is said of an error that nobody expected."""
    return f"it can't be made into a message: {type(error).__name__}: {error}"


def summary(
    outbox: Outbox,
    touched: Sequence[str],
    findings: list[Finding],
    closed: Mapping[str, str],
    silent: datetime | None = None,
) -> Plan:
    """What became of messages, and what still waits. silent: until when nobody is written to."""
    by_id = outbox.by_id()
    lines = [line_of(by_id[name]) for name in touched if name in by_id]
    waiting = [one for one in outbox.clear if one.state in (states.QUEUED, states.SENDING)]
    for channel, why in closed.items():
        held = sum(one.channel == channel for one in waiting)
        if held:
            wait = f"{counted(held, 'message')} {'waits' if held == 1 else 'wait'}"
            said = f"{wait} for {channel}: {why}"
            findings.append(Finding("CHANNEL_NOT_SET_UP", Severity.MEDIUM, said, NOTIFICATION_LOG))
    outward = sum(one.channel != states.IN_APP for one in waiting)
    if silent is not None and outward:
        said = f"{counted(outward, 'message')} left until {silent:%H:%M}: quiet_hours"
        findings.append(Finding("QUIET_HOURS", Severity.INFO, said, NOTIFICATION_LOG))

    def count(state: str) -> int:
        return sum(line.state == state for line in lines)

    return Plan(
        findings=findings,
        result=Sent(
            count(states.SENT_OUT),
            count(states.FAILED),
            count(states.UNKNOWN),
            len(waiting),
            tuple(lines),
        ),
    )

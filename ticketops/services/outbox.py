"""The use cases around the outbox (§10, D25), but for sending itself: listed, shown, decided by hand,
enabled, reminders, the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticketops.domain.messages import by_hand, inbox, listing, reminders, senders
from ticketops.domain.messages.listing import MessageLine, line_of
from ticketops.domain.messages.message import Message
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.errors import InternalError, TicketopsError
from ticketops.model import ids, states
from ticketops.schema.layout import KINDS
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    MATCHES,
    NOTIFICATION_LOG,
    NOTIFICATION_SENDERS,
    NOTIFICATION_TRIGGERS,
    SALES,
    SCHEDULE,
    SUBGAMES,
    USERS,
    VENDORS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.enclosures import SHEETS_ALONG, Enclosures
from ticketops.services.rendering import SHEETS_OF_TEXTS, Renderer

_LOG = (NOTIFICATION_LOG,)
_PORTALS = (SALES, SCHEDULE, MATCHES, SUBGAMES)
"""By what it is known until when guest details are needed."""
_TEXTS = (NOTIFICATION_LOG, *SHEETS_OF_TEXTS)


@dataclass(frozen=True, slots=True)
class Shown:
    """`message show`: a message with its words as they are, or would be, sent. problem: why it can't be
    written. attachments: the names of the files that go along."""

    message: MessageLine
    subject: str
    text: str
    html: str
    problem: str | None
    attachments: tuple[str, ...] = ()


def message_list(which: listing.Which) -> Job:
    return Job(
        "message.list",
        lambda snapshot, _run: listing.plan_list(snapshot, which),
        (),
        _LOG,
        effect=Effect.READS,
        works_on=KINDS,
    )


def message_show(message_id: str, along: Enclosures) -> Job:
    """along: finds what goes with it."""

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        one = listing.message(snapshot, message_id)
        waits = one.state in (states.QUEUED, states.FAILED)
        return Plan(result=shown(snapshot, one, Renderer(), along if waits else None))

    label = f"message show {ids.read_message_id(message_id)}"
    return Job(
        "message.show", plan, (), (*_TEXTS, *SHEETS_ALONG), label, Effect.READS, works_on=KINDS
    )


def shown(
    snapshot: Snapshot, message: Message, render: Renderer, along: Enclosures | None = None
) -> Shown:
    """A message with its words. snapshot: holds SHEETS_OF_TEXTS. along: finds what goes with one that is
    to be sent; then it holds SHEETS_ALONG, too."""
    try:
        files = along.with_message(snapshot, message) if along else ()
        text = render.text(snapshot, message)
    except InternalError:
        raise
    except TicketopsError as error:
        return Shown(line_of(message), "", "", "", error.message)
    names = tuple(one.name for one in files)
    return Shown(line_of(message), text.subject, text.text, text.html, None, names)


def message_retry(named: Sequence[str]) -> Job:
    return Job(
        "message.retry",
        lambda snapshot, _run: by_hand.plan_retry(snapshot, named),
        (),
        _LOG,
        _label("retry", named),
        Effect.FINAL,
        works_on=KINDS,
    )


def message_cancel(named: Sequence[str]) -> Job:
    return Job(
        "message.cancel",
        lambda snapshot, run: by_hand.plan_cancel(snapshot, named, run),
        (),
        _LOG,
        _label("cancel", named),
        Effect.FINAL,
        works_on=KINDS,
    )


def message_resolve(named: Sequence[str], *, sent: bool) -> Job:
    """sent: whether they arrived; else they are sent again."""
    return Job(
        "message.resolve",
        lambda snapshot, run: by_hand.plan_resolve(snapshot, named, run, sent=sent),
        (),
        _LOG,
        _label("resolve", named),
        Effect.FINAL,
        works_on=KINDS,
    )


def message_enable(place: str, *, moved: bool = False, copy: bool = False) -> Job:
    return Job(
        "message.enable",
        lambda snapshot, run: senders.plan_enable(snapshot, place, run, moved=moved, copy=copy),
        (),
        (*_LOG, NOTIFICATION_SENDERS),
        works_on=KINDS,
    )


def message_disable(place: str) -> Job:
    return Job(
        "message.disable",
        lambda snapshot, _run: senders.plan_disable(snapshot, place),
        (),
        (*_LOG, NOTIFICATION_SENDERS),
        works_on=KINDS,
    )


def client_remind(names: Sequence[str]) -> Job:
    """names: none for all clients."""
    return Job(
        "client.remind",
        lambda snapshot, run: reminders.plan_remind(snapshot, names, run),
        (DISTRIBUTION,),
        (*_TEXTS, NOTIFICATION_TRIGGERS, *_PORTALS, ALIASES, CLIENTS, VENDORS, USERS),
        f"client remind {' '.join(names)}" if names else "client remind --all",
    )


def inbox_of_user(*, every: bool, read: bool) -> Job:
    """The messages of who runs it. every: those that were read, too. read: mark what is shown as
    read."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        found = inbox.of_user(snapshot, run, every=every)
        notes = []
        for one in found:
            words = shown(snapshot, one, Renderer())
            text = words.text or words.problem or ""
            notes.append(
                inbox.Note(
                    one.message_id, one.fact, one.queued_at, words.subject, text, one.read_at
                )
            )
        unread = sum(one.read_at is None for one in found)
        made = Plan(result=inbox.Notes(run.user, tuple(notes), unread))
        if read:
            inbox.mark_read(made, found, run)
        return made

    return Job(
        "inbox",
        plan,
        (),
        (*_TEXTS, USERS),
        "inbox --read" if read else "inbox",
        Effect.FINAL if read else Effect.READS,
        works_on=KINDS,
    )


def _label(what: str, named: Sequence[str]) -> str:
    """What the journal says; many are counted."""
    known = list(dict.fromkeys(map(ids.read_message_id, named)))
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    return f"message {what} {' '.join(known[:5])}{more}"

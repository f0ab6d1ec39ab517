"""How often and when messages are tried (D25): back-off, and which go out together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ticketops.domain.messages.message import Message

MOST_ATTEMPTS = 8
"""After so many a message is FAILED. One that a person sends again gets as many once more."""
BATCH = 50
"""Messages that one sender claims at once."""
LEASE = timedelta(hours=1)
"""How long a sender of another machine is believed to be at work. No run may take so long."""
LONGEST_RUN = 1800.0
CHANNEL_PAUSE = timedelta(minutes=10)
"""How long a channel rests that could not be reached at all."""
_FIRST, _LONGEST = timedelta(minutes=5), timedelta(hours=6)


def is_over(attempts: int) -> bool:
    """Whether a message that was tried so often is given up for now."""
    return attempts > 0 and attempts % MOST_ATTEMPTS == 0


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 minutes, 10, 20 …"""
    done = max(attempts - 1, 0) % MOST_ATTEMPTS
    return min(_FIRST * (1 << done), _LONGEST)


def grouped(messages: Sequence[Message], *, digest: bool) -> list[tuple[Message, ...]]:
    """Which messages go out as one: with `digest` those of one reader on one channel, else each by
    itself. The order of the first ones stays."""
    groups: dict[object, list[Message]] = {}
    for one in messages:
        reader = (one.channel, one.recipient.casefold(), one.audience)
        groups.setdefault(reader if digest else one.message_id, []).append(one)
    return [tuple(group) for group in groups.values()]

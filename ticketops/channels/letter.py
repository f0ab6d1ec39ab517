"""A message on its way: what every channel takes, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from ticketops.domain.messages.sending import Became


class Attachment(Struct, frozen=True):
    """A file that goes along. kind: its media type: `text/plain`."""

    name: str
    kind: str
    content: bytes


class Letter(Struct, frozen=True):
    """A message with its words. key: what it is known by for good. internal: whether it is for the
    office."""

    key: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    internal: bool = False
    attachments: tuple[Attachment, ...] = ()


class Outcome(Struct, frozen=True):
    """What became of a letter. sent_as: what the receiving side knows it by. down: why the channel
    takes nothing at all for now; then nothing was handed over."""

    became: Became
    error: str = ""
    sent_as: str = ""
    down: str = ""


def is_down(why: str) -> Outcome:
    """The channel could not be reached, or does not let us in."""
    return Outcome(Became.LEFT, why, down=why)


class Channel(Protocol):
    """One way to readers. A channel is used by one thread."""

    def deliver(self, letter: Letter, handed: Callable[[], None], seconds: float) -> Outcome:
        """Bring a letter to its reader. handed: is called before the part without which the text is
        not complete; where it raises, that part is not sent, and the error passes. seconds: how
        long it may take."""
        ...

    def close(self) -> None:
        """Nothing more is to come. Never fails."""
        ...

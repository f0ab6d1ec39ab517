"""Several messages to one reader as one (setting `message_digest`)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Protocol

from msgspec import Struct


class Text(Protocol):
    """The words of a message: the subject of one line, the body as plain text and as HTML."""

    @property
    def subject(self) -> str:
        """One line."""
        ...

    @property
    def text(self) -> str:
        """Plain text."""
        ...

    @property
    def html(self) -> str:
        """Sanitised HTML; "" for none."""
        ...


class Words(Struct, frozen=True):
    """A `Text` that was put together."""

    subject: str
    text: str
    html: str


_RULE = "-" * 60


def joined(texts: Sequence[Text]) -> Text:
    """One text of several, in their order; a single one as it is."""
    if len(texts) == 1:
        return texts[0]
    subject = f"{len(texts)} messages: {texts[0].subject}"
    plain = f"\n\n{_RULE}\n\n".join(f"{one.subject}\n\n{one.text}" for one in texts)
    html = "\n<hr>\n".join(f"<h2>{escape(one.subject)}</h2>\n{_html(one)}" for one in texts)
    return Words(subject, plain, html)


def _html(one: Text) -> str:
    return one.html or f"<p>{escape(one.text)}</p>"

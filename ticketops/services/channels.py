"""Which channels the settings open (§10, D30), and why others are closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from ticketops.channels.letter import Channel
from ticketops.config import Settings
from ticketops.errors import UsageError
from ticketops.model import states

Opening = Callable[[], Channel]


class Channels:
    """The channels of a run, each opened when it is first used. closed: {channel: why nothing goes out
    by it}."""

    def __init__(self, openings: Mapping[str, Opening], closed: Mapping[str, str]) -> None:
        self._openings, self.closed = openings, closed
        self._open: dict[str, Channel] = {}

    @classmethod
    def of(cls, settings: Settings) -> Channels:
        """As the settings say. What is set wrongly closes its channel, and no other."""
        openings: dict[str, Opening] = {}
        closed: dict[str, str] = {}
        kinds: dict[str, Callable[[Settings], Opening | None]] = {
            states.EMAIL: _mail,
            states.SLACK: _slack,
            states.WHATSAPP: _whatsapp,
        }
        for name, setting in _NEEDED.items():
            if settings.readable:
                closed[name] = settings.readable
                continue
            try:
                opening = kinds[name](settings)
            except UsageError as error:
                closed[name] = "; ".join(filter(None, (error.message, error.hint)))
                continue
            if opening is None:
                closed[name] = f"the setting {setting} says where to; it is not set"
            else:
                openings[name] = opening
        return cls(openings, closed)

    def named(self, name: str) -> Channel:
        """A channel that is not closed."""
        if name not in self._open:
            self._open[name] = self._openings[name]()
        return self._open[name]

    def close(self) -> None:
        """End all connections."""
        for channel in self._open.values():
            with suppress(OSError):
                channel.close()


_NEEDED = {states.EMAIL: "smtp_host", states.SLACK: "slack_url", states.WHATSAPP: "whatsapp_url"}


def _mail(settings: Settings) -> Opening | None:
    from ticketops.channels.mail import Account, Mail

    if not settings.smtp_host:
        return None
    account = Account.of(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_from,
        settings.smtp_user,
        settings.smtp_password,
        settings.sender,
    )
    return lambda: Mail(account)


def _slack(settings: Settings) -> Opening | None:
    from ticketops.channels.chat import Chat

    if not settings.slack_url:
        return None
    chat = Chat("slack_url", settings.slack_url)
    return lambda: chat


def _whatsapp(settings: Settings) -> Opening | None:
    from ticketops.channels.chat import TO, Chat

    if not settings.whatsapp_url:
        return None
    if TO not in settings.whatsapp_url:
        raise UsageError(
            f"whatsapp_url needs {TO} in place of the phone number",
            "it goes to one person at a time",
        )
    chat = Chat("whatsapp_url", settings.whatsapp_url)
    return lambda: chat

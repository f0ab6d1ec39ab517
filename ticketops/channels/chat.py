"""Slack and WhatsApp by apprise (§10, D30): one request over an encrypted connection. What became of a
letter follows from what happened to that request, which apprise itself does not tell."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from ticketops.channels.letter import Letter, Outcome
from ticketops.channels.mime import one_line
from ticketops.domain.messages.sending import Became
from ticketops.errors import UsageError
from ticketops.model.secrets import Secret
from ticketops.stores.gsheets.address import is_confidential

TO = "{to}"
"""Stands in the address of a service for the recipient: a channel, a member, a phone number."""
_SERVICES = ("slack", "whatsapp", "twilio", "json", "jsons", "https")
_AGAIN = frozenset({408, 425, 429, 503})
"""Answers that say that nothing was taken, and that it may be tried again."""


class Chat:
    """A chat service by its address, which is a secret: no error repeats it."""

    def __init__(self, setting: str, url: Secret) -> None:
        """setting: what the address is called. Raises UsageError for one that can't be."""
        if urlsplit(url).scheme.lower() not in _SERVICES:
            raise UsageError(
                f"{setting} must begin with one of {', '.join(f'{name}://' for name in _SERVICES)}",
                "https://github.com/caronc/apprise/wiki lists the services",
            )
        self._setting, self._url = setting, url

    def deliver(self, letter: Letter, handed: Callable[[], None], seconds: float) -> Outcome:
        """See `Channel`. An address without {to} has one reader, the office: nothing for others goes
        there."""
        if TO not in self._url and not letter.internal:
            said = (
                f"{self._setting} has no {TO} for the recipient, so it is used for the office only"
            )
            return Outcome(Became.REFUSED, said)
        url = self._url.replace(TO, quote(letter.recipient, safe=""))
        plugin = _plugin(url, seconds)
        if plugin is None:
            said = f"{self._setting} and the recipient make no address that apprise understands"
            return Outcome(Became.REFUSED, said)
        _install()
        watch = _Watch(handed)
        done: list[bool] = []

        def notify() -> None:
            _THREAD.watch = watch
            with suppress(Exception):  # what happened to the request, the watch knows
                done.append(bool(plugin.notify(body=letter.text, title=letter.subject)))

        # a service that answers byte by byte would hold us for ever
        thread = threading.Thread(target=notify, daemon=True)
        thread.start()
        thread.join(max(seconds, 0.1))
        watch.abandoned = thread.is_alive()
        if watch.raised is not None:
            raise watch.raised
        if done == [True]:
            return Outcome(Became.SENT, sent_as=self._setting.removesuffix("_url"))
        return watch.outcome()

    def close(self) -> None:
        """Nothing is kept open."""


def _plugin(url: str, seconds: float) -> Any:
    """None for an address that apprise does not understand, or that would not verify who answers."""
    import logging

    from apprise import Apprise, AppriseAsset

    logging.getLogger("apprise").disabled = True  # it would log addresses
    asset = AppriseAsset(secure_logging=True, async_mode=False)
    plugin: Any = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is None or not plugin.verify_certificate:
        return None
    patience = max(0.1, min(seconds, 30.0))
    plugin.socket_connect_timeout = plugin.socket_read_timeout = patience
    return plugin


class _Watch:
    """What happens to the requests of one letter. Those that only ask (GET) hand nothing over."""

    def __init__(self, handed: Callable[[], None]) -> None:
        self._handed = handed
        self._begun = self.abandoned = False
        self.raised: BaseException | None = None
        self._ended: list[tuple[Became, str]] = []

    def begins(self, request: Any) -> None:
        """A request is about to be sent. Raises where it may not be."""
        if self.abandoned:
            raise _RefusedError("too late")
        if not is_confidential(str(request.url)):
            said = "its address is not encrypted, and not on this machine"
            self._ended.append((Became.REFUSED, said))
            raise _RefusedError(said)
        if self._begun or request.method == "GET":
            return
        try:
            self._handed()
        except BaseException as error:
            self.raised = error
            raise _RefusedError("not recorded") from error
        self._begun = True

    def answered(self, request: Any, response: Any) -> None:
        """A request was answered."""
        code = response.status_code
        said = f"the service says {code}"
        if 200 <= code < 300:
            why = _refusal(response)
            if why:
                self._ended.append((Became.REFUSED, f"the service says {why}"))
            elif request.method != "GET":
                said = f"{said}, but not that it took the message"
                self._ended.append((Became.UNKNOWN, said))
        elif code in _AGAIN:
            self._ended.append((Became.RETRY, said))
        elif 300 <= code < 500:
            self._ended.append((Became.REFUSED, said))
        else:
            self._ended.append((Became.UNKNOWN, said))

    def broke(self, error: Exception) -> None:
        """A request failed without an answer."""
        if _never_connected(error) or not self._begun:
            self._ended.append((Became.RETRY, "the service can't be reached"))
        else:
            self._ended.append((Became.UNKNOWN, "the service did not answer"))

    def outcome(self) -> Outcome:
        """What is known of a letter that apprise does not call sent: the worst of its requests."""
        if self.abandoned:
            became = Became.UNKNOWN if self._begun else Became.RETRY
            return Outcome(became, "the service does not answer")
        for became in (Became.UNKNOWN, Became.RETRY, Became.REFUSED):
            for found, said in self._ended:
                if found is became:
                    return Outcome(became, said)
        if self._begun:
            return Outcome(Became.UNKNOWN, "the service did not answer")
        return Outcome(Became.REFUSED, "apprise sends nothing to such a recipient")


def _refusal(response: Any) -> str:
    """Why a service that answers with 200 took nothing: as Slack says it, `{"ok": false, …}`."""
    try:
        said = response.json()
    except ValueError:
        return ""
    if not isinstance(said, dict) or said.get("ok") is not False:
        return ""
    return one_line(str(said.get("error") or "no"))[:80]


class _RefusedError(OSError):
    """A request that is not sent."""


_THREAD = threading.local()


@cache
def _install() -> None:
    """Tell the watch of a thread of every request that it makes."""
    from requests import RequestException
    from requests.adapters import HTTPAdapter

    original: Any = HTTPAdapter.send

    def send(adapter: Any, request: Any, **more: Any) -> Any:
        watch: _Watch | None = getattr(_THREAD, "watch", None)
        if watch is None:
            return original(adapter, request, **more)
        watch.begins(request)
        try:
            response = original(adapter, request, **more)
            _ = response.content
        except (RequestException, OSError) as error:
            watch.broke(error)
            raise
        watch.answered(request, response)
        return response

    setattr(HTTPAdapter, "send", send)  # noqa: B010 (mypy takes no assignment to a method)


_BEFORE = frozenset(
    ("ConnectTimeout", "NewConnectionError", "NameResolutionError", "SSLCertVerificationError")
)
"""Errors of requests, of the library below it, and of ssl: there was no connection yet."""


def _never_connected(error: BaseException) -> bool:
    """Whether a request failed before its connection stood."""
    found: list[Any] = [error]
    for one in found:
        if any(kind.__name__ in _BEFORE for kind in type(one).__mro__):
            return True
        if isinstance(one, BaseException) and len(found) < 20:
            found += [*one.args, getattr(one, "reason", None)]
    return False

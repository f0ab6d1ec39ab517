"""E-mail by SMTP (§10, D30): encrypted unless the server is this machine, its certificate verified,
and never a password in clear. What became of a letter follows from how far the conversation came."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.headerregistry import Address
from ipaddress import ip_address

from msgspec import Struct

from ticketops.channels.letter import Letter, Outcome, is_down
from ticketops.channels.mime import POLICY, address_of, mail_of, message_id, one_line
from ticketops.domain.messages.sending import Became
from ticketops.errors import UsageError
from ticketops.model.secrets import Secret

STARTTLS, TLS, NONE = "starttls", "tls", "none"
PORTS = {STARTTLS: 587, TLS: 465, NONE: 25}
CONNECT = 20.0
"""Seconds that a server gets to answer at all."""
ANSWER = 60.0
"""Seconds that it gets for one answer."""
_GOING_AWAY = 421
_DOT = re.compile(rb"^\.", re.MULTILINE)


class Account(Struct, frozen=True):
    """The server that mail goes to, and who we are there."""

    host: str
    port: int
    security: str
    sender: Address
    user: str = ""
    password: Secret = Secret()

    @classmethod
    def of(
        cls,
        host: str,
        port: int,
        security: str,
        sender: str,
        user: str,
        password: Secret,
        name: str,
    ) -> Account:
        """port: 0 for the usual one; sender: its address, "" for ticketops at this machine; name: its
        name. Raises UsageError where letters or a password would be sent in clear."""
        if security == NONE:
            if not is_loopback(host):
                raise UsageError(
                    f"smtp_security can't be none for {host}",
                    "mail is sent in clear only to this machine; set starttls or tls",
                )
            if user:
                raise UsageError(
                    "smtp_user needs smtp_security starttls or tls",
                    "a password is never sent in clear",
                )
        if user and not password:
            raise UsageError(
                f"there is no password for smtp_user {user!r}",
                "set TICKETOPS_SMTP_PASSWORD, or smtp_password in your own configuration",
            )
        try:
            address = (
                address_of(sender, name)
                if sender
                else Address(one_line(name), "ticketops", _own_name())
            )
        except UsageError as error:
            raise UsageError(f"smtp_from: {error.message}") from None
        return cls(host, port or PORTS[security], security, address, user, password)

    @property
    def where(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether a server is this machine."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _own_name() -> str:
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9.-]+", name) else "localhost"


class Mail:
    """A connection to the server, made when the first letter goes out, and again where it broke."""

    def __init__(self, account: Account, *, answer: float = ANSWER) -> None:
        self._account, self._answer = account, answer
        self._smtp: smtplib.SMTP | None = None
        self._fresh = False

    def deliver(self, letter: Letter, handed: Callable[[], None], seconds: float) -> Outcome:
        """See `Channel`. A server that closed an idle connection is connected to again, once."""
        try:
            to = address_of(letter.recipient, letter.recipient_name)
        except UsageError as error:
            return Outcome(Became.REFUSED, error.message)
        mail = mail_of(letter, self._account.sender, to, datetime.now())
        international = not to.addr_spec.isascii()
        policy = POLICY.clone(utf8=True) if international else POLICY
        content = mail.as_bytes(policy=policy)
        for _attempt in range(2):
            try:
                smtp = self._connected(seconds)
            except _DownError as error:
                return is_down(str(error))
            was_fresh, self._fresh = self._fresh, False
            if international and not smtp.has_extn("smtputf8"):
                said = f"{self._account.where} does not deliver to addresses like {to.addr_spec}"
                return Outcome(Became.REFUSED, said)
            outcome = self._send(smtp, to.addr_spec, content, handed, seconds, international)
            if outcome is not None:
                if outcome.became is Became.SENT:
                    sent_as = message_id(letter.key, self._account.sender)
                    return Outcome(Became.SENT, sent_as=sent_as)
                return outcome
            if was_fresh:
                break
        said = f"{self._account.where} closed the connection before the text was handed over"
        return Outcome(Became.RETRY, said)

    def close(self) -> None:
        """Say goodbye."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(OSError, smtplib.SMTPException), _at_most(smtp, 5.0):
                smtp.quit()
            self._drop(smtp)

    def _connected(self, seconds: float) -> smtplib.SMTP:
        """Raises _DownError."""
        if self._smtp is not None:
            return self._smtp
        account = self._account
        patience = max(1.0, min(CONNECT, seconds))
        smtp: smtplib.SMTP | None = None
        try:
            secure = ssl.create_default_context()
            if account.security == TLS:
                smtp = smtplib.SMTP_SSL(
                    timeout=patience, context=secure, local_hostname=_own_name()
                )
            else:
                smtp = smtplib.SMTP(timeout=patience, local_hostname=_own_name())
            smtp._host = account.host  # type: ignore[attr-defined]  # the name on its certificate
            with _at_most(smtp, patience):
                code, text = smtp.connect(account.host, account.port)
            if code != 220:
                raise _DownError(f"{account.where} says {_said(code, text)}")
            with _at_most(smtp, patience):
                self._introduce(smtp, secure)
        except _DownError:
            self._drop(smtp)
            raise
        except ssl.SSLCertVerificationError as error:
            self._drop(smtp)
            why = f"the certificate of {account.where} is not trusted: {error.verify_message}"
            raise _DownError(why) from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._drop(smtp)
            raise _DownError(f"{account.where} can't be reached: {_why(error)}") from None
        if smtp.sock is not None:
            smtp.sock.settimeout(self._answer)
        self._smtp, self._fresh = smtp, True
        return smtp

    def _introduce(self, smtp: smtplib.SMTP, secure: ssl.SSLContext) -> None:
        account = self._account
        smtp.ehlo_or_helo_if_needed()
        if account.security == STARTTLS:
            if not smtp.has_extn("starttls"):
                raise _DownError(
                    f"{account.where} does not offer STARTTLS: nothing is sent in clear"
                )
            code, text = smtp.starttls(context=secure)
            if code != 220:
                raise _DownError(f"{account.where} refuses STARTTLS: {_said(code, text)}")
            smtp.ehlo_or_helo_if_needed()
        if account.user:
            try:
                smtp.login(account.user, str(account.password))
            except smtplib.SMTPAuthenticationError as error:
                said = _said(error.smtp_code, error.smtp_error)
                why = f"{account.where} refuses the login of {account.user}: {said}"
                raise _DownError(why) from None
            except smtplib.SMTPNotSupportedError:
                raise _DownError(f"{account.where} takes no logins") from None

    def _send(
        self,
        smtp: smtplib.SMTP,
        to: str,
        content: bytes,
        handed: Callable[[], None],
        seconds: float,
        international: bool,
    ) -> Outcome | None:
        """None where the connection broke before the text was handed over."""
        options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
        body = _DOT.sub(b"..", content)
        if not body.endswith(b"\r\n"):
            body += b"\r\n"
        try:
            with _at_most(smtp, seconds):
                code, text = smtp.mail(self._account.sender.addr_spec, options)
                if 200 <= code < 300:
                    code, text = smtp.rcpt(to)
                if not 200 <= code < 300:
                    return self._refused(smtp, code, text)
                code, text = smtp.docmd("DATA")
                if code != 354:
                    return self._refused(smtp, code, text)
                smtp.send(body)
                if _has_hung_up(smtp):
                    raise smtplib.SMTPServerDisconnected
        except (OSError, smtplib.SMTPException, ValueError):
            self._drop(smtp)
            return None
        try:
            handed()
        except BaseException:
            self._drop(smtp)  # without its end, no server takes it
            raise
        try:
            with _at_most(smtp, max(seconds, 1.0)):
                smtp.send(b".\r\n")
                code, text = smtp.getreply()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._drop(smtp)
            said = f"{self._account.where} took the text and did not answer: {_why(error)}"
            return Outcome(Became.UNKNOWN, said)
        if 200 <= code < 300:
            return Outcome(Became.SENT)
        return self._refused(smtp, code, text, after=True)

    def _refused(
        self, smtp: smtplib.SMTP, code: int, text: bytes, *, after: bool = False
    ) -> Outcome:
        """What a code other than yes means; the connection is ready for the next letter, or gone."""
        said = f"{self._account.where} says {_said(code, text)}"
        if code == _GOING_AWAY or not 400 <= code < 600:
            self._drop(smtp)
        else:
            try:
                with _at_most(smtp, 10.0):
                    smtp.rset()
            except (OSError, smtplib.SMTPException, ValueError):
                self._drop(smtp)
        if 400 <= code < 500:
            return Outcome(Became.RETRY, said)
        if 500 <= code < 600:
            return Outcome(Became.REFUSED, said)
        return Outcome(Became.UNKNOWN if after else Became.RETRY, said)

    def _drop(self, smtp: smtplib.SMTP | None) -> None:
        if self._smtp is smtp:
            self._smtp = None
        if smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                smtp.close()


class _DownError(Exception):
    """Why the server takes nothing."""


def _has_hung_up(smtp: smtplib.SMTP) -> bool:
    """Whether the server ended the connection, or spoke, when it should listen. Without the end of the
    text, it took nothing."""
    if smtp.sock is None:
        return True
    patience = smtp.sock.gettimeout()
    try:
        smtp.sock.setblocking(False)
        smtp.sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        smtp.sock.settimeout(patience)
    return True


@contextmanager
def _at_most(smtp: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Ends the connection after so many seconds, also where a server answers byte by byte."""

    def end() -> None:
        if smtp.sock is not None:
            with suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(seconds, 0.1), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _said(code: int, text: bytes | str) -> str:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {plain}")


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    if isinstance(error, OSError) and error.strerror:
        return one_line(error.strerror)
    return one_line(str(error)) or type(error).__name__

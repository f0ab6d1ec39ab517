"""A mail server for tests, over real sockets: it takes mail, refuses it, or breaks off where a test
says so."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import defaultdict, deque
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

HANG_UP = "hang up"
"""In place of an answer: the connection ends."""
SILENCE = "silence"
"""In place of an answer: none comes."""


class _Smtp(SMTP):
    """Asks the post before the text is taken."""

    post: Post

    async def smtp_DATA(self, arg: str) -> None:
        said = self.post.next("DATA")
        if said in (HANG_UP, "half"):
            await self.push("354 Go on")
            if said == "half":
                await self._reader.readline()
            self.transport.abort()
            return
        if said:
            await self.push(said)
            return
        await super().smtp_DATA(arg)


class Post:
    """script: what the server says at which step (CONNECT, MAIL, RCPT, DATA before the text, END after
    it), first come, first served; else all is well."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        login: str = "",
    ) -> None:
        self.script: dict[str, deque[str]] = defaultdict(deque)
        self.taken: list[EmailMessage] = []
        self.clear_passwords: list[str] = []
        self._login = login
        post = self

        class Controlled(Controller):
            def factory(self) -> SMTP:
                more: dict[str, Any] = {}
                if login:
                    more = {"authenticator": post.authenticate, "auth_required": tls is None}
                smtp = _Smtp(
                    post,
                    hostname="post.example",
                    enable_SMTPUTF8=True,
                    tls_context=starttls,
                    auth_require_tls=tls is None,
                    data_size_limit=0,
                    **more,
                )
                smtp.post = post
                return smtp

        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._controller = Controlled(
            self, hostname="127.0.0.1", port=self.port, ssl_context=tls, ready_timeout=20
        )

    def __enter__(self) -> Post:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.taken]

    @property
    def readers(self) -> list[str]:
        return [str(mail["To"]) for mail in self.taken]

    def say(self, step: str, *answers: str) -> None:
        self.script[step] += answers

    def next(self, step: str) -> str:
        return self.script[step].popleft() if self.script[step] else ""

    def authenticate(
        self, _server: Any, _session: Any, _env: Any, _how: str, data: Any
    ) -> AuthResult:
        said = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=said == self._login, handled=False)

    async def handle_EHLO(
        self,
        _server: Any,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await self._answer(server, "MAIL")
        if said:
            return said
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await self._answer(server, "RCPT")
        if said:
            return said
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        said = self.next("END")
        if said.startswith(("4", "5")):
            return said
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append(message_from_bytes(content, policy=policy.SMTP))  # type: ignore[arg-type]
        if said == HANG_UP:
            server.transport.abort()
        if said == SILENCE:
            await asyncio.sleep(60)
        return "250 taken"

    async def _answer(self, server: SMTP, step: str) -> str:
        said = self.next(step)
        if said == HANG_UP:
            server.transport.abort()
            return "421 gone"
        if said == SILENCE:
            await asyncio.sleep(60)
        return said

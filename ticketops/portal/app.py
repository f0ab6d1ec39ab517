"""The portal as an ASGI application: which page answers, who may ask, and what goes wrong without
telling anything."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ticketops.config import Settings
from ticketops.errors import BusyError, RuleError, TicketopsError, UnusableError
from ticketops.portal import client_pages, opening, staff_pages, supplier_pages
from ticketops.portal.asking import SMALL_BODY, Ask, NotReady, Page, Portal
from ticketops.portal.house import House
from ticketops.portal.left import LEFT_FILE, Left
from ticketops.portal.limits import Limits, counted
from ticketops.portal.security import HEADERS, HTTPS_ONLY, Doors, Site, Visit
from ticketops.portal.static import asset
from ticketops.portal.views import Views
from ticketops.services.signing import Key

LOG = logging.getLogger("ticketops.portal")
PAGES: tuple[Page, ...] = (
    *opening.PAGES,
    *client_pages.PAGES,
    *supplier_pages.PAGES,
    *staff_pages.PAGES,
)
BODY_SECONDS, SEND_SECONDS = 30.0, 30.0
"""How long a body may take to come, and a piece of an answer to go."""
MOST_FIELDS, LONGEST_FIELD = 6000, 1 << 21
"""Of one form."""
MOST_WRITERS = 50
"""Forms that are worked on at once; the others wait."""
MOST_READERS = 6
"""Pages that are made at once: more would only take turns at the processor, and whoever writes with them."""
_LONGEST_QUERY = 4000
_NAME = re.compile(r"\{(\w+)\}")
_NO_FORM = FormData()
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"))
"""What the log repeats."""


class TooLarge(Exception):
    """A body is larger than its page takes."""


class TooSlow(Exception):
    """A body, or whoever reads an answer, takes too long."""


class Routes:
    """Which page answers a method and a path, for each kind of party."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._made: list[tuple[re.Pattern[str], dict[tuple[str, str], Page]]] = []
        by_path: dict[str, dict[tuple[str, str], Page]] = {}
        for page in pages:
            for kind in page.kinds or ("",):
                taken = by_path.setdefault(page.path, {})
                assert (page.method, kind) not in taken, (page.path, page.method, kind)
                taken[page.method, kind] = page
        for path, answers in by_path.items():
            pattern = _NAME.sub(
                r"(?P<\1>[^/]+)", re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
            )
            self._made.append((re.compile(pattern), answers))

    def found(self, path: str) -> tuple[Mapping[tuple[str, str], Page], dict[str, str]] | None:
        """{(method, kind): page} of a path, and what stands in it."""
        for pattern, answers in self._made:
            if (match := pattern.fullmatch(path)) is not None:
                return answers, match.groupdict()
        return None

    @property
    def pages(self) -> list[Page]:
        """Every page, once."""
        return list(dict.fromkeys(page for _p, answers in self._made for page in answers.values()))


class PortalApp:
    """The application. Every request passes here."""

    def __init__(self, portal: Portal, pages: Iterable[Page] = PAGES) -> None:
        self.portal, self.routes = portal, Routes(pages)
        self.answered = self.failed = 0
        self._writers, self._readers = CapacityLimiter(MOST_WRITERS), CapacityLimiter(MOST_READERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = Request(scope, receive)
        where = _Where(
            Ask(
                self.portal,
                None,
                request.query_params,
                _NO_FORM,
                {},
                _address(request),
                request.headers,
            )
        )
        try:
            answer = await self._answer(request, where)
        except ClientDisconnect:
            return
        except Exception as error:
            answer = self._failed(error, where)
        if not where.ask.form and _has_body(request):
            _closing(answer)
        site = self.portal.site
        for name, value in {**HEADERS, **(HTTPS_ONLY if site.is_secure else {})}.items():
            answer.headers.setdefault(name, value)
        if request.method == "HEAD":
            answer.body = b""
        self.answered += 1
        self.failed += answer.status_code == 500
        seconds = time.perf_counter() - started
        LOG.info(
            "%s %s %d %.0f ms %s",
            request.method if request.method in _METHODS else "?",
            where.pattern,
            answer.status_code,
            seconds * 1000,
            where.visit.token.token_id if where.visit else "-",
        )
        await answer(scope, receive, _timed(send))

    async def _answer(self, request: Request, where: _Where) -> Response:
        """What is answered. where: learns which page it is and who asks, for the log."""
        portal, headers = self.portal, request.headers
        if not portal.site.is_host(headers.get("host", "")) or len(headers.getlist("host")) != 1:
            return where.ask.message("request", 400)
        if len(request.scope.get("query_string", b"")) > _LONGEST_QUERY:
            return where.ask.message("large", 414)
        if wait := portal.limits.asking.wait(where.ask.address):
            return opening.too_often(where.ask, wait)
        path = _inside(request.scope["path"], portal.site.prefix)
        if path.startswith("/static/"):
            where.pattern = "/static/"
            found = asset(path.removeprefix("/static/"), headers.get("if-none-match", ""))
            ok = request.method in ("GET", "HEAD") and found is not None
            return found if ok and found is not None else where.ask.message("not_found", 404)
        route = self.routes.found(path)
        if route is None:
            return where.ask.message("not_found", 404)
        answers, groups = route
        where.pattern = next(iter(answers.values())).path
        method = "GET" if request.method == "HEAD" else request.method
        if method not in {known for known, _kind in answers}:
            refused = where.ask.message("not_found", 405)
            refused.headers["Allow"] = ", ".join(sorted({known for known, _kind in answers}))
            return refused
        return await self._asked(request, where, answers, groups, method)

    async def _asked(
        self,
        request: Request,
        where: _Where,
        answers: Mapping[tuple[str, str], Page],
        groups: dict[str, str],
        method: str,
    ) -> Response:
        """The answer of a page that there is, if the one who asks may see it."""
        portal, visit = self.portal, None
        page = answers.get((method, ""))
        if page is None:
            visit = where.visit = await to_thread.run_sync(
                self._visit, request, limiter=self._readers
            )
            page = answers.get((method, visit.kind)) if visit else None
            if visit is not None and page is None:
                return where.ask.message("not_found", 404)
        if visit is not None and page is not None:
            bucket = portal.limits.saving if page.saves else portal.limits.reading
            if wait := bucket.wait(visit.token.token_id):
                return opening.too_often(where.ask, wait)
        form = _NO_FORM
        if method == "POST":
            if not portal.site.sent_by_us(request.headers):
                return where.ask.message("form", 403)
            if page is not None or self._claimed(request):
                form = await _form(request, page.most if page else SMALL_BODY)
        ask = where.ask = Ask(
            portal, visit, request.query_params, form, groups, where.ask.address, request.headers
        )
        try:
            if page is None:  # whoever was inside when they began to type reads it once more
                return ask.message("out", 403)
            if method == "POST" and visit is not None:
                said = form.get("csrf")
                if not isinstance(said, str) or not portal.doors.is_own_form(visit, said):
                    return ask.message("form", 403)
            if method == "POST":  # those who wait to write leave room for those who read
                return await to_thread.run_sync(page.handler, ask, limiter=self._writers)
            return await to_thread.run_sync(page.handler, ask, limiter=self._readers)
        finally:
            await form.close()

    def _visit(self, request: Request) -> Visit | None:
        """Who is inside, by the cookie; their link is looked up every time."""
        claimed = self._claimed(request)
        token = self.portal.house.link(claimed) if claimed else None
        return self.portal.doors.visit(self._cookie(request), token, time.time())

    def _claimed(self, request: Request) -> str:
        """The TokenID that the cookie names; nothing is proved yet."""
        return self.portal.doors.claimed(self._cookie(request))

    def _cookie(self, request: Request) -> str:
        return request.cookies.get(self.portal.site.cookie, "")

    def _failed(self, error: Exception, where: _Where) -> Response:
        """What is said of an error: nothing of what it is about. The log says where it was raised, not
        what of."""
        ask = where.ask
        match error:
            case TooLarge():
                return _closing(ask.message("large", 413))
            case TooSlow():
                return _closing(ask.message("request", 408))
            case HTTPException() | MultiPartException() | UnicodeError():
                return _closing(ask.message("request", 400))
            case NotReady():
                return ask.message("doubt", 409)
            case BusyError():
                LOG.warning("%s: %s", where.pattern, type(error).__name__)
                answer = ask.message("busy", 503)
                answer.headers["Retry-After"] = "2"
                return answer
            case RuleError():
                LOG.warning("%s: %s", where.pattern, type(error).__name__)
                return ask.message("closed", 409)
        steps = [step for step in traceback.extract_tb(error.__traceback__) if step.name]
        raised = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in steps[::-1][:12])
        level = logging.WARNING if isinstance(error, TicketopsError) else logging.ERROR
        LOG.log(level, "%s: %s at %s", where.pattern, type(error).__name__, raised)
        return ask.message("failed", 500)


class _Where:
    """What the log says of a request, as far as it is known."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.pattern = "-"
        self.visit: Visit | None = None


def _inside(path: str, prefix: str) -> str:
    """A path below the prefix, whether the proxy in front left that on or took it off."""
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        return path[len(prefix) :] or "/"
    return path


def _address(request: Request) -> str:
    return counted(request.client.host) if request.client else "-"


def _has_body(request: Request) -> bool:
    headers = request.headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _closing(answer: Response) -> Response:
    """The rest of a body that is not read is not waited for."""
    answer.headers["Connection"] = "close"
    return answer


async def _form(request: Request, most: int) -> FormData:
    """The form of a request. Raises TooLarge, TooSlow, MultiPartException, HTTPException."""
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal() and len(length) < 16):
        raise HTTPException(400)
    if int(length) > most:
        raise TooLarge
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise HTTPException(415)
    bounded = Request(request.scope, _bounded(request.receive, most))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await bounded.form(
                max_files=20, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD
            )
    except TimeoutError:
        raise TooSlow from None


def _bounded(receive: Receive, most: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise TooLarge
        return message

    return counted


def _timed(send: Send) -> Send:
    """Whoever does not read what is sent is let go."""

    async def timed(message: Message) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await send(message)

    return timed


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def portal_of(
    settings: Settings, workbook: Path | str, base: str, *, limits: Limits | None = None
) -> Portal:
    """What the portal of a workbook consists of. base: its address, as `services.portal.base_url` gives
    it. Raises UnusableError where its files can't be used."""
    key = Key.of(settings.state)
    given_up = settings.state / LEFT_FILE
    try:
        left = Left(given_up, time.time())
    except OSError as error:
        raise UnusableError(f"{given_up} can't be used: {error.strerror or error}") from None
    return Portal(
        House(settings, workbook), Site.of(base), key, Doors(key, left), limits or Limits(), Views()
    )


def app_of(
    settings: Settings, workbook: Path | str, base: str, *, limits: Limits | None = None
) -> PortalApp:
    """The portal of a workbook, to be served: see `portal_of`."""
    return PortalApp(portal_of(settings, workbook, base, limits=limits))

"""Browsers at the portal, without a network: who has a link comes in, and asks for pages."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
from msgspec.structs import replace
from starlette.testclient import TestClient

from ticketops.config import Settings
from ticketops.domain.portal.results import Invited
from ticketops.engine.transaction import carry_out, run_of
from ticketops.portal.app import PortalApp, portal_of
from ticketops.portal.limits import Limits, Rate
from ticketops.services import portal as services

BASE = "https://portal.example"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
GENEROUS = Rate(10**9, 10**9)


def without_limits() -> Limits:
    """As many requests as a test likes."""
    return Limits(
        opening=GENEROUS, entering=GENEROUS, asking=GENEROUS, reading=GENEROUS, saving=GENEROUS
    )


class Portals:
    """The portal of a workbook, and browsers that visit it."""

    def __init__(self, settings: Settings, base: str = BASE, limits: Limits | None = None) -> None:
        assert settings.workbook is not None
        self.settings, self.base = settings, base
        self.book: Any = settings.workbook
        self.portal = portal_of(
            settings, settings.workbook, base, limits=limits or without_limits()
        )
        self.app = PortalApp(self.portal)

    def do(self, job: Any, **said: Any) -> Any:
        """The office does something in the workbook; the Done."""
        from ticketops.engine.opening import open_store

        settings = replace(self.settings, **said)
        return carry_out(open_store(self.book, settings), job, run_of(settings))

    def invite(self, kind: str, name: str, days: int | None = None) -> Invited:
        """A link for a party."""
        job = services.invite(self.settings, kind, name, days, self.base)
        made: Invited = self.do(job).plan.result
        return made

    def browser(self) -> Browser:
        """A browser without cookies."""
        return Browser(self.app, self.base)

    def inside(self, kind: str, name: str) -> Browser:
        """A browser of a party, who came in by a link of their own."""
        browser = self.browser()
        browser.enter(self.invite(kind, name).link or "")
        return browser


class Browser(TestClient):
    """A browser: it keeps cookies, and does not follow where it is sent unless it is asked to."""

    def __init__(self, app: Any, base: str) -> None:
        super().__init__(app, base_url=base, raise_server_exceptions=True, follow_redirects=False)

    def enter(self, link: str) -> httpx.Response:
        """Open a link and press its button."""
        shown = self.get(link)
        assert shown.status_code == 200, shown.text
        answer = self.press(shown, "/i/open")
        assert answer.status_code == 303, answer.text
        return answer

    def press(
        self, page: httpx.Response, path: str, files: Any = None, **fields: Any
    ) -> httpx.Response:
        """Send a form of a page: its hidden fields, and what is typed."""
        found = HIDDEN.findall(form_of(page.text, path))
        hidden = {name: html.unescape(value) for name, value in found}
        return self.post(
            path,
            data=hidden | fields,
            files=files,
            headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        )


def form_of(html: str, path: str) -> str:
    """The form of a page that is sent to a path."""
    for form in re.findall(r"<form.*?</form>", html, re.DOTALL):
        if f'action="{path}"' in form:
            return str(form)
    raise AssertionError(f"no form to {path}")


def told(page: Any) -> str:
    """What a page says was saved, without markup."""
    found = re.search(r'<div class="notice is-.*?</div>', page.text, re.DOTALL)
    plain = re.sub("<form.*?</form>", "", found[0], flags=re.DOTALL) if found else ""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", plain)).split())

"""A request as pages get it: who asks, what they sent, and how they are answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ticketops.model.results import plain
from ticketops.portal.house import House, Reading
from ticketops.portal.limits import Limits
from ticketops.portal.security import NOT_KEPT, Doors, Site, Visit
from ticketops.portal.told import Told
from ticketops.portal.views import Views
from ticketops.portal.words import LANGUAGES, Words, preferred, words_of
from ticketops.schema.book_layouts import Book
from ticketops.services.signing import Key

SMALL_BODY = 2 << 20
"""Bytes that a form may have where a page says nothing else."""
_TYPED = re.compile(r"r\d+\.(?!pick$)[a-z_]+|bulk_notes|paste_text|text")
"""The fields of forms that people type into."""
_MOST_TYPED = 500


class Portal(Struct, frozen=True):
    """What all requests share."""

    house: House
    site: Site
    key: Key
    doors: Doors
    limits: Limits
    views: Views
    told: Told = field(default_factory=Told)


class Ask(Struct, frozen=True):
    """One request. visit: who asks; None for pages that need nobody. path: what stands in the path in
    place of `{names}`."""

    portal: Portal
    visit: Visit | None
    query: QueryParams
    form: FormData
    path: Mapping[str, Any]
    address: str
    headers: Mapping[str, str]

    @property
    def house(self) -> House:
        return self.portal.house

    @property
    def words(self) -> Words:
        """The texts in the language of the reader."""
        return words_of(preferred(self._chosen(), self.headers.get("accept-language", "")))

    def _chosen(self) -> str:
        """The language that the reader chose in this browser."""
        name = self.portal.site.language_cookie
        pairs = (one.strip().split("=", 1) for one in self.headers.get("cookie", "").split(";"))
        return next((pair[1] for pair in pairs if pair[0] == name and len(pair) == 2), "")

    @property
    def who(self) -> Visit:
        """Who asks, on a page for those inside."""
        if self.visit is None:
            raise LookupError("a page for those inside was asked for without a visit")
        return self.visit

    def reading(self) -> Reading:
        """The workbook as it is now."""
        return self.house.reading()

    def book(self) -> Book:
        """What the one who asks may see. Raises NotReady where nobody knows yet what that is."""
        found = self.reading().book(self.who.kind, self.who.party)
        if found is None:
            raise NotReady
        return found

    def said(self, name: str) -> str:
        """A text of the form; "" where it has none, or a file in its place."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""

    def upload(self, name: str) -> UploadFile | None:
        """A file of the form."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) else None

    def url(self, path: str) -> str:
        """A path of the portal as links name it."""
        return self.portal.site.url(path)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page made of a template. Nobody keeps it."""
        html = self.portal.views.render(template, **self._shared(), **values)
        return HTMLResponse(html, status, headers=dict(NOT_KEPT))

    def _shared(self) -> dict[str, Any]:
        """What every template may use."""
        settings = self.house.settings
        return {
            "w": self.words,
            "url": self.url,
            "languages": LANGUAGES,
            "visit": self.visit,
            "csrf": self.visit.csrf if self.visit else "",
            "sender": settings.sender,
            "contact": settings.contact,
            "plain": plain,
        }

    def message(self, name: str, status: int, **values: Any) -> Response:
        """A page that says one thing: the texts `error.NAME_title` and `error.NAME`. What was typed into
        the form that it answers is shown, to be copied: nothing of that was saved."""
        return self.page(
            "message.html",
            status,
            title=self.words(f"error.{name}_title"),
            text=self.words(f"error.{name}", **values),
            typed=self.typed(),
        )

    def typed(self) -> list[str]:
        """The texts that somebody typed into the form, each once."""
        texts = [
            value
            for name, value in self.form.multi_items()
            if isinstance(value, str) and value.strip() and _TYPED.fullmatch(name)
        ]
        return list(dict.fromkeys(texts))[:_MOST_TYPED]

    def see(self, path: str) -> Response:
        """Post/Redirect/Get: the browser asks for a page of ours, written as in `url`. Our script, which
        sends forms so that a lost connection loses nothing that is typed, is told where to go."""
        if self.headers.get("x-portal") == "script":
            return JSONResponse({"see": self.url(path)}, headers=dict(NOT_KEPT))
        return RedirectResponse(self.url(path), 303, headers=dict(NOT_KEPT))


class NotReady(Exception):
    """Nobody knows yet which tickets are a client's (D27)."""


Handler = Callable[[Ask], Response]


class Page(Struct, frozen=True):
    """A page, and for whom. kinds: of parties that see it; none: it needs nobody inside. A POST needs
    the token of the form. saves: whether it counts as saving. most: bytes of its body."""

    path: str
    handler: Handler
    kinds: tuple[str, ...] = ()
    method: str = "GET"
    saves: bool = False
    most: int = SMALL_BODY


def moment(value: datetime | None) -> str:
    """A moment as pages write it."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M}"

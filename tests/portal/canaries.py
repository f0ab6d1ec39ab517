"""Names that a party must not read, planted in a workbook, and everywhere that one could: every page,
header, cookie, line of the log, error and download (§7, §8, §9; D10). Whoever adds a page says in
`VISITED` how it is asked for, and in `POSTED` what is sent to a form; a page that stands in neither fails
its test.
"""

from __future__ import annotations

import html
import io
import logging
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote_plus

import httpx

from tests.cli.dispatching import ANA, BEN
from ticketops.portal.app import LOG

VISITED: dict[str, tuple[str, ...]] = {
    "/language/{language}": ("/language/{own}", "/language/en"),
    "/": ("/", "/?page=1", "/?page=999999", "/?page=-1"),
    "/i/{secret}": ("/i/x",),
    "/units": ("/units", "/units?match=M01&sold=no&sort=-seat&done=x", "/units?q=bee&size=200"),
    "/task/{task}": ("/task/{own}", "/task/{own}?done=x"),
    "/task/{task}/proof": ("/task/{own}/proof",),
    "/ticket/{key}": ("/ticket/{own}",),
    "/accept": ("/accept", "/accept?match=M02"),
}
"""{path of a page that is read: how it is asked for}. `{own}` is a ticket of the party's own, `{theirs}` one
of another's."""
POSTED: dict[str, Mapping[str, str]] = {
    "/i/open": {"secret": "x"},
    "/out": {},
    "/": {"do": "bulk", "of": "all", "bulk_status": "PENDING"},
    "/units": {"do": "bulk", "of": "all", "bulk_status": "PENDING", "r0.delivery": "NEVER"},
    "/task/{task}": {"do": "save", "r0.dispatched_at": "never"},
    "/task/{task}/password": {},
    "/save": {"do": "save", "r0.first_name": "Ida", "r0.client_email": "x", "r1.delivery": "SENT"},
    "/issue": {"what": "swap", "text": "nearer", "at": "S4-1"},
    "/accept": {"view": "match=M01"},
    "/undo": {"view": ""},
    "/views": {"name": "Mine", "view": "holder=x"},
    "/download": {"view": ""},
}
"""{path of a form: what is sent, besides its token}."""

SECRETS: dict[str, tuple[str, ...]] = {
    # what nobody reads who is no member of the office
    "*": ("olga", "kanary-password", "kanary-login"),
    "client": ("bolt", "bee seats", "ann tickets", "zed-guest", ANA, BEN),
    "supplier": ("acme", "bolt", "ann tickets", ANA, BEN),
    "staff": (BEN,),
}
"""{kind of party: what it must not read anywhere}, for Acme, BEE and Ana."""


def folded(text: str) -> str:
    """A text as a reader sees it: markup's and addresses' escapes undone, without case and accents."""
    plain = unicodedata.normalize("NFKD", html.unescape(unquote_plus(text)))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def texts_of(answer: httpx.Response) -> Iterator[str]:
    """Everything that an answer says: its line, headers, body, and what is in a file that it is."""
    yield str(answer.status_code) + " " + answer.reason_phrase
    for name, value in answer.headers.multi_items():
        yield f"{name}: {value}"
    if answer.content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            for member in archive.namelist():
                yield member
                yield archive.read(member).decode("utf-8", "replace")
    else:
        yield answer.content.decode("utf-8", "replace")


def found_in(answer: httpx.Response, kind: str) -> list[str]:
    """What of SECRETS an answer to a party says."""
    said = folded("\n".join(texts_of(answer)))
    return [one for one in (*SECRETS["*"], *SECRETS[kind]) if folded(one) in said]


class Lines(logging.Handler):
    """The lines of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


@contextmanager
def logged() -> Iterator[list[str]]:
    """The lines of the portal's log meanwhile."""
    handler, level = Lines(), LOG.level
    LOG.addHandler(handler)
    LOG.setLevel(logging.DEBUG)
    try:
        yield handler.said
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(level)


TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
"""What a link, a cookie or a form holds that nobody may read in a log."""

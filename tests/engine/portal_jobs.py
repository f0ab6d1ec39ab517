"""The jobs of the portal, for `test_jobs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.desk import Desk
from ticketops.config import Settings
from ticketops.domain.dispatch import clients
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.portal import form
from ticketops.engine.job import Job
from ticketops.services import dispatch, portal, portal_pages, portal_staff

BASE = "https://portal.example"
GROUP = "meridian travel"
_SECRETS: dict[int, str] = {}
"""{desk: the secret of its link PT00003}"""


def _invite(client: str = "Meridian Travel", **more: Any) -> Job:
    return portal.invite(Settings(), "client", client, 14, BASE, **more)


def _open(store: Any, *_: Any) -> Job:
    """The last link that was made in these tests."""
    return portal.open_link(_SECRETS.get(0, ""))


def _save(store: Any, *_: Any) -> Job:
    """A comment on the first ticket of Meridian Travel that has a seat."""
    state = State.of(store.read(*SHEETS))
    book = clients.book(state, GROUP, clients.tickets_of(state, GROUP))
    rows = [row for row in book.rows if row.open]
    page = form.page_for("client", GROUP, "PT00003", "PT00003-x", rows[:1])
    return portal_pages.save(Settings(), page, {0: {"comment": "aisle"}})


EVERY: dict[str, tuple[str, Callable[..., Job]]] = {
    "portal.invite": ("operator", lambda *_: _invite()),
    "portal.list": ("operator", lambda *_: portal.list_links(everything=True)),
    "portal.revoke": ("operator", lambda *_: portal.revoke("PT1")),
    "portal.extend": ("operator", lambda *_: portal.extend("PT2", 30)),
    "portal.open": ("operator", _open),
    "portal.reveal": (
        "operator",
        lambda _b, _o, settings: portal_staff.reveal(settings, "T00001", token_id="PT00004"),
    ),
    "staff.proof": ("staff", lambda *_: portal_staff.proof("T00001")),
    "portal.save": ("operator", _save),
    "portal.view": (
        "operator",
        lambda *_: portal_pages.keep_view("PT00003", "Mine", Filters(match=("M01",))),
    ),
    "portal.download": (
        "operator",
        lambda *_: portal_pages.download(Settings(), "PT00003", Filters()),
    ),
    "portal.read": ("operator", lambda *_: portal.reading()),
}
"""{job: (its least role, how it is made)}."""


def prepare(desk: Desk) -> None:
    """Meridian Travel has three links, and a member of staff with a task one."""
    for _ in range(3):
        job = _invite(handed=lambda made: _SECRETS.update({0: made.link.rpartition("/")[2]}))
        desk.do(job)
    tasks = desk.rows("_STAFF_QUEUE", "row", "assigned_to")
    desk.set("_STAFF_QUEUE", tasks[0][0], "assigned_to", f"{tasks[0][1]}, ana@staff.example.com")
    desk.do(dispatch.staff_mark(["T00001"], "PENDING", proof="https://p.example.com/1"))
    desk.do(portal.invite(Settings(), "staff", "ana@staff.example.com", 90, BASE))

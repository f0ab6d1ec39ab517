"""Coming in and leaving: a link shows a button, since scanners of mail open links; the button trades it
for a cookie."""

from __future__ import annotations

import logging
import time

from starlette.responses import Response

from ticketops.portal.asking import Ask, Page
from ticketops.portal.security import SESSION_SECONDS
from ticketops.portal.words import LANGUAGES
from ticketops.services import portal

LANGUAGE_SECONDS = 365 * 24 * 3600
"""For how long a browser keeps the language that its reader chose."""
LOG = logging.getLogger("ticketops.portal")


def show(ask: Ask) -> Response:
    """The page of a link: the same one whatever stands in the address, of which nothing is looked up."""
    return ask.page(
        "open.html", secret=ask.path["secret"][: portal.LONGEST_SECRET + 1], failed=False
    )


def enter(ask: Ask) -> Response:
    """The button: whoever has the secret of a link that stands comes in; every other one gets the same
    answer."""
    portal_ = ask.portal
    wait = portal_.limits.opening.wait(ask.address)
    if wait:
        return too_often(ask, wait)
    secret = ask.said("secret")
    token = None
    if (link := ask.house.opened_by(secret)) is not None:
        if wait := portal_.limits.entering.wait(link.token_id):
            return too_often(ask, wait)
        token = ask.house.carry_out(portal.open_link(secret)).plan.result
    if token is None:
        return ask.page("open.html", 403, secret="", failed=True)
    answer = ask.see("/")
    answer.set_cookie(
        portal_.site.cookie,
        portal_.doors.admit(token, time.time()),
        max_age=SESSION_SECONDS,
        path="/",
        secure=portal_.site.is_secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def leave(ask: Ask) -> Response:
    """The cookie no longer lets anybody in, and is gone from this browser."""
    try:
        ask.portal.doors.leave(ask.who)
    except OSError as error:
        LOG.warning("a cookie that was given up can't be written down: %s", error.strerror)
    answer = ask.message("left", 200)
    answer.delete_cookie(
        ask.portal.site.cookie, path="/", secure=ask.portal.site.is_secure, httponly=True
    )
    return answer


def speak(ask: Ask) -> Response:
    """Pages in this browser are in another language from now on."""
    code = ask.path["language"]
    if code not in LANGUAGES:
        return ask.message("not_found", 404)
    site, answer = ask.portal.site, ask.see("/")
    answer.set_cookie(
        site.language_cookie,
        code,
        max_age=LANGUAGE_SECONDS,
        path="/",
        secure=site.is_secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def too_often(ask: Ask, wait: float) -> Response:
    """Somebody asks too often; in how many seconds they may ask again."""
    seconds = int(wait) + 1
    answer = ask.message("often", 429, seconds=seconds)
    answer.headers["Retry-After"] = str(seconds)
    return answer


EVERYBODY = ("client", "supplier", "staff")
PAGES = (
    Page("/i/open", enter, method="POST"),
    Page("/i/{secret}", show),
    Page("/language/{language}", speak, EVERYBODY),
    Page("/out", leave, EVERYBODY, "POST"),
)

"""Links to the portal: who they let in, and until when (§7, §8, §9)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.dispatching import ANA, rows_of
from tests.portal.visiting import Portals
from ticketops.portal.left import LEFT_FILE, Left
from ticketops.services import portal as services

EVERYBODY = (("client", "Acme Ltd"), ("supplier", "BEE"), ("staff", ANA))


@pytest.mark.parametrize(("kind", "name"), EVERYBODY)
def test_a_link_shows_a_button_and_the_button_lets_in(
    portal: Portals, kind: str, name: str
) -> None:
    browser = portal.browser()
    link = portal.invite(kind, name).link
    before = portal.book.read_bytes()
    assert "Open" in browser.get(link).text
    assert portal.book.read_bytes() == before
    assert browser.get("/").status_code == 403
    browser.enter(link)
    page = browser.get("/")
    assert page.status_code == 200
    assert f"<bdi>{portal.invite(kind, name).token.title}</bdi>" in page.text
    assert [row["Action"] for row in rows_of(portal.book, "_PORTAL_LOG")] == [
        "INVITED",
        "OPENED",
        "INVITED",
    ]


def test_a_revoked_link_ends_the_visit_at_once(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    assert browser.get("/").status_code == 200
    portal.do(services.revoke("PT1"))
    assert browser.get("/").status_code == 403


def test_a_cookie_that_was_given_up_stays_so_when_the_portal_is_started_again(
    portal: Portals,
) -> None:
    browser, other = portal.inside("client", "Acme Ltd"), portal.inside("client", "Acme Ltd")
    name = portal.portal.site.cookie
    kept = {one: str(one.cookies[name]) for one in (browser, other)}
    browser.press(browser.get("/"), "/out")
    again = Portals(portal.settings)
    for one, code in ((browser, 403), (other, 200)):
        copy = again.browser()
        copy.cookies.set(name, kept[one])
        assert copy.get("/").status_code == code
    listed = (portal.settings.state / LEFT_FILE).read_text().splitlines()
    assert len(listed) == 1
    assert kept[browser] not in listed[0]


def test_a_list_of_cookies_that_were_given_up_is_swept_when_they_are_over(tmp_path: Path) -> None:
    path = tmp_path / LEFT_FILE
    left = Left(path, 1000)
    left.add("early", 1500)
    left.add("late", 3000)
    path.write_text(path.read_text() + "nonsense\n")
    again = Left(path, 2000)
    assert ("early" in again, "late" in again, "other" in again) == (False, True, False)
    assert len(path.read_text().splitlines()) == 1
    assert path.stat().st_mode & 0o077 == 0


def test_what_was_typed_on_a_page_of_an_ended_visit_can_be_copied(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    page = browser.get("/")
    portal.do(services.revoke("PT1"))
    fields = {"do": "save", "r0.first_name": "Zoë <b>", "r1.first_name": "Zoë <b>"}
    answer = browser.press(page, "/save", **fields)
    assert answer.status_code == 403
    assert answer.text.count("Zoë &lt;b&gt;") == 1
    assert "Acme" not in answer.text
    bare = portal.browser().press(page, "/save", **fields)
    assert (bare.status_code, "Zoë" in bare.text) == (403, False)


def test_what_was_typed_on_a_page_of_another_visit_can_be_copied(portal: Portals) -> None:
    """Somebody left and came in again in another tab: the token of the old page's form is over."""
    browser = portal.inside("client", "Acme Ltd")
    page = browser.get("/")
    browser.press(page, "/out")
    browser.enter(portal.invite("client", "Acme Ltd").link or "")
    answer = browser.press(page, "/save", do="save", **{"r0.first_name": "Zoë"})
    assert (answer.status_code, "Zoë" in answer.text) == (403, True)


def test_the_icon_is_one_of_our_files(portal: Portals) -> None:
    browser = portal.browser()
    (path,) = re.findall(r'rel="icon" href="([^"]*)"', browser.get("/").text)
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")

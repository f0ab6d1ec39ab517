"""Links to the portal: who they let in, and until when (§7, §8, §9)."""

from __future__ import annotations

import pytest

from tests.cli.dispatching import ANA, rows_of
from tests.portal.visiting import Portals
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

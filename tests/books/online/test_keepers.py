"""Who may lift the protection of a book, and who is named where we may not."""

from __future__ import annotations

import pytest

from tests.books.builders import Event
from tests.books.online.at_google import READER, AtGoogle
from tests.google.server import OWNER
from ticketops.config import load
from ticketops.errors import NotPermittedError, UsageError
from ticketops.services.book_locations import OnlineLocation

BOSS = "boss@office.example"


def editors(desk: AtGoogle, key: str) -> list[set[str]]:
    """Of every protection."""
    return [
        set(held["editors"]["users"])
        for sheet in desk.server.spreadsheet(key).sheets
        for held in sheet.protected.values()
    ]


def test_others_may_keep_a_book_too(event: Event, desk: AtGoogle) -> None:
    key = desk.blank()
    location = OnlineLocation(desk.connect(key), "client", keepers=[BOSS, "", desk.keeper])
    location.write(event.client(), seen=location.state(), edited=False, reveal=None)
    assert editors(desk, key) == [{OWNER, desk.keeper, BOSS}] * 3
    assert READER not in set.union(*editors(desk, key))


def test_a_keeper_that_is_no_more_is_gone_with_the_next_book(event: Event, desk: AtGoogle) -> None:
    key = desk.blank()
    for keepers in ([BOSS], []):
        location = OnlineLocation(desk.connect(key), "client", keepers=keepers)
        location.write(event.client(), seen=location.state(), edited=False, reveal=None)
    assert editors(desk, key) == [{OWNER, desk.keeper}] * 3


def test_who_can_lift_a_protection_is_named(event: Event, desk: AtGoogle) -> None:
    """Somebody else made it anew by hand, without us."""
    key = desk.build(event.client())
    for sheet in desk.server.spreadsheet(key).sheets:
        for number in list(sheet.protected):
            held = {"protectedRangeId": number, "editors": {"users": [OWNER]}}
            desk.server.request(
                key, {"updateProtectedRange": {"protectedRange": held, "fields": "editors"}}
            )
    before = desk.server.snapshot(key)
    location = OnlineLocation(desk.connect(key), "client", party="Meridian")
    seen = location.state()
    with pytest.raises(NotPermittedError, match="may not edit them") as refused:
        location.write(event.client(), seen=seen, edited=False, reveal=None)
    assert desk.keeper in refused.value.message
    assert "Meridian" in refused.value.message
    assert f"{OWNER}, who owns it," in refused.value.hint
    assert desk.server.snapshot(key) == before


@pytest.mark.parametrize("said", ["boss", "boss@", "@office.example", "a b@office.example"])
def test_keepers_are_addresses(said: str) -> None:
    with pytest.raises(UsageError, match="can't be"):
        load({}, {"TICKETOPS_GOOGLE_KEEPERS": said})


def test_keepers_are_told_with_commas() -> None:
    found = load({}, {"TICKETOPS_GOOGLE_KEEPERS": f"{BOSS}, ana@office.example,{BOSS},"})
    assert found.google_keepers == f"{BOSS},ana@office.example"

"""Who is inside and wears the portal out, or is there when something else breaks: large texts, addresses
without number, another workbook in the place of this one (§7, §8, §9)."""

from __future__ import annotations

import logging
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.dispatching import rows_of
from tests.portal.visiting import GENEROUS, Portals
from ticketops.config import Settings
from ticketops.domain.plan import Plan
from ticketops.domain.portal import form
from ticketops.domain.portal.outcomes import CellSaid, PageSaid
from ticketops.engine.job import Job
from ticketops.portal import writing
from ticketops.portal.left import LEFT_FILE, Left
from ticketops.portal.limits import Limits, Rate, counted
from ticketops.portal.told import Told
from ticketops.schema.layouts.event import PORTAL_LOG


def appended(text: str) -> Job:
    """A job that appends a line to a log."""

    def plan(snapshot: Any, _run: object) -> Plan:
        made = Plan(result=text)
        place = snapshot[PORTAL_LOG].next_row
        made.changes.append(PORTAL_LOG, place, ("token_id", "subject"), [("PT1", text)])
        return made

    return Job("portal.extend", plan, (), (PORTAL_LOG,), f"portal extend {text}")


def test_nobody_is_told_that_something_was_saved_that_was_not(
    portal: Portals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong while many are written as one, each is then written alone."""

    class Broken(writing.PendingStore):
        def write(self, entry: object) -> None:
            raise ValueError("of no kind that anybody thought of")

    monkeypatch.setattr(writing, "PendingStore", Broken)
    house = portal.portal.house
    queue = writing.Queue(house.run)
    waiting = [queue.add(appended(name)) for name in "abc"]
    house.with_store(queue.write)
    assert all(one.outcome().written for one in waiting)
    assert [row["Subject"] for row in rows_of(portal.book, PORTAL_LOG)] == ["a", "b", "c"]


# --- large texts


def test_a_block_of_many_lines_takes_no_longer_for_each_of_them() -> None:
    """What is read of a text is counted, not timed: no cell looks much further than to its own end."""
    read = 0

    class Counting(str):
        __slots__ = ()

        def replace(self, *_said: Any) -> Any:
            return self

        def find(self, *said: Any) -> int:
            nonlocal read
            place = super().find(*said)
            read += (place if place >= 0 else len(self)) - said[1]
            return place

    text = Counting("a\n" * 2000 + "a")
    assert form.cells_of(text) == [["a"]] * 2001
    assert read <= 4 * len(text)


def test_what_found_no_place_is_told_of_a_few_cells(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    typed = {"do": "paste", "paste_row": "1", "paste_column": "first_name"}
    answer = browser.press(browser.get("/"), "/save", **typed, paste_text="a\n" * 5000)
    assert answer.status_code == 200
    assert answer.text.count("<li><bdi>") == 50


def told_of(text: str, name: str = "p") -> PageSaid:
    cell = CellSaid(0, "S1-1", "comment", "TOO_LONG", text, "", "")
    return PageSaid(name, "client", "acme", "PT00001", (cell,), 0, 0, 1)


def test_outcomes_that_nobody_asks_for_do_not_fill_the_memory() -> None:
    told = Told(most=50, most_characters=1000)
    names = [told.keep("a", told_of("x" * 300)) for _ in range(10)]
    assert [told.take("a", name) is not None for name in names] == [False] * 7 + [True] * 3
    names = [told.keep("a", told_of("x" * 300)) for _ in range(3)]
    assert all(told.take("a", name) for name in names)
    assert told.take("a", told.keep("a", told_of("x" * 5000))) is not None
    names = [told.keep("a", told_of("")) for _ in range(60)]
    assert sum(told.take("a", name) is not None for name in names) == 50


# --- another workbook


def test_what_was_told_in_one_workbook_is_not_told_in_another(
    portal: Portals, tmp_path: Path
) -> None:
    """Another event is put in its place while it is served; its first link has the same name."""
    before = Path(shutil.copy(portal.book, tmp_path / "before.xlsx"))
    acme = portal.inside("client", "Acme Ltd")
    page = acme.get("/")
    (first, *_more) = re.findall(r'name="(r\d+\.first_name)"', page.text)
    done = acme.press(page, "/save", **{first: "Zebedee", "do": "save"})
    assert done.status_code == 303
    before.replace(portal.book)
    bolt = portal.browser()
    made = portal.invite("client", "Bolt")
    assert made.token.token_id == "PT00001"
    bolt.enter(made.link or "")
    shown = bolt.get(done.headers["location"]).text
    assert "Zebedee" not in shown
    assert 'action="/undo"' not in shown
    assert acme.get("/").status_code == 403


# --- addresses without number


@pytest.mark.parametrize(
    ("address", "as_one"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_who_has_a_network_of_addresses_is_one(address: str, as_one: str) -> None:
    assert counted(address) == as_one


def test_one_link_is_not_opened_without_end(settings: Settings) -> None:
    """Each opening is written into the workbook, from whatever address it comes."""
    few = Limits(
        opening=GENEROUS,
        entering=Rate(2, 0.001),
        asking=GENEROUS,
        reading=GENEROUS,
        saving=GENEROUS,
    )
    portal = Portals(settings, limits=few)
    secret, other = ((portal.invite("client", "Acme Ltd").link or "")[-43:] for _ in range(2))
    said = [secret] * 4 + [other]
    codes = [portal.browser().post("/i/open", data={"secret": s}).status_code for s in said]
    assert codes == [303, 303, 429, 429, 303]
    assert len(rows_of(portal.book, PORTAL_LOG)) == 2 + 3  # two invitations, three openings


# --- what is kept beside the workbook


def test_a_line_that_was_cut_off_spoils_no_other_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full while a cookie is given up, and then it is not."""
    path = tmp_path / LEFT_FILE
    left, write = Left(path, 0), os.write
    with monkeypatch.context() as full:
        full.setattr("ticketops.portal.left.os.write", lambda file, line: write(file, line[:30]))
        with pytest.raises(OSError, match="No space"):
            left.add("first", 100)
    assert "first" in left
    left.add("second", 100)
    again = Left(path, 50)
    assert ("first" in again, "second" in again) == (False, True)


# --- the log


def test_the_log_repeats_no_method_that_somebody_made_up(
    portal: Portals, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ticketops.portal"):
        portal.browser().request("ZEBEDEE" * 100, "/")
    assert "ZEBEDEE" not in caplog.text
    assert "? / 405" in caplog.text

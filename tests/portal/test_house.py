"""The workbook behind the portal: what is read of it, and many who write at once (§7, §8, §9)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.dispatching import rows_of, type_by_key
from tests.portal.visiting import Portals
from ticketops.domain.plan import Plan
from ticketops.engine.job import Effect, Job
from ticketops.engine.not_undoable import not_undoable
from ticketops.engine.opening import open_store
from ticketops.errors import RuleError, TicketopsError
from ticketops.portal import writing
from ticketops.schema.layouts.event import PORTAL_LOG
from ticketops.services import portal as services


def noted(text: str, effect: Effect = Effect.WRITES) -> Job:
    """A job that appends a line to a log."""

    def plan(snapshot: object, run: object) -> Plan:
        if text == "refused":
            raise RuleError("refused")
        made = Plan(result=text)
        table = snapshot[PORTAL_LOG]  # type: ignore[index]
        made.changes.append(PORTAL_LOG, table.next_row, ("token_id", "subject"), [("PT1", text)])
        return made

    return Job("portal.extend", plan, (), (PORTAL_LOG,), f"portal extend {text}", effect)


def at_once(calls: list[Callable[[], object]]) -> list[object]:
    """What each call gives, or raises, all of them started together."""
    found: list[object] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def one(number: int) -> None:
        start.wait()
        try:
            found[number] = calls[number]()
        except TicketopsError as error:
            found[number] = error

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def subjects(book: Path) -> list[str]:
    return [row["Subject"] for row in rows_of(book, "_PORTAL_LOG")]


def test_many_writers_lose_nothing_and_share_commits(portal: Portals) -> None:
    house = portal.portal.house
    names = [*(f"n{n}" for n in range(30)), "refused"]
    found = at_once([lambda name=name: house.carry_out(noted(name)) for name in names])
    assert isinstance(found[-1], RuleError)
    assert all(done.written for done in found[:-1])  # type: ignore[attr-defined]
    assert sorted(subjects(portal.book)) == sorted(names[:-1])
    store = open_store(portal.book, portal.settings)
    log = store.log()
    assert len(log) < 30
    joint = [one.entry.command for one in log if one.entry.command.startswith("batch --atomic")]
    assert joint
    assert "portal extend n" in joint[0]


def test_what_cannot_wait_is_written_alone(portal: Portals) -> None:
    house = portal.portal.house
    jobs = [noted("a"), noted("b"), noted("c", Effect.FINAL), noted("d", Effect.FINAL)]
    at_once([lambda job=job: house.carry_out(job) for job in jobs])
    assert sorted(subjects(portal.book)) == ["a", "b", "c", "d"]
    commands = [one.entry.command for one in open_store(portal.book, portal.settings).log()]
    for name in "cd":
        assert [one for one in commands if one.endswith(f" {name}")] == [f"portal extend {name}"]


def test_links_that_are_opened_at_once_share_a_commit_that_no_undo_takes_back(
    portal: Portals,
) -> None:
    links = [portal.invite("client", "Acme Ltd").link or "" for _ in range(8)]
    browsers = [portal.browser() for _ in links]
    at_once([lambda b=b, link=link: b.enter(link) for b, link in zip(browsers, links, strict=True)])
    assert all(browser.get("/").status_code == 200 for browser in browsers)
    store = open_store(portal.book, portal.settings)
    opened = [one.entry for one in store.log() if one.entry.command.startswith("portal open")]
    assert len(opened) < 8
    assert all(map(not_undoable, opened))
    assert subjects(portal.book).count(None) == 8  # type: ignore[arg-type]


def test_where_the_whole_cannot_be_written_each_is_tried(
    portal: Portals, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(writing.PendingStore):
        def write(self, entry: object) -> None:
            raise RuleError("no")

    monkeypatch.setattr(writing, "PendingStore", Refusing)
    house = portal.portal.house
    found = at_once([lambda n=n: house.carry_out(noted(f"n{n}")) for n in range(6)])
    assert all(done.written for done in found)  # type: ignore[attr-defined]
    assert sorted(subjects(portal.book)) == [f"n{n}" for n in range(6)]


def test_a_job_of_which_an_error_was_told_is_not_written_later(
    portal: Portals, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = portal.portal.house

    def gone() -> None:
        raise RuleError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(house, "store", gone)
        with pytest.raises(RuleError, match="gone"):
            house.carry_out(noted("lost"))
    house.carry_out(noted("kept"))
    assert subjects(portal.book) == ["kept"]


def test_what_others_change_is_seen_by_the_next_request(portal: Portals, book: Path) -> None:
    browser = portal.inside("client", "Acme Ltd")
    assert "Quetzal" not in browser.get("/").text
    first = portal.portal.house.reading()
    assert portal.portal.house.reading() is first
    type_by_key(book, "Distribution", "ID", {"S1-1": {"First name": "Quetzal"}}, 2)
    assert "Quetzal" in browser.get("/").text
    portal.do(services.revoke("PT1"))
    assert browser.get("/").status_code == 403


def test_a_workbook_that_is_gone_is_an_error_without_a_word_of_it(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    portal.book.rename(portal.book.with_name("away.xlsx"))
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "xlsx" not in answer.text
    portal.book.with_name("away.xlsx").rename(portal.book)
    assert browser.get("/").status_code == 200


def test_a_workbook_that_is_locked_is_busy(portal: Portals) -> None:
    from ticketops.engine.transaction import entry_called, run_of

    link = portal.invite("client", "Acme Ltd").link or ""
    store = open_store(portal.book, portal.settings)
    soon = Portals(replace(portal.settings, lock_timeout=0.1))
    with store.locked(entry_called("x", run_of(portal.settings))):
        answer = soon.browser().post("/i/open", data={"secret": link[-43:]})
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    soon.browser().enter(link)

"""`ticketops message`, `inbox` and `client remind` as people use them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine

from tests.conftest import Result, Runner
from tests.sending.post import Post
from ticketops.schema.layouts.event import NOTIFICATION_LOG

Say = Callable[..., Result]


@pytest.fixture
def say(small: Path, post: Post, in_process: Runner) -> Say:
    """Runs a command on the small event as its owner, with the post as mail server."""

    def run(*words: str, book: Path = small, **environment: str) -> Result:
        env = {
            "TICKETOPS_WORKBOOK": str(book),
            "TICKETOPS_ROLE": "super_admin",
            "TICKETOPS_USER": "anna",
            "TICKETOPS_BOOKS": str(small.parent / "books"),
            "TICKETOPS_SMTP_HOST": "127.0.0.1",
            "TICKETOPS_SMTP_PORT": str(post.port),
            "TICKETOPS_SMTP_SECURITY": "none",
            "TICKETOPS_MESSAGES_PER_MINUTE": "6000",
            "HOME": str(small.parent),
            "XDG_STATE_HOME": str(small.parent / "state"),
        }
        return in_process(*words, env=env | environment, cwd=small.parent)

    return run


@pytest.fixture
def travelling() -> Iterator[None]:
    """It is the day before the first match of the small event."""
    with time_machine.travel(datetime(2026, 6, 10, 9), tick=True):
        yield


def queue(say: Say, *, to: str = "ops@mm-tickets.com", channel: str = "email") -> None:
    """N00001: a sale is recorded."""
    on = ("trigger", "set", "sale_created", "--on", "--to", to, "--channel", channel, "-y")
    assert say(*on).code == 0
    assert say("sale", "add", "--client", "Zed", "--line", "M02:Cat 2:1@99", "--new").code == 0


def lines(say: Say, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = say("message", "list", "--json", **more).json["result"]["lines"]
    return found


def states(say: Say, **more: Any) -> list[str]:
    return [one["state"] for one in lines(say, **more)]


def typed(book: Path, header: str, text: str) -> None:
    workbook = openpyxl.load_workbook(book)
    cells = workbook[NOTIFICATION_LOG]
    column = next(cell.column for cell in cells[1] if cell.value == header)
    cells.cell(2, column).value = text
    workbook.save(book)


def test_from_the_sale_to_the_mail(say: Say, post: Post) -> None:
    queue(say)
    shown = say("message", "show", "n1").out
    assert "N00001 QUEUED: sale.created to ops@mm-tickets.com by email" in shown
    dry = say("message", "send", "-n")
    assert "Subject: Sale S36: 1 × M02 Cat 2 for Zed" in dry.out
    assert "dry run" in dry.err
    assert dry.code == 1  # sending is not enabled
    assert say("message", "send").code == 1
    assert post.taken == []
    assert say("message", "enable").code == 0
    dry = say("message", "send", "-n")
    assert dry.code == 0
    assert "1 message would be sent" in dry.out
    sent = say("message", "send", "--json").json["result"]
    assert (sent["sent"], sent["failed"], sent["unknown"], sent["left"]) == (1, 0, 0, 0)
    (mail,) = post.taken
    assert mail["Subject"] == "Sale S36: 1 × M02 Cat 2 for Zed"
    words = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "".join(dry.out.split()).find("".join(words.split())) >= 0  # the preview is what is sent
    assert lines(say)[0]["sent_at"] is not None
    undone = say("undo", "-y", "--json")
    assert states(say) == ["SENT"]
    assert undone.code == 0


def test_only_some_and_a_refusal_ends_with_1(say: Say, post: Post) -> None:
    queue(say)
    assert say("sale", "add", "--client", "Zed", "--line", "M02:Cat 2:2@99").code == 0
    say("message", "enable")
    post.say("RCPT", "550 nobody here")
    done = say("message", "send", "N2")
    assert done.code == 1
    assert "MESSAGE_FAILED" in done.out
    assert states(say) == ["QUEUED", "FAILED"]
    assert say("message", "retry", "N2").code == 0
    assert say("message", "send").code == 0
    assert states(say) == ["SENT", "SENT"]
    assert say("message", "send", "N9").out == "0 sent, 0 failed, 0 unknown, 0 left\n"


@pytest.mark.parametrize(
    ("state", "retry", "cancel", "sent", "not_sent"),
    [
        ("QUEUED", "QUEUED", "WITHDRAWN", "", ""),
        ("FAILED", "QUEUED", "WITHDRAWN", "", ""),
        ("UNKNOWN", "", "", "SENT", "QUEUED"),
        ("SENDING", "", "", "", ""),
        ("SENT", "", "", "", ""),
        ("WITHDRAWN", "", "", "", ""),
    ],
)
def test_what_people_decide(
    say: Say, small: Path, state: str, retry: str, cancel: str, sent: str, not_sent: str
) -> None:
    """By hand from D25. Blank: refused, and nothing changes."""
    queue(say)
    if state != "QUEUED":
        typed(small, "Status", state)
    kept = small.with_name("kept.xlsx")
    shutil.copy(small, kept)
    for words, after in (
        (("retry", "N1"), retry),
        (("cancel", "N1"), cancel),
        (("resolve", "N1", "--sent"), sent),
        (("resolve", "N1", "--not-sent"), not_sent),
    ):
        shutil.copy(kept, small)
        done = say("message", *words)
        assert done.code == (0 if after else 4), (words, done.err)
        assert states(say) == [after or state]


def test_names_and_options_that_are_wrong(say: Say) -> None:
    queue(say)
    assert say("message", "retry", "N7").code == 3
    assert say("message", "show", "N7").code == 3
    assert say("message", "resolve", "N1").code == 2
    assert say("message", "list", "--state", "GONE").code == 2
    assert say("message", "enable", "--moved", "--copy").code == 2
    assert say("message", "disable").code == 4
    assert say("message", "draft", "S1", "-o", "x.txt").code == 2
    assert say("message", "draft", "S999").code == 3
    assert say("client", "remind").code == 2
    assert say("client", "remind", "Nobody Inc").code == 3


def test_a_copy_asks_whether_it_is_one(say: Say, small: Path, post: Post) -> None:
    queue(say)
    assert say("message", "enable").code == 0
    copy, moved = small.with_name("copy.xlsx"), small.with_name("moved.xlsx")
    shutil.copy(small, copy)
    shutil.copy(small, moved)
    assert "is sent" in say("message", "send", book=copy).out
    refused = say("message", "enable", book=copy)
    assert refused.code == 4
    assert "--moved" in refused.err
    assert say("message", "enable", "--copy", book=copy).code == 0
    assert states(say, book=copy) == ["WITHDRAWN"]
    assert say("message", "send", book=copy).code == 0
    assert post.taken == []
    assert say("message", "enable", "--moved", book=moved).code == 0
    assert say("message", "send", book=moved).code == 0
    assert len(post.taken) == 1
    assert say("message", "disable").code == 0
    assert say("message", "send").code == 1
    assert len(post.taken) == 1


def test_the_inbox_is_of_who_looks(say: Say) -> None:
    assert say("user", "set", "anna", "--role", "super_admin", "-y").code == 0
    assert say("user", "set", "ben", "--role", "staff").code == 0
    queue(say, to="anna", channel="in_app")
    mine = say("inbox")
    assert "Sale S36" in mine.out
    assert "1 new message to anna" in mine.out
    assert say("inbox", TICKETOPS_USER="ben").out == "no new message to ben\n"
    assert say("inbox", "--read").code == 0
    assert states(say) == ["SENT"]
    assert say("inbox").out == "no new message to anna\n"
    again = say("inbox", "--all", "--json").json["result"]
    assert [one["id"] for one in again["notes"]] == ["N00001"]
    assert again["unread"] == 0


def test_a_reminder_a_day(say: Say, travelling: None) -> None:
    client = "Turizm Şişli"
    contact = ("--contact-name", "Ece", "--contact-email", "ece@sisli.com")
    assert say("client", "add", client, *contact).code == 0
    done = say("client", "remind", client, "--json").json["result"]["clients"]
    assert [(one["client"], one["recipient"], one["message"]) for one in done] == [
        (client, "ece@sisli.com", "N00001")
    ]
    shown = say("message", "show", "N1").out
    assert "Dear Ece" in shown
    again = say("client", "remind", "--all")
    assert "already has a reminder of today" in again.out
    assert len(lines(say)) == 1
    assert say("undo", "-y").code == 0
    assert states(say) == ["WITHDRAWN"]
    assert say("client", "remind", client).code == 0
    assert states(say) == ["WITHDRAWN", "QUEUED"]


def test_a_draft_has_the_book_of_its_client_and_nothing_of_others(say: Say, small: Path) -> None:
    sales = say("sale", "list", "--json").json["result"]["sales"]
    client = next(one["client"] for one in sales if one["sales_id"] == "S1")
    others = {one["client"] for one in sales} - {client}
    contact = ("--contact-name", "Ece", "--contact-email", "ece@sisli.com")
    assert say("client", "add", client, *contact).code == 0
    assert say("message", "draft", "S1", "-n").code == 0
    assert not small.with_name("S1.eml").exists()
    assert say("message", "draft", "S1").code == 0
    content = small.with_name("S1.eml").read_bytes()
    mail: Any = message_from_bytes(content, _class=EmailMessage, policy=policy.SMTP)
    assert [one.addr_spec for one in mail["To"].addresses] == ["ece@sisli.com"]
    assert mail["X-Unsent"] == "1"
    (attached,) = mail.iter_attachments()
    (book,) = (small.parent / "books").iterdir()
    assert attached.get_filename() == book.name
    assert attached.get_content() == book.read_bytes()
    words = mail.get_body(("plain",)).get_content() + mail.get_body(("html",)).get_content()
    assert not [name for name in others if name in words]
    assert say("message", "draft", "S1", "-o", "again.eml").code == 0
    assert small.with_name("again.eml").exists()


def tell_of_a_book(say: Say, small: Path) -> Path:
    """N00001 tells a client that its book is built; the book."""
    sales = say("sale", "list", "--json").json["result"]["sales"]
    client = next(one["client"] for one in sales if one["sales_id"] == "S1")
    contact = ("--contact-name", "Ece", "--contact-email", "ece@sisli.com")
    assert say("client", "add", client, *contact).code == 0
    assert say("trigger", "set", "portal.generated", "--on").code == 0
    assert say("message", "enable", "-y").code == 0
    assert say("client", "build", client).code == 0
    assert [(one["fact"], one["recipient"]) for one in lines(say)] == [
        ("portal.generated", "ece@sisli.com")
    ]
    (book,) = (small.parent / "books").iterdir()
    return book


def test_a_book_goes_along_with_the_mail_that_tells_of_it(
    say: Say, small: Path, post: Post
) -> None:
    book = tell_of_a_book(say, small)
    assert f"Attached: {book.name}" in say("message", "show", "N1").out
    assert f"Attached: {book.name}" in say("message", "send", "-n").out
    assert say("message", "send").code == 0
    (attached,) = post.taken[0].iter_attachments()
    assert attached.get_filename() == book.name
    assert attached.get_content() == book.read_bytes()


def test_of_a_book_that_is_built_twice_one_mail_tells(say: Say, small: Path, post: Post) -> None:
    book = tell_of_a_book(say, small)
    client = book.stem.removeprefix("CLIENT - ")
    assert say("sale", "add", "--client", client, "--line", "M02:Cat 2:1@99").code == 0
    assert say("client", "build", client).code == 0
    sent = say("message", "send")
    assert sent.code == 0
    assert "N00002 tells of the same book as it is now" in sent.out
    assert states(say) == ["WITHDRAWN", "SENT"]
    (mail,) = post.taken
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == book.read_bytes()


@pytest.mark.parametrize("how", ["changed", "missing", "other"])
def test_a_book_that_is_not_as_it_was_built_is_not_sent(
    say: Say, small: Path, post: Post, how: str
) -> None:
    book = tell_of_a_book(say, small)
    built = book.read_bytes()
    if how == "missing":
        book.unlink()
    elif how == "changed":
        book.write_bytes(built + b" ")
    else:  # another client's, by way of its name
        sales = say("sale", "list", "--json").json["result"]["sales"]
        other = next(one["client"] for one in sales if one["client"] not in book.name)
        assert say("client", "build", other).code == 1  # nobody to tell
        (another,) = {*book.parent.iterdir()} - {book}
        another.replace(book)
    assert say("message", "send").code == 1
    assert post.taken == []
    (line,) = lines(say)
    assert line["state"] == "FAILED"
    assert "its book can't be sent along" in line["error"]
    book.write_bytes(built)
    assert say("message", "retry", "N1").code == 0
    assert say("message", "send").code == 0
    assert [one.get_filename() for one in post.taken[0].iter_attachments()] == [book.name]

"""`portal invite --queue`: a link goes to its party by mail, and is nowhere else."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Result, Runner
from tests.portal.visiting import Portals
from tests.sending.post import Post
from ticketops.config import Settings

Say = Callable[..., Result]
BASE = "https://portal.example"
LINK = re.compile(r"https://portal\.example/i/([\w-]{43})(?![\w-])")


@pytest.fixture
def say(empty: Path, post: Post, in_process: Runner) -> Say:
    """Runs a command on an event with a client, a vendor and two users, who can be written to."""

    def run(*words: str, **environment: str) -> Result:
        env = {
            "TICKETOPS_WORKBOOK": str(empty),
            "TICKETOPS_USER": "olga",
            "TICKETOPS_SMTP_HOST": "127.0.0.1",
            "TICKETOPS_SMTP_PORT": str(post.port),
            "TICKETOPS_SMTP_SECURITY": "none",
            "TICKETOPS_SMTP_FROM": "office@mm-tickets.com",
            "TICKETOPS_MESSAGES_PER_MINUTE": "6000",
            "TICKETOPS_PORTAL_URL": BASE,
            "XDG_STATE_HOME": str(empty.parent / "state"),
        }
        return in_process(*words, env=env | environment, cwd=empty.parent)

    for words in (
        ("user", "set", "olga", "--role", "super_admin", "--email", "olga@mm-tickets.com", "-y"),
        ("user", "set", "ana", "--role", "operator", "--email", "ana@mm-tickets.com"),
        ("purchase", "add", "--match", "M01", "--vendor", "Bee", "--line", "Cat 1:9@10", "--new"),
        ("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:2@99", "--new"),
        ("client", "add", "Acme", "--contact-name", "Zoë", "--contact-email", "zoe@acme.example"),
        ("vendor", "add", "Bee", "--contact-name", "Bo", "--contact-email", "bo@bee.example"),
        ("supplier", "map", "BEE", "--vendor", "Bee"),
        ("message", "enable"),
    ):
        done = run(*words, "-y") if "-y" not in words else run(*words)
        assert done.code in (0, 1), (words, done.err)
    return run


def mail(post: Post) -> list[Any]:
    return list(post.taken)


def secrets_in(folder: Path, secret: str) -> list[str]:
    """The files below a folder that hold a text, also in what is compressed."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            pieces = [path.read_bytes()]
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    pieces += [archive.read(name) for name in archive.namelist()]
            if any(secret.encode() in piece for piece in pieces):
                found.append(path.name)
    return found


@pytest.mark.parametrize(
    ("party", "address"),
    [
        (("--client", "Acme"), "zoe@acme.example"),
        (("--supplier", "BEE"), "bo@bee.example"),
        (("--staff", "ana@mm-tickets.com"), "ana@mm-tickets.com"),
    ],
)
def test_the_link_goes_to_the_party_and_opens_the_portal(
    say: Say, post: Post, empty: Path, party: tuple[str, str], address: str
) -> None:
    done = say("portal", "invite", *party, "--queue", "--json")
    assert done.code == 0, done.err
    invited = done.json["result"]
    assert (invited["link"], invited["recipient"]) == (None, address)
    for words in (("message", "show", invited["message"]), ("message", "send", "-n", "--json")):
        shown = say(*words).out
        assert "the link is put in when this is sent" in shown
        assert not LINK.search(shown)
    sent = say("message", "send", "--json")
    assert (sent.code, sent.json["result"]["sent"]) == (0, 1), sent.err
    (letter,) = mail(post)
    assert letter["To"].endswith(f"<{address}>") or letter["To"] == address
    (secret,) = set(LINK.findall(letter.get_body(("plain",)).get_content()))
    assert secrets_in(empty.parent, secret) == []
    assert secret not in done.out + done.err + sent.out + sent.err
    assert secret not in say("message", "show", invited["message"]).out
    settings = Settings(
        workbook=empty, user="olga", role="", state=empty.parent / "state" / "ticketops"
    )
    portal = Portals(settings)
    portal.browser().enter(f"{BASE}/i/{secret}")


def test_each_link_is_another_one_also_where_an_invitation_was_undone(say: Say, post: Post) -> None:
    assert say("portal", "invite", "--client", "Acme", "--queue").code == 0
    undone = say("undo", "-y")
    assert undone.code == 0, undone.err
    assert say("message", "list", "--json").json["result"]["lines"][0]["state"] == "WITHDRAWN"
    for _ in range(2):
        assert say("portal", "invite", "--client", "Acme", "--queue").code == 0
    assert say("message", "send").code == 0
    links = [
        link
        for one in mail(post)
        for link in set(LINK.findall(one.get_body(("plain",)).get_content()))
    ]
    assert len(links) == len(set(links)) == 2


def test_a_link_that_was_ended_is_not_sent(say: Say, post: Post) -> None:
    assert say("portal", "invite", "--client", "Acme", "--queue").code == 0
    assert say("portal", "revoke", "PT1").code == 0
    sent = say("message", "send")
    assert sent.code == 1
    assert "the link PT00001 is over" in sent.out + sent.err
    assert mail(post) == []


def test_a_link_made_with_another_key_is_not_sent(say: Say, post: Post, empty: Path) -> None:
    assert say("portal", "invite", "--client", "Acme", "--queue").code == 0
    sent = say("message", "send", XDG_STATE_HOME=str(empty.parent / "elsewhere"))
    assert sent.code == 1
    assert "was not made with" in sent.out + sent.err
    assert mail(post) == []


@pytest.mark.parametrize(
    ("party", "why"),
    [
        (
            ("--client", "Bolt"),
            "can't be sent: the contact of Bolt has no e-mail address in _CLIENTS",
        ),
        (
            ("--supplier", "CEE"),
            "can't be sent: the contact of Cee has no e-mail address in _VENDORS",
        ),
        (("--staff", "zed@mm-tickets.com"), "zed@mm-tickets.com is not in _USERS"),
    ],
)
def test_whoever_cannot_be_written_to_gets_no_link(
    say: Say, empty: Path, party: tuple[str, str], why: str
) -> None:
    for words in (
        ("purchase", "add", "--match", "M01", "--vendor", "Cee", "--line", "Cat 1:9@10", "--new"),
        ("sale", "add", "--client", "Bolt", "--line", "M01:Cat 1:2@99", "--new"),
        ("supplier", "map", "CEE", "--vendor", "Cee"),
    ):
        assert say(*words, "-y").code in (0, 1)
    before = empty.read_bytes()
    done = say("portal", "invite", *party, "--queue")
    assert done.code in (3, 4, 5, 6), (done.code, done.out, done.err)
    assert why in done.err
    assert empty.read_bytes() == before


def test_the_outbox_in_the_sheet_has_no_link(say: Say, empty: Path) -> None:
    assert say("portal", "invite", "--client", "Acme", "--queue").code == 0
    book = openpyxl.load_workbook(empty)
    texts = [
        str(cell) for row in book["_NOTIFICATION_LOG"].iter_rows(values_only=True) for cell in row
    ]
    assert not any(LINK.search(text) for text in texts)

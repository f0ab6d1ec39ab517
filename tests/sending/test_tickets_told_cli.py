"""Messages about airline tickets as people use them: from `issuance issue` to the mail with the e-ticket, and
the nightly run that says what is due."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Result, Runner
from tests.sending.post import Post

Say = Callable[..., Result]
NUMBER = "176-2401234567"


@pytest.fixture
def folder(in_process: Runner, tmp_path: Path) -> Path:
    assert in_process("sample", "issuance", "tickets.xlsx", cwd=tmp_path).code == 0
    return tmp_path


@pytest.fixture
def say(folder: Path, post: Post, in_process: Runner) -> Say:
    """Runs a command on the sample of tickets, with the post as mail server."""

    def run(*words: str, **environment: str) -> Result:
        env = {
            "TICKETOPS_WORKBOOK": str(folder / "tickets.xlsx"),
            "TICKETOPS_ROLE": "super_admin",
            "TICKETOPS_USER": "anna",
            "TICKETOPS_SMTP_HOST": "127.0.0.1",
            "TICKETOPS_SMTP_PORT": str(post.port),
            "TICKETOPS_SMTP_SECURITY": "none",
            "TICKETOPS_SMTP_FROM": "office@mm-tickets.com",
            "TICKETOPS_MESSAGES_PER_MINUTE": "6000",
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        return in_process(*words, env=env | environment, cwd=folder)

    return run


def done(say: Say, *words: str, code: int = 0) -> Any:
    """What a command prints with --json."""
    said = say(*words, "--json")
    assert said.code == code, said.err + said.out
    return said.json


def issue(say: Say) -> str:
    """A ticket that is ready is issued; its TicketID."""
    done(say, "trigger", "set", "ticket.issued", "--on")
    ready = done(say, "issuance", "queue", "ready")["result"]["lines"]
    key = next(one["ticket_id"] for one in ready if one["pnr"])
    said = say("issuance", "issue", key, "--ticket-number", NUMBER)
    assert said.code in (0, 1), said.err
    return str(key)


def test_the_e_ticket_goes_along_and_the_passport_does_not(
    say: Say, folder: Path, post: Post
) -> None:
    key = issue(say)
    (folder / "e-ticket.pdf").write_bytes(b"%PDF ticket")
    (folder / "passport.jpg").write_bytes(b"a face")
    (folder / "other").mkdir()
    (folder / "other" / "e-ticket.pdf").write_bytes(b"%PDF way back")
    done(say, "issuance", "document", "add", key, "e-ticket.pdf", "other/e-ticket.pdf")
    done(say, "issuance", "document", "add", key, "passport.jpg", "--kind", "passport")
    done(say, "message", "enable")
    shown = done(say, "message", "show", "N00001")["result"]
    assert shown["attachments"] == ["e-ticket.pdf", "e-ticket (2).pdf"]
    assert done(say, "message", "send")["result"]["sent"] == 1
    (mail,) = post.taken
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert files == {"e-ticket.pdf": b"%PDF ticket", "e-ticket (2).pdf": b"%PDF way back"}
    assert NUMBER in mail["Subject"]
    assert done(say, "message", "send")["result"]["sent"] == 0


def test_a_document_that_changed_is_not_sent_until_it_is_added_again(
    say: Say, folder: Path, post: Post
) -> None:
    key = issue(say)
    (folder / "e-ticket.pdf").write_bytes(b"%PDF ticket")
    done(say, "issuance", "document", "add", key, "e-ticket.pdf")
    done(say, "message", "enable")
    (folder / "e-ticket.pdf").write_bytes(b"%PDF of somebody else")
    said = done(say, "message", "send", code=1)["result"]
    assert (said["sent"], said["failed"], post.taken) == (0, 1, [])
    assert "changed since it was added" in said["messages"][0]["error"]
    done(say, "issuance", "document", "add", key, "e-ticket.pdf")
    done(say, "message", "retry", "N00001")
    assert done(say, "message", "send")["result"]["sent"] == 1
    (part,) = post.taken[0].iter_attachments()
    assert part.get_content() == b"%PDF of somebody else"
    (folder / "e-ticket.pdf").unlink()
    assert done(say, "message", "show", "N00001")["result"]["problem"] is None


@pytest.mark.slow
def test_the_night_says_what_is_due_once(say: Say, folder: Path, post: Post) -> None:
    to = ("--to", "desk@office.example")
    done(say, "trigger", "set", "ticket.due_soon", "--on", *to)
    done(say, "message", "enable")
    night = done(say, "run", "nightly")["result"]
    assert [one["name"] for one in night["tasks"]] == ["tickets", "due", "send"]
    assert [one["exit"] for one in night["tasks"]] == [0, 0, 0]
    due = done(say, "issuance", "queue", "due-soon")["result"]["lines"]
    overdue = done(say, "issuance", "queue", "overdue")["result"]["lines"]
    sent = sorted(mail["Subject"].split(":")[0] for mail in post.taken)
    assert sent == sorted(one["ticket_id"] for one in (*due, *overdue))
    done(say, "run", "nightly")
    assert len(post.taken) == len(sent)
    listed = done(say, "run", "list")["result"]["tasks"]
    assert [(one["name"], one["exit"]) for one in listed if one["runs"]] == [
        ("tickets", 0),
        ("due", 0),
        ("send", 0),
    ]
    clock = openpyxl.load_workbook(folder / "tickets.xlsx")["_CLOCK"]
    assert clock.max_row == 1 + 2 * 4


def test_a_ticket_that_is_void_by_now_is_not_announced(say: Say, post: Post) -> None:
    key = issue(say)
    done(say, "message", "enable")
    done(say, "issuance", "void", key, "--reason", "does not travel")
    assert done(say, "status")["result"]["messages_queued"] == 1
    said = done(say, "message", "send", code=1)["result"]
    assert (said["failed"], post.taken) == (1, [])
    assert f"{key} is VOID by now" in said["messages"][0]["error"]
    status = say("status")
    assert "could not be sent" in status.out

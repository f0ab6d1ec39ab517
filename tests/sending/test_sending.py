"""What waits is sent, over real sockets: each message once, whatever the server says (D25)."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from email.headerregistry import Address
from pathlib import Path
from typing import Any

import pytest

from tests.sampling import some
from tests.sending.outbox import Outbox
from tests.sending.post import HANG_UP, SILENCE, Post
from ticketops.channels.mail import Account, Mail
from ticketops.domain.messages import pacing
from ticketops.errors import LockedError
from ticketops.services.channels import Channels
from ticketops.services.flight import recording


def text_of(mail: Any, kind: str = "plain") -> str:
    """The part of a mail as a reader sees it."""
    return str(mail.get_body((kind,)).get_content()).replace("\r\n", "\n")


def codes(plan: Any) -> list[str]:
    return [finding.code for finding in plan.findings]


def test_messages_arrive_as_text_and_html_with_what_makes_them_known(
    outbox: Outbox, post: Post
) -> None:
    said = '{"subject": "Über S1", "text": "Grüße,\\n.\\n..\\nzwei", "html": "<p>Grüße</p>"}'
    outbox.queue("ana@mm-tickets.com", recipient_name='Ana "B" <x@y.z>', payload=said)
    result = outbox.send().result
    assert (result.sent, result.failed, result.unknown, result.left) == (1, 0, 0, 0)
    mail = post.taken[0]
    assert mail["From"].addresses[0].addr_spec == "office@mm-tickets.com"
    assert mail["From"].addresses[0].display_name == "MM Tickets"
    assert [one.addr_spec for one in mail["To"].addresses] == ["ana@mm-tickets.com"]
    assert mail["To"].addresses[0].display_name == 'Ana "B" <x@y.z>'
    assert mail["Subject"] == "Über S1"
    assert text_of(mail) == "Grüße,\n.\n..\nzwei\n"
    assert text_of(mail, "html") == "<p>Grüße</p>\n"
    row = outbox.rows()[0]
    assert row["state"] == "SENT"
    assert row["sent_as"] == mail["Message-ID"]
    assert row["attempts"] == 1
    assert row["sent_at"] is not None
    assert row["not_before"] is None
    assert outbox.send().result.sent == 0
    assert len(post.taken) == 1


def test_a_subject_or_name_with_line_breaks_makes_no_header(outbox: Outbox, post: Post) -> None:
    outbox.queue(
        "ana@mm-tickets.com",
        recipient_name="Ana\r\nBcc: spy@mm-tickets.com",
        payload='{"subject": "Hi\\r\\nBcc: spy@mm-tickets.com", "text": "x\\r\\n.\\r\\nMAIL FROM:<x@y.z>"}',
    )
    assert outbox.send().result.sent == 1
    assert post.taken[0]["Bcc"] is None
    assert post.taken[0]["Subject"] == "Hi Bcc: spy@mm-tickets.com"
    assert text_of(post.taken[0]) == "x\n.\nMAIL FROM:<x@y.z>\n"
    assert len(post.taken) == 1


@pytest.mark.parametrize(
    ("step", "answer", "state", "attempts"),
    [
        ("MAIL", "451 later", "QUEUED", 1),
        ("MAIL", "550 no", "FAILED", 1),
        ("RCPT", "450 greylisted", "QUEUED", 1),
        ("RCPT", "550 nobody", "FAILED", 1),
        ("DATA", "451 later", "QUEUED", 1),
        ("DATA", "554 no", "FAILED", 1),
        ("END", "451 later", "QUEUED", 1),
        ("END", "552 too long", "FAILED", 1),
        ("END", HANG_UP, "UNKNOWN", 1),
    ],
)
def test_an_answer_decides_what_becomes_of_a_message_and_of_no_other(
    outbox: Outbox, post: Post, step: str, answer: str, state: str, attempts: int
) -> None:
    outbox.queue("one@mm-tickets.com", "two@mm-tickets.com")
    post.say(step, answer)
    plan = outbox.send()
    rows = outbox.rows()
    assert [row["state"] for row in rows] == [state, "SENT"]
    assert rows[0]["attempts"] == attempts
    assert (rows[0]["not_before"] is not None) == (state == "QUEUED")
    assert "127.0.0.1" in rows[0]["error"]
    assert ("MESSAGE_FAILED" in codes(plan)) == (state == "FAILED")
    assert ("MESSAGE_UNKNOWN" in codes(plan)) == (state == "UNKNOWN")
    arrived = 2 if state == "UNKNOWN" else 1
    assert len(post.taken) == arrived
    outbox.send()
    assert len(post.taken) == arrived


LONG = json.dumps({"subject": "Long", "text": "All the seats, one by one. ", "times": 400_000})
"""More than the buffers of a connection hold: whoever sends it notices where nobody reads."""


@pytest.mark.slow
@pytest.mark.parametrize("step", some(["MAIL", "RCPT", "DATA"], 3))
def test_a_connection_that_breaks_before_the_text_is_made_again_at_once(
    outbox: Outbox, post: Post, step: str
) -> None:
    outbox.queue("zero@mm-tickets.com", "one@mm-tickets.com", "two@mm-tickets.com", payload=LONG)
    post.say(step, "", HANG_UP)
    assert outbox.send().result.sent == 3
    assert sorted(post.readers) == [
        "one@mm-tickets.com",
        "two@mm-tickets.com",
        "zero@mm-tickets.com",
    ]


def test_a_connection_that_breaks_in_the_text_is_no_delivery(outbox: Outbox, post: Post) -> None:
    outbox.queue("one@mm-tickets.com", payload=LONG)
    post.say("DATA", "half", "half")
    assert outbox.send().result.left == 1
    row = outbox.rows()[0]
    assert (row["state"], row["attempts"]) == ("QUEUED", 1)
    assert post.taken == []


def test_where_a_short_text_is_gone_before_the_server_hangs_up_nobody_knows(
    outbox: Outbox, post: Post
) -> None:
    outbox.queue("one@mm-tickets.com")
    post.say("DATA", "half", "half")
    outbox.send()
    assert outbox.states()[0] in ("QUEUED", "UNKNOWN")  # by who is quicker
    assert post.taken == []


def test_a_server_that_took_the_text_and_is_silent_leaves_it_unknown(
    outbox: Outbox, post: Post
) -> None:
    outbox.queue("one@mm-tickets.com", "two@mm-tickets.com")
    post.say("END", SILENCE)
    account = Account("127.0.0.1", post.port, "none", Address("", "office", "mm-tickets.com"))
    channels = Channels({"email": lambda: Mail(account, answer=0.3)}, {})
    assert outbox.send(channels=channels).result.unknown == 1
    assert outbox.states() == ["UNKNOWN", "SENT"]


def test_greylisted_first_and_then_taken(outbox: Outbox, post: Post) -> None:
    outbox.queue("one@mm-tickets.com")
    post.say("RCPT", "450 greylisted")
    outbox.send()
    wait = outbox.rows()[0]["not_before"]
    assert timedelta(minutes=4) < wait - datetime.now() < timedelta(minutes=6)
    assert outbox.send().result.sent == 0
    outbox.set("N00001", not_before=None)
    assert outbox.send().result.sent == 1
    assert outbox.rows()[0]["attempts"] == 2


def test_after_eight_attempts_a_message_is_failed(outbox: Outbox, post: Post) -> None:
    outbox.queue("one@mm-tickets.com", attempts=7)
    post.say("RCPT", "450 greylisted")
    plan = outbox.send()
    assert outbox.states() == ["FAILED"]
    assert "after 8 attempts" in plan.findings[0].message


def test_later_then_never(outbox: Outbox, post: Post) -> None:
    outbox.queue("one@mm-tickets.com")
    post.say("END", "451 later", "550 never")
    outbox.send()
    outbox.set("N00001", not_before=None)
    outbox.send()
    assert outbox.states() == ["FAILED"]
    assert post.taken == []


def test_what_can_t_be_written_or_addressed_stops_nothing_else(outbox: Outbox, post: Post) -> None:
    outbox.put(
        {"payload": '{"broken": 1}'},
        {"recipient": "no address"},
        {"recipient": "a@mm-tickets.com\r\nRCPT TO:<b@mm-tickets.com>"},
        {"recipient": "fine@mm-tickets.com"},
    )
    assert outbox.send().result.failed == 3
    assert outbox.states() == ["FAILED", "FAILED", "FAILED", "SENT"]
    assert "sale.id" in outbox.rows()[0]["error"]
    assert post.readers == ["fine@mm-tickets.com"]


def test_a_server_that_is_not_there_costs_no_attempt(outbox: Outbox, post: Post) -> None:
    outbox.queue("one@mm-tickets.com", "two@mm-tickets.com")
    with Post() as other:
        gone = other.port
    away = Outbox(outbox.path, smtp_host="127.0.0.1", smtp_port=gone, smtp_security="none")
    plan = away.send()
    assert codes(plan) == ["CHANNEL_DOWN"]
    assert (plan.result.left, plan.result.sent) == (2, 0)
    assert [(row["state"], row["attempts"]) for row in outbox.rows()] == [("QUEUED", 0)] * 2
    assert all("can't be reached" in row["error"] for row in outbox.rows())
    assert outbox.send().result.sent == 0  # the channel rests for a while


def test_more_than_one_batch(outbox: Outbox, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "BATCH", 5)
    outbox.queue(*(f"p{n}@mm-tickets.com" for n in range(12)))
    assert outbox.send().result.sent == 12
    assert len(set(post.message_ids)) == len(post.taken) == 12
    assert set(outbox.states()) == {"SENT"}


def test_a_time_limit_leaves_the_rest_as_it_was(outbox: Outbox, post: Post) -> None:
    class Slow:
        now = 0.0

        def monotonic(self) -> float:
            self.now += 1.0
            return self.now

        def sleep(self, seconds: float, /) -> None:
            self.now += seconds

    outbox.queue(*(f"p{n}@mm-tickets.com" for n in range(20)))
    result = outbox.send(budget=30.0, clock=Slow()).result
    assert 0 < result.sent < 20
    assert result.left == 20 - result.sent
    assert len(post.taken) == result.sent
    assert {(row["state"], row["attempts"]) for row in outbox.rows()} == {
        ("SENT", 1),
        ("QUEUED", 0),
    }


def test_one_sender_at_a_time(outbox: Outbox, post: Post) -> None:
    outbox.queue("one@mm-tickets.com")
    with recording(outbox.store.state_folder, "x"), pytest.raises(LockedError):
        outbox.send()
    assert post.taken == []


def test_a_copy_sends_nothing_and_says_so(outbox: Outbox, post: Post, tmp_path: Path) -> None:
    outbox.queue("one@mm-tickets.com")
    copied = tmp_path / "copy.xlsx"
    shutil.copy(outbox.path, copied)
    shutil.copytree(outbox.store.state_folder, tmp_path / "copy.xlsx.ticketops")
    copy = Outbox(copied, **{name: getattr(outbox.settings, name) for name in _MAIL})
    plan = copy.send()
    assert codes(plan) == ["SENDING_NOT_ENABLED"]
    assert plan.result.left == 1
    assert post.taken == []
    assert outbox.send().result.sent == 1


_MAIL = ("smtp_host", "smtp_port", "smtp_security", "smtp_from")


def test_an_older_version_that_is_put_back_sends_nothing_twice(
    outbox: Outbox, post: Post, tmp_path: Path
) -> None:
    outbox.queue("one@mm-tickets.com", "two@mm-tickets.com")
    kept = shutil.copy(outbox.path, tmp_path / "older.xlsx")
    post.say("END", "", HANG_UP)
    outbox.send()
    shutil.copy(kept, outbox.path)
    assert outbox.states() == ["QUEUED", "QUEUED"]
    plan = outbox.send()
    assert outbox.states() == ["SENT", "UNKNOWN"]
    assert codes(plan).count("MESSAGE_ALREADY_SENT") == 2
    assert len(post.taken) == 2


def test_quiet_hours_and_closed_channels_leave_messages_waiting(outbox: Outbox, post: Post) -> None:
    now = datetime.now()
    quiet = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"
    from ticketops.model.quiet import Quiet

    outbox.queue("one@mm-tickets.com")
    outbox.queue("#ops", channel="slack")
    outbox.queue("tester", channel="in_app")
    silent = Outbox(
        outbox.path,
        quiet_hours=Quiet.read(quiet),
        smtp_host="127.0.0.1",
        smtp_port=post.port,
        smtp_security="none",
    )
    plan = silent.send()
    assert sorted(codes(plan)) == ["CHANNEL_NOT_SET_UP", "QUIET_HOURS"]
    assert (plan.result.sent, plan.result.left) == (1, 2)
    assert outbox.states() == ["QUEUED", "QUEUED", "SENT"]
    assert post.taken == []


def test_a_digest_is_one_mail_a_reader(outbox: Outbox, post: Post) -> None:
    outbox.queue("one@mm-tickets.com", "two@mm-tickets.com", "One@mm-tickets.com")
    outbox.put({"recipient": "one@mm-tickets.com", "payload": '{"broken": 1}'})
    digest = Outbox(
        outbox.path, message_digest=True, **{name: getattr(outbox.settings, name) for name in _MAIL}
    )
    assert digest.send().result.sent == 3
    assert outbox.states() == ["SENT", "SENT", "SENT", "FAILED"]
    assert [mail["Subject"] for mail in post.taken] == ["2 messages: About S1", "About S2"]
    assert "S1 is sold." in text_of(post.taken[0])
    assert "S3 is sold." in text_of(post.taken[0])
    assert outbox.rows()[0]["sent_as"] == outbox.rows()[2]["sent_as"] == post.message_ids[0]


def test_rows_that_are_not_understood_are_said_and_left_alone(outbox: Outbox, post: Post) -> None:
    outbox.queue(*(f"p{n}@mm-tickets.com" for n in range(6)))
    outbox.set("N00001", state=None)
    outbox.set("N00002", state="QUED")
    outbox.set("N00003", channel="pigeon")
    outbox.set("N00004", recipient=None)
    outbox.set("N00005", message="N00006")
    plan = outbox.send()
    assert codes(plan) == ["MESSAGE_UNCLEAR"] * 6
    assert post.taken == []

"""A sender that is killed at whatever point sends nothing twice and loses nothing; where nobody can know,
it says so."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.sending.outbox import Outbox
from tests.sending.post import Post
from ticketops.channels.letter import Outcome
from ticketops.domain.messages.message import Message
from ticketops.domain.messages.message import Outbox as Rows
from ticketops.domain.messages.sending import Became, Result
from ticketops.errors import LockedError, UnusableError
from ticketops.schema.layouts.event import NOTIFICATION_LOG
from ticketops.services import flight
from ticketops.services.channels import Channels
from ticketops.services.flight import FOLDER, Recorder

TOKEN = "vm/abc"
READERS = ["one@mm-tickets.com", "two@mm-tickets.com", "three@mm-tickets.com"]
NOW = datetime(2026, 5, 1, 9, 30)


def codes(plan: Any) -> list[str]:
    return [finding.code for finding in plan.findings]


class Died:
    """What a sender that died left: its claim in the workbook, and its notes."""

    def __init__(self, outbox: Outbox) -> None:
        lease = datetime.now().replace(microsecond=0) + timedelta(minutes=50)
        outbox.queue(*READERS, state="SENDING", attempts=1, sent_as=TOKEN, not_before=lease)
        self.folder = outbox.store.state_folder / FOLDER
        self.folder.mkdir(parents=True, exist_ok=True)
        self.recorder = Recorder(self.folder)
        read = outbox.store.read(NOTIFICATION_LOG)[NOTIFICATION_LOG]
        self.messages = Rows.of(read).messages

    def first(self) -> list[Message]:
        return [self.messages[0]]

    def answered(self, became: Became, sent_as: str = "") -> None:
        result = Result(self.messages[0].message_id, became, NOW, "said so", sent_as)
        self.recorder.answered(TOKEN, [(self.messages[0], result)])


def test_what_was_only_claimed_is_sent(outbox: Outbox, post: Post) -> None:
    Died(outbox).recorder.claimed(TOKEN)
    assert outbox.send().result.sent == 3
    assert sorted(post.readers) == sorted(READERS)
    assert [row["attempts"] for row in outbox.rows()] == [1, 1, 1]


def test_what_was_begun_is_tried_again_later(outbox: Outbox, post: Post) -> None:
    died = Died(outbox)
    died.recorder.claimed(TOKEN)
    died.recorder.handing(TOKEN, died.first())
    assert outbox.send().result.sent == 2
    row = outbox.rows()[0]
    assert (row["state"], row["attempts"]) == ("QUEUED", 1)
    assert row["not_before"] > datetime.now()


def test_what_was_handed_over_is_unknown(outbox: Outbox, post: Post) -> None:
    died = Died(outbox)
    died.recorder.claimed(TOKEN)
    died.recorder.handing(TOKEN, died.first())
    died.recorder.handed(TOKEN, died.first())
    plan = outbox.send()
    assert (plan.result.sent, plan.result.unknown) == (2, 1)
    assert codes(plan) == ["MESSAGE_UNKNOWN"]
    assert READERS[0] not in post.readers


@pytest.mark.parametrize(
    ("became", "state"),
    [(Became.SENT, "SENT"), (Became.REFUSED, "FAILED"), (Became.RETRY, "QUEUED")],
)
def test_what_was_answered_is_recorded(
    outbox: Outbox, post: Post, became: Became, state: str
) -> None:
    died = Died(outbox)
    died.recorder.claimed(TOKEN)
    died.recorder.handing(TOKEN, died.first())
    died.recorder.handed(TOKEN, died.first())
    died.answered(became, "<x@y>" if became is Became.SENT else "")
    outbox.send()
    row = outbox.rows()[0]
    assert row["state"] == state
    assert READERS[0] not in post.readers
    assert (row["sent_at"] == NOW) == (became is Became.SENT)


def test_a_torn_note_announces_a_step_that_was_not_taken(outbox: Outbox, post: Post) -> None:
    died = Died(outbox)
    died.recorder.claimed(TOKEN)
    died.recorder.handing(TOKEN, died.first())
    before = (died.folder / "flight.jsonl").read_bytes()
    died.recorder.handed(TOKEN, died.first())
    after = (died.folder / "flight.jsonl").read_bytes()
    (died.folder / "flight.jsonl").write_bytes(after[: len(before) + 20])
    outbox.send()
    assert outbox.states() == ["QUEUED", "SENT", "SENT"]


def test_where_notes_are_damaged_nothing_is_sent_blindly(outbox: Outbox, post: Post) -> None:
    died = Died(outbox)
    died.recorder.claimed(TOKEN)
    with (died.folder / "flight.jsonl").open("ab") as file:
        file.write(b'{"step": "hand\x00\xff\n')
    died.recorder.handing(TOKEN, [died.messages[1]])
    outbox.send()
    assert set(outbox.states()) == {"UNKNOWN"}
    assert post.taken == []


def test_another_machine_has_an_hour_and_then_nobody_knows(outbox: Outbox, post: Post) -> None:
    Died(outbox)
    plan = outbox.send()
    assert codes(plan) == ["MESSAGE_BEING_SENT"] * 3
    assert outbox.states() == ["SENDING"] * 3
    outbox.set("N00001", not_before=datetime.now() - timedelta(minutes=1))
    outbox.set("N00002", not_before=None)
    outbox.set("N00003", not_before=datetime.now() + timedelta(days=3))  # a clock set back
    plan = outbox.send()
    assert codes(plan) == ["MESSAGE_UNKNOWN"] * 3
    assert post.taken == []


def test_what_somebody_typed_meanwhile_stays(outbox: Outbox, post: Post) -> None:
    died = Died(outbox)
    died.recorder.claimed(TOKEN)
    outbox.set("N00001", state="WITHDRAWN")
    outbox.send()
    assert outbox.states() == ["WITHDRAWN", "SENT", "SENT"]
    assert READERS[0] not in post.readers


class Interrupting:
    """A channel that delivers the first letter, and is interrupted at the second."""

    def __init__(self, error: BaseException) -> None:
        self.error, self.letters = error, list[str]()

    def deliver(self, letter: Any, handed: Any, seconds: float) -> Outcome:
        self.letters.append(letter.recipient)
        if len(self.letters) == 2:
            raise self.error
        handed()
        return Outcome(Became.SENT, sent_as="<x@y>")

    def close(self) -> None:
        """Nothing."""


def test_who_interrupts_it_finds_the_rest_waiting(outbox: Outbox, post: Post) -> None:
    outbox.queue(*READERS)
    stopped = Interrupting(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        outbox.send(channels=Channels({"email": lambda: stopped}, {}))
    assert outbox.states() == ["SENT", "QUEUED", "QUEUED"]
    assert [row["attempts"] for row in outbox.rows()] == [1, 1, 0]
    outbox.set("N00002", not_before=None)
    outbox.send()
    assert outbox.states() == ["SENT"] * 3
    assert sorted(post.readers) == sorted(READERS[1:])


def test_a_message_that_breaks_its_channel_stops_no_other(outbox: Outbox, post: Post) -> None:
    outbox.queue(*READERS)
    broken = Interrupting(UnicodeError("half a character"))
    plan = outbox.send(channels=Channels({"email": lambda: broken}, {}))
    assert outbox.states() == ["SENT", "FAILED", "SENT"]
    assert "half a character" in plan.findings[0].message


def test_what_was_sent_while_the_workbook_was_opened_elsewhere_is_recorded_the_next_time(
    outbox: Outbox, post: Post
) -> None:
    mark = outbox.path.with_name(f"~${outbox.path.name}")

    class Opening(Interrupting):
        def deliver(self, letter: Any, handed: Any, seconds: float) -> Outcome:
            mark.write_bytes(b"\x03Bob")
            handed()
            return Outcome(Became.SENT, sent_as="<x@y>")

    outbox.queue(READERS[0])
    with pytest.raises(LockedError, match="is not in the workbook yet") as error:
        outbox.send(channels=Channels({"email": lambda: Opening(OSError())}, {}))
    assert "sends none of them twice" in error.value.hint
    mark.unlink()
    assert outbox.states() == ["SENDING"]
    assert outbox.send().result.sent == 1
    assert outbox.states() == ["SENT"]
    assert outbox.rows()[0]["sent_as"] == "<x@y>"
    assert post.taken == []


@pytest.mark.parametrize("step", ["claimed", "handing", "handed"])
def test_where_nothing_can_be_noted_nothing_is_sent(
    outbox: Outbox, post: Post, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    outbox.queue(*READERS)
    whole = flight._append

    def append(path: Path, text: str) -> None:
        if f'"step": "{step}"' in text:
            raise OSError(28, "No space left on device")
        whole(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(flight, "_append", append)
        with pytest.raises(UnusableError, match="No space left"):
            outbox.send()
    assert post.taken == []
    assert set(outbox.states()) == {"QUEUED"}
    outbox.set("N00001", not_before=None)
    assert outbox.send().result.sent == 3


@pytest.mark.slow
def test_killed_at_every_point_nothing_goes_out_twice_and_nothing_is_lost(
    outbox: Outbox, post: Post, tmp_path: Path
) -> None:
    """Every point before and after every note, commit and delivery, one after the other."""
    outbox.queue(*READERS)
    kept, state = tmp_path / "kept.xlsx", outbox.store.state_folder
    shutil.copy(outbox.path, kept)
    shutil.copytree(state, tmp_path / "kept-state")
    unknown = 0
    for point in range(1, 1000):
        shutil.copy(kept, outbox.path)
        shutil.rmtree(state)
        shutil.copytree(tmp_path / "kept-state", state)
        post.taken.clear()
        code = _send_and_die(outbox.path, post.port, point)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        outbox.send()
        for row in outbox.rows():
            if row["state"] == "QUEUED":
                outbox.set(row["message"], not_before=None)
        outbox.send()
        states = {row["recipient"]: row["state"] for row in outbox.rows()}
        arrived = post.readers
        assert len(arrived) == len(set(arrived)), f"point {point}: twice"
        for reader in READERS:
            assert states[reader] in ("SENT", "UNKNOWN"), f"point {point}: {states}"
            if states[reader] == "SENT":
                assert reader in arrived, f"point {point}: lost"
        unknown += "UNKNOWN" in states.values()
        assert not (state / FOLDER / "flight.jsonl").exists()
    else:
        pytest.fail("it never ends")
    assert point > 40
    assert 0 < unknown < 12


def _send_and_die(workbook: Path, port: int, point: int) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sending.killed", str(workbook), str(port), str(point)],
        check=False,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode

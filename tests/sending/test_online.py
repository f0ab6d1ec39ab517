"""A Google Sheet that several machines send from: each has notes of its own, the claims are in the
sheet."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.online import Google
from tests.sending.outbox import Outbox
from tests.sending.post import Post
from ticketops.services.flight import Recorder

Machine = Callable[[str], Outbox]
MAIL = {"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_from": "office@mm-tickets.com"}


@pytest.fixture
def machine(google: Google, post: Post, tmp_path: Path) -> Machine:
    """The same sheet as each machine sees it."""
    sheet = f"gsheet:{google.new()}"

    def made(name: str) -> Outbox:
        return Outbox(
            sheet,  # type: ignore[arg-type]
            google_key=google.key,
            google_api=google.server.url,
            state=tmp_path / name,
            smtp_port=post.port,
            **MAIL,
        )

    return made


def test_what_one_machine_claimed_the_other_leaves_alone(
    machine: Machine, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machine("one"), machine("other")
    one.enable()
    one.queue("a@mm-tickets.com", "b@mm-tickets.com")

    def die(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "handing", die)
        patch.setattr(Recorder, "flown", die)  # no chance to tidy up
        patch.setattr("ticketops.services.sending._Sender._recover", lambda _self: None)
        with pytest.raises(SystemExit):
            one.send()
    assert one.states() == ["SENDING"] * 2
    plan = other.send()
    assert [finding.code for finding in plan.findings] == ["MESSAGE_BEING_SENT"] * 2
    other.queue("c@mm-tickets.com")
    assert other.send().result.sent == 1
    assert one.send().result.sent == 2
    assert sorted(post.readers) == ["a@mm-tickets.com", "b@mm-tickets.com", "c@mm-tickets.com"]
    assert one.states() == other.states() == ["SENT"] * 3


def test_a_machine_without_its_notes_says_that_nobody_knows(
    machine: Machine, post: Post, tmp_path: Path
) -> None:
    one = machine("one")
    one.enable()
    one.queue("a@mm-tickets.com", state="SENDING", attempts=1, sent_as="vm/abc")
    shutil.rmtree(tmp_path / "one", ignore_errors=True)
    assert machine("one").send().result.unknown == 1
    assert post.taken == []

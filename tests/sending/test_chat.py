"""Chat messages by apprise, over real sockets: what became of one follows from what happened to its
request, and the address of the service is in no error (D30)."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.sending.certificates import server_context
from tests.sending.webhook import DRIP, HANG_UP, SILENCE, Webhook
from ticketops.channels.chat import Chat
from ticketops.channels.letter import Letter, Outcome
from ticketops.domain.messages.sending import Became
from ticketops.errors import UsageError
from ticketops.model.secrets import Secret

TOKEN = "T0KEN-s3cret"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with Webhook() as made:
        yield made


def letter(recipient: str = "ops", *, internal: bool = True) -> Letter:
    return Letter(
        "k", recipient, "Ops", "Sale S1 <b>", "S1 is *sold* <!channel> {{x}}", "", internal
    )


def deliver(
    port: int, one: Letter | None = None, *, seconds: float = 10.0, url: str = ""
) -> tuple[Outcome, bool]:
    """What became of a letter, and whether it was noted that it is handed over."""
    handed: list[None] = []
    address = Secret(url or f"json://127.0.0.1:{port}/{TOKEN}/{{to}}")
    outcome = Chat("slack_url", address).deliver(
        one or letter(), lambda: handed.append(None), seconds
    )
    assert TOKEN not in f"{outcome}"
    return outcome, bool(handed)


def test_a_message_arrives_as_it_is(hook: Webhook) -> None:
    outcome, handed = deliver(hook.port, letter("a/b ?&#ä"))
    assert (outcome.became, outcome.sent_as, handed) == (Became.SENT, "slack", True)
    path, body = hook.taken[0]
    assert unquote(path.rstrip("/")) == f"/{TOKEN}/a/b ?&#ä"
    assert "?" not in path
    assert "#" not in path
    said: dict[str, Any] = json.loads(body)
    assert said["title"] == "Sale S1 <b>"
    assert said["message"] == "S1 is *sold* <!channel> {{x}}"


@pytest.mark.parametrize(
    ("answer", "became"),
    [
        (400, Became.REFUSED),
        (403, Became.REFUSED),
        (404, Became.REFUSED),
        (408, Became.RETRY),
        (429, Became.RETRY),
        (503, Became.RETRY),
        (500, Became.UNKNOWN),
        (502, Became.UNKNOWN),
        (504, Became.UNKNOWN),
        (HANG_UP, Became.UNKNOWN),
    ],
)
def test_an_answer_decides(hook: Webhook, answer: Any, became: Became) -> None:
    hook.script.append(answer)
    outcome, handed = deliver(hook.port)
    assert (outcome.became, handed) == (became, True)
    assert outcome.error
    assert len(hook.taken) == 1


@pytest.mark.parametrize("answer", [SILENCE, DRIP])
def test_a_service_that_does_not_answer_is_left_in_time(hook: Webhook, answer: str) -> None:
    hook.script.append(answer)
    outcome, handed = deliver(hook.port, seconds=0.5)
    assert (outcome.became, handed) == (Became.UNKNOWN, True)


def test_a_service_that_is_not_there_got_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcome, _handed = deliver(port)
    assert outcome.became is Became.RETRY


def test_slack_says_no_with_a_yes(hook: Webhook) -> None:
    hook.script.append((200, '{"ok": false, "error": "channel_not_found"}'))
    assert deliver(hook.port)[0].became is Became.SENT  # json:// does not read it

    from ticketops.channels.chat import _refusal

    class Answer:
        def json(self) -> Any:
            return {"ok": False, "error": "channel_not_found"}

    assert _refusal(Answer()) == "channel_not_found"


def test_a_note_that_fails_stops_the_request(hook: Webhook) -> None:
    def fail() -> None:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        Chat("slack_url", Secret(f"json://127.0.0.1:{hook.port}/{TOKEN}")).deliver(
            letter(), fail, 10.0
        )
    assert hook.taken == []


def test_an_address_without_recipient_is_for_the_office_only(hook: Webhook) -> None:
    url = f"json://127.0.0.1:{hook.port}/{TOKEN}"
    outcome, handed = deliver(hook.port, letter(internal=False), url=url)
    assert (outcome.became, handed) == (Became.REFUSED, False)
    assert deliver(hook.port, letter(), url=url)[0].became is Became.SENT
    assert len(hook.taken) == 1


@pytest.mark.parametrize(
    "url",
    [
        f"json://hooks.mm-tickets.com/{TOKEN}/{{to}}",
        f"jsons://127.0.0.1/{TOKEN}/{{to}}?verify=no",
        f"slack://{TOKEN}/{{to}}",
    ],
)
def test_nothing_goes_in_clear_or_to_whom_nobody_verifies(url: str) -> None:
    outcome, handed = deliver(9, url=url)
    assert (outcome.became, handed) == (Became.REFUSED, False)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "mailto://x:y@z.com", "syslog://", "nonsense"]
)
def test_services_that_are_no_chat_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="must begin with"):
        Chat("slack_url", Secret(url))


def test_a_service_with_a_wrong_certificate_gets_nothing(tmp_path: Path) -> None:
    context, _trusted = server_context(tmp_path)
    taken: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            plain, _ = listener.accept()
            with context.wrap_socket(plain, server_side=True) as secure:
                taken.append(secure.recv(100))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        url = f"jsons://127.0.0.1:{listener.getsockname()[1]}/{TOKEN}/{{to}}"
        outcome, _handed = deliver(0, url=url)
        thread.join(10)
    assert outcome.became is Became.RETRY
    assert taken == []

"""A workbook that may send, and a mail server beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sending.outbox import Outbox
from tests.sending.post import Post


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as made:
        yield made


@pytest.fixture
def outbox(empty: Path, post: Post) -> Outbox:
    """A workbook that may send, by the post."""
    made = Outbox(
        empty,
        smtp_host="127.0.0.1",
        smtp_port=post.port,
        smtp_security="none",
        smtp_from="office@mm-tickets.com",
        sender="MM Tickets",
    )
    made.enable()
    return made

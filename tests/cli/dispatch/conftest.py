"""A command that must succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Runner


@pytest.fixture
def do(here: Runner) -> Callable[..., dict[str, Any]]:
    """A command that must succeed; its result."""

    def command(*words: str, code: int = 0, **settings: str) -> dict[str, Any]:
        done = here(*words, "--json", **settings)
        assert done.code == code, done.out + done.err
        return done.json["result"]

    return command

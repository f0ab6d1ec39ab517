"""A service account at a server, which all tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.google.here import Here
from tests.google.server import GoogleServer


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    with GoogleServer() as server:
        yield Here(server)

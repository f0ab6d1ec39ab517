"""The browser that pages are tried in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium; a test is skipped where it is absent, unless CI has installed it."""
    if not CHROMIUM.exists():
        if os.environ.get("TICKETOPS_REQUIRE_CHROMIUM"):
            pytest.fail("Chromium was promised but is not there")
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()

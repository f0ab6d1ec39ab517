"""The desk of tests that do not say another one."""

from __future__ import annotations

import pytest

from tests.domain.manager import ManagerDesk


@pytest.fixture
def desk() -> ManagerDesk:
    return ManagerDesk()

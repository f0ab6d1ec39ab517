"""A desk whose first sale is served."""

from __future__ import annotations

import pytest

from tests.domain.dispatch.desk import DispatchDesk, served


@pytest.fixture
def desk() -> DispatchDesk:
    return DispatchDesk(served())

"""A desk with a key file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.domain.credentials.desk import CredentialDesk


@pytest.fixture
def desk(tmp_path: Path) -> CredentialDesk:
    return CredentialDesk(tmp_path)

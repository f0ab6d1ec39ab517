"""A desk with a key file."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.desk import Desk, everything
from ticketops.config import Settings
from ticketops.domain.credentials import assignment
from ticketops.domain.plan import Plan
from ticketops.engine.job import Job
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY
from ticketops.services import credentials

CANARY = "hunter2-Ünï"


class CredentialDesk(Desk):
    """A desk with a key file; notices are kept."""

    def __init__(self, folder: Path, store: Any = None) -> None:
        super().__init__(store, role="ops_manager")
        self.keys = folder / "keys" / "ticketops.keys"
        self.settings = Settings(key_file=self.keys, role="ops_manager")
        self.notices: list[str] = []

    def seal(self) -> Plan:
        return self.do(credentials.seal(self.settings, dry_run=False, notice=self.notices.append))

    def add(self, vendor: str = "Ann", password: str | None = CANARY, **more: str) -> Plan:
        values = {"login": "a1", "email": "a1@example.com", "notes": "", "event": ""} | more
        return self.do(
            credentials.add(
                self.settings,
                vendor,
                password=password,
                **values,
                dry_run=False,
                notice=self.notices.append,
            )
        )

    def update(self, vendor: str = "Ann", login: str = "", **given: str) -> Plan:
        return self.do(
            credentials.update(
                self.settings,
                vendor,
                login=login,
                event=None,
                given=given,
                dry_run=False,
                notice=self.notices.append,
            )
        )

    def deactivate(self, vendor: str = "Ann", login: str = "", event: str | None = None) -> Plan:
        return self.do(credentials.deactivate(vendor, "left us", login=login, event=event))

    def assign(self, vendor: str = "Ann", mode: str = assignment.BLANKS_ONLY, **more: str) -> Plan:
        return self.do(
            credentials.assign(
                self.settings, vendor, mode=mode, **{"match": "", "login": ""} | more
            )
        )

    def opened(self, text: str | None) -> str | None:
        """What a cell says, by the library itself."""
        if text is None or not text.startswith("sealed:"):
            return text
        for line in self.keys.read_text().splitlines():
            if line and not line.startswith("#"):
                try:
                    return Fernet(line).decrypt(text.removeprefix("sealed:")).decode()
                except Exception:
                    continue
        raise AssertionError("no key opens it")

    def passwords(self, sheet: str, column: str = "password") -> list[str | None]:
        return [self.opened(text) for text in self.rows(sheet, column)]

    def history(self, *columns: str) -> list[Any]:
        return self.rows(
            CREDENTIAL_HISTORY,
            *(columns or ("action", "vendor", "login_id", "event", "subject", "detail")),
        )

    def refused(self, error: type[Exception], match: str, call: Callable[[], object]) -> None:
        before = everything(self.store)
        with pytest.raises(error, match=match) as caught:
            call()
        assert everything(self.store) == before
        assert CANARY not in "".join(traceback.format_exception(caught.value))


def viewed(desk: CredentialDesk, vendor: str = "Ann") -> Job:
    return credentials.openable(credentials.reveal(vendor, login="", event=None), desk.settings)

"""The portal of an event in a database and of a Google Sheet (D29)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from tests.portal.visiting import Portals
from ticketops.cli.main import run
from ticketops.config import Settings
from ticketops.engine.opening import open_store
from ticketops.portal import house
from ticketops.schema.layouts.event import PORTAL_LOG
from ticketops.services import portal as services


@pytest.fixture(params=["database", "google"])
def elsewhere(
    request: pytest.FixtureRequest, settings: Settings, book: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """The settings of somebody who works on the event where it is no file."""
    monkeypatch.setattr(house, "LOOK_EVERY", dict.fromkeys(house.LOOK_EVERY, 0.0))
    where: Any = request.getfixturevalue(request.param)
    if request.param == "database":
        address = where.url("PORTAL")
        where.execute('drop table if exists "none"')
        assert run(["db", "init", "-w", address]) == 0
        assert run(["workbook", "copy", str(book), address]) == 0
        return replace(settings, workbook=address)
    content = openpyxl.load_workbook(book, read_only=True)
    rows = {page.title: [list(row) for row in page.iter_rows(values_only=True)] for page in content}
    content.close()
    google = where.settings()
    return replace(
        settings,
        workbook=f"gsheet:{where.new(rows)}",
        google_key=google.google_key,
        google_api=google.google_api,
        google_budget=20.0,
    )


def test_a_visit(elsewhere: Settings) -> None:
    portal = Portals(elsewhere)
    browser = portal.inside("client", "Acme Ltd")
    page = browser.get("/")
    assert page.status_code == 200
    assert "S1-1" in page.text
    assert "S4-1" not in page.text
    log = open_store(portal.book, elsewhere).read(PORTAL_LOG)[PORTAL_LOG].frame
    assert log["action"].to_list() == ["INVITED", "OPENED"]
    portal.do(services.revoke("PT1"))
    assert browser.get("/").status_code == 403

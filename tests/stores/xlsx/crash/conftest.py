"""The story as it goes undisturbed, and a nursery."""

from __future__ import annotations

import io
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.stores.xlsx.crash.nursery import Nursery
from tests.stores.xlsx.crash.story import NAME, STEPS, Story, history, step
from ticketops.schema.layouts.event import EVENT
from ticketops.stores.xlsx.store import XlsxStore


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, empty_source: Path) -> Story:
    base = tmp_path_factory.mktemp("story")
    live = base / "live"
    live.mkdir()
    shutil.copy(empty_source, live / NAME)
    told = Story()
    for number in range(len(STEPS) + 1):
        told.folders.append(Path(shutil.copytree(live, base / str(number))))
        told.states.append((live / NAME).read_bytes())
        told.logs.append(history(live) if number else [])
        told.revisions[XlsxStore(live / NAME, layout=EVENT).revision()] = told.states[-1]
        assert len(told.logs[-1]) == number
        openpyxl.load_workbook(io.BytesIO(told.states[-1]))
        if number < len(STEPS):
            step(live, number)
    assert told.states[5] == told.states[3]
    return told


@pytest.fixture(scope="module")
def only_nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def nursery(only_nursery: Nursery) -> Nursery:
    """The nursery, with whatever a failed test left unheard read away."""
    token = str(uuid.uuid4())
    only_nursery.send("echo", Path(), token=token)
    while only_nursery.read_edits().get("token") != token:
        pass
    assert only_nursery.read_edits() == {"status": 0}
    return only_nursery

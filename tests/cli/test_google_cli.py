"""Every command does on a Google Sheet what it does on a file: the same words, one after the other,
on the same event in both."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.everything import EVENTFUL
from tests.conftest import Result
from tests.online import Google
from ticketops.cli.main import run
from ticketops.schema.layouts.event import EVENT
from ticketops.stores.gsheets.control import is_internal
from ticketops.stores.xlsx.store import XlsxStore

VOLATILE = {
    "run_id",
    "file",
    "at",
    "built_at",
    "revision",
    "book_id",
    "path",
    "workbook",
    "kept",
    "seconds",
    "link",
}
VOLATILE_COLUMNS = {
    "run_id",
    "seconds",
    "timestamp",
    "created_at",
    "updated_at",
    "book_id",
    "notes",
    "built_at",
    "file",
    "content",
    "contents",
    "base",
    "changed_at",
    "digest",
}
"""They hold the time or a random number. `notes` begins with the RunID in some sheets."""
PLACED = (["message", "enable"], ["message", "disable"], ["message", "send"])
"""Commands that say where the workbook is."""
SAME_FILES = ("init", "sample", "sync", "google", "job", "cron")
OF_FILES = (["archive", "sweep"],)
"""Commands that a Google Sheet refuses."""
FAST = 24
STARTED = datetime.now() - timedelta(minutes=1)
RANDOM = re.compile(
    r"\b[0-9a-f]{24}\b|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|R\d{8}-\d{6}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?|\d\d:\d\d:\d\d"
)
Command = Callable[..., Result]


def steady(value: Any) -> Any:
    """What a command says, without times, random numbers and places."""
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [steady(item) for item in value]
    if isinstance(value, datetime) and value > STARTED:
        return "during this test"
    return RANDOM.sub("…", value) if isinstance(value, str) else value


def tables(store: Any) -> dict[str, list[dict[str, Any]]]:
    """All rows of all sheets, without what differs from run to run."""
    names = [sheet.name for sheet in EVENT if sheet.header_row]
    return {
        name: [
            {key: steady(value) for key, value in row.items() if key not in VOLATILE_COLUMNS}
            for row in table.frame.to_dicts()
        ]
        for name, table in store.read(*names, strict=False).tables.items()
    }


@pytest.fixture
def both(
    book: Path,
    environment: dict[str, str],
    google: Google,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> tuple[Command, Callable[[], Any], Callable[[], Any]]:
    """A command on both; a store of the file, one of the sheet. Each has a folder of its own for
    books, so that neither sees the other's."""
    for name in [name for name in os.environ if name.startswith("TICKETOPS_")]:
        monkeypatch.delenv(name)
    file = XlsxStore(book, layout=EVENT)
    key = google.new(file.raw_rows(*file.sheet_names()))
    away = tmp_path / "away"
    away.mkdir()
    shutil.copytree(book.parent / "keys", away / "keys") if (
        book.parent / "keys"
    ).exists() else None
    shared = environment | google.environment()

    def one(words: list[str], folder: Path, workbook: str) -> Result:
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            for name, value in (
                shared
                | {
                    "TICKETOPS_WORKBOOK": workbook,
                    "TICKETOPS_BOOKS": str(folder / "books"),
                    "TICKETOPS_KEY_FILE": str(tmp_path / "keys" / "k"),
                    "TICKETOPS_ROLE": "super_admin",
                    "TICKETOPS_USER": "anna",
                }
            ).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b""), "utf-8"))
            code = run(words)
        out, err = capfd.readouterr()
        return Result(code, out, err)

    def command(*words: str) -> tuple[Result, Result]:
        return one([*words, "--json"], book.parent, str(book)), one(
            [*words, "--json"], away, f"gsheet:{key}"
        )

    return command, lambda: XlsxStore(book, layout=EVENT), lambda: google.store(key)


def same(
    words: list[str], command: Command, file: Callable[[], Any], sheet: Callable[[], Any]
) -> None:
    here_said, there_said = command(*words)
    assert here_said.code == there_said.code, (
        words,
        here_said.out + here_said.err,
        there_said.out + there_said.err,
    )
    said = [steady(json.loads(result.out)) for result in (here_said, there_said)]
    if "error" in said[0]:
        assert said[0]["error"]["code"] == said[1]["error"]["code"], words
        return
    for one in said:
        if words[0] == "undo":  # only a file can give back its very bytes
            one["result"] = {key: one["result"][key] for key in ("undone", "number", "command")}
        one["changes"] = sorted(
            one["changes"]
        )  # a time of day may be the same in one of them, and count no cell
    assert said[0] == said[1], words


@pytest.mark.parametrize(
    "part", [pytest.param("first"), pytest.param("all", marks=pytest.mark.slow)]
)
def test_every_command_on_both(part: str, both: tuple[Any, ...]) -> None:
    command, file, sheet = both
    lines = [
        words
        for words in EVENTFUL
        if words[0] not in SAME_FILES
        and words not in (*PLACED, *OF_FILES)
        and "event.xlsx" not in words
        and words[-1] != "."
    ]  # what a folder holds is no matter of a Google Sheet
    for words in lines[:FAST] if part == "first" else lines:
        same(words, command, file, sheet)
        if part == "first" and words[0] not in ("purchase", "sale"):
            continue
        ours, theirs = tables(file()), tables(sheet())
        for name in {*ours, *theirs}:
            assert ours.get(name) == theirs.get(name), (words, name)


def test_an_empty_google_sheet_becomes_an_event(both: tuple[Any, ...], google: Google) -> None:
    """`doctor --fix` lays it out; then it can be worked with."""
    key = google.server.new_spreadsheet("New", None, {google.email: "writer"})
    store = google.store(key)
    from tests.desk import Desk
    from ticketops.services import allocation, audit

    desk = Desk(store)
    desk.do(audit.doctor_job(store, fix=True))
    assert [
        sheet.name for sheet in EVENT.canonical() if sheet.name not in store.sheet_names()
    ] == []
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(allocation.allocate_auto())
    assert desk.codes() == []
    assert all(not is_internal(name) for name in store.sheet_names())

"""A throw-away spreadsheet, and the probe that is run in it as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.conftest import Result
from tests.google.server import OWNER, GoogleServer
from tests.online import Google
from tests.stores.gsheets.commands import Command

NOBODY = "nobody.known@elsewhere.invalid"
"""An address without a Google account."""
ALLOWED_BY = "ticketops google probe --forget"
HARMLESS = {
    ("new-sheet-in-answer", "shown"),
    ("copy-under-filter", "written"),
    ("write-into-merge", "refused"),
    ("strict-validation", "refused"),
}
"""Other than the local server usually answers, and yet nothing is lost."""


def protect(server: GoogleServer, key: str, title: str, row: int, column: int) -> None:
    """The owner lets nobody else edit a cell."""
    where = {
        "sheetId": server.sheet(key, title).id,
        "startRowIndex": row - 1,
        "endRowIndex": row,
        "startColumnIndex": column - 1,
        "endColumnIndex": column,
    }
    held = {"range": where, "editors": {"users": [OWNER]}}
    server.request(key, {"addProtectedRange": {"protectedRange": held}})


def throw_away(google: Google) -> str:
    """An empty spreadsheet in which everything can be measured."""
    key = google.server.new_spreadsheet("Nobody's", None, {google.email: "writer"})
    protect(google.server, key, "Sheet1", 1, 1)
    return key


def answers_file(google: Google) -> Path:
    return google.folder / "answers.json"


def probe(command: Command, google: Google, key: str, *words: str) -> Result:
    """Everything is measured, and nobody asked."""
    file = str(answers_file(google))
    named = ("-w", f"gsheet:{key}", "--share-with", NOBODY, "--out", file, "-y")
    return command("google", "probe", *named, *words)


def told(google: Google) -> dict[str, Any]:
    """{name: answer} in the file."""
    content = json.loads(answers_file(google).read_text())
    return {name: one["answer"] for name, one in content["answers"].items()}

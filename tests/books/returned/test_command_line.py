"""Hostile and good files together, through the real command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.books.field import Field, filled, put
from tests.conftest import run_cli


@pytest.mark.slow
def test_the_command_line_reports_and_goes_on(
    event: Field, hostile: dict[str, tuple[Path, set[str]]]
) -> None:
    good = filled(event, put(AC5="=1+1", A16="S2-1", J16="S2-1", AC16="Eve"))
    laughs, text_file = hostile["dtd in xl-worksheets-sheet1-xml"][0], hostile["text"][0]
    words = ["client", "pull", "-w", str(event.workbook), "--json"]
    done = run_cli(*words, str(laughs), str(text_file), str(good), cwd=event.home)
    assert (done.code, done.err) == (1, "")
    assert [(f["code"], f.get("row")) for f in done.json["findings"]] == [
        ("HOSTILE_FILE", None),
        ("UNUSABLE", None),
        ("FOREIGN_ROW", 16),
        ("FORMULA", 5),
    ]
    assert done.json["result"]["taken"] == 3
    before = event.workbook.read_bytes()
    done = run_cli(*words[:-1], str(laughs), cwd=event.home)
    assert done.code == 1
    assert "HOSTILE_FILE" in done.out + done.err
    assert "Traceback" not in done.out + done.err
    done = run_cli(*words, str(good), str(event.home / "none.xlsx"), cwd=event.home)
    assert (done.code, "Traceback" in done.out + done.err) == (3, False)
    assert event.workbook.read_bytes() == before
    done = run_cli(*words, str(good), str(event.home), cwd=event.home)
    assert (done.code, "Traceback" in done.out + done.err) == (1, False)
    assert "UNUSABLE" in [f["code"] for f in done.json["findings"]], "a folder is no book"

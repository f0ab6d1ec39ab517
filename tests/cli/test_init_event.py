"""`init --event`: how the schedule of a new workbook is titled."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.conftest import run_cli


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ((), "Schedule"),
        (("--event", "LA28"), "Schedule LA28"),
        (("--event", " WC 2026 "), "Schedule WC 2026"),
    ],
)
def test_the_schedule_is_titled_after_the_event(
    tmp_path: Path, words: tuple[str, ...], title: str
) -> None:
    path = tmp_path / "event.xlsx"
    assert run_cli("init", str(path), *words).code == 0
    assert [
        name
        for name in openpyxl.load_workbook(path, read_only=True).sheetnames
        if name.startswith("Schedule")
    ] == [title]
    assert run_cli("doctor", "-w", str(path)).code == 0


@pytest.mark.parametrize("code", ["a/b", "x" * 23, "[x]", "x'", "a\nb"])
def test_a_code_that_no_title_can_hold_is_refused(tmp_path: Path, code: str) -> None:
    done = run_cli("init", str(tmp_path / "event.xlsx"), "--event", code)
    assert (done.code, done.err.count("\n"), list(tmp_path.iterdir())) == (2, 1, []), done.err

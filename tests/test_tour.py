"""What the pages show is what is printed. `make tour` says where it is not; `python scripts/tour.py
--write PAGE` corrects a page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOUR = ROOT / "scripts" / "tour.py"
PAGES = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if "```console" in path.read_text("utf-8")
]


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, TOUR, *words], capture_output=True, text=True, check=False, timeout=600
    )


def page(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_pages_show_what_is_printed(path: Path) -> None:
    done = run(path)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_readme_and_the_operators_day_are_among_them() -> None:
    assert {"README", "operators-day", "recovery", "cron"} <= {path.stem for path in PAGES}


def test_a_line_that_is_not_printed_is_told_and_corrected(tmp_path: Path) -> None:
    text = page(
        tmp_path / "page.md",
        "Two greetings.",
        "```console",
        "$ export WHO=world; echo good",
        "good",
        '$ echo "hello $WHO"; echo bye',
        "hello you",
        "bye",
        "```",
        "The end.",
    )
    before = text.read_text("utf-8")

    told = run(text)
    assert told.returncode == 1
    assert "-hello you\n+hello world\n" in told.stdout
    assert text.read_text("utf-8") == before

    assert run("--write", text).returncode == 0
    assert text.read_text("utf-8") == before.replace("hello you", "hello world")
    assert run(text).returncode == 0


def test_what_is_left_out_agrees_only_with_what_stands_around_it(tmp_path: Path) -> None:
    lines = ("```console", "$ seq 8 12", "8", "…", "1…", "12", "```")
    assert run(page(tmp_path / "right.md", *lines)).returncode == 0

    wrong = page(tmp_path / "wrong.md", "```console", "$ seq 8 12", "8", "…", "13", "```")
    assert run("--write", wrong).returncode == 0
    assert wrong.read_text("utf-8") == "```console\n$ seq 8 12\n8\n…\n12\n```"


@pytest.mark.slow
def test_clock_files_and_folders_are_those_that_the_page_says(tmp_path: Path) -> None:
    shown = page(
        tmp_path / "page.md",
        "<!-- clock 2026-06-08 07:30 -->",
        "<!-- file hello.sh -->",
        "```sh",
        "echo hello",
        "```",
        "<!-- run ticketops init event.xlsx -q > /dev/null -->",
        "```console",
        "$ sh hello.sh",
        "hello",
        '$ ticketops user set ana --role ops_manager -w event.xlsx; echo "code $?"',
        "this will be recorded:",
        "ana · ops_manager",
        "will record _USERS: 1 new row — write it? [Y/n] y",
        "R20260608-073200: _USERS: 1 new row",
        "code 0",
        "```",
        "<!-- folder -->",
        "```console",
        "$ ls",
        "```",
    )
    done = run(shown)
    assert done.stdout + done.stderr == ""

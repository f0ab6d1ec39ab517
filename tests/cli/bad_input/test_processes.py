"""Real processes: closed streams, words that are no text, terminals, and what is not permitted."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
import pytest

from tests.cli.bad_input.refusing import (
    FORBIDDEN,
    ROOT,
    SELL,
    UNUSABLE,
    WRITE,
    real,
    untouched_state,
)


def clean(done: subprocess.CompletedProcess[bytes], *codes: int) -> None:
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"internal error" not in done.stderr + done.stdout, done.stderr.decode()
    assert done.returncode in codes, (done.returncode, done.stderr)
    assert len(done.stderr.splitlines()) <= 1


@pytest.mark.slow
def test_standard_input_is_closed(small: Path) -> None:
    before = small.read_bytes()
    clean(real(*SELL, "-", "-w", str(small), after="<&-"), UNUSABLE)
    clean(real(*SELL, "-", "-w", str(small)), UNUSABLE)
    assert small.read_bytes() == before
    clean(real("status", "-w", str(small), after="<&-"), 0)
    clean(real(*WRITE, "-w", str(small), after="<&-"), 0)
    assert small.read_bytes() != before


@pytest.mark.slow
def test_standard_output_is_closed(small: Path) -> None:
    """Nobody hears the result; the work is done all the same, and no file is taken for the
    output."""
    clean(real(*WRITE, "-w", str(small), after=">&-"), 0)
    done = real(*WRITE, "-w", str(small), "--json", after=">&- 2>&-")
    assert done.returncode == 0
    assert (
        len(json.loads(real("log", "-w", str(small), "--json").stdout)["result"]["transactions"])
        == 2
    )
    openpyxl.load_workbook(small, read_only=True).close()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_the_output_cannot_be_written(small: Path) -> None:
    """A full disk behind a redirection: an error, but neither a traceback nor a claim that all is
    well."""
    for words in (
        ("status", "-w", str(small)),
        ("status", "-w", str(small), "--json"),
        ("--help",),
        ("--version",),
    ):
        done = real(*words, after=">/dev/full")
        assert done.returncode not in (0, 1, 120, 255), done.returncode
        assert b"Traceback" not in done.stderr
        assert os.strerror(errno.ENOSPC).encode() in done.stderr


@pytest.mark.slow
def test_words_that_are_no_text(small: Path, tmp_path: Path) -> None:
    """File names are bytes; JSON is UTF-8 all the same."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
        "PYTHONPATH": str(ROOT)
    }
    for more in ([], [b"--json"]):
        done = subprocess.run(
            [
                sys.executable,
                b"-m",
                b"ticketops",
                b"status",
                b"-w",
                bytes(tmp_path) + b"/\xff\xfe.xlsx",
                *more,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        assert done.returncode == UNUSABLE
        if more:
            assert json.loads(done.stdout)["error"]["code"] == "UNUSABLE"
    shutil.copy(small, bytes(tmp_path) + b"/\xff.xlsx")
    done = subprocess.run(
        [
            sys.executable,
            b"-m",
            b"ticketops",
            *(word.encode() for word in WRITE),
            b"-w",
            bytes(tmp_path) + b"/\xff.xlsx",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.slow)])
def test_a_terminal_that_knows_few_letters(small: Path, encoding: str) -> None:
    for words in (("status",), WRITE, (*WRITE, "--dry-run"), ("allocate", "commit", "Sß")):
        done = real(
            *words, "-w", str(small), before=f"PYTHONIOENCODING={encoding} PYTHONUTF8=0 LC_ALL=C"
        )
        assert b"Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, UNUSABLE), done.stderr


_AS_NOBODY = """
import contextlib, io, json, os, sys
from ticketops.cli.main import run

def tried(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*words])
    return code, out.getvalue(), err.getvalue()

scratch, path, *write = sys.argv[1:]
for words in (write, ["status"], ["undo", "-y"], ["log"]):  # everything is imported before we lose our rights
    tried(*words, "-w", scratch)
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(json.dumps([tried(*words, "-w", path) for words in (write, [*write, "--json"], ["status"])]))
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="POSIX only")
@pytest.mark.parametrize("forbidden", ["folder", "state folder", "journal", "lock", "workbook"])
def test_not_permitted(sound: bytes, tmp_path: Path, forbidden: str) -> None:
    """Reading works where writing may not; the refusal is exit code 6."""
    (tmp_path / "scratch.xlsx").write_bytes(sound)
    desk = tmp_path / "desk"
    state = desk / "event.xlsx.ticketops"
    (state / "journal").mkdir(parents=True)
    (state / "lock").touch()
    path = desk / "event.xlsx"
    path.write_bytes(sound)
    places = {
        "folder": desk,
        "state folder": state,
        "journal": state / "journal",
        "lock": state / "lock",
        "workbook": path,
    }
    if os.getuid() == 0:
        for place in (tmp_path, *tmp_path.parents):  # pytest keeps its folders to itself
            if (
                place.owner() == "root"
                and place.is_relative_to(tempfile.gettempdir())
                and place != Path(tempfile.gettempdir())
            ):
                place.chmod(place.stat().st_mode | 0o055)
        for place in (desk, *(place for name, place in places.items() if name != forbidden)):
            os.chown(place, 65534, 65534)
    elif forbidden == "state folder":
        pytest.skip("its owner may make it writable again, and does")
    if forbidden == "folder":
        shutil.rmtree(state)
    places[forbidden].chmod(0o000 if forbidden in ("workbook", "lock") else 0o555)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
        "PYTHONPATH": str(ROOT),
        "TICKETOPS_LOCK_TIMEOUT": "1",
        "HOME": str(desk),
        "XDG_CONFIG_HOME": str(desk),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", _AS_NOBODY, str(tmp_path / "scratch.xlsx"), str(path), *WRITE]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            cwd="/",
            timeout=60,
            check=True,
        )
    finally:
        for place in places.values():
            if place.exists():
                place.chmod(0o755 if place.is_dir() else 0o644)
    written, as_json, read = json.loads(done.stdout)
    codes = (
        (UNUSABLE, FORBIDDEN) if forbidden == "workbook" else (FORBIDDEN,)
    )  # unreadable: not usable, or not permitted
    assert written[0] in codes, written
    assert written[1] == ""
    assert len(written[2].splitlines()) == 1
    assert as_json[0] in codes
    assert json.loads(as_json[1])["error"]["code"] in ("NOT_PERMITTED", "UNUSABLE")
    assert read[0] in (codes if forbidden == "workbook" else (0,)), read
    assert path.read_bytes() == sound
    untouched_state(path)

"""Commands that are refused: one clear line, the right exit code, and the workbook to the byte what
it was."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ticketops.cli.main import run

ROOT = Path(__file__).parents[3]
USAGE, UNUSABLE, RULE, BUSY, FORBIDDEN = 2, 3, 4, 5, 6
KEPT = re.compile(r"lock|journal|backups|cache|cache/[\w-]+(?:@[0-9a-f]{32}\.arrow|\.names)")
"""What a refused command may leave in the state folder."""


@dataclass
class Refusing:
    """A workbook that no command of these tests may change, and the capture of what they print."""

    path: Path
    before: bytes
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        code = run([*words])
        out, err = self.capsys.readouterr()
        return code, out, err

    def refused(self, code: int, *words: str, says: str = "", notices: int = 0) -> str:
        """The command fails as it should, for people and for scripts; the line that people get.
        notices: lines before it."""
        found, out, err = self.run(*words)
        assert (found, out) == (code, ""), err
        lines = err.splitlines()
        assert len(lines) == 1 + notices, err
        line = lines[-1]
        assert line.startswith("ticketops: ")
        assert line.isprintable(), "a terminal would act on it"
        assert says.casefold() in line.casefold()
        assert "internal error" not in line
        assert "Traceback" not in err
        found, out, _err = self.run(*words, "--json")
        assert found == code
        answer = json.loads(out)
        assert set(answer) == {"command", "error"}
        assert set(answer["error"]) == {"code", "message", "hint"}
        assert answer["error"]["message"]
        assert line.startswith(f"ticketops: {' '.join(answer['error']['message'].split())}")
        self.untouched()
        return line

    def works(self, *words: str, code: int = 0) -> dict[str, Any]:
        found, out, err = self.run(*words, "--json")
        assert found == code, out or err
        return dict(json.loads(out))

    def untouched(self) -> None:
        if self.before:
            assert self.path.read_bytes() == self.before
        untouched_state(self.path)


def untouched_state(path: Path) -> None:
    """Nothing half-written beside the workbook."""
    assert not [p.name for p in path.parent.iterdir() if p.name.startswith(f".{path.name}")]
    state = path.with_name(f"{path.name}.ticketops")
    if state.is_dir():
        left = [p.relative_to(state).as_posix() for p in state.rglob("*")]
        assert not [name for name in left if not KEPT.fullmatch(name)]


HEADER = "match,category,qty,unit_price,vendor"
LINE = "M06,Cat 2,2,350,Viagogo"
BUY = ("purchase", "add", "--csv")
SELL = ("sale", "add", "--client", "Meridian", "--csv")


def table(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def cell(place: int, text: str) -> bytes:
    """A sound line and one that holds `text` in one place."""
    cells = LINE.split(",")
    cells[place] = text
    return table(LINE, ",".join(cells))


BAD_QUANTITIES = [
    "0",
    "-1",
    "1.5",
    "2.0",
    "abc",
    "1e9",
    "1E2",
    "100001",
    "999999999999",
    "NaN",
    "inf",
    "-inf",
    "true",
    "0x10",
    "1_0",
    "+3",
    "٣",
    "３",
    "²",
    "2x",
    "½",
    "--2",
    "",
    "2 0",
    '"1,000"',
    "=1+1",
]
BAD_PRICES = [
    "abc",
    "-1",
    "-0.01",
    "NaN",
    "-NaN",
    "sNaN",
    "nan(5)",
    "inf",
    "-Infinity",
    "1e400",
    "1e-400",
    "1e12",
    "1000000000000",
    "12.345",
    "0.001",
    "€5",
    "5€",
    "$5",
    "1_000",
    "٣",
    "٣٫٥",
    "３",
    "0x1",
    "=",
    "--1",
    "1.2.3",
    "",
    " ",
    '"1,5"',
    '"1,000.00"',
    "1 000",
    "1" * 400,
]


READ = ("status",)
EXAMINE = ("doctor",)
WRITE = ("sale", "add", "--client", "Meridian", "--line", "M06:Cat 2:2@350")
COMMANDS = (
    READ,
    EXAMINE,
    WRITE,
    ("audit", "run"),
    ("allocate", "auto"),
    ("log",),
    ("undo", "--yes"),
)


def packed(parts: Mapping[str, bytes], **changes: bytes | None) -> bytes:
    """An archive of the parts; `changes` by the part's last name, None leaves it out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            new = changes.get(Path(name).name.replace(".", "_").strip("[]"), content)
            if new is not None:
                archive.writestr(name, new)
    return buffer.getvalue()


def real(
    *words: str, before: str = "", after: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The command line under a shell. before: shell commands; after: redirections."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
        "PYTHONPATH": str(ROOT)
    }
    line = f"{before} {sys.executable} -m ticketops {shlex.join(words)} {after}"
    return subprocess.run(
        ["bash", "-c", line],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        cwd=cwd,
        timeout=120,
        check=False,
    )

"""Commands that follow one another on the small event of tests/cli/conftest, run alone or as lines of
a batch, always at one moment and with counted UUIDs."""

from __future__ import annotations

import io
import itertools
import json
import re
import shutil
import sys
import uuid
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import openpyxl
import time_machine
from hypothesis import strategies as st

from ticketops.cli.main import run

NOW = datetime(2026, 4, 17, 14, 30)
RUN_ID = re.compile(r"R\d{8}-\d{6}")
SALES = st.sampled_from(["S1", "S2", "S3", "S4", "S5", "S6", "S7"])
UNITS = st.integers(1, 14).map(lambda n: f"P{n:05d}")
BY_ITSELF = st.sampled_from(["undo -y", "doctor --fix", "inbox"])
"""Commands that no --atomic takes."""
COMMANDS = st.one_of(
    st.builds(
        lambda client, match, n: f"sale add --client '{client}' --line '{match}:{n}@200'",
        st.sampled_from(["Acme Ltd", "Bolt", "Zed & Sons"]),
        st.sampled_from(["M01:Cat 1", "M02:Cat 2"]),
        st.integers(1, 3),
    ),
    st.builds(
        lambda sale, n: f'sale set {sale} --notes "note \\"{n}\\""', SALES, st.integers(1, 3)
    ),
    st.builds(lambda sale, n: f"sale set {sale} --qty {n}", SALES, st.integers(1, 4)),
    st.builds(lambda sale: f"sale cancel {sale} --confirm UNDO --reason 'it rains'", SALES),
    st.builds(lambda sale: f"allocate commit {sale}", SALES),
    st.builds(lambda sale: f"override unallocate {sale} --confirm UNDO --reason x", SALES),
    st.builds(
        lambda unit: f"unit hold {unit} --client Bolt --until 2026-06-01 --reason 'a # in it'",
        UNITS,
    ),
    st.builds(lambda unit: f"unit release {unit}", UNITS),
    st.builds(lambda unit, n: f"unit seat {unit} --seat {n}", UNITS, st.integers(50, 52)),
    st.builds(
        lambda n: f"purchase add --match M01 --vendor 'Ann Tickets' --line 'Cat 1:{n}@9'",
        st.integers(1, 3),
    ),
    st.builds(lambda sale: f"refund decide {sale} --none --reason x", SALES),
    st.sampled_from(
        [
            "allocate auto",
            "staff queue",
            "staff assign --auto",
            "report position --write",
            "audit run --write",
            "recon run",
            "recon apply",
            "client add Dora",
            "client set Bolt --notes vip",
            "ticket list --match M01",
            "sale list",
            "status",
            "purchase expand",
            "sale expand",
            "sale add --client Bolt",
            "sale --help",
            "nonsense",
        ]
    ),
)


@dataclass
class Came:
    """What came of some commands: their objects, their exit codes, the workbook and its journal."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    code: int = 0
    data: bytes = b""
    log: list[tuple[Any, ...]] = field(default_factory=list)


class Desk:
    """A copy of a workbook in a folder of its own."""

    def __init__(self, source: Path, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.path = Path(shutil.copy(source, folder / "event.xlsx"))
        self._uuids = itertools.count(1)

    def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command line."""
        out, err = io.StringIO(), io.StringIO()
        fed = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
        counted = mock.patch("uuid.uuid4", side_effect=(uuid.UUID(int=n) for n in self._uuids))
        with (
            time_machine.travel(NOW, tick=False),
            counted,
            mock.patch.object(sys, "stdin", fed),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = run([*words, "-w", str(self.path), "--as", "olga"])
        return code, out.getvalue(), err.getvalue()

    def one_by_one(self, lines: list[str], words_of: Any) -> Came:
        """Each line as a command of its own."""
        came = Came()
        for line in lines:
            code, out, _err = self.run(*words_of(line), "--json")
            came.codes.append(code)
            came.objects.append(json.loads(out) if out.startswith("{") else {"output": out})
        return self._after(came)

    def batch(self, lines: list[str], *options: str) -> Came:
        """All of them as lines of one batch."""
        text = "".join(f"{line}\n" for line in lines)
        came = Came()
        came.code, out, _err = self.run("batch", "-", "--json", *options, stdin=text)
        *said, came.last = map(json.loads, out.splitlines())
        for one in said:
            came.codes.append(one.pop("exit_code"))
            del one["line"]
            came.objects.append({"output": one["output"]} if "output" in one else one)
        return self._after(came)

    def _after(self, came: Came) -> Came:
        came.data, came.log = self.path.read_bytes(), self.log()
        return came

    def log(self) -> list[tuple[Any, ...]]:
        """The transactions: RunID, command, who, and what they wrote."""
        done = json.loads(self.run("log", "--json")[1])["result"]["transactions"]
        return [(t["number"], t["run_id"], t["command"], t["user"], str(t)) for t in done]


def records(data: bytes) -> dict[str, list[tuple[str, ...]]]:
    """{sheet: its rows, sorted}, RunIDs alike: what a workbook says, wherever it says it."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    found = {}
    for sheet in book:
        rows = (
            tuple(RUN_ID.sub("R", str(value)) for value in row if value is not None)
            for row in sheet.iter_rows(values_only=True)
        )
        found[sheet.title] = sorted(row for row in rows if row)
    book.close()
    return found

"""What all tests share: a workbook to work on, a way to run the real CLI, and the switches of
CI."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.contract import problems
from tests.database import database  # noqa: F401
from tests.launcher import TIMEOUT, Launcher, can_fork
from tests.online import google, google_server  # noqa: F401
from tests.routing import routed  # noqa: F401
from ticketops.cli.main import run

settings.register_profile(
    "steady", derandomize=True, deadline=None
)  # the same examples on every machine; a red CI is no throw of the dice
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
pytest.register_assert_rewrite(
    "tests.books",
    "tests.cli",
    "tests.desk",
    "tests.domain",
    "tests.machines",
    "tests.stores",
    "tests.trail",
)
"""What helper modules assert is told in full, as in test modules."""

ROOT = Path(__file__).parent.parent


@dataclass
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


Runner = Callable[..., Result]


def run_cli(
    *words: str,
    stdin: str | bytes | None = None,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> Result:
    """Run the real command line in a process of its own."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    given = env or {}
    whole = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
    whole |= {"PYTHONPATH": str(ROOT)} | given
    if can_fork(given):
        code, out, err = launcher().run(words, data, whole, cwd)
    else:
        done = subprocess.run(
            [sys.executable, "-m", "ticketops", *words],
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            env=whole,
            cwd=cwd,
            timeout=TIMEOUT,
            check=False,
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    return Result(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


@cache
def launcher() -> Launcher:
    """The one of this process of the tests."""
    return Launcher()


@pytest.fixture(scope="session")
def cli() -> Runner:
    return run_cli


@pytest.fixture
def in_process(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    """The same command line in this process, which is ten times quicker than one of its own."""

    def command(
        *words: str,
        stdin: str | None = None,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Result:
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("TICKETOPS_")]:
                patch.delenv(name)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            if cwd is not None:
                patch.chdir(cwd)
            patch.setattr(
                sys, "stdin", io.TextIOWrapper(io.BytesIO((stdin or "").encode()), "utf-8")
            )
            capfd.readouterr()
            code = run(list(words))
        out, err = capfd.readouterr()
        if "--json" in words and out.startswith("{"):
            assert problems(out) == [], words
        return Result(code, out, err)

    return command


@pytest.fixture(scope="session")
def empty_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty canonical workbook; copy it before writing."""
    path = tmp_path_factory.mktemp("init") / "empty.xlsx"
    assert run_cli("init", str(path)).code == 0
    return path


@pytest.fixture
def empty(empty_source: Path, tmp_path: Path) -> Path:
    """An empty canonical workbook of one's own."""
    return Path(shutil.copy(empty_source, tmp_path / "event.xlsx"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A copy of the small sample workbook."""
    return Path(shutil.copy(ROOT / "sample_workbooks" / "small.xlsx", tmp_path / "small.xlsx"))


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice; a test that needs it is skipped where it is absent, unless CI has installed
    it."""
    found = shutil.which("soffice")
    if found is None:
        if os.environ.get("TICKETOPS_REQUIRE_LIBREOFFICE"):
            pytest.fail("LibreOffice was promised but is not there")
        pytest.skip("LibreOffice (soffice) is not installed")
    return found


LONG = ("/machines/", "/stores/xlsx/", "/confidentiality/", "_properties.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest is begun first, so that it does not keep one worker busy at the end."""
    items.sort(key=lambda item: not any(part in item.nodeid for part in LONG))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Seconds by group of tests: of all processes together, so twice what the clock shows on two
    cores."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folders = report.nodeid.partition("::")[0].split("/")[1:-1]
                seconds["/".join(folders[:2]) or "tests"] += report.duration
    if sum(seconds.values()) > 60:
        terminalreporter.section("seconds by group")
        for group, spent in seconds.most_common():
            terminalreporter.write_line(f"{spent:7.0f}  {group}")

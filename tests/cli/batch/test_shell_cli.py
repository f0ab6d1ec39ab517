"""`ticketops shell` at a terminal of 80 columns: every command as outside, a history without secrets,
what TAB offers, and what someone else changes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import stat
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.dispatching import rows_of
from tests.conftest import ROOT, Runner
from ticketops.cli import completion
from ticketops.cli.prompt import begun_words, may_hold_a_secret, offered

PATIENCE = 20.0
UP, TAB, STOP, END = "\x1b[A", "\t", "\x03", "\x04"
PROMPT = re.compile(r"event\.xlsx[^>\n]*>")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r|\x07")


class Shell:
    """One that somebody sits at."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        variables = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
        variables |= {
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "PROMPT_TOOLKIT_NO_CPR": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ticketops", "shell"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=variables | environment,
            cwd=folder,
            start_new_session=True,
        )
        os.close(theirs)
        self.screen = ""
        self._seen = 0

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def until(self, text: str) -> str:
        """What came since the last time, up to this text."""
        return self._until(re.compile(re.escape(text)))

    def prompt(self) -> str:
        """What came since the last time, up to the next prompt."""
        return self._until(PROMPT)

    def _until(self, text: re.Pattern[str]) -> str:
        end = time.monotonic() + PATIENCE
        while not (found := text.search(self.screen, self._seen)):
            assert time.monotonic() < end, f"no {text.pattern!r} in {self.screen[self._seen :]!r}"
            if select.select([self._ours], [], [], 0.2)[0]:
                try:
                    data = os.read(self._ours, 65536)
                except OSError:
                    data = b""
                assert data, f"it ended before {text.pattern!r}: {self.screen[self._seen :]!r}"
                self.screen += _CONTROL.sub("", data.decode("utf-8", "replace"))
        begun, self._seen = self._seen, found.end()
        return self.screen[begun : self._seen]

    def said(self, line: str) -> str:
        """What a line brings, up to the next prompt."""
        self.type(f"{line}\r")
        self.until(line)
        self.until("\n")
        return self.prompt()

    def left(self) -> int:
        """Its exit code, once it ended."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    os.read(self._ours, 65536)
                except OSError:
                    break
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def shell(environment: dict[str, str], book: Path) -> Iterator[Callable[[], Shell]]:
    made: list[Shell] = []

    def start() -> Shell:
        made.append(Shell(environment | {"TERM": "xterm"}, book.parent))
        made[-1].prompt()
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.mark.slow
def test_a_session(shell: Callable[[], Shell], here: Runner, book: Path) -> None:
    at = shell()
    assert "event.xlsx" in at.screen
    shown = at.said("sale show S1")
    assert here("sale", "show", "S1").out in shown
    failed = at.said("ticketops sale set S99 --notes x")
    assert "S99" in failed
    assert failed.endswith("[3]>")
    assert "not closed" in at.said("sale 'x")
    assert "a line can't hold `batch`" in at.said("batch -")
    at.type("sale set S1 --notes shelly\r")
    at.until("[Y/n]")
    at.type("y\r")
    at.prompt()
    assert {row["SalesID"]: row["Notes"] for row in rows_of(book, "Sales")}["S1"] == "shelly"
    assert here("sale", "set", "S2", "--notes", "outside", "-q").code == 0
    assert "event.xlsx was changed by someone else" in at.said("")
    assert "outside" in at.said("sale show S2")
    at.type("sale sho")
    at.until("sho")
    at.type(TAB)
    at.until("w")
    at.type(f" S2{STOP}")
    at.until("\n")
    at.prompt()
    assert "Usage: ticketops" in at.said("help")
    at.type(END)
    assert at.left() == 0


@pytest.mark.slow
def test_earlier_lines_come_back_but_for_secrets(shell: Callable[[], Shell], book: Path) -> None:
    at = shell()
    for line in ("sale show S1", "credentials list", " sale show S3", "sale show S2"):
        at.said(line)
    at.type("exit\r")
    assert at.left() == 0
    kept = book.parent / "state" / "ticketops" / "shell_history"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert re.findall(r"^\+(.*)", kept.read_text(), re.M) == [
        "sale show S1",
        "sale show S2",
        "exit",
    ]
    again = shell()
    again.type(UP + UP)
    again.until("sale show S2")
    again.type("\r")
    again.until("S2 · Acme Ltd")


def test_it_needs_a_person(here: Runner) -> None:
    done = here("shell")
    assert (done.code, "ticketops batch -" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("sale show S1", False),
        ("credentials add X --username u", True),
        ("staff reveal T00001", True),
        ("client set Bolt --notes 'Password: x'", True),
        ("event set --logo-url https://x.example/?key=1", True),
        (" sale list", True),
    ],
)
def test_lines_that_may_hold_a_secret(line: str, secret: bool) -> None:
    assert may_hold_a_secret(line) is secret


@pytest.mark.parametrize(
    ("text", "words", "begun"),
    [
        ("", [], ""),
        ("sa", [], "sa"),
        ("ticketops sa", [], "sa"),
        ("sale ", ["sale"], ""),
        ("sale add --client 'Acme L", ["sale", "add", "--client"], "Acme L"),
        ('sale add --client "Acme L', ["sale", "add", "--client"], "Acme L"),
        ("sale add --client Acme\\ ", ["sale", "add", "--client"], "Acme "),
    ],
)
def test_the_word_that_is_being_typed(text: str, words: list[str], begun: str) -> None:
    assert begun_words(text) == (words, begun)


def test_what_tab_offers(here: Runner, book: Path) -> None:
    assert here("sale", "list").code == here("unit", "list").code == 0
    given = completion.WORKBOOK.set(str(book))
    try:
        found = {
            (*words, begun): [value for value, _said in offered(words, begun)]
            for words, begun in (
                (["sale"], "sh"),
                ([], "wait"),
                (["sale", "show"], "S"),
                (["unit", "list"], "--ma"),
                (["unit", "list", "--match"], "M"),
            )
        }
    finally:
        completion.WORKBOOK.reset(given)
    assert found == {
        ("sale", "sh"): ["show"],
        ("wait",): ["waitlist"],
        ("sale", "show", "S"): ["S1", "S2", "S3", "S4", "S5"],
        ("unit", "list", "--ma"): ["--match"],
        ("unit", "list", "--match", "M"): ["M01", "M02"],
    }

"""ticketops on a terminal of its own, and what stays in its scrollback."""

from __future__ import annotations

import fcntl
import os
import re
import select
import subprocess
import sys
import termios
import time
from contextlib import suppress

from tests.conftest import ROOT

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


# --- at a terminal


class Terminal:
    """ticketops on a terminal of its own."""

    def __init__(self, words: list[str], env: dict[str, str]) -> None:
        self._master, slave = os.openpty()
        settings = (
            {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
            | {"PYTHONPATH": str(ROOT)}
            | env
        )

        def own_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "ticketops", "credentials", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=settings,
            preexec_fn=own_terminal,  # noqa: PLW1509 (no other thread is about)
        )
        os.close(slave)
        self.text = ""

    def until(self, pattern: str, seconds: float = 20.0) -> str:
        """Read until the pattern was printed."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, self.text
            if not self._read(0.1) and self.process.poll() is not None:
                break
        assert re.search(pattern, self.text), self.text
        return self.text

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Read all that is left; the exit code."""
        end = time.monotonic() + 20
        while self.process.poll() is None or self._read(0.0):
            assert time.monotonic() < end, self.text
            self._read(0.05)
        os.close(self._master)
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        with suppress(OSError):  # the other side is closed
            data = os.read(self._master, 65_536)
            self.text += data.decode("utf-8", "replace")
            return bool(data)
        return False


def outside(text: str) -> str:
    """What was printed outside the alternate screen: what stays in the scrollback."""
    return re.sub(f"{re.escape(ENTER)}.*?{re.escape(LEAVE)}", "", text, flags=re.DOTALL)

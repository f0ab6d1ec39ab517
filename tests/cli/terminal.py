"""A person at a terminal: the real command line on a pseudo-terminal, and what was typed at its
questions."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import ROOT, Result

ENTER, END = "\n", "\x04"
"""END: Ctrl-D, the end of the input."""
_PATIENCE = 120.0


def at_terminal(
    *words: str,
    typed: Sequence[str] = (),
    piped: bool = False,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    size: tuple[int, int] = (0, 0),
) -> Result:
    """Run a command; `out` holds the screen. size: its columns and lines, where it says them. typed: one answer a question, in order. piped:
    standard output goes into a pipe."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    theirs_to_say = ("COLUMNS", "LINES")  # the terminal's, not those of whoever runs the tests
    variables = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith("TICKETOPS_") and k not in theirs_to_say
    }
    variables |= {"PYTHONPATH": str(ROOT), "TERM": "dumb", "NO_COLOR": "1"} | (env or {})
    process = subprocess.Popen(
        [sys.executable, "-m", "ticketops", *words],
        stdin=theirs,
        stdout=subprocess.PIPE if piped else theirs,
        stderr=theirs,
        env=variables,
        cwd=cwd,
        start_new_session=True,
    )
    os.close(theirs)
    screen, answers, end = b"", list(typed), time.monotonic() + _PATIENCE
    pipe = process.stdout.fileno() if process.stdout else -1
    sources = {ours: b"", pipe: b""} if piped else {ours: b""}
    heard = dict(sources)
    while sources and time.monotonic() < end:
        for source in select.select(list(sources), [], [], 1.0)[0]:
            try:
                data = os.read(source, 65536)
            except OSError:  # Linux tells so that nobody holds the other end any more
                data = b""
            heard[source] += data
            if not data:
                del sources[source]
        screen = heard[ours]
        if (
            answers
            and screen.rstrip().endswith((b"[Y/n]", b"[y/N]", b"?", b":"))
            and len(screen) > len(heard.get(-2, b""))
        ):
            heard[-2] = screen  # this question is answered
            os.write(ours, answers.pop(0).encode())
    if sources:
        process.kill()
    code = process.wait(timeout=10)
    os.close(ours)
    if process.stdout:
        process.stdout.close()
    text = screen.decode("utf-8", "replace").replace("\r\n", "\n")
    return Result(code, heard.get(pipe, b"").decode() if piped else text, text if piped else "")

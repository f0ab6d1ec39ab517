"""Commands of ours as processes of their own, with a limit of time each: one that hangs is stopped
with everything that it started, and the rest goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import BinaryIO

from msgspec import Struct

GRACE = 5.0
"""Seconds between asking a process to end and ending it."""
STOPPED = 124
"""The exit code of a command that took too long, as `timeout` has it."""
_MOST_SAID = 2**26


class Ended(Struct, frozen=True):
    """What a command left behind. code: its exit code, STOPPED where it took too long, 128 and the
    number of a signal that ended it."""

    code: int
    out: str
    err: str
    seconds: float


def ticketops(
    words: Sequence[str], *, limit: float, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command line of ours, with nobody to ask. limit: seconds. Ctrl-C ends it as well.

    -P: a module in the current folder, which may be anybody's, is never taken for one of ours.
    """
    return command([sys.executable, "-P", "-m", "ticketops", *words], limit, environment)


def command(
    words: Sequence[str], limit: float, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a program. What it says is kept in files, not in pipes: a process that it leaves behind
    can't keep us waiting."""
    begun = time.monotonic()
    with TemporaryFile() as out, TemporaryFile() as err:
        with subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=None if environment is None else {**os.environ, **environment},
            start_new_session=True,
        ) as child:
            try:
                code = child.wait(timeout=limit)
            except subprocess.TimeoutExpired:
                code = STOPPED
            finally:
                _end(child)
        seconds = round(time.monotonic() - begun, 1)
        return Ended(code if code >= 0 else 128 - code, _said(out), _said(err), seconds)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a process and whatever it started, if it still runs: asked first, so that it can put away
    what it holds."""
    if child.poll() is not None:
        return  # over, and its number may be somebody else's by now
    _signal(child, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=GRACE)
    _signal(child, getattr(signal, "SIGKILL", signal.SIGTERM))
    child.wait()


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    """To the whole group, which outlives its first process."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, number)
        elif child.poll() is None:
            child.kill()


def _said(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(_MOST_SAID).decode("utf-8", "replace")

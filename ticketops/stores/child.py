"""Files that nobody vouches for are read by a process of their own, which may die of them: both ends
of it.

The parent sends one JSON object a process and gets a JSON line a file; the child limits its memory
and its work first.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import Any

MEMORY = 2**30
"""Address space of the child, in bytes."""
PATIENCE = 60.0
"""Seconds a single file may take."""
WORK = 10
"""Seconds of work of the processor that a single file may take."""
MOST_SAID = 2**25
"""Characters that a single file may say."""
MAX_FILE = 50 * 2**20
"""Bytes of a file."""


def answers(module: str, request: Mapping[str, Any], files: int) -> Generator[str, None, None]:
    """The child's lines, one a file; they end early where it dies or takes too long. module: what
    it runs; request: what it is asked, to which the limits are added."""
    environment = os.environ | {"PYTHONUTF8": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        encoding="utf-8",
    ) as child:
        if child.stdin is None or child.stdout is None:
            return
        try:
            asked = {**request, "memory": MEMORY, "work": WORK}
            child.stdin.write(json.dumps(asked) + "\n")
            child.stdin.flush()
        except BrokenPipeError:
            return
        try:
            for _ in range(files):
                watchdog = threading.Timer(PATIENCE, child.kill)
                watchdog.start()
                try:
                    line = child.stdout.readline(MOST_SAID)
                finally:
                    watchdog.cancel()
                if not line.endswith("\n"):
                    break
                yield line
        finally:
            child.kill()


def asked() -> dict[str, Any]:
    """In the child: what it is asked, with its memory limited and interrupts ignored."""
    wanted: dict[str, Any] = json.loads(sys.stdin.readline())
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (wanted["memory"], wanted["memory"]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    return wanted


def allow(seconds: int) -> None:
    """In the child: let it work so many seconds more, whatever else the machine does; then it is
    killed."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))

"""Files that came back: read by a child process (`stores/returned/reading.py`) that may die of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ticketops.schema.books import Returned
from ticketops.stores.returned.contents import returned_of

MEMORY = 2**30
"""Address space of the child, in bytes."""
PATIENCE = 60.0
"""Seconds a single file may take."""


def read_returned(paths: Sequence[Path], kind: str = "", *, told: Callable[[int, int], None] | None = None) -> list[Returned]:
    """What the files say, in order. kind: of files whose hidden sheet is gone. told: progress as (done, total).

    A file that breaks the reader, or the reader's limits, comes back as unusable; the others are read all the same.
    """
    found: list[Returned] = []
    while len(found) < len(paths):
        rest = paths[len(found) :]
        for path, line in zip(rest, _lines(rest, kind), strict=False):
            found.append(_returned(path, json.loads(line)))
            if told:
                told(len(found), len(paths))
        if len(found) < len(paths):
            path = paths[len(found)]
            message = f"{path.name} needs more memory or time than any book"
            found.append(Returned(path.name, "", problems=(("HOSTILE_FILE", None, message),), unusable=True))
    return found


def _lines(paths: Sequence[Path], kind: str) -> Any:
    """The child's lines, one a file; they end early where it dies or takes too long."""
    environment = os.environ | {"PYTHONUTF8": "1"}
    with subprocess.Popen([sys.executable, "-m", "ticketops.stores.returned.reading"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env=environment, encoding="utf-8") as child:  # fmt: skip
        if child.stdin is None or child.stdout is None:
            return
        try:
            child.stdin.write(json.dumps({"paths": [str(path.absolute()) for path in paths], "kind": kind, "memory": MEMORY}) + "\n")
            child.stdin.flush()
        except BrokenPipeError:
            return
        for _ in paths:
            watchdog = threading.Timer(PATIENCE, child.kill)
            watchdog.start()
            line = child.stdout.readline()
            watchdog.cancel()
            if not line.endswith("\n"):
                break
            yield line
        child.kill()


def _returned(path: Path, said: dict[str, Any]) -> Returned:
    return returned_of(path.name, said)

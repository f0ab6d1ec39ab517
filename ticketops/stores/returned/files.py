"""Files that came back: read by a child process (`stores/returned/reading.py`) that may die of
them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from itertools import cycle
from pathlib import Path
from typing import Any

from ticketops.schema.book_layouts import Returned
from ticketops.stores import child
from ticketops.stores.returned.contents import returned_of

_HANDS = 2
"""Children that read many files, by turns: while one is waited for, the other reads ahead."""
_MANY = 12
"""Files from which on a second child is worth its start."""


def read_returned(
    paths: Sequence[Path],
    kind: str = "",
    *,
    seconds: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Returned]:
    """What the files say, in order. kind: of files whose hidden sheet is gone. seconds: after so
    many no further file is begun, and the list is shorter. on_progress: progress as (done, total).

    A file that breaks the reader, or the reader's limits, comes back as unusable; the others are
    read all the same.
    """
    found: list[Returned] = []
    end = None if seconds is None else time.monotonic() + seconds

    def is_over() -> bool:
        return bool(found) and end is not None and time.monotonic() > end

    while len(found) < len(paths) and not is_over():
        rest = paths[len(found) :]
        hands = _HANDS if len(rest) >= _MANY and (os.cpu_count() or 1) > 1 else 1
        with ExitStack() as stack:
            readers = [
                stack.enter_context(closing(_lines(rest[nth::hands], kind))) for nth in range(hands)
            ]
            for path, reader in zip(rest, cycle(readers), strict=False):
                if (line := next(reader, None)) is None:
                    break
                found.append(_returned(path, json.loads(line)))
                if on_progress:
                    on_progress(len(found), len(paths))
                if is_over():
                    return found
        if len(found) < len(paths):
            path = paths[len(found)]
            message = f"{path.name} needs more memory or time than any book"
            found.append(
                Returned(path.name, "", problems=(("HOSTILE_FILE", None, message),), unusable=True)
            )
    return found


def _lines(paths: Sequence[Path], kind: str) -> Generator[str, None, None]:
    """The child's lines, one a file; they end early where it dies or takes too long."""
    asked = {"paths": [str(path.absolute()) for path in paths], "kind": kind}
    return child.answers("ticketops.stores.returned.reading", asked, len(paths))


def _returned(path: Path, said: dict[str, Any]) -> Returned:
    return returned_of(path.name, said)

"""A second process that writes books beside this one: where there is much to write, two cores take
little more than half the time.

`python -m ticketops.books.helper` gets one pickled (book, path) after the other and answers each
with a byte. What it fails at, or is killed at, this process writes itself: so whatever goes wrong is
said in the same words. Passwords are opened in this process only.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ticketops.books.file_writer import write_book
from ticketops.schema.book_layouts import Book

_WORTH = 100_000
"""Cells from which on a second process is worth its start, which takes as long as writing half of
them."""
_DONE, _FAILED = b"1", b"0"


def is_worth_it(books: Iterable[Book]) -> bool:
    """Whether these books are better written by two processes."""
    sizes = [len(book.rows) * len(book.layout.columns) for book in books]
    return len(sizes) > 1 and sum(sizes) >= _WORTH and (os.cpu_count() or 1) > 1


class Helper:
    """The process. `write` may be called by one thread, `end` by any."""

    def __init__(self) -> None:
        paths = os.pathsep.join(filter(None, sys.path))
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": paths, "PYTHONSAFEPATH": "1"},
            )

    def write(self, book: Book, path: Path) -> None:
        """The same as `write_book`, by the other process as long as it lives."""
        if not self._asked(book, path):
            write_book(book, path)

    def _asked(self, book: Book, path: Path) -> bool:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return False
        try:
            pickle.dump((book, path.absolute()), process.stdin)
            process.stdin.flush()
            return process.stdout.read(1) == _DONE
        except (OSError, ValueError):  # it died, or was ended
            return False

    def end(self) -> None:
        """Kill the process, if it lives, and wait for that."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):  # what was not sent is of no use to anybody
                        pipe.close()


@contextmanager
def helping() -> Iterator[Helper]:
    """A helper that is gone at the end."""
    helper = Helper()
    try:
        yield helper
    finally:
        helper.end()


def main() -> None:
    """Write the books that standard input holds, until it ends."""
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    with suppress(EOFError, BrokenPipeError):
        while True:
            book, path = pickle.load(sys.stdin.buffer)  # noqa: S301 (from the process that started it)
            try:
                write_book(book, path)
                answer = _DONE
            except Exception:  # the process that asked writes it itself, and says why it can't
                answer = _FAILED
            sys.stdout.buffer.write(answer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

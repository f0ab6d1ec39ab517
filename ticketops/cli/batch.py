"""`ticketops batch`: many commands in one go."""

from __future__ import annotations

import gc
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO

import typer

from ticketops.cli.session import Session, command
from ticketops.errors import InputError, TicketopsError, UsageError
from ticketops.model.display import counted

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_LONGEST_LINE = 2**20
_INTERRUPTED = 130
_COLLECT_EVERY = 64
"""Lines after which memory that refers to itself is freed."""


@dataclass(frozen=True, slots=True)
class Batched:
    """`batch`."""

    lines: int
    """Commands that were run."""
    done: int
    """Those that did what they were to do, with findings or without."""
    with_findings: int
    written: int
    """Those that changed the workbook."""
    failed: tuple[int, ...]
    """The numbers of the lines that failed."""


@command(app, "batch", writes=True)
def batch(
    session: Session,
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="The commands; - means standard input.")
    ],
    keep_going: Annotated[
        bool,
        typer.Option("--keep-going", help="Go on after a command that fails; default: stop."),
    ] = False,
) -> int:
    """Run many commands in one process, one per line, each as if it stood alone: a transaction of
    its own, with the same result, findings and exit code.

    A line is read as a shell reads it, without variables and wildcards; blank lines and what is
    behind a # are left out. -w, --as, --json, -q, --wide, -n and -y count for every line that does
    not say otherwise; -n shows each line by itself, as if no other had run. Commands ask nothing
    and find an empty standard input. With --json, each command prints its object on one line, and a
    last line says how many there were. The exit code is that of the first command that failed.

    Example: printf 'unit hold P00012 --client Acme --until 2026-06-11 --reason VIP\\nsale list\\n' |
    ticketops batch -
    """
    from ticketops.cli.lines import Given, Lines

    tally = _Tally()
    with _opened(file) as (name, source), _collecting():
        lines = Lines(Given.to(session))
        for number, text in _numbered(name, source):
            if not _one(session, lines, tally, number, text) and not keep_going:
                break
            if tally.code == _INTERRUPTED:
                break
            if number % _COLLECT_EVERY == 0:
                gc.collect()
    return _told(session, tally)


def _one(session: Session, lines: Any, tally: _Tally, number: int, text: str) -> bool:
    """Run one line and tell what came of it; whether it did what it was to do, or held nothing."""
    from ticketops.cli.lines import Done, numbered, words_of
    from ticketops.cli.main import fail

    where = f"line {number}: "
    words: list[str] = []
    try:
        words = words_of(text)
        if not words:
            return True
        if not session.out.as_json:
            session.out.heading(f"{number}: {shlex.join(words)}")
        done = lines.run(words, number=number)
    except TicketopsError as error:
        said = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
        done = Done(error.exit_code, {"command": "", **said})
        if not session.out.as_json:
            fail("", error.code, error.message, error.hint, 0, as_json=False, where=where)
    if session.out.as_json:
        session.out.object(numbered(done, number, words))
    sys.stdout.flush()
    tally.add(number, done)
    return not done.failed


class _Tally:
    """What came of the lines so far."""

    def __init__(self) -> None:
        self.lines = self.written = self.with_findings = self.code = 0
        self.failed: list[int] = []

    def add(self, number: int, done: Any) -> None:
        self.lines += 1
        self.written += done.wrote
        self.with_findings += done.code == 1
        if done.failed:
            self.failed.append(number)
            self.code = _INTERRUPTED if done.code == _INTERRUPTED else self.code or done.code


def _told(session: Session, tally: _Tally) -> int:
    """Say how many there were; the exit code."""
    result = Batched(
        tally.lines,
        tally.lines - len(tally.failed),
        tally.with_findings,
        tally.written,
        tuple(tally.failed),
    )
    said = f"{counted(result.lines, 'command')}: {result.done} done"
    if result.with_findings:
        said += f", {result.with_findings} of them with findings"
    if result.failed:
        said += f"; failed: line {', '.join(map(str, result.failed))}"
    session.out.notice(said)
    session.finish(result, [])
    return tally.code or (1 if result.with_findings else 0)


@contextmanager
def _opened(file: str) -> Iterator[tuple[str, BinaryIO]]:
    """What people call the file, and its bytes. Raises InputError."""
    if file == "-":
        yield "standard input", sys.stdin.buffer
        return
    try:
        source = open(file, "rb")  # noqa: SIM115 (a pipe, too: a shell makes one of <(command))
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}") from None
    with source:
        yield file, source


def _numbered(name: str, source: BinaryIO) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, as they come in. Raises InputError for what is no text."""
    number = 0
    while True:
        try:
            line = source.readline(_LONGEST_LINE + 1)
        except OSError as error:
            raise InputError(f"{name} can't be read: {error.strerror}") from None
        if not line:
            return
        number += 1
        if len(line) > _LONGEST_LINE:
            raise InputError(f"{name}, line {number} is longer than {_LONGEST_LINE // 2**20} MB")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InputError(
                f"{name}, line {number} is not UTF-8 text", "the lines before it were run"
            ) from None
        yield number, text.rstrip("\r\n")


@contextmanager
def _collecting() -> Iterator[None]:
    """Memory that refers to itself is freed from time to time, as a command alone need not do."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def refuse_both(atomic: bool, keep_going: bool) -> None:
    """Raises UsageError for two options that exclude each other."""
    if atomic and keep_going:
        raise UsageError("give either --atomic or --keep-going: all lines count, or none")

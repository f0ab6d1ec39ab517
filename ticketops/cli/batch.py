"""`ticketops batch`: many commands in one go."""

from __future__ import annotations

import gc
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from ticketops.cli.session import Session, command
from ticketops.errors import ConflictError, InputError, TicketopsError, UnusableError, UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.cli.lines import Done, Lines

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
    atomic: bool


@command(app, "batch", writes=True)
def batch(
    session: Session,
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="The commands; - means standard input.")
    ],
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Go on after a command that fails; default: stop.")
    ] = False,
    atomic: Annotated[
        bool, typer.Option("--atomic", help="Write all lines as one transaction, or none of them.")
    ] = False,
) -> int:
    """Run many commands in one process, one per line, each as if it stood alone: a transaction of
    its own, with the same result, findings and exit code.

    A line is read as a shell reads it, without variables and wildcards; blank lines and what is
    behind a # are left out. -w, --as, --json, -q, --wide, -n and -y count for every line that does
    not say otherwise. Commands ask nothing and find an empty standard input. With --json, each
    command prints its object on one line, and a last line says how many there were. -n shows each
    line by itself, as if no other had run; with --atomic it shows what all of them would write. The
    exit code is that of the first command that failed.

    Example: printf 'sale list\\nunit list --match M06\\n' | ticketops batch -
    """
    from ticketops.engine.warm import Warm

    if atomic and keep_going:
        raise UsageError("give either --atomic or --keep-going: all lines count, or none")
    stores = Warm()
    with _opened(file) as (name, source), _frozen():
        try:
            if atomic:
                return _all_or_none(session, stores, list(_numbered(name, source)))
            return _one_by_one(session, stores, _numbered(name, source), keep_going=keep_going)
        finally:
            stores.save()


def _one_by_one(
    session: Session, stores: Any, numbered: Iterable[tuple[int, str]], *, keep_going: bool
) -> int:
    """Each line a transaction of its own."""
    from ticketops.cli.lines import Given, Lines

    lines, tally = Lines(Given.to(session), stores), _Tally()
    for number, text in numbered:
        done = _one(session, lines, tally, number, text)
        if done and done.failed and (not keep_going or done.code == _INTERRUPTED):
            break
    return _told(session, tally, _result(tally, tally.written))


def _all_or_none(session: Session, stores: Any, numbered: list[tuple[int, str]]) -> int:
    """All lines as one transaction. Where somebody else wrote meanwhile, they are run again while
    nobody can."""
    _refuse_alone(numbered)
    try:
        return _together(session, stores, numbered)
    except ConflictError:
        session.out.notice("the workbook was changed meanwhile: all lines are run again")
    store = stores.store(session.workbook, session.settings)
    with store.locked(_entry(session)):
        return _together(session, stores, numbered, store=store)


def _together(
    session: Session, stores: Any, numbered: list[tuple[int, str]], *, store: Any = None
) -> int:
    """Run the lines and write what they would; the exit code. store: that of the workbook, where it
    is locked. Raises ConflictError where it was changed meanwhile."""
    from msgspec.structs import replace

    from ticketops.cli.lines import Given, Lines
    from ticketops.engine.together import Together
    from ticketops.engine.transaction import set_aside

    together, tally = Together(stores, store), _Tally()
    lines = Lines(replace(Given.to(session), dry_run=False), stores, together)
    kept: list[dict[str, Any]] = []
    for number, text in numbered:
        done = _one(session, lines, tally, number, text, kept)
        if done and done.failed:
            _print(session, kept)
            session.out.notice(f"line {number} failed, so nothing was written")
            return _told(session, tally, _result(tally, 0, atomic=True))
    entry, pending = together.entry, together.pending
    if entry is None or pending is None:
        _print(session, kept)
        session.out.notice("nothing to write")
        return _told(session, tally, _result(tally, 0, atomic=True))
    changes, tables = pending.changes, pending.tables
    if not session.dry_run:
        together.write()
    _print(session, kept)
    session.say_dry()
    if session.dry_run:
        session.show_cells(changes, tables)
    else:
        session.out.notice(f"{entry.run_id}: all of it is written, as one transaction")
    findings = set_aside(stores.store(session.workbook, session.settings))
    session.out.findings(findings)
    return _told(
        session,
        tally,
        _result(tally, 0 if session.dry_run else tally.written, atomic=True),
        findings,
        run_id=entry.run_id,
        counts=changes.counts(),
        cells=(changes, tables),
    )


def _refuse_alone(numbered: Iterable[tuple[int, str]]) -> None:
    """Raises RuleError for a line that commits by itself, UsageError for one that is no line of
    words."""
    from ticketops.cli.lines import words_of
    from ticketops.engine.together import refuse_alone

    for number, text in numbered:
        try:
            refuse_alone(words_of(text))
        except TicketopsError as error:
            raise type(error)(f"line {number}: {error.message}", error.hint) from None


def _entry(session: Session) -> Any:
    """What a lock says while all lines are run again."""
    from ticketops.engine.permissions import TOGETHER
    from ticketops.engine.transaction import entry_called

    return entry_called(TOGETHER, session.new_run())


def _one(
    session: Session,
    lines: Lines,
    tally: _Tally,
    number: int,
    text: str,
    kept: list[dict[str, Any]] | None = None,
) -> Done | None:
    """Run one line and tell what came of it; None where it holds nothing. kept: takes the objects
    of --json, which are printed later."""
    from ticketops.cli.lines import Done, numbered, words_of
    from ticketops.cli.main import fail

    words: list[str] = []
    try:
        words = words_of(text)
        if not words:
            return None
        if not session.out.as_json:
            session.out.heading(f"{number}: {shlex.join(words)}", apart=tally.lines > 0)
        done = lines.run(words, number=number)
        sys.stdout.flush()
    except TicketopsError as error:
        said = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
        done = Done(error.exit_code, {"command": "", **said})
        if not session.out.as_json:
            where = f"line {number}: "
            fail("", error.code, error.message, error.hint, 0, as_json=False, where=where)
    except BrokenPipeError:
        raise _unread(number) from None
    tally.add(number, done)
    if session.out.as_json:
        told = numbered(done, number, words)
        if kept is None:
            _print(session, [told], number)
        else:
            kept.append(told)
    if tally.lines % _COLLECT_EVERY == 0:
        gc.collect()
    return done


def _print(session: Session, kept: Iterable[dict[str, Any]], number: int = 0) -> None:
    try:
        for told in kept:
            session.out.object(told)
        sys.stdout.flush()
    except BrokenPipeError:
        raise _unread(number) from None


def _unread(number: int) -> UnusableError:
    """Nobody reads the output: whoever would know of the next lines is gone."""
    where = f"line {number}: " if number else ""
    return UnusableError(
        f"{where}nobody reads the output any longer, and no later line is run",
        "ticketops log shows what was done",
    )


class _Tally:
    """What came of the lines so far."""

    def __init__(self) -> None:
        self.lines = self.written = self.with_findings = self.code = 0
        self.failed: list[int] = []

    def add(self, number: int, done: Done) -> None:
        """One more."""
        self.lines += 1
        self.written += done.wrote
        self.with_findings += done.code == 1
        if done.failed:
            self.failed.append(number)
            self.code = _INTERRUPTED if done.code == _INTERRUPTED else self.code or done.code


def _result(tally: _Tally, written: int, *, atomic: bool = False) -> Batched:
    return Batched(
        tally.lines,
        tally.lines - len(tally.failed),
        tally.with_findings,
        written,
        tuple(tally.failed),
        atomic,
    )


def _told(session: Session, tally: _Tally, result: Batched, findings: Any = (), **more: Any) -> int:
    """Say how many there were; the exit code."""
    said = f"{counted(result.lines, 'command')}: {result.done} done"
    if result.with_findings:
        said += f", {result.with_findings} of them with findings"
    if result.failed:
        said += f"; failed: line {', '.join(map(str, result.failed))}"
    session.out.notice(said)
    code = session.finish(result, findings, **more)
    return tally.code or (1 if result.with_findings else code)


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
                f"{name}, line {number} is not UTF-8 text",
                "ticketops log shows what the lines before it did" if number > 1 else "",
            ) from None
        yield number, text.rstrip("\r\n")


@contextmanager
def _frozen() -> Iterator[None]:
    """What was imported need not be looked at when memory is freed."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

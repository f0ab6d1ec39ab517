"""Commands that are lines of a text, run in this process one after the other: each through the real
command line, with the options of whoever runs them as defaults, and with the workbook kept open."""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any

from msgspec import Struct

from ticketops import config
from ticketops.cli.app import GROUPS
from ticketops.cli.output import Output
from ticketops.cli.session import SESSION, Session
from ticketops.engine.together import Together
from ticketops.engine.warm import Warm
from ticketops.errors import UsageError

PROGRAM = "ticketops"
REFUSED = ("batch", "shell", "serve")
"""Commands that no line may hold."""


class Given(Struct, frozen=True):
    """What holds for every line unless the line says otherwise: the options of `batch` or `shell`.

    attended: whether a person may be asked; then the standard input is theirs."""

    workbook: str | None = None
    as_user: str | None = None
    as_json: bool = False
    quiet: bool = False
    wide: bool = False
    dry_run: bool = False
    yes: bool = False
    attended: bool = False

    @classmethod
    def to(cls, session: Session, *, attended: bool = False) -> Given:
        """Those of a session."""
        out = session.out
        return cls(
            *session.named, out.as_json, out.quiet, out.wide, session.dry_run, session.yes, attended
        )


class Done(Struct, frozen=True):
    """What came of a line. said: the object that the command printed with --json; output: what else
    stood on its standard output then; wrote: whether the workbook was changed."""

    code: int
    said: Mapping[str, Any] | None = None
    output: str = ""
    wrote: bool = False

    @property
    def failed(self) -> bool:
        """Whether it did not do what it was to do: findings (exit code 1) are no failure."""
        return self.code > 1


def words_of(line: str) -> list[str]:
    """The words of a line as a shell would read them: quotes and backslashes count, what is behind a
    `#` at the beginning of a word does not; `ticketops` in front is left out. Raises UsageError."""
    if "\0" in line:
        raise UsageError("the line holds a NUL, and no word can hold one")
    try:
        words = shlex.split(line[: _comment(line)])
    except ValueError as error:
        what = "a quotation mark" if "quotation" in str(error) else "a backslash at its end"
        raise UsageError(f"the line has {what} that is not closed") from None
    return words[1:] if words[:1] == [PROGRAM] else words


def _comment(line: str) -> int:
    """Where the comment of a line begins: its length where it has none."""
    quote, begins, escaped = "", True, False
    for at, one in enumerate(line):
        if escaped:
            escaped = False
        elif one == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if one == quote else quote
        elif one in "'\"":
            quote = one
        elif one == "#" and begins:
            return at
        begins = one.isspace() and not (quote or escaped)
    return len(line)


class _LineSession(Session):
    """A command in a line: its workbook is kept open."""

    line: Any = None

    def store(self) -> Any:
        self.opened = self.line.stores.store(
            self.workbook, self.settings, on_progress=self.out.transfer, notice=self.out.notice
        )
        return self.opened

    def apart(self, store: Any, *, whole: bool = False) -> str:
        """Looked for once: else the whole journal would be read for each line."""
        if not whole and not self.line.first(f"apart {store.name}"):
            return ""
        return super().apart(store, whole=whole)

    def new_run(self) -> Any:
        own = super().new_run()
        return self.line.together.run(own) if self.line.together else own

    def run(self, job: Any, *args: Any, **more: Any) -> int:
        if self.line.together:
            self.line.together.require(job)
        return super().run(job, *args, **more)

    def say_written(self, run_id: str, summary: str) -> None:
        if self.line.together:
            self.out.notice(f"to be written: {summary}")
        else:
            super().say_written(run_id, summary)

    def finish(self, *args: Any, **more: Any) -> int:
        self.line.wrote = self.line.wrote or (bool(more.get("counts")) and not self.dry_run)
        return super().finish(*args, **more)


class Lines:
    """Runs lines. stores: opens the workbook of a line, and keeps it open. together: lets what the
    lines write wait."""

    def __init__(self, given: Given, stores: Warm, together: Together | None = None) -> None:
        self._given = given
        self.together = together
        self.stores = together or stores
        self.wrote = False
        """Whether the line that runs has written something."""
        self._said: set[str] = set()

    def first(self, text: str) -> bool:
        """Whether a notice is said for the first time."""
        if text in self._said:
            return False
        self._said.add(text)
        return True

    def run(self, words: list[str], *, number: int = 0) -> Done:
        """Run the words of a line. number: of the line, for its errors; 0 where nobody counts.

        Where `given` asks for JSON, nothing is printed to standard output: `Done` holds what would
        be. Raises BrokenPipeError where nobody reads what is printed.
        """
        from ticketops.cli.main import command_words, fail, run

        where = f"line {number}: " if number else ""
        self.wrote = False
        if words[:1] and words[0] in REFUSED:
            what = f"a line can't hold `{words[0]}`"
            with self._captured() as text:
                code = fail(
                    words[0], "USAGE", what, "", 2, as_json=self._given.as_json, where=where
                )
            return self._done(code, text)
        own = len(command_words(words))
        whole = own and own == (
            2 if words[0] in GROUPS else 1
        )  # else it is about a group: its help
        asked = whole and self._given.as_json and "--json" not in words
        called = [*words[:own], "--json", *words[own:]] if asked else words
        before = SESSION.set(self._session)
        try:
            with self._captured() as text:
                code = run(called, as_json=self._given.as_json, where=where)
        except SystemExit:  # so typer ends a command whose output nobody reads
            raise BrokenPipeError from None
        finally:
            SESSION.reset(before)
        return self._done(code, text)

    def _session(self, command: str, options: Mapping[str, Any]) -> Session:
        """The session of a line: its own options before those of all lines."""
        given = self._given
        settings = config.load(
            {
                "workbook": options["workbook"] or given.workbook,
                "user": options["as_user"] or given.as_user,
            }
        )
        out = Output(
            as_json=options["json"] or given.as_json,
            quiet=options["quiet"] or given.quiet,
            wide=options["wide"] or given.wide,
        )
        if settings.ignored and self.first(settings.ignored):
            out.notice(settings.ignored)
        return _LineSession(
            command,
            settings,
            out,
            options.get("dry_run", False) or given.dry_run,
            options.get("yes", False) or given.yes,
            attended=given.attended,
            line=self,
        )

    @contextmanager
    def _captured(self) -> Iterator[io.StringIO]:
        """What a line prints, where the result is an object; an unattended line has nothing to
        read."""
        text, stdin = io.StringIO(), sys.stdin
        if not self._given.attended:
            sys.stdin = io.TextIOWrapper(io.BytesIO(), "utf-8")
        try:
            if self._given.as_json:
                with redirect_stdout(text):
                    yield text
            else:
                yield text
        finally:
            sys.stdin = stdin

    def _done(self, code: int, text: io.StringIO) -> Done:
        output = text.getvalue()
        rest, _, last = output.rstrip("\n").rpartition("\n")
        try:
            said = json.loads(last) if last.startswith("{") else None
        except ValueError:
            said = None
        if said is None:
            return Done(code, None, output, self.wrote)
        return Done(code, said, f"{rest}\n" if rest else "", self.wrote)


def numbered(done: Done, number: int, words: list[str]) -> dict[str, Any]:
    """The JSON object of a line: that of its command behind the number of the line and its exit
    code. `output`: what the command printed besides."""
    from ticketops.cli.main import command_words

    said = dict(done.said or {"command": " ".join(command_words(words))})
    if done.output:
        said["output"] = done.output
    return {"line": number, "exit_code": done.code, **said}

"""The prompt of `ticketops shell`: lines with a history and with what TAB offers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory

from ticketops.cli import completion
from ticketops.cli.lines import PROGRAM

FILE = "shell_history"
_KEPT_LINES = 5_000
_TELLTALE = ("credentials", "reveal", "password", "passwort", "secret", "token", "sealed:", "://")
"""What a line that may hold a secret has in it."""


def may_hold_a_secret(line: str) -> bool:
    """Whether a line is better not kept: one about logins, with an address that may hold a key, or
    one that begins with a blank."""
    folded = line.casefold()
    return line[:1].isspace() or any(word in folded for word in _TELLTALE)


class _History(FileHistory):
    """Earlier lines, in a file that only its owner reads. Where none can be written, those of this
    shell alone."""

    def __init__(self, file: Path) -> None:
        super().__init__(str(file))
        with suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
            file.chmod(0o600)

    def append_string(self, string: str) -> None:
        """Keep a line, unless it may hold a secret."""
        if not may_hold_a_secret(string):
            super().append_string(string)

    def load_history_strings(self) -> Iterable[str]:
        """The lines of other days, newest first."""
        try:
            return list(super().load_history_strings())[:_KEPT_LINES]
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        """Write a line."""
        with suppress(OSError):
            super().store_string(string)


class _Offered(Completer):
    """What could come next, as shells are told it. workbook: the one whose names are offered."""

    def __init__(self, workbook: str | None) -> None:
        self._workbook = workbook

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """Never fails: a person who presses TAB is told nothing of what is wrong."""
        del event
        words, begun = begun_words(document.text_before_cursor)
        given = completion.WORKBOOK.set(self._workbook)
        try:
            found = offered(words, begun)
        except Exception:  # see above
            return
        finally:
            completion.WORKBOOK.reset(given)
        for value, said in found:
            yield Completion(
                shlex.quote(value), start_position=-_typed(document, begun), display_meta=said
            )


def _typed(document: Document, begun: str) -> int:
    """How many characters of the line the word that was begun takes, quotes and all."""
    text = document.text_before_cursor
    for size in range(len(begun), len(text) + 1):
        if begun_words(text[len(text) - size :])[1] == begun and (
            size == len(text) or text[len(text) - size - 1].isspace()
        ):
            return size
    return len(begun)


def begun_words(text: str) -> tuple[list[str], str]:
    """The whole words of a line, and the beginning of the one that is being typed."""
    for closed in (text, f'{text}"', f"{text}'", text[:-1]):
        with suppress(ValueError):
            words = shlex.split(closed)
            break
    else:
        return [], ""
    open_word = bool(text) and (not text[-1].isspace() or closed != text or text[-2:-1] == "\\")
    begun = words.pop() if words and open_word else ""
    return (words[1:] if words[:1] == [PROGRAM] else words), begun


def offered(words: list[str], begun: str) -> list[tuple[str, str]]:
    """(what could come next, what it is) behind these words."""
    from typer._completion_classes import BashComplete
    from typer.main import get_command

    from ticketops.cli.app import app

    tree: Any = get_command(app)
    asked = BashComplete(tree, {}, PROGRAM, completion.VARIABLE)
    return [(one.value, one.help or "") for one in asked.get_completions(words, begun)]


class Prompt:
    """Asks for lines. state: the folder in which earlier ones are kept; workbook: that of the command
    line."""

    def __init__(self, state: Path, workbook: str | None) -> None:
        self._session: PromptSession[str] = PromptSession(
            history=_History(state / FILE),
            completer=_Offered(workbook),
            complete_while_typing=False,
            enable_history_search=True,
        )

    def line(self, said: str) -> str:
        """The next line. Raises KeyboardInterrupt for Ctrl-C, EOFError at the end."""
        return self._session.prompt(said)

"""`ticketops shell`: commands at a prompt."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ticketops.cli.session import Session, command
from ticketops.errors import TicketopsError, UsageError

if TYPE_CHECKING:
    from ticketops.engine.warm import Warm

app = typer.Typer(rich_markup_mode=None, add_completion=False)

LEAVE = ("exit", "quit")
_SECOND_HELP = ["--help"]


@dataclass(frozen=True, slots=True)
class Ended:
    """`shell`. Only an error of it is ever printed as JSON: it needs a person at a terminal."""

    commands: int
    """Commands that were run."""
    failed: int


@command(app, "shell")
def shell(session: Session) -> int:
    """Run commands at a prompt, with the workbook kept open: what did not change is not read again.

    Type commands without ticketops in front. The prompt shows the workbook, the state of the event
    and the exit code of a command that failed. TAB completes commands, options and names; the arrow
    keys bring back earlier lines, also those of other days, save lines about logins and passwords and
    lines that begin with a blank. Ctrl-C ends a command or clears the line; exit or Ctrl-D leaves.
    What someone else changed in the file is noticed before the next command.

    Example: ticketops shell -w wc2026.xlsx
    """
    from ticketops.cli.lines import Given, Lines
    from ticketops.cli.prompt import Prompt
    from ticketops.engine.warm import Warm

    if not (sys.stdin.isatty() and sys.stdout.isatty()) or session.out.as_json:
        raise UsageError(
            "the shell needs a person at a terminal", "ticketops batch - runs lines of a pipe"
        )
    stores = Warm()
    lines = Lines(Given.to(session, attended=True), stores)
    prompt = Prompt(session.settings.state, session.named[0])
    gc.freeze()
    ran = failed = code = 0
    try:
        _welcome(session)
        while True:
            stores.save()  # names that were just given are completed, too
            for name in stores.moved():
                session.out.notice(f"{name} was changed by someone else")
            words = _asked(
                session, prompt, _where(session, stores) + (f" [{code}]" if code else "")
            )
            if words is None or (words[:1] and words[0] in LEAVE):
                break
            if not words:
                code = 0
                continue
            code = lines.run(_SECOND_HELP if words == ["help"] else words).code
            ran, failed = ran + 1, failed + (code > 1)
            sys.stdout.flush()
            gc.collect()
    finally:
        stores.save()
    return session.finish(Ended(ran, failed), [])


def _welcome(session: Session) -> None:
    session.out.notice("help lists the commands, exit leaves")


def _asked(session: Session, prompt: Any, said: str) -> list[str] | None:
    """The words of the next line; none where it is cleared or is no line of words, None at the
    end."""
    from ticketops.cli.lines import words_of
    from ticketops.cli.main import fail

    try:
        return words_of(prompt.line(f"{said}> "))
    except KeyboardInterrupt:
        return []
    except EOFError:
        return None
    except TicketopsError as error:
        fail("", error.code, error.message, error.hint, 0, as_json=False)
        return []


def _where(session: Session, stores: Warm) -> str:
    """The workbook and the state of its event, as far as they are to be had."""
    from ticketops import config
    from ticketops.engine.transaction import prepare
    from ticketops.services.events import event_show

    settings = config.load({"workbook": session.named[0], "user": session.named[1]})
    workbook = settings.workbook
    if workbook is None:
        return "ticketops"
    name = workbook.name if isinstance(workbook, Path) else workbook
    if not isinstance(workbook, Path):
        return name  # each look would be a request
    try:
        event = prepare(stores.store(workbook, settings), event_show(), session.new_run())[0].result
    except TicketopsError:
        return name  # which the next command says
    state = getattr(event, "state", "") if event is not None else ""
    return f"{name} · {state}" if state else name

"""Showing a password: on a terminal only, on its alternate screen, for some seconds, and gone
without a trace in the scrollback."""

from __future__ import annotations

import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from ticketops.cli.output import Output, harmless
from ticketops.cli.session import Session
from ticketops.errors import RuleError

MOST_SECONDS = 30.0
_ENTER, _LEAVE = "\x1b[?1049h\x1b[2J\x1b[H", "\x1b[2J\x1b[H\x1b[?1049l"
_COUNTDOWN = "\r\x1b[K{} s, or press a key"


def require_terminal(out: Output) -> None:
    """Raises RuleError where nobody sits at a terminal that can clear what it shows."""
    if (
        out.as_json
        or not (sys.stdin.isatty() and sys.stdout.isatty())
        or os.environ.get("TERM", "dumb") == "dumb"
    ):
        raise RuleError("a password is shown only on a terminal")
    try:
        import termios  # noqa: F401 (platforms without it can't hide what is typed)
    except ImportError:
        raise RuleError(
            "a password is shown only on a terminal that can be cleared, and this platform has none"
        ) from None


def reveal_password(session: Session, job: Any, headline: Callable[[Any], str]) -> int:
    """Record a job whose plan is a `domain.credentials.Shown`, then show its login with the
    password; the exit code.

    headline: the first line, from the result. Raises RuleError where there is no terminal,
    UnusableError where the password can't be opened: then nothing is recorded.
    """
    from ticketops.engine.transaction import carry_out
    from ticketops.services import credentials

    if not session.dry_run:
        require_terminal(session.out)
    done = carry_out(
        session.store(),
        credentials.openable(job, session.settings),
        session.new_run(),
        dry_run=session.dry_run,
    )
    plan: Any = done.plan
    if session.dry_run:
        cells = (plan.changes, done.snapshot.tables)
        session.show_cells(*cells)
        session.out.notice("dry run: nothing was written or shown")
        return session.finish(
            plan.result,
            plan.findings,
            run_id=done.run.run_id,
            counts=plan.changes.counts(),
            cells=cells,
        )
    login = plan.credential
    values = (
        ("LoginID", login.login_id),
        ("Email", login.email),
        ("Password", credentials.opened(session.settings, login.password)),
    )
    lines = [f"{name:<9} {value}" for name, value in values if value]
    show_for(session.out, [headline(plan.result), *lines], session.settings.reveal_seconds)
    session.out.notice(f"{done.run.run_id}: recorded as seen by {done.run.user}")
    return 0


def show_for(out: Output, lines: Sequence[str], seconds: float) -> None:
    """Show lines until a key is pressed or the time is over, 30 seconds at most. Record it before.

    Ctrl-C and Ctrl-Z are keys here. A signal that ends the process, and a terminal that goes away,
    clear the screen too. Raises RuleError where there is no terminal.
    """
    require_terminal(out)
    sys.stdout.flush()
    with _signals_raise(), _keys_unechoed():
        try:
            _write(_ENTER + "".join(f"{harmless(line)}\r\n" for line in lines) + "\r\n")
            _wait(min(seconds, MOST_SECONDS))
        finally:
            with suppress(OSError):
                _write(_LEAVE)


def _wait(seconds: float) -> None:
    """Count down until the time is over or a key is there."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        _write(_COUNTDOWN.format(math.ceil(left)))
        if select.select([sys.stdin], [], [], min(left, 1.0))[0]:
            return


def _write(text: str) -> None:
    os.write(sys.stdout.fileno(), text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


@contextmanager
def _keys_unechoed() -> Iterator[None]:
    """Keys come one by one and are not shown; what was typed is thrown away in the end."""
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    during = termios.tcgetattr(terminal)
    during[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(terminal, termios.TCSAFLUSH, during)
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


@contextmanager
def _signals_raise() -> Iterator[None]:
    """A signal that would end or stop the process ends what is shown first."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in numbers:
            signal.signal(
                number, signal.SIG_IGN
            )  # a second one must not keep the screen from being cleared
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

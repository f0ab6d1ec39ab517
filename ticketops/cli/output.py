"""All output goes through here: results to stdout, everything else to stderr; tables for terminals,
plain text for pipes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from shutil import get_terminal_size
from typing import Any

from ticketops.cli.tables import lay_out, width_of, wrap
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.columns import text_of

_STYLES = {
    Severity.CRITICAL.name: "1;31",
    Severity.HIGH.name: "31",
    Severity.MEDIUM.name: "33",
    Severity.LOW.name: "36",
    Severity.INFO.name: "2",
}
_BOLD, _DIM = "1", "2"


class Output:
    """Where a command prints. json: only the final object goes to stdout. quiet: no notices. wide:
    tables keep all their columns on a terminal, too."""

    def __init__(self, *, as_json: bool, quiet: bool, wide: bool = False) -> None:
        self.as_json, self.quiet, self.wide = as_json, quiet, wide
        self.printed = 0
        """Lines of the result so far."""
        self._transferring = 0.0
        self.terminal = sys.stdout is not None and sys.stdout.isatty()
        self._colour = (
            self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )

    def line(self, text: str = "") -> None:
        """A line of the result. On a terminal it is broken between words; one that is indented, or
        holds a command, stays whole, so that it can be pasted."""
        if self.as_json:
            return
        plain, width = harmless(text), self.width
        whole = plain[:1] == " " or "ticketops " in plain or "\n" in plain or " " not in plain
        if width is None or whole:
            self._print(plain)
        else:
            self._print("\n".join(wrap(plain, width)))

    def heading(self, text: str, *, apart: bool = False) -> None:
        """A line above a part of the result; it stays whole. apart: a blank line before it."""
        if apart:
            self.line()
        if not self.as_json:
            self._print(self._styled(harmless(text), _BOLD))

    def notice(self, text: str) -> None:
        """Something to know that is not the result."""
        if not self.quiet:
            print(harmless(text), file=sys.stderr)

    @property
    def attended(self) -> bool:
        """Whether somebody reads notices: not a program, and not a log."""
        return not (self.as_json or self.quiet) and sys.stderr is not None and sys.stderr.isatty()

    def status(self, text: str) -> None:
        """A line on standard error that the next one replaces; only where somebody looks. Empty: it
        is gone."""
        if not self.quiet and sys.stderr.isatty():
            width = os.get_terminal_size(sys.stderr.fileno()).columns
            print(f"\r\x1b[K{harmless(text)[: width - 1]}", end="", file=sys.stderr, flush=True)

    def _print(self, text: str) -> None:
        print(text)
        self.printed += 1 + text.count("\n")

    @property
    def width(self) -> int | None:
        """Cells of a line on the terminal; None where there is no end to it."""
        return None if self.wide or not self.terminal else get_terminal_size().columns

    @property
    def scrolled(self) -> bool:
        """Whether the first lines of the result are out of sight by now."""
        return self.terminal and self.printed > get_terminal_size().lines - 3

    def table(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        title: str = "",
        first: Sequence[str] = (),
    ) -> None:
        """A table; numbers to the right. On a terminal it fits the width, and the columns for which
        there is no room are left out, which is said; elsewhere nothing is cut.

        first: the headers of the columns that matter most after the first one; the others follow in
        their order.
        """
        if self.as_json:
            return
        cells = [[_text(value) for value in row] for row in rows]
        numeric = [
            bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(headers))
        ]
        laid = lay_out(headers, cells, numeric, width=self.width, first=first)
        if title:
            self._print(harmless(title))
        self._print(self._styled(laid.head, _BOLD))
        for row, lines in zip(cells, laid.rows, strict=True):
            text = "\n".join(lines)
            style = _STYLES.get(row[0], "") if row else ""
            self._print(text.replace(row[0], self._styled(row[0], style), 1) if style else text)
        if laid.left_out:
            said = f"{counted(laid.left_out, 'more column')}: --wide"
            self._print(self._styled(said, _DIM))

    def figures(self, named: Sequence[tuple[str, int]]) -> None:
        """A few numbers, none of which is left out: side by side, or below each other where the
        terminal is too narrow."""
        headers, values = [name for name, _ in named], [f"{value:,}" for _, value in named]
        if self.width is None or width_of(headers, [values]) <= self.width:
            self.table(headers, [values])
            return
        most = max(map(len, values))
        for name, value in zip(headers, values, strict=True):
            self.line(f"{value:>{most}}  {name}")

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colour and text else text

    def findings(self, findings: Sequence[Finding], *, most: int = 50) -> None:
        """Findings, gravest first; a long list is cut on a terminal."""
        if self.as_json or not findings:
            return
        shown = sorted(findings, key=lambda finding: -finding.severity)
        if self.terminal:
            shown = shown[:most]
        rows = [
            (
                f.severity.name,
                f.code,
                f"{f.sheet}!{f.row}" if f.sheet and f.row else f.sheet,
                f.message,
            )
            for f in shown
        ]
        self.table(("Severity", "Code", "Where", "What"), rows, first=("What", "Code"))
        if len(shown) < len(findings):
            self.line(f"… and {len(findings) - len(shown)} more (--json lists all)")

    def object(self, content: dict[str, Any]) -> None:
        """The one JSON object of --json."""
        if self.as_json:
            readable = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
            print(escaped(json.dumps(content, ensure_ascii=not readable, default=_plain)))

    def ask(self, question: str, *, default: bool) -> bool:
        """Yes or no, from a person at a terminal."""
        suffix = "[Y/n]" if default else "[y/N]"
        print(f"{harmless(question)} {suffix} ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            return False
        return default if not answer.strip() else answer.strip().casefold() in ("y", "yes")

    def answer(self, question: str) -> str:
        """A line of text from a person at a terminal."""
        return self.said(question) or ""

    def said(self, question: str) -> str | None:
        """The same; None where the person ends the input, which is no empty line."""
        print(f"{harmless(question)} ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        return line.strip() if line else None

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on standard error, where somebody looks; it is told (done, total)."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda _done, _total: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(harmless(label), total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def transfer(self, what: str, done: int, total: int) -> None:
        """How far a long transfer is, on standard error, once it has taken a second. what: empty
        where it is over."""
        now = time.monotonic()
        if not what:
            if self._transferring:
                self.status("")
            self._transferring = 0.0
        elif not self._transferring:
            self._transferring = now
        elif now - self._transferring > 1.0:
            known = f" of {total / 1e6:.1f}" if total else ""
            bar = f"[{'#' * (20 * done // total):<20}] " if total else ""
            self.status(f"{what} {bar}{done / 1e6:.1f}{known} MB")


def listed(names: Sequence[str], most: int = 12) -> str:
    """`S3-1, S3-2`; what is beyond `most` is an ellipsis."""
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def moment(at: datetime) -> str:
    """A time as people read it: `2026-04-17 14:30:22`."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def harmless(text: str) -> str:
    """Text from a workbook without the control characters that a terminal would obey."""
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
    )


def escaped(text: str) -> str:
    """JSON without characters that a terminal would obey or nobody sees, which it spells `\\u202e`:
    it says the same."""
    if text.isprintable():
        return text
    odd = {c for c in set(text) if not c.isprintable() and c != "\n"}
    return text.translate({ord(c): json.dumps(c)[1:-1] if c != "\x7f" else "\\u007f" for c in odd})


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return harmless(" ".join(text_of(value).split())) if isinstance(value, str) else text_of(value)


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").lstrip("-").isdigit() or not text


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)

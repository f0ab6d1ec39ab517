"""All output goes through here: results to stdout, everything else to stderr; tables for terminals, plain text for pipes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from ticketops.model.findings import Finding, Severity
from ticketops.schema.columns import text_of

_STYLES = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}


_KEPT_WHOLE = 18
"""Cells up to this width (a RunID, a SetID) are never broken."""
_WORD_KEPT_WHOLE = 24
"""Nor are words up to this length (a SetID with its number of tickets)."""


class Output:
    """Where a command prints. json: only the final object goes to stdout. quiet: no notices."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json, self._quiet = as_json, quiet
        self._transferring = 0.0
        self.terminal = sys.stdout.isatty()
        self._colour = self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def line(self, text: str = "") -> None:
        """A line of the result."""
        if not self.as_json:
            print(harmless(text))

    def notice(self, text: str) -> None:
        """Something to know that is not the result."""
        if not self._quiet:
            print(harmless(text), file=sys.stderr)

    def status(self, text: str) -> None:
        """A line on standard error that the next one replaces; only where somebody looks. Empty: it is gone."""
        if not self._quiet and sys.stderr.isatty():
            width = os.get_terminal_size(sys.stderr.fileno()).columns
            print(f"\r\x1b[K{harmless(text)[: width - 1]}", end="", file=sys.stderr, flush=True)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> None:
        """A table; numbers to the right. On a terminal it fits the width, elsewhere nothing is cut."""
        if self.as_json:
            return
        cells = [[_text(value) for value in row] for row in rows]
        numeric = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(headers))]
        if self._colour:
            self._rich_table(headers, cells, numeric, title)
            return
        if title:
            print(title)
        widths = [max(len(header), *(len(row[i]) for row in cells)) if cells else len(header) for i, header in enumerate(headers)]
        for row in [list(headers), *cells]:
            parts = [text.rjust(width) if right else text.ljust(width) for text, width, right in zip(row, widths, numeric, strict=True)]
            print("  ".join(parts).rstrip())

    def findings(self, findings: Sequence[Finding], *, most: int = 50) -> None:
        """Findings, gravest first; a long list is cut on a terminal."""
        if self.as_json or not findings:
            return
        shown = sorted(findings, key=lambda finding: -finding.severity)
        if self.terminal:
            shown = shown[:most]
        rows = [(f.severity.name, f.code, f"{f.sheet}!{f.row}" if f.sheet and f.row else f.sheet, f.message) for f in shown]
        self.table(("Severity", "Code", "Where", "What"), rows)
        if len(shown) < len(findings):
            self.line(f"… and {len(findings) - len(shown)} more (--json lists all)")

    def object(self, content: dict[str, Any]) -> None:
        """The one JSON object of --json."""
        if self.as_json:
            readable = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
            print(json.dumps(content, ensure_ascii=not readable, default=_plain))

    def ask(self, question: str, *, default: bool) -> bool:
        """Yes or no, from a person at a terminal."""
        suffix = "[Y/n]" if default else "[y/N]"
        print(f"{question} {suffix} ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            return False
        return default if not answer.strip() else answer.strip().casefold() in ("y", "yes")

    def answer(self, question: str) -> str:
        """A line of text from a person at a terminal."""
        print(f"{question} ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip()

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on standard error, where somebody looks; it is told (done, total)."""
        if self._quiet or not sys.stderr.isatty():
            yield lambda _done, _total: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def transfer(self, what: str, done: int, total: int) -> None:
        """How far a long transfer is, on standard error, once it has taken a second. what: empty where it is over."""
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

    def _rich_table(self, headers: Sequence[str], cells: list[list[str]], numeric: list[bool], title: str) -> None:
        from rich import box  # only where somebody looks: it costs a cron job 40 ms
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table
        from rich.text import Text

        least: list[int] = []
        table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
        for header, right in zip(headers, numeric, strict=True):
            texts = [row[len(table.columns)] for row in cells]
            short = max(map(len, texts), default=0) <= _KEPT_WHOLE
            word = max((len(word) for text in (header, *texts) for word in text.split()), default=1)
            least.append(max(map(len, (header, *texts))) if short else min(word, _WORD_KEPT_WHOLE))
            table.add_column(header, justify="right" if right else "left", overflow="fold", no_wrap=short, min_width=least[-1])
        for row in cells:
            style = _STYLES.get(Severity.__members__.get(row[0], Severity.INFO)) if row[0] in Severity.__members__ else None
            table.add_row(*(Text(text, style=style if i == 0 and style else "") for i, text in enumerate(row)))
        console = Console()
        if sum(least) + 2 * len(least) > console.width:  # too narrow for columns: a block a row
            for row in cells:
                for header, text in zip(headers, row, strict=True):
                    if text:
                        console.print(f"[bold]{escape(header) or '·'}[/bold] {escape(text)}", highlight=False)
                console.print()
            return
        console.print(table)


def counted(number: int, noun: str) -> str:
    """`1 ticket`, `4 tickets`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def harmless(text: str) -> str:
    """Text from a workbook without the control characters that a terminal would obey."""
    return text if text.isprintable() else "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


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

"""Run the transcripts in Markdown pages, and compare what they show with what is printed.

python scripts/tour.py [--write] PAGE …: exit code 1, with a diff, where a page differs; with
--write the pages are corrected.

A block that is fenced as `console` is a transcript: lines that begin with `$ ` are commands, what
stands below them is what they print. The commands of a page run in order, in a fresh folder, on a
terminal of 80 columns; a question there is answered with `y`. `…` on a line of a page stands for
any text, on a line of its own for any lines. Four comments steer a page without being shown:

<!-- clock 2026-06-08 07:30 -->   what time it is from here on; every command takes a minute
<!-- run COMMAND -->              what somebody does elsewhere, with a spreadsheet program, say
<!-- file NAME -->                the next block, of whatever kind, is kept in this file
<!-- folder -->                   what follows starts in another fresh folder
"""

from __future__ import annotations

import difflib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, LINES = 80, 50
START = datetime(2026, 6, 8, 7, 30)
ANY = "…"
QUESTIONS = (b"[Y/n] ", b"[y/N] ")
PATIENCE = 120.0
_STEP = re.compile(r"<!-- (clock|run|file|folder) ?(.*?) ?-->")
_WIPED = re.compile(r"[^\n]*\r\x1b\[K")
"""What stood on a line of progress before it was replaced."""
_PROGRAM = """\
#!{python}
import os, sys
import time_machine
time_machine.travel(os.environ["TOUR_CLOCK"], tick=False).start()
sys.path.insert(0, {root!r})
from ticketops.adapters import whoami
from ticketops.cli.main import main
whoami.login, whoami.host = lambda: "ana", lambda: "office"
main()
"""
"""What the pages call ticketops: the command line of this folder, by the clock of the page, run by
ana on the machine office."""


@dataclass
class Step:
    """A comment (`clock`, `run` …) or a command (`$`) of a page: its text, the lines that the page
    shows below it, and the place of the first of them."""

    kind: str
    text: str
    shown: list[str]
    place: int


class Session:
    """A folder, a clock, and a shell that remembers what was exported."""

    def __init__(self, base: Path) -> None:
        self._base, self._folders, self.clock = base, 0, START
        program = base / "bin" / "ticketops"
        program.parent.mkdir()
        program.write_text(_PROGRAM.format(python=sys.executable, root=str(ROOT)), "utf-8")
        program.chmod(0o755)
        self.fresh()

    def fresh(self) -> None:
        """Start anew, in an empty folder and with a home of its own."""
        self._folders += 1
        home = self._base / f"home{self._folders}"
        self._state = self._base / f"state{self._folders}"
        self._folder = home / "event"
        self._folder.mkdir(parents=True)
        own = {
            "HOME": str(home),
            "PATH": f"{self._base / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "LOGNAME": "ana",
            "TYPE_INTO": f"{sys.executable} {ROOT / 'scripts' / 'type_into.py'}",
        }
        self._state.write_text("".join(f"export {k}={_quoted(v)}\n" for k, v in own.items()))

    def keep(self, name: str, lines: Sequence[str]) -> None:
        """Write a file into the folder."""
        (self._folder / name).write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def run(self, command: str) -> list[str]:
        """The lines that a command leaves on the terminal."""
        script = (
            f'cd "{self._folder}"; . "{self._state}"; '
            f"export TOUR_CLOCK={self.clock:%Y-%m-%dT%H:%M:%S}; {command}\n"
            f'code=$?; export -p > "{self._state}"; exit $code'
        )
        screen = _on_terminal(["bash", "--norc", "-c", script])
        self.clock += timedelta(minutes=1)
        text = _WIPED.sub("", screen.replace("\r\n", "\n")).replace(str(self._folder.parent), "~")
        return [line.rstrip() for line in text.strip("\n").split("\n")] if text.strip() else []


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _on_terminal(words: Sequence[str]) -> str:
    """What a program shows on a terminal, its questions answered with yes. Raises TimeoutError
    where it says nothing more."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    with subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, env={}, start_new_session=True
    ) as process:
        os.close(theirs)
        screen = b""
        while True:
            if not select.select([ours], [], [], PATIENCE)[0]:
                process.kill()
                raise TimeoutError(f"{words[-1]}\n{screen.decode('utf-8', 'replace')}")
            try:
                heard = os.read(ours, 65536)
            except OSError:  # Linux tells so that nobody holds the other end any more
                heard = b""
            if not heard:
                break
            screen += heard
            if screen.endswith(QUESTIONS):
                os.write(ours, b"y\n")
    os.close(ours)
    return screen.decode("utf-8", "replace")


def steps(lines: Sequence[str]) -> Iterator[Step]:
    """What is to be done for a page, in order."""
    fence, current = "", None
    for number, line in enumerate(lines):
        if fence and line == "```":
            fence, current = "", None
        elif fence == "```console" and line.startswith("$ "):
            current = Step("$", line[2:], [], number + 1)
            yield current
        elif fence and current:
            current.shown.append(line)
        elif not fence and line.startswith("```"):
            fence = line
        elif not fence and (found := _STEP.fullmatch(line)):
            step = Step(found[1], found[2], [], number + 1)
            current = step if step.kind == "file" else None
            yield step


def agrees(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether what a page shows is what was printed."""
    pattern = ""
    for line in shown:
        if line == ANY:
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(map(re.escape, line.split(ANY))) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def _shortened(printed: list[str], shown: Sequence[str]) -> list[str]:
    """What was printed, leaving out as much as the page does: as many lines stay before its first
    `…` and behind its last one."""
    if ANY not in shown:
        return printed
    before, behind = shown.index(ANY), shown[::-1].index(ANY)
    if before + behind >= len(printed):
        return printed
    return [*printed[:before], ANY, *printed[len(printed) - behind :]]


def corrected(page: str) -> str:
    """The page as its commands print it; what agrees stays as it is."""
    lines = page.split("\n")
    with tempfile.TemporaryDirectory() as folder:
        session, grown = Session(Path(folder)), 0
        for step in list(steps(lines)):
            if step.kind == "clock":
                session.clock = datetime.fromisoformat(step.text)
            elif step.kind == "folder":
                session.fresh()
            elif step.kind == "file":
                session.keep(step.text, step.shown)
            elif step.kind == "run":
                if said := session.run(step.text):
                    raise SystemExit(f"{step.text}\n" + "\n".join(said))
            elif not agrees(step.shown, printed := session.run(step.text)):
                start, wanted = step.place + grown, _shortened(printed, step.shown)
                lines[start : start + len(step.shown)] = wanted
                grown += len(wanted) - len(step.shown)
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Check the pages, or correct them."""
    differ = 0
    for name in [word for word in words if word != "--write"]:
        page = Path(name).read_text("utf-8")
        wanted = corrected(page)
        if wanted == page:
            continue
        differ += 1
        if "--write" in words:
            Path(name).write_text(wanted, "utf-8")
        else:
            diff = difflib.unified_diff(
                page.splitlines(), wanted.splitlines(), name, "what is printed", lineterm=""
            )
            print("\n".join(diff))
    return int(differ > 0 and "--write" not in words)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

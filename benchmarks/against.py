"""`make against COMMIT=…`: the CPU time of our commands against that of an earlier commit.

    python benchmarks/against.py COMMIT [--pairs N] [--only NAME …] [--instructions]

Both run with the interpreter and the packages of this checkout, the other from a worktree of its
own, on the same workbook (the earlier commit's sample) with a cache and a settings folder each.
Runs alternate (A B, B A, A B …). What is printed are medians of user and system time and the median
of the ratios within pairs: of a busy machine, too, they say how much work a command is.
--instructions counts with valgrind instead, once: it takes a minute a command and no load disturbs
it.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
WORK = HERE / "work" / "against"
LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")

COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("--help",),
    "status": ("status", "-w", "full.xlsx"),
    "audit run": ("audit", "run", "-w", "full.xlsx", "-q"),
    "audit run, no cache": ("audit", "run", "-w", "full.xlsx", "-q"),
    "report position": ("report", "position", "-w", "full.xlsx", "-q"),
    "allocate preview": ("allocate", "preview", "SALE", "-w", "full.xlsx", "-q"),
    "allocate preview, no cache": ("allocate", "preview", "SALE", "-w", "full.xlsx", "-q"),
    "allocate commit": ("allocate", "commit", "SALE", "-w", "copy.xlsx", "-q"),
    "allocate auto": ("allocate", "auto", "-w", "copy.xlsx", "-q"),
    "allocate auto --optimize": ("allocate", "auto", "--optimize", "-w", "copy.xlsx", "-q"),
    "purchase expand": ("purchase", "expand", "-w", "copy-orders.xlsx", "-q"),
    "sale expand": ("sale", "expand", "-w", "copy-orders.xlsx", "-q"),
    "client build": ("client", "build", "--all", "-w", "copy.xlsx", "-q"),
}
"""What is run in a folder of each side. SALE: one that is pending; copy: a fresh copy each time."""


class Side:
    """The code of one commit, with a folder of its own."""

    def __init__(self, name: str, code: Path) -> None:
        self.folder = WORK / name
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = {
            key: value
            for key, value in os.environ.items()
            if key not in LEFT_OUT and not key.startswith("TICKETOPS_")
        }
        self.env = kept | {
            "PYTHONPATH": str(code),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }

    def run(self, words: Sequence[str], *, before: Sequence[str] = (), cache: bool = True) -> str:
        """Run a command; what it printed. Stops everything where it fails."""
        done = subprocess.run(
            [*before, sys.executable, "-m", "ticketops", *words],
            cwd=self.folder,
            env=self.env | ({} if cache else {"TICKETOPS_CACHE": "0"}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1):
            sys.exit(
                f"{self.folder.name}: {' '.join(words)} ended with {done.returncode}: {done.stderr}"
            )
        return done.stdout + done.stderr

    def seconds(self, name: str, words: Sequence[str]) -> float:
        """User and system time of one run."""
        self._fresh(words)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.run(words, cache="no cache" not in name)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def instructions(self, name: str, words: Sequence[str]) -> float:
        """Millions of instructions of one run."""
        self._fresh(words)
        valgrind = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
        said = self.run(words, before=valgrind, cache="no cache" not in name)
        counted = re.findall(r"Collected : (\d+)", said)
        return sum(map(int, counted)) / 1e6

    def _fresh(self, words: Sequence[str]) -> None:
        for word in words:
            if word.startswith("copy"):
                source = "orders.xlsx" if "orders" in word else "full.xlsx"
                shutil.copy(self.folder / source, self.folder / word)
                kept = self.folder / f"{word}.ticketops"
                shutil.rmtree(kept, ignore_errors=True)
                if (self.folder / f"{source}.ticketops").exists():
                    shutil.copytree(self.folder / f"{source}.ticketops", kept)


def checkout(commit: str) -> tuple[str, Path]:
    """A worktree of a commit, made once."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.run(
        [*git, "rev-parse", "--short", f"{commit}^{{commit}}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    code = WORK / "code" / name
    if not code.exists():
        subprocess.run([*git, "worktree", "prune"], check=True)
        subprocess.run([*git, "worktree", "add", "--detach", str(code), name], check=True)
    return name, code


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("commit")
    parser.add_argument("--pairs", type=int, default=31)
    parser.add_argument("--only", nargs="*", default=list(COMMANDS), choices=list(COMMANDS))
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    name, code = checkout(options.commit)
    old, new = Side(name, code), Side("now", ROOT)
    for book, extra in (("full.xlsx", ()), ("orders.xlsx", ("--orders-only",))):
        if not (old.folder / book).exists():
            old.run(("sample", "full", book, *extra))
        shutil.copy(old.folder / book, new.folder / book)
    sale = pending(old.folder / "full.xlsx")
    print(f"{'':28}{name:>10}{'now':>10}{'ratio':>8}")
    for title in options.only:
        words = [sale if word == "SALE" else word for word in COMMANDS[title]]
        for side in (old, new):  # compiled, and the tables cached
            side.seconds(title, words)
            side.seconds(title, words)
        if options.instructions:
            pairs = [(old.instructions(title, words), new.instructions(title, words))]
        else:
            pairs = [_pair(title, words, old, new, n) for n in range(options.pairs)]
        one, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(b / a for a, b in pairs)
        print(f"{title:28}{one:>10.3f}{other:>10.3f}{ratio:>8.2f}", flush=True)


def _pair(
    title: str, words: Sequence[str], old: Side, new: Side, number: int
) -> tuple[float, float]:
    """One run of each, the old one first in every other pair."""
    if number % 2:
        later = new.seconds(title, words)
        return old.seconds(title, words), later
    return old.seconds(title, words), new.seconds(title, words)


def pending(book: Path) -> str:
    """A sale of the sample with tickets to allocate."""
    from harness import pending_sales

    return next(pending_sales(book))


if __name__ == "__main__":
    main()

"""What the benchmarks share: whole processes measured, tables of results."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
WORK = HERE / "work"
PYTHON = sys.executable


@dataclass
class Measured:
    """Runs of one command."""

    name: str
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Seconds of processor time."""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def peak(self) -> float:
        return max(self.megabytes)


_LAUNCH = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_pid, status, usage = os.wait4(process.pid, 0)
cpu = usage.ru_utime + usage.ru_stime
print(time.perf_counter() - start, usage.ru_maxrss, os.waitstatus_to_exitcode(status), cpu)
"""
"""Starts a command from a small process: the peak of a process counts that of the one it was forked
from."""


def once(
    measured: Measured,
    words: Sequence[str],
    *,
    ok: Sequence[int] = (0, 1),
    env: dict[str, str] | None = None,
) -> None:
    """Run a command and note its time and peak memory."""
    launch = [PYTHON, "-S", "-c", _LAUNCH, *words]
    done = subprocess.run(
        launch, capture_output=True, text=True, env=os.environ | (env or {}), cwd=WORK, check=True
    )
    seconds, kilobytes, code, cpu = done.stdout.split()
    measured.seconds.append(float(seconds))
    measured.cpu.append(float(cpu))
    measured.megabytes.append(float(kilobytes) / 1024)
    if int(code) not in ok:
        sys.exit(f"{' '.join(words)} ended with {code}: {done.stderr}")


def alternate(runs: int, *steps: Callable[[int], None]) -> None:
    """Each step once a round, the first round uncounted by the caller's warm-up."""
    for number in range(runs):
        for step in steps:
            step(number)


def tool(*words: str) -> list[str]:
    return [PYTHON, "-m", "ticketops", *words]


def script(code: str, *words: str) -> list[str]:
    return [PYTHON, "-c", textwrap.dedent(code), *words]


def fresh(source: str, name: str) -> str:
    """A copy of a workbook, without what an earlier run left beside it; its cache is warm."""
    shutil.rmtree(WORK / f"{name}.ticketops", ignore_errors=True)
    shutil.copy(WORK / source, WORK / name)
    return name


def row(name: str, measured: Measured, note: str = "") -> str:
    return f"| {name} | {measured.median:.3f} | {min(measured.seconds):.3f}–{max(measured.seconds):.3f} | {measured.peak:,.0f} | {note} |"


def pending_sales(book: Path) -> Iterator[str]:
    """SalesIDs with tickets to allocate, spread over the workbook."""
    from ticketops.domain.allocation.targets import targets_of
    from ticketops.schema.layouts.event import EVENT
    from ticketops.services.allocation import allocate_preview
    from ticketops.stores.xlsx.store import XlsxStore

    sheets = allocate_preview("S1", write=False).sheets
    targets = [
        t
        for t in targets_of(XlsxStore(book, layout=EVENT).read(*sheets))
        if t.pending and not t.waiting
    ]
    yield from (target.sales_id for target in targets[:: max(1, len(targets) // 60)])


def own_section(page: Path, section: Callable[[str], str]) -> None:
    """Put one section of a page in the place of the one that has its title, else at the end. section:
    what is measured on a workbook in WORK, which is made where it is missing; the command line may
    name another one."""
    book = sys.argv[1] if len(sys.argv) > 1 else "full.xlsx"
    WORK.mkdir(exist_ok=True)
    if not (WORK / book).exists():
        subprocess.run(tool("sample", "full", str(WORK / book)), check=True)
    made = section(book)
    text = page.read_text("utf-8")
    title = made.strip().splitlines()[0]
    before, _, rest = text.partition(f"\n{title}\n")
    after = rest[rest.index("\n## ") :] if "\n## " in rest else ""
    page.write_text(before.rstrip("\n") + "\n" + made.rstrip("\n") + "\n" + after, "utf-8")
    print(made)

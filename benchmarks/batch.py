"""Commands of a batch on a workbook of a whole event, each beside the same command in a process of its
own, on one workbook and alternately. `python benchmarks/batch.py` writes its section of RESULTS.md."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable

from harness import (
    HERE,
    WORK,
    Measured,
    alternate,
    fresh,
    once,
    own_section,
    pending_sales,
    row,
    tool,
)

_COMMANDS: dict[str, tuple[str, Callable[[str, str, int], str]]] = {
    "hold": (
        "`unit hold`",
        lambda _sale, unit, _n: (
            f"unit hold {unit} --client Bolt --until 2027-12-31 --reason x --new"
        ),
    ),
    "set": ("`sale set`", lambda sale, _unit, n: f"sale set {sale} --notes n{n}"),
    "seat": ("`unit seat`", lambda _sale, unit, n: f"unit seat {unit} --seat {9000 + n}"),
    "add": (
        "`sale add`",
        lambda _sale, _unit, _n: "sale add --client 'Meridian Travel' --line 'M06:Cat 2:1@350'",
    ),
    "commit": ("`allocate commit`", lambda sale, _unit, _n: f"allocate commit {sale}"),
    "list": ("`sale list`", lambda _sale, _unit, _n: "sale list --match M06"),
}
_MOST_SECONDS = 0.15
"""What a command that follows others in one process may take."""


class _Batch:
    """A batch that is told a line at a time."""

    def __init__(self, book: str) -> None:
        self._child = subprocess.Popen(
            tool("batch", "-", "--json", "-w", book),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=WORK,
            env=os.environ | {"TICKETOPS_ROLE": "super_admin"},
        )

    def run(self, measured: Measured, line: str) -> None:
        """A line, and how long its answer took."""
        assert self._child.stdin
        assert self._child.stdout
        began = time.perf_counter()
        self._child.stdin.write(f"{line}\n")
        self._child.stdin.flush()
        said = json.loads(self._child.stdout.readline())
        measured.seconds.append(time.perf_counter() - began)
        assert said["exit_code"] < 2, said

    def end(self) -> float:
        """End it; the most memory it took, in MB."""
        with open(f"/proc/{self._child.pid}/status", encoding="ascii") as status:
            peak = next(int(one.split()[1]) for one in status if one.startswith("VmHWM"))
        assert self._child.stdin
        self._child.stdin.close()
        self._child.wait()
        return peak / 1024


def bench_batch(book: str, runs: int) -> dict[str, tuple[Measured, Measured]]:
    """{command: (alone, in a batch)}; every command is about another sale or unit."""
    live = fresh(book, f"live-batch-{book}")
    results = {name: (Measured(name), Measured(name)) for name in _COMMANDS}
    sales = pending_sales(WORK / live)
    env = {"TICKETOPS_ROLE": "super_admin"}
    found = subprocess.run(
        tool("unit", "list", "--status", "AVAILABLE", "--json", "-w", live),
        capture_output=True,
        cwd=WORK,
        check=True,
    )
    units = iter([one["unit_id"] for one in json.loads(found.stdout)["result"]["units"]])
    batch = _Batch(live)

    def step(name: str, number: int, *, counts: bool = True) -> None:
        make = _COMMANDS[name][1]
        alone, warm = results[name] if counts else (Measured(name), Measured(name))
        line = make(next(sales), next(units), number)
        once(alone, tool(*shlex.split(line), "-w", live, "-q"), env=env)
        batch.run(Measured(name), "log")  # what the other process wrote is read, uncounted
        batch.run(Measured(name), make(next(sales), next(units), number + 1000))
        batch.run(warm, make(next(sales), next(units), number + 2000))

    for name in _COMMANDS:
        step(name, 0, counts=False)
    alternate(runs, *(lambda n, name=name: step(name, n + 1) for name in _COMMANDS))
    peak = batch.end()
    for _alone, warm in results.values():
        warm.megabytes.append(peak)
    return results


def batch_report(results: dict[str, tuple[Measured, Measured]]) -> str:
    """The section of the page."""
    lines = [
        "",
        "## Batch",
        "",
        f"A command that follows others in one process is to take at most {_MOST_SECONDS} s.",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, (alone, warm) in results.items():
        title = _COMMANDS[name][0]
        lines.append(row(f"{title} alone", alone))
        note = f"{warm.median / alone.median:.2f} × alone"
        lines.append(row(f"{title} in a batch", warm, note))
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    own_section(HERE / "RESULTS.md", lambda book: batch_report(bench_batch(book, 5)))

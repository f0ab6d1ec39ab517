"""A list of 12,000 purchases in a layout of somebody's own, imported whole, beside pandas that merely
reads the file."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path

from harness import HERE, WORK, Measured, alternate, fresh, once, own_section, row, script, tool

_LINES = 12_000
_OURS, _PANDAS = "import purchases", "pandas reads"


def _list(path: Path) -> None:
    """A made-up list: German headers and amounts, seats, twenty vendors."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        lines = csv.writer(file, delimiter=";")
        lines.writerow(
            (
                "Referenz",
                "Kaufdatum",
                "Spiel",
                "Kategorie",
                "Block",
                "Reihe",
                "Sitze",
                "Anzahl",
                "Einzelpreis",
                "Lieferant",
            )
        )
        for number in range(_LINES):
            count, seat = number % 4 + 1, number * 5 + 1
            lines.writerow(
                (
                    *(f"R{number}", f"{number % 28 + 1:02d}.03.2026", f"M{number % 100 + 1}"),
                    *(f"CAT{number % 4 + 1}", f"N{number % 40}", f"R{number % 25}"),
                    *(f"{seat}-{seat + count - 1}", count, f"1.{number % 900 + 100},50 €"),
                    f"Bench {chr(65 + number % 20) * 4}",
                )
            )


def bench_lists(book: str, runs: int) -> dict[str, Measured]:
    """The import into a fresh copy of a workbook, and the reading, alternately."""
    results = {name: Measured(name) for name in (_OURS, _PANDAS)}
    _list(WORK / "list.csv")
    reads = "import pandas\npandas.read_csv('list.csv', sep=';', decimal=',', thousands='.')"

    def ours(_n: int) -> None:
        live = fresh(book, f"live-list-{book}")
        words = ("import", "purchases", "list.csv", "--new", "-w", live, "-y", "-q")
        once(results[_OURS], tool(*words))

    def pandas(_n: int) -> None:
        once(results[_PANDAS], script(reads))

    alternate(1, ours, pandas)
    for measured in results.values():
        measured.seconds.clear()
        measured.megabytes.clear()
        measured.cpu.clear()
    alternate(runs, ours, pandas)
    return results


def lists_report(results: dict[str, Measured]) -> str:
    """The section of the page."""
    ours, pandas = results[_OURS], results[_PANDAS]
    lines = [
        "",
        f"## A list of {_LINES:,} purchases",
        "",
        "`python benchmarks/lists.py`, alternately, on a machine that did other work too: the ratio counts.",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
        row("pandas merely reads the file", pandas),
        row(
            "`import purchases`: 30,000 units with their seats",
            ours,
            f"{ours.median / pandas.median:.1f} × merely reading",
        ),
        "",
        f"Of the processor they take {statistics.median(pandas.cpu):.1f} and "
        f"{statistics.median(ours.cpu):.1f} seconds.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    own_section(HERE / "RESULTS.md", lambda book: lists_report(bench_lists(book, 5)))

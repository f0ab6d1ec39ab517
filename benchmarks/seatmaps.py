"""A seat map of 80,000 seats in `full`: import, pictures, one preview beside one without a map, and how
the pending sales are seated with it.

    python benchmarks/seatmaps.py [--runs N]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import subprocess
from pathlib import Path

from harness import WORK, Measured, alternate, fresh, once, row, tool

VENUE, MATCH = "AT&T Stadium", "M11"
"""One venue of the sample, and a match there."""
_BLOCKS = tuple(tier + n for tier in (100, 200, 300) for n in range(1, 50))
_ROWS, _SEATS = 23, 24
STEPS = ("seatmap import", "seatmap list", "seatmap check", "as SVG", "as PNG", "as a page")
_FIGURES = ("seat_groups", "seats_together", "stranded_singles", "split_sales")


def bowl(path: Path) -> int:
    """A stadium of three tiers as CSV; how many seats it has."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("Block", "Row", "Seat", "X", "Y"))
        for block in _BLOCKS:
            turn = 2 * math.pi * (block % 100) / 49
            for number in range(1, _ROWS + 1):
                out = 60 + block // 100 * 22 + number * 0.9
                for seat in range(1, _SEATS + 1):
                    along = (seat - (_SEATS + 1) / 2) * 0.5
                    x = out * math.cos(turn) - along * math.sin(turn)
                    y = out * math.sin(turn) + along * math.cos(turn)
                    writer.writerow((block, number, seat, round(x, 3), round(y, 3)))
    return len(_BLOCKS) * _ROWS * _SEATS


def _sale(book: str) -> str:
    """A pending sale of the match."""
    words = tool("sale", "list", "--match", MATCH, "--status", "UNALLOCATED", "-w", book, "--json")
    done = subprocess.run(words, cwd=WORK, stdout=subprocess.PIPE, check=True)
    lines = json.loads(done.stdout)["result"]["sales"]
    return str(max(lines, key=lambda line: line["quantity"])["sales_id"])


def _compared(book: str) -> dict[str, dict[str, object]]:
    words = tool("allocate", "compare", "-w", book, "--json")
    done = subprocess.run(words, cwd=WORK, stdout=subprocess.PIPE, check=True)
    result: dict[str, dict[str, object]] = json.loads(done.stdout)["result"]
    return result


def bench_seatmaps(book: str, runs: int) -> tuple[dict[str, Measured], list[str]]:
    """(import, looking, and a preview with and without the map; lines on how sales are seated)."""
    bowl(WORK / "bowl.csv")
    results = {name: Measured(name) for name in (*STEPS, "preview without", "preview with")}
    plain = fresh(book, f"plain-{book}")
    mapped = fresh(book, f"mapped-{book}")
    load = ("seatmap", "import", "bowl.csv", "--venue", VENUE, "-q", "-y")
    once(Measured("warm-up"), tool(*load, "-w", mapped))
    sale = _sale(plain)
    show = ("seatmap", "show", "--match", MATCH, "--sale", sale, "-w", mapped, "-q", "-o")

    def imported(_n: int) -> None:
        once(results["seatmap import"], tool(*load, "-w", fresh(book, f"import-{book}")))

    commands = {
        "seatmap list": ("seatmap", "list", "--venue", VENUE, "-w", mapped, "-q"),
        "seatmap check": ("seatmap", "check", "--venue", VENUE, "-w", mapped, "-q"),
        "as SVG": (*show, "map.svg"),
        "as PNG": (*show, "map.png"),
        "as a page": (*show, "map.html"),
        "preview without": ("allocate", "preview", sale, "-w", plain, "-q"),
        "preview with": ("allocate", "preview", sale, "-w", mapped, "-q"),
    }
    steps = [
        lambda _n, name=name, words=words: once(results[name], tool(*words))
        for name, words in commands.items()
    ]
    alternate(1, *steps)
    for name in commands:
        results[name] = Measured(name)
    alternate(runs, imported, *steps)
    without, with_map = _compared(plain), _compared(mapped)
    lines = [
        "",
        "| everything pending | sequential | optimal | sequential, with the map | optimal, with the map |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in _FIGURES:
        cells = [
            plan[how][name] for plan in (without, with_map) for how in ("sequential", "optimal")
        ]
        lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(map(str, cells)) + " |")
    size = (WORK / "map.html").stat().st_size / 1024
    return results, [*lines, "", f"The page has {size:,.0f} KB (at most 400)."]


def seatmaps_report(measured: tuple[dict[str, Measured], list[str]]) -> str:
    """The section of the page."""
    results, seated = measured
    seats = len(_BLOCKS) * _ROWS * _SEATS
    without = results["preview without"].median
    notes = {
        "preview with": f"{results['preview with'].median / without:.2f} × without a map (at most 1.5)"
    }
    return "\n".join(
        [
            "",
            f"## A seat map of {seats:,} seats",
            "",
            "| what | seconds | range | peak MB | against its peer |",
            "| --- | --- | --- | --- | --- |",
            *(row(f"`{name}`", one, notes.get(name, "")) for name, one in results.items()),
            *seated,
            "",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    if not (WORK / "full.xlsx").exists():
        once(Measured("sample"), tool("sample", "full", "full.xlsx"))
    print(seatmaps_report(bench_seatmaps("full.xlsx", options.runs)))

"""Reports and dashboards of `full` beside `status`, and a report as of the oldest of 1,000 transactions.

python benchmarks/reports.py [--runs N]
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from harness import WORK, Measured, alternate, fresh, once, row, tool

_AS_OF = "report summary --as-of, the oldest of 1,000 transactions"
_OWN = {"TICKETOPS_ROLE": "super_admin", "XDG_STATE_HOME": str(WORK / "state")}
COMMANDS = {
    "status": ("status",),
    **{
        f"report {name}": ("report", *name.split())
        for name in ("summary", "inventory", "allocation", "dispatch", "pnl", "match M104")
    },
    "report pnl, as a page": ("report", "pnl", "-o", "pnl.html"),
    **{
        f"dashboard build --role {role}": ("dashboard", "build", "--role", role, "-o", "d.html")
        for role in ("staff", "operator", "sr_operator", "ops_manager", "super_admin")
    },
    "event page": ("event", "page", "M104", "-o", "m.html"),
}


def _history(book: str, number: int) -> str:
    """A copy of a workbook with so many transactions behind it; the RunID of the first."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from ticketops.config import load
    from ticketops.engine.opening import open_store
    from ticketops.engine.transaction import carry_out, new_run
    from ticketops.services import allocation

    os.environ |= _OWN
    settings = load({"workbook": str(WORK / book), "user": "bench"})
    store = open_store(WORK / book, settings)
    while len(store.log()) < number:
        seat = {"seat": str(len(store.log()))}
        job = allocation.unit_seat("P00001", seat)
        carry_out(store, job, new_run("bench", role="super_admin"))
    return store.log()[0].entry.run_id


def bench_reports(book: str, runs: int, *, transactions: int = 1000) -> dict[str, Measured]:
    """Every report and dashboard, alternately with `status`; the tables are cached."""
    results = {name: Measured(name) for name in (*COMMANDS, _AS_OF)}
    live = fresh(book, f"live-reports-{book}")
    steps = [
        lambda _n, name=name, words=words: once(
            results[name], tool(*words, "-w", live, "-q"), env=_OWN
        )
        for name, words in COMMANDS.items()
    ]
    if transactions:
        past = fresh(book, f"past-reports-{book}")
        first = _history(past, transactions)
        words = ("report", "summary", "--as-of", first, "-w", past, "-q")
        steps.append(lambda _n: once(results[_AS_OF], tool(*words), env=_OWN))
    else:
        del results[_AS_OF]
    alternate(1, *steps)
    for measured in results.values():
        measured.seconds.clear()
        measured.megabytes.clear()
    alternate(runs, *steps)
    return results


def reports_report(results: dict[str, Measured]) -> str:
    """The section of the page."""
    own = results["status"].median
    lines = [
        "",
        "## Reports and dashboards",
        "",
        "| what | seconds | range | peak MB | against `status` |",
        "| --- | --- | --- | --- | --- |",
        *(row(f"`{name}`", one, f"{one.median / own:.1f} ×") for name, one in results.items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--transactions", type=int, default=1000)
    options = parser.parse_args()
    if not (WORK / "full.xlsx").exists():
        WORK.mkdir(exist_ok=True)
        once(Measured("sample"), tool("sample", "full", "full.xlsx"))
    print(
        reports_report(bench_reports("full.xlsx", options.runs, transactions=options.transactions))
    )

"""`make bench`: our commands beside their peers, whole processes, in one run; medians to
benchmarks/RESULTS.md.

    python benchmarks/run.py [--runs N] [--skip-x10]

A pair is run alternately (A B A B …), so that a machine that slows down slows both. A command that
changes its workbook gets another sale, or a fresh copy, each time. Times are wall-clock seconds of
the whole process, memory is its peak.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from pathlib import Path

from batch import batch_report, bench_batch
from books import bench_books, books_report
from controls import bench_controls, controls_report
from harness import (
    HERE,
    PYTHON,
    WORK,
    Measured,
    alternate,
    fresh,
    once,
    pending_sales,
    row,
    script,
    tool,
)
from lists import bench_lists, lists_report
from messages import bench_messages, messages_report
from money import bench_money, money_report
from online import bench_google, google_report
from postgres import bench_postgres, postgres_report
from reports import bench_reports, reports_report
from schedules import bench_imports, bench_schedules, imports_report, schedules_report
from seatmaps import bench_seatmaps, seatmaps_report


def openpyxl_round_trip(book: str) -> list[str]:
    return script(
        "import sys, openpyxl\nb = openpyxl.load_workbook(sys.argv[1])\nb.save('openpyxl.xlsx')",
        book,
    )


TWO_SHEETS = ("Distribution", "_PURCHASE_UNITS")


def calamine(book: str, *sheets: str) -> list[str]:
    """Merely reading these sheets, those of them that there are."""
    return script(
        """
        import sys
        from python_calamine import CalamineWorkbook
        book = CalamineWorkbook.from_path(sys.argv[1])
        for name in set(sys.argv[2:]) & set(book.sheet_names):
            book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        """,
        book,
        *sheets,
    )


PEERS = ("openpyxl load + save", "calamine two sheets", "calamine preview sheets")

HELLO = """
import typer
app = typer.Typer()
@app.command()
def main(name: str):
    '''Say hello.'''
    print(name)
app()
"""


def bench_commands(book: str, runs: int, peers: bool) -> dict[str, Measured]:
    """The commands on one workbook size, and, if asked, the peers in the same rounds."""
    results = {
        n: Measured(n)
        for n in (
            "commit",
            "audit warm",
            "audit cold",
            "position",
            "preview warm",
            "preview cold",
            "expand purchases",
            "expand sales",
            "auto",
            "auto optimize",
        )
    }
    if peers:
        results |= {n: Measured(n) for n in PEERS}
    live = fresh(book, f"live-{book}")
    subprocess.run(
        tool("status", "-w", live, "-q"), cwd=WORK, stdout=subprocess.DEVNULL, check=True
    )
    sales = pending_sales(WORK / live)
    once(Measured("warm-up"), tool("allocate", "commit", next(sales), "-w", live, "-q"))

    def commit(_n: int) -> None:
        once(results["commit"], tool("allocate", "commit", next(sales), "-w", live, "-q"))

    from ticketops.services.allocation import allocate_preview

    shown = next(sales)
    preview = tool("allocate", "preview", shown, "-w", live, "-q")
    steps = [
        commit,
        lambda _n: once(results["preview warm"], preview),
        lambda _n: once(results["preview cold"], preview, env={"TICKETOPS_CACHE": "0"}),
        lambda _n: once(results["audit warm"], tool("audit", "run", "-w", live, "-q")),
        lambda _n: once(
            results["audit cold"],
            tool("audit", "run", "-w", live, "-q"),
            env={"TICKETOPS_CACHE": "0"},
        ),
        lambda _n: once(results["position"], tool("report", "position", "-w", live, "-q")),
    ]
    if peers:
        steps.append(lambda _n: once(results["calamine two sheets"], calamine(live, *TWO_SHEETS)))
        steps.append(
            lambda _n: once(
                results["calamine preview sheets"],
                calamine(live, *allocate_preview(shown, write=False).sheets),
            )
        )
    alternate(runs, *steps)

    def expand(_n: int) -> None:
        orders = fresh(f"orders-{book}", f"live-orders-{book}")
        once(results["expand purchases"], tool("purchase", "expand", "-w", orders, "-q"))
        once(results["expand sales"], tool("sale", "expand", "-w", orders, "-q"))

    def auto(_n: int) -> None:
        everything = fresh(book, f"live-auto-{book}")
        once(results["auto"], tool("allocate", "auto", "-w", everything, "-q"))
        everything = fresh(book, f"live-auto-{book}")
        once(
            results["auto optimize"], tool("allocate", "auto", "--optimize", "-w", everything, "-q")
        )

    rounds = max(3, runs // 3) if peers else 2
    slow = [expand, auto]
    if peers:
        slow.append(lambda _n: once(results["openpyxl load + save"], openpyxl_round_trip(book)))
    alternate(rounds, *slow)
    return results


def bench_help(runs: int) -> tuple[Measured, Measured]:
    """Top-level help beside a typer hello-world's."""
    ours, hello = Measured("ticketops --help"), Measured("typer hello-world --help")
    (WORK / "hello.py").write_text(HELLO)
    for measured, words in (
        (Measured(""), tool("--help")),
        (Measured(""), [PYTHON, "hello.py", "--help"]),
    ):
        once(measured, words)
    alternate(
        runs,
        lambda _n: once(ours, tool("--help")),
        lambda _n: once(hello, [PYTHON, "hello.py", "--help"]),
    )
    return ours, hello


def prepare(size: str) -> None:
    """The sample workbooks, made once."""
    WORK.mkdir(exist_ok=True)
    for name, extra in ((f"{size}.xlsx", []), (f"orders-{size}.xlsx", ["--orders-only"])):
        if not (WORK / name).exists():
            subprocess.run(tool("sample", size, name, *extra), cwd=WORK, check=True)


def compared(book: str) -> dict[str, dict[str, object]]:
    """What `allocate compare` says of everything pending."""
    done = subprocess.run(
        tool("allocate", "compare", "-w", fresh(book, f"live-{book}"), "--json"),
        cwd=WORK,
        stdout=subprocess.PIPE,
        check=True,
    )
    result: dict[str, dict[str, object]] = json.loads(done.stdout)["result"]
    return result


def figure(value: object) -> str:
    """A number, or amounts by currency (blank where the sample names none)."""
    return (
        ", ".join(f"{amount:,.2f} {currency}".strip() for currency, amount in value.items())
        if isinstance(value, dict)
        else f"{value:,}"
    )


def comparison(plans: dict[str, dict[str, object]]) -> list[str]:
    """Sequential and optimal side by side."""
    one, best = plans["sequential"], plans["optimal"]
    names = (
        "targets",
        "filled",
        "waiting",
        "left",
        "units",
        "split_sales",
        "chunks",
        "seat_groups",
        "seats_together",
        "stranded_singles",
        "margin",
        "seconds",
    )
    lines = [
        "",
        "## Everything pending, one sale after the other and all together (`allocate compare`)",
        "",
        "| | sequential | optimal |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {name.replace('_', ' ')} | {figure(one[name])} | {figure(best[name])} |"
        for name in names
    ]
    fewer = int(str(one["split_sales"])) - int(str(best["split_sales"]))
    return [*lines, "", f"The optimum splits {fewer} sales fewer; proven gap {best['proven_gap']}."]


def report(
    full: dict[str, Measured],
    ten: dict[str, Measured] | None,
    helps: tuple[Measured, Measured],
    plans: dict[str, dict[str, object]],
    runs: int,
) -> str:
    """The page."""
    base, two, read = (full[peer] for peer in PEERS)
    both = full["expand purchases"].median + full["expand sales"].median
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench` (`python benchmarks/run.py`): whole processes, medians, every figure beside its peer in the same run.",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {runs} rounds after a warm-up.",
        "",
        "## The full-size sample (12,000 tickets, 18 sheets)",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
        row("openpyxl load + save", base),
        row("python-calamine reads Distribution and _PURCHASE_UNITS", two),
        row(
            "`allocate commit` of one sale",
            full["commit"],
            f"1/{base.median / full['commit'].median:.0f} of openpyxl load + save (at most 1/25; aim 1/60)",
        ),
        row(
            "`audit run`, tables cached",
            full["audit warm"],
            f"{full['audit warm'].median / two.median:.2f} × python-calamine merely reading (at most 1.5; aim below 1)",
        ),
        row(
            "`audit run`, no cache",
            full["audit cold"],
            f"{full['audit cold'].median / two.median:.2f} × the same",
        ),
        row("python-calamine reads the sheets of `allocate preview`", read),
        row(
            "`allocate preview`, tables cached",
            full["preview warm"],
            f"{full['preview warm'].median / read.median:.2f} × merely reading its sheets (at most 1.5)",
        ),
        row(
            "`allocate preview`, no cache",
            full["preview cold"],
            f"{full['preview cold'].median / read.median:.2f} × the same",
        ),
        row(
            "`report position`, tables cached",
            full["position"],
            f"{full['position'].median / two.median:.2f} × the same",
        ),
        row("`purchase expand` of everything", full["expand purchases"]),
        row(
            "`sale expand` of everything",
            full["expand sales"],
            f"both: {both:.2f} s, 1/{base.median / both:.1f} of openpyxl load + save (at most 1/8)",
        ),
        row(
            "`allocate auto` of everything pending",
            full["auto"],
            f"1/{base.median / full['auto'].median:.0f} of openpyxl load + save",
        ),
        row(
            "`allocate auto --optimize` of the same",
            full["auto optimize"],
            f"1/{base.median / full['auto optimize'].median:.1f} of openpyxl load + save",
        ),
        "",
        f"Peak memory of our commands: {max(m.peak for n, m in full.items() if n not in (*PEERS, 'auto optimize')):,.0f} MB (at most 300); "
        f"with OR-Tools loaded, `--optimize`: {full['auto optimize'].peak:,.0f} MB.",
        *comparison(plans),
    ]
    if ten:
        lines += [
            "",
            "## Ten times the rows",
            "",
            "| what | seconds | range | peak MB | against `full` |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            row(f"`{n}`", m, f"{m.median / full[n].median:.1f} × (at most 12)")
            for n, m in ten.items()
        ]
    ours, hello = helps
    lines += [
        "",
        "## Start-up",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
        row("typer hello-world `--help`", hello),
        row(
            "`ticketops --help`",
            ours,
            f"{ours.median / hello.median:.2f} × hello-world (at most 1.2)",
        ),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--skip-x10", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    prepare("full")
    helps = bench_help(options.runs + 6)
    full = bench_commands("full.xlsx", options.runs, peers=True)
    ten = None
    if not options.skip_x10:
        prepare("x10")
        ten = bench_commands("x10.xlsx", max(3, options.runs // 3), peers=False)
    page = report(full, ten, helps, compared("full.xlsx"), options.runs) + books_report(
        bench_books(max(3, options.runs // 2))
    )
    page += controls_report(bench_controls("full.xlsx", options.runs))
    page += imports_report(bench_imports("full.xlsx", max(3, options.runs // 2)))
    page += messages_report(bench_messages("full.xlsx", max(7, options.runs // 2)))
    page += lists_report(bench_lists("full.xlsx", max(3, options.runs // 2)))
    page += money_report(bench_money("full.xlsx", options.runs))
    page += batch_report(bench_batch("full.xlsx", options.runs))
    page += schedules_report(bench_schedules("full.xlsx", options.runs))
    page += reports_report(bench_reports("full.xlsx", max(3, options.runs // 2)))
    page += seatmaps_report(bench_seatmaps("full.xlsx", max(3, options.runs // 2)))
    page += postgres_report(bench_postgres("full.xlsx", max(3, options.runs // 2)))
    page += google_report(bench_google(max(3, options.runs // 2)))
    options.out.write_text(page, "utf-8")
    (WORK / "raw.json").write_text(json.dumps({n: m.seconds for n, m in full.items()}))
    print(page)


if __name__ == "__main__":
    main()

"""Books for clients, suppliers and staff, made and taken back, beside openpyxl doing the same.

The workbook is `full` after `allocate auto`, so that most tickets have a unit. The peer gets the
cells of the very same books, prepared beforehand, and writes (or reads) them with openpyxl; it
neither reads a workbook nor works anything out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from harness import WORK, Measured, alternate, fresh, once, row, script, tool

KINDS = ("supplier", "client", "staff")
FILES_BACK = 100


def bench_books(runs: int) -> dict[str, tuple[Measured, Measured, int, int]]:
    """{what: (ours, the peer's, files, rows)}."""
    _prepare()
    results = {}
    for kind in KINDS:
        ours, peer = Measured(kind), Measured(f"openpyxl {kind}")

        def build(_n: int, kind: str = kind, ours: Measured = ours) -> None:
            book = fresh("books.xlsx", "books-live.xlsx")
            subprocess.run(
                tool("status", "-w", book, "-q"), cwd=WORK, stdout=subprocess.DEVNULL, check=True
            )
            shutil.rmtree(WORK / "out", ignore_errors=True)
            once(ours, tool(kind, "build", "--all", "-o", "out", "-w", book, "-q"))

        def write(_n: int, kind: str = kind, peer: Measured = peer) -> None:
            once(peer, script(_WRITE, f"{kind}.json", "peer"))

        alternate(runs, build, write)
        cells = json.loads((WORK / f"{kind}.json").read_text())
        results[f"{kind} books built"] = (
            ours,
            peer,
            len(cells),
            sum(len({r for r, _, _ in sheet}) - 2 for sheet in cells.values()),
        )
    ours, peer = Measured("pull"), Measured("openpyxl reads")
    files = sorted(str(path.relative_to(WORK)) for path in (WORK / "back").glob("*.xlsx"))[
        :FILES_BACK
    ]

    def pull(_n: int) -> None:
        book = fresh("books-built.xlsx", "books-live.xlsx")
        subprocess.run(
            tool("status", "-w", book, "-q"), cwd=WORK, stdout=subprocess.DEVNULL, check=True
        )
        once(ours, tool("client", "pull", *files, "-w", book, "-q"))

    alternate(runs, pull, lambda _n: once(peer, script(_READ, *files)))
    back = json.loads((WORK / "client.json").read_text())
    rows = sum(len({r for r, _, _ in back[Path(file).name]}) - 2 for file in files)
    results["returned client files pulled, one transaction"] = ours, peer, len(files), rows
    return results


def _prepare() -> None:
    """The workbook, the cells of its books for the peer, and books that came back filled in; made
    once."""
    if (WORK / "books-built.xlsx").exists():
        return
    book = fresh("full.xlsx", "books.xlsx")
    for words in (("allocate", "auto"), ("supplier", "learn")):
        subprocess.run(
            tool(*words, "-w", book, "-q", "-y"), cwd=WORK, stdout=subprocess.DEVNULL, check=False
        )
    fresh("books.xlsx", "books-built.xlsx")
    for kind in KINDS:
        folder = WORK / f"made-{kind}"
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(
            tool(kind, "build", "--all", "-o", folder.name, "-w", "books-built.xlsx", "-q"),
            cwd=WORK,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        subprocess.run(script(_CELLS, folder.name, f"{kind}.json"), cwd=WORK, check=True)
    shutil.rmtree(WORK / "back", ignore_errors=True)
    shutil.copytree(WORK / "made-client", WORK / "back")
    subprocess.run(script(_FILL, "back"), cwd=WORK, check=True)


_CELLS = """
import json, sys
from pathlib import Path
import openpyxl
found = {}
for path in sorted(Path(sys.argv[1]).glob('*.xlsx')):
    sheet = openpyxl.load_workbook(path).worksheets[0]
    found[path.name] = [(c.row, c.column, str(c.value)) for row in sheet.iter_rows() for c in row if c.value is not None]
Path(sys.argv[2]).write_text(json.dumps(found))
"""
_WRITE = """
import json, sys
from pathlib import Path
import openpyxl
Path(sys.argv[2]).mkdir(exist_ok=True)
for name, cells in json.loads(Path(sys.argv[1]).read_text()).items():
    book = openpyxl.Workbook()
    sheet = book.active
    for row, column, value in cells:
        sheet.cell(row, column, value)
    book.save(Path(sys.argv[2]) / name)
"""
_FILL = """
import sys
from pathlib import Path
import openpyxl
for path in Path(sys.argv[1]).glob('*.xlsx'):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in range(4, sheet.max_row + 1):
        for column, text in ((29, 'Guest'), (30, f'Number {row}'), (31, f'guest{row}@gmail.com')):
            cell = sheet.cell(row, column)
            if not cell.protection.locked and cell.value is None:
                cell.value = text
    book.save(path)
"""
_READ = """
import sys
import openpyxl
for path in sys.argv[1:]:
    book = openpyxl.load_workbook(path, read_only=True)
    for row in book.worksheets[0].iter_rows(values_only=True):
        pass
"""


def books_report(results: dict[str, tuple[Measured, Measured, int, int]]) -> str:
    """The section of the page."""
    lines = [
        "",
        "## Books for clients, suppliers and staff",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
    ]
    for what, (ours, peer, files, rows) in results.items():
        does = "merely reads the files" if "pulled" in what else "writes the same cells"
        rate = f"{files:,} files, {rows:,} rows: {files / ours.median:.0f} files and {rows / ours.median:,.0f} rows a second"
        lines.append(
            row(f"{what}: {rate}", ours, f"{ours.median / peer.median:.2f} × openpyxl that {does}")
        )
        lines.append(row(f"openpyxl {does}", peer))
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(books_report(bench_books(3)))

"""`python scripts/book_images.py`: what a client's, a supplier's and a staff member's book look like,
as pictures in docs/images. Needs LibreOffice (soffice) and poppler (pdftoppm).

The books are those of the small sample; all in it is made up.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SENDER, CONTACT = "MM Tickets", "tickets@mm-tickets.example · +49 30 5550100"
BOOKS = {
    "client": "CLIENT - Château Événements.xlsx",
    "supplier": "SUPPLIER - MATTHIAS.xlsx",
    "staff": "STAFF - Dispatch - farid@staff.example.com.xlsx",
}
DOTS, ACROSS, DOWN = 82, 959, 400
"""Dots an inch; the upper part of an A4 page, in dots."""
OFFSETS = {"USA": "UTC-5", "Canada": "UTC-4", "Mexico": "UTC-6"}


def ticketops(folder: Path, *words: str) -> None:
    """Run one command on the sample in the folder; findings are no failure."""
    own = {"TICKETOPS_SENDER": SENDER, "TICKETOPS_CONTACT": CONTACT, "TICKETOPS_CACHE": "0"}
    own |= {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    command = [sys.executable, "-m", "ticketops", *words]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | own, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: {done.stderr}")


def name_offsets(path: Path) -> None:
    """The kick-offs of the schedule get the offset of their country, as a real one says it."""
    book = openpyxl.load_workbook(path)
    sheet = next(sheet for sheet in book if sheet.title.startswith("Schedule"))
    places = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        time, country = (sheet.cell(row, places[name]) for name in ("Time", "Country"))
        if time.value:
            time.value = f"{time.value} {OFFSETS[country.value]}"
    book.save(path)


def make_books(folder: Path) -> None:
    """From the sample to its books."""
    ticketops(folder, "sample", "small", "event.xlsx")
    name_offsets(folder / "event.xlsx")
    for words in (
        ("supplier", "learn"),
        ("allocate", "auto"),
        ("client", "build", "--all"),
        ("staff", "queue"),
        ("supplier", "build", "--all"),
        ("staff", "build", "--all"),
    ):
        ticketops(folder, *words, "-w", "event.xlsx", "-y")


def pictures(book: Path, kind: str) -> list[str]:
    """The first pages of a book, printed: as many as stand side by side. Their names."""
    home = f"-env:UserInstallation={(book.parent / 'office').as_uri()}"
    printing = ["soffice", "--headless", home, "--convert-to", "pdf", "--outdir", str(book.parent)]
    subprocess.run([*printing, str(book)], capture_output=True, check=True)
    part = ["-x", "0", "-y", "0", "-W", str(ACROSS), "-H", str(DOWN)]
    pdf = str(book.with_suffix(".pdf"))
    across = openpyxl.load_workbook(book).worksheets[0].page_setup.fitToWidth or 1
    made = []
    for number in range(1, across + 1):
        name = f"{kind}-book{'' if number == 1 else f'-{number}'}.png"
        page = ["-f", str(number), "-l", str(number), "-r", str(DOTS)]
        target = str((IMAGES / name).with_suffix(""))
        drawing = ["pdftoppm", "-png", "-singlefile", *page, *part, pdf, target]
        subprocess.run(drawing, check=True)
        made.append(name)
    return made


def main() -> None:
    """Write the pictures of three books."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make_books(folder)
        for kind, name in BOOKS.items():
            print(*pictures(folder / "books" / name, kind))


if __name__ == "__main__":
    main()

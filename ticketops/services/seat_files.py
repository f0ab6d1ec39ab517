"""Seat maps as files: pictures and pages (§1b.2)."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ticketops.books import seat_picture, seat_text
from ticketops.books.seat_marks import Marks, legend_line
from ticketops.domain.seatmap.showing import View
from ticketops.errors import UnusableError, UsageError
from ticketops.files import write_durably
from ticketops.model.seat_labels import seat_key
from ticketops.stores.xlsx.lock import refuse_read_only

PICTURES = (".svg", ".png")
PAGES = (".html", ".htm")


def require_ending(path: Path, *, pages_only: bool = False) -> None:
    """Raises UsageError for the name of a file that is no picture's or page's."""
    known = PAGES if pages_only else (*PICTURES, *PAGES)
    if path.suffix.lower() not in known:
        said = ".html" if pages_only else ".svg, .png or .html"
        raise UsageError(f"-o must end in {said}, not {path.name!r}")


def write(view: View, path: Path) -> str:
    """Put the file into its place; what is to be said of it. Raises UnusableError."""
    ending = path.suffix.lower()
    if ending == ".png":
        put(path, seat_picture.png(view))
        return ""
    if ending == ".svg":
        put(path, seat_picture.svg(view).encode())
        return ""
    from ticketops.books import seat_page

    page = seat_page.page(view)
    put(path, page.text.encode())
    return page.left_out


def put(path: Path, content: bytes) -> None:
    """Raises UnusableError where the file can't be written."""
    refuse_read_only(path)
    try:
        write_durably(path, lambda file: file.write(content))
    except OSError as error:
        raise UnusableError(f"{path} can't be written: {error.strerror or error}") from None


class Said(Struct, frozen=True):
    """A view in characters. legend: what each stands for; block: the lines of one; bands: what has no
    seat number."""

    legend: str
    block: tuple[str, ...]
    bands: tuple[str, ...]


def in_words(view: View, block: str, width: int) -> Said:
    """What a terminal shows. block: the one that is drawn, none where it is blank; width: how many
    characters a line has."""
    marks = Marks(view.seats, view.own, view.category or "")
    own = [one for one in view.seats.bands if not block or seat_key(one.block) == seat_key(block)]
    lines = seat_text.block_lines(view.seats, marks, block, width) if block else ()
    return Said(
        legend_line(marks.legend),
        tuple(lines),
        tuple(seat_picture.band_said(view, one) for one in own),
    )

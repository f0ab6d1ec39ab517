"""Seat maps as files: pictures and pages (§1b.2)."""

from __future__ import annotations

from pathlib import Path

from ticketops.books import seat_picture
from ticketops.domain.seatmap.showing import View
from ticketops.errors import UnusableError, UsageError
from ticketops.files import write_durably
from ticketops.stores.xlsx.lock import refuse_read_only

PICTURES = (".svg", ".png")
PAGES = (".html", ".htm")


def require_ending(path: Path, pages_only: bool = False) -> None:
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

"""Reading files that came back, in a process of its own whose memory is limited: `python -m
ticketops.stores.returned.reading`.

Standard input: one JSON object {"paths": […], "kind": …, "memory": bytes}. Standard output: a JSON
line a file. Nothing is evaluated, no link is followed; a formula is reported, not read.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ticketops.errors import HostileFileError, TicketopsError, UnusableError
from ticketops.files import TooLarge, read_regular
from ticketops.schema.addresses import column_number
from ticketops.schema.book_layouts import LAYOUTS
from ticketops.stores import child
from ticketops.stores.child import MAX_FILE
from ticketops.stores.returned.contents import read_pages, refused
from ticketops.stores.untrusted import refuse_no_workbook


def read_file(path: Path, kind: str = "") -> dict[str, Any]:
    """What a returned file says, as JSON content for `schema.books.Returned`; kind: of a file whose
    hidden sheet is gone.

    Raises UnusableError or HostileFileError for a file that can't be used at all.
    """
    try:
        data = read_regular(path, MAX_FILE)
    except TooLarge as error:
        raise HostileFileError(
            f"{path.name} has {error.size:,} bytes; no book is that large"
        ) from None
    except OSError as error:
        raise UnusableError(f"{path.name} can't be read: {error.strerror}") from None
    file_hash = hashlib.blake2b(data, digest_size=16).hexdigest()
    refuse_no_workbook(data, path.name)
    from openpyxl.reader.excel import load_workbook

    loader: Any = load_workbook

    try:
        book = loader(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except (MemoryError, TicketopsError):
        raise
    except Exception as error:  # whatever a broken file makes of a parser
        raise UnusableError(f"{path.name} is not a readable workbook: {_why(error)}") from None
    pages = {
        sheet.title: _Page(sheet) for sheet in book.worksheets if hasattr(sheet, "reset_dimensions")
    }
    said = {"file_hash": file_hash, **read_pages(pages, kind, path.name)}
    merged = _merged_inputs(data, pages, said)
    if merged:
        text = f"the cells {', '.join(merged[:5])}{' …' if merged[5:] else ''} are merged: only the first of each is read"
        said["problems"].append(("MERGED_CELLS", None, text))
    return said


_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"'
)
_MOST_SCANNED = 32 * 2**20
"""Bytes of a sheet that is looked through for merged cells."""


def _merged_inputs(data: bytes, pages: Mapping[str, _Page], said: Mapping[str, Any]) -> list[str]:
    """Merged cells among those that readers fill in, below the header."""
    page = pages.get(LAYOUTS[said["kind"]].sheet)
    first_row = min((row[0] for row in said["rows"]), default=0)
    if page is None or not first_row:
        return []
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        archive.open(page.part.removeprefix("/")) as part,
    ):
        found = _MERGED.findall(part.read(_MOST_SCANNED))
    typed = {place + 1 for place in said["places"].values()}
    return [
        f"{left.decode()}{top.decode()}:{right.decode()}{bottom.decode()}"
        for left, top, right, bottom in found
        if int(bottom) >= first_row
        and any(column_number(left) <= column <= column_number(right) for column in typed)
    ]


class _Page:
    """A sheet of openpyxl's."""

    def __init__(self, sheet: Any) -> None:
        self.title: str = sheet.title
        self.part: str = sheet._worksheet_path
        self._sheet = sheet

    def rows(self) -> Iterator[tuple[Any, ...]]:
        self._sheet.reset_dimensions()
        return iter(self._sheet.iter_rows())


def _why(error: Exception) -> str:
    """What a parser's failure means, in words."""
    if isinstance(error, KeyError):
        return "a part is missing; open and save it in a spreadsheet program"
    return "it is damaged; open and save it in a spreadsheet program"


def main() -> None:
    """Read the files that standard input names."""
    wanted = child.asked()
    for path in wanted["paths"]:
        child.allow(wanted["work"])
        try:
            said = read_file(Path(path), wanted["kind"])
        except TicketopsError as error:
            said = refused(error)
        except (MemoryError, RecursionError):
            said = {
                "unusable": True,
                "problems": [
                    ("HOSTILE_FILE", None, f"{Path(path).name} needs more memory than any book")
                ],
            }
        except Exception as error:  # an attacker's file must not stop the others
            said = {
                "unusable": True,
                "problems": [("UNUSABLE", None, f"{Path(path).name} can't be read: {_why(error)}")],
            }
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()

"""Reading a spreadsheet or a web page that nobody vouches for, in a process of its own whose memory is
limited: `python -m ticketops.stores.foreign.reading`.

Standard input: one JSON object {"path", "sheet", "prefer", "memory", "work"}. Standard output: one
JSON line, the cells or what is wrong with the file.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ticketops.errors import HostileFileError, TicketopsError, UnusableError
from ticketops.files import TooLarge, read_regular
from ticketops.schema.columns import ErrorValue
from ticketops.schema.foreign import Cells
from ticketops.stores import child

PAGES = (".html", ".htm", ".xhtml")


def read_cells(path: Path, sheet: str | None, prefer: tuple[str, ...]) -> Cells:
    """The cells of a spreadsheet or a web page. Raises UnusableError and its kinds."""
    data = content_of(path)
    if path.suffix.lower() in PAGES or data[:512].lstrip().lower().startswith(
        (b"<!doctype html", b"<html", b"<table")  # some systems call a page .xls
    ):
        from ticketops.stores.foreign.pages import page_cells

        return page_cells(data, path.name, sheet)
    from ticketops.stores.foreign.spreadsheets import sheet_cells

    return sheet_cells(data, path.name, sheet, prefer)


def content_of(path: Path) -> bytes:
    """What a file holds. Raises UnusableError, HostileFileError for one that is too large."""
    try:
        return read_regular(path, child.MAX_FILE)
    except TooLarge as error:
        raise HostileFileError(
            f"{path.name} has {error.size:,} bytes; at most {child.MAX_FILE // 2**20} MB are read"
        ) from None
    except OSError as error:
        raise UnusableError(f"{path} can't be read: {error.strerror}") from None


def packed(cell: Any) -> Any:
    """A raw cell as JSON has it; what JSON lacks is a list of its kind and its text."""
    if isinstance(cell, ErrorValue):
        return ["e", str(cell)]
    if isinstance(cell, datetime):
        return ["d", cell.isoformat()]
    if isinstance(cell, date):
        return ["d", datetime(cell.year, cell.month, cell.day).isoformat()]
    if isinstance(cell, time):
        return ["t", cell.isoformat()]
    if isinstance(cell, timedelta):
        return ["l", cell.total_seconds()]
    return cell


def unpacked(cell: Any) -> Any:
    """The raw cell that `packed` made something of."""
    if not isinstance(cell, list):
        return cell
    kind, text = cell
    match kind:
        case "e":
            return ErrorValue(text)
        case "d":
            return datetime.fromisoformat(text)
        case "t":
            return time.fromisoformat(text)
    return timedelta(seconds=text)


def main() -> None:
    """Read the file that standard input names."""
    wanted = child.asked()
    child.allow(wanted["work"])
    path = Path(wanted["path"])
    said: dict[str, Any]
    try:
        cells = read_cells(path, wanted["sheet"], tuple(wanted["prefer"]))
        said = {
            "sheet": cells.sheet,
            "sheets": cells.sheets,
            "rows": [[packed(cell) for cell in row] for row in cells.rows],
            "numbers": cells.numbers,
            "merged": cells.merged,
            "header": cells.header,
            "hidden": cells.hidden,
        }
    except TicketopsError as error:
        said = {"error": [type(error).__name__, error.message, error.hint]}
    except (MemoryError, RecursionError):
        message = f"{path.name} needs more memory than any table"
        said = {"error": ["HostileFileError", message, ""]}
    except Exception:  # an odd file gets one line, too
        said = {"error": ["UnusableError", f"{path.name} can't be read: it is damaged", ""]}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()

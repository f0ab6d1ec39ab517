"""Reading files that came back, in a process of its own whose memory is limited: `python -m ticketops.stores.returned.reading`.

Standard input: one JSON object {"paths": […], "kind": …, "memory": bytes}. Standard output: a JSON line a file. Nothing is evaluated,
no link is followed; a formula is reported, not read.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ticketops.errors import HostileFileError, TicketopsError, UnusableError
from ticketops.stores.returned.contents import read_pages, refused

MAX_FILE = 50 * 2**20
MAX_INFLATED = 256 * 2**20


def read_file(path: Path, kind: str = "") -> dict[str, Any]:
    """What a returned file says, as JSON content for `schema.books.Returned`; kind: of a file whose hidden sheet is gone.

    Raises UnusableError or HostileFileError for a file that can't be used at all.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise HostileFileError(f"{path.name} has {size:,} bytes; no book is that large")
        data = path.read_bytes()
    except OSError as error:
        raise UnusableError(f"{path.name} can't be read: {error.strerror}") from None
    file_hash = hashlib.blake2b(data, digest_size=16).hexdigest()
    _guard(data, path.name)
    from openpyxl.reader.excel import load_workbook

    loader: Any = load_workbook

    try:
        book = loader(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except (MemoryError, TicketopsError):
        raise
    except Exception as error:  # whatever a broken file makes of a parser
        raise UnusableError(f"{path.name} is not a workbook that can be read ({type(error).__name__})") from None
    pages = {sheet.title: _Page(sheet) for sheet in book.worksheets if hasattr(sheet, "reset_dimensions")}
    return {"file_hash": file_hash, **read_pages(pages, kind, path.name)}


class _Page:
    """A sheet of openpyxl's."""

    def __init__(self, sheet: Any) -> None:
        self.title: str = sheet.title
        self._sheet = sheet

    def rows(self) -> Iterator[tuple[Any, ...]]:
        self._sheet.reset_dimensions()
        return iter(self._sheet.iter_rows())


def _guard(data: bytes, name: str) -> None:
    """Refuse what is no honest workbook before a parser sees it."""
    from ticketops.stores.xlsx import guard

    guard.check_magic(data[:8], name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            guard.check_directory(members, len(data), name)
            if sum(info.file_size for info in members) > MAX_INFLATED:
                raise HostileFileError(f"{name} would inflate to more than {MAX_INFLATED // 2**20} MB")
            for info in members:
                if info.filename.endswith((".xml", ".rels", ".vml")):
                    with archive.open(info) as part:
                        _refuse_dtd(part, f"{name}: the part {info.filename!r}")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise UnusableError(f"{name} is damaged or protected by a password ({error})") from None


def _refuse_dtd(part: Any, what: str) -> None:
    """No part of a workbook declares a DTD, in whatever encoding; in a text its brackets would be escaped."""
    before = b""
    while piece := part.read(2**20):
        window = (before + piece).replace(b"\0", b"")  # UTF-16 too
        if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
            raise HostileFileError(f"{what} declares a DTD")
        before = piece[-32:]


def main() -> None:
    """Read the files that standard input names."""
    wanted = json.loads(sys.stdin.readline())
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (wanted["memory"], wanted["memory"]))
    for path in wanted["paths"]:
        try:
            said = read_file(Path(path), wanted["kind"])
        except TicketopsError as error:
            said = refused(error)
        except (MemoryError, RecursionError):
            said = {"unusable": True, "problems": [("HOSTILE_FILE", None, f"{Path(path).name} needs more memory than any book")]}
        except Exception as error:  # an attacker's file must not stop the others
            said = {"unusable": True, "problems": [("UNUSABLE", None, f"{Path(path).name} can't be read ({type(error).__name__})")]}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()

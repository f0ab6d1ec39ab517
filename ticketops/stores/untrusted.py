"""Archives that nobody vouches for are refused before a parser sees them: what is no honest
spreadsheet, whatever its parts are called."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

from ticketops.errors import HostileFileError, UnusableError
from ticketops.stores.xlsx import foreign, guard

MAX_INFLATED = 256 * 2**20
MOST_STYLE_TAGS = 300_000


def refuse_no_workbook(data: bytes, name: str) -> None:
    """Refuse what is no honest .xlsx workbook. Raises UnusableError or HostileFileError."""
    guard.check_magic(data[:64], name)
    refuse_dishonest(
        data,
        name,
        lambda members: foreign.refuse_by_parts((info.filename for info in members), name),
    )


def refuse_dishonest(
    data: bytes,
    name: str,
    look: Callable[[list[zipfile.ZipInfo]], None] | None = None,
    passed_over: tuple[str, ...] = (),
) -> None:
    """Refuse an archive that no spreadsheet program makes. look: what else its directory must
    pass; passed_over: beginnings of the names of parts that no parser of ours opens. Raises
    UnusableError or HostileFileError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            guard.check_directory(members, len(data), name)
            if look:
                look(members)
            if sum(info.file_size for info in members) > MAX_INFLATED:
                raise HostileFileError(f"{name} unpacks to more than {MAX_INFLATED // 2**20} MB")
            for info in members:
                if not info.is_dir() and not info.filename.startswith(passed_over or ("\0",)):
                    with archive.open(info) as part:
                        _refuse_dtd(part, f"{name}: the part {info.filename!r}")
                if info.filename.casefold().endswith("styles.xml"):
                    with archive.open(info) as part:
                        _refuse_styles(part, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise UnusableError(f"{name} is damaged or protected by a password ({error})") from None


def _refuse_styles(part: Any, name: str) -> None:
    """A workbook has at most 64,000 cell formats; a parser would take a second for each ten
    thousand more."""
    tags = 0
    while piece := part.read(2**20):
        tags += piece.count(b"<")
        if tags > MOST_STYLE_TAGS:
            raise HostileFileError(f"{name} has more styles than any spreadsheet program allows")


_ENCODED = re.compile(rb"""^<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']*)""")
_ENCODINGS = frozenset(
    (b"utf-8", b"utf8", b"utf-16", b"utf-16le", b"utf-16be", b"us-ascii", b"ascii", b"iso-8859-1")
)
_MARKS = b"\xef\xbb\xbf\xff\xfe \t\r\n"
"""What may stand before a root element: marks of an encoding, blanks."""
_EBCDIC = b"\x4c\x6f\xa7\x94"
_PICTURE = re.compile(
    rb"""<!DOCTYPE\s+svg\s+PUBLIC\s+"-//W3C//DTD SVG [^"<>\[]*"\s+"[^"<>\[]*"\s*>"""
)
"""How drawing programs begin a picture: nothing is declared there."""


def _refuse_dtd(part: Any, what: str) -> None:
    """No part of a workbook declares a DTD, whatever it is called and in whatever encoding; in a
    text its brackets would be escaped. What does not begin like XML no parser reads."""
    before, at_start = b"", True
    while piece := part.read(2**20):
        window = (before + piece).replace(b"\0", b"")  # UTF-16 too
        if at_start:
            window = window.lstrip(_MARKS)
            declared = _ENCODED.match(window)
            if window.startswith(_EBCDIC) or (
                declared and declared[1].strip().lower() not in _ENCODINGS
            ):
                raise HostileFileError(f"{what} is in an encoding that workbooks don't use")
            if window and not window.startswith(b"<"):
                return
            window = _PICTURE.sub(b"", window, count=1)
            at_start = not window
        if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
            raise HostileFileError(f"{what} declares a DTD")
        before = piece[-32:]

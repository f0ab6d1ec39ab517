"""Titles of the sheets of an .xlsx file, looked up as Excel looks them up."""

from __future__ import annotations

import re
import zipfile
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

_SHEET = re.compile(rb"""<(?:\w+:)?sheet\s[^>]*?\bname=(?:"([^"]*)"|'([^']*)')""")
_WORKBOOK = re.compile(r"xl/workbook\d*\.xml", re.IGNORECASE)
_MOST = 2**22
"""Bytes of the list of sheets that are looked at."""


def titles_in(path: Path) -> list[str]:
    """The titles of a file's sheets, of a quick look at its list of them; none where that is not to be
    had: what is wrong with the file is said by whoever reads it."""
    with suppress(
        OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError
    ):
        if not path.is_file():  # nobody waits for a pipe here
            return []
        with zipfile.ZipFile(path) as archive:
            names = (one for one in archive.namelist() if _is_workbook(one))
            name = next(names, "")
            if not name:
                return []
            with archive.open(name) as part:
                found = _SHEET.findall(part.read(_MOST))
        return [unescape((one or other).decode("utf-8", "replace")) for one, other in found]
    return []


def _is_workbook(part: str) -> bool:
    """Whether a part is the list of sheets, by the names that programs give it, in whatever case."""
    return bool(_WORKBOOK.fullmatch(part.replace("\\", "/").lstrip("./")))


class Titles(dict[str, str]):
    """{title of a sheet: what is told of it}. Looked up as Excel does, which forgives case: a title
    as it is spelled counts before one that differs in case."""

    def spelled(self, title: str) -> str:
        """The title as it stands in the workbook. Raises KeyError."""
        if title in self.keys():
            return title
        folded = title.casefold()
        for other in self:
            if other.casefold() == folded:
                return other
        raise KeyError(title)

    def __missing__(self, title: str) -> str:
        return self[self.spelled(title)]

    def __contains__(self, title: object) -> bool:
        return isinstance(title, str) and self.get(title) is not None

    def get(self, title: str, default: Any = None) -> Any:
        try:
            return self[title]
        except KeyError:
            return default

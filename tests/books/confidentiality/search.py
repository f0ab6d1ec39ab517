"""Searching a file: every text in it, however it is spelt and split."""

from __future__ import annotations

import html
import re
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

APART = "\x1f"
"""Between two texts of a file: the end of one and the beginning of the next are no word."""


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def squeezed(text: str) -> str:
    """Letters and digits only, without case: `Meridian-Travel` and `MERIDIAN  travel` are one. What
    stands apart stays apart."""
    return re.sub(rf"[^\w{APART}]+|_+", "", folded(text))


class Inside:
    """Everything that stands in an .xlsx file, its name included."""

    def __init__(self, path: Path) -> None:
        texts = [path.name]
        with zipfile.ZipFile(path) as archive:
            texts.append(archive.comment.decode("utf-8", "replace"))
            for info in archive.infolist():
                data = archive.read(info)
                raw = data.decode("utf-8", "replace")
                texts += [
                    info.filename,
                    info.comment.decode("utf-8", "replace"),
                    info.extra.decode("latin-1"),
                    raw,
                ]
                if "&" in raw:
                    texts.append(html.unescape(html.unescape(raw)))
                if raw.lstrip("\ufeff").startswith("<"):
                    texts += _xml_texts(data)
                if b"\0" in data:
                    texts += [
                        data.decode("utf-16-le", "replace"),
                        data.decode("latin-1").replace("\0", ""),
                    ]
        everything = APART.join(texts)
        self.folded = folded(everything)
        self.squeezed = squeezed(everything)

    def holds(self, text: str) -> bool:
        small = squeezed(text)
        return small in self.squeezed if len(small) > 2 else folded(text) in self.folded

    def of(self, words: Iterable[str]) -> list[str]:
        """Those of the words that stand in it."""
        return sorted(word for word in words if self.holds(word))


def _xml_texts(data: bytes) -> Iterator[str]:
    root = ET.fromstring(data)
    for element in root.iter():
        yield from element.attrib.values()
        if element.tag.endswith(("}si", "}is", "}comment", "}p")):
            yield "".join(element.itertext())
    yield from root.itertext()


def table(path: Path, sheet: str, header: int = 3) -> list[dict[str, Any]]:
    """The rows below the header of a sheet, blanks as None; read by another program than made
    it."""
    rows = (
        CalamineWorkbook.from_path(str(path))
        .get_sheet_by_name(sheet)
        .to_python(skip_empty_area=False)
    )
    names = [str(name) for name in rows[header - 1]]
    return [
        {n: (v if v != "" else None) for n, v in zip(names, row, strict=True) if n}
        for row in rows[header:]
    ]

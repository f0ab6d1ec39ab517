"""The names of a workbook's records, kept beside its cached tables for the completion of shells: a few
short texts a sheet, read without any library. A name may be out of date; nothing is decided by it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ticketops.files import replace_file

SUFFIX = ".names"
KEPT: Mapping[str, tuple[str, ...]] = {
    "Sales": ("sales_id", "client", "match", "category"),
    "Purchases": ("match", "vendor", "category"),
    "_SUBGAMES": ("match", "sub_game"),
    "_USERS": ("user", "email"),
    "_ALIASES": ("name",),
}
"""{sheet: the columns that are kept}; of the schedule, which has many titles, its matches."""
_MOST_BYTES = 8 * 2**20
"""A larger file is not read: whoever presses TAB does not wait."""


def keep(folder: Path, stem: str, columns: Mapping[str, Sequence[str]]) -> None:
    """Keep the names of a sheet, where they are others than before. Never fails."""
    path = folder / f"{stem}{SUFFIX}"
    if not any(columns.values()) and not path.exists():
        return
    content = json.dumps(columns, ensure_ascii=False).encode("utf-8", "replace")
    with contextlib.suppress(OSError):
        if path.exists() and path.read_bytes() == content:
            return
        replace_file(path, content)


def known(folder: Path, columns: Sequence[str]) -> list[str]:
    """The names of some columns of all sheets, each once, as they were kept last. Never fails."""
    found: dict[str, None] = {}
    with contextlib.suppress(OSError):
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            with contextlib.suppress(OSError, ValueError):
                if path.stat().st_size > _MOST_BYTES:
                    continue
                content = json.loads(path.read_bytes())
                if not isinstance(content, dict):
                    continue
                for column in columns:
                    texts = content.get(column, ())
                    if isinstance(texts, list):
                        found |= dict.fromkeys(text for text in texts if isinstance(text, str))
    return list(found)

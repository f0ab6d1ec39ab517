"""Guests' data taken out of what is kept of a workbook (§13): out of the entries of its journal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from isal import igzip

from ticketops.errors import UnusableError

Personal = Callable[[str, str], bool]
"""Whether a column (sheet, name) holds guests' data."""


def scrubbed(packed: bytes, personal: Personal, name: str) -> tuple[bytes, int]:
    """An entry of the journal without the values of such columns, and how many it held. Raises
    UnusableError for a damaged one."""
    try:
        content: bytes = igzip.decompress(packed)  # type: ignore[no-untyped-call]
        head, rest = content.split(b"\n", 1)
        body = json.loads(rest.decode("utf-8", "surrogatepass"))
        count = _scrub(body, personal)
    except Exception as error:  # whatever a damaged file makes of any of these
        raise UnusableError(f"the journal entry {name} is damaged: {error}") from None
    if not count:
        return packed, 0
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    made: bytes = igzip.compress(head + b"\n" + text + b"\n", 1, mtime=0)
    return made, count


def _scrub(body: Mapping[str, Any], personal: Personal) -> int:
    count = 0
    for part in ("cells", "outside", "back"):
        for sheet, rows in (body.get(part) or {}).items():
            for cells in rows.values():
                for column, pair in cells.items():
                    if personal(sheet, column):
                        count += sum(value is not None for value in pair)
                        cells[column] = [None, None]
    for block in body.get("appended") or ():
        places = [
            place
            for place, column in enumerate(block["columns"])
            if personal(block["sheet"], column)
        ]
        for row in block["rows"]:
            for place in places:
                count += row[place] is not None
                row[place] = None
    return count

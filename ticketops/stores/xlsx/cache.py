"""A cache of typed tables beside the workbook, so that a command need not parse what did not
change.

One Arrow file a sheet. Its name carries the digest of everything its content depends on: the
compressed bytes of the sheet, its tables and notes, the shared strings and the styles, the sheet's
declaration, and the format of this cache. Another workbook content is another name, so a stale row
can't be served; a damaged file fails its checksum and is read as absent.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
from isal import isal_zlib
from msgspec.structs import asdict

from ticketops.files import read_regular, staging
from ticketops.model import spelling
from ticketops.schema.sheets import Sheet
from ticketops.schema.surroundings import Surroundings
from ticketops.schema.tables import Misfit, Table
from ticketops.stores import names
from ticketops.stores.xlsx.parts import Parts

_FORMAT = b"ticketops-cache-10"
_DIGEST = 16
_MOST_BYTES = 2**32
_CHECKSUM = 4
"""A CRC finds damage; that the content is the right one, the digest in the file's name says."""


def key(parts: Parts, sheet: Sheet) -> str:
    """What the table of a sheet depends on, as a digest."""
    hasher = blake2b(_FORMAT, digest_size=_DIGEST)
    own = parts.sheets[sheet.name]
    for part in (own, *sorted(parts.depending_on(own))):
        hasher.update(parts.package.digest_of(part))
    for part in (parts.strings, parts.styles, *parts.read_by_name):  # for all sheets once
        hasher.update(parts.package.digest_of(part) if part else b"")
    declared = [
        (c.name, c.header, c.type.value, c.aliases, c.occurrence, c.kind, c.choices)
        for c in sheet.columns
    ]
    hasher.update(
        repr(
            (
                spelling.VERSION,
                parts.date1904,
                sheet.name,
                sheet.kind.value,
                sheet.key,
                sheet.header_row,
                sheet.dates,
                declared,
            )
        ).encode()
    )
    return hasher.hexdigest()


def load(folder: Path, digest: str, sheet: Sheet) -> Table | None:
    """The cached table, or None."""
    try:
        content = read_regular(folder / _name(sheet, digest), _MOST_BYTES)
    except OSError:
        return None
    payload = memoryview(content)[_CHECKSUM:]
    if isal_zlib.crc32(payload).to_bytes(_CHECKSUM, "little") != content[:_CHECKSUM]:
        return None
    head_size = int.from_bytes(payload[:8], "little")
    try:
        head = json.loads(bytes(payload[8 : 8 + head_size]))
        frame = pl.read_ipc(bytes(payload[8 + head_size :]))
    except (ValueError, pl.exceptions.PolarsError):  # written by another version
        return None
    return Table(
        sheet,
        frame,
        {name: tuple(places) for name, places in head["positions"].items()},
        head["last_row"],
        head["next_column"],
        tuple(Misfit(*misfit) for misfit in head["misfits"]),
        shadowed=tuple((row, name) for row, name in head["shadowed"]),
        renamed=head["renamed"],
        rounded=tuple((row, name) for row, name in head["rounded"]),
        around=_surroundings(head["around"]),
        undecided=head["undecided"],
    )


def _surroundings(head: dict[str, Any]) -> Surroundings:
    runs = {
        name: tuple((first, last) for first, last in held)
        for name, held in head["formulas"].items()
    }
    return Surroundings(
        head["last_column"],
        head["edge"],
        tuple((first, last) for first, last in head["taken"]),
        tuple(head["foot"]),
        head["beside"],
        runs,
        tuple(head["calculated"]),
        tuple(head["filtered"]) if head["filtered"] else None,
        head["by_table"],
        head["protected"],
    )


def save(folder: Path, digest: str, table: Table) -> None:
    """Keep a table; tables of the same sheet for other contents are dropped. Never fails: a cache
    is only a cache."""
    head = json.dumps(
        {
            "positions": table.positions,
            "last_row": table.last_row,
            "next_column": table.next_column,
            "misfits": [(m.row, m.column, m.text) for m in table.misfits],
            "shadowed": table.shadowed,
            "renamed": dict(table.renamed),
            "rounded": table.rounded,
            "around": asdict(table.around),
            "undecided": table.undecided,
        }
    ).encode()
    buffer = BytesIO()
    own = [
        pl.Series(c.name, table.frame[c.name].to_list(), dtype=pl.String)
        for c in table.sheet.columns
        if c.secret
    ]
    frame = table.frame.with_columns(own)  # a column derived from another drags its old texts along
    frame.write_ipc(
        buffer, compression="lz4"
    )  # a tenth of the size, in less time than the whole takes to be written
    payload = len(head).to_bytes(8, "little") + head + buffer.getvalue()
    name = _name(table.sheet, digest)
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        with staging(folder / name) as temporary:
            temporary.write_bytes(isal_zlib.crc32(payload).to_bytes(_CHECKSUM, "little") + payload)
            temporary.replace(folder / name)
        _keep_names(folder, table)
        _drop([path for path in folder.glob(f"{_stem(table.sheet)}@*.arrow") if path.name != name])


def _keep_names(folder: Path, table: Table) -> None:
    """The names that shells complete, where the sheet holds any."""
    sheet = table.sheet
    columns = names.KEPT.get(sheet.name, ("match",) if "match" in sheet.found_by else ())
    if columns:
        texts = {
            name: table.frame[name].drop_nulls().unique(maintain_order=True).to_list()
            for name in columns
            if name in sheet.by_name
        }
        names.keep(folder, _stem(sheet), texts)


def _drop(paths: Sequence[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _stem(sheet: Sheet) -> str:
    return re.sub(r"\W", "-", sheet.name)


def _name(sheet: Sheet, digest: str) -> str:
    return f"{_stem(sheet)}@{digest}.arrow"

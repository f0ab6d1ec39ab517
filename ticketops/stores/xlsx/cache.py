"""A cache of typed tables beside the workbook, so that a command need not parse what did not change.

One Arrow file a sheet. Its name carries the digest of everything its content depends on: the compressed bytes of the
sheet, the shared strings and the styles, the sheet's declaration, and the format of this cache. Another workbook
content is another name, so a stale row can't be served; a damaged file fails its checksum and is read as absent.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import zipfile
from collections.abc import Sequence
from hashlib import blake2b
from io import BytesIO
from pathlib import Path

import polars as pl
from isal import isal_zlib

from ticketops.schema.tables import Misfit, Table
from ticketops.schema.workbook import Sheet
from ticketops.stores.xlsx.parts import Parts

_FORMAT = b"ticketops-cache-4"
_DIGEST = 16
_CHECKSUM = 4
"""A CRC finds damage; that the content is the right one, the digest in the file's name says."""


def key(parts: Parts, sheet: Sheet) -> str:
    """What the table of a sheet depends on, as a digest."""
    hasher = blake2b(_FORMAT, digest_size=_DIGEST)
    for part in (parts.sheets[sheet.name], parts.strings, parts.styles):
        if part in parts.package:
            info = parts.package.members[part]
            hasher.update(b"%d,%d;" % (info.file_size, info.compress_type == zipfile.ZIP_STORED))
            hasher.update(parts.package.raw(part))
    declared = [(c.name, c.header, c.type.value, c.aliases, c.occurrence) for c in sheet.columns]
    hasher.update(repr((parts.date1904, sheet.name, sheet.header_row, declared)).encode())
    return hasher.hexdigest()


def load(folder: Path, digest: str, sheet: Sheet) -> Table | None:
    """The cached table, or None."""
    try:
        content = (folder / _name(sheet, digest)).read_bytes()
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
        head["next_row"],
        head["next_column"],
        tuple(Misfit(*misfit) for misfit in head["misfits"]),
        shadowed=tuple((row, name) for row, name in head["shadowed"]),
    )


def save(folder: Path, digest: str, table: Table) -> None:
    """Keep a table; tables of the same sheet for other contents are dropped. Never fails: a cache is only a cache."""
    head = json.dumps({
        "positions": table.positions,
        "next_row": table.next_row,
        "next_column": table.next_column,
        "misfits": [(m.row, m.column, m.text) for m in table.misfits],
        "shadowed": table.shadowed,
    }).encode()  # fmt: skip
    buffer = BytesIO()
    own = [pl.Series(c.name, table.frame[c.name].to_list(), dtype=pl.String) for c in table.sheet.columns if c.secret]
    frame = table.frame.with_columns(own)  # a column derived from another drags its old texts along
    frame.write_ipc(buffer, compression="lz4")  # a tenth of the size, in less time than the whole takes to be written
    payload = len(head).to_bytes(8, "little") + head + buffer.getvalue()
    name = _name(table.sheet, digest)
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        temporary = folder / f".{os.getpid()}-{name}"
        temporary.write_bytes(isal_zlib.crc32(payload).to_bytes(_CHECKSUM, "little") + payload)
        temporary.replace(folder / name)
        _drop([path for path in folder.glob(f"{_stem(table.sheet)}@*.arrow") if path.name != name])


def _drop(paths: Sequence[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _stem(sheet: Sheet) -> str:
    return re.sub(r"\W", "-", sheet.name)


def _name(sheet: Sheet, digest: str) -> str:
    return f"{_stem(sheet)}@{digest}.arrow"

"""What can be read on a disk, however it is packed."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl


def on_disk(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Everything below a folder, unpacked: names too."""
    for path in sorted(folder.rglob("*")):
        yield f"{path} (name)", str(path).encode()
        if path.is_dir():
            continue
        data = path.read_bytes()
        yield str(path), data
        if path.suffix == ".gz":
            yield f"{path} unpacked", gzip.decompress(data)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as package:
                yield from ((f"{path}!{name}", package.read(name)) for name in package.namelist())
        elif path.suffix == ".arrow":
            frame = pl.read_ipc(io.BytesIO(data[12 + int.from_bytes(data[4:12], "little") :]))
            yield f"{path} unpacked", repr(frame.rows()).encode()
        elif path.suffix == ".ipc":
            yield f"{path} unpacked", repr(pl.read_ipc(data).rows()).encode()


def holding(folder: Path, *texts: str) -> list[str]:
    """Where on the disk one of the texts can be read."""
    return [
        name
        for name, data in on_disk(folder)
        if any(text.encode() in data or text.encode("utf-16-le") in data for text in texts)
    ]

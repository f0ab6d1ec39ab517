"""Sealed archives (§13): a zip file whose every byte is accounted for.

The members are stored as they are, in a fixed order and with a fixed time, so that the same contents
make the same bytes. The last one is `manifest.json`: what the archive is of, and path, size and SHA-256
of every other member. The comment of the zip file, its very end, is the SHA-256 of all bytes before it:
one flipped bit anywhere, in a header as well, is found.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from msgspec import Struct

from ticketops.errors import UnusableError

MANIFEST = "manifest.json"
FORMAT = 1
_MARK = b"ticketops sealed archive, sha256 of all before this: "
_DIGITS = 64
_MOMENT = (1980, 1, 1, 0, 0, 0)
_MOST_MANIFEST = 1 << 26


class Sealed(Struct, frozen=True):
    """An archive as it was read. manifest: what it says of itself; problems: what is wrong with it,
    for people."""

    manifest: Mapping[str, Any]
    members: Mapping[str, bytes]
    problems: tuple[str, ...]


def seal(manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> bytes:
    """The bytes of an archive. manifest: what is said of it besides its format and files."""
    files = [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in members.items()
    ]
    told = {"format": FORMAT, **manifest, "files": files}
    text = json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for path, content in (*members.items(), (MANIFEST, text)):
            info = zipfile.ZipInfo(path, _MOMENT)
            info.create_system, info.external_attr = 3, 0o100600 << 16
            archive.writestr(info, content)
        archive.comment = _MARK + b"0" * _DIGITS
    body = made.getvalue()[:-_DIGITS]
    return body + hashlib.sha256(body).hexdigest().encode()


def digest_of(data: bytes) -> str:
    """The SHA-256 by which an archive is known from outside."""
    return hashlib.sha256(data).hexdigest()


def is_sealed(data: bytes) -> bool:
    """Whether bytes claim to be a sealed archive: its beginning or its end is that of one."""
    return data[:4] == b"PK\x03\x04" or data[-_DIGITS - len(_MARK) : -_DIGITS] == _MARK


def read(data: bytes, name: str) -> Sealed:
    """An archive with everything that is wrong with it. Raises UnusableError for what is none."""
    if not is_sealed(data):
        raise UnusableError(f"{name} is not an archive that ticketops sealed")
    problems = []
    cut = data[-_DIGITS - len(_MARK) : -_DIGITS] != _MARK
    if cut:
        problems.append("it does not end as it was sealed: it was cut off, or something follows it")
    elif hashlib.sha256(data[:-_DIGITS]).hexdigest().encode() != data[-_DIGITS:]:
        problems.append("its bytes are not those that were sealed")
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if cut and MANIFEST not in archive.namelist():  # or it was cut behind a workbook in it
                raise UnusableError(
                    f"{name} is not an archive that ticketops sealed, or only a part of one"
                )
            for info in archive.infolist():
                if info.filename in members:
                    problems.append(f"{info.filename} is in it twice")
                elif info.compress_type != zipfile.ZIP_STORED or info.file_size > len(data):
                    problems.append(f"{info.filename} is packed, which no sealed member is")
                else:
                    try:
                        members[info.filename] = archive.read(info)
                    except _DAMAGED as error:
                        problems.append(f"{info.filename} can't be read: {error}")
    except _DAMAGED as error:
        problems.append(f"its directory can't be read: {error}")
    manifest = _manifest(members.pop(MANIFEST, None), problems)
    _compare(manifest, members, problems)
    return Sealed(manifest, members, tuple(dict.fromkeys(problems)))


_DAMAGED: Any = (
    zipfile.BadZipFile,
    ValueError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    LookupError,
    OverflowError,
)


def _manifest(text: bytes | None, problems: list[str]) -> Mapping[str, Any]:
    if text is None:
        problems.append(f"{MANIFEST} is missing")
        return {}
    try:
        told = json.loads(text) if len(text) <= _MOST_MANIFEST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("files"), list):
        problems.append(f"{MANIFEST} is not readable")
        return {}
    if told.get("format") != FORMAT:
        problems.append(f"{MANIFEST} is of a format that this version does not know")
    return told


def _compare(
    manifest: Mapping[str, Any], members: Mapping[str, bytes], problems: list[str]
) -> None:
    listed = set()
    for one in manifest.get("files", ()):
        path = one.get("path") if isinstance(one, dict) else None
        if not isinstance(path, str):
            problems.append(f"{MANIFEST} lists something that is not a file")
            continue
        listed.add(path)
        if path not in members:
            problems.append(f"{path} is missing")
        elif len(members[path]) != one.get("size"):
            problems.append(f"{path} has {len(members[path]):,} bytes, not {one.get('size')}")
        elif hashlib.sha256(members[path]).hexdigest() != one.get("sha256"):
            problems.append(f"{path} is not what was sealed")
    problems += [f"{path} was added" for path in members if path not in listed and manifest]

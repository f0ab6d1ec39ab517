"""The zip archive of a workbook: inflate single parts, and write a copy in which the other parts
keep their raw bytes."""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from isal import isal_zlib  # inflates and deflates several times faster than zlib
from msgspec import Struct

from ticketops.errors import UnusableError
from ticketops.files import NotAFile, read_regular
from ticketops.stores.xlsx import foreign, guard

MOST_BYTES = 2 * 2**30
"""Of a workbook."""
_HEAD = 4096
"""Bytes in which the beginning of a part declares what it is."""

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_DEFLATE_LEVEL = 1
_ZIP64_EXTRA = 0x0001
_FLAG_DESCRIPTOR, _FLAG_UTF8 = 0x0008, 0x0800
_LIMIT_32 = 0xFFFFFFFF


class Deflated(Struct, frozen=True):
    """What a changed part will hold, as it is written: a tenth of its XML."""

    raw: bytes
    crc: int
    size: int

    @classmethod
    def of(cls, content: bytes) -> Deflated:
        compressor = isal_zlib.compressobj(_DEFLATE_LEVEL, isal_zlib.DEFLATED, -15)
        raw = compressor.compress(content) + compressor.flush()
        return cls(raw, isal_zlib.crc32(content), len(content))

    def plain(self) -> bytes:
        """The part inflated."""
        inflated: bytes = isal_zlib.decompress(self.raw, -15, self.size)
        return inflated

    def is_in(self, package: Package, part: str) -> bool:
        """Whether a package holds just this: the bytes that were written, and what they inflate to.
        Raises UnusableError where the part is missing or damaged."""
        content = package.read(part)
        return (
            package.raw(part) == self.raw
            and len(content) == self.size
            and isal_zlib.crc32(content) == self.crc
        )


Content = bytes | Deflated
"""Of a part that changes."""


def plain(content: Content) -> bytes:
    """The bytes of a part."""
    return content.plain() if isinstance(content, Deflated) else content


class Package:
    """An .xlsx archive in memory. `revision` is the digest of the whole file.

    Part names are equal without regard to case (ECMA-376, part 2), and some programs write them
    with backslashes: `members` has them with slashes, and every method finds a part in any case.
    """

    def __init__(self, data: bytes, name: str) -> None:
        """Raises UnusableError or HostileFileError for what is no sound archive."""
        guard.check_magic(data[:64], name)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self.members = {plain_name(info.filename): info for info in archive.infolist()}
                self._comment = archive.comment
                guard.check_directory(archive.infolist(), len(data), name)
                foreign.refuse_by_parts(self.members, name)
        except (
            zipfile.BadZipFile,
            ValueError,
            struct.error,
            NotImplementedError,
            EOFError,
            OverflowError,
        ) as error:
            raise UnusableError(
                f"{name} is damaged: {error}", "restore it, or go back to an older version"
            ) from None
        self._known = {part.casefold(): part for part in self.members}
        self.is_plain = all(
            slashed(info.filename) == part or info.is_dir() for part, info in self.members.items()
        )
        """Whether no member is called `/xl/workbook.xml` or `./xl/workbook.xml`."""
        self.data = data
        self.name = name
        self._digests: dict[str, bytes] = {}
        self.known: Mapping[str, bytes] = {}
        """{part: its XML} of sheets that are known to be in conventional form throughout: a commit
        of this process wrote them and read them back."""

    @classmethod
    def open(cls, path: Path) -> Package:
        """Raises UnusableError where there is no such file or it can't be read."""
        return cls(read_file(path), path.name)

    @cached_property
    def revision(self) -> str:
        return digest(self.data)

    def __contains__(self, part: str) -> bool:
        return self.named(part) in self.members

    def named(self, part: str) -> str:
        """The name of a part as the archive has it; `part` with slashes where it has none."""
        plain = plain_name(part)
        return self._known.get(plain.casefold()) or self._known.get(
            unquote(plain).casefold(), plain
        )

    def info(self, part: str) -> zipfile.ZipInfo:
        """The directory's entry of a part. Raises UnusableError where it is missing."""
        info = self.members.get(self.named(part))
        if info is None:
            raise UnusableError(f"{self.name} has no part {part!r}")
        return info

    def raw(self, part: str) -> memoryview:
        """The compressed bytes of a part, as they stand in the file."""
        info = self.info(part)
        start = info.header_offset
        if self.data[start : start + 4] != b"PK\x03\x04":
            raise UnusableError(f"{self.name} is damaged at the part {part!r}")
        name_length, extra_length = struct.unpack_from("<2H", self.data, start + 26)
        start += 30 + name_length + extra_length
        raw = memoryview(self.data)[start : start + info.compress_size]
        if len(raw) < info.compress_size:  # it would be copied short, and look whole
            raise UnusableError(f"{self.name} is damaged at the part {part!r}")
        return raw

    def digest_of(self, part: str) -> bytes:
        """What a part is called and holds, as a digest. Raises UnusableError where it is
        missing."""
        if part not in self._digests:
            info = self.info(part)
            hasher = blake2b(part.encode(), digest_size=16)
            hasher.update(b";%d,%d;" % (info.file_size, info.compress_type == zipfile.ZIP_STORED))
            hasher.update(self.raw(part))
            self._digests[part] = hasher.digest()
        return self._digests[part]

    def head(self, part: str) -> bytes:
        """The beginning of a part; empty where it is damaged, which is said when it is read."""
        try:
            raw = self.raw(part)
            if self.info(part).compress_type == zipfile.ZIP_STORED:
                return bytes(raw[:_HEAD])
            inflater, found = isal_zlib.decompressobj(-15), b""
            for start in range(0, len(raw), _HEAD):  # of all at once the rest would be copied
                found += inflater.decompress(raw[start : start + _HEAD], _HEAD - len(found))
                if len(found) >= _HEAD or inflater.eof:
                    break
            return found
        except (UnusableError, isal_zlib.error, zlib.error, struct.error):  # type: ignore[misc]
            return b""

    def read(self, part: str) -> bytes:
        """A part, inflated and checked. Raises UnusableError where it is missing or damaged."""
        info = self.info(part)
        raw = self.raw(part)
        try:
            if info.compress_type == zipfile.ZIP_STORED:
                content = bytes(raw)
            else:
                inflater = isal_zlib.decompressobj(-15)
                content = inflater.decompress(raw, info.file_size + 1)
        except (isal_zlib.error, zlib.error, ValueError) as error:  # type: ignore[misc]
            raise UnusableError(f"{self.name} is damaged at the part {part!r}: {error}") from None
        if len(content) != info.file_size or isal_zlib.crc32(content) != info.CRC:
            raise UnusableError(f"{self.name} is damaged at the part {part!r}")
        return content

    def write(
        self,
        target: BinaryIO,
        changed: Mapping[str, Content],
        dropped: Collection[str] = (),
        *,
        plain: bool = False,
    ) -> None:
        """A copy to `target`: `changed` parts anew (unknown names are added at the end), `dropped`
        ones left out, all others raw.

        Names, order, dates, file modes, comments and extra fields of the others stay; so does the
        archive's comment. plain: names lose what `plain_name` takes off.
        """
        central = bytearray()
        offset = count = 0
        changed = {self.named(part): content for part, content in changed.items()}
        left_out = {self.named(part) for part in dropped}
        kept = [(part, info) for part, info in self.members.items() if part not in left_out]
        added = [(part, _new_info(part)) for part in changed if part not in self.members]
        for part, info in [*kept, *added]:
            content = changed.get(part)
            if content is None:
                raw: bytes | memoryview = self.raw(part)
                method, crc, size = info.compress_type, info.CRC, info.file_size
            else:
                packed = content if isinstance(content, Deflated) else Deflated.of(content)
                raw = packed.raw
                method, crc, size = zipfile.ZIP_DEFLATED, packed.crc, packed.size
            if max(offset, len(raw), size) >= _LIMIT_32:
                raise UnusableError(f"{self.name} is too large to write")
            name = part if plain else info.filename
            head, tail = _headers(info, name, method, crc, len(raw), size, offset)
            target.write(head)
            target.write(raw)
            central += tail
            offset += len(head) + len(raw)
            count += 1
        target.write(central)
        target.write(
            _END.pack(b"PK\x05\x06", 0, 0, count, count, len(central), offset, len(self._comment))
        )
        target.write(self._comment)


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises UnusableError with one clear line."""
    try:
        return read_regular(path, MOST_BYTES)
    except FileNotFoundError:
        raise UnusableError(
            f"there is no workbook {path}", "give -w/--workbook, or create one with: ticketops init"
        ) from None
    except NotAFile as error:
        if path.is_dir():
            raise UnusableError(f"{path} is a folder, not a workbook") from None
        raise UnusableError(f"{path} is not a workbook: {error.strerror}") from None
    except OSError as error:
        raise UnusableError(f"{path} can't be read: {error.strerror}") from None


def slashed(name: str) -> str:
    """A part name as the specification spells it, whatever the program that wrote it took for a
    separator."""
    return name.replace("\\", "/")


def plain_name(name: str) -> str:
    """A member of the archive as relations name it: some programs put a slash, or a dot and a
    slash, before it."""
    return posixpath.normpath("/" + slashed(name)).lstrip("/")


def found_by_reader(spelt: str, target: str) -> bool:
    """Whether python-calamine finds a sheet by the spelling of its relation."""
    path = spelt.removeprefix("/") if spelt.startswith("/") else posixpath.join("xl", spelt)
    return path.casefold() == target.casefold()


def digest(data: bytes) -> str:
    """The revision of a file's content."""
    return blake2b(data, digest_size=16).hexdigest()


def _new_info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.create_system = 0
    return info


def _headers(
    info: zipfile.ZipInfo, named: str, method: int, crc: int, packed: int, size: int, offset: int
) -> tuple[bytes, bytes]:
    """The local and the central header of one member; sizes stand in both, so no data descriptor
    follows."""
    flags = info.flag_bits & ~_FLAG_DESCRIPTOR
    name = named.encode("utf-8" if flags & _FLAG_UTF8 or not named.isascii() else "ascii")
    if not named.isascii():
        flags |= _FLAG_UTF8
    year, month, day, hour, minute, second = info.date_time
    dos_date = (year - 1980) << 9 | month << 5 | day
    dos_time = hour << 11 | minute << 5 | second // 2
    extra = _without_zip64(info.extra)
    version = max(20, min(info.extract_version or 20, 63))
    common = (flags, method, dos_time, dos_date, crc, packed, size, len(name))
    local = _LOCAL.pack(b"PK\x03\x04", version, *common, len(extra)) + name + extra
    comment = info.comment
    central = _CENTRAL.pack(
        b"PK\x01\x02",
        info.create_version | info.create_system << 8,
        version,
        *common,
        len(extra),
        len(comment),
        0,
        info.internal_attr,
        info.external_attr,
        offset,
    )
    return local, central + name + extra + comment


def _without_zip64(extra: bytes) -> bytes:
    """Extra fields less the zip64 one: every size fits the ordinary fields here."""
    kept, position = b"", 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind != _ZIP64_EXTRA:
            kept += extra[position : position + 4 + length]
        position += 4 + length
    return kept + (extra[position:] if position < len(extra) else b"")

"""Files in folders that others can write to, too (§7 step 8). Read: regular ones only, opened
without waiting, measured before they are read; a folder, a pipe, a device or a file without end is
one clear OSError, never a hang or a full memory. Written: under a name that nobody could have
prepared, for the owner only, then renamed into place; what a killed process of this machine left is
swept away, another machine's never."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

_PIECE = 1 << 20
_LONGEST_NAME = 120
"""Bytes of a name that its temporary file repeats."""
_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


class NotAFile(OSError):
    """What stands there is no regular file; strerror says what it is."""


class TooLarge(OSError):
    """A file that is larger than anything of its kind; strerror says so. size: its bytes."""

    def __init__(self, size: int, most: int, path: str) -> None:
        super().__init__(errno.EFBIG, f"it has {size:,} bytes; at most {most:,} are allowed", path)
        self.size = size


def open_regular(path: Path) -> BinaryIO:
    """A regular file, opened for reading. Raises OSError; NotAFile for anything else, which is not
    even opened: opening a device may do something."""
    _require_regular(path.stat(), path)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = open(path, "rb", opener=lambda name, _flags: os.open(name, flags))  # noqa: SIM115 (its caller closes it)
    try:
        _require_regular(os.fstat(file.fileno()), path)  # another one may stand there by now
    except BaseException:
        file.close()
        raise
    return file


def real_path(path: Path) -> Path:
    """Where a path leads, links followed. A link that leads to itself stays as it is: whoever opens
    it is told."""
    return Path(os.path.realpath(path))


def read_regular(path: Path, most: int) -> bytes:
    """What a regular file of at most so many bytes holds. Raises OSError: NotAFile, TooLarge."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        _require_size(size, most, path)
        content = file.read(size + 1)
        if len(content) > size:  # it grows while it is read
            content += file.read(most + 1 - len(content))
            _require_size(len(content), most, path)
        return content


def hash_regular(path: Path, most: int) -> str:
    """The hash of a regular file of at most so many bytes, read piece by piece. Raises OSError:
    NotAFile, TooLarge."""
    import hashlib  # costs the start of every command 2 ms

    found = hashlib.blake2b(digest_size=16)
    done = 0
    with open_regular(path) as file:
        _require_size(os.fstat(file.fileno()).st_size, most, path)
        while piece := file.read(_PIECE):
            done += len(piece)
            _require_size(done, most, path)
            found.update(piece)
    return found.hexdigest()


def _require_regular(about: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(about.st_mode):
        what = next((said for test, said in _KINDS if test(about.st_mode)), "it is not a file")
        raise NotAFile(errno.EINVAL, what, str(path))


def _require_size(size: int, most: int, path: Path) -> None:
    if size > most:
        raise TooLarge(size, most, str(path))


# --- writing


def new_file(path: Path, of: str = "") -> Path:
    """A new, empty file beside `path`, which nobody else can read. of: what `sweep` finds it by,
    else the name of `path`. Raises OSError."""
    from tempfile import mkstemp

    prefix = f"{_head(of or path.name)}.{machine()}-{os.getpid()}."
    descriptor, name = mkstemp(".tmp", prefix, path.parent)
    os.close(descriptor)
    return Path(name)


def require_room(path: Path) -> None:
    """Raises OSError where no file could be made at a path, its missing folders included; makes
    none."""
    folder = next(one for one in real_path(path).parents if os.path.lexists(one))
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


@contextmanager
def staging(path: Path) -> Iterator[Path]:
    """A `new_file` beside `path`, to be filled and renamed into its place; what is still there at
    the end goes. Raises OSError."""
    staged = new_file(path)
    try:
        yield staged
    finally:
        with suppress(OSError):
            staged.unlink()


def write_durably(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Fill a `new_file`, and have it on the disk. Raises OSError; a link that stands there by now
    is not followed."""
    flags = (
        os.O_WRONLY
        | os.O_CREAT
        | os.O_TRUNC
        | getattr(os, "O_NOFOLLOW", 0)
        | getattr(os, "O_BINARY", 0)
    )
    with open(path, "wb", opener=lambda name, _flags: os.open(name, flags, 0o600)) as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """A file for its owner only with this content, whole or as it was. Raises OSError."""
    with staging(path) as staged:
        write_durably(staged, lambda file: file.write(content))
        os.replace(staged, path)


def usual_rights(path: Path) -> int:
    """The rights of the file that stands there; else those that a new one gets."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def sweep(folder: Path, of: str = "", *, held: bool = False) -> None:
    """Remove what killed processes of this machine left of `new_file` in a folder. of: only of that
    name; held: a lock says that none is at work. Never fails."""
    head = re.escape(_head(of)) if of else r"\..*"
    left = re.compile(rf"{head}\.{machine()}-(\d+)\.\w+\.tmp", re.DOTALL)
    with suppress(OSError):
        for path in list(folder.iterdir()):
            found = left.fullmatch(path.name)
            if found and (held or not _is_running(int(found[1]))):
                with suppress(OSError):
                    path.unlink()


def _head(name: str) -> str:
    """What the names of temporary files for a name begin with. Of two long names, which begin
    alike, they differ."""
    raw = os.fsencode(name)
    if len(raw) <= _LONGEST_NAME:
        return f".{raw.decode('utf-8', 'ignore')}"
    import hashlib

    start = raw[:_LONGEST_NAME].decode("utf-8", "ignore")
    return f".{start}-{hashlib.blake2b(raw, digest_size=4).hexdigest()}"


@cache
def machine() -> str:
    """A short name of this machine, and of the space of its process numbers: in a container that
    shares a folder they are others."""
    import hashlib
    import socket

    said = [socket.gethostname()]
    with suppress(OSError):
        said.append(Path("/etc/machine-id").read_text("utf-8", "replace"))
    with suppress(OSError):
        said.append(str(Path("/proc/self/ns/pid").readlink()))
    text = "\n".join(said).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=4).hexdigest()


def _is_running(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    with suppress(OSError, IndexError):  # killed, and nobody has asked yet what became of it
        said = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
        return said.rpartition(")")[2].split()[0] not in ("Z", "X")
    return True

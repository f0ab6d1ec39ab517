"""Sealing passwords with the keys of the key file, and the key file itself (D13): one Fernet key a
line, the first seals, all of them open. The keys stand in a file of their own, never in a flag or
in the workbook."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ticketops.config import FILE_NAME, Settings, config_folder
from ticketops.errors import UnusableError, UsageError
from ticketops.files import NotAFile, open_regular, real_path
from ticketops.model.secrets import PREFIX, is_sealed
from ticketops.stores.journal import sync_folder

_MOST_BYTES = 2**16
LOCK = ".ticketops-keys.lock"
"""Beside the key files; the end of a process releases it."""
_HEAD = (
    "# The keys that seal passwords in ticketops workbooks, newest first. Anyone who has them "
    "can read the passwords;\n"
    "# without them nobody can. Keep a copy in a safe place.\n"
)


class Sealer:
    """Seals and opens passwords. The keys are in no message, no repr and no traceback."""

    def __init__(self, keys: Sequence[str], source: Path) -> None:
        """keys: Fernet keys, the first seals. source: the file they are from, for messages. Raises
        UnusableError."""
        from cryptography.fernet import Fernet, MultiFernet

        if not keys:
            raise UnusableError(
                f"the key file {source} holds no key",
                "restore the right file, or delete it and let `credentials seal` create one",
            )
        fernets = []
        for number, key in enumerate(keys, start=1):
            try:
                fernets.append(Fernet(key))
            except ValueError:
                raise UnusableError(
                    f"key {number} of the key file {source} is not a Fernet key"
                ) from None
        self._fernets: Any = MultiFernet(fernets)
        self._source = source
        self._tokens: dict[str, str] = {}
        self._opened: dict[str, str] = {}

    @classmethod
    def of(cls, settings: Settings) -> Sealer:
        """The sealer of the setting key_file. Raises UsageError where it is not set, UnusableError
        for a file that is not usable."""
        path = key_file_of(settings)
        return cls(read_keys(path), path)

    def seal(self, text: str) -> str:
        """The text sealed; what is sealed already stays. Equal texts give equal tokens, so that
        copies stay equal."""
        if is_sealed(text):
            return text
        if text not in self._tokens:
            self._tokens[text] = (
                PREFIX + self._fernets.encrypt(text.encode("utf-8", "surrogatepass")).decode()
            )
        return self._tokens[text]

    def open(self, text: str) -> str:
        """The plain text; what is not sealed is returned as it is. Raises UnusableError where no
        key fits."""
        if not is_sealed(text):
            return text
        if text not in self._opened:
            from cryptography.fernet import InvalidToken

            try:
                plain: bytes = self._fernets.decrypt(text.removeprefix(PREFIX))
            except InvalidToken:
                raise UnusableError(
                    f"a password was sealed with a key that is not in {self._source}",
                    "add that key to the key file, on a line of its own",
                ) from None
            self._opened[text] = plain.decode("utf-8", "surrogatepass")
        return self._opened[text]

    def reseal(self, text: str) -> str:
        """What is sealed, sealed anew with the first key; plain text sealed. Equal passwords end
        equal. Raises UnusableError."""
        plain = self.open(text)
        if is_sealed(text) and plain not in self._tokens:
            self._tokens[plain] = PREFIX + self._fernets.rotate(text.removeprefix(PREFIX)).decode()
        return self.seal(plain)


def key_file_of(settings: Settings) -> Path:
    """The setting key_file. Raises UsageError where it is not set."""
    if settings.key_file is None:
        raise UsageError(
            "no key file is set for sealing passwords",
            f'write key_file = "…" in {config_folder() / FILE_NAME}, or set TICKETOPS_KEY_FILE',
        )
    return settings.key_file


def new_key() -> str:
    """A Fernet key that nobody has."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def read_keys(path: Path) -> list[str]:
    """The keys of a key file; blank lines and those with `#` are left out. Raises UnusableError,
    also for a file that others than its owner can read."""
    try:
        with open_regular(path) as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                raise UnusableError(
                    f"the key file {path} is open to others besides its owner", f"chmod 600 {path}"
                )
            content = file.read(_MOST_BYTES + 1)
    except NotAFile:
        raise UnusableError(f"the key file {path} is not a file") from None
    except FileNotFoundError:
        raise UnusableError(
            f"the key file {path} does not exist",
            "`ticketops credentials seal` creates one if nothing is sealed yet",
        ) from None
    except OSError as error:
        raise UnusableError(f"the key file {path} can't be read: {error.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise UnusableError(f"the key file {path} is too large")
    lines = [line.strip() for line in content.decode("ascii", "replace").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def new_key_file(path: Path) -> None:
    """Make a key file with one new key, for its owner only. Raises UnusableError where there is
    one, or it can't be written."""
    content = f"{_HEAD}{new_key()}\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(path, content)
    except FileExistsError:
        raise UnusableError(f"the key file {path} already exists") from None
    except OSError as error:
        raise UnusableError(f"the key file {path} can't be created: {error.strerror}") from None


def add_key(path: Path, key: str = "") -> None:
    """Put a key (a new one where none is given) before those of a key file, which all stay. Raises
    UnusableError."""
    with _changing(path):
        _replace(path, [key or new_key(), *read_keys(path)])


def drop_old_keys(path: Path) -> int:
    """Leave only the first key of a key file; how many went. Raises UnusableError."""
    with _changing(path):
        keys = read_keys(path)
        if len(keys) > 1:
            _replace(path, keys[:1])
        return max(0, len(keys) - 1)


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """One process at a time changes the key files of a folder."""
    from filelock import FileLock

    try:
        if not path.parent.is_dir():  # the lock would make it
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        with FileLock(path.with_name(LOCK), mode=0o600):
            yield
            sync_folder(path.parent)
    except OSError as error:
        raise UnusableError(f"the key file {path} can't be changed: {error.strerror}") from None


def _replace(path: Path, keys: Sequence[str]) -> None:
    """The key file with these keys, whole or as it was. A link to it stays one."""
    target = real_path(path)
    staged = target.with_name(f".{target.name}.new")
    staged.unlink(missing_ok=True)  # of a process that was killed: the lock is ours
    try:
        _write_new(staged, _HEAD + "".join(f"{key}\n" for key in keys))
        os.replace(staged, target)
    except OSError:
        with suppress(OSError):
            staged.unlink()
        raise


def _write_new(path: Path, content: str) -> None:
    """A file that was not there, for its owner only, durable. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)

"""What the portal hands out and must know again: signed with a key that stays on this machine."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ticketops.errors import UnusableError
from ticketops.files import read_regular, replace_file

KEY_FILE = "portal.key"
KEY_BYTES = 32
MOST_UNPACKED = 1 << 23
"""Bytes of what was packed, at most."""
_MAC_BYTES = 32
_T = TypeVar("_T")


class Key:
    """The key of a portal. It is in no message and no repr."""

    def __init__(self, secret: bytes) -> None:
        """secret: KEY_BYTES random bytes."""
        self._secret = secret

    def __repr__(self) -> str:
        return "Key(…)"

    @classmethod
    def of(cls, folder: Path) -> Key:
        """The key in a state folder, made where there is none, for its owner only. Raises UnusableError
        for a file that holds no key, or that others can read."""
        path = folder / KEY_FILE
        try:
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                _make(path)
            found = read_regular(path, KEY_BYTES)
            open_to_others = os.name == "posix" and path.stat().st_mode & 0o077
        except OSError as error:
            raise UnusableError(f"{path} can't be read: {error.strerror or error}") from None
        if len(found) != KEY_BYTES:
            raise UnusableError(
                f"{path} does not hold a key of {KEY_BYTES} bytes",
                "delete it; whoever is in the portal then opens their link again",
            )
        if open_to_others:
            raise UnusableError(f"{path} can be read by others", f"chmod 600 {path}")
        return cls(found)

    def mac(self, purpose: str, *parts: str | bytes) -> bytes:
        """What proves that these parts were said for this purpose."""
        made = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in (purpose, *parts):
            data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            made.update(len(data).to_bytes(8, "big"))  # so that no two lists of parts are alike
            made.update(data)
        return made.digest()

    def sign(self, purpose: str, *parts: str) -> str:
        """`mac` as text for a cookie or a form."""
        return as_text(self.mac(purpose, *parts))

    def is_signed(self, said: str, purpose: str, *parts: str) -> bool:
        """Whether `said` is what `sign` gave for these parts; in constant time."""
        return hmac.compare_digest(
            said.encode("utf-8", "surrogatepass"), self.sign(purpose, *parts).encode()
        )

    def pack(self, purpose: str, value: Any) -> str:
        """A value as a text that `unpack` believes. purpose: what it is for and whose it is."""
        packed = zlib.compress(msgspec.msgpack.encode(value), 6)
        return as_text(self.mac(purpose, packed) + packed)

    def unpack(self, purpose: str, text: str, kind: type[_T]) -> _T | None:
        """The value of a text that `pack` made for this purpose; None for any other text."""
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except ValueError:
            return None
        said, packed = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(said, self.mac(purpose, packed)):
            return None
        with suppress(zlib.error, msgspec.DecodeError):
            whole = zlib.decompressobj()
            data = whole.decompress(packed, MOST_UNPACKED)
            if whole.eof:
                return msgspec.msgpack.decode(data, type=kind)
        return None


def as_text(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def _make(path: Path) -> None:
    """A new key; of two processes that make one at once, both get the same."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    replace_file(fresh, secrets.token_bytes(KEY_BYTES))
    try:
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()

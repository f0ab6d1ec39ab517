"""What a sealed password looks like in a cell: `sealed:` and a Fernet token (D13), and secrets of
settings, which no message shows."""

from __future__ import annotations

import base64
import binascii
import hashlib

from ticketops.model.patterns import when_needed

PREFIX = "sealed:"

_TOKEN = when_needed(r"sealed:gAAAAA[A-Za-z0-9_-]+={0,2}")
_OVERHEAD, _BLOCK, _VERSION = 57, 16, 0x80
"""Of a token: version, time, vector and signature; the cipher's block; the first byte."""


def is_sealed(text: object) -> bool:
    """Whether a value is sealed. Plain text that only begins like one is not."""
    if not isinstance(text, str) or not _TOKEN().fullmatch(text):
        return False
    try:
        token = base64.urlsafe_b64decode(text.removeprefix(PREFIX))
    except (binascii.Error, ValueError):
        return False
    cipher_text = len(token) - _OVERHEAD
    return token[0] == _VERSION and cipher_text >= _BLOCK and cipher_text % _BLOCK == 0


_STAND_IN = f"{PREFIX}gAAAAAAAAAA"
"""Of a token that was sealed in 1970: no real one begins so."""


def stand_in(where: str) -> str:
    """What is read in place of a password that may not be read: it looks sealed, no key opens it,
    and it says where the password is, so that no two are alike."""
    vector = hashlib.blake2b(where.encode("utf-8", "surrogateescape"), digest_size=16).digest()
    token = bytes((_VERSION,)) + bytes(8) + vector + bytes(_BLOCK) + bytes(32)
    return PREFIX + base64.urlsafe_b64encode(token).decode()


def is_stand_in(text: object) -> bool:
    """Whether that is read in place of a password."""
    return isinstance(text, str) and text.startswith(_STAND_IN)


HIDDEN = "•••"
"""What is shown in place of a secret value."""


class Secret(str):
    """A secret of the settings, which no traceback and no message shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN

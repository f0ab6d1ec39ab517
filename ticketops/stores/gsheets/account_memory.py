"""What this machine remembers of a Google account: the assumptions that failed on it. The file is
called by a digest, and names nobody."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from ticketops.errors import UnusableError
from ticketops.files import read_regular, replace_file
from ticketops.stores.gsheets.access import Identity
from ticketops.stores.gsheets.assumptions import ASSUMPTIONS, Failed

FORMAT = 1
_FOLDER = ".google-accounts"
"""In the state folder, beside those of spreadsheets, whose ids hold no dot."""
_MOST_BYTES = 2**16


def memory_of(state: Path, who: Identity, api: str) -> Path:
    """The file that belongs to an account at a server. A consent that names no address is known by
    the file that keeps it."""
    import hashlib

    named = who.email.casefold() or str(who.source.absolute())
    text = "\n".join((api.rstrip("/"), who.kind, named)).encode("utf-8", "surrogateescape")
    return state / _FOLDER / f"{hashlib.blake2b(text, digest_size=12).hexdigest()}.json"


def recall(memory: Path) -> Failed:
    """What failed. Raises UnusableError for a file that can't be understood: then nobody knows what
    may be written."""
    try:
        content = json.loads(read_regular(memory, _MOST_BYTES))
        answers = content["failed"]
        if content["format"] != FORMAT or not all(
            name in ASSUMPTIONS and isinstance(said, str) for name, said in answers.items()
        ):
            raise ValueError
    except FileNotFoundError:
        return Failed()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnusableError(
            f"{memory} does not say what may be written with this Google account",
            "`ticketops google probe` measures it on an empty Google Sheet, `ticketops google probe --forget` takes all as assumed",
        ) from None
    return Failed(answers)


def remember(memory: Path, failed: Failed) -> None:
    """Keep it for all commands to come. Raises UnusableError where that can't be done."""
    try:
        if failed.answers:
            memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = {"format": FORMAT, "failed": dict(failed.answers)}
            replace_file(memory, json.dumps(content, indent=1).encode())
        else:
            with suppress(FileNotFoundError):
                memory.unlink()
    except OSError as error:
        raise UnusableError(
            f"{memory} can't be written: {error.strerror or error}",
            "writes that rest on what failed would not be refused",
        ) from None

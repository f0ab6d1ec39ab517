"""Cookies that were given up, until they would have ended: by their digests in a file, so that a portal
that is started again knows them, too."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from pathlib import Path
from threading import Lock

from ticketops.files import read_regular, replace_file

LEFT_FILE = "portal.left"
_LINE = re.compile(r"([0-9a-f]{64}) (\d{1,12})")
_MOST_BYTES = 1 << 26


class Left:
    """The cookies that were given up."""

    def __init__(self, path: Path, now: float) -> None:
        """path: of their file, which need not be there; what is over in it is dropped. now: seconds
        since 1970. Raises OSError where the file can't be read or written."""
        self._path, self._lock = path, Lock()
        text = read_regular(path, _MOST_BYTES).decode("ascii", "replace") if path.exists() else ""
        lines = text.splitlines()
        found = [match.groups() for line in lines if (match := _LINE.fullmatch(line))]
        stand = [(digest, until) for digest, until in found if int(until) > now]
        self._digests = {digest for digest, _until in stand}
        if len(stand) < len(lines):
            kept = "".join(f"{digest} {until}\n" for digest, until in stand)
            replace_file(path, kept.encode())

    def __contains__(self, cookie: str) -> bool:
        return _digest(cookie) in self._digests

    def add(self, cookie: str, until: float) -> None:
        """A cookie is given up; until: when it would have ended, in seconds since 1970. Raises OSError
        where that can't be written down; until the portal is started again it is known all the same."""
        digest = _digest(cookie)
        self._digests.add(digest)
        line = f"{digest} {int(until)}\n".encode()
        with self._lock:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                before = os.fstat(file).st_size
                if os.write(file, line) < len(line):
                    os.ftruncate(file, before)  # half a line would spoil the next one
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(file)


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()

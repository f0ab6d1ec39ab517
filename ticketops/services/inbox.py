"""The folder that `dispatch watch` looks at: what arrived in it whole, and is new. Anybody may put
anything there, so it is looked at before it is opened, and a round has a budget; what is over it
waits for the next one."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ticketops.files import NotAFile, TooLarge, hash_regular
from ticketops.model.findings import Finding, Severity
from ticketops.stores.child import MAX_FILE

MOST_FILES = 200
"""Files that one round reads."""
MOST_BYTES = 400 * 2**20
"""Bytes that one round looks through for what is new; a file that did not change counts nothing."""


class Mark(NamedTuple):
    """What the folder says of a file: alike in two looks, it is whole."""

    kind: int
    size: int
    modified: int
    changed: int
    number: int


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. ready: {file: its hash} of what is whole and new; arriving: how many are
    not whole yet; waiting: how many the budget left for the next look; findings: about what is no
    book, told once."""

    ready: Mapping[Path, str]
    arriving: int = 0
    waiting: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass
class Inbox:
    """once: a single look, so that every file counts as whole."""

    folder: Path
    once: bool = False
    _seen: dict[Path, Mark] = field(default_factory=dict)
    _hashes: dict[Path, tuple[Mark, str]] = field(default_factory=dict)
    _done: dict[Path, str] = field(default_factory=dict)
    _told: dict[Path, Mark] = field(default_factory=dict)

    def look(self) -> Look:
        """Raises OSError where the folder can't be looked at."""
        now = _marks(self.folder)
        whole = [path for path, mark in now.items() if self.once or self._seen.get(path) == mark]
        self._seen = now
        self._hashes = {path: known for path, known in self._hashes.items() if path in now}
        self._told = {path: known for path, known in self._told.items() if path in now}
        ready: dict[Path, str] = {}
        findings: list[Finding] = []
        waiting = 0
        left = MOST_BYTES
        for path in whole:
            mark = now[path]
            if self._told.get(path) == mark:
                continue
            if len(ready) >= MOST_FILES or (not self._is_hashed(path, mark) and left <= 0):
                waiting += 1
                continue
            try:
                if not self._is_hashed(path, mark):
                    left -= min(mark.size, MAX_FILE)
                    self._hashes[path] = mark, hash_regular(path, MAX_FILE)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._told[path] = mark
                findings.append(_left_alone(path, error))
                continue
            found = self._hashes[path][1]
            if self._done.get(path) != found:
                ready[path] = found
        return Look(ready, len(now) - len(whole), waiting, tuple(findings))

    def _is_hashed(self, path: Path, mark: Mark) -> bool:
        return path in self._hashes and self._hashes[path][0] == mark

    def took(self, files: Mapping[Path, str]) -> None:
        """Those that need not be looked at again, until they hold something else: {file: hash}."""
        self._done |= files


def _left_alone(path: Path, error: OSError) -> Finding:
    code = "HOSTILE_FILE" if isinstance(error, TooLarge) else "UNUSABLE"
    severity = Severity.MEDIUM if isinstance(error, NotAFile) else Severity.HIGH
    return Finding(code, severity, f"{path.name} is skipped: {error.strerror or error}")


def _marks(folder: Path) -> dict[Path, Mark]:
    """Whatever is called like a book in the folder, also what is none."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() != ".xlsx" or path.name.startswith(("~$", ".")):
            continue
        try:
            state = path.stat()
        except OSError:
            continue
        found[path] = Mark(
            stat.S_IFMT(state.st_mode),
            state.st_size,
            state.st_mtime_ns,
            state.st_ctime_ns,
            state.st_ino,
        )
    return found

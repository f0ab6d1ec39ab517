"""A disk that fails."""

from __future__ import annotations

import builtins
import io
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ON_PATHS = (
    "replace",
    "rename",
    "link",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "chmod",
    "chown",
    "stat",
    "lstat",
    "scandir",
    "listdir",
    "utime",
    "open",
    "fsync",
    "fstat",
    "close",
)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Torn(Exception):
    """Marks a write that the process does not survive."""


class Disk:
    """Counts every call to the operating system on files in `folder`; `verdict` names the error
    that one is to end with.

    after: the call does its work first.
    """

    def __init__(
        self,
        folder: Path,
        verdict: Callable[[int, str], BaseException | None],
        *,
        after: bool = False,
    ) -> None:
        self._folder, self._verdict, self._after = str(folder), verdict, after
        self._descriptors: set[int] = set()
        self._real: dict[tuple[Any, str], Any] = {}
        self.count = 0
        self.trace: list[tuple[str, str]] = []

    def __enter__(self) -> Disk:
        for name in ON_PATHS:
            self._put(os, name, self._wrapped(name, getattr(os, name)))
        opening = self._opening(builtins.open)
        for module in (builtins, io):
            self._put(module, "open", opening)
        return self

    def __exit__(self, *_: object) -> None:
        for (module, name), real in self._real.items():
            setattr(module, name, real)

    def _put(self, module: Any, name: str, value: Any) -> None:
        self._real[module, name] = getattr(module, name)
        setattr(module, name, value)

    def call(self, name: str, target: str, real: Callable[[], Any]) -> Any:
        """One call: fails, or is made, or is made and fails."""
        self.count += 1
        self.trace.append((name, target))
        error = self._verdict(self.count, name)
        if error and not self._after:
            raise error
        result = real()
        if error:
            if name == "open" and isinstance(result, int):
                self._real[os, "close"](result)
            elif name == "open":
                io.FileIO.close(result)
            elif name == "scandir":
                result.close()
            raise error
        return result

    def ours(self, target: Any) -> bool:
        if isinstance(target, int):
            return target in self._descriptors
        return isinstance(target, (str, os.PathLike)) and os.fspath(target).startswith(self._folder)

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **more: Any) -> Any:
            if not args or not self.ours(args[0]):
                return real(*args, **more)
            try:
                result = self.call(
                    name,
                    str(args[-1] if name in ("replace", "link") else args[0]),
                    lambda: real(*args, **more),
                )
            except BaseException:
                if name == "close":
                    self._descriptors.discard(args[0])
                    with suppress(OSError):
                        real(args[0])
                raise
            if name == "open":
                self._descriptors.add(result)
            elif name == "close":
                self._descriptors.discard(args[0])
            return result

        return called

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def opened(
            file: Any,
            mode: str = "r",
            buffering: int = -1,
            encoding: Any = None,
            errors: Any = None,
            newline: Any = None,
            closefd: bool = True,
            opener: Any = None,
        ) -> Any:
            if not self.ours(file):
                return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
            plain = mode.replace("b", "").replace("t", "")
            raw = self.call("open", str(file), lambda: _File(self, file, plain, closefd, opener))
            self._descriptors.add(raw.fileno())
            buffered = (
                io.BufferedReader(raw)
                if plain == "r"
                else io.BufferedRandom(raw)
                if "+" in plain
                else io.BufferedWriter(raw)
            )
            return (
                buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)
            )

        return opened

    def forget(self, descriptor: int) -> None:
        self._descriptors.discard(descriptor)


class _File(io.FileIO):
    """The raw file below Python's buffers."""

    def __init__(self, disk: Disk, *args: Any) -> None:
        super().__init__(*args)
        self._disk = disk

    def write(self, data: Any) -> int:
        try:
            return int(
                self._disk.call("write", str(self.name), lambda: super(_File, self).write(data))
            )
        except Torn:
            super().write(bytes(data)[: len(data) // 2])
            die()
            raise

    def readall(self) -> bytes:
        return bytes(self._disk.call("read", str(self.name), super().readall))

    def readinto(self, buffer: Any) -> int:
        return int(
            self._disk.call("read", str(self.name), lambda: super(_File, self).readinto(buffer))
        )

    def close(self) -> None:
        if not self.closed:
            self._disk.forget(self.fileno())
            try:
                self._disk.call("close", str(self.name), lambda: None)
            finally:
                super().close()

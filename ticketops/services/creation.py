"""The use cases that make a workbook where there is none: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

from ticketops.errors import NotPermittedError, RuleError, UnusableError, UsageError


def init(path: Path, *, force: bool = False) -> Path:
    """An empty canonical workbook. Raises RuleError where the file exists, unless `force`."""
    from ticketops.books.canonical import write_workbook

    return _made(path, force, lambda temporary: write_workbook(temporary, {}, created=datetime.now().replace(microsecond=0)))


def sample(size: Literal["small", "full", "x10"] | str, path: Path, *, seed: int, orders_only: bool = False, force: bool = False) -> Path:
    """A sample workbook (§16 for `full`). Raises RuleError where the file exists, unless `force`."""
    from ticketops.books.sample import make_sample

    return _made(path, force, lambda temporary: make_sample(temporary, size, seed, orders_only=orders_only))  # type: ignore[arg-type]


def _made(path: Path, force: bool, make: Callable[[Path], None]) -> Path:
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path} does not end in .xlsx")
    if path.exists() and not force:
        raise RuleError(f"{path} exists already", "name another file, or give --force to replace it")
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise UnusableError(f"{path}: there is no such folder")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.xlsx")
    try:
        make(temporary)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise NotPermittedError(f"{path} can't be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()
    return path

"""Regular expressions that are compiled when they are first used: all of them together would take
longer than most commands compute, and a command needs few."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import AnyStr


def when_needed(pattern: AnyStr, flags: int = 0) -> Callable[[], re.Pattern[AnyStr]]:
    """A function that gives the pattern, compiled once."""
    return cache(lambda: re.compile(pattern, flags))

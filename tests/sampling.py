"""Which cases of a long list every run tries, and which the slow sweeps do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def some(cases: Iterable[Any], every: int, *, of: int = 1) -> list[Any]:
    """The cases of a parametrize, in order; all but each nth are slow. of: how many names a case has
    values for."""
    return [
        case
        if number % every == 0
        else pytest.param(*(case if of > 1 else (case,)), marks=pytest.mark.slow)
        for number, case in enumerate(cases)
    ]

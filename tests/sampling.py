"""Which cases of a long list every run tries, which the slow sweeps do, and which only `make exhaustive`
does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, TypeVar

import pytest
from _pytest.mark.structures import ParameterSet

_T = TypeVar("_T")


def thorough(usual: _T, everything: _T) -> _T:
    """What a slow sweep goes through: the usual part of it, or everything."""
    return everything if os.environ.get("TICKETOPS_TEST_EXHAUSTIVE") else usual


def some(cases: Iterable[Any], every: int, *, of: int = 1) -> list[Any]:
    """The cases of a parametrize, in order; all but each nth are slow. of: how many names a case has
    values for, unless it is a `pytest.param`."""
    return [case if number % every == 0 else _slow(case, of) for number, case in enumerate(cases)]


def _slow(case: Any, of: int) -> Any:
    if isinstance(case, ParameterSet):
        return pytest.param(*case.values, marks=[*case.marks, pytest.mark.slow], id=case.id)
    return pytest.param(*(case if of > 1 else (case,)), marks=pytest.mark.slow)

"""The figures of the position report as dataclasses; `position` counts them. They need no tables: a
sample workbook is made without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers of tickets (D8)."""

    sold: int
    sent: int
    open: int
    available: int
    oversold: int
    surplus: int
    allocated_unsent: int
    true_shortage: int


@dataclass(frozen=True, slots=True)
class PositionLine:
    """The same figures of one match and category."""

    match: str
    category: str
    sold: int
    sent: int
    open: int
    available: int
    oversold: int
    surplus: int
    allocated_unsent: int
    true_shortage: int


@dataclass(frozen=True, slots=True)
class Position(Figures):
    """The figures of the whole event, and those of its matches and categories, in match order."""

    lines: list[PositionLine] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PositionReport(Position):
    """`report position`. as_of: the moment that it is of; currency: that of the event."""

    as_of: datetime = field(kw_only=True)
    currency: str = field(kw_only=True)


FIGURES = tuple(Figures.__dataclass_fields__)


def figures_of(one: Figures | PositionLine) -> tuple[int, ...]:
    """The figures in the order of FIGURES."""
    return tuple(getattr(one, name) for name in FIGURES)


def grouped(
    lines: Iterable[PositionLine], key: Callable[[PositionLine], Any]
) -> list[tuple[Any, Figures]]:
    """(key, the sums of its lines), in the order of the lines."""
    sums: dict[Any, list[int]] = {}
    for line in lines:
        figures = figures_of(line)
        before = sums.get(key(line), [0] * len(figures))
        sums[key(line)] = [sum(pair) for pair in zip(before, figures, strict=True)]
    return [(name, Figures(*figures)) for name, figures in sums.items()]

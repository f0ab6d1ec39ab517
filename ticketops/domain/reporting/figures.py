"""The figures of the position report as dataclasses; `position` counts them. They need no tables: a
sample workbook is made without them."""

from __future__ import annotations

from dataclasses import dataclass, field


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


FIGURES = tuple(Figures.__dataclass_fields__)


def figures_of(one: Figures | PositionLine) -> tuple[int, ...]:
    """The figures in the order of FIGURES."""
    return tuple(getattr(one, name) for name in FIGURES)

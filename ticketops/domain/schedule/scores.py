"""What came out of a match: its score, penalties and cards as people write them, and who won."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from ticketops.domain.schedule.book import Match
from ticketops.errors import RuleError
from ticketops.model import spelling, states
from ticketops.model.patterns import when_needed

_SCORE = when_needed(r"(\d{1,3})\s*[-:\u2013\u2014]\s*(\d{1,3})", re.ASCII)
_CARDS = when_needed(r"(\d{0,2})\s*(YY|YR|Y|R)", re.IGNORECASE | re.ASCII)
_POINTS = {"Y": -1, "YY": -3, "R": -4, "YR": -5}
"""Conduct: a yellow card, a second yellow, a red one, a yellow and then a red one."""


class Outcome(Struct, frozen=True):
    """What a match that is over says. winner: 0 for home, 1 for away, None for a draw, or where its
    sides are not two; said: the winner and the runner-up by name, as they stand in its row."""

    goals: tuple[int, int] | None
    winner: int | None
    conduct: tuple[int, int] | None = None
    said: tuple[str | None, str | None] = (None, None)


def parse_score(text: str, what: str = "--score") -> tuple[int, int]:
    """`2-1` → (2, 1). Raises RuleError."""
    found = _SCORE().fullmatch(spelling.tidy(text))
    if not found:
        raise RuleError(f"{what} must be two numbers, home first (2-1), not {text!r}")
    return int(found[1]), int(found[2])


def shown(score: tuple[int, int]) -> str:
    """(2, 1) → `2-1`."""
    return f"{score[0]}-{score[1]}"


def parse_cards(text: str) -> tuple[int, int]:
    """`2Y+1R / 1YY` → the conduct points of home and away, here (-6, -3); `0` is a side without
    cards. Raises RuleError."""
    sides = spelling.tidy(text).split("/")
    points = [_conduct(side) for side in sides]
    if len(points) != 2 or points[0] is None or points[1] is None:
        raise RuleError(
            f"--cards must be the cards of home and away (2Y+1R/1YY), not {text!r}",
            "Y is a yellow card, YY a second yellow, R a red one, YR a yellow and then a red one; 0 is none",
        )
    return points[0], points[1]


def _conduct(text: str) -> int | None:
    if text.strip() in ("0", "-"):
        return 0
    total = 0
    for part in re.split(r"[+,\s]+", text.strip()):
        found = _CARDS().fullmatch(part)
        if not found:
            return None
        total += int(found[1] or 1) * _POINTS[found[2].upper()]
    return total


def outcome(match: Match) -> Outcome | None:
    """What a match that is FINISHED says; None where it is not, or where it says what nobody
    understands."""
    told = match.beside
    if not told or told["status"] != states.FINISHED:
        return None
    said = told["winner"], told["runner_up"]
    conduct = _read(parse_cards, told["cards"])
    goals = _read(parse_score, told["score"])
    if goals is None:
        if not said[0] or told["score"]:
            return None
        return Outcome(None, _side_of(match, said), conduct, said)
    decided = goals if goals[0] != goals[1] else _read(parse_score, told["penalties"])
    winner = None
    if decided is not None and decided[0] != decided[1]:
        winner = int(decided[1] > decided[0])
    elif said[0]:
        winner = _side_of(match, said)
    return Outcome(goals, winner, conduct, said)


def result_of(match: Match) -> str:
    """The result of a match for people: `1-1 (4-3 on penalties)`, or who won; "" for none."""
    told = match.beside
    if not told or told["status"] != states.FINISHED:
        return ""
    if not told["score"]:
        return f"won by {told['winner']}" if told["winner"] else ""
    return (
        f"{told['score']} ({told['penalties']} on penalties)"
        if told["penalties"]
        else told["score"]
    )


def _read(parse: Callable[[str], tuple[int, int]], text: str | None) -> tuple[int, int] | None:
    try:
        return parse(text) if text else None
    except RuleError:
        return None


def _side_of(match: Match, said: tuple[str | None, str | None]) -> int | None:
    """Which side a winner is; by the runner-up where the winner's side got another name since."""
    names = [side.text.casefold() if side else None for side in match.sides]
    winner, other = (name.casefold() if name else None for name in said)
    if winner in names:
        return names.index(winner)
    return 1 - names.index(other) if other in names else None

"""Types and states of an event (§1, §17), and what a type implies."""

from __future__ import annotations

from typing import NamedTuple

DRAFT, PLANNING, BUYING, SELLING, ALLOCATING, DISPATCHING, CLOSED, ARCHIVED = (
    "DRAFT",
    "PLANNING",
    "BUYING",
    "SELLING",
    "ALLOCATING",
    "DISPATCHING",
    "CLOSED",
    "ARCHIVED",
)
EVENT_STATE = (DRAFT, PLANNING, BUYING, SELLING, ALLOCATING, DISPATCHING, CLOSED, ARCHIVED)
"""In the order in which an event goes through them, a step at a time (D22)."""

MATCH, QUALIFYING, SPRINT, FP, RACE, SHOW, DAY, MEDAL, OTHER = (
    "MATCH",
    "QUALIFYING",
    "SPRINT",
    "FP",
    "RACE",
    "SHOW",
    "DAY",
    "MEDAL",
    "OTHER",
)
SESSION_TYPE = (MATCH, QUALIFYING, SPRINT, FP, RACE, SHOW, DAY, MEDAL, OTHER)
"""What a sub-game of a match can be (§1 step 2)."""

FIFA, OLYMPIC, CUSTOM = "FIFA", "Olympic", "custom"
"""The category schemes of §17; a custom one has whatever categories its sessions have."""


class EventType(NamedTuple):
    """What a type of event implies. scheme: of its categories; codes: how its matches are called;
    sessions: the types of session that a match of it can have, the usual one first; one_match:
    whether the event is a single match."""

    scheme: str
    codes: str
    sessions: tuple[str, ...]
    one_match: bool = False


EVENT_TYPES = {
    "SPORTS_TOURNAMENT": EventType(FIFA, "M01, M02 …", ("MATCH",)),
    "OLYMPICS_MULTI_SPORT": EventType(
        OLYMPIC, "a sport and a number: ARC01", ("MATCH", "QUALIFYING", "MEDAL", "OTHER")
    ),
    "RACING_SEASON": EventType(
        CUSTOM, "one a weekend", ("RACE", "SPRINT", "QUALIFYING", "FP", "DAY")
    ),
    "RACING_WEEKEND": EventType(
        CUSTOM, "one for the weekend", ("RACE", "SPRINT", "QUALIFYING", "FP", "DAY"), True
    ),
    "CONCERT": EventType(CUSTOM, "one", ("SHOW", "DAY", "OTHER"), True),
    "CONFERENCE": EventType(CUSTOM, "one", ("DAY", "OTHER"), True),
    "EXPO": EventType(CUSTOM, "one", ("DAY", "OTHER"), True),
    "OTHER": EventType(CUSTOM, "one", ("OTHER", "DAY", "SHOW"), True),
}
"""{type: what it implies} (§1 step 1)."""
EVENT_TYPE = tuple(EVENT_TYPES)


def next_state(state: str) -> str | None:
    """The state after one of EVENT_STATE; None for the last."""
    place = EVENT_STATE.index(state) + 1
    return EVENT_STATE[place] if place < len(EVENT_STATE) else None


def state_before(state: str) -> str | None:
    """The state before one of EVENT_STATE; None for the first, and for ARCHIVED, from which no way
    leads back (D22)."""
    place = EVENT_STATE.index(state)
    return EVENT_STATE[place - 1] if place and state != ARCHIVED else None


def between(first: str, state: str, last: str) -> bool:
    """Whether a state is one from `first` to `last`, both included."""
    return EVENT_STATE.index(first) <= EVENT_STATE.index(state) <= EVENT_STATE.index(last)

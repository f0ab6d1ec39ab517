"""Special instructions of a sale (§4 step 1) read into constraints: "consecutive seats",
"wheelchair access" …"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from ticketops.domain.allocation.nearness import best
from ticketops.domain.allocation.pool import Sets, Unit
from ticketops.domain.allocation.seating import longest_run, runs_of
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.findings import Violation

_NOT = r"(?<!\w)(?:not?|without|needn'?t|don'?t|never mind|doesn'?t)\b[^.;,:|\n–—-]{0,30}"
_PATTERNS = {
    "consecutive": r"consecutive|adjoining|adjacent|side[ -]by[ -]side|next to each other|seats? in a row"
    r"|\b(?:seats?|seated|sit(?:ting)?|all|keep|be|\d+)\b(?: \w+){0,2} together",
    "same_row": r"(?:same|one|single) row",
    "same_block": r"(?:same|one|single) (?:block|section)",
    "wheelchair": r"wheel\s?chair|accessib\w+|disabled (?:access|seat|guest)|reduced mobility",
    "companion": r"companion|care(?:r|giver)\b|personal assistant|accompanying person",
    "aisle": r"\baisles?\b",
    "unobstructed": r"unobstructed|unrestricted view|(?:full|clear|free|open) view",
}
_OBSTRUCTION = (
    r"(?:not?|never|without|avoid)\b[^.;,:|\n–—-]{0,30}?(?:obstruct\w*|pillars?\b|restricted view)"
)
"""Here it is the «no» that asks for something."""
_SAID = {
    "consecutive": "consecutive seats",
    "same_row": "all in one row",
    "same_block": "all in one block",
    "wheelchair": "wheelchair access",
    "companion": "a companion beside the wheelchair",
    "aisle": "an aisle seat",
    "unobstructed": "no obstructed view",
}


class Wishes(Struct, frozen=True):
    """What a client asked for, as constraints on the seats; `texts` is what was written."""

    consecutive: bool = False
    same_row: bool = False
    same_block: bool = False
    wheelchair: bool = False
    companion: bool = False
    aisle: bool = False
    unobstructed: bool = False
    texts: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything was asked for that seats can be judged by."""
        return bool(self.said)

    @property
    def of_places(self) -> bool:
        """Whether single seats are asked for, not only how many adjoin."""
        return (
            self.same_row
            or self.same_block
            or self.wheelchair
            or self.companion
            or self.aisle
            or self.unobstructed
        )

    @property
    def said(self) -> list[str]:
        """The constraints in words."""
        return [words for name, words in _SAID.items() if getattr(self, name)]

    def unmet(self, units: Sequence[Unit], quantity: int) -> list[Violation]:
        """What these units, `quantity` being asked for, do not fulfil. Unknown blocks and rows
        count as one."""
        missed = []
        if self.consecutive and longest_run(units) < min(quantity, len(units)):
            missed.append(
                Violation(
                    "INSTRUCTION_CONSECUTIVE",
                    f"asked for consecutive seats: they are in {len(runs_of(units))} groups",
                )
            )
        if self.same_row and len({(unit.block, unit.seat_row) for unit in units}) > 1:
            missed.append(
                Violation("INSTRUCTION_SAME_ROW", "asked for one row: the seats are in several")
            )
        if self.same_block and len({unit.block for unit in units}) > 1:
            missed.append(
                Violation("INSTRUCTION_SAME_BLOCK", "asked for one block: the seats are in several")
            )
        if self.wheelchair and units and not any(unit.accessible for unit in units):
            missed.append(
                Violation(
                    "INSTRUCTION_WHEELCHAIR",
                    "asked for wheelchair access: no seat is marked for it",
                )
            )
        return missed + self._missed_on_map(units)

    def _missed_on_map(self, units: Sequence[Unit]) -> list[Violation]:
        """What only a seat map can tell; nothing where the seats are on none."""
        placed = [unit for unit in units if unit.place is not None]
        missed = []
        if self.companion and placed and not _has_companion(placed):
            missed.append(
                Violation(
                    "INSTRUCTION_COMPANION",
                    "asked for a companion beside the wheelchair: no two seats are such a pair",
                )
            )
        if self.aisle and placed and not any(_on_aisle(unit) for unit in placed):
            missed.append(
                Violation("INSTRUCTION_AISLE", "asked for an aisle seat: no seat is on an aisle")
            )
        obstructed = sum(states.OBSTRUCTED_VIEW in unit.restrictions for unit in placed)
        if self.unobstructed and obstructed:
            message = f"asked for no obstructed view: {counted(obstructed, 'seat')} {'has' if obstructed == 1 else 'have'} one"
            missed.append(Violation("INSTRUCTION_OBSTRUCTED", message))
        return missed

    def narrowed(self, sets: Sets, quantity: int) -> list[Sets]:
        """Smaller pools in which the wishes can be fulfilled, best first; empty where there is
        none."""
        if self.unobstructed:
            sets = _only(sets, lambda unit: states.OBSTRUCTED_VIEW not in unit.restrictions)
        if self.consecutive:
            return self._in_a_run(sets, quantity)
        if self.same_row or self.same_block:
            places: dict[tuple[str | None, ...], list[Unit]] = {}
            for units in sets.values():
                for unit in units:
                    place = (unit.block, unit.seat_row) if self.same_row else (unit.block,)
                    places.setdefault(place, []).append(unit)
            enough = [units for units in places.values() if len(units) >= quantity]
            return [
                by_set(chosen)
                for units in sorted(enough, key=len)
                if (chosen := self._with_the_place(units, quantity))
            ]
        if self.wheelchair or self.companion or self.aisle:
            return [
                {s: chosen}
                for s, units in sets.items()
                if len(units) >= quantity and (chosen := self._with_the_place(units, quantity))
            ]
        return [sets] if self.unobstructed and sets else []

    def _in_a_run(self, sets: Sets, quantity: int) -> list[Sets]:
        """A pool for each run that is long enough: of one set, then those that go on in another."""
        found = []
        everything = [unit for units in sets.values() for unit in units]
        for among in (*sets.values(), everything):
            runs = [run for run in runs_of(among) if len(run) >= quantity]
            windows = [window for run in runs if (window := self._window(run, quantity))]
            found.append(windows)
        of_one = [window for windows in found[:-1] for window in windows]
        of_one.sort(key=lambda run: (len(run) - quantity == 1, len(run), run[0].row))
        of_several = [
            window[:quantity]
            for window in found[-1]
            if len({unit.set_id for unit in window[:quantity]}) > 1
        ]
        return [by_set(window) for window in (*of_one, *of_several)]

    def _window(self, run: list[Unit], quantity: int) -> list[Unit]:
        """The part of a run in which the place is that was asked for: all of it where none was."""
        if self.wheelchair or self.companion:
            return _around_accessible(run, quantity)
        if self.aisle and any(unit.place is not None for unit in run):
            return next(
                (part for part in (run[:quantity], run[-quantity:]) if any(map(_on_aisle, part))),
                [],
            )
        return run

    def _with_the_place(self, units: list[Unit], quantity: int) -> list[Unit]:
        """`quantity` of the units, the place among them that was asked for; all where none was."""
        if self.wheelchair or self.companion:
            return _around_accessible(units, quantity)
        if self.aisle and any(unit.place is not None for unit in units):
            first = next((unit for unit in units if _on_aisle(unit)), None)
            if first is None:
                return []
            run = next(run for run in runs_of(units) if first in run)
            if len(run) >= quantity:
                return run[:quantity] if first in run[:quantity] else run[-quantity:]
            others = [unit for unit in units if unit not in run]
            return [*run, *best(others, quantity - len(run))]
        return units


def by_set(units: Iterable[Unit]) -> Sets:
    """{SetID: its units}, in their order."""
    found: Sets = {}
    for unit in units:
        found.setdefault(unit.set_id, []).append(unit)
    return found


def _only(sets: Sets, wanted: Callable[[Unit], bool]) -> Sets:
    kept = {set_id: [unit for unit in units if wanted(unit)] for set_id, units in sets.items()}
    return {set_id: units for set_id, units in kept.items() if units}


def _on_aisle(unit: Unit) -> bool:
    return unit.place is not None and unit.place.aisle


def _has_companion(units: Sequence[Unit]) -> bool:
    """Whether one seat for a wheelchair adjoins another seat: one that is marked for companions,
    where any is."""
    marked = any(states.COMPANION in unit.restrictions for unit in units)
    return any(
        one.accessible and (not marked or states.COMPANION in other.restrictions)
        for run in runs_of(units)
        for pair in pairwise(run)
        for one, other in (pair, pair[::-1])
    )


def _around_accessible(units: Sequence[Unit], quantity: int) -> list[Unit]:
    """`quantity` of the units around an accessible one, its neighbours first; empty where there is
    none."""
    run = next((run for run in runs_of(units) if any(unit.accessible for unit in run)), [])
    if not run:
        return []
    place = next(i for i, unit in enumerate(run) if unit.accessible)
    start = max(0, min(place, len(run) - quantity))
    window = run[start : start + quantity]
    others = [unit for unit in units if unit not in window]
    return [*window, *best(others, quantity - len(window))]


def read(*texts: str | None) -> Wishes:
    """The wishes in a sale's instructions and notes; what is said not to be needed is left out."""
    written = tuple(text.strip() for text in texts if text and text.strip())
    whole = " ; ".join(written)
    plain = re.sub(_OBSTRUCTION, " unobstructed ", whole, flags=re.IGNORECASE)
    positive = re.sub(_NOT, " ", plain, flags=re.IGNORECASE)
    found = {
        name: bool(re.search(pattern, positive, re.IGNORECASE))
        for name, pattern in _PATTERNS.items()
    }
    return Wishes(**found, texts=written)

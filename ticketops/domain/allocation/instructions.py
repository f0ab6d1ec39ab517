"""Special instructions of a sale (§4 step 1) read into constraints: "consecutive seats",
"wheelchair access" …"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ticketops.domain.allocation.pool import Sets, Unit, size
from ticketops.domain.allocation.seating import longest_run, pick, runs_of
from ticketops.model.findings import Violation

_NOT = r"(?<!\w)(?:not?|without|needn'?t|don'?t|never mind|doesn'?t)\b[^.;,:|\n–—-]{0,30}"
_PATTERNS = {
    "consecutive": r"consecutive|adjoining|adjacent|side[ -]by[ -]side|next to each other|seats? in a row"
    r"|\b(?:seats?|seated|sit(?:ting)?|all|keep|be|\d+)\b(?: \w+){0,2} together",
    "same_row": r"(?:same|one|single) row",
    "same_block": r"(?:same|one|single) (?:block|section)",
    "wheelchair": r"wheel\s?chair|accessib\w+|disabled (?:access|seat|guest)|reduced mobility",
}
_SAID = {
    "consecutive": "consecutive seats",
    "same_row": "all in one row",
    "same_block": "all in one block",
    "wheelchair": "wheelchair access",
}


class Wishes(Struct, frozen=True):
    """What a client asked for, as constraints on the seats; `texts` is what was written."""

    consecutive: bool = False
    same_row: bool = False
    same_block: bool = False
    wheelchair: bool = False
    texts: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything was asked for that seats can be judged by."""
        return self.consecutive or self.same_row or self.same_block or self.wheelchair

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
        return missed

    def narrowed(self, sets: Sets, quantity: int) -> list[Sets]:
        """Smaller pools in which the wishes can be fulfilled, best first; empty where there is
        none."""
        if self.consecutive:
            runs = [
                run for units in sets.values() for run in runs_of(units) if len(run) >= quantity
            ]
            if self.wheelchair:
                runs = [window for run in runs if (window := _around_accessible(run, quantity))]
            return [
                {run[0].set_id: run}
                for run in sorted(
                    runs, key=lambda run: (len(run) - quantity == 1, len(run), run[0].row)
                )
            ]
        if self.same_row or self.same_block:
            places: dict[tuple[str | None, ...], Sets] = {}
            for set_id, units in sets.items():
                for unit in units:
                    place = (unit.block, unit.seat_row) if self.same_row else (unit.block,)
                    places.setdefault(place, {}).setdefault(set_id, []).append(unit)
            enough = [pool for pool in places.values() if size(pool) >= quantity]
            return sorted(enough, key=size)
        if self.wheelchair:
            return [
                {s: chosen}
                for s, units in sets.items()
                if len(units) >= quantity and (chosen := _around_accessible(units, quantity))
            ]
        return []


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
    return [*window, *pick(others, quantity - len(window))]


def read(*texts: str | None) -> Wishes:
    """The wishes in a sale's instructions and notes; what is said not to be needed is left out."""
    written = tuple(text.strip() for text in texts if text and text.strip())
    whole = " ; ".join(written)
    positive = re.sub(_NOT, " ", whole, flags=re.IGNORECASE)
    found = {
        name: bool(re.search(pattern, positive, re.IGNORECASE))
        for name, pattern in _PATTERNS.items()
    }
    return Wishes(**found, texts=written)

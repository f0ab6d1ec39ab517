"""How the seats of a map are shown, each state with a shape, a colour and a character of its own, so that
none depends on colour (§1b.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from ticketops.domain.seatmap import state
from ticketops.domain.seatmap.state import Found, MatchSeats

COLOURS = {
    "red": "#c0392b",
    "green": "#2e8b57",
    "yellow": "#b8860b",
    "blue": "#2b6fb8",
    "purple": "#7d5bb5",
    "grey": "#8a929a",
    "pale": "#a9b1b9",
    "pink": "#c04a7a",
    "teal": "#2f8a92",
    "brown": "#9a5a2a",
}
"""Each can be told from white and from dark pages."""
SHAPES = ("disc", "square", "triangle", "diamond", "ring", "cross", "box", "dot", "plus")


class Mark(Struct, frozen=True):
    """How one kind of seat is shown. key: which kind; label: what the legend says; character: in a
    terminal."""

    key: str
    label: str
    shape: str
    colour: str
    character: str
    count: int = 0


_MARKS = {
    state.OWN: Mark(state.OWN, "{own}", "diamond", "blue", "@"),
    state.ALLOCATED: Mark(state.ALLOCATED, "Allocated", "square", "red", "x"),
    state.HELD: Mark(state.HELD, "Held for a client", "box", "purple", "h"),
    state.FREE: Mark(state.FREE, "Free{category}", "disc", "green", "o"),
    state.OTHER: Mark(state.OTHER, "Free in another category", "ring", "grey", "."),
    state.RESTRICTED: Mark(
        state.RESTRICTED, "Restricted, not allocated", "triangle", "yellow", "!"
    ),
    state.UNCLEAR: Mark(state.UNCLEAR, "Kept out: see `audit run`", "plus", "pink", "?"),
    state.NONE: Mark(state.NONE, "Not in stock", "dot", "pale", "-"),
    state.HIDDEN: Mark(state.HIDDEN, "Not available", "dot", "pale", "-"),
}
_CATEGORY_SHAPES = ("disc", "square", "diamond", "ring", "box", "plus", "cross")
_CATEGORY_COLOURS = ("green", "blue", "red", "purple", "teal", "brown", "pink")
_CHARACTERS = "abcdefgijklmnpqrstuvwyz"


class Marks:
    """The marks of one picture, in the order of its legend. own: what OWN is called; category: which
    one is FREE."""

    def __init__(self, seats: MatchSeats, own: str = "", category: str = "") -> None:
        counts = Counter(key_of(one) for _row, found in seats.rows() for one in found if one)
        places = {name: place for place, name in enumerate(state.SEAT_STATES)}
        keys = sorted(counts, key=lambda key: (places[key[0]], key[1]))
        self.known: dict[tuple[str, str], Mark] = {}
        for key in keys:
            self.known[key] = self._mark(key, counts[key], own, category)

    def of(self, found: Found) -> Mark:
        """How a seat is shown."""
        return self.known[key_of(found)]

    @property
    def legend(self) -> list[Mark]:
        """The marks of the seats that there are."""
        return [mark for mark in self.known.values() if mark.count]

    def _mark(self, key: tuple[str, str], count: int, own: str, category: str) -> Mark:
        name, of = key
        if name != state.PLAIN:
            one = _MARKS[name]
            of = f" in {category}" if category else ""
            label = one.label.replace("{own}", own).replace("{category}", of)
            return Mark(name, label, one.shape, one.colour, one.character, count)
        number = sum(name == state.PLAIN for name, _of in self.known)
        shape = _CATEGORY_SHAPES[number % len(_CATEGORY_SHAPES)]
        colour = _CATEGORY_COLOURS[number % len(_CATEGORY_COLOURS)]
        character = _CHARACTERS[number % len(_CHARACTERS)] if of else "-"
        label = of or "No category"
        return Mark(f"{name} {number}", label, shape, colour, character, count)


def key_of(found: Found) -> tuple[str, str]:
    """Which mark a seat has: of its state; of a venue's seat of its category."""
    return found.state, found.category if found.state == state.PLAIN else ""


def legend_line(marks: Iterable[Mark]) -> str:
    """`o free in Cat 1 · x allocated`."""
    return " · ".join(f"{mark.character} {mark.label} {mark.count:,}" for mark in marks)

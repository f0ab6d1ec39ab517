"""Which tickets, or units, the lines of a file are about (§3, §7): the one that a line names, else, in
the order of the lines, those that fit, where there are as many as are asked for. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ticketops.domain.intake.rows import Faults
from ticketops.model.display import counted

AMBIGUOUS, TOO_MANY = "AMBIGUOUS", "TOO_MANY_LINES"
_SHOWN = 6


class Wish(Struct, frozen=True):
    """What a line asks for. number: its line; content: what it says of the one that it gets;
    candidates: those that it may be about, in order."""

    number: int
    name: str
    content: Any
    candidates: tuple[str, ...]


class Nouns(Struct, frozen=True):
    """What is asked for (ticket), what those lack that are free (a guest), and the column that
    names one."""

    what: str
    lacking: str
    column: str


def paired(
    wishes: Sequence[Wish],
    says: Callable[[str, Any], bool],
    is_free: Callable[[str], bool],
    holds: Callable[[str], bool],
    nouns: Nouns,
    faults: Faults,
) -> list[tuple[Wish, str]]:
    """The wishes with what each gets, in order; the lines of the others are wrong, with candidates.

    says: whether a candidate says already what a wish says; is_free: whether it lacks
    what is asked for; holds: whether it says anything of it.
    """
    groups: dict[tuple[str, ...], list[Wish]] = {}
    for wish in wishes:
        groups.setdefault(wish.candidates, []).append(wish)
    got: dict[int, str] = {}
    taken: set[str] = set()
    place = {id(wish): at for at, wish in enumerate(wishes)}
    for candidates in sorted(groups, key=len):
        left = dict.fromkeys(one for one in candidates if one not in taken)
        telling = dict.fromkeys(one for one in left if holds(one))
        open_: list[Wish] = []
        for wish in groups[candidates]:
            same = next((one for one in telling if says(one, wish.content)), None)
            if same is None:
                open_.append(wish)
            else:
                got[place[id(wish)]] = same
                del left[same], telling[same]
        free = [one for one in left if is_free(one)]
        fitting = free if len(free) == len(open_) else list(left)
        if len(fitting) == len(open_):
            for wish, one in zip(open_, fitting, strict=True):
                got[place[id(wish)]] = one
        elif open_:
            _refuse(open_, candidates, list(left), free, nouns, faults)
        taken |= {got[place[id(wish)]] for wish in groups[candidates] if place[id(wish)] in got}
    return [(wish, got[at]) for at, wish in enumerate(wishes) if at in got]


def _refuse(
    wishes: Sequence[Wish],
    candidates: Sequence[str],
    left: Sequence[str],
    free: Sequence[str],
    nouns: Nouns,
    faults: Faults,
) -> None:
    lines = dict.fromkeys(wish.number for wish in wishes)
    names = {wish.number: wish.name for wish in wishes}
    listed = ", ".join((left or candidates)[:_SHOWN]) + (" …" if len(left) > _SHOWN else "")
    if len(wishes) > len(left):
        code = TOO_MANY
        what = "line" if len(lines) == len(wishes) else f"{nouns.lacking.split()[-1]}"
        said = f"{counted(len(wishes), what)} for {counted(len(candidates), nouns.what)}"
        if len(left) < len(candidates):
            said += f", of which other lines have {len(candidates) - len(left):,}"
    else:
        code = AMBIGUOUS
        said = (
            f"{counted(len(wishes), 'line')} of this kind for {counted(len(left), nouns.what)}, "
            f"{len(free):,} without {nouns.lacking}: which is meant is not said"
        )
    for number in lines:
        faults.add(number, names[number], code, said, f"{nouns.column}: {listed}")


def grouped(items: Mapping[str, Any]) -> dict[Any, list[str]]:
    """{what each is of: those, in order}."""
    found: dict[Any, list[str]] = {}
    for key, of in items.items():
        found.setdefault(of, []).append(key)
    return found

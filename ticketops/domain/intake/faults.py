"""What is wrong with the lines of a file or of a command: collected, and said all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.masterdata.who import Directory, Found
from ticketops.errors import InputError, RuleError, TicketopsError, UnclearNameError
from ticketops.model import spelling
from ticketops.model.display import counted

_MOST = 20
"""Kinds of faults that one answer names, and lines of a kind."""
_T = TypeVar("_T")


class Place(NamedTuple):
    """Where a line stands: `orders.csv line 3`. Nowhere, for the line of an option."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file} line {self.line}" if self.file else ""


NOWHERE = Place()


class Fault(NamedTuple):
    """One thing that is wrong with one line."""

    place: Place
    error: TicketopsError


def tried(read: Callable[[], _T], place: Place, faults: list[Fault]) -> _T | None:
    """What comes of reading a part of a line; None where it fails, which is then one of the
    faults."""
    try:
        return read()
    except TicketopsError as error:
        faults.append(Fault(place, error))
        return None


class Named(NamedTuple):
    """What a line is of. Match and category are None where they are one of the faults, or blank,
    which is a fault of before; sub_game: None also where the match has none."""

    match: Found | None
    sub_game: str | None
    category: str | None
    whole: bool
    """Whether all that a line needs is known."""


def named(
    catalogue: Catalogue,
    match: str,
    game: str,
    sub_game: str,
    category: str,
    place: Place,
    faults: list[Fault],
) -> Named:
    """The match, the sub-game and the category of a line. match: may name the sub-game, too:
    `M01/RACE`. A category is looked at where its match is unknown, too."""
    match, within = catalogue.parted(match)
    before = len(faults)
    if sub_game and within and not same_sub_game(sub_game, within):
        said = f"sub-game {sub_game!r} and match '{match}/{within}' differ"
        faults.append(Fault(place, RuleError(said)))
    found = tried(lambda: catalogue.of_line(match, game), place, faults) if match or game else None
    if not found:
        if category:
            category = tried(lambda: catalogue.any_category(category), place, faults) or ""
        return Named(None, None, category or None, False)
    code = found.name
    own = tried(lambda: catalogue.sub_games.taken(code, sub_game or within), place, faults)
    if not category or len(faults) > before:
        return Named(found, own, None, False)
    kept = tried(lambda: catalogue.category(code, category, own), place, faults)
    return Named(found, own, kept, bool(kept) and len(faults) == before)


def same_sub_game(one: str, other: str) -> bool:
    """Whether two texts are one code of a sub-game."""
    return spelling.sub_game(one) == spelling.sub_game(other)


def whom(
    directory: Directory, name: str, place: Place, faults: list[Fault], *, new: bool
) -> Found | None:
    """Whom a name means; None where it is one of the faults, or blank, which is one of before."""
    return tried(lambda: directory.find(name, new=new), place, faults) if name else None


def refuse(faults: Iterable[Fault]) -> None:
    """Nothing, where nothing is wrong. Else it raises one error that says all of it, by line, each
    with what was meant perhaps: of the kind of the faults where they are of one kind, else an
    InputError. Unclear names alone make an UnclearNameError about the first of them.
    """
    found = sorted(faults, key=lambda fault: fault.place)
    if not found:
        return
    if len(found) == 1 and not found[0].place.file:
        raise found[0].error
    said: dict[tuple[str, str, str], list[int]] = {}
    for place, error in found:
        lines = said.setdefault((place.file, error.message, error.hint), [])
        if place.line not in lines:
            lines.append(place.line)
    hint = next(iter(said))[2] if len(said) == 1 else ""
    hint = hint or "nothing was taken from it"
    message = _every(said, hints=len(said) > 1)
    errors = [fault.error for fault in found]
    kind = type(errors[0]) if len({type(error) for error in errors}) == 1 else InputError
    if isinstance(first := errors[0], UnclearNameError) and kind is UnclearNameError:
        raise UnclearNameError(
            message, hint, what=first.what, text=first.text, candidates=first.candidates
        )
    raise kind(message, hint)


def _every(said: dict[tuple[str, str, str], list[int]], *, hints: bool) -> str:
    """All of it in one line: the file once, what many lines share once."""
    parts, named = [], ""
    for (file, message, hint), lines in list(said.items())[:_MOST]:
        where = f"{_first(file, named)}line {lines[0]}: " if file else ""
        advice = f" ({hint})" if hints and hint else ""
        parts.append(f"{where}{message}{advice}{_others(lines[1:])}")
        named = file
    if rest := list(said.values())[_MOST:]:
        count = sum(map(len, rest))
        parts.append(f"and {count} more line{'s' * (count > 1)}")
    return "; ".join(parts)


def _first(file: str, named: str) -> str:
    return "" if file == named else f"{file} "


def _others(lines: Sequence[int]) -> str:
    if not lines:
        return ""
    more = f"{counted(len(lines), 'more line')}"
    if len(lines) <= _MOST:
        more = f"line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}"
    return f" (and {more})"

"""Names that a reader may not know are taken out of free text (§9c, D10)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from ticketops.domain.dispatch.everyday import (
    SHORT_WORDS,
    is_common,
    is_everyday,
    is_listed,
    is_meant,
)
from ticketops.domain.dispatch.lettering import (
    UNSEEN,
    UNSPACED,
    ZERO_WIDTH_SPACE,
    Gap,
    Letters,
    Reading,
    Sign,
    decoded,
    is_unspaced,
    readings,
)
from ticketops.domain.masterdata.companies import proper_name

_SHORT = 3
"""Names of fewer letters and digits are taken as they are written: AB is a client, ab is nobody."""
_LONG_WORD = 6
"""A word of that many letters, in a name of several, is known also with a space in it; a shorter one
where the space does not make two words of every day of it."""
_UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")
_NO_GUEST = re.compile(r"(?:guest|guests|client|team|staff|vip|tbc|tba|\d+)*")
_AND = re.compile(r"\s(?:and|und|et|y|e|och|og)\s", re.IGNORECASE)
_POINTS = frozenset(("", ".", "\u00b7"))
_HYPHENS = frozenset("-\u2010\u2013_")
_OFTEN_ALONE = frozenset("aeiouy")
"""Words of one letter, in one language or another."""
_CONTRACTED = frozenset(("s", "t", "ll", "re", "ve", "d", "m"))
"""What an apostrophe leads to that is no part of a name: «she'll» is no Shell."""


class _Name(NamedTuple):
    """A name to look for. letters: without what stands between its words; starts: where in it each
    word begins; written: the name itself, of a short one; within: what stands between its letters."""

    letters: str
    starts: frozenset[int]
    everyday: bool
    written: str = ""
    within: str = ""


class Redactor:
    """Replaces names in texts, whatever their case, accents, width of letters, what no reader sees in
    them, and whatever stands between their words. Names that are words of every day only go where
    they are meant as names."""

    def __init__(self, names: Iterable[str], instead: str) -> None:
        self._instead = instead
        self._plain: dict[str, list[_Name]] = {}
        self._alike: dict[str, list[_Name]] = {}
        literal = set()
        for name in {name.strip() for name in names} - {""}:
            forms = _forms(name)
            if forms.is_literal:
                literal.add(name)
            for found, into in ((forms.plain, self._plain), (forms.alike, self._alike)):
                for form in found:
                    known = into.setdefault(form.letters[:2], [])
                    if form not in known:
                        known.append(form)
        for listed in (*self._plain.values(), *self._alike.values()):
            listed.sort(key=lambda one: -len(one.letters))
        letter = r"[^\W_]"
        parts = [
            rf"(?<!{letter}){UNSEEN.join(map(re.escape, name))}(?!{letter})"
            for name in sorted(literal, key=lambda name: (-len(name), name))
        ]
        self._literal = re.compile("|".join(parts)) if parts else None
        self._known: dict[tuple[str, bool], str] = {}

    def text(self, value: str | None) -> str | None:
        """The text without the names."""
        return self._read(value, is_seat=False) if value else value

    def seat(self, value: str | None) -> str | None:
        """A seat, a row, a category, a game or a number without the names: but for those that are
        words of every day, numbers, or as short as the names of blocks are."""
        return self._read(value, is_seat=True) if value else value

    def _read(self, value: str, *, is_seat: bool) -> str:
        key = value, is_seat
        if key not in self._known:
            self._known[key] = self._without(value, is_seat=is_seat)
        return self._known[key]

    def _without(self, value: str, *, is_seat: bool) -> str:
        if not self._plain and self._literal is None:
            return value
        spans: list[tuple[int, int]] = []
        if self._literal is not None and not is_seat:
            spans += (found.span() for found in self._literal.finditer(value))
        signs = decoded(value)
        read_as: list[tuple[Reading, list[Sign] | None]] = [(how, None) for how in readings(value)]
        if signs:
            read_as += [(how, signs) for how in readings("".join(one for *_, one in signs))]
        for reading, of in read_as:
            letters = Letters(value, reading, of)
            names = self._alike if reading is Reading.LOOKALIKE else self._plain
            spans += (
                (letters.starts[at], letters.ends[end - 1])
                for at, end in _hits(letters, names, is_seat=is_seat)
            )
        if not spans:
            return value
        pieces, last = [], 0
        for start, end in _apart(spans):
            pieces += [value[last:start], self._instead]
            last = end
        return "".join([*pieces, value[last:]])


def is_telling(name: str) -> bool:
    """Whether a name is long enough to be looked for in seats and rows: three letters or digits, or
    any of a script whose words are short."""
    return sum(c.isalnum() for c in name) >= _SHORT or bool(_UNSPACED_LETTER.search(name))


def is_name_of(company: str, guest: str) -> bool:
    """Whether what should be a guest's name is a company's, also one that is a word of every day:
    the name itself, or `North guest 2`."""
    name, words = Letters(proper_name(company)).text, Letters(guest)
    rest = words.text.removeprefix(name)
    return bool(name) and rest != words.text and _NO_GUEST.fullmatch(rest) is not None


def _is_literal(name: str) -> bool:
    """Whether a name is also looked for as it is written: one of two letters, or of none."""
    letters = Letters(name)
    if not letters.text or is_telling(name):
        return not letters.text
    return not (name.isalnum() and is_everyday([letters.text]))


class _Forms(NamedTuple):
    """How a name is looked for. is_literal: also as it is written; plain, alike: by its letters."""

    is_literal: bool
    plain: tuple[_Name, ...]
    alike: tuple[_Name, ...]


@lru_cache(maxsize=20_000)
def _forms(name: str) -> _Forms:
    """Every reader has other names taken out, and most of them are the same."""
    spellings = dict.fromkeys((name, _AND.sub(" & ", name), name.replace("&", " and ")))
    plain = (_form(text, how) for text in spellings for how in (Reading.PLAIN, Reading.SPELT_OUT))
    alike = (_form(text, Reading.LOOKALIKE) for text in spellings)
    return _Forms(
        _is_literal(name),
        tuple(dict.fromkeys(form for form in plain if form)),
        tuple(dict.fromkeys(form for form in alike if form)),
    )


def _form(name: str, reading: Reading) -> _Name | None:
    letters = Letters(name, reading)
    if not letters.text:
        return None
    starts = frozenset(
        i for i, gap in enumerate(letters.gaps[:-1]) if i == 0 or gap is not Gap.NONE
    )
    words = [letters.text[a:b] for a, b in pairwise([*sorted(starts), len(letters.text)])]
    known = _Name(letters.text, starts, is_everyday(words))
    if is_telling(name):
        return known
    return known._replace(written=name, within=_within(letters, 0, len(letters.text)))


def _hits(
    letters: Letters, names: dict[str, list[_Name]], *, is_seat: bool
) -> Iterator[tuple[int, int]]:
    """(first letter, behind the last) of every name."""
    text = letters.text
    for at in range(len(text)):
        candidates = names.get(text[at : at + 2], ())
        if at + 1 <= len(text) and (single := names.get(text[at])):
            candidates = [*candidates, *single]
        if not candidates or not (letters.begins_word(at) or _by_digit(letters, at)):
            continue
        for name in candidates:
            end = at + len(name.letters)
            glued = not is_seat and _may_be_glued(name)
            if (
                text.startswith(name.letters, at)
                and (letters.begins_word(at) or glued)
                and (letters.ends_word(end) or (glued and _by_digit(letters, end)))
                and _is_spelt(letters, at, name)
                and not (is_seat and (name.everyday or name.written or name.letters.isdigit()))
                and (not name.everyday or is_meant(letters, at, end, name.letters))
            ):
                yield at, end
                break


def _may_be_glued(name: _Name) -> bool:
    """Whether a name is known where digits stick to it: one of several words, or a long one."""
    own = len(name.starts) > 1 or len(name.letters) >= _LONG_WORD
    return own and not (name.everyday or name.written)


def _by_digit(letters: Letters, at: int) -> bool:
    """Whether a letter and the one before it are a letter and a digit, as in `DeltaAG2026`."""
    return letters.text[at - 1].isdigit() != letters.text[at].isdigit()


def _is_spelt(letters: Letters, at: int, name: _Name) -> bool:
    """Whether letters that are those of a name are its words: whole, with points or hyphens in
    them, or each letter apart."""
    end = at + len(name.letters)
    if name.written:
        return _is_short_name(letters, at, end, name)
    if not any(letters.gaps[at + 1 : end]):
        return True
    starts = [*sorted(name.starts), len(name.letters)]
    return all(
        _is_word(letters, at + first, at + behind, many=len(starts) > 2)
        for first, behind in pairwise(starts)
    )


def _is_word(letters: Letters, first: int, behind: int, *, many: bool) -> bool:
    """Whether letters are one word. many: whether the name has several."""
    starts = letters.starts
    inner = [i for i in range(first + 1, behind) if starts[i] != starts[i - 1]]  # ß is two
    gaps = [letters.gaps[i] for i in inner]
    if not any(gaps):
        return True
    if all(gaps) and len(gaps) > 1:
        return not letters.text[first:behind].isdigit()  # `A c m e`
    cuts = [first, *(i for i in inner if letters.gaps[i]), behind]
    pieces = [b - a for a, b in pairwise(cuts)]
    if max(pieces) <= 2 and 3 * pieces.count(1) >= 2 * len(pieces) >= 6:  # `W e i SS`
        return True
    odd = [i for i in inner if not _is_joined(letters, i)]
    if not odd:
        return True
    breaks = [i for i in odd if letters.gaps[i] is Gap.SPACE]
    if not many or not len(odd) == len(breaks) == 1:
        return False
    cut, word = breaks[0], letters.text[first:behind]
    if len(word) >= _LONG_WORD:
        return True
    return len(word) > _SHORT and not (
        is_common(word[: cut - first]) and is_common(word[cut - first :])
    )


def _is_joined(letters: Letters, i: int) -> bool:
    """Whether what stands before a letter leaves it in one word with the letter before."""
    gap, before, letter = letters.gaps[i], letters.text[i - 1], letters.text[i]
    if gap in (Gap.NONE, Gap.HIDDEN):
        return True
    if before.isdigit() and letter.isdigit():
        return False
    if is_unspaced(before) and is_unspaced(letter):
        return gap is not Gap.SENTENCE or not letters.between[i].strip(" .\n")
    if gap is Gap.SPACE:
        return False
    if gap is Gap.APOSTROPHE:
        end = i + 1
        while end < len(letters.text) and letters.gaps[end] is Gap.NONE:
            end += 1
        return letters.text[i:end] not in _CONTRACTED
    return gap is Gap.JOINER


def _is_short_name(letters: Letters, at: int, end: int, name: _Name) -> bool:
    """Whether letters are a name of one or two: as it should be written; in any case, where it is
    no other word; apart, where they are no rows or gates either."""
    here = "".join(letters.original[letters.starts[i]] for i in range(at, end))
    wanted = "".join(c for c in name.written if c.isalnum())
    is_case = unicodedata.normalize("NFKC", here) == wanted
    within, gap = _within(letters, at, end), max(letters.gaps[at + 1 : end], default=Gap.NONE)
    is_own = within == name.within and len(name.starts) > 1
    if is_own and within not in _POINTS:  # `h & m`
        return True
    if is_own or gap <= Gap.HIDDEN or (within and within in _POINTS):
        return is_case or name.letters not in SHORT_WORDS
    if name.letters in SHORT_WORDS or not name.letters.isalpha() or is_listed(letters, at, end):
        return False
    if gap is Gap.JOINER:
        return within in _HYPHENS
    return gap is Gap.SPACE and not within and is_case and _OFTEN_ALONE.isdisjoint(name.letters)


def _within(letters: Letters, at: int, end: int) -> str:
    """What stands between letters, but for spaces."""
    return "".join("".join(letters.between[at + 1 : end]).replace(ZERO_WIDTH_SPACE, "").split())


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found

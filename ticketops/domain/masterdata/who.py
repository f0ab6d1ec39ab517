"""Who is who (D23): the client, vendor or match that a text means.

An exact name, an alias, or a unique prefix of three letters or more is taken. What is near a known
name, or tied between several, is refused with the candidates; what is near none is new.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, reduce
from operator import or_
from typing import Literal, NamedTuple, cast

from msgspec import Struct

from ticketops.domain.masterdata.companies import client_group_key, legal_form
from ticketops.errors import NotFoundError, UnclearNameError
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key
from ticketops.model.spelling import tidy

How = Literal["exact", "code", "alias", "alike", "prefix", "chosen", "new"]
_LEAST_PREFIX = 3
_LEAST_NEAR = 4
_LONG = 7
"""In words of so many letters two may be wrong."""
_MOST_CANDIDATES = 6
_MOST_LETTERS = 8
"""So many letters may stand in one of two names only: two words, two changes each, two letters a
change."""
_MOST_IN_WORD = 4
"""And in one of two words: two changes."""
_MOST_APART = 5
"""Two words may each lack two letters, and there may be a space too many."""
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ı": "i",
        "&": " and ",
    }
)


class Found(Struct, frozen=True):
    """Whom a text means. name: as the workbook spells it; how: by which rule it was taken."""

    text: str
    name: str
    how: How

    @property
    def score(self) -> float:
        """How sure that is, from 0 (somebody new) to 1 (that very name): of a beginning, how much
        of the name it is."""
        if self.how == "prefix":
            return round(min(len(fold(self.text)) / max(len(fold(self.name)), 1), 0.99), 2)
        return {"alike": 0.95, "new": 0.0}.get(self.how, 1.0)

    def said(self, what: str) -> list[Finding]:
        """What a person is told: nothing where it is that very name. what: `client`."""
        if self.how == "exact":
            return []
        if self.how == "new":
            message = f"{self.name} is a new {what}"
            return [Finding("NEW_NAME", Severity.INFO, message)]
        return [
            Finding("NAME_TAKEN", Severity.INFO, f"{what} {self.text!r} is taken as {self.name}")
        ]


@lru_cache(maxsize=20_000)
def fold(name: str) -> str:
    """A name for comparing: no case, accents, punctuation or doubled spaces."""
    if name.isascii():
        kept = tidy(name).lower().replace("&", " and ")
    else:
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", tidy(name)).casefold())
        kept = "".join(c for c in plain if not unicodedata.combining(c)).translate(_LETTERS)
    return " ".join(re.sub(r"(?<=\w)['’.](?=\w)|[\W_]", _gap, kept).split())


def _gap(found: re.Match[str]) -> str:
    return "" if found[0] in "'’." else " "


def near(one: str, other: str) -> bool:
    """Whether one name may be a slip of the finger for the other: symmetric, and never so for the
    same name, names that differ in a digit, names under four letters, or two legal forms."""
    a, b = _traits(one), _traits(other)
    return (a.alphabet ^ b.alphabet).bit_count() <= _MOST_LETTERS and _near(a, b)


def pairs(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those of some names that are near each other, or the same but for accents and punctuation;
    in their order."""
    traits = [(name, _traits(name)) for name in names]
    sizes = [(at, of.alphabet, of.length) for at, (_name, of) in enumerate(traits)]
    same: dict[str, list[int]] = {}
    for at, (_name, of) in enumerate(traits):
        same.setdefault(of.folded, []).append(at)
    for place, (one, a) in enumerate(traits):
        own, least, most = a.alphabet, a.length - _MOST_APART, a.length + _MOST_APART
        alike = {
            at
            for at, alphabet, length in sizes[place + 1 :]
            if least <= length <= most and (own ^ alphabet).bit_count() <= _MOST_LETTERS
        }
        for at in sorted(alike | {at for at in same[a.folded] if at > place}):
            other, b = traits[at]
            if a.folded == b.folded or _near(a, b):
                yield one, other


def _near(a: _Traits, b: _Traits) -> bool:
    if a.folded == b.folded or a.digits != b.digits or min(a.letters, b.letters) < _LEAST_NEAR:
        return False
    if abs(a.length - b.length) > _MOST_APART or (a.form and b.form and a.form != b.form):
        return False
    return a.ordered == b.ordered or _alike(a, b)


class _Traits(NamedTuple):
    """What of a name is compared. words: of the name without what follows it, and in the order of
    the alphabet; masks: which letters each has, a bit a letter; alphabet: and all of them; letters:
    how many; length: with the spaces between them."""

    folded: str
    digits: tuple[str, ...]
    form: frozenset[str]
    words: tuple[str, ...]
    ordered: tuple[str, ...]
    joined: str
    masks: tuple[int, ...]
    alphabet: int
    letters: int
    length: int


@lru_cache(maxsize=20_000)
def _traits(name: str) -> _Traits:
    folded, proper = fold(name), fold(client_group_key(name))
    words = tuple(proper.split())
    masks = tuple(map(_mask, words))
    return _Traits(
        folded,
        tuple(re.findall(r"\d+", folded)),
        legal_form(name),
        words,
        tuple(sorted(words)),
        "".join(words),
        masks,
        reduce(or_, masks, 0),
        _letters(proper),
        len(proper),
    )


def _mask(word: str) -> int:
    return reduce(or_, (1 << (ord(char) & 63) for char in set(word)), 0)


def _alike(one: _Traits, other: _Traits) -> bool:
    """Whole names, word by word; where a space is wrong, without spaces."""
    if len(one.words) != len(other.words):
        most = min(2, len(one.joined) // 8, len(other.joined) // 8)
        if (one.alphabet ^ other.alphabet).bit_count() > 2 * most:
            return False
        return _may_be_within(most, one.joined, other.joined) and (
            _distance(one.joined, other.joined) <= most
        )
    if any(
        (a ^ b).bit_count() > _MOST_IN_WORD for a, b in zip(one.masks, other.masks, strict=True)
    ):
        return False
    apart = [(a, b) for a, b in zip(one.words, other.words, strict=True) if a != b]
    if len(apart) > 2 or min(max(len(a), len(b)) for a, b in apart) < _LEAST_NEAR:
        return False
    slips = [(1 if min(len(a), len(b)) < _LONG else 2, a, b) for a, b in apart]
    return all(_may_be_within(*slip) for slip in slips) and all(
        _distance(a, b) <= most for most, a, b in slips
    )


def _may_be_within(most: int, one: str, other: str) -> bool:
    """Whether so many changes of a letter may make one text of the other: each brings one letter
    at most and takes one away. It costs little, and mostly tells already."""
    if abs(len(one) - len(other)) > most or len(set(one) ^ set(other)) > 2 * most:
        return False
    a, b = Counter(one), Counter(other)
    return max((a - b).total(), (b - a).total()) <= most


def _distance(one: str, other: str) -> int:
    from rapidfuzz.distance import OSA  # only for names that are not known: the import takes 20 ms

    return int(OSA.distance(one, other))


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def begins(text: str, name: str) -> bool:
    """Whether a text is the beginning of a name: three letters or more, no number cut in two."""
    start, whole = fold(text), fold(name)
    return (
        _letters(start) >= _LEAST_PREFIX
        and whole.startswith(start)
        and not (start[-1:].isdigit() and whole[len(start) : len(start) + 1].isdigit())
    )


def unclear(
    what: str, text: str, candidates: Iterable[str], *, insist: str = ""
) -> UnclearNameError:
    """The refusal, with the candidates. insist: the option that takes the text as it is."""
    listed = list(dict.fromkeys(candidates))
    shown = ", ".join(listed[:_MOST_CANDIDATES]) + (" …" if len(listed) > _MOST_CANDIDATES else "")
    hint = f"did you mean {shown}?" if len(listed) == 1 else f"did you mean one of {shown}?"
    if insist:
        hint += f" {insist} records it as a new {what}"
    return UnclearNameError(
        f"{what} {text!r} is ambiguous",
        hint,
        what=what,
        text=text,
        candidates=listed[:_MOST_CANDIDATES],
    )


class Directory:
    """The names of one kind that a workbook knows. what: `client`. aliases: {name: whose it is}.
    chosen: {text: name} that a person at a terminal chose. masters: names whose spelling there
    counts; codes: {code: whose it is}, each as exact as a name, and before one that only rows say."""

    def __init__(
        self,
        what: str,
        names: Iterable[str | None],
        aliases: Mapping[str, str] | None = None,
        chosen: Mapping[tuple[str, str], str] | None = None,
        *,
        masters: Iterable[str] = (),
        codes: Mapping[str, str] | None = None,
    ) -> None:
        self._what = what
        self._codes = {name_key(code) or "": name for code, name in (codes or {}).items()}
        self._chosen = chosen or {}
        self._aliases = {name_key(name) or "": target for name, target in (aliases or {}).items()}
        self.aliases = tuple(aliases or ())
        self._first: frozenset[str | None] = frozenset()
        counts = Counter(names)  # of a list, without a loop: a name stands there once a ticket
        for blank in (None, ""):
            counts.pop(blank, None)
        counts.update(self._aliases.values())
        self._spelt = cast("Counter[str]", counts)
        self._by_key: dict[str, str] = {name_key(name) or "": name for name in masters}
        for key in (*self._by_key, *self._aliases):  # a record's own name, or who is kept apart
            self._codes.pop(key, None)
        for name, _ in self._spelt.most_common():
            self._by_key.setdefault(name_key(name) or "", name)

    @property
    def names(self) -> list[str]:
        """Every name, in its most frequent spelling."""
        return list(self._by_key.values())

    def spelt(self, text: str) -> str:
        """A known name as the workbook spells it, whomever it stands for."""
        key = name_key(text) or ""
        alias = next((name for name in self.aliases if name_key(name) == key), text)
        return self._by_key.get(key, alias)

    def known(self, text: str) -> bool:
        """Whether it is a name or an alias, case and spaces forgiven."""
        key = name_key(text) or ""
        return key in self._by_key or key in self._aliases

    def is_apart(self, name: str) -> bool:
        """Whether somebody said that a name is one of its own, whatever it resembles."""
        key = name_key(name) or ""
        return key in self._aliases and name_key(self._aliases[key]) == key

    def owner(self, name: str) -> str:
        """Whom a name stands for: itself, or what its alias says, or whose code it is."""
        seen: set[str] = set()
        while (key := name_key(name) or "") not in seen:
            seen.add(key)
            name = self._aliases.get(key) or self._codes.get(key) or name
        return self._by_key.get(name_key(name) or "", name)

    def prefer(self, names: Iterable[str]) -> None:
        """Names that stand first among candidates: clients with a contract, say (§4)."""
        self._first = frozenset(map(name_key, names))

    def learn(self, name: str) -> None:
        """A name that is known from now on: of an earlier line of the same command."""
        self._spelt[name] += 1
        self._by_key.setdefault(name_key(name) or "", name)

    def require(self, text: str, *, new: bool = False, where: str, insist: str = "--new") -> Found:
        """Whom a text means, who must be known, or insisted on. Raises NotFoundError, naming where
        it was looked for."""
        found = self.find(text, new=new, insist=insist)
        if found.how == "new" and not new:
            more = f"; {insist} takes it anyway" if insist else ""
            raise NotFoundError(
                f"{where} has no {self._what} {found.name!r}", f"it is unknown{more}"
            )
        return found

    def find(self, text: str, *, new: bool = False, insist: str = "--new") -> Found:
        """Whom a text means. new: insist that it is somebody new, unless it is known to the letter.

        Raises UnclearNameError where it is near a known name, or tied.
        """
        text = " ".join(tidy(text).split())  # a name is one line
        if (chosen := self._chosen.get((self._what, text))) is not None:
            return Found(text, chosen, "chosen")
        key = name_key(text) or ""
        if key in self._aliases and name_key(self._aliases[key]) != key:
            return Found(text, self.owner(text), "alias")
        if key in self._codes:
            return Found(text, self.owner(text), "code")
        if key in self._by_key:
            return Found(text, text if text in self._spelt else self._by_key[key], "exact")
        if new:
            return Found(text, text, "new")
        return self._guessed(text, insist)

    def _guessed(self, text: str, insist: str) -> Found:
        alike = self._owners(name for name in self._every() if fold(name) == fold(text))
        if len(alike) == 1:
            return Found(text, alike[0], "alike")
        prefixed = self._owners(name for name in self._every() if begins(text, name))
        close = self._owners(self.near(text))
        candidates = list(dict.fromkeys([*alike, *prefixed, *close]))
        if len(prefixed) == 1 and len(candidates) == 1:
            return Found(text, prefixed[0], "prefix")
        candidates.sort(key=lambda name: name_key(name) not in self._first)
        if candidates:
            raise unclear(self._what, text, candidates, insist=insist)
        return Found(text, text, "new")

    def near(self, text: str) -> list[str]:
        """The known names that a text is near."""
        return [name for name in self._every() if near(text, name)]

    def _every(self) -> list[str]:
        return [*self._by_key.values(), *self._aliases]

    def _owners(self, names: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(self.owner(name) for name in names))

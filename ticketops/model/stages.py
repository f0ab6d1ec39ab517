"""Stages of a competition, computed from a match's number or from what a schedule calls it, never
stored (§1a, §17, §18c)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ticketops.model import ids
from ticketops.model.patterns import when_needed

GROUP, ROUND_OF_32, ROUND_OF_16 = "GROUP", "ROUND_OF_32", "ROUND_OF_16"
QUARTER_FINAL, SEMI_FINAL, THIRD_PLACE, FINAL = (
    "QUARTER_FINAL",
    "SEMI_FINAL",
    "THIRD_PLACE",
    "FINAL",
)
FINALS, BRONZE, ROUND, PRELIMINARY = "FINALS", "BRONZE", "ROUND", "PRELIMINARY"
QUALIFICATION, ELIMINATION, CEREMONY, QUALIFIER = (
    "QUALIFICATION",
    "ELIMINATION",
    "CEREMONY",
    "QUALIFIER",
)
SMALL = 64
"""Up to so many matches a schedule has the ranges of the World Cups until 2022 (§17)."""
_OLD = (
    (48, GROUP),
    (56, ROUND_OF_16),
    (60, QUARTER_FINAL),
    (62, SEMI_FINAL),
    (63, THIRD_PLACE),
    (64, FINAL),
)
_OF_2026 = (
    (72, GROUP),
    (88, ROUND_OF_32),
    (96, ROUND_OF_16),
    (100, QUARTER_FINAL),
    (102, SEMI_FINAL),
    (103, THIRD_PLACE),
    (104, FINAL),
)
_NAMED: Mapping[str, str] = {
    GROUP: "Group stage",
    THIRD_PLACE: "Match for third place",
    QUARTER_FINAL: "Quarter-final",
    SEMI_FINAL: "Semi-final",
}
_ORDER = (
    CEREMONY,
    FINAL,
    FINALS,
    THIRD_PLACE,
    BRONZE,
    SEMI_FINAL,
    QUARTER_FINAL,
    ROUND_OF_16,
    ROUND_OF_32,
    ROUND,
    ELIMINATION,
    PRELIMINARY,
    QUALIFICATION,
    GROUP,
    QUALIFIER,
)
"""Which of several stages of one text counts: a session with semi-finals and a final is sold as the
final."""
_KEYWORDS = when_needed(
    r"""(?P<ROUND_OF>(?:1\s*/\s*(?P<nth>\d{1,2})|round\s+of\s+(?P<of>\d{1,3})|last\s+(?P<last>32|16))
          (?:\s*[- ]?\s*(?:finals?|(?P<elimination>eliminations?)))?)
      |(?P<QUARTER_FINAL>quarter[- ]?finals?)
      |(?P<SEMI_FINAL>semi[- ]?finals?)
      |(?P<THIRD_PLACE>(?:third|3rd)[- ]place)
      |(?P<BRONZE>bronze)
      |(?P<CEREMONY>(?:opening|closing)(?:\s+ceremony)?)
      |(?P<FINALS>finals)
      |(?P<FINAL>final|gold[- ]medal)
      |(?P<ROUND>round(?:\s+(?P<round>\d{1,2}))?|rounds)
      |(?P<PRELIMINARY>preliminar(?:y|ies)(?:\s+rounds?)?)
      |(?P<QUALIFICATION>qualif(?:ications?|ying)(?:\s+rounds?)?)
      |(?P<QUALIFIER>qualifiers?)
      |(?P<ELIMINATION>eliminations?(?:\s+rounds?)?)
      |(?P<GROUP>group(?:\s+(?:stage|phase|[A-Z0-9]{1,2}(?!\w)))?|pool(?:\s+[A-Z0-9]{1,2}(?!\w))?)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_REFERENCE = when_needed(
    r"\b(?:winners?|runners?[- ]?up|losers?|third|3rd)(?:[- ]placed)?\s+(?:of\s+|in\s+|from\s+)?"
    r"(?:group|quarter[- ]?finals?|semi[- ]?finals?|round\s+of\s+\d+|play[- ]?offs?)\b(?:\s+\S+)?",
    re.IGNORECASE,
)
"""Who plays, not when: `Winner Group A` is no group match."""
_HALVES = {1: FINAL, 2: SEMI_FINAL, 4: QUARTER_FINAL}
_LABELS: Mapping[str, str] = {
    "R32": ROUND_OF_32,
    "R16": ROUND_OF_16,
    "QF": QUARTER_FINAL,
    "SF": SEMI_FINAL,
}
_LABEL = when_needed(
    r"(?P<short>R32|R16|QF|SF)[\s#-]*(?P<n>\d{1,2})"
    r"|(?P<long>quarter[- ]?final(?:ist)?|semi[- ]?final(?:ist)?|round\s+of\s+(?:32|16))"
    r"(?:\s+match)?[\s#-]*(?P<nth>\d{1,2})",
    re.IGNORECASE,
)


def of_code(code: str, size: int) -> str:
    """The stage of a match of the M kind in a schedule of so many matches (C4); "" for other codes
    and numbers that the schedule can't have."""
    number = ids.fifa_number(code)
    if not number:
        return ""
    ranges = _OLD if size <= SMALL else _OF_2026
    return next((stage for last, stage in ranges if number <= last), "")


def of_text(text: str) -> str:
    """The stage that a description names (§18c), the last one where it names several: `M - Team -
    1/4 Finals, Semi-finals, Bronze, Final` → FINAL. `Round 2` → ROUND_2, `1/8 Finals` → ROUND_OF_16.
    "" where it names none."""
    text = _REFERENCE().sub("", text)
    found: dict[str, str] = {}
    for said in _KEYWORDS().finditer(text):
        if (text[said.start() - 1 : said.start()] or " ").isalnum():
            continue
        if (text[said.end() : said.end() + 1] or " ").isalnum():
            continue
        kind = said.lastgroup or ""
        name = kind
        if said["ROUND_OF"]:
            kind = name = _round_of(said)
        elif said["ROUND"] and said["round"]:
            kind, name = ROUND, f"{ROUND}_{int(said['round'])}"
        else:
            kind = name = next(one for one in _ORDER if one in said.re.groupindex and said[one])
        found.setdefault(kind if kind in _ORDER else ROUND, name)
    return next((found[kind] for kind in _ORDER if kind in found), "")


def _round_of(said: re.Match[str]) -> str:
    """`1/8 Finals` and `Round of 16` → ROUND_OF_16; `1/8 Eliminations` are eliminations."""
    if said["elimination"]:
        return ELIMINATION
    teams = int(said["of"] or said["last"] or 2 * int(said["nth"]))
    return _HALVES.get(teams // 2, f"{ROUND}_OF_{teams}")


def stage_of(code: str, size: int, *texts: str | None) -> str:
    """The stage of a match. size: of the schedule, as `size_of` says it; texts: what the schedule
    calls it (its description, its group or round). What a text says counts before the number: a
    tournament of 51 matches has its first round of 16 at M37."""
    return next(filter(None, (of_text(text or "") for text in texts)), "") or of_code(code, size)


def size_of(codes: Iterable[str]) -> int:
    """How many matches a schedule has, by the highest number of the M kind: a part of 104 matches is
    not a tournament of 64."""
    return max((ids.fifa_number(code) or 0 for code in codes), default=0)


def named(stage: str) -> str:
    """A stage as people read it: ROUND_OF_16 → Round of 16, SEMI_FINAL → Semi-final."""
    words = stage.lower().split("_")
    return _NAMED.get(stage) or " ".join(words).capitalize()


def label_of(text: str) -> tuple[str, int] | None:
    """A label of a match within its stage: `QF1`, `Quarter-final 1`, `SF 2` → (QUARTER_FINAL, 1),
    (SEMI_FINAL, 2); None for any other text."""
    said = _LABEL().fullmatch(text.strip())
    if not said:
        return None
    if said["short"]:
        return _LABELS[said["short"].upper()], int(said["n"])
    words = re.sub("ist$", "", said["long"], flags=re.IGNORECASE)
    return of_text(words), int(said["nth"])

"""Who plays whom, as schedules write it: teams, and placeholders for teams that are not known yet
(§1a.2, §17, C5)."""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from ticketops.model import ids, spelling, stages
from ticketops.model.names import same_name
from ticketops.model.patterns import when_needed
from ticketops.model.stages import label_of


class SideKind(Enum):
    """What a side is. WINNER, RUNNER_UP and LOSER are of a match; PLACE and THIRD of groups; BY_HAND
    is a placeholder that no result of this schedule decides."""

    TEAM = "team"
    TBD = "tbd"
    QUALIFIER = "qualifier"
    WINNER = "winner"
    RUNNER_UP = "runner-up"
    LOSER = "loser"
    PLACE = "place"
    THIRD = "third"
    BY_HAND = "by hand"


OF_MATCH = (SideKind.WINNER, SideKind.RUNNER_UP, SideKind.LOSER)
OF_GROUPS = (SideKind.PLACE, SideKind.THIRD)


class Side(Struct, frozen=True):
    """A side of a match. text: as it was written. ref: of a match its code (`M74`, `FBL58`) or its
    label within a stage (`QF1` as `QUARTER_FINAL 1`); of groups their letters (`A`, `ABCDF`).
    place: in the group, 1 is the first."""

    text: str
    kind: SideKind
    ref: str = ""
    place: int = 0

    @property
    def is_placeholder(self) -> bool:
        """Whether it stands for a team that is not known yet."""
        return self.kind is not SideKind.TEAM

    @property
    def resolves(self) -> bool:
        """Whether results decide it."""
        return self.kind in OF_MATCH or self.kind in OF_GROUPS

    @property
    def label(self) -> tuple[str, int] | None:
        """(stage, number within it) of a match that is named by these."""
        stage, _, number = self.ref.partition(" ")
        return (stage, int(number)) if self.kind in OF_MATCH and number else None


class Pairing(Struct, frozen=True):
    """The two sides of a text. before, between, after: what stands in front of them, between them and
    behind them, so that the text can be written with other sides."""

    home: Side
    away: Side
    before: str = ""
    between: str = " vs "
    after: str = ""

    @property
    def is_one_team(self) -> bool:
        """Whether a team plays against itself; placeholders may be alike."""
        return not self.home.is_placeholder and same_name(self.home.text, self.away.text)

    def shown(self, home: str, away: str) -> str:
        """The text with other sides."""
        return f"{self.before}{home}{self.between}{away}{self.after}"


VERSUS = when_needed(
    r"\s+(?:vs?\.?|versus|x|[-\u2013\u2014/:@]|gegen|contre|contra)\s+", re.IGNORECASE
)
"""What may stand between two teams."""
_WORDS = when_needed(r"\s+(?:vs?\.?|versus|x|gegen|contre|contra)\s+", re.IGNORECASE)
_PREFIX = when_needed(
    r"(?:(?:m|w|x|men'?s?|women'?s?|mixed)(?:\s*[-\u2013\u2014:]\s*|\s+(?=group|team)))"
    r"(?:(?:group|pool)\s+\w+\s*[-\u2013\u2014:]\s*)?"
    r"|(?:group|pool)\s+\w+\s*[-\u2013\u2014:]\s*",
    re.IGNORECASE,
)
_HEADING = when_needed(r".+(?:\s[-\u2013\u2014]\s+|:\s+)")
_SUFFIX = when_needed(r"\s*(?:\s[-\u2013\u2014]\s|[,(;|\u00b7]).+")
_NO_PAIR = when_needed(r"\b(?:day|session|part)\b", re.IGNORECASE)
_TBD = when_needed(
    r"tb[dca]|\?+|to\s+be\s+(?:determined|decided|confirmed|announced|defined)|not\s+known(?:\s+yet)?",
    re.IGNORECASE,
)
_QUALIFIER = when_needed(r"(?:qualifiers?|qualified(?:\s+team)?)(?:\s+\#?\w{1,3})?", re.IGNORECASE)
_SHORT = when_needed(r"(W|L|RU)[\s-]?(?:M(?:atch)?\s?)?(\d{1,3})", re.IGNORECASE)
_OF = when_needed(
    r"(?P<what>winners?|runners?[- ]?up|losers?)(?:\s+of)?(?:\s+the)?\s+(?P<ref>.+)"
    r"|(?P<ref2>.+?)\s+(?P<what2>winners?|runners?[- ]?up|losers?)",
    re.IGNORECASE,
)
_GROUP = when_needed(r"(?:group|pool)\s+([A-Z])", re.IGNORECASE)
_PLACE = when_needed(r"([1-9])([A-Z])")
_PLACE_IN_WORDS = when_needed(
    r"(1st|2nd|3rd|[4-9]th|first|second|third|fourth)(?:[- ]placed?)?(?:\s+team)?"
    r"(?:\s+(?:of|in|from))?\s+(?:group|pool)\s+([A-Z])",
    re.IGNORECASE,
)
_THIRD = when_needed(
    r"(?:3|(?:best\s+)?(?:3rd|third)(?:[- ]placed?)?(?:\s+team)?(?:\s+(?:of|in|from))?\s+(?:groups?\s+)?)"
    r"([A-Z](?:\s*[/,|]\s*[A-Z])+|[A-Z]{2,12})"
)
_SEEDED = when_needed(r"[A-Z]{2,4}\d")
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_CODE = when_needed(r"(?:match\s*(?:no\.?|\#)?\s*|m\s*|\#)?0*(\d{1,3})", re.IGNORECASE)


def parse_side(text: str | None) -> Side:
    """What a side is (C5). A blank one is to be decided."""
    said = spelling.tidy(text or "")
    if not said or _TBD().fullmatch(said):
        return Side(said, SideKind.TBD)
    if _QUALIFIER().fullmatch(said):
        return Side(said, SideKind.QUALIFIER)
    if short := _SHORT().fullmatch(said):
        return Side(said, _kind(short[1]), f"M{int(short[2]):02d}")
    if place := _PLACE().fullmatch(said):
        return Side(said, SideKind.PLACE, place[2], int(place[1]))
    if place := _PLACE_IN_WORDS().fullmatch(said):
        number = _NTH.get(place[1].lower()) or int(place[1][0])
        return Side(said, SideKind.PLACE, place[2].upper(), number)
    if third := _THIRD().fullmatch(_lower_words(said)):
        groups = "".join(dict.fromkeys(re.findall("[A-Z]", third[1])))
        return Side(said, SideKind.THIRD, groups, 3)
    if of := _OF().fullmatch(said):
        return _referring(said, of["what"] or of["what2"], of["ref"] or of["ref2"])
    if _SEEDED().fullmatch(said):
        return Side(said, SideKind.BY_HAND)
    return Side(said, SideKind.TEAM)


def _lower_words(text: str) -> str:
    """Words in small letters, so that only letters of groups are capital ones."""
    return re.sub(
        r"\b(?:3rd|third|best|placed?|teams?|groups?|of|in|from)\b",
        lambda word: word[0].lower(),
        text,
        flags=re.IGNORECASE,
    )


def _kind(word: str) -> SideKind:
    first = word[0].upper()
    return {"W": SideKind.WINNER, "L": SideKind.LOSER}.get(first, SideKind.RUNNER_UP)


def _referring(text: str, word: str, ref: str) -> Side:
    """`Winner Group A`, `Runner-up M74`, `QF1 winner`; what is neither a group nor a match of this
    schedule (`UEFA Path D winner`) is decided by hand."""
    kind = _kind(word)
    if group := _GROUP().fullmatch(ref):
        place = {SideKind.WINNER: 1, SideKind.RUNNER_UP: 2}.get(kind, 0)
        if place:
            return Side(text, SideKind.PLACE, group[1].upper(), place)
        return Side(text, SideKind.BY_HAND)
    if label := label_of(ref):
        return Side(text, kind, f"{label[0]} {label[1]}")
    if code := _CODE().fullmatch(ref):
        return Side(text, kind, f"M{int(code[1]):02d}")
    if spelling.is_session(ref) and not ref.upper().startswith("M0"):
        return Side(text, kind, ids.normalise_match(ref))
    return Side(text, SideKind.BY_HAND)


def parse_pairing(text: str | None) -> Pairing | None:
    """The two sides of `Mexico vs South Africa`, `W74 v W77`, `M - AFC2 vs Spain`; None where a text
    does not name two: `W - Individual ranking round`, `M - Team - 1/4 Finals`."""
    said = spelling.tidy(text or "")
    prefix = _PREFIX().match(said)
    before = prefix[0] if prefix else ""
    rest = said[len(before) :]
    after = ""
    divided = list(_WORDS().finditer(rest))
    if not divided and not prefix and not stages.of_text(rest) and not _NO_PAIR().search(rest):
        divided = list(VERSUS().finditer(rest))
    if len(divided) != 1:
        return None
    here = divided[0]
    home, away = rest[: here.start()], rest[here.end() :]
    if (heading := _HEADING().match(home)) and stages.of_text(heading[0]):
        before, home = before + heading[0], home[heading.end() :]
    if (tail := _SUFFIX().search(away)) and stages.of_text(tail[0]):
        away, after = away[: tail.start()], tail[0]
    if not home or not away:
        return None
    return Pairing(parse_side(home), parse_side(away), before, here[0], after)

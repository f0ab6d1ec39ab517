"""Matches and categories: what a purchase or sale line may name (§1, §1a, §17)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ticketops.domain.masterdata import who
from ticketops.domain.masterdata.who import Found
from ticketops.errors import NotFoundError, RuleError, UnclearNameError
from ticketops.model import categories, ids, spelling
from ticketops.model.spelling import tidy
from ticketops.schema.layouts.event import SCHEDULE
from ticketops.schema.tables import Snapshot

_VERSUS = re.compile(
    r"\s+(?:vs?\.?|versus|x|[-\u2013\u2014/:@]|gegen|contre|contra)\s+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """games: {match code: game text} of the schedule. categories: what the workbook already uses,
    per match code. stages: {match code: what the schedule calls its group or round}. chosen: what a
    person at a terminal chose."""

    games: dict[str, str]
    categories: dict[str, set[str]]
    stages: dict[str, str] = field(default_factory=dict)
    chosen: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, snapshot: Snapshot, *used_in: str, chosen: Mapping[tuple[str, str], str] | None = None
    ) -> Catalogue:
        """From the schedule. used_in: ledgers (Purchases, Sales) whose categories count as used."""
        games: dict[str, str] = {}
        stages: dict[str, str] = {}
        for match, game, group in (
            snapshot[SCHEDULE]
            .frame.select("match", "game", "group")
            .drop_nulls("match")
            .iter_rows()
        ):
            code = ids.normalise_match(match)
            games[code] = game or games.get(code, "")
            stages[code] = group or stages.get(code, "")
        categories: dict[str, set[str]] = {}
        for name in used_in:
            for match, category in (
                snapshot[name].frame.select("match", "category").drop_nulls().unique().iter_rows()
            ):
                categories.setdefault(ids.normalise_match(match), set()).add(category)
        return cls(games, categories, stages, chosen or {})

    def match(self, text: str) -> str:
        """The code of a match. Raises what `find` raises."""
        return self.find(text).name

    def find(self, text: str) -> Found:
        """Which match a text means: its code, what it is called, or the beginning of either (D23).

        Where a schedule exists it is one of it. Without one every code is taken that may be one:
        the schedule may not be in the workbook yet. Raises NotFoundError for none, UnclearNameError
        for one that is near a code, or tied.
        """
        if (chosen := self.chosen.get(("match", tidy(text)))) is not None:
            return Found(text, self._code(chosen), "chosen")
        try:
            code = ids.normalise_match(text)
        except ValueError as error:
            raise NotFoundError(str(error)) from None
        if code in self.games:
            return Found(text, code, "exact")
        for known in self.games:
            if known.casefold() == code.casefold():
                return Found(text, known, "exact")
        meant = spelling.without_slips(code)
        if not self.games:
            if not spelling.is_no_match(code):
                return Found(text, code, "exact")
            hint = f"did you mean {meant}?" if meant != code else "write it as M01 or ARC01"
            raise NotFoundError(f"{text!r} is not a match code", hint)
        if meant in self.games:
            raise who.unclear("match", text, [self._shown(meant)])
        return self._called(text, code)

    def of_line(self, match: str, game: str = "") -> Found:
        """The match of a line that says its code, what it is called, or both. Raises what `find`
        raises, and RuleError where the two are different matches."""
        found = self.find(match or game)
        if match and game and self.games:
            try:
                other = self.find(game)
            except UnclearNameError as error:
                known = [self._code(shown) for shown in error.candidates]
                other = found if found.name in known else Found(game, known[0], "alike")
            except NotFoundError:
                return found
            if other.name != found.name:
                raise RuleError(
                    f"match {match} and game {game!r} are two different matches",
                    f"{self._shown(found.name)}, {self._shown(other.name)}",
                )
        return found

    def candidates(self, text: str) -> list[str]:
        """The matches that a text may mean, each as `M01 Mexico vs South Africa`."""
        try:
            return [self._shown(self.find(text).name)] if self.games else []
        except UnclearNameError as error:
            return list(error.candidates)
        except NotFoundError:
            return []

    def _called(self, text: str, code: str) -> Found:
        """By what the schedule calls its matches. A code that looks like one is no name."""
        if not (ids.is_fifa_match(code) or spelling.is_session(code)):
            for means, how in ((_is_called, "alike"), (_begins, "prefix"), (_is_near, "")):
                found = [known for known in self.games if means(text, self._names(known))]
                if len(found) == 1 and how:
                    return Found(text, found[0], cast(who.How, how))
                if found:
                    raise who.unclear("match", text, map(self._shown, found))
        raise NotFoundError(
            f"the schedule has no match {code}",
            f"it has {min(self.games, key=_order)} to {max(self.games, key=_order)}",
        )

    def _names(self, code: str) -> list[str]:
        """What a match is called: its code, that with its game, its game, that with the teams
        exchanged, each team, its round."""
        teams = [team for team in _VERSUS.split(self.games[code]) if team]
        other = " vs ".join(reversed(teams)) if len(teams) == 2 else ""
        names = [
            code,
            self._shown(code),
            " vs ".join(teams),
            other,
            *teams,
            self.stages.get(code, ""),
        ]
        return [name for name in names if name]

    def _code(self, shown: str) -> str:
        """The code of a match as `_shown` shows it."""
        return next((code for code in self.games if self._shown(code) == shown), shown)

    def _shown(self, code: str) -> str:
        return f"{code} {self.games[code]}".strip()

    def category(self, match: str, text: str) -> str:
        """The category in its canonical spelling (`cat 1` → `Cat 1`).

        Raises RuleError for one that is in no scheme of §17 and that the workbook does not use for
        this match; a slip in one of the scheme (`CAT1`) does not become a category by standing in
        the sheet (D16).
        """
        wanted = spelling.category(text) or ""
        scheme = (
            categories.FIFA_CATEGORIES
            if ids.is_fifa_match(match)
            else categories.OLYMPIC_CATEGORIES
        )
        used = self.categories.get(match, set())
        if ids.is_fifa_match(match):
            used = {
                category
                for category in used
                if category in scheme or not spelling.is_slip(category)
            }
        known: str
        for known in (*scheme, *sorted(used)):
            if known.casefold() == wanted.casefold():
                return known
        if ids.is_fifa_match(match) or not wanted:
            known_here = (*scheme, *sorted(used - set(scheme)))
            meant = spelling.nearest(text, _of_same_digits(text, known_here))
            raise RuleError(
                f"{match} has no category {text!r}",
                f"did you mean {meant}?" if meant else f"it has {', '.join(known_here)}",
            )
        return wanted

    def any_category(self, text: str) -> str:
        """The category of a line whose match is not known. Raises RuleError for one that no match
        of the schedule can have."""
        if not self.games or not all(map(ids.is_fifa_match, self.games)):
            return text
        used = set().union(*self.categories.values())
        everywhere = Catalogue(self.games, dict.fromkeys(self.games, used))
        try:
            return everywhere.category(next(iter(self.games)), text)
        except RuleError as error:
            hint = error.hint.replace("it has", "there are", 1)
            raise RuleError(f"no match has a category {text!r}", hint) from None


def filtered(
    snapshot: Snapshot,
    sheet: str,
    texts: Iterable[str],
    chosen: Mapping[tuple[str, str], str] | None = None,
) -> tuple[str, ...]:
    """The codes of the matches that a filter names: those of the schedule, and others that rows of
    the sheet have all the same. Raises what `Catalogue.find` raises."""
    catalogue = Catalogue.of(snapshot, chosen=chosen)
    used = set(snapshot[sheet].frame["match"].drop_nulls().unique())
    return tuple(
        code if (code := spelling.match(text)) in used and code else catalogue.match(text)
        for text in texts
    )


_ERROR = re.compile(r"\s*(?:#[A-Z0-9/_]+[!?]?|Loading\.\.\.)?\s*")
"""What a formula shows that has no result, or none yet; and blanks."""


def texts(snapshot: Snapshot) -> dict[str, str]:
    """{match code: its game} of the schedule, where it names one, and one only."""
    found: dict[str, set[str]] = {}
    for match, game in snapshot[SCHEDULE].frame.select("match", "game").drop_nulls().iter_rows():
        if says_something(game):
            found.setdefault(ids.normalise_match(match), set()).add(game)
    return {match: next(iter(games)) for match, games in found.items() if len(games) == 1}


def _of_same_digits(text: str, names: Iterable[str]) -> list[str]:
    """The names that a text may be a slip of: what differs in a digit is something else (D23)."""
    digits = re.findall(r"\d", text)
    return [name for name in names if re.findall(r"\d", name) == digits]


def says_something(text: str) -> bool:
    """Whether a cell says anything: it is neither blank nor an error."""
    return not _ERROR.fullmatch(text)


def _is_called(text: str, names: Sequence[str]) -> bool:
    return who.fold(_plain(text)) in map(who.fold, names)


def _begins(text: str, names: Sequence[str]) -> bool:
    return any(who.begins(_plain(text), name) for name in names)


def _is_near(text: str, names: Sequence[str]) -> bool:
    return any(who.near(_plain(text), name) for name in names)


def _plain(text: str) -> str:
    """A game with its teams set apart as the schedule's are compared."""
    return " vs ".join(_VERSUS.split(text))


def _order(code: str) -> tuple[int, str]:
    return len(code), code

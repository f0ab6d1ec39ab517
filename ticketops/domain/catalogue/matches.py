"""Matches and categories: what a purchase or sale line may name (§1, §1a, §17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct, field

from ticketops.domain.catalogue.schemes import Schemes
from ticketops.domain.catalogue.sessions import SubGames, parted
from ticketops.domain.masterdata import who
from ticketops.domain.masterdata.who import Found
from ticketops.domain.schedule.sides import VERSUS
from ticketops.errors import NotFoundError, RuleError, UnclearNameError
from ticketops.model import ids, spelling
from ticketops.model.events import FIFA
from ticketops.model.names import quoted
from ticketops.model.patterns import when_needed
from ticketops.model.spelling import tidy
from ticketops.schema.layouts.event import MATCHES, SCHEDULE
from ticketops.schema.tables import Snapshot


class Catalogue(Struct, frozen=True):
    """games: {match code: game text} of the schedule. categories: what the workbook already uses,
    per match code. schemes: which categories a match has. sub_games: those of `_SUBGAMES`. stages: {match code: what the schedule calls its group or round}. chosen: what a
    person at a terminal chose. also: {match code: what `_MATCHES` calls it besides}."""

    games: dict[str, str]
    categories: dict[str, set[str]]
    stages: dict[str, str] = field(default_factory=dict)
    chosen: Mapping[tuple[str, str], str] = field(default_factory=dict)
    schemes: Schemes = field(default_factory=Schemes)
    sub_games: SubGames = field(default_factory=SubGames)
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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
        return cls(
            games,
            categories,
            stages,
            chosen or {},
            Schemes.of(snapshot),
            SubGames.of(snapshot, chosen),
            _also_called(snapshot),
        )

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

    def parted(self, text: str) -> tuple[str, str]:
        """A match and the sub-game that is named with it: `M01/RACE` → M01, RACE; a match that is
        called so itself stays whole, and so does every text where there are no sub-games."""
        if (
            not self.sub_games.names
            or "/" not in text
            or (spelling.match(text) or "") in self.games
        ):
            return text, ""
        return parted(text)

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
            f"it has {min(self.games, key=_order)} to {max(self.games, key=_order)}; `ticketops "
            f"schedule add {quoted(code)}` adds one",
        )

    def _names(self, code: str) -> list[str]:
        """What a match is called: its code, that with its game, its game, that with the teams
        exchanged, each team, its round."""
        teams = [team for team in VERSUS().split(self.games[code]) if team]
        other = " vs ".join(reversed(teams)) if len(teams) == 2 else ""
        names = [
            code,
            self._shown(code),
            " vs ".join(teams),
            other,
            *teams,
            self.stages.get(code, ""),
            *map(_plain, self.also.get(code, ())),
        ]
        return [name for name in names if name]

    def _code(self, shown: str) -> str:
        """The code of a match as `_shown` shows it."""
        return next((code for code in self.games if self._shown(code) == shown), shown)

    def _shown(self, code: str) -> str:
        return f"{code} {self.games[code]}".strip()

    def category(self, match: str, text: str, sub_game: str | None = None) -> str:
        """The category in its canonical spelling (`cat 1` → `Cat 1`).

        Raises RuleError for one that `_CATEGORIES` does not name for the match or sub-game; where it
        names none, for one that is not of the match's scheme (§17) and that the workbook does not
        use for it; a slip in one of the scheme (`CAT1`) does not become a category by standing in
        the sheet (D16). A match of a custom scheme without such rows has any.
        """
        wanted = spelling.category(text) or ""
        own = self.schemes.own(match, sub_game)
        scheme = self.schemes.all_of(match) if own is None else tuple(own)
        used = self.categories.get(match, set()) if own is None else set()
        if self.schemes.of_match(match) == FIFA:
            used = {
                category
                for category in used
                if category in scheme or not spelling.is_slip(category)
            }
        known_here = (*scheme, *sorted(used - set(scheme)))
        for known in known_here:
            if known.casefold() == wanted.casefold():
                return known
        if scheme or not wanted:
            meant = spelling.nearest(text, spelling.of_same_digits(text, known_here))
            where = f"{match}/{sub_game}" if own is not None and sub_game else match
            raise RuleError(
                f"{where} has no category {text!r}",
                f"did you mean {meant}?" if meant else f"it has {', '.join(known_here)}",
            )
        return wanted

    def any_category(self, text: str) -> str:
        """The category of a line whose match is not known. Raises RuleError for one that no match
        of the schedule can have."""
        fifa = self.games and all(self.schemes.of_match(code) == FIFA for code in self.games)
        if not fifa or self.schemes.ranks.levels:
            return text
        used = set().union(*self.categories.values())
        everywhere = Catalogue(self.games, dict.fromkeys(self.games, used))
        try:
            return everywhere.category(next(iter(self.games)), text)
        except RuleError as error:
            hint = error.hint.replace("it has", "there are", 1)
            raise RuleError(f"no match has a category {text!r}", hint) from None


def _also_called(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """{match code: its sport, its description, both, its sides} as `_MATCHES` has them."""
    if MATCHES not in snapshot:
        return {}
    columns = ("match", "sport", "description", "home", "away")
    found = {}
    for code, sport, said, home, away in (
        snapshot[MATCHES].frame.select(columns).drop_nulls("match").iter_rows()
    ):
        both = f"{sport} {said}" if sport and said else None
        sides = (f"{home} vs {away}", f"{away} vs {home}") if home and away else ()
        names = (sport, said, both, home, away, *sides)
        found[ids.normalise_match(code)] = tuple(filter(None, names))
    return found


_ERROR = when_needed(r"\s*(?:#[A-Z0-9/_]+[!?]?|Loading\.\.\.)?\s*")
"""What a formula shows that has no result, or none yet; and blanks."""


def texts(snapshot: Snapshot) -> dict[str, str]:
    """{match code: its game} of the schedule, where it names one, and one only."""
    found: dict[str, set[str]] = {}
    for match, game in snapshot[SCHEDULE].frame.select("match", "game").drop_nulls().iter_rows():
        if says_something(game):
            found.setdefault(ids.normalise_match(match), set()).add(game)
    return {match: next(iter(games)) for match, games in found.items() if len(games) == 1}


def says_something(text: str) -> bool:
    """Whether a cell says anything: it is neither blank nor an error."""
    return not _ERROR().fullmatch(text)


def _is_called(text: str, names: Sequence[str]) -> bool:
    return who.fold(_plain(text)) in map(who.fold, names)


def _begins(text: str, names: Sequence[str]) -> bool:
    return any(who.begins(_plain(text), name) for name in names)


def _is_near(text: str, names: Sequence[str]) -> bool:
    return any(who.near(_plain(text), name) for name in names)


def _plain(text: str) -> str:
    """A game with its teams set apart as the schedule's are compared."""
    return " vs ".join(VERSUS().split(text))


def _order(code: str) -> tuple[int, str]:
    return len(code), code

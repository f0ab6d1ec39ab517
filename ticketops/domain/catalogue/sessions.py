"""Sub-games (D31): what is bought, sold and counted is of an *occasion*, a match or, where it has
several sub-games, one of these: `M01`, `M01/RACE`."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from msgspec import Struct, field

from ticketops.domain.masterdata import who
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, spelling
from ticketops.schema.layouts.event import SUBGAMES
from ticketops.schema.tables import Snapshot

MATCH, SUB_GAME = pl.col("match"), pl.col("sub_game")


class SubGames(Struct, frozen=True):
    """The sub-games of `_SUBGAMES`. names: {match: {code: what it is called}}, in sheet order;
    chosen: what a person at a terminal chose."""

    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    chosen: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, snapshot: Snapshot, chosen: Mapping[tuple[str, str], str] | None = None
    ) -> SubGames:
        """From a snapshot; none where it lacks the sheet."""
        names: dict[str, dict[str, str]] = {}
        if SUBGAMES in snapshot:
            rows = snapshot[SUBGAMES].frame.select("match", "sub_game", "name")
            for match, code, name in rows.drop_nulls(["match", "sub_game"]).iter_rows():
                names.setdefault(ids.normalise_match(match), {}).setdefault(code, name or "")
        return cls(names, chosen or {})

    @property
    def several(self) -> list[str]:
        """The matches that have several, so that their rows must say which."""
        return [match for match, codes in self.names.items() if len(codes) > 1]

    def listed(self, match: str) -> list[str]:
        """The sub-games of a match, each as `M01/RACE`."""
        return [f"{match}/{code}" for code in self.names.get(match, ())]

    def occasion(self, match: str, sub_game: str | None) -> str:
        """What a row is of. match: its code, as `ids.normalise_match` spells it."""
        return f"{match}/{sub_game}" if sub_game and self.must_say(match) else match

    def only(self, match: str) -> str | None:
        """The sub-game of a match that has exactly one."""
        codes = list(self.names.get(match, ()))
        return codes[0] if len(codes) == 1 else None

    def must_say(self, match: str) -> bool:
        """Whether the rows of a match must say which sub-game they are of."""
        return len(self.names.get(match, ())) > 1

    def occasions(self, match: pl.Expr = MATCH) -> pl.Expr:
        """`occasion` of every row of a frame. match: its code, in one spelling."""
        if not self.several:
            return match
        named = match.is_in(self.several) & SUB_GAME.is_not_null()
        return pl.when(named).then(pl.concat_str(match, SUB_GAME, separator="/")).otherwise(match)

    def unknown(self, match: pl.Expr = MATCH) -> pl.Expr:
        """Which rows of a frame name no sub-game though they must, or one that their match lacks."""
        known = [one for match_ in self.names for one in self.listed(match_)]
        named = pl.concat_str(match, SUB_GAME, separator="/").is_in(known)
        blank = SUB_GAME.is_null() & match.is_in(self.several)
        return (blank | (SUB_GAME.is_not_null() & ~named)).fill_null(False)

    def taken(self, match: str, text: str) -> str | None:
        """The sub-game that a line names, or the only one; None where its match has none (D16, D23).

        Raises RuleError where it must name one, NotFoundError for one that the match lacks,
        UnclearNameError for one that is near, or tied.
        """
        codes = self.names.get(match, {})
        listed = ", ".join(self.listed(match))
        if not text:
            if self.must_say(match):
                raise RuleError(f"{match} has several sub-games", f"write one of {listed}")
            return next(iter(codes), None)
        if (chosen := self.chosen.get(("sub-game", spelling.tidy(text)))) is not None:
            return chosen.partition("/")[2]
        if (code := spelling.sub_game(text) or "") in codes:
            return code
        for means in (_is_called, _begins, _near):
            found = [one for one, name in codes.items() if means(text, (one, name))]
            if len(found) == 1 and means is not _near:
                return found[0]
            if found:
                raise who.unclear("sub-game", text, [f"{match}/{one}" for one in found])
        way = f"it has {listed}" if codes else f"`ticketops subgame add {match} CODE` adds one"
        raise NotFoundError(f"{match} has no sub-game {text!r}", way)


def parted(text: str) -> tuple[str, str]:
    """What a person writes for a match and its sub-game: `M01/RACE` → M01, RACE."""
    match, _slash, sub_game = text.partition("/")
    return match.strip(), sub_game.strip()


def _is_called(text: str, names: tuple[str, str]) -> bool:
    return who.fold(text) in [who.fold(name) for name in names if name]


def _begins(text: str, names: tuple[str, str]) -> bool:
    return any(who.begins(text, name) for name in names if name)


def _near(text: str, names: tuple[str, str]) -> bool:
    return any(who.near(text, name) for name in names if name)

"""Which match, category and party the lines of an import name: each that fails is said with its
column, its value and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from msgspec import Struct

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.intake import values
from ticketops.domain.intake.days import Days
from ticketops.domain.intake.imported import Options
from ticketops.domain.intake.rows import Faults, Line
from ticketops.domain.masterdata.parties import Standing
from ticketops.domain.masterdata.who import Directory, Found
from ticketops.errors import RuleError, TicketopsError, UnclearNameError
from ticketops.model.findings import Finding
from ticketops.schema.tables import Snapshot

_K = TypeVar("_K")
_V = TypeVar("_V")
_VERSUS = " vs "
_Named = tuple[str, str, datetime | None, str]


class Traded(Struct):
    """What a line is of."""

    match: str
    sub_game: str | None
    category: str


class Wanted(Struct, frozen=True):
    """What a line says of the tickets or units that it is about; blank, or None, where it says
    nothing. The category is as the line spells it where it names no match."""

    match: str
    sub_game: str | None
    category: str


class Resolver:
    """Reads names of one workbook; the same texts are looked up once."""

    def __init__(
        self, snapshot: Snapshot, catalogue: Catalogue, faults: Faults, options: Options
    ) -> None:
        self.days = Days(snapshot, catalogue)
        self._catalogue, self._faults, self._options = catalogue, faults, options
        self._matches: dict[_Named, Found | TicketopsError] = {}
        self._by_day: dict[tuple[datetime, str], tuple[Found, str] | TicketopsError] = {}
        self._categories: dict[tuple[str, str, str | None], str | TicketopsError] = {}
        self._parties: dict[str, Found | TicketopsError] = {}
        self._party = "vendor"

    @property
    def said(self) -> list[Finding]:
        """Names that were taken for others, and new ones."""
        found = [one for one in self._matches.values() if isinstance(one, Found)]
        parties = [one for one in self._parties.values() if isinstance(one, Found)]
        told = [finding for one in found for finding in one.said("match")]
        told += [finding for one in parties for finding in one.said(self._party)]
        return list(dict.fromkeys(told))

    def traded(self, line: Line) -> Traded | None:
        """The match, the sub-game and the category of a line; None where one of them fails."""
        occasion = self._occasion(line, needed=True)
        if not line.text("category"):
            if occasion or self.names_match(line):
                said = "it names no category"
                self._faults.add(line.number, "category", "MISSING_CATEGORY", said)
            return None
        if occasion is None:
            return None
        found, sub_game = occasion
        category = self._category_of(line, found.name, sub_game)
        return Traded(found.name, sub_game, category) if category else None

    def wanted(self, line: Line) -> Wanted | None:
        """The same of a line that may leave each of them blank; None where one of them fails."""
        before = len(self._faults.found)
        occasion = self._occasion(line, needed=False)
        match, sub_game = (occasion[0].name, occasion[1]) if occasion else ("", None)
        category = line.text("category")
        if category and match:
            category = self._category_of(line, match, sub_game) or ""
        elif category:
            category = values.category(category)
        good = len(self._faults.found) == before
        return Wanted(match, sub_game, category) if good else None

    def occasion(self, match: str, sub_game: str | None) -> str:
        """What a row is for: its match, or the sub-game of it."""
        return self._catalogue.sub_games.occasion(match, sub_game)

    @staticmethod
    def names_match(line: Line) -> bool:
        """Whether a line says anything of its match."""
        return bool(
            line.text("match")
            or line.text("game")
            or line.match_date
            or (line.text("home") and line.text("away"))
        )

    def _occasion(self, line: Line, *, needed: bool) -> tuple[Found, str | None] | None:
        """The match and the sub-game of a line; needed: one that names none is wrong. A sub-game may
        be left out where the line need not name it."""
        text, within = self._catalogue.parted(line.text("match"))
        game = line.text("game")
        home, away = line.text("home"), line.text("away")
        if home and away:
            game = game or f"{home}{_VERSUS}{away}"
        name = next((one for one in ("match", "game", "home") if line.text(one)), "match")
        if not text and not game and line.match_date:
            on_day = self._tried(partial(self._of_day, line), line, "match_date", "UNKNOWN_MATCH")
            if on_day is None:
                return None
            found, within, name = *on_day, "match_date"
        elif not text and not game:
            if needed:
                self._faults.add(line.number, name, "MISSING_MATCH", "it names no match")
            return None
        else:
            named = self._tried(partial(self._found, text, game, line), line, name, "UNKNOWN_MATCH")
            if named is None:
                return None
            found = named
        said = line.text("sub_game") or within
        if not said and not needed:
            return found, None
        before = len(self._faults.found)
        sub_game = self._tried(
            lambda: self._catalogue.sub_games.taken(found.name, said),
            line,
            "sub_game" if line.text("sub_game") else name,
            "UNKNOWN_SUB_GAME",
        )
        return (found, sub_game) if len(self._faults.found) == before else None

    def _found(self, text: str, game: str, line: Line) -> Found:
        """The match of a text, a game or both; of several that may be meant the one of the line's
        day."""
        day, venue = line.match_date, line.text("venue")

        def find() -> Found:
            try:
                return self._catalogue.of_line(text, game)
            except UnclearNameError as error:
                if day is None:
                    raise
                return self.days.among(error, text or game, day, venue)

        found = _taken(self._matches, (text, game, day, venue), find)
        if day:
            self.days.compare(found.name, day, line.number)
        return found

    def _of_day(self, line: Line) -> tuple[Found, str]:
        day, venue = line.match_date, line.text("venue")
        if day is None:
            raise ValueError("it names no day")
        return _taken(self._by_day, (day, venue), lambda: self.days.match(day, venue))

    def _category_of(self, line: Line, match: str, sub_game: str | None) -> str | None:
        text = line.text("category")
        return self._tried(
            lambda: _taken(
                self._categories,
                (match, text, sub_game),
                lambda: self._category(match, text, sub_game),
            ),
            line,
            "category",
            "UNKNOWN_CATEGORY",
        )

    def party(
        self, directory: Directory, standing: Standing, line: Line, name: str, given: str
    ) -> str | None:
        """The vendor or client of a line as the workbook spells it; None where that fails. name:
        the field; given: who it is where the line names nobody."""
        self._party = name
        text = line.text(name) or given
        if not text:
            self._faults.add(
                line.number,
                name,
                f"MISSING_{name.upper()}",
                f"it names no {name}",
                f"--{name} NAME names that of all lines",
            )
            return None

        def find() -> Found:
            found = directory.find(text, new=self._options.new)
            standing.require(found.name)
            directory.learn(found.name)
            return found

        taken = self._tried(
            lambda: _taken(self._parties, text, find), line, name, f"UNKNOWN_{name.upper()}"
        )
        return taken.name if taken else None

    def _tried(self, read: Callable[[], _V], line: Line, name: str, code: str) -> _V | None:
        return self._faults.tried(read, line.number, name, code, asks=self._options.asks)

    def _category(self, match: str, text: str, sub_game: str | None) -> str:
        """As it stands, else what it is an alias of."""
        try:
            return self._catalogue.category(match, text, sub_game)
        except RuleError:
            meant = values.category(text)
            if meant == text:
                raise
            return self._catalogue.category(match, meant, sub_game)


def _taken(cache: dict[_K, _V | TicketopsError], key: _K, find: Callable[[], _V]) -> _V:
    """What was found for a key before, else what is found now. Raises the error, then and now."""
    if key not in cache:
        try:
            cache[key] = find()
        except TicketopsError as error:
            cache[key] = error
    found = cache[key]
    if isinstance(found, TicketopsError):
        raise found
    return found

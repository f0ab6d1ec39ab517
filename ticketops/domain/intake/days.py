"""Which match is on a day, at a venue (§1a): for lines that name no match, or one of several."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from ticketops.domain.catalogue.fixtures import Fixture, fixtures, on_day
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.masterdata.who import Found, unclear
from ticketops.errors import NotFoundError, UnclearNameError
from ticketops.model.categories import match_of
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot


class Days:
    """The matches of a schedule by their days."""

    def __init__(self, snapshot: Snapshot, catalogue: Catalogue) -> None:
        self._snapshot, self._catalogue = snapshot, catalogue
        self._others: dict[tuple[str, datetime], list[int]] = {}

    def match(self, day: datetime, venue: str) -> tuple[Found, str]:
        """The one match of a day, at a venue where one is named, and the sub-game that alone is on
        that day. Raises NotFoundError, UnclearNameError."""
        here = on_day(self._fixtures, day, venue)
        matches = list(dict.fromkeys(map(match_of, here)))
        where = f"{day:%Y-%m-%d}" + (f" at {venue}" if venue else "")
        if len(matches) == 1:
            parts = [one.partition("/")[2] for one in here if "/" in one]
            return Found(where, matches[0], "alike"), parts[0] if len(parts) == 1 else ""
        if (chosen := self._catalogue.chosen.get(("match", where))) is not None:
            return Found(where, self._catalogue.find(chosen).name, "chosen"), ""
        if matches:
            raise unclear("match", where, map(self._shown, matches))
        others = map(self._shown, map(match_of, on_day(self._fixtures, day, "")))
        listed = ", ".join(dict.fromkeys(others))
        hint = f"that day are {listed}" if listed else "the schedule has none that day"
        raise NotFoundError(f"the schedule has no match on {where}", hint)

    def among(self, error: UnclearNameError, text: str, day: datetime, venue: str) -> Found:
        """The one of the candidates of a text that is on a day. Raises the error where that is none,
        or several."""
        here = {match_of(one) for one in on_day(self._fixtures, day, venue)}
        known = [self._catalogue.find(one).name for one in error.candidates]
        fitting = [code for code in known if code in here]
        if len(fitting) != 1:
            raise error
        return Found(text, fitting[0], "alike")

    def compare(self, match: str, day: datetime, line: int) -> None:
        """Remember a line whose match is on another day."""
        if day not in self._days_of.get(match, ()):
            self._others.setdefault((match, day), []).append(line)

    def said(self) -> list[Finding]:
        """Findings: lines that name a match and a day on which it is not."""
        return [
            Finding(
                "DATE_DIFFERS",
                Severity.MEDIUM,
                f"line {', '.join(map(str, lines[:5]))}{' …' if lines[5:] else ''}: {match} is on "
                f"{self._day(match)}, but the file says {day:%Y-%m-%d}",
                match=match,
            )
            for (match, day), lines in self._others.items()
        ]

    def _day(self, match: str) -> str:
        day = self._fixtures[match].day if match in self._fixtures else None
        return f"{day:%Y-%m-%d}" if day else "no day of the schedule"

    def _shown(self, match: str) -> str:
        return f"{match} {self._catalogue.games.get(match, '')}".strip()

    @cached_property
    def _fixtures(self) -> Mapping[str, Fixture]:
        return fixtures(self._snapshot)

    @cached_property
    def _days_of(self) -> dict[str, set[datetime]]:
        """{match: its days, and those of its sub-games}."""
        found: dict[str, set[datetime]] = {}
        for occasion, one in self._fixtures.items():
            if one.day:
                day = datetime(one.day.year, one.day.month, one.day.day)
                found.setdefault(match_of(occasion), set()).add(day)
        return found

"""Matches entered and changed by hand (§1a.2): `schedule add`, `schedule set`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketops.domain.catalogue.holders import Holder
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule import book
from ticketops.domain.schedule.book import Match
from ticketops.domain.schedule.description import gender_of
from ticketops.domain.schedule.listing import Places, ScheduleLine, lines_of
from ticketops.domain.schedule.resolving import follow_up
from ticketops.domain.schedule.sides import parse_pairing
from ticketops.domain.schedule.venues import Venues, place_text
from ticketops.domain.schedule.writing import FieldChange, edit_of, with_sides, write
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import ids, spelling, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.sports import sport_of
from ticketops.schema.layouts.event import SCHEDULE
from ticketops.schema.tables import Snapshot

_OF_SIDES = ("home", "away", "game", "venue", "city")
"""Fields that are more than a cell."""


@dataclass(frozen=True, slots=True)
class MatchSet:
    """A match as it is now. changed: what this command set; concerned: who holds tickets of it, where
    it moves."""

    match: ScheduleLine
    added: bool
    changed: list[FieldChange]
    concerned: list[Holder]


def plan_add(
    snapshot: Snapshot,
    code: str,
    given: Mapping[str, Any],
    run: Run,
    buffers: Sequence[float],
    *,
    new: bool = False,
) -> Plan:
    """A new match. given: {field: value}, the date among it; new: its venue is another than the one that
    it resembles.

    Raises RuleError for a code that is there already or can't be one; UnclearNameError for a venue
    that is near a known one.
    """
    try:
        wanted = ids.normalise_match(code)
    except ValueError as error:
        raise UsageError(str(error)) from None
    known = book.matches(snapshot)
    if spelling.is_no_match(wanted):
        raise RuleError(f"{code!r} is not the code of a match", "write it as M01 or ARC01")
    if wanted in known:
        raise RuleError(
            f"the schedule already has {wanted}", f"`ticketops schedule set {wanted}` changes it"
        )
    values = dict(given)
    if spelling.is_session(wanted) and not ids.is_fifa_match(wanted):
        values["sport"] = sport_of(wanted, values.get("sport") or "")
    return _set(snapshot, None, wanted, values, run, buffers, new=new)


def plan_set(
    snapshot: Snapshot,
    text: str,
    given: Mapping[str, Any],
    run: Run,
    buffers: Sequence[float],
    *,
    new: bool = False,
) -> Plan:
    """Change what is known of a match. given: {field: value}, None blanks one.

    Raises NotFoundError, UnclearNameError, RuleError for the side or the status of a match that has a
    result.
    """
    found = Catalogue.of(snapshot, chosen=run.chosen).find(text)
    match = book.matches(snapshot).get(found.name)
    if match is None:
        raise NotFoundError(
            f"the schedule has no match {found.name}",
            f"`ticketops schedule add {found.name}` adds it",
        )
    _require_undecided(match, given)
    plan = _set(snapshot, match, match.code, dict(given), run, buffers, new=new)
    plan.findings[:0] = found.said("match")
    return plan


def _require_undecided(match: Match, given: Mapping[str, Any]) -> None:
    """Raises RuleError for what a result rests on."""
    touched = [name for name in ("home", "away", "game", "status") if name in given]
    if match.status != states.FINISHED or not touched:
        return
    raise RuleError(
        f"{match.code} has a result: its {touched[0]} can't change",
        f"`ticketops schedule result {match.code} --correct` corrects the result",
    )


def _require_two_sides(code: str, text: str | None) -> None:
    """Raises RuleError for a team that plays against itself."""
    sides = parse_pairing(text)
    if sides is not None and sides.is_one_team:
        raise RuleError(
            f"{code}: {sides.home.text} can't play against itself", "name two teams, or TBD"
        )


def _set(
    snapshot: Snapshot,
    match: Match | None,
    code: str,
    given: dict[str, Any],
    run: Run,
    buffers: Sequence[float],
    *,
    new: bool,
) -> Plan:
    plan = Plan()
    wanted = {name: value for name, value in given.items() if name not in _OF_SIDES}
    venues = Venues(snapshot, run, new=new)
    if "venue" in given or "city" in given:
        wanted["city"] = _place(match, given, venues, Places(snapshot))
    if "home" in given or "away" in given:
        home, away = ((given[name] or "") if name in given else None for name in ("home", "away"))
        wanted["pairing"] = with_sides(match, home, away)
        wanted["game"] = given.get("game") or wanted["pairing"]
    elif "game" in given:
        wanted["game"] = given["game"]
    elif match is None:
        wanted["game"] = given.get("description") or given.get("sport")
    if match is None or "description" in given:
        gender = gender_of(given.get("description") or given.get("game"))
        if gender is not None:
            wanted.setdefault("gender", gender)
    _require_two_sides(code, wanted.get("pairing") or wanted.get("game"))
    edit = edit_of(match, code, wanted, typed=True)
    if given.get("game") is None and "game" in given and match is not None and match.game:
        edit.ten["game"] = None
    concerned = write(plan, snapshot, [edit], run, "SET", "", buffers)
    venues.draft(plan, run)
    resolved = follow_up(plan, snapshot, run, f"this change of {code}")
    after = snapshot.after(plan.changes)
    line = lines_of(after)[code]
    plan.result = MatchSet(line, match is None, edit.changes() if edit else [], concerned)
    plan.findings += [*_odd(line), *resolved]
    return plan


def _place(
    match: Match | None, given: Mapping[str, Any], venues: Venues, places: Places
) -> str | None:
    """The text of the place: what is not given of it stays, but for the city of another venue. Raises
    UnclearNameError for a venue that is near a known one."""
    before = places.of(match) if match is not None else (None, None)
    venue: str | None = given.get("venue", before[0])
    city: str | None = given.get("city", before[1])
    if venue is None:
        return city
    if "venue" not in given:
        return place_text(city, venue)
    found = venues.find(venue)
    name = venue if found is None or found.score >= 0.9 else found.venue
    if "city" not in given:
        city = places.city_of(found.venue) if found else None
    if found is None:
        venues.bring(venue, city, given.get("country"), None)
    return place_text(city, name)


def _odd(line: ScheduleLine) -> list[Finding]:
    """What is unusual about a match."""
    if line.date is None:
        message = f"{line.code} has no date: nothing of it is ever late"
        return [Finding("NO_DATE", Severity.INFO, message, SCHEDULE, match=line.code)]
    return []


def status_of(text: str) -> str:
    """What `--status` says. Raises UsageError."""
    allowed = [one for one in states.MATCH_STATUS if one != "FINISHED"]
    found = spelling.choice(text, allowed)
    if found is None:
        raise UsageError(
            f"--status must be one of {', '.join(allowed)}, not {text!r}",
            "`ticketops schedule result` enters what makes a match FINISHED",
        )
    return found

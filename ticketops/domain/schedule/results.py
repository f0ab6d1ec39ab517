"""Results by command, and all that follows from them (§1a.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.masterdata import who
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule.book import Match
from ticketops.domain.schedule.bracket import SIDES, Bracket, bracket
from ticketops.domain.schedule.groups import competition_of, letter_of
from ticketops.domain.schedule.resolving import Draft, Said, SideResolved, pairing_cells, resolve
from ticketops.domain.schedule.scores import parse_cards, parse_score, result_of, shown
from ticketops.domain.schedule.sides import OF_MATCH, SideKind
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import stages, states
from ticketops.model.spelling import tidy
from ticketops.schema.tables import Snapshot

_KNOCKOUT = (
    stages.ROUND_OF_32,
    stages.ROUND_OF_16,
    stages.QUARTER_FINAL,
    stages.SEMI_FINAL,
    stages.THIRD_PLACE,
    stages.BRONZE,
    stages.FINAL,
)


class Given(Struct, frozen=True):
    """What came out of a match, as it was typed; None where it was not. Either a score, or a
    winner."""

    score: str | None = None
    penalties: str | None = None
    cards: str | None = None
    winner: str | None = None
    runner_up: str | None = None


@dataclass(frozen=True, slots=True)
class SideOpen:
    """A side that waits for a match, and for more. why: what is missing."""

    match: str
    side: str
    why: str


@dataclass(frozen=True, slots=True)
class ResultEntered:
    """A result. winner, runner_up: None for a draw; resolved: the sides that became teams, or open
    again; unresolved: those that wait for this match, or its group, and are still open."""

    match: str
    winner: str | None
    runner_up: str | None
    resolved: list[SideResolved]
    unresolved: list[SideOpen]


def plan_result(
    snapshot: Snapshot, text: str, given: Given, run: Run, *, correct: bool = False
) -> Plan:
    """Enter the result of a match that is SCHEDULED or LIVE, or correct the one it has: the sides
    that wait for it become teams, to the last pairing, and Game follows wherever it is copied.

    Raises NotFoundError, UnclearNameError; RuleError for a match in another state, one whose sides
    are not known, what is no result, and a correction on which the result of another match rests.
    """
    found = Catalogue.of(snapshot, chosen=run.chosen).find(text)
    before = bracket(snapshot)
    match = before.matches.get(found.name)
    if match is None:
        raise NotFoundError(f"the schedule has no match {found.name}")
    _require_due(match, correct=correct)
    names = _names(before, match)
    cells, (winner, loser) = _cells(before, match, given, names)
    plan = Plan(findings=list(found.said("match")))
    draft = Draft()
    was = result_of(match)
    if any(match.beside.get(name) != value for name, value in cells.items()):
        draft.put(match.code, {**pairing_cells(match), **cells})
        now = _shown(cells)
        action = "CORRECTED" if correct else "RESULT"
        draft.trail.append(Said(match.code, action, None, was or None, now))
    after, resolved = resolve(
        plan, snapshot, before, run, draft, what=f"this result of {match.code}"
    )
    open_sides = _waiting(after, match)
    plan.result = ResultEntered(match.code, winner, loser, resolved, open_sides)
    return plan


def _require_due(match: Match, *, correct: bool) -> None:
    """Whether a match may get a result."""
    code, status = match.code, match.status
    if status == states.FINISHED:
        if not correct:
            said = result_of(match) or "no score"
            raise RuleError(
                f"{code} is FINISHED ({said})", "--correct replaces the result that it has"
            )
    elif status not in (states.SCHEDULED, states.LIVE):
        raise RuleError(
            f"{code} is {status}: only a match that is SCHEDULED or LIVE gets a result",
            f"`ticketops schedule set {code} --status SCHEDULED` first",
        )
    elif correct:
        raise RuleError(f"{code} has no result to correct", "leave out --correct")


def _names(before: Bracket, match: Match) -> tuple[str, str] | None:
    """Who played. None for a session that has no two sides. Raises RuleError where one is open."""
    if match.written is None:
        return None
    names = []
    for place, name in enumerate(SIDES):
        seen = before.sides[match.code, place]
        if seen.team is None:
            raise RuleError(
                f"{match.code}: who plays as {name} is unknown ({seen.side.text or 'TBD'})"
                + (f": {seen.why}" if seen.why else ""),
                f"`ticketops schedule set {match.code} --{name.lower()} TEAM` says who it is",
            )
        names.append(seen.team)
    return names[0], names[1]


def _cells(
    before: Bracket, match: Match, given: Given, names: tuple[str, str] | None
) -> tuple[dict[str, Any], tuple[str | None, str | None]]:
    """The result as cells of `_MATCHES`, and the winner and the runner-up."""
    if (given.score is None) == (given.winner is None):
        raise RuleError("give either --score or --winner", "--score 2-1, or --winner TEAM")
    if given.runner_up is not None and given.winner is None:
        raise RuleError("--runner-up goes with --winner", "a score says who came second")
    if given.penalties is not None and given.score is None:
        raise RuleError("--penalties goes with --score")
    score = penalties = None
    who_won: tuple[str | None, str | None]
    if given.score is not None:
        if names is None:
            raise RuleError(
                f"{match.code} has no two sides, so it has no score", "give --winner instead"
            )
        score = parse_score(given.score)
        penalties = _penalties(before, match, given, score)
        decided = penalties or score
        order = names if decided[0] > decided[1] else (names[1], names[0])
        who_won = order if decided[0] != decided[1] else (None, None)
    else:
        who_won = _winner(match, given, names)
    if given.cards is not None:
        parse_cards(given.cards)
    return {
        "score": shown(score) if score else None,
        "penalties": shown(penalties) if penalties else None,
        "cards": tidy(given.cards) if given.cards is not None else match.beside.get("cards"),
        "winner": who_won[0],
        "runner_up": who_won[1],
        "status": states.FINISHED,
    }, who_won


def _penalties(
    before: Bracket, match: Match, given: Given, score: tuple[int, int]
) -> tuple[int, int] | None:
    """The penalties of a draw that must have a winner."""
    knockout = _is_knockout(before, match)
    if given.penalties is None:
        if score[0] == score[1] and knockout:
            raise RuleError(
                f"{match.code} must have a winner: {shown(score)} needs penalties",
                "--penalties 4-3",
            )
        return None
    if not knockout:
        raise RuleError(f"{match.code} is no knockout match: it has no penalties")
    if score[0] != score[1]:
        raise RuleError(f"penalties decide a draw; {shown(score)} is none")
    penalties = parse_score(given.penalties, "--penalties")
    if penalties[0] == penalties[1]:
        raise RuleError("--penalties must have a winner")
    return penalties


def _is_knockout(before: Bracket, match: Match) -> bool:
    """Whether a match must have a winner: by its stage, or because another one waits for it."""
    if letter_of(match):
        return False
    return match.stage in _KNOCKOUT or any(
        before.source(code, seen.side) == match.code for (code, _), seen in before.sides.items()
    )


def _winner(
    match: Match, given: Given, names: tuple[str, str] | None
) -> tuple[str | None, str | None]:
    """The winner and the runner-up as the sides are called."""
    winner = tidy(given.winner or "")
    other = tidy(given.runner_up) if given.runner_up is not None else None
    if not winner:
        raise RuleError("--winner must name a team")
    if names is None:
        return winner, other or None
    won = _side_called(match, names, "--winner", winner)
    lost = names[1 - names.index(won)]
    if other is not None and _side_called(match, names, "--runner-up", other) != lost:
        raise RuleError(f"{won} can't be both the winner and the runner-up of {match.code}")
    return won, lost


def _side_called(match: Match, names: tuple[str, str], option: str, text: str) -> str:
    wanted = who.fold(text)
    for name in names:
        if who.fold(name) == wanted:
            return name
    raise RuleError(f"{option} must be one of {names[0]}, {names[1]}, not {text!r}", match.code)


def _shown(cells: dict[str, Any]) -> str:
    score, penalties, winner = cells["score"], cells["penalties"], cells["winner"]
    parts = (score, f"({penalties} on penalties)" if penalties else None, winner)
    return " ".join(filter(None, parts))


def _waiting(after: Bracket, match: Match) -> list[SideOpen]:
    """The sides that wait for a match or its group, and are open."""
    group, mine = letter_of(match), competition_of(match)
    of_mine = {key[1]: one for key, one in after.groups.items() if key[0] == mine}
    over = bool(group) and of_mine[group].is_over
    all_over = over and all(one.is_over for one in of_mine.values())
    found = []
    for (code, place), seen in after.sides.items():
        side = seen.side
        if side.kind in OF_MATCH:
            waits = after.source(code, side) == match.code
        else:
            here = bool(group) and competition_of(after.matches[code]) == mine
            waits = here and (
                (side.kind is SideKind.PLACE and side.ref == group)
                or (side.kind is SideKind.THIRD and (all_over or (over and group in side.ref)))
            )
        if waits and seen.team is None:
            found.append(SideOpen(code, SIDES[place], seen.why))
    return found

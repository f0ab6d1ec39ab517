"""The use cases of events and matches (§1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketops.domain.catalogue import category_rows, sub_game_rows, swap
from ticketops.engine.job import Effect, Job, Planner
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    CATEGORIES,
    SCHEDULE,
    STAFF_QUEUE,
    SUBGAMES,
    SUPPLIER_QUEUE,
)
from ticketops.services.sheet_groups import POOL

_PARTS = (SUBGAMES, CATEGORIES, SCHEDULE, *category_rows.LEDGERS)


def event_swap(first: str, second: str, reason: str, *, stock_only: bool, force: bool) -> Job:
    return Job(
        "event.swap",
        lambda snapshot, run: swap.plan_swap(
            snapshot, first, second, run, reason=reason, stock_only=stock_only, force=force
        ),
        POOL,
        (STAFF_QUEUE, SUPPLIER_QUEUE, ALLOCATION_PREVIEW, SCHEDULE, ALLOC_LOG),
        f"event swap {first} {second}",
    )


def sub_game_add(match: str, code: str, given: Mapping[str, Any]) -> Job:
    """given: {session_type, name, date, time}, as far as they are given."""
    return _sub_game("subgame.add", match, code, given, new=True)


def sub_game_set(match: str, code: str, given: Mapping[str, Any]) -> Job:
    """given: as `sub_game_add` has it; None blanks a cell."""
    return _sub_game("subgame.set", match, code, given, new=False)


def _sub_game(name: str, match: str, code: str, given: Mapping[str, Any], *, new: bool) -> Job:
    return _of_match(
        name,
        lambda snapshot, run: sub_game_rows.plan_sub_game(
            snapshot, match, code, given, run, new=new
        ),
        match,
        code,
    )


def _of_match(name: str, plan: Planner, *named: str, effect: Effect = Effect.WRITES) -> Job:
    """A job on the sub-games or categories of matches."""
    label = " ".join((name.replace(".", " "), *named)) if named else ""
    return Job(name, plan, (), _PARTS, label, effect)


def sub_game_list(match: str) -> Job:
    """match: "" for all."""
    return _of_match(
        "subgame.list",
        lambda snapshot, run: sub_game_rows.sub_games(snapshot, match, run),
        effect=Effect.READS,
    )


def category_set(match: str, sub_game: str, category: str, given: Mapping[str, Any]) -> Job:
    """given: {level, capacity}, as far as they are given."""
    return _of_match(
        "category.set",
        lambda snapshot, run: category_rows.plan_category(
            snapshot, match, sub_game, category, given, run
        ),
        match,
        category,
    )


def category_remove(match: str, sub_game: str, category: str) -> Job:
    return _of_match(
        "category.remove",
        lambda snapshot, run: category_rows.plan_remove(snapshot, match, sub_game, category, run),
        match,
        category,
    )


def category_list(match: str) -> Job:
    """match: "" for all."""
    return _of_match(
        "category.list",
        lambda snapshot, run: category_rows.categories(snapshot, match, run),
        effect=Effect.READS,
    )

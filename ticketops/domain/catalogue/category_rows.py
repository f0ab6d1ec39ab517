"""Categories of matches and sub-games by command (§1 step 3): `_CATEGORIES`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.schemes import Schemes
from ticketops.domain.masterdata.who import Found
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, spelling
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import CATEGORIES, DISTRIBUTION, PURCHASES, SALES, UNITS
from ticketops.schema.tables import Snapshot

LEDGERS = (PURCHASES, SALES, UNITS, DISTRIBUTION)


@dataclass(frozen=True, slots=True)
class Category:
    """A category of a match or a sub-game. sub_game: None for the match as a whole; level: 1 is the
    best; scheme: FIFA or Olympic where it is no row of `_CATEGORIES`."""

    match: str
    sub_game: str | None
    category: str
    level: int | None
    capacity: int | None
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class CategorySet:
    """A category as it is now. changed: what this command set, or that it was removed."""

    category: Category
    changed: list[str]


@dataclass(frozen=True, slots=True)
class CategoryList:
    """The categories of the workbook, or those that one match has."""

    categories: list[Category]


def plan_category(
    snapshot: Snapshot, match: str, sub_game: str, category: str, given: Mapping[str, Any], run: Run
) -> Plan:
    """Name a category of a match, or of one of its sub-games, or change its level or capacity. From
    the first one on, the match or sub-game has just those that are named. given: {column: value}.

    A closed scheme has no other than its own names. Raises NotFoundError, UnclearNameError,
    RuleError.
    """
    catalogue = Catalogue.of(snapshot, chosen=run.chosen)
    found, own = _of(catalogue, match, sub_game)
    name = _named(catalogue, found.name, own, category)
    plan = Plan(findings=list(found.said("match")))
    same = _rows(snapshot, found.name, own).filter(pl.col("category") == name)
    values = dict(given)
    if same.is_empty() and values.get("level") is None:
        values["level"] = _level(catalogue.schemes, found.name, name)
    stamped = {**values, "user": run.user, "updated_at": run.now}
    if same.is_empty():
        cells = {"match": found.name, "sub_game": own, "category": name, **stamped}
        first = snapshot[CATEGORIES].next_row
        plan.changes.append(CATEGORIES, first, tuple(cells), [tuple(cells.values())])
        changed = [column for column, value in values.items() if value is not None]
    else:
        row = same.row(0, named=True)
        changed = [column for column, value in values.items() if row[column] != value]
        if changed:
            before = {column: (row[column], value) for column, value in stamped.items()}
            plan.changes.set(CATEGORIES, row["row"], _shown(found.name, own, name), before)
    after = snapshot.after(plan.changes)
    now = _rows(after, found.name, own).filter(pl.col("category") == name)
    plan.result = CategorySet(_category(now.row(0, named=True)), changed)
    plan.findings += _left_out(after, found.name, own)
    return plan


def plan_remove(snapshot: Snapshot, match: str, sub_game: str, category: str, run: Run) -> Plan:
    """Take a category away that nothing uses. Raises NotFoundError, UnclearNameError, RuleError for
    one that is used."""
    catalogue = Catalogue.of(snapshot, chosen=run.chosen)
    found, own = _of(catalogue, match, sub_game)
    listed = _rows(snapshot, found.name, own)
    wanted = spelling.tidy(category).casefold()
    rows = [row for row in listed.to_dicts() if (row["category"] or "").casefold() == wanted]
    if not rows:
        names = ", ".join(listed["category"].drop_nulls()) or "none"
        raise NotFoundError(
            f"{CATEGORIES} has no category {category!r} of {_occasion(found.name, own)}",
            f"it has {names}",
        )
    name = rows[0]["category"]
    used = _used(snapshot, found.name, own, name)
    if used:
        raise RuleError(
            f"{_shown(found.name, own, name)} is used: {used}", "nothing was taken away"
        )
    plan = Plan(findings=list(found.said("match")))
    plan.changes.delete(CATEGORIES, {row["row"]: _shown(found.name, own, name) for row in rows})
    plan.result = CategorySet(_category(rows[0]), ["removed"])
    return plan


def categories(snapshot: Snapshot, match: str, run: Run) -> Plan:
    """The rows of `_CATEGORIES`; of one match all that it has, those of its scheme where it has no
    rows. Raises NotFoundError, UnclearNameError."""
    rows = snapshot[CATEGORIES].frame.drop_nulls(["match", "category"])
    if not match:
        return Plan(result=CategoryList([_category(row) for row in rows.to_dicts()]))
    catalogue = Catalogue.of(snapshot, chosen=run.chosen)
    code = catalogue.match(match)
    found = [_category(row) for row in rows.filter(pl.col("match") == code).to_dicts()]
    if catalogue.schemes.own(code) is None:
        scheme = catalogue.schemes.of_match(code)
        found += [
            Category(code, None, name, level, None, scheme)
            for level, name in enumerate(catalogue.schemes.all_of(code), start=1)
        ]
    return Plan(result=CategoryList(found))


def _rows(snapshot: Snapshot, match: str, sub_game: str | None) -> pl.DataFrame:
    """The rows of a match, or of one of its sub-games."""
    return snapshot[CATEGORIES].frame.filter(
        pl.col("match") == match, pl.col("sub_game").eq_missing(pl.lit(sub_game, dtype=pl.String))
    )


def _of(catalogue: Catalogue, match: str, sub_game: str) -> tuple[Found, str | None]:
    """The match, and the sub-game where one is named: with it or beside it."""
    text, within = catalogue.parted(match)
    found = catalogue.find(text)
    wanted = sub_game or within
    return found, catalogue.sub_games.taken(found.name, wanted) if wanted else None


def _named(catalogue: Catalogue, match: str, own: str | None, text: str) -> str:
    """The name of a category. Raises RuleError for one that a closed scheme does not have."""
    name = spelling.category(text) or ""
    if not name:
        raise RuleError("the category is empty")
    closed = catalogue.schemes.all_of(match)
    if closed and name not in closed:
        meant = spelling.nearest(name, closed)
        raise RuleError(
            f"{match} has the categories of the {catalogue.schemes.of_match(match)} scheme, not "
            f"{text!r}",
            f"did you mean {meant}?"
            if meant
            else f"it has {', '.join(closed)}; `ticketops event set --type` names another type of event",
        )
    rows = catalogue.schemes.own(match, own) or {}
    return next((one for one in rows if one.casefold() == name.casefold()), name)


def _level(schemes: Schemes, match: str, name: str) -> int:
    """The level of a category of a closed scheme. Raises RuleError for one of no scheme."""
    closed = schemes.all_of(match)
    if name not in closed:
        raise RuleError(f"the level of {name!r} is missing", "--level 1 is the best")
    return closed.index(name) + 1


def _category(row: Mapping[str, Any]) -> Category:
    names = ("match", "sub_game", "category", "level", "capacity")
    return Category(*(row[name] for name in names))


def _occasion(match: str, sub_game: str | None) -> str:
    return f"{match}/{sub_game}" if sub_game else match


def _shown(match: str, sub_game: str | None, category: str) -> str:
    return f"{_occasion(match, sub_game)} {category}"


def _of_rows(snapshot: Snapshot, sheet: str, match: str, sub_game: str | None) -> pl.DataFrame:
    """The rows of trade of a match or one of its sub-games."""
    frame = snapshot[sheet].frame.filter(pl.col("category").is_not_null())
    codes = [code for code in frame["match"].drop_nulls().unique() if _is(code, match)]
    frame = frame.filter(pl.col("match").is_in(codes))
    return frame.filter(pl.col("sub_game") == sub_game) if sub_game else frame


def _is(code: str, match: str) -> bool:
    return ids.normalise_match(code) == match


def _used(snapshot: Snapshot, match: str, sub_game: str | None, category: str) -> str:
    """Where a category is used: `3 rows of Sales`; "" for nowhere."""
    found = []
    for sheet in LEDGERS:
        rows = _of_rows(snapshot, sheet, match, sub_game)
        cells = pl.col("category") == category
        if sheet == DISTRIBUTION:
            cells |= pl.col("alloc_from") == category
        number = rows.filter(cells).height
        found += [f"{counted(number, 'row')} of {sheet}"] if number else []
    return ", ".join(found)


def _left_out(snapshot: Snapshot, match: str, sub_game: str | None) -> list[Finding]:
    """Categories that rows of trade use, and `_CATEGORIES` does not name for their match."""
    named = list(_rows(snapshot, match, sub_game)["category"].drop_nulls())
    other: dict[str, None] = {}
    for sheet in (PURCHASES, SALES):
        rows = _of_rows(snapshot, sheet, match, sub_game)
        other |= dict.fromkeys(rows["category"].unique(maintain_order=True))
    missing = [category for category in other if category not in named]
    if not missing:
        return []
    message = f"{_occasion(match, sub_game)} has {', '.join(named)}, but its rows also say {', '.join(missing)}: these are skipped until `category set` names them or the cells are corrected"
    return [Finding("CATEGORY_NOT_NAMED", Severity.HIGH, message, CATEGORIES, match=match)]

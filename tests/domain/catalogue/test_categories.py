"""Categories of matches (§1 step 3, §17): closed schemes, and those of one's own with levels."""

from __future__ import annotations

import pytest

from tests.domain.manager import ManagerDesk
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.layouts.event import CATEGORIES
from ticketops.services import allocation, catalogue, events, selling


def racing(desk: ManagerDesk) -> ManagerDesk:
    """M01 has RACE, with four categories on three levels, and SPRINT, with none of its own."""
    desk.do(
        events.event_set({"name": "GP", "code": "GP", "type": "RACING_WEEKEND"}, state="ALLOCATING")
    )
    desk.do(catalogue.sub_game_add("M01", "RACE", {"session_type": "RACE"}))
    desk.do(catalogue.sub_game_add("M01", "SPRINT", {"session_type": "SPRINT"}))
    for name, level in (("Paddock Club", 1), ("Lounge", 1), ("Grandstand", 3), ("General", 4)):
        desk.do(catalogue.category_set("M01", "RACE", name, {"level": level}))
    return desk


@pytest.mark.parametrize(
    ("match", "category"),
    [("M01", "Lounge"), ("ARC01", "Lounge"), ("M01", "A"), ("BK301", "Cat 1")],
)
def test_a_closed_scheme_takes_only_its_names(desk: ManagerDesk, match: str, category: str) -> None:
    for job_of in (desk.buy, desk.sell):
        with pytest.raises(RuleError, match=f"{match} has no category"):
            job_of((match, category, 1))
    job = catalogue.category_set(match, "", category, {"level": 1})
    desk.refused(job, RuleError, "has the categories of the")


def test_names_of_the_schemes_are_taken(desk: ManagerDesk) -> None:
    desk.buy(("M01", "top cat 1", 1), ("ARC01", "first", 1), ("BK301", "e", 1), ("GALA", "VIP", 1))


def test_a_match_has_just_the_categories_that_are_named(desk: ManagerDesk) -> None:
    desk.do(catalogue.category_set("ARC01", "", "a", {}))
    assert desk.rows(CATEGORIES, "match", "category", "level") == [("ARC01", "A", 2)]
    desk.buy(("ARC01", "A", 1))
    with pytest.raises(RuleError) as error:
        desk.buy(("ARC01", "B", 1))
    assert error.value.hint == "it has A"
    desk.refused(catalogue.category_remove("ARC01", "", "A"), RuleError, "is used: 1 row of")
    desk.refused(catalogue.category_remove("ARC01", "", "B"), NotFoundError)


def test_a_category_that_nothing_uses_is_taken_away_and_comes_back(desk: ManagerDesk) -> None:
    desk.do(catalogue.category_set("ARC01", "", "A", {"capacity": 90}))
    desk.do(catalogue.category_remove("ARC01", "", "a"))
    assert desk.rows(CATEGORIES, "category") == []
    desk.undo()
    assert desk.rows(CATEGORIES, "category", "capacity") == [("A", 90)]


def test_levels_are_the_ranks(desk: ManagerDesk) -> None:
    racing(desk)
    lines = [("M01/RACE", name, 2) for name in ("Paddock Club", "Lounge", "Grandstand", "General")]
    desk.buy(*lines)
    desk.sell(("M01/RACE", "Grandstand", 1))
    found = desk.do(selling.sale_upgrades("S1", None)).result.upgrades
    assert {one.category for one in found} == {"Paddock Club", "Lounge"}
    desk.refused(selling.sale_upgrade("S1", "General", None, "x"), RuleError, "is not better")
    desk.do(allocation.policy_set("event", "", {"max_upgrade_gap": 1}))
    (one, _other) = desk.do(selling.sale_upgrades("S1", None)).result.upgrades
    assert [broken.message for broken in one.violations] == [
        f"Grandstand → {one.category} is 2 ranks up, but at most 1 is allowed"
    ]
    desk.do(allocation.policy_set("event", "", {"max_upgrade_gap": None, "exclude_vip": True}))
    desk.do(selling.sale_upgrade("S1", "Lounge", 300.0, "x"))
    preview = desk.do(allocation.allocate_preview("S1", write=False)).result
    assert "VIP_EXCLUDED" in [broken.code for broken in preview.plans[0].violations]


def test_a_level_is_needed_for_a_category_of_no_scheme(desk: ManagerDesk) -> None:
    desk.refused(catalogue.category_set("GALA", "", "Table", {}), RuleError, "the level of 'Table'")

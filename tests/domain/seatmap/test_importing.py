"""A seat map in the workbook: imported again, replaced, refused, taken back; its zones and
restrictions; what the checks find."""

from __future__ import annotations

from datetime import datetime

import pytest
from msgspec.structs import replace

from tests.domain.seatmap.maps import VENUE, MapDesk, drawn
from ticketops.domain.seatmap.formats.areas import area_of
from ticketops.domain.seatmap.importing import Options, Read
from ticketops.domain.seatmap.plan import Area, Restriction, Zone
from ticketops.domain.seatmap.restrictions import Wanted as Restrict
from ticketops.domain.seatmap.spots import SeatSpot, Spots, Wrong
from ticketops.domain.seatmap.zones import Wanted
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.schema.columns import ErrorValue
from ticketops.schema.layouts.event import SEAT_ROWS, SEAT_ZONES, UNITS
from ticketops.services import audit, seatmaps


@pytest.fixture
def desk() -> MapDesk:
    return MapDesk()


def zone(text: str, category: str) -> Zone:
    return Zone(category, Area(*(part.replace("*", "") for part in text.split(" / "))))


def paint(
    desk: MapDesk, *zones: Zone, venue: str = VENUE, match: str = "", **more: object
) -> object:
    return desk.do(seatmaps.seatmap_zones(venue, match, Wanted(zones=zones, **more))).result  # type: ignore[arg-type]


def codes(plan: object) -> list[str]:
    return [one.code for one in plan.findings]  # type: ignore[attr-defined]


def test_a_map_is_one_sheet_row_per_row_of_seats(desk: MapDesk) -> None:
    done = desk.take(drawn(("101", "102"), "AB", 4)).result
    assert (done.blocks, done.rows, done.seats, done.with_coordinates) == (2, 4, 16, 16)
    assert (done.duplicates, done.errors, done.new, done.gone) == (0, [], 16, 0)
    rows = desk.rows(
        SEAT_ROWS, "venue", "match", "block", "seat_row", "seats", "x1", "y1", "x2", "y2"
    )
    assert rows[0] == (VENUE, None, "101", "A", "1-4", 1.0, 0.0, 4.0, 0.0)
    assert len(rows) == 4
    assert desk.seats("M01") == desk.seats("M02")
    assert desk.seats("M03") == set()


def test_the_same_file_again_changes_nothing_and_undo_takes_it_back(desk: MapDesk) -> None:
    desk.take(drawn())
    before = desk.rows(SEAT_ROWS, "block", "seat_row", "seats")
    assert not desk.take(drawn()).changes
    desk.take(drawn(rows="ABC"))
    desk.undo()
    assert desk.rows(SEAT_ROWS, "block", "seat_row", "seats") == before


def test_a_new_version_of_a_map_replaces_the_old(desk: MapDesk) -> None:
    desk.take(drawn(("101", "102", "103", "104", "105"), "AB", 4))
    desk.take(drawn(("101", "102", "104", "105"), "AB", 4))
    assert {block for block, _row, _seat in desk.seats()} == {"101", "102", "104", "105"}
    spots = drawn(("101", "102", "104", "105"), "ABC", 4)
    done = desk.take([one for one in spots if (one.block, one.row) != ("101", "B")]).result
    assert (done.new, done.gone, done.unchanged) == (16, 4, 28)


def test_a_match_may_have_a_map_of_its_own(desk: MapDesk) -> None:
    desk.take(drawn())
    desk.take(drawn(("900",)), venue="", match="M02")
    assert {block for block, _row, _seat in desk.seats("M01")} == {"101"}
    assert {block for block, _row, _seat in desk.seats("M02")} == {"900"}


def test_a_map_that_takes_many_seats_away_is_refused(desk: MapDesk) -> None:
    desk.take(drawn(rows="ABCDE"))
    desk.refused(desk.job(drawn(rows="ABC")), RuleError, "lacks 8 of the 20 seats")
    desk.take(drawn(rows="ABC"), options=Options(replace=True))
    assert len(desk.seats()) == 12


def test_another_venues_map_is_refused(desk: MapDesk) -> None:
    desk.take(drawn())
    desk.refused(desk.job(drawn(), "Estadio Akron"), RuleError, "exactly the seats of the map of")
    desk.refused(desk.job(drawn(("1",)), "Estadio Akron", named="Lusail"), RuleError, "of Lusail")
    desk.take(drawn(), "Estadio Akron", options=Options(replace=True))
    assert len(desk.seats("M03")) == 8


def test_an_area_names_blocks_with_a_slash_in_quotes() -> None:
    for text in ('"A/B"/C/5-6', '"A/B" / C / 5-6', "A/B / C / 5-6"):
        one = area_of(text)
        assert ("a/b", "c", "6") in one
        assert ("a", "b", "5") not in one


def test_whose_map_it_is_must_be_said(desk: MapDesk) -> None:
    desk.refused(desk.job(drawn(), ""), UsageError, "whose map")
    desk.take(drawn(("7",)), "Estadio Akron")
    desk.refused(desk.job(drawn(("8",)), VENUE, "M03"), UsageError, "is played at Estadio Akron")


def test_a_new_venue_becomes_a_draft(desk: MapDesk) -> None:
    plan = desk.take(drawn(), "Lusail Stadium")
    assert "DRAFT_ADDED" in codes(plan)
    assert "NO_MATCH_THERE" in codes(plan)


def test_doubles_count_once_and_errors_are_refused_unless_partial(desk: MapDesk) -> None:
    spots = [*drawn(), SeatSpot("101", "A", "01", 9, 9, "line 12")]
    plan = desk.take(spots)
    assert (plan.result.seats, plan.result.duplicates) == (8, 1)
    assert plan.result.doubled == ["101/A/01 (line 12)"]
    assert "SEATS_DOUBLED" in codes(plan)
    job = seatmaps.seatmap_import
    read = Read("m.csv", "table", Spots(drawn(rows="ABC"), [Wrong("line 3", "X", "odd")]))
    done = desk.do(job(read, VENUE, "", Options()))
    assert done.refused
    assert done.result.refused
    assert len(desk.seats()) == 8
    assert not desk.do(job(read, VENUE, "", Options(partial=True))).refused
    assert len(desk.seats()) == 12


def test_gaps_and_seats_without_a_row_are_told(desk: MapDesk) -> None:
    spots = [SeatSpot("101", "A", seat) for seat in ("1", "2", "3", "6")]
    spots += [SeatSpot("Box 1", "", seat) for seat in ("1", "2")]
    done = desk.take(spots).result
    assert (done.rows_with_gaps, done.gaps, done.without_row) == (1, ["101/A: between 3 and 6"], 2)
    assert desk.maps().of_match("M01").find("box 1", "", "2") is not None  # type: ignore[union-attr]


def test_categories_and_restrictions_of_a_file_become_areas(desk: MapDesk) -> None:
    spots = [
        replace(
            one,
            category="Cat 1" if one.row == "A" else "Cat 2",
            restrictions=("HELD",) if one.seat == "4" else (),
        )
        for one in drawn(("101", "102"))
    ]
    done = desk.take(spots).result
    assert (done.zones, done.restrictions) == (2, 1)
    one = desk.maps().of_match("M01")
    assert one is not None
    assert [(each.category, each.area.said) for each in one.zones] == [
        ("Cat 1", "101,102 / A"),
        ("Cat 2", "101,102 / B"),
    ]
    assert [each.area.said for each in one.restrictions] == ["101,102 / A,B / 4"]
    desk.take(drawn(("101", "102")))
    assert len(desk.rows(SEAT_ZONES, "category")) == 2, "a file without categories leaves them"


# --- zones


def test_zones_are_added_changed_and_removed(desk: MapDesk) -> None:
    desk.take(drawn(("101", "102")))
    done = paint(desk, zone("101", "Cat 1"), zone("102 / A", "Cat 2"))
    assert (done.changed, done.uncategorised) == (12, 4)  # type: ignore[attr-defined]
    done = paint(desk, zone("101", "Cat 3"))
    assert [(each.category, each.seats) for each in done.zones] == [("Cat 3", 8), ("Cat 2", 4)]  # type: ignore[attr-defined]
    done = paint(desk, remove=[Area("101", "A")])
    assert (done.uncategorised, done.changed) == (8, 4)  # type: ignore[attr-defined]
    assert not desk.do(
        seatmaps.seatmap_zones(VENUE, "", Wanted(zones=[zone("102 / A", "Cat 2")]))
    ).changes


def test_overlapping_zones_are_refused_or_take_the_seats(desk: MapDesk) -> None:
    desk.take(drawn())
    paint(desk, zone("101", "Cat 1"))
    job = seatmaps.seatmap_zones(VENUE, "", Wanted(zones=[zone("101 / B", "Cat 2")]))
    desk.refused(job, RuleError, "overlaps 101")
    done = paint(desk, zone("101 / B", "Cat 2"), over=True)
    assert [(each.rows, each.category) for each in done.zones] == [("A", "Cat 1"), ("B", "Cat 2")]  # type: ignore[attr-defined]


def test_a_zone_without_a_seat_is_refused(desk: MapDesk) -> None:
    desk.take(drawn())
    job = seatmaps.seatmap_zones(VENUE, "", Wanted(zones=[zone("999", "Cat 2")]))
    desk.refused(job, RuleError, "no seat in 999")


def test_zones_of_a_match_begin_with_those_of_its_venue(desk: MapDesk) -> None:
    desk.take(drawn())
    paint(desk, zone("101 / A", "Cat 1"))
    plan = desk.do(seatmaps.seatmap_zones("", "M02", Wanted(zones=[zone("101 / B", "Cat 2")])))
    assert "ZONES_COPIED" in codes(plan)
    assert plan.result.uncategorised == 0
    assert len(desk.maps().of_match("M01").zones) == 1  # type: ignore[union-attr]


def test_a_category_that_no_match_has_is_told(desk: MapDesk) -> None:
    desk.take(drawn())
    plan = desk.do(seatmaps.seatmap_zones(VENUE, "", Wanted(zones=[zone("101", "Cat 9")])))
    assert codes(plan) == ["CATEGORY_UNKNOWN"]


def test_without_a_map_there_are_no_zones(desk: MapDesk) -> None:
    desk.refused(seatmaps.seatmap_zones(VENUE, "", Wanted(zones=[zone("1", "A")])), NotFoundError)


# --- restrictions


def test_restrictions_are_added_and_lifted(desk: MapDesk) -> None:
    desk.take(drawn())
    held = Restriction("HELD", Area("101", "A"), "for the board")
    done = desk.do(seatmaps.seatmap_restrict(VENUE, "", Restrict(add=[held]))).result
    assert (done.changed, done.restrictions[0].seats) == (4, 4)
    assert not desk.do(seatmaps.seatmap_restrict(VENUE, "", Restrict(add=[held]))).changes
    lift = Restriction("HELD", Area("101", "A", "2"))
    done = desk.do(seatmaps.seatmap_restrict(VENUE, "", Restrict(lift=[lift]))).result
    assert [(each.seat_range, each.note) for each in done.restrictions] == [
        ("1,3,4", "for the board")
    ]
    again = seatmaps.seatmap_restrict(VENUE, "", Restrict(lift=[lift]))
    desk.refused(again, RuleError, "is HELD")


def test_restrictions_of_a_match_stand_beside_those_of_its_venue(desk: MapDesk) -> None:
    desk.take(drawn())
    media = Restriction("MEDIA", Area("101", "A"))
    held = Restriction("HELD", Area("101", "B"))
    desk.do(seatmaps.seatmap_restrict(VENUE, "", Restrict(add=[media])))
    done = desk.do(seatmaps.seatmap_restrict("", "M02", Restrict(add=[held]))).result
    assert [each.restriction for each in done.restrictions] == ["MEDIA", "HELD"]
    assert [each.kind for each in desk.maps().of_match("M01").restrictions] == ["MEDIA"]  # type: ignore[union-attr]
    lift = seatmaps.seatmap_restrict("", "M02", Restrict(lift=[media]))
    desk.refused(lift, RuleError, "no seat in 101 / A is MEDIA")


# --- checks


def seat(desk: MapDesk, row: int, *where: str) -> None:
    for name, text in zip(("block", "seat_row", "seat"), where, strict=True):
        desk.set(UNITS, row, name, text)


def test_a_check_counts_seats_against_what_is_contracted(desk: MapDesk) -> None:
    desk.take(drawn(("101", "102")))
    paint(desk, zone("101", "Cat 1"))
    desk.buy(("M01", "Cat 1", 5), ("M02", "Cat 1", 9), ("M03", "Cat 1", 50), ("M01", "Cat 2", 1))
    plan = desk.do(seatmaps.seatmap_check(VENUE, ""))
    told = {name: (one.seats, one.contracted) for name, one in plan.result.by_category.items()}
    assert told == {"Cat 1": (8, 9), "Cat 2": (0, 1)}
    assert (plan.result.seats, plan.result.uncategorised) == (16, 8)
    assert sorted(codes(plan)) == ["CATEGORY_HAS_TOO_FEW_SEATS"] * 2 + ["SEATS_WITHOUT_CATEGORY"]
    plan = desk.do(seatmaps.seatmap_check("", "M01"))
    assert plan.result.by_category["Cat 1"].contracted == 5


@pytest.mark.parametrize(
    ("seats", "codes_of"),
    [
        ([("101", "A", "1"), ("101", "A", "02")], []),
        ([("101", "A", "77")], ["UNIT_SEAT_NOT_ON_MAP"]),
        ([("102", "A", "1")], ["UNIT_SEAT_IN_OTHER_CATEGORY"]),
        ([("101", "A", "1"), ("101", "a", "01")], ["TWO_UNITS_ON_ONE_SEAT"]),
        ([("101", "A-F", None), (None, None, "5"), (None, None, None)], []),
    ],
)
def test_the_audit_looks_at_units_on_seats(
    desk: MapDesk, seats: list[tuple[str, str, str]], codes_of: list[str]
) -> None:
    desk.take(drawn(("101", "102")))
    paint(desk, zone("101", "Cat 1"), zone("102", "Cat 2"))
    desk.buy(("M01", "Cat 1", 4))
    for row, where in enumerate(seats, 2):
        seat(desk, row, *where)
    assert codes(desk.do(audit.audit_job(write=False))) == codes_of
    plan = desk.do(seatmaps.seatmap_check(VENUE, ""))
    assert codes(plan) == codes_of


def test_the_audit_tells_zones_that_overlap_and_rows_that_are_unclear(desk: MapDesk) -> None:
    desk.take(drawn())
    paint(desk, zone("101 / A", "Cat 1"), zone("101 / B", "Cat 2"))
    desk.set(SEAT_ZONES, 3, "rows", None)
    assert codes(desk.do(audit.audit_job(write=False))) == ["ZONES_OVERLAP"]
    desk.set(SEAT_ZONES, 3, "rows", "A,,B")
    assert codes(desk.do(audit.audit_job(write=False))) == ["SEAT_MAP_UNCLEAR"]


@pytest.mark.parametrize("text", ["2026-01-12", "1-"])
def test_a_list_that_a_spreadsheet_or_a_slip_spoilt_is_said(desk: MapDesk, text: str) -> None:
    desk.take(drawn())
    desk.set(SEAT_ROWS, 2, "seats", text)
    assert codes(desk.do(audit.audit_job(write=False))) == ["SEAT_MAP_UNCLEAR"]
    assert {row for _block, row, _seat in desk.seats()} == {"b"}


def test_a_category_counts_however_it_is_spelt(desk: MapDesk) -> None:
    desk.take(drawn())
    paint(desk, zone("101", "Cat 1"))
    desk.set(SEAT_ZONES, 2, "category", "CAT  1")
    desk.buy(("M01", "Cat 1", 4))
    plan = desk.do(seatmaps.seatmap_check(VENUE, ""))
    assert list(plan.result.by_category) == ["Cat 1"]
    assert codes(plan) == []


def test_what_is_no_name_of_a_seat_is_told() -> None:
    found = Spots()
    for raw in ("#REF!", ErrorValue("#N/A"), datetime(2026, 1, 2), "2026-01-02", True):
        found.add("line 2", ("101", "A", raw))
    assert not found.seats
    assert len(found.wrong) == 5
    found.add("line 3", ("101.0", 7.0, "12.0"))
    assert [(one.block, one.row, one.seat) for one in found.seats] == [("101", "7", "12")]

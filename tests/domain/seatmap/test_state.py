"""What is on each seat of a match, for the office and for a client (§1b.2, D28)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import START
from tests.domain.seatmap.seated import MAP, ZONES, SeatDesk, chosen, seat_desk
from tests.seat_bowl import map_rows, put_map
from ticketops.domain.allocation.pool import Pool
from ticketops.domain.masterdata.aliases import client_keys
from ticketops.domain.seatmap import state
from ticketops.domain.seatmap.plan import Area, RowOfSeats, SeatMap, Zone, key_of
from ticketops.domain.seatmap.showing import Asked, shown
from ticketops.errors import NotFoundError, RuleError, UnclearNameError, UsageError
from ticketops.model import roles
from ticketops.schema.layouts.event import HOLDS, SCHEDULE, UNITS
from ticketops.services import allocation, catalogue, masterdata, seat_views

ROW_D = {("101", "D", str(n)): "RESTRICTED" for n in range(1, 11)}
ROW_A = {
    "1": "ALLOCATED",
    "2": "ALLOCATED",
    "3": "ALLOCATED",
    "4": "ALLOCATED",
    "5": "FREE",
    "6": "HELD",
    "7": "UNCLEAR",
    "8": "RESTRICTED",
}
CAT_2 = {("105", "A", str(n)): "FREE" for n in range(1, 5)}
"""By hand, from the table of `seated`."""


@pytest.fixture(scope="module")
def made() -> SeatDesk:
    return seat_desk()


@pytest.fixture
def desk(made: SeatDesk) -> SeatDesk:
    return SeatDesk(made)


def row_a(**changed: str) -> dict[tuple[str, str, str], str]:
    """Row A of block 101, some of its seats in another state."""
    states = ROW_A | {seat.removeprefix("s"): name for seat, name in changed.items()}
    return {("101", "A", seat): name for seat, name in states.items() if name}


def test_the_office_sees_every_seat_that_is_in_stock(desk: SeatDesk) -> None:
    assert desk.states(match="m1") == row_a() | ROW_D | CAT_2
    seats = desk.view(match="M01").seats
    assert (seats.elsewhere, seats.placeless) == (1, 1)
    (band,) = seats.bands
    assert (band.said, band.counts) == ("101 / B", {"FREE": 2})
    assert sum(seats.counts().values()) == 8 * 4 * 10


def test_a_sale_sees_its_own_seats_and_what_is_free_for_it(desk: SeatDesk) -> None:
    other = dict.fromkeys(CAT_2, "OTHER")
    assert desk.states(sale="S1") == row_a(s1="OWN", s2="OWN") | ROW_D | other
    assert desk.states(match="M01", sale="S3") == row_a() | ROW_D | other
    only = row_a(s5="OTHER") | ROW_D | CAT_2
    assert desk.states(match="M01", category="cat 2") == only
    assert desk.view(sale="s1-1").category == "Cat 1"


def test_what_is_held_for_its_client_is_free_for_a_sale(desk: SeatDesk) -> None:
    desk.sell(("M01", "Cat 1", 1), client="Gamma")
    assert desk.states(sale="S4")["101", "A", "6"] == "FREE"
    desk.set(HOLDS, desk.rows(HOLDS, "row")[0], "until", START - timedelta(days=30))
    assert desk.states(sale="S3")["101", "A", "6"] == "FREE"


def test_open_is_what_the_pool_gives(desk: SeatDesk) -> None:
    """Of seats with a number on the map, except those that it withholds."""
    desk.sell(("M01", "Cat 1", 1), client="Gamma")
    for sale, client in (("S3", "Acme"), ("S4", "Gamma")):
        snapshot = desk.store.read(*seat_views.seatmap_show(Asked(match="M01")).sheets, "Purchases")
        pool = Pool(snapshot, {("M01", "Cat 1")}, today=START)
        free = {
            key_of(unit.block, unit.seat_row, unit.seat)
            for units in pool.sets("M01", "Cat 1", client).values()
            for unit in units
        }
        plan = SeatMap("Arena", "M01", tuple(MAP))
        wanted = {key for key in free if plan.find(*key) and key[1] != "d"}
        found = {
            (*row.key, label)
            for row, seats in desk.view(sale=sale).seats.rows()
            for label, one in zip(row.labels, seats, strict=True)
            if one and one.open
        }
        assert found == wanted
        assert client_keys(snapshot)(client) == client.casefold()


def test_a_client_sees_its_own_seats_and_nothing_else(desk: SeatDesk) -> None:
    own = {("101", "A", "1"): "OWN", ("101", "A", "2"): "OWN"}
    assert desk.states(match="M01", client="acme") == own
    view = desk.view(match="M01", client="Acme")
    assert view.seats.counts() == {"OWN": 2, "NOT_AVAILABLE": 318}
    found = {one for _row, seats in view.seats.rows() for one in seats}
    hidden = [one for one in found if one and one.state == state.HIDDEN]
    assert hidden == [state.Found(state.HIDDEN)]
    told = [one for one in found if one and one.state == state.OWN]
    assert {one.ticket for one in told} == {"S1-1", "S1-2"}
    assert {kind for one in told for kind in one.restrictions} == {"ACCESSIBLE"}
    assert desk.states(sale="S3", client="Acme") == {}


@pytest.mark.parametrize("sheet_change", range(6))
def test_what_others_do_changes_nothing_that_a_client_sees(
    desk: SeatDesk, sheet_change: int
) -> None:
    before = shown(desk.view(match="M01", client="Acme"), "101")
    if sheet_change == 0:
        desk.unallocate("S2")
    elif sheet_change == 1:
        desk.sell(("M01", "Cat 2", 2), client="Delta")
        desk.do(allocation.allocate_commit("S4", chosen("105/A/1-2")))
    elif sheet_change == 2:
        desk.seat("P00005", "101", "C", "5")
    elif sheet_change == 3:
        desk.do(allocation.unit_release(["P00006"], "", "over"))
    elif sheet_change == 4:
        desk.seat("P00011", "888", "Z", "1")
    else:
        row = next(
            n for n, kind in desk.rows("_SEAT_RESTRICTIONS", "row", "restriction") if kind == "HELD"
        )
        desk.set("_SEAT_RESTRICTIONS", row, "rows", "C-D")
    after = shown(desk.view(match="M01", client="Acme"), "101")
    assert after == type(after)(
        *(getattr(before, name) if name != "as_of" else after.as_of for name in after.__slots__)
    )


def test_a_user_who_is_limited_to_a_client_sees_what_it_sees(desk: SeatDesk) -> None:
    desk.do(masterdata.user_set("tester", role="super_admin", name="", email="", active=None))
    desk.do(
        masterdata.user_set(
            "kim", role="operator", name="", email="", active=None, more={"clients": "Acme"}
        )
    )
    desk.user = "kim"
    own = {("101", "A", "1"): "OWN", ("101", "A", "2"): "OWN"}
    assert desk.states(match="M01") == own
    assert desk.states(match="M01", client="Acme") == own
    for asked in (Asked(match="M01", client="Beta"), Asked(sale="S2")):
        with pytest.raises(NotFoundError):
            desk.do(seat_views.seatmap_show(asked))


def test_a_ticket_counts_more_than_a_free_unit_on_the_same_seat(desk: SeatDesk) -> None:
    desk.seat("P00005", "101", "A", "1")
    assert desk.states(match="M01") == row_a(s5="") | ROW_D | CAT_2


def test_units_that_are_gone_are_not_in_stock(desk: SeatDesk) -> None:
    rows = dict(desk.rows(UNITS, "unit_id", "row"))
    desk.set(UNITS, rows["P00005"], "status", "CANCELLED")
    desk.set(UNITS, rows["P00014"], "status", "SOLD")
    assert desk.states(match="M01") == row_a(s5="") | ROW_D | CAT_2 | {
        ("105", "A", "1"): "ALLOCATED"
    }


def test_seats_are_compared_as_people_write_them(desk: SeatDesk) -> None:
    desk.seat("P00005", "101", "a", "05")
    assert desk.states(match="M01") == row_a() | ROW_D | CAT_2


def test_a_list_of_seats_or_rows_is_a_band(desk: SeatDesk) -> None:
    desk.seat("P00005", "101", "A", "5-7")
    desk.seat("P00014", "105", "A-C", None)
    desk.seat("P00015", "105", None, None)
    view = desk.view(match="M01")
    assert {band.said: dict(band.counts) for band in view.seats.bands} == {
        "101 / A": {"FREE": 1},
        "101 / B": {"FREE": 2},
        "105 / A-C": {"FREE": 1},
        "105": {"FREE": 1},
    }
    over = {
        band.said: sorted({row.row for row in state.lines_of(view.seats.plan, band)})
        for band in view.seats.bands
    }
    assert over == {
        "101 / A": ["A"],
        "101 / B": ["B"],
        "105 / A-C": ["A", "B", "C"],
        "105": ["A", "B", "C", "D"],
    }


def test_sub_games_have_seats_of_their_own() -> None:
    desk = SeatDesk()
    for code in ("RACE", "FP1"):
        desk.do(catalogue.sub_game_add("M01", code, {}))
    desk.buy(("M01/RACE", "Cat 1", 1), ("M01/FP1", "Cat 1", 1))
    for unit_id, seat in (("P00001", "1"), ("P00002", "2")):
        desk.seat(unit_id, "101", "A", seat)
    put_map(desk.store, map_rows("Arena", MAP, ZONES, (), match="M01"))
    assert desk.states(match="M01/RACE") == {("101", "A", "1"): "FREE"}
    assert desk.states(match="M01/fp1") == {("101", "A", "2"): "FREE"}
    with pytest.raises(RuleError, match="several sub-games"):
        desk.view(match="M01")
    desk.sell(("M01/FP1", "Cat 1", 1), client="Acme")
    assert desk.view(match="M01", sale="S1").match == "M01/FP1"
    with pytest.raises(RuleError, match="M01/FP1"):
        desk.view(match="M01/RACE", sale="S1")


def test_a_venue_is_shown_without_a_match(desk: SeatDesk) -> None:
    put_map(desk.store, map_rows("Arena Nord", MAP, ZONES, ()))
    counts = shown(desk.view(venue="arena nord"))
    assert counts.counts == {"SEAT": 320}
    assert [one.category for one in shown(desk.view(venue="Arena N"), "108").places] == [None] * 40
    assert {one.category for one in shown(desk.view(venue="Arena Nord"), "101").places} == {"Cat 1"}
    with pytest.raises(NotFoundError, match="no venue"):
        desk.view(venue="Elsewhere")
    with pytest.raises(UnclearNameError):
        desk.view(venue="Arena Nrd")


def test_the_schedule_says_whose_map_a_match_has(desk: SeatDesk) -> None:
    put_map(desk.store, map_rows("Arena Nord", MAP, ZONES, ()))
    desk.type_rows(SCHEDULE, [{"match": "M02", "city": "Oslo · Arena Nord"}])
    assert desk.view(match="M02").venue == "Arena Nord"
    with pytest.raises(NotFoundError, match="M03"):
        desk.view(match="M03")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (Asked(), UsageError),
        (Asked(venue="Arena", match="M01"), UsageError),
        (Asked(match="M01", sale="S9"), NotFoundError),
        (Asked(match="M01", client="Nobody"), NotFoundError),
        (Asked(match="M01", client="Acme", category="Cat 1"), UsageError),
        (Asked(sale="S2", client="Acme"), RuleError),
        (Asked(sale="S1", category="Cat 2"), RuleError),
        (Asked(match="M01", category="Cat 9"), RuleError),
    ],
)
def test_what_can_not_be_shown_is_refused(
    desk: SeatDesk, asked: Asked, error: type[Exception]
) -> None:
    desk.role = roles.SR_OPERATOR
    desk.refused(seat_views.seatmap_show(asked), error)


def test_of_two_seats_of_one_name_the_first_counts() -> None:
    plan = SeatMap("X", None, (RowOfSeats("1", "A", "1,2,2,3"), RowOfSeats("1", "a", "03,4")))
    seats = state.of_venue(plan)
    assert [[one is not None for one in found] for _row, found in seats.rows()] == [
        [True, True, False, True],
        [False, True],
    ]
    assert sum(seats.counts().values()) == plan.count == 4


Areas = st.builds(
    lambda blocks, rows, seats: (blocks, rows, seats),
    st.sampled_from(["", "*", "1", "1-2", "2,3"]),
    st.sampled_from(["", "*", "A", "A-B"]),
    st.sampled_from(["", "1", "2-3", "*"]),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["Cat 1", "Cat 2"]), Areas), max_size=4))
def test_the_category_of_a_seat_is_that_of_the_map(
    zones: list[tuple[str, tuple[str, ...]]],
) -> None:
    rows = tuple(RowOfSeats(str(b), r, "1-4") for b in (1, 2, 3) for r in "ABC")
    plan = SeatMap("X", None, rows, tuple(Zone(name, Area(*area)) for name, area in zones))
    for row, found in state.of_venue(plan).rows():
        for label, one in zip(row.labels, found, strict=True):
            assert one is not None
            assert one.category == (plan.category((*row.key, label)) or "")

"""Which third-placed team goes where: only what is certain."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.schedule.facts import names_thirds, thirds_lines
from ticketops.domain.schedule.places import Slot, assigned, qualified
from ticketops.domain.schedule.standings import Standing, Table, Tie
from ticketops.errors import InputError
from ticketops.schema.foreign import Cells, ForeignTable, table_of

EURO = [
    Slot(("M38", 1), "DEF", "1B"),
    Slot(("M40", 1), "ABCD", "1C"),
    Slot(("M41", 1), "ABC", "1F"),
    Slot(("M43", 1), "ABCD", "1E"),
]


@given(st.data(), st.integers(1, 5))
def test_without_a_table_only_a_single_assignment_counts(data: st.DataObject, size: int) -> None:
    through = "".join(
        sorted(data.draw(st.sets(st.sampled_from("ABCDEFG"), min_size=size, max_size=size)))
    )
    letters = st.sets(st.sampled_from("ABCDEFG"), min_size=1, max_size=4)
    slots = [Slot((f"M{n}", 1), "".join(sorted(data.draw(letters))), "") for n in range(size)]
    fits = [
        dict(zip([slot.place for slot in slots], order, strict=True))
        for order in permutations(through)
        if all(group in slot.groups for slot, group in zip(slots, order, strict=True))
    ]
    found, why = assigned(slots, through, {})
    assert found == (fits[0] if len(fits) == 1 else {})
    assert bool(why) == (len(fits) != 1)


def test_why_nothing_is_certain() -> None:
    found, why = assigned(EURO, "ABCE", {})
    assert found == {}
    assert (
        why
        == "_THIRDS is empty, and several assignments fit the thirds of ABCE: `schedule thirds FILE`"
    )
    assert assigned(EURO, "ABCE", {"ABCD": {}})[1].startswith(
        "_THIRDS has no row for the thirds of ABCE"
    )
    assert assigned(EURO, "ABEF", {})[1] == "no assignment of the thirds of ABEF fits the schedule"


def test_a_row_of_the_table_decides_and_must_fit_the_schedule() -> None:
    row = {"1B": "E", "1C": "B", "1E": "C", "1F": "A"}
    found, why = assigned(EURO, "ECBA", {"ABCE": row})
    assert why == ""
    assert found == {("M38", 1): "E", ("M40", 1): "B", ("M41", 1): "A", ("M43", 1): "C"}
    for wrong, said in (
        (
            {**row, "1B": "A", "1F": "E"},
            "pairs 1B with 3A, which the schedule does not allow there",
        ),
        ({**row, "1C": "C"}, "gives the third of one group two places"),
        ({"1B": "E"}, "does not say which third 1C plays against"),
    ):
        found, why = assigned(EURO, "ABCE", {"ABCE": wrong})
        assert found == {}
        assert said in why


def standing(rank: int, team: str) -> Standing:
    return Standing(rank, team, 3, 1, 0, 2, 1, 1, 0, 3, "")


def test_the_best_go_through_unless_the_last_place_is_undecided() -> None:
    order = Table(
        (standing(1, "A3"), standing(1, "B3"), standing(3, "C3"), standing(4, "D3")),
        (Tie(1, ("A3", "B3"), "conduct of A3 and B3"),),
    )
    assert qualified(order, 2) == (["A3", "B3"], "")
    assert qualified(order, 3)[0] == ["A3", "B3", "C3"]
    assert qualified(order, 1) == ([], "the third-placed teams: conduct of A3 and B3 is missing")
    assert qualified(order, 5)[1] == "there are only 4 third-placed teams for 5 places"


def _table(rows: list[list[str]]) -> ForeignTable:
    cells = Cells("", (), list(rows), list(range(1, len(rows) + 1)))
    return table_of("t.csv", cells, is_header=names_thirds)


OWN = [["Groups", "pairings"], ["EABC", "1b:3E 1C:3B, 1E:3C; 1F:3A"]]
PUBLISHED = [
    ["No.", "Groups of the thirds", "", "", "", "1B vs", "1C vs", "1E", "1F v"],
    ["1", "A", "B", "C", "E", "3E", "3B", "C", "3 a"],
    ["", "", "", "", "", "", "", "", ""],
]


@pytest.mark.parametrize("rows", [OWN, PUBLISHED, [row[5:] for row in PUBLISHED]])
def test_a_table_is_read_in_either_form(rows: list[list[str]]) -> None:
    (line,) = thirds_lines(_table(rows))
    assert line.groups == "ABCE"
    assert line.pairings == {"1B": "E", "1C": "B", "1E": "C", "1F": "A"}
    assert str(line.place) == "t.csv line 2"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["team", "ranking"], ["Spain", "1"]], "is no table of third-placed teams"),
        ([["1A", "1B"]], "has no lines below the header"),
        (
            [["1A", "1B"], ["3C", "x1"], ["", "3D"]],
            "line 2: 1B must play against a third like 3H or H",
        ),
        ([["groups", "pairings"], ["12", "1A:3C"]], "line 2: groups must be letters"),
        ([["groups", "pairings"], ["C", "1A-3C"]], "line 2: pairings must be like 1A:3H 1B:3G"),
    ],
)
def test_what_is_no_table_is_said_by_its_line(rows: list[list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        thirds_lines(_table(rows))

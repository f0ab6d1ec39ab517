"""What a form says, guests copied down, and blocks pasted from a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.portal.form import (
    Change,
    Page,
    accepted,
    asked,
    cells_of,
    changed,
    copied_down,
    page_for,
    pasted,
    read_form,
    returned,
    taken_back,
)
from ticketops.schema.book_layouts import CLIENT_LAYOUT, BookRow, hash_of_base

GUEST = frozenset({"client_notes", "first_name", "last_name", "client_email", "comment"})
LONG = "wheelchair " * 50


def rows(count: int = 4, closed: Sequence[int] = (), **values: str) -> list[BookRow]:
    return [
        BookRow(
            f"S1-{n + 1}",
            {"delivery": "SENT", **values},
            frozenset() if n in closed else GUEST | {"delivery"},
            f"P0000{n}",
        )
        for n in range(count)
    ]


def page(*closed: int, count: int = 4, **values: str) -> Page:
    return page_for("client", "acme", "P0001", "P0001-x", rows(count, closed, **values))


def test_a_form_says_what_was_typed_into_its_own_rows() -> None:
    form = read_form(
        [
            ("csrf", "x"),
            ("r0.first_name", "Ana"),
            ("r3.client_email", "a@b.example"),
            ("r1.pick", "on"),
            ("r0.last_name", ""),
            ("r4.first_name", "Eve"),
            ("r0.sales_id", "S9-9"),
            ("r0.in_words", "x"),
            ("rx.first_name", "Eve"),
        ],
        page(),
    )
    assert form.typed == {
        0: {"first_name": "Ana", "last_name": ""},
        3: {"client_email": "a@b.example"},
    }
    assert form.picked == (1,)
    assert form.stray == ("r4.first_name", "r0.sales_id", "r0.in_words")


def test_what_a_reader_insists_on_counts_before_what_the_cell_holds() -> None:
    pairs = [("r0.first_name.mine", "Eva"), ("r0.first_name", "Ana")]
    assert read_form(pairs, page()).typed == {0: {"first_name": "Eva"}}


def test_a_page_comes_back_as_a_book_does() -> None:
    shown = page(first_name="Bo", comment=LONG)
    back = returned(shown, {1: {"first_name": "Ana", "in_words": "never"}})
    assert (back.kind, back.book_id, back.base) == ("client", "P0001-x", shown.rows)
    assert hash_of_base(back.base or ()) == shown.book.base
    assert [row.key for row in back.rows] == ["S1-1", "S1-2", "S1-3", "S1-4"]
    assert back.rows[1].values["first_name"] == "Ana"
    assert back.rows[0].values["first_name"] == "Bo"
    assert set(back.positions) == set(CLIENT_LAYOUT.typed)
    assert changed(shown, {1: {"first_name": "Ana"}, 2: {"first_name": "Bo", "comment": LONG}}) == {
        (1, "first_name"): "Ana"
    }


def test_a_page_of_some_columns_asks_for_no_other() -> None:
    some = page_for("client", "acme", "P0001", "P0001-y", rows(), ("delivery",))
    assert some.columns == ("delivery",)
    assert all(set(row.texts) == {"delivery"} and row.open == ["delivery"] for row in some.rows)
    assert accepted(some) == {n: {"delivery": "ACCEPTED"} for n in range(4)}
    assert accepted(some, [2]) == {2: {"delivery": "ACCEPTED"}}
    assert accepted(page(1), [1, 2]) == {2: {"delivery": "ACCEPTED"}}


def test_what_is_asked_for_stands_in_the_comments_and_is_an_issue() -> None:
    assert asked(page(), 0, "swap", " nearer seats ", "aisle") == {
        0: {"comment": "aisle\nSwap requested: nearer seats", "delivery": "ISSUE"}
    }
    assert asked(page(), 1, "issue", "torn", "") == {1: {"comment": "torn", "delivery": "ISSUE"}}
    assert asked(page(2), 2, "return", "", "") == {2: {"comment": "Return requested"}}


ANA = {"first_name": "Ana", "last_name": "Ruiz", "client_email": "a@b.example"}


def test_a_guest_is_copied_down_to_open_rows_that_have_none() -> None:
    typed = {0: ANA, 2: {"first_name": "Bo"}}
    done = copied_down(page(1, count=5), typed, 0, None)
    assert done.typed == {0: ANA, 2: {"first_name": "Bo"}, 3: ANA, 4: ANA}
    assert (done.filled, [(n, why) for n, _c, _t, why in done.left]) == (
        6,
        [(1, "closed"), (2, "filled")],
    )
    assert copied_down(page(count=5), typed, 0, 1).typed == {
        0: ANA,
        1: ANA,
        2: {"first_name": "Bo"},
    }
    assert copied_down(page(count=3), typed, 0, None, overwrite=True).typed == {
        0: ANA,
        1: ANA,
        2: ANA,
    }


def test_a_long_text_is_never_copied_as_its_hash() -> None:
    done = copied_down(page(count=2, comment=LONG), {0: ANA}, 0, None, overwrite=True)
    assert done.typed[1] == ANA


def test_a_block_goes_into_the_cells_right_of_and_below_the_first() -> None:
    done = pasted(
        page(2), {0: {"comment": "x"}}, "Ana\tRuiz\r\nBo\tDiaz\r\nCy\tKim\r\n", 1, "first_name"
    )
    assert done.typed == {
        0: {"comment": "x"},
        1: {"first_name": "Ana", "last_name": "Ruiz"},
        3: {"first_name": "Cy", "last_name": "Kim"},
    }
    assert done.filled == 4
    assert done.left == ((2, "first_name", "Bo", "closed"), (2, "last_name", "Diaz", "closed"))


def test_what_is_beyond_the_page_is_told_and_a_blank_says_nothing() -> None:
    done = pasted(
        page(count=1),
        {0: {"last_name": "Ruiz"}},
        "Ana\t\ta@b.example\tx\ty\tz\tq\nBo",
        0,
        "first_name",
    )
    assert done.typed[0]["last_name"] == "Ruiz"
    assert done.left == (
        (0, "", "y", "beyond"),
        (0, "", "z", "beyond"),
        (0, "", "q", "beyond"),
        (1, "first_name", "Bo", "beyond"),
    )


def test_a_block_with_headers_is_put_by_them() -> None:
    header = {column.name: column.header for column in CLIENT_LAYOUT.columns}
    line = "\t".join(header[name] for name in ("sales_id", "client_email", "first_name"))
    done = pasted(page(), {}, f"{line}\nS1-1\ta@b.example\tAna\n", 0, "comment")
    assert done.typed == {0: {"client_email": "a@b.example", "first_name": "Ana"}}


@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab"\t\n =é'), max_size=6), min_size=2, max_size=4),
        min_size=1,
        max_size=5,
    )
)
def test_cells_are_those_that_a_spreadsheet_wrote(block: list[list[str]]) -> None:
    """Excel's clipboard is what Python's csv module calls excel-tab."""
    written = io.StringIO()
    csv.writer(written, "excel-tab").writerows(block)
    assert cells_of(written.getvalue()) == block


@given(st.text(st.sampled_from('a"\t\n\r'), max_size=40))
def test_any_text_is_some_block(text: str) -> None:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if '"' not in plain:
        assert "\n".join("\t".join(line) for line in cells_of(text)) == plain.removesuffix("\n")
    else:
        assert isinstance(cells_of(text), list)


def test_what_was_said_is_taken_back_but_for_a_status() -> None:
    back, typed = taken_back(
        "client",
        "acme",
        "P0001",
        "P0001-z",
        [
            Change("S1-1", "first_name", "", "Ana"),
            Change("S1-2", "delivery", "SENT", "ACCEPTED"),
            Change("S1-1", "comment", LONG, "short"),
        ],
    )
    assert back.columns == ("first_name", "comment")
    assert [(row.key, dict(row.texts)) for row in back.rows] == [
        ("S1-1", {"first_name": "Ana", "comment": "short"})
    ]
    assert typed == {0: {"first_name": "", "comment": LONG}}


@pytest.mark.parametrize("kind", ["client", "supplier", "staff"])
def test_each_kind_has_a_page(kind: str) -> None:
    assert page_for(kind, "x", "P0001", "P0001-x", []).rows == ()

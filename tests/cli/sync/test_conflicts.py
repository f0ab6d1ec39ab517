"""Cells and rows that both sides changed: listed, left alone, and whose word counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.cli.sync.two_copies import CONFLICT, ROW, Pair
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, SALES


def test_conflicts_are_listed_and_left_alone(torn: Pair) -> None:
    before = torn.everything()
    for what in ("diff", "pull", "push"):
        done = torn.sync(what)
        assert done.code == 1
        for text in (
            f"Sales!{ROW}",
            "Notes is 'here' here and 'there' there",
            "Client is 'here' here and 'there' there",
            "the row holds nothing here and S4 there",
        ):
            assert text in done.out
    assert torn.everything()[:2] == before[:2]
    told = torn.sync("diff", "--json").json["findings"]
    assert Counter((f["code"], f["sheet"], f["row"]) for f in told) == {
        (CONFLICT, SALES, ROW): 3,
        (CONFLICT, SALES, 5): 1,
    }


@pytest.mark.parametrize(
    ("what", "prefer", "notes", "client", "row"),
    [
        ("pull", "remote", ("there", "there"), ("there", "there"), ("S4", "S4")),
        ("push", "local", ("here", "here"), ("here", "here"), (None, None)),
        ("pull", "local", ("here", "there"), ("here", "there"), (None, "S4")),
        ("push", "remote", ("here", "there"), ("here", "there"), (None, "S4")),
        ("pull", "Notes=remote", ("there", "there"), ("here", "there"), (None, "S4")),
        ("push", "Sales!Client=local", ("here", "there"), ("here", "here"), (None, "S4")),
        ("pull", "SalesID=remote", ("here", "there"), ("here", "there"), ("S4", "S4")),
        ("pull", "Purchases!Notes=remote", ("here", "there"), ("here", "there"), (None, "S4")),
        ("pull", "remote Notes=local", ("here", "there"), ("there", "there"), ("S4", "S4")),
    ],
)
def test_whose_word_counts(
    what: str,
    prefer: str,
    notes: tuple[str, str],
    client: tuple[str, str],
    row: tuple[Any, Any],
    torn: Pair,
) -> None:
    """What stands here and there afterwards."""
    options = [word for text in prefer.split() for word in ("--prefer", text)]
    done = torn.sync(what, *options)
    assert (
        torn.both(SALES, ROW, "Notes"),
        torn.both(SALES, ROW, "Client"),
        torn.both(SALES, 5, "SalesID"),
    ) == (notes, client, row)
    assert done.code == (0 if prefer in ("local", "remote", "remote Notes=local") else 1)


def test_the_word_of_the_side_that_is_written_goes_the_other_way_next_time(torn: Pair) -> None:
    """`pull --prefer local` writes nothing here, but settles it: a plain push sends what stands
    here."""
    assert torn.sync("pull", "--prefer", "local").code == 0
    assert torn.sync("diff").code == 0
    assert torn.sync("push").code == 0
    assert torn.both(SALES, ROW, "Game") == ("here", "here")
    assert torn.both(SALES, 5, "SalesID") == (None, None)
    assert torn.here() == torn.there()


def test_a_conflict_ends_when_somebody_makes_both_equal(torn: Pair) -> None:
    torn.type_there(SALES, {ROW: {"notes": "here", "client": "here"}})
    torn.type_here(SALES, {ROW: {"game": "there"}})
    torn.clear_there(SALES, [5])
    assert torn.sync("diff").out == "both copies are the same\n"


def test_every_conflict_is_in_the_json(pair: Pair) -> None:
    """Also where there are more than a terminal shows."""
    rows = range(3, 123)
    pair.type_here(DISTRIBUTION, {row: {"comment": "here"} for row in rows})
    pair.type_there(DISTRIBUTION, {row: {"comment": "there"} for row in rows})
    for what in ("diff", "pull", "push"):
        done = pair.sync(what, "--json")
        assert done.code == 1
        assert {(f["code"], f["row"]) for f in done.json["findings"]} == {
            (CONFLICT, row) for row in rows
        }
        assert done.json["result"]["left"] == done.json["result"]["conflicts"] == 120


def test_two_new_sales_in_one_row_are_never_mixed(pair: Pair) -> None:
    """Both sides record a sale, numbered alike; `sync watch` goes over it twice in each round."""
    pair.type_here(
        SALES,
        {37: {"sales_id": "S36", "match": "M01", "client": "Acme", "number": 2, "contract": "A-1"}},
    )
    pair.type_there(
        SALES,
        {
            37: {
                "sales_id": "S36",
                "match": "M01",
                "client": "Bolt",
                "number": 5,
                "notes": "Bolt pays by card",
            }
        },
    )
    before = pair.here(), pair.there()
    for _ in range(2):
        assert pair.sync("watch", "--once").code == 1
    assert (pair.here(), pair.there()) == before


def test_rows_of_a_log_are_not_mixed(pair: Pair) -> None:
    """Both sides append to the log: the row is the operator's to judge."""
    pair.type_here(ALLOC_LOG, {14: {"user": "ana", "action": "HOLD", "reason": "here"}})
    pair.type_there(
        ALLOC_LOG,
        {
            14: {"user": "ben", "action": "HOLD", "sale_id": "S3"},
            15: {"user": "ben", "action": "FREE"},
        },
    )
    done = pair.sync("pull", "--json").json
    assert [(finding["code"], finding["row"]) for finding in done["findings"]] == [(CONFLICT, 14)]
    logged = {
        key[1:]: value for key, value in pair.here().items() if key[0] == ALLOC_LOG and key[1] >= 14
    }
    assert logged == {
        (14, "User"): "ana",
        (14, "Action"): "HOLD",
        (14, "Reason"): "here",
        (15, "User"): "ben",
        (15, "Action"): "FREE",
    }

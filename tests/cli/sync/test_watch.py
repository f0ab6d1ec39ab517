"""`ticketops sync watch`: one round, many, and a round that fails."""

from __future__ import annotations

import re
import signal

import pytest

from tests.cli.sync.two_copies import CONFLICT, LINES, Pair
from ticketops.schema.layouts.event import PURCHASES, SALES


@pytest.mark.slow
def test_one_round(pair: Pair) -> None:
    pair.type_here(SALES, {2: {"notes": "here"}, 5: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 5: {"notes": "there"}})
    done = pair.real("watch", "--once", "--json")
    assert done.code == 1
    told = done.json
    assert {name: told["result"][name] for name in ("pulled", "pushed", "rounds")} == {
        "pulled": 1,
        "pushed": 1,
        "rounds": 1,
    }
    assert [(finding["code"], finding["row"]) for finding in told["findings"]] == [(CONFLICT, 5)]
    assert pair.both(SALES, 2, "Notes") == ("here", "here")
    assert pair.both(SALES, 3, "Notes") == ("there", "there")
    assert pair.both(SALES, 5, "Notes") == ("here", "there")
    assert pair.real("watch", "--once", "--prefer", "Notes=local").code == 0
    assert pair.both(SALES, 5, "Notes") == ("here", "here")
    assert [t.entry.command for t in pair.google.store(pair.key).log()] == [
        "sync watch",
        "sync watch",
    ]


@pytest.mark.slow
def test_round_after_round_until_it_is_stopped(pair: Pair) -> None:
    """What is typed on either side reaches the other; a conflict is told once; a Ctrl-C ends it
    with what it did."""
    pair.type_here(SALES, {5: {"notes": "here"}})
    pair.type_there(SALES, {5: {"notes": "there"}})
    with pair.watching() as watch:
        watch.until(lambda: pair.server.count("read") >= 2)
        pair.type_there(SALES, {3: {"notes": "there"}})
        watch.until(lambda: pair.both(SALES, 3, "Notes") == ("there", "there"))
        pair.type_here(SALES, {2: {"notes": "here"}})
        watch.until(lambda: pair.both(SALES, 2, "Notes") == ("here", "here"))
        watch.two_rounds()
        done = watch.stop(signal.SIGINT)
    assert done.code == 1
    assert done.out.count("Notes is 'here' here and 'there' there") == 1
    assert re.search(r"\b1 cells? pulled, 1 pushed", done.err)
    assert "Traceback" not in done.out + done.err


@pytest.mark.slow
def test_a_round_goes_on_after_one_that_failed(pair: Pair) -> None:
    """Once it runs, a failure is told and the next round tries again."""
    pair.type_here(SALES, {2: {"notes": "here"}})
    with pair.watching() as watch:
        watch.until(lambda: pair.both(SALES, 2, "Notes") == ("here", "here"))
        pair.clear_there(PURCHASES, range(2, LINES + 2))
        watch.two_rounds()
        pair.type_there(
            PURCHASES, {row: {"purchase_id": f"P_{row}"} for row in range(2, LINES + 2)}
        )
        watch.until(lambda: pair.both(PURCHASES, LINES + 1, "PurchaseID")[0] == f"P_{LINES + 1}")
        done = watch.stop(signal.SIGTERM)
    assert done.code == 1
    assert f"{PURCHASES} would have 0 rows instead of {LINES}" in done.out
    assert "Traceback" not in done.out + done.err

"""Receipts and guests that are copied down."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.dispatching import GUEST, GUESTS, Do, codes, rows_of, tickets_of
from tests.conftest import Runner

ALL_SENT = ["staff", "mark", "SENT", "T00001", "T00002", "T00003"]


@pytest.mark.parametrize(
    ("words", "accepted", "found"),
    [
        (["Bolt", "S4-1"], ["S4-1"], []),
        (["bolt", "s4-2", "S4-1"], ["S4-2", "S4-1"], []),
        (["bolt", "s4-2", "S4-2"], ["S4-2"], []),
        (["Bolt", "S4-1", "S5-1"], ["S4-1"], ["NOT_SENT_YET"]),
        (["Bolt", "--match", "M01"], ["S4-1", "S4-2"], []),
        (["Bolt", "--holder", "fux"], ["S4-2"], []),
        (["Bolt", "--block", "B-Z"], ["S4-1"], []),
        (["Bolt", "--row", "2"], ["S4-2"], []),
        (["Bolt", "--view", "mine"], ["S4-2"], []),
        (["Bolt", "--all"], ["S4-1", "S4-2"], []),
        (["Acme Premium", "--category", "cat 2"], ["S2-1"], []),
    ],
)
def test_receipts(
    here: Runner, do: Do, book: Path, words: list[str], accepted: list[str], found: list[str]
) -> None:
    do(*ALL_SENT)
    do("client", "view", "Bolt", "--holder", "ed@", "--save-view", "mine")
    before = tickets_of(book, "Delivery", "AcceptedAt", "AcceptedBy")
    start = datetime.now().replace(microsecond=0)
    done = here("client", "accept", *words, "--by", "Joe", "--json")
    assert (done.code, codes(done)) == (1 if found else 0, found)
    assert done.json["result"]["accepted"] == accepted
    for key, values in tickets_of(book, "Delivery", "AcceptedAt", "AcceptedBy").items():
        if key in accepted:
            assert (values[0], values[2]) == ("ACCEPTED", "Joe")
            assert start <= values[1] <= datetime.now() + timedelta(seconds=1)
        else:
            assert values == before[key]
    client_inputs = {row["SalesID"]: row["AcceptedBy"] for row in rows_of(book, "_CLIENT_INPUTS")}
    assert all(client_inputs[key] == "Joe" for key in accepted)
    queue = {row["SalesID"]: row["DispatchStatus"] for row in rows_of(book, "_STAFF_QUEUE")}
    assert {key for key, status in queue.items() if status == "ACCEPTED"} == set(accepted)


def test_a_sale_that_is_all_with_the_client_is_fulfilled(do: Do, book: Path) -> None:
    do("client", "copy-down", "S2-1")
    do("staff", "queue")
    task = next(row["TaskID"] for row in rows_of(book, "_STAFF_QUEUE") if row["SalesID"] == "S2-2")
    do("staff", "mark", "SENT", "T00001")
    do("client", "accept", "acme", "S2-1")
    assert {row["SalesID"]: row["Status"] for row in rows_of(book, "Sales")}["S2"] == "ALLOCATED"
    do("staff", "mark", "SENT", task)
    assert {row["SalesID"]: row["Status"] for row in rows_of(book, "Sales")}["S2"] == "FULFILLED"


def test_copy_down(here: Runner, do: Do, book: Path) -> None:
    assert do("client", "copy-down", "S4-1", "--overwrite") == {
        "from": "S4-1",
        "to": ["S4-2", "S4-3"],
    }
    assert {tickets_of(book, *GUEST)[key] for key in ("S4-1", "S4-2", "S4-3")} == {GUESTS["S4-1"]}
    assert here("undo", "-y").code == 0
    done = here("client", "copy-down", "S1-2", "-c", "2")
    assert (done.code, "S2-1: already filled in" in done.err) == (4, True), (
        "a book goes on with the next sale"
    )
    assert tickets_of(book, *GUEST)["S1-3"] == (None, None, None), "whole or not at all"
    assert do("client", "copy-down", "S1-2", "-c", "1")["to"] == ["S1-3"]
    assert tickets_of(book, *GUEST)["S1-3"] == GUESTS["S1-2"]
    assert do("client", "copy-down", "S1-2", "-c", "1")["to"] == ["S1-3"], "the same again"
    assert do("client", "copy-down", "S1-2", "-c", "2", "--overwrite")["to"] == ["S1-3", "S2-1"]
    assert here("client", "copy-down", "S4-3").code == 4, "nothing there to copy"
    assert here("client", "copy-down", "S2-1", "-c", "9").code == 0
    assert tickets_of(book, *GUEST)["S3-1"] == (None, None, None), "it has no unit"

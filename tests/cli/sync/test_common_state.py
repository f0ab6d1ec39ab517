"""What is kept of the common state: gone, damaged, or not to be kept."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.cli.sync.two_copies import CONFLICT, Pair
from ticketops.schema.layouts.event import SALES, VENDOR_CREDENTIALS


def test_a_state_that_is_gone_is_as_at_first(pair: Pair) -> None:
    """What stands on one side only goes to the other, what differs is a conflict, and that there is
    none is said."""
    pair.type_here(SALES, {2: {"notes": "here"}, 3: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"client": None}})
    shutil.rmtree(pair.state)
    done = pair.sync("pull", "--json").json
    assert done["result"]["first"] is True
    assert [(finding["code"], finding["row"]) for finding in done["findings"]] == [(CONFLICT, 3)]
    assert pair.sync("push").code == 1
    here, there = pair.here(), pair.there()
    assert {key for key in {*here, *there} if here.get(key) != there.get(key)} == {
        (SALES, 3, "Notes")
    }
    assert (SALES, 4, "Client") in there


def damage(how: str, state: Path) -> None:
    pointer, (folder,) = state / "current.json", [path for path in state.iterdir() if path.is_dir()]
    files = sorted(folder.iterdir())
    match how:
        case "no pointer's text":
            pointer.write_text("")
        case "half a pointer":
            pointer.write_text(pointer.read_text()[:40])
        case "bytes in place of it":
            pointer.write_bytes(b"\xff\xfe\x00\x80")
        case (
            "another object"
            | "a list"
            | "null"
            | "a number in it"
            | "no sheets"
            | "sheets as a list"
        ):
            texts = {
                "another object": "{}",
                "a list": "[]",
                "null": "null",
                "a number in it": '{"folder": 5, "sheets": {"Sales": "2.ipc"}}',
                "no sheets": '{"folder": "x", "sheets": null}',
                "sheets as a list": '{"folder": "x", "sheets": ["Sales"]}',
            }
            pointer.write_text(texts[how])
        case "no folder":
            shutil.rmtree(folder)
        case "one table gone":
            files[2].unlink()
        case "empty tables" | "cut tables" | "noise in tables" | "noise for tables":
            for file in files:
                data = file.read_bytes()
                middle = len(data) // 2
                file.write_bytes(
                    {
                        "empty tables": b"",
                        "cut tables": data[:-300],
                        "noise in tables": data[:middle] + b"\xa5" * 40 + data[middle + 40 :],
                        "noise for tables": b"ARROW1\0\0" + random.Random(1).randbytes(900),
                    }[how]
                )
        case "other columns":
            for file in files:
                pl.DataFrame(
                    {"row": [3, 4], "sales_id": [1.5, None], "x": [True, False]}
                ).write_ipc(file)
        case "rows without a number":
            for file in files:
                pl.DataFrame({"sales_id": ["S1", "S2"], "notes": ["a", "b"]}).write_ipc(file)
        case "no key of digests":
            (state / "secret.key").unlink()
        case "an empty key of digests":
            (state / "secret.key").write_bytes(b"")


HARMS = [
    "no pointer's text",
    "half a pointer",
    "bytes in place of it",
    "another object",
    "a list",
    "null",
    "a number in it",
    "no sheets",
    "sheets as a list",
    "no folder",
    "one table gone",
    "empty tables",
    "cut tables",
    "noise in tables",
    "noise for tables",
    "other columns",
    "rows without a number",
    "no key of digests",
    "an empty key of digests",
]


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(how, marks=[pytest.mark.slow] if nth % 5 else [], id=how)
        for nth, how in enumerate(HARMS)
    ],
)
def test_a_damaged_state_loses_nothing(how: str, pair: Pair) -> None:
    """It counts as none: conflicts there may be more of, but what stands anywhere stays somewhere;
    and the next state is whole."""
    pair.type_here(SALES, {2: {"notes": "here"}, 3: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"notes": "there"}})
    pair.type_there(VENDOR_CREDENTIALS, {2: {"password": "another"}})
    damage(how, pair.state)
    before = pair.here(), pair.there()
    done = pair.sync("pull")
    assert done.code == 1
    assert done.err.count("\n") <= 1
    pair.sync("push")
    now = pair.here(), pair.there()
    for key in {*before[0], *before[1]}:
        assert {side.get(key) for side in now} >= {side[key] for side in before if key in side} - (
            {before[0].get(key)} if key[0] == VENDOR_CREDENTIALS else set()
        )
    assert pair.both(SALES, 2, "Notes") == ("here", "here")
    assert pair.both(SALES, 3, "Notes") == ("here", "there")
    assert pair.both(SALES, 4, "Notes") == ("there", "there")
    pair.sync("pull", "--prefer", "remote")
    assert pair.here() == pair.there()
    assert pair.sync("diff").out == "both copies are the same\n"


@pytest.mark.parametrize(
    "how", ["half a pointer", "no folder", "one table gone", "noise in tables"]
)
def test_a_damaged_state_is_told(how: str, pair: Pair) -> None:
    damage(how, pair.state)
    done = pair.sync("diff", "--json").json
    assert done["result"]["first"] or done["findings"]


def test_a_state_that_can_not_be_kept_is_told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full or read-only: what was taken over stands, and the next run compares once
    more."""
    pair.type_there(SALES, {3: {"notes": "there"}})
    replace = os.replace

    def refuse(path: Path, target: Path) -> None:
        if target.name == "current.json":
            raise PermissionError(30, "Read-only file system")
        replace(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        done = pair.sync("pull", "--json")
    assert done.code == 1
    assert [finding["code"] for finding in done.json["findings"]] == ["STATE_NOT_KEPT"]
    assert "Read-only file system" in done.json["findings"][0]["message"]
    assert pair.both(SALES, 3, "Notes") == ("there", "there")
    assert pair.sync("pull").out == "both copies are the same\n"
    assert len([path for path in pair.state.iterdir() if path.is_dir()]) == 1


def test_a_place_where_no_state_can_be(pair: Pair) -> None:
    """Looking needs none; what is taken over stands, and that it was not kept is told."""
    folder = pair.state.parent
    shutil.rmtree(folder)
    folder.write_text("in the way")
    pair.type_there(SALES, {3: {"notes": "there"}})
    assert pair.sync("diff").code == 0
    done = pair.sync("pull", "--json")
    assert done.code == 1
    assert [finding["code"] for finding in done.json["findings"]] == ["STATE_NOT_KEPT"]
    assert pair.both(SALES, 3, "Notes") == ("there", "there")

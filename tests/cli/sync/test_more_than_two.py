"""Other files, the other end, and two operators with one sheet."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.sync.two_copies import Pair, in_step
from tests.conftest import Result
from tests.online import Google
from ticketops.schema.layouts.event import EVENT, SALES
from ticketops.stores.xlsx.store import XlsxStore


def test_another_file(pair: Pair) -> None:
    """`--with` names any workbook; the state lies beside the one of the command, the transaction in
    the one that is written."""
    other = Path(shutil.copy(pair.path, pair.path.parent / "other.xlsx"))
    pair.remote = str(other)
    twin = Pair(pair.google, other, pair.key, pair._printed)
    pair.type_here(SALES, {2: {"notes": "here"}})
    twin.type_here(SALES, {3: {"notes": "there"}, 38: {"sales_id": "S37"}})
    assert pair.result("push")["first"] is True
    assert twin.here()[SALES, 2, "Notes"] == "here"
    assert [entry.entry.command for entry in XlsxStore(other, layout=EVENT).log()] == [
        "typed",
        "sync push",
    ]
    assert pair.sync("pull").code == 0
    assert pair.here() == twin.here()
    assert pair.sync("diff").out == "both copies are the same\n"
    assert not (other.parent / "other.xlsx.ticketops" / "sync").exists()


def test_from_the_other_end(pair: Pair) -> None:
    """`-w gsheet:ID --with FILE` is the same with the sides exchanged, with a state of its own."""
    pair.type_there(SALES, {3: {"notes": "online"}})
    pair.type_here(SALES, {2: {"notes": "in the file"}})

    def mirrored(what: str) -> Result:
        return pair.do("sync", what, "-w", pair.remote, "--with", str(pair.path), "--json")

    first = mirrored("diff").json["result"]
    assert (first["first"], first["local"], first["remote"]) == (True, 1, 1)
    assert mirrored("push").code == 0
    assert pair.both(SALES, 3, "Notes") == ("online", "online")
    assert mirrored("pull").code == 0
    assert pair.here() == pair.there()
    assert mirrored("diff").json["result"]["first"] is False


@pytest.mark.slow
def test_two_operators_with_their_own_files_and_one_sheet(
    pair: Pair, google: Google, tmp_path: Path
) -> None:
    """What A sends B gets; what both edit meets; what contradicts is told to the one who comes
    second, and goes where they say."""
    folder = tmp_path / "b"
    folder.mkdir()
    path = Path(shutil.copy(pair.path, folder / "event.xlsx"))
    in_step(google, path, pair.key)
    a, b = pair, Pair(google, path, pair.key, pair._printed)

    a.type_here(SALES, {2: {"notes": "a"}, 37: {"sales_id": "S36", "client": "Acme"}})
    assert a.sync("push").code == 0
    looked = b.result("diff")
    assert (looked["local"], looked["remote"], looked["conflicts"]) == (0, 3, 0)
    assert b.sync("pull").code == 0
    assert a.here() == b.here() == a.there()

    a.type_here(SALES, {4: {"notes": "a"}, 37: {"number": 2}})
    b.type_here(SALES, {5: {"notes": "b"}, 37: {"contract": "B-1"}})
    for operator, what in ((b, "push"), (a, "pull"), (a, "push"), (b, "pull")):
        assert operator.sync(what).code == 0
    assert a.here() == b.here() == a.there()

    a.type_here(SALES, {6: {"notes": "a"}})
    b.type_here(SALES, {6: {"notes": "b"}})
    assert a.sync("push").code == 0
    assert b.sync("push").code == 1
    assert b.sync("pull").code == 1
    assert [side.here()[SALES, 6, "Notes"] for side in (a, b)] == ["a", "b"]
    assert b.sync("push", "--prefer", "local").code == 0
    assert a.sync("pull").code == 0  # a did not touch it since: no conflict for a
    assert a.here() == b.here() == a.there()
    assert a.here()[SALES, 6, "Notes"] == "b"

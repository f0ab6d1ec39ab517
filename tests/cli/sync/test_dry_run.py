"""`ticketops sync diff`, dry runs, and a file that was never synced: nothing is written."""

from __future__ import annotations

import pytest

from tests.cli.sync.two_copies import Pair
from ticketops.schema.layouts.event import SALES


@pytest.mark.parametrize("what", ["diff", "pull", "push"])
def test_a_dry_run_writes_nothing(what: str, pair: Pair) -> None:
    """Neither copy, nor what both had in common, nor a journal."""
    pair.type_here(SALES, {2: {"notes": "here"}, 3: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"notes": "there"}})
    before = pair.everything()
    dry = ["-n"] if what != "diff" else []
    done = pair.real(what, *dry)
    assert done.code == 1
    assert pair.everything() == before
    told = pair.sync(what, "--json", *dry).json
    assert pair.everything() == before
    if what != "diff":
        assert "dry run: nothing was written" in done.err
        row, values = (4, ("there")) if what == "pull" else (2, ("here"))
        assert [
            (cell["sheet"], cell["cell"], cell["before"], cell["after"]) for cell in told["cells"]
        ] == [(SALES, f"M{row}", None, values)]
        assert told["changes"] == {SALES: {"set": 1, "appended": 0, "deleted": 0, "replaced": 0}}
        assert told["dry_run"] is True


@pytest.mark.parametrize("what", ["diff", "pull", "push"])
def test_nothing_is_written_beside_a_file_that_was_never_synced(what: str, apart: Pair) -> None:
    before = apart.everything()
    assert apart.sync(what, *(["-n"] if what != "diff" else [])).code == 0
    assert apart.everything() == before


@pytest.mark.slow
def test_a_dry_run_does_not_count_as_the_first(apart: Pair) -> None:
    assert [
        apart.result(what, *more)["first"]
        for what, *more in (["diff"], ["push", "-n"], ["diff"], ["push"], ["diff"])
    ] == [True, True, True, True, False]

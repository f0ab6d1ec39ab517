"""A run that is killed loses and doubles nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import pytest

from tests.cli.sync.two_copies import Pair, is_commit
from ticketops.schema.layouts.event import SALES

pytestmark = pytest.mark.slow

KILLED = """
import os, pathlib, shutil, signal, sys
from ticketops.services import sync
from ticketops.cli.main import main
def kill(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
where = sys.argv.pop(1)
if where == "before it is kept":
    sync.CommonState.save = kill
elif where == "half of it is written":
    replace = os.replace
    os.replace = lambda source, target: kill() if pathlib.Path(target).name == "current.json" else replace(source, target)
else:
    shutil.rmtree = kill
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    "where", ["before it is kept", "half of it is written", "the old one is still there"]
)
@pytest.mark.parametrize("what", ["pull", "push"])
def test_a_run_that_is_killed_before_the_common_state_is_kept(
    what: str, where: str, pair: Pair
) -> None:
    """It was committed; the next run finds nothing to do, takes nothing back, and goes on from
    there."""
    pair.type_here(SALES, {2: {"notes": "here"}, 37: {"sales_id": "S36", "notes": "new here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 38: {"sales_id": "S37", "notes": "new there"}})
    (pair.type_there if what == "pull" else pair.type_here)(
        SALES, {4: {"game": None, "client": "other"}}
    )
    before = pair.commits()
    words = [sys.executable, "-c", KILLED, where, *pair.words(what)]
    died = subprocess.run(
        words,
        capture_output=True,
        env=pair.surroundings,
        cwd=pair.path.parent,
        timeout=100,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    after = pair.commits()
    assert (after[0] - before[0], after[1] - before[1]) == ((1, 0) if what == "pull" else (0, 1))
    copies = pair.here(), pair.there()
    assert pair.sync(what).out == "" or pair.result(what)["taken"] == 0
    assert pair.commits() == after
    assert (pair.here(), pair.there()) == copies
    assert pair.sync("push" if what == "pull" else "pull").code == 0
    assert pair.here() == pair.there()
    assert pair.here()[SALES, 4, "Client"] == "other"
    assert (SALES, 4, "Game") not in pair.here()
    assert [path.name for path in pair.state.iterdir() if path.is_dir()] == [
        json.loads((pair.state / "current.json").read_text())["folder"]
    ]
    pair.type_there(SALES, {2: {"notes": "there, later"}})
    pair.type_here(SALES, {37: {"notes": "here, later"}})
    assert (pair.sync("pull").code, pair.sync("push").code) == (0, 0)
    assert pair.both(SALES, 2, "Notes") == ("there, later", "there, later")
    assert pair.both(SALES, 37, "Notes") == ("here, later", "here, later")


def test_a_push_that_is_killed_while_google_answers(pair: Pair) -> None:
    """It was applied, and nobody heard of it."""
    pair.type_here(SALES, {2: {"notes": "here"}})
    process = subprocess.Popen(
        [sys.executable, "-m", "ticketops", *pair.words("push")],
        env=pair.surroundings,
        stderr=subprocess.PIPE,
    )
    pair.server.after = lambda request: process.kill() if is_commit(request) else None
    _, err = process.communicate(timeout=100)
    pair.server.after = None
    assert process.returncode == -signal.SIGKILL, err.decode()
    assert pair.there()[SALES, 2, "Notes"] == "here"
    assert pair.sync("diff").out == "both copies are the same\n"
    pair.type_here(SALES, {3: {"notes": "here"}})
    assert pair.sync("push").code == 0  # no lock is left
    assert pair.commits()[1] == 2
    assert pair.here() == pair.there()


def test_an_edit_after_a_killed_run_is_never_overwritten(pair: Pair) -> None:
    """Both seem to have changed the cell: that is a conflict, and neither word is lost."""
    pair.type_here(SALES, {2: {"notes": "here"}})
    name = pair.state.name
    kept = shutil.copytree(pair.state, pair.path.parent / "kept")
    assert pair.sync("push").code == 0
    shutil.rmtree(pair.state)
    kept.rename(pair.path.with_name(f"{pair.path.name}.ticketops") / "sync" / name)
    pair.type_there(SALES, {2: {"notes": "there, later"}})
    for what in ("pull", "push"):
        assert pair.sync(what).code == 1
        assert pair.both(SALES, 2, "Notes") == ("here", "there, later")

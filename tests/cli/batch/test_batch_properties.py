"""A batch does what its lines do one by one, to the byte; with --atomic it does all of it, or
nothing, and one undo takes it back."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.batch.several import BY_ITSELF, COMMANDS, Desk, records
from tests.trail import given_back

FEW, MANY = 3, 24
_ONCE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.fixture(autouse=True)
def _who(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (
        ("TICKETOPS_ROLE", "ops_manager"),
        ("XDG_CONFIG_HOME", str(tmp_path / "config")),
        ("XDG_STATE_HOME", str(tmp_path / "state")),
    ):
        monkeypatch.setenv(name, value)


def _is_as_one_by_one(lines: list[str], source: Path, folder: Path) -> None:
    alone = Desk(source, folder / "alone").one_by_one(lines, shlex.split)
    batch = Desk(source, folder / "batch").batch(lines, "--keep-going")
    assert batch.codes == alone.codes
    assert batch.objects == alone.objects
    assert batch.log == alone.log
    assert batch.data == alone.data
    failed = [code for code in alone.codes if code > 1]
    assert batch.code == (failed[0] if failed else int(1 in alone.codes))
    assert batch.last["result"]["failed"] == [
        number for number, code in enumerate(alone.codes, start=1) if code > 1
    ]


def _is_all_or_nothing(lines: list[str], source: Path, folder: Path) -> None:
    alone = Desk(source, folder / "alone").one_by_one(lines, shlex.split)
    desk = Desk(source, folder / "batch")
    before = desk.path.read_bytes()
    batch = desk.batch(lines, "--atomic")
    count = len(batch.codes)
    assert batch.codes == alone.codes[:count]
    if any(code > 1 for code in alone.codes):
        assert batch.codes[-1] > 1
        assert (batch.data, batch.log) == (before, [])
        return
    assert count == len(lines)
    assert records(batch.data) == records(alone.data)
    assert len(batch.log) == (1 if alone.log else 0)
    if batch.log:
        assert {one["run_id"] for one in batch.objects if one.get("run_id")} == {batch.log[0][1]}
        assert desk.run("undo", "-y")[0] == 0
        given_back(desk.path, before, batch.data)
        assert len(desk.log()) == 2


LINES = st.lists(COMMANDS | BY_ITSELF, min_size=2, max_size=7)
TOGETHER = st.lists(COMMANDS, min_size=2, max_size=7)


@pytest.mark.slow
@settings(max_examples=FEW, suppress_health_check=_ONCE)
@given(LINES)
def test_a_batch_is_its_lines_one_by_one(source: Path, tmp_path: Path, lines: list[str]) -> None:
    _is_as_one_by_one(lines, source, tmp_path)


@pytest.mark.slow
@settings(max_examples=MANY, suppress_health_check=_ONCE)
@given(LINES)
def test_many_batches_are_their_lines_one_by_one(
    source: Path, tmp_path: Path, lines: list[str]
) -> None:
    _is_as_one_by_one(lines, source, tmp_path)


@pytest.mark.slow
@settings(max_examples=FEW, suppress_health_check=_ONCE)
@given(TOGETHER)
def test_an_atomic_batch_is_all_or_nothing(source: Path, tmp_path: Path, lines: list[str]) -> None:
    _is_all_or_nothing(lines, source, tmp_path)


@pytest.mark.slow
@settings(max_examples=MANY, suppress_health_check=_ONCE)
@given(TOGETHER)
def test_many_atomic_batches_are_all_or_nothing(
    source: Path, tmp_path: Path, lines: list[str]
) -> None:
    _is_all_or_nothing(lines, source, tmp_path)

"""Random purchases, sales, corrections, re-imports, allocations and undos in any order: what must
always hold."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.conftest import run_cli
from tests.desk import Desk, everything
from tests.machines.backbone import CATEGORIES, MATCHES, Backbone
from tests.trail import NEEDED, differing, logs_of
from ticketops.schema.layouts.event import EVENT
from ticketops.services import allocation, purchasing, selling
from ticketops.stores.xlsx.store import XlsxStore

TestBackbone = Backbone.TestCase
TestBackbone.settings = settings(
    max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)


class BackboneOnFile(RuleBasedStateMachine):
    """The same on a real file: undo gives back the very bytes, and the cache never differs from the
    file."""

    source: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "event.xlsx"
        self.states: list[bytes] = []
        self._desk = Desk()  # one for all steps: its clock goes on, its UUIDs do not repeat

    @initialize()
    def start(self) -> None:
        shutil.copy(self.source, self.path)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def desk(self) -> Desk:
        self._desk.store = XlsxStore(self.path, backups=100, layout=EVENT)
        return self._desk

    def do(self, job: Any) -> None:
        before = self.path.read_bytes()
        if self.desk().done(job).written:
            self.states.append(before)

    @rule(match=MATCHES, category=CATEGORIES, quantity=st.integers(1, 6))
    def buy(self, match: str, category: str, quantity: int) -> None:
        self.states.append(self.path.read_bytes())
        self.desk().buy((match, category, quantity))

    @rule(lines=st.lists(st.tuples(MATCHES, CATEGORIES, st.integers(1, 5)), min_size=1, max_size=3))
    def sell(self, lines: list[tuple[str, str, int]]) -> None:
        self.states.append(self.path.read_bytes())
        self.desk().sell(*lines)

    @rule()
    def expand(self) -> None:
        self.do(purchasing.purchase_expand())
        self.do(selling.sale_expand())

    @rule()
    def allocate(self) -> None:
        self.do(allocation.allocate_auto())

    @precondition(lambda self: self.states)
    @rule()
    def undo(self) -> None:
        """The very bytes, save for the logs that keep their rows (D19)."""
        self.desk().undo()
        now = self.path.read_bytes()
        assert differing(now, self.states.pop()) <= logs_of(now) | NEEDED

    @invariant()
    def the_cache_is_true(self) -> None:
        if self.path.exists():
            assert everything(XlsxStore(self.path, layout=EVENT)) == everything(
                XlsxStore(self.path, use_cache=False, layout=EVENT)
            )

    @invariant()
    def the_audit_is_clean(self) -> None:
        if self.path.exists():
            assert self.desk().codes() == []


def test_on_a_file(empty_source: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    BackboneOnFile.source = empty_source
    quick = settings(
        max_examples=8,
        stateful_step_count=8,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(BackboneOnFile, settings=quick)


@pytest.mark.slow
def test_on_a_file_at_length(empty_source: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    BackboneOnFile.source = empty_source
    long = settings(
        max_examples=40,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(BackboneOnFile, settings=long)


@pytest.mark.slow
def test_the_backbone_at_length() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    long = settings(
        max_examples=80,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Backbone, settings=long)


@pytest.mark.slow
def test_the_backbone_through_the_command_line(empty: Path) -> None:
    """A whole day, as an operator types it."""
    book = ("-w", str(empty))
    assert (
        run_cli(
            "purchase",
            "add",
            *book,
            "--match",
            "M01",
            "--vendor",
            "Viagogo",
            "--contract",
            "000777",
            "--line",
            "Cat 1:3@120.50",
        ).code
        == 0
    )
    sold = run_cli(
        "sale",
        "add",
        *book,
        "--client",
        "Meridian",
        "--line",
        "M01:Cat 1:2@350",
        "--line",
        "M01:Cat 1:2@350",
        "--json",
    )
    assert sold.json["result"]["sales_ids"] == ["S1", "S2"]
    done = run_cli("allocate", "commit", "S1", *book, "--json")
    assert (done.code, done.json["result"]["unit_ids"]) == (0, ["P00001", "P00002"])
    manager = {"TICKETOPS_ROLE": "ops_manager"}
    assert run_cli("allocate", "commit", "S2", *book).code == 4, "it waits for approval"
    short = run_cli("sale", "approve", "S2", "--reason", "x", *book, "--json", env=manager)
    assert (short.code, short.json["result"]["allocation"]["allocated"]) == (1, 1)
    assert [f["code"] for f in short.json["findings"]] == ["WAITING_STOCK"]
    assert run_cli("audit", "run", *book).code == 0
    report = run_cli("report", "position", *book, "--json").json["result"]
    assert [
        report[name] for name in ("sold", "sent", "open", "available", "oversold", "surplus")
    ] == [4, 0, 4, 0, 4, 0]
    for _ in range(4):
        assert run_cli("undo", *book, "-y", env=manager).code == 0
    assert run_cli("undo", *book, "-y").code == 4

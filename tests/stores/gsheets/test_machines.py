"""The state machines of the backbone and of allocation, unchanged, on a Google Sheet."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.desk import Cells, Desk
from tests.machines.backbone import Backbone
from tests.machines.trade import Trade, TradingDesk
from tests.online import Google
from tests.stores.gsheets.fixtures import content, journal, quick
from ticketops.schema.layouts.event import EVENT


class Typewriter:
    """The store, and somebody at the browser who types into the same sheet. Its revision moves with
    both."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self.key = google.new()
        self._store = quick(google, self.key)
        self._typed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def revision(self) -> str:
        return f"{len(journal(self._google.server, self.key))}+{self._typed}"

    def edit_outside(self, sheet: str, row: int, column: int, value: Any) -> None:
        self._google.server.set(self.key, sheet, row, column, value)
        self._typed += 1

    def cells(self) -> Cells:
        """What stands below the headers: sheets and columns that were made stay after an undo,
        empty."""
        return {
            name: {
                (r, c): value
                for r, row in enumerate(self._google.server.rows(self.key, name))
                for c, value in enumerate(row)
                if value is not None
                and value is not False
                and r >= (EVENT[name].header_row if name in EVENT else 0)
            }
            for name in content(self._google.server, self.key)
        }


class BackboneOnline(Backbone):
    google: ClassVar[Google]

    def new_desk(self) -> Desk:
        return Desk(Typewriter(self.google))


class TradingDeskOnline(TradingDesk):
    def cells(self) -> Cells:
        found: Cells = self.once("cells", self.store.cells)
        return {name: cells for name, cells in found.items() if cells}


class TradeOnline(Trade):
    google: ClassVar[Google]

    def new_desk(self) -> TradingDesk:
        return TradingDeskOnline(Typewriter(self.google))


def run(machine: type[Any], examples: int, steps: int) -> None:
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)


@pytest.fixture
def online(google: Google) -> Iterator[Google]:
    """A folder of its own, that every example leaves something in."""
    folder = Path(tempfile.mkdtemp())
    made = Google(google.server, folder)
    BackboneOnline.google = TradeOnline.google = made
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.mark.slow
def test_the_backbone(online: Google) -> None:
    run(BackboneOnline, 3, 9)


@pytest.mark.slow
def test_allocation_in_any_order(online: Google) -> None:
    run(TradeOnline, 3, 8)


@pytest.mark.slow
def test_the_backbone_at_length(online: Google) -> None:
    run(BackboneOnline, 30, 20)


@pytest.mark.slow
def test_allocation_in_any_order_at_length(online: Google) -> None:
    run(TradeOnline, 25, 25)

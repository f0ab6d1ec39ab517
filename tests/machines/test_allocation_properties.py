"""Everything that moves a unit, in any order (`trade.py`)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machines.trade import Trade


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.slow
def test_any_order() -> None:
    run_state_machine_as_test(Trade, settings=_settings(5, 15))


@pytest.mark.slow
def test_any_order_at_length() -> None:
    run_state_machine_as_test(Trade, settings=_settings(70, 30))

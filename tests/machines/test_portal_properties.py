"""The portal, returned books, the office and dispatch in any order: every legitimate word is in the master
once, and every conflict is told (`portal.py`)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machines.portal import PortalDispatch


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_any_order() -> None:
    run_state_machine_as_test(PortalDispatch, settings=_settings(3, 12))


@pytest.mark.slow
def test_any_order_at_length() -> None:
    run_state_machine_as_test(PortalDispatch, settings=_settings(25, 30))

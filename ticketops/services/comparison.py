"""What-if: the sequential and the optimal plan side by side, nothing written."""

from __future__ import annotations

import time
from typing import Any

from ticketops.domain import roles
from ticketops.domain.allocation.automatic import Improve, measured, plan_lines
from ticketops.domain.plan import Run
from ticketops.services.jobs import allocate_auto
from ticketops.stores.base import Store


def compare(store: Store, run: Run, improve: Improve) -> dict[str, Any]:
    """{"sequential": figures, "optimal": figures}: those of `measured`, `seconds` of planning, and what is proven."""
    snapshot = store.read(*allocate_auto().sheets)
    run = roles.with_role(run, snapshot)
    result = {}
    for name, better in (("sequential", None), ("optimal", improve)):
        started = time.perf_counter()
        lines, proven, left = plan_lines(snapshot, run, improve=better)
        result[name] = {**measured(lines, left), "seconds": round(time.perf_counter() - started, 3), **proven}
    return result

"""What-if: the sequential and the optimal plan side by side, nothing written."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ticketops.domain.allocation.automatic import Improve, Measures, Optimum, measured, plan_lines
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.model.results import OPTIONAL, shallow
from ticketops.schema.tables import Snapshot
from ticketops.services.allocation import allocate_auto


@dataclass(frozen=True, slots=True)
class Measured(Measures):
    """The figures of one way of planning, the seconds it took, and what is proven about it."""

    seconds: float
    proven_gap: float | None = field(default=None, metadata=OPTIONAL)
    """How much better, at most, another plan could be; only for the optimal plan."""
    optimum: Optimum | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One sale after the other, and all sales together."""

    sequential: Measured
    optimal: Measured


def compare(improve: Improve) -> Job:
    """Everything pending, planned in both ways."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        return Plan(
            result=Comparison(
                sequential=_measured(snapshot, run, None), optimal=_measured(snapshot, run, improve)
            )
        )

    of = allocate_auto()
    return Job("allocate.compare", plan, of.required, of.optional, effect=Effect.READS)


def _measured(snapshot: Snapshot, run: Run, improve: Improve | None) -> Measured:
    started = time.perf_counter()
    lines, proven, left = plan_lines(snapshot, run, improve=improve)
    figures, seconds = measured(lines, left), round(time.perf_counter() - started, 3)
    return Measured(**shallow(figures), seconds=seconds, **(shallow(proven) if proven else {}))

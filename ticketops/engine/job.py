"""A use case: its name, the sheets it needs, the pure function that plans it, and what it does to
the workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ticketops.domain.plan import Plan, Run
from ticketops.model.findings import Finding
from ticketops.schema.tables import Snapshot

Planner = Callable[[Snapshot, Run], Plan]


class Effect(Enum):
    """What a job does to the workbook."""

    READS = "reads"
    WRITES = "writes"
    FINAL = "can't be undone"


@dataclass(frozen=True, slots=True)
class Job:
    """A use case: its name, the sheets it reads or writes, and the pure function that plans it.

    name: stable, dotted (`allocate.commit`); `services/permissions.py` says who may run it.
    required: ledgers without which a workbook can't be worked on; optional: sheets that read as
    empty where they are absent. A sheet that is in neither can't be used.
    """

    name: str
    plan: Planner
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    label: str = ""
    """What people and the journal read (`allocate commit S147`); the words of the name, where it is
    left out."""
    effect: Effect = Effect.WRITES
    strict: bool = True
    """Whether a sheet that commands can't work with is an error."""
    after_commit: Callable[[Plan], list[Finding]] | None = None
    """What follows once the plan is committed: files that it describes. Returns what went wrong
    with them."""
    always: bool = False
    """Whether that follows also where there was nothing to write."""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.name.replace(".", " "))

    @property
    def sheets(self) -> tuple[str, ...]:
        """Everything it declares."""
        return (*self.required, *self.optional)

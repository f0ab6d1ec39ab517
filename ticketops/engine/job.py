"""A use case: its name, the sheets it needs, the pure function that plans it, and what it does to
the workbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from msgspec import Struct
from msgspec.structs import force_setattr

from ticketops.domain.plan import Plan, Run
from ticketops.errors import InternalError, UsageError
from ticketops.model.findings import Finding
from ticketops.schema.layout import EVENT_KIND, ISSUANCE_KIND, KINDS, Layout
from ticketops.schema.layouts.event import BESIDE_TRADE, TRADE
from ticketops.schema.slices import Slice
from ticketops.schema.tables import Snapshot

_CALLED = {
    EVENT_KIND: "the workbook of an event",
    ISSUANCE_KIND: "a workbook of airline tickets (issuance)",
}
Planner = Callable[[Snapshot, Run], Plan]


class Effect(Enum):
    """What a job does to the workbook."""

    READS = "reads"
    WRITES = "writes"
    FINAL = "can't be undone"


class Job(Struct, frozen=True):
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
    works_on: tuple[str, ...] = (EVENT_KIND,)
    """The kinds of workbooks that it is about; KINDS for one that asks of each what it has."""

    slices: Mapping[str, Slice] = {}
    """The rows of its sheets that it looks at, where those are all that its result and its findings
    rest on. Only for one that reads."""

    def __post_init__(self) -> None:
        if self.slices and self.effect is not Effect.READS:
            raise InternalError(f"{self.name} writes, and rests on slices")
        if not self.label:
            force_setattr(self, "label", self.name.replace(".", " "))

    @property
    def sheets(self) -> tuple[str, ...]:
        """Everything it declares, and, where that is trade, what says which sub-games and
        categories the matches have."""
        declared = dict.fromkeys((*self.required, *self.optional))
        beside = BESIDE_TRADE if any(name in declared for name in TRADE) else ()
        return tuple(dict.fromkeys((*declared, *beside)))

    def sheets_in(self, layout: Layout) -> tuple[str, ...]:
        """Those of its sheets that a kind of workbook has; of one that it is not about none."""
        if layout.kind not in self.works_on:
            return ()
        return (
            self.sheets
            if self.works_on != KINDS
            else tuple(filter(layout.__contains__, self.sheets))
        )

    def refuse_on(self, layout: Layout) -> None:
        """Raises UsageError for a kind of workbook that it is not about."""
        if layout.kind not in self.works_on:
            what, other = _CALLED[layout.kind], _CALLED[self.works_on[0]]
            raise UsageError(
                f"`{self.label}` works on {other}, and this is {what}",
                "-w FILE names another workbook",
            )

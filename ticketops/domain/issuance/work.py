"""Changes to tickets: cells, steps of the state machine, and a row of TicketStatusHistory for each."""

from __future__ import annotations

from typing import Any

from ticketops.domain.issuance.clearance import Row
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.plan import Plan
from ticketops.errors import RuleError
from ticketops.model import issuance
from ticketops.model.states import VOID
from ticketops.schema.layouts.issuance import HISTORY, TICKETS

_HISTORY = ("timestamp", "user", "ticket_id", "action", "before", "after", "note", "run_id")


class Work:
    """What a command does to tickets, until `finish` puts it into the plan."""

    def __init__(self, tracker: Tracker, plan: Plan) -> None:
        self.tracker, self.plan = tracker, plan
        self._history: list[tuple[Any, ...]] = []
        self._new: list[dict[str, Any]] = []
        self._state: dict[str, str] = {}

    def set(self, ticket: Row, **cells: Any) -> None:
        """Set cells of a ticket."""
        changed = {name: (ticket[name], value) for name, value in cells.items()}
        self.plan.changes.set(TICKETS, ticket["row"], ticket["ticket_id"], changed)

    def step(self, ticket: Row, to: str, action: str, note: str = "") -> None:
        """Take a ticket from its state to another, and tell it. Raises RuleError for a step that the
        machine does not have; `store.commit` would refuse it, too."""
        key = ticket["ticket_id"]
        before = self._state.get(key) or self.tracker.stored(ticket)
        if not before:
            raise not_understood(ticket)
        if not issuance.TICKET_MACHINE.allows(before, to):
            raise RuleError(f"{key} is {before}, so it can't become {to}")
        if before != to:
            cell = (self._state.get(key, ticket["state"]), to)
            self.plan.changes.set(TICKETS, ticket["row"], key, {"state": cell})
        self._state[key] = to
        self._tell(key, action, before, to, note)

    def catch_up(self, standing: Standing) -> None:
        """Let the stored state of a ticket follow what it is now, before a command builds on it."""
        ticket = standing.ticket
        if standing.state and standing.state != self.tracker.stored(ticket):
            self.step(ticket, standing.state, issuance.SETTLED_UP, standing.clearance.why)

    def create(self, row: dict[str, Any], note: str) -> None:
        """A new ticket, and the row that tells it."""
        self._new.append(row)
        self._tell(row["ticket_id"], issuance.CREATED, None, row["state"], note)

    def finish(self) -> None:
        """Put new tickets and the history into the plan."""
        tables = self.tracker.snapshot
        if self._new:
            columns = tuple(self._new[0])
            rows = [tuple(row[name] for name in columns) for row in self._new]
            self.plan.changes.append(TICKETS, tables[TICKETS].room_for(len(rows)), columns, rows)
        if self._history:
            self.plan.changes.append(HISTORY, tables[HISTORY].next_row, _HISTORY, self._history)

    def _tell(self, ticket_id: str, action: str, before: str | None, to: str, note: str) -> None:
        run = self.tracker.run
        row = (run.now, run.user, ticket_id, action, before, to, note or None, run.run_id)
        self._history.append(row)


def not_understood(ticket: Row) -> RuleError:
    """That a ticket's state is none."""
    return RuleError(
        f"the Status {ticket['state']!r} of {ticket['ticket_id']} is not understood",
        f"correct it in {TICKETS}: one of {', '.join(issuance.TICKET_STATE)}",
    )


def refuse_ended(standing: Standing, what: str) -> None:
    """Raises RuleError for a ticket that is issued, void or not understood. what: `its name can't be
    changed`."""
    if not standing.state:
        raise not_understood(standing.ticket)
    if standing.state == VOID:
        reason = standing.ticket["void_reason"] or "no reason is recorded"
        raise RuleError(f"{standing.ticket_id} is VOID ({reason}): {what}")
    if not standing.is_live:
        raise RuleError(f"{standing.ticket_id} is already issued: {what}")

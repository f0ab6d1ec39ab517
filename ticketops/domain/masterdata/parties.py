"""Clients and vendors of trade and their master records (§2, §4): a new one becomes a draft, an
inactive one is refused. In a workbook without such records nothing of it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from ticketops.domain.masterdata.aliases import CLIENT, VENDOR, masters, other_names, owners
from ticketops.domain.masterdata.similar import typed_names
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key, quoted
from ticketops.schema.layouts.event import CLIENTS, PURCHASES, SALES, VENDORS
from ticketops.schema.tables import Snapshot

_SHEETS = {CLIENT: (CLIENTS, "client"), VENDOR: (VENDORS, "vendor")}
KIND_OF = {SALES: CLIENT, PURCHASES: VENDOR}
"""{ledger: the kind of party that its rows name}."""


class Standing:
    """What the master records of one kind (CLIENT, VENDOR) say of those who trade."""

    def __init__(self, snapshot: Snapshot, kind: str) -> None:
        self._sheet, self._column = _SHEETS[kind]
        self._status = {name_key(name): status for name, _, status in masters(snapshot, kind)}
        self._kept = snapshot[self._sheet].exists
        self._snapshot = snapshot

    def is_inactive(self, name: str) -> bool:
        """Whether nobody trades with them any longer."""
        return self._status.get(name_key(name)) == states.INACTIVE

    def why(self, name: str) -> tuple[str, str]:
        """That they are inactive, and the command that ends it."""
        command = f"ticketops {self._column} set {quoted(name)} --status {states.ACTIVE}"
        return f"{name} is {states.INACTIVE} in {self._sheet}", f"`{command}` takes it back"

    def require(self, name: str) -> None:
        """Raises RuleError for one that is inactive."""
        if self.is_inactive(name):
            raise RuleError(*self.why(name))

    def draft(self, plan: Plan, names: Iterable[str], run: Run) -> None:
        """New ones become drafts in the sheet of the master records, where the workbook has one."""
        fresh = [name for name in dict.fromkeys(names) if name_key(name) not in self._status]
        if not self._kept or not fresh:
            return
        first = self._snapshot[self._sheet].room_for(len(fresh))
        rows = [(name, states.DRAFT, run.user, run.now) for name in fresh]
        columns = (self._column, "status", "user", "updated_at")
        plan.changes.append(self._sheet, first, columns, rows)
        plan.findings += [
            Finding(
                "DRAFT_ADDED",
                Severity.INFO,
                f"{name} is a {states.DRAFT} in {self._sheet}: `ticketops {self._column} set "
                f"{quoted(name)} --status {states.ACTIVE}` completes it",
                self._sheet,
                first + place,
            )
            for place, name in enumerate(fresh)
        ]


def typed(plan: Plan, snapshot: Snapshot, sheet: str, rows: Collection[int], run: Run) -> None:
    """What `add` does with clients or vendors, for rows of Sales or Purchases that were typed: what
    it would refuse or take as another name is reported, those near nobody become drafts, inactive
    ones are reported."""
    if not rows:
        return
    kind = KIND_OF[sheet]
    findings, fresh = typed_names(snapshot, sheet, rows)
    plan.findings += findings
    standing = Standing(snapshot, kind)
    standing.draft(plan, fresh, run)
    column = _SHEETS[kind][1]
    owner = owners(snapshot, kind)
    for row, name in snapshot[sheet].frame.select("row", column).drop_nulls().iter_rows():
        if row in rows and standing.is_inactive(owner(name)):
            message, hint = standing.why(owner(name))
            text = f"{sheet} row {row}: {message}; `add` would refuse it: {hint}"
            code = f"{kind}_INACTIVE"
            plan.findings.append(Finding(code, Severity.MEDIUM, text, sheet, row))


def without_record(snapshot: Snapshot, kind: str) -> list[str]:
    """The clients of Sales (CLIENT) or the vendors of Purchases (VENDOR) that have no master record,
    the most frequent first; of those that are one by their aliases the name that stands for all."""
    sheet, column = next((ledger, _SHEETS[kind][1]) for ledger, of in KIND_OF.items() if of == kind)
    rows = snapshot[sheet].frame[column].drop_nulls().to_list()
    owner = Directory(kind.lower(), rows, other_names(snapshot, kind)).owner
    have = {name_key(owner(name)) for name, _code, _status in masters(snapshot, kind)}
    names = Counter(owner(name) for name in rows)
    return [name for name, _count in names.most_common() if name_key(name) not in have]

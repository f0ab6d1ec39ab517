"""What is outstanding when an event is closed, and what of it somebody accepted as it is (§13).

An issue is a kind of thing that is not finished, with the subjects that are: tickets, sales, units … An
acceptance counts for the subjects that it was given for, and for an amount up to the one that it was
given for. What comes later is outstanding again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import CLOSING
from ticketops.schema.tables import Snapshot, Table

OPEN, ACCEPTED = "open", "accepted"
_COLUMNS = ("timestamp", "user", "action", "issue", "count", "subjects", "reason", "run_id")
_LONGEST = 30_000
"""Characters of one cell of Subjects; a longer list goes on in the next row."""
Subjects = Mapping[str, Decimal | None]
"""{subject: the amount in question, where it is one of money}."""


Command = str | Callable[[Sequence[str]], str]
"""What clears an issue, without `ticketops`; a function of the subjects that are open, where it names
some of them."""


class Issue(Struct, frozen=True):
    """A kind of thing that is not finished. name: what `event accept` takes; command: what clears it;
    urgent: whether it is a ticket that somebody waits for."""

    name: str
    subjects: Subjects
    message: str
    command: Command
    urgent: bool = False

    def clearing(self, still: Sequence[str]) -> str:
        """The command that clears it, for those of its subjects that are open; for all, where none
        is."""
        if isinstance(self.command, str):
            return self.command
        return self.command(still or tuple(self.subjects))


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Something that is not finished. code: what `event accept` takes; state: open, or accepted where
    all of it is; count: how many subjects it has, accepted: how many of them are accepted; command:
    what clears it, without `ticketops`; by, reason, at: of the last acceptance."""

    code: str
    state: str
    count: int
    accepted: int
    message: str
    command: str
    urgent: bool
    subjects: tuple[str, ...]
    """Those that are open."""
    by: str | None
    reason: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class OutstandingList:
    """`event outstanding`, most urgent first. open: how many entries are open."""

    event: str
    state: str | None
    open: int
    issues: tuple[Outstanding, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """`event accept`. action: ACCEPT or WITHDRAW; subjects: how many of each issue it concerns."""

    action: str
    reason: str
    subjects: dict[str, int]
    open: int
    """How many entries are open afterwards."""


class Acceptance(Struct, frozen=True):
    """What counts as accepted of an issue, and who said so last."""

    subjects: Subjects
    by: str | None = None
    reason: str | None = None
    at: datetime | None = None


NOTHING = Acceptance({})


def name_of_subject(text: str) -> str:
    """A subject as a cell of Subjects holds it: without what separates it from the next one."""
    return " ".join(text.replace(";", ",").replace("=", "-").split())


def judged(issues: Iterable[Issue], table: Table, *, named: bool = True) -> tuple[Outstanding, ...]:
    """The issues with what of them is accepted. table: `_CLOSING`; named: whether their subjects are
    told."""
    given = acceptances(table)
    found = []
    for one in issues:
        said = given.get(one.name, NOTHING)
        still = tuple(
            name for name, amount in one.subjects.items() if not _covers(said, name, amount)
        )
        some = len(still) < len(one.subjects)
        found.append(
            Outstanding(
                one.name,
                OPEN if still else ACCEPTED,
                len(one.subjects),
                len(one.subjects) - len(still),
                one.message,
                one.clearing(still),
                one.urgent,
                still if named else (),
                said.by if some else None,
                said.reason if some else None,
                said.at if some else None,
            )
        )
    return tuple(found)


def _covers(given: Acceptance, name: str, amount: Decimal | None) -> bool:
    if name not in given.subjects:
        return False
    most = given.subjects[name]
    return amount is None or (most is not None and amount <= most)


def acceptances(table: Table) -> dict[str, Acceptance]:
    """{issue: what counts as accepted of it}, from the rows of `_CLOSING` that nobody took back, in
    the order of their runs, however somebody sorted the sheet."""
    rows = sorted(table.frame.select(_COLUMNS).to_dicts(), key=lambda row: row["run_id"] or "")
    undone = {
        (row["reason"] or "").split(" ", 1)[0]
        for row in rows
        if row["action"] == states.CLOSING_ACTION[-1]
    }
    found: dict[str, Acceptance] = {}
    for row in rows:
        if row["run_id"] in undone or not row["issue"]:
            continue
        before = found.get(row["issue"], NOTHING)
        named = _read(row["subjects"])
        if row["action"] == states.ACCEPT:
            subjects = {**before.subjects, **named}
            found[row["issue"]] = Acceptance(subjects, row["user"], row["reason"], row["timestamp"])
        elif row["action"] == states.WITHDRAW:
            left = {name: most for name, most in before.subjects.items() if name not in named}
            found[row["issue"]] = Acceptance(left, before.by, before.reason, before.at)
    return found


def _read(text: str | None) -> dict[str, Decimal | None]:
    found: dict[str, Decimal | None] = {}
    for part in (text or "").split(";"):
        name, equals, amount = part.strip().partition("=")
        try:
            most = Decimal(amount) if equals else None
        except InvalidOperation:
            continue  # somebody typed into it: it covers nothing
        if name and (most is None or most.is_finite()):
            found[name] = most
    return found


def _written(subjects: Subjects) -> list[tuple[int, str]]:
    """(how many, the text) of cells that hold subjects."""
    cells: list[list[str]] = [[]]
    size = 0
    for name, amount in subjects.items():
        text = name if amount is None else f"{name}={amount}"
        if cells[-1] and size + len(text) > _LONGEST:
            cells.append([])
            size = 0
        cells[-1].append(text)
        size += len(text) + 2
    return [(len(one), "; ".join(one)) for one in cells]


def record(
    plan: Plan, snapshot: Snapshot, run: Run, action: str, issues: Iterable[Issue], reason: str
) -> None:
    """Append to `_CLOSING` what is said of issues."""
    rows = [
        (run.now, run.user, action, one.name, count, text, reason or None, run.run_id)
        for one in issues
        for count, text in _written(one.subjects)
    ]
    plan.changes.append(CLOSING, snapshot[CLOSING].next_row, _COLUMNS, rows)


def plan_accept(
    snapshot: Snapshot,
    issues: Sequence[Issue],
    named: Sequence[str],
    run: Run,
    *,
    reason: str,
    every: bool = False,
    withdraw: bool = False,
) -> Plan:
    """Accept issues as they are, or withdraw that. issues: all that are outstanding; named: codes, or
    a code and a subject (`UNPAID`, `UNPAID:S147`); every: all of them.

    Raises NotFoundError for one that is not outstanding, RuleError where nothing is named or nothing
    is to be withdrawn.
    """
    if not named and not every:
        raise RuleError(
            "no issue is named", "`ticketops event outstanding` lists them; --all accepts every one"
        )
    plan = Plan()
    standing = acceptances(snapshot[CLOSING])
    chosen: dict[str, dict[str, Decimal | None]] = {}
    for one in issues if every else ():
        chosen.setdefault(one.name, {}).update(one.subjects)
    for text in named:
        issue, subjects = _find(issues, text)
        chosen.setdefault(issue.name, {}).update(subjects)
    said, counts = [], {}
    for name, subjects in chosen.items():
        given = standing.get(name, NOTHING)
        fresh = {
            one: amount
            for one, amount in subjects.items()
            if (one in given.subjects if withdraw else not _covers(given, one, amount))
        }
        if fresh:
            said.append(Issue(name, fresh, "", ""))
            counts[name] = len(fresh)
    if withdraw and not said:
        raise RuleError(
            "nothing of that is accepted", "`ticketops event outstanding` shows what is accepted"
        )
    action = states.WITHDRAW if withdraw else states.ACCEPT
    record(plan, snapshot, run, action, said, reason)
    after = judged(issues, snapshot.after(plan.changes)[CLOSING])
    still = sum(one.state == OPEN for one in after)
    plan.result = Accepted(action, reason, counts, still)
    if not said:
        message = "all of that is accepted already: nothing to record"
        plan.findings.append(Finding("ALREADY_ACCEPTED", Severity.INFO, message, CLOSING))
    return plan


def _find(issues: Sequence[Issue], text: str) -> tuple[Issue, Subjects]:
    """The issue that a text names, and which of its subjects."""
    wanted = " ".join(text.split())
    for one in issues:
        if one.name.casefold() == wanted.casefold():
            return one, one.subjects
    for one in issues:
        if not wanted.casefold().startswith(f"{one.name.casefold()}:"):
            continue
        rest = name_of_subject(wanted[len(one.name) + 1 :]).casefold()
        for name, amount in one.subjects.items():
            if name.casefold() == rest:
                return one, {name: amount}
        raise NotFoundError(
            f"{one.name} does not concern {wanted[len(one.name) + 1 :]!r}",
            f"`ticketops event outstanding --json` lists its {len(one.subjects):,} subjects",
        )
    known = ", ".join(one.name for one in issues) or "nothing is"
    raise NotFoundError(f"{text!r} is not outstanding", f"outstanding: {known}")


def findings(found: Iterable[Outstanding]) -> list[Finding]:
    """A finding for each entry that is open; tickets that somebody waits for are HIGH."""
    return [
        Finding(
            "OUTSTANDING",
            Severity.HIGH if one.urgent else Severity.MEDIUM,
            f"{one.code}: {told(one)}: `ticketops {one.command}`",
        )
        for one in found
        if one.state == OPEN
    ]


def told(one: Outstanding) -> str:
    """What is outstanding, and how much of that is accepted."""
    return f"{one.message}, {one.accepted:,} of them accepted" if one.accepted else one.message

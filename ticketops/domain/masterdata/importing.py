"""Master data taken from files and given to them (§2). What a file leaves blank stays unchanged
(D17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ticketops.domain.intake.faults import Fault, Place, refuse
from ticketops.domain.masterdata.checking import Reading, Value, at_odds, checked
from ticketops.domain.masterdata.masters import (
    append,
    change,
    defaults,
    directory_of,
    key_of,
    new_name,
    plainly,
    require_to_end,
    rows_of,
    stored,
    unread,
)
from ticketops.domain.masterdata.references import References
from ticketops.domain.plan import Plan, Run
from ticketops.errors import InputError, TicketopsError
from ticketops.model.findings import Finding
from ticketops.model.names import name_key, same_name
from ticketops.schema.columns import text_of
from ticketops.schema.layouts.event.masters import Entity, Field
from ticketops.schema.tables import Snapshot


class Line(NamedTuple):
    """A record as a file has it: {name of a field: text}, without what is blank there."""

    place: Place
    given: Mapping[str, str]
    how: Reading = Reading()


@dataclass(frozen=True, slots=True)
class Imported:
    """Names of the records that were added and changed, and how many were so already."""

    entity: str
    added: list[str]
    changed: list[str]
    unchanged: int


@dataclass(frozen=True, slots=True)
class Exported:
    """The records of one kind."""

    entity: str
    records: list[dict[str, str | int | float | bool | None]]


@dataclass(frozen=True, slots=True)
class ExportedAll:
    """The records of several kinds, and the file that they were written to."""

    entities: list[Exported]
    file: str | None


def header(field: Field) -> str:
    """What a person who looks at a file calls a field."""
    return field.header


def in_file(value: Any) -> str:
    """A value as a file has it."""
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else text_of(stored(value))


def plan_import(
    snapshot: Snapshot, entity: Entity, lines: Sequence[Line], run: Run, *, new: bool = False
) -> Plan:
    """Records of a file: added where the workbook has none of their key, else what differs is set.
    new: names that are near known ones are new ones.

    Raises one error for all that is wrong, by line; nothing is taken then.
    """
    taking = _Taking(snapshot, entity, run, new=new)
    for line in lines:
        taking.take(line)
    return taking.plan()


class _Taking:
    """What becomes of the lines, one after the other."""

    def __init__(self, snapshot: Snapshot, entity: Entity, run: Run, *, new: bool) -> None:
        self._snapshot, self._entity, self._run, self._new = snapshot, entity, run, new
        self._rows = {key_of(entity, row): row for row in rows_of(snapshot, entity)}
        self._directory = directory_of(snapshot, entity, run)
        self._references = References(snapshot, entity, run)
        self._faults: list[Fault] = []
        self._lines: dict[tuple[str, ...], int] = {}
        self._plan = Plan()
        self._added: list[Mapping[str, Value]] = []
        self._changed: list[str] = []
        self._unchanged = 0
        self._codes = {
            name_key(row["code"]) or "": row[entity.key[0]]
            for row in self._rows.values()
            if row.get("code") and "code" not in entity.key
        }

    def take(self, line: Line) -> None:
        """One line: a row that changes, a new one, or faults."""
        try:
            wrong = self._taken(line)
        except TicketopsError as error:
            self._faults.append(Fault(line.place, error))
            return
        self._faults += [Fault(line.place, InputError(what)) for what in wrong]

    def _taken(self, line: Line) -> list[str]:
        entity = self._entity
        row = self._rows.get(key_of(entity, line.given))
        if row is None and entity.key != ("code",) and len(entity.key) == 1 and not self._new:
            row = self._row_called(line.given)
        given = {
            name: text
            for name, text in line.given.items()
            if row is None or (name not in entity.key and text != in_file(row[name]))
        }
        values, wrong = checked(entity, given, header, line.how)
        if wrong:
            return wrong
        if row is None:
            start = defaults(entity)
            whole: dict[str, Value] = {
                **start,
                **{n: v for n, v in values.items() if v is not None},
            }
        else:
            whole = {**{name: row[name] for name in entity.names}, **values}
        if wrong := at_odds(entity, whole, header) if values else []:
            return wrong
        if values:
            whole = self._references.spelt(whole)
        key = key_of(entity, whole)
        if (first := self._lines.setdefault(key, line.place.line)) != line.place.line:
            return [f"{' · '.join(str(whole[name]) for name in entity.key)} is on line {first} too"]
        if wrong := self._code_taken(whole):
            return wrong
        if row is None:
            self._add(whole)
        else:
            self._set(row, {name: whole[name] for name in values})
        return []

    def _row_called(self, given: Mapping[str, str]) -> dict[str, Any] | None:
        """The row that another name of it means."""
        name = given.get(self._entity.key[0], "")
        if not self._directory.known(name):
            return None
        return self._rows.get((name_key(self._directory.owner(name)) or "",))

    def _code_taken(self, whole: Mapping[str, Value]) -> list[str]:
        code, name = whole.get("code"), str(whole[self._entity.key[0]])
        if not isinstance(code, str) or "code" in self._entity.key:
            return []
        owner = self._codes.setdefault(name_key(code) or "", name)
        if not same_name(owner, name):
            return [f"Code {code} already stands for {owner}"]
        if self._directory.known(code) and not same_name(self._directory.owner(code), name):
            return [f"Code {code} already stands for {self._directory.owner(code)}"]
        return []

    def _add(self, whole: Mapping[str, Value]) -> None:
        entity = self._entity
        name = new_name(entity, whole, self._directory, self._rows, self._plan, new=self._new)
        record = {**whole, entity.key[0]: name}
        if same := self._rows.get(key_of(entity, record)):
            self._set(same, {n: v for n, v in record.items() if n not in entity.key})
            return
        self._added.append(record)

    def _set(self, row: dict[str, Any], values: Mapping[str, Value]) -> None:
        require_to_end(self._entity, row, {**row, **values}, self._run)
        if change(self._plan, self._entity, row, values, self._run):
            self._changed.append(" · ".join(str(row[name]) for name in self._entity.key))
        else:
            self._unchanged += 1

    def plan(self) -> Plan:
        """The plan of all lines. Raises one error for all that is wrong."""
        refuse(self._faults)
        append(self._plan, self._snapshot, self._entity, self._added, self._run)
        said: list[Finding] = [*self._references.said]
        self._plan.findings += said
        added = [" · ".join(str(one[name]) for name in self._entity.key) for one in self._added]
        self._plan.result = Imported(self._entity.name, added, self._changed, self._unchanged)
        return self._plan


def plan_export(snapshot: Snapshot, entities: Sequence[Entity]) -> Plan:
    """The records of these entities. A cell that is not understood is a finding."""
    found = [
        Exported(entity.name, [plainly(entity, row) for row in rows_of(snapshot, entity)])
        for entity in entities
    ]
    plan = Plan(result=ExportedAll(found, None))
    for entity in entities:
        plan.findings += unread(snapshot, entity)
    return plan

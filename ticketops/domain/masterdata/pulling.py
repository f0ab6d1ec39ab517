"""Master data taken over from another workbook (§2), three-way: what was last pulled from it
(`_MASTER_PULLS`), what the record is here, what it is there. What both sides changed is listed, not
overwritten."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ticketops.domain.masterdata.checking import Value, checked
from ticketops.domain.masterdata.masters import (
    Key,
    append,
    called,
    change,
    directory_of,
    key_of,
    new_name,
    rows_of,
    stored,
    unread,
)
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError, UnclearNameError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import quoted
from ticketops.schema.layouts.event import MASTER_PULLS
from ticketops.schema.layouts.event.masters import BY_NAME, Entity
from ticketops.schema.tables import Snapshot

Prefer = Literal["", "ours", "theirs"]
Theirs = Mapping[str, Sequence[Mapping[str, Any]]]
"""{entity: its records there, each as the fields of a row}."""
Base = dict[str, Any]
"""A record as it was pulled last: {field: value}, days as text."""


@dataclass(frozen=True, slots=True)
class MasterConflict:
    """A field that both sides changed, or a record that can't be taken over. base: what both
    started from, where that is known."""

    entity: str
    record: str
    field: str
    base: str | int | float | bool | None
    ours: str | int | float | bool | None
    theirs: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class PulledFrom:
    """What was taken over of one kind, and how many records are alike."""

    entity: str
    added: list[str]
    changed: list[str]
    unchanged: int


@dataclass(frozen=True, slots=True)
class MasterPulled:
    """What was taken over from another workbook, and what was left to a person."""

    source: str
    entities: list[PulledFrom]
    conflicts: list[MasterConflict]


def records_of(snapshot: Snapshot, entities: Sequence[Entity]) -> Plan:
    """The records of the other workbook, as `plan_pull` takes them, and its cells that are not
    understood."""
    plan = Plan(result={entity.name: rows_of(snapshot, entity) for entity in entities})
    for entity in entities:
        plan.findings += unread(snapshot, entity)
    return plan


def plan_pull(
    snapshot: Snapshot, theirs: Theirs, source: str, run: Run, *, prefer: Prefer = ""
) -> Plan:
    """Take over what changed there since the last pull. source: what people call the other
    workbook. prefer: which side wins a conflict; else it is listed, and stays unchanged here.

    A blank there never empties a field here, and no record is deleted (D17).
    """
    pulling = _Pulling(snapshot, source, run, prefer)
    for name, records in theirs.items():
        pulling.take(BY_NAME[name], records)
    return pulling.plan()


class _Pulling:
    """What becomes of the records, one kind after the other."""

    def __init__(self, snapshot: Snapshot, source: str, run: Run, prefer: Prefer) -> None:
        self._snapshot, self._source, self._run, self._prefer = snapshot, source, run, prefer
        self._plan = Plan()
        self._taken: list[PulledFrom] = []
        self._conflicts: list[MasterConflict] = []
        self._pulls = {
            (row["entity"], row["record"]): row
            for row in snapshot[MASTER_PULLS].frame.to_dicts()
            if row["source"] == source
        }
        self._remembered: list[tuple[Any, ...]] = []

    def take(self, entity: Entity, records: Sequence[Mapping[str, Any]]) -> None:
        """Every record of one kind."""
        here = {key_of(entity, row): row for row in rows_of(self._snapshot, entity)}
        directory = directory_of(self._snapshot, entity, self._run)
        added: list[Mapping[str, Value]] = []
        changed, unchanged = [], 0
        for record in records:
            fields = self._understood(entity, {name: record[name] for name in entity.names})
            if any(fields[name] is None for name in entity.key):
                continue
            row = here.get(key_of(entity, fields))
            if row is None:
                if self._is_new(entity, fields, directory, here):
                    added.append(fields)
                    self._remember(entity, fields, _plain(entity, fields))
                continue
            values, base = self._merged(entity, row, fields)
            if change(self._plan, entity, row, values, self._run):
                changed.append(called(entity, row))
            else:
                unchanged += 1
            self._remember(entity, fields, base)
        append(self._plan, self._snapshot, entity, added, self._run)
        names = [called(entity, one) for one in added]
        self._taken.append(PulledFrom(entity.name, names, changed, unchanged))

    def _understood(self, entity: Entity, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of their record, without what no field of ours can hold."""
        kept = dict(fields)
        for name, value in fields.items():
            field = entity.field(name)
            if value is None:
                continue
            _values, wrong = checked(entity, {name: value}, lambda field: field.header)
            if wrong:
                kept[name] = None
                text = f"{called(entity, fields)}: {wrong[0]}; {field.header} was not taken over"
                self._say("PULL_NOT_VALID", text, entity)
        return kept

    def _is_new(
        self,
        entity: Entity,
        fields: Mapping[str, Any],
        directory: Directory,
        here: Mapping[Key, Any],
    ) -> bool:
        """Whether a record that is not here is to be added: not where its name resembles one of
        ours, nor where it was pulled before and is gone here."""
        name = called(entity, fields)
        if self._base(entity, fields) is not None and self._prefer != "theirs":
            gone = f"{name} was pulled before and is not in {entity.sheet} any longer: --theirs adds it again"
            self._say("PULLED_BEFORE", gone, entity)
            return False
        try:
            new_name(entity, fields, directory, here, Plan(), new=False, insist="")
        except (UnclearNameError, RuleError) as error:
            text = f"{error.message}: {error.hint or 'not taken over'}"
            if isinstance(error, UnclearNameError):
                text = f"{name} was not added: it resembles {', '.join(error.candidates)}; `ticketops {entity.name} add {quoted(name)} --new` adds it"
            self._conflicts.append(
                MasterConflict(entity.name, name, entity.key[0], None, None, name)
            )
            self._say("PULL_CONFLICT", text, entity)
            return False
        return True

    def _base(self, entity: Entity, fields: Mapping[str, Any]) -> Base | None:
        """The record as it was pulled last; None where it never was."""
        row = self._pulls.get((entity.name, called(entity, fields)))
        if row is None:
            return None
        try:
            base = json.loads(row["fields"] or "{}")
        except ValueError:
            return {}
        return base if isinstance(base, dict) else {}

    def _merged(
        self, entity: Entity, row: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> tuple[dict[str, Value], Base]:
        """The fields to set here, and what to remember as common."""
        before = self._base(entity, fields)
        base: Base = {}
        values: dict[str, Value] = {}
        for field in entity.own:
            name = field.name
            ours, theirs, was = stored(row[name]), stored(fields[name]), (before or {}).get(name)
            what, base[name] = outcome(ours, theirs, was, known=before is not None)
            if what == "conflict" and self._prefer:
                what, base[name] = "take" if self._prefer == "theirs" else "keep", theirs
            if what == "take":
                values[name] = fields[name]
            if what != "conflict":
                continue
            self._conflicts.append(
                MasterConflict(entity.name, called(entity, row), name, was, ours, theirs)
            )
            self._say(
                "PULL_CONFLICT",
                f"{called(entity, row)}: {field.header} is {_shown(ours)} here and {_shown(theirs)} in {self._source}: --ours or --theirs decides",
                entity,
                row["row"],
            )
        return values, base

    def _say(self, code: str, text: str, entity: Entity, row: int | None = None) -> None:
        self._plan.findings.append(Finding(code, Severity.MEDIUM, text, entity.sheet, row))

    def _remember(self, entity: Entity, fields: Mapping[str, Any], base: Base) -> None:
        """What both sides have in common from now on."""
        kept = {name: value for name, value in base.items() if value is not None}
        text = json.dumps(kept, ensure_ascii=False, sort_keys=True)
        name, run = called(entity, fields), self._run
        row = self._pulls.get((entity.name, name))
        if row is None:
            self._remembered.append((self._source, entity.name, name, text, run.user, run.now))
        elif row["fields"] != text:
            cells = {"fields": text, "user": run.user, "pulled_at": run.now}
            self._plan.changes.set(
                MASTER_PULLS,
                row["row"],
                name,
                {column: (row[column], value) for column, value in cells.items()},
            )

    def plan(self) -> Plan:
        """The plan of all that was taken."""
        table = self._snapshot[MASTER_PULLS]
        columns = ("source", "entity", "record", "fields", "user", "pulled_at")
        first = table.room_for(len(self._remembered))
        self._plan.changes.append(MASTER_PULLS, first, columns, self._remembered)
        self._plan.result = MasterPulled(self._source, self._taken, self._conflicts)
        return self._plan


def outcome(
    ours: Any, theirs: Any, base: Any, *, known: bool
) -> tuple[Literal["keep", "take", "conflict"], Any]:
    """What becomes of a field, and what both sides have in common afterwards. known: whether the
    record was pulled before, so that base is what both started from."""
    if theirs is None:
        return "keep", base
    if theirs == ours:
        return "keep", theirs
    if known and theirs == base:
        return "keep", base
    if (known and ours == base) or (not known and ours in (None, states.DRAFT)):
        return "take", theirs
    return "conflict", base


def _plain(entity: Entity, fields: Mapping[str, Any]) -> Base:
    return {field.name: stored(fields[field.name]) for field in entity.own}


def _shown(value: Any) -> str:
    return "blank" if value is None else repr(value) if isinstance(value, str) else f"{value}"

"""Master data (§2): adding, changing, listing and showing a record; what is used is deactivated,
never deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ticketops.domain.masterdata import scopes, users
from ticketops.domain.masterdata.aliases import clients, vendors
from ticketops.domain.masterdata.checking import Value, at_odds, checked
from ticketops.domain.masterdata.references import References
from ticketops.domain.masterdata.who import Directory, unclear
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import roles, states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key, quoted, same_name
from ticketops.schema.layouts.event import (
    CONTRACTS,
    PURCHASES,
    SALES,
    SCHEDULE,
    UNITS,
    VENDOR_EVENTS,
)
from ticketops.schema.layouts.event.masters import CONTRACT, WHEN, Entity, Field
from ticketops.schema.tables import Snapshot

Record = Mapping[str, Value]
Key = tuple[str, ...]
_USED_IN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "client": ((SALES, "client", "sale lines"), (CONTRACTS, "party", "contracts")),
    "vendor": (
        (PURCHASES, "vendor", "purchases"),
        (UNITS, "vendor", "units"),
        (CONTRACTS, "party", "contracts"),
        (VENDOR_EVENTS, "vendor", "events"),
    ),
    "vendor-event": (),
    "contract": ((SALES, "contract", "sale lines"), (PURCHASES, "contract", "purchases")),
    "venue": ((SCHEDULE, "city", "schedule rows"),),
    "currency": (
        (SALES, "currency", "sale lines"),
        (PURCHASES, "currency", "purchases"),
        (CONTRACTS, "currency", "contracts"),
    ),
}
"""{entity: (sheet, column, what its rows are)} of where a record is named."""


@dataclass(frozen=True, slots=True)
class MasterSet:
    """A master record as it is now. changed: the fields that this command set."""

    entity: str
    record: str
    added: bool
    changed: list[str]
    fields: dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class MasterList:
    """The master records of a kind, in sheet order. hidden: inactive ones that are left out."""

    entity: str
    records: list[dict[str, str | int | float | bool | None]]
    hidden: int


@dataclass(frozen=True, slots=True)
class MasterWhole:
    """A master record whole: its fields, its other names, and {what names it: how often}.

    state: whether it counts today; a contract that is ACTIVE ends by its dates.
    """

    entity: str
    record: str
    state: str
    fields: dict[str, str | int | float | bool | None]
    other_names: list[str]
    used: dict[str, int]
    events: list[dict[str, str | int | float | bool | None]]


def option(field: Field) -> str:
    """What a person calls a field at the command line."""
    return f"--{field.option}"


def sheets_of(entity: Entity) -> tuple[str, ...]:
    """The sheets that name a record of an entity, its own first."""
    return tuple(
        dict.fromkeys((entity.sheet, *(sheet for sheet, _column, _what in _USED_IN[entity.name])))
    )


def rows_of(snapshot: Snapshot, entity: Entity) -> list[dict[str, Any]]:
    """The records of an entity as the sheet has them, with their rows; one without its key is
    none."""
    frame = snapshot[entity.sheet].frame
    return frame.drop_nulls(list(entity.key)).to_dicts()


def key_of(entity: Entity, record: Mapping[str, Any]) -> Key:
    """What says which record it is, case and spaces forgiven."""
    return tuple(name_key(str(record.get(name) or "")) or "" for name in entity.key)


def called(entity: Entity, record: Mapping[str, Any]) -> str:
    """What people call a record: `Acme Ltd`, `Viagogo · WC2026`."""
    return " · ".join(str(record[name]) for name in entity.key)


def stored(value: Any) -> Any:
    """A value as results have it: a day as text."""
    return f"{value:%Y-%m-%d}" if hasattr(value, "year") else value


def plainly(entity: Entity, record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record as results have them."""
    return {name: stored(record.get(name)) for name in entity.names}


def is_off(entity: Entity, record: Mapping[str, Any]) -> bool:
    """Whether a record is deactivated."""
    field, off = entity.life
    return bool(record.get(field) == off)


def state_of(entity: Entity, record: Mapping[str, Any], run: Run) -> str:
    """Whether a record counts today: its Status, where a contract ends by its dates; of one without
    a Status its Active."""
    if entity.life[0] == "active":
        return states.INACTIVE if is_off(entity, record) else states.ACTIVE
    said = record.get("status") or states.ACTIVE
    if entity.name == CONTRACT.name and said == states.ACTIVE:
        if (end := record.get("valid_to")) and end < run.today:
            return states.EXPIRED
        if (start := record.get("valid_from")) and start > run.today:
            return f"not before {start:%Y-%m-%d}"
    return str(said)


def directory_of(snapshot: Snapshot, entity: Entity, run: Run) -> Directory:
    """Everybody of a kind that the workbook knows: those of the ledgers too, where they were
    read."""
    if entity.name in ("client", "vendor"):
        return {"client": clients, "vendor": vendors}[entity.name](snapshot, run.chosen)
    names = [row[entity.key[0]] for row in rows_of(snapshot, entity)]
    return Directory(entity.name, names, chosen=run.chosen, masters=names)


def found(snapshot: Snapshot, entity: Entity, text: str, run: Run, plan: Plan) -> dict[str, Any]:
    """The row of a record by what a person calls it. Raises NotFoundError, UnclearNameError."""
    rows = rows_of(snapshot, entity)
    by_key = {key_of(entity, row): row for row in rows}
    exact = by_key.get((name_key(text) or "",))
    if exact is not None:
        return exact
    add = f"`ticketops {entity.name} add {quoted(text)}` adds it"
    if entity.name in ("contract", "currency"):
        raise NotFoundError(f"{entity.sheet} has no {entity.name} {text!r}", add)
    directory = directory_of(snapshot, entity, run)
    means = directory.find(text, insist="")
    row = by_key.get((name_key(means.name) or "",))
    if row is None:
        raise NotFoundError(f"{entity.sheet} has no {entity.name} {means.name!r}", add)
    plan.findings += means.said(entity.name)
    return row


def refuse_all(wrong: Iterable[str]) -> None:
    """Raises one UsageError for all that is wrong."""
    if said := list(wrong):
        raise UsageError("; ".join(said))


def defaults(entity: Entity) -> dict[str, Value]:
    """What a new record gets where nothing else is said."""
    return {field.name: field.default for field in entity.fields if field.default is not None}


def plan_add(
    snapshot: Snapshot, entity: Entity, given: Mapping[str, str], run: Run, *, new: bool = False
) -> Plan:
    """A new record. given: its fields as text, the key among them. new: its name is a new one,
    though it resembles a known one.

    Raises RuleError where there is one already, UnclearNameError for a name that is near another,
    UsageError for all that is wrong with the fields.
    """
    values, wrong = checked(entity, given, option)
    if not wrong:
        values = defaults(entity) | {name: one for name, one in values.items() if one is not None}
        wrong = at_odds(entity, values, option)
    refuse_all(wrong)
    plan = Plan()
    references = References(snapshot, entity, run)
    values = references.spelt(values)
    plan.findings += list(references.said)
    known = {key_of(entity, row): row for row in rows_of(snapshot, entity)}
    directory = directory_of(snapshot, entity, run)
    if entity.name == "client":
        scopes.require_client(run, str(values[entity.key[0]]), directory, new=new)
    name = new_name(entity, values, directory, known, plan, new=new)
    values = {**values, entity.key[0]: name}
    refuse_code(snapshot, entity, values, run)
    refuse_twice(entity, values, known)
    append(plan, snapshot, entity, [values], run)
    fields = plainly(entity, values)
    plan.result = MasterSet(entity.name, called(entity, values), True, sorted(given), fields)
    return plan


def refuse_twice(entity: Entity, values: Mapping[str, Value], known: Mapping[Key, Any]) -> None:
    """Raises RuleError for a record that exists."""
    if key_of(entity, values) in known:
        raise RuleError(
            f"the {entity.name} {called(entity, values)} already exists",
            f"`ticketops {entity.name} set {quoted(str(values[entity.key[0]]))}` changes it",
        )


def new_name(
    entity: Entity,
    values: Mapping[str, Value],
    directory: Directory,
    known: Mapping[Key, Any],
    plan: Plan,
    *,
    new: bool,
    insist: str = "--new",
) -> str:
    """The name of a new record as the workbook spells it, where it knows it already. Raises
    UnclearNameError for one that resembles another, RuleError for another one's other name."""
    text = str(values[entity.key[0]])
    if entity.name not in ("client", "vendor", "venue") or key_of(entity, values) in known:
        return text
    means = directory.find(text, new=new, insist=insist)
    if means.how in ("alias", "code"):
        raise RuleError(
            f"{text} is another name of {means.name}",
            f"`ticketops {entity.name} set {quoted(means.name)}` changes {means.name}",
        )
    if means.how == "prefix" or (means.how == "alike" and (name_key(means.name) or "",) in known):
        raise unclear(entity.name, text, [means.name], insist=insist)
    if means.how in ("alike", "chosen"):
        plan.findings += means.said(entity.name)
    return means.name


def refuse_code(snapshot: Snapshot, entity: Entity, values: Mapping[str, Value], run: Run) -> None:
    """Raises RuleError for a code that stands for another record."""
    code = values.get("code")
    if not isinstance(code, str) or "code" in entity.key:
        return
    name = str(values[entity.key[0]])
    directory = directory_of(snapshot, entity, run)
    others = [
        str(row[entity.key[0]])
        for row in rows_of(snapshot, entity)
        if same_name(row["code"], code) and key_of(entity, row) != key_of(entity, values)
    ]
    if directory.known(code) and not same_name(directory.owner(code), name):
        others.append(directory.owner(code))
    if others:
        raise RuleError(f"the code {code} already stands for {others[0]}")


def append(
    plan: Plan, snapshot: Snapshot, entity: Entity, records: Sequence[Mapping[str, Value]], run: Run
) -> None:
    """New rows, as the sheet has its columns."""
    table = snapshot[entity.sheet]
    rows = [(*(record.get(name) for name in entity.names), run.user, run.now) for record in records]
    plan.changes.append(entity.sheet, table.room_for(len(rows)), (*entity.names, *WHEN), rows)


def change(
    plan: Plan, entity: Entity, row: Mapping[str, Any], values: Mapping[str, Value], run: Run
) -> list[str]:
    """The fields of a row that differ, set; their names."""
    differing = [name for name, value in values.items() if row[name] != value]
    if differing:
        cells = {name: (row[name], values[name]) for name in differing}
        stamps = {"user": (row["user"], run.user), "updated_at": (row["updated_at"], run.now)}
        plan.changes.set(entity.sheet, row["row"], called(entity, row), cells | stamps)
    return differing


def require_to_end(
    entity: Entity, row: Mapping[str, Any], after: Mapping[str, Any], run: Run
) -> None:
    """Raises NotPermittedError where a record that is used would be deactivated by somebody who
    may not."""
    if is_off(entity, after) and not is_off(entity, row):
        what = f"`{entity.name} deactivate {called(entity, row)}`"
        users.require(run, roles.OPS_MANAGER, what)


def plan_set(
    snapshot: Snapshot,
    entity: Entity,
    text: str,
    given: Mapping[str, str],
    run: Run,
    *,
    unset: Sequence[str] = (),
) -> Plan:
    """Change fields of a record; unset: names of fields that are emptied. Raises NotFoundError,
    UnclearNameError, and UsageError for all that is wrong with the fields."""
    plan = Plan()
    if entity.name == "client":
        scopes.require_client(run, text, directory_of(snapshot, entity, run))
    row = found(snapshot, entity, text, run, plan)
    return _changed(plan, snapshot, entity, row, given, unset, run)


def _changed(
    plan: Plan,
    snapshot: Snapshot,
    entity: Entity,
    row: dict[str, Any],
    given: Mapping[str, str],
    unset: Sequence[str],
    run: Run,
) -> Plan:
    values, wrong = checked(entity, given, option)
    values |= dict.fromkeys(unset)
    after = {**row, **values}
    wrong = wrong or at_odds(entity, after, option)
    refuse_all(wrong)
    if {"type", "party", "currency"} & values.keys() or entity.name == "vendor-event":
        references = References(snapshot, entity, run)
        spelt = references.spelt({name: after[name] for name in entity.names})
        values = {name: spelt[name] for name in values}
        plan.findings += list(references.said)
        after |= values
    if "code" in values:
        refuse_code(snapshot, entity, after, run)
    require_to_end(entity, row, after, run)
    changed = change(plan, entity, row, values, run)
    plan.result = MasterSet(
        entity.name, called(entity, row), False, changed, plainly(entity, after)
    )
    return plan


def event_code(snapshot: Snapshot, run: Run) -> str:
    """The code of the event that the workbook is about: by `_EVENTS`, the setting, or the title of
    its schedule; "" where none says."""
    own = run.event.code if run.event else ""
    return own or snapshot.layout.code or snapshot.layout.code_of(SCHEDULE)


def plan_put(snapshot: Snapshot, entity: Entity, given: Mapping[str, str], run: Run) -> Plan:
    """A record of a vendor at an event, that of the workbook where none is given: changed where
    there is one, else added."""
    given = {"event": event_code(snapshot, run), **given}
    if not given["event"]:
        raise UsageError("the workbook names no event", "give --event CODE")
    keys, wrong = checked(entity, {name: given[name] for name in entity.key}, option)
    refuse_all(wrong)
    references = References(snapshot, entity, run)
    keys = references.spelt(keys)
    rows = {key_of(entity, row): row for row in rows_of(snapshot, entity)}
    row = rows.get(key_of(entity, keys))
    plan = Plan(findings=list(references.said))
    if row is None:
        return plan_add(snapshot, entity, {**given, **{k: str(v) for k, v in keys.items()}}, run)
    own = {name: text for name, text in given.items() if name not in entity.key}
    return _changed(plan, snapshot, entity, row, own, (), run)


def plan_deactivate(snapshot: Snapshot, entity: Entity, text: str, run: Run) -> Plan:
    """A record that is not used any longer; it stays, and so does all that names it. Raises
    NotFoundError, UnclearNameError; RuleError where it is so already."""
    plan = Plan()
    row = found(snapshot, entity, text, run, plan)
    field, off = entity.life
    name = called(entity, row)
    if row[field] == off:
        raise RuleError(f"{name} is already {off if isinstance(off, str) else 'inactive'}")
    changed = change(plan, entity, row, {field: off}, run)
    after = plainly(entity, {**row, field: off})
    plan.result = MasterSet(entity.name, name, False, changed, after)
    named = uses(snapshot, entity, row).items()
    used = ", ".join(counted(count, what.removesuffix("s")) for what, count in named)
    if used:
        message = f"{name} is named by {used}: they stay unchanged"
        plan.findings.append(
            Finding("STILL_NAMED", Severity.INFO, message, entity.sheet, row["row"])
        )
    return plan


def uses(snapshot: Snapshot, entity: Entity, row: Mapping[str, Any]) -> dict[str, int]:
    """{what names a record: how often}, of the sheets that were read; other names of a client or
    vendor count."""
    same = _sameness(snapshot, entity, str(row[entity.key[0]]))
    counts = {}
    for sheet, column, what in _USED_IN[entity.name]:
        if sheet not in snapshot:
            continue
        frame = snapshot[sheet].frame
        if sheet == CONTRACTS and column == "party":
            kind = states.SALE_CONTRACT if entity.name == "client" else states.PURCHASE_CONTRACT
            frame = frame.filter(pl.col("type") == kind)
        named = frame[column].drop_nulls().value_counts().iter_rows()
        if number := sum(times for text, times in named if same(text)):
            counts[what] = number
    return counts


def _sameness(snapshot: Snapshot, entity: Entity, name: str) -> Callable[[str], bool]:
    """Whether a text of another sheet names the record."""
    if entity.name in ("client", "vendor"):
        owner = (clients if entity.name == "client" else vendors)(snapshot).owner
        return lambda text: same_name(owner(text), name)
    if entity.name == "venue":
        return lambda text: (name_key(name) or "") in (name_key(text) or "")
    return lambda text: same_name(text, name)


def listed(snapshot: Snapshot, entity: Entity, run: Run, *, every: bool) -> Plan:
    """The records of an entity; inactive ones where every one is asked for."""
    rows = rows_of(snapshot, entity)
    shown = [row for row in rows if every or not is_off(entity, row)]
    records = [plainly(entity, row) for row in shown]
    if entity.name == CONTRACT.name:
        for record, row in zip(records, shown, strict=True):
            record["status"] = state_of(entity, row, run)
    return Plan(
        findings=unread(snapshot, entity),
        result=MasterList(entity.name, records, len(rows) - len(shown)),
    )


def unread(snapshot: Snapshot, entity: Entity) -> list[Finding]:
    """Cells of master data that are not understood (D16): unknown, never blank."""
    table = snapshot[entity.sheet]
    return [
        Finding(
            "UNKNOWN_VALUE",
            Severity.MEDIUM,
            f"{entity.sheet} row {misfit.row}: {table.sheet.by_name[misfit.column].header} "
            f"{misfit.text!r} is not understood",
            entity.sheet,
            misfit.row,
        )
        for misfit in table.misfits
        if misfit.column in entity.names
    ]


def whole(snapshot: Snapshot, entity: Entity, text: str, run: Run) -> Plan:
    """One record with all that names it. Raises NotFoundError, UnclearNameError."""
    from ticketops.schema.layouts.event.masters import VENDOR_EVENT

    plan = Plan(findings=unread(snapshot, entity))
    row = found(snapshot, entity, text, run, plan)
    other, events = [], []
    if entity.name in ("client", "vendor"):
        directory = directory_of(snapshot, entity, run)
        name = row[entity.key[0]]
        other = [
            alias
            for alias in directory.aliases
            if same_name(directory.owner(alias), name) and not same_name(alias, name)
        ]
        if entity.name == "vendor":
            events = [
                plainly(VENDOR_EVENT, one)
                for one in rows_of(snapshot, VENDOR_EVENT)
                if same_name(directory.owner(one["vendor"]), name)
            ]
    plan.result = MasterWhole(
        entity.name,
        called(entity, row),
        state_of(entity, row, run),
        plainly(entity, row),
        other,
        uses(snapshot, entity, row),
        events,
    )
    return plan

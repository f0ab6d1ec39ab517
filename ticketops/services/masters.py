"""The use cases of master data (§2): one set of jobs for every entity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from msgspec import structs

from ticketops.domain.masterdata import importing, masters, pulling
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    CURRENCIES,
    DISTRIBUTION,
    EVENT,
    HOLDS,
    MASTER_PULLS,
    PURCHASES,
    SALES,
    SCHEDULE,
    UNITS,
    VENDOR_EVENTS,
    VENDORS,
)
from ticketops.schema.layouts.event.masters import BY_NAME, ENTITIES, VENDOR_EVENT, Entity

_OF_CLIENTS = (CLIENTS, ALIASES, SALES, DISTRIBUTION, HOLDS)
_OF_VENDORS = (VENDORS, ALIASES, PURCHASES, UNITS)
_NAMED_BY = {
    "client": _OF_CLIENTS,
    "vendor": (*_OF_VENDORS, VENDOR_EVENTS),
    "vendor-event": (*_OF_VENDORS, SCHEDULE),
    "contract": (*_OF_CLIENTS, *_OF_VENDORS, CURRENCIES),
    "venue": (),
    "currency": (),
}
"""{entity: the sheets by whose names a record is looked up and checked}."""


def _sheets(entity: Entity, *, uses: bool = False) -> tuple[str, ...]:
    named_in = masters.sheets_of(entity) if uses else ()
    return tuple(dict.fromkeys((entity.sheet, *_NAMED_BY[entity.name], *named_in)))


def master_add(entity: Entity, given: Mapping[str, str], *, new: bool = False) -> Job:
    """given: the fields of the new record as text, the key among them. new: its name is a new one,
    though it resembles a known one."""
    return Job(
        f"{entity.name}.add",
        lambda snapshot, run: masters.plan_add(snapshot, entity, given, run, new=new),
        optional=_sheets(entity),
        label=f"{entity.name} add {given[entity.key[0]]}",
    )


def master_set(
    entity: Entity, name: str, given: Mapping[str, str], unset: Sequence[str] = ()
) -> Job:
    return Job(
        f"{entity.name}.set",
        lambda snapshot, run: masters.plan_set(snapshot, entity, name, given, run, unset=unset),
        optional=_sheets(entity),
        label=f"{entity.name} set {name}",
    )


def vendor_event(given: Mapping[str, str]) -> Job:
    """What is needed of a vendor at an event; given: vendor, event and the fields that are set."""
    return Job(
        "vendor.event",
        lambda snapshot, run: masters.plan_put(snapshot, VENDOR_EVENT, given, run),
        optional=_sheets(VENDOR_EVENT),
        label=f"vendor event {given['vendor']}",
    )


def master_list(entity: Entity, *, every: bool = False) -> Job:
    """every: inactive ones too."""
    return Job(
        f"{entity.name}.list",
        lambda snapshot, run: masters.listed(snapshot, entity, run, every=every),
        optional=(entity.sheet,),
        effect=Effect.READS,
    )


def master_show(entity: Entity, name: str) -> Job:
    return Job(
        f"{entity.name}.show",
        lambda snapshot, run: masters.whole(snapshot, entity, name, run),
        optional=_sheets(entity, uses=True),
        label=f"{entity.name} show {name}",
        effect=Effect.READS,
    )


def master_deactivate(entity: Entity, name: str) -> Job:
    return Job(
        f"{entity.name}.deactivate",
        lambda snapshot, run: masters.plan_deactivate(snapshot, entity, name, run),
        optional=_sheets(entity, uses=True),
        label=f"{entity.name} deactivate {name}",
    )


def master_import(entity: Entity, lines: Sequence[importing.Line], *, new: bool = False) -> Job:
    """new: names that are near known ones are new ones."""
    return Job(
        "master.import",
        lambda snapshot, run: importing.plan_import(snapshot, entity, lines, run, new=new),
        optional=_sheets(entity),
        label=f"master import {entity.plural}",
    )


def master_export(entities: Sequence[Entity] = ENTITIES) -> Job:
    return Job(
        "master.export",
        lambda snapshot, _run: importing.plan_export(snapshot, entities),
        optional=tuple(entity.sheet for entity in entities),
        effect=Effect.READS,
    )


def master_records(entities: Sequence[Entity] = ENTITIES) -> Job:
    """Asked of the other workbook: what `master_pull` takes over. It is an export."""
    return Job(
        "master.export",
        lambda snapshot, _run: pulling.records_of(snapshot, entities),
        optional=tuple(entity.sheet for entity in entities),
        effect=Effect.READS,
    )


def master_pull(theirs: pulling.Theirs, source: str, prefer: pulling.Prefer = "") -> Job:
    """theirs: the records of the other workbook, called source. prefer: who wins a conflict."""
    entities = [BY_NAME[name] for name in theirs]
    sheets = dict.fromkeys(sheet for entity in entities for sheet in _sheets(entity))
    return Job(
        "master.pull",
        lambda snapshot, run: pulling.plan_pull(snapshot, theirs, source, run, prefer=prefer),
        optional=(*sheets, MASTER_PULLS),
        label=f"master pull {source}",
    )


def written(exported: importing.ExportedAll, path: Path) -> importing.ExportedAll:
    """The records in a new workbook, one sheet per kind. Raises UnusableError where it
    can't be written, RuleError where there is a file."""
    from ticketops.books.canonical import SheetContent, write_workbook
    from ticketops.schema.layout import Layout
    from ticketops.services.creation import made

    entities = [BY_NAME[one.entity] for one in exported.entities]
    layout = Layout(
        structs.replace(
            EVENT[entity.sheet], columns=tuple(f.column() for f in entity.fields), extension=False
        )
        for entity in entities
    )
    contents = {
        entity.sheet: SheetContent(
            [tuple(record[name] for name in entity.names) for record in one.records]
        )
        for entity, one in zip(entities, exported.entities, strict=True)
    }
    now = datetime.now().replace(microsecond=0)
    made(path, False, lambda temporary: write_workbook(temporary, layout, contents, created=now))
    return replace(exported, file=str(path))

"""The commands add, set, list, show and deactivate of master data (§2): one engine, which takes
options, help and columns from the declaration of an entity."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.listing import Csv
from ticketops.cli.session import New, Session, command
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.schema.columns import text_of
from ticketops.schema.layouts.event.masters import Entity, Field, Holds

if TYPE_CHECKING:
    from ticketops.domain.masterdata.masters import MasterSet, MasterWhole

_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
_All = Annotated[bool, typer.Option("--all", help="List inactive ones too.")]


def of_entity(app: typer.Typer, entity: Entity, metavar: str) -> None:
    """Give a group the commands of an entity. metavar: what its records are called by."""
    key = Annotated[str, typer.Argument(metavar=metavar, help=entity.fields[0].help)]
    options = {field.name: option_of(field) for field in entity.own}
    fields = [field.option for field in entity.own if not field.required]
    unset = Annotated[
        list[str] | None,
        typer.Option(
            "--unset",
            metavar="FIELD",
            help=f"Empty a field: {', '.join(fields)}. Repeatable.",
            show_default=False,
        ),
    ]
    _add(app, entity, key, options)
    _set(app, entity, key, options, unset)
    _list(app, entity)
    _show(app, entity, key)
    _deactivate(app, entity, key)


def option_of(field: Field) -> Any:
    """The option of a field."""
    metavar = field.holds.value
    return Annotated[
        str | None,
        typer.Option(f"--{field.option}", metavar=metavar, help=field.help, show_default=False),
    ]


def signed(function: Callable[..., int], help_: str, hints: Mapping[str, Any]) -> Any:
    """A function with the parameters that these hints name, for typer: (its annotation, its
    default), or an annotation alone where it must be given."""
    parameters = [inspect.Parameter("session", _POSITIONAL, annotation=Session)]
    annotations: dict[str, Any] = {"session": Session}
    for name, hint in hints.items():
        kind, default = hint if isinstance(hint, tuple) else (hint, inspect.Parameter.empty)
        annotations[name] = kind
        parameters.append(inspect.Parameter(name, _POSITIONAL, default=default, annotation=kind))
    vars(function)["__signature__"] = inspect.Signature(parameters)
    function.__annotations__ = annotations
    function.__doc__ = help_
    return function


def given_of(values: Mapping[str, str | None]) -> dict[str, str]:
    """The options that were given. Raises UsageError for an empty one: `--unset` empties."""
    given = {name: text for name, text in values.items() if text is not None}
    for name, text in given.items():
        if not text.strip():
            option = name.replace("_", "-")
            raise UsageError(f"--{option} is empty", f"--unset {option} empties a field")
    return given


def _add(app: typer.Typer, entity: Entity, key: Any, options: Mapping[str, Any]) -> None:
    def add(session: Session, record: str, new: bool = False, **values: str | None) -> int:
        from ticketops.services import intake, masters

        name = intake.option_text(record, entity.name, required=True)
        given = {entity.key[0]: name, **given_of(values)}
        return session.run(
            masters.master_add(entity, given, new=new), lambda result: say(session, result)
        )

    hints = {"record": key, **{name: (kind, None) for name, kind in options.items()}}
    if entity.fields[0].holds is Holds.NAME:
        hints["new"] = (New, False)
    text = f"Add a {entity.name} to {entity.sheet}."
    command(app, "add", writes=True)(signed(add, text, hints))


def _set(
    app: typer.Typer, entity: Entity, key: Any, options: Mapping[str, Any], unset: Any
) -> None:
    def set_(
        session: Session, record: str, unset: list[str] | None = None, **values: str | None
    ) -> int:
        from ticketops.services import intake, masters

        given, emptied = given_of(values), [_named(entity, text) for text in unset or ()]
        if both := sorted({*given} & {*emptied}):
            raise UsageError(f"--{both[0].replace('_', '-')} is given and unset")
        if not given and not emptied:
            raise UsageError("give at least one field", f"for example --{entity.own[0].option}")
        name = intake.option_text(record, entity.name, required=True)
        return session.run(
            masters.master_set(entity, name, given, emptied), lambda result: say(session, result)
        )

    hints = {"record": key, **{name: (kind, None) for name, kind in options.items()}}
    hints["unset"] = (unset, None)
    text = f"Change fields of a {entity.name}. What is not given stays unchanged."
    command(app, "set", writes=True)(signed(set_, text, hints))


def _named(entity: Entity, text: str) -> str:
    """The field that an option's name means. Raises UsageError."""
    name = text.strip("-").replace("-", "_").casefold()
    known = [field.name for field in entity.own if not field.required]
    if name not in known:
        options = ", ".join(one.replace("_", "-") for one in known)
        raise UsageError(f"--unset must be one of {options}, not {text!r}")
    return name


def _list(app: typer.Typer, entity: Entity) -> None:
    def list_(session: Session, every: bool = False, to_csv: str | None = None) -> int:
        from ticketops.services import masters

        plan = session.planned(masters.master_list(entity, every=every))
        return tabled(session, entity, plan, to_csv)

    hints = {"every": (_All, False), "to_csv": (Csv, None)}
    text = f"List the {entity.plural} in {entity.sheet}."
    command(app, "list")(signed(list_, text, hints))


def tabled(session: Session, entity: Entity, plan: Any, to_csv: str | None) -> int:
    """Print records as a table, or as CSV with the headers of the sheet; the exit code."""
    result = plan.result
    if to_csv is not None:
        rows = ([in_file(record[name]) for name in entity.names] for record in result.records)
        headers = [field.header for field in entity.fields]
        listing.to_file(session, to_csv, listing.csv_text(headers, rows), entity_count(result))
        return session.finish(result, plan.findings)
    listing.table(session, result.records, _columns(entity))
    if not session.out.as_json:
        session.out.findings(plan.findings)
    hidden = f"; {result.hidden:,} inactive: --all lists them" if result.hidden else ""
    session.out.notice(f"{entity_count(result)}{hidden}")
    return session.finish(result, plan.findings)


def in_file(value: Any) -> str:
    """A value as files and lists have it, to the last decimal: no and 0 are not blank."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else text_of(value)


def entity_count(result: Any) -> str:
    """`3 records`."""
    return counted(len(result.records), "record")


def _columns(entity: Entity) -> list[tuple[str, Any]]:
    def of(name: str) -> Callable[[Mapping[str, Any]], Any]:
        return lambda record: in_file(record[name])

    return [(field.header, of(field.name)) for field in entity.fields if field.brief]


def _show(app: typer.Typer, entity: Entity, key: Any) -> None:
    def show(session: Session, record: str) -> int:
        from ticketops.services import intake, masters

        name = intake.option_text(record, entity.name, required=True)
        return session.look(
            masters.master_show(entity, name), lambda result: _whole(session, entity, result)
        )

    text = f"Show a {entity.name}: its fields and what names it."
    command(app, "show")(signed(show, text, {"record": key}))


def _whole(session: Session, entity: Entity, result: MasterWhole) -> None:
    session.out.line(f"{result.record} · {result.state}")
    lines: Iterable[tuple[str, Any]] = (
        *((field.header, result.fields[field.name]) for field in entity.own),
        ("other names", ", ".join(result.other_names) or None),
        *result.used.items(),
    )
    told = [(name, value) for name, value in lines if value is not None]
    width = max((len(name) for name, _ in told), default=0)
    for name, value in told:
        session.out.line(f"  {name:{width}}  {in_file(value)}")
    for event in result.events:
        own = (
            event[name] for name in ("platform_url", "login_email", "credential_hint", "contact")
        )
        session.out.line(f"  at {event['event']}: {' · '.join(str(one) for one in own if one)}")


def _deactivate(app: typer.Typer, entity: Entity, key: Any) -> None:
    def deactivate(session: Session, record: str) -> int:
        from ticketops.services import intake, masters

        name = intake.option_text(record, entity.name, required=True)
        return session.run(
            masters.master_deactivate(entity, name), lambda result: say(session, result)
        )

    field, off = entity.life
    becomes = off if isinstance(off, str) else "inactive"
    on = "ACTIVE" if isinstance(off, str) else "yes"
    text = (
        f"Make a {entity.name} {becomes}; what names it stays unchanged. "
        f"`{entity.name} set --{field} {on}` takes it back."
    )
    command(app, "deactivate", writes=True)(signed(deactivate, text, {"record": key}))


def say(session: Session, result: MasterSet) -> None:
    """One line of a record that was added or changed."""
    fields = ", ".join(
        f"{name.replace('_', '-')} {in_file(result.fields[name]) or 'none'}"
        for name in result.changed
        if name in result.fields and str(result.fields[name]) not in result.record.split(" · ")
    )
    what = "added" if result.added else "changed" if result.changed else "unchanged"
    session.out.line(f"{result.record}: {what}{f' · {fields}' if fields else ''}")

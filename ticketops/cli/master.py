"""`ticketops master …` (§2): master data from files and other workbooks, and to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops import config
from ticketops.cli import listing
from ticketops.cli.listing import Csv
from ticketops.cli.masters import in_file
from ticketops.cli.session import Dates, New, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.schema.layouts.event.masters import BY_NAME, ENTITIES, Entity

if TYPE_CHECKING:
    from ticketops.domain.masterdata.importing import ExportedAll, Imported
    from ticketops.domain.masterdata.pulling import MasterPulled

app = command_group("master")
_KINDS = ", ".join(entity.plural for entity in ENTITIES)


def _entity(text: str) -> Entity:
    """The entity that an option names. Raises UsageError."""
    found = BY_NAME.get("-".join(text.casefold().replace("_", " ").split()))
    if found is None:
        raise UsageError(f"--entity must be one of {_KINDS}, not {text!r}")
    return found


@command(app, "import", writes=True)
def import_(
    session: Session,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A CSV file, a workbook, or - for standard input.")
    ],
    entity: Annotated[
        str, typer.Option(metavar="KIND", help=f"What it holds: {_KINDS}.", show_default=False)
    ],
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=HEADER",
            help="The header that a field has in the file. Repeatable.",
            show_default=False,
        ),
    ] = None,
    dates: Dates = None,
    new: New = False,
) -> int:
    """Add the records of a file, and change those that are known. What the file leaves blank stays
    unchanged.

    Columns are found by their headers, in any order. A file with a wrong line is refused whole.
    """
    from ticketops.services import intake, master_files, masters

    kind = _entity(entity)
    order = intake.date_order(dates, session.settings.dates)
    lines = master_files.read_records(
        file, kind, master_files.mapping(kind, mapped or []), session.out.notice, order
    )

    def show(result: Imported) -> None:
        session.out.line(
            f"{kind.plural}: {len(result.added):,} added, {len(result.changed):,} changed, "
            f"{result.unchanged:,} unchanged"
        )

    return session.run(masters.master_import(kind, lines, new=new), show)


@command(app, "export")
def export(
    session: Session,
    entity: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help=f"Only {_KINDS}. Repeatable.", show_default=False),
    ] = None,
    to_csv: Csv = None,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.xlsx", help="Write a workbook, one sheet per kind.", show_default=False
        ),
    ] = None,
) -> int:
    """Write master data to a file that `master import` reads again: CSV for one kind, or a workbook
    for several. Without a file, count the records."""
    from ticketops.services import masters

    if to_csv is not None and out is not None:
        raise UsageError("give either --csv or --out")
    if out is not None and Path(out).suffix.lower() != ".xlsx":
        raise UsageError(f"--out must be a file that ends in .xlsx, not {out!r}")
    kinds = [_entity(text) for text in entity or ()] or list(ENTITIES)
    if to_csv is not None and len(kinds) != 1:
        raise UsageError("--csv takes one kind", "give --entity once")
    plan = session.planned(masters.master_export(kinds))
    result = plan.result
    if to_csv is not None:
        headers, rows = _cells(kinds[0], result)
        count = counted(len(rows), "record")
        listing.to_file(session, to_csv, listing.csv_text(headers, rows), count)
    elif out is not None:
        result = masters.written(result, Path(out))
        session.out.notice(f"{out}: {sum(len(one.records) for one in result.entities):,} records")
    else:
        counts = [(one.entity, len(one.records)) for one in result.entities]
        session.out.table(("Kind", "Records"), counts)
    if not session.out.as_json:
        session.out.findings(plan.findings)
    return session.finish(result, plan.findings)


@command(app, "pull", writes=True)
def pull(
    session: Session,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="FILE",
            help="The other workbook: a file, or gsheet:ID.",
            show_default=False,
        ),
    ],
    entity: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help=f"Only {_KINDS}. Repeatable.", show_default=False),
    ] = None,
    ours: Annotated[
        bool, typer.Option("--ours", help="Keep ours where both sides changed a field.")
    ] = False,
    theirs: Annotated[
        bool, typer.Option("--theirs", help="Take theirs where both sides changed a field.")
    ] = False,
) -> int:
    """Take over what changed in the master data of another workbook since the last pull. What both
    sides changed is listed and stays unchanged, unless --ours or --theirs decides. Needs the role
    ops_manager.
    """
    from ticketops.engine.opening import open_store
    from ticketops.services import masters

    if ours and theirs:
        raise UsageError("give either --ours or --theirs")
    kinds = [_entity(text) for text in entity or ()] or list(ENTITIES)
    other = config.workbook(source, "--from")
    name = other if isinstance(other, str) else other.name
    own = session.workbook
    if isinstance(other, Path) and isinstance(own, Path) and other.resolve() == own.resolve():
        raise UsageError("--from is the workbook itself")
    store = open_store(
        other, session.settings, on_progress=session.out.transfer, notice=session.out.notice
    )
    records = session.result_of(masters.master_records(kinds), store=store)
    prefer: Any = "ours" if ours else "theirs" if theirs else ""
    return session.run(
        masters.master_pull(records, name, prefer),
        lambda result: _pulled(session, result),
        changes_expected=False,
    )


def _pulled(session: Session, result: MasterPulled) -> None:
    rows = [
        (BY_NAME[one.entity].plural, len(one.added), len(one.changed), one.unchanged)
        for one in result.entities
        if one.added or one.changed or one.unchanged
    ]
    session.out.table(("Kind", "Added", "Changed", "Unchanged"), rows)
    left = counted(len(result.conflicts), "conflict")
    session.out.line(f"from {result.source}: {left}")


def _cells(entity: Entity, result: ExportedAll) -> tuple[list[str], list[list[Any]]]:
    records = result.entities[0].records
    return (
        [field.header for field in entity.fields],
        [[in_file(record[name]) for name in entity.names] for record in records],
    )

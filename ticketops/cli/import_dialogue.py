"""An import as a person at a terminal sees it: which column is read as which field, with some of its
cells, to be taken or corrected before anything is written (§3, §4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import structs

from ticketops.cli import listing
from ticketops.cli.session import Session
from ticketops.errors import MissingColumnError, UsageError
from ticketops.model.display import counted
from ticketops.model.names import same_name

if TYPE_CHECKING:
    from ticketops.domain.intake.imported import Imported, Options
    from ticketops.schema.foreign import ForeignTable

_HOW = "FIELD=HEADER or FIELD=NUMBER corrects a column"


class _CorrectedError(Exception):
    """A person named columns: {field: header}."""

    def __init__(self, mapped: dict[str, str]) -> None:
        super().__init__()
        self.mapped = mapped


class Dialogue:
    """One import of a kind of list. make: its job, of a table and options; noun: what it makes."""

    def __init__(
        self, session: Session, kind: str, make: Callable[[Any, Any], Any], noun: str
    ) -> None:
        self._session, self._kind, self._make, self._noun = session, kind, make, noun
        self._asks = session.interactive and not session.dry_run

    def carry_out(self, file: str, options: Options, rejects: str | None) -> int:
        """Carry out the import of a file, planned again where a person corrects its columns; the exit
        code. rejects: where the lines that are wrong are written."""
        table = self._read(file, options)
        while True:
            try:
                code, result = self._run(table, options)
                break
            except _CorrectedError as corrected:
                mapped = corrected.mapped
            except MissingColumnError as error:
                if not self._asks:
                    raise
                self._session.out.notice(error.message)
                self._columns(table, {})
                mapped = self._corrected(table, f"{_HOW}, Enter stops:") or {}
                if not mapped:
                    raise
            options = structs.replace(options, mapped={**options.mapped, **mapped})
        if rejects is not None and result.rejected and not self._session.dry_run:
            names, rows = _bad_lines(table, result)
            listing.to_file(
                self._session,
                rejects,
                listing.csv_text(names, rows),
                counted(len(rows), "rejected line"),
            )
        return code

    def _read(self, file: str, options: Options) -> ForeignTable:
        """The table of a file; where its headers are not known, by the sheet and the row of headers
        of a mapping that fits it then."""
        from ticketops.services import imports

        table = imports.read_file(file, self._kind, options)
        if options.profile or options.sheet or options.header_row or file == "-":
            return table
        kept = self._session.planned(imports.import_profiles()).result.profiles
        own = [one for one in kept if one.kind == self._kind]
        return imports.read_as_before(file, self._kind, table, own)

    def _run(self, table: ForeignTable, options: Options) -> tuple[int, Imported]:
        """Carry it out once. Raises _CorrectedError where a person names columns."""
        session, planned = self._session, []
        job = self._make(table, options)

        def plan(snapshot: Any, run: Any) -> Any:
            planned.append(job.plan(snapshot, run))
            return planned[-1]

        def ask(what: str) -> bool:
            self._columns(table, planned[-1].result.mapping)
            said = self._corrected(table, f"{what} — Enter writes it, {_HOW}, n stops:")
            if said:
                raise _CorrectedError(said)
            return said is not None

        code = session.run(
            structs.replace(job, plan=plan),
            lambda result: _imported(session, table, result, self._noun),
            changes_expected=False,
            ask=ask,
        )
        result: Imported = planned[-1].result
        if result.refused and self._asks:
            self._columns(table, result.mapping)
            if said := self._corrected(table, f"{_HOW}, Enter stops:"):
                raise _CorrectedError(said)
        return code, result

    def _columns(self, table: ForeignTable, mapping: dict[str, str]) -> None:
        """The columns of the file with their numbers, and the field that each is read as."""
        fields = {header: name for name, header in mapping.items()}
        rows = []
        for at, header in enumerate(table.headers):
            cells = dict.fromkeys(row.text(at) for row in table.rows[:20])
            some = " | ".join([text for text in cells if text][:3])
            rows.append((at + 1, header, fields.get(header, "-"), some))
        self._session.out.table(("No.", "Header", "Field", "Cells"), rows, title="columns")

    def _corrected(self, table: ForeignTable, question: str) -> dict[str, str] | None:
        """{field: header} as a person names them; empty for Enter, None for no, and for the end of
        the input."""
        from ticketops.services import imports

        while True:
            said = self._session.out.said(question)
            if said is None or said.casefold() in ("n", "no"):
                return None
            if said.casefold() in ("", "y", "yes"):
                return {}
            try:
                return imports.corrections(said, table, self._kind)
            except UsageError as error:
                self._session.out.notice(f"{error.message}: {error.hint}")


def asked(session: Session, kind: str, said: dict[str, Any], **own: str) -> Options:
    """What the options of an import say; said: {name of the parameter: value}. Raises
    UsageError."""
    from ticketops.domain.intake.imported import Options
    from ticketops.services import imports, intake

    given = imports.given_mapping(said["mapped"] or [], kind)
    name = intake.option_text(
        said["profile"] or "", "profile", required=said["profile"] is not None
    )
    save = intake.option_text(
        said["save_profile"] or "", "save-profile", required=said["save_profile"] is not None
    )
    sheet, header_row = said["sheet"], said["header_row"]
    if name:
        kept = session.planned(imports.import_profiles()).result.profiles
        known = next((one for one in kept if one.kind == kind and same_name(one.name, name)), None)
        if known is None:
            raise UsageError(
                f"no profile of {kind} is called {name!r}", "`ticketops import profiles` lists them"
            )
        sheet, header_row = sheet or known.sheet, header_row or known.header_row
    currency = said.get("currency")
    return Options(
        mapped=given,
        profile=name,
        save=save,
        sheet=sheet or "",
        header_row=header_row,
        dates=imports.date_order(said["dates"], ""),
        usual_dates=session.settings.dates,
        decimal=imports.decimal_mark(said.get("decimal")),
        currency=intake.option_currency(currency) if currency is not None else "",
        new=said.get("new", False),
        again=said["again"],
        force=said.get("force", False),
        overwrite=said.get("overwrite", False),
        partial=said["partial"],
        asks=session.interactive and not session.dry_run,
        **own,
    )


def _bad_lines(table: ForeignTable, result: Imported) -> tuple[list[str], list[list[Any]]]:
    """The header and the rows that were rejected as they stood, each with the reason."""
    why: dict[int, list[str]] = {}
    for one in result.rejected:
        why.setdefault(one.line, []).append(f"{one.column}: {one.message}".removeprefix(": "))
    width = max(len(table.headers), *(len(row.cells) for row in table.rows))
    names = [*table.headers, *[""] * (width - len(table.headers)), "Reason"]
    rows: list[list[Any]] = []
    for row in table.rows:
        if row.number in why:
            cells = [row.text(at) for at in range(width)]
            rows.append([*cells, "; ".join(why[row.number])])
    return names, rows


def _imported(session: Session, table: ForeignTable, result: Imported, noun: str) -> None:
    out = session.out
    lines = (one.line for one in result.rejected)
    out.line(
        f"{table.label} · {counted(result.rows, 'line')} · {result.taken:,} taken, "
        f"{result.skipped:,} skipped, {len(set(lines)):,} rejected"
    )
    parts = [counted(result.units, noun)] if result.units else []
    parts += [f"{currency} {amount:,.2f}" for currency, amount in result.amounts.items()]
    if parts:
        out.line(" · ".join(parts))
    rows = [(one.field, one.header, one.how, " | ".join(one.cells)) for one in result.samples]
    out.table(("Field", "Header", "Found by", "Cells"), rows, title="read from")
    if result.rejected:
        wrong = [(one.line, one.column, one.message, one.suggestion) for one in result.rejected]
        headers = ("Line", "Column", "Why", "Suggestion")
        listing.first_of(session, headers, wrong, "rejected", "--json and --rejects have all")
    if result.refused:
        out.line("nothing was written: correct the lines, or give --partial")

"""ticketops from Python: a workbook as data frames and typed results, and what a command would
change. Read-only.

Whoever calls is a user as at the command line: the same settings, role and permissions. Every call
reads the workbook as it is then.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, get_type_hints

import polars as pl

from ticketops import config
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import prepare, run_of
from ticketops.errors import TicketopsError, UsageError
from ticketops.model.findings import Finding
from ticketops.schema.addresses import parse_range
from ticketops.schema.columns import text_of

if TYPE_CHECKING:
    from ticketops.config import Settings
    from ticketops.domain.audit.figures import Audit
    from ticketops.domain.plan import Plan
    from ticketops.domain.reporting.figures import Position
    from ticketops.engine.job import Job
    from ticketops.schema.tables import Misfit
    from ticketops.stores.base import Store

__all__ = [
    "DryRun",
    "Report",
    "TicketopsError",
    "TicketopsWarning",
    "UnreadableCells",
    "Workbook",
    "open",
]

R = TypeVar("R")
_MOST_NAMED = 5


class TicketopsWarning(UserWarning):
    """Something to know that is not the result: what the command line says on standard error."""


class UnreadableCells(TicketopsWarning):
    """Cells that are not what their column holds: the data frame has null in their place."""


@dataclass(frozen=True)
class Report(Generic[R]):
    """What a report says. result: the dataclass that `--json` prints under "result". frame: its
    records: the findings of an audit, the matches and categories of a position."""

    result: R
    findings: tuple[Finding, ...]
    frame: pl.DataFrame


@dataclass(frozen=True)
class DryRun:
    """What a command would do; nothing is written.

    command: its words. result: the dataclass that `--json` prints under "result"
    (docs/schema/COMMAND.json describes it). changes: a row for each cell that would change: sheet,
    cell (`B244`), row, key of the record, header, before and after as text, null for a blank;
    secrets are hidden. A sheet that would be written anew is one row: its range, and how many
    `rows`. counts: {sheet: {"set", "appended", "deleted", "replaced"}}. notices: what the command
    says besides.
    """

    command: str
    result: Any
    changes: pl.DataFrame
    findings: tuple[Finding, ...]
    counts: Mapping[str, Mapping[str, int]]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Workbook:
    """A workbook that is read, never written. settings: whose it is and who asks, as at the command
    line.

    Every method raises a TicketopsError: what the command line says in one line, with its `hint`;
    NotPermittedError where the user may not.
    """

    settings: Settings

    def __repr__(self) -> str:
        return f"<Workbook {self._name} as {self.settings.user}>"

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names that `read` takes.

        >>> book.sheets[:3]
        ('Schedule', 'Purchases', 'Sales')
        """
        from ticketops.services.reading import readable

        return readable(self._store().layout)

    def read(self, sheet: str, *, headers: bool = False) -> pl.DataFrame:
        """A sheet's records as a data frame: `row`, the sheet row, and its columns by their names.
        Columns that hold secrets are absent. Needs the role operator.

        sheet: its name, or its title. headers: columns are called as in the sheet (docs/workbook.md
        has both). Warns with UnreadableCells of cells that are null because
        they are not what their column holds. Raises NotFoundError for a sheet that commands do not
        know.

        >>> book.read("Sales").select("row", "sales_id", "client", "number").row(0)
        (2, 'S1', 'Westbrook & Sons', 4)
        >>> book.read("Sales", headers=True).columns[:4]
        ['row', 'Date', 'Match', 'Game']
        """
        from ticketops.services.reading import sheet_read

        store = self._store()
        found = self._planned(store, sheet_read(store, sheet)).result
        if found.unreadable:
            warnings.warn(_told(found.sheet, found.unreadable), UnreadableCells, stacklevel=2)
        frame: pl.DataFrame = found.frame
        return frame.rename(found.headers) if headers else frame

    def audit(self) -> Report[Audit]:
        """`ticketops audit run`: do Distribution and _PURCHASE_UNITS tell the same story?

        >>> book.audit().result.invariant_holds
        True
        """
        from ticketops.services.audit import audit_job

        plan = self._planned(self._store(), audit_job(write=False))
        return Report(plan.result, tuple(plan.findings), _frame(Finding, plan.findings))

    def position(self) -> Report[Position]:
        """`ticketops report position`: sold, sent, open, available, oversold and surplus, in total
        and per match and category.

        >>> book.position().result.true_shortage
        12
        """
        from ticketops.domain.reporting.figures import PositionLine
        from ticketops.services.reporting import position_job

        plan = self._planned(self._store(), position_job(write=False))
        return Report(plan.result, tuple(plan.findings), _frame(PositionLine, plan.result.lines))

    def dry_run(self, command: str, /, *arguments: object, **options: object) -> DryRun:
        """What a command would change, by the command's own rules; nothing is written.

        command: its words with dots between them, or the name of its job. arguments, options: as
        docs/commands.md has them, an option with `_` for `-`, and `_` behind a word of Python's
        (`with_`). An argument may be named, too. A list stands for an option that is given several
        times. Raises UsageError for a command that there is not, or for what it does not take, and
        what the command raises.

        >>> plan = book.dry_run("allocate.commit", "S2")
        >>> plan.result.status, plan.result.allocated
        ('ALLOCATED', 5)
        >>> plan.changes.filter(header="Status").select("sheet", "cell", "after").row(0)
        ('Distribution', 'W7', 'ALLOCATED')
        """
        from ticketops.cli.planning import plan

        planned = plan(self.settings, command, arguments, options)
        return DryRun(
            planned.command,
            planned.result,
            _changes(planned.cells),
            planned.findings,
            planned.counts,
            planned.notices,
        )

    @property
    def _name(self) -> str:
        return str(self.settings.workbook)

    def _store(self) -> Store:
        if self.settings.workbook is None:
            raise UsageError(
                "no workbook is named",
                "ticketops.open(FILE) names one; so do TICKETOPS_WORKBOOK and ticketops.toml",
            )
        return open_store(self.settings.workbook, self.settings)

    def _planned(self, store: Store, job: Job) -> Plan:
        return prepare(store, job, run_of(self.settings))[0]


def open(  # noqa: A001 (as gzip.open and others)
    workbook: str | PathLike[str] | None = None, *, user: str | None = None, role: str | None = None
) -> Workbook:
    """A workbook to read.

    workbook: a file, or `gsheet:ID`; user: who asks, as `--as` says it; role: what they may do where
    _USERS names nobody. What is not given is what the environment and the files of settings say.
    Raises UsageError for a setting that can't be, UnusableError for a file that is no workbook.

    >>> open("event.xlsx", user="olga")
    <Workbook event.xlsx as olga>
    """
    given = {"workbook": workbook, "user": user, "role": role}
    settings = config.load(given, prefix="")
    if settings.ignored:
        warnings.warn(settings.ignored, TicketopsWarning, stacklevel=2)
    book = Workbook(settings)
    book._store().read()  # a file that is no workbook is said here, not later
    return book


def _told(sheet: str, unreadable: tuple[Misfit, ...]) -> str:
    """What a warning says of cells: how many of each column, and the first ones by row and text."""
    columns = Counter(misfit.column for misfit in unreadable)
    counted = ", ".join(f"{name} {number}" for name, number in columns.items())
    named = [f"{one.column} in row {one.row}: {one.text!r}" for one in unreadable[:_MOST_NAMED]]
    more = len(unreadable) - len(named)
    return (
        f"{sheet}: {len(unreadable)} cell{'s' * (len(unreadable) != 1)} can't be read, so the data"
        f" frame has null there ({counted}): {'; '.join(named)}{f'; and {more} more' if more else ''}"
    )


_DTYPES: dict[type, Any] = {int: pl.Int64, float: pl.Float64, bool: pl.Boolean}


def _frame(kind: type, records: Iterable[Any]) -> pl.DataFrame:
    """Records of one kind as a data frame, its columns typed also where there are none."""
    hints = get_type_hints(kind)
    schema = {
        name: _DTYPES.get((get_args(hint) or (hint,))[0], pl.String) for name, hint in hints.items()
    }
    rows = [one.as_dict() if isinstance(one, Finding) else asdict(one) for one in records]
    return pl.DataFrame(rows, schema=schema)


_CHANGES = {
    "sheet": pl.String,
    "cell": pl.String,
    "row": pl.Int64,
    "key": pl.String,
    "header": pl.String,
    "before": pl.String,
    "after": pl.String,
    "rows": pl.Int64,
}


def _changes(cells: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """The cells of a dry run as a data frame."""
    rows = []
    for cell in cells:
        area = None if "rows" in cell else parse_range(cell["cell"])
        texts = {
            name: None if cell[name] is None else text_of(cell[name])
            for name in ("before", "after")
        }
        rows.append({"rows": None, **cell, **texts, "row": area[0][1] if area else None})
    return pl.DataFrame(rows, schema=_CHANGES)

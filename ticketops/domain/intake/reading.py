"""An import of a list of trade from its file to what it tells, whatever the list is of (§3, §4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, structs

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.intake import fields, headers, mappings, rows, unseen
from ticketops.domain.intake.headers import Columns
from ticketops.domain.intake.imported import REMEMBERED, Options, Outcome, result
from ticketops.domain.intake.mappings import Profile
from ticketops.domain.intake.resolving import Resolver
from ticketops.domain.intake.rows import Faults, Line, Lines
from ticketops.domain.plan import Plan, Run
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import line_total
from ticketops.model.names import quoted
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.tables import Snapshot

_T = TypeVar("_T")


class Reading(Struct):
    """A file that is being imported. known: the mapping that was remembered for it."""

    table: ForeignTable
    options: Options
    kind: str
    known: Profile | None
    columns: Columns
    lines: Lines
    faults: Faults
    resolver: Resolver

    @property
    def refused(self) -> bool:
        """Whether nothing is taken, since lines are wrong."""
        return bool(self.faults.found) and not self.options.partial

    def good(self, found: Iterable[tuple[Line, _T]]) -> list[_T]:
        """What is of lines with which nothing is wrong; nothing at all where the file is
        refused."""
        bad = {one.line for one in self.faults.found}
        return [] if self.refused else [one for line, one in found if line.number not in bad]

    def finished(self, plan: Plan, snapshot: Snapshot, outcome: Outcome, run: Run) -> Plan:
        """The plan with the mapping remembered, where lines were taken, and what it all tells."""
        profile = self.known.name if self.known else None
        told = [*self.resolver.days.said(), *(self.resolver.said if outcome.taken else [])]
        if outcome.taken:
            profile = self._remember(plan, snapshot, run)
        said = headers.said(self.columns, self.table) + unseen.hidden(self.columns, self.table)
        said += [] if self.options.sheet else unseen.other_sheets(self.table)
        said += [*self.lines.findings, *told]
        plan.findings = list(dict.fromkeys([*said, *plan.findings]))
        plan.findings += self._rejected()
        plan.refused = self.refused
        plan.result = result(
            self.table,
            self.columns,
            self.faults.found,
            outcome,
            profile,
            rows=self.lines.rows,
            refused=self.refused,
        )
        return plan

    def _remember(self, plan: Plan, snapshot: Snapshot, run: Run) -> str:
        """Keep how the file was read; the name of the mapping."""
        table, options, known = self.table, self.options, self.known
        kept = known.mapping if known else {}
        left_out = {name: "" for name, header in {**kept, **options.mapped}.items() if not header}
        places = self.columns.places
        mapping = {name: table.headers[at] for name, at in places.items() if table.headers[at]}
        own = known if known and options.save in ("", known.name) else None
        profile = Profile(
            options.save or (own.name if own else ""),
            mappings.fingerprint(table.headers),
            "",
            {**left_out, **mapping},
            options.sheet or (own.sheet if own else ""),
            options.header_row or (own.header_row if own else None),
            options={name: told for name in REMEMBERED if (told := getattr(options, name))},
        )
        return mappings.remember(plan, snapshot, profile, self.kind, own, run)

    def _rejected(self) -> list[Finding]:
        count = len({one.line for one in self.faults.found})
        if not count:
            return []
        what = "nothing was taken" if self.refused else "the others were taken"
        message = f"{counted(count, 'line')} rejected; {what}"
        return [Finding("LINES_REJECTED", Severity.MEDIUM, message)]


def opened(
    snapshot: Snapshot,
    table: ForeignTable,
    options: Options,
    run: Run,
    kind: str,
    needed: Sequence[tuple[str, ...]],
    ledger: str,
) -> Reading:
    """A file with its columns told apart and its rows read. needed: fields one of which must be
    there; ledger: whose categories count as used.

    Raises InputError for a file without what its kind needs, UsageError for a mapping that does not
    fit it.
    """
    remembered = mappings.remembered(snapshot, kind, fields.FIELDS[kind])
    known = mappings.fitting(remembered, table, options.profile)
    catalogue = Catalogue.of(snapshot, ledger, chosen=run.chosen)

    def is_match(text: str) -> bool:
        return bool(catalogue.candidates(catalogue.parted(text)[0]))

    options, as_before = _as_before(options, known)
    kept = known.mapping if known else {}
    columns = headers.columns_of(table, kind, options.mapped, kept, is_match)
    headers.require(columns, table, kind, needed, is_match)
    counts = kind in (fields.PURCHASES, fields.SALES)
    lines, faults = rows.read(table, columns, options, counts=counts)
    lines.findings[:0] = as_before
    resolver = Resolver(snapshot, catalogue, faults, options)
    return Reading(table, options, kind, known, columns, lines, faults, resolver)


def _as_before(options: Options, known: Profile | None) -> tuple[Options, list[Finding]]:
    """The options with those that are remembered with the mapping, where the command names none; and
    a finding that says so."""
    kept = known.options if known else {}
    taken = {
        name: kept[name] for name in REMEMBERED if kept.get(name) and not getattr(options, name)
    }
    if not taken:
        return options, []
    listed = ", ".join(f"--{name} {quoted(said)}" for name, said in taken.items())
    message = f"as for the last file with these headers: {listed}; give the option to change it"
    return structs.replace(options, **taken), [Finding("OPTIONS_REMEMBERED", Severity.LOW, message)]


def nothing_said(lines: int, what: str) -> list[Finding]:
    """A finding about lines that are left out since they name no guest, or no seat."""
    if not lines:
        return []
    verb = "names" if lines == 1 else "name"
    message = f"{counted(lines, 'line')} {verb} no {what}: nothing changes for them"
    return [Finding("NOTHING_SAID", Severity.INFO, message)]


def price_of(line: Line) -> Decimal:
    """The price of one ticket. Raises ValueError for a line that has none, which is not read."""
    if line.price is None:
        raise ValueError(f"line {line.number} has no price")
    return line.price


def amounts(taken: Iterable[Line], run: Run) -> dict[str, float]:
    """{currency: what lines come to}."""
    sums: dict[str, Decimal] = {}
    for line in taken:
        currency, amount = line.currency or run.currency, line_total(line.quantity, price_of(line))
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return {currency: float(sums[currency]) for currency in sorted(sums)}

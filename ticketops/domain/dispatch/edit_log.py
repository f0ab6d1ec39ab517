"""`_BOOK_EDITS`: what files that came back said, and what became of it. What stands there is never
taken for new again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ticketops.domain.dispatch.field_edits import ClientLine, FieldEdit, Outcome
from ticketops.domain.plan import Plan, Run
from ticketops.model import book_kinds
from ticketops.schema.layouts.event import BOOK_EDITS
from ticketops.schema.tables import Snapshot, Table

_HEAD = ("timestamp", "run_id", "book_id", "kind", "party")
"""The first columns of `_BOOK_EDITS`; then the ticket, `fields`, a column for each field, `outcome`."""
Outcomes = Sequence[tuple[FieldEdit, Outcome, str]]
"""What became of edits, each with what is said of it."""


def _columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.sheet.columns)


def _ticket_of(table: Table) -> str:
    """The column that names the ticket."""
    return _columns(table)[len(_HEAD)]


def said_before(
    snapshot: Snapshot, book_ids: set[str]
) -> dict[tuple[str, str], dict[str, list[str]]]:
    """{(BookID, ticket): {field: what files with this BookID said of it so far, the newest last}}.
    What was undone was not read."""
    table = snapshot[BOOK_EDITS]
    ticket = _ticket_of(table)
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)
    wanted = table.frame.filter(table.frame["book_id"].is_in(sorted(book_ids)))
    undone = {
        outcome.split()[1]
        for outcome in wanted["outcome"].drop_nulls()
        if outcome.startswith("UNDO R")
    }
    wanted = wanted.filter(~wanted["run_id"].fill_null("").is_in(sorted(undone)))
    for values in wanted.iter_rows(named=True):
        for name in (values["fields"] or "").split(","):
            if name in values:
                found[values["book_id"], values[ticket] or ""].setdefault(name, []).append(
                    values[name] or ""
                )
    return found


def record(
    plan: Plan,
    snapshot: Snapshot,
    run: Run,
    book_ids: Sequence[str],
    outcomes: Outcomes,
    lines: Sequence[ClientLine] = (),
) -> None:
    """Append what was said, and what became of it, to `_BOOK_EDITS`: a row a ticket a file, and one
    for each line below a client's tickets. An edit that stands there is never taken for new again;
    what only waits for a payment is left out."""
    table = snapshot[BOOK_EDITS]
    columns = _columns(table)
    edits: dict[tuple[str, str, str], _Edit] = {}
    for (field_edit, outcome, _message), book_id in zip(outcomes, book_ids, strict=True):
        if outcome is Outcome.UNPAID:
            continue
        edit = edits.setdefault(
            (book_id, field_edit.sales_id, field_edit.where.rpartition("!")[0]),
            _Edit(book_id, field_edit),
        )
        edit.outcomes[field_edit.field] = outcome
        edit.texts[field_edit.field] = (
            str(field_edit.value) if field_edit.value is not None else None
        )
    rows = [edit.row(run, columns) for edit in edits.values()]
    rows += [_line(run, line, columns) for line in lines]
    plan.changes.append(BOOK_EDITS, table.next_row, columns, rows)


def _line(run: Run, line: ClientLine, columns: Iterable[str]) -> tuple[str | datetime | None, ...]:
    """A line that is about no ticket of the book: an issue for the office."""
    values: dict[str, str | datetime | None] = {
        "timestamp": run.now,
        "run_id": run.run_id,
        "book_id": line.book_id,
        "kind": book_kinds.CLIENT,
        "party": line.party,
        "fields": "comment",
        "comment": line.text,
        "outcome": "issue: a ticket is missing or wrong",
    }
    return tuple(values.get(name) for name in columns)


@dataclass
class _Edit:
    """What a file said of a ticket. edit: the first of it."""

    book_id: str
    field_edit: FieldEdit
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    texts: dict[str, str | None] = field(default_factory=dict)

    def row(self, run: Run, columns: Sequence[str]) -> tuple[str | datetime | None, ...]:
        """Its row of `_BOOK_EDITS`."""
        field_edit = self.field_edit
        head = (
            run.now,
            run.run_id,
            self.book_id or None,
            field_edit.source,
            field_edit.party,
            field_edit.sales_id,
            ",".join(self.outcomes),
        )
        texts = (self.texts.get(name) for name in columns[len(head) : -1])
        return (*head, *texts, _outcome(self.outcomes.items()))


def _outcome(said: Iterable[tuple[str, Outcome]]) -> str:
    return "; ".join(_outcomes(said)) or Outcome.TAKEN.value


def _outcomes(said: Iterable[tuple[str, Outcome]]) -> Iterator[str]:
    for name, outcome in said:
        if outcome not in (Outcome.TAKEN, Outcome.SAME):
            yield f"{name}: {outcome.value}"

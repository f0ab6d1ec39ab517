"""`_BOOK_EDITS`: what files that came back said, and what became of it. What stands there is never taken for new again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ticketops.domain.dispatch.cascade import Settlement
from ticketops.domain.dispatch.words import Outcome
from ticketops.domain.plan import Plan, Run
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import BOOK_EDITS

_EDIT_COLUMNS = ("timestamp", "run_id", "book_id", "kind", "party", "sales_id", "fields", "client_notes", "first_name", "last_name",
                 "client_email", "comment", "delivery", "dispatch_notes", "dispatched_at", "proof_url", "outcome")  # fmt: skip


def said_before(snapshot: Snapshot, book_ids: set[str]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """{(BookID, SalesID): {field: what files with this BookID said of it so far, the newest last}}."""
    table = snapshot[BOOK_EDITS]
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)
    wanted = table.frame.filter(table.frame["book_id"].is_in(sorted(book_ids)))
    for values in wanted.iter_rows(named=True):
        for name in (values["fields"] or "").split(","):
            if name in values:
                found[values["book_id"], values["sales_id"] or ""].setdefault(name, []).append(values[name] or "")
    return found


def record(plan: Plan, snapshot: Snapshot, run: Run, book_ids: Sequence[str], settlement: Settlement) -> None:
    """Append what was said, and what became of it, to `_BOOK_EDITS`: a row a ticket a file. A word that stands there is never
    taken for new again."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for (word, outcome, _message), book_id in zip(settlement.outcomes, book_ids, strict=True):
        row = rows.setdefault((book_id, word.sales_id, word.where.rpartition("!")[0]), {
            "timestamp": run.now, "run_id": run.run_id, "book_id": book_id or None, "kind": word.source, "party": word.party,
            "sales_id": word.sales_id, "said": {},
        })  # fmt: skip
        row["said"][word.field] = outcome
        row[word.field] = str(word.value) if word.value is not None else None
    tuples = [
        tuple((row | {"fields": ",".join(row["said"]), "outcome": _outcome(row["said"].items())}).get(name) for name in _EDIT_COLUMNS)
        for row in rows.values()
    ]
    plan.changes.append(BOOK_EDITS, snapshot[BOOK_EDITS].next_row, _EDIT_COLUMNS, tuples)


def _outcome(said: Iterable[tuple[str, Outcome]]) -> str:
    return "; ".join(_outcomes(said)) or Outcome.TAKEN.value


def _outcomes(said: Iterable[tuple[str, Outcome]]) -> Iterator[str]:
    for name, outcome in said:
        if outcome not in (Outcome.TAKEN, Outcome.SAME):
            yield f"{name}: {outcome.value}"

"""Whether the journal beside a workbook is that workbook's: copies, renamed files and older
versions put back are noticed (D15)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from ticketops.model.ids import RUN_ID
from ticketops.schema.columns import ColumnType
from ticketops.schema.layout import Layout
from ticketops.schema.tables import Table
from ticketops.stores.base import Transaction
from ticketops.stores.records import Record
from ticketops.stores.standing import stands

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOST = 5
"""So many of the last commands are looked at: that none of them left a trace is no accident."""

Tables = Callable[[str], Table]


def doubt(
    revision: str,
    transactions: Sequence[Transaction],
    layout: Layout,
    now: Tables,
    before: Tables | None,
    record: Callable[[int], Record],
) -> str:
    """Why the journal may be that of another workbook, for people; "" where it is this one's, also
    after another program saved it.

    now, before: the sheets as they stand, and as they stood before the last command, where that is
    kept.
    """
    if not transactions:
        newest = max(run_ids(layout, now), default="") if _is_ours(layout, now) else ""
        return (
            f"it holds RunIDs up to {newest}, but no journal beside it knows them" if newest else ""
        )
    last = transactions[-1]
    if revision == last.revision_after:
        return ""
    older = next((t for t in reversed(transactions) if t.revision_after == revision), None)
    if older is not None:
        return f"it is as it was after {older.entry.run_id}: later changes are missing"
    if revision == transactions[0].revision_before:
        return f"it is as it was before {transactions[0].entry.run_id}: it has no change from its journal"
    newer = {one for one in run_ids(layout, now) if one > last.entry.run_id}
    if newer and before is not None:
        newer -= set(run_ids(layout, before))
    if newer:
        return f"it holds {max(newer)}, but its journal ends at {last.entry.run_id}: it was changed elsewhere"
    traces = _traces(transactions, record)
    if traces and not any(
        _holds(now(sheet), texts) for sheet, texts in traces.items() if sheet in layout
    ):
        return f"it has none of the last changes in its journal, up to {last.entry.run_id}"
    return ""


def run_ids(layout: Layout, tables: Tables) -> Iterator[str]:
    """Every RunID in the columns for them."""
    for sheet in layout:
        if "run_id" in sheet.by_name:
            for value in tables(sheet.name).frame["run_id"].drop_nulls().unique().to_list():
                if RUN_ID.fullmatch(value):
                    yield value


def _is_ours(layout: Layout, tables: Tables) -> bool:
    """Whether a command of ours ever wrote here: there is a sheet of ours, or a record that says
    when it was recorded. Scripts in a workbook that never had a journal give RunIDs too."""
    for sheet in layout:
        stamp = sheet.by_name.get("created_at")
        if sheet.extension and tables(sheet.name).exists:
            return True
        if stamp and stamp.extension and tables(sheet.name).frame["created_at"].drop_nulls().len():
            return True
    return False


def _traces(
    transactions: Sequence[Transaction], record: Callable[[int], Record]
) -> dict[str, set[str]]:
    """{sheet: what the last commands that stand wrote there and nothing else would hold: UUIDs and
    their RunIDs}."""
    found: dict[str, set[str]] = {}
    for t in [t for t in transactions if stands(t)][-_MOST:]:
        for sheet, rows in record(t.number).cells.items():
            for cells in rows.values():
                for _before, after in cells.values():
                    if isinstance(after, str) and (t.entry.run_id in after or _UUID.search(after)):
                        found.setdefault(sheet, set()).add(after)
    return found


def _holds(table: Table, texts: Iterable[str]) -> bool:
    names = [
        column.name
        for column in table.sheet.columns
        if column.type in (ColumnType.CODE, ColumnType.TEXT) and not column.secret
    ]
    standing = {value for name in names for value in table.frame[name].drop_nulls().to_list()}
    return not standing.isdisjoint(texts)

"""Sales reconciliation (§12b): what Sales expects against what Distribution holds, row by row, with an action."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from ticketops.domain.orders import Sale, sales_of
from ticketops.model import ids, states
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, SALES_PARENT_RECON, SALES_RECON_AUDIT

KEEP, DELETE_CANDIDATE, MANUAL_REVIEW, PROTECTED_EXCESS, MISSING_IN_DIST = states.RECON_ACTION
_SEVERITY = {
    DELETE_CANDIDATE: Severity.MEDIUM,
    MANUAL_REVIEW: Severity.HIGH,
    PROTECTED_EXCESS: Severity.HIGH,
    MISSING_IN_DIST: Severity.HIGH,
}

_COMMON = ("action", "reason", "touched", "dist_row", "sales_id", "date", "match", "game", "company", "inv_no", "category",
           "sales_child", "import_key", "line_key")  # fmt: skip
_TAIL = ("status", "run_id", "notes", "process_now")
_PARENT_COLUMNS = (*_COMMON, "expected", "actual", *_TAIL)
_AUDIT_COLUMNS = (*_COMMON, "sales_row", "current_key", "expected", "parents", *_TAIL)
_DISTRIBUTION = ("row", "row_type", "sales_id", "date", "match", "game", "company", "inv_no", "category", "child",
                 "source_sale_id", "line_key", "status", "run_id", "notes", "unit_ids", "delivery")  # fmt: skip


@dataclass(slots=True)
class Line:
    """One row of the reconciliation: a ticket in Distribution, or one that is missing there (`row` None)."""

    action: str
    reason: str
    row: int | None
    sales_id: str
    child: int
    values: dict[str, Any]
    sale: Sale | None
    expected: int
    actual: int
    parents: int

    @property
    def key(self) -> tuple[int | None, str]:
        """What tells it apart from the others, from one run to the next."""
        return self.row, self.sales_id


@dataclass(slots=True)
class Report:
    """All lines, their count by action, and the changes that write them into both sheets."""

    lines: list[Line] = field(default_factory=list)
    changes: ChangeSet = field(default_factory=ChangeSet)
    findings: list[Finding] = field(default_factory=list)

    @property
    def by_action(self) -> dict[str, int]:
        counts = dict.fromkeys(states.RECON_ACTION, 0)
        for line in self.lines:
            counts[line.action] += 1
        return counts


def reconcile(snapshot: Snapshot, *, touched: Collection[int] = (), done: Collection[tuple[int | None, str]] = ()) -> Report:
    """Compare Sales with Distribution. touched: Distribution rows that this run changed; done: keys whose Process_Now
    tick was carried out. Sheets that would not change are left alone; ticks that people set are kept."""
    report = Report(lines=_lines(snapshot))
    for line in report.lines:
        if line.action != KEEP:
            report.findings.append(Finding(
                line.action, _SEVERITY[line.action], f"{line.sales_id}: {line.reason}", DISTRIBUTION, line.row, line.sales_id,
                match=line.values["match"] or "", category=line.values["category"] or "",
            ))  # fmt: skip
    for name, columns in ((SALES_PARENT_RECON, _PARENT_COLUMNS), (SALES_RECON_AUDIT, _AUDIT_COLUMNS)):
        frame = snapshot[name].frame
        ticked = {(row, sales_id) for row, sales_id, tick in frame.select("dist_row", "sales_id", "process_now").iter_rows() if tick} - set(
            done
        )
        rows = [_row(line, columns, touched, line.key in ticked) for line in report.lines]
        old = frame.select(columns).rows()
        if [_but_touched(row) for row in rows] != [_but_touched(row) for row in old]:
            report.changes.replace(name, columns, rows)
    return report


def _lines(snapshot: Snapshot) -> list[Line]:
    sales, _findings = sales_of(snapshot)
    by_source: dict[str, list[Sale]] = {}
    by_id: dict[str, list[Sale]] = {}
    by_key: dict[str, int] = {}
    for one in sales:
        if one.source_sale_id:
            by_source.setdefault(one.source_sale_id, []).append(one)
        if one.sales_id:
            by_id.setdefault(one.sales_id, []).append(one)
        by_key[_sale_key(one)] = by_key.get(_sale_key(one), 0) + 1
    lines: list[Line] = []
    of_sale: dict[int, list[Line]] = {}
    for row in snapshot[DISTRIBUTION].frame.select(_DISTRIBUTION).iter_rows(named=True):
        if row["row_type"] == "Purchases" or not (row["sales_id"] or row["line_key"]):
            continue
        source, number, child = _identity(row)
        parents = by_source.get(source) or by_id.get(number) or []
        sale = parents[0] if parents else None
        line = Line(KEEP, "", row["row"], row["sales_id"] or "", child, row, sale, sale.quantity if sale else 0, 0, len(parents))
        lines.append(line)
        if sale:
            line.parents = max(len(parents), by_key[_sale_key(sale)])
            of_sale.setdefault(sale.row, []).append(line)
        else:
            _excess(line, "Sales has no such sale")
    for one in sales:
        ambiguous = max(len(by_source.get(one.source_sale_id, [one])), len(by_id.get(one.sales_id, [one])))
        lines.extend(_compare(one, of_sale.get(one.row, []), ambiguous))
    return lines


def _identity(row: dict[str, Any]) -> tuple[str, str, int]:
    """(SourceSaleID, parent SalesID, child) of a Distribution row, from its keys or its ID."""
    key = ids.SALES_LINE_KEY.fullmatch(row["line_key"] or "")
    own = ids.SALES_ID.fullmatch(row["sales_id"] or "")
    child = int(key[2]) if key else row["child"] or (int(own[2]) if own and own[2] else 0)
    return (key[1] if key else row["source_sale_id"] or ""), (f"S{own[1]}" if own else ""), child


def _compare(sale: Sale, lines: list[Line], ambiguous: int) -> Iterable[Line]:
    """Set the action of a sale's lines; the lines that are missing. ambiguous: how many rows of Sales share its IDs."""
    kept: dict[int, Line] = {}
    for line in sorted(lines, key=lambda line: (not _in_use(line), line.row or 0)):
        if ambiguous > 1:
            line.action, line.reason = MANUAL_REVIEW, f"{ambiguous} rows of Sales share its SalesID or SourceSaleID"
        elif not 1 <= line.child <= sale.quantity:
            _excess(line, f"the sale has {sale.quantity} tickets, this is number {line.child}")
        elif line.child in kept:
            _excess(line, f"row {kept[line.child].row} is the same ticket")
        else:
            kept[line.child] = line
            _kept(line, sale)
    for line in lines:
        line.actual = len(lines)
    if ambiguous > 1 or sale.ended:
        return
    for child in range(1, sale.quantity + 1):
        if child not in kept:
            values: dict[str, Any] = {
                "sales_id": f"{sale.sales_id}-{child}", "date": sale.date, "match": sale.match, "game": sale.game,
                "company": sale.client, "inv_no": sale.contract, "category": sale.category, "status": None, "run_id": None,
                "notes": None,
            }  # fmt: skip
            yield Line(MISSING_IN_DIST, f"Distribution lacks ticket {child} of {sale.quantity}", None, values["sales_id"], child,
                       values, sale, sale.quantity, len(lines), 1)  # fmt: skip


def _kept(line: Line, sale: Sale) -> None:
    old, new = _distribution_key(line), _sale_key(sale)
    if old == new:
        line.reason = "counts match"
    elif _in_use(line) and (line.values["match"], line.values["category"]) != (sale.match, sale.category):
        line.action, line.reason = MANUAL_REVIEW, f"allocated, but the sale is now {sale.match} {sale.category}"
    else:
        line.reason = "counts match; the sale's data changed since, sale expand takes it over"


def _excess(line: Line, why: str) -> None:
    line.action = PROTECTED_EXCESS if _in_use(line) else DELETE_CANDIDATE
    line.reason = f"{why}; it is allocated or sent" if line.action == PROTECTED_EXCESS else why


def _in_use(line: Line) -> bool:
    """Whether a ticket is allocated or on its way, so that it is never removed."""
    values = line.values
    return bool(values["unit_ids"]) or values["status"] == states.ALLOCATED or (values["delivery"] or states.NOT_SENT) != states.NOT_SENT


def _row(line: Line, columns: tuple[str, ...], touched: Collection[int], ticked: bool) -> tuple[Any, ...]:
    import_key = _distribution_key(line) if line.row else None
    own: dict[str, Any] = {
        "action": line.action,
        "reason": line.reason,
        "touched": line.row in touched if line.row else False,
        "dist_row": line.row,
        "sales_id": line.sales_id or None,
        "sales_child": line.child or None,
        "import_key": import_key,
        "line_key": f"{import_key}#{line.child}" if import_key else None,
        "expected": line.expected,
        "actual": line.actual,
        "sales_row": line.sale.row if line.sale else None,
        "current_key": _sale_key(line.sale) if line.sale else None,
        "parents": line.parents,
        "process_now": ticked,
    }
    return tuple(own[name] if name in own else line.values[name] for name in columns)


def _but_touched(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row without Touched? (the third column), a tick-box that is off being blank."""
    return (*row[:2], *row[3:-1], bool(row[-1]))


def _distribution_key(line: Line) -> str:
    v = line.values
    parent = (line.sales_id or "").partition("-")[0]
    return _key(parent, v["date"], v["match"], v["game"], v["company"], v["inv_no"], v["category"])


def _sale_key(sale: Sale) -> str:
    return _key(sale.sales_id, sale.date, sale.match, sale.game, sale.client, sale.contract, sale.category)


@lru_cache(maxsize=10_000)
def _key(sales_id: str, date: datetime | None, *texts: str | None) -> str:
    """The business key of a sale; its tickets share it, so it is hashed once."""
    return ids.import_key(sales_id, (date.date().isoformat() if date else "", *(text or "" for text in texts)))

"""Sales reconciliation (§12b): what Sales expects against what Distribution holds, row by row, with
an action."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import polars as pl
from msgspec import Struct, field

from ticketops.domain.selling.orders import Sale, keys_unread, sales_of
from ticketops.domain.ticket.identity import identity_of, is_sold, sale_of
from ticketops.domain.ticket.line import free_numbers, in_use, is_live, leaving_first
from ticketops.model import ids, states
from ticketops.model.changes import ChangeSet
from ticketops.model.display import listed
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    SALES,
    SALES_PARENT_RECON,
    SALES_RECON_AUDIT,
)
from ticketops.schema.tables import Snapshot, Table

KEEP, DELETE_CANDIDATE, MANUAL_REVIEW, PROTECTED_EXCESS, MISSING_IN_DIST = states.RECON_ACTION
POSSIBLE_DOUBLE = "POSSIBLE_DOUBLE"
SALE_CHANGED = "SALE_CHANGED_AFTER_ALLOCATION"
CANCELLED = "cancelled: kept as a record"
_SEVERITY = {
    DELETE_CANDIDATE: Severity.MEDIUM,
    MANUAL_REVIEW: Severity.HIGH,
    PROTECTED_EXCESS: Severity.HIGH,
    MISSING_IN_DIST: Severity.HIGH,
}

_COMMON = (
    "action",
    "reason",
    "touched",
    "dist_row",
    "sales_id",
    "date",
    "match",
    "game",
    "company",
    "inv_no",
    "category",
    "sales_child",
    "import_key",
    "line_key",
)
_TAIL = ("status", "run_id", "notes", "process_now")
_PARENT_COLUMNS = (*_COMMON, "expected", "actual", *_TAIL)
_AUDIT_COLUMNS = (*_COMMON, "sales_row", "current_key", "expected", "parents", *_TAIL)
_DISTRIBUTION = (
    "row",
    "sales_id",
    "date",
    "match",
    "sub_game",
    "game",
    "company",
    "inv_no",
    "category",
    "child",
    "source_sale_id",
    "line_key",
    "status",
    "run_id",
    "notes",
    "unit_ids",
    "delivery",
)


class Line(Struct):
    """One row of the reconciliation: a ticket in Distribution, or one that is missing there (`row`
    None)."""

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
    stays: bool = False
    """Whether nothing is wrong with this ticket itself, though its sale has too many or too few."""
    changed: bool = False
    """Whether it is allocated, but its sale asks for another match or category now."""

    @property
    def key(self) -> Key:
        """What tells it apart from the others, from one run to the next."""
        return key_of(self.row, self.sales_id, self.child, self.values)

    @property
    def name(self) -> str:
        """What people call it: before `expand` a sale that was typed has no SalesID."""
        if self.sales_id or self.sale is None:
            return self.sales_id
        return f"Sales row {self.sale.row}, ticket {self.child}"


Key = tuple[int | None, str]


def key_of(
    row: int | None, sales_id: str | None, child: int | None, values: Mapping[str, Any]
) -> Key:
    """The key of a line: its row and ID; of a missing ticket without an ID what it is of."""
    if row is not None or sales_id:
        return row, sales_id or ""
    what = (values[name] for name in ("date", "match", "company", "category"))
    return None, "|".join(str(part or "") for part in (*what, child))


class Report(Struct):
    """All lines, their count by action, and the changes that write them into both sheets."""

    lines: list[Line] = field(default_factory=list)
    changes: ChangeSet = field(default_factory=ChangeSet)
    findings: list[Finding] = field(default_factory=list)
    unread: Sequence[Finding] = ()
    """Rows of Sales that can't be read."""

    @property
    def by_action(self) -> dict[str, int]:
        counts = dict.fromkeys(states.RECON_ACTION, 0)
        for line in self.lines:
            counts[line.action] += 1
        return counts


def reconcile(
    snapshot: Snapshot, *, touched: Collection[int] = (), done: Collection[Key] = ()
) -> Report:
    """`compare`, and what it writes into both sheets. touched: Distribution rows that this run
    changed; done: keys whose Process_Now tick was carried out. Sheets that would not change are
    left alone; ticks that people set are kept."""
    report = compare(snapshot)
    for name, columns in (
        (SALES_PARENT_RECON, _PARENT_COLUMNS),
        (SALES_RECON_AUDIT, _AUDIT_COLUMNS),
    ):
        frame = snapshot[name].frame
        ticked = set(ticks(snapshot[name])) - set(done)
        rows = [
            tuple([row[column] for column in columns])
            for row in (_row(line, touched, line.key in ticked) for line in report.lines)
        ]
        compared = columns if touched else [one for one in columns if one != "touched"]
        flags = [one for one in ("touched", "process_now") if one in compared]
        old = frame.select(compared).with_columns(pl.col(flags).fill_null(False)).rows()
        places = [columns.index(column) for column in compared]
        if len(rows) != len(old) or any(
            tuple([row[place] for place in places]) != was
            for row, was in zip(rows, old, strict=True)
        ):
            report.changes.replace(name, columns, rows)
    return report


def compare(snapshot: Snapshot) -> Report:
    """Sales against Distribution: all lines with their action, and findings for those that need a
    person. No changes."""
    sales, unread = sales_of(snapshot)
    doubles = _doubles(sales)
    report = Report(
        lines=_lines(snapshot, sales, doubles, keys_unread(snapshot, unread)), unread=unread
    )
    report.findings += _told(doubles)
    for line in report.lines:
        if line.changed and line.sale:
            report.findings.append(sale_changed(line.values, line.sale))
        elif line.action != KEEP and not line.stays:
            report.findings.append(
                Finding(
                    line.action,
                    _SEVERITY[line.action],
                    f"{line.name}: {line.reason}",
                    DISTRIBUTION,
                    line.row,
                    line.sales_id,
                    match=line.values["match"] or "",
                    category=line.values["category"] or "",
                )
            )
    return report


def sale_changed(ticket: Mapping[str, Any], sale: Sale) -> Finding:
    """That a ticket is allocated, but its sale asks for another match or category now."""
    name = ticket["sales_id"] or ""
    command = f"override unallocate {name or sale.sales_id}"
    if not ticket["unit_ids"]:
        command = "audit repair"  # its Status alone says so
    message = f"{sale.sales_id} is now {sale.occasion} {sale.category} but this ticket is allocated: `{command}` and sale expand give it what its sale says"
    return Finding(
        SALE_CHANGED,
        Severity.HIGH,
        message,
        DISTRIBUTION,
        ticket["row"],
        name,
        ticket["unit_ids"] or "",
        ticket["match"] or "",
        ticket["category"] or "",
    )


def ticks(table: Table) -> list[Key]:
    """The keys of the lines of a reconciliation sheet whose Process_Now is ticked."""
    columns = ("dist_row", "sales_id", "sales_child", "date", "match", "company", "category")
    ticked = table.frame.filter(pl.col("process_now").fill_null(False)).select(columns)
    return [
        key_of(row["dist_row"], row["sales_id"], row["sales_child"], row)
        for row in ticked.iter_rows(named=True)
    ]


def _doubles(sales: Iterable[Sale]) -> dict[int, list[Sale]]:
    """{row of Sales: the live lines with its date, match, client, contract and category, itself
    among them} where there is more than one: a line that was copied has another SalesID, so that
    its key alone does not tell (§12b)."""
    groups: dict[str, list[Sale]] = {}
    for one in sales:
        if not one.ended and one.quantity:
            groups.setdefault(_business_key(one), []).append(one)
    return {one.row: group for group in groups.values() if len(group) > 1 for one in group}


def _of_several_orders(group: Sequence[Sale]) -> bool:
    """Whether doubles may be one line entered twice: two lines of one order are meant."""
    first = group[0].order_id
    return any(not one.order_id or one.order_id != first for one in group[1:])


def _entered_twice(group: Sequence[Sale]) -> list[Sale]:
    """Those of doubles that agree in number and price with another one, so that one of them probably
    is a copy; what can't be read agrees with nothing."""
    alike: dict[tuple[int, float | None], list[Sale]] = {}
    for one in group:
        if not one.unsure:
            alike.setdefault((one.quantity, one.price), []).append(one)
    return [
        one for same in alike.values() if len(same) > 1 and _of_several_orders(same) for one in same
    ]


def _told(doubles: Mapping[int, Sequence[Sale]]) -> list[Finding]:
    """One finding for each group of lines that may be one, entered twice."""
    groups = {id(group): group for group in doubles.values()}
    return [
        Finding(
            POSSIBLE_DOUBLE,
            Severity.INFO,
            f"{_names(alike)} have the same date, match, client, contract, category, number and "
            "price: if that is one sale entered twice, sale cancel cancels one",
            SALES,
            alike[-1].row,
            alike[-1].sales_id,
            match=alike[-1].match,
            category=alike[-1].category,
        )
        for group in groups.values()
        if (alike := _entered_twice(group))
    ]


def _names(group: Iterable[Sale]) -> str:
    return listed([one.sales_id or f"Sales row {one.row}" for one in group])


def _lines(
    snapshot: Snapshot,
    sales: Sequence[Sale],
    doubles: Mapping[int, Sequence[Sale]],
    unread: Collection[str],
) -> list[Line]:
    by_source: dict[str, list[Sale]] = {}
    by_id: dict[str, list[Sale]] = {}
    for one in sales:
        if one.source_sale_id:
            by_source.setdefault(one.source_sale_id, []).append(one)
        if one.sales_id:
            by_id.setdefault(one.sales_id, []).append(one)
    lines: list[Line] = []
    of_sale: dict[int, list[Line]] = {}
    tickets = snapshot[DISTRIBUTION].frame.filter(is_sold())
    for row in tickets.select(_DISTRIBUTION).iter_rows(named=True):
        if not (row["sales_id"] or row["line_key"]):
            continue
        own = identity_of(row)
        parents = by_source.get(own.source) or by_id.get(own.sale) or []
        sale = parents[0] if parents else None
        line = Line(
            KEEP,
            "",
            row["row"],
            row["sales_id"] or "",
            own.child,
            row,
            sale,
            _expected(sale) if sale else 0,
            0,
            len(parents),
        )
        lines.append(line)
        if sale:
            line.parents = max(len(parents), len(doubles.get(sale.row, ())))
            of_sale.setdefault(sale.row, []).append(line)
        elif is_live(row) and (own.source in unread or own.sale in unread):
            line.stays, line.action = True, MANUAL_REVIEW
            line.reason = "the row of its sale can't be read: the ticket stays unchanged"
        elif is_live(row):
            way_out = f"override unallocate {line.sales_id}" if line.sales_id else ""
            _excess(line, "Sales has no such sale", way_out)
        else:
            line.reason = CANCELLED
    for one in sales:
        ambiguous = max(
            len(by_source.get(one.source_sale_id, [one])), len(by_id.get(one.sales_id, [one]))
        )
        lines.extend(_compare(one, of_sale.get(one.row, []), ambiguous, doubles.get(one.row, ())))
    return lines


def _expected(sale: Sale) -> int:
    """How many live tickets a sale asks for."""
    return 0 if sale.ended else sale.quantity


def _compare(
    sale: Sale, lines: list[Line], ambiguous: int, doubles: Sequence[Sale]
) -> Iterable[Line]:
    """Set the action of a sale's lines; the lines that are missing. Live tickets count, cancelled
    ones are a record (D6). ambiguous: how many rows of Sales share its IDs."""
    expected = _expected(sale)
    live = [line for line in lines if is_live(line.values)]
    for line in lines:
        line.actual = len(live)
        if not is_live(line.values):
            line.reason = CANCELLED
    if ambiguous > 1:
        for line in live:
            line.action, line.reason = (
                MANUAL_REVIEW,
                f"{ambiguous} rows of Sales share its SalesID or SourceSaleID",
            )
        return
    kept = _kept_tickets(live, expected)
    has = f"{_asks(sale)}, but Distribution has {len(live)}"
    for line in live:
        if kept.get(line.child) is line:
            _kept(line, sale)
        elif line.child in kept:
            _excess(line, f"row {kept[line.child].row} is the same ticket", "")
        else:
            _excess(line, f"{has}: this is one too many", _way_out(sale, line))
    missing = list(_missing(sale, {line.child for line in lines}, expected - len(kept), len(live)))
    if missing or len(kept) < len(live):
        for line in live:
            if line.action == KEEP:
                line.stays, line.action = True, MANUAL_REVIEW
                line.reason = f"{has}; this one can stay"
        alike = _entered_twice(doubles)
        if sale in alike:
            for line in (*live, *missing):
                if line.action in (DELETE_CANDIDATE, MISSING_IN_DIST):
                    line.action = MANUAL_REVIEW
                    line.reason += f"; {_names(alike)} may be one sale entered twice"
    yield from missing


def _asks(sale: Sale) -> str:
    return f"the sale is {sale.status}" if sale.ended else f"Sales asks for {sale.quantity}"


def _way_out(sale: Sale, line: Line) -> str:
    """The command that takes back a ticket that is too many; of a sale that ended, all of it."""
    return f"sale cancel {sale.sales_id if sale.ended else line.sales_id}"


def _kept_tickets(live: Iterable[Line], expected: int) -> dict[int, Line]:
    """{child: line} of those that stay: each ticket once, those in use and then the lowest first."""
    once: dict[int, Line] = {}
    for line in sorted(live, key=lambda line: (not in_use(line.values), line.row or 0)):
        if line.child >= 1:
            once.setdefault(line.child, line)
    stay = sorted(
        once.values(), key=lambda line: leaving_first(line.values | {"child": line.child})
    )
    return {line.child: line for line in stay[max(0, len(stay) - expected) :]}


def _missing(sale: Sale, used: set[int], wanted: int, actual: int) -> Iterable[Line]:
    """The tickets that Distribution lacks."""
    for child in free_numbers(used, wanted):
        values: dict[str, Any] = {
            "sales_id": ids.ticket_sales_id(sale.sales_id, child) if sale.sales_id else "",
            "date": sale.date,
            "match": sale.match,
            "sub_game": sale.sub_game,
            "game": sale.game,
            "company": sale.client,
            "inv_no": None,
            "category": sale.category,
            "status": None,
            "run_id": None,
            "notes": None,
        }
        yield Line(
            MISSING_IN_DIST,
            f"Distribution has no ticket {child} of {sale.quantity}"
            + ("" if sale.sales_id else ": the sale is not expanded yet; run sale expand"),
            None,
            values["sales_id"],
            child,
            values,
            sale,
            sale.quantity,
            actual,
            1,
        )


def _kept(line: Line, sale: Sale) -> None:
    old, new = _distribution_key(line), _sale_key(sale)
    if old == new:
        line.reason = "counts match"
    elif in_use(line.values) and (
        line.values["match"],
        line.values["sub_game"] or sale.sub_game,
        line.values["category"],
    ) != (sale.match, sale.sub_game, sale.category):
        line.changed, line.action = True, MANUAL_REVIEW
        line.reason = f"allocated, but the sale is now {sale.occasion} {sale.category}"
    else:
        line.reason = "counts match; the sale has changed since, and sale expand updates the ticket"


def _excess(line: Line, why: str, way_out: str) -> None:
    """way_out: the command that takes an allocated ticket back; a free one is deleted by a tick."""
    if in_use(line.values):
        line.action = PROTECTED_EXCESS
        hint = f"; `{way_out}` resolves it" if way_out else ""
        line.reason = f"{why}; it is allocated or sent{hint}"
    else:
        line.action, line.reason = DELETE_CANDIDATE, why


def _row(line: Line, touched: Collection[int], ticked: bool) -> dict[str, Any]:
    import_key = _distribution_key(line) if line.row else None
    own: dict[str, Any] = {
        "action": line.action,
        "reason": line.reason,
        "touched": line.row in touched if line.row else False,
        "dist_row": line.row,
        "sales_id": line.sales_id or None,
        "sales_child": line.child or None,
        "import_key": import_key,
        "line_key": ids.sales_line_key(import_key, line.child) if import_key else None,
        "expected": line.expected,
        "actual": line.actual,
        "sales_row": line.sale.row if line.sale else None,
        "current_key": _sale_key(line.sale) if line.sale else None,
        "parents": line.parents,
        "process_now": ticked,
    }
    return line.values | own


def _distribution_key(line: Line) -> str:
    v = line.values
    match = _with_sub_game(v["match"], v["sub_game"])
    return _key(sale_of(line.sales_id), v["date"], match, v["company"], v["category"])


def _sale_key(sale: Sale) -> str:
    match = _with_sub_game(sale.match, sale.sub_game)
    return _key(sale.sales_id, sale.date, match, sale.client, sale.category)


def _business_key(sale: Sale) -> str:
    """The same for two lines whatever their SalesIDs; the contract stands in Sales only."""
    client = name_key(sale.client or "")
    match = _with_sub_game(sale.match, sale.sub_game)
    return _key("", sale.date, match, client, sale.category, sale.contract)


def _with_sub_game(match: str | None, sub_game: str | None) -> str | None:
    return f"{match}/{sub_game}" if match and sub_game else match


@lru_cache(maxsize=10_000)
def _key(sales_id: str, date: datetime | None, *texts: str | None) -> str:
    """The business key of a sale; its tickets share it, so it is hashed once. Neither INV-NO, which
    is the vendor's, nor Game, which is the schedule's, is part of it (D20)."""
    return ids.import_key(
        sales_id, (date.date().isoformat() if date else "", *(text or "" for text in texts))
    )

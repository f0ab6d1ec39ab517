"""Many events of a database at once (D29): their small sheets whole, and of the ledgers what a
database counts, in one query over all of them each.

What a query finds is what a person would find in the sheets only where the rows are as ticketops
writes them: IDs in their one spelling, each there once, nothing odd in a cell. `oddly_written` says
which events are not so; those are read whole. Words (states, matches, categories) may be spelled in
any way: rows are counted by what stands in them, and read afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from ticketops.model import states
from ticketops.schema.columns import as_read
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, UNITS
from ticketops.schema.tables import Snapshot, locate
from ticketops.stores.grids import Grid
from ticketops.stores.postgres.connection import Cursor
from ticketops.stores.postgres.ddl import CELLS, quoted, stored
from ticketops.stores.postgres.rights import standing
from ticketops.stores.postgres.rows import Held, reader_of
from ticketops.stores.postgres.store import PostgresStore

_EVENTS = (
    "SELECT event_id, kind, revision, number, run_id, ''::bytea FROM ticketops_events"
    " ORDER BY event_id"
)
_SHEETS = (
    "SELECT event_id, title, position, stored_in, head, places FROM ticketops_sheets"
    " WHERE event_id = ANY(%s) ORDER BY event_id, position, title"
)
_TICKET = "^S[1-9][0-9]{0,11}-[1-9][0-9]{0,5}$"
_SALE = "^S[1-9][0-9]{0,11}$"
_UNIT = "P([0-9]{5}|[1-9][0-9]{5,11})"
_PURCHASE = "^[^ ]+$"
_COUNTED: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    DISTRIBUTION: (
        "sales_id",
        (
            *("sales_id", "line_key", "row_type", "match", "sub_game", "category", "alloc_from"),
            *("status", "unit_ids", "delivery", "dispatch_status", "company", "source_sale_id"),
        ),
        f"(t.sales_id ~ '{_TICKET}' OR (t.sales_id IS NULL AND t.line_key IS NULL"
        f" AND t.row_type = '{states.PURCHASE_ROW}')) AND"
        f" coalesce(t.unit_ids ~ '^{_UNIT}(, {_UNIT})*$', true)",
    ),
    UNITS: (
        "unit_id",
        (
            *("unit_id", "match", "sub_game", "category", "status", "sales_id", "set_id"),
            *("purchase_id", "vendor", "contract"),
        ),
        f"t.unit_id ~ '^{_UNIT}$' AND coalesce(t.purchase_id ~ '{_PURCHASE}', true)"
        " AND coalesce(t.set_id ~ '^PR[0-9]{4,12}-S[0-9]{2,6}$', true)"
        " AND coalesce(t.sales_id ~ '^S[0-9]{1,12}(-[0-9]{1,6})?$', true)",
    ),
    SALES: (
        "sales_id",
        ("sales_id", "source_sale_id", "currency", "number", "price", "total", "status"),
        f"t.sales_id ~ '{_SALE}' AND t.source_sale_id ~ '^[!-~]+$'",
    ),
    PURCHASES: (
        "purchase_id",
        (*("purchase_id", "currency", "number", "price", "total", "fx_rate", "inv_no"), "category"),
        f"t.purchase_id ~ '{_PURCHASE}'",
    ),
}
"""{ledger: its key, the columns that count, what a row looks like that ticketops wrote}."""
_POSITION = """WITH used AS (
    SELECT DISTINCT d.event_id, one.unit_id FROM event_distribution d
    CROSS JOIN LATERAL unnest(string_to_array(d.unit_ids, ', ')) AS one (unit_id)
    WHERE d.event_id = ANY(%(events)s))
SELECT event_id, true, match, sub_game, category, status, delivery, row_type, alloc_from,
    dispatch_status, unit_ids IS NOT NULL, false, count(*)
FROM event_distribution WHERE event_id = ANY(%(events)s) AND sales_id IS NOT NULL
GROUP BY 1, 3, 4, 5, 6, 7, 8, 9, 10, 11
UNION ALL
SELECT u.event_id, false, u.match, u.sub_game, u.category, u.status, NULL, NULL, NULL, NULL,
    u.sales_id IS NOT NULL, used.unit_id IS NULL, count(*)
FROM event_purchase_units u LEFT JOIN used USING (event_id, unit_id)
WHERE u.event_id = ANY(%(events)s) GROUP BY 1, 3, 4, 5, 6, 11, 12"""
_MONEY = """WITH live AS (
    SELECT d.event_id, d.unit_ids, s.currency FROM event_distribution d
    JOIN event_sales s ON s.event_id = d.event_id AND s.sales_id = split_part(d.sales_id, '-', 1)
    WHERE d.event_id = ANY(%(events)s) AND NOT coalesce(d.status = ANY(%(cancelled)s), false)),
served AS (
    SELECT DISTINCT l.event_id, one.unit_id FROM live l
    CROSS JOIN LATERAL unnest(string_to_array(l.unit_ids, ', ')) AS one (unit_id)),
placed AS (
    SELECT event_id, purchase_id, unit_id,
        row_number() OVER (PARTITION BY event_id, purchase_id ORDER BY "row") - 1 AS place
    FROM event_purchase_units WHERE event_id = ANY(%(events)s) AND purchase_id IS NOT NULL),
becoming AS (
    SELECT p.event_id, p.purchase_id, count(*) AS units,
        array_agg(p.place) FILTER (WHERE served.unit_id IS NOT NULL) AS serving
    FROM placed p LEFT JOIN served USING (event_id, unit_id) GROUP BY 1, 2)
SELECT event_id, 'sold', NULL::text, currency, number, price, total, NULL::double precision,
    NULL::text, status, count(*), NULL::bigint[]
FROM event_sales WHERE event_id = ANY(%(events)s) GROUP BY 1, 4, 5, 6, 7, 10
UNION ALL
SELECT event_id, 'tickets', NULL, currency, NULL::bigint, NULL::double precision,
    NULL::double precision, NULL::double precision, NULL, NULL, count(*), NULL::bigint[]
FROM live GROUP BY 1, 4
UNION ALL
SELECT p.event_id, 'bought', p.purchase_id, p.currency, p.number, p.price, p.total, p.fx_rate,
    p.inv_no, p.category, coalesce(b.units, 0), b.serving
FROM event_purchases p LEFT JOIN becoming b USING (event_id, purchase_id)
WHERE p.event_id = ANY(%(events)s)"""
_NAMED = """SELECT s.event_id, s.sales_id, s.currency FROM event_sales s
JOIN unnest(%s::text[], %s::text[]) AS n (event_id, sales_id) USING (event_id, sales_id)"""
Make = Callable[[str], PostgresStore]


class Several(Struct):
    """The events of a database. stores: {key: an event whose sheets are known}; others: how many
    are of another kind."""

    stores: dict[str, PostgresStore] = field(default_factory=dict)
    held: dict[str, dict[str, Held]] = field(default_factory=dict)
    others: int = 0


def events(cursor: Cursor, make: Make, kind: str, wanted: Sequence[str]) -> Several:
    """The events of a kind, by their keys. wanted: these only; all, where none is named."""
    found, stands = Several(), standing(cursor)
    rows = cursor.execute(_EVENTS).fetchall()
    heads = {key: head for key, *head in rows if not wanted or key in wanted}
    listed: dict[str, list[Any]] = defaultdict(list)
    for key, *sheet in cursor.execute(_SHEETS, (list(heads),)).fetchall():
        listed[key].append(sheet)
    for key, head in heads.items():
        if head[0] != kind:
            found.others += 1
            continue
        found.stores[key] = make(key)
        found.held[key] = found.stores[key].given(head, listed[key], stands)
    return found


def small(cursor: Cursor, several: Several, names: Iterable[str]) -> dict[str, Snapshot]:
    """{event: these of its sheets}, a query per table."""
    grids: dict[str, dict[str, Grid]] = {key: {} for key in several.stores}
    of_table: dict[str, dict[str, list[Held]]] = defaultdict(lambda: defaultdict(list))
    for key, store in several.stores.items():
        for name in names:
            title = store.layout.title_of(name)
            held = several.held[key].get(title)
            grids[key][title] = {}
            if held is not None:
                of_table[held.table][key].append(held)
                grids[key][title] = {
                    row: dict(cells) for row, cells in enumerate(held.head, start=1) if cells
                }
    for table, of_events in of_table.items():
        if table == CELLS:
            titles = sorted({one.title for held in of_events.values() for one in held})
            cursor.execute(
                f"SELECT event_id, title, row, own_cells FROM {CELLS}"
                " WHERE event_id = ANY(%s) AND title = ANY(%s)",
                (list(of_events), titles),
            )
            read = reader_of(_BLANK)
            for key, title, row, own in cursor:
                if title in grids[key]:
                    grids[key][title][row] = read((row, own))[1]
            continue
        columns = list(
            dict.fromkeys(c for held in of_events.values() for one in held for c in one.columns)
        )
        chosen = ", ".join(map(quoted, columns))
        cursor.execute(
            f'SELECT event_id, "row", own_cells, odd_cells{", " if chosen else ""}{chosen}'
            f" FROM {quoted(table)} WHERE event_id = ANY(%s)",
            (list(of_events),),
        )
        places = {name: at for at, name in enumerate(columns)}
        ways = {
            key: (held.title, [places[name] for name in held.columns], reader_of(held))
            for key, (held,) in of_events.items()
        }
        for key, row, own, odd, *values in cursor:
            title, at, read = ways[key]
            grids[key][title][row] = read((row, *(values[one] for one in at), own, odd))[1]
    return {key: store.filled(grids[key]) for key, store in several.stores.items()}


_BLANK = Held("", 0, CELLS)


def oddly_written(cursor: Cursor, several: Several) -> set[str]:
    """The events that are to be read whole: a ledger is missing or has other headers, or holds
    something that no query can count."""
    odd: set[str] = set()
    for name, (key, columns, written) in _COUNTED.items():
        table, places = stored(EVENT, name), {}
        for event, held in several.held.items():
            layout = several.stores[event].layout
            own, sheet = held.get(layout.title_of(name)), layout[name]
            header = own.header(len(own.head)) if own and own.table == table else []
            found = locate(sheet, header)
            if any(len(found.get(column, ())) > 1 for column in columns) or any(
                c.name not in found for c in sheet.columns if not c.extension
            ):
                odd.add(event)
                continue
            places[event] = ",".join(str(found[c][0]) for c in columns if c in found)
        rows = cursor.execute(
            f"SELECT t.event_id FROM {quoted(table)} t"
            " JOIN unnest(%s::text[], %s::text[]) AS w (event_id, places) USING (event_id)"
            f" GROUP BY t.event_id HAVING count(t.{key}) <> count(DISTINCT t.{key}) OR"
            f" bool_or(NOT coalesce({written}, false) OR coalesce(t.odd_cells ?|"
            " string_to_array(w.places, ','), false))",
            (list(places), list(places.values())),
        )
        odd |= {event for (event,) in rows.fetchall()}
    return odd


class Counts(Struct):
    """What a database counts of an event, as it stands there. tickets, units: rows of the first
    query; money: those of the second."""

    tickets: list[Sequence[Any]] = field(default_factory=list)
    units: list[Sequence[Any]] = field(default_factory=list)
    money: list[Sequence[Any]] = field(default_factory=list)


def counts(cursor: Cursor, keys: Sequence[str]) -> dict[str, Counts]:
    """{event: what the database counts of it}: position with true shortage and dispatch in one
    query, money in another. Of tickets: Match, SubGame, Category, Status, Delivery,
    Purchases/Sales, AllocFrom, DispatchStatus, whether it has units, –, how many are so; of units
    the first four, whether they name a ticket, and whether no ticket names them; of money:
    `sold`, `tickets` or `bought`, and what `_MONEY` says."""
    found = {key: Counts() for key in keys}
    for key, is_ticket, *row in cursor.execute(_POSITION, {"events": list(keys)}).fetchall():
        (found[key].tickets if is_ticket else found[key].units).append(row)
    said = sorted({row[3] for one in found.values() for row in one.tickets if row[3] is not None})
    status = EVENT[DISTRIBUTION].by_name["status"]
    cancelled = [
        raw
        for raw, read in zip(said, as_read(status, list(said)), strict=True)
        if read == states.CANCELLED
    ]
    asked = {"events": list(keys), "cancelled": cancelled}
    for key, *row in cursor.execute(_MONEY, asked).fetchall():
        found[key].money.append(row)
    return found


def currencies(
    cursor: Cursor, wanted: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, str | None]]:
    """{event: {SalesID: the currency of its sale}} of those that there are. wanted: {event:
    SalesIDs}."""
    pairs = [(key, ref) for key, refs in wanted.items() for ref in refs]
    rows = cursor.execute(_NAMED, ([key for key, _ in pairs], [ref for _, ref in pairs]))
    found: dict[str, dict[str, str | None]] = {key: {} for key in wanted}
    for key, ref, currency in rows.fetchall():
        found[key][ref] = currency
    return found

"""Passwords wherever they stand: sealed, and sealed anew (D13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from ticketops.domain.credentials.logins import Cipher, record
from ticketops.domain.credentials.records import Event, Rotated, Sealed
from ticketops.domain.plan import Plan, Run
from ticketops.model.display import counted
from ticketops.model.secrets import is_sealed
from ticketops.schema.tables import Snapshot


def secrets_of(snapshot: Snapshot) -> Iterator[tuple[str, int, str, dict[str, str]]]:
    """(sheet, row, its key, {column: password}) of every row that holds a password, sealed or not.
    The snapshot must hold every sheet that has a column for them."""
    for sheet in snapshot.layout:
        if not any(column.secret for column in sheet.columns):
            continue
        table = snapshot[sheet.name]
        if columns := [
            column.name
            for column in sheet.columns
            if column.secret and column.name in table.positions
        ]:
            held = table.frame.filter(pl.any_horizontal(pl.col(columns).is_not_null()))
            keys = held[table.sheet.key] if table.sheet.key else held["vendor"]
            for row, key, *values in zip(
                held["row"], keys, *(held[column] for column in columns), strict=True
            ):
                there = {
                    column: value
                    for column, value in zip(columns, values, strict=True)
                    if value is not None
                }
                yield sheet.name, row, str(key or f"row {row}"), there


def plan_seal(snapshot: Snapshot, run: Run, *, seal: Cipher) -> Plan:
    """Seal every plain password of the sheets of the snapshot."""
    plan = Plan()
    sealed, _ = _rewritten(
        plan, snapshot, run, lambda value: value if is_sealed(value) else seal(value)
    )
    plan.result = Sealed(sealed)
    return plan


def plan_rotate(snapshot: Snapshot, run: Run, *, reseal: Cipher) -> Plan:
    """Seal every password anew, those too that are not sealed yet."""
    plan = Plan()
    plan.result = Rotated(*_rewritten(plan, snapshot, run, reseal))
    return plan


def _rewritten(
    plan: Plan, snapshot: Snapshot, run: Run, cipher: Cipher
) -> tuple[dict[str, int], dict[str, int]]:
    """Every password through `cipher`, with a row of the history for each sheet; ({sheet: how many
    that were plain}, {sheet: that were sealed})."""
    sealed: Counter[str] = Counter()
    rotated: Counter[str] = Counter()
    for sheet, row, key, values in secrets_of(snapshot):
        cells = {name: (value, cipher(value)) for name, value in values.items()}
        plan.changes.set(sheet, row, key, cells)
        for before, after in cells.values():
            (rotated if is_sealed(before) else sealed)[sheet] += before != after
    found = [
        (action, *one)
        for action, sheets in (("SEALED", +sealed), ("ROTATED", +rotated))
        for one in sheets.items()
    ]
    record(
        plan,
        snapshot,
        run,
        [
            Event(action, subject=sheet, detail=counted(number, "password"))
            for action, sheet, number in found
        ],
    )
    return dict(+sealed), dict(+rotated)

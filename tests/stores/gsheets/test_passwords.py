"""Passwords stand in the cells that people and commands put them into, and nowhere else: not in the
journal, not on this machine."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import datetime

import pytest

from tests.conftest import run_cli
from tests.desk import Desk
from tests.google.server import GoogleServer
from tests.online import Google
from tests.stores.gsheets.fixtures import (
    ENTRY,
    JOURNAL,
    column_of,
    committed,
    content,
    desk_with_stock,
    is_locked,
    quick,
    rows_of,
    stocked,
)
from ticketops.domain.allocation.commit import Choice
from ticketops.errors import ConflictError, RuleError
from ticketops.schema.layouts.event import (
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    EVENT,
    PURCHASES,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.services import allocation

CANARY = "Canary-7d1f"


def unpacked(server: GoogleServer, key: str) -> list[str]:
    """All that the product's own sheets hold, packed texts opened."""
    texts = [str(cell) for row in server.rows(key, "_CFG") for cell in row if cell is not None]
    bodies: list[str] = []
    for row in server.rows(key, JOURNAL)[1:]:
        cells = [*row, *[None] * (10 - len(row))]
        texts += [str(cell) for cell in cells if cell is not None]
        if cells[0]:
            bodies.append("")
        bodies[-1] += cells[9] or ""
    return texts + [gzip.decompress(base64.b64decode(body)).decode() for body in bodies]


def nowhere(google: Google, key: str, *secrets: str) -> None:
    """Neither in the product's own sheets nor in a file on this machine."""
    texts = unpacked(google.server, key)
    assert any(UNITS in text for text in texts), "the journal could not be opened"
    for path in google.folder.rglob("*"):
        if path.is_file():
            texts.append(path.read_bytes().decode("latin-1"))
    for secret in secrets:
        for form in (
            secret,
            secret[::-1],
            base64.b64encode(secret.encode()).decode().rstrip("=")[:-1],
            json.dumps(secret),
        ):
            assert [text[:80] for text in texts if form in text] == []


def test_passwords_are_in_no_journal_and_no_file(google: Google) -> None:
    """Written, changed, copied, emptied, rewritten and taken back, in every column that holds
    one."""
    key = google.new(rows_of(desk_with_stock()))
    server = google.server
    number = 0

    def secret() -> str:
        nonlocal number
        number += 1
        return f"{CANARY}-{number:03}"

    for row in range(2, 6):
        for place in (16, 22):
            server.set(key, UNITS, row, place, secret())
    server.set(
        key,
        PURCHASES,
        2,
        column_of(server, key, PURCHASES, "Password behind the Email TAB"),
        secret(),
    )
    desk = Desk(quick(google, key), role="ops_manager")
    desk.do(allocation.allocate_commit("S1", Choice(rank=1)))
    assert any(
        str(cell).startswith(CANARY) for row in server.rows(key, DISTRIBUTION) for cell in row
    ), "no password was copied"
    desk.do(allocation.override_unallocate("S1", "x", set_id="", keep_seats=False, force=True))
    desk.do(allocation.allocate_auto())
    desk.undo()
    store = desk.store
    committed(
        store,
        lambda c, s: c.append(
            VENDOR_CREDENTIALS, 2, ("vendor", "login_id", "password"), [("V", "1", secret())]
        ),
        VENDOR_CREDENTIALS,
    )
    row = store.read(UNITS)[UNITS].frame.row(1, named=True)
    for before, after in ((row["password"], secret()), (None, None)):
        if after:
            committed(
                store,
                lambda c, _s, b=before, a=after: c.set(UNITS, 3, "P00002", {"password": (b, a)}),
                UNITS,
            )
    committed(store, lambda c, _s: c.delete(UNITS, {4: "P00003"}), UNITS)
    for name, column in ((SUPPLIER_QUEUE, "password"), (STAFF_QUEUE, "vendor_password")):
        for _ in range(2):
            committed(
                store,
                lambda c, _s, n=name, col=column: c.replace(
                    n, ("vendor" if n == SUPPLIER_QUEUE else "task_id", col), [("V", secret())]
                ),
                name,
            )
    assert number > 13
    secrets = [f"{CANARY}-{nth:03}" for nth in range(1, number + 1)]
    nowhere(google, key, CANARY, *secrets)


def test_every_secret_column_is_known(google: Google) -> None:
    """A password in whatever column is declared as one: appended, then emptied."""
    key = google.new()
    store = quick(google, key)
    for sheet in EVENT:
        for column in sheet.columns:
            if column.secret and sheet.name != CREDENTIAL_HISTORY:
                first = sheet.columns[0].name
                row = store.read(sheet.name)[sheet.name].next_row
                if "QUEUE" in sheet.name:
                    committed(
                        store,
                        lambda c, _s, s=sheet, n=column.name: c.replace(
                            s.name, (s.columns[0].name, n), [("x", CANARY)]
                        ),
                        sheet.name,
                    )
                    continue
                value = datetime(2026, 4, 17) if first in ("date", "timestamp") else "x"
                committed(
                    store,
                    lambda c, _s, s=sheet, n=column.name, v=value, r=row: c.append(
                        s.name, r, (s.columns[0].name, n), [(v, CANARY)]
                    ),
                    sheet.name,
                )
    nowhere(google, key, CANARY)
    held = [
        name
        for name in google.server.snapshot(key)["rows"]
        for row in google.server.rows(key, name)
        if CANARY in row
    ]
    assert len(held) >= 6


def test_a_password_that_stood_there_can_not_be_taken_back(google: Google) -> None:
    key = stocked(google)
    google.server.set(key, UNITS, 2, 22, f"{CANARY}-old")
    store = quick(google, key)
    committed(
        store,
        lambda c, _s: c.set(UNITS, 2, "P00001", {"password": (f"{CANARY}-old", f"{CANARY}-new")}),
        UNITS,
    )
    before = content(google.server, key)
    with pytest.raises(RuleError) as refused:
        store.undo(ENTRY)
    said = f"{refused.value.message} ({refused.value.hint})"
    assert f"{UNITS} row 2" in said
    assert "secret" in said
    assert CANARY not in said
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)
    done = run_cli(
        "undo",
        "-y",
        "-w",
        f"gsheet:{key}",
        env=google.environment() | {"TICKETOPS_ROLE": "ops_manager"},
    )
    assert (done.code, len(done.err.splitlines())) == (4, 1)
    assert CANARY not in done.err + done.out


def test_and_the_words_say_who_has_it(google: Google) -> None:
    key = stocked(google)
    google.server.set(key, UNITS, 2, 22, "old")
    store = quick(google, key)
    committed(store, lambda c, _s: c.set(UNITS, 2, "P00001", {"password": ("old", "new")}), UNITS)
    with pytest.raises(RuleError) as refused:
        store.undo(ENTRY)
    assert "version history" in f"{refused.value.message} {refused.value.hint}"


def test_a_password_where_none_stood_can_be_taken_back(google: Google) -> None:
    key = stocked(google)
    store = quick(google, key)
    committed(store, lambda c, _s: c.set(UNITS, 2, "P00001", {"password": (None, CANARY)}), UNITS)
    quick(google, key, machine="b").undo(ENTRY)
    assert quick(google, key).read(UNITS)[UNITS].frame["password"].to_list() == [None] * 4
    committed(
        quick(google, key),
        lambda c, _s: c.set(UNITS, 2, "P00001", {"password": (None, CANARY)}),
        UNITS,
    )
    google.server.set(key, UNITS, 2, 22, "somebody else's")
    with pytest.raises(ConflictError, match="was changed since"):
        quick(google, key, machine="b").undo(ENTRY)

"""`portfolio` says of every event what the commands say of it one by one, whatever is odd in it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from tests.database import Database
from tests.postgres.odd_events import ODD, PLAIN, odd_event
from ticketops.config import Settings
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import look, run_of
from ticketops.errors import NotFoundError, NotPermittedError, OutOfScopeError, UsageError
from ticketops.model.results import plain
from ticketops.schema.layouts.event import USERS
from ticketops.services import copying, money, reporting
from ticketops.services.dispatch import dispatch_status
from ticketops.services.portfolio import portfolio
from ticketops.stores.content import Content
from ticketops.stores.postgres.address import address_of
from ticketops.stores.postgres.connection import Connection
from ticketops.stores.postgres.events import fill

POSITION = (
    *("sold", "sent", "open", "available", "oversold", "surplus"),
    *("allocated_unsent", "true_shortage"),
)


@pytest.fixture
def mine(tmp_path: Path) -> Settings:
    return Settings(user="tester", state=tmp_path / "state")


def sample(path: Path, settings: Settings) -> Content:
    return copying._content(open_store(path, settings))


def put(database: Database, content: Content) -> str:
    key = database.new()
    connection = Connection(address_of(database.url(key)))
    fill(connection, content)
    connection.close()
    return key


def by_the_commands(address: str, settings: Settings) -> dict[str, Any]:
    """What the commands say of one event."""
    store, run = open_store(address, settings), run_of(settings)
    position = plain(look(store, reporting.position_job(write=False), run))
    late = look(store, dispatch_status(settings), run).total.overdue
    sums: dict[str, list[Decimal]] = {}
    for line in look(store, money.margins("sale"), run).lines:
        parts = (line.revenue, line.cost, line.fees, line.refunds, line.margin)
        before = sums.get(line.currency, [Decimal(0)] * 5)
        sums[line.currency] = [a + Decimal(str(b)) for a, b in zip(before, parts, strict=True)]
    money_of = {code: [float(part) for part in parts] for code, parts in sums.items() if any(parts)}
    return {name: position[name] for name in POSITION} | {"late": late, "money": money_of}


def by_portfolio(line: Any) -> dict[str, Any]:
    found = {name: getattr(line, name) for name in (*POSITION, "late")}
    return found | {
        "money": {
            one.currency: [one.revenue, one.cost, one.fees, one.refunds, one.margin]
            for one in line.money
            if any((one.revenue, one.cost, one.fees, one.refunds))
        }
    }


def assert_same(database: Database, keys: list[str], settings: Settings) -> Any:
    found = portfolio(database.url(), settings, run_of(settings), only=keys)
    assert sorted(one.event for one in found.events) == sorted(keys)
    for line in found.events:
        assert line.problem is None
        expected = by_the_commands(database.url(line.event), settings)
        assert by_portfolio(line) == expected, line.event
    return found


@pytest.mark.slow
def test_every_change_alone(database: Database, small: Path, mine: Settings) -> None:
    """What a query can count is counted by one; what it can't is read whole."""
    import random

    of = sample(small, mine)
    keys = {}
    for name, change in (PLAIN | ODD).items():
        made = Content(
            of.layout, {title: [list(r) for r in rows] for title, rows in of.sheets.items()}
        )
        change(made, random.Random(7))
        keys[name] = put(database, made)
    found = assert_same(database, list(keys.values()), mine)
    assert {name for name, key in keys.items() if key in found.read_whole} == set(ODD)


@pytest.mark.slow
@pytest.mark.parametrize("odd", [False, True])
def test_many_changes_together(odd: bool, database: Database, small: Path, mine: Settings) -> None:
    of = sample(small, mine)
    keys = [put(database, odd_event(of, seed, odd=odd)) for seed in range(12)]
    found = assert_same(database, keys, mine)
    assert odd or not found.read_whole


@pytest.mark.slow
def test_a_full_event(database: Database, tmp_path: Path, mine: Settings) -> None:
    from ticketops.services.creation import sample as made

    key = database.new()
    copying.copy(made("full", tmp_path / "full.xlsx", seed=3), database.url(key), mine)
    assert not assert_same(database, [key], mine).read_whole


@pytest.mark.slow
def test_sums_are_per_currency(database: Database, small: Path, mine: Settings) -> None:
    of = sample(small, mine)
    keys = [put(database, odd_event(of, seed, odd=False)) for seed in (3, 4, 5)]
    found = portfolio(database.url(), mine, run_of(mine), only=keys)
    for name in POSITION:
        assert getattr(found.total, name) == sum(getattr(one, name) for one in found.events)
    for total in found.money:
        parts = [of for one in found.events for of in one.money if of.currency == total.currency]
        assert total.revenue == pytest.approx(sum(one.revenue for one in parts), abs=0.001)
        assert total.margin == pytest.approx(sum(one.margin for one in parts), abs=0.001)


def test_what_may_not_be_seen(database: Database, small: Path, mine: Settings) -> None:
    """Somebody who is limited to some clients sees no figures of everything."""
    of = sample(small, mine)
    users = [
        ["User", "Role", "Active", "Clients"],
        ["boss", "super_admin", True, None],
        ["tester", "operator", True, "Nordlys"],
        ["eve", "staff", True, None],
    ]
    limited = put(database, Content(of.layout, {**of.sheets, USERS: users}))
    opened = put(database, of)
    with pytest.raises(OutOfScopeError, match="may not see all of it"):
        portfolio(database.url(limited), mine, run_of(mine))
    found = portfolio(database.url(), mine, run_of(mine), only=[limited, opened])
    assert {one.event: one.problem is None for one in found.events} == {
        limited: False,
        opened: True,
    }
    from msgspec.structs import replace

    eve = replace(mine, user="eve")
    with pytest.raises(NotPermittedError):
        portfolio(database.url(limited), eve, run_of(eve))


def test_what_is_refused(database: Database, small: Path, mine: Settings) -> None:
    with pytest.raises(UsageError, match="is of a database"):
        portfolio(str(small), mine, run_of(mine))
    with pytest.raises(UsageError, match="--sort"):
        portfolio(database.url(), mine, run_of(mine), sort="colour")
    with pytest.raises(NotFoundError, match="no event NONE"):
        portfolio(database.url("NONE"), mine, run_of(mine))


def test_the_command(database: Database, in_process: Runner, small: Path, tmp_path: Path) -> None:
    mine = Settings(user="tester", state=tmp_path / "state")
    of = sample(small, mine)
    keys = [put(database, odd_event(of, seed, odd=False)) for seed in (11, 12)]
    other = database.new(kind="issuance")
    home = {"HOME": str(tmp_path)}
    chosen = [word for key in keys for word in ("--event", key)]
    done = in_process("portfolio", database.url(), *chosen, env=home)
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0][0] == "Event"
    assert [line[0] for line in lines if line][:4] == ["Event", *keys, "total"]
    shown = in_process("portfolio", "-w", database.url(), *chosen, "--json", env=home).json
    assert [one["event"] for one in shown["result"]["events"]] == keys
    out = tmp_path / "all.csv"
    assert in_process("portfolio", database.url(), *chosen, "--csv", str(out), env=home).code == 0
    assert out.read_text().startswith("event,code,name,state,sold,")
    refused = in_process("portfolio", database.url(other), env=home)
    assert (refused.code, refused.err.count("\n")) == (3, 1)
    assert json.dumps(shown).count("problem") == len(keys)


def test_a_broken_event_stops_no_other(database: Database, small: Path, mine: Settings) -> None:
    of = sample(small, mine)
    whole = put(database, of)
    broken = put(
        database, Content(of.layout, {t: rows for t, rows in of.sheets.items() if t != "Sales"})
    )
    found = portfolio(database.url(), mine, run_of(mine), only=[whole, broken])
    problems = {one.event: one.problem for one in found.events}
    assert problems[whole] is None
    assert "no sheet 'Sales'" in str(problems[broken])

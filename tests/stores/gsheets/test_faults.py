"""Whatever goes wrong at whatever request: the sheet holds all of a transaction or nothing of it,
once, and the words say which."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.desk import Desk
from tests.online import Google
from tests.sampling import thorough
from tests.stores.gsheets import fixtures
from tests.stores.gsheets.fixtures import (
    Killed,
    content,
    fault,
    is_locked,
    journal,
    kill_at,
    lease_over,
    quick,
    reconciled,
    requests_in,
    twin,
)
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.transaction import carry_out, new_run
from ticketops.errors import LockedError, TicketopsError
from ticketops.services import allocation, purchasing, selling
from ticketops.stores.gsheets import sending

pytestmark = pytest.mark.slow

DAY = datetime(2026, 4, 17)
ONCE: dict[str, dict[str, Any]] = {
    "dropped before": {"kind": "drop before"},
    "dropped after": {"kind": "drop after"},
    "429": {"kind": "status 429"},
    "429 with Retry-After": {"kind": "status 429", "retry_after": 2},
    "500": {"kind": "status 500"},
    "500 after": {"kind": "status 500 after"},
    "502": {"kind": "status 502"},
    "503": {"kind": "status 503"},
    "503 after": {"kind": "status 503 after"},
    "504 after": {"kind": "status 504 after"},
    "truncated": {"kind": "truncate"},
}
TRIES = 6
"""How often a request is sent in tests before it is given up."""
LASTING = {
    name: ONCE[name]
    for name in ("dropped before", "dropped after", "429", "503", "503 after", "truncated")
}
LATE: dict[str, dict[str, Any]] = {
    "too late": {"kind": "delay after", "seconds": 0.25},
    "carried out when nobody waits any more": {"kind": "delay", "seconds": 0.25},
}


@dataclass
class Case:
    """A spreadsheet before something is done to it, what is done, and what it comes to when nothing
    goes wrong."""

    google: Google
    before: str
    act: Callable[[Any], Any]
    """Of a store that knows nothing yet."""
    old: dict[str, list[Any]]
    new: dict[str, list[Any]]
    transactions: int
    requests: int

    def runs(self) -> str:
        return twin(self.google, self.before)

    def store(self, key: str) -> Any:
        return quick(self.google, key, lock_timeout=0.0)

    def is_new(self, key: str) -> bool:
        """Whether it was written. Nothing in between is accepted, and the journal must agree."""
        now = content(self.google.server, key)
        assert now in (self.old, self.new), "neither the old state nor the new one"
        assert len(journal(self.google.server, key)) == self.transactions + (now == self.new), (
            "the journal does not agree with the cells"
        )
        return now == self.new

    def outcome(self, key: str, attempt: Callable[[], Any]) -> None:
        """Do it, and check that what is said is what happened."""
        failed: TicketopsError | None = None
        try:
            attempt()
        except TicketopsError as error:
            failed = error
        if failed is None:
            assert self.is_new(key), "done, it says"
            return
        said = f"{failed.message} ({failed.hint})"
        assert failed.exit_code == 5, said
        assert "\n" not in said
        if "nothing was written" in failed.hint:
            assert not self.is_new(key), said
        else:
            assert "unknown whether" in said
            self.is_new(key)

    def afterwards(self, key: str) -> None:
        """The next command works, if not at once, then when the lock's lease is over; nobody's
        leftovers are in its way."""
        server = self.google.server
        server.faults.clear()
        done = len(journal(server, key))
        store = quick(self.google, key, machine="next")
        if is_locked(server, key):
            with pytest.raises(LockedError):
                following(quick(self.google, key, machine="impatient", lock_timeout=0.0))
            assert len(journal(server, key)) == done
            lease_over(server, key)
        following(store)
        assert len(journal(server, key)) == done + 1
        assert not is_locked(server, key)
        assert not [
            title for title in fixtures.titles(server, key) if title.startswith(fixtures.STAGING)
        ]
        assert [t.number for t in store.log()] == list(range(1, done + 2))


def following(store: Any) -> None:
    """Another command, by somebody else."""
    line = PurchaseLine("M01", "Viagogo", "000777", "Cat 2", 1, Decimal("120.50"), "USD", DAY)
    assert carry_out(store, purchasing.purchase_add([line]), new_run("bert")).written


def sell(store: Any) -> None:
    """Rows appended to three sheets."""
    Desk(store).sell(("M01", "Cat 1", 2), ("M2", "Cat 2", 1))


def allocate(store: Any) -> None:
    """Cells set in three sheets, a sheet made."""
    Desk(store).do(allocation.allocate_auto())


def undo(store: Any) -> None:
    Desk(store).undo()


def sell_a_lot(store: Any) -> None:
    """Large enough to be sent in several pieces, once `ADVISED` is low."""
    order = Order("Meridian Travel", "USD", DAY, contract="2025-3008")
    Desk(store).do(
        selling.sale_add(
            order,
            [SaleLine("M01", "Cat 1", 20, Decimal(350)), SaleLine("M2", "Cat 2", 20, Decimal(350))],
        )
    )


def case_of(google: Google, name: str, monkeypatch: pytest.MonkeyPatch) -> Case:
    """new: a spreadsheet on which ticketops never worked; the others: one that it knows."""
    server = google.server
    key = fixtures.stocked(google)
    if name != "new":
        Desk(quick(google, key)).buy(("M2", "Cat 2", 3))
    if name == "undo":
        allocate(quick(google, key))
    act = {"new": sell, "appended": sell, "set": allocate, "undo": undo, "large": sell_a_lot}[name]
    if name == "large":
        monkeypatch.setattr(sending, "ADVISED", 15_000)
    model = twin(google, key)
    requests = len(requests_in(server, lambda: act(quick(google, model))))
    assert not is_locked(server, model)
    assert content(server, model) != content(server, key)
    return Case(
        google,
        key,
        act,
        content(server, key),
        content(server, model),
        len(journal(server, key)),
        requests,
    )


CASES = ("appended", "set", "new", "undo")


def sampled(every: int, *choices: Iterable[str]) -> list[Any]:
    """Every combination; most of them are for the long run."""
    return [
        pytest.param(
            *(one for _, one in chosen),
            marks=() if sum(nth for nth, _ in chosen) % every == 0 else pytest.mark.slow,
        )
        for chosen in itertools.product(*(list(enumerate(choice)) for choice in choices))
        if thorough(sum(nth for nth, _ in chosen) % 2 == 0, True)
    ]


@pytest.mark.parametrize(("kind", "name"), sampled(6, ONCE, CASES))
def test_one_fault(google: Google, monkeypatch: pytest.MonkeyPatch, name: str, kind: str) -> None:
    """It is tried again, and done."""
    case = case_of(google, name, monkeypatch)
    for nth in range(1, case.requests + 1):
        key = case.runs()
        google.server.faults[:] = [fault(nth=nth, **ONCE[kind])]
        case.act(case.store(key))
        assert google.server.faults[0].seen >= nth
        assert case.is_new(key), f"request {nth}"
        assert not is_locked(google.server, key)
        case.afterwards(key)


LENGTHS = {"this request": TRIES, "every request from there on": 100_000}


@pytest.mark.parametrize(("kind", "name", "length"), sampled(8, LASTING, CASES, LENGTHS))
def test_a_fault_that_lasts_longer_than_the_budget(
    google: Google, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, length: str
) -> None:
    case = case_of(google, name, monkeypatch)
    for nth in range(1, case.requests + 1):
        key = case.runs()
        google.server.faults[:] = [fault(nth=nth, times=LENGTHS[length], **LASTING[kind])]
        case.outcome(key, lambda key=key: case.act(case.store(key)))  # type: ignore[misc]
        case.afterwards(key)


@pytest.mark.parametrize(("kind", "name"), sampled(4, LATE, CASES))
def test_an_answer_that_comes_too_late(
    google: Google, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    case = case_of(google, name, monkeypatch)
    for nth in range(1, case.requests + 1):
        key = case.runs()
        google.server.faults[:] = [fault(nth=nth, **LATE[kind])]
        with reconciled(google.server):
            store = case.store(key)
            store.connection._http.set_timeout((5.0, 0.1))
            case.outcome(key, lambda store=store: case.act(store))  # type: ignore[misc]
        case.afterwards(key)


@pytest.mark.parametrize(("moment", "name"), sampled(2, ("before", "after"), CASES))
def test_killed(google: Google, monkeypatch: pytest.MonkeyPatch, name: str, moment: str) -> None:
    """Before a request is sent, or before its answer is read."""
    after = moment == "after"
    case = case_of(google, name, monkeypatch)
    written = []
    for nth in range(1, case.requests + 1):
        key = case.runs()
        store = case.store(key)
        kill_at(store, nth, after=after)
        with pytest.raises(Killed):
            case.act(store)
        written.append(case.is_new(key))
        case.afterwards(key)
    assert written == [False] * (case.requests - 1) + [after], "only the last request writes"


# --- a transaction that is too large for one request


def test_a_large_transaction_is_sent_in_pieces(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes of it is what comes of one request."""
    case = case_of(google, "large", monkeypatch)
    assert case.requests > 6
    key = case.runs()
    case.act(case.store(key))
    assert case.is_new(key)
    assert not [
        title for title in fixtures.titles(google.server, key) if title.startswith(fixtures.STAGING)
    ]
    monkeypatch.undo()
    key = case.runs()
    assert len(requests_in(google.server, lambda: case.act(case.store(key)))) == 4
    assert case.is_new(key)


@pytest.mark.parametrize("kind", sampled(6, ONCE))
def test_one_fault_in_a_large_transaction(
    google: Google, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    case = case_of(google, "large", monkeypatch)
    for nth in range(1, case.requests + 1):
        key = case.runs()
        google.server.faults[:] = [fault(nth=nth, **ONCE[kind])]
        case.act(case.store(key))
        assert case.is_new(key), f"request {nth}"
    case.afterwards(key)


@pytest.mark.parametrize(("kind", "length"), sampled(6, LASTING, LENGTHS))
def test_a_lasting_fault_in_a_large_transaction(
    google: Google, monkeypatch: pytest.MonkeyPatch, kind: str, length: str
) -> None:
    case = case_of(google, "large", monkeypatch)
    for nth in range(1, case.requests + 1):
        key = case.runs()
        google.server.faults[:] = [fault(nth=nth, times=LENGTHS[length], **LASTING[kind])]
        case.outcome(key, lambda key=key: case.act(case.store(key)))  # type: ignore[misc]
        case.afterwards(key)


@pytest.mark.parametrize(
    "after", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["before", "after"]
)
def test_killed_in_a_large_transaction(
    google: Google, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    """What was sent ahead is never seen as a part of the workbook, and goes with a later commit."""
    case = case_of(google, "large", monkeypatch)
    left = 0
    for nth in range(1, case.requests + 1):
        key = case.runs()
        store = case.store(key)
        kill_at(store, nth, after=after)
        with pytest.raises(Killed):
            case.act(store)
        assert case.is_new(key) == (nth + after >= case.requests), "the last one reads it back"
        left += any(
            title.startswith(fixtures.STAGING) for title in fixtures.titles(google.server, key)
        )
        names = quick(google, key, machine="looking").sheet_names()
        assert not [name for name in names if name.startswith(("_TICKETOPS", "_JOURNAL"))]
        case.afterwards(key)
    assert left, "nothing was ever left behind"


def test_what_a_killed_run_left_goes_with_a_later_commit_of_the_same_machine(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of(google, "large", monkeypatch)
    key = case.runs()
    store = case.store(key)
    kill_at(store, case.requests - 1, after=False)
    with pytest.raises(Killed):
        case.act(store)
    lease_over(google.server, key)
    following(quick(google, key))
    assert not [
        title for title in fixtures.titles(google.server, key) if title.startswith(fixtures.STAGING)
    ]


# --- several faults in one command


@pytest.mark.parametrize(
    ("name", "examples"),
    [("new", 12), *(pytest.param(one, 60, marks=pytest.mark.slow) for one in (*CASES, "large"))],
)
def test_any_faults(
    google: Google, monkeypatch: pytest.MonkeyPatch, name: str, examples: int
) -> None:
    """Any of them at any requests, also those that look what became of the others."""
    case = case_of(google, name, monkeypatch)
    every = {**ONCE, "fine": {}}

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    @given(st.lists(st.sampled_from(sorted(every)), min_size=1, max_size=3 * case.requests))
    def whatever_happens(kinds: list[str]) -> None:
        google.close()  # what the example before left open
        key = case.runs()
        google.server.faults[:] = [
            fault(nth=nth, **every[kind]) for nth, kind in enumerate(kinds, start=1) if every[kind]
        ]
        case.outcome(key, lambda: case.act(case.store(key)))
        case.afterwards(key)

    whatever_happens()

"""A commit that queues messages beside one on the same workbook that queues none: the same sale, in turns,
by the CPU seconds of whole processes. The outbox holds thousands of messages already. A ratio in one run."""

from __future__ import annotations

import json
import statistics
import sys
from datetime import datetime, timedelta
from pathlib import Path

from harness import WORK, Measured, alternate, fresh, once, pending_sales, row, tool

_STANDING = 3_000
_PAYLOAD = json.dumps({"sale": {"id": "S1", "total_value": 1400.0}, "client": {"name": "x" * 300}})


def _with_messages(book: str, *, on: bool) -> str:
    """A copy of a workbook with people, an outbox that was used, and triggers, on or off."""
    from ticketops.config import Settings
    from ticketops.engine.opening import open_store
    from ticketops.engine.transaction import carry_out, new_run
    from ticketops.model.changes import ChangeSet
    from ticketops.schema.layouts.event import NOTIFICATION_LOG
    from ticketops.schema.structure import with_structure
    from ticketops.services import masterdata, messages
    from ticketops.stores.base import Entry

    name = fresh(book, f"live-messages-{'on' if on else 'off'}-{book}")
    store = open_store(WORK / name, Settings())
    user = masterdata.user_set(
        "bench", role="ops_manager", name="", email="bench@office.example", active=None
    )
    carry_out(store, user, new_run("bench", role="ops_manager"))
    for fact in (
        "sale.created",
        "allocation.committed",
        "oversell.raised",
        "dispatch.issue_raised",
    ):
        given = {"active": on, "recipients": "role:ops_manager"}
        carry_out(store, messages.trigger_set(fact, given), new_run("bench", role="ops_manager"))
    snapshot = store.read(NOTIFICATION_LOG, strict=False)
    changes, moment = ChangeSet(), datetime(2026, 1, 1)
    rows = [
        (
            f"N{number:05d}",
            "sale.created",
            f"sale.created S{number} S_{number}",
            "sale_created",
            "sale_created",
            *("email", "office", "bench@office.example", "bench", _PAYLOAD, "SENT", 1),
            moment + timedelta(minutes=number),
        )
        for number in range(1, _STANDING + 1)
    ]
    columns = (
        *("message", "fact", "identity", "trigger", "template", "channel", "audience"),
        *("recipient", "recipient_name", "payload", "state", "attempts", "queued_at"),
    )
    changes.append(NOTIFICATION_LOG, snapshot[NOTIFICATION_LOG].next_row, columns, rows)
    entry = Entry("R20260101-000000", "made for a benchmark", "bench", moment)
    store.commit(with_structure(changes, snapshot), snapshot.revision, entry)
    return name


def bench_messages(book: str, runs: int) -> tuple[dict[str, Measured], dict[str, float]]:
    """`allocate commit` and `sale add`, with triggers off and on, in turns; and the median ratio of the
    CPU seconds of each pair."""
    books = {on: _with_messages(book, on=on) for on in (False, True)}
    sales = pending_sales(WORK / books[False])
    wanted = [next(sales) for _ in range(runs + 1)]
    measured = {
        f"{what} {on}": Measured(what) for what in ("commit", "sale add") for on in (False, True)
    }

    def commit(on: bool, number: int) -> None:
        words = ("allocate", "commit", wanted[number + 1], "-w", books[on], "-q", "--as", "bench")
        once(measured[f"commit {on}"], tool(*words), ok=(0, 1))

    def sale(on: bool, _number: int) -> None:
        words = ("sale", "add", "--client", "Bench", "--line", "M05:Cat 1:2@99", "--new", "--again")
        once(measured[f"sale add {on}"], tool(*words, "-w", books[on], "-q", "--as", "bench"))

    steps = [
        lambda number, act=act, on=on: act(on, number)
        for act in (commit, sale)
        for on in (False, True)
    ]
    for step in steps:
        step(-1)
    for one in measured.values():
        one.seconds, one.megabytes, one.cpu = [], [], []
    alternate(runs, *steps)
    ratios = {
        what: statistics.median(
            with_ / without
            for with_, without in zip(
                measured[f"{what} True"].cpu, measured[f"{what} False"].cpu, strict=True
            )
        )
        for what in ("commit", "sale add")
    }
    return measured, ratios


def messages_report(of: tuple[dict[str, Measured], dict[str, float]]) -> str:
    """The section of the page."""
    measured, ratios = of
    lines = [
        "",
        "## Messages",
        "",
        f"Ratios are of CPU seconds, pair by pair; the outbox holds {_STANDING:,} messages.",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
    ]
    for what, called in (
        ("commit", "`allocate commit` of one sale"),
        ("sale add", "`sale add` of one line"),
    ):
        note = f"{ratios[what]:.2f} × without (at most 1.15)"
        lines += [
            row(f"{called}, triggers off", measured[f"{what} False"]),
            row("the same with a message queued", measured[f"{what} True"], note),
        ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    print(messages_report(bench_messages(sys.argv[1], int(sys.argv[2]))))

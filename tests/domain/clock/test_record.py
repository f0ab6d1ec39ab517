"""What is recorded of the nightly run, whatever the clock of the machine does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk import START, Desk
from ticketops.domain.clock.record import Night, TaskRun, last_run
from ticketops.domain.clock.silence import look_again, silent
from ticketops.domain.clock.tasks import TASKS, chosen
from ticketops.errors import NotPermittedError, RuleError, UsageError
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import CLOCK, EVENTS
from ticketops.services import clock, events

AUDIT = TaskRun("audit", "audit run --write", 1, 2.4, 3, "S1 has no unit")
RECON = TaskRun("recon", "recon run", 4, 0.6, 0, "the event is closed")
HOURS = st.integers(-20000, 20000).map(lambda minutes: timedelta(minutes=minutes))


def record(desk: Desk, *tasks: TaskRun, at: datetime = START) -> tuple[Night, list[Finding]]:
    plan = desk.do(clock.record_job(tasks, at, "night-host"))
    return plan.result, plan.findings


def test_a_row_for_each_task_and_one_for_the_run() -> None:
    desk = Desk()
    night, findings = record(desk, AUDIT, RECON)
    assert (night.exit, findings) == (4, [])
    run_id = desk.store.last_run_id()
    after = [START + timedelta(seconds=n) for n in (0, 2, 3)]
    assert desk.rows(
        CLOCK, "run_id", "started_at", "finished_at", "task", "code", "seconds", "findings", "said"
    ) == [
        (run_id, after[0], after[1], "audit", 1, 2.4, 3, "S1 has no unit"),
        (run_id, after[1], after[2], "recon", 4, 0.6, 0, "the event is closed"),
        (run_id, after[0], after[2], None, 4, 3.0, 3, "2 tasks · 3 findings · failed: recon"),
    ]
    assert set(desk.rows(CLOCK, "host", "user")) == {("night-host", "tester")}


def test_the_run_is_passed_over_by_undo() -> None:
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 1))
    record(desk, AUDIT)
    desk.undo()
    assert desk.rows(CLOCK, "task") == ["audit", None]
    assert desk.rows("Purchases", "match") == []


NIGHTS = {
    "the next night": (timedelta(days=1), timedelta(days=1)),
    "daylight saving ends": (timedelta(minutes=-40), timedelta(seconds=1)),
    "the same second": (timedelta(), timedelta(seconds=1)),
    "a day back": (timedelta(days=-1), timedelta(seconds=1)),
}


@pytest.mark.parametrize("name", NIGHTS)
def test_a_clock_that_was_set_back_a_little(name: str) -> None:
    gone, later = NIGHTS[name]
    desk = Desk()
    record(desk, AUDIT)
    night, findings = record(desk, AUDIT, at=START + gone)
    assert findings == []
    assert desk.rows(CLOCK, "started_at")[-1] == START + later
    assert night.started_at == f"{START + later}"


def test_a_clock_that_had_been_far_ahead_is_no_measure_for_ever() -> None:
    desk = Desk()
    record(desk, AUDIT, at=START + timedelta(days=300))
    for days in (0, 1):
        _, findings = record(desk, AUDIT, at=START + timedelta(days=days))
        assert desk.rows(CLOCK, "started_at")[-1] == START + timedelta(days=days)
        assert [one.code for one in findings] == (["CLOCK_SET_BACK"] if not days else [])


@pytest.mark.slow
@given(st.lists(HOURS, min_size=1, max_size=6))
def test_run_ids_rise_and_the_last_row_is_the_last_run(steps: list[timedelta]) -> None:
    desk = Desk()
    at = START
    for step in steps:
        at += step
        record(desk, AUDIT, at=at)
    ids = list(dict.fromkeys(desk.rows(CLOCK, "run_id")))
    assert ids == sorted(ids)
    assert len(ids) == len(steps)
    last = last_run(desk.store.read(CLOCK)[CLOCK])
    assert last is not None
    assert last.run_id == ids[-1]
    assert abs(last.started_at - at) <= timedelta(days=1, seconds=len(steps))
    assert not silent(last, at, 36)


def test_rows_that_somebody_typed_are_no_run() -> None:
    desk = Desk()
    record(desk, AUDIT)
    desk.type_rows(CLOCK, [{"said": "power cut"}, {"task": "audit", "started_at": START}])
    last = last_run(desk.store.read(CLOCK)[CLOCK])
    assert last is not None
    assert (last.started_at, last.exit, last.host) == (START, 1, "night-host")


def test_when_it_is_silent() -> None:
    desk = Desk()
    record(desk, AUDIT)
    last = last_run(desk.store.read(CLOCK)[CLOCK])
    assert not silent(None, START, 36)
    for hours, words in (
        (0, ""),
        (36, ""),
        (37, "nothing has run at night since 2026-04-17 14:30 (37 hours ago)"),
        (24 * 10, "(10 days ago)"),
        (-36, ""),
        (-37, "is dated 2026-04-17 14:30, in the future"),
    ):
        said = silent(last, START + timedelta(hours=hours), 36)
        assert words in said
        assert bool(words) == bool(said)


@given(HOURS, st.floats(1, 700), st.floats(0, 1))
def test_nobody_looks_again_before_it_can_be_silent_nor_too_late(
    gone: timedelta, hours: float, part: float
) -> None:
    desk = Desk()
    record(desk, AUDIT)
    last = last_run(desk.store.read(CLOCK)[CLOCK])
    now = START + gone
    again = look_again(last, now, hours)
    assert again >= now
    if silent(last, now, hours):
        assert again.date() == (now + timedelta(days=1)).date()
    else:
        assert not silent(last, now + (again - now) * part, hours)
        assert silent(last, again + timedelta(seconds=1), hours)


def test_which_tasks_run() -> None:
    names = [task.name for task in TASKS]
    assert [task.name for task in chosen((), "")] == [n for n in names if n != "reminders"]
    assert [task.name for task in chosen((), ",".join(names))] == names
    assert [task.name for task in chosen((), " Holds,audit ")] == ["audit", "holds"]
    assert [task.name for task in chosen(["recon"], "audit")] == ["recon"]
    for given_, setting, where in ((["adit"], "", "--task"), ((), "adit", "clock_tasks")):
        with pytest.raises(UsageError, match=f"{where} must be one of audit, .*not 'adit'"):
            chosen(given_, setting)


def test_which_tasks_run_on_airline_tickets() -> None:
    def named(setting: str, *names: str) -> list[str]:
        return [task.name for task in chosen(names, setting, "issuance")]

    usual = ["tickets", "due", "send"]
    assert named("") == usual
    assert named("audit, deadlines, send") == usual, "what a folder's event workbook is to run"
    assert named("audit, due, send") == ["due", "send"]
    assert named("send") == ["send"]
    assert named("audit", "refresh") == ["refresh"]
    with pytest.raises(UsageError, match=r"--task must be one of refresh, .*not 'audit'"):
        named("", "audit")
    with pytest.raises(UsageError, match=r"clock_tasks must be one of refresh, .*not 'adit'"):
        named("adit")


def test_when_each_task_ran_last() -> None:
    desk = Desk()
    record(desk, AUDIT, RECON)
    record(desk, AUDIT, at=START + timedelta(days=1))
    lines = {one.name: one for one in desk.do(clock.run_list(["audit"])).result.tasks}
    assert list(lines) == [task.name for task in TASKS]
    assert (lines["audit"].last, lines["audit"].exit) == ("2026-04-18 14:30", 1)
    assert (lines["recon"].last, lines["recon"].exit) == ("2026-04-17 14:30", 4)
    assert (lines["holds"].last, lines["holds"].exit) == (None, None)
    assert [one.name for one in lines.values() if one.runs] == ["audit"]


def test_who_may_not_run_it_learns_so_before_anything_runs() -> None:
    desk = Desk(role="ops_manager")
    desk.do(events.event_set({"name": "Cup", "code": "X26"}, state="DRAFT"))
    desk.set(EVENTS, 2, "status", "ARCHIVED")
    desk.role = "operator"
    with pytest.raises(NotPermittedError):
        clock.permitted(desk.store, desk.run(), gated=True)
    desk.role = "sr_operator"
    with pytest.raises(RuleError, match="ARCHIVED"):
        clock.permitted(desk.store, desk.run(), gated=True)
    clock.permitted(desk.store, desk.run(), gated=False)


def test_a_run_across_midnight() -> None:
    desk = Desk()
    late = datetime(2026, 6, 30, 23, 59, 58)
    night, _ = record(desk, AUDIT, RECON, at=late)
    assert (night.started_at, night.finished_at) == ("2026-06-30 23:59:58", "2026-07-01 00:00:01")

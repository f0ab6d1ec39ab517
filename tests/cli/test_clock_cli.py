"""`run nightly`: tasks one after the other, one run at a time, a record of each; and who learns that it
is silent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.dispatching import rows_of
from tests.cli.terminal import at_terminal
from tests.conftest import ROOT, Runner
from ticketops.adapters import children
from ticketops.cli.output import Output
from ticketops.config import Settings
from ticketops.domain.clock import tasks
from ticketops.domain.clock.record import TaskRun
from ticketops.domain.clock.tasks import Task
from ticketops.engine.opening import open_store
from ticketops.services import clock
from ticketops.services.silence import STATE_FILE, silent_today

HOLD = ("unit", "hold", "P00003", "--client", "Bolt", "--reason", "x", "--until")


@pytest.fixture
def environment(environment: dict[str, str], book: Path) -> dict[str, str]:
    return environment | {
        "PYTHONPATH": str(ROOT),
        "TICKETOPS_ROLE": "sr_operator",
        "TICKETOPS_STATE": str(book.parent / "state"),
    }


@pytest.mark.slow
def test_the_tasks_run_and_are_recorded(here: Runner, book: Path) -> None:
    done = here("run", "nightly", "--task", "recon", "--task", "audit", "--json")
    told = done.json
    assert (
        done.code == told["result"]["exit"] == max(one["exit"] for one in told["result"]["tasks"])
    )
    assert [one["name"] for one in told["result"]["tasks"]] == ["audit", "recon"]
    assert [(one["Task"], one["Exit"]) for one in rows_of(book, "_CLOCK")] == [
        *((one["name"], one["exit"]) for one in told["result"]["tasks"]),
        (None, done.code),
    ]
    assert {one["RunID"] for one in rows_of(book, "_CLOCK")} == {told["run_id"]}
    assert {one["User"] for one in rows_of(book, "_CLOCK")} == {"olga"}
    log = [
        (one["command"], one["user"])
        for one in here("log", "--json").json["result"]["transactions"]
    ]
    assert log[0] == ("run nightly", "olga")
    assert ("recon run", "olga") in log
    listed = {one["name"]: one for one in here("run", "list", "--json").json["result"]["tasks"]}
    assert (listed["audit"]["exit"], listed["holds"]["last"]) == (
        told["result"]["tasks"][0]["exit"],
        None,
    )
    assert "nightly run" in here("status").out


@pytest.mark.slow
def test_a_task_that_fails_stops_no_other_and_its_code_is_the_run_s(
    here: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Task("broken", ("sale", "cancel", "S999", "--confirm", "UNDO", "--reason", "x"), "")
    monkeypatch.setattr(tasks, "TASKS", (broken, *tasks.TASKS[3:4]))
    done = here("run", "nightly")
    assert done.code == 3
    assert "broken     exit 3" in done.out
    assert "Distribution has no sale S999" in done.out
    assert "holds      exit 0" in done.out


def test_findings_are_those_of_the_tasks(here: Runner) -> None:
    here("schedule", "add", "M01", "--date", "2026-06-11", "--home", "Spain", "--away", "Peru")
    with time_machine.travel(datetime(2026, 6, 9), tick=False):
        alone = here("dispatch", "deadlines", "--json").json["findings"]
    assert {one["code"] for one in alone} >= {"TICKETS_DUE"}
    whole = here("run", "nightly", "--task", "deadlines", "--json").json
    own = here("dispatch", "deadlines", "--json").json["findings"]
    assert whole["findings"] == own
    assert whole["result"]["tasks"][0]["findings"] == sum(one["severity"] != "INFO" for one in own)


@pytest.mark.slow
def test_one_run_at_a_time(at: Runner, book: Path) -> None:
    before = book.read_bytes()
    with clock.alone(open_store(book, Settings())):
        done = at("run", "nightly", "--task", "audit")
    assert done.code == 5
    assert "another `run nightly` is at work on event.xlsx" in done.err
    assert book.read_bytes() == before
    assert at("run", "nightly", "--task", "audit").code in (0, 1)


def test_a_dry_run_shows_the_tasks_and_starts_none(
    here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "command", lambda *_: pytest.fail("it starts one"))
    before = book.read_bytes()
    told = here("run", "nightly", "-n", "--json").json["result"]
    assert [(one["command"], one["exit"]) for one in told["tasks"]] == [
        (task.command, None) for task in tasks.chosen((), "")
    ]
    assert book.read_bytes() == before
    assert here("run", "nightly", role="operator").code == 6


def test_tasks_of_the_user_s_own_configuration_only(here: Runner, book: Path) -> None:
    (book.parent / "ticketops.toml").write_text('clock_tasks = ["holds"]\n')
    done = here("run", "nightly", "-n")
    assert "audit" in done.out
    assert "ignored: clock_tasks" in done.err
    own = book.parent / ".config" / "ticketops"
    own.mkdir(parents=True)
    (book.parent / "ticketops.toml").rename(own / "ticketops.toml")
    assert here("run", "nightly", "-n").out.split() == [
        "Task",
        "Command",
        "holds",
        *tasks.TASKS[3].words,
    ]
    assert here("run", "nightly", "-n", clock_tasks="hold").code == 2


def test_what_can_t_be_recorded_is_said(here: Runner, book: Path) -> None:
    mark = book.with_name("~$event.xlsx")
    mark.write_bytes(b"\x03Ann")
    done = here("run", "nightly", "--task", "audit", "--json")
    assert done.code == 5
    assert done.json["run_id"] is None
    (said,) = [one for one in done.json["findings"] if one["code"] == "CLOCK_NOT_RECORDED"]
    assert "is open in Excel" in said["message"]


def test_lapsed_holds_are_released_in_writing_once(here: Runner, book: Path) -> None:
    with time_machine.travel(datetime(2026, 6, 1), tick=False):
        assert here(*HOLD, "2026-06-03").code == 0
        assert here("unit", "hold", "P00005", *HOLD[3:], "2026-06-09").code == 0
    for day, units in ((3, []), (4, ["P00003"]), (5, []), (10, ["P00005"])):
        with time_machine.travel(datetime(2026, 6, day), tick=False):
            done = here("unit", "release", "--lapsed", "--json")
            assert (done.code, done.json["result"]["units"]) == (0, units)
    log = here("allocate", "log", "--json").json["result"]["rows"]
    assert [one["reason"] for one in log if one["action"] == "RELEASE_UNITS"] == [
        "the last day of the hold is past"
    ] * 2
    assert here("undo", "-y").code == 0
    with time_machine.travel(datetime(2026, 6, 11), tick=False):
        assert here("unit", "release", "--lapsed", "--json").json["result"]["units"] == ["P00005"]
    assert here("unit", "release", "P00003", "--lapsed").code == 2


# --- children


def is_over(process: int) -> bool:
    """Whether a process ends; what was killed may take a moment."""
    for _ in range(200):
        if not is_alive(process):
            return True
        time.sleep(0.05)
    return False


def is_alive(process: int) -> bool:
    try:
        said = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return said.rpartition(")")[2].split()[0] not in ("Z", "X")


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    stubborn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "GRACE", 0.3)
    trap = "trap '' TERM; " if stubborn else ""
    ended = children.command(["sh", "-c", f"{trap}sleep 300 & echo $! $$; wait; sleep 300"], 0.5)
    assert ended.code == children.STOPPED
    started = [int(text) for text in ended.out.split()]
    assert len(started) == 2
    assert all(map(is_over, started))


def test_what_a_command_leaves_behind_keeps_nobody_waiting() -> None:
    ended = children.command(["sh", "-c", "sleep 300 & echo $!"], 60)
    assert ended.code == 0
    os.kill(int(ended.out), signal.SIGKILL)


def test_a_signal_that_ends_a_command_is_its_exit_code() -> None:
    assert children.command(["sh", "-c", "kill -9 $$"], 60).code == 137


def test_a_run_that_is_told_to_end_ends_its_command_first(tmp_path: Path) -> None:
    """As systemd does it: a signal, and later none of our processes is there."""
    program = (
        "from ticketops.adapters import children\n"
        "from ticketops.cli.run import _ended_whole\n"
        "with _ended_whole():\n"
        f"    children.command(['sh', '-c', 'echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; sleep 300'], 300)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    while not (tmp_path / "pid").exists() and parent.poll() is None:
        time.sleep(0.02)
    parent.terminate()
    assert parent.wait(timeout=60) != 0
    assert is_over(int((tmp_path / "pid").read_text()))


def test_a_run_that_is_interrupted_is_recorded(
    here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform = clock.perform

    def at(task: Task, *more: Any) -> Any:
        if task.name == "recon":
            os.kill(os.getpid(), signal.SIGTERM)
        return perform(task, *more)

    monkeypatch.setattr(clock, "perform", at)
    assert (
        here("run", "nightly", "--task", "holds", "--task", "recon", "--task", "audit").code == 130
    )
    rows = [(one["Task"], one["Exit"]) for one in rows_of(book, "_CLOCK")]
    assert rows == [("audit", rows[0][1]), ("recon", 130), (None, 130)]
    assert "failed: recon" in rows_of(book, "_CLOCK")[-1]["Said"]
    assert rows_of(book, "_CLOCK")[1]["Said"] == "interrupted, as with Ctrl-C"


@pytest.mark.slow
def test_a_hung_task_is_stopped_and_the_rest_goes_on(
    book: Path, environment: dict[str, str]
) -> None:
    settings = Settings(workbook=book, user="olga")
    hung = Task("hung", ("dispatch", "watch", str(book.parent)), "")
    done, findings = clock.perform(hung, settings, 2.0, environment)
    assert (done.exit, done.said, findings) == (124, "stopped after 2 seconds, its limit", [])
    fine, _ = clock.perform(tasks.TASKS[0], settings, 120.0, environment)
    assert fine.exit in (0, 1)


def test_a_module_in_the_folder_is_not_run(here: Runner, book: Path) -> None:
    (book.parent / "msgspec.py").write_text("raise SystemExit(99)\n")
    assert here("run", "nightly", "--task", "holds").code == 0


# --- silence


def last_ran(here: Runner, when: datetime) -> None:
    with time_machine.travel(when, tick=False):
        assert here("run", "nightly", "--task", "holds").code == 0


@pytest.mark.slow
def test_a_silent_clock_is_said_once_a_day(here: Runner, book: Path) -> None:
    night = datetime(2031, 6, 8, 3, 30)
    settings = Settings(workbook=book, state=book.parent / "state")

    def looks(*hours: float) -> list[bool]:
        moments = (night + timedelta(hours=one) for one in hours)
        return [bool(silent_today(open_store(book, settings), settings, now)) for now in moments]

    assert looks(0) == [False]
    assert not (book.parent / "state").exists()
    last_ran(here, night)
    said = looks(1, 20, 35.9, 37, 38, 44, 45, 46, 69)  # midnight is at 44.5 and 68.5
    assert said == [False, False, False, True, False, False, True, False, True]
    last_ran(here, night + timedelta(hours=70))
    assert looks(93, 94, 107) == [False, False, True]


def test_a_state_that_says_nonsense_hides_nothing(here: Runner, book: Path) -> None:
    last_ran(here, datetime(2031, 6, 8))
    settings = Settings(workbook=book, state=book.parent / "state")
    now = datetime(2031, 6, 20)
    for text in (
        "",
        "[]",
        "{",
        '{"x": 1}',
        f'{{"{book}": "2099-01-01"}}',
        f'{{"{book}": "2031-06-19T10:00+02:00"}}',
    ):
        (settings.state / STATE_FILE).parent.mkdir(exist_ok=True)
        (settings.state / STATE_FILE).write_text(text)
        assert "since 2031-06-08" in silent_today(open_store(book, settings), settings, now), text


@pytest.mark.slow
def test_who_runs_a_command_at_a_terminal_learns_it(
    here: Runner, book: Path, environment: dict[str, str]
) -> None:
    last_ran(here, datetime(2019, 6, 8))
    assert "at night" not in here("status").err
    env = {"TICKETOPS_WORKBOOK": str(book), "TICKETOPS_STATE": environment["TICKETOPS_STATE"]}
    for words in (["log", "-q"], ["log", "--json"]):
        assert "at night" not in at_terminal(*words, cwd=book.parent, env=env).out
    first, second = (at_terminal("log", cwd=book.parent, env=env).out for _ in range(2))
    assert "nothing has run at night since 2019-06-08 00:00" in " ".join(first.split())
    assert "at night" not in second


def test_a_program_is_told_nothing() -> None:
    assert not Output(as_json=False, quiet=False).attended


def test_the_night_is_told_before_what_waits_is_sent(
    here: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def perform(task: Task, *_: object) -> tuple[TaskRun, list[object]]:
        seen.append(task.name)
        return TaskRun(task.name, task.command, 1, 0.1, 1, "x"), []

    def told(_store: object, done: list[TaskRun], _run: object) -> list[object]:
        seen.append(f"told of {len(done)}")
        return []

    monkeypatch.setattr(clock, "perform", perform)
    monkeypatch.setattr(clock, "told", told)
    assert here("run", "nightly", "--task", "audit", "--task", "send", "--task", "holds").code == 1
    assert seen == ["audit", "holds", "told of 2", "send"]

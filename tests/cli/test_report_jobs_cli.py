"""Report jobs by command: whoever makes them is killed at random, two work at once, and any command says
what is stuck."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Runner
from ticketops.config import Settings
from ticketops.engine.transaction import carry_out, new_run
from ticketops.schema.layouts.event import EVENT
from ticketops.services import jobs
from ticketops.stores.xlsx.store import XlsxStore

REPORTS = ("position", "ticketing transfers", "ticketing purchases", "ticketing blocks")


@pytest.fixture
def own(in_process: Runner, small: Path) -> Any:
    """Commands on the small sample."""

    def run(*words: str, code: int | None = 0) -> Any:
        done = in_process(*words, "-w", str(small), env={"TICKETOPS_USER": "anna"})
        assert code is None or done.code == code, done.err + done.out
        return done

    return run


def listed(own: Any) -> list[dict[str, Any]]:
    said = own("job", "list", "--json", code=None)
    found: list[dict[str, Any]] = said.json["result"]["jobs"]
    return found


def is_whole(workbook: Path, job: dict[str, Any]) -> bool:
    path = workbook.with_name(f"{workbook.name}.ticketops") / "artifacts" / job["artifact"]
    return hashlib.sha256(path.read_bytes()).hexdigest() == job["sha256"]


def test_a_job_from_asking_to_downloading(own: Any, small: Path, tmp_path: Path) -> None:
    done = own("job", "create", "ticketing purchases", "--format", "csv", code=1)
    assert "J00001 DONE · ticketing purchases" in done.out
    assert "purchases have no fees" in done.out + done.err  # before it is handed on
    own("job", "download", "J1", "-o", str(tmp_path / "p.csv"))
    before = small.read_bytes()
    for words in (
        ("job", "download", "J1", "-o"),
        ("report", "ticketing", "blocks", "-o"),
        ("report", "summary", "--csv"),
        ("sale", "list", "--csv"),
    ):
        own(*words, str(small), code=2)
    assert small.read_bytes() == before
    assert own("report", "ticketing", "blocks", "--csv", "-").out.startswith("allotment,sponsor,")
    lines = (tmp_path / "p.csv").read_text().splitlines()
    assert lines[0].startswith("purchase,match,")
    assert len(lines) > 5
    assert "QUEUED" in own("job", "create", "position", "--later").out
    dry = own("job", "work", "-n")
    assert "waiting: J00002" in dry.out
    assert [one["state"] for one in listed(own)] == ["QUEUED", "DONE"]
    assert "DONE: J00002" in own("job", "work").out
    assert all(is_whole(small, one) for one in listed(own))
    own("job", "create", "guests", code=2)


def test_any_command_says_that_a_job_is_stuck(own: Any, small: Path) -> None:
    store = XlsxStore(small, layout=EVENT)
    run = partial(new_run, "anna", datetime(2026, 1, 1))
    job = jobs.create(store, Settings(), run, "position", "", "csv", later=True)
    carry_out(store, job, run())
    said = "1 report job is stuck (J00001): `ticketops job work` takes them up"
    assert said in own("sale", "list").err
    assert said not in own("sale", "list", "--json").err
    assert "QUEUED, STUCK" in own("job", "list", code=1).out
    own("job", "work")
    assert "stuck" not in own("sale", "list").err


def start(workbook: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ticketops", *words, "-w", str(workbook), "-q"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_workers_that_are_killed_at_random_leave_nothing_half_made(own: Any, small: Path) -> None:
    for report in REPORTS:
        own("job", "create", report, "--later")
    chance = random.Random(7)
    for _ in range(12):
        worker = start(small, "job", "work")
        time.sleep(chance.uniform(0.1, 1.6))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        assert all(is_whole(small, one) for one in listed(own) if one["state"] == "DONE")
    for one in listed(own):
        if one["state"] != "DONE":  # its lease may still stand, or it was broken off too often
            if one["state"] != "FAILED":
                own("job", "cancel", one["id"])
            own("job", "regenerate", one["id"], code=1 if "purchases" in one["report"] else 0)
    assert {one["state"] for one in listed(own)} == {"DONE"}
    assert all(is_whole(small, one) for one in listed(own))


@pytest.mark.slow
def test_two_workers_make_each_job_once(own: Any, small: Path) -> None:
    for report in REPORTS:
        own("job", "create", report, "--later")
    workers = [start(small, "job", "work") for _ in range(2)]
    for worker in workers:
        worker.wait()
    own("job", "work", code=None)
    assert [(one["state"], one["attempts"]) for one in listed(own)] == [("DONE", 1)] * 4
    assert all(is_whole(small, one) for one in listed(own))

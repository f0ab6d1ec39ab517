"""Report jobs (000): made once and whole, whoever breaks off; the same revision is the same bytes; files
end, and what one may not make one does not see."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl.reader.excel import load_workbook

from tests.desk import START, Desk
from tests.sampling import some
from ticketops.config import Settings
from ticketops.domain.jobs.planning import Limits
from ticketops.domain.jobs.rows import ReportJob
from ticketops.domain.plan import Plan
from ticketops.engine.not_undoable import not_undoable
from ticketops.errors import NotFoundError, NotPermittedError, RuleError, UsageError
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, JOBS
from ticketops.services import artifacts, jobs, report_jobs, ticketing
from ticketops.stores.memory import MemoryStore

SETTINGS = Settings()
LIMITS = Limits(SETTINGS.artifact_days, SETTINGS.job_stuck_minutes)


class Kept(MemoryStore):
    """A workbook beside which files may stand."""

    home = None
    state_folder: Path


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    store = Kept(layout=EVENT, not_undoable=not_undoable)
    store.state_folder = tmp_path / "event.xlsx.ticketops"
    desk = Desk(store, role="operator")
    desk.sell(("M01", "Cat 1", 2))
    desk.set(DISTRIBUTION, 3, "first_name", "Ana")
    desk.do(ticketing.transfer_offer("S1-1", "Eve", "Fox", "e@example.org", None))
    desk.do(ticketing.transfer_decline("TR1", ""))
    desk.do(ticketing.transfer_offer("S1-1", "Eve", "Fox", "e@example.org", None))
    return desk


def create(
    desk: Desk, report: str = "ticketing transfers", *, later: bool = False, **more: str
) -> ReportJob:
    given = {"state": "", "kind": "csv"} | more
    job = jobs.create(desk.store, SETTINGS, desk.run, report, later=later, **given)
    result: ReportJob = desk.do(job).result
    return result


def work(desk: Desk) -> Plan:
    return desk.do(jobs.work(desk.store, SETTINGS, desk.run))


def shown(desk: Desk, job: str = "J1") -> ReportJob:
    result: ReportJob = desk.do(jobs.show(SETTINGS, job)).result
    return result


def files(desk: Desk) -> list[str]:
    folder = desk.store.state_folder / "artifacts"
    return (
        sorted(p.name for p in folder.glob("*") if p.suffix != ".json") if folder.exists() else []
    )


def content(desk: Desk, job: ReportJob) -> bytes:
    return artifacts.get(desk.store, job.id, job.artifact or "", job.sha256 or "")


def test_a_report_is_made_at_once_and_downloaded(desk: Desk, tmp_path: Path) -> None:
    made = create(desk, state="pending")
    assert (made.id, made.state, made.attempts, made.arguments) == (
        "J00001",
        "DONE",
        1,
        "--state PENDING",
    )
    assert made.request_id.count("-") == 4
    assert made.expires_at == (made.finished_at or START) + timedelta(days=7)
    assert files(desk) == [made.artifact]
    path = desk.store.state_folder / "artifacts" / (made.artifact or "")
    assert path.stat().st_mode & 0o777 == 0o600
    text = content(desk, made)
    assert hashlib.sha256(text).hexdigest() == made.sha256
    assert [line.split(b",")[0] for line in text.splitlines()] == [b"transfer", b"TR00002"]
    got = jobs.download(desk.store, jobs.found(desk.store, SETTINGS, "j1", desk.run()), tmp_path)
    assert Path(got.path).read_bytes() == text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_same_revision_is_the_same_bytes(desk: Desk, kind: str) -> None:
    first = create(desk, kind=kind)
    again: ReportJob = desk.do(
        jobs.regenerate(desk.store, SETTINGS, desk.run, "J1", later=False)
    ).result
    assert again.request_id != first.request_id
    assert (again.input_revision, again.sha256) == (first.input_revision, first.sha256)
    desk.do(ticketing.transfer_decline("TR2", ""))
    changed = create(desk, kind=kind)
    assert changed.input_revision != first.input_revision
    assert changed.sha256 != first.sha256
    assert create(desk, kind=kind, state="EXPIRED").input_revision != changed.input_revision


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", some(map(report_jobs.spelled, report_jobs.REPORTS), 3))
def test_every_report_is_the_same_file_whenever_it_is_made(
    desk: Desk, name: str, kind: str
) -> None:
    asked = name.replace("MATCH", "m1")
    first = create(desk, asked, kind=kind)
    assert (first.state, first.reason) == ("DONE", None)
    desk.days = 1
    again = create(desk, asked, kind=kind)
    assert (again.input_revision, again.sha256) == (first.input_revision, first.sha256)
    desk.sell(("M01", "Cat 1", 3))
    desk.set(DISTRIBUTION, 4, "last_name", "Li")
    assert create(desk, asked, kind=kind).input_revision != first.input_revision or name in (
        *("ticketing waitlist", "ticketing purchases"),  # they do not read what was changed
    )


def test_a_match_that_is_not_there_fails_and_says_so(desk: Desk) -> None:
    made = create(desk, "match M77")
    assert (made.report, made.arguments, made.state) == ("match", "M77", "FAILED")
    assert "there is no match M77" in (made.reason or "")


@pytest.mark.parametrize("name", [*map(report_jobs.spelled, report_jobs.REPORTS)])
def test_a_report_without_lines_keeps_its_header(tmp_path: Path, name: str) -> None:
    if name == "match MATCH":
        return  # one of nothing is refused
    store = Kept(layout=EVENT, not_undoable=not_undoable)
    store.state_folder = tmp_path / "event.xlsx.ticketops"
    desk = Desk(store, role="operator")
    (header,) = content(desk, create(desk, name)).decode().splitlines()
    assert header.count(",") >= 3
    book = load_workbook(BytesIO(content(desk, create(desk, name, kind="xlsx"))))
    found = [[cell.value for cell in page[3]] for page in book]
    assert any(len(row) == header.count(",") + 1 for row in found)


def test_an_offer_that_expires_makes_another_revision(desk: Desk) -> None:
    desk.do(ticketing.transfer_decline("TR2", ""))
    desk.do(ticketing.transfer_offer("S1-1", "Eve", "Fox", "e@example.org", START + timedelta(1)))
    before = create(desk)
    desk.days = 2
    after = create(desk)
    assert (after.input_revision, after.sha256) != (before.input_revision, before.sha256)


def test_what_one_may_not_make_one_does_not_see(desk: Desk) -> None:
    create(desk, "ticketing purchases")
    create(desk)
    desk.role = "staff"
    assert desk.do(jobs.catalogue()).result.reports == (
        "inventory",
        "allocation",
        "dispatch",
        "position",
        "ticketing transfers",
    )
    assert [one.id for one in desk.do(jobs.job_list(SETTINGS, "")).result.jobs] == ["J00002"]
    for job in (
        jobs.create(desk.store, SETTINGS, desk.run, "ticketing purchases", "", "csv", later=True),
        jobs.show(SETTINGS, "J1"),
        jobs.show(SETTINGS, "J1", "job.download"),
        jobs.regenerate(desk.store, SETTINGS, desk.run, "J1", later=True),
    ):
        desk.refused(job, NotPermittedError, "report ticketing purchases")
    desk.refused(jobs.work(desk.store, SETTINGS, desk.run), NotPermittedError)
    for report, state, match in (
        (
            "nothing",
            "",
            "the report must be one of summary, .*, match MATCH, position, ticketing transfers",
        ),
        ("ticketing blocks", "USED", "has no --state"),
        ("position", "USED", "has no --state"),
        ("match M01", "USED", "has no --state"),
        ("match", "", "is to name one match"),
        ("match M01 M02", "", "is to name one match"),
        ("ticketing transfers", "USED", "--state must be one of PENDING"),
    ):
        with pytest.raises(UsageError, match=match):
            jobs.create(desk.store, SETTINGS, desk.run, report, state, "csv", later=True)


def test_files_end_and_are_made_again(desk: Desk) -> None:
    first = create(desk)
    desk.days = 8
    assert work(desk).result.expired == ("J00001",)
    gone = shown(desk)
    assert (gone.state, gone.artifact, gone.sha256) == ("EXPIRED", None, first.sha256)
    with pytest.raises(RuleError, match="J00001 is EXPIRED, so it has nothing to download"):
        jobs.download(desk.store, gone, Path())
    desk.do(jobs.regenerate(desk.store, SETTINGS, desk.run, "J1", later=False))
    assert (shown(desk).state, shown(desk).sha256) == ("DONE", first.sha256)


def test_a_file_that_was_changed_or_is_gone_is_not_handed_out(desk: Desk) -> None:
    made = create(desk)
    path = desk.store.state_folder / "artifacts" / (made.artifact or "")
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(RuleError, match="was changed since it was made"):
        content(desk, made)
    path.unlink()
    with pytest.raises(RuleError, match="is not on this machine"):
        content(desk, made)


def test_what_a_cell_calls_a_file_leads_nowhere_else(desk: Desk, tmp_path: Path) -> None:
    made = create(desk)
    desk.set(JOBS, 2, "artifact", f"../../{made.artifact}")
    got = jobs.download(desk.store, shown(desk), tmp_path)
    assert Path(got.path) == tmp_path / (made.artifact or "")
    desk.set(JOBS, 2, "artifact", "../../../etc/passwd")
    with pytest.raises(RuleError, match="is not on this machine"):
        jobs.download(desk.store, shown(desk), tmp_path)


def test_what_waits_is_made_later_and_what_fails_says_why(desk: Desk) -> None:
    assert create(desk, later=True).state == "QUEUED"
    create(desk, later=True)
    desk.set(JOBS, 3, "arguments", "--nonsense")
    plan = work(desk)
    assert (plan.result.done, plan.result.failed) == (("J00001",), ("J00002",))
    failed = shown(desk, "J2")
    assert failed.reason == "the Arguments '--nonsense' are not understood"
    assert failed.request_id in plan.findings[-1].message
    assert work(desk).result.done == ()


@pytest.fixture(params=["before the file", "after the file"])
def kills(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many of the next makings are broken off."""
    put, left = artifacts.put, [0]

    def die(store: Any, name: str, text: bytes) -> None:
        if name.endswith(".json") or not left[0]:
            put(store, name, text)
            return
        left[0] -= 1
        if request.param == "after the file":
            put(store, name, text)
        raise Killed

    monkeypatch.setattr(artifacts, "put", die)
    return left


def test_what_was_broken_off_is_taken_up_once_its_lease_is_over(
    desk: Desk, kills: list[int]
) -> None:
    kills[0] = 2
    with pytest.raises(Killed):
        create(desk)
    assert (shown(desk).state, shown(desk).artifact) == ("RUNNING", None)
    assert work(desk).result.waiting == ()  # somebody may be making it
    desk.days = 1
    with pytest.raises(Killed):
        work(desk)
    desk.days = 2
    assert work(desk).result.done == ("J00001",)
    made = shown(desk)
    assert (made.state, made.attempts) == ("DONE", 3)
    assert files(desk) == [made.artifact]
    assert hashlib.sha256(content(desk, made)).hexdigest() == made.sha256


def test_what_is_broken_off_three_times_fails(desk: Desk, kills: list[int]) -> None:
    kills[0] = 3
    with pytest.raises(Killed):
        create(desk)
    for day in (1, 2):
        desk.days = day
        with pytest.raises(Killed):
            work(desk)
    desk.days = 3
    assert work(desk).result.failed == ("J00001",)
    assert shown(desk).reason == "broken off 3 times"
    desk.refused(jobs.cancel(SETTINGS, "J1"), RuleError, "J00001 is FAILED")


def test_a_clock_that_was_set_back_holds_no_lease_for_ever(desk: Desk) -> None:
    desk.days = 30
    create(desk, later=True)
    desk.do(_begin("J1"))
    desk.days = 0
    assert work(desk).result.done == ("J00001",)
    assert shown(desk).state == "DONE"


def _begin(job: str) -> Any:
    """Somebody takes a job up, and is not heard of again."""
    from ticketops.domain.jobs import planning
    from ticketops.engine.job import Job

    return Job(
        "job.work",
        lambda snapshot, run: planning.plan_begin(snapshot, job, run, LIMITS),
        (),
        (JOBS,),
    )


def test_two_at_once_make_it_once_and_the_slow_one_records_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(desk, later=True)
    made = report_jobs.made

    def slow(*given: Any) -> Any:
        """Meanwhile another one comes, first within the lease, then after it."""
        monkeypatch.setattr(report_jobs, "made", made)
        desk.refused(_begin("J1"), RuleError, "J00001 is being made")
        desk.days = 1
        assert work(desk).result.done == ("J00001",)
        return made(*given)

    monkeypatch.setattr(report_jobs, "made", slow)
    work(desk)
    assert (shown(desk).state, shown(desk).attempts) == ("DONE", 2)
    assert files(desk) == [shown(desk).artifact]


def test_what_is_cancelled_meanwhile_stays_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(desk, later=True)
    made = report_jobs.made

    def slow(*given: Any) -> Any:
        desk.do(jobs.cancel(SETTINGS, "J1"))
        return made(*given)

    monkeypatch.setattr(report_jobs, "made", slow)
    work(desk)
    assert (shown(desk).state, shown(desk).reason) == ("FAILED", "cancelled by tester")
    assert shown(desk).artifact is None
    desk.role, desk.user = "staff", "somebody"
    monkeypatch.undo()
    desk.do(jobs.regenerate(desk.store, SETTINGS, desk.run, "J1", later=True))
    desk.user = "another"
    desk.refused(jobs.cancel(SETTINGS, "J1"), NotPermittedError, "a job of somebody")
    desk.refused(jobs.cancel(SETTINGS, "J9"), NotFoundError, "there is no job J9")


def test_whoever_runs_a_command_learns_of_jobs_that_are_stuck(desk: Desk) -> None:
    def said() -> str:
        return artifacts.stuck(desk.store, desk.run().now, SETTINGS.job_stuck_minutes)

    assert said() == ""
    create(desk, later=True)
    assert said() == ""
    desk.days = 1
    assert said().startswith("1 report job is stuck (J00001): `ticketops job work`")
    assert [one.code for one in desk.do(jobs.job_list(SETTINGS, "")).findings] == ["JOB_STUCK"]
    assert shown(desk).stuck
    work(desk)
    assert said() == ""
    assert not (desk.store.state_folder / "artifacts" / "waiting.json").exists()


def test_what_was_made_is_not_undone(desk: Desk) -> None:
    create(desk)
    desk.undo()
    assert shown(desk).state == "DONE"
    assert len(desk.rows("_TRANSFERS", "transfer_id")) == 1  # the offer before it was

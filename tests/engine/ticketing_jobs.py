"""The jobs of tickets on their way from one to another, for `test_jobs`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tests.desk import Desk
from ticketops.config import Settings
from ticketops.domain.plan import Run
from ticketops.engine.job import Job
from ticketops.services import jobs, ticketing
from ticketops.services.ticketing_reports import ticketing_report

LATER = datetime(2099, 1, 1)


def _run() -> Run:
    raise AssertionError("jobs are only planned here")


EVERY: dict[str, tuple[str, Callable[..., Job]]] = {
    "waitlist.join": (
        "operator",
        lambda *_: ticketing.waitlist_join("Meridian Travel", "M01", "Cat 1", 1),
    ),
    "waitlist.promote": ("sr_operator", lambda *_: ticketing.waitlist_promote("WL1", "", "", None)),
    "waitlist.accept": ("operator", lambda *_: ticketing.waitlist_accept("WL2", "")),
    "waitlist.skip": ("sr_operator", lambda *_: ticketing.waitlist_skip("WL2", "x")),
    "waitlist.list": ("operator", lambda *_: ticketing.waitlist_list("", "", "", "")),
    "transfer.offer": (
        "operator",
        lambda *_: ticketing.transfer_offer("S1-2", "Eve", "Fox", "e@example.org", LATER),
    ),
    "transfer.accept": ("operator", lambda *_: ticketing.transfer_accept("TR1")),
    "transfer.decline": ("operator", lambda *_: ticketing.transfer_decline("TR1", "x")),
    "transfer.revoke": ("operator", lambda *_: ticketing.transfer_revoke("TR1", "x")),
    "transfer.list": ("staff", lambda *_: ticketing.transfer_list("", "")),
    "allotment.add": ("operator", lambda *_: ticketing.allotment_add("Nordlys", "M01", "Cat 1", 2)),
    "allotment.assign": ("operator", lambda *_: ticketing.allotment_assign("AL1", ["P00003"])),
    "allotment.revoke": (
        "sr_operator",
        lambda *_: ticketing.allotment_revoke("AL1", ["S1-1"], 1, "x"),
    ),
    "allotment.list": ("operator", lambda *_: ticketing.allotment_list("AL1", "")),
    "report.ticketing.transfers": ("staff", lambda *_: ticketing_report("transfers", "")),
    "report.ticketing.waitlist": ("operator", lambda *_: ticketing_report("waitlist", "")),
    "report.ticketing.purchases": ("operator", lambda *_: ticketing_report("purchases", "")),
    "report.ticketing.blocks": ("operator", lambda *_: ticketing_report("blocks", "")),
    "job.reports": ("staff", lambda *_: jobs.catalogue()),
    "job.list": ("staff", lambda *_: jobs.job_list(Settings(), "")),
    "job.show": ("staff", lambda *_: jobs.show(Settings(), "J1")),
    "job.download": ("staff", lambda *_: jobs.show(Settings(), "J1", "job.download")),
    "job.create": (
        "staff",
        lambda book, *_: jobs.create(book, Settings(), _run, "position", "", "csv", later=True),
    ),
    "job.regenerate": (
        "staff",
        lambda book, *_: jobs.regenerate(book, Settings(), _run, "J2", later=True),
    ),
    "job.cancel": ("staff", lambda *_: jobs.cancel(Settings(), "J3")),
    "job.work": ("operator", lambda book, *_: jobs.work(book, Settings(), _run)),
}
"""{job: (its least role, how it is made)}."""


def prepare(desk: Desk) -> None:
    """S1-1 is offered to Eve and in an allotment; two wait for M01 Cat 3, and for one of them a unit is
    held; J1 and J3 wait, J2 was cancelled."""
    desk.do(ticketing.transfer_offer("S1-1", "Eve", "Fox", "e@example.org", LATER))
    desk.do(ticketing.allotment_add("Nordlys", "M01", "Cat 1", 4))
    desk.do(ticketing.allotment_assign("AL1", ["S1-1"]))
    for _ in range(2):
        desk.do(ticketing.waitlist_join("Meridian Travel", "M01", "Cat 3", 1))
    desk.do(ticketing.waitlist_promote("WL2", "", "", LATER))
    for user in ("tester", "tester", "staff"):
        desk.user = user
        desk.do(jobs.create(desk.store, Settings(), desk.run, "position", "", "csv", later=True))
    desk.user = "tester"
    desk.do(jobs.cancel(Settings(), "J2"))

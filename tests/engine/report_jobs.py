"""The jobs of reports and dashboards, for `test_jobs`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ticketops.engine.job import Job
from ticketops.services import dashboards, portfolio, reports

REPORTS: dict[str, tuple[str, Callable[..., Job]]] = {
    "report.inventory": ("staff", lambda *_: reports.inventory_job("both")),
    "report.allocation": ("staff", lambda *_: reports.allocation_job("match", _DAY)),
    "report.dispatch": ("staff", lambda _b, _o, own: reports.dispatch_job("client", own)),
    "report.summary": ("operator", lambda *_: reports.summary_job("client")),
    "report.pnl": ("operator", lambda *_: reports.pnl_job("match", _DAY)),
    "report.match": ("operator", lambda _b, _o, own: reports.match_job("M01", own)),
    "portfolio": ("operator", lambda _b, _o, own: portfolio.event_job("WC2026", own)),
    "dashboard.build": ("staff", lambda *_: dashboards.gate("staff")),
    "dashboard.matches": ("staff", lambda _b, _o, own: dashboards.widgets_job(own)),
    "dashboard.mine": ("staff", lambda _b, _o, own: dashboards.mine_job(own)),
}
"""{name: (the least role, one such job)}"""
_DAY: Any = datetime(2026, 4, 17)

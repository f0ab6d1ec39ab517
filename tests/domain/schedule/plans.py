"""Schedules of others to import: made up, in the two shapes of the specification and in any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from tests.desk import CopiedDesk
from ticketops.config import Settings
from ticketops.domain.plan import Plan
from ticketops.domain.schedule.importing import Options
from ticketops.schema.foreign import Cells, table_of
from ticketops.schema.layouts.event import SCHEDULE
from ticketops.services import schedule

OLYMPICS = (
    *("Session CODE", "CATEGORY", "DISP", "Date", "Day", "Venue", "Capacity", "Start", "End"),
    *("S.Desc", "Long Desc", "Medal"),
)
FIFA = (
    *("Day", "Date", "M#", "Game", "Group", "Time", "City+Stadiums", "Country", "Region"),
    "Capacity",
)

ARC = ("2024-07-25", "Thu", "Invalides", 8000, "09:30:00", "12:30:00")
FINAL = ("2024-07-28", "Sun", "Invalides", 8000, "14:15:00", "00:45:00")
SESSIONS = (
    ("ARC01", "A", "Archery", *ARC, "W - Individual ranking round", "Ranking [reserved]", "N"),
    ("ARC01", "B", "Archery", *ARC, "W - Individual ranking round", "Ranking [reserved]", "N"),
    ("ARC02", "First", "ARC", *FINAL, "W - Team - 1/4 Finals, Bronze, Final", "", "Y"),
    ("FBL58", "A", "", "2024-07-26", "", "Stade de France", 0, time(21), time(23), "M - AFC2 vs Spain", "", "N"),
    ("BK301", "C", "", 45502, "", "La Concorde", "12,000", 0.875, 0.9375, "Women's Pool Round", "", ""),
)  # fmt: skip
GROUP = (
    ("Thu", datetime(2026, 6, 11), "M1", "Mexico vs South Africa", "Group A", "13:00 UTC-6", "Mexico City · Estadio Azteca", "Mexico", "Central", 83000),
    ("Thu", datetime(2026, 6, 11), 2, "South Korea vs UEFA Path D winner", "Group A", "20:00 UTC-6", "Guadalajara · Estadio Akron", "Mexico", "Central", 48000),
    ("Sun", "19 July 2026", "M104", "W101 vs W102", "Final", "15:00", "New York · MetLife Stadium", "USA", "East", None),
)  # fmt: skip


class PlanDesk(CopiedDesk):
    """A desk at which schedules arrive."""

    def take(
        self, headers: Sequence[str], *rows: Sequence[Any], label: str = "plan.csv", **options: Any
    ) -> Plan:
        """Import rows under a header, those that fail left out."""
        chosen = Options(**{"partial": True, **options})
        return self.do(self.job(headers, rows, chosen, label))

    def job(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[Any]],
        options: Options,
        label: str = "plan.csv",
    ) -> Any:
        cells = Cells("", (), [list(headers), *map(list, rows)], list(range(1, len(rows) + 2)))
        return schedule.schedule_import(table_of(label, cells), options, Settings())

    def change(self, match: str, **given: Any) -> Plan:
        """`schedule set`."""
        return self.do(schedule.schedule_set(match, given, Settings(), new=False))

    def deadline(self, text: str) -> None:
        """Type a DispatchDeadline beside the first match."""
        cells, last = self.store._sheets[SCHEDULE], len(FIFA) + 1
        cells[1][last], cells[2][last] = "DispatchDeadline", text

    def line(self, code: str) -> Any:
        """A line of `schedule list`."""
        found = self.do(schedule.schedule_list(schedule.Filters())).result.lines
        return next(one for one in found if one.code == code)

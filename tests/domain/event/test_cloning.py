"""A new event from one that was played."""

from __future__ import annotations

from typing import Any

from tests.domain.schedule.cups import FOUR, CupDesk
from ticketops.config import Settings
from ticketops.schema.layouts.event import EVENT, MATCHES, SCHEDULE
from ticketops.services import events, schedule

SCORES = ("21", "10", "20", "11", "03", "20", "10", "20", "21", "00", "01", "01")
"""Of the groups: Mexico wins A before Spain, Brazil B before Italy."""


def test_a_clone_has_the_sides_as_they_were_written_and_no_result() -> None:
    desk = CupDesk()
    for code, scores in zip((line[0] for line in FOUR), SCORES, strict=False):
        desk.result(code, "-".join(scores))
    desk.result("M13", "1-1", penalties="4-3", cards="Y/R")
    desk.result("M14", "1-0")
    given: dict[str, dict[str, Any]] = {
        "M15": {"status": "POSTPONED", "description": "Bronze"},
        "M16": {"away": "Norway", "medal": True, "status": "LIVE"},
    }
    for match, cells in given.items():
        desk.do(schedule.schedule_set(match, cells, Settings(), new=False))
    assert desk.games()["M13"] == "Mexico vs Italy"
    assert desk.games()["M16"] == "Mexico vs Norway"
    cloned = desk.do(events.event_clone("Next", "X30")).result.rows
    found = {sheet: _records(sheet, cloned[sheet]) for sheet in (SCHEDULE, MATCHES)}
    written = {code: game for code, _group, game in FOUR} | {"M16": "Winner SF1 vs Norway"}
    assert {code: row["game"] for code, row in found[SCHEDULE].items()} == written
    for code, row in found[MATCHES].items():
        results = ("score", "penalties", "cards", "winner", "runner_up")
        assert [row[name] for name in results] == [None] * 5, code
        assert row["pairing"] in (None, written[code])
        assert f"{row['home']} vs {row['away']}" in ("None vs None", written[code])
        assert row["status"] == ("POSTPONED" if code == "M15" else None)
    assert found[MATCHES]["M15"]["description"] == "Bronze"
    assert found[MATCHES]["M16"]["medal"] is True


def _records(sheet: str, rows: list[tuple[Any, ...]]) -> dict[str, dict[str, Any]]:
    names = [column.name for column in EVENT[sheet].columns]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    return {record["match"]: record for record in records}

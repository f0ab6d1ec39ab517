"""A schedule of 1,000 sessions with five categories each, imported once and again; and the last result
of a group, which resolves two sides and renames their matches in every ledger: each beside a sale that
is added to the same workbook."""

from __future__ import annotations

import csv
from pathlib import Path

from harness import WORK, Measured, alternate, fresh, once, row, tool


def _last_matches(live: str, groups: int) -> list[str]:
    """Give all but the last match of some groups a result, and every team a ranking, so that the last
    one decides; those last ones."""
    from ticketops.config import Settings
    from ticketops.domain.schedule.bracket import bracket
    from ticketops.domain.schedule.facts import TeamLine
    from ticketops.domain.schedule.resolving import OF_BRACKET
    from ticketops.domain.schedule.results import Given
    from ticketops.engine.opening import open_store
    from ticketops.engine.transaction import carry_out, new_run
    from ticketops.services import tournament

    store = open_store(WORK / live, Settings())
    known = list(bracket(store.read(*OF_BRACKET)).groups.values())[:groups]
    teams = [team for group in known for team in group.teams]
    ranked = [TeamLine(team, {"ranking": n}) for n, team in enumerate(teams, start=1)]
    jobs = [tournament.schedule_teams(ranked, new=True)]
    for group in known:
        for number, code in enumerate(group.matches[:-1]):
            score = Given(f"{number % 3}-1", cards="0/0")
            jobs.append(tournament.schedule_result(code, score))
    for job in jobs:
        carry_out(store, job, new_run("bench", role="ops_manager"))
    return [group.matches[-1] for group in known]


def bench_schedules(book: str, runs: int) -> dict[str, Measured]:
    """A result's cascade and `sale add`, alternately on one workbook."""
    results = {name: Measured(name) for name in ("result", "sale add")}
    live = fresh(book, f"live-schedule-{book}")
    last = _last_matches(live, runs)

    def result(number: int) -> None:
        words = ("schedule", "result", last[number], "--score", "9-0", "--cards", "0/0")
        once(results["result"], tool(*words, "-w", live, "-q"))

    def sale(_n: int) -> None:
        words = ("sale", "add", "--client", "Bench", "--line", "M05:Cat 1:2@99", "--new")
        once(results["sale add"], tool(*words, "-w", live, "-q"))

    sale(0)
    results["sale add"] = Measured("sale add")
    alternate(min(runs, len(last)), result, sale)
    return results


_SPORTS = ("ARC", "ATH", "FBL", "SWM", "BKB", "JUD", "TEN", "FEN", "VVO", "HBL")
_HEADERS = (
    *("Session CODE", "CATEGORY", "DISP", "Date", "Day", "Venue", "Capacity", "Start", "End"),
    *("S.Desc", "Long Desc", "Medal"),
)


def _games(path: Path) -> None:
    """A made-up schedule in the flat shape: a row a session and category."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(_HEADERS)
        for number in range(1_000):
            hall, hour = number // 40, 9 + number % 10
            for category in ("First", "A", "B", "C", "D"):
                lines.writerow(
                    (
                        *(f"{_SPORTS[number // 100]}{number % 100 + 1:02d}", category, ""),
                        *(f"2028-07-{14 + number % 17}", "", f"Venue {hall:02d}", 1_000 + hall),
                        *(f"{hour:02d}:00:00", f"{hour + 2:02d}:30:00"),
                        f"{'MW'[number % 2]} - Team {number} vs Team {number + 1} - Group A",
                        f"Scheduled events, subject to change: {'x' * 80}",
                        "Y" if number % 9 == 0 else "N",
                    )
                )


def bench_imports(book: str, runs: int) -> dict[str, Measured]:
    """An import, the same again, and `sale add`, alternately, each round on a fresh copy."""
    results = {name: Measured(name) for name in ("sale add", "import", "again")}
    _games(WORK / "games.csv")

    def each(_n: int) -> None:
        live = fresh(book, f"live-import-{book}")
        once(Measured("warm-up"), tool("status", "-w", live, "-q"))
        sale = ("sale", "add", "--client", "Bench", "--line", "M05:Cat 1:2@99", "--new")
        once(results["sale add"], tool(*sale, "-w", live, "-q"))
        words = ("schedule", "import", "games.csv", "--another-event", "-w", live, "-q")
        once(results["import"], tool(*words))
        once(results["again"], tool(*words))

    each(0)
    for name in results:
        results[name] = Measured(name)
    alternate(runs, each)
    return results


def imports_report(of: dict[str, Measured]) -> str:
    """The lines of the page."""

    def against(name: str) -> str:
        ratio = of[name].median / of["sale add"].median
        return f"{ratio:.2f} × `sale add` (at most 3)"

    lines = [
        "",
        "## Schedules",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
        row("`sale add` of one line", of["sale add"]),
        row("`schedule import` of 1,000 sessions × 5 categories", of["import"], against("import")),
        row("the same again, nothing changed", of["again"], against("again")),
        "",
    ]
    return "\n".join(lines)


def schedules_report(of: dict[str, Measured]) -> str:
    """The lines of the page."""
    ratio = of["result"].median / of["sale add"].median
    lines = [
        "",
        "## Results",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
        row("`sale add` of one line", of["sale add"]),
        row(
            "`schedule result` that decides a group",
            of["result"],
            f"{ratio:.2f} × `sale add` (at most 1.3)",
        ),
        "",
    ]
    return "\n".join(lines)

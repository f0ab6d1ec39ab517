"""Results and standings on the command line, and the files that decide beside them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import openpyxl
import pytest

from tests.conftest import Result, Runner
from ticketops.cli.main import run

LINES = [
    ("M01", "Group A", "Mexico", "Spain"),
    ("M02", "Group B", "Brazil", "Italy"),
    ("M03", "Final", "1A", "Winner Group B"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with three matches."""
    path = tmp_path_factory.mktemp("cup") / "cup.xlsx"
    assert run(["init", str(path), "--event", "CUP"]) == 0
    for code, group, home, away in LINES:
        words = ["--date", "2026-06-11", "--group", group, "--home", home, "--away", away]
        assert run(["schedule", "add", code, *words, "-w", str(path), "-q"]) == 0
    return path


@pytest.fixture
def cup(made: Path, tmp_path: Path, in_process: Runner, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Commands on a copy of it, in its folder."""
    shutil.copy(made, tmp_path / "cup.xlsx")
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> Result:
        return in_process(*words, env={"COLUMNS": "80", "TICKETOPS_WORKBOOK": "cup.xlsx"})

    return command


def test_a_result_as_an_operator_reads_it(cup: Runner) -> None:
    done = cup("schedule", "result", "Mexico vs Spain", "--score", "2-1")
    assert done.code == 0
    assert done.out.splitlines()[:2] == ["M01: Mexico won against Spain", "M03 home: 1A → Mexico"]
    drawn = cup("schedule", "result", "M02", "--score", "0-0")
    assert drawn.out.splitlines()[:2] == [
        "M02: a draw",
        "M03 away is open: Group B, place 1: conduct of Brazil and Italy is missing",
    ]
    shown = cup("schedule", "standings")
    assert shown.code == 0
    assert "Group B, place 1: conduct of Brazil and Italy is missing" in shown.out
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    again = cup("schedule", "result", "M01", "--score", "3-1")
    assert (again.code, again.out) == (4, "")
    assert again.err == (
        "ticketops: M01 is FINISHED (2-1) (--correct replaces the result that it has)\n"
    )


def test_the_json_of_a_result_and_of_the_standings(cup: Runner) -> None:
    result = cup("schedule", "result", "M01", "--score", "2-1", "--json").json["result"]
    assert result == {
        "match": "M01",
        "winner": "Mexico",
        "runner_up": "Spain",
        "resolved": [{"match": "M03", "side": "HOME", "was": "1A", "now": "Mexico"}],
        "unresolved": [],
    }
    groups = cup("schedule", "standings", "--json").json["result"]["groups"]
    assert groups["A"][0] == {
        "rank": 1,
        "team": "Mexico",
        "played": 1,
        "won": 1,
        "drawn": 0,
        "lost": 0,
        "gf": 2,
        "ga": 1,
        "gd": 1,
        "points": 3,
        "decided_by": "POINTS",
    }
    assert [(one["rank"], one["decided_by"]) for one in groups["B"]] == [(1, "UNRESOLVED")] * 2
    assert list(cup("schedule", "standings", "group b", "--json").json["result"]["groups"]) == ["B"]
    assert cup("schedule", "standings", "Q").code == 3


def test_rankings_come_from_a_file_and_decide(cup: Runner, tmp_path: Path) -> None:
    cup("schedule", "result", "M02", "--score", "1-1", "--cards", "Y/Y")
    (tmp_path / "ranking.csv").write_text("Rank;Country\n5;Brazil\n12;Italia\n")
    assert cup("schedule", "teams", "ranking.csv", "-n").code == 0
    book = openpyxl.Workbook()
    book.active.append(["Team", "Ranking"])
    book.active.append(["brazil", 5])
    book.active.append(["Italy", 12])
    book.save(tmp_path / "ranking.xlsx")
    done = cup("schedule", "teams", "ranking.xlsx")
    assert done.out.splitlines()[:2] == [
        "2 teams added, 0 changed, 0 unchanged",
        "M03 away: Winner Group B → Brazil",
    ]
    again = cup("schedule", "teams", "ranking.xlsx", "--json").json
    assert (again["result"]["unchanged"], again["changes"]) == (2, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("team,price\nBrazil,3\n", "names no teams with what decides between them"),
        ("team,ranking\nBrazil,first\n,2\n", "line 2: ranking must be a whole number, not 'first'"),
        ("team,ranking\nBrazil,first\n,2\n", "line 3: the team is missing"),
        ("team,ranking\nBrazil,1\nbrazil,2\n", "line 3: Brazil is there twice"),
        ("team,ranking\nBrasil,1\n", "team 'Brasil' is ambiguous"),
    ],
)
def test_a_file_that_is_wrong_is_refused_whole(
    cup: Runner, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "teams.csv").write_text(text)
    done = cup("schedule", "teams", "teams.csv")
    assert done.code in (2, 3, 4)
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_table_of_thirds_is_taken_twice_without_a_change(cup: Runner, tmp_path: Path) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([["A", "B", "1C"], ["A", "", "3A"], ["", "B", "B"]])
    (tmp_path / "thirds.csv").write_text(written.getvalue())
    done = cup("schedule", "thirds", "thirds.csv", "--json").json
    assert done["result"]["added"] == ["A", "B"]
    assert cup("schedule", "thirds", "thirds.csv", "--json").json["result"]["unchanged"] == 2


TEAMS_FILES = {
    "ranking.html": "<title>x</title><table><caption>Men</caption><tr><th>Rank<th>Team</tr>"
    "<tr><td>5<td>Brazil</tr><tr><td>12<td>Italy</tr></table>",
    "ranking.json": '[{"team": "Brazil", "ranking": 5}, {"team": "Italy", "ranking": 12}]',
    "ranking.tsv": "The ranking of May 2026\n\nTeam\tFIFA rank\nBrazil\t5\nItaly\t12\n",
}


@pytest.mark.parametrize("name", TEAMS_FILES)
def test_rankings_come_from_files_of_any_program(cup: Runner, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TEAMS_FILES[name])
    done = cup("schedule", "teams", name, "--json")
    assert done.code == 0, done.err
    assert done.json["result"]["added"] == ["Brazil", "Italy"]


@pytest.mark.parametrize("name", ["thirds.html", "thirds.tsv", "thirds.json", "thirds.xlsx"])
def test_thirds_come_from_files_of_any_program(cup: Runner, tmp_path: Path, name: str) -> None:
    rows = [["1B", "1C"], ["3A", "3B"], ["3C", "3B"]]
    if name.endswith("html"):
        cells = ("".join(f"<td>{cell}" for cell in row) for row in rows)
        text = "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"
    elif name.endswith("json"):
        text = json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]])
    else:
        text = "\n".join("\t".join(row) for row in [["Annex C, 2 rows"], *rows])
    (tmp_path / name).write_text(text)
    if name.endswith("xlsx"):
        book = openpyxl.Workbook()
        book.active.append(["nothing here"])
        sheet = book.create_sheet("Annex C")
        for row in [["Annex C, 2 rows"], *rows]:
            sheet.append(row)
        book.save(tmp_path / name)
    more = ("--sheet", "Annex C") if name.endswith("xlsx") else ()
    done = cup("schedule", "thirds", name, "--json", *more)
    assert done.code == 0, done.err
    assert done.json["result"]["added"] == ["AB", "BC"]


def test_a_ranking_that_shows_an_error_is_not_taken_for_blank(cup: Runner, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Team", "Ranking", "Conduct"])
    book.active.append(["Brazil", "#N/A", -2])
    book.save(tmp_path / "ranking.xlsx")
    done = cup("schedule", "teams", "ranking.xlsx")
    assert done.code == 3
    assert "line 2: ranking must be a whole number, not '#N/A'" in done.err


def test_an_undo_opens_the_side_again(cup: Runner) -> None:
    cup("schedule", "result", "M01", "--score", "2-1")
    assert cup("undo", "-y").code == 0
    shown = cup("schedule", "show", "M03", "--json")
    assert shown.code == 0
    assert "1A vs Winner Group B" in shown.out


def test_lists_say_the_stage_of_what_was_sold(cup: Runner) -> None:
    sold = cup("sale", "add", "--client", "Acme", "--line", "M03:Cat 1:2@99", "--new")
    assert sold.code == 0
    (sale,) = cup("sale", "list", "--json").json["result"]["sales"]
    tickets = cup("ticket", "list", "--json").json["result"]["tickets"]
    assert [sale["stage"], *(ticket["stage"] for ticket in tickets)] == ["FINAL"] * 3


def test_a_side_that_names_what_was_played_is_that_team_at_once(cup: Runner) -> None:
    cup("schedule", "result", "M01", "--score", "2-1")
    added = cup("schedule", "add", "M05", "--date", "2026-06-12", "--home", "W01", "--away", "TBD")
    assert added.code == 0, added.err
    assert cup("schedule", "set", "M05", "--away", "Loser M01").code == 0
    line = cup("schedule", "show", "M05", "--json").json["result"]["line"]
    assert (line["home"], line["away"]) == ("Mexico", "Spain")
    assert cup("schedule", "result", "M01", "--score", "0-1", "--correct").code == 0
    line = cup("schedule", "show", "M05", "--json").json["result"]["line"]
    assert (line["home"], line["away"]) == ("Spain", "Mexico")
    assert cup("undo", "-y").code == cup("undo", "-y").code == cup("undo", "-y").code == 0
    assert cup("schedule", "show", "M05").code == 3


def test_the_sides_of_a_match_that_was_played_stay(cup: Runner) -> None:
    cup("schedule", "result", "M01", "--score", "1-1")
    assert "M01 has a result" in cup("schedule", "set", "M01", "--home", "Peru").err

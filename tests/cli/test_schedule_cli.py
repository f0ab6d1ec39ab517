"""`ticketops schedule`: files that arrive, at the command line."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import openpyxl
import pytest

from tests.cli.terminal import ENTER, at_terminal
from tests.conftest import Result, Runner

MAPPING = (
    *("--map", "code=match", "--map", "time=kickoff", "--map", "description=round"),
    *("--map", "home=team1", "--map", "away=team2", "--map", "venue=ground"),
)


@pytest.fixture(scope="module")
def source(empty_source: Path) -> Path:
    return empty_source


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {"TICKETOPS_WORKBOOK": str(book)}


def do(here: Runner, *words: str) -> Result:
    return here("schedule", *words)


def result(done: Result) -> dict[str, object]:
    return json.loads(done.out)["result"]


def plan(folder: Path, *lines: str, name: str = "plan.csv") -> str:
    path = folder / name
    path.write_text("\n".join(("M#,Date,Time,Game,Venue", *lines)) + "\n", encoding="utf-8")
    return str(path)


def real_file() -> str:
    """The 104 matches of 2026. Skips the test where there is no such file."""
    folder = os.environ.get("TICKETOPS_TEST_DATA", "")
    path = Path(folder) / "wc2026_matches.csv"
    if not folder or not path.is_file():
        pytest.skip("TICKETOPS_TEST_DATA names no folder with wc2026_matches.csv")
    return str(path)


def test_the_real_schedule_arrives_by_mapping_in_one_command(here: Runner) -> None:
    file = real_file()
    first = result(do(here, "import", file, *MAPPING, "-y", "--json"))
    with open(file, encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert first["matches_new"] == first["sessions"] == len(rows) == 104
    assert first["venues_new"] == len({row["ground"] for row in rows})
    assert first["errors"] == []
    again = do(here, "import", file, "-y", "--json")
    assert again.code == 0
    assert result(again)["matches_unchanged"] == 104
    assert json.loads(again.out)["changes"] == {}
    listed = {line["code"]: line for line in result(do(here, "list", "--json"))["lines"]}
    for row in rows:
        line = listed[f"M{int(row['match']):02}"]
        assert (line["date"], line["time"]) == (row["date"], row["kickoff"])
        assert (line["home"], line["away"]) == (row["team1"], row["team2"])
        assert line["venue"] == row["ground"]
    stages = [line["stage"] for line in listed.values()]
    assert {stage: stages.count(stage) for stage in set(stages)} == {
        "GROUP": 72,
        "ROUND_OF_32": 16,
        "ROUND_OF_16": 8,
        "QUARTER_FINAL": 4,
        "SEMI_FINAL": 2,
        "THIRD_PLACE": 1,
        "FINAL": 1,
    }
    assert listed["M74"]["away_placeholder"]


def test_a_workbook_of_another_program_and_json_arrive_alike(
    here: Runner, book: Path, tmp_path: Path
) -> None:
    made = openpyxl.Workbook()
    for row in (
        ("Schedule",),
        ("M#", "Date", "Game", "City+Stadiums"),
        (1, "11 June 2026", "A vs B", "Rome · Olimpico"),
    ):
        made.active.append(row)
    made.save(tmp_path / "fifa.xlsx")
    assert result(do(here, "import", str(tmp_path / "fifa.xlsx"), "-y", "--json"))["new"] == ["M01"]
    (tmp_path / "cup.json").write_text(
        json.dumps({"matches": [{"num": 1, "date": "2026-06-11", "team1": "A", "team2": "B"}]})
    )
    done = result(do(here, "import", str(tmp_path / "cup.json"), "-y", "--json"))
    assert done["matches_unchanged"] == 1


def test_rows_that_fail_are_listed_and_nothing_is_written(
    here: Runner, book: Path, tmp_path: Path
) -> None:
    bad = [f"M{n},soon,19:00,A vs B,Rome" for n in range(2, 32)]
    file = plan(tmp_path, "M1,2026-06-11,19:00,A vs B,Rome", *bad)
    before = book.read_bytes()
    done = do(here, "import", file, "-y")
    assert done.code == 2
    for line in range(3, 33):
        assert any(text.split()[:2] == [str(line), "BAD_DATE"] for text in done.out.splitlines())
    assert "--partial" in done.out
    assert book.read_bytes() == before
    assert do(here, "import", file, "-y", "--json").code == 2
    assert do(here, "import", file, "-n").code == 1
    assert book.read_bytes() == before
    partial = do(here, "import", file, "-y", "--partial", "--json")
    assert partial.code == 1
    assert result(partial)["new"] == ["M01"]
    assert len(result(partial)["errors"]) == 30


def test_a_file_of_many_rows_that_fail_shows_the_first(here: Runner, tmp_path: Path) -> None:
    file = plan(tmp_path, *(f"M{n},soon,19:00,A vs B,Rome" for n in range(1, 61)))
    done = do(here, "import", file, "-y")
    assert sum("BAD_DATE" in text for text in done.out.splitlines()) == 50
    assert "… and 10 more (--json has all)" in done.out
    assert len(result(do(here, "import", file, "-y", "--json"))["errors"]) == 60


def test_set_add_list_and_show_say_what_stands_there(
    here: Runner, book: Path, tmp_path: Path
) -> None:
    do(here, "import", plan(tmp_path, "M1,2026-06-11,19:00,A vs 2B,Rome"), "-y")
    added = do(here, "add", "M2", "--date", "2026-06-12", "--home", "W1", "--away", "Spain", "-y")
    assert added.code == 0
    set_ = result(do(here, "set", "M1", "--away", "Italy", "--medal", "-y", "--json"))
    assert [(one["field"], one["now"]) for one in set_["changed"]] == [
        ("medal", "Y"),
        ("game", "A vs Italy"),
    ] or {one["field"] for one in set_["changed"]} == {"medal", "game"}
    shown = result(do(here, "show", "M1", "--json"))
    assert shown["pairing"] == "A vs Italy"
    assert [one["action"] for one in shown["trail"]] == ["IMPORT", "SET"]
    text = do(here, "list").out
    assert "A vs Italy" in text
    assert "medal" in text
    assert here("undo", "-y").code == 0
    assert result(do(here, "show", "M1", "--json"))["line"]["away"] == "2B"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("import", "none.csv"), 3, "can't be read"),
        (("import", "plan.csv", "--shape", "round"), 2, "--shape must be one of"),
        (("import", "plan.csv", "--map", "colour=Red"), 2, "--map must be FIELD=HEADER"),
        (("import", "plan.csv", "--map", "home=Heim"), 2, "no column 'Heim'"),
        (("import", "plan.csv", "--profile", "x"), 2, "no profile is called 'x'"),
        (("import", "plan.csv", "--header-row", "9"), 3, "has no row 9"),
        (("import", "plan.csv", "--sheet", "x"), 3, "has no sheets"),
        (("import", "plan.csv", "--shape", "olympics"), 3, "not of the shape olympics"),
        (("add", "M9"), 2, "--date is missing"),
        (("set", "M1"), 2, "nothing to set"),
        (("set", "M1", "--time", "noonish"), 2, "--time"),
        (("show", "M9"), 3, "no match M09"),
        (("list", "--date", "soon"), 2, "--date"),
    ],
)
def test_what_can_not_be_done_is_one_clear_line(
    here: Runner, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    do(here, "import", plan(tmp_path, "M1,2026-06-11,19:00,A vs B,Rome"), "-y")
    done = do(here, *words, *(("-y",) if words[0] in ("import", "add", "set") else ()))
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err


def test_standard_input_is_a_file_too(at: Runner) -> None:
    text = "M#;Date;Game\nM1;11.6.2026;A vs B\n"
    done = at("schedule", "import", "-", "-y", "--json", stdin=text)
    assert result(done)["new"] == ["M01"]


@pytest.mark.parametrize(
    ("answer", "time"), [("y", "21:00"), ("n", None)], ids=["it is", "it is not"]
)
def test_a_column_that_is_only_near_a_field_is_asked_for_at_a_terminal(
    book: Path, here: Runner, answer: str, time: str | None
) -> None:
    path = book.parent / "near.csv"
    path.write_text("Sesion CODE,Date,Kickof,Game,Venue\nM1,2026-06-11,21:00,A vs B,Rome\n")
    said = at_terminal(
        *("schedule", "import", str(path), "-w", str(book)),
        typed=["y\n", f"{answer}\n", ENTER],
        cwd=book.parent,
    )
    assert said.code == 0, said.out
    assert "is the column 'Sesion CODE' the field code? [y/N]" in said.out
    assert "is the column 'Kickof' the field time? [y/N]" in said.out
    (line,) = result(do(here, "list", "--json"))["lines"]  # type: ignore[misc]
    assert (line["code"], line["time"]) == ("M01", time)
    # what was said is remembered
    (kept,) = result(do(here, "profiles", "--json"))["profiles"]  # type: ignore[misc]
    told = {"code": "Sesion CODE"} | ({"time": "Kickof"} if time else {})
    assert kept["mapping"] == told


def test_a_file_whose_codes_are_in_a_column_of_a_near_name_says_so(
    book: Path, here: Runner
) -> None:
    path = book.parent / "near.csv"
    path.write_text("Sesion CODE,Date,Game,Venue\nM1,2026-06-11,A vs B,Rome\n")
    refused = do(here, "import", str(path), "-y")
    assert refused.code == 3
    assert "--map code='Sesion CODE'" in refused.err

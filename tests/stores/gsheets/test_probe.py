"""`google probe`: what it tells, what it leaves behind (a file without names, a memory), and what
it leaves alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.terminal import at_terminal
from tests.google.server import Fault
from tests.google.ways import WAYS
from tests.online import Google
from tests.sampling import some
from tests.stores.gsheets.commands import Command, nothing_leaked, one_line, variables
from tests.stores.gsheets.fixtures import stocked, titles
from tests.stores.gsheets.probing import HARMLESS, NOBODY, answers_file, probe, throw_away, told

FLIPS = [(name, answer) for name, answers in WAYS.items() for answer in answers[1:]]


def memory(google: Google) -> list[Path]:
    return list((google.folder / "state" / ".google-accounts").glob("*.json"))


def test_the_server_as_it_is_holds_in_everything(google: Google, command: Command) -> None:
    key = throw_away(google)
    before = google.server.snapshot(key)
    done = probe(command, google, key, "--json")
    assert done.code == 0
    found = done.json["result"]
    assert {one["name"]: one["answer"] for one in found["experiments"]} == {
        name: answers[0] for name, answers in WAYS.items()
    }
    assert {one["verdict"] for one in found["experiments"]} == {"holds"}
    assert (found["refused"], found["allowed"], memory(google)) == ([], [], [])
    assert google.server.snapshot(key) == before


@pytest.mark.parametrize(("name", "answer"), some(FLIPS, 4, of=2))
def test_every_other_answer_is_told(
    name: str, answer: str, google: Google, command: Command
) -> None:
    key = throw_away(google)
    before = google.server.snapshot(key)
    google.server.ways.turn(name, answer)
    done = probe(command, google, key)
    rows = [line.split() for line in done.out.splitlines()]
    (row,) = [row for row in rows if name in row]
    holds = (name, answer) in HARMLESS
    assert (done.code, row[0]) == ((0, "holds") if holds else (1, "FAILS"))
    assert " ".join(row[2:]).startswith(answer)
    others = [row[0] for row in rows[1 : len(WAYS) + 1] if name not in row]
    assert others == ["holds"] * (len(WAYS) - 1)
    assert told(google) == {other: said[0] for other, said in WAYS.items()} | {name: answer}
    assert len(memory(google)) == (0 if holds else 1)
    assert google.server.snapshot(key) == before


@pytest.mark.parametrize("answer", ["as it is", "turned"])
def test_the_file_can_be_replayed(answer: str, google: Google, command: Command) -> None:
    """A server that answers by the file of another one gives the same file."""
    if answer == "turned":
        for name, answers in WAYS.items():
            google.server.ways.turn(name, answers[-1])
        google.server.ways.turn("same-title", "refused", 409, 'Taken is "{title}" by {id} already')
        google.server.ways.turn("protected-cell", "protected", 403, "No protected cell or object!")
    probe(command, google, throw_away(google))
    first = answers_file(google).read_text()
    google.server.ways.turned.clear()
    google.server.ways.replay(answers_file(google))
    probe(command, google, throw_away(google))
    assert json.loads(answers_file(google).read_text()) == json.loads(first)
    assert ("409" in first) == (answer == "turned")


def test_neither_the_file_nor_the_memory_names_anybody(google: Google, command: Command) -> None:
    key = throw_away(google)
    words = f"{NOBODY} and owner@example.com can't be in Nobody's, says {key}"
    google.server.ways.turn("sharing-refused", "other words", 400, words)
    google.server.ways.turn("strict-validation", "dropped")
    done = probe(command, google, key)
    kept = [answers_file(google), *memory(google)]
    assert len(kept) == 2
    for file in kept:
        text = file.read_text() + file.name
        assert not re.search(r"@|Nobody's|nobody|robot|gserviceaccount|127\.0\.0", text)
        assert key not in text
    assert "{address} and {address} can't be in {name}, says {spreadsheet}" in kept[0].read_text()
    nothing_leaked(google, done)


# --- what is not measured


def test_what_takes_another_person_is_said(google: Google, command: Command) -> None:
    key = google.server.new_spreadsheet("Empty", None, {google.email: "writer"})
    file = str(answers_file(google))
    done = command("google", "probe", "-w", f"gsheet:{key}", "--out", file, "-y", "--json")
    assert done.code == 0
    unknown = {
        one["name"]: one["note"]
        for one in done.json["result"]["experiments"]
        if one["verdict"] == "not measured"
    }
    assert set(unknown) == {"protected-cell", "sharing-refused"}
    assert google.email in unknown["protected-cell"]
    assert "--share-with" in unknown["sharing-refused"]
    assert set(told(google)) == set(WAYS) - set(unknown)


def test_an_address_with_an_account_keeps_no_access(google: Google, command: Command) -> None:
    key = throw_away(google)
    before = google.server.snapshot(key)
    done = probe(command, google, key, "--share-with", "anna@desk.example")
    assert "that address has a Google account" in done.out
    assert google.server.snapshot(key) == before


# --- until told otherwise


def test_a_later_probe_counts_for_what_it_measures(google: Google, command: Command) -> None:
    key = throw_away(google)
    google.server.ways.turn("write-under-filter", "skipped")
    google.server.ways.turn("sharing-refused", "other words")
    assert probe(command, google, key).code == 1
    google.server.ways.turned.clear()
    empty = google.server.new_spreadsheet("Empty", None, {google.email: "writer"})
    file = str(answers_file(google))
    words = ("google", "probe", "-w", f"gsheet:{empty}", "--out", file, "-y", "--json")
    found = command(*words).json["result"]
    assert found["allowed"] == ["changes of a sheet whose filter or slicer may hide rows"]
    assert found["refused"] == ["sharing of books"]
    assert probe(command, google, key, "--json").json["result"]["allowed"] == ["sharing of books"]
    assert memory(google) == []


def test_forgetting(google: Google, command: Command) -> None:
    google.server.ways.turn("many-ranges", "refused")
    probe(command, google, throw_away(google))
    google.server.log.clear()
    assert "would be allowed again" in command("google", "probe", "--forget", "-n").out
    assert len(memory(google)) == 1
    assert "allowed again: changes of many cells" in command("google", "probe", "--forget").out
    assert memory(google) == []
    assert "nothing is refused" in command("google", "probe", "--forget").out
    assert google.server.log == []


# --- what it leaves alone


def test_a_spreadsheet_that_holds_something_is_left_alone(google: Google, command: Command) -> None:
    key = stocked(google)
    before = google.server.snapshot(key)
    one_line(probe(command, google, key), 4, "holds something", "empty spreadsheet")
    assert google.server.snapshot(key) == before
    assert google.server.count("write") == 0
    assert not answers_file(google).exists()


def test_nothing_is_asked_unless_somebody_says_so(google: Google, command: Command) -> None:
    key = throw_away(google)
    done = command("google", "probe", "-w", f"gsheet:{key}")
    one_line(done, 4, "nobody confirmed it", "--yes")
    shown = command("google", "probe", "-w", f"gsheet:{key}", "-n")
    assert shown.code == 0
    assert all(name in shown.out for name in WAYS)
    assert google.server.log == []


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 4), ("\n", 4)])
def test_a_person_is_asked_once(typed: str, code: int, google: Google) -> None:
    """By the title of the spreadsheet, once it is seen that nothing is in it."""
    key = throw_away(google)
    words = ("google", "probe", "-w", f"gsheet:{key}", "--out", str(answers_file(google)))
    done = at_terminal(*words, typed=[typed], env=variables(google, {}))
    assert (done.code, done.out.count("go on? [y/N]")) == (code, 1)
    assert "Nobody's" in done.out
    assert (google.server.count("write") > 0, answers_file(google).exists()) == (code == 0,) * 2
    full = stocked(google)
    done = at_terminal("google", "probe", "-w", f"gsheet:{full}", env=variables(google, {}))
    assert (done.code, "go on?" in done.out) == (4, False)


def test_another_file_is_not_overwritten(google: Google, command: Command) -> None:
    answers_file(google).write_text('{"mine": 1}')
    one_line(probe(command, google, throw_away(google)), 4, "holds something else", "--out")
    assert answers_file(google).read_text() == '{"mine": 1}'
    assert google.server.log == []


def test_it_takes_a_google_sheet(google: Google, command: Command, tmp_path: Path) -> None:
    done = command("google", "probe", "-w", str(tmp_path / "event.xlsx"), "-y")
    one_line(done, 2, "empty Google Sheet")


@pytest.mark.parametrize("nth", [3, 9, 17, 28])
@pytest.mark.parametrize("kind", ["status 400", "drop after", "status 503 after"])
def test_a_failure_leaves_nothing_behind(
    nth: int, kind: str, google: Google, command: Command
) -> None:
    """Whatever becomes of a request: the sheets go, the locale is what it was, and no assumption is
    said to fail that holds."""
    key = throw_away(google)
    before = google.server.snapshot(key)
    google.server.faults.append(Fault("POST .*:batchUpdate", kind, nth=nth))
    done = probe(command, google, key)
    assert google.server.snapshot(key) == before
    if kind != "status 400":
        assert memory(google) == []
        assert (done.code, "FAILS" in done.out) in ((0, False), (5, False))


def test_what_google_says_the_second_time_is_no_answer(google: Google, command: Command) -> None:
    """The sheet is made and the answer lost: that it exists already says nothing."""
    key = throw_away(google)
    google.server.ways.turn("new-sheet-in-answer", "shown")
    google.server.faults.append(Fault("POST .*:batchUpdate", "drop after"))
    one_line(probe(command, google, key), 5, "Google does not answer", "run the command again")
    assert memory(google) == []
    assert titles(google.server, key) == ["Sheet1"]


def test_what_a_killed_probe_left_is_cleared_away(google: Google, command: Command) -> None:
    key = throw_away(google)
    before = google.server.snapshot(key)
    google.server.request(
        key, {"addSheet": {"properties": {"title": "_TICKETOPS_PROBE_77", "sheetId": 77}}}
    )
    google.server.set(key, "_TICKETOPS_PROBE_77", 1, 1, "left behind")
    assert probe(command, google, key).code == 0
    assert titles(google.server, key) == ["Sheet1"]
    assert google.server.snapshot(key) == before


def test_it_stays_below_sixty_requests_a_minute(google: Google, command: Command) -> None:
    key = throw_away(google)
    google.server.quota = True
    google.server.clock = lambda: 0.0  # all of it in one moment
    assert probe(command, google, key).code == 0
    assert google.server.count("write") < 60
    assert [call for call in google.server.log if call.status == 429] == []


def test_a_reader_is_told_so(google: Google, command: Command) -> None:
    key = google.server.new_spreadsheet("Empty", None, {google.email: "reader"})
    one_line(probe(command, google, key), 6, "no access to the Google Sheet", google.email)

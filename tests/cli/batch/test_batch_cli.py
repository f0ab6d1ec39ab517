"""`ticketops batch`: what a line may hold, when it stops, what it prints, and who may what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.dispatching import rows_of, type_by_key
from tests.cli.workbooks import type_into
from tests.conftest import ROOT, Result, Runner
from ticketops.cli import lines as lines_of
from ticketops.engine import together
from ticketops.engine.together import refuse_alone
from ticketops.errors import ConflictError, TicketopsError, UsageError

ADD = 'sale add --client Bolt --line "M02:Cat 2:1@90"'
NOTE = "sale set S1 --notes 'a # b'  # not this"


@pytest.fixture
def batch(here: Runner) -> Callable[..., Result]:
    def run(text: str, *options: str, **settings: str) -> Result:
        return here("batch", "-", *options, stdin=text, **settings)

    return run


def notes(book: Path) -> dict[str, Any]:
    return {row["SalesID"]: row["Notes"] for row in rows_of(book, "Sales")}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("   # nothing", []),
        ("sale list", ["sale", "list"]),
        ("ticketops sale list", ["sale", "list"]),
        ("ticketops", []),
        ("a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]),
        ("a#b 'c#d' \"# e\" \\#f #g", ["a#b", "c#d", "# e", "#f"]),
        ("a ''#b", ["a", "#b"]),
        ('a "\\"b" # c', ["a", '"b']),
        ("a 'b\\' # c", ["a", "b\\"]),
        ("sale\tlist", ["sale", "list"]),
        ("ü 漢字", ["ü", "漢字"]),
    ],
)
def test_a_line_is_read_as_a_shell_reads_it(line: str, words: list[str]) -> None:
    assert lines_of.words_of(line) == words


@pytest.mark.parametrize("line", ["a 'b", 'a "b', "a\\", "a\0b", "'"])
def test_a_line_that_is_no_words_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match=r"not closed|NUL"):
        lines_of.words_of(line)


def test_each_line_is_a_command_with_its_usual_output(batch: Any, here: Runner, book: Path) -> None:
    done = batch(f"# first\n{NOTE}\n\nticketops sale show S1\r\n")
    assert done.code == 0
    shown = here("sale", "show", "S1")
    first, second = done.out.split("\n\n4: ")
    assert first.startswith("2: sale set S1 --notes 'a # b'\nS1 ")
    assert second == f"sale show S1\n{shown.out}"
    assert "2 commands: 2 done" in done.err
    assert notes(book)["S1"] == "a # b"


def test_it_stops_at_the_first_that_fails(batch: Any, book: Path) -> None:
    done = batch(f"{ADD}\nsale set S99 --notes x\n{NOTE}\n")
    assert done.code == 3
    assert "line 2: " in done.err
    assert "S99" in done.err
    assert "2 commands: 1 done; failed: line 2" in done.err
    assert (notes(book).get("S1"), "S6" in notes(book)) == (None, True)


def test_it_goes_on_where_that_is_asked_for(batch: Any, book: Path) -> None:
    text = f"sale set S1\nsale 'x\nsale set S99 --notes x\nnonsense\nbatch -\nshell\n{NOTE}\n"
    done = batch(text, "--keep-going")
    assert done.code == 2
    assert "failed: line 1, 2, 3, 4, 5, 6" in done.err
    assert "line 5: a line can't hold `batch`" in done.err
    assert "line 6: a line can't hold `shell`" in done.err
    assert notes(book)["S1"] == "a # b"


def test_findings_are_no_failure(batch: Any, book: Path) -> None:
    type_by_key(book, "Distribution", "ID", {"S1-1": {"Category": "Kat 77"}}, 2)
    done = batch("audit run\nsale list\n")
    assert done.code == 1
    assert "2 commands: 2 done, 1 of them with findings" in done.err


def test_json_is_an_object_a_line_and_a_last_one(batch: Any, here: Runner) -> None:
    done = batch(f"{NOTE}\nsale --help\nsale set S99 --notes x\n", "--json")
    first, second, third, last = map(json.loads, done.out.splitlines())
    assert (first["line"], first["exit_code"], first["command"]) == (1, 0, "sale set")
    assert first["run_id"].startswith("R")
    assert second["output"] == here("sale", "--help").out
    assert (third["line"], third["exit_code"], third["error"]["code"]) == (3, 3, "NOT_FOUND")
    assert last["result"] == {
        "lines": 3,
        "done": 2,
        "with_findings": 0,
        "written": 1,
        "failed": [3],
        "atomic": False,
    }
    assert done.code == 3


def test_what_holds_for_all_lines_and_what_a_line_says_itself(
    here: Runner, book: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.xlsx"
    other.write_bytes(book.read_bytes())
    text = f"{NOTE} -w {other}\nsale set S2 --notes x --as zoe\nsale set S3 --notes y --json\n"
    text = text.replace(f"  # not this -w {other}", f" -w {other}")
    done = here("batch", "-", "--as", "ben", "-q", stdin=text)
    assert (done.code, "R20" in done.err) == (0, False)
    assert (notes(other)["S1"], notes(book)["S1"], notes(book)["S2"]) == ("a # b", None, "x")
    assert [t["user"] for t in here("log", "--json").json["result"]["transactions"]] == [
        "ben",
        "zoe",
    ]
    assert json.loads(done.out.splitlines()[-1])["command"] == "sale set"


def test_a_dry_run_shows_each_line_by_itself(batch: Any, here: Runner, book: Path) -> None:
    before = book.read_bytes()
    done = batch(f"{ADD}\n{ADD}\nsale list\n", "-n", "--json")
    first, second, _third, last = map(json.loads, done.out.splitlines())
    assert first["result"]["sales_ids"] == second["result"]["sales_ids"] == ["S6"]
    assert first["dry_run"] is True
    assert first["cells"]
    assert last["result"]["written"] == 0
    assert book.read_bytes() == before


def test_lines_have_nothing_to_read_and_ask_nobody(batch: Any) -> None:
    done = batch("sale add --client Bolt --csv -\nsale list\n", "--keep-going")
    assert (done.code, "line 1: " in done.err) == (3, True)
    assert "2 commands: 1 done" in done.err
    assert batch("staff reveal T00001\n").code > 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"sale list\n\xff\xfe\n", "line 2 is not UTF-8 text"),
        (b"sale list " + b"x" * 2**20, "line 1 is longer than 1 MB"),
    ],
)
def test_a_file_that_is_no_text(here: Runner, book: Path, data: bytes, said: str) -> None:
    book.with_name("lines").write_bytes(data)
    done = here("batch", "lines")
    assert (done.code, said in done.err) == (3, True)


def test_files_that_are_not_there_or_empty(here: Runner, book: Path) -> None:
    assert here("batch", "none.txt").code == 3
    assert here("batch", ".").code == 3
    book.with_name("empty").write_bytes(b"")
    assert here("batch", "empty").code == 0
    book.with_name("mark").write_bytes(b"\xef\xbb\xbfsale list\r\n")
    assert here("batch", "mark").code == 0


@pytest.mark.slow
def test_lines_are_run_as_they_come_in(book: Path, environment: dict[str, str]) -> None:
    """A program may hold on to a batch: it gets each answer before it says the next line."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
    words = [sys.executable, "-m", "ticketops", "batch", "-", "--json"]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=variables | environment | {"PYTHONPATH": str(ROOT)},
        text=True,
        bufsize=1,
    ) as child:
        assert child.stdin
        assert child.stdout
        said = []
        for line in (NOTE, "sale show S1"):
            child.stdin.write(f"{line}\n")
            child.stdin.flush()
            said.append(json.loads(child.stdout.readline()))
            if line == NOTE:
                type_into(book, "Sales")  # saved by another program
        child.stdin.close()
        assert json.loads(child.stdout.readline())["result"]["done"] == 2
    assert said[1]["result"]["sale"]["notes"] == "a # b"
    assert child.wait() == 0


def test_it_stops_where_nobody_reads_what_it_says(book: Path, environment: dict[str, str]) -> None:
    variables = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
    with subprocess.Popen(
        [sys.executable, "-m", "ticketops", "batch", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables | environment | {"PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdin
        assert child.stdout
        assert child.stderr
        child.stdout.close()
        child.stdin.write(f"{NOTE}\nsale set S2 --notes later\n".encode())
        child.stdin.close()
        said = child.stderr.read().decode()
    assert (child.returncode, "no later line is run" in said) == (3, True)
    assert notes(book)["S2"] is None


def test_what_someone_else_changes_between_two_lines_is_noticed(
    here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lines_of.Lines.run

    def and_then(self: Any, words: list[str], *, number: int = 0) -> Any:
        done = run(self, words, number=number)
        if number == 1:
            columns = [row["SalesID"] for row in rows_of(book, "Sales")]
            heads = list(rows_of(book, "Sales")[0])
            place = f"{chr(ord('A') + heads.index('Client'))}{columns.index('S2') + 2}"
            type_into(book, "Sales", **{place: "Typed In"})
        return done

    monkeypatch.setattr(lines_of.Lines, "run", and_then)
    done = here("batch", "-", stdin=f"{NOTE}\nsale show S2\n")
    assert done.code == 0
    assert "event.xlsx was changed by someone else" in done.err
    assert "Typed In" in done.out
    assert here("sale", "show", "S1").code == 0


def test_who_may_what_is_asked_of_each_line(batch: Any, book: Path) -> None:
    done = batch(f"status\n{ADD}\n", role="staff")
    assert (done.code, "line 2: " in done.err) == (6, True)


# --- all or nothing


def test_atomic_lines_build_on_each_other_and_are_one_transaction(
    batch: Any, here: Runner, book: Path
) -> None:
    before = book.read_bytes()
    done = batch(f"{ADD}\nsale set S6 --notes new\nsale show S6\n", "--atomic", "--json")
    first, _second, third, last = map(json.loads, done.out.splitlines())
    assert done.code == 0
    assert third["result"]["sale"]["notes"] == "new"
    assert first["run_id"] == last["run_id"]
    assert last["changes"]["Sales"] == {"set": 0, "appended": 1, "deleted": 0, "replaced": 0}
    (only,) = here("log", "--json").json["result"]["transactions"]
    assert (only["run_id"], only["command"]) == (
        first["run_id"],
        "batch --atomic 2: sale add, sale set",
    )
    assert notes(book)["S6"] == "new"
    assert here("undo", "-y").code == 0
    assert book.read_bytes() == before


def test_atomic_writes_nothing_where_one_line_fails(batch: Any, here: Runner, book: Path) -> None:
    before = book.read_bytes()
    done = batch(f"{ADD}\nsale set S99 --notes x\n{NOTE}\n", "--atomic")
    assert done.code == 3
    assert "line 2: " in done.err
    assert "line 2 failed, so nothing was written" in done.err
    assert book.read_bytes() == before
    assert here("log", "--json").json["result"]["transactions"] == []


def test_atomic_shows_what_all_lines_would_write(batch: Any, book: Path) -> None:
    before = book.read_bytes()
    done = batch(f"{ADD}\nsale set S6 --notes new\n", "--atomic", "-n", "--json")
    last = json.loads(done.out.splitlines()[-1])
    assert (last["dry_run"], last["result"]["written"]) == (True, 0)
    assert "new" in [cell.get("after") for cell in last["cells"]]
    assert book.read_bytes() == before
    assert "nothing was written" in batch(f"{ADD}\n", "--atomic", "-n").err


@pytest.mark.parametrize(
    "line",
    [
        "undo",
        "client build",
        "message send",
        "dispatch sync",
        "job create position",
        "doctor --fix",
        "invoice issue S1",
        "message draft --sale S1",
        "ticketops run nightly",
        "init none.xlsx",
        "credentials seal",
    ],
)
def test_atomic_refuses_what_commits_by_itself_before_anything_runs(
    batch: Any, book: Path, line: str
) -> None:
    before = book.read_bytes()
    done = batch(f"{NOTE}\n{line}\n", "--atomic")
    assert (done.code, done.out) == (4, "")
    assert "line 2: `" in done.err
    assert "commits by itself" in done.err
    assert book.read_bytes() == before


def test_atomic_is_the_work_of_one_user_on_one_workbook(batch: Any, book: Path) -> None:
    before = book.read_bytes()
    other = book.with_name("other.xlsx")
    other.write_bytes(before)
    for more, said in (("--as zoe", "the work of one user"), (f"-w {other}", "one workbook")):
        done = batch(f"{ADD}\nsale set S1 --notes x {more}\n", "--atomic")
        assert (done.code, said in done.err) == (2, True)
    assert (book.read_bytes(), other.read_bytes()) == (before, before)
    assert batch(ADD, "--atomic", "--keep-going").code == 2
    assert batch("sale 'x\n", "--atomic").code == 2
    assert batch("# nothing\n", "--atomic").code == 0
    assert batch("sale list\n", "--atomic").code == 0
    assert book.read_bytes() == before


def test_atomic_lines_are_run_again_where_someone_wrote_meanwhile(
    batch: Any, here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, tries = together.Together.write, []

    def late(self: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            from ticketops.cli.main import run

            monkeypatch.setattr(together.Together, "write", write)
            assert run(["sale", "set", "S2", "--notes", "meanwhile", "-q"]) == 0
            monkeypatch.setattr(together.Together, "write", late)
        return write(self)

    monkeypatch.setattr(together.Together, "write", late)
    done = batch(f"{ADD}\nsale set S6 --notes new\n", "--atomic")
    assert (done.code, len(tries)) == (0, 2)
    assert "all lines are run again" in done.err
    assert (notes(book)["S2"], notes(book)["S6"]) == ("meanwhile", "new")
    assert len(here("log", "--json").json["result"]["transactions"]) == 2


def test_an_atomic_batch_is_undone_by_who_may_undo_each_of_it(batch: Any, here: Runner) -> None:
    text = "sale set S1 --notes x\npolicy set --mode SEMI_AUTO\n"
    assert batch(text, "--atomic", role="super_admin").code == 0
    refused = here("undo", "-y", role="operator")
    assert refused.code == 6
    assert here("undo", "-y", role="super_admin").code == 0


def test_every_command_that_commits_by_itself_is_known() -> None:
    """Else a row of it waits for something that already happened."""
    for words in (["sale", "add"], ["allocate", "auto"], ["report", "position"]):
        refuse_alone(words)
    for words in (["undo"], ["client", "build", "x"], ["job", "create"]):
        with pytest.raises(TicketopsError):
            refuse_alone(words)
    assert issubclass(ConflictError, TicketopsError)

"""What `ticketops sync …` refuses: one line and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.sync.two_copies import Pair
from tests.online import Google
from ticketops.schema.layouts.event import SALES


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["diff"], 2, "--with"),
        (["pull", "--with", "nofile.xlsx"], 3, "nofile.xlsx"),
        (["pull", "--with", "a.csv"], 3, "not an .xlsx workbook"),
        (["diff", "--with", "event.xlsx"], 2, "--with names the workbook itself"),
        (["diff", "--with", "../{folder}/./event.xlsx"], 2, "--with names the workbook itself"),
        (["push", "--with", "link.xlsx"], 2, "--with names the workbook itself"),
        (["push", "--with", "gsheet:{unknown}"], 3, "there is no"),
        (["push", "--with", "{remote}", "--prefer", "both"], 2, "COLUMN=local"),
        (
            ["diff", "--with", "{remote}", "--prefer", "Deliverd=local"],
            2,
            "there is no column 'Deliverd'",
        ),
        (
            ["push", "--with", "{remote}", "--prefer", "Sales!Delivery=local"],
            2,
            "there is no column 'Sales!Delivery'",
        ),
        (
            ["watch", "--with", "{remote}", "--prefer", "Deliverd=local", "--once"],
            2,
            "there is no column",
        ),
        (["watch", "--with", "{remote}", "--interval", "0"], 2, "--interval"),
        (["watch", "--with", "{remote}", "--budget", "0"], 2, "--budget"),
        (["pull", "--with", "{unshared}"], 6, "robot@"),
    ],
)
def test_one_line_and_an_exit_code(
    words: list[str],
    code: int,
    said: str,
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
    google: Google,
) -> None:
    monkeypatch.chdir(pair.path.parent)
    Path("link.xlsx").symlink_to(pair.path)
    Path("a.csv").write_text("x")
    known = {
        "folder": pair.path.parent.name,
        "remote": pair.remote,
        "unknown": "1" + "x" * 43,
        "unshared": f"gsheet:{google.new(role=None)}",
    }
    before = pair.everything()
    done = pair.do("sync", *(word.format(**known) for word in words), "-w", "event.xlsx")
    assert done.code == code
    assert said in done.err
    assert done.err.startswith("ticketops: ")
    assert len(done.err.splitlines()) == 1
    assert done.out == ""
    told = pair.do("sync", *(word.format(**known) for word in words), "-w", "event.xlsx", "--json")
    assert told.code == code
    assert set(told.json) == {"command", "error"}
    assert pair.everything() == before


def test_a_spreadsheet_with_itself(pair: Pair) -> None:
    address = f"https://docs.google.com/spreadsheets/d/{pair.key}/edit#gid=0"
    done = pair.do("sync", "diff", "-w", pair.remote, "--with", address)
    assert (done.code, "--with names the workbook itself" in done.err) == (2, True)


def test_the_option_that_is_wrong_is_named(pair: Pair) -> None:
    for name in ("", "gsheet:", "https://docs.google.com/spreadsheets/d/e/2PACX-1vQ/pubhtml"):
        done = pair.do("sync", "diff", "-w", str(pair.path), "--with", name)
        assert done.code == 2
        assert done.err.startswith("ticketops: --with ")


def test_without_a_key_for_google(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKETOPS_GOOGLE_KEY")
    for name in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(pair.path.parent / "nobody"))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    for what in ("diff", "pull", "push", "watch"):
        done = pair.sync(what)
        assert done.code == 2
        assert "no key for Google; looked for" in done.err


def test_who_may_read_the_sheet_only_pulls_but_does_not_push(pair: Pair) -> None:
    pair.server.share(pair.key, pair.google.email, "reader")
    pair.type_here(SALES, {2: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}})
    assert pair.sync("pull").code == 0
    assert pair.both(SALES, 3, "Notes") == ("there", "there")
    there = pair.there()
    assert pair.sync("push").code == 6
    assert pair.there() == there


def test_staff_look_but_do_not_take_over(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.type_there(SALES, {3: {"notes": "there"}})
    monkeypatch.setenv("TICKETOPS_ROLE", "staff")
    assert pair.sync("diff").code == 0
    before = pair.everything()
    assert [pair.sync(what).code for what in ("pull", "push")] == [6, 6]
    assert pair.sync("watch", "--once").code == 6
    assert pair.everything() == before

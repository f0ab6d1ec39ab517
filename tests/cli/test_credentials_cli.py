"""`ticketops credentials …` as a process: no password comes out anywhere but on the terminal that
`reveal` draws on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cryptography.fernet import Fernet

from tests.cli.disk import holding
from tests.cli.screen import ENTER, LEAVE, Terminal, outside
from tests.cli.workbooks import type_into
from tests.conftest import ROOT, Result, Runner, run_cli
from ticketops.cli.main import run

CANARY = "Kanarie-7741-im-Bergwerk"
OTHER = "Zeisig-9920-im-Gebuesch"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann and Bee sold four and two units of M01; S1 has three of Ann's. No password is in it."""
    path = tmp_path_factory.mktemp("credentials") / "event.xlsx"
    assert run(["init", str(path), "--event", "WC2026"]) == 0
    for words in (
        ["purchase", "add", "--match", "M01", "--vendor", "Ann", "--line", "Cat 1:4@100"],
        ["purchase", "add", "--match", "M01", "--vendor", "Bee", "--line", "Cat 2:2@100"],
        ["sale", "add", "--client", "Acme", "--line", "M01:Cat 1:3@200"],
        ["allocate", "commit", "S1"],
    ):
        assert run([*words, "-w", str(path)]) == 0
    shutil.rmtree(path.with_name("event.xlsx.ticketops"))
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {
        "TICKETOPS_WORKBOOK": str(book),
        "TICKETOPS_KEY_FILE": str(book.parent / "keys" / "ticketops.keys"),
        "TICKETOPS_ROLE": "ops_manager",
        "TICKETOPS_USER": "anna",
        "TERM": "xterm",
    }


@pytest.fixture
def at(book: Path, environment: dict[str, str]) -> Runner:
    """The command line in a process of its own; `key_file` takes its place or none, `role` another
    one."""

    def command(*words: str, stdin: str | bytes | None = None, **settings: str) -> Result:
        env = environment | {f"TICKETOPS_{name.upper()}": value for name, value in settings.items()}
        return run_cli(
            "credentials",
            *words,
            stdin=stdin,
            env={k: v for k, v in env.items() if v},
            cwd=book.parent,
        )

    return command


def keys_of(book: Path) -> list[str]:
    text = (book.parent / "keys" / "ticketops.keys").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def column(book: Path, sheet: str, place: int, header_row: int = 1) -> list[Any]:
    """A column below the header, blanks left out."""
    loaded = openpyxl.load_workbook(book, read_only=True)
    values = [
        row[place - 1].value
        for row in loaded[sheet].iter_rows(min_row=header_row + 1)
        if len(row) >= place
    ]
    loaded.close()
    return [value for value in values if value is not None]


def opened(book: Path, token: str) -> str:
    """What a sealed cell says, by the library itself."""
    assert token.startswith("sealed:")
    for key in keys_of(book):
        with suppress(Exception):
            return Fernet(key).decrypt(token.removeprefix("sealed:")).decode()
    raise AssertionError("no key opens it")


def history(book: Path) -> list[tuple[Any, ...]]:
    """Action, vendor, login, event, subject, detail of each row."""
    loaded = openpyxl.load_workbook(book, read_only=True)
    rows = [
        tuple(row[2:8])
        for row in loaded["_CREDENTIAL_HISTORY"].iter_rows(min_row=2, values_only=True)
        if row[2]
    ]
    loaded.close()
    return rows


# --- the canary


def test_no_password_comes_out_of_any_command(at: Runner, book: Path) -> None:
    """Neither printed, in JSON, in a traceback, nor anywhere on the disk: not in the journal, the
    backups, the cached tables."""
    both = ("--password-stdin",)
    done = [
        at("add", "Ann", "--login", "a1", "--email", "a1@example.com", *both, "-n", stdin=CANARY),
        at(
            "add",
            "Ann",
            "--login",
            "a1",
            "--email",
            "a1@example.com",
            *both,
            "--debug",
            stdin=CANARY + "\n",
        ),
        at("add", "Ann", "--login", "a1", *both, "--debug", stdin=CANARY),  # twice: refused
        at("add", "Bee", "--login", "b1", *both, "--json", stdin=f"{CANARY}\r\n"),
        at("add", "Cem", "--login", "c1", *both, stdin=f"{CANARY}\n{CANARY}\n"),
        at("add", "Cem", "--login", "c1", *both, "--debug", stdin=f"{CANARY}\x07"),
        at("add", "Cem", "--login", "c1", *both, "--debug", stdin=CANARY.encode() + b"\xe9"),
        at("add", "Cem", "--login", "c1", *both, "--debug", stdin=CANARY * 100),
        at("add", "Cem", "--login", "c1", *both, "--debug", stdin=CANARY, key_file="/proc/none/k"),
        at("update", "Bee", *both, "--json", "-n", stdin=OTHER),
        at("update", "Bee", *both, stdin=OTHER),
        at("assign", "--vendor", "Ann", "-n"),
        at("assign", "--vendor", "Ann", "--json"),
        at("assign", "--vendor", "Bee", "--mode", "OVERWRITE"),
        at("list", "--json"),
        at("history", "--json"),
        at("reveal", "Ann", "--debug"),
        at("reveal", "Ann", "--json"),
        at("reveal", "Ann", "-n"),
        at("rotate", "-n", "--json"),
        at("rotate"),
        at("seal", "--json"),
        at("seal", "--purge-backups"),
        at("deactivate", "Ann", "--reason", "gone"),
    ]
    assert [one.code for one in done] == [
        0,
        0,
        1,
        0,
        3,
        1,
        1,
        1,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        4,
        0,
        0,
        0,
        0,
        0,
        0,
    ]
    printed = "".join(one.out + one.err for one in done)
    assert not [text for text in (CANARY, OTHER, *keys_of(book), "sealed:") if text in printed]
    assert holding(book.parent, CANARY, OTHER) == []
    assert [opened(book, token) for token in column(book, "_VENDOR_CREDENTIALS", 4)] == [
        CANARY,
        OTHER,
    ]
    assert [opened(book, token) for token in column(book, "_PURCHASE_UNITS", 22)] == [
        CANARY
    ] * 4 + [OTHER] * 2
    assert [opened(book, token) for token in column(book, "Distribution", 4, 2)] == [CANARY] * 3
    assert len(set(column(book, "_PURCHASE_UNITS", 22))) == 2, "copies of a password are equal"
    assert [(row[0], row[1]) for row in history(book)][:5] == [
        ("CREATED", "Ann"),
        ("CREATED", "Bee"),
        ("UPDATED", "Bee"),
        ("ASSIGNED", "Ann"),
        ("ASSIGNED", "Bee"),
    ]
    assert history(book)[-1] == ("DEACTIVATED", "Ann", "a1", None, None, "gone")
    assert not any(row[0] == "PASSWORD_VIEWED" for row in history(book)), "nothing was shown"


@pytest.mark.slow
def test_errors_with_other_keys_show_neither_password_nor_token(at: Runner, book: Path) -> None:
    assert at("add", "Ann", "--login", "a1", "--password-stdin", stdin=CANARY).code == 0
    wrong = book.parent / "wrong"
    wrong.write_text(Fernet.generate_key().decode())
    wrong.chmod(0o600)
    before = book.read_bytes()
    for words in (
        ["seal"],
        ["rotate"],
        ["add", "Bee", "--login", "b", "--password-stdin"],
        ["reveal", "Ann", "-n"],
    ):
        done = at(*words, stdin=OTHER, key_file=str(wrong))
        assert (done.code, done.err.count("\n")) == (3, 1), done.err
        debugged = at(*words, "--debug", stdin=OTHER, key_file=str(wrong))
        assert debugged.code == 1
        assert not [
            t
            for t in (CANARY, OTHER, "sealed:", wrong.read_text())
            if t in done.err + debugged.err + debugged.out
        ]
    assert book.read_bytes() == before
    assert len(wrong.read_text().splitlines()) == 1
    wrong.chmod(0o644)
    done = at("seal", key_file=str(wrong))
    assert done.code == 3
    assert f"chmod 600 {wrong}" in done.err


def test_without_a_key_file_in_the_settings(at: Runner, book: Path) -> None:
    before = book.read_bytes()
    for words in (["seal"], ["rotate"], ["add", "Ann", "--login", "a", "--password-stdin"]):
        done = at(*words, stdin=CANARY, key_file="")
        assert (done.code, "key_file = " in done.err, "TICKETOPS_KEY_FILE" in done.err) == (
            2,
            True,
            True,
        )
    assert book.read_bytes() == before
    assert at("add", "Ann", "--login", "a", "--no-password", key_file="").code == 0
    assert not (book.parent / "keys").exists()


# --- seal: what it leaves


def test_sealing_says_what_it_made_and_what_it_leaves(here: Runner, book: Path) -> None:
    type_into(book, "_PURCHASE_UNITS", P2=CANARY, V3=CANARY)
    type_into(book, "Purchases", J2=OTHER)
    assert (
        here("purchase", "add", "--match", "M02", "--vendor", "Ann", "--line", "Cat 1:1@100").code
        == 0
    )
    doctor = here("doctor")
    assert "ticketops credentials seal" in doctor.out
    dry = here("credentials", "seal", "-n", "--purge-backups")
    assert dry.code == 0
    assert "would delete 1 older version" in dry.err
    assert not (book.parent / "keys").exists()
    done = here("credentials", "seal")
    assert done.code == 0
    assert "created the key file" in done.err
    assert "copy" in done.err
    assert "2 older versions kept for undo in" in done.err
    assert "--purge-backups" in done.err
    assert stat.S_IMODE((book.parent / "keys" / "ticketops.keys").stat().st_mode) == 0o600
    assert [opened(book, token) for token in column(book, "_PURCHASE_UNITS", 22)] == [CANARY]
    assert [row[4:] for row in history(book)] == [
        ("Purchases", "1 password"),
        ("_PURCHASE_UNITS", "2 passwords"),
    ]
    assert "PLAINTEXT_PASSWORD" not in here("doctor").out
    assert holding(book.parent / "event.xlsx.ticketops" / "cache", CANARY, OTHER) == []
    assert holding(book.parent / "event.xlsx.ticketops" / "journal", CANARY, OTHER) == []
    done = here("credentials", "seal", "--purge-backups")
    assert "deleted 2 older versions" in done.err
    assert list((book.parent / "event.xlsx.ticketops" / "backups").iterdir()) == []
    done = here("undo", "-y")
    assert done.code == 4, "the plain passwords are nowhere any more"
    assert "backup" in done.err
    assert holding(book.parent / "event.xlsx.ticketops", CANARY, OTHER) == []


def test_after_a_purge_other_transactions_are_still_undone(here: Runner, book: Path) -> None:
    type_into(book, "_PURCHASE_UNITS", V3=CANARY)
    assert here("credentials", "seal", "--purge-backups").code == 0
    assert here("sale", "add", "--client", "Bolt", "--line", "M01:Cat 2:1@200").code == 0
    backups = book.parent / "event.xlsx.ticketops" / "backups"
    for path in backups.iterdir():
        path.unlink()
    assert here("undo", "-y").code == 0
    assert column(book, "Sales", 4) == ["Acme"]


def test_tables_cached_before_a_seal_without_the_cache_go(
    here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_into(book, "_PURCHASE_UNITS", V3=CANARY)
    assert here("audit", "run").code == 0
    cache = book.parent / "event.xlsx.ticketops" / "cache"
    assert holding(cache, CANARY)
    monkeypatch.setenv("TICKETOPS_CACHE", "false")
    assert here("credentials", "seal").code == 0
    assert holding(cache, CANARY) == []


def test_a_sealed_workbook_holds_no_plain_password_in_any_part(
    here: Runner, book: Path, small: Path
) -> None:
    small.replace(book)  # as XlsxWriter and Excel write it: texts are shared between cells
    assert holding(book.parent, "Sample-Login-01")
    assert here("credentials", "seal", "--purge-backups").code == 0
    assert holding(book.parent, "Sample-Login-01") == []


def test_rotation_drops_old_keys_only_when_asked(here: Runner, book: Path) -> None:
    here("credentials", "add", "Ann", "--login", "a1", "--password-stdin", stdin=CANARY)
    first = keys_of(book)
    before = column(book, "_VENDOR_CREDENTIALS", 4)
    assert here("credentials", "rotate").code == 0
    assert keys_of(book)[1:] == first
    token = column(book, "_VENDOR_CREDENTIALS", 4)
    assert token != before
    assert Fernet(keys_of(book)[0]).decrypt(token[0].removeprefix("sealed:")).decode() == CANARY
    done = here("credentials", "rotate", "--drop-old")
    assert (done.code, len(keys_of(book))) == (0, 1)
    assert "removed 2 old keys" in done.err
    assert opened(book, column(book, "_VENDOR_CREDENTIALS", 4)[0]) == CANARY


# --- the words of the commands


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["add", "Ann"], 2, "--login"),
        (["add", "Ann", "--login", "a"], 2, "there is no terminal to ask"),
        (["add", "Ann", "--login", "a", "--password-stdin"], 3, "the password is empty"),
        (
            ["add", "Ann", "--login", "a", "--no-password", "--password-stdin"],
            2,
            "either --no-password or",
        ),
        (["add", "Ann", "--login", "a", "--event", "E", "--event-here"], 2, "either --event or"),
        (["add", " ", "--login", "a", "--no-password"], 2, "--vendor is empty"),
        (["add", "Ann", "--login", "a\x07", "--no-password"], 2, "control character"),
        (["add", "Ann", "--login", "a", "--password", CANARY], 2, "No such option"),
        (["update", "Ann"], 2, "nothing to change"),
        (["update", "Ann", "--notes", "x"], 3, "no active login at Ann"),
        (["deactivate", "Ann"], 2, "reason"),
        (["deactivate", "Ann", "--reason", " "], 2, "--reason is empty"),
        (["assign"], 2, "vendor"),
        (["assign", "--vendor", "Ann"], 3, "no active login at Ann"),
        (["assign", "--vendor", "Ann", "--mode", "ALL"], 2, "BLANKS_ONLY, OVERWRITE"),
        (["reveal", "Ann"], 4, "only on a terminal"),
    ],
)
def test_what_is_refused_is_one_line(
    here: Runner, book: Path, words: list[str], code: int, message: str
) -> None:
    before = book.read_bytes()
    done = here("credentials", *words)
    assert (done.code, done.err.count("\n")) == (code, 1), done.err
    assert message in done.err
    assert CANARY not in done.err
    assert book.read_bytes() == before
    assert not (book.parent / "keys").exists()


def test_a_login_from_its_beginning_to_its_end(here: Runner, book: Path) -> None:
    def c(*words: str, stdin: str | None = None) -> dict[str, Any]:
        done = here("credentials", *words, "--json", stdin=stdin)
        assert done.code == 0, done.err + done.out
        return done.json["result"]

    added = c(
        "add",
        "Ann",
        "--login",
        "a1",
        "--email",
        "a1@example.com",
        "--event-here",
        "--notes",
        "n",
        "--password-stdin",
        stdin=CANARY,
    )
    assert added | {"updated_at": None} == {
        "vendor": "Ann",
        "login_id": "a1",
        "email": "a1@example.com",
        "password": "sealed",
        "active": True,
        "notes": "n",
        "updated_at": None,
        "event": "WC2026",
    }
    c("add", "Ann", "--login", "a2", "--no-password")
    assigned = c("assign", "--vendor", "ann", "--match", "m1")
    assert (assigned["login_id"], assigned["units"], assigned["sales_ids"]) == (
        "a1",
        4,
        ["S1-1", "S1-2", "S1-3"],
    )
    assert c(
        "update",
        "Ann",
        "--login",
        "a2",
        "--event",
        "",
        "--new-login",
        "a3",
        "--password-stdin",
        stdin=OTHER,
    )["changed"] == ["login_id", "password"]
    c("deactivate", "Ann", "--event", "WC2026", "--reason", "gone")
    assert [row["login_id"] for row in c("list")["credentials"]] == ["a3"]
    assert [row["login_id"] for row in c("list", "--all", "--vendor", "ANN")["credentials"]] == [
        "a1",
        "a3",
    ]
    assert [row["action"] for row in c("history", "-m", "3")["history"]] == [
        "DEACTIVATED",
        "UPDATED",
        "ASSIGNED",
    ]
    assert history(book)[2] == ("ASSIGNED", "Ann", "a1", "WC2026", "M01", "4 units, BLANKS_ONLY")
    assert "a3" in here("credentials", "list").out
    assert "DEACTIVATED" in here("credentials", "history").out
    assert here("undo", "-y").code == 0
    assert [row["login_id"] for row in c("list")["credentials"]] == ["a1", "a3"]


@pytest.fixture
def sealed(here: Runner, book: Path) -> Path:
    here(
        "credentials",
        "add",
        "Ann",
        "--login",
        "a1",
        "--email",
        "a1@example.com",
        "--password-stdin",
        stdin=CANARY,
    )
    return book


def views(book: Path) -> int:
    return sum(row[0] == "PASSWORD_VIEWED" for row in history(book))


@pytest.mark.parametrize(
    "way", ["a key", "Ctrl-C", "Ctrl-Z", "time", "SIGTERM", "SIGHUP", "SIGINT"]
)
def test_a_password_is_shown_and_gone(sealed: Path, environment: dict[str, str], way: str) -> None:
    terminal = Terminal(
        ["reveal", "ann"],
        environment | {"TICKETOPS_REVEAL_SECONDS": "0.4" if way == "time" else "30"},
    )
    terminal.until(re.escape(CANARY) + r"[^\x00]*\d+ s, or press a key")
    assert views(sealed) == 1, "it is recorded before it is shown"
    keys = {"a key": "\r", "Ctrl-C": "\x03", "Ctrl-Z": "\x1a"}
    if way in keys:
        terminal.type(keys[way])
    elif way.startswith("SIG"):
        terminal.process.send_signal(getattr(signal, way))
    assert terminal.end() == (130 if way.startswith("SIG") else 0)
    assert terminal.text.count(ENTER) == terminal.text.count(LEAVE) == 1
    assert CANARY not in outside(terminal.text)
    assert (
        CANARY not in terminal.text[terminal.text.index("\x1b[2J", terminal.text.index(CANARY)) :]
    )
    assert history(sealed)[-1][:3] == ("PASSWORD_VIEWED", "Ann", "a1")


@pytest.mark.slow
def test_where_no_terminal_can_be_kept_clear_nothing_is_shown_or_recorded(
    sealed: Path, environment: dict[str, str], here: Runner, tmp_path: Path
) -> None:
    (tmp_path / "poor").mkdir()
    (tmp_path / "poor" / "sitecustomize.py").write_text(
        "import sys\nsys.modules['termios'] = None\n"
    )  # as on a platform without it
    poor = environment | {"PYTHONPATH": f"{tmp_path / 'poor'}{os.pathsep}{ROOT}"}
    terminal = Terminal(["reveal", "ann"], poor)
    assert terminal.end() == 4
    assert (
        "a password is shown only on a terminal that can be cleared, and this platform has none"
        in " ".join(terminal.text.split())
    )
    assert CANARY not in terminal.text
    assert "Traceback" not in terminal.text
    assert views(sealed) == 0
    listed = Terminal(["list"], poor)
    assert listed.end() == 0
    assert "a1@example.com" in listed.text


@pytest.mark.slow
def test_what_was_shown_is_not_undone(
    sealed: Path, environment: dict[str, str], here: Runner
) -> None:
    terminal = Terminal(["reveal", "Ann"], environment | {"TICKETOPS_REVEAL_SECONDS": "0.2"})
    assert terminal.end() == 0
    kept = history(sealed)
    for _ in range(10):  # what was done before it can be taken back, one by one
        done = here("undo", "-y")
        if done.code == 4:
            break
        assert done.code == 0
        assert "reveal" not in done.out
    assert "nothing to undo" in done.err
    assert kept[-1] in history(sealed)


@pytest.mark.parametrize("setting", [{"TERM": "dumb"}, {"TICKETOPS_ROLE": "operator"}])
def test_where_it_can_not_be_shown_it_is_not_recorded(
    sealed: Path, environment: dict[str, str], setting: dict[str, str]
) -> None:
    terminal = Terminal(["reveal", "Ann"], environment | setting)
    assert terminal.end() in (4, 6)
    assert CANARY not in terminal.text
    assert views(sealed) == 0


@pytest.mark.slow
def test_a_password_is_asked_for_unseen_and_twice(book: Path, environment: dict[str, str]) -> None:
    terminal = Terminal(["add", "Ann", "--login", "a1", "-y"], environment)
    terminal.until("Password: ")
    time.sleep(0.1)
    terminal.type(f"{CANARY}\n")
    terminal.until("Repeat the password: ")
    time.sleep(0.1)
    terminal.type(f"{CANARY}\n")
    assert terminal.end() == 0
    assert CANARY not in terminal.text
    assert opened(book, column(book, "_VENDOR_CREDENTIALS", 4)[0]) == CANARY
    terminal = Terminal(["update", "Ann", "--new-password"], environment)
    terminal.until("Password: ")
    time.sleep(0.1)
    terminal.type(f"{OTHER}\n")
    terminal.until("Repeat the password: ")
    time.sleep(0.1)
    terminal.type("Zaisig\n")
    assert terminal.end() == 4
    assert "the two passwords differ" in terminal.text
    assert OTHER not in terminal.text
    assert opened(book, column(book, "_VENDOR_CREDENTIALS", 4)[0]) == CANARY

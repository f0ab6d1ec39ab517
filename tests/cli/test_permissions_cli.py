"""Who may do what, through the real command line: who is let in, who is locked out and how they get
back in, what a yes at a prompt is to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.workbooks import type_into
from tests.conftest import Runner
from ticketops.cli.main import run
from ticketops.cli.output import Output
from ticketops.cli.session import Session


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two units of M01 at 10, two at 900; S1 wants two of them. Nobody stands in _USERS."""
    path = tmp_path_factory.mktemp("permissions") / "event.xlsx"
    assert run(["init", str(path)]) == 0
    for words in (
        ["purchase", "add", "--match", "M01", "--vendor", "Ann", "--line", "Cat 1:2@10"],
        ["purchase", "add", "--match", "M01", "--vendor", "Bee", "--line", "Cat 1:2@900"],
        ["sale", "add", "--client", "Acme", "--line", "M01:Cat 1:2@1000"],
    ):
        assert run([*words, "-w", str(path)]) == 0
    shutil.rmtree(path.with_name("event.xlsx.ticketops"))
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {
        "TICKETOPS_WORKBOOK": str(book),
        "TICKETOPS_USER": "anna",
        "TICKETOPS_ROLE": "super_admin",
    }


@pytest.fixture
def users(here: Runner) -> None:
    """anna is an ops_manager, gone is inactive."""
    assert here("user", "set", "anna", "--role", "ops_manager").code == 0
    assert here("user", "set", "gone", "--role", "super_admin", "--inactive").code == 0


EVERYTHING: list[tuple[str, ...]] = [
    ("status",),
    ("log",),
    ("doctor",),
    ("doctor", "--fix"),
    ("undo", "-y"),
    ("undo", "-n"),
    ("user", "list"),
    ("policy", "list"),
    ("policy", "show"),
    ("unit", "holds"),
    ("audit", "run"),
    ("audit", "run", "--write"),
    ("report", "position"),
    ("report", "position", "--write"),
    ("allocate", "preview", "S1"),
    ("allocate", "compare", "--time-limit", "1"),
    ("sale", "upgrade", "S1"),
    ("client", "view", "Acme"),
    ("client", "groups"),
    ("client", "build", "--all"),
    ("staff", "tasks"),
    ("staff", "reveal", "T00001", "-n"),
    ("staff", "build", "--all"),
    ("dispatch", "status"),
    ("dispatch", "sync"),
    ("credentials", "list"),
    ("credentials", "history"),
    ("sync", "diff", "--with", "other.xlsx"),
    ("sync", "pull", "--with", "other.xlsx"),
    ("user", "set", "mallory", "--role", "super_admin"),
    ("purchase", "expand"),
]


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("words", EVERYTHING, ids=" ".join)
def test_a_stranger_and_who_is_inactive_may_do_nothing(
    here: Runner, book: Path, source: Path, words: tuple[str, ...]
) -> None:
    shutil.copy(source, book.with_name("other.xlsx"))
    before = book.read_bytes()
    for user, why, way in (
        ("eve", "is not in _USERS", "--role"),
        ("gone", "is inactive in _USERS", "--active"),
    ):
        done = here(*words, user=user)
        assert (done.code, done.out) == (6, ""), done.err
        assert f"{user} {why}" in done.err
        assert f"`ticketops user set {user} {way}" in done.err
        assert "anna may run it" in done.err
        assert len(done.err.splitlines()) == 1
    assert book.read_bytes() == before
    assert not book.with_name("books").exists()


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    "words", [("sync", "pull"), ("sync", "diff"), ("sync", "push")], ids=" ".join
)
def test_the_other_copy_is_closed_to_them_as_well(
    here: Runner, book: Path, source: Path, words: tuple[str, ...]
) -> None:
    mine = Path(shutil.copy(source, book.with_name("mine.xlsx")))
    done = here(*words, "--with", "event.xlsx", workbook=str(mine), user="eve")
    assert done.code == 6
    assert "eve is not in _USERS" in done.err
    assert mine.read_bytes() == source.read_bytes()


def test_a_workbook_that_names_nobody_goes_by_the_setting(here: Runner) -> None:
    for role, code in (("staff", 6), ("operator", 6), ("sr_operator", 0)):
        done = here("allocate", "auto", "-n", role=role, user="whoever")
        assert done.code == code
        assert here("status", role=role, user="whoever").code == 0
        if code:
            assert (
                'role = "sr_operator" in your own ~/.config/ticketops/ticketops.toml, or TICKETOPS_ROLE=sr_operator'
                in done.err
            )


# --- the first row of _USERS


def test_the_first_user_locks_nobody_out_unasked(here: Runner, book: Path) -> None:
    before = book.read_bytes()
    for words in ((), ("--json",)):
        done = here("user", "set", "boss", "--role", "ops_manager", *words)
        assert done.code == 4
        assert "locks out anna" in done.out + done.err
        assert "give -y" in done.out + done.err
        assert "ticketops user set anna --role ops_manager" in done.out + done.err
    assert book.read_bytes() == before
    told = here("user", "set", "boss", "--role", "ops_manager", "-n")
    assert (told.code, "locks out anna" in told.out) == (0, True)
    done = here("user", "set", "boss", "--role", "ops_manager", "-y", "--json")
    assert done.code == 0
    assert [finding["code"] for finding in done.json["findings"]] == ["LOCKED_OUT"]
    assert here("status").code == 6
    assert here("status", user="boss").code == 0


def test_it_is_said_that_the_login_of_cron_is_locked_out(
    here: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "cronuser")
    done = here("user", "set", "anna", "--role", "ops_manager")
    assert done.code == 0
    assert "locks out cronuser" in done.out
    assert "locks out" not in here("user", "set", "bob", "--role", "operator").out, (
        "only the first row does"
    )


def test_at_the_prompt_it_is_said_and_asked(
    here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = book.read_bytes()
    monkeypatch.setattr(Session, "interactive", property(lambda self: not self.yes))
    done = here("user", "set", "boss", "--role", "ops_manager", stdin="n\n")
    assert done.code == 4
    assert "locks out anna" in done.out
    assert "write it?" in done.err
    assert book.read_bytes() == before
    assert here("user", "set", "boss", "--role", "ops_manager", stdin="y\n").code == 0


@pytest.mark.slow
def test_a_locked_out_office_gets_back_in(here: Runner, book: Path) -> None:
    """As docs/settings.md says: a manager takes it back or lets them in; else somebody edits the sheet."""
    assert here("user", "set", "boss", "--role", "ops_manager", "-y").code == 0
    assert here("undo", "-y").code == 6
    assert here("user", "set", "anna", "--role", "operator", user="boss").code == 0
    assert here("status").code == 0
    assert here("undo", "-y", user="boss").code == 0
    assert here("undo", "-y", user="boss").code == 0
    assert here("status", user="whoever").code == 0
    assert here("user", "set", "boss", "--role", "ops_manager", "-y").code == 0
    type_into(book, "_USERS", A2="anna")
    assert here("status").code == 0
    type_into(book, "_USERS", A2=None, B2=None, C2=None, D2=None, E2=None)
    assert here("status", user="whoever").code == 0


# --- a yes is to the cells that were shown


_HOLD = [
    "unit",
    "hold",
    "PR0001-S01",
    "--client",
    "Other",
    "--until",
    "2099-01-01",
    "--reason",
    "x",
    "--new",
]
_SOLD = [
    ["sale", "add", "--client", "Other", "--line", "M01:Cat 1:2@1000"],
    ["allocate", "commit", "S2", "--set", "PR0001-S01:2"],
]


@pytest.mark.parametrize("commands", [[_HOLD], _SOLD], ids=["held", "sold"])
def test_what_slips_in_at_the_prompt_is_shown_and_not_written(
    here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]
) -> None:
    """The units at 10 were shown; then only those at 900 are left."""

    def slips_in(_output: Output, _question: str, *, default: bool) -> bool:
        del default
        for words in commands:
            assert run([*words, "-y"]) in (0, 1)
        after.append(book.read_bytes())
        return True

    after: list[bytes] = []
    monkeypatch.setattr(Session, "interactive", property(lambda self: not self.yes))
    monkeypatch.setattr(Output, "ask", slips_in)
    done = here("allocate", "commit", "S1")
    assert done.code == 5, done.err
    assert "now something else would be written" in done.err
    assert "P00003" in done.out, "the new plan is shown"
    assert book.read_bytes() == after[0]


def test_what_has_nothing_to_do_with_it_is_no_hindrance(
    here: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slips_in(_output: Output, _question: str, *, default: bool) -> bool:
        del default
        return (
            run(
                [
                    "purchase",
                    "add",
                    "--match",
                    "M05",
                    "--vendor",
                    "Cem",
                    "--line",
                    "Cat 3:1@5",
                    "-y",
                ]
            )
            == 0
        )

    monkeypatch.setattr(Session, "interactive", property(lambda self: not self.yes))
    monkeypatch.setattr(Output, "ask", slips_in)
    assert here("allocate", "commit", "S1").code == 0
    assert [t["command"] for t in here("log", "--json").json["result"]["transactions"]] == [
        "allocate commit S1",
        "purchase add",
    ]

"""`ticketops event …` (§1) as people type it."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import openpyxl
import pytest

from tests.conftest import Runner

CUP = ("event", "set", "--name", "World Cup", "--code", "X26")


def cells(path: Path, sheet: str) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))


def files_of(folder: Path) -> list[Path]:
    """All but the cache, which reading fills."""
    return sorted(path for path in folder.rglob("*") if "cache" not in path.parts)


def test_an_event_comes_late_to_a_running_workbook(here: Runner, book: Path) -> None:
    shown = here("status")
    assert "no event, so every command is open: ticketops event set" in shown.out
    assert here("event", "show").code == 3

    entered = here(*CUP, role="ops_manager")
    assert "X26 · World Cup · ALLOCATING" in entered.out
    assert "STATE_PROPOSED" in entered.out
    assert "X26 · World Cup · ALLOCATING" in here("status").out
    assert here("status", "--json").json["result"]["event"] == {
        "code": "X26",
        "name": "World Cup",
        "state": "ALLOCATING",
    }

    refused = here("staff", "queue")
    assert refused.code == 4
    assert "`staff queue` is open in the state DISPATCHING; X26 is ALLOCATING" in refused.err
    assert "event advance" in refused.err
    assert here("event", "advance", "--to", "CLOSED", role="ops_manager").code == 4
    assert here("event", "advance", role="ops_manager").code == 0
    assert here("staff", "queue").code == 0

    before = book.read_bytes()
    closing = here("event", "advance", role="ops_manager")
    assert (closing.code, "-y closes it anyway" in closing.err) == (4, True)
    assert book.read_bytes() == before
    assert here("event", "advance", "-n", role="ops_manager").code == 1
    assert book.read_bytes() == before
    assert here("event", "advance", "-y", role="ops_manager").code == 1
    late = here("sale", "add", "--client", "Zed", "--line", "M02:Cat 2:1@9")
    assert (late.code, "X26 is CLOSED" in late.err) == (4, True)
    assert here("event", "back", "--reason", "one more", role="ops_manager").code == 0
    assert here("sale", "add", "--client", "Zed", "--line", "M02:Cat 2:1@9").code == 0

    steps = [(row[2], row[4], row[5], row[6]) for row in cells(book, "_EVENT_LOG")[1:]]
    assert steps == [
        ("CREATE", None, "ALLOCATING", None),
        ("ADVANCE", "ALLOCATING", "DISPATCHING", None),
        ("ADVANCE", "DISPATCHING", "CLOSED", None),
        ("BACK", "CLOSED", "DISPATCHING", "one more"),
    ]


def test_only_an_ops_manager_moves_the_event(here: Runner) -> None:
    for words in (CUP, ("event", "advance"), ("event", "back", "--reason", "x")):
        refused = here(*words, role="sr_operator")
        assert (refused.code, "needs the role ops_manager" in refused.err) == (6, True), words
    assert here("event", "list", ".", role="staff").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--type", "FESTIVAL"), "--type must be one of SPORTS_TOURNAMENT"),
        (("--start", "31/02/2026"), "--start"),
        (("--currency", "GBP"), "--currency must be one of USD, EUR"),
        (("--dispatch-buffer-hours", "-1"), "--dispatch-buffer-hours must be a number"),
        (("--dispatch-buffer-hours", "nan"), "--dispatch-buffer-hours must be a number"),
        (("--portal-token-expiry-days", "2.5"), "--portal-token-expiry-days must be a number"),
        (("--audit-retention-days", "many"), "--audit-retention-days must be a number"),
        (("--logo-url", "javascript:alert(1)"), "--logo-url must be an address"),
        (("--banner-url", "ftp://x"), "--banner-url must be an address"),
        (("--code", "a/b"), "--code"),
        (("--name", " "), "--name is empty"),
        (("--state", "OPEN"), "--state must be one of DRAFT"),
        ((), "nothing to set"),
    ],
)
def test_what_an_option_can_not_be(here: Runner, words: tuple[str, ...], said: str) -> None:
    refused = here("event", "set", *words, role="ops_manager")
    assert (refused.code, said in refused.err) == (2, True), refused.err
    assert len(refused.err.strip().splitlines()) == 1


def test_types_and_states_in_any_spelling(here: Runner) -> None:
    done = here(*CUP, "--type", "sports tournament", "--state", "selling", role="ops_manager")
    assert "X26 · World Cup · SELLING" in done.out
    assert "M01, M02 …" in done.out


def test_the_events_of_a_folder(here: Runner, book: Path) -> None:
    here(*CUP, role="ops_manager")
    shutil.copy(book, book.parent / "second.xlsx")
    openpyxl.Workbook().save(book.parent / "other.xlsx")
    (book.parent / "broken.xlsx").write_bytes(b"no workbook")
    listed = here("event", "list", ".", "--json")
    assert listed.code == 1
    found = {line["file"]: line for line in listed.json["result"]["events"]}
    assert set(found) == {"broken.xlsx", "event.xlsx", "second.xlsx"}
    assert listed.json["result"]["left_out"] == 1
    assert found["broken.xlsx"]["problem"]
    line = found["event.xlsx"]
    status = here("status", "--json").json["result"]
    assert (line["code"], line["state"]) == ("X26", "ALLOCATING")
    assert {name: line[name] for name in ("sold", "sent", "available", "true_shortage")} == {
        name: status["position"][name] for name in ("sold", "sent", "available", "true_shortage")
    }
    assert line["audit"] == status["audit"]["issues"]
    assert line["late"] == here("dispatch", "status", "--json").json["result"]["total"]["overdue"]
    assert here("event", "list", "event.xlsx", "second.xlsx").code == 0
    assert here("event", "list", "nowhere").code == 2


def test_switching_to_another_workbook_keeps_all_other_settings(at: Runner, book: Path) -> None:
    own = book.parent / ".config" / "ticketops" / "ticketops.toml"
    own.parent.mkdir(parents=True)
    own.write_text('# mine\nrole = "ops_manager"  # for now\n')
    other = Path(shutil.copy(book, book.parent / "second.xlsx"))
    done = at("event", "switch", "second.xlsx", workbook="")
    assert done.code == 0, done.err
    text = own.read_text()
    assert text.startswith('# mine\nrole = "ops_manager"  # for now\n')
    assert tomllib.loads(text)["workbook"] == str(other)
    assert str(other) in at("status", workbook="").out
    at("event", "switch", "event.xlsx", workbook="")
    assert tomllib.loads(own.read_text())["workbook"] == str(book)
    told = at("event", "switch", "second.xlsx", workbook="event.xlsx")
    assert "comes before it" in told.err
    before = own.read_text()
    assert at("event", "switch", "none.xlsx", workbook="").code == 3
    assert own.read_text() == before


def test_a_dry_run_of_switch_says_what_would_be_set_and_sets_nothing(
    at: Runner, book: Path
) -> None:
    own = book.parent / ".config" / "ticketops" / "ticketops.toml"
    planned = at("event", "switch", "event.xlsx", "--dry-run", workbook="")
    assert (planned.code, own.exists(), own.parent.exists()) == (0, False, False), planned.err
    assert "would be set in" in planned.out
    assert "dry run: nothing was written" in planned.err
    own.parent.mkdir(parents=True)
    own.write_text('workbook = "elsewhere.xlsx"\n')
    words = ("event", "switch", "event.xlsx", "--json")
    for named in ("", "other.xlsx"):
        before = own.read_bytes()
        said = at(*words, "-n", workbook=named).json
        assert own.read_bytes() == before
        assert said["dry_run"] is True
        assert said["result"] == at(*words, workbook=named).json["result"]
        assert bool(said["result"]["overridden_by"]) == bool(named)
    own.write_text("role = ")
    assert at("event", "switch", "event.xlsx", "-n", workbook="").code == 2
    assert at("event", "switch", "none.xlsx", "-n", workbook="").code != 0


def test_a_dry_run_of_clone_counts_the_rows_and_makes_no_file(here: Runner, book: Path) -> None:
    here(*CUP, role="ops_manager")
    words = ("event", "clone", "next.xlsx", "--name", "Next Cup", "--code", "X30")
    before = files_of(book.parent)
    shown = here(*words, "-n", role="ops_manager")
    assert "would create next.xlsx: X30, DRAFT" in shown.out
    assert "dry run: nothing was written" in shown.err
    planned = here(*words, "--dry-run", "--json", role="ops_manager")
    assert files_of(book.parent) == before
    done = here(*words, "--json", role="ops_manager")
    assert planned.code == shown.code == done.code
    assert planned.json["result"] == done.json["result"]
    made = (book.parent / "next.xlsx").read_bytes()
    assert here(*words, "-n", role="ops_manager").code == 4
    assert here(*words, "-n", "--force", role="ops_manager").code == done.code
    assert (book.parent / "next.xlsx").read_bytes() == made
    nowhere = ("event", "clone", "none/next.xlsx", *words[3:])
    assert here(*nowhere, "-n", role="ops_manager").code == here(*nowhere, role="ops_manager").code
    assert here(*words, "-n", role="operator").code == here(*words, role="operator").code == 6


def test_settings_that_can_not_be_read_stay(at: Runner, book: Path) -> None:
    own = book.parent / ".config" / "ticketops" / "ticketops.toml"
    own.parent.mkdir(parents=True)
    own.write_text("role = ")
    assert at("event", "switch", "event.xlsx", workbook="").code == 2
    assert own.read_text() == "role = "


def test_a_clone_takes_masters_and_schedule_and_no_trade(here: Runner, book: Path) -> None:
    here(*CUP, "--end", "2026-07-19", "--currency", "EUR", role="ops_manager")
    assert here("client", "alias", "Bolt", "Boltons", role="ops_manager").code == 0
    for words in (
        ("subgame", "add", "M02", "RACE", "--type", "RACE"),
        ("category", "set", "--match", "M02", "Cat 1", "--level", "1"),
    ):
        assert here(*words, role="ops_manager").code in (0, 1), words

    here("policy", "set", "--mode", "SUGGEST", role="ops_manager")
    before = book.read_bytes()
    done = here(
        *("event", "clone", "next.xlsx", "--name", "Next Cup", "--code", "X30"), role="ops_manager"
    )
    assert done.code in (0, 1), done.err
    assert book.read_bytes() == before
    path = book.parent / "next.xlsx"
    new = openpyxl.load_workbook(path)
    assert "Schedule X30" in new.sheetnames
    for sheet in ("Purchases", "Sales", "_PURCHASE_UNITS", "_ALLOC_LOG", "_IMPORT_META"):
        assert new[sheet].max_row == 1, sheet
    assert new["Distribution"].max_row == 2
    old_schedule = next(name for name in openpyxl.load_workbook(book).sheetnames if "Sched" in name)
    codes = [row[2] for row in cells(book, old_schedule)[1:] if row[2]]
    assert [row[2] for row in cells(path, "Schedule X30")[1:]] == codes
    assert [row[:2] for row in cells(path, "_SUBGAMES")[1:]] == [("M02", "RACE")]
    assert "Cat 1" in str(cells(path, "_CATEGORIES"))
    assert ("CLIENT", "Boltons", "Bolt") in [row[:3] for row in cells(path, "_ALIASES")]
    event = here("event", "show", "--json", workbook="next.xlsx").json["result"]
    assert (event["name"], event["code"], event["state"]) == ("Next Cup", "X30", "DRAFT")
    assert (event["currency"], event["end"]) == ("EUR", "2026-07-19T00:00:00")
    assert here("doctor", workbook="next.xlsx").code == 0
    again = here(
        *("event", "clone", "next.xlsx", "--name", "N", "--code", "X30"), role="ops_manager"
    )
    assert (again.code, "already exists" in again.err) == (4, True)


def test_a_clone_takes_no_password_that_can_be_read(here: Runner, book: Path) -> None:
    file = openpyxl.load_workbook(book)
    sheet = file["_VENDOR_CREDENTIALS"]
    headers = [cell.value for cell in sheet[1]]
    sheet.cell(2, headers.index("Vendor") + 1, "Ann Tickets")
    sheet.cell(2, headers.index("Password") + 1, "hunter2")
    file.save(book)
    done = here(
        *("event", "clone", "next.xlsx", "--name", "N", "--code", "X30"), role="ops_manager"
    )
    assert "PASSWORD_LEFT_OUT" in done.out
    assert "Ann Tickets" in str(cells(book.parent / "next.xlsx", "_VENDOR_CREDENTIALS"))
    assert b"hunter2" not in (book.parent / "next.xlsx").read_bytes()
    assert "hunter2" not in str(cells(book.parent / "next.xlsx", "_VENDOR_CREDENTIALS"))

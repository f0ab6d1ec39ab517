"""What is outstanding when an event is closed (§13): each kind alone blocks the archive, is named, and
is gone once the named commands were run."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.cli.closing.settled import words
from tests.cli.dispatching import fill, rows_of, type_by_key
from tests.conftest import Runner
from tests.sampling import some

SOLD = ("sale add --client Acme --line M01:Cat~1:1@10", "payment add --for S3 --amount 10")
SERVED = (*SOLD, "allocate auto")
TOLD = "trigger set event.transition --on --to ops@example.org"
Typed = tuple[str, str, dict[str, dict[str, object]], int]
"""(sheet, key column, {key: cells}, header row)."""
CASES: dict[str, tuple[tuple[str, ...], tuple[Typed, ...]]] = {
    "TICKETS_NOT_ALLOCATED": (SOLD, ()),
    "TICKETS_NOT_SENT": (SERVED, ()),
    "DELIVERY_ISSUES": (("staff report-issue T00001 --reason x",), ()),
    "PENDING_APPROVAL": (
        ("sale add --client Acme --line M01:Cat~1:9@10", "payment add --for S3 --amount 90"),
        (),
    ),
    "REFUNDS": ((*SOLD, "sale cancel S3 --reason x --confirm UNDO"), ()),
    "REFUNDS_DUE": (
        (
            *SOLD,
            "sale cancel S3 --reason x --confirm UNDO",
            "refund decide S3 --amount 10 --reason x",
        ),
        (),
    ),
    "UNPAID": (("payment void PM00001 --reason x",), ()),
    "INVOICES": (("invoice issue S1",), ()),
    "INVOICES_DIFFER": (
        (
            "invoice issue S1",
            "invoice issue S2",
            "sale set S1 --price 360 --force",
            "payment add --for S1 --amount 19",
        ),
        (),
    ),
    "HOLDS": (("unit hold P00004 --client Acme --until 2099-12-31 --reason x",), ()),
    "ALLOTMENT_HOLDS": (
        (
            "allotment add Nordlys --match M01 --category Cat~1 --qty 1",
            "allotment assign AL00001 P00004",
        ),
        (),
    ),
    "WAITLIST": (
        (
            "waitlist join --client Acme --match M01 --category Cat~1 --qty 1",
            "waitlist promote WL00001 --until 2099-12-31",
        ),
        (),
    ),
    "BOOKS_NOT_RETURNED": (("client build Acme",), ()),
    "MESSAGES": ((TOLD,), ()),
    "TRANSFERS": (("transfer offer S1-2 --first Eve --last Fox --email e@example.org",), ()),
    "JOBS": (("job create position --later",), ()),
    "MESSAGES_UNKNOWN": (
        (TOLD, "event back --reason x", "event advance", "trigger set event_transition --off"),
        (
            (
                *("_NOTIFICATION_LOG", "MessageID"),
                {name: {"Status": "UNKNOWN"} for name in ("N00001", "N00002")},
                1,
            ),
        ),
    ),
    "PASSWORDS": ((), (("_PURCHASE_UNITS", "UnitID", {"P00005": {"Password": "kranich"}}, 1),)),
    "RECON:MISSING_IN_DIST": ((), (("Sales", "SalesID", {"S2": {"Number": 2, "Price": 200}}, 1),)),
    "AUDIT:COUNT_MISMATCH": ((), (("Distribution", "ID", {"S1-1": {"AllocatedCount": 2}}, 2),)),
}


def codes(here: Runner) -> list[str]:
    found = here("event", "outstanding", "--json").json["result"]["issues"]
    return [one["code"] for one in found if one["state"] == "open"]


@pytest.mark.slow
@pytest.mark.parametrize("code", some(CASES, 6))
def test_each_kind_blocks_is_named_and_is_cleared(here: Runner, book: Path, code: str) -> None:
    lines, typed = CASES[code]
    for line in lines:
        done = here(*words(line), "-y")
        assert done.code in (0, 1), (line, done.err)
    for sheet, key, rows, header in typed:
        type_by_key(book, sheet, key, rows, header_row=header)
    closed = here("event", "advance", "--to", "CLOSED", "-y")
    assert closed.code in (0, 1), closed.err
    assert codes(here) == [code]
    (one,) = here("event", "outstanding", "--json").json["result"]["issues"]
    refused = here("event", "advance", "--to", "ARCHIVED", "-y")
    assert (refused.code, one["command"] in refused.err) == (4, True)
    for _ in range(6):
        found = here("event", "outstanding", "--json").json["result"]["issues"]
        if not found:
            break
        command = found[0]["command"].replace("TEXT", "x")
        if command == "recon apply":
            assert here("recon", "run", "-y").code in (0, 1)
            type_by_key(book, "_SALES_RECON_AUDIT", "ID", {"S2-2": {"Process_Now": True}})
        line = [
            str(brought_back(book, code)) if word == "FILE" else word for word in words(command)
        ]
        done = here(*line, "-y", key_file=str(book.with_name("keys")))
        assert done.code in (0, 1), (command, done.err)
    assert codes(here) == []
    assert here("event", "advance", "--to", "ARCHIVED", "-y").code == 0


def brought_back(book: Path, code: str) -> Path:
    """The file that somebody hands in: the client's book with a remark, or a list of guests."""
    if code != "BOOKS_NOT_RETURNED":
        guests = book.with_name("guests.csv")
        guests.write_text("ticket,first name,last name,email\nS3-1,Eve,Fox,eve@example.org\n")
        return guests
    (path,) = (book.parent / "books").glob("CLIENT*Acme*.xlsx")
    return fill(path, book.with_name("back.xlsx"), {"S1-1": {"Status": "ACCEPTED"}})


UNPAID = ("payment void PM00001 --reason x", "payment void PM00002 --reason x")


def closed_with(here: Runner, *lines: str) -> None:
    for line in (*lines, "event advance"):
        done = here(*words(line), "-y")
        assert done.code in (0, 1), (line, done.err)


def accept(here: Runner, *named: str) -> tuple[int, dict[str, int]]:
    done = here("event", "accept", *named, "--reason", "written off", "-y", "--json")
    return done.code, done.json["result"]["subjects"]


def test_an_acceptance_counts_for_what_it_was_given_for(here: Runner, book: Path) -> None:
    """One sale accepted, the other open; a smaller amount stays accepted, a larger one does not."""
    closed_with(here, *UNPAID)
    assert accept(here, "unpaid:s1") == (0, {"UNPAID": 1})
    (one,) = here("event", "outstanding", "--json").json["result"]["issues"]
    assert (one["state"], one["count"], one["accepted"]) == ("open", 2, 1)
    assert (one["subjects"], one["by"], one["reason"]) == (["S2"], "ana", "written off")
    assert accept(here, "--all") == (0, {"UNPAID": 1})
    assert codes(here) == []
    here("payment", "add", "--for", "S1", "--amount", "100", "-y")
    assert codes(here) == []
    here("sale", "set", "S1", "--price", "999", "--force", "-y")
    (one,) = here("event", "outstanding", "--json").json["result"]["issues"]
    assert (one["state"], one["subjects"]) == ("open", ["S1"])
    refused = here("event", "advance", "-y")
    assert (refused.code, "2 sales not paid" in refused.err) == (4, True)
    assert accept(here, "UNPAID") == (0, {"UNPAID": 1})
    assert here("event", "advance", "-y").code == 0
    said = [(row["Action"], row["Issue"], row["Subjects"]) for row in rows_of(book, "_CLOSING")]
    assert said == [
        ("FOUND", "UNPAID", "S1=701.00; S2=400.00"),
        ("ACCEPT", "UNPAID", "S1=701.00"),
        ("ACCEPT", "UNPAID", "S2=400.00"),
        ("ACCEPT", "UNPAID", "S1=1898.00"),
    ]


def test_a_sheet_that_somebody_renamed_hides_nothing(here: Runner, book: Path) -> None:
    closed_with(here)
    workbook = openpyxl.load_workbook(book)
    for name in ("Sales", "Purchases", "Distribution", "_PURCHASE_UNITS"):
        workbook[name].title = f"{name} 26"
    workbook.save(book)
    assert codes(here) == ["SHEETS_MISSING"]
    refused = here("event", "advance", "-y")
    assert (refused.code, "no sheet Distribution" in refused.err) == (4, True)


def test_the_command_is_for_what_is_open(here: Runner, book: Path) -> None:
    """What was accepted is not to be cleared as well."""
    lines = ("unit hold P00004 P00005 --client Acme --until 2099-12-31 --reason x",)
    closed_with(here, *UNPAID, *lines)
    assert accept(here, "UNPAID:S1", "HOLDS:P00004") == (0, {"UNPAID": 1, "HOLDS": 1})
    found = here("event", "outstanding", "--json").json["result"]["issues"]
    named = {one["code"]: one["command"] for one in found}
    assert named == {
        "UNPAID": "payment add --for S2 --amount 400.00",
        "HOLDS": "unit release P00005",
    }
    refused = here("event", "advance", "-y")
    assert (refused.code, "--for S2" in refused.err, "--for S1" in refused.err) == (4, True, False)


@pytest.mark.slow
def test_what_is_owed_is_told_to_who_may_see_balances(here: Runner) -> None:
    closed_with(here, *UNPAID)
    who = {
        "ana": ("ops_manager", ""),
        "oli": ("operator", ""),
        "sam": ("staff", ""),
        "lea": ("operator", "--clients Bolt"),
        "cap": ("operator", "--capabilities closure,sales"),
    }
    for name, (role, more) in who.items():
        done = here(*words(f"user set {name} --role {role} {more}"), "-y")
        assert done.code == 0, done.err
    for name in who:
        told = ""
        for line in ("event outstanding", "event outstanding --json", "event show --json"):
            done = here(*words(line), "--as", name)
            told += done.out + done.err
        assert "2 sales not paid" in told, name
        seen = here("balance", "clients", "--as", name).code == 0
        assert seen == any(sum_ in told for sum_ in ("701", "400.00")), (name, told)


def test_an_acceptance_is_withdrawn_and_undone(here: Runner, book: Path) -> None:
    closed_with(here, *UNPAID)
    assert accept(here, "UNPAID") == (0, {"UNPAID": 2})
    assert accept(here, "UNPAID") == (0, {})
    withdrawn = here("event", "accept", "UNPAID:S2", "--withdraw", "--reason", "no", "-y")
    assert withdrawn.code == 0, withdrawn.err
    (one,) = here("event", "outstanding", "--json").json["result"]["issues"]
    assert one["subjects"] == ["S2"]
    kept = book.read_bytes()
    workbook = openpyxl.load_workbook(book)
    page = workbook["_CLOSING"]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    for row, values in zip(page.iter_rows(min_row=2), reversed(rows), strict=True):
        for cell, value in zip(row, values, strict=True):
            cell.value = value
    workbook.save(book)
    (one,) = here("event", "outstanding", "--json").json["result"]["issues"]
    assert one["subjects"] == ["S2"], "the newest row is on top now"
    book.write_bytes(kept)
    assert here("undo", "-y").code == 0
    assert codes(here) == []
    assert here("undo", "-y").code == 0
    (one,) = here("event", "outstanding", "--json").json["result"]["issues"]
    assert one["subjects"] == ["S1", "S2"]
    assert [row["Action"] for row in rows_of(book, "_CLOSING")] == [
        *("FOUND", "ACCEPT", "WITHDRAW", "UNDO", "UNDO")
    ]


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("event accept NOTHING --reason x", 3, "outstanding: UNPAID"),
        ("event accept UNPAID:S9 --reason x", 3, "does not concern 'S9'"),
        ("event accept --reason x", 4, "no issue is named"),
        ("event accept UNPAID", 2, "--reason"),
        ("event accept UNPAID:S1 --all --reason x", 2, "either issues or --all"),
        ("event accept UNPAID --withdraw --reason x", 4, "nothing of that is accepted"),
    ],
)
def test_what_can_not_be_accepted_is_refused(
    here: Runner, book: Path, line: str, code: int, said: str
) -> None:
    closed_with(here, *UNPAID)
    before = book.read_bytes()
    done = here(*words(line), "-y")
    assert (done.code, said in done.err) == (code, True), done.err
    assert book.read_bytes() == before


def test_only_a_closed_event_takes_acceptances_and_only_from_managers(here: Runner) -> None:
    here(*words(UNPAID[0]), "-y")
    early = here("event", "accept", "UNPAID", "--reason", "x", "-y")
    assert (early.code, "in the state CLOSED" in early.err) == (4, True)
    closed_with(here)
    assert here("event", "accept", "UNPAID", "--reason", "x", role="sr_operator").code == 6
    shown = here("event", "outstanding", role="staff")
    assert (shown.code, "UNPAID" in shown.out) == (0, True)

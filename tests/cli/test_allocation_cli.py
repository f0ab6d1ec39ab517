"""Allocation through the real command line: the JSON contract, dry runs, confirmations, exit codes,
undo to the byte, bad input."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.workbooks import cells_of, type_into
from tests.conftest import Runner, run_cli
from tests.sampling import some
from tests.trail import given_back

MANAGER = {"TICKETOPS_ROLE": "ops_manager", "TICKETOPS_USER": "anna"}
UNDO = ("--confirm", "UNDO", "--reason", "the stadium")
PARTS = {
    "exactness",
    "margin",
    "sla",
    "continuity",
    "freshness",
    "upgrade",
    "multi_vendor",
    "split_factor",
    "distance",
}


def column(path: Path, sheet: str, header: str, header_row: int = 1) -> list[Any]:
    """One column of a sheet below its header, to its last row that is not empty."""
    book = openpyxl.load_workbook(path, read_only=True)
    rows = [
        row
        for row in book[sheet].iter_rows(min_row=header_row, values_only=True)
        if any(v is not None for v in row)
    ]
    book.close()
    place = rows[0].index(header)
    return [row[place] for row in rows[1:]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M01 Cat 1: PR0001 (2, Ann, seated, S2 has them), PR0002 (3, Ann), PR0003 (4, Bee); Top Cat 1:
    PR0004 (2, Bee), P00010 held for Acme. M02 Cat 2: PR0005 (2). S1 wants 3, S2 has 2, S3 wants one
    of M02 and is ticked, S4 wants 9 and waits for approval, S5 wants one of M02."""
    path = tmp_path_factory.mktemp("allocation") / "event.xlsx"

    def do(*words: str) -> None:
        done = run_cli(*words, "-w", str(path), env=MANAGER)
        assert done.code in (0, 1), done.err

    assert run_cli("init", str(path)).code == 0
    do(
        "purchase",
        "add",
        "--match",
        "M01",
        "--vendor",
        "Ann",
        "--line",
        "Cat 1:2@100",
        "--line",
        "Cat 1:3@120",
    )
    do(
        "purchase",
        "add",
        "--match",
        "M01",
        "--vendor",
        "Bee",
        "--line",
        "Cat 1:4@110",
        "--line",
        "Top Cat 1:2@300",
    )
    do("purchase", "add", "--match", "M02", "--vendor", "Bee", "--line", "Cat 2:2@50")
    do(
        "sale",
        "add",
        "--client",
        "Acme",
        "--line",
        "M01:Cat 1:3@200",
        "--line",
        "M01:Cat 1:2@200",
        "--line",
        "M02:Cat 2:1@90",
    )
    do("sale", "add", "--client", "Bolt", "--line", "M01:Cat 1:9@200", "--line", "M02:Cat 2:1@90")
    type_into(path, "_PURCHASE_UNITS", Q2="A", R2="7", S2="12", Q3="A", R3="7", S3="13")
    do("allocate", "commit", "S2")
    do("unit", "hold", "P00010", "--client", "Acme", "--until", "2099-12-31", "--reason", "option")
    type_into(path, "Distribution", V8=True)  # S3-1
    assert column(path, "Distribution", "AllocatedUnitIDs", 2)[3:5] == ["P00001", "P00002"]
    assert column(path, "Distribution", "Process_Now", 2)[5] is True
    shutil.rmtree(path.with_name("event.xlsx.ticketops"))
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return MANAGER | {"TICKETOPS_WORKBOOK": str(book)}


# --- every command: dry run, the command, undo

WRITING: list[tuple[tuple[str, ...], int]] = [
    (("allocate", "preview", "S1", "--write"), 0),
    (("allocate", "commit", "S1"), 0),
    (("allocate", "commit", "S1", "--plan", "2"), 0),
    (("allocate", "commit", "S1-1", "--set", "PR0003-S01:2", "--set", "pr0002-s01"), 0),
    (("allocate", "auto"), 1),
    (("allocate", "auto", "--optimize", "--time-limit", "5"), 1),
    (("allocate", "process"), 0),
    (("override", "unallocate", "S2", *UNDO), 0),
    (("override", "unallocate", "S2", "--set", "PR0001-S01", "--keep-seats", *UNDO), 0),
    (("override", "reset-seats", "PR0001-S01", *UNDO), 0),
    (("override", "reset-seats", "PR0001-S01", "--units", *UNDO), 0),
    (("override", "alloc-from", "S1", "Top Cat 1", *UNDO), 0),
    (("sale", "approve", "S4", "--reason", "bear it"), 1),
    (("sale", "reject", "S4", "--reason", "no stock"), 0),
    (("sale", "upgrade", "S1", "--to", "Top Cat 1", "--price", "400", "--reason", "VIP"), 0),
    (("sale", "cancel", "S2", *UNDO), 0),
    (("unit", "substitute", "P00001", *UNDO), 0),
    (("unit", "substitute", "P00001", "--with", "P00011", *UNDO), 0),
    (
        (
            "unit",
            "hold",
            "PR0003-S01:2",
            "P00003",
            "--client",
            "Bolt",
            "--until",
            "2099-01-01",
            "--reason",
            "option",
        ),
        0,
    ),
    (("unit", "release", "P00010"), 0),
    (("event", "swap", "M01", "M02", *UNDO), 0),
    (("event", "swap", "M01", "M02", "--stock-only", *UNDO), 0),
    (("policy", "set", "--mode", "SUGGEST", "--min-margin", "5"), 0),
    (("policy", "set", "--match", "m1", "--vendor-blocklist", "Ann, Bee", "--no-upgrade"), 0),
    (("user", "set", "anna", "--role", "ops_manager", "--name", "Anna"), 0),
]


def plain(value: Any) -> Any:
    """A cell's value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def timeless(value: Any) -> bool:
    """Whether a value is the same when the command runs again a second later."""
    return not (isinstance(value, str) and (value[:4].isdigit() or "R20" in value))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code"), some(WRITING, 5, of=2), ids=[" ".join(words[:5]) for words, _ in WRITING]
)
def test_dry_run_command_and_undo(
    here: Runner, book: Path, words: tuple[str, ...], code: int
) -> None:
    """A dry run changes nothing and lists the very cells that the command then changes, as openpyxl
    sees them; undo gives the file back byte for byte, but for what lasting logs keep."""
    before, bytes_before = cells_of(book), book.read_bytes()
    planned = here(*words, "--dry-run", "--json")
    assert planned.code == code, planned.err
    assert book.read_bytes() == bytes_before
    assert planned.json["dry_run"] is True

    done = here(*words, "--json")
    assert done.code == code, done.out
    assert done.json["changes"] == planned.json["changes"]
    after = cells_of(book)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert changed
    single = {
        (cell["sheet"], cell["cell"]): cell
        for cell in planned.json["cells"]
        if ":" not in cell["cell"]
    }
    replaced = {cell["sheet"] for cell in planned.json["cells"] if ":" in cell["cell"]}
    assert {key for key in changed if key[0] not in replaced} == set(single)
    assert {sheet for sheet, _ in changed} <= {sheet for sheet, _ in single} | replaced
    for key, cell in single.items():
        if cell["header"] != "Password":
            assert plain(cell["before"]) == plain(before.get(key)) or not timeless(
                cell["before"]
            ), key
            assert plain(cell["after"]) == plain(after.get(key)) or not timeless(cell["after"]), key

    during = book.read_bytes()
    back = here("undo", "-y", "--json")
    assert back.code == 0, back.out
    given_back(book, bytes_before, during)
    assert back.json["result"]["command"].split()[:2] == list(words[:2])


@pytest.mark.slow
def test_clearing_what_was_set_and_overriding_a_policy(here: Runner, book: Path) -> None:
    """Commands that need another one before them."""
    assert here("policy", "set", "--vendor-blocklist", "Ann,Bee").code == 0
    refused = here("allocate", "commit", "S1", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (4, "RULE")
    assert "VENDOR_BLOCKLISTED" in refused.json["error"]["message"]
    before = book.read_bytes()
    assert (
        here("allocate", "commit", "S1", "--override", "--reason", "x", role="sr_operator").code
        == 6
    )
    assert book.read_bytes() == before
    assert (
        here("allocate", "commit", "S1", "--override", "--reason", "the client insists").code == 0
    )
    logged = column(book, "_ALLOC_LOG", "Reason")[-1]
    assert "VENDOR_BLOCKLISTED" in logged
    assert "the client insists" in logged
    during = book.read_bytes()
    assert here("undo", "-y").code == 0
    given_back(book, before, during)
    assert here("override", "alloc-from", "S1", "Top Cat 1", *UNDO).code == 0
    assert here("override", "alloc-from", "S1", "--clear", *UNDO).code == 0
    assert column(book, "_ALLOC_LOG", "Action")[-2:] == [
        "SET_ALLOC_FROM_CATEGORY",
        "CLEAR_ALLOC_FROM_CATEGORY",
    ]
    assert column(book, "Distribution", "AllocFromCategory", 2)[:3] == [None] * 3
    assert here("policy", "set", "--unset", "vendor-blocklist").code == 0
    assert here("allocate", "commit", "S1").code == 0
    assert here("audit", "run").code == 0


@pytest.mark.slow
def test_a_chosen_set_is_processed(here: Runner, book: Path) -> None:
    assert here("allocate", "preview", "S1", "--write").code == 0
    assert column(book, "_ALLOCATION_PREVIEW", "SalesID") == ["S1-1"]
    type_into(book, "_ALLOCATION_PREVIEW", H2="PR0003-S01(3)")
    type_into(book, "Distribution", V8=None)
    before = book.read_bytes()
    done = here("allocate", "process", "--json")
    assert (done.code, done.json["result"]["units"]) == (0, 3)
    assert column(book, "Distribution", "AllocatedUnitIDs", 2)[:3] == ["P00006", "P00007", "P00008"]
    assert column(book, "_ALLOCATION_PREVIEW", "SalesID") == []
    during = book.read_bytes()
    assert here("undo", "-y").code == 0
    given_back(book, before, during)
    type_into(book, "_ALLOCATION_PREVIEW", H2="PR0099-S01")
    before = book.read_bytes()
    wrong = here("allocate", "process", "--json")
    assert (wrong.code, wrong.json["result"]["refused"]) == (1, 1)
    assert [finding["code"] for finding in wrong.json["findings"]] == ["REFUSED"]
    assert set(wrong.json["changes"]) == {"_ALLOCATION_PREVIEW"}
    assert column(book, "_ALLOCATION_PREVIEW", "ChosenSetID") == ["PR0099-S01"]
    assert "PR0099-S01 has no unit" in column(book, "_ALLOCATION_PREVIEW", "Warnings")[0]
    before = book.read_bytes()
    assert here("allocate", "process").code == 1
    assert book.read_bytes() == before


# --- the contract


def test_the_contract_of_preview(here: Runner, book: Path) -> None:
    """The best plan by hand: PR0002 holds just 3, of one vendor, side by side, all bought today;
    price 200, cost 120: 40 %. 0.35·1 + 0.25·0.4 + 0.15·0 + 0.10·1 + 0.05·1 = 0.60."""
    before = book.read_bytes()
    result = here("allocate", "preview", "S1", "--json").json["result"]
    assert book.read_bytes() == before
    assert result["target"] == {
        "sales_id": "S1",
        "match": "M01",
        "category": "Cat 1",
        "effective_category": "Cat 1",
        "qty": 3,
    }
    assert result["pool"] == {"PR0002-S01": 3, "PR0003-S01": 4}
    best = result["plans"][0]
    assert (best["rank"], best["badge"], best["total"]) == (1, "exact", 3)
    assert best["chunks"] == [{"set_id": "PR0002-S01", "qty": 3, "vendor": "Ann"}]
    assert best["score"] == pytest.approx(0.60)
    assert best["parts"] == {
        "exactness": 1.0,
        "margin": 0.4,
        "sla": 0.0,
        "continuity": 1.0,
        "freshness": 1.0,
        "upgrade": 0.0,
        "multi_vendor": 0.0,
        "split_factor": 0.0,
        "distance": 0.0,
    }
    assert (best["margin_pct"], best["margin_delta"]) == (40.0, 240.0)
    assert (best["passes_policy"], best["violations"]) == (True, [])
    assert [plan["rank"] for plan in result["plans"]] == list(range(1, len(result["plans"]) + 1))
    assert 1 <= len(result["plans"]) <= 6
    for plan in result["plans"]:
        needed = {
            "rank",
            "badge",
            "chunks",
            "total",
            "score",
            "parts",
            "margin_pct",
            "margin_delta",
            "passes_policy",
            "violations",
        }
        assert needed <= set(plan)
        assert plan["badge"] in ("exact", "greedy_largest", "greedy_smallest", "rotated_desc")
        assert set(plan["parts"]) == PARTS
        assert all(set(chunk) == {"set_id", "qty", "vendor"} for chunk in plan["chunks"])
        assert sum(chunk["qty"] for chunk in plan["chunks"]) == plan["total"] == 3
        assert all(chunk["qty"] <= result["pool"][chunk["set_id"]] for chunk in plan["chunks"])

    assert (
        here("policy", "set", "--vendor-blocklist", "ann", "--split", "SINGLE_SET_ONLY").code == 0
    )
    judged = here("allocate", "preview", "S1-1", "--json").json["result"]["plans"]
    assert judged[0]["passes_policy"] is False
    assert [violation["code"] for violation in judged[0]["violations"]] == ["VENDOR_BLOCKLISTED"]
    assert set(judged[0]["violations"][0]) == {"code", "message"}
    assert any(plan["passes_policy"] for plan in judged)


def test_the_contract_of_preview_from_another_category(here: Runner) -> None:
    assert here("override", "alloc-from", "S1", "top cat 1", *UNDO).code == 0
    done = here("allocate", "preview", "S1", "--json")
    assert done.code == 1, "there are two, three are wanted"
    target = done.json["result"]["target"]
    assert (target["category"], target["effective_category"]) == ("Cat 1", "Top Cat 1")
    assert done.json["result"]["pool"] == {"PR0004-S01": 2}
    assert done.json["result"]["plans"][0]["parts"]["upgrade"] == 1.0


def test_the_contract_of_auto(here: Runner, book: Path) -> None:
    """Pending: S1 (3), S3, S4 (9, oversold: left), S5."""
    done = here("allocate", "auto", "--json")
    result = done.json["result"]
    expected = {"targets": 4, "filled": 3, "waiting": 0, "units": 5, "split_sales": 0, "chunks": 3}
    assert {name: result[name] for name in expected} == expected
    assert "proven_gap" not in result
    assert here("undo", "-y").code == 0
    best = here("allocate", "auto", "--optimize", "--time-limit", "5", "--json").json["result"]
    assert {name: best[name] for name in expected} == expected
    assert 0 <= best["proven_gap"] <= 1
    again = here("allocate", "auto", "--json").json["result"]
    assert (again["filled"], again["units"]) == (0, 0)


def test_the_contract_of_commit(here: Runner) -> None:
    result = here("allocate", "commit", "S1", "--plan", "2", "--json").json["result"]
    assert {"sales_id", "requested", "allocated", "status", "chunks", "unit_ids", "plan"} <= set(
        result
    )
    assert (result["sales_id"], result["requested"], result["allocated"], result["status"]) == (
        "S1",
        3,
        3,
        "ALLOCATED",
    )
    assert result["plan"]["rank"] == 2
    assert result["plan"]["chunks"] == result["chunks"]
    assert len(result["unit_ids"]) == 3


def test_the_second_plan_is_the_one_that_preview_showed(here: Runner) -> None:
    shown = here("allocate", "preview", "S1", "--json").json["result"]["plans"]
    for plan in shown:
        done = here(
            "allocate", "commit", "S1", "--plan", str(plan["rank"]), "--dry-run", "--json"
        ).json["result"]
        assert done["chunks"] == plan["chunks"]
        assert done["plan"]["score"] == plan["score"]


def test_what_people_see_holds_what_the_json_says(here: Runner) -> None:
    text = here("allocate", "preview", "S1").out
    for word in (
        "S1",
        "PR0002-S01",
        "exact",
        "Ann",
        "0.600",
        "40.0",
        "240.00",
        "passes",
        *("exactness", "margin", "sla", "continuity"),
    ):
        assert word in text, word
    out = here("unit", "holds").out
    assert "P00010" in out
    assert "Acme" in out
    assert "P00001" in here("unit", "substitute", "P00001", *UNDO).out


# --- --confirm UNDO --reason

DESTRUCTIVE = [
    ("override", "unallocate", "S2"),
    ("override", "reset-seats", "PR0001-S01"),
    ("override", "alloc-from", "S1", "Top Cat 1"),
    ("override", "alloc-from", "S1", "--clear"),
    ("sale", "cancel", "S2"),
    ("unit", "substitute", "P00001"),
    ("event", "swap", "M01", "M02"),
]
UNCONFIRMED = [
    (),
    ("--confirm", "UNDO"),
    ("--reason", "x"),
    ("--confirm", "undo", "--reason", "x"),
    ("--confirm", "YES", "--reason", "x"),
    ("--confirm", "", "--reason", "x"),
    ("--confirm", "UNDO", "--reason", ""),
    ("--confirm", "UNDO", "--reason", "  "),
    ("--confirm", "UNDO", "--reason", "a\x07b"),
    ("--yes", "--reason", "x"),
]


@pytest.mark.parametrize("words", DESTRUCTIVE, ids=" ".join)
def test_without_confirmation_and_reason_nothing_is_written(
    here: Runner, book: Path, words: tuple[str, ...]
) -> None:
    before = book.read_bytes()
    for given in UNCONFIRMED:
        done = here(*words, *given)
        assert done.code == 2, given
        assert done.out == ""
        assert len(done.err.splitlines()) == 1, done.err
        assert "--confirm" in done.err or "--reason" in done.err
    assert book.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("sale", "approve", "S4"),
        ("sale", "reject", "S4"),
        ("sale", "upgrade", "S1", "--to", "Top Cat 1"),
        ("unit", "hold", "P00003", "--client", "Acme", "--until", "2099-01-01"),
        ("allocate", "commit", "S1", "--override"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_without_a_reason_nothing_is_written(
    here: Runner, book: Path, words: tuple[str, ...]
) -> None:
    before = book.read_bytes()
    for given in ((), ("--reason", ""), ("--reason", " \t ")):
        done = here(*words, *given)
        assert done.code == 2, given
        assert "reason" in done.err
    assert book.read_bytes() == before


def test_a_reason_is_text_whatever_it_looks_like(here: Runner, book: Path) -> None:
    """D14: no formula comes out of what somebody types."""
    assert (
        here(
            "override",
            "unallocate",
            "S2",
            "--confirm",
            "UNDO",
            "--reason",
            '=HYPERLINK("http://x","y")',
        ).code
        == 0
    )
    sheet = openpyxl.load_workbook(book)["_ALLOC_LOG"]
    cell = sheet.cell(sheet.max_row, 8)
    assert cell.data_type != "f"
    assert "HYPERLINK" in cell.value


# --- exit codes and bad input

REFUSED: list[tuple[int | tuple[int, ...], tuple[str, ...]]] = [
    # unknown IDs
    (3, ("allocate", "commit", "S1-2")),  # not the first ticket
    (3, ("allocate", "preview", "S1-2")),
    *[
        (3, words)
        for sale in ("S99", "S", "nonsense", "", "S1-9", "=1+1")
        for words in (
            ("allocate", "commit", sale),
            ("allocate", "preview", sale),
            ("sale", "cancel", sale, *UNDO),
        )
    ],
    *[
        (3, words)
        for words in (
            ("override", "unallocate", "S99", *UNDO),
            ("override", "alloc-from", "S99", "Cat 1", *UNDO),
            ("sale", "approve", "S99", "--reason", "x"),
            ("sale", "reject", "S99", "--reason", "x"),
            ("sale", "upgrade", "S99", "--to", "Cat 1", "--reason", "x"),
            ("sale", "upgrade", "S99"),
            ("override", "reset-seats", "PR0099-S01", *UNDO),
            ("override", "reset-seats", "nonsense", *UNDO),
            ("unit", "substitute", "P00099", *UNDO),
            ("unit", "substitute", "nonsense", *UNDO),
            ("unit", "substitute", "", *UNDO),
            ("unit", "hold", "P00099", "--client", "A", "--until", "2099-01-01", "--reason", "x"),
            (
                "unit",
                "hold",
                "PR0099-S01",
                "--client",
                "A",
                "--until",
                "2099-01-01",
                "--reason",
                "x",
            ),
        )
    ],
    ((3, 4), ("event", "swap", "", "M01", *UNDO)),
    # plans and sets
    (2, ("allocate", "commit", "S1", "--plan", "0")),
    (2, ("allocate", "commit", "S1", "--plan", "-1")),
    (2, ("allocate", "commit", "S1", "--plan", "two")),
    (4, ("allocate", "commit", "S1", "--plan", "99")),
    (4, ("allocate", "commit", "S1", "--plan", "99999999999999999999")),
    (2, ("allocate", "commit", "S1", "--plan", "1", "--set", "PR0003-S01")),
    *[
        (2, ("allocate", "commit", "S1", "--set", text))
        for text in (
            "",
            ",",
            " ",
            "·",
            "PR0003",
            "P00003",
            "PR0003-S01:",
            "PR0003-S01:x",
            "PR0003-S01:-1",
            "PR0003-S01:1.5",
            "PR0003-S01:1:2",
            "PR0003-S01=2",
            "PR0003-S01:9999999",
            "PR0003-S01,PR0003-S01",
            "=1+1",
        )
    ],
    (2, ("allocate", "commit", "S1", "--set", "PR0003-S01:1", "--set", "pr0003-s01:2")),
    ((2, 4), ("allocate", "commit", "S1", "--set", "PR0003-S01:0")),
    (4, ("allocate", "commit", "S1", "--set", "PR0003-S01:5")),
    (4, ("allocate", "commit", "S1", "--set", "PR0003-S01:4")),
    (4, ("allocate", "commit", "S1", "--set", "PR0003-S01:2", "--set", "PR0002-S01:2")),
    (4, ("allocate", "commit", "S1", "--set", "PR0001-S01")),
    ((3, 4), ("allocate", "commit", "S1", "--set", "PR0099-S01")),
    (4, ("allocate", "commit", "S2")),
    (2, ("allocate", "commit", "S1", "--reason", "x")),
    (2, ("allocate", "auto", "--time-limit", "0")),
    (2, ("allocate", "auto", "--time-limit", "nan")),
    (2, ("allocate", "compare", "--time-limit", "-1")),
    # overrides
    (4, ("override", "unallocate", "S1", *UNDO)),
    (4, ("override", "unallocate", "S2", "--set", "PR0003-S01", *UNDO)),
    ((2, 4), ("override", "unallocate", "S2", "--set", " ", *UNDO)),
    ((2, 4), ("override", "unallocate", "S2", "--set", "", *UNDO)),
    (4, ("override", "alloc-from", "S1", "Loge", *UNDO)),
    (2, ("override", "alloc-from", "S1", *UNDO)),
    (2, ("override", "alloc-from", "S1", "Cat 1", "--clear", *UNDO)),
    (2, ("override", "alloc-from", "S1", "", *UNDO)),
    (4, ("override", "alloc-from", "S2", "Top Cat 1", *UNDO)),
    (4, ("sale", "approve", "S1", "--reason", "x")),
    (4, ("sale", "upgrade", "S1", "--to", "Cat 4", "--reason", "x")),
    *[
        (2, ("sale", "upgrade", "S1", "--to", "Top Cat 1", "--price", text, "--reason", "x"))
        for text in ("abc", "-5", "nan", "inf", "1e400", "")
    ],
    (2, ("sale", "upgrade", "S1", "--to", "", "--reason", "x")),
    (4, ("event", "swap", "M01", "m1", *UNDO)),
    # units
    (4, ("unit", "substitute", "P00009", *UNDO)),
    (4, ("unit", "substitute", "P00001", "--with", "P00002", *UNDO)),
    (4, ("unit", "substitute", "P00001", "--with", "nonsense", *UNDO)),
    (4, ("unit", "hold", "P00001", "--client", "A", "--until", "2099-01-01", "--reason", "x")),
    (4, ("unit", "hold", "P00010", "--client", "A", "--until", "2099-01-01", "--reason", "x")),
    (
        4,
        ("unit", "hold", "PR0003-S01:5", "--client", "A", "--until", "2099-01-01", "--reason", "x"),
    ),
    (4, ("unit", "hold", "P00003", "--client", "A", "--until", "2020-01-01", "--reason", "x")),
    *[
        (
            (2, 3, 4),
            ("unit", "hold", text, "--client", "A", "--until", "2099-01-01", "--reason", "x"),
        )
        for text in ("", ",", " ", "nonsense", "P99", "PR0003-S01:x", "PR0003-S01:0")
    ],
    *[
        (2, ("unit", "hold", "P00003", "--client", "A", "--until", text, "--reason", "x"))
        for text in ("", "tomorrow", "2099-13-01", "0001-01-01")
    ],
    (2, ("unit", "hold", "P00003", "--client", " ", "--until", "2099-01-01", "--reason", "x")),
    (2, ("unit", "hold", "P00003", "--until", "2099-01-01", "--reason", "x")),
    (2, ("unit", "hold", "--client", "A", "--until", "2099-01-01", "--reason", "x")),
    (2, ("unit", "release")),
    (4, ("unit", "release", "P00003")),
    (4, ("unit", "release", "--client", "Nobody")),
    # policies and users
    *[
        (2, ("policy", "set", *words))
        for words in (
            (),
            ("--mode", "MAYBE"),
            ("--mode", ""),
            ("--split", "never"),
            ("--max-upgrade-gap", "x"),
            ("--max-upgrade-gap", "1.5"),
            ("--min-margin", "abc"),
            ("--min-margin", "nan"),
            ("--min-margin", "inf"),
            ("--max-auto-value", "nan"),
            ("--max-auto-value", "inf"),
            ("--vendor-blocklist", ""),
            ("--vendor-whitelist", "a\x00b"),
            ("--match", "", "--mode", "SUGGEST"),
            ("--unset", "nonsense"),
            ("--match", "M01", "--client", "A", "--mode", "SUGGEST"),
        )
    ],
    *[
        ((2, 4), ("policy", "set", *words))
        for words in (
            ("--client", " ", "--mode", "SUGGEST"),
            ("--max-upgrade-gap", "-1"),
            ("--max-downgrade-gap", "-1"),
            ("--min-chunk", "-1"),
            ("--max-auto-value", "-1"),
            ("--min-chunk", "99999999999999999999"),
            ("--max-upgrade-gap", "99999999999999999999"),
        )
    ],
    (3, ("policy", "set", "--unset", "mode")),
    *[
        (2, ("user", "set", *words))
        for words in (
            (),
            ("",),
            (" ",),
            ("anna", "--role", "boss"),
            ("anna", "--role", ""),
            ("an\x00na",),
            ("anna", "--email", "a\x07b"),
        )
    ],
    (4, ("user", "set", "anna", "--role", "operator")),
    (4, ("user", "set", "anna", "--role", "ops_manager", "--inactive")),
]


@pytest.mark.parametrize(
    ("code", "words"),
    some(REFUSED, 3, of=2),
    ids=[" ".join(words)[:60].encode("unicode_escape").decode() for _, words in REFUSED],
)
def test_one_clear_line_and_nothing_written(
    here: Runner, book: Path, code: int | tuple[int, ...], words: tuple[str, ...]
) -> None:
    before = book.read_bytes()
    done = here(*words)
    assert done.code in (code if isinstance(code, tuple) else (code,)), done.out + done.err
    assert book.read_bytes() == before
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("ticketops: ")
    assert "internal error" not in done.err
    assert "Traceback" not in done.err


def test_exit_codes_through_processes(at: Runner, book: Path) -> None:
    """0 done · 1 something to look at · 2 words · 3 unknown · 4 a rule · 6 a role; as JSON too."""
    before = book.read_bytes()
    found = {}
    for words, role in (
        (("allocate", "preview", "S1"), "staff"),
        (("allocate", "preview", "S4"), "staff"),
        (("allocate", "commit", "S1", "--plan", "0"), "ops_manager"),
        (("allocate", "commit", "S99"), "ops_manager"),
        (("allocate", "commit", "S2"), "ops_manager"),
        (("allocate", "commit", "S1"), "operator"),
    ):
        done = at(*words, "--json", role=role)
        content = json.loads(done.out)
        assert ("error" in content) == (done.code > 1)
        found[words] = done.code
    assert list(found.values()) == [0, 1, 2, 3, 4, 6]
    assert book.read_bytes() == before


def test_a_sale_that_asks_for_more_ends_with_1_and_is_written(here: Runner, book: Path) -> None:
    assert here("allocate", "commit", "S4").code == 4, "it waits for approval"
    done = here("sale", "approve", "S4", "--reason", "bear it", "--json")
    given = done.json["result"]["allocation"]
    assert (done.code, given["allocated"], given["requested"]) == (1, 7, 9)
    assert "WAITING_STOCK" in [finding["code"] for finding in done.json["findings"]]
    assert column(book, "Distribution", "Status", 2)[6:15].count("WAITING_STOCK") == 2
    assert here("audit", "run").code == 0


def test_policies_and_users_are_listed(here: Runner) -> None:
    assert (
        here("policy", "set", "--client", "  Acme ", "--min-margin", "12.5", "--no-upgrade").code
        == 0
    )
    assert here("policy", "set", "--match", "m1", "--mode", "suggest").code == 0
    listed = here("policy", "list", "--json").json["result"]["policies"]
    assert [(one["scope"], one["key"], one["mode"], one["min_margin_pct"]) for one in listed] == [
        ("client", "Acme", None, 12.5),
        ("match", "M01", "SUGGEST", None),
    ]
    shown = here("policy", "show", "--match", "M01", "--client", "acme", "--json").json["result"][
        "policy"
    ]
    assert (
        shown["mode"],
        shown["min_margin_pct"],
        shown["upgrade_allowed"],
        shown["downgrade_allowed"],
    ) == ("SUGGEST", 12.5, False, False)
    assert here("policy", "set", "--client", "ACME", "--unset", "min-margin").code == 0
    assert (
        here("policy", "show", "--client", "Acme", "--json").json["result"]["policy"][
            "min_margin_pct"
        ]
        is None
    )
    assert here("user", "set", "anna", "--role", "super_admin").code == 0
    assert [user["user"] for user in here("user", "list", "--json").json["result"]["users"]] == [
        "anna"
    ]

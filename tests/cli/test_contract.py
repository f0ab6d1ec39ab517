"""The machine-readable contract of every command, through the real command line on the small
sample."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import openpyxl
import pytest

from tests.cli.workbooks import cells_of
from tests.conftest import ROOT, Runner
from tests.sampling import some
from ticketops.cli.main import run

ENVELOPE = {"command", "run_id", "dry_run", "result", "changes", "findings"}
FINDING = {
    "code",
    "severity",
    "sheet",
    "row",
    "sales_id",
    "unit_id",
    "match",
    "category",
    "message",
}

WRITING: list[tuple[list[str], set[str]]] = [
    (
        ["purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:3@120.50"],
        {"units_created", "units_removed", "first_unit_id", "last_unit_id", "issues"},
    ),
    (
        ["purchase", "expand"],
        {"units_created", "units_removed", "first_unit_id", "last_unit_id", "issues"},
    ),
    (
        ["sale", "add", "--client", "Acme", "--line", "M06:Cat 2:2@350"],
        {"sales_ids", "rows_created", "rows_refreshed", "rows_missing", "rows_excess"},
    ),
    (
        ["sale", "expand"],
        {"sales_ids", "rows_created", "rows_refreshed", "rows_missing", "rows_excess"},
    ),
    (
        ["allocate", "commit", "S5"],
        {"sales_id", "requested", "allocated", "status", "chunks", "unit_ids"},
    ),
    (["allocate", "auto"], {"targets", "filled", "waiting", "units", "split_sales", "chunks"}),
    (
        ["audit", "run", "--write"],
        {
            "distribution_rows",
            "unique_unit_ids",
            "purchase_units",
            "allocated_units",
            "issues",
            "by_code",
        },
    ),
    (["audit", "repair", "--yes"], {"repairs", "left"}),
    (["recon", "run"], {"by_action"}),
    (["recon", "apply"], {"by_action", "ticked", "rows_deleted", "rows_created"}),
    (
        ["report", "position", "--write"],
        {
            "sold",
            "sent",
            "open",
            "available",
            "oversold",
            "surplus",
            "allocated_unsent",
            "true_shortage",
            "lines",
        },
    ),
    (["doctor", "--fix"], {"issues", "by_code"}),
]
READING: list[tuple[list[str], set[str]]] = [
    (
        ["audit", "run"],
        {
            "distribution_rows",
            "unique_unit_ids",
            "purchase_units",
            "allocated_units",
            "issues",
            "by_code",
        },
    ),
    (
        ["report", "position"],
        {
            "sold",
            "sent",
            "open",
            "available",
            "oversold",
            "surplus",
            "allocated_unsent",
            "true_shortage",
            "lines",
        },
    ),
    (["status"], {"position", "waiting", "actions"}),
    (["log"], {"transactions"}),
    (["doctor"], {"issues", "by_code"}),
]
NAMES = [" ".join(words[:2]) for words, _ in WRITING]


@pytest.fixture
def cli(in_process: Runner) -> Runner:
    """Here what commands say counts; that a process says the same is shown in test_allocation_cli
    and test_backbone_properties."""
    return in_process


@pytest.mark.parametrize(
    ("words", "keys"), WRITING + READING, ids=[" ".join(w[:3]) for w, _ in WRITING + READING]
)
def test_one_json_object_with_the_envelope(
    cli: Runner, small: Path, words: list[str], keys: set[str]
) -> None:
    done = cli(*words, "-w", str(small), "--json")
    assert done.code in (0, 1), done.err
    content = done.json
    assert set(content) - {"cells"} == ENVELOPE
    assert keys <= set(content["result"])
    assert all(set(finding) == FINDING for finding in content["findings"])
    assert all(
        {"set", "appended", "deleted"} <= set(count) for count in content["changes"].values()
    )
    grave = [f for f in content["findings"] if f["severity"] != "INFO"]
    assert done.code == (1 if grave else 0)


@pytest.mark.parametrize("words", some([w for w, _ in WRITING], 3), ids=NAMES)
def test_a_dry_run_names_the_very_cells_that_change(
    cli: Runner, small: Path, words: list[str]
) -> None:
    """openpyxl reads the workbook before and after: what differs is what the dry run listed."""
    if words[:2] == ["sale", "expand"]:  # something to do for it
        assert (
            cli("sale", "add", "--client", "B", "--line", "M01:Cat 1:2@1", "-w", str(small)).code
            == 0
        )
    before, bytes_before = cells_of(small), small.read_bytes()
    planned = cli(*words, "-w", str(small), "--dry-run", "--json")
    assert small.read_bytes() == bytes_before
    assert planned.json["dry_run"] is True
    done = cli(*words, "-w", str(small), "--json")
    after = cells_of(small)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    listed = {
        (cell["sheet"], cell["cell"]) for cell in planned.json["cells"] if ":" not in cell["cell"]
    }
    replaced = {cell["sheet"] for cell in planned.json["cells"] if ":" in cell["cell"]}
    assert {key for key in changed if key[0] not in replaced} == listed
    assert {sheet for sheet, _ in changed} <= {sheet for sheet, _ in listed} | replaced
    assert planned.json["changes"] == done.json["changes"]


@pytest.mark.slow
def test_a_dry_run_of_undo_names_the_cells_it_would_set_back(cli: Runner, small: Path) -> None:
    book = ("-w", str(small))
    before = cells_of(small)
    assert cli("allocate", "commit", "S5", *book).code in (0, 1)
    after = cells_of(small)
    planned = cli("undo", *book, "--dry-run", "--json")
    assert cells_of(small) == after
    changed = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
    said = {(c["sheet"], c["cell"]) for c in planned.json["cells"]}
    logged = {k for k in said | changed if k[0] == "_ALLOC_LOG"}  # it keeps its rows (D19)
    assert changed - said - logged <= {("_PURCHASE_UNITS", "Z1")}  # a new column goes whole
    assert said - logged <= changed
    assert cli("undo", *book, "-y", "--json").json["changes"] == planned.json["changes"]
    now = cells_of(small)
    assert {k: v for k, v in now.items() if k[0] != "_ALLOC_LOG"} == {
        k: v for k, v in before.items() if k[0] != "_ALLOC_LOG"
    }
    assert {k: v for k, v in now.items() if k in after and k[0] == "_ALLOC_LOG"} == {
        k: v for k, v in after.items() if k[0] == "_ALLOC_LOG"
    }


def test_a_dry_run_on_a_pipe_lists_every_cell_as_text(cli: Runner, small: Path) -> None:
    done = cli("allocate", "auto", "-w", str(small), "-n")
    listed = cli("allocate", "auto", "-w", str(small), "-n", "--json").json["cells"]
    assert len([line for line in done.out.splitlines() if "→" in line]) == len(listed)
    assert "dry run: nothing was written" in done.err


def test_passwords_are_in_no_output(cli: Runner, small: Path) -> None:
    book = openpyxl.load_workbook(small)
    sheet = book["_PURCHASE_UNITS"]
    place = [c.value for c in sheet[1]].index("Password") + 1
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, place).value = f"canary-{row}"
    book.save(small)
    state = small.with_name(small.name + ".ticketops")
    for words in (
        ["allocate", "auto", "-n"],
        ["allocate", "auto", "-n", "--json"],
        ["allocate", "auto", "--json"],
        ["doctor", "--json"],
        ["log", "--json"],
        ["undo", "--json", "-y"],
    ):
        done = cli(*words, "-w", str(small))
        assert "canary" not in done.out + done.err
    from isal import igzip

    journal = b"".join(
        igzip.decompress(path.read_bytes()) for path in (state / "journal").glob("*.gz")
    )
    assert b"canary" not in journal
    assert b"secret" in journal


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["allocate", "commit", "S9999"], 3),
        (["allocate", "commit", "S1"], 4),
        (["sale", "add", "--client", "A", "--currency", "AED", "--line", "M01:Cat 1:1@1"], 2),
        (["nonsense"], 2),
        (["audit", "run", "--nonsense"], 2),
    ],
)
def test_an_error_is_one_json_object_too(
    cli: Runner, small: Path, words: list[str], code: int
) -> None:
    if words[-1] == "S1":
        cli("allocate", "auto", "-w", str(small))
    done = cli(*words, *(["-w", str(small)] if words != ["nonsense"] else []), "--json")
    assert done.code == code
    assert set(done.json) == {"command", "error"}
    assert set(done.json["error"]) == {"code", "message", "hint"}
    assert "\n" not in done.json["error"]["message"]


def test_who_and_where_come_from_flags_environment_and_file(
    cli: Runner, small: Path, tmp_path: Path
) -> None:
    own = tmp_path / "config" / "ticketops" / "ticketops.toml"
    own.parent.mkdir(parents=True)
    own.write_text('user = "from-file"\n')
    (tmp_path / "ticketops.toml").write_text('workbook = "small.xlsx"\n')
    at_home = {"XDG_CONFIG_HOME": str(own.parent.parent)}
    add = ("purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:1@1")
    environment = at_home | {"TICKETOPS_USER": "from-environment"}
    assert cli(*add, cwd=tmp_path, env=at_home).code == 0
    assert cli(*add, cwd=tmp_path, env=environment).code == 0
    assert cli(*add, "--as", "from-flag", cwd=tmp_path, env=environment).code == 0
    users = [t["user"] for t in cli("log", "--json", cwd=tmp_path).json["result"]["transactions"]]
    assert users == ["from-flag", "from-environment", "from-file"]


@pytest.mark.parametrize("text", ["backups = 0", 'backups = "many"', "colour = true", "not toml"])
def test_a_wrong_setting_is_one_clear_line(cli: Runner, tmp_path: Path, text: str) -> None:
    (tmp_path / "ticketops.toml").write_text(text)
    done = cli("status", cwd=tmp_path)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1


def test_lines_from_a_pipe(cli: Runner, small: Path) -> None:
    done = cli(
        "sale",
        "add",
        "-w",
        str(small),
        "--client",
        "Pipe",
        "--csv",
        "-",
        "--json",
        stdin="match,category,qty,unit_price\nM1,cat 1,2,350\nM06,Cat 2,1,99.5\n",
    )
    assert done.json["result"]["rows_created"] == 3
    bought = cli(
        "purchase",
        "add",
        "-w",
        str(small),
        "--csv",
        "-",
        "--json",
        stdin="Match;Category;Qty;Unit Price;Vendor\nM1;Cat 1;2;350;Ann\n",
    )
    assert bought.json["result"]["units_created"] == 2


def test_a_reader_that_goes_away_is_no_error(small: Path) -> None:
    import subprocess

    command = f"{sys.executable} -m ticketops report position -w {small} | head -1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr


def test_init_makes_what_doctor_finds_sound(cli: Runner, tmp_path: Path) -> None:
    path = tmp_path / "new.xlsx"
    assert cli("init", str(path)).code == 0
    assert cli("doctor", "-w", str(path), "--json").json["findings"] == []
    assert cli("init", str(path)).code == 4
    assert cli("init", str(path), "--force").code == 0
    assert cli("init", str(tmp_path / "nowhere" / "new.xlsx")).code == 3
    assert cli("init", str(tmp_path / "new.xls")).code == 2


@pytest.mark.slow
def test_doctor_fix_adds_what_is_missing_and_nothing_else(cli: Runner, small: Path) -> None:
    book = openpyxl.load_workbook(small)
    del book["_IMPORT_META"]
    del book["_REPORT_POSITION"]
    book["Sales"].cell(1, 13).value = None  # Notes
    book["Purchases"].delete_cols(11)  # PurchaseID; the extension columns behind it close up
    book["_STAFF_QUEUE"].cell(
        1, 1
    ).value = "Task No."  # renamed: it is named, and nothing is added beside it
    book.save(small)
    before = cells_of(small)
    found = {f["code"] for f in cli("doctor", "-w", str(small), "--json").json["findings"]}
    assert {"MISSING_SHEET", "MISSING_COLUMN", "EXTRA_COLUMN"} <= found
    assert cli("report", "position", "-w", str(small)).code == 0
    assert cli("sale", "expand", "-w", str(small)).code == 3
    done = cli("doctor", "--fix", "-w", str(small), "--json")
    assert {a["sheet"] for a in done.json["result"]["added"]} == {
        "Sales",
        "Purchases",
        "_IMPORT_META",
        "_REPORT_POSITION",
    }
    after = cells_of(small)
    assert {k: v for k, v in after.items() if k in before} == before
    assert {k[0] for k in after.keys() - before.keys()} == {"Sales", "Purchases", "_IMPORT_META"}
    still = [
        f
        for f in cli("doctor", "-w", str(small), "--json").json["findings"]
        if f["code"] in ("MISSING_SHEET", "MISSING_COLUMN")
    ]
    assert [(f["sheet"], "'Task No.' in column A" in f["message"]) for f in still] == [
        ("_STAFF_QUEUE", True)
    ]
    assert cli("sale", "expand", "-w", str(small)).code == 0


def test_commands_in_this_process_return_their_exit_code(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "run", "-w", str(small)]) == 0
    assert run(["audit", "run", "-w", str(small) + ".nope"]) == 3
    assert "issues 0" in capsys.readouterr().out


def test_the_committed_sample_is_what_the_command_makes(cli: Runner, tmp_path: Path) -> None:
    import zipfile

    made = tmp_path / "small.xlsx"
    assert cli("sample", "small", str(made)).code == 0
    with (
        zipfile.ZipFile(made) as new,
        zipfile.ZipFile(ROOT / "sample_workbooks" / "small.xlsx") as committed,
    ):
        assert new.namelist() == committed.namelist()
        assert [n for n in new.namelist() if new.read(n) != committed.read(n)] == []


def test_a_state_folder_is_private(cli: Runner, small: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(small, tmp_path / "private.xlsx"))
    cli(
        "purchase", "add", "-w", str(copy), "--match", "M01", "--vendor", "V", "--line", "Cat 1:1@1"
    )
    state = copy.with_name("private.xlsx.ticketops")
    assert state.stat().st_mode & 0o777 == 0o700
    assert {p.name for p in state.iterdir()} >= {"journal", "backups", "cache"}

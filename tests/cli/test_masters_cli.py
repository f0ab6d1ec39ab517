"""Master data through the real command line: files in any shape, workbooks, and back."""

from __future__ import annotations

import csv
import io
import random
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT, Runner
from tests.sampling import some
from ticketops.domain.masterdata.importing import Line
from ticketops.schema.layouts.event.masters import BY_NAME, CLIENT, ENTITIES, Entity
from ticketops.services.master_files import mapping, read_records

MANAGER = {"TICKETOPS_ROLE": "ops_manager", "TICKETOPS_USER": "olga"}
RECORDS = [
    ("client add", "Acme Ltd", "--code", "ACM", "--type", "CORPORATE", "--credit-limit", "1250.5"),
    ("client add", "Bolt", "--credit-limit", "0", "--contact-phone", "+971 4 555 0100"),
    ("client add", "=cmd|x", "--address", 'a, "b"; c', "--status", "INACTIVE"),
    ("client add", "Ess GmbH", "--address", "'=1+1", "--tax-id", "-5", "--payment-terms", "''+x"),
    ("vendor add", "Vee Seats", "--type", "DIRECT", "--website", "https://vee.example.org"),
    ("vendor event", "Vee Seats", "--event", "WC2026", "--credential-hint", "the blue one"),
    ("contract add", "000777", "--type", "SALE", "--party", "Bolt", "--valid-to", "2099-12-31"),
    ("contract add", "1", "--type", "PURCHASE", "--party", "Vee Seats", "--max-value", "9"),
    ("venue add", "Azteca", "--capacity", "80000", "--timezone", "America/Mexico_City"),
    ("currency add", "AED", "--rate", "0.2723", "--symbol", "د.إ"),
    ("currency add", "XAU", "--active", "no"),
]


@pytest.fixture
def kept(in_process: Runner, empty: Path) -> Any:
    """A workbook with records of every kind, and its command line."""

    def run(*words: str, code: int = 0, workbook: Path = empty) -> Any:
        done = in_process(*words, "-w", str(workbook), "--json", env=MANAGER, cwd=empty.parent)
        assert done.code == code, done.err or done.out
        return done.json

    for command, *words in RECORDS:
        more = ["--credit-currency", "USD"] if "--credit-limit" in words else []
        more = ["--currency", "USD"] if "--max-value" in words else more
        run(*command.split(), *words, *more)
    return run


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
@pytest.mark.parametrize("kind", some(["csv", "xlsx"], 2))
def test_what_is_exported_and_imported_again_changes_nothing(
    kept: Any, tmp_path: Path, entity: Any, kind: str, in_process: Runner
) -> None:
    file = tmp_path / f"records.{kind}"
    option = ("--csv", str(file)) if kind == "csv" else ("--out", str(file))
    exported = kept("master", "export", "--entity", entity.plural, *option)["result"]
    again = kept("master", "import", str(file), "--entity", entity.plural)
    count = len(exported["entities"][0]["records"])
    assert again["result"]["unchanged"] == count > 0
    assert again["changes"] == {}
    other = tmp_path / "other.xlsx"
    assert in_process("init", str(other)).code == 0
    for one in ENTITIES[: ENTITIES.index(entity) + 1]:
        for_one = tmp_path / f"{one.plural}.csv"
        kept("master", "export", "--entity", one.plural, "--csv", str(for_one))
        kept("master", "import", str(for_one), "--entity", one.plural, workbook=other)
    found = kept("master", "export", "--entity", entity.plural, workbook=other)["result"]
    assert found["entities"] == exported["entities"]


def test_a_whole_workbook_of_records_can_be_pulled(kept: Any, tmp_path: Path, empty: Path) -> None:
    other = Path(shutil.copy(ROOT / "sample_workbooks" / "small.xlsx", tmp_path / "other.xlsx"))
    done = kept("master", "pull", "--from", str(empty), workbook=other)
    assert sum(len(one["added"]) for one in done["result"]["entities"]) == len(RECORDS)
    again = kept("master", "pull", "--from", str(empty), workbook=other)
    assert again["changes"] == {}
    assert sum(one["unchanged"] for one in again["result"]["entities"]) == len(RECORDS)


def test_the_workbook_itself_is_no_other(kept: Any, empty: Path) -> None:
    assert "the workbook itself" in str(kept("master", "pull", "--from", str(empty), code=2))


def test_a_dry_run_shows_cells_and_undo_gives_the_bytes_back(
    kept: Any, tmp_path: Path, empty: Path
) -> None:
    file = tmp_path / "more.csv"
    file.write_text("Client;Limit;credit currency\nDelta;1.250,00;EUR\n")
    words = ("master", "import", str(file), "--entity", "clients", "--map", "credit-limit=Limit")
    before = empty.read_bytes()
    shown = kept(*words, "-n")
    assert {"CreditLimit", "Client"} <= {cell["header"] for cell in shown["cells"]}
    assert empty.read_bytes() == before
    kept(*words)
    row = [cell.value for cell in openpyxl.load_workbook(empty)["_CLIENTS"][6]]
    assert row[0] == "Delta"
    assert 1250 in row
    kept("undo", "-y")
    assert empty.read_bytes() == before


def test_a_file_with_a_wrong_line_is_refused_whole(
    kept: Any, tmp_path: Path, in_process: Runner, empty: Path
) -> None:
    file = tmp_path / "more.csv"
    file.write_text(
        "name,type,e-mail,code\nDelta,boss,,\nAcmee Ltd,,,\nEcho,,,acm\nEcho,,,\n,AGENCY,,\n"
    )
    words = ("master", "import", str(file), "--entity", "clients", "--map", "contact_email=e-mail")
    before = empty.read_bytes()
    done = in_process(*words, "-w", str(empty), env=MANAGER)
    assert done.code == 3
    for part in (
        "line 2: Type must be one of CORPORATE, AGENCY, INDIVIDUAL, not 'boss'",
        "line 3: client 'Acmee Ltd' is ambiguous",
        "line 4: Code acm already stands for Acme Ltd",
        "line 6: Client is missing",
    ):
        assert part in done.err
    assert empty.read_bytes() == before


def test_unknown_headers_are_said_with_the_option_that_takes_them(
    kept: Any, tmp_path: Path, in_process: Runner, empty: Path
) -> None:
    file = tmp_path / "more.csv"
    file.write_text("Client,Colour,Adress\nDelta,red,x\n")
    done = in_process(
        "master", "import", str(file), "--entity", "clients", "-w", str(empty), env=MANAGER
    )
    assert done.code == 0
    assert "the column Colour is not used\n" in done.err
    assert "the column Adress is not used; --map address='Adress' takes it as Address" in done.err


@pytest.mark.parametrize("kind", ["csv", "out"])
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.plural)
def test_the_file_of_a_kind_without_records_is_nothing_to_import(
    in_process: Runner, tmp_path: Path, entity: Entity, kind: str
) -> None:
    bare, file = tmp_path / "bare.xlsx", tmp_path / ("of.csv" if kind == "csv" else "of.xlsx")
    assert in_process("init", str(bare)).code == 0
    words = ("--entity", entity.plural, "-w", str(bare))
    exported = in_process("master", "export", f"--{kind}", str(file), *words, env=MANAGER)
    assert (exported.code, file.exists()) == (0, True), exported.err
    before = bare.read_bytes()
    done = in_process("master", "import", str(file), *words, env=MANAGER)
    assert done.code == 0, done.err
    assert "no lines below the header: there is nothing to import" in done.err
    assert "0 added, 0 changed, 0 unchanged" in done.out
    assert bare.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words", "why"),
    [
        ("Name2\nx\n", (), "has no column Client"),
        ("Client,Company\nx,y\n", (), "are both Client"),
        ("", (), "is empty"),
        ("Client,A\nx,y\n", ("--map", "code=B"), "has no column B"),
        ("Client\nx\n", ("--map", "code"), "--map must be FIELD=HEADER"),
        ("Client\nx\n", ("--map", "colour=Client"), "--map must be FIELD=HEADER"),
        ("Client\nx,y\n", (), "it has 2 cells, but the header has 1"),
    ],
)
def test_files_that_are_none(
    in_process: Runner, empty: Path, tmp_path: Path, text: str, words: tuple[str, ...], why: str
) -> None:
    file = tmp_path / "more.csv"
    file.write_text(text)
    done = in_process(
        "master", "import", str(file), "--entity", "clients", *words, "-w", str(empty), env=MANAGER
    )
    assert done.code in (2, 3)
    assert why in done.err
    assert done.err.count("\n") == 1


_HEADERS = {field.header: field for field in CLIENT.fields}
_RECORD = {
    "Client": "Acme Ltd",
    "Code": "ACM",
    "Type": "AGENCY",
    "CreditLimit": "1250",
    "CreditCurrency": "EUR",
    "Address": "x, y",
    "Status": "ACTIVE",
}


@settings(max_examples=60)
@given(
    order=st.permutations(list(_RECORD)),
    seed=st.integers(0, 9999),
    delimiter=st.sampled_from(",;\t"),
    unknown=st.lists(st.sampled_from(["Foo", "x y", "Рост"]), unique=True, max_size=2),
)
def test_columns_are_found_whatever_their_order_and_spelling(
    tmp_path_factory: pytest.TempPathFactory,
    order: list[str],
    seed: int,
    delimiter: str,
    unknown: list[str],
) -> None:
    chance = random.Random(seed)

    def noisy(header: str) -> str:
        split = chance.choice(["", " ", "_", "-"])
        text = "".join(split + c if c.isupper() else c for c in header).strip("_- ")
        text = chance.choice([text, text.upper(), text.lower()])
        return " " * chance.randint(0, 2) + text + " " * chance.randint(0, 2)

    file = tmp_path_factory.mktemp("noise") / "clients.csv"
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerow([*map(noisy, order), *unknown])
    writer.writerow([*(_RECORD[name] for name in order), *("?" for _ in unknown)])
    file.write_text(written.getvalue(), encoding="utf-8")
    told: list[str] = []
    (line,) = read_records(str(file), CLIENT, {}, told.append)
    assert isinstance(line, Line)
    assert line.given == {_HEADERS[name].name: text for name, text in _RECORD.items()}
    assert len(told) == len(unknown)
    assert all(any(name in text for text in told) for name in unknown)


def test_every_field_can_be_mapped_by_its_option_and_its_header() -> None:
    for entity in ENTITIES:
        for field in entity.fields:
            for name in (field.option, field.header, field.name, field.header.upper()):
                assert mapping(entity, [f"{name}= H "]) == {field.name: "H"}


def test_entities_are_named_in_the_singular_and_the_plural() -> None:
    assert len(BY_NAME) == 2 * len(ENTITIES)

"""Matches and clients as people type them (D23), through the command line: none is made out of thin
air."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.terminal import ENTER, at_terminal
from tests.cli.workbooks import rows_into
from tests.conftest import Result, Runner

GAMES = (
    ("M01", "Mexico vs South Africa", "Group A"),
    ("M02", "South Korea vs Denmark", "Group A"),
    ("M12", "Germany vs Curaçao", "Group E"),
    ("M28", "Mexico vs South Korea", "Group A"),
    ("M104", "Winner M101 vs Winner M102", "Final"),
)
SALE_OF = ("--line", "M01:Cat 1:1@100")


def column(path: Path, sheet: str, name: str) -> list[Any]:
    """The cells of a column, by its header."""
    book = openpyxl.load_workbook(path)
    for row in range(1, 8):
        for cell in book[sheet][row]:
            if cell.value == name:
                below = book[sheet].iter_rows(row + 1, min_col=cell.column, max_col=cell.column)
                found = [c.value for (c,) in below if c.value is not None]
                book.close()
                return found
    raise AssertionError(name)


@pytest.fixture
def event(empty: Path) -> Path:
    """Five matches."""
    rows_into(empty, "Schedule", [{"M#": m, "Game": g, "Group": s} for m, g, s in GAMES])
    return empty


@pytest.fixture
def do(in_process: Runner, event: Path) -> Runner:
    def command(*words: str, **more: Any) -> Result:
        return in_process(*words, "-w", str(event), **more)

    return command


def sell(do: Runner, client: str, *more: str, line: str = "M01:Cat 1:1@100") -> Result:
    return do("sale", "add", "--client", client, "--line", line, *more, "--json")


# --- matches


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12", "M12"),
        ("Match 12", "M12"),
        ("#12", "M12"),
        ("m-12", "M12"),
        ("Mexico vs South Africa", "M01"),
        ("mexico v south africa", "M01"),
        ("South Africa - Mexico", "M01"),
        ("Germany", "M12"),
        ("ger", "M12"),
        ("Curacao", "M12"),
        ("Final", "M104"),
    ],
)
def test_a_match_is_the_schedules_own(do: Runner, event: Path, text: str, code: str) -> None:
    sold = sell(do, "Meridian Travel", line=f"{text}:Cat 1:1@100")
    assert sold.code == 0, sold.err
    assert column(event, "Sales", "Match") == [code]
    bought = do(
        "purchase", "add", "--match", text, "--vendor", "V", "--line", "Cat 1:1@50", "--json"
    )
    assert bought.code == 0, bought.err
    assert column(event, "Purchases", "Match") == [code]
    said = [f["message"] for f in sold.json["findings"] if f["code"] == "NAME_TAKEN"]
    assert bool(said) == (not any(char.isdigit() for char in text))
    assert all(code in message for message in said)


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("Ml2", ["M12"]),
        ("MO1", ["M01"]),
        ("Mexico", ["M01", "M28"]),
        ("MEX", ["M01", "M28"]),
        ("South Korea", ["M02", "M28"]),
        ("Mexcio vs South Africa", ["M01"]),
        ("XYZ", []),
        ("M999", []),
        ("M03", []),
        ("999", []),
        ("ARC01", []),
        ("Spain vs Brazil", []),
    ],
)
def test_no_match_is_invented(do: Runner, event: Path, text: str, candidates: list[str]) -> None:
    before = event.read_bytes()
    for words in (
        ["sale", "add", "--client", "C", "--line", f"{text}:Cat 1:1@100"],
        ["purchase", "add", "--match", text, "--vendor", "V", "--line", "Cat 1:1@50"],
        ["policy", "set", "--match", text, "--mode", "SUGGEST"],
        ["event", "swap", text, "M02", "--confirm", "UNDO", "--reason", "x"],
    ):
        refused = do(*words, env={"TICKETOPS_ROLE": "ops_manager"})
        assert refused.code == 3, (words, refused.err)
        for code in candidates:
            assert f"{code} " in refused.err, refused.err
    assert event.read_bytes() == before


def test_a_schedule_of_numbers(do: Runner, event: Path, in_process: Runner, tmp_path: Path) -> None:
    made = tmp_path / "numbers.xlsx"
    assert in_process("init", str(made)).code == 0
    rows_into(made, "Schedule", [{"M#": int(m[1:]), "Game": g} for m, g, _ in GAMES])

    def at(*words: str) -> Result:
        return in_process(*words, "-w", str(made))

    for text in ("12", "M12", "Match 12", "m12"):
        assert at("sale", "add", "--client", "C", "--line", f"{text}:Cat 1:1@9").code == 0
    assert set(column(made, "Sales", "Match")) == {"M12"}
    assert set(column(made, "Sales", "Game")) == {"Germany vs Curaçao"}
    assert at("sale", "add", "--client", "C", "--line", "M999:Cat 1:1@9").code == 3
    assert at("sale", "add", "--client", "C", "--line", "999:Cat 1:1@9").code == 3


def test_expand_says_what_add_would_refuse_of_a_match(do: Runner, event: Path) -> None:
    typed = {"Client": "Meridian Travel", "Category": "Cat 1", "Number": 1, "Price": 9}
    rows_into(event, "Sales", [typed | {"Match": "Mexico"}, typed | {"Match": "Ml2"}])
    rows_into(event, "Sales", [typed | {"Match": 12}])
    told = [
        finding["message"]
        for finding in do("sale", "expand", "--json").json["findings"]
        if finding["severity"] == "HIGH"
    ]
    assert len(told) == 2
    assert "'Mexico'" in told[0]
    assert "M01 Mexico vs South Africa" in told[0]
    assert "M28" in told[0]
    assert "M12 Germany" in told[1]


# --- clients


@pytest.fixture
def known(do: Runner) -> Runner:
    """Three clients, and six units."""
    for client in ("Meridian Travel", "Müller Reisen", "Delta AG"):
        assert sell(do, client).code == 0
    assert (
        do("purchase", "add", "--match", "M01", "--vendor", "Viagogo", "--line", "Cat 1:6@50").code
        == 0
    )
    return do


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mer", "Meridian Travel"),
        ("MERIDIAN TRAVEL", "Meridian Travel"),
        ("Muller", "Müller Reisen"),
        ("muller reisen", "Müller Reisen"),
        ("del", "Delta AG"),
    ],
)
def test_a_client_that_is_known_is_taken_and_said(
    known: Runner, event: Path, text: str, name: str
) -> None:
    sold = sell(known, text)
    assert sold.code == 0, sold.err
    assert column(event, "Sales", "Client")[-1] == name
    assert sold.json["result"]["orders"][0]["client"] == name
    said = [f["message"] for f in sold.json["findings"] if f["code"] == "NAME_TAKEN"]
    assert bool(said) == (text.casefold() != name.casefold())


@pytest.mark.parametrize(
    ("text", "candidate"),
    [("Meridien Travl", "Meridian Travel"), ("Mueller Reisen", "Müller Reisen"), ("Delta", "")],
)
def test_a_client_that_is_near_another_is_refused(
    known: Runner, event: Path, text: str, candidate: str
) -> None:
    if not candidate:
        assert sell(known, "Delta SA").code == 0  # another legal form is another company
        candidate = "Delta AG, Delta SA"
    before = column(event, "Sales", "Client")
    refused = known("sale", "add", "--client", text, *SALE_OF)
    assert refused.code == 3
    assert candidate in refused.err
    assert "--new" in refused.err
    assert column(event, "Sales", "Client") == before
    assert sell(known, text, "--new").code == 0
    assert column(event, "Sales", "Client") == [*before, text]


def test_a_client_near_nobody_is_new_and_said(known: Runner, event: Path) -> None:
    sold = sell(known, "Acme 1")
    assert [f["code"] for f in sold.json["findings"] if "new client" in f["message"]] == [
        "NEW_NAME"
    ]
    assert not [f for f in sell(known, "Acme 2").json["findings"] if f["code"] == "NAME_TAKEN"]


def test_units_are_held_for_somebody(known: Runner, event: Path) -> None:
    words = ("unit", "hold", "P00001", "--until", "2099-01-01", "--reason", "x", "--client")
    nobody = known(*words, "Nobody Inc")
    assert nobody.code == 3
    assert "Nobody Inc" in nobody.err
    assert known(*words, "Meridien Travl").code == 3
    assert known(*words, "Muller").code == 0
    assert column(event, "_HOLDS", "Client") == ["Müller Reisen"]
    other = list(words)
    other[2] = "P00002"
    assert known(*other, "Nobody Inc", "--new").code == 0
    other[2] = "P00003"
    assert known(*other, "Nobody").code == 0  # who has units is somebody
    assert known("unit", "release", "--client", "mull").code == 0
    assert known("unit", "release", "--client", "Zebra").code == 4


def test_a_vendor_that_is_near_another_is_refused(known: Runner, event: Path) -> None:
    words = ("purchase", "add", "--match", "M01", "--line", "Cat 1:1@50", "--vendor")
    assert known(*words, "Viagoga").code == 3
    assert known(*words, "via").code == 0
    assert known(*words, "Viagoga", "--new").code == 0
    assert column(event, "Purchases", "Vendor") == ["Viagogo", "Viagogo", "Viagoga"]


def test_the_policy_of_a_client(known: Runner) -> None:
    env = {"TICKETOPS_ROLE": "ops_manager"}
    assert (
        known("policy", "set", "--client", "Meridien Travl", "--mode", "SUGGEST", env=env).code == 3
    )
    assert known("policy", "set", "--client", "mer", "--mode", "SUGGEST", env=env).code == 0
    shown = known("policy", "show", "--client", "mer", "--json")
    assert shown.json["result"]["client"] == "Meridian Travel"
    assert shown.json["result"]["policy"]["mode"] == "SUGGEST"


@pytest.mark.parametrize(
    "words",
    [
        ("client", "view", "mer", "--match"),
        ("client", "accept", "mer", "--match"),
        ("staff", "assign", "--to", "ana@example.org", "--match"),
        ("credentials", "assign", "--vendor", "Viagogo", "--match"),
        ("policy", "show", "--match"),
    ],
    ids=" ".join,
)
def test_filters_name_matches_of_the_schedule(
    known: Runner, event: Path, words: tuple[str, ...]
) -> None:
    login = {"Vendor": "Viagogo", "LoginID": "v", "Email": "v@example.org", "Active": True}
    rows_into(event, "_VENDOR_CREDENTIALS", [login])
    for text, says in (
        ("Mexico", "M28 Mexico vs South Korea"),
        ("Ml2", "M12 Germany"),
        ("M999", "no match M999"),
        ("Narnia", "no match Narnia"),
    ):
        refused = known(*words, text)
        assert refused.code == 3, refused.err
        assert says in refused.err
    for text in ("1", "M1", "South Africa vs Mexico"):
        done = known(*words, text)
        assert done.code in (0, 4), done.err  # 4: there is nothing to accept or to assign
        assert "no match" not in done.err


@pytest.mark.slow
def test_a_person_at_a_terminal_is_asked(known: Runner, event: Path) -> None:
    words = ("sale", "add", "--client", "Meridien Travl", "--line", "Mexico:Cat 1:1@100")
    done = at_terminal(*words, "-w", str(event), typed=["1\n", "2\n", "y\n"])
    assert done.code == 0, done.out
    assert "Which client do you mean" in done.out
    assert "2  M28 Mexico vs South Korea" in done.out
    assert column(event, "Sales", "Client")[-1] == "Meridian Travel"
    assert column(event, "Sales", "Match")[-1] == "M28"
    before = column(event, "Sales", "Client")
    done = at_terminal(*words, "-w", str(event), typed=[ENTER])
    assert done.code == 3
    assert "ambiguous" in done.out
    assert column(event, "Sales", "Client") == before


@pytest.mark.parametrize("what", ["sale", "ticket"])
def test_lists_are_filtered_by_names_that_are_resolved(known: Runner, what: str) -> None:
    def listed(*words: str) -> list[str]:
        done = known(what, "list", *words, "--json")
        assert done.code == 0, done.err
        return [row["client"] for row in done.json["result"][f"{what}s"]]

    assert listed("--client", "mer") == ["Meridian Travel"]
    assert listed("--client", "Muller Reisen", "--match", "1") == ["Müller Reisen"]
    assert known("client", "merge", "Delta AG", "--into", "mer").code == 0
    assert sorted(listed("--client", "Delta AG")) == ["Delta AG", "Meridian Travel"]
    for words in (("--client", "Meridien Travl"), ("--match", "Mexico"), ("--match", "M999")):
        assert known(what, "list", *words).code == 3, words

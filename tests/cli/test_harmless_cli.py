"""No text of a workbook, a file or a command line reaches a terminal as something that it obeys, or
that turns what stands beside it round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.dispatching import client_book, fill, rows_of, tickets_of, type_by_key
from tests.conftest import Runner
from ticketops.cli.output import escaped, harmless

EVIL = "\x1b[31mAcme\u202e\u2066\u200b\x9b2J"
NAME = "A\u202ecme\u200b\ufe0f Ltd\u2069"


def shown(text: str) -> set[str]:
    """The characters of a text that are none to be shown."""
    return {c for c in text if not c.isprintable() and c != "\n"}


@pytest.mark.parametrize("more", [[], ["--json"]])
@pytest.mark.parametrize(
    "words",
    [
        ["client", "groups"],
        ["ticket", "list"],
        ["sale", "list"],
        ["client", "view", "bolt"],
        ["client", "view", EVIL],
        ["ticket", EVIL],
        ["client", "pull", f"{EVIL}.xlsx"],
        ["sale", "list", "--client", EVIL],
        [EVIL],
        ["purchase", "list", f"--{EVIL}"],
    ],
)
def test_whatever_a_command_says(
    here: Runner, book: Path, words: list[str], more: list[str]
) -> None:
    cells = {
        "S4-1": {"Comment": f"see {EVIL}", "First name": f"Di{EVIL}".replace("\x1b", "")},
        "S4-2": {"Block": "\u202e12", "Clients notes": "\u200b\u2067x\x85"},
    }
    cells["S4-1"]["Comment"] = cells["S4-1"]["Comment"].replace("\x1b", "")
    type_by_key(book, "Distribution", "ID", cells, 2)
    done = here(*words, *more)
    assert shown(done.out + done.err) == set()
    if more and done.out.strip():
        json.loads(done.out)


def test_a_name_loses_what_nobody_sees(here: Runner, book: Path) -> None:
    done = here("sale", "add", "--client", NAME, "--line", "M01:Cat 1:1@200", "--json", "--yes")
    assert done.code in (0, 1), done.out + done.err
    assert {row["Client"] for row in rows_of(book, "Sales")} == {"Acme Ltd", "ACME VIP", "Bolt"}


def test_a_guest_loses_what_nobody_sees(here: Runner, book: Path) -> None:
    assert here("client", "build", "--all").code in (0, 1)
    source = client_book(book, "bolt")
    typed = {"S4-1": {"First name": "Di\u202e\u200b\ufe0f", "Last Name": "E\u00adco\u2069"}}
    back = fill(source, book.parent / "back" / source.name, typed)
    assert here("client", "pull", str(back)).code in (0, 1)
    assert tickets_of(book, "First name", "Last Name")["S4-1"] == ("Di", "Eco")
    again = here("client", "pull", str(back), "--json")
    assert again.json["changes"] == {}


def test_json_says_the_same() -> None:
    for text in (EVIL, "plain", "Zoë\x7f\u2028\U000e0041", "a\u00a0b"):
        written = escaped(json.dumps({text: text}, ensure_ascii=False))
        assert json.loads(written) == {text: text}
        assert shown(written) == set()
        assert shown(harmless(text)) == set()

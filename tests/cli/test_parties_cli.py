"""Clients, vendors and suppliers as people name them (D23), in every command that takes one: an exact
name, a code, an alias or a beginning that only one has is taken; what is near one, or tied, is refused
with the candidates."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from tests.cli.workbooks import rows_into
from tests.conftest import Result, Runner
from ticketops.cli.main import run

CLIENTS = ("Meridian Travel", "Acme Sports North", "Acme Sports South")
VENDORS = ("Viagogo", "Ticket House East", "Ticket House West")
ASKED = {
    "client": {
        "exact": ["Meridian Travel", "meridian travel"],
        "code": ["MT9"],
        "alias": ["The Captain"],
        "beginning": ["mer", "Meridian T"],
        "near": ["Meridien Travl"],
        "tied": ["Acme Sports"],
    },
    "vendor": {
        "exact": ["Viagogo", "VIAGOGO"],
        "code": ["VG9"],
        "alias": ["The Marketplace"],
        "beginning": ["via"],
        "near": ["Viagoggo"],
        "tied": ["Ticket House"],
    },
    "supplier": {
        "exact": ["POVAMI", "povami"],
        "alias": ["Viagogo"],
        "beginning": ["pov"],
        "near": ["POVANI"],
        "tied": ["HOUSE"],
    },
}
CANDIDATES = {
    ("client", "near"): ["Meridian Travel"],
    ("client", "tied"): ["Acme Sports North", "Acme Sports South"],
    ("vendor", "near"): ["Viagogo"],
    ("vendor", "tied"): ["Ticket House East", "Ticket House West"],
    ("supplier", "near"): ["POVAMI"],
    ("supplier", "tied"): ["HOUSE EAST", "HOUSE WEST"],
}
SALE = ("--line", "M01:Cat 1:1@100")
REASON = ("--reason", "x")
COMMANDS = {
    "client": [
        ("sale add", "--client", "?", *SALE),
        ("sale list", "--client", "?"),
        ("ticket list", "--client", "?"),
        ("refund list", "--client", "?"),
        ("unit hold", "PR0001-S01:1", "--client", "?", "--until", "2099-01-01", *REASON),
        ("unit release", "--client", "?", *REASON),
        ("policy show", "--client", "?"),
        ("policy set", "--client", "?", "--mode", "SUGGEST"),
        ("client set", "?", "--address", "Rue 1"),
        ("client show", "?"),
        ("client deactivate", "?"),
        ("client build", "?"),
        ("client pull", "FILE", "--company", "?"),
        ("client view", "?"),
        ("client views", "?"),
        ("client accept", "?", "S1-1"),
        ("client merge", "Acme Sports North", "--into", "?"),
        ("client alias", "?", "Another Name"),
        ("contract add", "77", "--type", "SALE", "--party", "?"),
    ],
    "vendor": [
        ("purchase add", "--match", "M01", "--vendor", "?", "--line", "Cat 1:1@50"),
        ("purchase list", "--vendor", "?"),
        ("unit list", "--vendor", "?"),
        ("policy set", "--vendor-blocklist", "?"),
        ("vendor set", "?", "--country", "CH"),
        ("vendor show", "?"),
        ("vendor deactivate", "?"),
        ("vendor event", "?", "--event", "WC2026", "--contact", "Ann"),
        ("contract add", "77", "--type", "PURCHASE", "--party", "?"),
        ("supplier map", "POVAMI", "--vendor", "?"),
        ("credentials list", "--vendor", "?"),
        ("credentials add", "?", "--login", "new", "--event", "", "--no-password"),
        ("credentials update", "?", "--notes", "x"),
        ("credentials deactivate", "?", *REASON),
        ("credentials assign", "--vendor", "?"),
        ("credentials history", "--vendor", "?"),
    ],
    "supplier": [
        ("supplier unmap", "?"),
        ("supplier build", "?"),
        ("supplier pull", "FILE", "--supplier", "?"),
    ],
}
READING = ("list", "show", "views", "view", "history")
EVERY = [(kind, words) for kind, commands in COMMANDS.items() for words in commands]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clients and vendors, each of which traded; two are known by a code and an alias, too."""
    path = tmp_path_factory.mktemp("parties") / "event.xlsx"
    do = in_one(path)
    do("init", str(path), workbook=False)
    rows_into(path, "Schedule", [{"M#": "M01", "Game": "A v B"}])
    for name in CLIENTS:
        do("client", "add", name, "--new", *(["--code", "MT9"] * (name == CLIENTS[0])))
    for name in VENDORS:
        do("vendor", "add", name, "--new", *(["--code", "VG9"] * (name == VENDORS[0])))
        do("purchase", "add", "--match", "M01", "--vendor", name, "--line", "Cat 1:6@50")
        do("credentials", "add", name, "--login", "ann", "--event", "", "--no-password")
    for client in CLIENTS:
        do("sale", "add", "--client", client, *SALE)
    do("client", "alias", "Meridian Travel", "The Captain")
    rows_into(
        path, "_ALIASES", [{"Kind": "VENDOR", "Alias": "The Marketplace", "StandsFor": "Viagogo"}]
    )
    do("allocate", "auto")
    do(
        "unit",
        "hold",
        "PR0001-S01:1",
        "--client",
        "Meridian Travel",
        "--until",
        "2099-01-01",
        *REASON,
    )
    do("supplier", "map", "POVAMI", "--vendor", "Viagogo")
    do("supplier", "map", "HOUSE EAST", "--vendor", "Ticket House East")
    do("supplier", "map", "HOUSE WEST", "--vendor", "Ticket House West")
    book = openpyxl.load_workbook(path)
    sheet = book["Distribution"]
    at, delivery = next(
        (cell.row, cell.column) for row in sheet for cell in row if cell.value == "Delivery"
    )
    for row in range(at + 1, at + 4):
        sheet.cell(row, delivery, "SENT")
    book.save(path)
    return path


def in_one(path: Path) -> Callable[..., None]:
    def do(*words: str, workbook: bool = True) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TICKETOPS_ROLE", "super_admin")
            code = run([*words, *(("-w", str(path), "--yes") if workbook else ())])
        assert code in (0, 1), words

    return do


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "words"), EVERY, ids=[" ".join(w[:1]) for _k, w in EVERY])
def test_every_command_knows_them(
    in_process: Runner, made: Path, tmp_path: Path, kind: str, words: Sequence[str]
) -> None:
    path = tmp_path / "event.xlsx"
    shutil.copy(made, path)
    before = path.read_bytes()
    first, *rest = words
    harmless = () if first.split()[1] in READING else ("--yes", "--dry-run")

    def asked(text: str) -> Result:
        given = [{"?": text, "FILE": str(tmp_path / "back.xlsx")}.get(word, word) for word in rest]
        common = ("-w", str(path), "--json", *harmless)
        return in_process(
            *first.split(), *given, *common, env={"TICKETOPS_ROLE": "super_admin"}, cwd=tmp_path
        )

    if "FILE" in words:
        openpyxl.Workbook().save(tmp_path / "back.xlsx")
    plain = asked(ASKED[kind]["exact"][0])
    assert plain.code in (0, 1), plain.out
    for how, texts in ASKED[kind].items():
        for text in texts:
            done = asked(text)
            if how in ("near", "tied"):
                assert done.code == 3, (text, done.out)
                assert done.json["error"]["code"] == "UNCLEAR_NAME"
                for name in CANDIDATES[kind, how]:
                    assert name in done.json["error"]["hint"]
            else:
                assert done.code == plain.code, (text, done.out)
                assert without_ids(done) == without_ids(plain), text
    assert path.read_bytes() == before


def without_ids(done: Result) -> str:
    """The result without what is new in every run."""
    return re.sub(
        r"\"client_score\": [\d.]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d[T ][\d:.]+",
        "",
        json.dumps(done.json["result"]),
    )

"""Names of which nobody sees anything, paths that lead nowhere, and parts that nobody reads: one clear
line, and nothing is written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.conftest import Runner

UNSEEN = "\u200b\u2060"


@pytest.mark.parametrize(
    "words",
    [
        ("sale", "add", "--client", UNSEEN, "--line", "M1:Cat 1:2@5"),
        ("purchase", "add", "--match", "M1", "--vendor", UNSEEN, "--line", "Cat 1:2@5"),
        ("status", "--as", UNSEEN),
    ],
    ids=lambda words: words[0],
)
def test_a_name_of_unseen_characters_is_none(
    in_process: Runner, empty: Path, words: tuple[str, ...]
) -> None:
    before = empty.read_bytes()
    done = in_process(*words, "-w", str(empty))
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert empty.read_bytes() == before


def test_a_client_of_unseen_characters_in_a_file_is_empty(
    in_process: Runner, empty: Path, tmp_path: Path
) -> None:
    lines = tmp_path / "lines.csv"
    lines.write_text(f"match,category,qty,unit_price,client\nM1,Cat 1,1,9,{UNSEEN}\n", "utf-8")
    done = in_process("sale", "add", "--csv", str(lines), "-w", str(empty))
    assert done.code == 3
    assert "client is empty" in done.err


def test_a_tilde_in_front_of_a_name_is_part_of_it(in_process: Runner, empty: Path) -> None:
    named = empty.rename(empty.with_name("~x.xlsx"))
    assert in_process("status", "-w", "./~x.xlsx", cwd=named.parent).code == 0
    for env in (
        {"TICKETOPS_WORKBOOK": "~nobody-here/x.xlsx"},
        {"TICKETOPS_KEY_FILE": "~nobody-here/k"},
    ):
        assert in_process("status", env=env, cwd=named.parent).code in (2, 3)


def test_a_link_that_leads_to_itself_is_no_workbook(
    in_process: Runner, empty: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link.xlsx"
    link.symlink_to(link.name)
    for words in (("status", "-w", str(link)), ("init", str(link))):
        done = in_process(*words)
        assert (done.code in (3, 4), done.err.count("\n")) == (True, 1), done.err
    assert link.is_symlink()
    assert in_process("sync", "diff", "--with", str(link), "-w", str(empty)).code == 3


@pytest.mark.parametrize(
    "part", ["xl/theme/theme1.xml", "docProps/core.xml", "customXml/item1.xml"]
)
def test_a_dtd_in_a_part_that_nobody_reads_is_refused(
    in_process: Runner, empty: Path, part: str
) -> None:
    dtd = b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'
    _replaced(empty, part, lambda _: dtd)
    before = empty.read_bytes()
    done = in_process(
        "purchase", "add", "--match", "M1", "--vendor", "V", "--line", "Cat 1:2@5", "-w", str(empty)
    )
    assert done.code == 3
    assert f"{part!r} declares a DTD" in done.err
    assert empty.read_bytes() == before


def test_blanks_before_the_declaration_of_a_part_are_refused(
    in_process: Runner, empty: Path
) -> None:
    _replaced(empty, "xl/worksheets/sheet3.xml", lambda xml: b"\n" + xml)
    assert in_process("sale", "list", "-w", str(empty)).code == 3


def _replaced(path: Path, part: str, change: object) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts.get(part, b""))  # type: ignore[operator]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)

"""Files that must not be opened: a clear report, nothing written that its party may not say, memory
bounded (§7, §17)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.books.field import (
    GOOD,
    SHEET1,
    STRINGS,
    Field,
    Master,
    filled,
    filled_raw,
    part,
    repacked,
)
from tests.books.returned.hostile import bomb, utf16, with_prolog
from tests.conftest import ROOT
from ticketops.errors import UnusableError
from ticketops.stores import child
from ticketops.stores.returned.files import read_returned

PROLOGS = {
    "at once": b"",
    "late": b"<!--" + b"x" * 100_000 + b"-->",
    "after an element in a comment": b"<!-- <a> " + b"x" * 100_000 + b"-->",
    "after many comments": b"<!-- <a/> -->" * 20_000,
    "after an instruction": b"<?x <a> ?>",
    "after a late instruction": b"<?x " + b"y" * 100_000 + b"?>",
    "after a comment that looks closed": b"<!-- -- > <a> -->".replace(b"-- >", b"- ->"),
}
"""What may stand in front of a DTD."""


_SPELT = [(where, how) for where in PROLOGS for how in ("utf-8", "utf-16")]


@pytest.mark.parametrize(("where", "how"), _SPELT)
def test_a_dtd_is_refused_wherever_and_however_it_is_written(
    where: str, how: str, event: Field
) -> None:
    path = filled_raw(event)
    declared = PROLOGS[where] + b'<!DOCTYPE z [<!ENTITY g "Eve">]>'
    changed = with_prolog(part(path, STRINGS).replace(b">Ana<", b">&g;<"), declared)
    back = read_returned(
        [repacked(path, {STRINGS: utf16(changed) if how == "utf-16" else changed})]
    )[0]
    assert (back.unusable, [code for code, _, _ in back.problems]) == (True, ["HOSTILE_FILE"])


@pytest.mark.parametrize(
    "prolog",
    [b"<!-- long " + b"x" * 100_000 + b" -->", b"<?x y?>", b"\n\n"],
    ids=["comment", "instruction", "lines"],
)
def test_an_honest_prolog_is_no_reason_to_refuse(prolog: bytes, event: Field) -> None:
    path = filled_raw(event)
    assert (
        event.pull(repacked(path, {STRINGS: with_prolog(part(path, STRINGS), prolog)})).changed
        == GOOD
    )


def test_hostile_files_are_refused_and_the_others_are_read(
    hostile: dict[str, tuple[Path, set[str]]], event: Field
) -> None:
    files = [path for path, _ in hostile.values()]
    good = filled(event)
    heard = event.pull(*files[: len(files) // 2], good, *files[len(files) // 2 :])
    assert heard.changed == GOOD
    said: dict[str, list[str]] = {}
    for finding in heard.plan.findings:
        name = next((name for name in hostile if f"{name}.xlsx" in finding.message), "?")
        said.setdefault(name, []).append(finding.code)
        assert len(finding.message) < 400
        assert "Traceback" not in finding.message
    wrong = {
        name: (said.get(name), codes)
        for name, (_, codes) in hostile.items()
        if len(said.get(name, ())) != 1 or said[name][0] not in codes
    }
    assert wrong == {}
    assert "?" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_bounded(hostile: dict[str, tuple[Path, set[str]]], event: Field) -> None:
    program = (
        "import sys, json, resource, pathlib; from ticketops.stores.returned.files import read_returned\n"
        "found = read_returned([pathlib.Path(p) for p in json.loads(sys.stdin.read())])\n"
        "own = int(pathlib.Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
        "child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(json.dumps([own, child, sum(f.unusable for f in found)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([str(path) for path, _ in hostile.values()]),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    parent, used, unusable = json.loads(done.stdout)
    assert parent < 150 * 1024, "kB"
    assert used * 1024 < child.MEMORY
    assert unusable == len(hostile)
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is kept by Linux")
def test_a_file_that_takes_all_memory_does_not_stop_the_others(
    event: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "MEMORY", 200 * 2**20)
    path = filled_raw(event, name="large.xlsx")
    large = b"".join(b"<si><t>%d%s</t></si>" % (i, b"x" * 20) for i in range(900_000))
    repacked(
        path,
        {
            STRINGS: b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            + large
            + b"</sst>"
        },
    )
    good = filled(event)
    first, second, third = read_returned([good, path, good])
    assert [first.unusable, second.unusable, third.unusable] == [False, True, False]
    assert second.problems[0][0] == "HOSTILE_FILE"
    assert [row.values for row in first.rows] == [row.values for row in third.rows]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(event: Field) -> None:
    os.mkfifo(event.home / "pipe.xlsx")
    good = filled(event)
    first, second, third = read_returned([good, event.home / "pipe.xlsx", good])
    assert [first.unusable, second.unusable, third.unusable] == [False, True, False]
    assert second.problems[0][0] == "UNUSABLE"
    assert "it is a pipe" in second.problems[0][2]


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["WORK", "PATIENCE"])
def test_a_file_that_takes_for_ever_does_not_stop_the_others(
    event: Field, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """By the processor's clock and, where the processor is somebody else's, by that of the wall."""
    monkeypatch.setattr(child, limit, 0 if limit == "WORK" else 1.0)
    path = filled_raw(event, name="long.xlsx")
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    repacked(path, {STRINGS: b"<sst %s>%s</sst>" % (space, b"<si/>" * 6_000_000)})
    (found,) = read_returned([path])
    assert (found.unusable, found.problems[0][0]) == (True, "HOSTILE_FILE")
    monkeypatch.undo()
    assert not read_returned([filled(event)])[0].unusable


def test_no_further_file_is_begun_after_so_many_seconds(event: Field) -> None:
    good = filled(event)
    assert len(read_returned([good] * 3, seconds=0.0)) == 1
    assert len(read_returned([good] * 3, seconds=60.0)) == 3


@pytest.mark.parametrize("most", [100, 10**6])
def test_what_a_file_says_is_limited(
    event: Field, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The parent's memory is not the child's."""
    monkeypatch.setattr(child, "MOST_SAID", most)
    first, second = read_returned([filled(event), filled(event)])
    assert first.unusable == second.unusable == (most == 100)


@pytest.mark.parametrize("tag", [b"xf", b"x:xf", b"a", b"cellStyle"])
def test_more_styles_than_any_program_allows(event: Field, tag: bytes) -> None:
    """31 KB of them would cost twenty seconds."""
    path = filled_raw(event, name="styles.xml.xlsx")
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:x="x"'
    many = b"<%s/>" % tag * (30_000_000 // (len(tag) + 3))
    repacked(path, {"xl/styles.xml": b"<styleSheet %s>%s</styleSheet>" % (space, many)})
    (found,) = read_returned([path])
    assert (found.unusable, found.problems[0][0]) == (True, "HOSTILE_FILE")
    assert "more styles than any spreadsheet program allows" in found.problems[0][2]


def far_cells(xml: bytes, cells: Iterable[tuple[str, int]]) -> bytes:
    rows = b"".join(
        b'<row r="%d"><c r="%s%d" t="inlineStr"><is><t>far</t></is></c></row>'
        % (row, letters.encode(), row)
        for letters, row in cells
    )
    return xml.replace(b"</sheetData>", rows + b"</sheetData>")


@pytest.mark.slow
def test_sheets_of_a_million_rows(event: Field) -> None:
    """Cells in the farthest corners, and a dimension that says that all is full, are read past."""
    path = filled(event)
    xml = part(path, SHEET1)
    corners = far_cells(xml, [("A", 20), ("XFD", 30), ("XFD", 1_048_576)])
    heard = event.pull(
        repacked(
            path,
            {
                SHEET1: re.sub(
                    rb'<dimension ref="[^"]+"/>', b'<dimension ref="A1:XFD1048576"/>', corners
                )
            },
            name="far.xlsx",
        )
    )
    assert heard.changed == GOOD
    assert {code for code, _ in heard.codes} == {"TOO_MANY_ROWS"}
    wide = far_cells(xml, [("XFD", row) for row in range(20, 3_000)])
    assert event.pull(repacked(path, {SHEET1: wide}, name="wide.xlsx")).changed == {}
    base = far_cells(part(path, "xl/worksheets/sheet3.xml"), [("XFD", 1_048_576)])
    heard = event.pull(repacked(path, {"xl/worksheets/sheet3.xml": base}, name="base.xlsx"))
    assert heard.changed == {}
    beyond = far_cells(xml, [("XFE", 20), ("ZZZZ", 21), ("A", 2_000_000_000)])
    heard = event.pull(repacked(path, {SHEET1: beyond}, name="beyond.xlsx"))
    assert heard.changed == {}


@pytest.mark.slow
def test_all_rows_are_looked_at_up_to_the_limit(event: Field) -> None:
    path = filled(event)
    row = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>S1-2</t></is></c><c r="AC{0}" t="inlineStr"><is><t>{1}</t></is></c></row>'
    xml = part(path, SHEET1)
    for at, seen in ((99_000, True), (100_001, False)):
        changed = xml.replace(b"</sheetData>", row.format(at, "Late").encode() + b"</sheetData>")
        changed = re.sub(rb'<row r="5".*?</row>', b"", changed)
        back = read_returned([repacked(path, {SHEET1: changed}, name=f"{at}.xlsx")])[0]
        assert (
            ("S1-2", "Late") in [(r.key, r.values.get("first_name")) for r in back.rows]
        ) == seen
        assert (("TOO_MANY_ROWS", 100_000) in [problem[:2] for problem in back.problems]) == (
            not seen
        )


def encoded(how: str) -> Callable[[bytes], bytes]:
    def change(xml: bytes) -> bytes:
        return re.sub(
            r'(<\?xml version="1.0")[^?]*\?>', rf'\1 encoding="{how}"?>', _declared(xml), count=1
        ).encode(how.lower(), "xmlcharrefreplace")

    return change


def _declared(xml: bytes) -> str:
    decoded = xml.decode("utf-8").lstrip("\ufeff")
    return decoded if decoded.startswith("<?xml") else f'<?xml version="1.0"?>{decoded}'


@pytest.mark.parametrize("how", ["UTF-16", "ISO-8859-1", "UTF-8", "UTF-8-SIG"])
def test_parts_in_other_encodings_are_read_right_or_refused(how: str, event: Field) -> None:
    path = filled_raw(event, AF5="Zoë Müller")
    strings = part(path, STRINGS)
    changed = b"\xef\xbb\xbf" + strings if how == "UTF-8-SIG" else encoded(how)(strings)
    heard = event.pull(repacked(path, {STRINGS: changed}))
    if heard.changed:
        assert heard.changed == GOOD | {("S1-2", "Comment"): "Zoë Müller"}
    else:
        assert {code for code, _ in heard.codes} & {"UNUSABLE", "HOSTILE_FILE"}


def test_a_declared_encoding_that_is_a_lie_is_no_mischief(event: Field) -> None:
    path = filled_raw(event, AF5="Zoë")
    broken = part(path, STRINGS).replace("Zoë".encode(), b"Zo\xeb")
    heard = event.pull(repacked(path, {STRINGS: broken}))
    assert (heard.changed, [code for code, _ in heard.codes]) == ({}, ["UNUSABLE"])


def test_strings_that_are_not_there(event: Field) -> None:
    path = filled_raw(event)
    xml = re.sub(rb'(<c r="AC4"[^>]*t="s"[^>]*><v>)\d+', rb"\g<1>99999", part(path, SHEET1))
    heard = event.pull(repacked(path, {SHEET1: xml}))
    assert (heard.changed, [code for code, _ in heard.codes]) == ({}, ["UNUSABLE"])


def test_a_nested_archive_is_left_alone(event: Field) -> None:
    path = filled(event)
    inner = bomb(path, STRINGS, 64 * 2**20)
    assert event.pull(repacked(path, {"xl/embeddings/oleObject1.bin": inner})).changed == GOOD


def test_a_file_that_is_not_there(event: Field) -> None:
    """A slip of the finger: nothing is read, the others neither."""
    with pytest.raises(UnusableError, match="is not a file"):
        event.pull(filled(event), event.home / "missing.xlsx")
    assert Master.of(event.workbook).tickets.get(("S1-1", "First name")) is None


def test_a_folder_called_like_a_book_stops_no_other(event: Field) -> None:
    (event.home / "folder.xlsx").mkdir()
    heard = event.pull(filled(event), event.home / "folder.xlsx")
    assert (heard.changed, [code for code, _ in heard.codes]) == (GOOD, ["UNUSABLE"])


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_a_file_that_may_not_be_read(event: Field) -> None:
    path = filled(event)
    path.chmod(0)
    heard = event.pull(path)
    assert (heard.codes, heard.changed) == ([("UNUSABLE", None)], {})


@pytest.mark.slow
def test_the_same_file_twice_says_it_once(event: Field) -> None:
    path = filled(event)
    copy = Path(shutil.copy(path, event.home / "copy.xlsx"))
    heard = event.pull(path, path, copy)
    assert (heard.changed, heard.plan.result.taken) == (GOOD, 3)
    again = event.pull(copy)
    assert (again.changed, again.plan.result.edits) == ({}, 0)

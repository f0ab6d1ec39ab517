"""Damaged and hostile workbooks: they are read or refused; never another exception, an abort, or a
file that changes after a refusal.

Everything happens in child processes with little memory, because a reader written in Rust that
meets its limits ends the process. The module is the child program: `python test_fuzz.py` reads
orders from standard input.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import uuid
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest
import time_machine
from isal import isal_zlib

from tests.sampling import some
from ticketops.config import Settings
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.transaction import carry_out, new_run
from ticketops.errors import InternalError, TicketopsError
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, SALES
from ticketops.services import allocation, audit, creation, purchasing, selling
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

ROOT = Path(__file__).parents[3]
MEMORY = 2 * 2**30
DAY = datetime(2026, 4, 17)
SHEETS = [sheet.name for sheet in EVENT]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


# --- what is done with a workbook


def work(path: Path) -> str:
    """Read everything, examine it, commit to it, take that back; how it ended. Whatever is wrong
    comes as `bug: …`."""
    before = path.read_bytes()
    try:
        outcome = _work(path, before)
    except InternalError as error:
        outcome = f"bug: InternalError: {error}"
    except TicketopsError as error:
        outcome = f"refused: {type(error).__name__}"
        if not error.message or "\n" in error.message:
            outcome = f"bug: the message is {error.message!r}"
    except BaseException as error:
        outcome = f"bug: {_where(error)}"
    if path.read_bytes() != before and not outcome.startswith("bug"):
        outcome = f"bug: {outcome}, but the file has changed"
    return outcome


def _work(path: Path, before: bytes) -> str:
    refusals: list[str] = []
    for name in SHEETS:  # one that is damaged must not hide the others
        try:
            XlsxStore(path, use_cache=False, layout=EVENT).read(name, strict=False)
        except InternalError:
            raise
        except TicketopsError as error:
            refusals.append(f"{type(error).__name__}: {error.message}")
    store = XlsxStore(path, layout=EVENT)
    try:
        carry_out(store, audit.doctor_job(store, fix=False), new_run("fuzz"))
    except InternalError:
        raise
    except TicketopsError as error:
        refusals.append(type(error).__name__)
    carry_out(XlsxStore(path, layout=EVENT), sell(), new_run("fuzz"))
    after = path.read_bytes()
    if after == before:
        return "bug: the commit changed nothing"
    sold = XlsxStore(path, use_cache=False, layout=EVENT).read(SALES, DISTRIBUTION)
    if "fuzz" not in sold[SALES].frame["user"].to_list():
        return "bug: what was committed is not there"
    XlsxStore(path, layout=EVENT).undo(Entry("R20260418-090000", "undo", "fuzz", DAY))
    return (
        "bug: undo made another file"
        if path.read_bytes() != before
        else f"worked{' in part' if refusals else ''}"
    )


def sell() -> Any:
    return selling.sale_add(
        Order("Meridian", "USD", DAY), [SaleLine("M06", "Cat 2", 1, Decimal(350))]
    )


def _where(error: BaseException) -> str:
    import traceback

    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "ticketops" in frame.filename and "tests" not in frame.filename
    ]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {str(error)[:120]}{place}"


# --- workbooks


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same small event as ticketops writes it and as openpyxl does: the same bytes
    in every run, so that a number names one damage."""
    folder = tmp_path_factory.mktemp("bases")
    path = folder / "ours.xlsx"
    numbers = random.Random(20260417)
    with (
        time_machine.travel(DAY.replace(tzinfo=UTC), tick=False),
        patch("uuid.uuid4", lambda: uuid.UUID(int=numbers.getrandbits(128), version=4)),
    ):
        creation.init(path, settings=Settings(), force=False)
        for job in (
            purchasing.purchase_add(
                [PurchaseLine("M06", "V", "0012", "Cat 2", 3, Decimal("9.5"), "USD", DAY)]
            ),
            selling.sale_add(
                Order("C & D", "USD", DAY), [SaleLine("M06", "Cat 2", 2, Decimal(350))]
            ),
            allocation.allocate_commit("S1"),
        ):
            carry_out(XlsxStore(path, layout=EVENT), job, new_run("t"))
        other = folder / "openpyxl.xlsx"
        openpyxl.load_workbook(path).save(other)
        other.write_bytes(packed(parts_of(other)))  # without the time of its files
    shutil.rmtree(folder / "ours.xlsx.ticketops")
    return folder


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


# --- mutations: all that they do follows from their number


def mutated(folder: Path, seed: int) -> bytes:
    """A base after some damage: every other time to the archive, else inside parts that are packed
    properly."""
    chance = random.Random(seed)
    base = folder / chance.choice(["ours.xlsx", "openpyxl.xlsx"])
    times = chance.choice([1, 1, 1, 2, 3, 8])
    if seed % 2:
        data = bytearray(base.read_bytes())
        for _ in range(times):
            chance.choice(ON_BYTES)(data, chance)
        return bytes(data)
    parts = parts_of(base)
    names = [name for name in parts if not name.startswith("docProps")]
    favourites = [
        name
        for name in names
        if name.endswith(
            ("sheet3.xml", "sheet4.xml", "workbook.xml", ".rels", "styles.xml", "sharedStrings.xml")
        )
    ]
    for _ in range(times):
        name = chance.choice(favourites if chance.random() < 0.8 else names)
        if chance.random() < 0.3:
            content = bytearray(parts[name])
            chance.choice(ON_BYTES)(content, chance)
            parts[name] = bytes(content)
        elif chance.random() < 0.05:
            del parts[name]
            if name in favourites:
                favourites.remove(name)
            names.remove(name)
        else:
            parts[name] = chance.choice(ON_XML)(parts[name], chance)
    return packed(parts)


def _spot(data: bytearray, chance: random.Random) -> int:
    """A place in the data; headers of the archive are hit more often than their share."""
    if chance.random() < 0.5:
        marks = [found.start() for found in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", data)]
        if marks:
            return min(len(data) - 1, chance.choice(marks) + chance.randrange(60))
    return chance.randrange(len(data)) if data else 0


def _flip(data: bytearray, chance: random.Random) -> None:
    if data:
        data[_spot(data, chance)] ^= 1 << chance.randrange(8)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    at = _spot(data, chance)
    new = chance.choice(
        [
            b"\x00",
            b"\xff",
            b"\x00" * 4,
            b"\xff" * 4,
            b"\x7f\xff\xff\xff",
            chance.randbytes(chance.randrange(1, 40)),
        ]
    )
    data[at : at + len(new)] = new


def _cut(data: bytearray, chance: random.Random) -> None:
    at = _spot(data, chance)
    del data[at : at + chance.choice([1, 2, 4, 30, 500])]


def _truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at, size = _spot(data, chance), chance.choice([1, 4, 46, 300])
    data[at:at] = data[at : at + size]


def _move(data: bytearray, chance: random.Random) -> None:
    source, target, size = _spot(data, chance), _spot(data, chance), chance.choice([2, 4, 30, 300])
    data[target : target + size] = data[source : source + size]


ON_BYTES: list[Callable[[bytearray, random.Random], None]] = [
    _flip,
    _flip,
    _overwrite,
    _cut,
    _truncate,
    _repeat,
    _move,
]

_TAG = re.compile(rb"<[^>]*>")
_ATTRIBUTE = re.compile(rb'\s([\w:]+)="([^"]*)"')
_VALUES = [
    b"",
    b"0",
    b"-1",
    b"1",
    b"99999999999",
    b"4294967296",
    b"1e9",
    b"abc",
    b"A1",
    b"XFD1048576",
    b"A1048577",
    b"a1",
    b"ZZZZ1",
    b"A0",
    b"A1:B2",
    b"Sales",
    b"inlineStr",
    b"s",
    b"n",
    b"b",
    b"e",
    b"str",
    b"d",
    b"rId1",
    b"rId999",
    b"../../../etc/passwd",
    b"/xl/workbook.xml",
    b"&amp;",
    b"&#0;",
    b"\xc3\x28",
    b"\x00",
    "é".encode(),
    b"true",
    b"veryHidden",
]
_INSERTS = [
    b"<!-- <row r='1'> -->",
    b"<![CDATA[<c r='A1'>]]>",
    b"<?pi?>",
    b"\x00",
    b"&",
    b"&amp;",
    b"&nope;",
    b"&#xD800;",
    b"<",
    b">",
    b'"',
    b" ",
    b"\n",
    b"\xff",
    b"<row/>",
    b"<row r='5'/>",
    b"<c/>",
    b"<c r='A1'/>",
    b"<v>1</v>",
    b"<is><t>x</t></is>",
    b"<f>A1</f>",
    b"<mergeCells><mergeCell ref='A1:Z99'/></mergeCells>",
    b"</row>",
    b"</c>",
    b"</sheetData>",
    b"<sheetData>",
    b"<sheetData/>",
    b"<x:c xmlns:x='y'/>",
    b"<extLst/>",
]


def _change_attribute(xml: bytes, chance: random.Random) -> bytes:
    found = list(_ATTRIBUTE.finditer(xml))
    if not found:
        return xml
    one = chance.choice(found)
    value = chance.choice([*_VALUES, chance.choice(found)[2]])
    return xml[: one.start(2)] + value + xml[one.end(2) :]


def _drop_attribute(xml: bytes, chance: random.Random) -> bytes:
    found = list(_ATTRIBUTE.finditer(xml))
    one = chance.choice(found) if found else None
    return xml[: one.start()] + xml[one.end() :] if one else xml


def _requote(xml: bytes, chance: random.Random) -> bytes:
    found = list(_ATTRIBUTE.finditer(xml))
    if not found:
        return xml
    one = chance.choice(found)
    space = chance.choice([b"", b" "])
    return xml[: one.end(1)] + space + b"=" + space + b"'" + one[2] + b"'" + xml[one.end() :]


def _drop_tag(xml: bytes, chance: random.Random) -> bytes:
    found = list(_TAG.finditer(xml))
    one = chance.choice(found) if found else None
    return xml[: one.start()] + xml[one.end() :] if one else xml


def _repeat_tags(xml: bytes, chance: random.Random) -> bytes:
    found = list(_TAG.finditer(xml))
    if not found:
        return xml
    first = chance.randrange(len(found))
    last = min(len(found) - 1, first + chance.randrange(6))
    piece = xml[found[first].start() : found[last].end()]
    return xml[: found[first].start()] + piece + xml[found[first].start() :]


def _swap_tags(xml: bytes, chance: random.Random) -> bytes:
    found = list(_TAG.finditer(xml))
    if len(found) < 2:
        return xml
    one, two = sorted(chance.sample(found, 2), key=lambda tag: tag.start())
    return xml[: one.start()] + two[0] + xml[one.end() : two.start()] + one[0] + xml[two.end() :]


def _insert(xml: bytes, chance: random.Random) -> bytes:
    found = list(_TAG.finditer(xml))
    at = (
        chance.choice(found).end()
        if found and chance.random() < 0.8
        else chance.randrange(len(xml) + 1)
    )
    return xml[:at] + chance.choice(_INSERTS) + xml[at:]


def _rename(xml: bytes, chance: random.Random) -> bytes:
    found = list(re.finditer(rb"</?([A-Za-z]+)", xml))
    if not found:
        return xml
    one = chance.choice(found)
    name = one[1]
    new = chance.choice(
        [b"x:" + name, name.upper(), name + b"x", b"row", b"c", b"v", b"sheetData", b"sheet"]
    )
    if chance.random() < 0.3:
        return re.sub(rb"(</?)" + name + rb"\b", lambda m: m[1] + new, xml)
    return xml[: one.start(1)] + new + xml[one.end(1) :]


def _change_text(xml: bytes, chance: random.Random) -> bytes:
    found = list(re.finditer(rb">([^<]+)<", xml))
    if not found:
        return xml
    one = chance.choice(found)
    return (
        xml[: one.start(1)]
        + chance.choice([*_VALUES, b"9" * 400, b"_xD800_", b"1e400", b"x" * 40_000])
        + xml[one.end(1) :]
    )


def _prefix_all(xml: bytes, chance: random.Random) -> bytes:
    """The same document with a prefix on every name: sound, if nothing else happened to it."""
    renamed = re.sub(rb"<(/?)(?=[A-Za-z])(?![\w]+:)", rb"<\1x:", xml)
    return renamed.replace(b' xmlns="' + MAIN.encode(), b' xmlns:x="' + MAIN.encode(), 1)


ON_XML: list[Callable[[bytes, random.Random], bytes]] = [
    _change_attribute,
    _change_attribute,
    _change_attribute,
    _drop_attribute,
    _requote,
    _drop_tag,
    _repeat_tags,
    _swap_tags,
    _insert,
    _insert,
    _rename,
    _change_text,
    _change_text,
    _prefix_all,
]


# --- the child


def _child() -> None:
    """Work on the files and seeds named on standard input, one a line; say when each begins and how
    it ended."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    folder, scratch = Path(sys.argv[1]), Path(sys.argv[2])
    for line in sys.stdin:
        order = json.loads(line)
        path = scratch / "event.xlsx"
        shutil.rmtree(scratch / "event.xlsx.ticketops", ignore_errors=True)
        path.write_bytes(
            mutated(folder, order) if isinstance(order, int) else Path(order).read_bytes()
        )
        os.write(1, json.dumps([order, "begun"]).encode() + b"\n")
        os.write(1, json.dumps([order, work(path)]).encode() + b"\n")


def outcomes(folder: Path, scratch: Path, orders: list[Any]) -> dict[Any, str]:
    """How work on each order ended; `bug: …` where the process did not survive it."""
    ended: dict[Any, str] = {}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
        "PYTHONPATH": str(ROOT),
        "RUST_BACKTRACE": "0",
    }
    rest = list(orders)
    while rest:
        command = [sys.executable, __file__, str(folder), str(scratch)]
        lines = "".join(json.dumps(order) + "\n" for order in rest)
        done = subprocess.run(
            command,
            input=lines.encode(),
            capture_output=True,
            env=environment,
            timeout=900,
            check=False,
        )
        heard = [json.loads(line) for line in done.stdout.splitlines()]
        ended |= {order: outcome for order, outcome in heard if outcome != "begun"}
        rest = [order for order in rest if order not in ended]
        if rest:
            assert heard, done.stderr.decode()
            assert heard[-1] == [rest[0], "begun"], done.stderr.decode()
            why = done.stderr.decode("utf-8", "replace").strip().splitlines()
            ended[rest.pop(0)] = (
                f"bug: the process ended with {done.returncode}: {why[0][:200] if why else ''}"
            )
    return ended


def _fuzz(bases: Path, scratch: Path, seeds: range) -> None:
    ended = outcomes(bases, scratch, list(seeds))
    assert len(ended) == len(seeds)
    kinds = Counter(outcome.partition(":")[0] for outcome in ended.values())
    bugs = {seed: outcome for seed, outcome in ended.items() if outcome.startswith("bug")}
    shown = "\n".join(f"  seed {seed}: {outcome}" for seed, outcome in list(bugs.items())[:40])
    assert not bugs, f"{len(bugs)} of {len(seeds)} ({dict(kinds)})\n{shown}"
    assert kinds["refused"] > len(seeds) / 10, "the mutations do no damage"
    assert kinds["worked"] + kinds["worked in part"] > len(seeds) / 10, (
        "the mutations leave nothing whole"
    )


# --- the tests


@pytest.mark.slow
def test_sound_workbooks(bases: Path, tmp_path: Path) -> None:
    """The child finds nothing wrong where nothing is."""
    files = [
        str(bases / "ours.xlsx"),
        str(bases / "openpyxl.xlsx"),
        str(ROOT / "sample_workbooks" / "small.xlsx"),
    ]
    assert outcomes(bases, tmp_path, files) == dict.fromkeys(files, "worked")


@pytest.mark.slow
def test_damaged_workbooks(bases: Path, tmp_path: Path) -> None:
    _fuzz(bases, tmp_path, range(200))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(4))
def test_many_damaged_workbooks(bases: Path, tmp_path: Path, block: int) -> None:
    _fuzz(bases, tmp_path, range(1_000 + block * 500, 1_500 + block * 500))


# --- attacks: each once ended the process or cost gigabytes


def _sheet(rows: bytes) -> Callable[[dict[str, bytes]], None]:
    """Rows put behind the last of Distribution."""

    def change(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet4.xml"
        parts[name] = parts[name].replace(b"</sheetData>", rows + b"</sheetData>")

    return change


def _replace(part: str, pattern: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        changed = re.sub(pattern, new, parts[part], count=1)
        assert changed != parts[part]
        parts[part] = changed

    return change


def _many_columns(parts: dict[str, bytes]) -> None:
    cells = b"".join(b'<c r="%s900000"/>' % letters for letters in (b"A", b"Z", b"AZ", b"BR"))
    _sheet(b'<row r="900000">' + cells + b"</row>")(parts)


CORNERS = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def _hidden(
    name: str, then: Callable[[dict[str, bytes]], None]
) -> Callable[[dict[str, bytes]], None]:
    """A second Distribution with cells at opposite corners, where one reader finds it and another
    does not."""

    def change(parts: dict[str, bytes]) -> None:
        parts[name] = parts["xl/worksheets/sheet4.xml"].replace(
            b"</sheetData>", CORNERS + b"</sheetData>"
        )
        then(parts)

    return change


def _of_workbook(
    pattern: bytes, new: bytes, *, relations: bool = False
) -> Callable[[dict[str, bytes]], None]:
    return _replace("xl/_rels/workbook.xml.rels" if relations else "xl/workbook.xml", pattern, new)


def _second_sheet(parts: dict[str, bytes], *, first: bool) -> None:
    """Another entry of the same name, before or behind the real one."""
    relation = b'<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet99.xml"/>'
    _of_workbook(rb"</Relationships>", relation + b"</Relationships>", relations=True)(parts)
    entry = b'<sheet name="Distribution" sheetId="99" r:id="rIdX"/>'
    _of_workbook(
        rb"<sheets>" if first else rb"</sheets>",
        b"<sheets>" + entry if first else entry + b"</sheets>",
    )(parts)


def _second_relation(parts: dict[str, bytes], *, first: bool) -> None:
    """Another relation with the same id, before or behind the real one."""
    relations = parts["xl/_rels/workbook.xml.rels"]
    real = re.search(rb'<Relationship [^>]*worksheets/sheet4.xml"[^>]*/>', relations)
    assert real
    other = real[0].replace(b"sheet4.xml", b"sheet99.xml")
    parts["xl/_rels/workbook.xml.rels"] = relations.replace(
        real[0], other + real[0] if first else real[0] + other
    )


def _moved_to_end(parts: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {name: parts.pop(name)}


def _strings_elsewhere(parts: dict[str, bytes]) -> None:
    """The shared strings that are named are sound, those in the usual place are not."""
    parts["xl/other.xml"] = parts["xl/sharedStrings.xml"]
    parts["xl/sharedStrings.xml"] = re.sub(
        rb'uniqueCount="\d+"', b'uniqueCount="4000000000"', parts["xl/sharedStrings.xml"]
    )
    _of_workbook(rb"sharedStrings.xml", b"other.xml", relations=True)(parts)


_X = b'xmlns:x="' + MAIN.encode() + b'"'
ATTACKS: dict[str, Callable[[dict[str, bytes]], None]] = {
    "opposite corners": _sheet(CORNERS),
    "a part with another case, last": _hidden("xl/worksheets/SHEET4.xml", lambda _: None),
    "a part with another case, first": _hidden(
        "xl/worksheets/Sheet4.xml",
        lambda parts: parts.update(_moved_to_end(parts, "xl/worksheets/sheet4.xml")),
    ),
    "two sheets of one name, the first hidden": _hidden(
        "xl/worksheets/sheet99.xml", lambda parts: _second_sheet(parts, first=True)
    ),
    "two sheets of one name, the last hidden": _hidden(
        "xl/worksheets/sheet99.xml", lambda parts: _second_sheet(parts, first=False)
    ),
    "two relations of one id, the first hidden": _hidden(
        "xl/worksheets/sheet99.xml", lambda parts: _second_relation(parts, first=True)
    ),
    "two relations of one id, the last hidden": _hidden(
        "xl/worksheets/sheet99.xml", lambda parts: _second_relation(parts, first=False)
    ),
    "shared strings in two places": _strings_elsewhere,
    "a sheet with another number": _of_workbook(rb'sheetId="4"', b'sheetId="x"'),
    "small letters": _sheet(b'<row r="1048576"><c r="xfd1048576"><v>1</v></c></row>'),
    "mixed letters": _sheet(b'<row r="1048576"><c r="Xfd1048576"><v>1</v></c></row>'),
    "four letters": _sheet(b'<row r="9"><c r="ZZZZ9"><v>1</v></c></row>'),
    "seven letters": _sheet(b'<row r="9"><c r="ZZZZZZZ9"><v>1</v></c></row>'),
    "seven digits": _sheet(b'<row r="9999999"><c r="AZ9999999"><v>1</v></c></row>'),
    "ten digits": _sheet(b'<row r="4294967295"><c r="A4294967295"><v>1</v></c></row>'),
    "twenty digits": _sheet(
        b'<row r="99999999999999999999"><c r="A99999999999999999999"><v>1</v></c></row>'
    ),
    "a cell in another row than its own": _sheet(
        b'<row r="9"><c r="XFD1048576"><v>1</v></c></row>'
    ),
    "single quotes": _sheet(b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"),
    "spaces round the sign": _sheet(b'<row r = "1048576"><c r = "XFD1048576"><v>1</v></c></row>'),
    "another attribute first": _sheet(
        b'<row r="1048576"><c s="0" r="XFD1048576"><v>1</v></c></row>'
    ),
    "a prefix on one cell": _sheet(
        b'<row r="1048576"><x:c ' + _X + b' r="XFD1048576"><v>1</v></x:c></row>'
    ),
    "a prefix on one row": _sheet(
        b"<x:row " + _X + b' r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>'
    ),
    "a second sheetData": _replace(
        "xl/worksheets/sheet4.xml",
        rb"</sheetData>",
        rb'</sheetData><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
    ),
    "two cells that span seventy million": _sheet(
        b'<row r="1048576"><c r="BR1048576"><v>1</v></c></row>'
    ),
    "four cells that span sixty million": _many_columns,
    "a dimension that lies": _replace(
        "xl/worksheets/sheet4.xml", rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"'
    ),
    "row 0": _sheet(b'<row r="0"><c r="A0"><v>1</v></c></row>'),
    "no column": _sheet(b'<row r="9"><c r="9"><v>1</v></c></row>'),
    "no row": _sheet(b'<row r="9"><c r="A"><v>1</v></c></row>'),
    "four thousand million shared strings": _replace(
        "xl/sharedStrings.xml", rb'uniqueCount="\d+"', b'uniqueCount="4000000000"'
    ),
    "two hundred million shared strings": _replace(
        "xl/sharedStrings.xml", rb'uniqueCount="\d+"', b'uniqueCount="200000000"'
    ),
    "shared strings without end": _replace(
        "xl/sharedStrings.xml", rb'count="\d+"', b'count="18446744073709551615"'
    ),
    "four thousand million styles": _replace(
        "xl/styles.xml", rb'cellXfs count="\d+"', b'cellXfs count="4000000000"'
    ),
    "four thousand million formats": _replace(
        "xl/styles.xml", rb'numFmts count="\d+"', b'numFmts count="4000000000"'
    ),
    "a format id beyond all": _replace(
        "xl/styles.xml", rb'numFmtId="\d+"', b'numFmtId="99999999999999999999"'
    ),
    "a merge over everything": _replace(
        "xl/worksheets/sheet4.xml",
        rb"</sheetData>",
        rb'</sheetData><mergeCells count="4000000000"><mergeCell ref="A1:XFD1048576"/></mergeCells>',
    ),
    "a filter over everything": _replace(
        "xl/worksheets/sheet4.xml", rb'<autoFilter ref="[^"]*"', b'<autoFilter ref="A1:XFD1048576"'
    ),
    "a shared formula over everything": _sheet(
        b'<row r="9"><c r="A9"><f t="shared" ref="A9:XFD1048576" si="0">A1</f><v>1</v></c><c r="B9"><f t="shared" si="0"/></c></row>'
    ),
    "a shared formula without end": _sheet(
        b'<row r="9"><c r="A9"><f t="shared" ref="A9:A9" si="4000000000">A1</f><v>1</v></c></row>'
    ),
    "a thousand rows in one": _sheet(b'<row r="9">' * 1_000 + b"</row>" * 1_000),
    "a hundred thousand cells in one": _sheet(
        b'<row r="9">' + b'<c r="A9">' * 100_000 + b"</c>" * 100_000 + b"</row>"
    ),
    "the same row a thousand times": _sheet(b'<row r="9"><c r="A9"><v>1</v></c></row>' * 1_000),
    "rows that go up": _sheet(
        b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(500, 8, -1))
    ),
}


@pytest.fixture(scope="module")
def attacked(bases: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """How each attack ended."""
    folder = tmp_path_factory.mktemp("attacks")
    files: dict[str, str] = {}
    for name, change in ATTACKS.items():
        parts = parts_of(bases / "ours.xlsx")
        change(parts)
        path = folder / f"{len(files)}.xlsx"
        path.write_bytes(packed(parts))
        files[name] = str(path)
    for name, part in (
        ("styles", "xl/styles.xml"),
        ("shared strings", "xl/sharedStrings.xml"),
        ("a sheet", "xl/worksheets/sheet4.xml"),
    ):
        path = folder / f"{len(files)}.xlsx"
        path.write_bytes(_lying(parts_of(bases / "ours.xlsx"), part))
        files[f"{name} larger than declared"] = str(path)
    ended = outcomes(bases, tmp_path_factory.mktemp("scratch"), list(files.values()))
    return {name: ended[file] for name, file in files.items()}


def _lying(parts: dict[str, bytes], target: str) -> bytes:
    """An archive whose directory says that `target` is small, while it inflates to 1.5 GB."""
    compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)
    head, _, tail = parts[target].partition(b">")
    raw = (
        compressor.compress(head + b">")
        + _blanks(compressor, 1_500)
        + compressor.compress(tail)
        + compressor.flush()
    )
    names = [*(name for name in parts if name != target), target]
    body, central = b"", b""
    for name in names:
        content = raw if name == target else parts[name]
        method, crc = (8, 0x12345678) if name == target else (0, zlib.crc32(content))
        common = struct.pack(
            "<5H3L2H", 20, 0, method, 0, 0x21, crc, len(content), len(parts[name]), len(name), 0
        )
        central += (
            b"PK\x01\x02"
            + struct.pack("<H", 20)
            + common
            + struct.pack("<3H2L", 0, 0, 0, 0, len(body))
            + name.encode()
        )
        body += b"PK\x03\x04" + common + name.encode() + content
    return (
        body
        + central
        + b"PK\x05\x06"
        + struct.pack("<4H2LH", 0, 0, len(names), len(names), len(central), len(body), 0)
    )


def _blanks(compressor: Any, megabytes: int) -> bytes:
    block = b" " * 2**20
    return b"".join(compressor.compress(block) for _ in range(megabytes))


LIARS = ("styles", "shared strings", "a sheet")


@pytest.mark.parametrize(
    "name", some([*ATTACKS, *(f"{name} larger than declared" for name in LIARS)], 4)
)
def test_attack(attacked: dict[str, str], name: str) -> None:
    assert not attacked[name].startswith("bug"), attacked[name]


if __name__ == "__main__":
    _child()

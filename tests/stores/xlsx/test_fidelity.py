"""Every writing command, run for real on a workbook full of everything: what it announced in its
dry run changes, cell by cell, and nothing else does. Judged by zipfile, lxml, openpyxl,
python-calamine and LibreOffice, not by our own reader."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from python_calamine import CalamineWorkbook

from tests.conftest import Runner
from tests.sampling import some
from tests.stores.xlsx.archive import (
    MAIN,
    Address,
    Archive,
    Cell,
    address_of,
    column_of,
    letters_of,
    number_of,
    office_convert,
    serial,
)
from tests.stores.xlsx.rich_workbook import DASHBOARD, rich_workbook
from tests.trail import LASTING, NEEDED, differing, given_back, logs_of
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    EVENT,
    MATTHIAS_EMAILS,
    PURCHASES,
    REPORT_POSITION,
)
from ticketops.schema.sheets import SheetKind

ADD = [
    "purchase",
    "add",
    "--match",
    "M02",
    "--vendor",
    "Vivid & <Co>",
    "--contract",
    "000888",
    "--line",
    "Cat 2:2@50.5",
    "--line",
    "Cat 1:1@70",
    "--date",
    "2026-05-01",
    "--notes",
    "=SUM(A1) & more",
]
SELL = [
    "sale",
    "add",
    "--client",
    "Nørd & Söhne",
    "--contract",
    "0007",
    "--line",
    "M02:Cat 2:2@350",
    "--line",
    "M01:Cat 1:1@400",
    "--instructions",
    "two\ttogether",
    "--notes",
    "  x  ",
]
COMMANDS: dict[str, list[str]] = {
    "purchase add": ADD,
    "purchase expand": ["purchase", "expand"],
    "sale add": SELL,
    "recon run": ["recon", "run"],
    "recon apply": ["recon", "apply"],
    "sale expand": ["sale", "expand"],
    "allocate commit": ["allocate", "commit", "S1"],
    "allocate auto": ["allocate", "auto"],
    "audit run --write": ["audit", "run", "--write"],
    "audit repair": ["audit", "repair", "--yes"],
    "report position --write": ["report", "position", "--write"],
    "doctor --fix": ["doctor", "--fix"],
}
"""In the order of the chain; `undo` follows each of them."""

NOTHING = Cell(None, "n", 0, None)
BOOK, STYLES = "xl/workbook.xml", "xl/styles.xml"
TYPES, BOOK_RELATIONS = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RUN = re.compile(r"R\d{8}-\d{6}")


@dataclass
class Step:
    """One command: the file before and after it, what the dry run announced, what the real run
    said."""

    name: str
    before: bytes
    after: bytes
    dry: dict[str, Any]
    real: dict[str, Any]
    code: int
    dry_code: int
    dry_run_left: bytes = field(repr=False, default=b"")

    @property
    def old(self) -> Archive:
        return Archive(self.before)

    @property
    def new(self) -> Archive:
        return Archive(self.after)

    @property
    def added_sheets(self) -> list[str]:
        return list(dict.fromkeys(c["sheet"] for c in self.dry["cells"] if c["key"] == "new sheet"))

    def listed(self, sheet: str) -> dict[Address, dict[str, Any]]:
        return {
            address_of(c["cell"]): c
            for c in self.dry["cells"]
            if c["sheet"] == sheet and "rows" not in c
        }

    def replaced(self, sheet: str) -> dict[str, Any] | None:
        return next((c for c in self.dry["cells"] if c["sheet"] == sheet and "rows" in c), None)


Invoke = Callable[[list[str]], tuple[int, dict[str, Any]]]


def step(path: Path, name: str, invoke: Invoke) -> Step:
    """Dry run, then real run."""
    words = [*COMMANDS[name], "-w", str(path), "--as", "ana", "--json"]
    before, stat = path.read_bytes(), path.stat()
    dry_code, dry = invoke([*words, "--dry-run"])
    left = path.read_bytes()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
    code, real = invoke(words)
    return Step(name, before, path.read_bytes(), dry, real, code, dry_code, left)


@pytest.fixture
def invoke(in_process: Runner) -> Invoke:
    def invoked(words: list[str]) -> tuple[int, dict[str, Any]]:
        done = in_process(*words)
        return done.code, done.json

    return invoked


@pytest.fixture(scope="session")
def rich_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rich_workbook(tmp_path_factory.mktemp("rich") / "rich.xlsx")


@pytest.fixture
def rich(rich_source: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(rich_source, tmp_path / "event.xlsx"))


@dataclass
class Chain:
    steps: dict[str, Step]
    path: Path
    undone: list[bytes]
    """The file after each undo."""


@pytest.fixture(scope="session")
def chain(rich_source: Path, tmp_path_factory: pytest.TempPathFactory, cli: Any) -> Chain:
    """All commands one after the other in processes of their own, then all of them undone."""
    path = Path(shutil.copy(rich_source, tmp_path_factory.mktemp("chain") / "event.xlsx"))

    def invoke(words: list[str]) -> tuple[int, dict[str, Any]]:
        result = cli(*words, env={"TICKETOPS_BACKUPS": "50"})
        assert result.code in (0, 1), (words, result.out, result.err)
        return result.code, result.json

    steps = {name: step(path, name, invoke) for name in COMMANDS}
    kept = Path(shutil.copy(path, path.with_name("end.xlsx")))
    undone = []
    for _ in COMMANDS:
        invoke(["undo", "--yes", "-w", str(path), "--as", "ana", "--json"])
        undone.append(path.read_bytes())
    return Chain(steps, kept, undone)


@pytest.fixture(scope="session")
def steps_alone() -> dict[str, Step]:
    """{command: its step on the fresh workbook}, filled as they are asked for."""
    return {}


@pytest.fixture(params=["chain", "alone"])
def done(
    request: pytest.FixtureRequest,
    name: str,
    rich: Path,
    invoke: Invoke,
    steps_alone: dict[str, Step],
) -> Step:
    """The step of one command: in the chain of all of them, and on the fresh workbook."""
    if request.param == "chain":
        return request.getfixturevalue("chain").steps[name]
    if name not in steps_alone:
        steps_alone[name] = step(rich, name, invoke)
    return steps_alone[name]


every_command = pytest.mark.parametrize("name", some(COMMANDS, 3))


# --- the archive


@every_command
def test_a_dry_run_writes_nothing_and_the_real_run_does_what_it_said(done: Step) -> None:
    assert done.dry_run_left == done.before
    assert done.after != done.before
    assert (done.dry["dry_run"], done.real["dry_run"]) == (True, False)
    assert done.dry["changes"] == done.real["changes"] != {}
    assert done.dry_code == done.code
    assert "cells" not in done.real
    assert {c["sheet"] for c in done.dry["cells"]} == set(done.dry["changes"])


@every_command
def test_all_other_members_keep_their_raw_bytes(done: Step) -> None:
    old, new = done.old, done.new
    allowed = {old.sheets[sheet] for sheet in done.real["changes"] if sheet in old.sheets} | {
        BOOK,
        STYLES,
    }
    allowed |= {
        table
        for sheet in done.real["changes"]
        if sheet in old.sheets
        for table in old.tables(sheet)
    }
    if done.added_sheets:
        allowed |= {TYPES, BOOK_RELATIONS}
    names = list(old.infos)
    assert list(new.infos)[: len(names)] == names
    assert list(new.infos)[len(names) :] == [new.sheets[sheet] for sheet in done.added_sheets]
    for name in names:
        was, now = old.infos[name], new.infos[name]
        looks = [
            (
                i.date_time,
                i.extra,
                i.comment,
                i.create_system,
                i.create_version,
                i.external_attr,
                i.internal_attr,
            )
            for i in (was, now)
        ]
        assert looks[0] == looks[1], name
        if name not in allowed:
            assert new.raw(name) == old.raw(name), name
            assert new.parts[name] == old.parts[name], name
            assert (now.compress_type, now.CRC, now.file_size) == (
                was.compress_type,
                was.CRC,
                was.file_size,
            ), name
    assert new.comment == old.comment == "kept: naïve comment".encode()
    with zipfile.ZipFile(io.BytesIO(done.after)) as archive:
        assert archive.testzip() is None
    assert {name for name in names if new.parts[name] != old.parts[name]} >= {
        old.sheets[s] for s in done.real["changes"] if s in old.sheets
    }


@every_command
def test_the_workbook_part_only_grows_its_filters_and_recalculates(done: Step) -> None:
    def plain(xml: bytes) -> tuple[bytes, list[str], list[tuple[str, str, str]]]:
        root = etree.fromstring(xml)
        listed = root.find(f"{{{MAIN}}}sheets")
        sheets = [sheet.get("name") for sheet in listed]
        for sheet in listed[len(sheets) - len(done.added_sheets) :] if xml == new else []:
            listed.remove(sheet)
        calc = root.find(f"{{{MAIN}}}calcPr")
        calc.attrib.pop("fullCalcOnLoad", None)
        names = [
            (e.get("name"), e.get("localSheetId") or "", e.text)
            for e in root.iter(f"{{{MAIN}}}definedName")
        ]
        for element in root.iter(f"{{{MAIN}}}definedName"):
            if element.get("name") in ("_xlnm._FilterDatabase", "_xlnm.Print_Area"):
                element.text = ""
        return etree.tostring(root, method="c14n"), sheets, names

    old, new = done.old.parts[BOOK], done.new.parts[BOOK]
    was, sheets, names = plain(old)
    now, new_sheets, new_names = plain(new)
    assert now == was
    assert new_sheets == [*sheets, *done.added_sheets]
    assert etree.fromstring(new).find(f"{{{MAIN}}}calcPr").get("fullCalcOnLoad") in ("1", "true")
    identifiers = [
        sheet.get("sheetId") for sheet in etree.fromstring(new).find(f"{{{MAIN}}}sheets")
    ]
    assert len(set(identifiers)) == len(identifiers)
    for (name, local, text), (_, _, new_text) in zip(names, new_names, strict=True):
        if name == "_xlnm.Print_Area":  # it follows the data where it ended with it
            header = EVENT[sheets[int(local)]].header_row
            last, new_last = (
                max(rows_that_hold_data(a, sheets[int(local)]), default=header)
                for a in (done.old, done.new)
            )
            prefix, _, area = text.rpartition("!")
            assert new_text.rpartition("!")[0] == prefix
            assert new_text.rpartition("!")[2].replace("$", "") == grown(
                area.replace("$", ""), last, new_last
            )
            continue
        if name != "_xlnm._FilterDatabase":
            assert new_text == text
            continue
        sheet = sheets[int(local)]
        filter_now = (
            etree.fromstring(done.new.parts[done.new.sheets[sheet]])
            .find(f"{{{MAIN}}}autoFilter")
            .get("ref")
        )
        assert new_text.rpartition("!")[2].replace("$", "") == filter_now, sheet
        assert new_text.rpartition("!")[0] == text.rpartition("!")[0]


@every_command
def test_styles_are_only_added(done: Step) -> None:
    def taken_apart(xml: bytes) -> tuple[bytes, list[bytes]]:
        root = etree.fromstring(xml)
        formats = root.find(f"{{{MAIN}}}cellXfs")
        assert int(formats.get("count")) == len(formats)
        found = [etree.tostring(xf, method="c14n") for xf in formats]
        formats.clear()
        return etree.tostring(root, method="c14n"), found

    was, formats = taken_apart(done.old.parts[STYLES])
    now, more = taken_apart(done.new.parts[STYLES])
    assert now == was
    assert more[: len(formats)] == formats


@every_command
def test_added_sheets_are_declared_and_the_rest_of_the_declarations_stays(done: Step) -> None:
    old, new = done.old, done.new
    for part in (TYPES, BOOK_RELATIONS):
        was = [etree.tostring(e, method="c14n") for e in etree.fromstring(old.parts[part])]
        now = [etree.tostring(e, method="c14n") for e in etree.fromstring(new.parts[part])]
        assert now[: len(was)] == was
        assert len(now) == len(was) + len(done.added_sheets)
    for sheet in done.added_sheets:
        headers = [c.header for c in EVENT[sheet].columns]
        row = EVENT[sheet].header_row
        assert [new.cells(sheet)[row, i].value for i in range(1, len(headers) + 1)] == headers
        part = new.sheets[sheet]
        assert f'PartName="/{part}"'.encode() in new.parts[TYPES]


# --- what surrounds the cells


def rows_that_hold_data(archive: Archive, sheet: str) -> set[int]:
    """Rows below the header with something in a column of ours; a tick-box that is off is
    nothing."""
    header = EVENT[sheet].header_row
    cells = archive.cells(sheet)
    titles = {c.header.casefold() for c in EVENT[sheet].columns}
    ours = {
        at[1]
        for at, cell in cells.items()
        if at[0] == header and str(cell.value).casefold() in titles
    }
    return {
        at[0]
        for at, cell in cells.items()
        if at[0] > header and at[1] in ours and cell.value not in (None, False)
    }


def references(root: Any) -> list[tuple[str, str]]:
    """Every range that an element of a sheet names, in order."""
    found = []
    for element in root.iter():
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        found += [
            (name, element.get(key)) for key in ("ref", "sqref") if element.get(key) is not None
        ]
        if name == "sqref":
            found.append((f"{etree.QName(element.getparent()).localname}/sqref", element.text))
    return found


def grown(reference: str, old_last: int, new_last: int) -> str:
    """What a list of ranges must be once data that ended in row `old_last` ends in `new_last`."""
    areas = []
    for area in reference.split():
        found = re.fullmatch(r"([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?", area)
        assert found, area
        left, top, right, bottom = (
            found[1],
            int(found[2]),
            found[3] or found[1],
            int(found[4] or found[2]),
        )
        areas.append(
            f"{left}{top}:{right}{new_last}" if top <= old_last <= bottom < new_last else area
        )
    return " ".join(areas)


def added_columns(old: Archive, new: Archive, sheet: str) -> list[int]:
    """The columns that have a header now and had none."""
    header = EVENT[sheet].header_row
    had = {
        at[1] for at, cell in old.cells(sheet).items() if at[0] == header and cell.value is not None
    }
    return sorted(
        at[1]
        for at, cell in new.cells(sheet).items()
        if at[0] == header and cell.value is not None and at[1] not in had
    )


def widened(reference: str, added: list[int]) -> str:
    """A filter's or table's range once columns were added that adjoin it."""
    first, _, last = reference.partition(":")
    found = re.fullmatch(r"([A-Z]+)(\d+)", last)
    if not added or not found or number_of(found[1]) + 1 != added[0]:
        return reference
    return f"{first}:{letters_of(added[-1])}{found[2]}"


_COLUMNS = re.compile(rb"<cols\b.*?</cols>", re.DOTALL)


def looks_of_columns(head: bytes) -> dict[int, dict[str, str]]:
    """{column: attributes of the <col> that holds it}."""
    looks = {}
    found = _COLUMNS.search(head)
    for column in etree.fromstring(found[0]) if found else ():
        for place in range(int(column.get("min")), min(int(column.get("max")), 60) + 1):
            looks[place] = {
                key: value for key, value in column.attrib.items() if key not in ("min", "max")
            }
    return looks


_MASKED = re.compile(rb'\b(?:ref|sqref)="[^"]*"|(?<=<xm:sqref>)[^<]*')


@every_command
def test_all_that_surrounds_the_cells_stays_but_for_ranges_that_had_to_grow(done: Step) -> None:
    old, new = done.old, done.new
    for sheet in done.real["changes"]:
        if sheet in done.added_sheets:
            continue
        was, now = old.parts[old.sheets[sheet]], new.parts[new.sheets[sheet]]
        added = added_columns(old, new, sheet) if EVENT[sheet].header_row else []
        for old_side, new_side in zip(split(was), split(now), strict=True):
            one, other = old_side, new_side
            if added:
                looks, new_looks = looks_of_columns(one), looks_of_columns(other)
                assert {c: look for c, look in new_looks.items() if c not in added} == {
                    c: look for c, look in looks.items() if c not in added
                }
                one, other = _COLUMNS.sub(b"", one), _COLUMNS.sub(b"", other)
            assert _MASKED.sub(b"", other) == _MASKED.sub(b"", one), sheet
        trees = [etree.fromstring(xml) for xml in (was, now)]
        for tree in trees:
            tree.remove(tree.find(f"{{{MAIN}}}sheetData"))
        before, after = rows_that_hold_data(old, sheet), rows_that_hold_data(new, sheet)
        header = EVENT[sheet].header_row
        last, new_last = max(before, default=header), max(after, default=header)
        for (name, reference), (_, found) in zip(
            references(trees[0]), references(trees[1]), strict=True
        ):
            if name == "dimension":
                assert covers(
                    found, [at for at, cell in new.cells(sheet).items() if cell != NOTHING]
                ), (sheet, found)
            elif name == "autoFilter" and header:
                assert found == widened(grown(reference, last, new_last), added), sheet
            elif (
                name in ("conditionalFormatting", "dataValidation", "conditionalFormatting/sqref")
                and header
            ):
                assert found == grown(reference, last, new_last), (sheet, name)
            else:
                assert found == reference, (sheet, name)
        for table in old.tables(sheet):
            one, other = etree.fromstring(old.parts[table]), etree.fromstring(new.parts[table])
            wider = widened(one.get("ref"), added) != one.get("ref")
            if wider:
                columns = other.find(f"{{{MAIN}}}tableColumns")
                assert len(columns) == int(columns.get("count"))
                for column in columns[-len(added) :]:
                    columns.remove(column)
                columns.set("count", str(len(columns)))
            for element, same in zip(one.iter(), other.iter(), strict=True):
                assert element.tag == same.tag
                ranges = [
                    widened(grown(e.attrib.pop("ref", "A1"), last, new_last), added)
                    for e in (element,)
                ] + [same.attrib.pop("ref", "A1")]
                assert ranges[0] == ranges[1], table
                assert dict(element.attrib) == dict(same.attrib)


def split(xml: bytes) -> tuple[bytes, bytes]:
    """The bytes before and behind the rows."""
    found = re.fullmatch(rb"(.*?)<sheetData(?:/>|>.*</sheetData>)(.*)", xml, re.DOTALL)
    assert found
    return found[1], found[2]


def covers(area: str, cells: list[Address]) -> bool:
    left, top, right, bottom = re.fullmatch(r"([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?", area).groups()  # type: ignore[union-attr]
    columns = range(number_of(left), number_of(right or left) + 1)
    rows = range(int(top), int(bottom or top) + 1)
    return all(row in rows and column in columns for row, column in cells)


# --- the cells


def normal(value: Any) -> Any:
    """A value of a dry run or of the file without what differs from run to run."""
    if isinstance(value, str):
        return _RUN.sub("<run>", _UUID.sub("<uuid>", value))
    return (
        float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    )


def agrees(announced: Any, found: Any, *, moment: datetime) -> bool:
    """Whether a cell holds what the dry run announced; `moment`, when the run was, may have moved
    on by a minute."""
    if announced == "•••":
        return isinstance(found, str) and found != ""
    if (
        isinstance(announced, str)
        and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", announced)
        and isinstance(found, float)
    ):
        meant = datetime.fromisoformat(announced)
        slack = 60 if abs((meant - moment).total_seconds()) < 120 else 0.01
        return abs(found - serial(meant)) * 86_400 <= slack
    if announced is None:
        return found is None
    return bool(normal(announced) == normal(found)) and isinstance(announced, bool) == isinstance(
        found, bool
    )


def when(run: dict[str, Any]) -> datetime:
    return datetime.strptime(run["run_id"], "R%Y%m%d-%H%M%S")


def date_styles(archive: Archive) -> set[int]:
    """The cell styles that show dates."""
    root = etree.fromstring(archive.parts[STYLES])
    codes = dict(BUILTIN_FORMATS) | {
        int(e.get("numFmtId")): e.get("formatCode") for e in root.iter(f"{{{MAIN}}}numFmt")
    }
    formats = root.find(f"{{{MAIN}}}cellXfs")
    return {
        i
        for i, xf in enumerate(formats)
        if is_date_format(codes.get(int(xf.get("numFmtId") or 0), "General"))
    }


@every_command
def test_exactly_the_announced_cells_change_and_hold_what_was_announced(done: Step) -> None:
    old, new = done.old, done.new
    dated = date_styles(new)
    for sheet in new.sheets:
        if "chartsheets" in new.sheets[sheet]:
            continue
        was = old.cells(sheet) if sheet in old.sheets else {}
        now = new.cells(sheet)
        listed = done.listed(sheet)
        if done.replaced(sheet):
            check_replaced(done, sheet, was, now, dated)
            continue
        changed = {
            at
            for at in was.keys() | now.keys()
            if was.get(at, NOTHING).value != now.get(at, NOTHING).value
        }
        assert changed <= listed.keys(), sheet
        for at in listed.keys() - changed:
            assert agrees(listed[at]["after"], was.get(at, NOTHING).value, moment=when(done.dry)), (
                sheet,
                at,
            )
        new_rows = {at[0] for at, entry in listed.items() if entry["key"] == "new row"}
        above = min(new_rows, default=1) - 1
        for at, entry in listed.items():
            cell, before = now.get(at, NOTHING), was.get(at, NOTHING)
            assert agrees(entry["after"], cell.value, moment=when(done.dry)), (
                sheet,
                at,
                entry,
                cell,
            )
            if now.get((EVENT[sheet].header_row, at[1]), NOTHING).value != entry["header"]:
                assert (entry["after"], cell.value) == (None, None), (
                    "a column of an older spelling is only emptied"
                )
                continue
            unticked = entry["before"] is None and before.value is False
            assert unticked or agrees(entry["before"], before.value, moment=when(done.dry)), (
                sheet,
                at,
                entry,
                before,
            )
            assert before.formula is None
            assert cell.formula is None or (
                at not in was and cell.formula == filled_from(was, above, at)
            ), (sheet, at)
            if is_moment(entry):
                assert cell.style in dated, (sheet, at)
            elif at in was:
                assert cell.style == before.style, (sheet, at)
            elif at[0] in new_rows and above > EVENT[sheet].header_row and (above, at[1]) in was:
                assert cell.style == was[above, at[1]].style, (sheet, at)
        for at in (was.keys() | now.keys()) - listed.keys():
            if at in was or at[0] not in new_rows:
                assert now.get(at) == was.get(at), (sheet, at)
            else:  # what the row above lends: its looks, and the formula of a derived column
                assert now[at] == Cell(
                    None, "n", was[above, at[1]].style, filled_from(was, above, at)
                ), (sheet, at)


def filled_from(was: Mapping[Address, Cell], above: int, at: Address) -> Any:
    """The formula that a new row gets in the column Total where the row above it has one of its
    own."""
    formula = was[above, at[1]].formula if (above, at[1]) in was else None
    if formula is None or at[1] != 9 or formula[1] is not None:
        return None
    return (re.sub(rf"(?<=[A-Z]){above}\b", str(at[0]), formula[0]), None, None, None)


def is_moment(entry: Mapping[str, Any]) -> bool:
    column = next((c for c in EVENT[entry["sheet"]].columns if c.header == entry["header"]), None)
    return (
        column is not None
        and column.type.value in ("date", "datetime")
        and entry["after"] is not None
        and entry["key"] not in ("new column", "new sheet")
    )


def check_replaced(
    done: Step,
    sheet: str,
    was: Mapping[Address, Cell],
    now: Mapping[Address, Cell],
    dated: set[int],
) -> None:
    """A report or queue that is written anew: its header stays, its looks stay, its old content is
    gone."""
    entry = done.replaced(sheet)
    assert entry is not None
    assert EVENT[sheet].kind in (SheetKind.QUEUE, SheetKind.REPORT)
    assert done.listed(sheet) == {}
    header = EVENT[sheet].header_row
    assert {at: cell for at, cell in now.items() if at[0] <= header} == {
        at: cell for at, cell in was.items() if at[0] <= header
    }
    filled = {at: cell for at, cell in now.items() if at[0] > header and cell.value is not None}
    first, _, last = entry["cell"].partition(":")
    (top, left), (bottom, right) = address_of(first), address_of(last)
    assert (top, max((row for row, _ in filled), default=header)) == (
        header + 1,
        header + entry["rows"],
    )
    assert all(top <= row <= bottom and left <= column <= right for row, column in filled)
    assert entry["rows"] == done.real["changes"][sheet]["replaced"]
    for at, cell in now.items():
        assert cell.formula is None
        if header == 0 and at in was and cell.style != was[at].style:
            assert cell.style in dated, (sheet, at)
    if header == 0:
        assert {at for at, cell in was.items() if cell.style} <= now.keys()


def test_the_position_report_holds_its_figures(chain: Chain) -> None:
    done = chain.steps["report position --write"]
    cells, result = done.new.cells(REPORT_POSITION), done.real["result"]
    figures = [cells[4, column].value for column in range(1, 7)]
    assert figures == [
        result[name] for name in ("sold", "sent", "open", "available", "oversold", "surplus")
    ]
    assert cells[1, 1].value == "TICKETS POSITION REPORT"


def test_the_chain_did_the_work_that_it_was_made_for(chain: Chain) -> None:
    """The scenario is worth something: rows appended in tables, deleted, replaced, sheets and
    columns added."""
    totals = {
        kind: sum(count[kind] for s in chain.steps.values() for count in s.real["changes"].values())
        for kind in ("set", "appended", "deleted", "replaced")
    }
    assert totals["set"] > 100
    assert totals["appended"] > 20
    assert totals["deleted"] == 2
    assert totals["replaced"] > 20
    assert [name for name, s in chain.steps.items() if s.added_sheets] == ["purchase expand"]
    assert {c["key"] for c in chain.steps["doctor --fix"].dry["cells"]} == {"new column"}
    table = next(t for t in Archive(chain.path).tables(PURCHASES))
    assert etree.fromstring(Archive(chain.path).parts[table]).get("ref") == "A1:Q6"


# --- other readers


@every_command
def test_openpyxl_finds_everything_else_unchanged(done: Step) -> None:
    old, new = (
        openpyxl.load_workbook(io.BytesIO(done.before)),
        openpyxl.load_workbook(io.BytesIO(done.after)),
    )
    assert new.sheetnames[: len(old.sheetnames)] == old.sheetnames
    for was in old.worksheets:
        now = new[was.title]
        assert now.merged_cells.ranges == was.merged_cells.ranges
        assert len(now.conditional_formatting) == len(was.conditional_formatting)
        assert [len(area.rules) for area in now.conditional_formatting] == [
            len(area.rules) for area in was.conditional_formatting
        ]
        assert now.data_validations.count == was.data_validations.count
        assert (len(now._charts), len(now._images), len(now._pivots)) == (
            len(was._charts),
            len(was._images),
            len(was._pivots),
        )
        assert (now.freeze_panes, now.print_title_rows, bool(now.print_area)) == (
            was.freeze_panes,
            was.print_title_rows,
            bool(was.print_area),
        )
        assert list(now.tables) == list(was.tables)
        assert {
            k: (d.outlineLevel, d.hidden, d.height) for k, d in was.row_dimensions.items()
        }.items() <= {
            k: (d.outlineLevel, d.hidden, d.height) for k, d in now.row_dimensions.items()
        }.items() or done.replaced(was.title)
        listed, replaced = done.listed(was.title), done.replaced(was.title)
        for row in was.iter_rows():
            for cell in row:
                again = now.cell(cell.row, cell.column)
                assert (again.comment and again.comment.text) == (
                    cell.comment and cell.comment.text
                )
                assert (again.hyperlink and again.hyperlink.target) == (
                    cell.hyperlink and cell.hyperlink.target
                )
                if (cell.row, cell.column) not in listed and not replaced:
                    assert seen(again) == seen(cell), (was.title, cell.coordinate)


def seen(cell: Any) -> tuple[Any, ...]:
    value = cell.value
    text = value.text if hasattr(value, "text") else value  # an array formula is an object
    return (
        text,
        cell.data_type,
        cell.number_format,
        cell.font.b,
        cell.fill.fgColor.rgb,
        cell.border.bottom.style,
    )


@every_command
def test_calamine_finds_everything_else_unchanged(done: Step) -> None:
    old, new = grids(done.before), grids(done.after)
    assert old.keys() | set(done.added_sheets) == new.keys()
    for sheet, was in old.items():
        listed = done.listed(sheet)
        if not done.replaced(sheet):
            assert {at: v for at, v in new[sheet].items() if at not in listed} == {
                at: v for at, v in was.items() if at not in listed
            }, sheet


def grids(source: bytes | Path) -> dict[str, dict[Address, Any]]:
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(source if isinstance(source, bytes) else source.read_bytes())
    )
    sheets = [s.name for s in book.sheets_metadata if "Work" in str(s.typ)]
    return {
        name: {
            (r, c): value
            for r, row in enumerate(
                book.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1
            )
            for c, value in enumerate(row, start=1)
            if value != ""
        }
        for name in sheets
    }


@pytest.mark.slow
@pytest.mark.libreoffice
def test_libreoffice_reads_the_end_of_the_chain_and_computes_on_it(
    chain: Chain, tmp_path: Path, soffice: str
) -> None:
    converted = office_convert(soffice, [chain.path], "xlsx", tmp_path / "xlsx")[0]
    ours, theirs = grids(chain.path), grids(converted)
    formulas = {
        sheet: {at for at, cell in Archive(chain.path).cells(sheet).items() if cell.formula}
        for sheet in ours
    }
    for sheet, grid in ours.items():
        arrays = {(2, 4), (3, 4), (1, 6), (2, 6)} if sheet == DASHBOARD else set()
        skipped = formulas[sheet] | arrays
        assert {at: v for at, v in theirs[sheet].items() if at not in skipped} == {
            at: v for at, v in grid.items() if at not in skipped
        }
    tickets = [
        at[0] for at, value in ours[DISTRIBUTION].items() if at[1] == 9 and at[0] > 2 and value
    ]
    assert theirs[DASHBOARD][1, 2] == len(tickets)
    status, quantity = (column_of(DISTRIBUTION, name) + 1 for name in ("status", "qty"))
    allocated = [row for row in tickets if ours[DISTRIBUTION].get((row, status)) == "ALLOCATED"]
    assert (
        theirs[DASHBOARD][2, 2] == sum(ours[DISTRIBUTION][row, quantity] for row in allocated) > 1
    )
    assert theirs[DISTRIBUTION][3, 3] == "s1-1"  # the users' own formula column
    text = office_convert(
        soffice, [chain.path], "csv:Text - txt - csv (StarCalc):44,34,76", tmp_path / "csv"
    )[0].read_text("utf-8")
    assert text.splitlines()[0].split(",")[:2] == ["Tickets", str(len(tickets))]


# --- undo, repetition, variants


def test_undoing_the_whole_chain_restores_every_state_byte_for_byte(
    chain: Chain, rich_source: Path
) -> None:
    """Save for the logs that keep their rows (D19)."""
    states = [s.before for s in chain.steps.values()][::-1]
    assert states[-1] == rich_source.read_bytes()
    assert len(chain.undone) == len(states)
    for undone, state in zip(chain.undone, states, strict=True):
        assert differing(undone, state) <= logs_of(undone) | NEEDED


@every_command
def test_undo_of_one_command_restores_the_bytes_and_its_dry_run_writes_nothing(
    name: str, rich: Path, invoke: Invoke
) -> None:
    done = step(rich, name, invoke)
    undo = ["undo", "-w", str(rich), "--as", "ana", "--json"]
    code, announced = invoke([*undo, "--dry-run"])
    assert (code, announced["dry_run"], rich.read_bytes()) == (0, True, done.after)
    code, real = invoke([*undo, "--yes"])
    assert code == 0
    given_back(rich, done.before, done.after)
    assert real["result"] == announced["result"]
    assert real["changes"] == done.real["changes"]


@every_command
def test_undo_after_another_program_saved_restores_every_cell(
    name: str, rich: Path, invoke: Invoke
) -> None:
    """The archive is another one by then, so that undo has to go cell by cell; values come back,
    formulas stay."""
    done = step(rich, name, invoke)
    with zipfile.ZipFile(rich) as source:
        members = [(info.filename, source.read(info)) for info in source.infolist()]
    with zipfile.ZipFile(rich, "w", zipfile.ZIP_DEFLATED) as target:
        for member, content in members:
            target.writestr(member, content)
    code, _ = invoke(["undo", "--yes", "-w", str(rich), "--as", "ana", "--json"])
    assert code == 0
    old, new = Archive(done.before), Archive(rich)
    structural = {c["sheet"] for c in done.dry["cells"] if c["key"] in ("new column", "new sheet")}
    for sheet in old.sheets:
        if "chartsheets" in old.sheets[sheet] or sheet in LASTING:
            continue
        header = EVENT[sheet].header_row if sheet in structural else 0
        values = [
            {
                at: (cell.value, cell.formula)
                for at, cell in archive.cells(sheet).items()
                if at[0] != header and (cell.value is not None or cell.formula)
            }
            for archive in (old, new)
        ]
        waiting = {
            at
            for at, (value, formula) in values[1].items()
            if at not in values[0] and value is None and formula and at[1] == 9
        }
        assert {at: held for at, held in values[1].items() if at not in waiting} == values[0], (
            sheet
        )  # Total waits for the next row


@pytest.mark.parametrize(
    "name", ["purchase expand", "recon run", "sale expand", "audit repair", "doctor --fix"]
)
def test_a_command_that_has_done_its_work_does_not_touch_the_file_again(
    name: str, rich: Path, invoke: Invoke
) -> None:
    step(rich, name, invoke)
    reconciled = rich.read_bytes()
    inode = rich.stat().st_ino
    _, again = invoke([*COMMANDS[name], "-w", str(rich), "--as", "ana", "--json"])
    assert again["changes"] == {}
    assert (rich.read_bytes(), rich.stat().st_ino) == (reconciled, inode)


def test_a_missing_sheet_is_made_without_touching_the_others(
    tmp_path: Path, invoke: Invoke
) -> None:
    path = rich_workbook(tmp_path / "event.xlsx", without=[MATTHIAS_EMAILS])
    done = step(path, "doctor --fix", invoke)
    assert done.added_sheets == [MATTHIAS_EMAILS]
    assert list(done.new.sheets)[-1] == MATTHIAS_EMAILS
    test_all_other_members_keep_their_raw_bytes(done)
    test_added_sheets_are_declared_and_the_rest_of_the_declarations_stays(done)
    test_the_workbook_part_only_grows_its_filters_and_recalculates(done)
    test_exactly_the_announced_cells_change_and_hold_what_was_announced(done)
    assert [c.value for c in openpyxl.load_workbook(path)[MATTHIAS_EMAILS][1]] == ["EMAILS"]


def test_a_sheet_whose_name_differs_in_case_only_is_not_doubled(rich: Path, invoke: Invoke) -> None:
    """Excel calls a workbook with two such sheets damaged."""
    old = Archive(rich)
    name, odd = MATTHIAS_EMAILS.encode(), MATTHIAS_EMAILS.lower().encode()
    parts = old.parts | {
        BOOK: old.parts[BOOK].replace(b'name="' + name + b'"', b'name="' + odd + b'"')
    }
    with zipfile.ZipFile(rich, "w") as target:
        for member, content in parts.items():
            target.writestr(member, content)
    invoke([*COMMANDS["doctor --fix"], "-w", str(rich), "--as", "ana", "--json"])
    names = [sheet.casefold() for sheet in Archive(rich).sheets]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["purchase add", "sale expand"])
def test_the_macro_variant_keeps_its_macros(name: str, tmp_path: Path, invoke: Invoke) -> None:
    path = rich_workbook(tmp_path / "event.xlsm")
    done = step(path, name, invoke)
    test_all_other_members_keep_their_raw_bytes(done)
    test_exactly_the_announced_cells_change_and_hold_what_was_announced(done)
    assert b"macroEnabled" in done.new.parts[TYPES]
    assert (
        openpyxl.load_workbook(path, keep_vba=True).vba_archive.read("xl/vbaProject.bin")
        == done.old.parts["xl/vbaProject.bin"]
    )


def test_appended_rows_look_like_the_row_above_them(chain: Chain) -> None:
    done = chain.steps["purchase add"]
    cells, old = done.new.cells(PURCHASES), done.old.cells(PURCHASES)
    rows = [at[0] for at, entry in done.listed(PURCHASES).items() if entry["key"] == "new row"]
    assert (min(rows), max(rows)) == (5, 6)
    for row in (5, 6):
        ours = [column for column in range(1, 12) if column != column_of(PURCHASES, "date")]
        assert [cells[row, c].style for c in ours if (4, c) in old] == [
            old[4, c].style for c in ours if (4, c) in old
        ]
        assert cells[row, 12] == Cell(None, "n", old[4, 12].style, None), (
            "the users' own column has their look and no formula of ours"
        )

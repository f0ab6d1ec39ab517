"""Whatever stands in the cells: one clear line, or the work is done."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from tests.cli.bad_input.refusing import EXAMINE, READ, RULE, UNUSABLE, WRITE, Refusing, packed
from tests.sampling import some, thorough

PLACES = {  # a cell that holds something in every sheet that commands work on
    "Sales": ("xl/worksheets/sheet3.xml", ["A2", "B2", "D2", "G2", "H2", "J2", "L2", "N2"]),
    "Purchases": ("xl/worksheets/sheet2.xml", ["A2", "B2", "D2", "G2", "H2", "K2"]),
    "Units": (
        "xl/worksheets/sheet5.xml",
        ["A2", "B2", "F3", "G2", "H2", "I2", "M2", "N2", "O3", "T2"],
    ),
    "Distribution": (
        "xl/worksheets/sheet4.xml",
        ["H3", "I3", "J3", "K4", "O3", "P3", "Q3", "AK3", "AL3", "AN3", "AO3"],
    ),
}


def _text(text: str) -> str:
    return f't="inlineStr"><is><t xml:space="preserve">{text}</t></is>'


POISON = {
    "a SalesID of 5,000 digits": _text("S" + "9" * 5_000),
    "a ticket of 5,000 digits": _text("S1-" + "9" * 5_000),
    "a UnitID of 5,000 digits": _text("P" + "9" * 5_000),
    "a SetID of 5,000 digits": _text("PR" + "9" * 5_000 + "-S01"),
    "a line key of 5,000 digits": _text("S_a#" + "9" * 5_000),
    "a match of three digits": _text("M999"),
    "digits of another script": _text("S٣"),
    "32,767 characters": _text("x" * 32_767),
    "100,000 characters": _text("x" * 100_000),
    "half a character": _text("a_xD800_b"),
    "control characters": _text("a_x001B_[2J_x0000_b"),
    "only spaces": _text("   "),
    "an entity": _text("&amp;&#65;&lt;&#x1F600;"),
    "an entity that is none": _text("&#0;"),
    "an entity beyond Unicode": _text("&#x110000;"),
    "a formula as text": _text("=1+1"),
    "runs of text": 't="inlineStr"><is><r><t>S</t></r><r><t>1</t></r><rPh sb="0" eb="1"><t>no</t></rPh></is>',
    "an inline string without one": 't="inlineStr">',
    "a huge number": "><v>1e300</v>",
    "a number beyond floats": "><v>1e999</v>",
    "no number": "><v>nan</v>",
    "letters for a number": "><v>abc</v>",
    "a negative number": "><v>-5</v>",
    "a fraction": "><v>1.5</v>",
    "a tiny number": "><v>1e-300</v>",
    "zero": "><v>0</v>",
    "a day beyond the calendar": "><v>99999999</v>",
    "2^53": "><v>9007199254740993</v>",
    "an error": 't="e"><v>#N/A</v>',
    "an error that is none": 't="e"><v>#OOPS</v>',
    "true": 't="b"><v>1</v>',
    "a boolean that is none": 't="b"><v>maybe</v>',
    "a shared string that is not there": 't="s"><v>999999</v>',
    "a shared string before the first": 't="s"><v>-1</v>',
    "a shared string by name": 't="s"><v>x</v>',
    "a type that is none": 't="zzz"><v>1</v>',
    "an ISO date": 't="d"><v>2026-06-11T00:00:00</v>',
    "an ISO date that is none": 't="d"><v>2026-13-45</v>',
    "a formula without a value": "><f>1+1</f>",
    "a formula with a value": 't="str"><f>A1</f><v>x</v>',
    "a shared formula": '><f t="shared" ref="A2:A9" si="0">1+1</f><v>2</v>',
    "an array formula": '><f t="array" ref="A1:Z99">1+1</f><v>2</v>',
    "a style that is not there": 's="99999"><v>1</v>',
    "a style that is none": 's="x"><v>1</v>',
    "nothing": "><v></v>",
}
BUY_ONE = ("purchase", "add", "--match", "M06", "--vendor", "V", "--line", "Cat 2:1@5")
AT_WORK = (
    READ,
    EXAMINE,
    ("audit", "run"),
    WRITE,
    BUY_ONE,
    ("allocate", "auto"),
    ("allocate", "commit", "S1"),
    ("sale", "expand"),
    ("purchase", "expand"),
    ("recon", "run"),
    ("recon", "apply"),
    ("audit", "repair", "--yes"),
    ("report", "position", "--write"),
    ("log",),
    ("undo", "--yes"),
)


def _poisoned(
    given: Callable[..., Refusing],
    parts: dict[str, bytes],
    sheet: str,
    place: str,
    poison: str,
    work: Sequence[tuple[str, ...]] = AT_WORK,
) -> None:
    part, _ = PLACES[sheet]
    cell = re.compile(rf'<c r="{place}"[^>]*?(?:/>|>.*?</c>)'.encode(), re.DOTALL)
    assert cell.search(parts[part]), f"{sheet}!{place} is blank"
    changed = cell.sub(lambda _: f'<c r="{place}" {poison}</c>'.encode(), parts[part], count=1)
    there = given(packed(parts, **{Path(part).name.replace(".", "_"): changed}))
    shutil.rmtree(there.path.with_name(f"{there.path.name}.ticketops"), ignore_errors=True)
    for words in work:
        before = there.path.read_bytes()
        code, out, err = there.run(*words, "-w", str(there.path))
        where = f"{sheet}!{place} {words}: {err}"
        assert code in (0, 1, UNUSABLE, RULE), where
        assert "internal error" not in err, where
        assert all(letter.isprintable() or letter == "\n" for letter in out + err), where
        if code in (UNUSABLE, RULE):
            assert len(err.splitlines()) == 1, where
            assert there.path.read_bytes() == before, where
    openpyxl_opens_if_it_did(
        packed(parts, **{Path(part).name.replace(".", "_"): changed}), there.path
    )


def openpyxl_opens_if_it_did(before: bytes, after: Path) -> None:
    """What we wrote is as readable for another library as what we were given."""
    try:
        openpyxl.load_workbook(io.BytesIO(before))
    except Exception:
        return
    openpyxl.load_workbook(after)


@pytest.mark.parametrize("name", some(POISON, 6))
def test_poison_in_a_cell(
    given: Callable[..., Refusing], parts: dict[str, bytes], name: str
) -> None:
    """One cell of each sheet in turn."""
    nth = list(POISON).index(name)
    sheet = list(PLACES)[nth % len(PLACES)]
    places = PLACES[sheet][1]
    _poisoned(
        given,
        parts,
        sheet,
        places[nth // len(PLACES) % len(places)],
        POISON[name],
        AT_WORK[nth % 2 :: 2],
    )


@pytest.mark.slow
@pytest.mark.parametrize("sheet", PLACES)
@pytest.mark.parametrize("name", thorough(list(POISON)[::4], list(POISON)))
def test_poison_in_many_cells(
    given: Callable[..., Refusing], parts: dict[str, bytes], name: str, sheet: str
) -> None:
    places = PLACES[sheet][1]
    for place in places[list(POISON).index(name) % 3 :: 3]:
        _poisoned(given, parts, sheet, place, POISON[name])

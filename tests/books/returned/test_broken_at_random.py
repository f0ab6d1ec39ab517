"""Files broken at random."""

from __future__ import annotations

import random
import re
import zipfile
from pathlib import Path

import pytest

from tests.books.field import GUEST, SHEET1, STRINGS, Field, filled, filled_raw, put
from tests.books.returned.hostile import zipped
from ticketops.errors import TicketopsError

OPEN = {(f"S1-{i}", header) for i in range(1, 11) for header in GUEST}
"""What Meridian's book may change while nothing was sent."""


def broken_files(good: Path, folder: Path, numbers: range, chance: random.Random) -> list[Path]:
    """Copies of a file with bytes flipped in the archive or in a part, or parts shortened, swapped
    or taken out."""
    content = good.read_bytes()
    with zipfile.ZipFile(good) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    told = [
        name
        for name in (SHEET1, STRINGS, "xl/worksheets/sheet3.xml", "xl/workbook.xml")
        if name in parts
    ]
    found = []
    for i in numbers:
        path = folder / f"broken {i}.xlsx"
        how = chance.randrange(9)
        if how == 0:
            data = bytearray(content)
            for _ in range(chance.choice((1, 1, 3, 20))):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(data)
            found.append(path)
            continue
        mine = dict(parts)
        name = chance.choice(told if chance.random() < 0.8 else sorted(mine))
        data = bytearray(mine[name])
        if how in (1, 2, 3, 4):
            inside = [
                match.span(1)
                for match in re.finditer(
                    rb'="([^"<>]+)"' if how == 1 else rb">([^<>]+)<", bytes(data)
                )
            ]
            for _ in range(chance.choice((1, 2, 5, 30))):
                at = (
                    chance.randrange(*chance.choice(inside))
                    if inside
                    else chance.randrange(len(data))
                )
                data[at] = chance.choice(b"0123456789SACEJRUFGt-|!?; @=\t")
            mine[name] = bytes(data)
        elif how == 5:
            for _ in range(chance.choice((1, 2, 5))):
                data[chance.randrange(len(data))] = chance.choice(b'<>/"= 09SACE&;\xff\x00')
            mine[name] = bytes(data)
        elif how == 6:
            tags = re.findall(rb"<[^<>]+>", bytes(data))
            mine[name] = bytes(data).replace(
                chance.choice(tags), chance.choice([b"", *tags]), chance.choice((1, -1))
            )
        elif how == 7:
            start = chance.randrange(len(data))
            mine[name] = bytes(data[:start] + data[start + chance.choice((1, 10, 1000)) :])
        else:
            del mine[name]
        path.write_bytes(zipped(mine))
        found.append(path)
    return found


def sweep(event: Field, number: int, seed: int) -> None:
    """Many broken files in one pull: no error, and no change but of open cells."""
    chance = random.Random(seed)
    guests = {
        f"{letters}{row}": f"{letters}{row}"
        for row in range(5, 14)
        for letters in ("AB", "AC", "AD", "AF")
    }
    mischief = put(
        **guests,
        AC14="Eve",
        AG6="ACCEPTED",
        A16="S2-1",
        J16="S2-1",
        AC16="Eve",
        AE16="eve@guest.example",
    )
    good = [
        filled(event, mischief),
        filled_raw(
            event, name="raw.xlsx", **guests, AC14="Eve", AG6="ACCEPTED", A7="S2-1", J7="S2-1"
        ),
    ]
    (event.home / "broken").mkdir()
    files = [
        file
        for i, path in enumerate(good)
        for file in broken_files(path, event.home / "broken", range(i, number, 2), chance)
    ]
    try:
        heard = event.pull(*files)
    except TicketopsError as error:
        pytest.fail(f"{error.message}")
    assert heard.changed.keys() <= OPEN
    assert len(heard.plan.result.files) == number
    read = sum(1 for said in heard.plan.result.files if said.rows)
    assert number / 4 < read < number, "many are good enough to be read"
    assert {code for code, _ in heard.codes} >= {"UNUSABLE", "FOREIGN_ROW"}
    assert "INTERNAL" not in {code for code, _ in heard.codes}


@pytest.mark.slow
def test_files_broken_at_random(event: Field) -> None:
    sweep(event, 250, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 4))
def test_thousands_of_files_broken_at_random(seed: int, event: Field) -> None:
    sweep(event, 1500, seed)

"""Files of others for tests: a workbook with headers of two rows, and what does harm."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl


def workbook(tmp_path: Path, name: str = "plan.xlsx", *, epoch: Any = None) -> Path:
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    book.active.title = "Read me"
    book.active["A1"] = "the plan is on the next sheet"
    sheet = book.create_sheet("Match schedule")
    sheet.append(["Plan of 2026"])
    sheet.merge_cells("A1:F1")
    sheet.append(["M#", "When", None, None, "Teams", None])
    sheet.append([None, "Date", "Start", "End", "Home", "Away"])
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("B2:D2")
    sheet.merge_cells("E2:F2")
    sheet.append(["M001", datetime(2026, 6, 11), time(19), timedelta(hours=25), "Mexico", "#N/A"])
    sheet.append([2, None, 0.5, 0.75, "A", "B"])
    sheet.merge_cells("B4:B5")
    sheet["D4"].number_format = "[h]:mm"
    sheet["C5"].number_format = "hh:mm"
    path = tmp_path / name
    book.save(path)
    return path


def hostile(tmp_path: Path) -> dict[str, tuple[str, bytes]]:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>")
        archive.writestr("xl/big.xml", b" " * (300 * 2**20))
    entity = io.BytesIO()
    with zipfile.ZipFile(entity, "w") as archive:
        archive.writestr("content.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    good = workbook(tmp_path, "good.xlsx").read_bytes()
    cells = "<tr><td rowspan=99999999 colspan=99999999>x</td></tr>" * 30
    return {
        "bomb": ("a.xlsx", bomb.getvalue()),
        "entity": ("b.ods", entity.getvalue()),
        "cut": ("c.xlsx", good[: len(good) // 2]),
        "noise": ("d.xls", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(range(256)) * 20),
        "empty": ("e.xlsx", b""),
        "no table": ("f.html", b"<p>nothing"),
        "spans": ("g.html", f"<table>{cells}</table>".encode()),
        "deep json": ("h.json", b"[" * 100_000),
        "no json": ("i.json", b"{"),
        "no objects": ("j.json", b'{"a": 1}'),
        "binary": ("k.csv", b"a,b\n\x00\x01\x02\xff"),
        "quote": ("l.csv", b'a,b\n"x,y\n'),
        "a picture": ("m.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
    }

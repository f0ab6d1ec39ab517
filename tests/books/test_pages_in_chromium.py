"""Pages of reports and dashboards in a real browser: nothing is asked of any host, nothing scrolls sideways,
what is read aloud has names, and texts can be told from what they stand on."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.books.browsing import CONTRAST, NAMES
from tests.conftest import ROOT, run_cli
from tests.sampling import some

PAGES = {
    **{
        f"dashboard-{role}": ["dashboard", "build", "--role", role]
        for role in ("staff", "operator", "super_admin")
    },
    "summary": ["report", "summary"],
    "allocation": ["report", "allocation"],
    "pnl": ["report", "pnl"],
    "match": ["event", "page", "M104"],
}
WIDTHS = (390, 1024, 1600)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    book = str(ROOT / "sample_workbooks" / "small.xlsx")
    settings = {
        "TICKETOPS_ROLE": "super_admin",
        "XDG_STATE_HOME": str(folder),
        "TICKETOPS_CACHE": "0",
    }
    for name, words in PAGES.items():
        out = str(folder / f"{name}.html")
        done = run_cli(*words, "-o", out, "-w", book, env=settings, cwd=folder)
        assert done.code in (0, 1), done.err
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", some(PAGES, 4))
def test_a_page_is_whole_by_itself_and_can_be_read(browser: Any, pages: Path, name: str) -> None:
    path = pages / f"{name}.html"
    assert path.stat().st_size < 400_000
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, java_script_enabled=True)
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))  # noqa: B023
        page.on("pageerror", lambda error: said.append(str(error)))  # noqa: B023
        page.on("request", lambda request: asked.append(request.url))  # noqa: B023
        page.goto(path.as_uri())
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        assert page.evaluate(CONTRAST) == [], (name, scheme)
        found = page.evaluate(NAMES)
        assert said == []
        assert [url for url in asked if url != path.as_uri() and not url.startswith("data:")] == []
        context.close()
    levels = found.pop("levels")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert found.pop("title")
    assert found == {
        **dict.fromkeys(("unnamed", "bare", "ids", "headers", "regions"), 0),
        "lang": "en",
        "main": 1,
    }


@pytest.mark.slow
def test_a_name_without_a_space_does_not_make_a_page_scroll_sideways(
    browser: Any, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(ROOT / "sample_workbooks" / "small.xlsx")
    sheet = book["Schedule WC2026"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    (row,) = (cells[0].row for cells in sheet if cells[columns["M#"] - 1].value == "M104")
    sheet.cell(row, columns["Game"]).value = "Finale" * 60
    sheet.cell(row, columns["City+Stadiums"]).value = "Stadium" * 40
    path = tmp_path / "long.xlsx"
    book.save(path)
    env = {"TICKETOPS_ROLE": "super_admin", "XDG_STATE_HOME": str(tmp_path)}
    for number, words in enumerate((["event", "page", "M104"], ["report", "match", "M104"])):
        out = tmp_path / f"{number}.html"
        done = run_cli(*words, "-o", str(out), "-w", str(path), env=env, cwd=tmp_path)
        assert done.code in (0, 1), done.err
        page = browser.new_page(viewport={"width": 390, "height": 900})
        page.goto(out.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, words
        page.close()

"""A client's whole round in a real browser, on 5,000 tickets: by mouse, by keyboard only, with a change
under its hands, the back button, and a connection that is lost while it saves (§7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from tests.books.browsing import CONTRAST
from tests.books.conftest import browser  # noqa: F401
from tests.conftest import run_cli
from tests.portal.serving import Served, serving
from ticketops.config import Settings
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Job
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, run_of
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot

pytestmark = pytest.mark.slow
COUNT = 5000
SENT = 1200
GUEST = ("First name", "Last Name", "Client Email")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """M01: 5,000 tickets of Meridian Travel, of which 1,200 were sent, the first with a guest."""
    folder = tmp_path_factory.mktemp("large")
    book = folder / "event.xlsx"
    env = {"TICKETOPS_USER": "olga", "TICKETOPS_ROLE": "ops_manager", "XDG_STATE_HOME": str(folder)}
    buy = ["--match", "M01", "--vendor", "Ann Tickets", "--contract", "1"]
    sell = ["--client", "Meridian Travel", "--line", f"M01:Cat 1:{COUNT}@300"]
    for words in (
        ["init", str(book), "--event", "WC2026"],
        ["purchase", "add", *buy, "--line", f"Cat 1:{COUNT}@100", "-w", str(book)],
        ["sale", "add", *sell, "--new", "-w", str(book)],
        ["allocate", "commit", "S1", "-w", str(book)],
    ):
        done = run_cli(*words, "-q", *([] if words[0] == "init" else ["-y"]), env=env)
        assert done.code in (0, 1), done.err
    found = Settings(
        workbook=book,
        user="olga",
        role="ops_manager",
        state=folder / "state",
        books=folder / "books",
    )
    guests = {
        f"S1-{n}": {
            "delivery": "SENT",
            "first_name": "Ana",
            "last_name": f"Nº{n}",
            "client_email": f"g{n}@guests.example.com",
        }
        for n in range(1, SENT + 1)
    }
    office_types(found, guests)
    return found


def office_types(settings: Settings, cells: Mapping[str, Mapping[str, Any]]) -> None:
    """Somebody types into Distribution: {SalesID: {column: value}}."""

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        made = Plan()
        for row in snapshot[DISTRIBUTION].frame.iter_rows(named=True):
            if values := cells.get(row["sales_id"]):
                changed = {name: (row[name], value) for name, value in values.items()}
                made.changes.set(DISTRIBUTION, row["row"], row["sales_id"], changed)
        return made

    assert settings.workbook is not None
    store = open_store(settings.workbook, settings)
    carry_out(store, Job("dispatch.sync", plan, (DISTRIBUTION,)), run_of(settings))


def tickets(served: Served, *columns: str) -> dict[str, Any]:
    """{SalesID: cells of Distribution}, as another library reads them."""
    book = CalamineWorkbook.from_path(str(served.book))
    rows = book.get_sheet_by_name("Distribution").to_python(skip_empty_area=False)[1:]
    places = [rows[0].index(name) for name in columns]
    key = rows[0].index("ID")
    found = {row[key]: tuple(row[place] or None for place in places) for row in rows[1:]}
    return {k: v[0] for k, v in found.items()} if len(columns) == 1 else found


def edits_of(served: Served) -> list[Any]:
    book = CalamineWorkbook.from_path(str(served.book))
    return book.get_sheet_by_name("_BOOK_EDITS").to_python()


@pytest.fixture(scope="module")
def served(settings: Settings) -> Iterator[Served]:
    with serving(settings) as found:
        yield found


@pytest.fixture(scope="module")
def link(served: Served) -> str:
    return served.link("client", "Meridian Travel")


@pytest.fixture
def page(browser: Any, link: str) -> Iterator[Any]:  # noqa: F811
    """A client who came in by mouse. Nothing is asked of any other host, and no script fails."""
    context = browser.new_context(accept_downloads=True)
    found = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    found.on("pageerror", lambda error: said.append(str(error)))
    found.on("request", lambda request: asked.append(request.url))
    found.goto(link)
    found.click("main button")
    found.wait_for_selector("#guests")
    yield found
    context.close()
    base = link.rpartition("/i/")[0]
    assert said == []
    assert [url for url in asked if not url.startswith(base)] == []


def told(page: Any) -> str:
    page.wait_for_selector("#said")
    return " ".join(page.inner_text("#said").split())


def test_a_round_by_mouse(served: Served, page: Any) -> None:
    assert "5,000 tickets" in page.inner_text("main")
    page.click("text=Guest missing")
    page.wait_for_url("**guests=missing**")
    assert f"1–50 of {COUNT - SENT:,}" in page.inner_text("#found")
    first = int(page.inner_text("tbody th a >> nth=0").partition("-")[2])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = 'Al\tBo\tal@b.example\nCy\t"D\ti"\tcy@d.example\n'
    page.evaluate("text => navigator.clipboard.writeText(text)", block)
    page.click("[name='r0.first_name']")
    page.keyboard.press("Control+v")
    assert page.input_value("[name='r1.client_email']") == "cy@d.example"
    page.click("button[value=save]")
    assert told(page) == "Saved: 6 changes."
    found = tickets(served, *GUEST)
    assert found[f"S1-{first}"] == ("Al", "Bo", "al@b.example")
    assert (
        found[f"S1-{first + 1}"] == ("Cy", "D\ti", "cy@d.example")
        or found[f"S1-{first + 1}"][0] == "Cy"
    )
    page.click("text=Undo my last change")
    assert told(page) == "Saved: 6 changes."
    assert tickets(served, *GUEST)[f"S1-{first}"] == (None, None, None)

    page.click("nav.quick >> text=Sent, not confirmed")
    page.click("summary >> text=Filter and sort")
    page.click("summary >> text=Filter and sort") if not page.is_visible("[name=holder]") else None
    page.fill("[name=holder]", "Nº77")
    page.click("button >> text=Show")
    page.wait_for_url("**holder=**")
    page.click("text=All sent tickets of this view arrived")
    page.click("main form button.main")
    assert told(page).startswith("Saved: ")
    accepted = [k for k, v in tickets(served, "Delivery").items() if v == "ACCEPTED"]
    assert sorted(accepted) == sorted(f"S1-{n}" for n in range(1, SENT + 1) if str(n)[:2] == "77")

    page.goto(f"{served.base}/ticket/S1-1")
    page.check("[name=what][value=swap]")
    page.fill("[name=text]", "nearer seats")
    page.click("button >> text=Tell the office")
    assert told(page) == "Saved: 2 changes."
    assert tickets(served, "Delivery", "Comment")["S1-1"] == (
        "ISSUE",
        "Swap requested: nearer seats",
    )
    with page.expect_download() as got:
        page.goto(f"{served.base}/?holder=Nº77")
        page.click("text=Download this view as a workbook")
    path = Path(got.value.path())
    book = openpyxl.load_workbook(path.rename(path.with_suffix(".xlsx")))
    assert book["Tickets"]["J4"].value == "S1-77"


def press_until(page: Any, wanted: str, most: int = 80) -> None:
    """Tab until an element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", wanted):
            return
    raise AssertionError(f"no way to {wanted} by keyboard")


def test_a_round_by_keyboard_only(served: Served, browser: Any, link: str) -> None:  # noqa: F811
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    press_until(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#guests")
    press_until(page, "summary")
    page.keyboard.press("Enter")
    press_until(page, "[name=holder]")
    page.keyboard.type("Nº1200")
    page.keyboard.press("Enter")
    page.wait_for_url("**holder=**")
    assert page.inner_text("tbody th a") == "S1-1200"
    press_until(page, "[name='r0.client_notes']")
    page.keyboard.type("by the aisle")
    page.keyboard.press("Control+s")
    assert told(page) == "Saved: 1 change."
    press_until(page, "[name='r0.pick']")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Tab")
    while page.evaluate("document.activeElement.value") != "accept":
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("tbody .c_delivery option[selected][value=ACCEPTED]", state="attached")
    found = tickets(served, "Delivery", "Clients notes")["S1-1200"]
    assert found == ("ACCEPTED", "by the aisle")
    press_until(page, "[name='r0.comment']")
    page.keyboard.press("Alt+ArrowDown")  # there is no line below
    context.close()


def test_a_line_is_filled_in_and_copied_by_keys(served: Served, page: Any) -> None:
    page.goto(f"{served.base}/?guests=missing&sort=-id")
    page.focus("[name='r0.last_name']")
    page.keyboard.type("Berg")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("Diaz")
    assert [page.input_value(f"[name='r{n}.last_name']") for n in range(3)] == [
        "Berg",
        "Berg",
        "Diaz",
    ]
    page.keyboard.press("Control+s")
    assert told(page) == "Saved: 3 changes."


def test_a_change_under_one_s_hands(served: Served, page: Any) -> None:
    page.goto(f"{served.base}/?guests=missing")
    key = page.inner_text("tbody th a >> nth=2")
    page.fill("[name='r2.first_name']", "Eva")
    office_types(served.settings, {key: {"first_name": "Ida"}})
    page.click("button[value=save]")
    assert "you typed “Eva”, and meanwhile someone else wrote “Ida”" in told(page)
    assert page.input_value("[name='r2.first_name']") == "Ida"
    page.check("[name='r2.first_name.mine']")
    page.click("button[value=save]")
    page.wait_for_selector("#said:has-text('Saved: 1 change.')")
    assert tickets(served, "First name")[key] == "Eva"


def test_the_back_button_says_nothing_twice(served: Served, page: Any) -> None:
    page.goto(f"{served.base}/?guests=missing&page=3")
    key = page.inner_text("tbody th a >> nth=0")
    page.fill("[name='r0.comment']", "aisle")
    page.click("button[value=save]")
    assert told(page) == "Saved: 1 change."
    before = edits_of(served)
    page.go_back()
    page.wait_for_selector("#guests")
    page.fill("[name='r0.comment']", "aisle")
    page.click("button[value=save]")
    page.wait_for_selector("#said")
    assert edits_of(served) == before
    assert tickets(served, "Comment")[key] == "aisle"


def test_a_lost_connection_loses_nothing_and_saves_once(served: Served, page: Any) -> None:
    page.goto(f"{served.base}/?guests=missing&page=5")
    key = page.inner_text("tbody th a >> nth=0")
    page.fill("[name='r0.comment']", "window")
    served.stop()
    page.click("button[value=save]")
    page.wait_for_selector("#live:has-text('Not saved')")
    assert page.input_value("[name='r0.comment']") == "window"
    served.start()
    page.click("button[value=save]")
    assert told(page) == "Saved: 1 change."
    assert tickets(served, "Comment")[key] == "window"


def test_an_answer_that_is_lost_after_saving_is_saved_once(served: Served, page: Any) -> None:
    """The workbook has it, the browser does not know: pressing the button again adds nothing."""
    page.goto(f"{served.base}/?guests=missing&page=6")
    key = page.inner_text("tbody th a >> nth=0")
    page.fill("[name='r0.comment']", "lift")
    lost = []

    def lose(route: Any) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/save", lose, times=1)
    page.click("button[value=save]")
    page.wait_for_selector("#live:has-text('Not saved')")
    assert lost == [200]
    assert tickets(served, "Comment")[key] == "lift"
    edits = edits_of(served)
    page.click("button[value=save]")
    assert told(page) == "Nothing new was saved."
    assert edits_of(served) == edits


def test_pages_can_be_read_by_all(served: Served, browser: Any, link: str) -> None:  # noqa: F811
    """Nothing scrolls sideways at 390 px, texts can be told from what they stand on, every field has a
    name, and without scripts it works too."""
    for scheme in ("light", "dark"):
        context = browser.new_context(
            color_scheme=scheme, java_script_enabled=True, viewport={"width": 390, "height": 844}
        )
        page = context.new_page()
        page.goto(link)
        page.click("main button")
        for path in ("/?size=25", "/ticket/S1-3", "/accept?holder=ana"):
            page.goto(served.base + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            assert page.evaluate(CONTRAST) == [], (scheme, path)
            unnamed = page.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')].filter("
                "e => !e.getAttribute('aria-label') && !e.labels.length).map(e => e.name)"
            )
            assert unnamed == [], path
            ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
            assert len(ids) == len(set(ids))
        context.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(link)
    page.click("main button")
    page.goto(f"{served.base}/?guests=missing&page=7")
    key = page.inner_text("tbody th a >> nth=0")
    page.fill("[name='r0.first_name']", "عمر")
    page.click("button[value=save]")
    assert told(page) == "Saved: 1 change."
    assert tickets(served, "First name")[key] == "عمر"
    context.close()
    assert re.fullmatch(r"S1-\d+", key)

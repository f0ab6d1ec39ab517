"""Suppliers and staff at the portal in a real Chromium: by mouse, by keyboard only, on a telephone, in the
dark, on paper, with names that are written from the right."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.books.browsing import CONTRAST
from tests.books.conftest import browser  # noqa: F401
from tests.cli.dispatching import ANA, PLAIN, rows_of, tickets_of, type_by_key
from tests.portal.files import png
from tests.portal.visiting import Portals
from ticketops.config import Settings
from ticketops.portal import staff_pages
from ticketops.portal.server import Server, config_of
from ticketops.services import dispatch

pytestmark = pytest.mark.slow


@pytest.fixture
def served(settings: Settings) -> Iterator[Portals]:
    """The portal on this machine, with a supplier's and staff's rows, and a guest called from the right."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    portal = Portals(settings, f"http://127.0.0.1:{port}")
    type_by_key(
        portal.book,
        "Distribution",
        "ID",
        {"S1-1": {"First name": "שרה", "Last Name": "כהן"}, "S2-1": {"First name": "مريم"}},
        2,
    )
    unit = {"Email": "login@vendor.example", "Password": PLAIN}
    type_by_key(portal.book, "_PURCHASE_UNITS", "UnitID", {"P00010": unit})
    type_by_key(portal.book, "_STAFF_QUEUE", "TaskID", {"T00001": {"AssignedTo": ANA}})
    server = Server(config_of(portal.app, "127.0.0.1", port, ""))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    yield portal
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def inside(served: Portals, browser: Any) -> Iterator[Any]:  # noqa: F811
    """A page of a party who came in; what goes wrong on it fails the test."""
    contexts, wrong = [], []

    def enter(kind: str, name: str, **options: Any) -> Any:
        context = browser.new_context(base_url=served.base, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(served.invite(kind, name).link)
        page.get_by_role("button", name="Open").click()
        page.wait_for_url("**/")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert wrong == []


def saved(page: Any) -> str:
    """What the page says was saved."""
    page.wait_for_url("**done=*")
    return str(page.locator(".notice strong").inner_text())


def test_a_suppliers_round_by_mouse(served: Portals, inside: Any) -> None:
    page = inside("supplier", "BEE")
    page.get_by_role("link", name="M01").click()
    page.get_by_label("Delivery, S1-1").select_option("SENT")
    page.get_by_label("DispatchNotes, S1-1").fill("by mail")
    page.get_by_role("button", name="Save", exact=True).first.click()
    assert saved(page) == "2 cells were saved."
    assert tickets_of(served.book, "Delivery", "DispatchNotes")["S1-1"] == ("SENT", "by mail")
    page.get_by_role("link", name=re.compile("^Seat")).click()
    page.wait_for_url("**sort=seat")
    page.locator("thead input[type=checkbox]").check()
    assert page.locator("[data-picked]").inner_text() == "(3)"
    page.locator("[name=bulk_status]").select_option("PENDING")
    page.get_by_role("button", name="Change and save").click()
    assert "2 cells were saved." in saved(page)
    found = tickets_of(served.book, "Delivery")
    assert (found["S1-1"], found["S1-2"], found["S1-3"]) == ("SENT", "PENDING", "PENDING")
    page.go_back()
    page.get_by_label("DispatchNotes, S1-2").fill("after going back")
    page.get_by_role("button", name="Save", exact=True).first.click()
    saved(page)
    assert tickets_of(served.book, "DispatchNotes")["S1-2"] == "after going back"


def test_a_suppliers_round_by_keyboard_only(served: Portals, inside: Any) -> None:
    page = inside("supplier", "BEE")

    def tab_to(**attribute: str) -> None:
        ((name, wanted),) = attribute.items()
        for _ in range(120):
            page.keyboard.press("Tab")
            value = page.evaluate("n => document.activeElement.getAttribute(n)", name.rstrip("_"))
            if value == wanted:
                return
        pytest.fail(f"the Tab key never comes to {wanted}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(href="/units")
    page.keyboard.press("Enter")
    page.wait_for_url("**/units")
    tab_to(name="r1.delivery")
    page.keyboard.type("SENT")
    page.keyboard.press("Tab")
    page.keyboard.type("keys only")
    tab_to(value="save")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Enter")
    assert saved(page) == "2 cells were saved."
    assert tickets_of(served.book, "Delivery", "DispatchNotes")["S1-2"] == ("SENT", "keys only")


def test_a_task_with_a_proof_and_a_password(
    served: Portals, inside: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(staff_pages, "SHOWN_SECONDS", 3)
    page = inside("staff", ANA)
    page.get_by_role("link", name="T00001").click()
    page.get_by_role("button", name="Show the password").click()
    assert page.locator(".password").inner_text() == PLAIN
    page.wait_for_url("**/task/T00001", timeout=10_000)
    assert PLAIN not in page.content()
    page.go_back()
    page.wait_for_timeout(300)
    assert PLAIN not in page.content()
    assert len(rows_of(served.book, "_CREDENTIAL_HISTORY")) == 1
    page.goto("/task/T00001")
    proof = tmp_path / "screen.png"
    proof.write_bytes(png(40, 30))
    page.get_by_label("DispatchStatus, T00001").select_option("SENT")
    page.get_by_label("Upload a proof").set_input_files(str(proof))
    page.get_by_role("button", name="Save", exact=True).click()
    assert saved(page) == "2 cells were saved."
    with page.expect_download() as got:
        page.get_by_role("link", name=re.compile("Download the uploaded proof")).click()
    assert re.fullmatch(r"T00001-[0-9a-f]{8}\.png", got.value.suggested_filename)
    assert Path(got.value.path()).read_bytes() == proof.read_bytes()
    assert tickets_of(served.book, "Delivery")["S2-1"] == "SENT"


def test_a_lost_connection_loses_nothing_that_is_typed(served: Portals, inside: Any) -> None:
    page = inside("supplier", "BEE")
    page.goto("/units")
    page.get_by_label("DispatchNotes, S1-1").fill("typed offline")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_text("There is no connection").wait_for()
    assert page.get_by_label("DispatchNotes, S1-1").input_value() == "typed offline"
    page.context.set_offline(False)
    page.get_by_role("button", name="Save", exact=True).first.click()
    assert saved(page) == "1 cell was saved."
    assert tickets_of(served.book, "DispatchNotes")["S1-1"] == "typed offline"


def test_an_answer_of_a_server_in_front_of_us_loses_nothing_and_is_not_asked_again(
    served: Portals, inside: Any
) -> None:
    page = inside("supplier", "BEE")
    page.goto("/units")
    page.get_by_label("DispatchNotes, S1-1").fill("typed meanwhile")
    sent = []

    def refused(route: Any) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        sent.append(route.request.url)
        route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway</h1>")

    page.route("**/units*", refused)
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_text("Not saved: the portal is busy").wait_for()
    assert page.get_by_label("DispatchNotes, S1-1").input_value() == "typed meanwhile"
    assert len(sent) == 1
    page.unroute("**/units*")
    page.get_by_role("button", name="Save", exact=True).first.click()
    assert saved(page) == "1 cell was saved."


def test_enter_in_the_notes_of_several_rows_changes_them(served: Portals, inside: Any) -> None:
    page = inside("supplier", "BEE")
    page.goto("/units")
    page.get_by_label("Select S1-1").check()
    page.get_by_label("Notes", exact=True).fill("by courier")
    page.get_by_label("Notes", exact=True).press("Enter")
    assert saved(page) == "1 cell was saved."
    assert tickets_of(served.book, "DispatchNotes")["S1-1"] == "by courier"


def test_what_is_refused_is_shown_without_asking_twice(served: Portals, inside: Any) -> None:
    page = inside("staff", ANA)
    page.goto("/task/T00001")
    page.get_by_label("StaffNotes, T00001").fill("kept")
    page.get_by_label("Upload a proof").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"<svg/>"}
    )
    sent = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Nothing was saved: the file must be").wait_for()
    assert page.get_by_label("StaffNotes, T00001").input_value() == "kept"
    assert len(sent) == 1
    page.get_by_role("button", name="Save", exact=True).click()
    assert saved(page) == "1 cell was saved."


def test_two_clients_a_supplier_staff_and_the_office_at_once(served: Portals, inside: Any) -> None:
    """Something changes under one's hands: it is told, and the reader may say theirs again. Nobody's
    word is lost, and nobody sees another's."""
    bee, acme = inside("supplier", "BEE"), inside("client", "Acme Ltd")
    ana, bolt = inside("staff", ANA), inside("client", "Bolt")
    acme_twice = inside("client", "Acme Ltd")
    for one in (acme, bolt, acme_twice):
        one.goto("/")
    theirs = bolt.locator("tbody th a").first.inner_text()
    field = "[name='r0.comment']"
    mine = acme.locator("tbody th a").first.inner_text()
    acme.fill(field, "by the window")
    acme_twice.fill(field, "near the stairs")
    bolt.fill(field, "with a lift")
    for one in (acme, bolt, acme_twice):
        one.click("button[value=save] >> nth=0")
        one.wait_for_selector("#said")
    assert "meanwhile someone else wrote" in acme_twice.inner_text("#said")
    assert tickets_of(served.book, "Comment")[mine] == "by the window"
    assert tickets_of(served.book, "Comment")[theirs] == "with a lift"
    assert "window" not in bolt.content()
    acme_twice.get_by_label("Replace it by").first.check()
    acme_twice.click("button[value=save] >> nth=0")
    acme_twice.wait_for_selector("#said:has-text('Saved: 1 change')")
    assert "near the stairs" in tickets_of(served.book, "Comment")[mine]
    bee.goto("/units")
    bee.get_by_label("Delivery, S1-1").select_option("SENT")
    bee.get_by_role("button", name="Save", exact=True).first.click()
    saved(bee)
    bee.goto("/units")
    acme.goto("/ticket/S1-1")
    assert "SENT" in acme.content()
    served.do(dispatch.staff_mark(["T00001"], "PENDING", notes="the office calls"))
    ana.goto("/task/T00001")
    served.do(dispatch.staff_mark(["T00001"], "ISSUE", notes="wrong ticket"))
    ana.get_by_label("DispatchStatus, T00001").select_option("SENT")
    ana.get_by_role("button", name="Save", exact=True).click()
    assert "was not saved as you typed it" in saved(ana)
    assert tickets_of(served.book, "Delivery")["S2-1"] == "ISSUE"
    ana.get_by_label("Save mine after all").check()
    ana.get_by_role("button", name="Save", exact=True).click()
    ana.get_by_text("1 cell was saved.").wait_for()
    assert tickets_of(served.book, "Delivery")["S2-1"] == "SENT"


WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
PLACES = (
    ("supplier", "BEE", ("/", "/units", "/units?match=M01")),
    ("staff", ANA, ("/", "/task/T00001")),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_readable_on_a_telephone_and_in_the_dark(
    served: Portals, inside: Any, scheme: str
) -> None:
    for kind, name, paths in PLACES:
        size = {"width": 390, "height": 844}
        page = inside(kind, name, viewport=size, color_scheme=scheme)
        for path in paths:
            page.goto(path)
            assert not page.evaluate(WIDE), path
            assert page.evaluate(CONTRAST) == [], path
            bare = page.evaluate(
                "() => [...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]"
                ".filter(e => !e.labels.length && !e.getAttribute('aria-label')).map(e => e.name)"
            )
            assert bare == [], path
            small = page.evaluate(
                "() => [...document.querySelectorAll('main button, main select')]"
                ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).length"
            )
            assert small == 0, path


@pytest.mark.parametrize("width", [390, 961, 1024, 1280, 1600])
def test_no_table_scrolls_sideways(served: Portals, inside: Any, width: int) -> None:
    """Long words of guests and vendors too: a table that is too wide becomes cards."""
    long = {"Client Email": "a.very.long.address.of.somebody@guests.of.ours.example.com"}
    type_by_key(served.book, "Distribution", "ID", {"S1-1": long, "S2-1": long}, 2)
    for kind, name, paths in (*PLACES, ("client", "Acme Ltd", ("/", "/ticket/S1-1"))):
        page = inside(kind, name, viewport={"width": width, "height": 800})
        for path in paths:
            page.goto(path)
            assert not page.evaluate(WIDE), path
            wide = "() => [...document.querySelectorAll('.wide')].some(e => e.scrollWidth > e.clientWidth)"
            assert not page.evaluate(wide), path


def test_cards_can_be_sorted_and_selected(served: Portals, inside: Any) -> None:
    page = inside("supplier", "BEE", viewport={"width": 390, "height": 844})
    page.goto("/units")
    page.locator("thead input[type=checkbox]").check()
    assert page.locator("[data-picked]").inner_text() == "(3)"
    page.get_by_role("link", name="Seat").click()
    page.wait_for_url("**sort=seat")


def test_names_from_the_right_stand_in_their_own_direction(inside: Any) -> None:
    page = inside("supplier", "BEE")
    page.goto("/units")
    cell = page.get_by_text("שרה")
    assert cell.evaluate("e => e.tagName") == "BDI"
    page.get_by_label("DispatchNotes, S1-1").fill("שלום")
    note = page.get_by_label("DispatchNotes, S1-1")
    assert note.evaluate("e => e.matches(':dir(rtl)')")


def test_on_paper_there_are_rows_and_no_buttons(inside: Any) -> None:
    page = inside("supplier", "BEE")
    page.goto("/units")
    page.emulate_media(media="print")
    assert page.locator("main button:visible").count() == 0
    assert page.locator("tbody tr:visible").count() == 3
    assert page.get_by_text("Client company identities are redacted").is_visible()


def test_without_scripts_everything_works(served: Portals, inside: Any) -> None:
    page = inside("supplier", "BEE", java_script_enabled=False)
    page.goto("/units?guest=complete")
    page.locator("[name='r0.delivery']").select_option("SENT")
    page.get_by_role("button", name="Save", exact=True).first.click()
    assert saved(page) == "1 cell was saved."
    assert tickets_of(served.book, "Delivery")["S1-1"] == "SENT"

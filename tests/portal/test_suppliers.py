"""A supplier at the portal: its matches, its units before and after they are sold, what it says (§9)."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.cli.dispatching import ANA, rows_of, tickets_of, type_by_key
from tests.portal.visiting import Browser, Portals, told
from ticketops.config import Settings
from ticketops.errors import LockedError
from ticketops.portal.words import words_of
from ticketops.schema.book_layouts import SUPPLIER_LAYOUT
from ticketops.services import dispatch
from ticketops.services import portal as links

SECRETS = ("Acme", "Bolt", "ACME VIP", "Ann Tickets", "000777", "olga", "payment")
"""What BEE may not know: companies, other suppliers, their numbers, who works here."""


@pytest.fixture
def bee(portal: Portals) -> Browser:
    return portal.inside("supplier", "BEE")


def save(browser: Browser, where: str = "/units", **fields: Any) -> Any:
    """Save what is typed, and follow to where that leads."""
    shown = browser.get(where)
    path = where if "?" in where else f"{where}?"
    typed = {"do": "save"} | {name.replace("__", "."): text for name, text in fields.items()}
    done = browser.press(shown, html.escape(path), **typed)
    return browser.get(done.headers["location"]) if done.status_code == 303 else done


def test_the_dashboard_counts_the_units_of_every_match(bee: Browser) -> None:
    page = bee.get("/").text
    assert words_of()("supplier.notice") in page
    row = re.search(r'<tr>\s*<th scope="row"><a href="/units\?match=M01">.*?</tr>', page, re.DOTALL)
    assert row is not None
    assert re.findall(r'class="num[^"]*">(\d+)<', row[0]) == list("33130000")


def test_the_banner_is_that_of_the_book() -> None:
    assert words_of()("supplier.notice") == SUPPLIER_LAYOUT.notice


@pytest.mark.parametrize("where", ["/", "/units", "/units?match=M01", "/units?q=nobody&bad=x"])
def test_no_page_tells_a_supplier_what_is_not_its(bee: Browser, where: str) -> None:
    page = bee.get(where)
    assert page.status_code == 200
    for secret in SECRETS:
        assert secret not in page.text.replace("Client company identities", "")


def test_units_stand_there_before_they_are_sold(portal: Portals) -> None:
    portal.do(dispatch.supplier_map("ANN", ["Ann Tickets"], []))
    ann = portal.inside("supplier", "ANN")
    unsold = ann.get("/units?sold=no").text
    assert "P00003" in unsold
    assert "not sold yet" in unsold
    assert 'name="r0.' not in unsold
    assert "P00001" in ann.get("/units?sold=yes").text


def test_a_delivery_and_a_note_reach_the_workbook_and_the_client(
    portal: Portals, bee: Browser
) -> None:
    page = save(bee, r0__delivery="SENT", r0__dispatch_notes="by mail")
    assert told(page) == "2 cells were saved."
    assert told(bee.get(str(page.url))) == ""
    assert tickets_of(portal.book, "Delivery", "DispatchNotes")["S1-1"] == ("SENT", "by mail")
    client = portal.inside("client", "Acme Ltd").get("/?delivery=SENT").text
    assert "S1-1" in client
    log = rows_of(portal.book, "_PORTAL_LOG")
    assert [(row["TokenID"], row["Action"], row["Cells"]) for row in log][:3] == [
        ("PT00001", "INVITED", None),
        ("PT00001", "OPENED", None),
        ("PT00001", "SAVED", 2),
    ]


def test_the_guest_of_a_client_streams_in(portal: Portals, bee: Browser) -> None:
    assert "S1-3" in bee.get("/units?guest=missing").text
    client = portal.inside("client", "Acme Ltd")
    page = client.get("/?holder=&match=M01")
    number = re.search(r"r(\d+)\.first_name[^>]*value=\"\"", page.text)
    assert number is not None
    n = number[1]
    client.press(
        page,
        "/save",
        do="save",
        **{
            f"r{n}.first_name": "مريم",
            f"r{n}.last_name": "O'Hara <b>",
            f"r{n}.client_email": "m@guests.example.com",
        },
    )
    shown = bee.get("/units?q=m@guests").text
    assert "<bdi>مريم</bdi>" in shown
    assert "O&#39;Hara &lt;b&gt;" in shown


def test_a_page_that_is_sent_twice_says_nothing_twice(portal: Portals, bee: Browser) -> None:
    shown = bee.get("/units")
    fields = {"do": "save", "r0.delivery": "PENDING"}
    first = bee.press(shown, "/units?", **fields)
    assert told(bee.get(first.headers["location"])) == "1 cell was saved."
    portal.do(dispatch.supplier_map("OTHER", ["Nobody"], []))
    before = portal.book.read_bytes()
    again = bee.press(shown, "/units?", **fields)
    assert "1 cell was saved" not in told(bee.get(again.headers["location"]))
    assert portal.book.read_bytes() == before


def test_what_became_an_issue_meanwhile_is_a_conflict_that_can_be_insisted_on(
    portal: Portals, bee: Browser
) -> None:
    save(bee, r0__delivery="SENT")
    shown = bee.get("/units")
    client = portal.inside("client", "Acme Ltd")
    ticket = client.get("/ticket/S1-1")
    client.press(ticket, "/issue", what="issue", text="wrong seat")
    done = bee.press(shown, "/units?", **{"do": "save", "r0.delivery": "UPLOADED"})
    page = bee.get(done.headers["location"])
    assert tickets_of(portal.book, "Delivery")["S1-1"] == "ISSUE"
    assert "was not saved as you typed it" in told(page)
    assert 'name="r0.delivery.mine" value="UPLOADED"' in page.text
    action = re.search(r'class="sheet" method="post" action="([^"]*)"', page.text)
    assert action is not None
    mine = {"do": "save", "r0.delivery": "ISSUE", "r0.delivery.mine": "UPLOADED"}
    done = bee.press(page, action[1], **mine)
    assert told(bee.get(done.headers["location"])).startswith("1 cell was saved.")
    assert tickets_of(portal.book, "Delivery")["S1-1"] == "UPLOADED"


def test_a_supplier_takes_back_its_last_texts(portal: Portals, bee: Browser) -> None:
    save(bee, r0__dispatch_notes="first")
    page = save(bee, r0__delivery="SENT", r0__dispatch_notes="second", r1__dispatch_notes="other")
    done = bee.press(page, "/undo")
    assert told(bee.get(done.headers["location"])) == "2 cells were saved."
    found = tickets_of(portal.book, "Delivery", "DispatchNotes")
    assert (found["S1-1"], found["S1-2"]) == (("SENT", "first"), (None, None))
    assert rows_of(portal.book, "_PORTAL_LOG")[-1]["Action"] == "UNDONE"
    assert "/undo" not in bee.get("/units").text


def test_accepted_is_kept_as_a_claim(portal: Portals, bee: Browser) -> None:
    page = save(bee, r0__delivery="ACCEPTED")
    assert "S1-1, Delivery: noted" in told(page)
    assert tickets_of(portal.book, "Delivery", "DispatchNotes")["S1-1"] == (
        "SENT",
        "supplier says ACCEPTED",
    )


def test_several_rows_at_once(portal: Portals, bee: Browser) -> None:
    ticked = {"r0.pick": "1", "r2.pick": "1", "of": "picked", "bulk_status": "PENDING"}
    page = save(bee, do="bulk", **ticked)
    assert told(page) == "2 cells were saved."
    assert tickets_of(portal.book, "Delivery")["S1-2"] is None
    shown = bee.get("/units?guest=complete")
    fields = {"do": "bulk", "of": "all", "bulk_status": "SENT", "bulk_notes": "platform"}
    done = bee.press(shown, "/units?guest=complete", **fields)
    assert done.headers["location"].startswith("/units?guest=complete&done=")
    found = tickets_of(portal.book, "Delivery", "DispatchNotes")
    assert (found["S1-1"], found["S1-2"]) == (("SENT", "platform"),) * 2
    assert found["S1-3"] == ("PENDING", None)
    assert found["S4-1"] == (None, None)


def test_the_page_of_another_link_is_refused_and_what_was_typed_is_shown(
    portal: Portals, bee: Browser
) -> None:
    other = portal.inside("supplier", "BEE")
    theirs = re.search(r'name="base" value="([^"]*)"', other.get("/units").text)
    assert theirs is not None
    before = portal.book.read_bytes()
    for packed in (theirs[1], "", "x" * 200, theirs[1][:-4]):
        done = bee.press(
            bee.get("/units"),
            "/units?",
            **{"do": "save", "base": packed, "r0.dispatch_notes": "typed <i>words</i>"},
        )
        assert done.status_code == 409
        assert "typed &lt;i&gt;words&lt;/i&gt;" in done.text
    assert portal.book.read_bytes() == before


def test_nothing_in_a_form_names_a_row_of_another_party(portal: Portals, bee: Browser) -> None:
    """Rows are numbers of the signed page; whatever else a form says is not heard."""
    before = portal.book.read_bytes()
    stray = {
        "r99.delivery": "SENT",
        "r0.company": "Mine",
        "r0.client_email": "thief@x.example",
        "r0.sales_id": "S4-1",
        "SalesID": "S4-1",
        "party": "ANN",
        "kind": "staff",
        "token_id": "PT00002",
    }
    page = save(bee, **stray)
    assert told(page) == "Nothing was changed."
    assert portal.book.read_bytes() == before


def test_a_delivery_that_there_is_not_is_refused_beside_its_field(bee: Browser) -> None:
    page = save(bee, r0__delivery="<script>alert(1)</script>", r0__dispatch_notes="ok")
    assert "1 cell was saved. 1 cell was not saved" in told(page)
    assert "<script>alert" not in page.text
    assert "aria-invalid=true aria-describedby=r0-delivery-told" in page.text


def test_a_supplier_has_no_page_of_staff_or_clients(bee: Browser) -> None:
    for path in ("/task/T00001", "/accept", "/ticket/S1-1"):
        assert bee.get(path).status_code in (404, 405), path
    assert ANA not in bee.get("/units").text


def test_what_an_address_says_that_is_not_understood_is_named(bee: Browser) -> None:
    page = bee.get("/units?delivery=GONE&sort=password&page=0&<b>=1").text
    assert words_of()("rows.unclear") in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_a_busy_workbook_loses_nothing_that_was_typed(
    portal: Portals, bee: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = bee.get("/units?q=S1")

    def is_busy(*_: Any) -> None:
        raise LockedError("somebody writes")

    with monkeypatch.context() as patch:
        patch.setattr(portal.portal.house, "carry_out", is_busy)
        fields = {"do": "save", "r1.delivery": "SENT", "r1.dispatch_notes": "typed <once>"}
        done = bee.press(shown, "/units?q=S1", **fields)
    assert (done.status_code, done.headers["retry-after"]) == (503, "2")
    assert ">typed &lt;once&gt;</textarea>" in done.text
    assert "The workbook is busy" in told(done)
    action = re.search(r'class="sheet" method="post" action="([^"]*)"', done.text)
    assert action is not None
    number = re.search(r'name="r(\d+).dispatch_notes"[^>]*>typed', done.text)
    assert number is not None
    again = bee.press(done, action[1], **{"do": "save", f"r{number[1]}.delivery": "SENT"})
    assert told(bee.get(again.headers["location"])) == "1 cell was saved."
    assert tickets_of(portal.book, "Delivery")["S1-2"] == "SENT"


def test_a_link_that_was_ended_saves_nothing(portal: Portals, bee: Browser) -> None:
    shown = bee.get("/units")
    portal.do(links.revoke("PT00001"))
    fields = {"do": "save", "r0.dispatch_notes": "too late"}
    assert bee.press(shown, "/units?", **fields).status_code == 403
    staff = portal.inside("staff", ANA)
    assert staff.get("/units").status_code == 404


@pytest.mark.parametrize("name", ["supplier BEE", f"staff {ANA}"])
def test_below_a_path_every_link_stays_below_it(settings: Settings, name: str) -> None:
    portal = Portals(settings, "https://portal.example/tickets")
    type_by_key(portal.book, "_STAFF_QUEUE", "TaskID", {"T00001": {"AssignedTo": ANA}})
    kind, party = name.split()
    browser = Browser(portal.app, "https://portal.example")
    shown = browser.get(portal.invite(kind, party).link or "")
    assert browser.press(shown, "/tickets/i/open").headers["location"] == "/tickets/"
    paths = {"supplier": ("/", "/units?match=M01"), "staff": ("/", "/task/T00001")}[kind]
    for path in paths:
        page = browser.get(f"/tickets{path}")
        assert page.status_code == 200
        links_to = re.findall(r'(?:href|action|src|data-back)="([^"#][^"]*)"', page.text)
        assert len(links_to) > 5
        assert [one for one in links_to if not one.startswith("/tickets/")] == []

"""What a client sees and does in the portal (§7), as a browser without scripts asks for it."""

from __future__ import annotations

import html
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from tests.cli.dispatching import GUESTS, rows_of, tickets_of, type_by_key
from tests.conftest import run_cli
from tests.portal.visiting import Browser, Portals
from ticketops.services import dispatch

ACME = {"S1-1", "S1-2", "S1-3", "S2-1", "S2-2", "S3-1"}
GUEST = ("First name", "Last Name", "Client Email")


@pytest.fixture
def acme(portal: Portals) -> Browser:
    return portal.inside("client", "Acme Ltd")


def keys(page: httpx.Response) -> list[str]:
    """The tickets of a list, in its order."""
    assert page.status_code == 200, page.text
    return re.findall(r'<th scope="row".*?/ticket/([\w-]+)"', page.text)


def fields(page: httpx.Response, key: str) -> dict[str, str]:
    """{column: name of its field} of a ticket in a list."""
    number = keys(page).index(key)
    names = re.findall(rf'name="(r{number}\.(\w+))"', page.text)
    return {column: name for name, column in names}


def said(page: httpx.Response) -> str:
    """What is told above the list, as text."""
    found = re.search(
        r'<div class="\w+" role="status" id="(?:said|told)">(.*?)</div>', page.text, re.S
    )
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", found[1])).split()) if found else ""


def save(browser: Browser, page: httpx.Response, do: str = "save", **typed: str) -> httpx.Response:
    """Type into fields (`S1_3__first_name`), press the button, and follow."""
    cells = {}
    for name, value in typed.items():
        key, _, column = name.partition("__")
        cells[fields(page, key.replace("_", "-"))[column]] = value
    return follow(browser, browser.press(page, "/save", do=do, **cells))


def follow(browser: Browser, answer: httpx.Response) -> httpx.Response:
    return browser.get(answer.headers["location"]) if answer.status_code == 303 else answer


def send(portal: Portals, *tasks: str) -> None:
    """The office sends tickets."""
    portal.do(dispatch.staff_mark(tasks, "SENT"), user="olga")


def office(portal: Portals, key: str, **cells: Any) -> None:
    """Somebody types into Distribution."""
    type_by_key(portal.book, "Distribution", "ID", {key: cells}, header_row=2)


def log_of(portal: Portals) -> list[tuple[Any, ...]]:
    return [
        (row["Action"], row["Subject"], row["Cells"])
        for row in rows_of(portal.book, "_PORTAL_LOG")
        if row["Action"] not in ("INVITED", "OPENED")
    ]


# --- reading


def test_a_client_sees_its_tickets_and_no_other(portal: Portals, acme: Browser) -> None:
    page = acme.get("/")
    assert set(keys(page)) == ACME
    assert "Bolt" not in page.text
    assert "Ann Tickets" not in page.text
    assert acme.get("/ticket/S1-1").status_code == 200
    for other in ("S4-1", "S99-1", "S1-1%2F..%2FS4-1", "%00", "<script>"):
        assert acme.get(f"/ticket/{other}").status_code == 404
    assert keys(portal.inside("client", "Bolt").get("/")) == ["S4-1", "S4-2", "S4-3", "S5-1"]


VIEWS = {
    "/?match=M02": {"S2-1", "S2-2", "S3-1"},
    "/?match=M01&category=Cat%202": set(),
    "/?guests=missing&allocation=allocated": {"S1-3", "S2-2"},
    "/?allocation=unallocated": {"S3-1"},
    "/?holder=byron": {"S1-1"},
    "/?delivery=SENT": set(),
}


def test_a_view_is_in_the_address(acme: Browser) -> None:
    for address, found in VIEWS.items():
        page = acme.get(address)
        assert set(keys(page)) == found, address
        assert ("No ticket fits this view." in page.text) == (not found)


def test_rows_are_sorted_and_cut_into_pages(acme: Browser) -> None:
    assert keys(acme.get("/?sort=-id"))[0] == "S3-1"
    page = acme.get("/?size=25&page=99")
    assert len(keys(page)) == 6


def test_an_address_that_is_not_understood_says_so(acme: Browser) -> None:
    page = acme.get("/?delivery=GONE&party=bolt&sort=%3Cb%3E")
    assert set(keys(page)) == ACME
    for name in ("“delivery”", "“party”", "“sort”"):
        assert name in page.text


def test_reading_writes_nothing(portal: Portals, acme: Browser) -> None:
    before = portal.book.read_bytes()
    for path in ("/", "/ticket/S1-1", "/accept", "/?done=x", "/nowhere"):
        acme.get(path)
    assert portal.book.read_bytes() == before


# --- saving


def test_a_guest_is_filled_in(portal: Portals, acme: Browser) -> None:
    page = acme.get("/?guests=missing")
    after = save(
        acme,
        page,
        S1_3__first_name=" Zoë ",
        S1_3__last_name="O’Neil",
        S1_3__client_email="zoe@guests.example.com",
        S1_3__comment="=1+1\naisle",
    )
    assert said(after) == "Saved: 4 changes."
    assert "S1-3" not in keys(after)  # its view is the same: guests that are missing
    assert tickets_of(portal.book, *GUEST, "Comment")["S1-3"] == (
        "Zoë",
        "O’Neil",
        "zoe@guests.example.com",
        "=1+1\naisle",
    )
    assert [(action, cells) for action, _subject, cells in log_of(portal)] == [("SAVED", 4)]
    assert "Zoë" not in str(log_of(portal))
    assert said(acme.get(str(after.url))) == ""


def test_nothing_typed_is_nothing_saved(portal: Portals, acme: Browser) -> None:
    before = portal.book.read_bytes()
    page = acme.get("/")
    whole = {
        name: html.unescape(value)
        for name, value in re.findall(
            r'<input id="\w+" name="(r\d+\.\w+)" value="([^"]*)"', page.text
        )
    }
    after = follow(acme, acme.press(page, "/save", do="save", **whole))
    assert said(after) == "Nothing new was saved."
    assert portal.book.read_bytes() == before


def test_what_can_t_be_taken_is_kept_in_its_field(portal: Portals, acme: Browser) -> None:
    after = save(acme, acme.get("/"), S1_3__client_email="no address", S1_3__first_name="Cy")
    assert "Saved: 1 change." in said(after)
    assert "“no address” is not an e-mail address." in said(after)
    assert 'value="no address"' in after.text
    assert tickets_of(portal.book, *GUEST)["S1-3"] == ("Cy", None, None)


def test_a_conflict_is_told_kept_and_may_be_insisted_on(portal: Portals, acme: Browser) -> None:
    page = acme.get("/")
    office(portal, "S1-3", **{"First name": "Ida"})
    after = save(acme, page, S1_3__first_name="Eva", S1_3__last_name="Kim")
    assert "you typed “Eva”, and meanwhile someone else wrote “Ida”" in said(after)
    assert tickets_of(portal.book, *GUEST)["S1-3"] == ("Ida", "Kim", None)
    kept = [row["FirstName"] for row in rows_of(portal.book, "_BOOK_EDITS") if "FirstName" in row]
    assert "Eva" in kept or any(
        "Eva" in map(str, row.values()) for row in rows_of(portal.book, "_BOOK_EDITS")
    )
    name = fields(after, "S1-3")["first_name"]
    mine = re.search(rf'name="{name}\.mine" value="([^"]*)"', after.text)
    assert mine is not None
    assert mine[1] == "Eva"
    again = follow(
        acme, acme.press(after, "/save", do="save", **{name: "Ida", f"{name}.mine": "Eva"})
    )
    assert said(again) == "Saved: 1 change."
    assert tickets_of(portal.book, *GUEST)["S1-3"][0] == "Eva"


def test_a_page_sent_twice_says_nothing_twice(portal: Portals, acme: Browser) -> None:
    page = acme.get("/")
    save(acme, page, S1_3__comment="aisle")
    once = portal.book.read_bytes()
    assert said(save(acme, page, S1_3__comment="aisle")) == "Nothing new was saved."
    assert portal.book.read_bytes() == once
    office(portal, "S1-3", Comment="window")
    assert "this page had already saved this" in said(save(acme, page, S1_3__comment="aisle"))
    assert tickets_of(portal.book, "Comment")["S1-3"] == "window"


def test_a_ticket_without_a_seat_takes_nothing(portal: Portals, acme: Browser) -> None:
    page = acme.get("/")
    assert "first_name" not in fields(page, "S3-1")
    number = keys(page).index("S3-1")
    after = follow(acme, acme.press(page, "/save", do="save", **{f"r{number}.first_name": "Eve"}))
    assert "there is no ticket for it yet" in said(after)
    assert tickets_of(portal.book, "First name")["S3-1"] is None


def test_a_ticket_page_saves_and_comes_back_to_it(portal: Portals, acme: Browser) -> None:
    page = acme.get("/ticket/S1-3")
    answer = acme.press(page, "/save", do="save", **{"r0.first_name": "Ana"})
    assert answer.headers["location"].startswith("/ticket/S1-3?")
    assert said(follow(acme, answer)) == "Saved: 1 change."
    assert tickets_of(portal.book, "First name")["S1-3"] == "Ana"


def test_where_a_form_leads_is_never_another_s_to_say(acme: Browser) -> None:
    page = acme.get("/ticket/S1-3")
    for at in ("S4-1", "//evil.example", "../..", "\r\nX: y"):
        hidden = dict(re.findall(r'name="(csrf|base)" value="([^"]*)"', page.text))
        answer = acme.post(
            "/save", data={**hidden, "at": at, "view": "x=//evil", "r0.comment": at.strip() or "x"}
        )
        assert answer.headers["location"].startswith("/?done=")


# --- receipts, problems


def test_ticked_tickets_are_accepted(portal: Portals, acme: Browser) -> None:
    send(portal, "T00001")
    page = acme.get("/?delivery=SENT")
    assert keys(page) == ["S2-1"]
    nothing = acme.press(page, "/save", do="accept")
    assert nothing.status_code == 422
    assert "Tick the tickets that arrived" in said(nothing)
    after = follow(acme, acme.press(page, "/save", do="accept", **{"r0.pick": "1"}))
    assert said(after) == "Saved: 1 change."
    assert tickets_of(portal.book, "Delivery", "AcceptedBy")["S2-1"] == (
        "ACCEPTED",
        "acme (PT00001)",
    )
    assert log_of(portal)[-1][0] == "ACCEPTED"


def test_all_sent_tickets_of_a_view_are_accepted_after_a_question(
    portal: Portals, acme: Browser
) -> None:
    send(portal, "T00001")
    portal.inside("client", "Bolt")
    page = acme.get("/accept?match=M02")
    assert "All 1 arrived" in page.text
    assert tickets_of(portal.book, "Delivery")["S2-1"] == "SENT"
    answer = acme.press(page, "/accept")
    assert answer.headers["location"].startswith("/?match=M02&done=")
    assert tickets_of(portal.book, "Delivery")["S2-1"] == "ACCEPTED"
    assert "No ticket of this view waits" in acme.get("/accept").text


def test_a_problem_is_an_issue_with_the_client_s_words(portal: Portals, acme: Browser) -> None:
    for key, what, text in (
        ("S2-1", "issue", "the file is torn"),
        ("S1-1", "return", ""),
        ("S1-2", "swap", "nearer seats"),
    ):
        answer = acme.press(acme.get(f"/ticket/{key}"), "/issue", what=what, text=text)
        assert answer.headers["location"].startswith(f"/ticket/{key}?")
    found = tickets_of(portal.book, "Delivery", "Comment")
    assert found["S2-1"] == ("ISSUE", "the file is torn")
    assert found["S1-1"] == ("ISSUE", "Return requested")
    assert found["S1-2"] == ("ISSUE", "Swap requested: nearer seats")
    assert [action for action, _subject, _cells in log_of(portal)] == ["ISSUE"] * 3


def test_a_problem_needs_words(portal: Portals, acme: Browser) -> None:
    before = portal.book.read_bytes()
    assert acme.press(acme.get("/ticket/S2-1"), "/issue", what="issue", text=" ").status_code == 422
    assert (
        acme.press(acme.get("/ticket/S2-1"), "/issue", what="refund", text="x").status_code == 422
    )
    assert portal.book.read_bytes() == before


# --- many cells at once, and back


def test_a_guest_is_copied_down_and_a_block_pasted_before_anything_is_saved(
    portal: Portals, acme: Browser
) -> None:
    before = portal.book.read_bytes()
    page = acme.get("/?match=M01")
    names = fields(page, "S1-1")
    guest = dict(zip(("first_name", "last_name", "client_email"), GUESTS["S1-1"], strict=True))
    typed = {names[column]: value or "" for column, value in guest.items()}
    copied = acme.press(page, "/save", do="copy", copy_row="1", copy_over="1", **typed)
    assert "Filled in: 6 cells." in said(copied)
    pasted = acme.press(
        copied,
        "/save",
        do="paste",
        paste_text="Al\tBo\nCy\tDi\tcy@d.example\tx\ty\tz\n",
        paste_row="2",
        paste_column="first_name",
        **{f"r{n}.{column}": str(value) for n in (1, 2) for column, value in guest.items()},
    )
    assert "Filled in: 6 cells." in said(pasted)
    assert "“z” is beyond this page" in said(pasted)
    assert portal.book.read_bytes() == before
    whole = dict(re.findall(r'name="(r[12]\.\w+)" value="([^"]*)"', pasted.text))
    acme.press(pasted, "/save", do="save", **{k: v for k, v in whole.items() if "pick" not in k})
    found = tickets_of(portal.book, *GUEST)
    assert found["S1-2"] == ("Al", "Bo", "ada@guests.example.com")
    assert found["S1-3"] == ("Cy", "Di", "cy@d.example")


def test_the_last_change_is_taken_back_where_it_still_stands(
    portal: Portals, acme: Browser
) -> None:
    assert "Undo my last change" not in acme.get("/").text
    page = save(
        acme, acme.get("/"), S1_1__first_name="Eve", S1_3__last_name="Kim", S1_3__comment="aisle"
    )
    office(portal, "S1-3", Comment="window")
    after = follow(acme, acme.press(page, "/undo"))
    assert "Saved: 2 changes." in said(after)
    assert "“window”" in said(after)
    found = tickets_of(portal.book, *GUEST, "Comment")
    assert found["S1-1"] == (*GUESTS["S1-1"], None)
    assert found["S1-3"] == (None, None, None, "window")
    assert log_of(portal)[-1][0] == "UNDONE"
    assert "Undo my last change" not in acme.get("/").text


def test_a_view_is_kept_under_a_name(portal: Portals, acme: Browser) -> None:
    page = acme.get("/?match=M02&sort=-id")
    acme.press(page, "/views", name="<b>Mine</b>")
    assert "<bdi>&lt;b&gt;Mine&lt;/b&gt;</bdi>" in acme.get("/").text
    assert "Mine" not in portal.inside("client", "Bolt").get("/").text
    assert [(row["Name"], row["Filters"]) for row in rows_of(portal.book, "_VIEWS")] == [
        ("<b>Mine</b>", "match=M02; sort=-id")
    ]
    assert acme.press(page, "/views", name=" ").status_code == 422


@pytest.mark.slow
def test_a_view_is_downloaded_filled_in_and_merged(
    portal: Portals, acme: Browser, tmp_path: Path
) -> None:
    answer = acme.press(acme.get("/?match=M01"), "/download")
    assert answer.headers["content-disposition"] == 'attachment; filename="tickets.xlsx"'
    book = openpyxl.load_workbook(BytesIO(answer.content))
    sheet = book["Tickets"]
    heads = {cell.value: cell.column for cell in sheet[3]}
    rows = {sheet.cell(n, heads["Sales ID"]).value: n for n in range(4, 7)}
    assert set(rows) == {"S1-1", "S1-2", "S1-3"}
    sheet.cell(rows["S1-3"], heads["First name"]).value = "Ana"
    book.save(tmp_path / "back.xlsx")
    done = run_cli("client", "pull", str(tmp_path / "back.xlsx"), "-y", "-w", str(portal.book))
    assert done.code in (0, 1), done.err
    assert tickets_of(portal.book, "First name")["S1-3"] == "Ana"
    assert log_of(portal)[-1][0] == "DOWNLOADED"


# --- what nobody may


def test_what_a_page_held_can_t_be_forged(portal: Portals, acme: Browser) -> None:
    bolt = portal.inside("client", "Bolt")
    page, theirs = acme.get("/"), bolt.get("/")
    base = re.search(r'name="base" value="([^"]*)"', page.text)
    other = re.search(r'name="base" value="([^"]*)"', theirs.text)
    assert base is not None
    assert other is not None
    before = portal.book.read_bytes()
    for forged in (other[1], base[1][:-8], "", "x" * 50, base[1][:60] + "AAAA" + base[1][64:]):
        answer = acme.press(page, "/save", do="save", base=forged, **{"r0.first_name": "<i>Eve"})
        assert answer.status_code == 409
        assert "<bdi>&lt;i&gt;Eve</bdi>" in answer.text
    assert portal.book.read_bytes() == before


def test_a_revoked_link_saves_nothing(portal: Portals, acme: Browser) -> None:
    from ticketops.services import portal as services

    page = acme.get("/")
    portal.do(services.revoke("PT1"))
    before = portal.book.read_bytes()
    assert acme.press(page, "/save", do="save", **{"r0.first_name": "Eve"}).status_code == 403
    assert portal.book.read_bytes() == before


PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><script>x</script>",
    "{{ 7 * 7 }}{% raw %}",
    "a\r\nSet-Cookie: x=y",
    "\u202eevil\u202c",
)


def test_what_is_typed_is_shown_and_never_obeyed(acme: Browser) -> None:
    page = acme.get("/")
    open_ = ("S1_1", "S1_2", "S1_3", "S2_1", "S2_2")
    columns = ("comment", "first_name", "client_email", "client_notes")
    typed = {
        f"{key}__{column}": PAYLOADS[(n + m) % len(PAYLOADS)]
        for n, key in enumerate(open_)
        for m, column in enumerate(columns)
    }
    page = save(acme, page, **typed)
    holders = [acme.get("/", params={"holder": payload}) for payload in PAYLOADS]
    for shown in (page, acme.get("/"), acme.get("/ticket/S1-1"), *holders):
        assert "<script>alert" not in shown.text
        assert "<img" not in shown.text
        assert "49{" not in shown.text
        assert "<script>x" not in shown.text
        assert "x=y" not in str(shown.headers)

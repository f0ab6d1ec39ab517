"""A member of staff at the portal: tasks, a password for half a minute, the proof (§8)."""

from __future__ import annotations

import logging
import re
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.dispatching import ANA, BEN, PLAIN, rows_of, tickets_of, type_by_key
from tests.portal.files import JPEG, PDF, PNG
from tests.portal.visiting import Browser, Portals, told
from ticketops.domain.dispatch.proofs import MOST_BYTES, proof_of
from ticketops.errors import BusyError
from ticketops.services import dispatch
from ticketops.services import portal as links


@pytest.fixture
def ana(portal: Portals) -> Browser:
    """Ana has T00001 (S2-1), Ben T00002 and T00003 (S4-1, S4-2)."""
    units = {
        unit: {"Email": f"login-{unit}@vendor.example", "LoginID": f"L-{unit}", "Password": PLAIN}
        for unit in ("P00010", "P00001")
    }
    type_by_key(portal.book, "_PURCHASE_UNITS", "UnitID", units)
    for person, tasks in ((ANA, ["T00001"]), (BEN, ["T00002", "T00003"])):
        portal.do(
            dispatch.staff_assign(
                [person],
                task_ids=tasks,
                matches=[],
                unassigned=False,
                from_person="",
                priority="High",
                reopen=False,
            )
        )
    return portal.inside("staff", ANA)


def save(browser: Browser, files: Any = None, **fields: str) -> Any:
    """Save what is typed about Ana's task."""
    shown = browser.get("/task/T00001")
    typed = {"do": "save"} | {f"r0.{name}": text for name, text in fields.items()}
    done = browser.press(shown, "/task/T00001", files=files, **typed)
    return browser.get(done.headers["location"]) if done.status_code == 303 else done


def test_a_member_of_staff_sees_their_own_tasks(ana: Browser) -> None:
    page = ana.get("/").text
    assert "T00001" in page
    assert "cy@guests.example.com" in page
    assert "T00002" not in page
    assert "di@guests.example.net" not in page
    for path in ("/task/T00002", "/task/T00003", "/task/T99999", "/task/%2e%2e%2fx"):
        assert ana.get(path).status_code == 404
        assert "di@" not in ana.get(path).text


def test_a_task_is_done_in_the_list_or_on_its_page(portal: Portals, ana: Browser) -> None:
    shown = ana.get("/")
    fields = {"do": "save", "r0.dispatch_status": "PENDING", "r0.staff_notes": "queue"}
    done = ana.press(shown, "/?todo=now", **fields)
    assert told(ana.get(done.headers["location"])) == "2 cells were saved."
    at = f"{datetime.now():%Y-%m-%d %H:%M}"  # not before its allocation, which was a moment ago
    page = save(ana, dispatch_status="SENT", dispatched_at=at)
    assert "not saved" not in told(page)
    (task,) = [r for r in rows_of(portal.book, "_STAFF_QUEUE") if r["TaskID"] == "T00001"]
    assert (task["DispatchStatus"], task["StaffNotes"]) == ("SENT", "queue")
    assert f"{tickets_of(portal.book, 'DispatchedAt')['S2-1']:%Y-%m-%d %H:%M}" == at
    assert "T00001" not in ana.get("/").text
    assert "T00001" in ana.get("/?todo=done").text


def test_a_date_that_nobody_understands_stays_in_its_field(portal: Portals, ana: Browser) -> None:
    page = save(ana, dispatch_status="SENT", dispatched_at="yesterday")
    assert "1 cell was saved. 1 cell was not saved" in told(page)
    assert 'value="yesterday"' in page.text
    assert "is not a date" in page.text
    assert tickets_of(portal.book, "Delivery")["S2-1"] == "SENT"


def test_a_pages_shows_no_password(ana: Browser) -> None:
    for path in ("/", "/task/T00001"):
        assert PLAIN not in ana.get(path).text
    assert "login-P00010@vendor.example" in ana.get("/task/T00001").text


def test_a_password_is_shown_for_half_a_minute_and_recorded(
    portal: Portals, ana: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = ana.get("/task/T00001")
    page = ana.press(shown, "/task/T00001/password")
    assert page.status_code == 200
    assert f'<code class="password" translate="no">{PLAIN}</code>' in page.text
    assert page.headers["refresh"] == "30;url=/task/T00001"
    assert page.headers["cache-control"] == "no-store"
    (seen,) = rows_of(portal.book, "_CREDENTIAL_HISTORY")
    assert (seen["Action"], seen["User"], seen["Subject"]) == (
        "PASSWORD_VIEWED",
        f"{ANA} (PT00001)",
        "T00001",
    )
    last = rows_of(portal.book, "_PORTAL_LOG")[-1]
    assert (last["Action"], last["Subject"], last["TokenID"]) == ("REVEALED", "T00001", "PT00001")
    assert PLAIN not in caplog.text
    assert PLAIN not in ana.get("/task/T00001").text
    journal = portal.book.with_name(f"{portal.book.name}.ticketops")
    said = b"".join(p.read_bytes() for p in journal.rglob("*.jsonl*") if p.is_file())
    assert PLAIN.encode() not in said


def test_a_password_is_not_shown_by_a_get_or_for_another_ones_task(
    portal: Portals, ana: Browser
) -> None:
    shown = ana.get("/task/T00001")
    before = portal.book.read_bytes()
    assert ana.get("/task/T00001/password").status_code == 405
    hidden = re.search(r'name="csrf" value="([^"]*)"', shown.text)
    assert hidden is not None
    for task in ("T00002", "T00003", "T99999"):
        done = ana.post(f"/task/{task}/password", data={"csrf": hidden[1]})
        assert done.status_code == 404
        assert PLAIN not in done.text
    assert ana.post("/task/T00001/password", data={"csrf": "x"}).status_code == 403
    assert portal.book.read_bytes() == before


def test_a_revoked_link_shows_no_password(portal: Portals, ana: Browser) -> None:
    shown = ana.get("/task/T00001")
    portal.do(links.revoke("PT00001"))
    done = ana.press(shown, "/task/T00001/password")
    assert done.status_code == 403
    assert PLAIN not in done.text
    assert not rows_of(portal.book, "_CREDENTIAL_HISTORY")


def test_a_task_without_a_password_says_so(portal: Portals, ana: Browser) -> None:
    type_by_key(portal.book, "_PURCHASE_UNITS", "UnitID", {"P00010": {"Password": None}})
    shown = ana.get("/task/T00001")
    done = ana.press(shown, "/task/T00001/password")
    assert done.status_code == 409
    assert "There is no password to show" in done.text
    assert not rows_of(portal.book, "_CREDENTIAL_HISTORY")


def kept(book: Path) -> list[str]:
    folder = book.with_name(f"{book.name}.ticketops") / "proofs"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_proof_is_kept_by_its_hash_and_comes_back_as_an_attachment(
    portal: Portals, ana: Browser
) -> None:
    name = "../../<b>evil</b>\r\n.exe"
    for number, content in enumerate((PNG, JPEG, PDF), start=1):
        page = save(ana, {"proof": (name, content, "text/html")}, staff_notes=f"note {number}")
        assert told(page).startswith("2 cells were saved."), told(page)
        assert "evil" not in page.text
        proof = proof_of(content)
        assert proof.file_name in kept(portal.book)
        assert len(kept(portal.book)) == number
        (task,) = [r for r in rows_of(portal.book, "_STAFF_QUEUE") if r["TaskID"] == "T00001"]
        assert task["ProofUrl"] == proof.reference
        got = ana.get("/task/T00001/proof")
        assert got.content == content
        assert got.headers["content-type"] == "application/octet-stream"
        assert got.headers["content-disposition"] == (
            f'attachment; filename="{proof.called("T00001")}"'
        )
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]
    last = rows_of(portal.book, "_PORTAL_LOG")[-1]
    assert (last["Action"], last["Cells"]) == ("UPLOADED", 2)


def test_another_file_is_refused_whole_and_what_was_typed_stays(
    portal: Portals, ana: Browser
) -> None:
    before = portal.book.read_bytes()
    for content in (b"", b"<svg onload=alert(1)>", b"MZ" * 50, PNG + b"\0" * MOST_BYTES):
        done = save(ana, {"proof": ("x.png", content, "image/png")}, staff_notes="typed it")
        assert done.status_code == 422
        assert "must be a PNG, JPEG, WebP or PDF of at most 5 MB" in done.text
        assert ">typed it</textarea>" in done.text
    assert kept(portal.book) == []
    assert portal.book.read_bytes() == before


def test_a_proof_that_is_not_taken_is_not_kept(portal: Portals, ana: Browser) -> None:
    """Somebody else named another proof meanwhile."""
    shown = ana.get("/task/T00001")
    type_by_key(
        portal.book, "_STAFF_QUEUE", "TaskID", {"T00001": {"ProofUrl": "https://p.example/1"}}
    )
    files = {"proof": ("x.png", PNG, "image/png")}
    done = ana.press(shown, "/task/T00001", files=files, do="save")
    page = ana.get(done.headers["location"])
    assert "was not saved as you typed it" in told(page)
    assert kept(portal.book) == []
    assert 'href="https://p.example/1"' in page.text


def test_a_proof_that_could_be_run_is_no_link(ana: Browser) -> None:
    for text in ("javascript:alert(1)", "data:text/html,x", "https://u:p@x.example/", "proof:../x"):
        page = save(ana, proof_url=text)
        assert f'value="{text}"' in page.text
        assert f'href="{text}"' not in page.text
        assert ana.get("/task/T00001/proof").status_code == 404


def test_the_proof_of_another_ones_task_is_not_handed_out(portal: Portals, ana: Browser) -> None:
    ben = portal.inside("staff", BEN)
    shown = ben.get("/task/T00002")
    ben.press(shown, "/task/T00002", files={"proof": ("x.png", PNG, "image/png")}, do="save")
    assert ben.get("/task/T00002/proof").content == PNG
    assert ana.get("/task/T00002/proof").status_code == 404


def test_a_proof_that_was_changed_on_the_disk_is_not_handed_out(
    portal: Portals, ana: Browser
) -> None:
    save(ana, {"proof": ("x.png", PNG, "image/png")})
    folder = portal.book.with_name(f"{portal.book.name}.ticketops") / "proofs"
    (folder / kept(portal.book)[0]).write_bytes(JPEG)
    answer = ana.get("/task/T00001/proof")
    assert answer.status_code == 404
    assert "no longer on this server" in answer.text


def test_a_proof_that_two_upload_at_once_stays_for_the_one_who_is_heard(
    portal: Portals, ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ben finds the file there that Ana's page put; hers is not heard, and takes it away again."""
    house, ben = portal.portal.house, portal.inside("staff", BEN)
    page, files = ben.get("/task/T00002"), {"proof": ("x.png", PNG, "image/png")}
    second = threading.Thread(target=ben.press, args=(page, "/task/T00002", files))
    heard, refused = house.carry_out, []

    def busy_at_first(job: Any) -> Any:
        if refused:
            return heard(job)
        refused.append(job)
        second.start()
        second.join(0.5)
        raise BusyError("somebody else writes")

    monkeypatch.setattr(house, "carry_out", busy_at_first)
    assert save(ana, files).status_code == 503
    second.join(30)
    assert ben.get("/task/T00002/proof").content == PNG

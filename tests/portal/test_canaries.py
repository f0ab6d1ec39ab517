"""No party reads of another, whatever it asks for; the log tells of nobody (§7, §8, §9; D10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.dispatching import ANA, BEN, type_by_key
from tests.portal.canaries import POSTED, TOKEN, VISITED, folded, found_in, logged
from tests.portal.visiting import HIDDEN, Browser, Portals
from ticketops.portal.app import PAGES

WHO = {"client": "Acme Ltd", "supplier": "BEE", "staff": ANA}
OWN = {"client": "S1-1", "supplier": "S1-1", "staff": "T00001"}
THEIRS = {"client": "S4-1", "supplier": "S4-1", "staff": "T00003"}
HOSTILE = (
    *("party=bolt", "client=Bolt", "token=PT00002", "key=S4-1", "sales_id=S4-1", "company=Bolt"),
    *("supplier=ANN", "task=T00003", "match=%27%22%3E%3Cscript%3E", "sort=vendor", "holder=Zed"),
    "view=../../etc/passwd",
)


@pytest.fixture
def planted(book: Path) -> Path:
    """Passwords, notes and guests of others in every place that has one."""
    type_by_key(
        book,
        "_PURCHASE_UNITS",
        "UnitID",
        {f"P{n:05d}": {"Password": "Kanary-Password"} for n in range(1, 13)},
    )
    type_by_key(
        book,
        "Distribution",
        "ID",
        {
            "S4-1": {"First name": "Zed-Guest", "Comment": "Zed-Guest of Bolt"},
            "S1-1": {"Notes": "margin: Kanary-Login of Ann Tickets", "Comment": "sold by Bolt"},
        },
        2,
    )
    tasks = {"T00001": {"AssignedTo": ANA}, "T00003": {"AssignedTo": BEN}}
    type_by_key(book, "_STAFF_QUEUE", "TaskID", tasks)
    return book


@pytest.fixture
def inside(planted: Path, portal: Portals) -> dict[str, Browser]:
    """Acme, BEE and Ana are in; so is Bolt, whose names must be nowhere."""
    portal.inside("client", "Bolt")
    return {kind: portal.inside(kind, name) for kind, name in WHO.items()}


def test_every_page_is_looked_at() -> None:
    reads = {page.path for page in PAGES if page.method == "GET"}
    assert reads == set(VISITED)
    assert {page.path for page in PAGES if page.method == "POST"} == set(POSTED)


@pytest.mark.parametrize("kind", WHO)
def test_nothing_of_others_on_any_page(
    portal: Portals, inside: dict[str, Browser], kind: str
) -> None:
    browser = inside[kind]
    asked = 0
    with logged() as lines:
        for page in PAGES:
            if page.method != "GET" or (page.kinds and kind not in page.kinds):
                continue
            for pattern in VISITED[page.path]:
                for key in (OWN[kind], THEIRS[kind], "nobody", "..%2f..%2fetc%2fpasswd"):
                    path = pattern.replace("{own}", key)
                    sep = "&" if "?" in path else "?"
                    for more in ("", *(f"{sep}{one}" for one in HOSTILE)):
                        answer = browser.get(path + more)
                        asked += 1
                        assert answer.status_code < 500, path + more
                        assert found_in(unasked(answer, path + more), kind) == [], path + more
    assert asked > 20
    check_log(lines)


def unasked(answer: object, asked: str) -> object:
    """An answer without what the address itself said: a page may repeat that to whoever typed it."""
    import httpx

    assert isinstance(answer, httpx.Response)
    text = folded(answer.text)
    for part in asked.partition("?")[2].split("&"):
        value = folded(part.partition("=")[2])
        if len(value) > 2:
            for spelled in (
                f'value="{value}"',
                f"={value}",
                f"={part.partition('=')[2].casefold()}",
            ):
                text = text.replace(spelled, "")
    return httpx.Response(answer.status_code, headers=list(plain_headers(answer)), text=text)


def plain_headers(answer: object) -> list[tuple[str, str]]:
    import httpx

    assert isinstance(answer, httpx.Response)
    left_out = ("content-length", "content-type", "content-encoding")
    return [(k, v) for k, v in answer.headers.multi_items() if k not in left_out]


@pytest.mark.parametrize("kind", WHO)
def test_nothing_of_others_in_what_forms_answer(
    portal: Portals, inside: dict[str, Browser], kind: str
) -> None:
    browser = inside[kind]
    home = browser.get("/")
    hidden = dict(HIDDEN.findall(home.text))
    with logged() as lines:
        for page in PAGES:
            if page.method != "POST" or (page.kinds and kind not in page.kinds):
                continue
            if page.path == "/out":
                continue
            for key in (OWN[kind], THEIRS[kind]):
                path = page.path.replace("{key}", key).replace("{task}", key)
                for fields in (
                    dict(POSTED[page.path]),
                    hidden | dict(POSTED[page.path]),
                    hidden | {"base": "x", "page": "x", "party": "bolt", "key": THEIRS[kind]},
                ):
                    said = {"csrf": hidden["csrf"]} | fields
                    answer = browser.post(path, data=said)
                    assert answer.status_code < 500, path
                    found = found_in(answer, kind)
                    if (path, answer.status_code) == (f"/task/{OWN['staff']}/password", 200):
                        assert found == ["kanary-password"]  # which Ana asked to see
                    else:
                        assert found == [], (path, fields)
    check_log(lines)


def check_log(lines: list[str]) -> None:
    """Neither names, nor addresses, nor anything that lets somebody in."""
    assert lines
    said = folded("\n".join(lines))
    for name in ("acme", "bolt", "bee", "zed", "kanary", ANA, "staff.example", "testclient"):
        assert name not in said, name
    assert TOKEN.findall("\n".join(lines)) == []


def test_an_error_of_ours_tells_nothing(
    portal: Portals, inside: dict[str, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object) -> None:
        raise RuntimeError("Bolt and Kanary-Password of Ann Tickets")

    monkeypatch.setattr(portal.portal.house, "reading", fails)
    with logged() as lines:
        answer = inside["client"].get("/")
    assert answer.status_code == 500
    assert found_in(answer, "client") == []
    check_log(lines)
    assert any("RuntimeError at" in line and "test_canaries.py:" in line for line in lines)

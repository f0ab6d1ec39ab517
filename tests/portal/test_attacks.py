"""Who is no party of the portal, or wants to be another: links, cookies, forms and addresses that somebody
made up (§7, §8, §9)."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from msgspec.structs import replace

from tests.cli.dispatching import ANA, BEN, rows_of
from tests.portal.visiting import BASE, Portals
from ticketops.config import Settings
from ticketops.engine.transaction import run_of
from ticketops.errors import UnusableError, UsageError
from ticketops.portal.app import PAGES
from ticketops.portal.limits import Buckets, Rate
from ticketops.portal.security import CONTENT_SECURITY, SESSION_SECONDS, Site
from ticketops.schema.layouts.event import USERS
from ticketops.services import events, masterdata
from ticketops.services import portal as services
from ticketops.services.signing import KEY_FILE, Key

WHO = {"client": "Acme Ltd", "supplier": "BEE", "staff": ANA}


def same_in_all_but_the_date(answers: list[Any]) -> bool:
    kept = [
        (a.status_code, {k: v for k, v in a.headers.items() if k != "date"}, a.text)
        for a in answers
    ]
    return all(one == kept[0] for one in kept)


# --- links


def test_wrong_expired_revoked_and_truncated_links_get_one_answer(portal: Portals) -> None:
    expired, revoked, cut = (portal.invite("client", "Acme Ltd").link or "" for _ in range(3))
    portal.do(services.revoke("PT2"))
    said = [
        secrets.token_urlsafe(32),
        "",
        "x",
        cut[-43:-1],
        f"{cut[-43:]}A",
        revoked[-43:],
        services.digest_of(cut[-43:]),
        "\0" * 43,
        "٣" * 43,
        cut[-43:].swapcase(),
    ]
    before = portal.book.read_bytes()
    answers = [portal.browser().post("/i/open", data={"secret": one}) for one in said]
    with time_machine.travel(run_of(portal.settings).now + timedelta(days=31), tick=False):
        answers.append(portal.browser().post("/i/open", data={"secret": expired[-43:]}))
    assert answers[0].status_code == 403
    assert same_in_all_but_the_date(answers)
    assert all("set-cookie" not in answer.headers for answer in answers)
    assert portal.book.read_bytes() == before


def test_a_get_looks_nothing_up_and_changes_nothing(portal: Portals) -> None:
    link = portal.invite("client", "Acme Ltd").link or ""
    before = portal.book.read_bytes()
    pages = [portal.browser().get(f"/i/{one}") for one in (link[-43:], secrets.token_urlsafe(32))]
    assert len({re.sub(r'value="[^"]*"', "", page.text) for page in pages}) == 1
    assert {page.status_code for page in pages} == {200}
    assert portal.browser().get("/i/open").status_code == 405
    assert portal.browser().head(link).text == ""
    assert portal.book.read_bytes() == before


def test_the_workbook_and_its_journal_hold_no_link(portal: Portals, tmp_path: Path) -> None:
    link = portal.invite("client", "Acme Ltd").link or ""
    browser = portal.browser()
    browser.enter(link)
    secret = link[-43:].encode()
    assert len(base64.urlsafe_b64decode(link[-43:] + "=")) == 32
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes(), path
    (row,) = rows_of(portal.book, "_PORTAL_TOKENS")
    assert row["Digest"] == services.digest_of(link[-43:])
    assert secret.decode() not in str(rows_of(portal.book, "_PORTAL_TOKENS"))


def test_a_link_ends_with_its_days_and_can_be_extended(portal: Portals) -> None:
    browser = portal.browser()
    link = portal.invite("supplier", "BEE", days=2).link or ""
    start = run_of(portal.settings).now
    with time_machine.travel(start + timedelta(days=1, hours=23), tick=False):
        browser.enter(link)
        assert browser.get("/").status_code == 200
    with time_machine.travel(start + timedelta(days=2, seconds=2), tick=False):
        assert browser.get("/").status_code == 403
        portal.do(services.extend("PT1", 1))
        assert browser.get("/").status_code == 200


def test_a_visit_ends_before_its_link(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    now = run_of(portal.settings).now
    with time_machine.travel(now + timedelta(seconds=SESSION_SECONDS - 60), tick=False):
        assert browser.get("/").status_code == 200
    with time_machine.travel(now + timedelta(seconds=SESSION_SECONDS + 60), tick=False):
        assert browser.get("/").status_code == 403


@pytest.mark.parametrize(
    ("state", "inside"),
    [
        ("ALLOCATING", {"client", "supplier", "staff"}),
        ("DISPATCHING", {"client", "supplier", "staff"}),
        ("CLOSED", {"client", "staff"}),
        ("ARCHIVED", set()),
    ],
)
def test_who_is_in_by_the_state_of_the_event(portal: Portals, state: str, inside: set[str]) -> None:
    browsers = {kind: portal.inside(kind, name) for kind, name in WHO.items()}
    portal.do(events.event_set({"name": "Cup", "code": "WC2026"}, state=state), role="super_admin")
    assert {k for k, b in browsers.items() if b.get("/").status_code == 200} == inside
    assert {k for k, b in browsers.items() if b.get("/").status_code == 403} == set(WHO) - inside


def test_staff_who_may_do_nothing_are_out(portal: Portals) -> None:
    browser = portal.inside("staff", ANA)
    portal.do(
        masterdata.user_set("olga", role="super_admin", name="", email="", active=None),
        role="super_admin",
    )
    assert rows_of(portal.book, USERS)
    assert browser.get("/").status_code == 403


# --- cookies


def test_no_cookie_but_ours_lets_anybody_in(portal: Portals, tmp_path: Path) -> None:
    portal.inside("client", "Bolt")
    inside = portal.inside("client", "Acme Ltd")
    name = portal.portal.site.cookie
    good = inside.cookies[name]
    token_id, issued, nonce, mac = good.split(".")
    token = portal.portal.house.link(token_id)
    other = portal_with_another_key(portal, tmp_path)
    assert token is not None
    forged = [
        f"PT00001.{issued}.{nonce}.{mac}",
        f"{token_id}.{int(issued) + 1}.{nonce}.{mac}",
        f"{token_id}.{issued}.{nonce}x.{mac}",
        f"{token_id}.{issued}.{nonce}.{mac[:-1]}",
        f"{token_id}.{issued}.{nonce}.",
        f"{token_id}.{issued}.{nonce}.{other.sign('session', token_id, token.digest, issued, nonce)}",
        f"{token_id}.{issued}.{nonce}.{portal.portal.key.sign('csrf', good)}",
        f"{good}.{mac}",
        good.replace(".", ""),
        token_id,
        "",
        "." * 3,
        "x" * 5000,
        f"{token_id}.{issued}.{nonce}.{'é' * 43}".encode("latin-1").decode("latin-1"),
    ]
    answers = []
    for cookie in forged:
        raw = f"{name}={cookie}".encode("latin-1", "replace")
        answers.append(portal.browser().get("/", headers={"Cookie": raw}))
    assert {answer.status_code for answer in answers} == {403}
    assert same_in_all_but_the_date(answers)
    assert portal.browser().get("/", headers={"Cookie": f"{name}={good}"}).status_code == 200


def portal_with_another_key(portal: Portals, folder: Path) -> Key:
    return Portals(replace(portal.settings, state=folder / "theirs")).portal.key


def test_a_cookie_is_no_good_for_another_link_of_the_same_name(portal: Portals) -> None:
    """An invitation that is undone gives its name to the next one."""
    from ticketops.engine.opening import open_store
    from ticketops.services.undo import carry_out_undo

    browser = portal.browser()
    link = portal.invite("client", "Acme Ltd").link or ""
    token = portal.portal.house.opened_by(link[-43:])
    assert token is not None
    browser.cookies.set(
        portal.portal.site.cookie,
        portal.portal.doors.admit(token, run_of(portal.settings).now.timestamp()),
    )
    assert browser.get("/").status_code == 200
    settings = portal.settings
    carry_out_undo(open_store(portal.book, settings), run_of(settings))
    assert browser.get("/").status_code == 403
    assert portal.invite("client", "Bolt").token.token_id == "PT00001"
    assert browser.get("/").status_code == 403


def test_who_left_is_out_also_with_a_copy_of_the_cookie(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    name = portal.portal.site.cookie
    copy = browser.cookies[name]
    left = browser.press(browser.get("/"), "/out")
    assert left.status_code == 200
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert portal.browser().get("/", headers={"Cookie": f"{name}={copy}"}).status_code == 403


def test_how_the_cookie_is_set(portal: Portals) -> None:
    browser = portal.browser()
    said = browser.enter(portal.invite("client", "Acme Ltd").link or "").headers["set-cookie"]
    name, *parts = said.split("; ")
    assert name.startswith("__Host-ticketops=PT00001.")
    assert {part.lower() for part in parts} == {
        "httponly",
        "secure",
        "samesite=lax",
        "path=/",
        f"max-age={SESSION_SECONDS}",
    }


def test_on_this_machine_the_cookie_goes_without_https(settings: Settings) -> None:
    here = Portals(settings, "http://127.0.0.1:8350")
    said = here.browser().enter(here.invite("client", "Acme Ltd").link or "").headers["set-cookie"]
    assert said.startswith("ticketops=")
    assert "secure" not in said.lower()


def test_pages_of_other_kinds_are_not_there(portal: Portals) -> None:
    for kind, name in WHO.items():
        browser = portal.inside(kind, name)
        own = {page.path for page in PAGES if kind in page.kinds and page.method == "GET"}
        for page in PAGES:
            if page.method == "GET" and page.kinds and page.path not in own:
                assert browser.get(path_of(page.path)).status_code in (404, 405), page.path


def path_of(pattern: str) -> str:
    return re.sub(r"\{\w+\}", "S1-1", pattern)


# --- forms


POSTS = sorted(
    {(page.path, kind) for page in PAGES if page.method == "POST" for kind in page.kinds}
)


@pytest.mark.parametrize("kind", WHO)
def test_no_form_counts_that_another_site_sent(portal: Portals, kind: str) -> None:
    browser, other = portal.inside(kind, WHO[kind]), portal.inside("client", "Bolt")
    csrf = re.findall(r'name="csrf" value="([^"]+)"', browser.get("/").text)[0]
    theirs = re.findall(r'name="csrf" value="([^"]+)"', other.get("/").text)[0]
    before = portal.book.read_bytes()
    for path, of in POSTS:
        if of != kind:
            continue
        for fields, headers in (
            ({"x": "1"}, {}),
            ({"csrf": ""}, {}),
            ({"csrf": theirs}, {}),
            ({"csrf": csrf[:-1]}, {}),
            ({"csrf": csrf}, {"Origin": "https://evil.example"}),
            ({"csrf": csrf}, {"Origin": f"{BASE}.evil.example"}),
            ({"csrf": csrf}, {"Origin": "http://portal.example"}),
            ({"csrf": csrf}, {"Sec-Fetch-Site": "cross-site"}),
            ({"csrf": csrf}, {"Sec-Fetch-Site": "same-site", "Origin": "null"}),
        ):
            answer = browser.post(path_of(path), data=fields, headers=headers)
            assert answer.status_code == 403, (path, fields, headers)
            assert "too old" in answer.text
    assert portal.book.read_bytes() == before
    assert browser.get("/").status_code == 200


def test_a_link_is_not_opened_for_another_site(portal: Portals) -> None:
    """Nobody is brought into a stranger's portal unawares."""
    secret = (portal.invite("client", "Acme Ltd").link or "")[-43:]
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = portal.browser().post("/i/open", data={"secret": secret}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_forms_that_are_none(portal: Portals) -> None:
    browser = portal.browser()
    for content, kind in (
        (b"{}", "application/json"),
        (b"secret=x", "text/plain"),
        (b"secret=x", ""),
        (b"--x\r\n", "multipart/form-data"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"\xff\xfe%zz=%", "application/x-www-form-urlencoded"),
        (b"a=" + b"&a=" * 10_000, "application/x-www-form-urlencoded"),
    ):
        answer = browser.post("/i/open", content=content, headers={"Content-Type": kind})
        assert answer.status_code in (400, 403), (content[:20], kind)
    large = browser.post("/i/open", data={"secret": "x" * (3 << 20)})
    assert large.status_code == 413

    def in_pieces() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 65536

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/i/open", content=in_pieces(), headers=kind).status_code == 413


# --- addresses and headers


def test_every_answer_has_the_headers(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    paths = ["/", "/i/x", "/nothing", "/static/portal.css", "/static/x", "/?page=99", "/out"]
    for path in paths:
        answer = browser.get(path)
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert "server" not in answer.headers
        kept = answer.headers.get("cache-control", "")
        assert kept == "public, max-age=300" if path == "/static/portal.css" else kept == "no-store"
    assert "'unsafe" not in CONTENT_SECURITY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY


@pytest.mark.parametrize(
    "host", ["evil.example", "portal.example.evil.example", "", "portal.example:8350", "a@b"]
)
def test_only_our_own_host_is_answered(portal: Portals, host: str) -> None:
    answer = portal.browser().get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text or not host


def test_methods_that_no_page_has(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "XYZ"):
        answer = browser.request(method, "/")
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../en.toml",
        "/static/%2e%2e/en.toml",
        "/static/..%2fen.toml",
        "/static//etc/passwd",
        "/static/portal.css/..",
        "/static/portal.css%00.js",
        "/static/",
        "/static",
        "/../../etc/passwd",
        "//evil.example/",
        "/\\evil.example",
        "/%0d%0aSet-Cookie:%20a=b",
    ],
)
def test_no_path_leads_out(portal: Portals, path: str) -> None:
    answer = portal.inside("client", "Acme Ltd").get(f"{BASE}{path}")
    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert "root:" not in answer.text


def test_below_a_prefix_with_and_without_it(settings: Settings) -> None:
    """Some servers in front take the prefix off, some do not."""
    below = Portals(settings, "https://house.example/tickets")
    link = below.invite("client", "Acme Ltd").link or ""
    assert link.startswith("https://house.example/tickets/i/")
    browser = below.browser()
    browser.base_url = "https://house.example"
    page = browser.get(link)
    assert 'href="/tickets/static/portal.css"' in page.text
    answer = browser.press(page, "/tickets/i/open")
    assert answer.headers["location"] == "/tickets/"
    assert browser.get("/tickets/").status_code == 200
    assert browser.get("/").status_code == 200
    assert browser.get("/ticketsx/").status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.example",
        "http://0.0.0.0:8350",
        "ftp://portal.example",
        "portal.example",
        "https://",
        "https://u:p@portal.example",
        "https://portal.example?x=1",
        "https://portal.example#x",
        "https://portal.example\n",
        "https://portal\\.example",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    if url.endswith("\n"):
        assert services.base_url(url) == url.strip()
    else:
        with pytest.raises(UsageError):
            services.base_url(url)


def test_which_host_is_this_machine() -> None:
    site = Site.of("http://127.0.0.1:8350")
    assert site.is_host("localhost:8350")
    assert site.is_host("[::1]:8350")
    assert not site.is_host("127.0.0.1:8351")
    assert Site.of("https://a.example").is_host("A.example:443")


# --- how often


def test_tries_of_links_are_few(settings: Settings) -> None:
    from ticketops.portal.limits import Limits

    few = Portals(settings, limits=Limits())
    link = few.invite("client", "Acme Ltd").link or ""
    codes = [few.browser().post("/i/open", data={"secret": "x"}).status_code for _ in range(12)]
    assert codes == [403] * 10 + [429] * 2
    stopped = few.browser().post("/i/open", data={"secret": link[-43:]})
    assert stopped.status_code == 429
    assert int(stopped.headers["retry-after"]) in range(1, 12)


def test_buckets_fill_again_and_are_bounded() -> None:
    now = [0.0]
    buckets = Buckets(Rate(2, 0.5), clock=lambda: now[0], most=3)
    assert [buckets.wait("a") for _ in range(3)] == [0.0, 0.0, 2.0]
    now[0] = 2.0
    assert buckets.wait("a") == 0.0
    assert buckets.wait("a") == 2.0
    now[0] = 1000.0
    assert [buckets.wait("a") for _ in range(3)] == [0.0, 0.0, 2.0]
    for who in "bcdefgh":
        buckets.wait(who)
    assert len(buckets) == 3


# --- what is signed


def test_what_is_packed_is_known_again_and_nothing_else(tmp_path: Path) -> None:
    key, other = Key.of(tmp_path), Key(b"x" * 32)
    text = key.pack("page PT1", {"rows": ["a" * 5000]})
    assert key.unpack("page PT1", text, dict) == {"rows": ["a" * 5000]}
    assert len(text) < 300
    assert key.unpack("page PT2", text, dict) is None
    assert other.unpack("page PT1", text, dict) is None
    assert key.unpack("page PT1", text, list) is None
    for wrong in ("", "x", text[:-1], text + "A", text[1:], "é" + text, text.swapcase()):
        assert key.unpack("page PT1", wrong, dict) is None
    assert key.sign("a", "bc") != key.sign("ab", "c")


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first, second = Key.of(tmp_path), Key.of(tmp_path)
    assert first.sign("x") == second.sign("x")
    path = tmp_path / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32
    assert path.read_bytes().hex() not in repr(first)
    assert [one.name for one in tmp_path.iterdir()] == [KEY_FILE]
    path.chmod(0o640)
    with pytest.raises(UnusableError, match="can be read by others"):
        Key.of(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(UnusableError, match="does not hold a key"):
        Key.of(tmp_path)


def test_a_user_of_the_server_who_may_not_serves_nothing(portal: Portals) -> None:
    low = Portals(replace(portal.settings, role="staff"))
    assert low.browser().get("/i/x").status_code == 200
    answer = low.browser().post("/i/open", data={"secret": "x"})
    assert answer.status_code == 500
    assert "olga" not in answer.text
    assert BEN not in answer.text

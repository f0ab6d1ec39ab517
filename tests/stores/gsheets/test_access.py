"""Whoever is not let in hears why in one line and what to do, with the exit code of the docs; no
key and no token stands in any output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.google.errors import ApiError
from tests.google.server import Fault
from tests.online import Google
from tests.stores.gsheets.commands import SALE, Command, nothing_leaked, one_line, process
from tests.stores.gsheets.fixtures import PERSON, asked, content, is_locked, stocked
from ticketops.stores.gsheets import access


class Refusal(Fault):
    """An answer of Google's with words of its own."""

    words = ""

    def error(self) -> ApiError:
        reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}
        details = [reason] if self.words == OFF else None
        return ApiError(int(self.kind.split()[1]), self.words, details)


def always(google: Google, kind: str, words: str = "") -> None:
    fault = Refusal(asked, kind, times=100_000)
    fault.words = words
    google.server.faults.append(fault)


# --- the key


def keys(google: Google) -> dict[str, tuple[Any, int, tuple[str, ...]]]:
    """{what is wrong: (content of the key file, exit code, what the line names)}"""
    info = google.info
    torn = info["private_key"].replace("A", "B", 40)
    return {
        "no JSON": ("{", 3, ("not a JSON",)),
        "no object": ("[1]", 3, ("not a key",)),
        "empty": ("", 3, ("not a JSON",)),
        "nothing in it": ("{}", 3, ("no known type",)),
        "of another kind": ({"type": "external_account"}, 3, ("no known type",)),
        "whose tokens go over the open net": (
            info | {"token_uri": "http://tokens.example/token"},
            3,
            ("insecure address",),
        ),
        "without its key": (
            {k: v for k, v in info.items() if k != "private_key"},
            3,
            ("not a usable key",),
        ),
        "a torn key": (info | {"private_key": torn}, 3, ("not a usable key",)),
        "a key that is none": (info | {"private_key": "Canary-secret"}, 3, ("not a usable key",)),
        "a key that is a number": (info | {"private_key": 7}, 3, ("not a usable key",)),
        "consent without its half": (
            {"type": "authorized_user", "refresh_token": "1//refresh-canary"},
            3,
            ("not a usable key",),
        ),
        "an OAuth client": (
            {"installed": {"client_id": "x", "client_secret": "GOCSPX-canary"}},
            2,
            ("OAuth client", "google login"),
        ),
        "not UTF-8": (b"\xff\xfe{", 3, ("not a JSON",)),
    }


@pytest.mark.parametrize(
    "what",
    [
        "no JSON",
        "no object",
        "empty",
        "nothing in it",
        "of another kind",
        "whose tokens go over the open net",
        "without its key",
        "a torn key",
        "a key that is none",
        "a key that is a number",
        "consent without its half",
        "an OAuth client",
        "not UTF-8",
    ],
)
def test_a_key_that_is_none(google: Google, command: Command, what: str) -> None:
    """Told without asking Google."""
    content_of, code, named = keys(google)[what]
    file = google.folder / "keys" / "bad.json"
    file.parent.mkdir()
    file.write_bytes(
        content_of
        if isinstance(content_of, bytes)
        else (content_of if isinstance(content_of, str) else json.dumps(content_of)).encode()
    )
    results = [
        command(*words, TICKETOPS_GOOGLE_KEY=str(file))
        for words in (("status", "-w", "gsheet:1abcdef"), ("google", "check"))
    ]
    for done in results:
        one_line(done, code, *named, "bad.json")
    nothing_leaked(google, *results, secrets=("Canary",))
    assert google.server.log == []


def test_no_key_at_all(google: Google, command: Command) -> None:
    for words in (("status", "-w", "gsheet:1abcdef"), ("google", "check")):
        one_line(
            command(*words, TICKETOPS_GOOGLE_KEY=None),
            2,
            "no key for Google",
            "google.json",
            "service_account.json",
            "google_key",
        )
    gone = str(google.folder / "gone.json")
    one_line(command("status", "-w", "gsheet:1abcdef", TICKETOPS_GOOGLE_KEY=gone), 2, gone)
    as_json = command("status", "-w", "gsheet:1abcdef", "--json", TICKETOPS_GOOGLE_KEY=None)
    assert (as_json.code, as_json.json["error"]["code"], as_json.err) == (2, "USAGE", "")


def test_a_key_that_may_not_be_read(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, _most: int) -> bytes:
        assert path.name == "key.json"
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(access, "read_regular", refuse)
    one_line(
        command("status", "-w", "gsheet:1abcdef"), 6, "can't be read: permission denied", "key.json"
    )


@pytest.mark.parametrize(
    "where",
    [
        "google.json",
        "google-consent.json",
        "../gspread/service_account.json",
        "../gspread/authorized_user.json",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ],
)
def test_where_a_key_is_found(google: Google, where: str, command: Command) -> None:
    key = stocked(google)
    google.server.share(key, PERSON, "writer")
    consent = "consent" in where or "authorized" in where
    more: dict[str, str | None] = {"TICKETOPS_GOOGLE_KEY": None}
    place = google.folder / "config" / "ticketops" / where
    if where.isupper():
        more[where] = str(google.key)
    else:
        place.parent.mkdir(parents=True)
        place.parent.resolve().mkdir(parents=True, exist_ok=True)
        place.resolve().write_text(
            json.dumps(google.server.authorized_user(PERSON) if consent else google.info)
        )
    checked = command("google", "check", "-w", f"gsheet:{key}", **more)
    assert checked.code == 0, checked.err
    assert (PERSON if consent else google.email) in checked.out
    assert "Event" in checked.out
    shutil.rmtree(google.folder / "config", ignore_errors=True)
    nothing_leaked(google, checked)


# --- what Google says


def test_a_sheet_that_is_not_shared_with_us(google: Google, command: Command) -> None:
    key = google.new(role=None)
    for words in (("status",), SALE, ("google", "check"), ("log",), ("undo", "-y")):
        one_line(
            command(*words, "-w", f"gsheet:{key}"),
            6,
            "no access to the Google Sheet",
            google.email,
            "editor",
        )


def test_not_shared_with_the_person_who_consented(google: Google, command: Command) -> None:
    key = google.new(role=None)
    file = google.folder / "consent.json"
    file.write_text(json.dumps(google.server.authorized_user(PERSON)))
    one_line(
        command("status", "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_KEY=str(file)),
        6,
        "no access to the Google Sheet",
        "share it with",
    )


def test_who_may_only_read_reads(google: Google, command: Command) -> None:
    key = stocked(google)
    google.server.share(key, google.email, "reader")
    before = google.server.snapshot(key)
    assert command("status", "-w", f"gsheet:{key}").code == 0
    assert command(*SALE, "--dry-run", "-w", f"gsheet:{key}").code == 0
    one_line(command(*SALE, "-w", f"gsheet:{key}"), 6, google.email, "editor")
    assert google.server.snapshot(key) == before


def test_who_may_write_no_more_between_two_requests(google: Google, command: Command) -> None:
    key = stocked(google)
    before = content(google.server, key)

    def act(request: Any) -> None:
        if request.path.endswith(":getByDataFilter"):
            google.server.share(key, google.email, "reader")

    google.server.before = act
    one_line(command(*SALE, "-w", f"gsheet:{key}"), 6, google.email)
    assert content(google.server, key) == before


def test_there_is_no_such_sheet(google: Google, command: Command) -> None:
    for words in (("status",), SALE, ("google", "check")):
        one_line(
            command(*words, "-w", "gsheet:1NoSuchSheetAnywhere"),
            3,
            "1NoSuchSheetAnywhere",
            google.email,
        )


@pytest.mark.parametrize("who", ["service account", "person"])
def test_a_key_that_was_revoked(google: Google, who: str, command: Command) -> None:
    key = stocked(google)
    if who == "person":
        file = google.folder / "consent.json"
        info = google.server.authorized_user(PERSON)
        file.write_text(json.dumps(info))
        del google.server.accounts.refresh[info["refresh_token"]]
        more: dict[str, str | None] = {"TICKETOPS_GOOGLE_KEY": str(file)}
    else:
        google.server.accounts.services.discard(google.email)
        more = {}
    for words in (("status",), ("google", "check")):
        done = command(*words, "-w", f"gsheet:{key}", **more)
        if who == "person":
            one_line(done, 6, "no longer accepts the consent", "consent.json", "seven days")
        else:
            one_line(done, 6, "does not accept the key", "key.json")
        nothing_leaked(google, done)


def test_a_token_that_runs_out_meanwhile_is_fetched_anew(google: Google, command: Command) -> None:
    key = stocked(google)
    seen = []

    def act(request: Any) -> None:
        if asked(request):
            seen.append(request)
            if len(seen) == 2:
                google.server.expire_tokens()

    google.server.before = act
    assert command(*SALE, "-w", f"gsheet:{key}").code == 0
    assert google.server.count("token") == 2


OFF = "Google Sheets API has not been used in project 100000000001 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=100000000001 then retry."
WORDS: dict[str, tuple[str, str, int, tuple[str, ...]]] = {
    "the API is switched off": ("status 403", OFF, 6, ("switched off", "Google Cloud console")),
    "too few scopes": ("status 403", "Request had insufficient authentication scopes.", 6, ()),
    "no spreadsheet but a file": (
        "status 400",
        "This operation is not supported for this document",
        3,
        ("not supported for this document",),
    ),
    "the token is no good": (
        "status 401",
        "Request had invalid authentication credentials.",
        6,
        ("does not accept the key",),
    ),
    "something new": ("status 418", "I'm a teapot\nand more", 3, ("I'm a teapot",)),
    "many lines": (
        "status 403",
        "The caller does not have permission\nsecond line\nthird",
        6,
        ("no access to the Google Sheet",),
    ),
    "a conflict of Google's own": (
        "status 409",
        "The operation was aborted.",
        5,
        ("The operation was aborted", "run the command again"),
    ),
    "too large": ("status 413", "", 3, ("larger than Google accepts", "smaller commands")),
    "no reason": ("status 403", "", 6, ()),
}


@pytest.mark.parametrize("what", WORDS)
def test_google_refuses(google: Google, what: str, command: Command) -> None:
    kind, words, code, named = WORDS[what]
    key = stocked(google)
    always(google, kind, words)
    done = command("status", "-w", f"gsheet:{key}")
    one_line(done, code, *named)
    nothing_leaked(google, done)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        "status 503",
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in ("status 429", "drop before", "truncate")
        ),
    ],
)
def test_google_is_not_there_for_longer_than_we_try(google: Google, kind: str) -> None:
    key = stocked(google)
    always(google, kind, "The service is currently unavailable.")
    done = process(google, "status", "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_BUDGET="0.5")
    one_line(done, 5, "Google", "try again later")
    assert "trying again" in done.err, "who waits is told why"
    quiet = process(google, "status", "-q", "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_BUDGET="0.1")
    assert len(quiet.err.splitlines()) == 1
    nothing_leaked(google, done, quiet)


def test_who_does_not_want_to_wait_at_all(google: Google) -> None:
    key = stocked(google)
    fine = process(google, "status", "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_BUDGET="0")
    assert (fine.code, fine.err) == (0, "")
    always(google, "status 503")
    one_line(
        process(google, "status", "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_BUDGET="0"), 5, "Google"
    )


@pytest.mark.slow
def test_google_is_back_in_time(google: Google) -> None:
    key = stocked(google)
    google.server.faults += [
        Fault(asked, "status 503", nth=2, times=2),
        Fault(asked, "drop after", nth=4),
    ]
    done = process(google, *SALE, "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_BUDGET="20")
    assert done.code == 0, done.err
    assert done.err.count("trying again") >= 2
    assert len(google.server.rows(key, "Sales")) == 3
    assert not is_locked(google.server, key)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["status 503", pytest.param("drop before", marks=pytest.mark.slow)]
)
def test_no_token_can_be_had(google: Google, kind: str) -> None:
    key = stocked(google)
    google.server.faults.append(
        Fault(lambda request: request.path == "/token", kind, times=100_000)
    )
    done = process(google, "status", "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_BUDGET="1")
    one_line(done, 5, "Google")
    nothing_leaked(google, done)


def test_nothing_listens_there(google: Google) -> None:
    done = process(
        google,
        "status",
        "-w",
        "gsheet:1abcdef",
        TICKETOPS_GOOGLE_API="http://127.0.0.1:9",
        TICKETOPS_GOOGLE_BUDGET="0.2",
    )
    one_line(done, 5, "Google does not answer")


def test_debug_shows_where_and_no_token(google: Google) -> None:
    key = google.new(role=None)
    done = [
        process(google, *words, "--debug", "-w", f"gsheet:{key}")
        for words in (("status",), ("google", "check"))
    ]
    assert all("Traceback" in one.err for one in done)
    shared = stocked(google)
    done += [
        process(google, *words, "--debug", "-w", f"gsheet:{shared}")
        for words in (SALE, ("undo", "-y"))
    ]
    assert [one.code for one in done[2:]] == [0, 0]
    nothing_leaked(google, *done)

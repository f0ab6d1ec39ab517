"""The server as a service: who may call, what goes wrong, what is written down."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import google.auth.exceptions
import gspread
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt
from gspread.exceptions import APIError

from tests.conftest import ROOT
from tests.google.client import client
from tests.google.grid import Formula, FormulaError
from tests.google.here import Here, Rows, area, batch, refused, row
from tests.google.requests import REQUESTS
from tests.google.routes import Routes
from tests.google.server import Fault, GoogleServer
from tests.google.ways import WAYS


@pytest.fixture
def server() -> Iterator[GoogleServer]:
    with GoogleServer() as server:
        yield server


@pytest.fixture
def here(server: GoogleServer) -> Here:
    return Here(server)


# --- tokens


def assertion(here: Here, key: str | None = None, **changed: Any) -> dict[str, str]:
    """A signed grant; claims can be changed."""
    now = int(time.time())
    claims = {
        "iss": here.email,
        "scope": "https://www.googleapis.com/auth/spreadsheets",
        "aud": f"{here.server.url}/token",
        "iat": now,
        "exp": now + 3600,
    }
    signer = crypt.RSASigner.from_string(key or here.info["private_key"])  # type: ignore[no-untyped-call]
    signed = jwt.encode(signer, claims | changed)  # type: ignore[no-untyped-call]
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": signed.decode(),
    }


def ask(here: Here, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
    answer = here.session.post(f"{here.server.url}/token", data=form, timeout=20)
    return answer.status_code, answer.json()


def test_a_signed_grant_gets_a_token(here: Here) -> None:
    status, answer = ask(here, assertion(here))
    assert (status, answer["expires_in"], answer["token_type"]) == (200, 3600, "Bearer")
    assert (
        here.call("GET", "/v4/spreadsheets/none", token=answer["access_token"]).status_code == 404
    )


def test_another_key_is_refused(here: Here) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    pem = other.private_bytes(
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    ).decode()
    assert ask(here, assertion(here, pem)) == (
        400,
        {"error": "invalid_grant", "error_description": "Invalid JWT Signature."},
    )
    with pytest.raises(google.auth.exceptions.RefreshError, match="Invalid JWT Signature"):
        client(here.server, here.info | {"private_key": pem}).open_by_key("any")


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"aud": "https://elsewhere"}, "invalid_grant"),
        ({"exp": int(time.time()) - 4000, "iat": int(time.time()) - 7000}, "invalid_grant"),
        ({"exp": int(time.time()) + 40_000}, "invalid_grant"),
        ({"iss": "nobody@example.com"}, "invalid_grant"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_claims_that_do_not_hold_are_refused(
    here: Here, claims: dict[str, Any], error: str
) -> None:
    status, answer = ask(here, assertion(here, **claims))
    assert (status, answer["error"]) == (400, error)


def test_what_is_no_grant_is_refused(here: Here) -> None:
    assert ask(here, {"grant_type": "password"})[1]["error"] == "unsupported_grant_type"
    assert (
        ask(
            here,
            {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"},
        )[1]["error"]
        == "invalid_grant"
    )
    assert ask(here, {"grant_type": "refresh_token", "refresh_token": "unknown"}) == (
        400,
        {"error": "invalid_grant", "error_description": "Token has been expired or revoked."},
    )


def test_a_user_calls_with_a_refresh_token(here: Here) -> None:
    key = here.server.new_spreadsheet("Event", {"Sheet1": [["a"]]}, {"ann@example.com": "reader"})
    found = client(here.server, here.server.authorized_user("ann@example.com")).open_by_key(key)
    assert found.sheet1.get_all_values() == [["a"]]
    assert here.server.log[-1].user == "ann@example.com"


def test_without_a_good_token_nothing_is_answered(here: Here) -> None:
    for headers, words in (
        ({}, "Request is missing required"),
        ({"Authorization": "Bearer ya29.none"}, "Request had invalid"),
    ):
        answer = here.session.get(
            f"{here.server.url}/v4/spreadsheets/any", headers=headers, timeout=20
        )
        error = answer.json()["error"]
        assert (answer.status_code, error["status"], error["message"].startswith(words)) == (
            401,
            "UNAUTHENTICATED",
            True,
        )


def test_a_client_gets_another_token_when_the_first_is_good_no_more(here: Here) -> None:
    book = here.book([["a"]])
    here.server.expire_tokens()
    assert book.sheet1.acell("A1").value == "a"
    assert [call.status for call in here.server.log[-4:]] == [401, 200, 200, 200]


def test_tokens_run_out(here: Here) -> None:
    here.server.accounts.lifetime = 0
    assert here.call("GET", "/v4/spreadsheets/any").status_code == 401


def test_a_token_is_good_for_its_scopes_only(here: Here) -> None:
    book = here.book([["a"]])
    token = ask(
        here, assertion(here, scope="https://www.googleapis.com/auth/spreadsheets.readonly")
    )[1]["access_token"]
    assert here.call("GET", f"/v4/spreadsheets/{book.id}", token=token).status_code == 200
    error = here.call(
        "POST", f"/v4/spreadsheets/{book.id}:batchUpdate", {"requests": []}, token
    ).json()["error"]
    assert (error["status"], error["message"]) == (
        "PERMISSION_DENIED",
        "Request had insufficient authentication scopes.",
    )
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


# --- who may


def test_what_is_not_shared_is_refused(here: Here) -> None:
    book = here.book([["a"]], role=None)
    with refused("The caller does not have permission", 403, "PERMISSION_DENIED"):
        book.fetch_sheet_metadata()
    here.server.share(book.id, here.email, "reader")
    assert book.sheet1.acell("A1").value == "a"
    with refused("The caller does not have permission", 403, "PERMISSION_DENIED"):
        book.sheet1.update_acell("A1", "b")
    here.server.share(book.id, here.email, "writer")
    book.sheet1.update_acell("A1", "b")
    here.server.share(book.id, here.email, None)
    with refused("The caller does not have permission", 403, "PERMISSION_DENIED"):
        book.sheet1.acell("A1")


def test_what_there_is_not_is_not_found(here: Here) -> None:
    with pytest.raises(gspread.SpreadsheetNotFound):
        here.client.open_by_key("1unknown")
    error = here.call("GET", "/v4/spreadsheets/1unknown").json()
    assert error == {
        "error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}
    }


# --- quotas


def test_quotas_count_reads_and_writes_of_a_user_apart(here: Here) -> None:
    book, token, now = here.book([["a"]]), here.token(), [1000.0]
    here.server.quota, here.server.clock = True, lambda: now[0]
    path = f"/v4/spreadsheets/{book.id}"
    assert [here.call("GET", f"{path}/values/A1", token=token).status_code for _ in range(60)] == [
        200
    ] * 60
    answer = here.call("GET", f"{path}/values/A1", token=token)
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert error["message"] == (
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service 'sheets.googleapis.com'"
        " for consumer 'project_number:100000000001'."
    )
    assert error["details"][0]["metadata"]["quota_limit"] == "ReadRequestsPerMinutePerUser"
    many = {
        "requests": [
            {
                "updateCells": {
                    "start": {"sheetId": 0},
                    "rows": [row(1)],
                    "fields": "userEnteredValue",
                }
            }
        ]
        * 70
    }
    assert here.call("POST", f"{path}:batchUpdate", many, token).status_code == 200, (
        "a batch counts once"
    )
    now[0] += 59.9
    assert here.call("GET", f"{path}/values/A1", token=token).status_code == 429
    now[0] += 0.2
    assert here.call("GET", f"{path}/values/A1", token=token).status_code == 200


def test_quotas_count_the_whole_project(here: Here) -> None:
    book = here.book([["a"]])
    here.server.quota, here.server.quotas.project = True, 3
    for name in ("ann", "bob", "cid"):
        here.server.share(book.id, f"{name}@example.com", "reader")
        assert here.call(
            "GET",
            f"/v4/spreadsheets/{book.id}",
            token=here.token(here.server.authorized_user(f"{name}@example.com")),
        ).ok
    error = here.call("GET", f"/v4/spreadsheets/{book.id}").json()["error"]
    assert "limit 'Read requests per minute' of" in error["message"]


# --- faults


def test_a_status_instead_of_an_answer(here: Here) -> None:
    book = here.book([["a"]])
    here.server.faults.append(Fault("PUT", "status 503", nth=2, times=2, retry_after=7))
    book.sheet1.update_acell("A1", "1")
    for _ in range(2):
        with refused("The service is currently unavailable.", 503, "UNAVAILABLE"):
            book.sheet1.update_acell("A1", "2")
    assert here.server.rows(book.id, "Sheet1") == [[1]]
    book.sheet1.update_acell("A1", "3")
    assert [call.status for call in here.server.log if call.method == "PUT"] == [200, 503, 503, 200]
    here.server.faults.append(
        Fault(lambda request: request.kind == "read", "status 429", retry_after=3)
    )
    answer = here.call("GET", f"/v4/spreadsheets/{book.id}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")


def test_a_status_though_it_was_carried_out(here: Here) -> None:
    book = here.book([["a"]])
    here.server.faults.append(Fault("PUT", "status 500 after"))
    with refused("Internal error encountered.", 500, "INTERNAL"):
        book.sheet1.update_acell("A1", "2")
    assert here.server.rows(book.id, "Sheet1") == [[2]]


@pytest.mark.parametrize(("kind", "left"), [("drop before", [["a"]]), ("drop after", [[2]])])
def test_connections_that_break(here: Here, kind: str, left: list[list[Any]]) -> None:
    book = here.book([["a"]])
    here.server.faults.append(Fault(r"PUT /v4/spreadsheets/.+/values/", kind))
    with pytest.raises(requests.exceptions.ConnectionError):
        book.sheet1.update_acell("A1", "2")
    assert here.server.rows(book.id, "Sheet1") == left
    assert here.server.log[-1].status == 0
    assert book.sheet1.acell("A1").value == str(left[0][0])


def test_half_an_answer(here: Here) -> None:
    book = here.book([["a"]])
    here.server.faults.append(Fault("PUT", "truncate"))
    with pytest.raises(requests.exceptions.RequestException):
        book.sheet1.update_acell("A1", "2")
    assert here.server.rows(book.id, "Sheet1") == [[2]]


@pytest.mark.parametrize(("kind", "left"), [("delay", [["a"]]), ("delay after", [[2]])])
def test_answers_that_come_late(here: Here, kind: str, left: list[list[Any]]) -> None:
    book = here.book([["a"]])
    here.server.faults.append(Fault("PUT", kind, seconds=20))
    here.client.set_timeout(0.3)
    with pytest.raises(requests.exceptions.ReadTimeout):
        book.sheet1.update_acell("A1", "2")
    assert here.server.rows(book.id, "Sheet1") == left


def test_a_fault_there_is_not() -> None:
    with pytest.raises(ValueError, match="no fault is called 'drop'"):
        Fault("GET", "drop")


def test_a_late_answer_that_comes_in_time(here: Here) -> None:
    book = here.book([["a"]])
    here.server.faults.append(Fault("GET", "delay", seconds=0.05))
    started = time.monotonic()
    assert book.sheet1.acell("A1").value == "a"
    assert time.monotonic() - started > 0.05


def test_answers_are_compressed_if_asked_for(here: Here) -> None:
    book = here.book([["text"] * 20] * 50)
    sizes = []
    for encoding in ("gzip", "identity"):
        headers = {"Authorization": f"Bearer {here.token()}", "Accept-Encoding": encoding}
        answer = here.session.get(
            f"{here.server.url}/v4/spreadsheets/{book.id}/values/Sheet1",
            headers=headers,
            timeout=20,
        )
        assert (answer.headers.get("Content-Encoding"), len(answer.json()["values"])) == (
            encoding if encoding == "gzip" else None,
            50,
        )
        sizes.append(int(answer.headers["Content-Length"]))
    assert sizes[0] < sizes[1] / 10


def test_what_the_server_stumbles_over_is_no_silence(here: Here) -> None:
    book = here.book([["a"]])
    answer = here.call(
        "POST",
        f"/v4/spreadsheets/{book.id}:batchUpdate",
        {"requests": [{"updateCells": {"rows": 5, "fields": "*"}}]},
    )
    assert (answer.status_code, len(here.server.errors)) == (500, 1)


# --- what is written down, and what happens in between


def test_the_log(here: Here) -> None:
    book = here.book([["a"]])
    here.server.log.clear()
    book.sheet1.update_acell("A1", "2")
    batch(
        book,
        {"updateCells": {"start": {"sheetId": 0}, "rows": [row(1)], "fields": "userEnteredValue"}},
    )
    here.call(
        "POST",
        f"/v4/spreadsheets/{book.id}:getByDataFilter",
        {"dataFilters": [{"gridRange": area(0, 0, 1, 1)}]},
    )
    here.client.list_spreadsheet_files()
    log = here.server.log
    assert [(call.method, call.kind, call.status) for call in log] == [
        ("GET", "read", 200),
        ("PUT", "write", 200),
        ("POST", "write", 200),
        ("POST", "token", 200),
        ("POST", "read", 200),
        ("GET", "drive", 200),
    ]
    assert [here.server.count(kind) for kind in ("read", "write", "token", "drive")] == [2, 2, 1, 1]
    assert (log[2].user, log[2].size > 50, log[2].path) == (
        here.email,
        True,
        f"/v4/spreadsheets/{book.id}:batchUpdate",
    )


def test_another_user_acts_before_and_after_a_request(here: Here) -> None:
    sheet = here.book([["a", "b"]]).sheet1
    here.server.before = lambda request: here.server.set(
        sheet.spreadsheet_id, "Sheet1", 1, 1, "before"
    )
    assert sheet.acell("A1").value == "before"
    here.server.before = None
    here.server.after = lambda request: here.server.set(
        sheet.spreadsheet_id, "Sheet1", 1, 1, "after"
    )
    assert sheet.acell("A1").value == "before"
    here.server.after = None
    assert sheet.acell("A1").value == "after"


def test_the_date_is_the_server_s(here: Here) -> None:
    here.server.date = lambda: 0.0
    assert (
        here.call("GET", "/v4/spreadsheets/any").headers["Date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    )


# --- what tests see and do


def test_values_of_python_in_a_new_spreadsheet(here: Here) -> None:
    rows: Rows = [
        ["0012", 1, 2.5, True, None, datetime(2026, 4, 17), datetime(2026, 4, 17, 12)],
        [],
        [None, "x"],
        [],
    ]
    book = here.book({"Data": rows, "Empty": []})
    assert here.server.rows(book.id, "Data") == [
        ["0012", 1, 2.5, True, None, 46129, 46129.5],
        [],
        [None, "x"],
    ]
    assert here.server.cell(book.id, "Data", 1, 6).format == {
        "numberFormat": {"type": "DATE", "pattern": "yyyy-mm-dd"}
    }
    assert book.worksheet("Data").row_values(1)[5:] == ["2026-04-17", "2026-04-17 12:00:00"]
    assert [(sheet.row_count, sheet.col_count) for sheet in book.worksheets()] == [(1000, 26)] * 2
    tight = here.book([["a", "b"], ["c"]], tight=True)
    assert (tight.sheet1.row_count, tight.sheet1.col_count, tight.sheet1.id) == (2, 2, 0)


def test_what_another_user_does(here: Here) -> None:
    book = here.book([["a", datetime(2026, 4, 17)], ["b"]], tight=True)
    server = here.server
    server.set(book.id, "Sheet1", 3, 4, "grown")
    server.set(book.id, "Sheet1", 1, 2, 46130)
    server.insert_row(book.id, "Sheet1", 2)
    server.set_formula(book.id, "Sheet1", 2, 1, "=SUM(B:B)", 7)
    server.set_formula(book.id, "Sheet1", 2, 2, "=WHAT(1)")
    assert server.rows(book.id, "Sheet1") == [
        ["a", 46130],
        [7, FormulaError("ERROR", "Formula parse error.")],
        ["b"],
        [None, None, None, "grown"],
    ]
    assert server.cell(book.id, "Sheet1", 2, 1).value == Formula("=SUM(B:B)", 7)
    assert book.sheet1.get_all_values() == [
        ["a", "2026-04-18", "", ""],
        ["7", "#ERROR!", "", ""],
        ["b", "", "", ""],
        ["", "", "", "grown"],
    ]
    server.delete_row(book.id, "Sheet1", 2)
    assert server.rows(book.id, "Sheet1")[1] == ["b"]


def test_formulas_come_to_what_tests_say(here: Here) -> None:
    book = here.book([[1], [2]])
    here.server.formulas["=SUM(A1:A2)"] = lambda spreadsheet, sheet: sum(
        sheet.cell(row, 0).value for row in range(2)
    )
    book.sheet1.update([["=SUM(A1:A2)"]], "B1", raw=False)
    assert book.sheet1.acell("B1").value == "3"
    here.server.set(book.id, "Sheet1", 1, 1, 40)
    assert book.sheet1.acell("B1").value == "42"


def test_snapshots_tell_every_difference(here: Here) -> None:
    book = here.book([["a"]])
    server = here.server
    first = server.snapshot(book.id)
    server.set(book.id, "Sheet1", 1, 1, "b")
    assert server.snapshot(book.id) != first
    server.set(book.id, "Sheet1", 1, 1, "a")
    assert server.snapshot(book.id) == first
    for changed in (
        {"addNamedRange": {"namedRange": {"name": "lock", "range": area(0, 0, 1, 1)}}},
        {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}},
        {"repeatCell": {"range": area(0, 0, 1, 1), "cell": {"note": "n"}, "fields": "note"}},
    ):
        before = server.snapshot(book.id)
        server.request(book.id, changed)
        assert server.snapshot(book.id) != before


def test_everything_can_be_forgotten(here: Here) -> None:
    book = here.book([["a"]])
    here.server.faults.append(Fault("GET", "status 500"))
    here.server.quota = True
    here.server.reset()
    assert here.server.log == []
    assert here.call("GET", f"/v4/spreadsheets/{book.id}").status_code == 404
    assert here.book([["b"]]).sheet1.acell("A1").value == "b"


def test_a_large_sheet_is_quick(here: Here) -> None:
    rows = [
        [f"text {number}" if column % 2 else number for column in range(45)]
        for number in range(1500)
    ]
    book = here.book(rows)
    started = time.monotonic()
    answer = book.values_batch_get(["Sheet1"], params={"valueRenderOption": "UNFORMATTED_VALUE"})
    assert answer["valueRanges"][0]["values"] == rows
    batch(
        book,
        {
            "updateCells": {
                "start": {"sheetId": 0},
                "rows": [row(*cells[:40]) for cells in rows],
                "fields": "userEnteredValue",
            }
        },
    )
    assert time.monotonic() - started < 5
    assert here.server.rows(book.id, "Sheet1") == rows


# --- by hand


def test_the_readme_names_what_is_answered(here: Here) -> None:
    text = (Path(__file__).parent / "README.md").read_text()
    assert [name for name in REQUESTS if not re.search(rf"\b{name}\b", text)] == []
    paths = [pattern.pattern for _, pattern, _ in Routes(here.server.drive).routes]
    words = {word for path in paths for word in re.findall(r"[a-zA-Z]+", path.split("/", 2)[2])}
    assert {word for word in words if len(word) > 3 and word not in text} == set()
    for name, ways in WAYS.items():
        assert f"| `{name}` | {', '.join(ways)} |" in text


def test_a_way_lasts_until_the_server_is_reset() -> None:
    with GoogleServer() as server:
        here = Here(server)
        server.ways.turn("same-title", "refused", 409, "{title} is taken")
        with pytest.raises(APIError) as refusal:
            batch(here.book(), {"addSheet": {"properties": {"title": "Sheet1"}}})
        assert (refusal.value.code, "Sheet1 is taken" in refusal.value.error["message"]) == (
            409,
            True,
        )
        server.ways.turn("same-title", "made")
        book = here.book()
        batch(book, {"addSheet": {"properties": {"title": "Sheet1"}}})
        assert [sheet.title for sheet in server.spreadsheet(book.id).sheets] == ["Sheet1"] * 2
        server.reset()
        assert server.ways.of("same-title") == "refused"
        with refused(
            'Invalid requests[0].addSheet: A sheet with the name "Sheet1" already exists. Please enter another name.'
        ):
            batch(here.book(), {"addSheet": {"properties": {"title": "Sheet1"}}})


def test_the_server_by_hand(tmp_path: Path) -> None:
    """It says where it is and whose key it takes, and answers, also by a file of answers."""
    answers = tmp_path / "answers.json"
    answers.write_text('{"answers": {"same-title": {"answer": "made", "code": 0, "words": ""}}}')
    command = [sys.executable, "-m", "tests.google", str(tmp_path), str(answers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        said = dict(
            process.stdout.readline().removeprefix("export ").strip().split("=", 1)
            for _ in range(4)
        )
        info = json.loads(Path(said["TICKETOPS_GOOGLE_KEY"]).read_text())
        answer = requests.post(
            info["token_uri"], data={"grant_type": "none of this world"}, timeout=20
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert answer.json()["error"] == "unsupported_grant_type"
    assert said["TICKETOPS_WORKBOOK"].startswith("gsheet:")
    assert info["token_uri"].startswith(said["TICKETOPS_GOOGLE_API"])

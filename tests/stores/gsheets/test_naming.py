"""How a Google Sheet is named, what `google check` says of it, and how a person lets the program
in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_cli
from tests.online import Google
from tests.stores.gsheets.commands import Command, nothing_leaked, one_line
from tests.stores.gsheets.fixtures import PERSON, stocked
from ticketops.cli.main import run


def as_flag(name: str) -> tuple[tuple[str, ...], dict[str, str | None]]:
    return ("-w", name), {}


def as_variable(name: str) -> tuple[tuple[str, ...], dict[str, str | None]]:
    return (), {"TICKETOPS_WORKBOOK": name}


NAMES = (
    "gsheet:{}",
    "gsheet: {} ",
    "https://docs.google.com/spreadsheets/d/{}",
    "https://docs.google.com/spreadsheets/d/{}/edit#gid=0",
    "https://docs.google.com/spreadsheets/d/{}/edit?usp=sharing&gid=12#gid=12",
    "https://docs.google.com/spreadsheets/u/0/d/{}/edit",
    "https://docs.google.com/a/example.com/spreadsheets/d/{}/edit",
    "gsheet:https://docs.google.com/spreadsheets/d/{}/edit",
)


@pytest.mark.parametrize(
    ("name", "given"),
    [(name, as_flag) for name in NAMES] + [(NAMES[0], as_variable), (NAMES[3], as_variable)],
)
def test_how_a_sheet_is_named(
    google: Google, name: str, given: Callable[[str], Any], command: Command
) -> None:
    key = stocked(google)
    words, more = given(name.format(key))
    done = command("status", "--json", *words, **more)
    assert done.code == 0, done.err
    assert f"/v4/spreadsheets/{key}" in google.server.log[-1].path


@pytest.mark.parametrize(
    "text", ["gsheet:{}", "https://docs.google.com/spreadsheets/d/{}/edit#gid=0"]
)
def test_in_the_file_of_settings(google: Google, text: str, command: Command) -> None:
    key = stocked(google)
    (google.folder / "ticketops.toml").write_text(f'workbook = "{text.format(key)}"\n')
    done = run_cli("status", env=google.environment(), cwd=google.folder)
    assert done.code == 0, done.err
    assert key in google.server.log[-1].path


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("https://docs.google.com/spreadsheets/d/e/2PACX-1vQabcdef/pubhtml", "published"),
        ("https://docs.google.com/document/d/1abcdefghij/edit", "gsheet:ID"),
        ("gsheet:", "gsheet:ID"),
        ("gsheet:a b", "gsheet:ID"),
        ("https://docs.google.com/spreadsheets/", "gsheet:ID"),
    ],
)
def test_a_name_that_is_no_sheet_s(google: Google, name: str, named: str, command: Command) -> None:
    one_line(command("status", "-w", name), 2, named)
    assert google.server.log == []


@pytest.mark.parametrize(
    "words",
    [
        ("sync", "diff", "--with", "gsheet:a,b"),
        ("client", "pull", "gsheet:a,b"),
        ("client", "build", "--all", "--to", "gsheet", "--into", "acme=gsheet:a,b"),
        ("client", "build", "--all", "--to", "gsheet", "--folder", "a,b"),
    ],
    ids=lambda words: words[-2],
)
def test_an_argument_that_names_nothing(
    google: Google, small: Path, words: tuple[str, ...], command: Command
) -> None:
    one_line(command(*words, "-w", str(small)), 2, "a,b' is not a ")


def test_google_check_as_json(google: Google, command: Command) -> None:
    key = stocked(google)
    done = command("google", "check", "--json", "-w", f"gsheet:{key}")
    assert done.code == 0
    seen = done.json["result"]
    assert (seen["key"], seen["kind"], seen["email"], seen["title"]) == (
        str(google.key),
        "service_account",
        google.email,
        "Event",
    )
    assert seen["sheets"] == len(google.server.spreadsheet(key).sheets)
    assert seen["cells"] == sum(
        sheet.row_count * sheet.column_count for sheet in google.server.spreadsheet(key).sheets
    )
    assert google.server.count("write") == 0
    nothing_leaked(google, done)


# --- consent


def test_login_keeps_the_consent_for_oneself_and_logout_forgets_it(
    google: Google,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: Command,
) -> None:
    """The browser's part is played."""
    from google.oauth2.credentials import Credentials
    from google_auth_oauthlib.flow import InstalledAppFlow

    info = google.server.authorized_user(PERSON)
    names = ("refresh_token", "token_uri", "client_id", "client_secret")
    consent = Credentials("ya29.canary", **{name: info[name] for name in names})  # type: ignore[no-untyped-call]
    monkeypatch.setattr(InstalledAppFlow, "run_local_server", lambda self, **_: consent)
    client = google.folder / "client.json"
    client.write_text(
        json.dumps(
            {
                "installed": {
                    "client_id": "x",
                    "client_secret": "GOCSPX-x",
                    "auth_uri": "http://localhost",
                    "token_uri": info["token_uri"],
                }
            }
        )
    )
    config = google.folder / "config"
    environment = {
        name: value
        for name, value in google.environment().items()
        if name != "TICKETOPS_GOOGLE_KEY"
    }
    for name, value in (environment | {"XDG_CONFIG_HOME": str(config)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    assert run(["google", "login", str(client)]) == 0
    said = capfd.readouterr()
    kept = config / "ticketops" / "google-consent.json"
    assert str(kept) in said.out
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "ya29" not in said.out + said.err
    key = stocked(google)
    google.server.share(key, PERSON, "writer")
    monkeypatch.undo()
    assert command("status", "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_KEY=None).code == 0
    done = command("google", "logout", TICKETOPS_GOOGLE_KEY=None)
    assert (done.code, kept.exists()) == (0, False)
    assert command("google", "logout", TICKETOPS_GOOGLE_KEY=None).code == 0
    one_line(
        command("status", "-w", f"gsheet:{key}", TICKETOPS_GOOGLE_KEY=None), 2, "no key for Google"
    )


def test_login_wants_an_oauth_client(google: Google, command: Command) -> None:
    one_line(command("google", "login", str(google.key)), 3, "not an OAuth client", "Desktop app")
    one_line(command("google", "login", str(google.folder / "gone.json")), 3, "gone.json")

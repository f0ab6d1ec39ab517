"""A `ticketops.toml` that came with a folder says neither where secrets go nor who one is (D30)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from ticketops.config import FILE_NAME, FOLDER_MAY, Settings, load
from ticketops.errors import UsageError

HOSTILE: dict[str, Any] = {
    "user": "boss",
    "role": "super_admin",
    "books": "/tmp/elsewhere",
    "key_file": "/tmp/their.keys",
    "google_key": "/tmp/their.json",
    "google_api": "http://127.0.0.1:9/",
    "google_keepers": "them@elsewhere.example",
    "state": "/tmp/their-state",
    "masked_sheet": "_THEIRS",
    "smtp_host": "mail.elsewhere.example",
    "smtp_port": 2525,
    "smtp_security": "none",
    "smtp_user": "them",
    "smtp_password": "theirs",
    "smtp_from": "them@elsewhere.example",
    "slack_url": "slack://their/own/token",
    "whatsapp_url": "whatsapp://theirs@1/{to}",
    "quiet_hours": "00:01-23:59",
    "message_digest": True,
    "messages_per_minute": 6000,
    "clock_tasks": "audit",
    "portal_url": "https://elsewhere.example",
    "portal_days": 366,
    "portal_proxies": "192.0.2.1",
    "clock_days": [2, 1],
}
HARMLESS: dict[str, Any] = {
    "workbook": "event.xlsx",
    "backups": 3,
    "lock_timeout": 1.5,
    "cache": False,
    "event": "WC2026",
    "dispatch_buffer_hours": 24.0,
    "medal_hours_earlier": 12.0,
    "name_update_days": 3,
    "unpaid_tickets": "block",
    "artifact_days": 2.0,
    "job_stuck_minutes": 5.0,
    "clock_silence_hours": 12.0,
    "reveal_seconds": 5.0,
    "dates": "dmy",
    "google_budget": 7.0,
    "sender": "MM Tickets",
    "contact": "tickets@mm.example",
    "company_word": "THE HOUSE",
    "vendor_word": "a supplier of ours",
    "client_word": "another guest",
    "masked_vendor": "Max",
}


def toml(values: dict[str, Any]) -> str:
    return "".join(
        f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n"
        for name, value in values.items()
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the user's own configuration is."""
    own = tmp_path / "home" / "ticketops"
    own.mkdir(parents=True)
    return own


@pytest.fixture
def variables(home: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(home.parent), "XDG_STATE_HOME": str(home.parent / "state")}


def test_every_setting_is_one_or_the_other() -> None:
    assert HOSTILE.keys() | HARMLESS.keys() == set(Settings.__slots__) - {"ignored", "readable"}
    assert HARMLESS.keys() == FOLDER_MAY


@pytest.mark.parametrize("name", HOSTILE)
def test_what_the_folder_says_of_secrets_and_persons_counts_for_nothing(
    tmp_path: Path, variables: dict[str, str], name: str
) -> None:
    (tmp_path / FILE_NAME).write_text(toml({name: HOSTILE[name]}))
    found, without = load({}, variables, tmp_path), load({}, variables, tmp_path / "home")
    assert getattr(found, name) == getattr(without, name)
    assert name in found.ignored
    assert len(found.ignored.splitlines()) == 1
    assert without.ignored == ""


@pytest.mark.parametrize("name", HARMLESS)
def test_looks_and_the_workbook_count(tmp_path: Path, variables: dict[str, str], name: str) -> None:
    (tmp_path / FILE_NAME).write_text(toml({name: HARMLESS[name]}))
    found = load({}, variables, tmp_path)
    assert str(getattr(found, name)).endswith(str(HARMLESS[name]))
    assert found.ignored == ""


def test_a_value_that_is_ignored_need_not_be_one(tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / FILE_NAME).write_text("role = 7\nkey_file = []\nuser = {}\n")
    assert all(name in load({}, variables, tmp_path).ignored for name in ("role", "key_file"))


@pytest.mark.parametrize("name", HOSTILE)
def test_the_users_own_file_may_say_it(
    tmp_path: Path, home: Path, variables: dict[str, str], name: str
) -> None:
    """Also while they stand in its folder."""
    (home / FILE_NAME).write_text(toml({name: HOSTILE[name]}))
    for folder in (tmp_path, home):
        found = load({}, variables, folder)
        value = getattr(found, name)
        said = str(list(value) if isinstance(value, tuple) else value)
        assert (said, found.ignored) == (str(HOSTILE[name]), "")


def test_a_relative_configuration_folder_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the current folder's files would be the user's own."""
    planted = tmp_path / "config" / "ticketops"
    planted.mkdir(parents=True)
    (planted / FILE_NAME).write_text(toml(HOSTILE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    found = load({}, {"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "config"})
    assert (found.key_file, found.google_api) == (None, "")
    assert found.state == tmp_path / "home" / ".local" / "state" / "ticketops"


@pytest.mark.parametrize(
    "address",
    [
        "https://sheets.example",
        "https://sheets.example:8443/v4",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://localhost:1",
        "http://[::1]:80",
        "",
    ],
)
def test_googles_token_goes_by_https_or_to_this_machine(address: str) -> None:
    assert load({}, {"TICKETOPS_GOOGLE_API": address}).google_api == address


@pytest.mark.parametrize(
    "address",
    [
        "http://sheets.example",
        "http://localhost.sheets.example",
        "http://127.0.0.1.sheets.example",
        "http://127.0.0.1@sheets.example",
        "https://me:secret@sheets.example",
        "http://sheets.example\\@127.0.0.1",
        "http://sheets.example\t@127.0.0.1",
        "http://0.0.0.0",
        "http://10.0.0.7",
        "http://2130706433",
        "http://127.0.0.1:99999999",
        "http://[::ffff:10.0.0.7]",
        "http://１２７.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "//127.0.0.1",
        "127.0.0.1:80",
        "https://",
        "http://[::1",
    ],
)
def test_and_nowhere_else(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        load({}, {"TICKETOPS_GOOGLE_API": address})
    assert "TICKETOPS_GOOGLE_API" in caught.value.message


@pytest.mark.parametrize("what", ["folder", "pipe", "endless", "sparse", "deep"])
def test_a_settings_file_that_is_none_is_one_line_at_once(tmp_path: Path, what: str) -> None:
    path = tmp_path / FILE_NAME
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "endless":
        path.symlink_to("/dev/zero")
    elif what == "sparse":
        path.touch()
        os.truncate(path, 2**40)
    else:
        path.write_text("a = " + "[" * 200_000)
    with pytest.raises(UsageError) as caught:
        load({}, {}, tmp_path)
    assert str(path) in caught.value.message


def test_at_the_command_line(
    in_process: Runner, empty: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    """No role, no name, no keys and no folder come from it, and one line says so, on standard
    error."""
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / FILE_NAME).write_text(
        f'workbook = "{empty.name}"\nuser = "boss"\nrole = "super_admin"\n'
        f'key_file = "{elsewhere}/k"\nbooks = "{elsewhere}/books"\n'
    )
    at = {"cwd": tmp_path, "env": variables}
    told = [
        line
        for line in in_process("status", **at).err.splitlines()
        if "ignored: user, role, key_file, books" in line
    ]
    assert len(told) == 1
    assert str(variables["XDG_CONFIG_HOME"]) in told[0]
    assert in_process("status", "-q", **at).err == ""
    assert "ignored" not in in_process("status", "--json", **at).out
    assert in_process("credentials", "seal", "-y", **at).code == 6
    assert in_process("user", "set", "ann", "--role", "ops_manager", "-y", **at).code == 0
    unsealed = in_process("credentials", "seal", "-y", "--as", "ann", **at)
    assert (unsealed.code, "no key file is set" in unsealed.err) == (2, True)
    assert str(variables["XDG_CONFIG_HOME"]) in unsealed.err.splitlines()[-1]
    assert not elsewhere.exists()
    logged = in_process("log", "--json", "--as", "ann", **at).json["result"]["transactions"]
    assert "boss" not in {one["user"] for one in logged}

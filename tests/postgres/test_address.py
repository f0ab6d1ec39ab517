"""Addresses of events: what they mean, and what they must not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from ticketops import config
from ticketops.errors import UsageError
from ticketops.stores.postgres.address import address_of, folder_name, is_database


@pytest.mark.parametrize(
    ("text", "event", "options"),
    [
        ("postgresql://h/db?event=WC2026", "WC2026", {"host": "h", "dbname": "db"}),
        (
            "postgres://ana@h:6432/db?sslmode=require&event=WC%202026",
            "WC 2026",
            {"host": "h", "port": "6432", "user": "ana", "dbname": "db", "sslmode": "require"},
        ),
        ("postgresql://?service=desk&event=E1", "E1", {"service": "desk"}),
        (
            "postgresql:///db?host=/var/run/postgresql&event=E1",
            "E1",
            {"host": "/var/run/postgresql", "dbname": "db"},
        ),
        (
            "postgresql://[::1]:5432/db?event=E",
            "E",
            {"host": "::1", "port": "5432", "dbname": "db"},
        ),
        (
            "postgresql:///db?host=/tmp&port=5433&user=ana&event=E",
            "E",
            {"host": "/tmp", "port": "5433", "user": "ana", "dbname": "db"},
        ),
    ],
)
def test_an_address_says_where_the_event_is(text: str, event: str, options: dict[str, str]) -> None:
    found = address_of(text)
    assert (found.event, found.options) == (event, options)
    assert address_of(found.name) == found, "its one spelling means the same"
    assert config.workbook(text, "-w") == found.name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://ana:geheim@h/db?event=E", "can't hold a password"),
        ("postgresql://ana:@h/db?event=E", "can't hold a password"),
        ("postgresql://h/db?event=E&password=geheim", "can't hold a password"),
        ("postgresql://h/db?event=E&sslpassword=geheim", "can't hold a password"),
        ("postgresql://h/db", "names no event"),
        ("postgresql://h/db?event=", "names no event"),
        ("postgresql://h/db?event=E&options=-c%20role%3Dboss", "can't say 'options'"),
        ("postgresql://h/db?event=E&host=other", "says host twice"),
        ("postgresql://h/db?event=E&event=F", "says something twice"),
        ("postgresql://h/db?event=E&sslmode=", "leaves something blank"),
        ("postgresql://h:port/db?event=E", "is not the address"),
        ("postgresql://h/db?event", "is not the address"),
        ("postgresql://h/db?event=a%00b", "can't be the key"),
        (f"postgresql://h/db?event={'E' * 101}", "can't be the key"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        address_of(text)
    assert "geheim" not in f"{raised.value.message} {raised.value.hint}"


def test_what_is_no_address_of_a_database_is_a_file() -> None:
    assert is_database("postgresql://h/db?event=E")
    assert is_database("POSTGRES://h/db")
    assert not is_database("event.xlsx")
    assert not is_database("gsheet:1AbCdEf")
    assert not is_database(None)


def test_two_events_have_two_folders() -> None:
    names = {
        folder_name(address_of(f"postgresql://{host}/db?event={event}"))
        for host in ("a", "b")
        for event in ("WC/26", "WC_26")
    }
    assert len(names) == 4
    assert all("/" not in name for name in names)


def test_a_folder_may_not_say_which_server_gets_the_password(tmp_path: Path) -> None:
    home = tmp_path / "home" / "ticketops"
    home.mkdir(parents=True)
    own = {"XDG_CONFIG_HOME": str(tmp_path / "home")}
    text = 'workbook = "postgresql://elsewhere.example/db?event=E"\n'
    (tmp_path / "ticketops.toml").write_text(text)
    found = config.load({}, own, tmp_path)
    assert found.workbook is None
    assert "workbook" in found.ignored
    assert config.workbook_before_own(own, tmp_path) is None
    (home / "ticketops.toml").write_text(text)
    found = config.load({}, own, home)
    assert found.workbook == "postgresql://elsewhere.example/db?event=E"

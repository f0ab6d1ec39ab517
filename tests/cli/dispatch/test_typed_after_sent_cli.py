"""A guest that somebody changes in Distribution after the ticket was sent is reported (D26)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.dispatching import type_by_key
from tests.cli.workbooks import done
from tests.conftest import Runner

CODE = "CHANGED_AFTER_SENT"


@pytest.mark.parametrize(
    ("header", "value", "says"),
    [
        ("Last Name", "Changed", "last name"),
        ("Client Email", "other@example.com", "→ 'other@example.com'"),
        ("First name", None, "→ ''"),
    ],
)
def test_a_guest_changed_by_hand(
    here: Runner, book: Path, header: str, value: str | None, says: str
) -> None:
    done(here("dispatch", "sync", "--json", "-y"))
    done(here("staff", "mark", "SENT", "T00001", "-y"))
    type_by_key(book, "Distribution", "ID", {"S2-1": {header: value}}, 2)
    for more in (("-n",), ("-y",)):
        result = done(here("dispatch", "sync", "--json", *more), 1).json
        (said,) = [f for f in result["findings"] if f["code"] == CODE]
        assert said["sales_id"] == "S2-1"
        assert says in said["message"]
    assert CODE not in here("dispatch", "sync", "--json", "-n").out  # told, and agreed since


def test_before_it_is_sent_nobody_is_told(here: Runner, book: Path) -> None:
    done(here("dispatch", "sync", "--json", "-y"))
    type_by_key(book, "Distribution", "ID", {"S2-1": {"Last Name": "Changed"}}, 2)
    assert CODE not in here("dispatch", "sync", "--json", "-n").out

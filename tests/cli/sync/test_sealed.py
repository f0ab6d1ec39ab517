"""A sealed password is not replaced by one that anyone can read."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.cli.sync.two_copies import Pair
from ticketops.schema.layouts.event import VENDOR_CREDENTIALS

FERNET = Fernet(Fernet.generate_key())
HEADER, PLAIN = "Password", "Pw-Zeisig-7731"


def sealed(text: str) -> str:
    return "sealed:" + FERNET.encrypt(text.encode()).decode()


def findings(said: Any) -> list[tuple[Any, ...]]:
    return [
        (f["code"], f["severity"], f["sheet"], f["row"])
        for f in said.json["findings"]
        if f["code"] == "STAYS_SEALED"
    ]


@pytest.mark.parametrize("base", ["", "sealed", "plain"])
@pytest.mark.parametrize("what", ["pull", "push"])
def test_a_sealed_password_stays_until_the_other_is_sealed(
    pair: Pair, what: str, base: str
) -> None:
    """base: what both last had in common. Everything else of the row is taken over, and the sealed
    one of the other copy is."""
    into, source = (
        (pair.type_here, pair.type_there) if what == "pull" else (pair.type_there, pair.type_here)
    )
    side = ("--prefer", "remote" if what == "pull" else "local")
    mine, theirs = sealed(PLAIN), sealed("Other")
    common = {"sealed": mine, "plain": PLAIN}.get(base)
    for type_into in (into, source):
        type_into(VENDOR_CREDENTIALS, {2: {"password": common}})
    assert pair.sync("push").code == 0
    into(VENDOR_CREDENTIALS, {2: {"password": mine}})
    new = PLAIN if base != "plain" else "Pw-Zeisig-2"
    source(VENDOR_CREDENTIALS, {2: {"password": new, "email": "new@x.example"}})
    at = 0 if what == "pull" else 1
    for _ in range(2):
        said = pair.sync(what, *side, "--json")
        assert said.code == 1
        assert findings(said) == [("STAYS_SEALED", "HIGH", VENDOR_CREDENTIALS, 2)]
        assert "credentials seal" in said.out
        assert "Zeisig" not in said.out + said.err
        assert pair.both(VENDOR_CREDENTIALS, 2, HEADER)[at] == mine
    emails = {v for k, v in pair.here(VENDOR_CREDENTIALS).items() if k[1] == 2}
    assert "new@x.example" in emails
    source(VENDOR_CREDENTIALS, {2: {"password": theirs}})
    assert pair.sync(what, *side).code == 0
    assert pair.both(VENDOR_CREDENTIALS, 2, HEADER) == (theirs, theirs)

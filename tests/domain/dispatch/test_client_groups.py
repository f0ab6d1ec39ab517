"""Which companies are one client when some were joined and some told apart (D23, D27)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketops.domain.dispatch.groups import Clients

NAMES = (
    "Acme",
    "ACME",
    "Acme VIP",
    "Acme Ltd",
    "Acme Limited",
    "Acme AG",
    "Bolt",
    "Bolt Inc.",
    "Zenith",
)


@pytest.mark.parametrize(
    ("companies", "aliases", "keys"),
    [
        (["Acme", "Acme VIP", "Acme Ltd"], {}, ["acme", "acme", "acme"]),
        (["Delta AG", "Delta SA", "Delta"], {}, ["delta ag", "delta sa", "delta"]),
        (["Delta AG", "Delta AG VIP", "Delta SA"], {}, ["delta ag", "delta ag", "delta sa"]),
        (["Acme Ltd", "Acme Limited"], {}, ["acme", "acme"]),
        (["Acme", "Acme VIP"], {"Acme VIP": "Acme VIP"}, ["acme", "acme vip"]),
        (["Acme", "Acme VIP"], {"Acme": "Acme"}, ["acme", "acme vip"]),
        (["Acme", "Bolt"], {"Acme": "Bolt"}, ["bolt", "bolt"]),
        (["Delta AG", "Delta SA"], {"Delta SA": "Delta AG"}, ["delta", "delta"]),
    ],
)
def test_the_group_of_a_company(
    companies: list[str], aliases: dict[str, str], keys: list[str]
) -> None:
    clients = Clients(companies, aliases)
    assert [clients.key(company) for company in companies] == keys


@pytest.mark.parametrize(
    ("companies", "aliases", "doubtful"),
    [
        (["Acme", "ACME", "acme."], {}, []),
        (["Acme Ltd", "Acme Limited", "ACME LTD."], {}, []),
        (["Acme", "Acme VIP"], {}, ["Acme", "Acme VIP"]),
        (["Acme", "Acme Ltd"], {}, ["Acme", "Acme Ltd"]),
        (["Acme", "Acme VIP"], {"Acme VIP": "Acme"}, []),
        (["Acme", "Acme VIP", "Acme Ltd"], {"Acme VIP": "Acme"}, ["Acme", "Acme Ltd"]),
    ],
)
def test_what_must_be_confirmed(
    companies: list[str], aliases: dict[str, str], doubtful: list[str]
) -> None:
    clients = Clients(companies, aliases)
    assert len({clients.key(company) for company in companies}) == 1
    assert clients.unconfirmed(companies) == doubtful


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=6),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES), max_size=4),
)
def test_joined_names_are_one_client_and_old_books_are_still_theirs(
    companies: list[str], aliases: dict[str, str]
) -> None:
    before, after = Clients(companies, {}), Clients(companies, aliases)
    for name in companies:
        assert after.key(name) == after.key(after.owner(name))
        assert after.is_of(name, after.key(name))
        told_apart = any(
            a.casefold() == name.casefold() == t.casefold() for a, t in aliases.items()
        )
        if not told_apart and " " not in before.key(name):
            assert after.is_of(name, before.key(name))
        assert not after.is_of(name, "somebody else")
    assert not after.is_of(None, "acme")

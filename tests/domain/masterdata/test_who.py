"""Who is who (D23): what is taken, what is refused, what is new."""

from __future__ import annotations

import string

import pytest
import rapidfuzz.distance  # noqa: F401 (imported once, before examples are timed)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ticketops.domain.masterdata.who import Directory, begins, fold, near
from ticketops.errors import UnclearNameError

CLIENTS = ("Meridian Travel", "Müller Reisen", "Delta AG", "Acme 1", "Acme 2", "BMW", "Mertens")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Meridien Travl", "Meridian Travel"),
        ("Meridiantravel", "Meridian Travel"),
        ("Travel Meridian", "Meridian Travel"),
        ("Mueller", "Müller"),
        ("Detla", "Delta"),
        ("Delta", "Delta AG"),
        ("Acme VIP", "Acme"),
        ("Smith & Sons", "Smith and Son"),
        ("Łódź Tours", "Lods Tours"),
    ],
)
def test_what_is_near(one: str, other: str) -> None:
    assert near(one, other)
    assert near(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme 1", "Acme 2"),
        ("Client 1", "Client 10"),
        ("Delta AG", "Delta SA"),
        ("Delta Ltd", "Delta LLC"),
        ("BMW", "BMV"),
        ("Agency A", "Agency B"),
        ("Alpha Travel", "Alpine Travel"),
        ("Meridian Travel", "Meridian Tours"),
        ("Meridian Travel", "Meridian"),
        ("VIP", "VIP Ltd"),
    ],
)
def test_what_is_not_near(one: str, other: str) -> None:
    assert not near(one, other)
    assert not near(other, one)


@pytest.mark.parametrize(
    ("text", "name", "how"),
    [
        ("Meridian Travel", "Meridian Travel", "exact"),
        ("  meridian   TRAVEL ", "Meridian Travel", "exact"),
        ("meri", "Meridian Travel", "prefix"),
        ("mül", "Müller Reisen", "prefix"),
        ("Muller", "Müller Reisen", "prefix"),
        ("Muller Reisen", "Müller Reisen", "alike"),
        ("Delta SA", "Delta SA", "new"),
        ("Acme 3", "Acme 3", "new"),
        ("BMX", "BMX", "new"),
        ("me", "me", "new"),
        ("Zebra", "Zebra", "new"),
        ("Old Name", "Meridian Travel", "alias"),
        ("old n", "Meridian Travel", "prefix"),
    ],
)
def test_whom_a_text_means(text: str, name: str, how: str) -> None:
    found = Directory("client", CLIENTS, {"Old Name": "Meridian Travel"}).find(text)
    assert (found.name, found.how) == (name, how)


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("mer", ("Meridian Travel", "Mertens")),
        ("Acme", ("Acme 1", "Acme 2")),
        ("Meridien Travl", ("Meridian Travel",)),
        ("Meridian Travle", ("Meridian Travel",)),
    ],
)
def test_what_is_unclear_is_refused_with_the_candidates(
    text: str, candidates: tuple[str, ...]
) -> None:
    with pytest.raises(UnclearNameError) as refused:
        Directory("client", CLIENTS).find(text)
    assert refused.value.candidates == candidates
    assert refused.value.exit_code == 3
    assert all(name in refused.value.hint for name in candidates)
    assert Directory("client", CLIENTS).find(text, new=True).name == text


def test_insisting_makes_nobody_new_who_is_known() -> None:
    directory = Directory("client", CLIENTS, {"Old Name": "Mertens"})
    assert directory.find("delta ag", new=True).name == "Delta AG"
    assert directory.find("old name", new=True).name == "Mertens"


def test_aliases_of_one_client_are_not_tied() -> None:
    directory = Directory("client", ["Zenith"], {"Nadir One": "Zenith", "Nadir Two": "Zenith"})
    assert directory.find("nad").name == "Zenith"
    assert directory.owner("nadir one") == "Zenith"


def test_aliases_in_a_circle_end() -> None:
    assert Directory("client", [], {"A": "B", "B": "A"}).owner("A") in ("A", "B")


LETTERS = st.text(string.ascii_lowercase + "éüß ", min_size=1, max_size=14)
NAMES = st.one_of(
    LETTERS, st.tuples(LETTERS, st.sampled_from(("AG", "SA", "VIP", "2", "10"))).map(" ".join)
).filter(str.strip)


@settings(max_examples=300)
@given(NAMES, NAMES)
def test_nearness_is_symmetric_and_keeps_digits(one: str, other: str) -> None:
    assert near(one, other) == near(other, one)
    assert not near(one, one)
    assert not near(f"{one} 7", f"{one} 8")


@settings(max_examples=300)
@given(st.lists(NAMES, min_size=1, max_size=6), st.data())
def test_an_exact_name_always_wins(names: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(names))
    found = Directory("client", names).find(name)
    assert found.how == "exact"
    assert " ".join(found.name.split()).casefold() == " ".join(name.split()).casefold()


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(NAMES, max_size=6), NAMES)
def test_nothing_is_taken_that_does_not_begin_with_the_text(names: list[str], text: str) -> None:
    directory = Directory("client", names)
    assume(not directory.known(text))
    found, candidates = None, ()
    try:
        found = directory.find(text)
    except UnclearNameError as error:
        candidates = error.candidates
    if found is None:
        assert candidates
        assert all(
            near(text, name) or begins(text, name) or fold(text) == fold(name)
            for name in candidates
        )
        return
    if found.how == "new":
        assert not any(near(text, name) or begins(text, name) for name in names)
    else:
        assert fold(found.name).startswith(fold(text))
        assert sum(fold(name).startswith(fold(text)) for name in directory.names) == 1


def test_a_code_stands_for_its_record_though_rows_say_it() -> None:
    known = Directory(
        "client",
        ["NLY", "Nordlys AS", "BMW"],
        {"Northlight": "nly", "ACM": "ACM"},
        masters=["Nordlys AS", "BMW", "Acme"],
        codes={"NLY": "Nordlys AS", "BMW": "Acme", "ACM": "Acme"},
    )
    assert (known.find("nly").name, known.find("nly").how) == ("Nordlys AS", "code")
    assert known.owner("NLY") == known.owner("Northlight") == "Nordlys AS"
    assert known.find("BMW").how == "exact"  # a record's own name goes before another's code
    assert known.owner("BMW") == "BMW"
    assert known.owner("ACM") == "ACM"  # somebody keeps that name apart

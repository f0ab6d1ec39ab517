"""How passwords are sealed (§10, D13): what a sealed value looks like, the sealer and its key file."""

from __future__ import annotations

import base64
import os
import stat
import traceback
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.credentials.desk import CANARY
from ticketops.adapters import sealing
from ticketops.adapters.sealing import Sealer
from ticketops.config import Settings
from ticketops.errors import UnusableError, UsageError
from ticketops.model.secrets import is_sealed


def new_key_file(path: Path, *lines: str, mode: int = 0o600) -> Path:
    path.write_text("\n".join(lines))
    path.chmod(mode)
    return path


KEY = "IFpoRJjnnX8R-aGgDhgew0KJFOxSwu8jkO5G-PYaNn4="
"""Any: the names of tests must not change from run to run."""
TOKEN = Fernet(KEY)._encrypt_from_parts(b"x", 1_776_000_000, bytes(16)).decode()

# --- what a sealed value looks like


@given(st.binary(max_size=300))
def test_every_token_is_sealed(data: bytes) -> None:
    assert is_sealed("sealed:" + Fernet(Fernet.generate_key()).encrypt(data).decode())


@given(st.text())
def test_no_text_is(text: str) -> None:
    assert not is_sealed(text)
    assert not is_sealed(f"sealed:{text}")


@pytest.mark.parametrize(
    "text",
    [
        None,
        12.5,
        "",
        "sealed:",
        "sealed:hunter2",
        "sealed:gAAAAA",
        "sealed:gAAAAABhunter2hunter2hunter2hunter2",
        TOKEN,
        "SEALED:" + TOKEN,
        "sealed:" + base64.urlsafe_b64encode(b"\x80" + bytes(73)).decode(),
        "sealed:" + base64.urlsafe_b64encode(b"\x80" + bytes(56)).decode(),
        f"sealed:{TOKEN} ",
    ],
)
def test_what_only_looks_like_it_is_not(text: object) -> None:
    assert not is_sealed(text)


# --- the sealer and its key file


def test_what_is_sealed_another_program_opens(tmp_path: Path) -> None:
    first, second = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    path = new_key_file(tmp_path / "k", "# ours", "", f"  {first}  ", "# the old one", second)
    sealer = Sealer.of(Settings(key_file=path))
    token = sealer.seal(CANARY)
    assert is_sealed(token)
    assert Fernet(first).decrypt(token.removeprefix("sealed:")).decode() == CANARY, (
        "the first key seals"
    )
    assert sealer.open(token) == CANARY
    assert sealer.open("sealed:" + Fernet(second).encrypt(b"old").decode()) == "old", "all open"
    assert sealer.seal(token) == token
    assert sealer.seal(CANARY) == token, "copies stay equal"
    assert sealer.open("sealed:plain") == "sealed:plain", "what is not sealed is as it is"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_sealing_is_exact_for_any_text(texts: list[str]) -> None:
    sealer = Sealer([Fernet.generate_key().decode()], Path("k"))
    tokens = [sealer.seal(text) for text in texts]
    assert [sealer.open(token) for token in tokens] == texts
    assert [tokens.index(token) for token in tokens] == [texts.index(text) for text in texts], (
        "equal exactly where the texts are"
    )


def test_resealed_with_the_first_key_and_equal_where_equal() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    tokens = ["sealed:" + Fernet(old).encrypt(text).decode() for text in (b"one", b"one", b"two")]
    sealer = Sealer([new, old], Path("k"))
    resealed = [sealer.reseal(token) for token in [*tokens, "one"]]
    assert [Fernet(new).decrypt(token.removeprefix("sealed:")) for token in resealed] == [
        b"one",
        b"one",
        b"two",
        b"one",
    ]
    assert len(set(resealed)) == 2


def test_a_key_that_does_not_fit_gives_nothing_away() -> None:
    token = Sealer([Fernet.generate_key().decode()], Path("k")).seal(CANARY)
    wrong = Fernet.generate_key().decode()
    sealer = Sealer([wrong], Path("k"))
    for call in (sealer.open, sealer.reseal):
        with pytest.raises(UnusableError) as caught:
            call(token)
        shown = (
            "".join(traceback.format_exception(caught.value))
            + repr(sealer)
            + str(caught.value.hint)
        )
        assert token not in shown
        assert wrong not in shown


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o620, 0o610, 0o777])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = new_key_file(tmp_path / "k", Fernet.generate_key().decode(), mode=mode)
    with pytest.raises(UnusableError, match="open to others") as caught:
        Sealer.of(Settings(key_file=path))
    assert caught.value.hint == f"chmod 600 {path}"
    path.chmod(0o400)
    Sealer.of(Settings(key_file=path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no key"),
        ("# only words\n\n", "holds no key"),
        ("hunter2", "key 1 .* is not a Fernet key"),
        (f"{KEY}\nhunter2", "key 2"),
        ("é" * 44, "key 1"),
        ("x" * 70_000, "too large"),
        ("\0" * 44, "key 1"),
    ],
)
def test_a_broken_key_file_is_one_clear_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UnusableError, match=message) as caught:
        Sealer.of(Settings(key_file=new_key_file(tmp_path / "k", content)))
    shown = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in shown
    assert "\n" not in str(caught.value)


def test_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Sealer.of(Settings())
    assert 'key_file = "' in caught.value.hint
    assert "TICKETOPS_KEY_FILE" in caught.value.hint
    for path, message in (
        (tmp_path / "none", "does not exist"),
        (tmp_path, "is not a file"),
        (tmp_path / "none" / "k", "does not exist"),
    ):
        with pytest.raises(UnusableError, match=message):
            Sealer.of(Settings(key_file=path))


def test_a_new_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "k"
    before = os.umask(0)
    try:
        sealing.new_key_file(path)
        sealing.add_key(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(UnusableError, match="already exists"):
        sealing.new_key_file(path)
    assert {p.name for p in path.parent.iterdir()} == {"k", sealing.LOCK}
    assert stat.S_IMODE((path.parent / sealing.LOCK).stat().st_mode) == 0o600


def test_keys_are_added_in_front_and_dropped_behind(tmp_path: Path) -> None:
    path = tmp_path / "k"
    sealing.new_key_file(path)
    first = sealing.read_keys(path)
    sealing.add_key(path)
    mine = Fernet.generate_key().decode()
    sealing.add_key(path, mine)
    keys = sealing.read_keys(path)
    assert (keys[0], keys[2:], len(set(keys))) == (mine, first, 3)
    assert sealing.drop_old_keys(path) == 2
    assert sealing.read_keys(path) == [mine]
    assert sealing.drop_old_keys(path) == 0


def test_a_key_file_that_can_not_be_replaced_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "k"
    sealing.new_key_file(path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UnusableError, match="No space left"):
        sealing.add_key(path)
    assert path.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"k", sealing.LOCK}

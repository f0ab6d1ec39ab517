"""Vendor logins (§10, D13): which one counts, whose units get it, what is recorded, how passwords are sealed."""

from __future__ import annotations

import base64
import os
import stat
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from tests.desk import Desk, everything
from ticketops.config import Settings
from ticketops.domain import credentials as domain
from ticketops.domain.conformance import examine
from ticketops.domain.credentials import Credential, Event, best
from ticketops.domain.plan import Plan
from ticketops.errors import InputError, NotFoundError, NotPermittedError, RuleError, UnusableError, UsageError
from ticketops.model.secrets import is_sealed
from ticketops.schema.workbook import (
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    MANIFEST,
    MATTHIAS_EMAILS,
    PURCHASES,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.services import credentials, jobs, sealing
from ticketops.services.sealing import Sealer
from ticketops.services.transaction import Job, prepare_undo
from ticketops.stores.memory import MemoryStore

CANARY = "hunter2-Ünï"


class Office(Desk):
    """A desk with a key file; notices are kept."""

    def __init__(self, folder: Path, store: Any = None) -> None:
        super().__init__(store, role="ops_manager")
        self.keys = folder / "keys" / "ticketops.keys"
        self.settings = Settings(key_file=self.keys)
        self.notices: list[str] = []

    def seal(self) -> Plan:
        return self.do(credentials.seal(self.settings, dry_run=False, notice=self.notices.append))

    def add(self, vendor: str = "Ann", password: str | None = CANARY, **more: str) -> Plan:
        values = {"login": "a1", "email": "a1@example.com", "notes": "", "event": ""} | more
        return self.do(credentials.add(self.settings, vendor, password=password, **values, dry_run=False, notice=self.notices.append))

    def update(self, vendor: str = "Ann", login: str = "", **given: str) -> Plan:
        return self.do(
            credentials.update(self.settings, vendor, login=login, event=None, given=given, dry_run=False, notice=self.notices.append)
        )

    def deactivate(self, vendor: str = "Ann", login: str = "", event: str | None = None) -> Plan:
        return self.do(credentials.deactivate(vendor, "left us", login=login, event=event))

    def assign(self, vendor: str = "Ann", mode: str = domain.BLANKS_ONLY, **more: str) -> Plan:
        return self.do(credentials.assign(self.settings, vendor, mode=mode, **{"match": "", "login": ""} | more))

    def opened(self, text: str | None) -> str | None:
        """What a cell says, by the library itself."""
        if text is None or not text.startswith("sealed:"):
            return text
        for line in self.keys.read_text().splitlines():
            if line and not line.startswith("#"):
                try:
                    return Fernet(line).decrypt(text.removeprefix("sealed:")).decode()
                except Exception:
                    continue
        raise AssertionError("no key opens it")

    def passwords(self, sheet: str, column: str = "password") -> list[str | None]:
        return [self.opened(text) for text in self.rows(sheet, column)]

    def history(self, *columns: str) -> list[Any]:
        return self.rows(CREDENTIAL_HISTORY, *(columns or ("action", "vendor", "login_id", "event", "subject", "detail")))

    def refused(self, error: type[Exception], match: str, call: Callable[[], object]) -> None:
        before = everything(self.store)
        with pytest.raises(error, match=match) as caught:
            call()
        assert everything(self.store) == before
        assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    return Office(tmp_path)


def viewed(desk: Office, vendor: str = "Ann") -> Job:
    return credentials.openable(credentials.reveal(vendor, login="", event=None), desk.settings)


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


@pytest.mark.parametrize("text", [
    None, 12.5, "", "sealed:", "sealed:hunter2", "sealed:gAAAAA", "sealed:gAAAAABhunter2hunter2hunter2hunter2",
    TOKEN, "SEALED:" + TOKEN,
    "sealed:" + base64.urlsafe_b64encode(b"\x80" + bytes(73)).decode(), "sealed:" + base64.urlsafe_b64encode(b"\x80" + bytes(56)).decode(),
    f"sealed:{TOKEN} ",
])  # fmt: skip
def test_what_only_looks_like_it_is_not(text: object) -> None:
    assert not is_sealed(text)


# --- the sealer and its key file


def test_what_is_sealed_another_program_opens(tmp_path: Path) -> None:
    first, second = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    path = new_key_file(tmp_path / "k", "# ours", "", f"  {first}  ", "# the old one", second)
    sealer = Sealer.of(Settings(key_file=path))
    token = sealer.seal(CANARY)
    assert is_sealed(token)
    assert Fernet(first).decrypt(token.removeprefix("sealed:")).decode() == CANARY, "the first key seals"
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
    assert [tokens.index(token) for token in tokens] == [texts.index(text) for text in texts], "equal exactly where the texts are"


def test_resealed_with_the_first_key_and_equal_where_equal() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    tokens = ["sealed:" + Fernet(old).encrypt(text).decode() for text in (b"one", b"one", b"two")]
    sealer = Sealer([new, old], Path("k"))
    resealed = [sealer.reseal(token) for token in [*tokens, "one"]]
    assert [Fernet(new).decrypt(token.removeprefix("sealed:")) for token in resealed] == [b"one", b"one", b"two", b"one"]
    assert len(set(resealed)) == 2


def test_a_key_that_does_not_fit_gives_nothing_away() -> None:
    token = Sealer([Fernet.generate_key().decode()], Path("k")).seal(CANARY)
    wrong = Fernet.generate_key().decode()
    sealer = Sealer([wrong], Path("k"))
    for call in (sealer.open, sealer.reseal):
        with pytest.raises(UnusableError) as caught:
            call(token)
        shown = "".join(traceback.format_exception(caught.value)) + repr(sealer) + str(caught.value.hint)
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


@pytest.mark.parametrize(("content", "message"), [
    ("", "holds no key"), ("# only words\n\n", "holds no key"), ("hunter2", "key 1 .* is not a Fernet key"),
    (f"{KEY}\nhunter2", "key 2"), ("é" * 44, "key 1"), ("x" * 70_000, "too large"), ("\0" * 44, "key 1"),
])  # fmt: skip
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
    for path, message in ((tmp_path / "none", "does not exist"), (tmp_path, "is not a file"), (tmp_path / "none" / "k", "does not exist")):
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
    with pytest.raises(UnusableError, match="there already"):
        sealing.new_key_file(path)
    assert [p.name for p in path.parent.iterdir()] == ["k"]


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


def test_a_key_file_that_can_not_be_replaced_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "k"
    sealing.new_key_file(path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UnusableError, match="No space left"):
        sealing.add_key(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["k"]


# --- which login counts

_NAMES = st.sampled_from(["Ann", "ann ", "A nn", "Bee"])
_EVENTS = st.sampled_from([None, "WC2026", "wc2026", "LA28"])
_CREDENTIALS = st.lists(
    st.builds(Credential, st.just(0), _NAMES, active=st.booleans(), event=_EVENTS,
              updated_at=st.sampled_from([None, datetime(2026, 1, 1), datetime(2026, 1, 2)])),
    max_size=8,
)  # fmt: skip


@given(_CREDENTIALS, st.sampled_from(["ann", "Bee", "Cem", "", None]), _EVENTS)
def test_the_best_login_by_trying_all(given_: list[Credential], vendor: str | None, event: str | None) -> None:
    rows = [Credential(i, c.vendor, active=c.active, updated_at=c.updated_at, event=c.event) for i, c in enumerate(given_, start=2)]

    def beats(one: Credential, other: Credential) -> bool:
        if (one.event is None) != (other.event is None):
            return one.event is not None
        if one.updated_at != other.updated_at:
            return other.updated_at is None or (one.updated_at is not None and one.updated_at > other.updated_at)
        return one.row > other.row

    def fits(c: Credential) -> bool:
        for_it = c.event is None or (event is not None and c.event.lower() == event.lower())
        return c.active and c.vendor.strip().lower() == (vendor or "?").lower() and for_it

    able = [c for c in rows if fits(c)]
    expected = [c for c in able if all(c is other or beats(c, other) for other in able)]
    assert best(rows, vendor, event) == (expected[0] if expected else None)


def test_no_password_in_a_repr() -> None:
    found = Credential(2, "Ann", password=CANARY)
    assert CANARY not in repr(found) + repr(domain.Shown(credential=found)) + found.called


# --- add, update, deactivate, reveal


def test_a_login_is_added_sealed_and_recorded(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor="Ann")
    plan = desk.add(event="WC2026", notes="the big one")
    assert desk.rows(VENDOR_CREDENTIALS, "vendor", "login_id", "email", "active", "notes", "event") == [
        ("Ann", "a1", "a1@example.com", True, "the big one", "WC2026")
    ]
    assert is_sealed(desk.rows(VENDOR_CREDENTIALS, "password")[0])
    assert desk.passwords(VENDOR_CREDENTIALS) == [CANARY]
    assert desk.history() == [("CREATED", "Ann", "a1", "WC2026", None, None)]
    assert plan.findings == []
    assert plan.result["password"] == "sealed"
    assert len(desk.notices) == 1
    assert str(desk.keys) in desk.notices[0]
    assert "copy" in desk.notices[0]
    assert CANARY not in repr(plan.result) + repr(desk.notices)
    desk.add("Bee")
    assert len(desk.notices) == 1, "the key file is there"


def test_a_vendor_that_sold_nothing_yet_is_told(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor=" ANN")
    assert desk.add("Ann").findings == []
    assert [(f.code, f.severity.name) for f in desk.add("Cem").findings] == [("UNKNOWN_VENDOR", "INFO")]


def test_a_login_twice_is_refused(desk: Office) -> None:
    desk.add()
    desk.refused(RuleError, "has a1", lambda: desk.add(" ann", login="A1", email="other@example.com"))
    desk.add(event="WC2026")
    desk.refused(RuleError, "WC2026", lambda: desk.add(event="wc2026"))
    desk.add(login="", email="x@example.com")
    desk.refused(RuleError, "x@example.com", lambda: desk.add(login="", email="X@example.com"))
    desk.deactivate(login="a1", event="")
    desk.add()
    assert [row[0] for row in desk.history("action", "vendor")] == ["CREATED"] * 3 + ["DEACTIVATED", "CREATED"]


def test_an_update_says_what_changed_but_not_to_what(desk: Office) -> None:
    desk.add()
    plan = desk.update(password="new-secret-1", email="b@example.com", notes="")
    assert plan.result["changed"] == ["password", "email"]
    assert desk.passwords(VENDOR_CREDENTIALS) == ["new-secret-1"]
    assert desk.rows(VENDOR_CREDENTIALS, "email", "updated_at")[0][0] == "b@example.com"
    assert desk.history()[-1] == ("UPDATED", "Ann", "a1", None, None, "password, email")
    desk.update(event="WC2026", login_id="a2")
    assert desk.history()[-1] == ("UPDATED", "Ann", "a2", "WC2026", None, "event, login_id")
    assert desk.update(notes="").changes.changes == []
    desk.update(password="")
    assert desk.passwords(VENDOR_CREDENTIALS) == [None]
    desk.add(login="a3")
    desk.refused(RuleError, "has a2", lambda: desk.update(login="a3", login_id="a2", event="WC2026"))


def test_which_one_must_be_clear(desk: Office) -> None:
    desk.add()
    desk.add(event="WC2026")
    desk.add(login="a2")
    for call in (
        desk.deactivate,
        lambda: desk.update(notes="x"),
        lambda: desk.do(viewed(desk)),
    ):
        desk.refused(RuleError, r"3 logins: a1 \(every event\), a1 \(WC2026\), a2 \(every event\)", call)
    desk.refused(RuleError, "2 logins", lambda: desk.deactivate(login="A1"))
    desk.refused(NotFoundError, "a9", lambda: desk.deactivate(login="a9"))
    desk.refused(NotFoundError, "Bee", lambda: desk.deactivate("Bee"))
    desk.refused(NotFoundError, "LA28", lambda: desk.deactivate(event="LA28"))
    desk.deactivate(" ANN ", login="a1", event="")
    assert desk.rows(VENDOR_CREDENTIALS, "active") == [False, True, True]
    assert desk.history()[-1] == ("DEACTIVATED", "Ann", "a1", None, None, "left us")
    desk.deactivate(login="a1")
    desk.deactivate()
    desk.refused(NotFoundError, "no active login", desk.deactivate)


def test_a_password_that_is_looked_at_is_recorded_and_not_in_the_result(desk: Office) -> None:
    desk.add()
    plan = desk.do(viewed(desk, "ann"))
    assert isinstance(plan, domain.Shown)
    assert plan.credential is not None
    assert credentials.opened(desk.settings, plan.credential.password) == CANARY
    assert CANARY not in repr(plan)
    assert plan.credential.password not in repr(plan)  # type: ignore[operator]
    assert desk.history()[-1] == ("PASSWORD_VIEWED", "Ann", "a1", None, None, None)
    desk.keys.write_text(Fernet.generate_key().decode())
    desk.refused(UnusableError, "key", lambda: desk.do(viewed(desk, "ann")))
    desk.add("Cem", None)
    desk.refused(RuleError, "no password", lambda: desk.do(viewed(desk, "Cem")))


@pytest.mark.parametrize("command", ["credentials reveal", "staff reveal T1", "staff build --with-passwords Bob"])
def test_what_showed_a_password_is_not_undone(desk: Office, command: str) -> None:
    def plan(snapshot: Any, run: Any) -> Plan:
        made = Plan()
        domain.record(
            made, snapshot, run, [Event("EXPORTED", "Ann", subject="T1"), Event("PASSWORD_VIEWED", "Bee", "b1", "LA28", "T2", "why")]
        )
        return made

    desk.do(Job(command, (CREDENTIAL_HISTORY,), plan))
    assert desk.history() == [("EXPORTED", "Ann", None, None, "T1", None), ("PASSWORD_VIEWED", "Bee", "b1", "LA28", "T2", "why")]
    assert desk.history("user", "run_id")[0] == ("tester", "R20260417-143022")
    desk.refused(RuleError, "nothing to undo", lambda: prepare_undo(desk.store, desk.run()))


def test_staff_build_without_passwords_is_undone(desk: Office) -> None:
    desk.do(Job("staff build", (CREDENTIAL_HISTORY,), _recorded))
    assert prepare_undo(desk.store, desk.run())[0].entry.command == "staff build"


def _recorded(snapshot: Any, run: Any) -> Plan:
    plan = Plan()
    domain.record(plan, snapshot, run, [Event("ASSIGNED", "Ann")])
    return plan


@pytest.mark.parametrize("password", ["", "a\nb", "a\0", "\x1b[2J", "x" * 501, "\ud800"])
def test_a_password_that_no_cell_or_terminal_should_hold(password: str) -> None:
    with pytest.raises(InputError) as caught:
        credentials.acceptable(password)
    assert not password or password not in str(caught.value)


@pytest.mark.parametrize("password", [" p ", "sealed:x", "=1+1", "💣 ñ", "'\"<&>"])
def test_any_other_is_kept_to_the_letter(desk: Office, password: str) -> None:
    desk.add(password=credentials.acceptable(password))
    assert desk.passwords(VENDOR_CREDENTIALS) == [password]


def test_a_sealed_value_is_no_password() -> None:
    with pytest.raises(RuleError, match="sealed"):
        credentials.acceptable("sealed:" + Fernet(Fernet.generate_key()).encrypt(b"x").decode())


@pytest.mark.parametrize(
    ("name", "least"),
    [("add", 2), ("update", 2), ("deactivate", 2), ("assign", 2), ("reveal", 2), ("history", 2), ("seal", 3), ("rotate", 3), ("list", 1)],
)
def test_each_has_its_least_role(desk: Office, name: str, least: int) -> None:
    desk.add()
    job = {
        "add": credentials.add(desk.settings, "Bee", login="b", email="", password=None, notes="", event="", dry_run=False, notice=print),
        "update": credentials.update(desk.settings, "Ann", login="", event=None, given={"notes": "x"}, dry_run=False, notice=print),
        "deactivate": credentials.deactivate("Ann", "x", login="", event=None),
        "assign": credentials.assign(desk.settings, "Ann", match="", mode=domain.OVERWRITE, login=""),
        "reveal": viewed(desk),
        "history": credentials.history("", 5),
        "seal": credentials.seal(desk.settings, dry_run=False, notice=print),
        "rotate": credentials.rotate(desk.settings, dry_run=False),
        "list": credentials.listing("", inactive=True),
    }[name]
    keys = desk.keys.read_bytes()
    roles = ("staff", "operator", "sr_operator", "ops_manager")
    for role in roles[:least]:
        desk.role = role
        desk.refused(NotPermittedError, roles[least], lambda: desk.do(job))
    assert desk.keys.read_bytes() == keys
    desk.role = roles[least]
    desk.do(job)


# --- assign

G = ("a1", "a1@example.com", CANARY)
"""Login, address and password of the credential."""
TABLE: list[tuple[str, tuple[Any, Any, Any, Any], tuple[Any, Any, Any, Any], tuple[Any, Any, Any, Any]]] = [
    # (login, address, password, older password) of the unit: before, after BLANKS_ONLY, after OVERWRITE
    ("nothing", (None, None, None, None), (*G, None), (*G, None)),
    ("the login", ("a1", None, None, None), (*G, None), (*G, None)),
    ("the login, case", ("A1", None, None, None), ("A1", *G[1:], None), (*G, None)),
    ("the address", (None, "A1@Example.com", None, None), ("a1", "A1@Example.com", CANARY, None), (*G, None)),
    ("another login", ("z9", None, None, None), ("z9", None, None, None), (*G, None)),
    ("another address", (None, "z@example.com", None, None), (None, "z@example.com", None, None), (*G, None)),
    ("the login, another address", ("a1", "z@example.com", None, None), ("a1", "z@example.com", None, None), (*G, None)),
    ("another password", (None, None, "old", None), ("a1", "a1@example.com", "old", None), (*G, None)),
    ("the password in plain text", (None, None, CANARY, None), (*G, None), (*G, None)),
    ("an older password", (None, None, None, "old"), ("a1", "a1@example.com", None, "old"), (*G, "old")),
    ("both", ("z9", "z@example.com", "old", "older"), ("z9", "z@example.com", "old", "older"), (*G, "older")),
    ("all of it", (*G, None), (*G, None), (*G, None)),
]  # fmt: skip


@pytest.mark.parametrize("mode", [domain.BLANKS_ONLY, domain.OVERWRITE])
def test_what_each_mode_writes(desk: Office, mode: str) -> None:
    desk.buy(("M01", "Cat 1", len(TABLE)), vendor="Ann")
    desk.buy(("M01", "Cat 1", 1), vendor="Bee")
    columns = ("login_id", "email", "password", "password_legacy")
    for row, (_, before, _, _) in enumerate(TABLE, start=2):
        for column, value in zip(columns, before, strict=True):
            desk.set(UNITS, row, column, value)
    desk.add()
    plan = desk.assign(mode=mode)
    found = [tuple(desk.opened(v) for v in row) for row in desk.rows(UNITS, *columns)]
    expected = [blanks if mode == domain.BLANKS_ONLY else overwritten for _, _, blanks, overwritten in TABLE]
    assert dict(zip([name for name, *_ in TABLE], found, strict=False)) == dict(zip([name for name, *_ in TABLE], expected, strict=True))
    assert found[-1] == (None, None, None, None), "Bee's"
    if mode == domain.BLANKS_ONLY:
        names = ("units", "complete", "other_login", "other_password")
        assert [plan.result[name] for name in names] == [7, 1, 4, 2]
        assert [f.code for f in plan.findings] == ["OTHER_PASSWORD"]
    else:
        assert (plan.result["units"], plan.result["other_login"], plan.findings) == (len(TABLE), 0, [])
    assert desk.assign(mode=mode).changes.changes == [], "once is enough"


def test_units_that_are_gone_are_left_and_matches_are_recorded_each(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 5), ("M02", "Cat 1", 2), vendor="Ann")
    for row, status in ((2, "CANCELLED"), (3, "REPLACED"), (4, "SOLD")):
        desk.set(UNITS, row, "status", status)
    desk.add()
    assert desk.assign(match="M02").result["by_match"] == {"M02": 2}
    assert desk.history()[-1] == ("ASSIGNED", "Ann", "a1", None, "M02", "2 units, BLANKS_ONLY")
    plan = desk.assign(vendor=" aNN ")
    assert (plan.result["by_match"], plan.result["complete"]) == ({"M01": 2}, 2)
    assert desk.rows(UNITS, "login_id") == [None, None, None, "a1", "a1", "a1", "a1"]
    desk.assign(mode=domain.OVERWRITE)
    desk.update(login_id="a2")
    plan = desk.assign(mode=domain.OVERWRITE)
    assert [row[4:] for row in desk.history()[-2:]] == [("M01", "2 units, OVERWRITE"), ("M02", "2 units, OVERWRITE")]


def test_the_events_login_comes_first_or_the_one_that_is_named(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor="Ann")
    desk.add(login="global")
    desk.add(login="here", event="wc2026")
    desk.add(login="there", event="LA28")
    for named, login in (("", "here"), ("GLOBAL", "global")):
        desk.assign(mode=domain.OVERWRITE, login=named)
        assert desk.rows(UNITS, "login_id") == [login]
    desk.refused(NotFoundError, "there", lambda: desk.assign(login="there"))
    desk.refused(NotFoundError, "Bee", lambda: desk.assign("Bee"))


def test_tickets_get_what_their_unit_got_and_masked_vendors_keep_their_address(desk: Office) -> None:
    masked = "ann@example.com"
    desk.type_rows(MATTHIAS_EMAILS, [{"email": masked}])
    desk.buy(("M01", "Cat 1", 2), vendor="Bee")
    desk.buy(("M02", "Cat 1", 1), vendor=masked)
    desk.sell(("M01", "Cat 1", 2), ("M02", "Cat 1", 1))
    for sale in ("S1", "S2"):
        desk.do(jobs.allocate_commit(sale))
    desk.add("Bee", login="b1", email="b1@example.com")
    desk.add(masked, login="m1", email="login@example.com")
    assert desk.assign("Bee").result["sales_ids"] == ["S1-1", "S1-2"]
    assert desk.assign(masked).result["sales_ids"] == ["S2-1"]
    assert desk.rows(DISTRIBUTION, "vendor", "email") == [("Bee", "b1@example.com")] * 2 + [("Matthias", masked)]
    assert desk.passwords(DISTRIBUTION) == [CANARY] * 3
    assert desk.rows(UNITS, "email") == ["b1@example.com"] * 2 + ["login@example.com"]
    desk.set(DISTRIBUTION, 3, "password", None)
    desk.set(DISTRIBUTION, 4, "email", "typed@example.com")
    desk.set(DISTRIBUTION, 4, "password", None)
    assert desk.assign("Bee").result["sales_ids"] == ["S1-1"], "S1-2 has another address"
    assert desk.assign("Bee", mode=domain.OVERWRITE).result["sales_ids"] == ["S1-2"]
    desk.update("Bee", password="second")
    desk.assign("Bee", mode=domain.OVERWRITE)
    assert desk.passwords(DISTRIBUTION)[:2] == desk.passwords(UNITS)[:2] == ["second"] * 2
    assert "ERROR" not in desk.codes()


def test_an_allocation_after_it_writes_the_same(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2), vendor="Ann")
    desk.sell(("M01", "Cat 1", 2))
    desk.add()
    desk.assign()
    desk.do(jobs.allocate_commit("S1"))
    before = desk.rows(DISTRIBUTION, "email", "password")
    assert desk.assign(mode=domain.OVERWRITE).changes.changes == []
    assert desk.rows(DISTRIBUTION, "email", "password") == before


def test_without_a_key_a_plain_password_is_assigned_as_it_is_and_told(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor="Ann")
    desk.type_rows(VENDOR_CREDENTIALS, [{"vendor": "Ann", "login_id": "a1", "password": "plain-1"}])
    desk.settings = Settings()
    plan = desk.assign()
    assert desk.rows(UNITS, "password") == ["plain-1"]
    assert [(f.code, f.severity.name) for f in plan.findings] == [("PLAINTEXT_PASSWORD", "HIGH")]
    assert "ticketops credentials seal" in plan.findings[0].message
    desk.refused(UsageError, "key file", desk.add)


# --- seal and rotate


def _plain(desk: Office) -> None:
    """A plain password in every column for passwords."""
    desk.buy(("M01", "Cat 1", 2), vendor="Ann")
    desk.sell(("M01", "Cat 1", 1))
    desk.set(PURCHASES, 2, "email_password", "mail")
    desk.set(UNITS, 2, "password_legacy", "same")
    desk.set(UNITS, 2, "password", "same")
    desk.set(UNITS, 3, "password", 12345.0)
    desk.set(DISTRIBUTION, 3, "password", "sealed:not")
    desk.type_rows(VENDOR_CREDENTIALS, [{"vendor": "Ann", "password": " spaced "}])
    desk.type_rows(STAFF_QUEUE, [{"task_id": "T1", "vendor_password": "same"}])
    desk.type_rows(SUPPLIER_QUEUE, [{"vendor": "Ann", "password": "=SUM(1)"}])


def test_every_password_of_every_sheet_is_sealed(desk: Office) -> None:
    _plain(desk)
    assert codes_of(desk) == ["PLAINTEXT_PASSWORD"] * 7
    before = everything(desk.store)
    plan = desk.seal()
    assert plan.result == {"sealed": {PURCHASES: 1, UNITS: 3, DISTRIBUTION: 1, STAFF_QUEUE: 1, SUPPLIER_QUEUE: 1, VENDOR_CREDENTIALS: 1}}
    assert [(row[0], row[4], row[5]) for row in desk.history()] == [
        ("SEALED", s, f"{n} passwords") for s, n in plan.result["sealed"].items()
    ]
    found = {sheet: desk.passwords(sheet, column) for sheet, column in COLUMNS}
    assert found == {
        PURCHASES: ["mail"], UNITS: ["same", "12345"], DISTRIBUTION: ["sealed:not"], STAFF_QUEUE: ["same"], SUPPLIER_QUEUE: ["=SUM(1)"],
        VENDOR_CREDENTIALS: [" spaced "],
    }  # fmt: skip
    assert all(is_sealed(value) for sheet, column in COLUMNS for value in desk.rows(sheet, column))
    assert len({*desk.rows(UNITS, "password_legacy")[:1], desk.rows(UNITS, "password")[0], *desk.rows(STAFF_QUEUE, "vendor_password")}) == 1
    assert codes_of(desk) == []
    assert desk.seal().changes.changes == []
    desk.undo()
    assert {k: v for k, v in everything(desk.store).items() if k != CREDENTIAL_HISTORY} == {
        k: v for k, v in before.items() if k != CREDENTIAL_HISTORY
    }


COLUMNS = [(PURCHASES, "email_password"), (UNITS, "password"), (DISTRIBUTION, "password"), (STAFF_QUEUE, "vendor_password"),
           (SUPPLIER_QUEUE, "password"), (VENDOR_CREDENTIALS, "password")]  # fmt: skip


def codes_of(desk: Office) -> list[str]:
    names = [sheet.name for sheet in MANIFEST]
    found = examine(MANIFEST, desk.store.sheet_names(), desk.store.read(*names, strict=False).tables, desk.store.raw_rows(*names))
    plain = [f for f in found if f.code == "PLAINTEXT_PASSWORD"]
    assert all("`ticketops credentials seal`" in f.message and f.severity.name == "HIGH" for f in plain)
    return [f.code for f in plain]


def test_what_is_sealed_already_is_not_counted(desk: Office) -> None:
    desk.add()
    assert codes_of(desk) == []
    desk.set(VENDOR_CREDENTIALS, 3, "password", "plain")
    desk.set(VENDOR_CREDENTIALS, 3, "vendor", "Bee")
    assert codes_of(desk) == ["PLAINTEXT_PASSWORD"]
    assert desk.seal().result == {"sealed": {VENDOR_CREDENTIALS: 1}}


def test_no_second_key_where_the_first_is_elsewhere(desk: Office) -> None:
    desk.add()
    desk.set(VENDOR_CREDENTIALS, 3, "vendor", "Bee")
    desk.set(VENDOR_CREDENTIALS, 3, "password", "plain")
    kept = desk.keys.rename(desk.keys.with_name("elsewhere"))
    for call in (desk.seal, lambda: desk.add("Cem"), lambda: desk.update("Bee", password="x")):
        desk.refused(UnusableError, "does not exist, and the workbook holds sealed", call)
        assert not desk.keys.exists()
    sealing.new_key_file(desk.keys)
    desk.refused(UnusableError, "sealed with a key that is not in", desk.seal)
    kept.rename(desk.keys)
    desk.seal()


def test_a_dry_run_makes_no_key_file(desk: Office) -> None:
    _plain(desk)
    for job in (credentials.seal(desk.settings, dry_run=True, notice=desk.notices.append),
                credentials.add(desk.settings, "Cem", login="c", email="", password="x", notes="", event="", dry_run=True, notice=desk.notices.append)):  # fmt: skip
        snapshot = desk.store.read(*job.sheets)
        assert job.plan(snapshot, desk.run()).changes
    assert not desk.keys.parent.exists()
    assert desk.notices == []


def test_rotation_gives_a_new_key_and_keeps_the_old(desk: Office) -> None:
    _plain(desk)
    desk.seal()
    desk.set(VENDOR_CREDENTIALS, 3, "vendor", "Bee")
    desk.set(VENDOR_CREDENTIALS, 3, "password", "late")
    old = sealing.read_keys(desk.keys)
    before = {sheet: desk.passwords(sheet, column) for sheet, column in COLUMNS}
    plan = desk.do(credentials.rotate(desk.settings, dry_run=False))
    new = sealing.read_keys(desk.keys)
    assert new[1:] == old
    assert plan.result["sealed"] == {VENDOR_CREDENTIALS: 1}
    assert sum(plan.result["rotated"].values()) == 8
    assert {row[0] for row in desk.history()[-7:]} == {"ROTATED", "SEALED"}
    assert credentials.drop_old(desk.store, desk.settings) == 1
    assert sealing.read_keys(desk.keys) == new[:1]
    assert {sheet: desk.passwords(sheet, column) for sheet, column in COLUMNS} == before
    assert desk.do(credentials.rotate(desk.settings, dry_run=True)).changes
    assert sealing.read_keys(desk.keys) == new[:1], "a dry run adds none"


class Crashing(MemoryStore):
    """A store that dies where it should commit."""

    dead = False

    def commit(self, *args: Any) -> str:
        if self.dead:
            raise KeyboardInterrupt
        return super().commit(*args)


def test_killed_between_the_key_file_and_the_workbook_everything_still_opens(tmp_path: Path) -> None:
    store = Crashing()
    desk = Office(tmp_path, store)
    _plain(desk)
    desk.seal()
    old = sealing.read_keys(desk.keys)
    before = everything(store)
    store.dead = True
    with pytest.raises(KeyboardInterrupt):
        desk.do(credentials.rotate(desk.settings, dry_run=False))
    store.dead = False
    assert everything(store) == before
    assert len(sealing.read_keys(desk.keys)) == 2
    sealer = Sealer.of(desk.settings)
    assert [sealer.open(value) for value in desk.rows(UNITS, "password")] == ["same", "12345"]
    with pytest.raises(UnusableError, match="not in"):
        credentials.drop_old(store, desk.settings)
    assert sealing.read_keys(desk.keys)[1:] == old, "nothing is dropped that is needed"
    desk.do(credentials.rotate(desk.settings, dry_run=False))
    assert credentials.drop_old(store, desk.settings) == 2
    assert desk.passwords(UNITS) == ["same", "12345"]


def test_a_rotation_that_can_not_open_everything_adds_no_key(desk: Office) -> None:
    desk.add()
    desk.keys.write_text(Fernet.generate_key().decode())
    before = desk.keys.read_bytes()
    desk.refused(UnusableError, "sealed with a key that is not in", lambda: desk.do(credentials.rotate(desk.settings, dry_run=False)))
    assert desk.keys.read_bytes() == before


# --- list and history


def test_the_list_says_how_a_password_stands(desk: Office) -> None:
    desk.add()
    desk.add("Bee", None)
    desk.type_rows(VENDOR_CREDENTIALS, [{"vendor": "Cem", "password": CANARY}, {"vendor": "Dee", "active": False, "login_id": "d"}])
    listed = desk.do(credentials.listing("", inactive=False)).result["credentials"]
    assert [(row["vendor"], row["password"]) for row in listed] == [("Ann", "sealed"), ("Bee", "none"), ("Cem", "plain")]
    everyone = desk.do(credentials.listing("", inactive=True)).result["credentials"]
    assert [row["active"] for row in everyone] == [True, True, True, False]
    assert [row["vendor"] for row in desk.do(credentials.listing(" bee", inactive=False)).result["credentials"]] == ["Bee"]
    assert CANARY not in repr(everyone)


def test_the_history_is_newest_first(desk: Office) -> None:
    desk.add()
    desk.add("Bee")
    desk.update(notes="x")
    shown = [(row["action"], row["vendor"]) for row in desk.do(credentials.history("", 2)).result["history"]]
    assert shown == [("UPDATED", "Ann"), ("CREATED", "Bee")]
    assert [row["action"] for row in desk.do(credentials.history("ANN", 9)).result["history"]] == ["UPDATED", "CREATED"]

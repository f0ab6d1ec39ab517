"""The use cases around vendor logins: which key seals, what each job reads, and what a seal leaves behind on the disk."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ticketops.config import Settings
from ticketops.domain import credentials
from ticketops.domain.dispatch.cascade import plan_settle
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.plan import Plan, Run
from ticketops.errors import InputError, RuleError, UnusableError
from ticketops.model.secrets import is_sealed
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import CREDENTIAL_HISTORY, PURCHASES, UNITS, VENDOR_CREDENTIALS
from ticketops.services.sealing import Sealer, add_key, drop_old_keys, key_file_of, new_key, new_key_file, read_keys
from ticketops.services.transaction import Job
from ticketops.stores.base import Store

Notice = Callable[[str], None]

MAX_PASSWORD = 500
_SEALING = (*credentials.SECRET_SHEETS, CREDENTIAL_HISTORY)
_LOGINS = (VENDOR_CREDENTIALS, CREDENTIAL_HISTORY)


def add(
    settings: Settings, vendor: str, *, login: str, email: str, password: str | None, notes: str, event: str, dry_run: bool, notice: Notice
) -> Job:
    """event: "" for every one. password: None for a login without."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        seal = _sealer(snapshot, settings, dry_run=dry_run, notice=notice).seal if password else str
        return credentials.plan_add(
            snapshot, vendor, run, login=login, email=email, password=password, notes=notes, event=event or None, seal=seal
        )

    return Job("credentials add", _SEALING if password else (*_LOGINS, PURCHASES, UNITS), plan)


def update(
    settings: Settings, vendor: str, *, login: str, event: str | None, given: Mapping[str, str], dry_run: bool, notice: Notice
) -> Job:
    """login, event: which one; given: what becomes of it, by column."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        seal = _sealer(snapshot, settings, dry_run=dry_run, notice=notice).seal if given.get("password") else str
        return credentials.plan_update(snapshot, vendor, run, login=login, event=event, given=given, seal=seal)

    return Job("credentials update", _SEALING if given.get("password") else _LOGINS, plan)


def deactivate(vendor: str, reason: str, *, login: str, event: str | None) -> Job:
    return Job(
        "credentials deactivate",
        _LOGINS,
        lambda snapshot, run: credentials.plan_deactivate(snapshot, vendor, run, login=login, event=event, reason=reason),
    )


def assign(settings: Settings, vendor: str, *, match: str, mode: str, login: str) -> Job:
    """Give units their login; tickets, staff tasks and supplier rows follow."""
    keys = _Lazily(settings)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        made = credentials.plan_assign(
            snapshot, vendor, run, event=settings.event, match=match, mode=mode, login=login, seal=keys.seal, unseal=keys.unseal
        )
        if made.result["sales_ids"]:
            followed = plan_settle(State.of(snapshot.after(made.changes)), run, only=made.result["sales_ids"])
            made.changes.extend(followed.changes)
            made.findings += followed.findings
        return made

    return Job("credentials assign", (*_LOGINS, *SHEETS), plan)


def seal(settings: Settings, *, dry_run: bool, notice: Notice) -> Job:
    def plan(snapshot: Snapshot, run: Run) -> Plan:
        sealer = _sealer(snapshot, settings, dry_run=dry_run, notice=notice)
        return credentials.plan_seal(snapshot, run, seal=sealer.seal)

    return Job("credentials seal", _SEALING, plan, strict=False)


def rotate(settings: Settings, *, dry_run: bool) -> Job:
    """A new key comes into the key file once everything is known to open, before the workbook is written: whatever happens
    then, the file opens what the workbook holds."""
    made: list[Sealer] = []  # planned again, the same key seals

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        path = key_file_of(settings)
        key = new_key()
        sealer = made[0] if made else Sealer([key, *read_keys(path)], path)
        rotated = credentials.plan_rotate(snapshot, run, reseal=sealer.reseal)
        if rotated.changes and not (dry_run or made):
            add_key(path, key)
            made.append(sealer)
        return rotated

    return Job("credentials rotate", _SEALING, plan, strict=False)


def drop_old(store: Store, settings: Settings) -> int:
    """Remove all keys but the newest from the key file; how many went.

    Raises UnusableError where the workbook holds a password that the newest key does not open; then they all stay.
    """
    path = key_file_of(settings)
    newest = Sealer(read_keys(path)[:1], path)
    for value in _sealed(store.read(*credentials.SECRET_SHEETS, strict=False)):
        newest.open(value)
    return drop_old_keys(path)


def reveal(vendor: str, *, login: str, event: str | None) -> Job:
    """Record that a password is looked at. Its plan is a `domain.credentials.Shown`."""
    return Job(
        "credentials reveal", _LOGINS, lambda snapshot, run: credentials.plan_reveal(snapshot, vendor, run, login=login, event=event)
    )


def openable(job: Job, settings: Settings) -> Job:
    """A job whose plan is a `Shown`, refused where its password can't be opened: what is not seen is not recorded."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        shown: Any = job.plan(snapshot, run)
        opened(settings, shown.credential.password)
        return shown  # type: ignore[no-any-return]

    return replace(job, plan=plan)


def listing(vendor: str, *, inactive: bool) -> Job:
    return Job(
        "credentials list",
        (VENDOR_CREDENTIALS,),
        lambda snapshot, _run: Plan(result={"credentials": credentials.listed(snapshot, vendor, inactive=inactive)}),
    )


def history(vendor: str, most: int) -> Job:
    return Job(
        "credentials history",
        (CREDENTIAL_HISTORY,),
        lambda snapshot, _run: Plan(result={"history": credentials.history(snapshot, vendor, most)}),
    )


def opened(settings: Settings, value: str | None) -> str:
    """The plain text of a password in the workbook; "" for a blank cell. Raises UsageError, UnusableError."""
    return _Lazily(settings).unseal(value) if value else ""


def acceptable(password: str) -> str:
    """A password from outside, to the letter. Raises InputError, RuleError; the password is in neither."""
    if not password:
        raise InputError("the password is empty")
    if len(password) > MAX_PASSWORD:
        raise InputError(f"the password has more than {MAX_PASSWORD} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn", "Co") for character in password):
        raise InputError("the password holds a control character")
    if is_sealed(password):
        raise RuleError("this is a sealed password, not the password itself")
    return password


class _Lazily:
    """Seals and opens, and asks for the key file only where that is needed. Without the setting, plain text stays plain."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sealer: Sealer | None = None

    def seal(self, text: str) -> str:
        return text if is_sealed(text) or self._settings.key_file is None else self._keys().seal(text)

    def unseal(self, text: str) -> str:
        return self._keys().open(text) if is_sealed(text) else text

    def _keys(self) -> Sealer:
        self._sealer = self._sealer or Sealer.of(self._settings)
        return self._sealer


def _sealer(snapshot: Snapshot, settings: Settings, *, dry_run: bool, notice: Notice) -> Sealer:
    """The sealer for new passwords. The key file is made where it is missing and nothing was sealed yet, but for a dry run.

    Raises UsageError, UnusableError: also where the workbook was sealed with keys that the file lacks.
    """
    path = key_file_of(settings)
    sealed: str | None = next(_sealed(snapshot), None)
    if not path.exists():
        if sealed:
            raise UnusableError(
                f"the key file {path} does not exist, and the workbook holds sealed passwords", "put the file with their key there"
            )
        if dry_run:
            return Sealer([new_key()], path)
        new_key_file(path)
        notice(f"made the key file {path}: keep a copy in a safe place, without it no sealed password can be read")
    sealer = Sealer.of(settings)
    if sealed:
        sealer.open(sealed)
    return sealer


def _sealed(snapshot: Snapshot) -> Any:
    """Every sealed value of the snapshot."""
    return (value for *_, values in credentials.secrets_of(snapshot) for value in values.values() if is_sealed(value))

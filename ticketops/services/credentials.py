"""The use cases around vendor logins: which key seals, what each job reads, and what a seal leaves
behind on the disk."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from ticketops.adapters.sealing import (
    Sealer,
    add_key,
    drop_old_keys,
    key_file_of,
    new_key,
    new_key_file,
    read_keys,
)
from ticketops.config import Settings
from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.credentials import assignment, logins
from ticketops.domain.credentials.records import Assigned
from ticketops.domain.credentials.sealing import plan_rotate, plan_seal, secrets_of
from ticketops.domain.dispatch.cascade import plan_reconcile
from ticketops.domain.dispatch.state import LEDGERS, QUEUES, State
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job, Planner
from ticketops.engine.transaction import entry_of, look, prepare, run_of
from ticketops.errors import InputError, RuleError, UnusableError
from ticketops.model.secrets import is_sealed
from ticketops.schema.layouts.event import (
    ALIASES,
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    PURCHASES,
    SCHEDULE,
    SECRET_SHEETS,
    UNITS,
    VENDOR_CREDENTIALS,
    VENDORS,
)
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import LocalFile, Store

Notice = Callable[[str], None]

MAX_PASSWORD = 500
_LEDGERS = (PURCHASES, UNITS, DISTRIBUTION, VENDOR_CREDENTIALS)
_SECRETS = tuple(name for name in SECRET_SHEETS if name not in _LEDGERS)
_SEALING = (*_SECRETS, CREDENTIAL_HISTORY)
_LOGINS = (VENDOR_CREDENTIALS,)
_HISTORY = (CREDENTIAL_HISTORY,)
_NAMING = (PURCHASES, ALIASES, VENDORS)
"""By what vendors are named, beside their logins."""
_NAMED = (ALIASES, VENDORS)


def _of(vendor: str, planner: Callable[[Snapshot, Run, str], Plan]) -> Planner:
    """The planner of what is done for a vendor, whom it gets as the workbook calls it (D23)."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        name, said = logins.vendor_of(snapshot, vendor, run)
        made = planner(snapshot, run, name)
        made.findings[:0] = said
        return made

    return plan


def add(
    settings: Settings,
    vendor: str,
    *,
    login: str,
    email: str,
    password: str | None,
    notes: str,
    event: str | None,
    dry_run: bool,
    notice: Notice,
) -> Job:
    """event: "" for every one, None for the one that the workbook is about; the plan raises
    RuleError where nothing says which that is. password: None for a login without."""
    sealed: dict[str, str] = {}

    def plan(snapshot: Snapshot, run: Run, vendor: str) -> Plan:
        wanted = logins.event_of(snapshot, settings.event, run) if event is None else event
        if wanted is None:
            raise RuleError(
                "the event of this workbook is unknown", "give --event, or set the setting event"
            )
        seal = (
            _kept(sealed, _sealer(snapshot, settings, dry_run=dry_run, notice=notice).seal)
            if password
            else str
        )
        return logins.plan_add(
            snapshot,
            vendor,
            run,
            login=login,
            email=email,
            password=password,
            notes=notes,
            event=wanted or None,
            seal=seal,
        )

    if password:
        return Job("credentials.add", _of(vendor, plan), _LEDGERS, (*_SEALING, SCHEDULE, *_NAMED))
    return Job(
        "credentials.add",
        _of(vendor, plan),
        (*_LOGINS, PURCHASES, UNITS),
        (*_HISTORY, SCHEDULE, *_NAMED),
    )


def update(
    settings: Settings,
    vendor: str,
    *,
    login: str,
    event: str | None,
    given: Mapping[str, str],
    dry_run: bool,
    notice: Notice,
) -> Job:
    """login, event: which one; given: what becomes of it, by column."""
    sealed: dict[str, str] = {}

    def plan(snapshot: Snapshot, run: Run, vendor: str) -> Plan:
        seal = (
            _kept(sealed, _sealer(snapshot, settings, dry_run=dry_run, notice=notice).seal)
            if given.get("password")
            else str
        )
        return logins.plan_update(
            snapshot, vendor, run, login=login, event=event, given=given, seal=seal
        )

    if given.get("password"):
        return Job("credentials.update", _of(vendor, plan), _LEDGERS, (*_SEALING, *_NAMED))
    return Job("credentials.update", _of(vendor, plan), _LOGINS, (*_HISTORY, *_NAMING))


def deactivate(vendor: str, reason: str, *, login: str, event: str | None) -> Job:
    return Job(
        "credentials.deactivate",
        _of(
            vendor,
            lambda snapshot, run, name: logins.plan_deactivate(
                snapshot, name, run, login=login, event=event, reason=reason
            ),
        ),
        _LOGINS,
        (*_HISTORY, *_NAMING),
    )


def assign(settings: Settings, vendor: str, *, match: str, mode: str, login: str) -> Job:
    """Give units their login; tickets, staff tasks and supplier rows follow."""
    keys = _Lazily(settings)

    def plan(snapshot: Snapshot, run: Run, vendor: str) -> Plan:
        made = assignment.plan_assign(
            snapshot,
            vendor,
            run,
            event=logins.event_of(snapshot, settings.event, run),
            match=next(iter(filtered(snapshot, UNITS, [match] if match else (), run.chosen)), ""),
            mode=mode,
            login=login,
            seal=keys.seal,
            unseal=keys.unseal,
        )
        assigned: Assigned = made.result
        if assigned.sales_ids:
            followed = plan_reconcile(
                State.of(snapshot.after(made.changes)), run, only=assigned.sales_ids
            )
            made.changes.extend(followed.changes)
            made.findings += followed.findings
        return made

    return Job("credentials.assign", _of(vendor, plan), (*_LOGINS, *LEDGERS), (*_HISTORY, *QUEUES))


def seal(settings: Settings, *, dry_run: bool, notice: Notice) -> Job:
    sealed: dict[str, str] = {}

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        sealer = _sealer(snapshot, settings, dry_run=dry_run, notice=notice)
        return plan_seal(snapshot, run, seal=_kept(sealed, sealer.seal))

    return Job("credentials.seal", plan, _LEDGERS, _SEALING, strict=False)


def rotate(settings: Settings, *, dry_run: bool) -> Job:
    """A new key comes into the key file once everything is known to open, before the workbook is
    written: whatever happens then, the file opens what the workbook holds."""
    made: list[Sealer] = []  # planned again, the same key seals
    sealed: dict[str, str] = {}

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        path = key_file_of(settings)
        key = new_key()
        sealer = made[0] if made else Sealer([key, *read_keys(path)], path)
        rotated = plan_rotate(snapshot, run, reseal=_kept(sealed, sealer.reseal))
        if rotated.changes and not (dry_run or made):
            add_key(path, key)
            made.append(sealer)
        return rotated

    return Job("credentials.rotate", plan, _LEDGERS, _SEALING, strict=False)


def drop_old(store: Store, settings: Settings) -> int:
    """Remove all keys but the newest from the key file; how many went.

    Raises UnusableError where the workbook holds a password that the newest key does not open; then
    they all stay.
    """
    path = key_file_of(settings)

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        newest = Sealer(read_keys(path)[:1], path)
        for value in _sealed(snapshot):
            newest.open(value)
        return Plan()

    job = Job(
        "credentials.rotate.drop-old",
        plan,
        _LEDGERS,
        _SECRETS,
        "credentials rotate --drop-old",
        Effect.READS,
        strict=False,
    )
    look(store, job, run_of(settings))
    return drop_old_keys(path)


def purge(store: LocalFile, settings: Settings) -> int:
    """Delete the versions of a workbook that are kept for undo; how many. It stands in the journal.
    Raises NotPermittedError."""
    label = "credentials seal --purge-backups"
    job = Job(
        "credentials.seal.purge-backups", lambda _snapshot, _run: Plan(), label=label, strict=False
    )
    _plan, _snapshot, run = prepare(store, job, run_of(settings))
    return store.purge(entry_of(job, run))


def reveal(vendor: str, *, login: str, event: str | None) -> Job:
    """Record that a password is looked at. Its plan is a `domain.credentials.Shown`."""
    return Job(
        "credentials.reveal",
        _of(
            vendor,
            lambda snapshot, run, name: logins.plan_reveal(
                snapshot, name, run, login=login, event=event
            ),
        ),
        _LOGINS,
        (*_HISTORY, *_NAMING),
        effect=Effect.FINAL,
    )


def openable(job: Job, settings: Settings) -> Job:
    """A job whose plan is a `Shown`, refused where its password can't be opened: what is not seen
    is not recorded."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        shown: Any = job.plan(snapshot, run)
        opened(settings, shown.credential.password)
        return shown  # type: ignore[no-any-return]

    return replace(job, plan=plan)


def listing(vendor: str, *, inactive: bool) -> Job:
    return Job(
        "credentials.list",
        _of(
            vendor,
            lambda snapshot, _run, name: Plan(
                result=logins.listed(snapshot, name, inactive=inactive)
            ),
        ),
        _LOGINS,
        _NAMING,
        effect=Effect.READS,
    )


def history(vendor: str, most: int) -> Job:
    return Job(
        "credentials.history",
        _of(vendor, lambda snapshot, _run, name: Plan(result=logins.history(snapshot, name, most))),
        optional=(*_HISTORY, *_LOGINS, *_NAMING),
        effect=Effect.READS,
    )


def opened(settings: Settings, value: str | None) -> str:
    """The plain text of a password in the workbook; "" for a blank cell. Raises UsageError,
    UnusableError."""
    return _Lazily(settings).unseal(value) if value else ""


def acceptable(password: str) -> str:
    """A password from outside, to the letter. Raises InputError, RuleError; the password is in
    neither."""
    if not password:
        raise InputError("the password is empty")
    if len(password) > MAX_PASSWORD:
        raise InputError(f"the password has more than {MAX_PASSWORD} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn", "Co") for character in password):
        raise InputError("the password contains a control character")
    if is_sealed(password):
        raise RuleError("this is a sealed password, not the password itself")
    return password


def _kept(sealed: dict[str, str], cipher: Callable[[str], str]) -> Callable[[str], str]:
    """What was sealed once is sealed alike when the job is planned again, so that what was shown
    can be compared with it."""

    def seal(text: str) -> str:
        if text not in sealed:
            sealed[text] = cipher(text)
        return sealed[text]

    return seal


class _Lazily:
    """Seals and opens, and asks for the key file only where that is needed. Without the setting,
    plain text stays plain."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sealer: Sealer | None = None

    def seal(self, text: str) -> str:
        return (
            text if is_sealed(text) or self._settings.key_file is None else self._keys().seal(text)
        )

    def unseal(self, text: str) -> str:
        return self._keys().open(text) if is_sealed(text) else text

    def _keys(self) -> Sealer:
        self._sealer = self._sealer or Sealer.of(self._settings)
        return self._sealer


def _sealer(snapshot: Snapshot, settings: Settings, *, dry_run: bool, notice: Notice) -> Sealer:
    """The sealer for new passwords. The key file is made where it is missing and nothing was sealed
    yet, but for a dry run.

    Raises UsageError, UnusableError: also where the workbook was sealed with keys that the file
    lacks.
    """
    path = key_file_of(settings)
    sealed: str | None = next(_sealed(snapshot), None)
    if not path.exists():
        if sealed:
            raise UnusableError(
                f"the key file {path} does not exist, and the workbook holds sealed passwords",
                "restore the file with their key",
            )
        if dry_run:
            return Sealer([new_key()], path)
        new_key_file(path)
        notice(
            f"created the key file {path}: keep a copy in a safe place; without it no sealed "
            "password can be read"
        )
    sealer = Sealer.of(settings)
    if sealed:
        sealer.open(sealed)
    return sealer


def _sealed(snapshot: Snapshot) -> Any:
    """Every sealed value of the snapshot."""
    return (
        value
        for *_, values in secrets_of(snapshot)
        for value in values.values()
        if is_sealed(value)
    )

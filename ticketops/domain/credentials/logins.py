"""Vendor logins: which one counts, what is recorded of them, and whose units get one (§10, D13).

Passwords are sealed by callables that the services pass in; here no password is compared in the
clear but by them, and none comes into a finding, a result or a row of the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime

import polars as pl

from ticketops.domain.credentials.records import (
    Added,
    Credential,
    Deactivated,
    Event,
    History,
    HistoryRow,
    Login,
    Logins,
    Revealed,
    Updated,
    secrecy,
)
from ticketops.domain.masterdata.aliases import vendors
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key, same_name
from ticketops.schema.layouts.event import (
    CREDENTIAL_HISTORY,
    PURCHASES,
    SCHEDULE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.schema.tables import Snapshot

Cipher = Callable[[str], str]
"""Seals, opens or reseals one value."""


class Shown(Plan):
    """The plan of showing a password. The login itself is no part of the result, so that nothing
    prints it by chance."""

    credential: Credential | None = None

    def __repr__(self) -> str:
        """Without the login."""
        return f"Shown({self.result!r})"


def credentials_of(snapshot: Snapshot) -> list[Credential]:
    """Every login of _VENDOR_CREDENTIALS, active or not, in the order of its rows."""
    frame = snapshot[VENDOR_CREDENTIALS].frame.filter(pl.col("vendor").is_not_null())
    columns = (
        "row",
        "vendor",
        "login_id",
        "email",
        "password",
        "active",
        "notes",
        "updated_at",
        "event",
    )
    return [
        Credential(**values | {"active": values["active"] is not False})
        for values in frame.select(columns).to_dicts()
    ]


def event_of(snapshot: Snapshot, setting: str, run: Run) -> str | None:
    """The event that a workbook is about, for choosing its logins: the setting, else the code of
    its event, else that in the title of its schedule, which `snapshot` must hold; None where none
    says it: then only logins for every event count."""
    own = run.event.code if run.event else ""
    return setting or own or snapshot.layout.code_of(SCHEDULE) or None


def vendor_of(snapshot: Snapshot, text: str, run: Run) -> tuple[str, list[Finding]]:
    """The vendor that a text means (D23), and what is to be said of that: as its logins call it, else as
    purchases and master data do. Raises UnclearNameError for one that is near another, or tied."""
    own = [one.vendor for one in credentials_of(snapshot)]
    if not text or (alike := next((name for name in own if same_name(name, text)), "")):
        return text and alike, []
    directory = vendors(snapshot, run.chosen)
    for name in own:
        directory.learn(name)
    means = directory.find(text, insist="")
    return means.name, means.said("vendor") if means.how != "new" else []


def best(
    credentials: Iterable[Credential], vendor: str | None, event: str | None
) -> Credential | None:
    """The active login of a vendor that counts for an event: one for this event before one for
    every event, never one for another; the one that was changed last, then the last row."""
    wanted, here = name_key(vendor), name_key(event)
    fitting = [
        c
        for c in credentials
        if c.active
        and wanted
        and name_key(c.vendor) == wanted
        and name_key(c.event) in (None, here)
    ]
    return max(
        fitting,
        key=lambda c: (c.event is not None, c.updated_at or datetime.min, c.row),
        default=None,
    )


def select(
    credentials: Iterable[Credential], vendor: str, login: str = "", event: str | None = None
) -> Credential:
    """The one active login of a vendor that has this login and is for this event; "" is every
    event, None is not asked for.

    Raises NotFoundError where there is none, RuleError where there are several.
    """
    found = [
        c
        for c in credentials
        if c.active
        and same_name(c.vendor, vendor)
        and (not login or same_name(c.login_id, login))
        and (event is None or same_name(c.event, event))
    ]
    if not found:
        more = f" {login}" if login else ""
        which = "" if event is None else f" for {event or 'every event'}"
        raise NotFoundError(
            f"there is no active login{more} at {vendor}{which}",
            "ticketops credentials list shows them",
        )
    if len(found) > 1:
        raise RuleError(
            f"{vendor} has {len(found)} logins: {', '.join(c.called for c in found)}",
            "choose one with --login and --event",
        )
    return found[0]


def record(plan: Plan, snapshot: Snapshot, run: Run, rows: Iterable[Event]) -> None:
    """Append rows to _CREDENTIAL_HISTORY, which `snapshot` must hold. Once a plan."""
    written = [
        (
            run.now,
            run.user,
            e.action,
            e.vendor,
            e.login_id,
            e.event,
            e.subject,
            e.detail,
            run.run_id,
        )
        for e in rows
    ]
    columns = [one.name for one in fields(HistoryRow)]
    plan.changes.append(CREDENTIAL_HISTORY, snapshot[CREDENTIAL_HISTORY].next_row, columns, written)


def plan_add(
    snapshot: Snapshot,
    vendor: str,
    run: Run,
    *,
    login: str,
    email: str,
    password: str | None,
    notes: str,
    event: str | None,
    seal: Cipher,
) -> Plan:
    """Add a login. Raises RuleError where the vendor has it already for that event."""
    _refuse_double(credentials_of(snapshot), vendor, login or None, email or None, event or None)
    plan = Plan()
    kept = seal(password) if password else None
    added = Added(
        vendor,
        login or None,
        email or None,
        secrecy(kept),
        True,
        notes or None,
        run.now,
        event or None,
    )
    columns = tuple(one.name for one in fields(Added))
    row = tuple(kept if name == "password" else getattr(added, name) for name in columns)
    plan.changes.append(VENDOR_CREDENTIALS, snapshot[VENDOR_CREDENTIALS].next_row, columns, [row])
    record(
        plan,
        snapshot,
        run,
        [
            Event(
                "CREATED",
                vendor,
                login or None,
                event or None,
                detail=None if password else "without a password",
            )
        ],
    )
    known = (
        name
        for sheet in (PURCHASES, UNITS)
        for name in snapshot[sheet].frame["vendor"].drop_nulls().unique()
    )
    if not any(same_name(name, vendor) for name in known):
        plan.findings.append(
            Finding(
                "UNKNOWN_VENDOR",
                Severity.INFO,
                f"nothing was bought from {vendor!r} yet",
                VENDOR_CREDENTIALS,
            )
        )
    plan.result = added
    return plan


def plan_update(
    snapshot: Snapshot,
    vendor: str,
    run: Run,
    *,
    login: str,
    event: str | None,
    given: Mapping[str, str],
    seal: Cipher,
) -> Plan:
    """Change a login. given: {column: new text, "" for blank} of login_id, email, password, notes,
    event.

    Raises NotFoundError, RuleError where several logins fit or where the vendor has the new one
    already.
    """
    credentials = credentials_of(snapshot)
    old = select(credentials, vendor, login, event)
    new = {name: text or None for name, text in given.items()}
    if text := new.get("password"):
        new["password"] = seal(text)
    changed = [name for name, value in new.items() if value != getattr(old, name)]
    login_id, email, for_event = (
        new.get(name, getattr(old, name)) for name in ("login_id", "email", "event")
    )
    _refuse_double(
        [c for c in credentials if c.row != old.row], old.vendor, login_id, email, for_event
    )
    password = secrecy(new.get("password", old.password))
    plan = Plan(result=Updated(old.vendor, login_id, email, password, for_event, tuple(changed)))
    if changed:
        cells = {name: (getattr(old, name), new[name]) for name in changed} | {
            "updated_at": (old.updated_at, run.now)
        }
        plan.changes.set(VENDOR_CREDENTIALS, old.row, old.vendor, cells)
        record(
            plan,
            snapshot,
            run,
            [Event("UPDATED", old.vendor, login_id, for_event, detail=", ".join(changed))],
        )
    return plan


def plan_deactivate(
    snapshot: Snapshot, vendor: str, run: Run, *, login: str, event: str | None, reason: str
) -> Plan:
    """Put a login out of use; its row stays. Raises NotFoundError, RuleError where several logins
    fit."""
    old = select(credentials_of(snapshot), vendor, login, event)
    plan = Plan(result=Deactivated(old.vendor, old.login_id, old.event))
    flag = snapshot[VENDOR_CREDENTIALS].frame.filter(pl.col("row") == old.row)["active"].item()
    plan.changes.set(
        VENDOR_CREDENTIALS,
        old.row,
        old.vendor,
        {"active": (flag, False), "updated_at": (old.updated_at, run.now)},
    )
    record(
        plan,
        snapshot,
        run,
        [Event("DEACTIVATED", old.vendor, old.login_id, old.event, detail=reason)],
    )
    return plan


def plan_reveal(
    snapshot: Snapshot, vendor: str, run: Run, *, login: str, event: str | None
) -> Shown:
    """Record that a password is looked at; it is in `credential`, as it stands in the workbook.

    Raises NotFoundError, RuleError where several logins fit or the one has no password.
    """
    found = select(credentials_of(snapshot), vendor, login, event)
    if not found.password:
        raise RuleError(f"{found.vendor} {found.called} has no password")
    plan = Shown(
        result=Revealed(found.vendor, found.login_id, found.email, found.event), credential=found
    )
    record(
        plan, snapshot, run, [Event("PASSWORD_VIEWED", found.vendor, found.login_id, found.event)]
    )
    return plan


def listed(snapshot: Snapshot, vendor: str = "", *, inactive: bool = False) -> Logins:
    """The logins, of one vendor or of all, without their passwords."""
    found = [
        c
        for c in credentials_of(snapshot)
        if (inactive or c.active) and (not vendor or same_name(c.vendor, vendor))
    ]
    return Logins(
        tuple(
            Login(
                c.vendor,
                c.login_id,
                c.email,
                c.event,
                secrecy(c.password),
                c.active,
                c.updated_at,
                c.notes,
            )
            for c in found
        )
    )


def history(snapshot: Snapshot, vendor: str = "", most: int = 50) -> History:
    """The newest rows of _CREDENTIAL_HISTORY, of one vendor or of all, the newest first."""
    frame = snapshot[CREDENTIAL_HISTORY].frame.select([one.name for one in fields(HistoryRow)])
    rows = [
        row
        for row in (HistoryRow(*values) for values in frame.reverse().iter_rows())
        if not vendor or same_name(row.vendor, vendor)
    ]
    return History(tuple(rows[:most]))


def _refuse_double(
    credentials: Iterable[Credential],
    vendor: str,
    login: str | None,
    email: str | None,
    event: str | None,
) -> None:
    """A login is known by its LoginID; one without by its address. Raises RuleError."""
    name, value = ("login_id", login) if login else ("email", email)
    for c in credentials:
        alike = same_name(getattr(c, name), value) and (name == "login_id" or not c.login_id)
        if c.active and same_name(c.vendor, vendor) and alike and same_name(c.event, event):
            raise RuleError(
                f"{vendor} already has {c.called} (row {c.row})",
                "ticketops credentials update changes it",
            )

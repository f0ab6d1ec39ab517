"""Vendor logins: which one counts, what is recorded of them, and whose units get one (§10, D13).

Passwords are sealed by callables that the services pass in; here no password is compared in the clear but by them, and none
comes into a finding, a result or a row of the history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from ticketops.domain.allocation.commit import unit_cells
from ticketops.domain.allocation.pool import Unit
from ticketops.domain.masking import masked_addresses
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError, TicketopsError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key
from ticketops.model.secrets import is_sealed
from ticketops.schema.tables import Snapshot, Table
from ticketops.schema.workbook import (
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    MANIFEST,
    MATTHIAS_EMAILS,
    PURCHASES,
    UNITS,
    VENDOR_CREDENTIALS,
)

Cipher = Callable[[str], str]
"""Seals, opens or reseals one value."""

BLANKS_ONLY, OVERWRITE = "BLANKS_ONLY", "OVERWRITE"
MODES = (BLANKS_ONLY, OVERWRITE)
SECRET_SHEETS = tuple(sheet.name for sheet in MANIFEST if any(column.secret for column in sheet.columns))
"""Every sheet that has a column for passwords."""

_HISTORY = ("timestamp", "user", "action", "vendor", "login_id", "event", "subject", "detail", "run_id")
_UNIT_COLUMNS = ("row", "unit_id", "match", "vendor", "status", "email", "login_id", "password", "password_legacy")


@dataclass(frozen=True, slots=True)
class Credential:
    """One login at a vendor. event: what it is for; None where it is for every event."""

    row: int
    vendor: str
    login_id: str | None = None
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    active: bool = True
    notes: str | None = None
    updated_at: datetime | None = None
    event: str | None = None

    @property
    def called(self) -> str:
        """`mm-buyer-01 (WC2026)`: its login, or its address, and what it is for."""
        return f"{self.login_id or self.email or 'no login'} ({self.event or 'every event'})"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the history. subject: what it was done to: a match, a task, a book, a sheet."""

    action: str
    vendor: str | None = None
    login_id: str | None = None
    event: str | None = None
    subject: str | None = None
    detail: str | None = None


@dataclass(slots=True)
class Shown(Plan):
    """The plan of showing a password. The login itself is no part of the result, so that nothing prints it by chance."""

    credential: Credential | None = field(default=None, repr=False)


def credentials_of(snapshot: Snapshot) -> list[Credential]:
    """Every login of _VENDOR_CREDENTIALS, active or not, in the order of its rows."""
    frame = snapshot[VENDOR_CREDENTIALS].frame.filter(pl.col("vendor").is_not_null())
    columns = ("row", "vendor", "login_id", "email", "password", "active", "notes", "updated_at", "event")
    return [Credential(**values | {"active": values["active"] is not False}) for values in frame.select(columns).to_dicts()]


def best(credentials: Iterable[Credential], vendor: str | None, event: str | None) -> Credential | None:
    """The active login of a vendor that counts for an event: one for this event before one for every event, never one for
    another; the one that was changed last, then the last row."""
    wanted, here = name_key(vendor), name_key(event)
    fitting = [c for c in credentials if c.active and wanted and name_key(c.vendor) == wanted and name_key(c.event) in (None, here)]
    return max(fitting, key=lambda c: (c.event is not None, c.updated_at or datetime.min, c.row), default=None)


def select(credentials: Iterable[Credential], vendor: str, login: str = "", event: str | None = None) -> Credential:
    """The one active login of a vendor that has this login and is for this event; "" is every event, None is not asked for.

    Raises NotFoundError where there is none, RuleError where there are several.
    """
    found = [
        c
        for c in credentials
        if c.active and _same(c.vendor, vendor) and (not login or _same(c.login_id, login)) and (event is None or _same(c.event, event))
    ]
    if not found:
        more = f" {login}" if login else ""
        which = "" if event is None else f" for {event or 'every event'}"
        raise NotFoundError(f"there is no active login{more} at {vendor}{which}", "ticketops credentials list shows them")
    if len(found) > 1:
        raise RuleError(f"{vendor} has {len(found)} logins: {', '.join(c.called for c in found)}", "say which with --login and --event")
    return found[0]


def record(plan: Plan, snapshot: Snapshot, run: Run, rows: Iterable[Event]) -> None:
    """Append rows to _CREDENTIAL_HISTORY, which `snapshot` must hold. Once a plan."""
    written = [(run.now, run.user, e.action, e.vendor, e.login_id, e.event, e.subject, e.detail, run.run_id) for e in rows]
    plan.changes.append(CREDENTIAL_HISTORY, snapshot[CREDENTIAL_HISTORY].next_row, _HISTORY, written)


def plan_add(
    snapshot: Snapshot, vendor: str, run: Run, *, login: str, email: str, password: str | None, notes: str, event: str | None, seal: Cipher
) -> Plan:
    """Add a login. Raises RuleError where the vendor has it already for that event."""
    _refuse_double(credentials_of(snapshot), vendor, login or None, email or None, event or None)
    plan = Plan()
    values = {
        "vendor": vendor, "login_id": login or None, "email": email or None, "password": seal(password) if password else None,
        "active": True, "notes": notes or None, "updated_at": run.now, "event": event or None,
    }  # fmt: skip
    plan.changes.append(VENDOR_CREDENTIALS, snapshot[VENDOR_CREDENTIALS].next_row, tuple(values), [tuple(values.values())])
    record(plan, snapshot, run, [Event("CREATED", vendor, login or None, event or None, detail=None if password else "without a password")])
    if not _trades_with(snapshot, vendor):
        plan.findings.append(Finding("UNKNOWN_VENDOR", Severity.INFO, f"nothing was bought from {vendor!r} yet", VENDOR_CREDENTIALS))
    plan.result = _shown(values)
    return plan


def plan_update(
    snapshot: Snapshot, vendor: str, run: Run, *, login: str, event: str | None, given: Mapping[str, str], seal: Cipher
) -> Plan:
    """Change a login. given: {column: new text, "" for blank} of login_id, email, password, notes, event.

    Raises NotFoundError, RuleError where several logins fit or where the vendor has the new one already.
    """
    credentials = credentials_of(snapshot)
    old = select(credentials, vendor, login, event)
    new = {name: text or None for name, text in given.items()}
    if text := new.get("password"):
        new["password"] = seal(text)
    changed = [name for name, value in new.items() if value != getattr(old, name)]
    login_id, email, for_event = (new.get(name, getattr(old, name)) for name in ("login_id", "email", "event"))
    _refuse_double([c for c in credentials if c.row != old.row], old.vendor, login_id, email, for_event)
    plan = Plan(result=_shown({n: new.get(n, getattr(old, n)) for n in ("vendor", "login_id", "email", "password", "event")}))
    plan.result["changed"] = changed
    if changed:
        cells = {name: (getattr(old, name), new[name]) for name in changed} | {"updated_at": (old.updated_at, run.now)}
        plan.changes.set(VENDOR_CREDENTIALS, old.row, old.vendor, cells)
        record(plan, snapshot, run, [Event("UPDATED", old.vendor, login_id, for_event, detail=", ".join(changed))])
    return plan


def plan_deactivate(snapshot: Snapshot, vendor: str, run: Run, *, login: str, event: str | None, reason: str) -> Plan:
    """Put a login out of use; its row stays. Raises NotFoundError, RuleError where several logins fit."""
    old = select(credentials_of(snapshot), vendor, login, event)
    plan = Plan(result={"vendor": old.vendor, "login_id": old.login_id, "event": old.event})
    flag = snapshot[VENDOR_CREDENTIALS].frame.filter(pl.col("row") == old.row)["active"].item()
    plan.changes.set(VENDOR_CREDENTIALS, old.row, old.vendor, {"active": (flag, False), "updated_at": (old.updated_at, run.now)})
    record(plan, snapshot, run, [Event("DEACTIVATED", old.vendor, old.login_id, old.event, detail=reason)])
    return plan


def plan_reveal(snapshot: Snapshot, vendor: str, run: Run, *, login: str, event: str | None) -> Shown:
    """Record that a password is looked at; it is in `credential`, as it stands in the workbook.

    Raises NotFoundError, RuleError where several logins fit or the one has no password.
    """
    found = select(credentials_of(snapshot), vendor, login, event)
    if not found.password:
        raise RuleError(f"{found.vendor} {found.called} has no password")
    plan = Shown(result={"vendor": found.vendor, "login_id": found.login_id, "email": found.email, "event": found.event}, credential=found)
    record(plan, snapshot, run, [Event("PASSWORD_VIEWED", found.vendor, found.login_id, found.event)])
    return plan


def plan_assign(
    snapshot: Snapshot, vendor: str, run: Run, *, event: str, match: str, mode: str, login: str, seal: Cipher, unseal: Cipher
) -> Plan:
    """Write a vendor's login onto its units that are in stock or allocated, and onto the tickets that hold them.

    event: whose login counts first. match: its units only; "" for all. mode: BLANKS_ONLY fills blank cells, and leaves a unit
    alone that has another login or address; OVERWRITE replaces all three. login: which one, where it should not be the best.
    Raises NotFoundError where the vendor has no such login.
    """
    credentials = [c for c in credentials_of(snapshot) if not login or _same(c.login_id, login)]
    chosen = best(credentials, vendor, event)
    if chosen is None:
        more = f" {login}" if login else ""
        raise NotFoundError(
            f"there is no active login{more} at {vendor} for {event or 'every event'}", "ticketops credentials add adds one"
        )
    plan = Plan()
    given = {"login_id": chosen.login_id, "email": chosen.email, "password": seal(chosen.password) if chosen.password else None}
    tickets = _tickets(snapshot[DISTRIBUTION])
    addresses = masked_addresses(snapshot[MATTHIAS_EMAILS])
    counts = {"units": 0, "complete": 0, "other_login": 0, "other_password": 0}
    by_match: Counter[str] = Counter()
    sales_ids: dict[str, None] = {}
    for unit in _units_of(snapshot[UNITS], vendor, match):
        if mode == BLANKS_ONLY and _has_other(unit, given):
            counts["other_login"] += 1
            continue
        after = _overwritten(unit, given, unseal) if mode == OVERWRITE else _filled(unit, given)
        plan.changes.set(UNITS, unit["row"], unit["unit_id"], {name: (unit[name], value) for name, value in after.items()})
        password = after.get("password", unit["password"]) or after.get("password_legacy", unit["password_legacy"])
        counts["other_password"] += bool(password and given["password"] and _differ(password, given["password"], unseal))
        touched = any(unit[name] != value for name, value in after.items())
        ticket = tickets.get(unit["unit_id"])
        if ticket:
            cells = _ticket_cells(ticket, unit | after | {"password": seal(password) if password else None}, mode, addresses, unseal)
            plan.changes.set(
                DISTRIBUTION, ticket["row"], ticket["sales_id"] or unit["unit_id"], {n: (ticket[n], v) for n, v in cells.items()}
            )
            if any(ticket[name] != value for name, value in cells.items()):
                touched = True
                sales_ids[ticket["sales_id"] or ""] = None
        counts["units" if touched else "complete"] += 1
        by_match[_match_of(unit)] += touched
    record(plan, snapshot, run, [
        Event("ASSIGNED", chosen.vendor, chosen.login_id, chosen.event, at or None, f"{number} units, {mode}") for at, number in by_match.items() if number
    ])  # fmt: skip
    plan.findings += _assigned_findings(chosen, given["password"], counts)
    plan.result = {"vendor": chosen.vendor, "login_id": chosen.login_id, "event": chosen.event, "match": match or None, "mode": mode,
                   **counts, "by_match": dict(+by_match), "sales_ids": [sales_id for sales_id in sales_ids if sales_id]}  # fmt: skip
    return plan


def secrets_of(snapshot: Snapshot) -> Iterator[tuple[str, int, str, dict[str, str]]]:
    """(sheet, row, its key, {column: password}) of every row of the snapshot that holds a password, sealed or not."""
    for name, table in snapshot.tables.items():
        columns = [column.name for column in table.sheet.columns if column.secret and column.name in table.positions]
        if columns:
            held = table.frame.filter(pl.any_horizontal(pl.col(columns).is_not_null()))
            keys = held[table.sheet.key] if table.sheet.key else held["vendor"]
            for row, key, *values in zip(held["row"], keys, *(held[column] for column in columns), strict=True):
                there = {column: value for column, value in zip(columns, values, strict=True) if value is not None}
                yield name, row, str(key or f"row {row}"), there


def plan_seal(snapshot: Snapshot, run: Run, *, seal: Cipher) -> Plan:
    """Seal every plain password of the sheets of the snapshot."""
    plan = Plan()
    counts = {"SEALED": _rewritten(plan, snapshot, lambda value: value if is_sealed(value) else seal(value))["SEALED"]}
    return _counted(plan, snapshot, run, counts)


def plan_rotate(snapshot: Snapshot, run: Run, *, reseal: Cipher) -> Plan:
    """Seal every password anew, those too that are not sealed yet."""
    plan = Plan()
    return _counted(plan, snapshot, run, _rewritten(plan, snapshot, reseal))


def listed(snapshot: Snapshot, vendor: str = "", *, inactive: bool = False) -> list[dict[str, Any]]:
    """The logins, of one vendor or of all, without their passwords: `password` is sealed, plain or none."""
    found = [c for c in credentials_of(snapshot) if (inactive or c.active) and (not vendor or _same(c.vendor, vendor))]
    return [
        _shown({n: getattr(c, n) for n in ("vendor", "login_id", "email", "event", "password", "active", "updated_at", "notes")})
        for c in found
    ]


def history(snapshot: Snapshot, vendor: str = "", most: int = 50) -> list[dict[str, Any]]:
    """The newest rows of _CREDENTIAL_HISTORY, of one vendor or of all, the newest first."""
    rows = [row for row in snapshot[CREDENTIAL_HISTORY].frame.select(_HISTORY).to_dicts() if not vendor or _same(row["vendor"], vendor)]
    return rows[::-1][:most]


def _same(one: str | None, other: str | None) -> bool:
    """Whether two names are the same, case and spaces forgiven; no name is the same as an empty one."""
    return (name_key(one) or "") == (name_key(other) or "")


def _refuse_double(credentials: Iterable[Credential], vendor: str, login: str | None, email: str | None, event: str | None) -> None:
    """A login is known by its LoginID; one without by its address. Raises RuleError."""
    name, value = ("login_id", login) if login else ("email", email)
    for c in credentials:
        alike = _same(getattr(c, name), value) and (name == "login_id" or not c.login_id)
        if c.active and _same(c.vendor, vendor) and alike and _same(c.event, event):
            raise RuleError(f"{vendor} has {c.called} already (row {c.row})", "ticketops credentials update changes it")


def _trades_with(snapshot: Snapshot, vendor: str) -> bool:
    return any(_same(name, vendor) for sheet in (PURCHASES, UNITS) for name in snapshot[sheet].frame["vendor"].drop_nulls().unique())


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """What may be told of a login."""
    password = values["password"]
    return dict(values) | {"password": "none" if not password else "sealed" if is_sealed(password) else "plain"}


def _units_of(table: Table, vendor: str, match: str) -> Iterator[dict[str, Any]]:
    """The units of a vendor, of one match or of all, that are in stock or allocated."""
    gone = (states.CANCELLED, states.REPLACED, states.SOLD)
    frame = table.frame.select(_UNIT_COLUMNS).filter(pl.col("unit_id").is_not_null(), ~pl.col("status").fill_null("").is_in(gone))
    vendors = [name for name in frame["vendor"].drop_nulls().unique() if _same(name, vendor)]
    for unit in frame.filter(pl.col("vendor").is_in(vendors)).iter_rows(named=True):
        if not match or _match_of(unit) == match:
            yield unit


def _match_of(unit: Mapping[str, Any]) -> str:
    return ids.normalise_match(unit["match"]) if unit["match"] else ""


def _tickets(table: Table) -> dict[str, dict[str, Any]]:
    """{UnitID: the Distribution row that holds it}; of a row with several units, the first one's login is the row's."""
    frame = table.frame.filter(pl.col("unit_ids").is_not_null()).select("row", "sales_id", "unit_ids", "email", "password")
    return {(ids.split_unit_ids(row["unit_ids"]) or [""])[0]: row for row in frame.iter_rows(named=True)}


def _has_other(unit: Mapping[str, Any], given: Mapping[str, str | None]) -> bool:
    """Whether a unit has a login or an address that is not the given one."""
    return any(unit[name] and not _same(unit[name], given[name]) for name in ("login_id", "email"))


def _filled(unit: Mapping[str, Any], given: Mapping[str, str | None]) -> dict[str, Any]:
    """The blank cells of a unit that the login fills. A password in the older column is the unit's too."""
    blank = {"login_id": not unit["login_id"], "email": not unit["email"], "password": not (unit["password"] or unit["password_legacy"])}
    return {name: value for name, value in given.items() if value and blank[name]}


def _overwritten(unit: Mapping[str, Any], given: Mapping[str, str | None], unseal: Cipher) -> dict[str, Any]:
    """The unit's login replaced, whole, so that nothing of another one stays."""
    after: dict[str, Any] = dict(given)
    if is_sealed(unit["password"]) and given["password"] and not _differ(unit["password"], given["password"], unseal):
        after["password"] = unit["password"]
    if not given["password"]:
        after["password_legacy"] = None
    return after


def _ticket_cells(
    ticket: Mapping[str, Any], unit: Mapping[str, Any], mode: str, addresses: frozenset[str], unseal: Cipher
) -> dict[str, Any]:
    """The e-mail and password of a ticket as allocation writes them; with BLANKS_ONLY only what is blank, and nothing beside another address."""
    held = Unit(
        unit["row"], unit["unit_id"], "", 0, unit["vendor"], email=unit["email"], login_id=unit["login_id"], password=unit["password"]
    )
    cells = {name: value for name, value in unit_cells(held, addresses).items() if name in ("email", "password")}
    if mode == BLANKS_ONLY and ticket["email"] and not _same(ticket["email"], cells["email"]):
        return {}
    if is_sealed(ticket["password"]) and cells["password"] and not _differ(ticket["password"], cells["password"], unseal):
        del cells["password"]
    return {name: value for name, value in cells.items() if mode == OVERWRITE or (value and not ticket[name])}


def _differ(one: str, other: str, unseal: Cipher) -> bool:
    """Whether two passwords are known to differ; what can't be opened is not known."""
    try:
        return one != other and unseal(one) != unseal(other)
    except TicketopsError:
        return False


def _assigned_findings(chosen: Credential, password: str | None, counts: Mapping[str, int]) -> list[Finding]:
    found = []
    if password and not is_sealed(password):
        message = f"the password of {chosen.vendor} {chosen.called} is in plain text: `ticketops credentials seal` seals it"
        found.append(Finding("PLAINTEXT_PASSWORD", Severity.HIGH, message, VENDOR_CREDENTIALS, chosen.row))
    if counts["other_password"]:
        message = f"{counts['other_password']:,} units keep a password that is not that of {chosen.called}: --mode OVERWRITE replaces it"
        found.append(Finding("OTHER_PASSWORD", Severity.LOW, message, UNITS))
    return found


def _rewritten(plan: Plan, snapshot: Snapshot, cipher: Cipher) -> dict[str, Counter[str]]:
    """Every password through `cipher`; {"SEALED": {sheet: how many that were plain}, "ROTATED": {sheet: that were sealed}}."""
    counts: dict[str, Counter[str]] = {"SEALED": Counter(), "ROTATED": Counter()}
    for sheet, row, key, values in secrets_of(snapshot):
        cells = {name: (value, cipher(value)) for name, value in values.items()}
        plan.changes.set(sheet, row, key, cells)
        for before, after in cells.values():
            counts["ROTATED" if is_sealed(before) else "SEALED"][sheet] += before != after
    return counts


def _counted(plan: Plan, snapshot: Snapshot, run: Run, counts: Mapping[str, Counter[str]]) -> Plan:
    """The plan with its history, a row for each sheet, and its result."""
    found = [(action, sheet, number) for action, sheets in counts.items() for sheet, number in (+sheets).items()]
    record(plan, snapshot, run, [Event(action, subject=sheet, detail=f"{number} passwords") for action, sheet, number in found])
    plan.result = {action.lower(): dict(+sheets) for action, sheets in counts.items()}
    return plan

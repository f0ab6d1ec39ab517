"""Which login a unit gets (§3 step 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

import polars as pl

from ticketops.domain.allocation.commit import unit_cells
from ticketops.domain.allocation.pool import Unit
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.credentials.logins import best, credentials_of, record
from ticketops.domain.credentials.records import Assigned, Credential, Event
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.masking import Masked, masked_addresses
from ticketops.errors import NotFoundError, TicketopsError
from ticketops.model import ids, states
from ticketops.model.categories import is_among
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import same_name
from ticketops.model.secrets import is_sealed
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS, VENDOR_CREDENTIALS
from ticketops.schema.tables import Snapshot, Table

Cipher = Callable[[str], str]
"""Seals, opens or reseals one value."""
BLANKS_ONLY, OVERWRITE = "BLANKS_ONLY", "OVERWRITE"


MODES = (BLANKS_ONLY, OVERWRITE)


def plan_assign(
    snapshot: Snapshot,
    vendor: str,
    run: Run,
    *,
    event: str | None,
    match: str,
    mode: str,
    login: str,
    seal: Cipher,
    unseal: Cipher,
) -> Plan:
    """Write a vendor's login onto its units that are in stock or allocated, and onto the tickets
    that hold them.

    event: whose login counts first. match: its units only, or those of a sub-game (`M01/RACE`);
    "" for all. mode: BLANKS_ONLY fills
    blank cells, and leaves a unit alone that has another login or address, or nothing but another
    password; OVERWRITE replaces all three. login: which one, where it should not be the best.
    Raises NotFoundError where the vendor has no such login.
    """
    credentials = [c for c in credentials_of(snapshot) if not login or same_name(c.login_id, login)]
    chosen = best(credentials, vendor, event)
    if chosen is None:
        more = f" {login}" if login else ""
        raise NotFoundError(
            f"there is no active login{more} at {vendor} for {event or 'every event'}",
            "ticketops credentials add adds one",
        )
    plan = Plan()
    given = {
        "login_id": chosen.login_id,
        "email": chosen.email,
        "password": seal(chosen.password) if chosen.password else None,
    }
    tickets = _tickets(snapshot[DISTRIBUTION])
    addresses = masked_addresses(snapshot)
    counts: Counter[str] = Counter()
    by_match: Counter[str] = Counter()
    sales_ids: dict[str, None] = {}
    for unit in _units_of(snapshot, vendor, match):
        if mode == BLANKS_ONLY and (other := _other(unit, given, unseal)):
            counts[other] += 1
            continue
        after = _overwritten(unit, given, unseal) if mode == OVERWRITE else _filled(unit, given)
        plan.changes.set(
            UNITS,
            unit.row,
            unit.unit_id,
            {name: (getattr(unit, name), value) for name, value in after.items()},
        )
        password = after.get("password", unit.password) or after.get(
            "password_legacy", unit.password_legacy
        )
        counts["other_password"] += bool(
            password and given["password"] and _differ(password, given["password"], unseal)
        )
        touched = any(getattr(unit, name) != value for name, value in after.items())
        ticket = tickets.get(unit.unit_id)
        if ticket:
            login_id, email = after.get("login_id", unit.login_id), after.get("email", unit.email)
            held = replace(
                unit, login_id=login_id, email=email, password=seal(password) if password else None
            )
            cells = {
                name: (getattr(ticket, name), value)
                for name, value in _ticket_cells(ticket, held, mode, addresses, unseal).items()
            }
            plan.changes.set(DISTRIBUTION, ticket.row, ticket.sales_id or unit.unit_id, cells)
            if any(before != value for before, value in cells.values()):
                touched = True
                sales_ids[ticket.sales_id or ""] = None
        counts["units" if touched else "complete"] += 1
        by_match[unit.code] += touched
    record(
        plan,
        snapshot,
        run,
        [
            Event(
                "ASSIGNED",
                chosen.vendor,
                chosen.login_id,
                chosen.event,
                at or None,
                f"{counted(number, 'unit')}, {mode}",
            )
            for at, number in by_match.items()
            if number
        ],
    )
    plan.findings += _assigned_findings(chosen, given["password"], counts)
    plan.result = Assigned(
        chosen.vendor,
        chosen.login_id,
        chosen.event,
        match or None,
        mode,
        counts["units"],
        counts["complete"],
        counts["other_login"],
        counts["other_password"],
        dict(+by_match),
        tuple(sales_id for sales_id in sales_ids if sales_id),
    )
    return plan


@dataclass(frozen=True, slots=True)
class _StockUnit:
    """A row of _PURCHASE_UNITS, as far as its login goes."""

    row: int
    unit_id: str
    match: str | None
    vendor: str
    email: str | None
    login_id: str | None
    password: str | None = field(repr=False)
    password_legacy: str | None = field(repr=False)
    sub_game: str | None = None

    @property
    def code(self) -> str:
        """The code of its match, in one spelling."""
        return ids.normalise_match(self.match) if self.match else ""


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A row of Distribution, as far as its login goes."""

    row: int
    sales_id: str | None
    email: str | None
    password: str | None = field(repr=False)


def _units_of(snapshot: Snapshot, vendor: str, match: str) -> Iterator[_StockUnit]:
    """The units of a vendor, of one match or sub-game or of all, that are in stock or allocated."""
    gone = (states.CANCELLED, states.REPLACED, states.SOLD)
    table, sub_games = snapshot[UNITS], SubGames.of(snapshot)
    frame = table.frame.filter(
        pl.col("unit_id").is_not_null(), ~pl.col("status").fill_null("").is_in(gone)
    )
    vendors = [name for name in frame["vendor"].drop_nulls().unique() if same_name(name, vendor)]
    columns = [one.name for one in fields(_StockUnit)]
    for values in frame.filter(pl.col("vendor").is_in(vendors)).select(columns).iter_rows():
        unit = _StockUnit(*values)
        if is_among(sub_games.occasion(unit.code, unit.sub_game), [match] if match else ()):
            yield unit


def _tickets(table: Table) -> dict[str, _Ticket]:
    """{UnitID: the Distribution row that holds it}; of a row with several units, the first one's
    login is the row's."""
    frame = table.frame.filter(pl.col("unit_ids").is_not_null()).select(
        "unit_ids", "row", "sales_id", "email", "password"
    )
    return {
        unit_ids.unit_of(row): _Ticket(row["row"], row["sales_id"], row["email"], row["password"])
        for row in frame.iter_rows(named=True)
    }


def _other(unit: _StockUnit, given: Mapping[str, str | None], unseal: Cipher) -> str:
    """What keeps a unit's blanks from being filled: "other_login", also where only the address is
    another, or "other_password" where that is all it has (an address beside it would be another
    account's); else empty."""
    have = {"login_id": unit.login_id, "email": unit.email}
    if any(value and not same_name(value, given[name]) for name, value in have.items()):
        return "other_login"
    password = unit.password or unit.password_legacy
    alone = password if password and given["password"] and not any(have.values()) else None
    return "other_password" if alone and _differ(alone, given["password"] or "", unseal) else ""


def _filled(unit: _StockUnit, given: Mapping[str, str | None]) -> dict[str, str | None]:
    """The blank cells of a unit that the login fills. A password in the older column is the unit's
    too."""
    blank = {
        "login_id": not unit.login_id,
        "email": not unit.email,
        "password": not (unit.password or unit.password_legacy),
    }
    return {name: value for name, value in given.items() if value and blank[name]}


def _overwritten(
    unit: _StockUnit, given: Mapping[str, str | None], unseal: Cipher
) -> dict[str, str | None]:
    """The unit's login replaced, whole, so that nothing of another one stays."""
    after = dict(given)
    if (
        unit.password
        and is_sealed(unit.password)
        and given["password"]
        and not _differ(unit.password, given["password"], unseal)
    ):
        after["password"] = unit.password
    if not given["password"]:
        after["password_legacy"] = None
    return after


def _ticket_cells(
    ticket: _Ticket, unit: _StockUnit, mode: str, addresses: Masked, unseal: Cipher
) -> dict[str, str | None]:
    """The e-mail and password of a ticket as allocation writes them; with BLANKS_ONLY only what is
    blank, and nothing beside another address."""
    held = Unit(
        unit.row,
        unit.unit_id,
        "",
        0,
        unit.vendor,
        email=unit.email,
        login_id=unit.login_id,
        password=unit.password,
    )
    cells = {
        name: value
        for name, value in unit_cells(held, addresses).items()
        if name in ("email", "password")
    }
    differs = bool(
        ticket.password
        and cells["password"]
        and _differ(ticket.password, cells["password"], unseal)
    )
    if mode == BLANKS_ONLY and (
        differs if not ticket.email else not same_name(ticket.email, cells["email"])
    ):
        return {}
    if ticket.password and is_sealed(ticket.password) and cells["password"] and not differs:
        del cells["password"]
    return {
        name: value
        for name, value in cells.items()
        if mode == OVERWRITE or (value and not getattr(ticket, name))
    }


def _differ(one: str, other: str, unseal: Cipher) -> bool:
    """Whether two passwords are known to differ; what can't be opened is not known."""
    try:
        return one != other and unseal(one) != unseal(other)
    except TicketopsError:
        return False


def _assigned_findings(
    chosen: Credential, password: str | None, counts: Mapping[str, int]
) -> list[Finding]:
    found = []
    if password and not is_sealed(password):
        message = f"the password of {chosen.vendor} {chosen.called} is in plain text: `ticketops credentials seal` seals it"
        found.append(
            Finding("PLAINTEXT_PASSWORD", Severity.HIGH, message, VENDOR_CREDENTIALS, chosen.row)
        )
    if counts["other_password"]:
        message = f"{counted(counts['other_password'], 'unit')} with a password other than that of {chosen.called}: --mode OVERWRITE replaces it"
        found.append(Finding("OTHER_PASSWORD", Severity.LOW, message, UNITS))
    return found

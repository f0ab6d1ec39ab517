"""The use cases of airline tickets, from pending clearance to issued (document 001)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ticketops.domain.issuance import (
    documents,
    due,
    files,
    finance,
    issuing,
    manifest,
    naming,
    payments,
    queue,
    refresh,
    report,
    show,
)
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.errors import InputError
from ticketops.files import hash_regular
from ticketops.model import ids
from ticketops.schema.layout import ISSUANCE_KIND
from ticketops.schema.layouts.event import CLOCK, NOTIFICATION_LOG, USERS
from ticketops.schema.layouts.issuance import (
    AIRLINES,
    BOOKING_PAYMENTS,
    BOOKINGS,
    DOCUMENTS,
    FLIGHT_SHEETS,
    HISTORY,
    PASSENGERS,
    TICKETS,
)
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import HasFolders, Store

MOST_BYTES = 100 * 2**20
"""A proof or a document is at most so large."""
_LEDGERS = (BOOKINGS, PASSENGERS, TICKETS)
_TRACKED = (*FLIGHT_SHEETS, BOOKING_PAYMENTS, AIRLINES)
_WRITTEN = (*_TRACKED, HISTORY)


def _job(
    name: str,
    plan: Callable[[Snapshot, Run], Plan],
    optional: Sequence[str],
    label: str = "",
    effect: Effect = Effect.WRITES,
) -> Job:
    """A use case of a workbook of airline tickets."""
    about = (ISSUANCE_KIND,)
    return Job(name, plan, _LEDGERS, tuple(optional), label, effect, works_on=about)


def _labelled(what: str, tickets: Sequence[str]) -> str:
    """What the journal says: the tickets by name, as far as they are few."""
    named = " ".join(ids.read_numbered(ids.TICKET_ID, one) for one in tickets[:5])
    more = f" and {len(tickets) - 5} more" if len(tickets) > 5 else ""
    return f"issuance {what} {named}{more}".rstrip()


def issuance_refresh(booking: str = "", group: str = "", *, after_void: bool = False) -> Job:
    """A ticket per passenger: of a booking, of a group, or of all."""
    return _job(
        "issuance.refresh",
        lambda snapshot, run: refresh.plan_refresh(
            snapshot, run, booking=booking, group=group, after_void=after_void
        ),
        _WRITTEN,
        "issuance refresh"
        + (f" --booking {booking}" if booking else f" --group {group}" if group else " --all"),
    )


def issuance_queue(which: str, days: int, booking: str = "", group: str = "") -> Job:
    """The tickets of a queue. days: how long before its deadline a name is due soon."""
    return _job(
        "issuance.queue",
        lambda snapshot, run: queue.plan_queue(
            snapshot, run, which, days, booking=booking, group=group
        ),
        _TRACKED,
        effect=Effect.READS,
    )


def issuance_due(days: int) -> Job:
    """Say whose name must be final within so many days: what triggers ask for is queued."""
    return _job("issuance.due", lambda snapshot, run: due.plan_due(snapshot, run, days), _TRACKED)


def issuance_show(store: Store, ticket: str) -> Job:
    """A ticket whole."""
    return _job(
        "issuance.show",
        lambda snapshot, run: show.plan_show(snapshot, run, ticket, look_from(store)),
        (*_WRITTEN, DOCUMENTS),
        f"issuance show {ids.read_numbered(ids.TICKET_ID, ticket)}",
        Effect.READS,
    )


def issuance_name_update(given: Sequence[naming.Named], *, accept: bool) -> Job:
    """Names that are final. accept: with the spelling that is proposed."""
    return _job(
        "issuance.name-update",
        lambda snapshot, run: naming.plan_name_update(snapshot, given, run, accept=accept),
        _WRITTEN,
        _labelled("name-update", [one.ticket for one in given]),
    )


def issuance_finance_clear(
    tickets: Sequence[str], booking: str = "", *, approved: bool = False
) -> Job:
    """Tickets that finance cleared: by name, of a booking, or of the approved bookings."""
    return _job(
        "issuance.finance-clear",
        lambda snapshot, run: finance.plan_finance_clear(
            snapshot, run, tickets, booking=booking, approved=approved
        ),
        _WRITTEN,
        _labelled("finance-clear", tickets)
        + (f" --booking {booking}" if booking else " --approved" if approved else ""),
    )


def issuance_request_exception(
    store: Store, tickets: Sequence[str], proof: Path, reason: str
) -> Job:
    """Tickets that are to go before they are cleared. Raises InputError for a proof that can't be
    read."""
    attached = attach(store, proof)
    return _job(
        "issuance.request-exception",
        lambda snapshot, run: finance.plan_request(snapshot, run, tickets, attached, reason),
        _WRITTEN,
        _labelled("request-exception", tickets),
    )


def issuance_approve_exception(store: Store, tickets: Sequence[str]) -> Job:
    """Exceptions that are approved, by somebody else than asked for them."""
    return _job(
        "issuance.approve-exception",
        lambda snapshot, run: finance.plan_approve(snapshot, run, tickets, look_from(store)),
        (*_WRITTEN, USERS),
        _labelled("approve-exception", tickets),
    )


def issuance_issue(given: Sequence[issuing.Given], *, bulk: bool) -> Job:
    """Tickets that are issued. bulk: they are of a file."""
    return _job(
        "issuance.issue",
        lambda snapshot, run: issuing.plan_issue(snapshot, given, run, bulk=bulk),
        _WRITTEN,
        _labelled("issue", [one.ticket for one in given]),
    )


def issuance_void(tickets: Sequence[str], reason: str) -> Job:
    """Tickets that end for good."""
    return _job(
        "issuance.void",
        lambda snapshot, run: finance.plan_void(snapshot, run, tickets, reason),
        _WRITTEN,
        _labelled("void", tickets),
    )


def issuance_payment(given: payments.Given) -> Job:
    """What was paid for a booking."""
    return _job(
        "issuance.payment",
        lambda snapshot, run: payments.plan_payment(snapshot, given, run),
        _TRACKED,
        f"issuance payment {given.booking}",
    )


def issuance_withdraw(payment: str, reason: str) -> Job:
    """A payment that is taken back."""
    return _job(
        "issuance.payment",
        lambda snapshot, run: payments.plan_withdraw(snapshot, payment, run, reason=reason),
        _TRACKED,
        f"issuance payment --withdraw {ids.read_numbered(ids.BOOKING_PAYMENT_ID, payment)}",
    )


def issuance_document_add(
    store: Store, ticket: str, paths: Sequence[Path], kind: str, note: str
) -> Job:
    """Documents beside a ticket. Raises InputError for a file that can't be read."""
    attached = [attach(store, path) for path in paths]
    return _job(
        "issuance.document.add",
        lambda snapshot, run: documents.plan_add(snapshot, run, ticket, attached, kind, note),
        (*_TRACKED, DOCUMENTS),
        f"issuance document add {ids.read_numbered(ids.TICKET_ID, ticket)}",
    )


def issuance_document_list(store: Store, ticket: str) -> Job:
    """The documents of a ticket, or of all."""
    return _job(
        "issuance.document.list",
        lambda snapshot, run: documents.plan_list(snapshot, run, ticket, look_from(store)),
        (*_TRACKED, DOCUMENTS),
        "issuance document list",
        Effect.READS,
    )


def issuance_report(store: Store, days: int) -> Job:
    """Where the tickets stand, and everything that is wrong."""
    return _job(
        "issuance.report",
        lambda snapshot, run: report.plan_report(snapshot, run, days, look_from(store)),
        (*_WRITTEN, DOCUMENTS),
        effect=Effect.READS,
    )


def issuance_manifest(path: Path, group: str, airline: str) -> Job:
    """The passenger list of a group or an airline, which `write_manifest` puts into a file."""
    return _job(
        "issuance.manifest.build",
        lambda snapshot, run: manifest.plan_manifest(snapshot, run, str(path), group, airline),
        _TRACKED,
        "issuance manifest build",
        Effect.READS,
    )


def write_manifest(path: Path, made_of: manifest.Manifest, *, force: bool) -> None:
    """Put a passenger list into a file. Raises RuleError where that exists, unless `force`, and what
    `creation.made` raises."""
    from ticketops.books.manifest import write_manifest as write
    from ticketops.services.creation import made

    made(path, force, lambda temporary: write(temporary, made_of))


def issuance_status(store: Store, days: int) -> Job:
    """The same as the screen of `status`, with messages and the clock."""
    return _job(
        "status",
        lambda snapshot, run: report.plan_status(snapshot, run, days, look_from(store)),
        (*_WRITTEN, DOCUMENTS, NOTIFICATION_LOG, CLOCK),
        effect=Effect.READS,
    )


def attach(store: Store, path: Path) -> files.Attached:
    """A file as the workbook is to hold it: its path from the workbook's folder, where it lies below
    that, else in full. Raises InputError where it can't be read, or is empty."""
    try:
        found = hash_regular(path, MOST_BYTES)
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}") from None
    if not size:
        raise InputError(f"{path} is empty")
    whole = path.resolve()
    home = _home(store)
    below = home is not None and whole.is_relative_to(home)
    named = whole.relative_to(home).as_posix() if below and home else str(whole)
    return files.Attached(named, found, size)


def look_from(store: Store) -> files.Look:
    """What files hold now, by the paths that the workbook has."""
    home = _home(store)
    known: dict[str, str | None] = {}

    def look(path: str) -> str | None:
        if path not in known:
            try:
                known[path] = hash_regular((home or Path.cwd()) / path, MOST_BYTES)
            except (OSError, ValueError):
                known[path] = None
        return known[path]

    return look


def _home(store: Store) -> Path | None:
    return store.home if isinstance(store, HasFolders) else None

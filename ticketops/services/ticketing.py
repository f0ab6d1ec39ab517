"""The use cases of tickets on their way from one to another (000): allotments of sponsors, transfers, the
waiting list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.ticketing import allotments, offers, transfers, waiting, waitlist
from ticketops.engine.job import Effect, Job
from ticketops.model import ids, states
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOC_LOG,
    ALLOTMENT_TICKETS,
    ALLOTMENTS,
    CLIENTS,
    DISTRIBUTION,
    HOLDS,
    PURCHASES,
    SALES,
    SCHEDULE,
    TRANSFERS,
    UNITS,
    WAITLIST,
)
from ticketops.services.sheet_groups import POOL, POOL_RULES

_ALLOTTED = (ALLOTMENTS, ALLOTMENT_TICKETS)


def allotment_add(
    sponsor: str, match: str, category: str, quantity: int, *, note: str = "", new: bool = False
) -> Job:
    return Job(
        "allotment.add",
        lambda snapshot, run: allotments.plan_add(
            snapshot, sponsor, match, category, quantity, run, note=note, new=new
        ),
        (PURCHASES, SALES),
        (SCHEDULE, ALLOTMENTS),
    )


def allotment_assign(allotment: str, what: Sequence[str], *, note: str = "") -> Job:
    return Job(
        "allotment.assign",
        lambda snapshot, run: allotments.plan_assign(snapshot, allotment, what, run, note=note),
        POOL,
        (*POOL_RULES, ALLOC_LOG, *_ALLOTTED),
        f"allotment assign {ids.read_numbered(ids.ALLOTMENT_ID, allotment)}",
    )


def allotment_revoke(allotment: str, what: Sequence[str], quantity: int, reason: str) -> Job:
    """quantity: places that nobody has yet."""
    return Job(
        "allotment.revoke",
        lambda snapshot, run: allotments.plan_revoke(
            snapshot, allotment, what, quantity, run, reason=reason
        ),
        (DISTRIBUTION, UNITS),
        (HOLDS, ALLOC_LOG, SALES, ALIASES, CLIENTS, *_ALLOTTED),
        f"allotment revoke {ids.read_numbered(ids.ALLOTMENT_ID, allotment)}",
    )


def allotment_list(allotment: str, sponsor: str) -> Job:
    """allotment: only this one, with its tickets; sponsor: only those of this one."""
    return Job(
        "allotment.list",
        lambda snapshot, run: allotments.listed(snapshot, allotment, sponsor, run),
        (DISTRIBUTION, UNITS),
        (HOLDS, *_ALLOTTED),
        effect=Effect.READS,
    )


def transfer_offer(ticket: str, first: str, last: str, email: str, expires: datetime | None) -> Job:
    """expires: the last moment to accept; a day means its end."""
    from ticketops.services.book_job import email_problem  # it brings all books along

    guest = transfers.Guest(first, last, email)
    return Job(
        "transfer.offer",
        lambda snapshot, run: transfers.plan_offer(
            snapshot, ticket, guest, expires, run, email_problem
        ),
        (DISTRIBUTION,),
        (TRANSFERS,),
        f"transfer offer {ids.read_sales_id(ticket)}",
    )


def transfer_accept(transfer: str) -> Job:
    return Job(
        "transfer.accept",
        lambda snapshot, run: transfers.plan_accept(snapshot, transfer, run),
        LEDGERS,
        (*QUEUES, TRANSFERS, ALLOTMENT_TICKETS),
        f"transfer accept {ids.read_numbered(ids.TRANSFER_ID, transfer)}",
    )


def transfer_decline(transfer: str, reason: str) -> Job:
    return _transfer_end("decline", transfer, states.DECLINED, reason)


def transfer_revoke(transfer: str, reason: str) -> Job:
    return _transfer_end("revoke", transfer, states.REVOKED, reason)


def _transfer_end(what: str, transfer: str, state: str, reason: str) -> Job:
    return Job(
        f"transfer.{what}",
        lambda snapshot, run: transfers.plan_end(snapshot, transfer, state, run, reason=reason),
        (),
        (TRANSFERS,),
        f"transfer {what} {ids.read_numbered(ids.TRANSFER_ID, transfer)}",
    )


def transfer_list(sale: str, state: str) -> Job:
    """sale: only of this sale or ticket; state: only those in it."""
    return Job(
        "transfer.list",
        lambda snapshot, run: offers.listed(snapshot, sale, state, run),
        (DISTRIBUTION,),
        (TRANSFERS,),
        effect=Effect.READS,
    )


def waitlist_join(
    client: str, match: str, category: str, quantity: int, *, source: str = "", new: bool = False
) -> Job:
    return Job(
        "waitlist.join",
        lambda snapshot, run: waitlist.plan_join(
            snapshot, client, match, category, quantity, run, source=source, new=new
        ),
        (PURCHASES, SALES),
        (SCHEDULE, WAITLIST, ALIASES, CLIENTS, HOLDS, DISTRIBUTION),
    )


def waitlist_promote(entry: str, match: str, category: str, until: datetime | None) -> Job:
    """entry: this one; else the next ones of match and category. until: the last day of the holds."""
    named = ids.read_numbered(ids.WAITLIST_ID, entry) if entry else ""
    return Job(
        "waitlist.promote",
        lambda snapshot, run: waitlist.plan_promote(snapshot, entry, match, category, until, run),
        POOL,
        (*POOL_RULES, ALLOC_LOG, WAITLIST),
        f"waitlist promote {named}".strip(),
    )


def waitlist_accept(entry: str, sale: str) -> Job:
    return Job(
        "waitlist.accept",
        lambda snapshot, run: waitlist.plan_accept(snapshot, entry, sale, run),
        (SALES,),
        (WAITLIST, HOLDS, ALIASES, CLIENTS),
        f"waitlist accept {ids.read_numbered(ids.WAITLIST_ID, entry)}",
    )


def waitlist_skip(entry: str, reason: str) -> Job:
    return Job(
        "waitlist.skip",
        lambda snapshot, run: waitlist.plan_skip(snapshot, entry, run, reason=reason),
        (UNITS,),
        (HOLDS, ALLOC_LOG, SALES, DISTRIBUTION, ALIASES, CLIENTS, WAITLIST),
        f"waitlist skip {ids.read_numbered(ids.WAITLIST_ID, entry)}",
    )


def waitlist_list(client: str, match: str, category: str, state: str) -> Job:
    return Job(
        "waitlist.list",
        lambda snapshot, run: waiting.listed(
            snapshot, client, [match] if match else [], category, state, run
        ),
        (SALES,),
        (WAITLIST, HOLDS, SCHEDULE, ALIASES, CLIENTS),
        effect=Effect.READS,
    )

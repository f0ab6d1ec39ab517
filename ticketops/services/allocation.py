"""The use cases of allocation, overrides, policies and holds (§5, §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ticketops.domain.plan import Plan
from ticketops.engine.job import Effect, Job
from ticketops.errors import UsageError
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    CLIENTS,
    DISTRIBUTION,
    HOLDS,
    MATTHIAS_EMAILS,
    POLICIES,
    PURCHASES,
    SALES,
    SCHEDULE,
    UNITS,
    VENDORS,
)
from ticketops.services.sheet_groups import (
    ALLOCATED,
    ALLOCATING,
    ALLOCATING_RULES,
    POOL,
    POOL_RULES,
)

if TYPE_CHECKING:
    from ticketops.domain.allocation import automatic, commit

# A planner is imported by the use case that it plans: together they are a tenth of a command.


def allocate_preview(target: str, *, write: bool) -> Job:
    from ticketops.domain.allocation import preview

    return Job(
        "allocate.preview",
        lambda snapshot, run: preview.plan_preview(snapshot, target, run, write=write),
        ALLOCATING,
        (*ALLOCATING_RULES, ALLOCATION_PREVIEW) if write else ALLOCATING_RULES,
        f"allocate preview {target}",
        Effect.WRITES if write else Effect.READS,
    )


def allocate_commit(target: str, choice: commit.Choice | None = None, override: str = "") -> Job:
    from ticketops.domain.allocation import commit

    return Job(
        "allocate.commit",
        lambda snapshot, run: commit.plan_commit(snapshot, target, run, choice, override=override),
        ALLOCATING,
        ALLOCATING_RULES,
        f"allocate commit {target}",
    )


def allocate_auto(*, unattended: bool = False, improve: automatic.Improve | None = None) -> Job:
    from ticketops.domain.allocation import automatic

    return Job(
        "allocate.auto",
        lambda snapshot, run: automatic.plan_auto(
            snapshot, run, unattended=unattended, improve=improve
        ),
        ALLOCATING,
        ALLOCATING_RULES,
        "allocate auto --optimize" if improve else "",
    )


def improver(time_limit: float, progress: Callable[[int, int], None]) -> automatic.Improve:
    """The optimum by OR-Tools within so many seconds; progress: called with (pools done, pools).

    Raises UnusableError where OR-Tools is not installed.
    """
    from ticketops.adapters import solver  # imported where it is asked for: it takes a second

    return solver.improver(time_limit, progress)


def allocate_process() -> Job:
    from ticketops.domain.allocation import process

    return Job(
        "allocate.process",
        process.plan_process,
        ALLOCATING,
        (*ALLOCATING_RULES, ALLOCATION_PREVIEW),
    )


def override_unallocate(
    names: str | Sequence[str], reason: str, *, set_id: str, keep_seats: bool, force: bool
) -> Job:
    """names: a sale or a ticket, or several; none where the set says which."""

    from ticketops.domain.allocation import overrides

    named = (names,) if isinstance(names, str) else tuple(names)
    return Job(
        "override.unallocate",
        lambda snapshot, run: overrides.plan_unallocate(
            snapshot, named, run, reason=reason, set_id=set_id, keep_seats=keep_seats, force=force
        ),
        ALLOCATED,
        (ALLOC_LOG,),
        f"override unallocate {' '.join(named) or set_id}",
    )


def override_reset_seats(set_id: str, reason: str, *, units_too: bool, force: bool) -> Job:
    from ticketops.domain.allocation import overrides

    return Job(
        "override.reset-seats",
        lambda snapshot, run: overrides.plan_reset_seats(
            snapshot, set_id, run, reason=reason, units_too=units_too, force=force
        ),
        ALLOCATED,
        (ALLOC_LOG,),
        f"override reset-seats {set_id}",
    )


def override_alloc_from(sales_id: str, category: str | None, reason: str) -> Job:
    from ticketops.domain.allocation import overrides

    return Job(
        "override.alloc-from",
        lambda snapshot, run: overrides.plan_alloc_from(
            snapshot, sales_id, category, run, reason=reason
        ),
        POOL,
        (ALLOC_LOG, SCHEDULE),
        f"override alloc-from {sales_id}",
    )


def unit_substitute(unit_id: str, with_id: str, reason: str, *, force: bool) -> Job:
    from ticketops.domain.allocation import substitution

    return Job(
        "unit.substitute",
        lambda snapshot, run: substitution.plan_substitute(
            snapshot, unit_id, with_id, run, reason=reason, force=force
        ),
        POOL,
        (*POOL_RULES, ALLOC_LOG, MATTHIAS_EMAILS),
        f"unit substitute {unit_id}",
    )


def seat_why(seat: str, match: str, sale: str) -> Job:
    """seat: `101/C/12`. match: "" where the sale says it; sale: "" for any. Raises UsageError."""
    from ticketops.domain.allocation import why
    from ticketops.domain.seatmap.places import parse_places
    from ticketops.services.intake import option_seats

    places: Sequence[why.Place] = ()
    for read in (parse_places, lambda text: option_seats(text, "seat")):
        with suppress(UsageError):
            places = places or read(seat)
    if len(places) != 1:
        raise UsageError(f"{seat!r} is not one seat", "for example 101/C/12")
    return Job(
        "seatmap.why",
        lambda snapshot, run: why.plan_why(snapshot, places[0], match, sale, run),
        ALLOCATING,
        ALLOCATING_RULES,
        effect=Effect.READS,
    )


def unit_hold(
    what: Sequence[str], client: str, until: datetime, reason: str, *, new: bool = False
) -> Job:
    from ticketops.domain.allocation import holds

    return Job(
        "unit.hold",
        lambda snapshot, run: holds.plan_hold(
            snapshot, what, client, until, run, reason=reason, new=new
        ),
        POOL,
        (*POOL_RULES, ALLOC_LOG),
    )


def unit_release(what: Sequence[str], client: str, reason: str, *, lapsed: bool = False) -> Job:
    """lapsed: those whose last day is past, in place of what is named."""
    from ticketops.domain.allocation import holds

    return Job(
        "unit.release",
        lambda snapshot, run: (
            holds.plan_lapsed(snapshot, run)
            if lapsed
            else holds.plan_release(snapshot, what, client, run, reason=reason)
        ),
        (UNITS,),
        (HOLDS, ALLOC_LOG, SALES, DISTRIBUTION, ALIASES, CLIENTS),
    )


def policy_set(scope: str, key: str, given: Mapping[str, Any], *, new: bool = False) -> Job:
    from ticketops.domain.allocation import policies

    return Job(
        "policy.set",
        lambda snapshot, run: policies.plan_set(snapshot, scope, key, given, run, new=new),
        (SALES,),
        (POLICIES, SCHEDULE, DISTRIBUTION, ALIASES, CLIENTS, PURCHASES, UNITS, VENDORS),
    )


def policy_list() -> Job:
    """Every row of _POLICIES."""

    from ticketops.domain.allocation import policies

    return Job(
        "policy.list",
        lambda snapshot, _run: Plan(result=policies.listed(snapshot)),
        optional=(POLICIES,),
        effect=Effect.READS,
    )


def policy_show(match: str | None, client: str | None) -> Job:
    """What counts for a sale. The plan raises NotFoundError for a match that the schedule does not
    hold."""

    from ticketops.domain.allocation import policies

    return Job(
        "policy.show",
        lambda snapshot, run: policies.plan_show(snapshot, match, client, run),
        optional=(POLICIES, SCHEDULE, SALES, DISTRIBUTION, ALIASES, CLIENTS),
        effect=Effect.READS,
    )


def unit_holds() -> Job:
    """The holds that stand today."""

    from ticketops.domain.allocation import holds

    return Job(
        "unit.holds",
        lambda snapshot, run: Plan(result=holds.listed(snapshot, run)),
        (UNITS,),
        (HOLDS, ALIASES, CLIENTS),
        effect=Effect.READS,
    )


def unit_seat(unit_id: str, texts: Mapping[str, str], *, force: bool = False) -> Job:
    from ticketops.domain.allocation import seats

    return Job(
        "unit.seat",
        lambda snapshot, run: seats.plan_seat(snapshot, unit_id, texts, run, force=force),
        (UNITS, DISTRIBUTION),
        label=f"unit seat {unit_id}",
    )

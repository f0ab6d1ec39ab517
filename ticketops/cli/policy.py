"""`ticketops policy …` (§5a step 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli.session import New, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model import states

if TYPE_CHECKING:
    from ticketops.domain.allocation.policies import PolicyRow

app = command_group("policy")
_Match = Annotated[
    str | None, typer.Option("--match", metavar="CODE", help="Only this match.", show_default=False)
]
_Client = Annotated[
    str | None,
    typer.Option("--client", metavar="NAME", help="Only this client.", show_default=False),
]


@command(app, "list")
def list_(session: Session) -> int:
    """List every policy in _POLICIES and its rules. The policies of the event, the match and the
    client apply together; the narrower one wins."""
    from ticketops.services import allocation

    found = session.result_of(allocation.policy_list())
    rows = [(row.scope, row.key or "", _said(row)) for row in found.policies]
    session.out.table(
        ("Scope", "Of", "Rules"),
        rows or [("event", "", "no policy is set: SEMI_AUTO, upgrades allowed, downgrades not")],
    )
    return session.finish(found, [])


@command(app, "show")
def show(session: Session, match: _Match = None, client: _Client = None) -> int:
    """Show the policy for a sale of this match to this client, defaults included."""
    from ticketops.services import allocation

    found = session.result_of(allocation.policy_show(match, client))
    of = (
        " and ".join(
            filter(
                None,
                (
                    f"match {found.match}" if found.match else "",
                    f"client {found.client}" if found.client else "",
                ),
            )
        )
        or "the event"
    )
    session.out.line(f"Policy for {of}")
    session.out.table(
        ("Rule", "Value"),
        [(rule, _value(getattr(found.policy, name))) for rule, name in RULES.items()],
    )
    return session.finish(found, [])


@command(app, "set", writes=True)
def set_(
    session: Session,
    match: _Match = None,
    client: _Client = None,
    mode: Annotated[
        str | None,
        typer.Option(metavar="MODE", help=f"{', '.join(states.POLICY_MODE)}.", show_default=False),
    ] = None,
    vendor_whitelist: Annotated[
        str | None,
        typer.Option(
            metavar="VENDORS",
            help="Allow only these vendors, separated by commas.",
            show_default=False,
        ),
    ] = None,
    vendor_blocklist: Annotated[
        str | None,
        typer.Option(metavar="VENDORS", help="Never use these vendors.", show_default=False),
    ] = None,
    upgrade: Annotated[
        bool | None,
        typer.Option(
            "--upgrade/--no-upgrade", help="Allow better categories than sold.", show_default=False
        ),
    ] = None,
    max_upgrade_gap: Annotated[
        int | None,
        typer.Option(metavar="RANKS", help="At most this many ranks better.", show_default=False),
    ] = None,
    downgrade: Annotated[
        bool | None,
        typer.Option(
            "--downgrade/--no-downgrade",
            help="Allow worse categories than sold.",
            show_default=False,
        ),
    ] = None,
    max_downgrade_gap: Annotated[
        int | None,
        typer.Option(metavar="RANKS", help="At most this many ranks worse.", show_default=False),
    ] = None,
    min_margin: Annotated[
        float | None,
        typer.Option(
            metavar="PCT", help="Lowest margin, as % of the sale price.", show_default=False
        ),
    ] = None,
    max_auto_value: Annotated[
        float | None,
        typer.Option(
            metavar="AMOUNT", help="Highest sale value that FULLY_AUTO commits.", show_default=False
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="POLICY", help=f"{', '.join(states.SPLIT_POLICY)}.", show_default=False
        ),
    ] = None,
    min_chunk: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Smallest chunk for REQUIRE_MIN_CHUNK_SIZE.", show_default=False
        ),
    ] = None,
    diversity: Annotated[
        bool | None,
        typer.Option(
            "--diversity/--no-diversity",
            help="A split sale must use several vendors.",
            show_default=False,
        ),
    ] = None,
    exclude_vip: Annotated[
        bool | None,
        typer.Option("--exclude-vip/--include-vip", help="No VIP stock.", show_default=False),
    ] = None,
    unset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE", help="Remove a rule (min-margin …). Repeatable.", show_default=False
        ),
    ] = None,
    new: New = False,
) -> int:
    """Set the rules of a policy: for the event, or with --match or --client for one match or
    client. Needs the role ops_manager.

    Modes: with SUGGEST an operator picks a plan; with SEMI_AUTO `allocate auto` commits plans that
    pass; with FULLY_AUTO `allocate auto --unattended` does so too, up to --max-auto-value.
    """
    from ticketops.services import allocation, intake

    if match is not None and client is not None:
        raise UsageError("give --match or --client, not both")
    scope = "match" if match is not None else "client" if client is not None else "event"
    given_key = match if match is not None else client
    key = intake.option_text(given_key, scope, required=True) if given_key is not None else ""
    options = {
        "mode": _one_of("mode", mode, states.POLICY_MODE),
        "vendor_whitelist": vendor_whitelist,
        "vendor_blocklist": vendor_blocklist,
        "upgrade_allowed": upgrade,
        "max_upgrade_gap": max_upgrade_gap,
        "downgrade_allowed": downgrade,
        "max_downgrade_gap": max_downgrade_gap,
        "min_margin_pct": min_margin,
        "max_auto_value": max_auto_value,
        "split_policy": _one_of("split", split, states.SPLIT_POLICY),
        "min_chunk_size": min_chunk,
        "vendor_diversity": diversity,
        "exclude_vip": exclude_vip,
    }
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for value in given.values():
        if isinstance(value, int | float) and not -_MOST <= value <= _MOST:  # nan is not either
            raise UsageError(f"{value} is not a valid figure for a rule")
    for name in ("vendor_whitelist", "vendor_blocklist"):
        if name in given:
            given[name] = intake.option_text(given[name], name.replace("_", "-"), required=True)
    for rule in unset or ():
        name = RULES.get(rule.strip("-"), "")
        if not name:
            raise UsageError(f"--unset must be one of {', '.join(RULES)}, not {rule!r}")
        given[name] = None
    if not given:
        raise UsageError("give at least one rule", "for example --min-margin 10")
    return session.run(
        allocation.policy_set(scope, key, given, new=new),
        lambda result: session.out.line(
            f"Policy of {result.scope} {result.key or ''}".rstrip() + f": {_said(result)}"
        ),
    )


_MOST = 1e12
RULES = {
    "mode": "mode",
    "vendor-whitelist": "vendor_whitelist",
    "vendor-blocklist": "vendor_blocklist",
    "upgrade": "upgrade_allowed",
    "max-upgrade-gap": "max_upgrade_gap",
    "downgrade": "downgrade_allowed",
    "max-downgrade-gap": "max_downgrade_gap",
    "min-margin": "min_margin_pct",
    "max-auto-value": "max_auto_value",
    "split": "split_policy",
    "min-chunk": "min_chunk_size",
    "diversity": "vendor_diversity",
    "exclude-vip": "exclude_vip",
}


def _said(row: PolicyRow) -> str:
    values = ((rule, getattr(row, name)) for rule, name in RULES.items())
    return (
        ", ".join(f"{rule} {_value(value)}" for rule, value in values if value is not None)
        or "no rules"
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    return "none" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _one_of(option: str, value: str | None, choices: tuple[str, ...]) -> str | None:
    if value is not None and value.upper() not in choices:
        raise UsageError(f"--{option} must be one of {', '.join(choices)}, not {value!r}")
    return value.upper() if value else None

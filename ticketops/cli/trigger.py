"""`ticketops trigger …`: which facts make messages, and to whom (§10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.states import CHANNEL

if TYPE_CHECKING:
    from ticketops.domain.messages.trigger_rows import TriggerRow

app = command_group("trigger")


def _channel(text: str) -> str:
    word = "_".join(text.replace("-", " ").split()).lower()
    if word not in CHANNEL:
        raise UsageError(f"--channel must be one of {', '.join(CHANNEL)}, not {text!r}")
    return word


@command(app, "list")
def list_(session: Session, csv: listing.Csv = None) -> int:
    """List the triggers: which fact makes a message of which template, who gets it, and whether
    the trigger is on."""
    from ticketops.services import messages

    found = session.result_of(messages.trigger_list())
    columns: listing.Columns = (
        ("Trigger", "trigger"),
        ("On", lambda one: "on" if one.on else "off"),
        ("Fact", "fact"),
        ("To", "to"),
        ("Channel", "channel"),
        ("When", lambda one: one.when or ""),
        ("Template", "template"),
        ("Since", "since"),
        ("Problem", lambda one: one.problem or ""),
    )
    return listing.show(session, found, found.triggers, "trigger", columns, csv)


@command(app, "set", writes=True)
def set_(
    session: Session,
    trigger: Annotated[
        str,
        typer.Argument(
            metavar="FACT|TRIGGER",
            help="A fact such as sale.created, or a TriggerID; with --fact a new one.",
        ),
    ],
    on: Annotated[
        bool | None, typer.Option("--on/--off", help="Turn it on or off.", show_default=False)
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPIENTS",
            help="Who gets it: role:ops_manager, sale.assigned_operator, client.primary_contact, "
            "supplier.contact, a user or an address; of airline tickets booking.contact, "
            "exception.requested_by; several with commas.",
            show_default=False,
        ),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(metavar="CHANNEL", help=f"{', '.join(CHANNEL)}.", show_default=False),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="TEMPLATE", help="The template to send.", show_default=False),
    ] = None,
    when: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="Only if this holds, such as 'sale.totalValue > 100000'; '' for always.",
            show_default=False,
        ),
    ] = None,
    fact: Annotated[
        str, typer.Option(metavar="FACT", help="The fact of a new trigger.", show_default=False)
    ] = "",
) -> int:
    """Turn a trigger on or off, or change it. A trigger that is on makes messages of what happens
    from now on. Needs the role ops_manager."""
    from ticketops.services import intake, messages

    given: dict[str, Any] = {}
    if on is not None:
        given["active"] = on
    if to is not None:
        given["recipients"] = intake.option_text(to, "to", required=True)
    if channel is not None:
        given["channel"] = _channel(channel)
    if template is not None:
        given["template"] = intake.option_text(template, "template", required=True)
    if when is not None:
        given["condition"] = intake.option_text(when, "when")
    if not given:
        raise UsageError("give at least one of --on, --off, --to, --channel, --template, --when")

    def said(result: TriggerRow) -> None:
        state = "on" if result.on else "off"
        when_said = f" when {result.when}" if result.when else ""
        session.out.line(
            f"{result.trigger} is {state}: {result.fact}{when_said} → {result.template} to "
            f"{result.to} by {result.channel}"
        )

    return session.run(messages.trigger_set(trigger, given, fact=fact), said)

"""The command tree. Groups are loaded when they are called; `--help` of the top reads static
summaries only, so that it imports neither polars nor any command."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from ticketops import __version__

COMMANDS: dict[str, str] = {
    "status": "Show where the event stands, what waits, and what to do next.",
    "purchase": "Record purchases, turn them into units, list them.",
    "import": "Take purchases and sales from files of any layout.",
    "sale": "Record sales, turn them into Distribution rows, list them.",
    "allocate": "Give units to sold tickets: preview, commit, everything at once, or the optimum.",
    "override": "Handle exceptions: unallocate, reset seats, serve a sale from another category.",
    "unit": "List units, substitute them, set them aside for a client.",
    "ticket": "List sold tickets: seat, guest, delivery.",
    "waitlist": "Keep the waiting list: hold freed stock for who is next.",
    "transfer": "Pass tickets on from one guest to another: offer, accept, list.",
    "allotment": "Keep the allotments of sponsors: assign tickets, take them back.",
    "refund": "List and decide refunds for cancelled tickets.",
    "payment": "Record payments of clients and to vendors; list them, make them void.",
    "balance": "Show what clients owe and what is owed to vendors, by age.",
    "fee": "Record fees of platforms and deliveries; list them, make them void.",
    "invoice": "Issue invoices and credit notes; list them, print them.",
    "margin": "Show what matches, clients, vendors or sales brought.",
    "policy": "Show and set the rules for automatic allocation.",
    "client": "Keep the clients; make and read their workbooks: guests, receipts, views.",
    "vendor": "Keep the vendors: who they are, what is needed of them at an event.",
    "contract": "Keep the contracts with clients and vendors.",
    "venue": "Keep the venues.",
    "currency": "Keep the currencies and their rates.",
    "master": "Take master data from files and other workbooks; write it to files.",
    "supplier": "Make and read workbooks for suppliers who send tickets themselves.",
    "staff": "Run the staff queue: tasks and workbooks for staff.",
    "credentials": "Manage vendor logins: seal, assign, reveal on record.",
    "dispatch": "Bring every sheet and book up to date; show what is overdue.",
    "template": "Keep the texts of messages: list, change, check and preview them.",
    "trigger": "Say what makes messages, and who gets them.",
    "event": "Enter the event, take it through its states, list and clone events.",
    "schedule": "Keep the schedule: matches from files and by hand, results, standings.",
    "subgame": "Keep the sub-games of matches: races, qualifying, days.",
    "category": "Keep the categories of matches and sub-games, with their levels.",
    "seatmap": "Keep seat maps: import, categories, restrictions, lists, checks.",
    "issuance": "Follow airline tickets: names, clearance, exceptions, numbers, payments.",
    "audit": "Check that units and tickets agree; repair what is certain.",
    "recon": "Compare Sales with Distribution; carry out the ticked rows.",
    "report": "Make reports on the event: money, stock, allocation, dispatch, one match.",
    "export": "Write what the books of the house need: revenue, cost, margin, payments.",
    "archive": "Seal the archive of an event; verify it, sweep guests' data from it.",
    "dashboard": "Write the dashboard of a role as a page.",
    "message": "Send the messages that wait; list them, send again, cancel, draft.",
    "inbox": "Show the messages to you.",
    "job": "Make reports as files, now or later; download them, make them again.",
    "portal": "Invite clients, suppliers and staff to the portal; end their links.",
    "serve": "Serve the portal: pages for clients, suppliers and staff.",
    "batch": "Run many commands in one go, one per line.",
    "shell": "Run commands at a prompt that keeps the workbook open.",
    "log": "Show what was done to the workbook, newest first.",
    "undo": "Undo the last transaction.",
    "sync": "Keep a file and a Google Sheet in step, cell by cell.",
    "workbook": "Copy a workbook between a file and a database.",
    "db": "Make and check the tables of ticketops in a database.",
    "google": "Check access to Google Sheets; log in and out.",
    "run": "Run what runs every night: checks, deadlines, messages.",
    "cron": "Have the nightly run started by cron or systemd.",
    "user": "Show and set users and their roles.",
    "doctor": "Check the workbook's sheets, columns and values against the layout.",
    "init": "Create an empty workbook.",
    "sample": "Create a sample workbook.",
    "help": "Show the help of a command; write the manual pages.",
}
"""{command: summary}, in the order of `ticketops --help`. Each lives in the module
that `module_of` names."""
GROUPS = frozenset(COMMANDS) - {
    "status",
    "inbox",
    "serve",
    "margin",
    "log",
    "undo",
    "batch",
    "shell",
    "doctor",
    "init",
    "sample",
    "help",
}
"""Those of them that have commands of their own."""


_MODULES = {"import": "imports"}
"""Commands whose name no module can have."""


def module_of(command: str) -> str:
    """The module that a command lives in."""
    return f"ticketops.cli.{_MODULES.get(command, command)}"


class _Typed:
    """How the text of an option becomes its value. What was not given, what is text to begin with
    and a default that is a number already are taken as they are: typer would import pydantic for
    them, 60 ms of every start. All else is typer's business."""

    def __init__(self, described: Any) -> None:
        self._described = described

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        if (
            type(value) is self._described.annotation
            and self._described.parameter_info.parser is None
            and not many
        ):
            return value
        return _typer_typed(self._described).coerce(value, param=param, ctx=ctx)


_core: Any = typer.core
_typer_typed: Any = getattr(_core, "build_runtime_param", None)
if _typer_typed:  # older versions have no such function, and no pydantic
    _core.build_runtime_param = _Typed


@cache
def _command(name: str) -> Any:
    """A command or a group, made once: typer takes longer for it than many commands for their work."""
    command = typer.main.get_command(import_module(module_of(name)).app)
    command.name = name
    return command


class LazyGroup(TyperGroup):
    """A group whose commands are modules."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # for «Did you mean …?»
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The commands by their static summaries: none is imported for TAB."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            _core.CompletionItem(name, help=summary)
            for name, summary in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    name="ticketops",
    cls=LazyGroup,
    help="Run a ticket-reselling event on the workbook you already have: fast, all or nothing, "
    "and reversible.",
    epilog="Every command takes -w/--workbook, --as USER, --json, --wide and -q; those that write take -n/--dry-run and -y/--yes.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ticketops {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    """Top-level options."""

"""Writes docs/ (`make docs`): the command reference and the manual pages from the commands, the
workbook's layout from its declaration, JSON Schemas of results."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

from ticketops.cli.app import COMMANDS, app
from ticketops.cli.manual import pages
from ticketops.schema.columns import Column
from ticketops.schema.layouts.event import EVENT
from ticketops.schema.layouts.issuance import ISSUANCE
from ticketops.schema.sheets import Sheet


def reference() -> str:
    """The whole reference as Markdown: every command with its help, in the order of `ticketops
    --help`."""
    top: Any = typer.main.get_command(app)
    pages = [
        "# Commands\n",
        "`make docs` generates this page from the commands.\n",
        _page(top, "ticketops", None),
    ]
    context: Any = top.make_context("ticketops", [], resilient_parsing=True)
    for name in COMMANDS:
        command = top.get_command(context, name)
        children = getattr(command, "commands", None)
        if children is None:
            pages.append(_page(command, name, context))
        else:
            group = command.make_context(name, [], parent=context, resilient_parsing=True)
            pages += [_page(child, word, group) for word, child in children.items()]
    return "\n".join(pages)


def _page(command: Any, word: str, parent: Any) -> str:
    context: Any = command.make_context(
        word, [], parent=parent, resilient_parsing=True, terminal_width=100
    )
    text = command.get_help(context)
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"## {context.command_path}\n\n```\n{lines.strip()}\n```\n"


def workbook_page() -> str:
    """The layout of the workbook as Markdown, from its declaration."""
    pages = [
        "# The workbook\n",
        "`make docs` generates this page from the layouts (`ticketops/schema/layouts`). "
        "Columns are found by header, ignoring case and",
        "spaces, never by position; your own columns and sheets are left alone. *Extension* "
        "sheets and columns",
        "are added when first needed. The column's name [in Python](python.md) stands beside its header.\n",
    ]
    pages += _sheets(EVENT)
    pages.append("# The workbook of airline tickets\n")
    pages.append(
        "See [Airline tickets](issuance.md). Beside its own sheets it has these of an event's:"
    )
    shared = [sheet for sheet in ISSUANCE if sheet.name in EVENT]
    pages.append(f"{', '.join(f'`{sheet.name}`' for sheet in shared)}.\n")
    pages += _sheets(sheet for sheet in ISSUANCE if sheet.name not in EVENT)
    return "\n".join(pages)


def _sheets(sheets: Iterable[Sheet]) -> list[str]:
    """What each sheet is, and its columns."""
    pages = []
    for sheet in sheets:
        where = f"header in row {sheet.header_row}" if sheet.header_row else "free layout"
        key = f", key {sheet.by_name[sheet.key].header}" if sheet.key else ""
        extension = ", extension" if sheet.extension else ""
        pages.append(f"## `{sheet.name}`\n\n{sheet.kind.value}, {where}{key}{extension}\n")
        if sheet.found_by:
            found_by = ", ".join(sheet.by_name[name].header for name in sheet.found_by)
            pages.append(
                f"Titled `{sheet.name}` followed by the event's code (`{sheet.name} WC2026`); "
                "under any other title it is"
            )
            pages.append(
                f"found by its headers {found_by}. If several sheets have them, the setting "
                "`event` decides.\n"
            )
        if sheet.columns:
            pages.append("| header | in Python | holds | remarks |\n| --- | --- | --- | --- |")
            pages += [
                f"| {column.header} | {'' if column.secret else column.name} | {column.type.value} | {_remarks(column)} |"
                for column in sheet.columns
            ]
            pages.append("")
    return pages


def _remarks(column: Column) -> str:
    remarks = [
        f"one of {', '.join(column.choices)}" if column.choices else "",
        f"also spelt {', '.join(column.aliases)}" if column.aliases else "",
        "the second of two" if column.occurrence == 2 else "",
        "secret: never shown or logged" if column.secret else "",
        "extension" if column.extension else "",
    ]
    return "; ".join(remark for remark in remarks if remark)


_LIMITED = {"reads": "own rows", "writes": "checked", "apart": "all", "": "no"}


def roles_page() -> str:
    """Who may do what, and in which states of the event, as Markdown: from the tables of the
    engine (§15)."""
    from ticketops.engine.flows import labelled
    from ticketops.engine.gates import OPEN, OTHERWISE
    from ticketops.engine.permissions import NEEDED
    from ticketops.engine.scoping import OF_CLIENTS, OF_SUPPLIERS
    from ticketops.model.roles import FLOW, LEVEL, ROLE, TAKES, TICKET_MANAGER

    lines = [
        "# Roles\n",
        "`make docs` generates this page from the permissions. Each role may do what those before it "
        f"may: {', '.join(ROLE)}.",
        "A workbook that names users in `_USERS` gives each of them a role; in one that names nobody, "
        "the setting `role` applies.",
        "What a user takes back with `undo` needs what doing it needs, and an operator at least.\n",
        "The states are those of the [event](events.md); a workbook without an event is always open. "
        "Reading is always open,",
        "and so is `--dry-run`.\n",
        "| What | Least role | Capability | States in which it writes | Limited to clients | Limited to suppliers |",
        "|---|---|---|---|---|---|",
    ]
    for name, least in NEEDED.items():
        first, last = OPEN.get(name, OTHERWISE)
        who = least if isinstance(least, str) else "staff for the first user, then ops_manager"
        when = first if first == last else f"{first} to {last}"
        limited = [
            _LIMITED[table[name].value if name in table else ""]
            for table in (OF_CLIENTS, OF_SUPPLIERS)
        ]
        cells = (f"`{name.replace('.', ' ')}`", who, labelled(name), when, *limited)
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "\nThe role ticket_manager stands beside that order: it may what staff may that needs no "
        "capability, and otherwise what",
        f"these say: {', '.join(sorted(TAKES[TICKET_MANAGER]))}.",
        "\n## Capabilities\n",
        f"The flows are {', '.join(FLOW)}; in each, a user may {', '.join(LEVEL)}. A user whose "
        "Capabilities in",
        "`_USERS` is blank may do all that the role gives. Otherwise only what is named there: `sales` "
        "gives what the role",
        "may do in that flow, `sales.view`, `sales.edit` and `sales.approve` give that much whatever the "
        "role is. Users are",
        "changed by an ops_manager at least. `ticketops user set olga --capabilities "
        '"sales, procurement.view"` sets them.',
        "\n## Whose rows\n",
        "Clients and suppliers work in books, which hold their own rows only. Staff see and mark the "
        "tasks that are assigned",
        "to them. A user with Clients in `_USERS` is limited to these clients, one with VendorGroups to "
        "these suppliers",
        '(`ticketops user set olga --clients "Acme; Bolt Ltd"`, `--vendor-groups "ANN, BEE"`). What the '
        "table says of such a user:\n",
        "- **own rows**: shows the rows of these clients or suppliers only;",
        "- **checked**: may change their rows only, build and pull their books only;",
        "- **all**: is about nothing of such a party;",
        "- **no**: goes over rows of others, so it is refused.\n",
        "`dispatch sync` and `dispatch watch` read and rebuild the books of these parties only. `undo` "
        "takes back what the",
        "user did, nothing of others. Another name of a client (`client alias`) counts as the client.",
    ]
    return "\n".join(lines) + "\n"


def schema_pages() -> dict[str, str]:
    """{file name: JSON Schema} of what every command prints with --json."""
    from ticketops.cli.schemas import schemas

    return {
        name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "commands.md").write_text(reference(), "utf-8")
    (folder / "workbook.md").write_text(workbook_page(), "utf-8")
    (folder / "roles.md").write_text(roles_page(), "utf-8")
    (folder / "schema").mkdir(exist_ok=True)
    for old in (folder / "schema").glob("*.json"):
        old.unlink()
    (folder / "man").mkdir(exist_ok=True)
    for old in (folder / "man").glob("*.1"):
        old.unlink()
    for name, text in pages().items():
        (folder / "man" / name).write_text(text, "utf-8")
    for name, text in schema_pages().items():
        (folder / "schema" / name).write_text(text, "utf-8")

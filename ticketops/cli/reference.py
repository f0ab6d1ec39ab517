"""Writes docs/ (`make docs`): the command reference and the manual pages from the commands, the
workbook's layout from its declaration, JSON Schemas of results."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from ticketops.cli.app import COMMANDS, app
from ticketops.cli.manual import pages
from ticketops.schema.columns import Column
from ticketops.schema.layouts.event import EVENT


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
        "`make docs` generates this page from the layout (`ticketops/schema/layouts/event`). "
        "Columns are found by header, ignoring case and",
        "spaces, never by position; your own columns and sheets are left alone. *Extension* "
        "sheets and columns",
        "are added when first needed. The column's name [in Python](python.md) stands beside its header.\n",
    ]
    for sheet in EVENT:
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
    return "\n".join(pages)


def _remarks(column: Column) -> str:
    remarks = [
        f"one of {', '.join(column.choices)}" if column.choices else "",
        f"also spelt {', '.join(column.aliases)}" if column.aliases else "",
        "the second of two" if column.occurrence == 2 else "",
        "secret: never shown or logged" if column.secret else "",
        "extension" if column.extension else "",
    ]
    return "; ".join(remark for remark in remarks if remark)


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

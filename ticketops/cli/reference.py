"""Writes the command reference (`make docs`) from the commands themselves, so that it can't lie."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from ticketops.cli.app import COMMANDS, app


def reference() -> str:
    """The whole reference as Markdown: every command with its help, in the order of `ticketops --help`."""
    top: Any = typer.main.get_command(app)
    pages = [
        "# Commands\n",
        "Made by `make docs`; a test fails when it is not what the commands say.\n",
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
    context: Any = command.make_context(word, [], parent=parent, resilient_parsing=True, terminal_width=100)
    text = command.get_help(context)
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"## {context.command_path}\n\n```\n{lines.strip()}\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), "utf-8")

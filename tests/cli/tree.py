"""The tree of commands, as typer knows it."""

from __future__ import annotations

from functools import cache
from typing import Any

import typer

from ticketops.cli.app import COMMANDS, app

TOP: Any = typer.main.get_command(app)
CONTEXT: Any = TOP.make_context("ticketops", [], resilient_parsing=True)


@cache
def every_command() -> dict[str, Any]:
    found = {}
    for name in COMMANDS:
        command = TOP.get_command(CONTEXT, name)
        children = getattr(command, "commands", {"": command})
        found |= {f"{name} {word}".strip(): child for word, child in children.items()}
    return found

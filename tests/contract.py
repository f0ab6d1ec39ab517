"""What a command prints with --json, held against its published schema."""

from __future__ import annotations

import json
from functools import cache
from typing import Any


@cache
def _validator(command: str) -> Any:
    from jsonschema import Draft202012Validator

    from ticketops.cli.schemas import RESULTS, error_schema, schema_of

    if command and command not in RESULTS:
        return None
    schema = schema_of(command) if command else error_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def problems(text: str) -> list[str]:
    """What an object of --json has against its schema; nothing where the command has none. Of `batch`
    each line is an object."""
    return [one for line in text.splitlines() for one in _problems(json.loads(line))]


def _problems(said: dict[str, Any]) -> list[str]:
    if said.keys() >= {"line", "exit_code"}:
        said = {k: v for k, v in said.items() if k not in ("line", "exit_code", "output")}
    validator = _validator("" if "error" in said else said["command"])
    return (
        [
            f"{'/'.join(map(str, one.path))}: {one.message[:300]}"
            for one in validator.iter_errors(said)
        ]
        if validator
        else []
    )

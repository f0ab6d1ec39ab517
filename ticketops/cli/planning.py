"""A command that a Python program plans: the command's own function and checks, values in place of
words, always a dry run. Nothing is printed, and nobody is asked."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from msgspec import field

from ticketops.cli.app import COMMANDS, module_of
from ticketops.cli.output import Output
from ticketops.cli.session import SESSION, SHARED, WRITING, Session
from ticketops.config import Settings
from ticketops.errors import UsageError
from ticketops.model.findings import Finding
from ticketops.schema.columns import text_of


@dataclass(frozen=True, slots=True)
class Planned:
    """What would come of it. cells: those that would change, as `--json` lists them; notices: what the
    command would say on standard error."""

    command: str
    result: Any
    findings: tuple[Finding, ...]
    counts: Mapping[str, Mapping[str, int]]
    cells: tuple[Mapping[str, Any], ...]
    notices: tuple[str, ...] = ()


class _Silent(Output):
    """Prints nothing, and keeps the notices."""

    def __init__(self) -> None:
        super().__init__(as_json=True, quiet=True)
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def object(self, content: dict[str, Any]) -> None:
        """The program gets it as objects."""


class _Planning(Session):
    """A session that hands over what the command finishes with."""

    told: list[Planned] = field(default_factory=list)

    def finish(
        self,
        result: Any,
        findings: Sequence[Finding],
        *,
        run_id: str | None = None,
        counts: dict[str, dict[str, int]] | None = None,
        cells: tuple[Any, Any] | None = None,
    ) -> int:
        from ticketops.engine.describe import cells_of

        shown = tuple(cells_of(*cells)) if cells else ()
        self.told.append(Planned(self.command, result, tuple(findings), counts or {}, shown))
        return 0


def plan(
    settings: Settings, name: str, arguments: Sequence[object], options: Mapping[str, object]
) -> Planned:
    """What a command would do. name: that of a command or a job that writes, with dots
    (`allocate.commit`); arguments, options: those of the command, an option by its long name with
    `_` for `-`, and `_` behind it where it is a word of Python's (`with_`).

    Raises UsageError for what it does not take, and what the command raises.
    """
    command, given, said = _command(name)
    if twice := sorted(given.keys() & options.keys()):
        raise UsageError(f"{name}: {twice[0]} is given twice")
    words = _words(name, command, (*said, *arguments), {**given, **options})
    told: list[Planned] = []
    out = _Silent()

    def session(called: str, _given: Mapping[str, Any]) -> Session:
        return _Planning(called, settings, out, dry_run=True, yes=False, attended=False, told=told)

    before = SESSION.set(session)
    try:
        with command.make_context(name, words) as context:
            command.invoke(context)
    except typer.TyperException as error:
        raise UsageError(f"{name}: {error.format_message()}", _taken(name, command)) from None
    finally:
        SESSION.reset(before)
    return replace(told[-1], notices=tuple(out.notices))


OF_COMMANDS = ("batch",)
"""Commands that run others, which are planned by themselves."""


def writing() -> list[str]:
    """The names of all commands that write, in the order of `ticketops --help`."""
    return [
        ".".join(filter(None, (group, word)))
        for group in COMMANDS
        if group not in OF_COMMANDS
        for word, command in _tree(group).items()
        if _writes(command)
    ]


def _tree(group: str) -> dict[str, Any]:
    """{word: command} of a group; of what is no group the command itself, without a word."""
    command: Any = typer.main.get_command(import_module(module_of(group)).app)
    return getattr(command, "commands", {"": command})


def _writes(command: Any) -> bool:
    return any(p.name in WRITING for p in command.params)


def _command(name: str) -> tuple[Any, dict[str, object], list[str]]:
    """The command that a name stands for, and the switches and words that are part of the name: the
    job `doctor.fix` is the command doctor with `--fix`, `issuance.document.add` the command `issuance
    document` with the word add."""
    group, *rest = name.split(".")
    tree = _tree(group) if group in COMMANDS and group not in OF_COMMANDS else {}
    word = "" if "" in tree else rest.pop(0) if rest else ""
    command = tree.get(word)
    said = rest[:1] if command is not None and rest and rest[0] in _first_words(command) else []
    switches: dict[str, object] = {text.replace("-", "_"): True for text in rest[len(said) :]}
    if command is None or not _writes(command) or switches.keys() - _taken_by(command).keys():
        raise UsageError(
            f"{name!r} is not a command that writes", f"it must be one of {', '.join(writing())}"
        )
    return command, switches, said


def _first_words(command: Any) -> list[str]:
    """What the first word after a command must be, where it is one of a few."""
    first = next((p for p in command.params if not _is_option(p)), None)
    return str(first.metavar).split("|") if first is not None and "|" in str(first.metavar) else []


def _taken_by(command: Any) -> dict[str, Any]:
    """{name in Python: the parameter} of what a command takes, arguments first."""
    own = [p for p in command.params if p.name not in SHARED.keys() | WRITING.keys()]
    return {_python_name(p): p for p in sorted(own, key=_is_option)}


def _is_option(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "option")


def _python_name(parameter: Any) -> str:
    if not _is_option(parameter):
        return str(parameter.name)
    name = max(parameter.opts, key=len).lstrip("-").replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _taken(name: str, command: Any) -> str:
    """`allocate.commit takes sale, plan, set, override, reason`."""
    return f"{name} takes {', '.join(_taken_by(command)) or 'nothing'}"


def _words(
    name: str, command: Any, arguments: Sequence[object], options: Mapping[str, object]
) -> list[str]:
    """The words that the command line would be given. Raises UsageError."""
    taken = _taken_by(command)
    if unknown := [one for one in options if one not in taken]:
        raise UsageError(f"{name} takes no {unknown[0]}", _taken(name, command))
    said = [_text(name, "an argument", value) for value in arguments]
    places = [parameter for parameter in taken.values() if not _is_option(parameter)]
    for parameter, value in zip(places, arguments, strict=False):
        _require_file(name, str(parameter.name), parameter, value)
    words: list[str] = []
    for key, value in options.items():
        parameter = taken[key]
        if value is None:
            continue
        if _is_option(parameter):
            words += _option(name, key, parameter, value)
        elif arguments:
            raise UsageError(f"{name}: name all arguments or none, not only {key}")
    lacking = ""
    for key, parameter in taken.items():
        if _is_option(parameter):
            continue
        value = options.get(key)
        if value is None:
            lacking = lacking or key
        elif lacking:
            raise UsageError(f"{name}: {lacking} is missing", _taken(name, command))
        else:
            _require_file(name, key, parameter, value)
            said += [_text(name, key, one) for one in _each(parameter.nargs == -1, value)]
    return [*words, "--", *said]


def _require_file(name: str, key: str, parameter: Any, value: object) -> None:
    """Raises UsageError for the standard input, where a command reads it."""
    if value == "-" and "standard input" in str(getattr(parameter, "help", "")):
        raise UsageError(f"{name}: {key} must be a file: a program has no standard input to read")


def _option(name: str, key: str, parameter: Any, value: object) -> list[str]:
    option = max(parameter.opts, key=len)
    if parameter.is_flag:
        if not isinstance(value, bool):
            raise UsageError(f"{name}: {key} must be True or False, not {value!r}")
        return [option] if value else list(parameter.secondary_opts[:1])
    if value == "-" and str(parameter.metavar).endswith("|-"):
        raise UsageError(f"{name}: {key} must be a file: a program has no standard input to read")
    return [f"{option}={_text(name, key, one)}" for one in _each(parameter.multiple, value)]


def _each(many: bool, value: object) -> Sequence[object]:
    return value if many and isinstance(value, list | tuple) else (value,)


def _text(name: str, key: str, value: object) -> str:
    """A value as it is typed. Raises UsageError for one that nobody can type."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date | Path):
        raise UsageError(f"{name}: {key} can't be {value!r}")
    text = text_of(value)
    if "\0" in text:
        raise UsageError(f"{name}: {key} can't be {value!r}: no word holds a NUL")
    return text

"""The manual pages, made from the commands: `ticketops.1`, and one of each command with those below it
(`ticketops-sale.1`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from ticketops import __version__
from ticketops.cli.app import COMMANDS, app

EXIT_CODES = (
    (0, "done"),
    (1, "done, with findings"),
    (2, "usage: the command line is wrong"),
    (3, "the workbook or an input file is not usable"),
    (4, "a business rule refused the command"),
    (5, "locked, or changed by someone else"),
    (6, "not permitted"),
    (70, "a bug in ticketops"),
)
_ENVIRONMENT = (
    ("TICKETOPS_WORKBOOK", "The workbook, if -w does not name it."),
    ("TICKETOPS_USER", "The user who is recorded, if --as does not name one."),
    ("NO_COLOR", "No colours."),
)


def pages() -> dict[str, str]:
    """{file name: page} of the manual."""
    top: Any = typer.main.get_command(app)
    context: Any = top.make_context("ticketops", [], resilient_parsing=True)
    made = {"ticketops.1": _top_page(top, context)}
    for name in COMMANDS:
        command = top.get_command(context, name)
        made[f"ticketops-{name}.1"] = "\n".join(_page(command, name, context)) + "\n"
    return made


def _top_page(top: Any, context: Any) -> str:
    lines = [
        *_head("ticketops", top.help),
        ".SH SYNOPSIS",
        ".B ticketops",
        r"\fICOMMAND\fR [\fIARGUMENT\fR ...] [\fIOPTION\fR ...]",
        ".SH DESCRIPTION",
        *_paragraphs(top.help),
        ".PP",
        _text(top.epilog or ""),
        ".SH COMMANDS",
    ]
    for name, summary in COMMANDS.items():
        lines += [".TP", rf"\fBticketops\-{_text(name)}\fR(1)", _text(summary)]
    lines += [".SH OPTIONS", *_options(top, context)]
    lines += [".SH EXIT STATUS"]
    for code, meaning in EXIT_CODES:
        lines += [".TP", rf"\fB{code}\fR", _text(meaning)]
    lines += [".SH ENVIRONMENT"]
    for name, meaning in _ENVIRONMENT:
        lines += [".TP", rf"\fB{name}\fR", _text(meaning)]
    lines += [
        ".SH FILES",
        ".TP",
        r"\fIticketops.toml\fR",
        _text("Settings, in the current folder and in the user's configuration."),
        ".TP",
        r"\fIWORKBOOK.ticketops/\fR",
        _text("Beside each workbook: its journal, older versions and cache."),
    ]
    return "\n".join(lines) + "\n"


def _page(command: Any, name: str, parent: Any) -> Iterator[str]:
    context: Any = command.make_context(name, [], parent=parent, resilient_parsing=True)
    yield from _head(f"ticketops-{name}", COMMANDS[name])
    children = getattr(command, "commands", None)
    if children is None:
        yield ".SH SYNOPSIS"
        yield from _usage(command, context)
        yield ".SH DESCRIPTION"
        yield from _paragraphs(command.help or "")
        yield ".SH OPTIONS"
        yield from _options(command, context)
    else:
        yield ".SH SYNOPSIS"
        yield rf"\fBticketops {_text(name)}\fR \fICOMMAND\fR [\fIARGUMENT\fR ...] [\fIOPTION\fR ...]"
        yield ".SH DESCRIPTION"
        yield from _paragraphs(COMMANDS[name])
        yield ".SH COMMANDS"
        for word, child in children.items():
            own: Any = child.make_context(word, [], parent=context, resilient_parsing=True)
            yield f'.SS "ticketops {_quoted(name)} {_quoted(word)}"'
            yield from _usage(child, own)
            yield ".PP"
            yield from _paragraphs(child.help or "")
            yield from _options(child, own)
    yield ".SH SEE ALSO"
    yield r".BR ticketops (1)"


def _head(name: str, summary: str) -> list[str]:
    first = re.split(r"(?<=[.:]) ", " ".join((summary or "").split()), maxsplit=1)[0]
    return [
        f'.\\" Made by `make docs` from the commands.\n.TH {_text(name.upper())} 1 "" "ticketops {__version__}" "ticketops"',
        ".SH NAME",
        rf"{_text(name)} \- {_text(first.rstrip('.'))}",
    ]


def _usage(command: Any, context: Any) -> list[str]:
    pieces = command.collect_usage_pieces(context)
    return [rf"\fB{_text(context.command_path)}\fR {_text(' '.join(pieces))}"]


def _options(command: Any, context: Any) -> Iterator[str]:
    """A tagged paragraph for each argument and option that help shows."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            shown, said = record
            yield ".TP"
            yield rf"\fB{_text(shown)}\fR"
            yield _text(" ".join(said.split())) or r"\&"


def _paragraphs(text: str) -> Iterator[str]:
    """Prose as paragraphs; words that a person would type are kept on lines of their own."""
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _text(text: str) -> str:
    """Text as roff takes it: no line begins with a control character, no letter is a command."""
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    plain = "".join(c if c.isascii() else rf"\[u{ord(c):04X}]" for c in plain)
    return rf"\&{plain}" if plain[:1] in (".", "'") else plain


def _quoted(text: str) -> str:
    return _text(text).replace('"', r"\(dq")

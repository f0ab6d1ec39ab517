"""What a shell offers when TAB is pressed: the names that the workbook's cache holds, and the scripts
that ask for them. No workbook is read, no table loaded, and nothing ever fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import typer

from ticketops.errors import UsageError

VARIABLE = "_TICKETOPS_COMPLETE"
WORKBOOK: ContextVar[str | None] = ContextVar("WORKBOOK", default=None)
"""The workbook that a shell of ours works on, where the line names none."""
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")

_COLUMNS: dict[str, tuple[str, ...]] = {
    "sales": ("sales_id",),
    "clients": ("client", "name"),
    "matches": ("match",),
    "categories": ("category",),
    "vendors": ("vendor",),
    "users": ("user", "email"),
    "sub_games": ("sub_game",),
}
"""{kind: the columns whose names are offered}."""
_BY_METAVAR = {"SALESID": "sales", "USER": "users"}
_BY_NAME = {
    ("client", "NAME"): "clients",
    ("client", "CLIENT"): "clients",
    ("clients", "CLIENT"): "clients",
    ("into", "CLIENT"): "clients",
    ("record", "CLIENT"): "clients",
    ("record", "VENDOR"): "vendors",
    ("companies", "COMPANY"): "clients",
    ("company", "COMPANY"): "clients",
    ("company", "NAME"): "clients",
    ("match", "CODE"): "matches",
    ("match", "CODES"): "matches",
    ("match", "MATCH"): "matches",
    ("code", "CODE"): "sub_games",
    ("subgame", "CODE"): "sub_games",
    ("first", "MATCH"): "matches",
    ("second", "MATCH"): "matches",
    ("category", "NAME"): "categories",
    ("category", "NAMES"): "categories",
    ("category", "CATEGORY"): "categories",
    ("to", "CATEGORY"): "categories",
    ("vendor", "NAME"): "vendors",
    ("vendor", "VENDOR"): "vendors",
    ("vendor_whitelist", "VENDORS"): "vendors",
    ("vendor_blocklist", "VENDORS"): "vendors",
    ("to", "ADDRESS"): "users",
    ("from_person", "ADDRESS"): "users",
    ("person", "ADDRESS"): "users",
    ("people", "ADDRESS"): "users",
    ("staff", "ADDRESS"): "users",
    ("as_user", "USER"): "users",
    ("unset", "RULE"): "rules",
    ("mode", "MODE"): "modes",
    ("split", "POLICY"): "splits",
}

BASH = r"""_ticketops_completion() {
    local IFS=$'\n' word
    COMPREPLY=()
    while read -r word; do
        [[ -n $word ]] && COMPREPLY+=("$word")
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \
             _TICKETOPS_COMPLETE=complete_bash "$1" 2>/dev/null)
    return 0
}

complete -o default -o filenames -F _ticketops_completion ticketops
"""
ZSH = r"""#compdef ticketops

_ticketops_completion() {
    local -a found
    found=("${(@f)$(COMP_WORDS="${(F)words[1,$CURRENT]}" COMP_CWORD=$((CURRENT-1)) \
           _TICKETOPS_COMPLETE=complete_bash "${words[1]}" 2>/dev/null)}")
    found=("${(@)found:#}")
    if (( ${#found} )); then
        compadd -- "${found[@]}"
    else
        _files
    fi
}

compdef _ticketops_completion ticketops
"""
"""Of both, what is offered is a line each, and is never evaluated: a name in a workbook is no command."""


def kind_of(name: str, metavar: str | None) -> str:
    """What a parameter takes: a kind of names; empty for none that is offered."""
    plain = (metavar or "").strip("[]").rstrip("…")
    return _BY_NAME.get((name, plain)) or _BY_METAVAR.get(plain, "")


def offered(name: str, metavar: str | None) -> Callable[..., list[str]] | None:
    """The completion of a parameter, as typer asks for it; None where there is none."""
    kind = kind_of(name, metavar)
    if not kind:
        return None

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            return sorted(text for text in _names(kind, ctx) if text.startswith(incomplete))
        except Exception:  # whatever is wrong, a person who presses TAB is told nothing
            return []

    return complete


def _names(kind: str, context: Any) -> list[str]:
    if kind in ("rules", "modes", "splits"):
        return _of_policies(kind) if "policy" in context.command_path.split() else []
    from pathlib import Path

    from ticketops import config
    from ticketops.stores import names

    given = context.params.get("workbook") or WORKBOOK.get()
    workbook = config.load({"workbook": given}).workbook
    if not isinstance(workbook, Path):
        return []
    path = workbook.resolve()
    folder = path.with_name(f"{path.name}.ticketops") / "cache"
    found = names.known(folder, _COLUMNS[kind])
    return [text for text in found if text.isprintable()]


def _of_policies(kind: str) -> list[str]:
    """The words of a closed set; the module of the command is loaded already."""
    from ticketops.cli import policy
    from ticketops.model import states

    if kind == "rules":
        return list(policy.RULES)
    return list(states.POLICY_MODE if kind == "modes" else states.SPLIT_POLICY)


def is_asked() -> bool:
    """Whether a shell asks what could come next."""
    return VARIABLE in os.environ


def answered(run: Callable[[], int]) -> int:
    """Run what a shell asked for, and its exit code: whatever goes wrong, nothing is said."""
    stderr, sys.stderr = sys.stderr, open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    try:
        with suppress(Exception, KeyboardInterrupt):
            return run()
        return 0
    except SystemExit as left:  # fish asks by exit codes
        return left.code if isinstance(left.code, int) else 0
    finally:
        sys.stderr = stderr


def of_shells(words: Sequence[str]) -> str | None:
    """What `--show-completion SHELL` and `--install-completion SHELL` print; None where the words
    are something else, or name no shell. Raises UsageError for one that is not known."""
    if not words or words[0] not in ("--show-completion", "--install-completion"):
        return None
    from typer import _completion_shared

    scripts: dict[str, str] = _completion_shared._completion_scripts
    scripts |= {"bash": BASH, "zsh": ZSH}
    if len(words) != 2 or words[1].startswith("-"):
        return None  # typer finds out which shell it is
    shell = words[1].casefold()
    if shell not in SHELLS:
        raise UsageError(
            f"{words[1]!r} is not a supported shell", f"it must be one of {', '.join(SHELLS)}"
        )
    if words[0] == "--show-completion":
        made: str = _completion_shared.get_completion_script(
            prog_name="ticketops", complete_var=VARIABLE, shell=shell
        )
        return made + "\n"
    _shell, path = _completion_shared.install(shell, "ticketops", VARIABLE)
    return f"completion for {shell} is installed in {path}; open a new terminal to use it\n"

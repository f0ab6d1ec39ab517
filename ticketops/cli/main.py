"""The entry point: runs a command and turns every outcome into one line and an exit code (DESIGN: exit codes)."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import typer

from ticketops.cli.app import app
from ticketops.errors import TicketopsError


def main(args: list[str] | None = None) -> NoReturn:
    """Run ticketops with the process's arguments."""
    code = run(sys.argv[1:] if args is None else args)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        _silence_stdout()
    os._exit(code)  # everything is on disk; tearing down polars' threads and tables would cost every command 40 ms


def run(words: list[str]) -> int:
    """Run one command line; the exit code. No traceback reaches a person unless --debug is given."""
    as_json, debug = "--json" in words, "--debug" in words
    command = " ".join(_command_words(words))
    try:
        return int(app(args=words, prog_name="ticketops", standalone_mode=False) or 0)
    except TicketopsError as error:
        if debug:
            raise
        return _fail(command, error.code, error.message, error.hint, error.exit_code, as_json)
    except typer.TyperException as error:
        context: Any = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message(), err=True)
            return 2
        hint = f"{context.command_path} --help shows how" if context is not None else ""
        return _fail(command, "USAGE", error.format_message(), hint, 2, as_json)
    except (typer.Abort, KeyboardInterrupt, EOFError):
        return _fail(command, "INTERRUPTED", "stopped", "ticketops log shows what was done", 130, as_json)
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except MemoryError:
        return _fail(command, "MEMORY", "there is not enough memory for this workbook", "", 3, as_json)
    except Exception as error:
        if debug:
            raise
        text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        return _fail(command, "INTERNAL", f"internal error: {text}", "this is our bug; --debug shows where", 70, as_json)


def _fail(command: str, code: str, message: str, hint: str, exit_code: int, as_json: bool) -> int:
    if as_json:
        import json

        print(json.dumps({"command": command, "error": {"code": code, "message": message, "hint": hint}}, ensure_ascii=False))
    else:
        line = " ".join(message.split())
        print(f"ticketops: {line}" + (f" ({hint})" if hint else ""), file=sys.stderr)
    return exit_code


def _command_words(words: list[str]) -> list[str]:
    """The command's own words: those before the first option, two at most."""
    found: list[str] = []
    for word in words:
        if word.startswith("-") or len(found) == 2:
            break
        found.append(word)
    groups = {"purchase", "sale", "allocate", "audit", "recon", "report"}
    return found if found and found[0] in groups else found[:1]


def _silence_stdout() -> None:
    """The reader of our output went away: keep the interpreter from complaining when it closes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

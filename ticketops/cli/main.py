"""The entry point: runs a command and turns every outcome into one line and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import Any, NoReturn

import typer

from ticketops.cli import completion
from ticketops.cli.app import GROUPS, app
from ticketops.errors import TicketopsError


def main(args: list[str] | None = None) -> NoReturn:
    """Run ticketops with the process's arguments."""
    gc.disable()  # a command lives for seconds and makes no cycles to speak of; looking for them took a twentieth of it
    _open_streams()
    words = sys.argv[1:] if args is None else args
    code = completion.answered(lambda: run(words)) if completion.is_asked() else run(words)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # the reader went away
    except OSError as error:
        code = fail(
            "", "OUTPUT", f"the output can't be written: {error.strerror}", "", 3, as_json=False
        )
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(
        code
    )  # everything is on disk; tearing down polars' threads and tables would cost every command 40 ms


def run(words: list[str], *, as_json: bool = False, where: str = "") -> int:
    """Run one command line; the exit code. No traceback reaches a person unless --debug is
    given. as_json: errors are printed as JSON, as with --json; where: what begins their text
    (`line 3: `)."""
    as_json, debug = as_json or "--json" in words, "--debug" in words
    command = " ".join(command_words(words))

    def failed(code: str, message: str, hint: str, exit_code: int) -> int:
        return fail(command, code, message, hint, exit_code, as_json=as_json, where=where)

    try:
        if (said := completion.of_shells(words)) is not None:
            print(said, end="")
            return 0
        return int(app(args=words, prog_name="ticketops", standalone_mode=False) or 0)
    except TicketopsError as error:
        if debug:
            raise
        return failed(error.code, error.message, error.hint, error.exit_code)
    except typer.TyperException as error:
        context: Any = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message(), err=True)  # our own help, nothing of a workbook
            return 2
        hint = f"{context.command_path} --help shows how" if context is not None else ""
        return failed("USAGE", error.format_message(), hint, 2)
    except (typer.Abort, KeyboardInterrupt, EOFError):
        return failed("INTERRUPTED", "stopped", "ticketops log shows what was done", 130)
    except BrokenPipeError:
        return 0
    except OSError as error:
        text = error.strerror or str(error)
        return failed(
            "SYSTEM",
            f"the operating system refused the request: {text}",
            "ticketops log shows what was done",
            3,
        )
    except MemoryError:
        return failed("MEMORY", "there is not enough memory for this workbook", "", 3)
    except Exception as error:
        if debug:
            raise
        text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        return failed(
            "INTERNAL",
            f"internal error: {text}",
            "this is a bug in ticketops; --debug shows where",
            70,
        )


def fail(
    command: str,
    code: str,
    message: str,
    hint: str,
    exit_code: int,
    *,
    as_json: bool,
    where: str = "",
) -> int:
    """Tell an error in one line, or as a JSON object; the exit code. where: what begins the line."""
    from ticketops.cli.output import escaped, harmless

    if as_json:
        import json

        said = {"command": command, "error": {"code": code, "message": message, "hint": hint}}
        try:
            print(escaped(json.dumps(said)), flush=True)
            return exit_code
        except OSError:
            pass  # standard output is what failed: tell it on standard error
    line = harmless(
        f"ticketops: {where}{' '.join(message.split())}" + (f" ({hint})" if hint else "")
    )
    with suppress(OSError):
        print(line.encode("utf-8", "replace").decode(), file=sys.stderr)
    return exit_code


def _open_streams() -> None:
    """Streams that were closed lead nowhere; letters that a terminal does not know are spelt
    out."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (open as long as the process)
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def command_words(words: list[str]) -> list[str]:
    """The command's own words: those before the first option, two at most."""
    found: list[str] = []
    for word in words:
        if word.startswith("-") or len(found) == 2:
            break
        found.append(word)
    return found if found and found[0] in GROUPS else found[:1]


if __name__ == "__main__":
    main()

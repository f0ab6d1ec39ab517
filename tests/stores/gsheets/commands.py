"""Commands on a Google Sheet as a person types them, and what their words may be."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Result, run_cli
from tests.online import Google

Command = Callable[..., Result]
SALE = ("sale", "add", "--client", "Meridian", "--line", "M01:Cat 1:2@350")


def variables(google: Google, more: dict[str, str | None]) -> dict[str, str]:
    """Those of a machine whose configuration is empty; None: have it not."""
    environment = google.environment() | {
        "XDG_CONFIG_HOME": str(google.folder / "config"),
        "TICKETOPS_GOOGLE_BUDGET": "5",
    }
    return {"GOOGLE_APPLICATION_CREDENTIALS": ""} | {
        name: value for name, value in (environment | more).items() if value is not None
    }


def process(google: Google, *words: str, **more: str | None) -> Result:
    """The command in a process of its own: waits between tries, and shows all that a person
    sees."""
    return run_cli(*words, env=variables(google, more))


def one_line(done: Result, code: int, *named: str) -> None:
    assert done.code == code, done.err
    assert done.out == ""
    (line,) = [line for line in done.err.splitlines() if "trying again" not in line]
    assert line.startswith("ticketops: ")
    for text in named:
        assert text in line


def nothing_leaked(google: Google, *done: Result, secrets: tuple[str, ...] = ()) -> None:
    """Neither tokens nor keys are in an output, nor in a file on this machine but the key's own."""
    texts = [text for one in done for text in (one.out, one.err)]
    own = (google.key, google.folder / "consent.json")
    texts += [
        path.read_bytes().decode("latin-1")
        for path in google.folder.rglob("*")
        if path.is_file() and path not in own and "keys" not in path.parts
    ]
    for secret in (
        "ya29.",
        "1//refresh",
        "GOCSPX",
        "BEGIN PRIVATE KEY",
        google.info["private_key"].splitlines()[3][:40],
        *secrets,
    ):
        assert [text[:200] for text in texts if secret in text] == []

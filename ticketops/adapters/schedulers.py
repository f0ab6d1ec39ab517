"""The crontab of a user, and the units of their systemd: read and written by the programs that own
them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ticketops.errors import UnusableError
from ticketops.files import read_regular, replace_file

_SECONDS = 30.0
_MOST_UNIT = 2**16


def read_crontab() -> str:
    """The crontab of this user; empty where they have none. Raises UnusableError where that can't be
    told: then nothing may be written either, since it would replace what is there."""
    done = _run("crontab", "-l", hint="`--systemd` uses systemd instead")
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape")
    said = done.stderr.decode("utf-8", "replace").strip()
    if "no crontab" in said.lower():
        return ""
    raise UnusableError(f"the crontab can't be read: {_last(said)}", "nothing was changed")


def write_crontab(text: str) -> None:
    """Replace the crontab of this user. Raises UnusableError where cron refuses it."""
    done = _run("crontab", "-", given=text.encode("utf-8", "surrogateescape"))
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise UnusableError(f"cron did not take the crontab: {_last(said)}", "it is unchanged")


def unit_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the units of this user are."""
    base = environment.get("XDG_CONFIG_HOME", "")
    whole = Path(base) if Path(base).is_absolute() else Path.home() / ".config"
    return whole / "systemd" / "user"


def read_unit(name: str) -> str:
    """A unit; empty where there is none."""
    try:
        return read_regular(unit_folder() / name, _MOST_UNIT).decode("utf-8", "replace")
    except OSError:
        return ""


def write_units(units: Mapping[str, str], start: str) -> None:
    """Write units, and have systemd start one of them now and at every login. Raises UnusableError,
    and takes back new ones that systemd does not take."""
    _systemctl("--version")
    folder = unit_folder()
    before = {name: read_unit(name) for name in units}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            replace_file(folder / name, text.encode())
    except OSError as error:
        raise UnusableError(f"{folder} can't be written: {error.strerror or error}") from None
    try:
        _systemctl("--user", "daemon-reload")
        _systemctl("--user", "enable", "--now", start)
    except UnusableError:
        with suppress(OSError):
            for name, text in before.items():
                if text:
                    replace_file(folder / name, text.encode())
                else:
                    (folder / name).unlink(missing_ok=True)
        raise


def remove_units(names: list[str], started: str) -> None:
    """Stop a unit, and delete units. Raises UnusableError where systemd does not answer."""
    _systemctl("--user", "disable", "--now", started)
    for name in names:
        with suppress(FileNotFoundError):
            (unit_folder() / name).unlink()
    _systemctl("--user", "daemon-reload")


def is_enabled(name: str) -> bool:
    """Whether systemd starts a unit by itself."""
    try:
        _systemctl("--user", "is-enabled", "--quiet", name)
    except UnusableError:
        return False
    return True


def _systemctl(*words: str) -> None:
    done = _run("systemctl", *words, hint="without --systemd, cron is used")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise UnusableError(f"systemctl {' '.join(words)} failed: {_last(said)}")


def _run(
    program: str, *words: str, given: bytes = b"", hint: str = ""
) -> subprocess.CompletedProcess[bytes]:
    path = shutil.which(program)
    if path is None:
        raise UnusableError(f"{program} is not installed on this machine", hint)
    try:
        return subprocess.run(
            [path, *words],
            input=given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},  # what it says is compared
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnusableError(f"{program} does not answer: {error}") from None


def _last(said: str) -> str:
    return said.rsplit("\n", maxsplit=1)[-1] or "it does not say why"

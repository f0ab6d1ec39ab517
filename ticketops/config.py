"""Settings: flags > environment > ./ticketops.toml > user config. The only reader of them.

A dataclass and tomllib, not pydantic-settings: every command starts through here, and that import alone would cost
more than the rest of the start.
"""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ticketops.errors import UsageError
from ticketops.model import states

FILE_NAME = "ticketops.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """workbook: the file to work on, or `gsheet:` and the id of a Google Sheet. user: who is recorded. role: what they may do where _USERS names nobody. backups: older
    versions kept. lock_timeout: seconds. cache: whether typed tables are kept beside the workbook. books: the folder of the
    books for clients, suppliers and staff. key_file: holds the keys that seal passwords. event: whose credentials come before
    the global ones. dispatch_buffer_hours: how long before a match its tickets must be out. reveal_seconds: how long a password
    is shown, 30 at most. google_key: a key file for Google. google_budget: seconds that a command may spend on trying Google again.
    google_api: another server in place of Google's. state: where is kept what belongs to a Google Sheet."""

    workbook: Path | str | None = None
    user: str = ""
    role: str = states.SR_OPERATOR
    backups: int = 10
    lock_timeout: float = 20.0
    cache: bool = True
    books: Path = Path("books")
    key_file: Path | None = None
    event: str = "WC2026"
    dispatch_buffer_hours: float = 72.0
    reveal_seconds: float = 30.0
    google_key: Path | None = None
    google_budget: float = 120.0
    google_api: str = ""
    state: Path = Path()


def _workbook(value: Any) -> Path | str:
    """A path, or `gsheet:<id>` for whatever means a Google Sheet."""
    from ticketops.stores.gsheets.address import PREFIX, is_online, spreadsheet_id

    if is_online(value):
        return PREFIX + spreadsheet_id(value)
    return Path(_path_text(value)).expanduser()


_READERS: dict[str, Any] = {
    "workbook": _workbook,
    "user": lambda v: _typed(v, str).strip(),
    "role": lambda v: states.ROLE[states.ROLE.index(_typed(v, str).strip().lower())],
    "backups": lambda v: _bounded(_whole(v), 1, 1000),
    "lock_timeout": lambda v: _bounded(float(v), 0.0, 3600.0),
    "cache": lambda v: v if isinstance(v, bool) else {"1": True, "true": True, "0": False, "false": False}[str(v).lower()],
    "books": lambda v: Path(_path_text(v)).expanduser(),
    "key_file": lambda v: Path(_path_text(v)).expanduser(),
    "event": lambda v: _typed(v, str).strip(),
    "dispatch_buffer_hours": lambda v: _bounded(float(v), 0.0, 24.0 * 366),
    "reveal_seconds": lambda v: _bounded(float(v), 0.1, 30.0),
    "google_key": lambda v: Path(_path_text(v)).expanduser(),
    "google_budget": lambda v: _bounded(float(v), 0.0, 3600.0),
    "google_api": lambda v: _typed(v, str).strip(),
    "state": lambda v: Path(_path_text(v)).expanduser(),
}
_PATHS = ("workbook", "books", "key_file", "google_key", "state")


def load(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ, folder: Path | None = None) -> Settings:
    """The settings of one run; `flags` that are None were not given. Raises UsageError for a value that can't be.

    A relative path in a file is taken from that file's folder.
    """
    values: dict[str, Any] = {}
    for path in (config_folder(environment) / FILE_NAME, (folder or Path.cwd()) / FILE_NAME):
        values |= _from_file(path)
    for name in _READERS:
        text = environment.get(f"TICKETOPS_{name.upper()}")
        if text:
            values[name] = _read(name, text, f"TICKETOPS_{name.upper()}")
    values |= {name: _read(name, value, f"--{name}") for name, value in flags.items() if value is not None}
    if not values.get("user"):
        values["user"] = _login()
    values.setdefault("state", _state_folder(environment))
    return Settings(**values)


def workbook(name: str, option: str) -> Path | str:
    """What an option that names a workbook means. Raises UsageError."""
    named: Path | str = _read("workbook", name, option)
    return named


def config_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """~/.config/ticketops, or what XDG_CONFIG_HOME and Windows' APPDATA say instead."""
    base = environment.get("XDG_CONFIG_HOME") or environment.get("APPDATA")
    return (Path(base) if base else Path.home() / ".config") / "ticketops"


def _state_folder(environment: Mapping[str, str]) -> Path:
    """~/.local/state/ticketops, or what XDG_STATE_HOME and Windows' LOCALAPPDATA say instead."""
    base = environment.get("XDG_STATE_HOME") or environment.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "state") / "ticketops"


def _from_file(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {error}") from None
    unknown = set(content) - {field.name for field in fields(Settings)}
    if unknown:
        raise UsageError(f"{path} has no setting {sorted(unknown)[0]!r}", f"it may hold {', '.join(_READERS)}")
    values = {name: _read(name, value, f"{path}: {name}") for name, value in content.items()}
    return values | {name: path.parent / values[name] for name in _PATHS if isinstance(values.get(name), Path)}


def _read(name: str, value: Any, source: str) -> Any:
    try:
        return _READERS[name](value)
    except UsageError as error:
        raise UsageError(f"{source} {error.message}", error.hint) from None
    except (ValueError, TypeError, KeyError):
        raise UsageError(f"{source} can't be {value!r}") from None


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, (kind, os.PathLike)):
        raise TypeError
    return value


def _path_text(value: Any) -> str:
    text = str(_typed(value, str))
    if not text or "\0" in text:
        raise ValueError
    return text


def _whole(value: Any) -> int:
    if isinstance(value, float | bool):
        raise TypeError
    return int(value)


def _bounded(value: Any, least: float, most: float) -> Any:
    if not least <= value <= most:
        raise ValueError
    return value


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"

"""Settings: flags > environment > ./ticketops.toml > user config. The only reader of them.

The file of the current folder came with the folder, from whomever: it may name a workbook and
looks, never where secrets go or who one is (D30).

A dataclass and tomllib, not pydantic-settings: every command starts through here, and that import
alone would cost more than the rest of the start.
"""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Mapping, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from ticketops.errors import UsageError
from ticketops.files import read_regular
from ticketops.model import roles, states
from ticketops.model.dates import ORDERS
from ticketops.model.quiet import Quiet
from ticketops.model.secrets import Secret
from ticketops.model.spelling import tidy
from ticketops.model.words import Words

FILE_NAME = "ticketops.toml"
MAX_FILE = 2**20
FOLDER_MAY = frozenset(
    (
        "workbook",
        "backups",
        "lock_timeout",
        "cache",
        "event",
        "dispatch_buffer_hours",
        "medal_hours_earlier",
        "reveal_seconds",
        "dates",
        "google_budget",
        "sender",
        "contact",
        "company_word",
        "vendor_word",
        "client_word",
        "masked_vendor",
        "unpaid_tickets",
        "name_update_days",
        "artifact_days",
        "job_stuck_minutes",
        "clock_silence_hours",
    )
)
"""What the file of the current folder may set (D30); whatever is not named here it may not."""


class Settings(Struct, frozen=True):
    """workbook: the file to work on, or `gsheet:` and the id of a Google Sheet. user: who is
    recorded. role: what they may do where _USERS names nobody. backups: older versions kept.
    lock_timeout: seconds. cache: whether typed tables are kept beside the workbook. books: the
    folder of the books for clients, suppliers and staff. key_file: holds the keys that seal
    passwords. event: the code of the event that the workbook is for, in place of what its
    _EVENTS or the title of its schedule says: its credentials come before the global ones. dispatch_buffer_hours: how long
    before a match its tickets must be out; None for what the event says. medal_hours_earlier: how
    much earlier still those of a medal session. reveal_seconds: how long a password is shown, 30 at
    most. dates: dmy or mdy, for typed
    dates that can be read two ways. google_key: a key file for Google. google_budget: seconds that a command may spend on
    trying Google again. google_api: another server in place of Google's, by https or on this
    machine. google_keepers: addresses, with commas between them, that may lift the protection of
    books at Google, beside our own. state: where is kept what belongs to a Google Sheet. ignored: a line for people where
    the file of the current folder set what it may not. sender, contact: whom books are from, and
    whom their readers ask. company_word: what suppliers read in place of companies; vendor_word,
    client_word: what stands in texts in place of a vendor, and of another client. masked_vendor:
    what the vendors of masked_sheet (_MATTHIAS_EMAILS, if not set) are called. unpaid_tickets: one of
    states.UNPAID_TICKETS. name_update_days: how many days before its deadline the name on an airline
    ticket is due soon. artifact_days: how long files of report jobs are kept. job_stuck_minutes: after
    how many one that is not made is said to be stuck. clock_tasks: what runs at night, with commas between; empty: the usual.
    clock_days: how many days before a match `dispatch deadlines` speaks of what is not sent yet, or of
    guests. clock_silence_hours: how long nothing may run at night before people are told. smtp_…: the
    server that mail goes to, one of SMTP_SECURITY, and who we are there; slack_url, whatsapp_url: where such messages go, as apprise spells it. quiet_hours: when
    nobody is written to. message_digest: whether several messages to one recipient become one.
    messages_per_minute: by each channel. portal_url: the address of the portal; portal_days: how long a link
    to it stands, where no event says so; portal_proxies: addresses of the servers in front of it. readable: a line for people where others can read the file that
    holds a secret."""

    workbook: Path | str | None = None
    user: str = ""
    role: str = roles.SR_OPERATOR
    backups: int = 10
    lock_timeout: float = 20.0
    cache: bool = True
    books: Path = Path("books")
    key_file: Path | None = None
    event: str = ""
    dispatch_buffer_hours: float | None = None
    medal_hours_earlier: float = 24.0
    reveal_seconds: float = 30.0
    dates: str = ""
    google_key: Path | None = None
    google_budget: float = 120.0
    google_api: str = ""
    google_keepers: str = ""
    state: Path = Path()
    ignored: str = ""
    sender: str = ""
    contact: str = ""
    company_word: str = Words().company
    vendor_word: str = Words().vendor
    client_word: str = Words().client
    masked_vendor: str = Words().mask
    masked_sheet: str = ""
    unpaid_tickets: str = states.WARN
    name_update_days: int = 2
    artifact_days: float = 7.0
    job_stuck_minutes: float = 30.0
    clock_tasks: str = ""
    clock_days: tuple[int, ...] = (65, 14, 7, 3, 1)
    clock_silence_hours: float = 36.0
    smtp_host: str = ""
    smtp_port: int = 0
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: Secret = Secret()
    smtp_from: str = ""
    slack_url: Secret = Secret()
    whatsapp_url: Secret = Secret()
    quiet_hours: Quiet | None = None
    message_digest: bool = False
    messages_per_minute: int = 60
    portal_url: str = ""
    portal_days: int = 30
    portal_proxies: str = ""
    readable: str = ""

    @property
    def words(self) -> Words:
        """What stands in place of names that a reader may not know."""
        return Words(self.company_word, self.vendor_word, self.client_word, self.masked_vendor)


def _workbook(value: Any) -> Path | str:
    """A path, `gsheet:<id>` for whatever means a Google Sheet, or the address of an event in a
    database."""
    from ticketops.stores.gsheets.address import PREFIX, is_online, spreadsheet_id
    from ticketops.stores.postgres.address import address_of, is_database

    if is_online(value):
        return PREFIX + spreadsheet_id(value)
    if is_database(value):
        return address_of(value, event_needed=False).name
    return _path(value)


def _path(value: Any) -> Path:
    """A path; a leading `~` is the home of a user, or, as in a shell, itself where there is none."""
    text = _path_text(value)
    if text.startswith("~"):
        with suppress(RuntimeError):
            return Path(text).expanduser()
    return Path(text)


def _user(value: Any) -> str:
    """Who runs a command. Raises ValueError for a name of which nobody sees anything."""
    text: str = _typed(value, str).strip()
    if text and not tidy(text):
        raise ValueError
    return text


def _server(value: Any) -> str:
    """A server that the token of Google may be sent to. Raises UsageError for any other."""
    from ticketops.stores.gsheets.address import is_confidential

    address: str = _typed(value, str).strip()
    if address and not is_confidential(address):
        raise UsageError(
            f"can't be {address!r}", "the key for Google is sent only by https, or to this machine"
        )
    return address


SMTP_SECURITY = ("starttls", "tls", "none")
SECRETS = ("smtp_password", "slack_url", "whatsapp_url")
"""Settings that no message repeats, and that stand in no file that others can read."""


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "0": False, "false": False}[str(value).lower()]


def _secret(value: Any) -> Secret:
    text: str = _typed(value, str).strip()
    if not text.isprintable():
        raise ValueError
    return Secret(text)


def _host(value: Any) -> str:
    """The name or address of a server."""
    text: str = _typed(value, str).strip()
    if not text.isascii() or any(c.isspace() or c in "/@" for c in text):
        raise ValueError
    return text


_LONGEST_WORDS = 200


def _words(value: Any, *, least: int = 1) -> str:
    """Text on one line that a cell can show."""
    text = " ".join(str(_typed(value, str)).split())
    if not text.isprintable() or not least <= len(text) <= _LONGEST_WORDS:
        raise ValueError
    return text


def _addresses(value: Any) -> str:
    """E-mail addresses with commas between them. Raises UsageError for what is none."""
    found = [text for part in _typed(value, str).split(",") if (text := part.strip())]
    for text in found:
        name, at, host = text.rpartition("@")
        if not (name and at and "." in host) or any(c.isspace() for c in text):
            raise UsageError(f"can't be {text!r}", "give e-mail addresses separated by commas")
    return ",".join(dict.fromkeys(found))


def _networks(value: Any) -> str:
    """Addresses of machines, or of networks, with commas between them."""
    from ipaddress import ip_network

    found = [text for part in _typed(value, str).split(",") if (text := part.strip())]
    return ",".join(
        str(ip_network(text)) if "/" in text else str(ip_network(text)[0]) for text in found
    )


_MOST_DAYS = 400


def _day_counts(value: Any) -> tuple[int, ...]:
    """Numbers of days, the largest first: `7, 3, 1`, or a list of a file."""
    many = value if isinstance(value, list) else str(value).split(",")
    return tuple(sorted({_bounded(_whole(one), 0, _MOST_DAYS) for one in many}, reverse=True))


def _task_names(value: Any) -> str:
    """Names with commas between them: `audit, send`, or a list of a file."""
    many = value if isinstance(value, list) else [value]
    return _words(", ".join(_typed(one, str) for one in many), least=0)


_READERS: dict[str, Any] = {
    "workbook": _workbook,
    "user": _user,
    "role": lambda v: roles.KNOWN[roles.KNOWN.index(_typed(v, str).strip().lower())],
    "backups": lambda v: _bounded(_whole(v), 1, 1000),
    "lock_timeout": lambda v: _bounded(float(v), 0.0, 3600.0),
    "cache": _flag,
    "books": _path,
    "key_file": _path,
    "event": lambda v: _typed(v, str).strip(),
    "dispatch_buffer_hours": lambda v: _bounded(float(v), 0.0, 24.0 * 366),
    "name_update_days": lambda v: _bounded(_whole(v), 0, 366),
    "medal_hours_earlier": lambda v: _bounded(float(v), 0.0, 24.0 * 366),
    "reveal_seconds": lambda v: _bounded(float(v), 0.1, 30.0),
    "dates": lambda v: ORDERS[ORDERS.index(_typed(v, str).strip().lower())],
    "google_key": _path,
    "google_budget": lambda v: _bounded(float(v), 0.0, 3600.0),
    "google_api": _server,
    "google_keepers": _addresses,
    "state": _path,
    "sender": lambda v: _words(v, least=0),
    "contact": lambda v: _words(v, least=0),
    "company_word": _words,
    "vendor_word": _words,
    "client_word": _words,
    "masked_vendor": _words,
    "unpaid_tickets": lambda v: states.UNPAID_TICKETS[
        states.UNPAID_TICKETS.index(_typed(v, str).strip().lower())
    ],
    "artifact_days": lambda v: _bounded(float(v), 0.01, 3660.0),
    "job_stuck_minutes": lambda v: _bounded(float(v), 1.0, 60.0 * 24 * 366),
    "masked_sheet": lambda v: _typed(v, str).strip(),
    "clock_tasks": _task_names,
    "clock_days": _day_counts,
    "clock_silence_hours": lambda v: _bounded(float(v), 1.0, 24.0 * 31),
    "smtp_host": _host,
    "smtp_port": lambda v: _bounded(_whole(v), 1, 65535),
    "smtp_security": lambda v: SMTP_SECURITY[SMTP_SECURITY.index(_typed(v, str).strip().lower())],
    "smtp_user": lambda v: _words(v, least=0),
    "smtp_password": _secret,
    "smtp_from": lambda v: _words(v, least=0),
    "slack_url": _secret,
    "whatsapp_url": _secret,
    "quiet_hours": lambda v: Quiet.read(_typed(v, str)),
    "message_digest": _flag,
    "messages_per_minute": lambda v: _bounded(_whole(v), 1, 6000),
    "portal_url": lambda v: _typed(v, str).strip(),
    "portal_days": lambda v: _bounded(_whole(v), 1, 366),
    "portal_proxies": _networks,
}
_FLAGS = {"user": "as"}
"""Options that are not called as their setting."""
_PATHS = ("workbook", "books", "key_file", "google_key", "state")


def load(
    flags: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
    *,
    prefix: str = "--",
) -> Settings:
    """The settings of one run; `flags` that are None were not given, and `prefix` stands before
    their names where one can't be. Raises UsageError for a value that can't be.

    A relative path in a file is taken from that file's folder. What the current folder's file may
    not set is left out, and `ignored` says so (D30); the user's own configuration is no other's,
    also where it is the current folder.
    """
    own, here = config_folder(environment), folder or Path.cwd()
    values, _none = _from_file(own / FILE_NAME, _READERS.keys())
    values["readable"] = _read_by_others(own / FILE_NAME, values)
    if os.path.realpath(here) != os.path.realpath(own):
        told, kept_out = _from_file(here / FILE_NAME, FOLDER_MAY)
        values |= told
        if kept_out:
            values["ignored"] = (
                f"ignored: {', '.join(kept_out)} of {here / FILE_NAME}: a folder's file can't set "
                f"where secrets go or who you are; use {own / FILE_NAME} or "
                f"TICKETOPS_{kept_out[0].upper()}"
            )
    for name in _READERS:
        text = environment.get(f"TICKETOPS_{name.upper()}")
        if text:
            values[name] = _read(name, text, f"TICKETOPS_{name.upper()}")
    values |= {
        name: _read(name, value, f"{prefix}{_FLAGS.get(name, name) if prefix else name}")
        for name, value in flags.items()
        if value is not None
    }
    if not values.get("user"):
        values["user"] = _login()
    values.setdefault("state", _state_folder(environment))
    return Settings(**values)


def usual_users() -> list[str]:
    """Who runs a command that does not say --as, such as one of cron: by the settings, and by the
    login."""
    return list(dict.fromkeys((load({}).user, _login())))


def workbook(name: str, option: str) -> Path | str:
    """What an option that names a workbook means. Raises UsageError."""
    named: Path | str = _read("workbook", name, option)
    return named


def workbook_before_own(
    environment: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Path | str | None:
    """The workbook that the environment or the folder's file names, which come before the user's
    own configuration; None where neither does. Raises UsageError."""
    if text := environment.get("TICKETOPS_WORKBOOK"):
        return workbook(text, "TICKETOPS_WORKBOOK")
    own, here = config_folder(environment), folder or Path.cwd()
    if os.path.realpath(here) == os.path.realpath(own):
        return None
    told, _kept_out = _from_file(here / FILE_NAME, FOLDER_MAY)
    return told.get("workbook")


def config_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """~/.config/ticketops, or what XDG_CONFIG_HOME and Windows' APPDATA say instead."""
    base = _full(environment, "XDG_CONFIG_HOME") or _full(environment, "APPDATA")
    return (Path(base) if base else Path.home() / ".config") / "ticketops"


def _state_folder(environment: Mapping[str, str]) -> Path:
    """~/.local/state/ticketops, or what XDG_STATE_HOME and Windows' LOCALAPPDATA say instead."""
    base = _full(environment, "XDG_STATE_HOME") or _full(environment, "LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "state") / "ticketops"


def _full(environment: Mapping[str, str], name: str) -> str:
    """A folder that a variable names. A relative one counts for nothing, as the XDG specification
    has it: the current folder would decide."""
    said = environment.get(name, "")
    return said if Path(said).is_absolute() else ""


def _from_file(path: Path, may: Set[str]) -> tuple[dict[str, Any], list[str]]:
    """What a file says of the settings that it `may` set; the names of the others it sets."""
    try:
        content = tomllib.loads(read_regular(path, MAX_FILE).decode("utf-8"))
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} can't be read: {error}") from None
    unknown = content.keys() - _READERS.keys()
    if unknown:
        raise UsageError(
            f"{path} has no setting {sorted(unknown)[0]!r}",
            f"the settings are {', '.join(_READERS)}",
        )
    kept_out = [
        name for name, value in content.items() if name not in may or _to_a_server(value, may)
    ]
    values = {
        name: _read(name, value, f"{path}: {name}")
        for name, value in content.items()
        if name not in kept_out
    }
    values |= {
        name: path.parent / values[name] for name in _PATHS if isinstance(values.get(name), Path)
    }
    return values, kept_out


def _to_a_server(value: Any, may: Set[str]) -> bool:
    """Whether a folder's file names an event in a database: its host would get the password that the
    environment holds for another."""
    from ticketops.stores.postgres.address import is_database

    return may is FOLDER_MAY and is_database(value)


def _read_by_others(path: Path, values: Mapping[str, Any]) -> str:
    """A line for people where a file with a secret can be read by others than its owner."""
    held = [name for name in SECRETS if values.get(name)]
    if not held or os.name != "posix":
        return ""
    with suppress(OSError):
        if path.stat().st_mode & 0o077:
            return f"{path} holds {held[0]} and can be read by others; `chmod 600` it"
    return ""


def _read(name: str, value: Any, source: str) -> Any:
    try:
        return _READERS[name](value)
    except UsageError as error:
        raise UsageError(f"{source} {error.message}", error.hint) from None
    except (ValueError, TypeError, KeyError):
        said = "what it is" if name in SECRETS else repr(value)
        raise UsageError(f"{source} can't be {said}") from None


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

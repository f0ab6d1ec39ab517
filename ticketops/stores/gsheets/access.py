"""Who we are to Google: a service account's key file, or a person's consent (OAuth)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketops.errors import NotPermittedError, UnusableError, UsageError
from ticketops.files import read_regular, replace_file
from ticketops.stores.gsheets.address import is_confidential

if TYPE_CHECKING:
    from requests import Session

SCOPES = ("https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive")
CONSENT_FILE = "google-consent.json"
KEY_FILE = "google.json"
_TOKENS = "https://oauth2.googleapis.com/token"
_MOST_BYTES = 2**20


@dataclass(frozen=True)
class Identity:
    """Credentials, and how people know them. email: the address to share a sheet with; empty where
    the person who consented is not known."""

    credentials: Any
    kind: str
    email: str
    source: Path

    @property
    def is_service_account(self) -> bool:
        return self.kind == "service_account"

    @cached_property
    def session(self) -> Session:
        """The HTTP connections that all spreadsheets asked for under this identity share: a hundred
        books need no hundred handshakes."""
        from google.auth.transport.requests import AuthorizedSession

        return AuthorizedSession(self.credentials)  # type: ignore[no-untyped-call]


def key_files(named: Path | None, config_folder: Path) -> list[Path]:
    """Where a key is looked for, the first that exists counts: the setting google_key,
    GOOGLE_APPLICATION_CREDENTIALS, ours in the configuration folder, gspread's own."""
    if named is not None:
        return [named]
    gspread = config_folder.parent / "gspread"
    by_google = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    return [
        *([Path(by_google)] if by_google else []),
        config_folder / KEY_FILE,
        config_folder / CONSENT_FILE,
        gspread / "service_account.json",
        gspread / "authorized_user.json",
    ]


def identity(named: Path | None, config_folder: Path) -> Identity:
    """The first key that is found. Raises UsageError where there is none, UnusableError for one
    that is damaged, NotPermittedError for one that can't be read: permission denied."""
    places = key_files(named, config_folder)
    for path in places:
        if path.is_file():
            return _load(path)
    looked = ", ".join(str(path) for path in places)
    raise UsageError(
        f"no key for Google; looked for {looked}",
        "set google_key to a service account's key file, or run `ticketops google login CLIENT_FILE`",
    )


def _load(path: Path) -> Identity:
    from google.oauth2.credentials import Credentials as Consent
    from google.oauth2.service_account import Credentials as ServiceAccount

    info = read_json(path)
    if not is_confidential(str(info.get("token_uri") or _TOKENS)):
        raise UnusableError(
            f"{path} gets its tokens from an insecure address",
            "download it again from the Google Cloud console",
        )
    try:
        if info.get("type") == "service_account":
            account = ServiceAccount.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-untyped-call]
            return Identity(account, "service_account", str(info.get("client_email", "")), path)
        if info.get("type") == "authorized_user" or "refresh_token" in info:
            names = ("refresh_token", "client_id", "client_secret")
            token_uri = info.get("token_uri") or _TOKENS
            consent = Consent(
                None, token_uri=token_uri, scopes=SCOPES, **{name: info[name] for name in names}
            )  # type: ignore[no-untyped-call]
            return Identity(consent, "authorized_user", str(info.get("account") or ""), path)
    except (ValueError, KeyError, TypeError):
        raise UnusableError(
            f"{path} is not a usable key for Google",
            "download it again from the Google Cloud console",
        ) from None
    if "installed" in info or "web" in info:
        raise UsageError(
            f"{path} is an OAuth client, not a key", f"run `ticketops google login {path}` once"
        )
    raise UnusableError(
        f"{path} is not a key for Google: it has no known type",
        'a service account\'s key says "type": "service_account"',
    )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Its contents never stand in an error."""
    try:
        content = json.loads(read_regular(path, _MOST_BYTES).decode("utf-8"))
    except PermissionError:
        raise NotPermittedError(f"{path} can't be read: permission denied") from None
    except OSError as error:
        raise UnusableError(f"{path} can't be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise UnusableError(f"{path} is not a JSON file") from None
    if not isinstance(content, dict):
        raise UnusableError(f"{path} is not a key for Google")
    return content


def log_in(client_file: Path, config_folder: Path, *, port: int = 0, browser: bool = True) -> Path:
    """Ask a person for consent in their browser, and keep it (readable by them only); the file.

    Raises UnusableError where the file is not an OAuth client, NotPermittedError where consent was
    refused.
    """
    from google_auth_oauthlib.flow import InstalledAppFlow

    info = read_json(client_file)
    if "installed" not in info and "web" not in info:
        raise UnusableError(
            f"{client_file} is not an OAuth client",
            "create one of the type Desktop app in the Google Cloud console",
        )
    try:
        flow = InstalledAppFlow.from_client_config(info, SCOPES)  # type: ignore[no-untyped-call]
        consent = flow.run_local_server(port=port, open_browser=browser, timeout_seconds=300)
    except Exception as error:  # the flow raises what the libraries below it raise
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise NotPermittedError(f"Google gave no consent: {reason}") from None
    keep = config_folder / CONSENT_FILE
    config_folder.mkdir(parents=True, exist_ok=True)
    replace_file(keep, consent.to_json().encode())
    return keep

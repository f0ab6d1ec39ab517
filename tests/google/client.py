"""The real gspread client, led to the local server."""

from __future__ import annotations

from typing import Any

import gspread
from google.oauth2.credentials import Credentials
from gspread.http_client import HTTPClient
from requests import Response

from tests.google.errors import Json
from tests.google.server import GoogleServer


def client(server: GoogleServer, info: Json | None = None) -> gspread.Client:
    """A client of a service account or an authorized user; it is closed when the server stops."""

    class Local(HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Response:
            return super().request(method, local(server, endpoint), *args, **kwargs)

    info = info or server.service_account()
    if info["type"] == "service_account":
        found = gspread.service_account_from_dict(info, http_client=Local)
    else:
        names = ("refresh_token", "token_uri", "client_id", "client_secret")
        # the file's token_uri counts only if given so: from_authorized_user_info puts Google's own
        # in its place
        credentials = Credentials(None, **{name: info[name] for name in names})  # type: ignore[no-untyped-call]
        found = gspread.Client(credentials, http_client=Local)
    # google-auth asks Google itself, in a thread, where an account may be used from
    found.http_client.auth._maybe_start_regional_access_boundary_refresh = lambda *_: None  # type: ignore[attr-defined]
    server.closing.append(found.http_client.session)
    return found


def local(server: GoogleServer, address: str) -> str:
    """An address of Google's as it is here."""
    for theirs, ours in (
        ("https://sheets.googleapis.com", ""),
        ("https://www.googleapis.com/drive", "/drive"),
    ):
        if address.startswith(theirs):
            return server.url + ours + address.removeprefix(theirs)
    return address

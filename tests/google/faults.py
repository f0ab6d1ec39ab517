"""What tests make go wrong on the way, and what the server writes down of every request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.google.errors import ApiError, loads


@dataclass
class Request:
    """A request as it came. kind: read, write, drive or token; user: whose it is, once that is
    known."""

    method: str
    target: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    user: str = ""

    @property
    def path(self) -> str:
        """Without the query, percent signs as they came."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @cached_property
    def json(self) -> Any:
        return loads(self.body) if self.body else {}

    @property
    def kind(self) -> str:
        if self.path == "/token":
            return "token"
        if self.path.startswith("/drive/"):
            return "drive"
        return (
            "read"
            if self.method == "GET"
            or (self.path.endswith("ByDataFilter") and "update" not in self.path.lower())
            else "write"
        )


class Call(NamedTuple):
    """One line of the log. status 0: no answer was given; size: of the request's body."""

    method: str
    path: str
    user: str
    status: int
    kind: str
    size: int


@dataclass
class Fault:
    """What happens to the `nth` request that matches, and to `times` of them in a row.

    match: a function of the request, or a pattern found in «POST /v4/…». kind: «status 503» (and
    any other number); «status 503 after»: it is carried out, yet answered so; «drop before» and
    «drop after»: the connection is closed without an answer, before or after the request is carried
    out; «delay» and «delay after»: so many seconds before or after it is carried out; «truncate»:
    half of the answer, then the end.
    """

    match: Callable[[Request], bool] | str
    kind: str
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    retry_after: int | None = None
    answer: ApiError | None = None
    """The refusal of a kind that answers with a status, where its own words matter."""
    seen: int = 0
    """How many requests have matched."""

    def __post_init__(self) -> None:
        if not re.fullmatch(
            r"status [1-5]\d\d( after)?|drop (before|after)|delay( after)?|truncate", self.kind
        ):
            raise ValueError(f"no fault is called {self.kind!r}")

    def strikes(self, request: Request) -> bool:
        found = (
            self.match(request)
            if callable(self.match)
            else bool(re.search(self.match, f"{request.method} {request.target}"))
        )
        self.seen += found
        return found and self.nth <= self.seen < self.nth + self.times

    def error(self) -> ApiError:
        """For a kind that answers with a status."""
        if self.answer is not None:
            return self.answer
        words = {
            429: "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user'"
            " of service 'sheets.googleapis.com' for consumer 'project_number:100000000001'.",
            500: "Internal error encountered.",
            503: "The service is currently unavailable.",
        }
        code = int(self.kind.split()[1])
        return ApiError(code, words.get(code, "Something went wrong."))

"""Refusals in the two forms that Google's services give them.

The words are the services' own as far as they could be found in reports of others. Guessed are
those on: ids that are taken (named and protected ranges, metadata), invalid names of ranges, rows
below the last (after the words for columns), lengths below 1, open places in what is no protected
sheet, values of a wrong type, conditional formats and filters.
"""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

PROTECTED = "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection if you need to edit."
TOO_LONG = "Your input contains more than the maximum of 50000 characters in a single cell."
TOO_MANY_CELLS = "This action would increase the number of cells in the workbook above the limit of 10000000 cells."
NO_FIELDS = "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"


class ApiError(Exception):
    """A refusal as the Sheets service words it: code, message, status and details."""

    def __init__(
        self, code: int, message: str, details: list[Json] | None = None, status: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.status = status or STATUSES.get(code, "UNKNOWN")

    def json(self) -> Json:
        error: Json = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}


class DriveError(ApiError):
    """A refusal as the Drive service words it: a list of errors with reasons."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        location: str | None = None,
        domain: str = "global",
    ) -> None:
        super().__init__(code, message)
        self.reason = reason
        self.location = location
        self.domain = domain

    def json(self) -> Json:
        one: Json = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location:
            one |= {"location": self.location, "locationType": "parameter"}
        return {"error": {"code": self.code, "message": self.message, "errors": [one]}}


def invalid(message: str) -> ApiError:
    return ApiError(400, message)


def unknown_name(name: str, where: str) -> ApiError:
    """What the service answers to JSON with a field it does not know."""
    place = f" at '{where}'" if where else ""
    message = f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'
    violation = {"field": where, "description": message}
    return ApiError(
        400,
        message,
        [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}],
    )


def not_found() -> ApiError:
    return ApiError(404, "Requested entity was not found.")


def forbidden() -> ApiError:
    return ApiError(403, "The caller does not have permission")


def loads(body: bytes) -> Any:
    """JSON, or the service's refusal of what is none."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise invalid(f"Invalid JSON payload received. {error}") from None

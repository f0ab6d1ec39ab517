"""Requests to Google: by gspread's client, tried again inside a budget, every refusal one clear
line.

A request that may have been applied though no answer came is never reported as failed: `Unclear`
tells the caller to look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import requests
import stamina
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from gspread.exceptions import APIError
from gspread.http_client import HTTPClient

from ticketops.errors import BusyError, NotPermittedError, RuleError, TicketopsError, UnusableError
from ticketops.stores.gsheets.access import Identity
from ticketops.stores.gsheets.assumptions import Failed
from ticketops.stores.gsheets.cell_rows import as_json
from ticketops.stores.gsheets.frames import FIELDS as FRAMES

OnProgress = Callable[[str, int, int], None]
"""(what, bytes done, bytes in all or 0)"""

_TRANSIENT = (408, 429, 500, 502, 503, 504)
_TOO_FAST = frozenset({"userRateLimitExceeded", "rateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
"""Reasons of a 403 that pass by themselves."""
_FULL = frozenset({"storageQuotaExceeded", "teamDriveFileLimitExceeded"})
_SWITCHED_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_UNANSWERED = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
DRIVE_FILES = "https://www.googleapis.com/drive/v3/files"
_SHEETS = "https://sheets.googleapis.com/v4/spreadsheets"
_FILTERS = "basicFilter(criteria,filterSpecs),slicers.spec.filterCriteria"
_PIECE = 1 << 18
_LONG = 4 * _PIECE
"""Bytes of an answer that is worth a word about how far it is."""
_SLOWEST = 180.0
"""Seconds after which Google itself gives up a request."""
_ELSEWHERE = "_maybe_start_regional_access_boundary_refresh"
"""What google-auth asks of one more server after every token."""
_LEAST = 10.0
"""Seconds that are left for looking whether a write was applied, when the budget is spent."""


class Unclear(BusyError):
    """No answer came to a write that may have been applied: the caller must look whether it was."""


class NotThere(UnusableError):
    """Google knows no such file, or does not tell us of it (404)."""


class SharingLimit(RuleError):
    """Google shares no more files for this account for now."""


class Rejected(TicketopsError):
    """Google understood a write and applied none of it (400). again: it had been sent before
    without an answer."""

    exit_code = 3

    def __init__(self, message: str, *, again: bool = False) -> None:
        super().__init__(message)
        self.again = again


class _Client(HTTPClient):
    """gspread's client that reads answers piece by piece, and can be pointed at another server."""

    api = ""
    on_progress: OnProgress = staticmethod(lambda _what, _done, _total: None)
    last_date = ""

    def request(
        self,
        method: str,
        endpoint: str,
        params: Any = None,
        data: Any = None,
        json: Any = None,
        files: Any = None,
        headers: Any = None,
    ) -> requests.Response:
        if self.api:
            for host in ("https://sheets.googleapis.com", "https://www.googleapis.com"):
                endpoint = (
                    endpoint.replace(host, self.api.rstrip("/"), 1)
                    if endpoint.startswith(host + "/")
                    else endpoint
                )
        if json is not None:
            data = _encoded(json)
            headers = {"Content-Type": "application/json; charset=UTF-8"} | (headers or {})
        response = self.session.request(
            method,
            endpoint,
            params=params,
            data=data,
            files=files,
            headers=headers,
            timeout=self.timeout,
            stream=True,
        )
        total = (
            0
            if response.headers.get("Content-Encoding")
            else int(response.headers.get("Content-Length") or 0)
        )
        pieces, done = [], 0
        for piece in response.iter_content(_PIECE):
            pieces.append(piece)
            done += len(piece)
            if done >= _LONG:
                self.on_progress("reading", done, total)
        if done >= _LONG:
            self.on_progress("", 0, 0)
        response._content = b"".join(pieces)
        self.last_date = response.headers.get("Date", "")
        if not response.ok:
            raise APIError(response)
        return response


class Connection:
    """Requests about one spreadsheet. budget: seconds that one command may spend on trying again;
    api: another server's address; recall: what failed of our assumptions on this account, asked
    for before something is written."""

    def __init__(
        self,
        spreadsheet: str,
        who: Identity,
        *,
        budget: float = 120.0,
        api: str = "",
        on_progress: OnProgress | None = None,
        notice: Callable[[str], None] | None = None,
        recall: Callable[[], Failed] = Failed,
    ) -> None:
        self.spreadsheet = spreadsheet
        self.who = who
        self._recall = recall
        self.requests = 0
        self._budget = budget
        self._spent = 0.0
        self._address = ""
        self._notice = notice or (lambda _text: None)
        self._offset = timedelta()
        if api and hasattr(
            who.credentials, _ELSEWHERE
        ):  # whoever names another server wants no request to Google's own
            setattr(who.credentials, _ELSEWHERE, lambda *_: None)
        self._http = _Client(None, session=who.session)  # type: ignore[arg-type]
        self._http.api = api
        self._http.set_timeout((10.0, min(_SLOWEST, 6.0 * budget + 1.0)))
        self.on_progress: OnProgress = on_progress or (lambda _what, _done, _total: None)
        self._http.on_progress = self.on_progress

    @cached_property
    def failed(self) -> Failed:
        """The assumptions that failed on this account. Raises UnusableError where that can't be
        known."""
        return self._recall()

    def close(self) -> None:
        """Close the identity's connections that wait for more requests; the next request opens
        one."""
        self._http.session.close()

    # --- what is asked

    def values(self, ranges: Sequence[str]) -> list[list[list[Any]]]:
        """The raw values of ranges in A1 notation: unformatted, dates as serials. One request."""
        params: dict[str, Any] = {
            "ranges": list(ranges),
            "valueRenderOption": "UNFORMATTED_VALUE",
            "dateTimeRenderOption": "SERIAL_NUMBER",
            "majorDimension": "ROWS",
            "fields": "valueRanges.values",
        }
        answer = self._read("get", f"/{self.spreadsheet}/values:batchGet", params=params)
        return [block.get("values", []) for block in answer.get("valueRanges", [])] or [
            [] for _ in ranges
        ]

    def properties(self) -> dict[str, Any]:
        """The sheets of the spreadsheet and their merges, without cells. One request."""
        fields = "properties(title,locale,timeZone),sheets(properties(sheetId,title,index,hidden,sheetType,gridProperties),merges)"
        return self._read("get", f"/{self.spreadsheet}", params={"fields": fields})

    def spreadsheet_with(self, ranges: Sequence[str], fields: str) -> dict[str, Any]:
        """A spreadsheet with the cells of some ranges; the fields say what of it. One request."""
        return self._read(
            "get", f"/{self.spreadsheet}", params={"ranges": list(ranges), "fields": fields}
        )

    def address(self) -> str:
        """The address that stands for us in a list of editors."""
        if not self.who.email and not self._address:
            about = DRIVE_FILES.removesuffix("/files") + "/about"
            said = self.tried(
                lambda: self.send("get", about, params={"fields": "user(emailAddress)"}),
                writes=False,
            )
            self._address = str(said.get("user", {}).get("emailAddress", ""))
        return self.who.email or self._address

    def cells(
        self, ranges: Sequence[str], fields: str = "userEnteredValue"
    ) -> list[dict[str, Any]]:
        """[{properties, merges, basicFilter, slicers, tables, bandedRanges, data: [{startRow,
        startColumn, rowData}]}] of the sheets of the ranges. One request."""
        mask = f"sheets(properties(sheetId,title,gridProperties),merges,{_FILTERS},{FRAMES},data(startRow,startColumn,rowData.values({fields})))"
        answer = self._read(
            "post",
            f"/{self.spreadsheet}:getByDataFilter",
            params={"fields": mask},
            json=_asked_by(ranges),
        )
        return list(answer.get("sheets", []))

    def update(
        self, changes: Sequence[Mapping[str, Any]], *, see: str = "", fields: str = "spreadsheetId"
    ) -> dict[str, Any]:
        """One batchUpdate: all of it or nothing. see: a range whose sheet the answer is to hold,
        with the fields of it; without it, `updatedSpreadsheet` in the fields is about all sheets,
        without cells.

        Raises Rejected, Unclear.
        """
        return self._write(
            "post",
            f"{_SHEETS}/{self.spreadsheet}:batchUpdate",
            params={"fields": fields},
            json=_batch(changes, see, fields),
        )

    def batch_said(self, changes: Sequence[Mapping[str, Any]], *, see: str = "") -> dict[str, Any]:
        """What Google says to a batchUpdate; see: as for `update`. A refusal is an answer, too."""
        return self.said(
            "post", f"{_SHEETS}/{self.spreadsheet}:batchUpdate", json=_batch(changes, see)
        )

    def ranges_said(self, ranges: Sequence[str]) -> dict[str, Any]:
        """What Google says where it is asked for the cells of all these ranges at once."""
        url = f"{_SHEETS}/{self.spreadsheet}:getByDataFilter"
        fields = "sheets.data(startRow,rowData.values.userEnteredValue)"
        return self.said("post", url, params={"fields": fields}, json=_asked_by(ranges))

    def said(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """What Google says to a request that is carried out once at most; its refusal under
        `error`: code, message, status. Raises BusyError, NotPermittedError where it does not
        say."""

        def send() -> requests.Response:
            try:
                return self.send(method, url, **more)
            except Exception as error:
                if may_be_applied(error):  # what it says the next time is no answer to the first
                    raise BusyError("Google does not answer", "run the command again") from None
                if isinstance(error, APIError) and not _is_transient(error):
                    return error.response
                raise

        return self.tried(send, writes=True)

    def drive(self, method: str, path: str = "", **more: Any) -> dict[str, Any]:
        """A request to the Drive API below /files. Reads are tried again; a write raises Rejected
        or Unclear."""
        params = {"supportsAllDrives": "true"} | more.pop("params", {})
        if method == "get":
            params |= {} if path else {"includeItemsFromAllDrives": "true"}
            return self.tried(
                lambda: self.send(method, DRIVE_FILES + path, params=params, **more), writes=False
            )
        return self._write(method, DRIVE_FILES + path, params=params, **more)

    def now(self) -> datetime:
        """The time by the server's clock (UTC), so that machines with wrong clocks agree."""
        return datetime.now(UTC) + self._offset

    # --- trying again

    def _read(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        return self.tried(lambda: self.send(method, _SHEETS + path, **more), writes=False)

    def _write(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        return self.tried(lambda: self.send(method, url, **more), writes=True)

    def send(self, method: str, url: str, **more: Any) -> requests.Response:
        """One request, once; for what `tried` tries."""
        return self._http.request(method, url, **more)

    def tried(self, send: Callable[[], requests.Response], *, writes: bool) -> dict[str, Any]:
        """The answer to a request that is sent again inside the budget.

        Raises BusyError once that is spent, Unclear where a write may have been applied, Rejected,
        NotPermittedError, RuleError, UnusableError.
        """
        unanswered = failed = False
        began = time.monotonic()
        left = max(self._budget - self._spent, min(self._budget, _LEAST))

        def again(error: Exception) -> bool | float:
            """Whether to try again, and after how many seconds."""
            nonlocal unanswered, failed
            failed = True
            unanswered = unanswered or may_be_applied(error)
            if not _is_transient(error):
                return False
            wait = _retry_after(error)
            self._notice(f"Google: {_reason(error)}; trying again")
            return True if wait is None else wait

        try:
            for attempt in stamina.retry_context(
                on=again,
                attempts=None if left > 0 else 1,
                timeout=left or None,
                wait_initial=0.5,
                wait_max=30.0,
            ):
                with attempt:
                    self.requests += 1
                    answer = send()
        except Exception as error:
            raise self._explained(
                error, writes=writes, unanswered=unanswered, seconds=time.monotonic() - began
            ) from None
        finally:
            self._spent += time.monotonic() - began if failed else 0.0
        if date := self._http.last_date:
            self._offset = parsedate_to_datetime(date) - datetime.now(UTC)
        try:
            return dict(answer.json())
        except ValueError:
            if writes:
                return {}
            raise UnusableError("Google's answer was not JSON", "is a proxy in the way?") from None

    def _explained(
        self, error: Exception, *, writes: bool, unanswered: bool, seconds: float
    ) -> Exception:
        """What is raised for a person in place of what the libraries raise. No token is in it."""
        if isinstance(error, APIError):
            status, text = error.response.status_code, _message(error)
            if status == 400 and _is_no_google_sheet(error):
                return UnusableError(
                    f"{self.spreadsheet} is an Excel file in Google Drive, not a Google Sheet",
                    "open it there, choose File > Save as Google Sheets, and use the address of "
                    "the new file",
                )
            if writes and (status == 400 or (status == 403 and "protected cell" in text)):
                return Rejected(text, again=unanswered)
            if status in _TRANSIENT:
                return _gave_up(
                    f"Google keeps answering {status} ({text})", writes and unanswered, seconds
                )
            return self._refusal(status, text, _reasons(error))
        if isinstance(error, RefreshError) and _is_transient(error):
            return _gave_up("Google gives no token", writes and unanswered, seconds)
        if isinstance(error, RefreshError):
            if "invalid_grant" in _first_line(error) and not self.who.is_service_account:
                return NotPermittedError(
                    f"Google no longer accepts the consent behind {self.who.source}",
                    "`ticketops google login` asks for it again; while the app's consent screen "
                    "is in testing, Google ends every consent after seven days",
                )
            return NotPermittedError(
                f"Google does not accept the key {self.who.source}: {_first_line(error)}",
                "is it still valid, and is this machine's clock right?",
            )
        if isinstance(error, (*_UNANSWERED, TransportError)):
            return _gave_up("Google does not answer", writes and unanswered, seconds)
        if isinstance(error, GoogleAuthError):
            return NotPermittedError(
                f"Google does not accept the key {self.who.source}: {_first_line(error)}"
            )
        return error

    def _refusal(self, status: int, text: str, reasons: frozenset[str]) -> TicketopsError:
        share = (
            f"share it with {self.who.email} as an editor"
            if self.who.email
            else "share it with the account used for `ticketops google login`"
        )
        if status == 400:
            return Rejected(text)
        if status == 401:
            return NotPermittedError(f"Google does not accept the key {self.who.source}")
        if status == 403 and reasons & _SWITCHED_OFF:
            return NotPermittedError(
                "the Google Sheets API is switched off for this key's project",
                "switch on the Sheets and the Drive API in the Google Cloud console",
            )
        if status == 403 and reasons & _FULL:
            return RuleError(
                f"Google refused: {text}",
                "a service account has no storage of its own: name a folder in a shared drive, or "
                "files that you made and shared with it"
                if self.who.is_service_account
                else "the Drive is full: make room in it, or name a folder in a shared drive",
            )
        if status == 403 and "sharingRateLimitExceeded" in reasons:
            return SharingLimit(
                f"Google refused: {text}",
                "this account can share no more files for now: run the command again tomorrow",
            )
        if status == 403:
            return NotPermittedError("we have no access to the Google Sheet", share)
        if status == 404:
            return NotThere(
                f"there is no Google Sheet {self.spreadsheet}",
                f"check the id; if it is right, {share}",
            )
        if status == 409:
            return BusyError(
                f"someone else is changing the same file at Google ({text})",
                "nothing was written; run the command again",
            )
        if status == 413:
            return UnusableError(
                "the request is larger than Google accepts",
                "nothing was written; split the work into smaller commands",
            )
        return UnusableError(f"Google refused ({status}): {text}")


def _batch(changes: Sequence[Mapping[str, Any]], see: str, fields: str = "") -> dict[str, Any]:
    """The body of a batchUpdate."""
    body: dict[str, Any] = {"requests": list(changes)}
    if see or "updatedSpreadsheet" in fields:
        body["includeSpreadsheetInResponse"] = True
    if see:
        body |= {"responseRanges": [see], "responseIncludeGridData": True}
    return body


def _asked_by(ranges: Sequence[str]) -> dict[str, Any]:
    """The body of a getByDataFilter for the cells of ranges."""
    return {"dataFilters": [{"a1Range": name} for name in ranges], "includeGridData": True}


def _encoded(json: Any) -> bytes:
    try:
        return as_json(json).encode()
    except UnicodeEncodeError:
        raise UnusableError(
            "a text holds half a character (a lone surrogate), which Google can't store",
            "nothing was written",
        ) from None


def _is_transient(error: Exception) -> bool:
    if isinstance(error, APIError):
        too_fast = error.response.status_code == 403 and bool(_reasons(error) & _TOO_FAST)
        return too_fast or error.response.status_code in _TRANSIENT
    if isinstance(error, RefreshError):
        return bool(error.retryable)
    return isinstance(error, (*_UNANSWERED, TransportError))


def _reasons(error: APIError) -> frozenset[str]:
    """Why Google refused, in the words that are meant for programs: `reason` of Drive's errors and
    of the details of all services."""
    said = error.error
    listed = [one for name in ("errors", "details") for one in said.get(name) or ()]
    return frozenset(
        str(one["reason"]) for one in listed if isinstance(one, dict) and "reason" in one
    )


def _is_no_google_sheet(error: APIError) -> bool:
    """Whether a file is asked for cells that is a spreadsheet of another kind."""
    return error.error.get(
        "status"
    ) == "FAILED_PRECONDITION" and "not supported for this document" in _message(error)


def may_be_applied(error: Exception) -> bool:
    """Whether the server may have done what was asked although it did not say so."""
    if isinstance(error, APIError):
        return error.response.status_code in (500, 502, 503, 504)
    return isinstance(error, _UNANSWERED) and not isinstance(
        error, requests.exceptions.ConnectTimeout
    )


def _retry_after(error: Exception) -> float | None:
    if isinstance(error, APIError):
        text = error.response.headers.get("Retry-After", "")
        return min(60.0, float(text)) if text.isdigit() else None
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, APIError):
        what = (
            "too many requests this minute" if error.response.status_code == 429 else "it is busy"
        )
        return f"{what} ({error.response.status_code})"
    return "no answer"


def _gave_up(what: str, unclear: bool, seconds: float) -> BusyError:
    message = f"{what}; gave up after {seconds:.0f} s"
    if unclear:
        return Unclear(message, "it is unknown whether this was written: `ticketops log` shows it")
    return BusyError(message, "nothing was written; try again later")


def _message(error: APIError) -> str:
    return (
        str(error.error.get("message", "")).splitlines()[0][:300]
        if error.error.get("message")
        else "no reason given"
    )


def _first_line(error: Exception) -> str:
    parts = error.args[0] if error.args else type(error).__name__
    return str(parts).splitlines()[0][:160]


stamina.instrumentation.set_on_retry_hooks(
    []
)  # its hooks would write to the log; ours tells the person

"""Every error raised for a person, one tree, each with its exit code.

TicketopsError
├── UsageError          2   the words of the command are off
├── UnusableError       3   the workbook or an input file is not usable
│   ├── SchemaError         a sheet or column is missing, doubled or misplaced
│   ├── InputError          a CSV line, date or quantity can't be read
│   ├── NotFoundError       an identifier that the workbook does not hold
│   │   └── UnclearNameError    a name that may be one of several
│   ├── HostileFileError    a file that must not be opened
│   └── SpliceError         an edit that can't be made safely
├── RuleError           4   a business rule refused
├── BusyError           5   locked or changed by someone else
│   ├── LockedError
│   └── ConflictError
├── NotPermittedError   6   not permitted
└── InternalError       70  our bug
    ├── UnlistedJobError    a job that no role is named for
    └── UndeclaredError     a job reads or writes a sheet that it did not declare

Bad *data* inside a workbook is not an error but a `ticketops.model.findings.Finding`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


class TicketopsError(Exception):
    """One line that says what is wrong, and a hint that says what to do about it."""

    exit_code = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def code(self) -> str:
        """A stable upper-case name for scripts: `NotFoundError` → `NOT_FOUND`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__.removesuffix("Error")).upper()


class UsageError(TicketopsError):
    exit_code = 2


class UnusableError(TicketopsError):
    exit_code = 3


class SchemaError(UnusableError):
    pass


class InputError(UnusableError):
    pass


class MissingColumnError(InputError):
    """A file lacks a column that is needed, or has it under a header that says nothing."""


class NotFoundError(UnusableError):
    pass


class UnclearNameError(NotFoundError):
    """A name that is near known ones, or tied (D23). what: `client`; candidates: whom it may mean."""

    def __init__(
        self, message: str, hint: str, *, what: str, text: str, candidates: Sequence[str]
    ) -> None:
        super().__init__(message, hint)
        self.what, self.text, self.candidates = what, text, tuple(candidates)


class HostileFileError(UnusableError):
    pass


class SpliceError(UnusableError):
    pass


class RuleError(TicketopsError):
    exit_code = 4


class PriceNeededError(RuleError):
    """A price that nothing in the workbook proposes."""


class BusyError(TicketopsError):
    exit_code = 5


class LockedError(BusyError):
    pass


class ConflictError(BusyError):
    pass


class NotPermittedError(TicketopsError):
    exit_code = 6


class OutOfScopeError(NotPermittedError):
    """What is of a client or supplier that the user may not see."""


class InternalError(TicketopsError):
    exit_code = 70


class UnlistedJobError(InternalError):
    pass


class UndeclaredError(InternalError):
    pass

"""Findings: what is wrong in a workbook, as data. Collected all together, never raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace


class Severity(IntEnum):
    """Ordered: a larger value is worse. INFO never changes an exit code."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Finding(Struct, frozen=True):
    """One fact about the workbook that a person should know. `row` is the sheet row, 1-based."""

    code: str
    severity: Severity
    message: str
    sheet: str = ""
    row: int | None = None
    sales_id: str = ""
    unit_id: str = ""
    match: str = ""
    category: str = ""

    def titled(self, titles: Mapping[str, str]) -> Finding:
        """The same with its sheet called by its title: {name: title}."""
        return replace(self, sheet=titles[self.sheet]) if self.sheet in titles else self

    def as_dict(self) -> dict[str, Any]:
        """The JSON form: severity by name."""
        return {**asdict(self), "severity": self.severity.name}


def count_by_code(findings: list[Finding]) -> dict[str, int]:
    """How many findings each code has, in order of first appearance."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    return counts


def matter(findings: list[Finding]) -> bool:
    """Whether any finding is worse than INFO (and so whether the exit code is 1)."""
    return any(finding.severity > Severity.INFO for finding in findings)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a plan breaks: a stable code and one line that says how."""

    code: str
    message: str

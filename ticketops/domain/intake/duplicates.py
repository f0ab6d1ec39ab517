"""Lines that an earlier import took already (`_IMPORTS`, `_IMPORT_LINES`): reported and skipped."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from ticketops.domain.intake.rows import Line
from ticketops.domain.plan import Plan, Run
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import IMPORT_LINES, IMPORTS
from ticketops.schema.tables import Snapshot

ALREADY_IMPORTED = "ALREADY_IMPORTED"
EQUAL_LINES = "EQUAL_LINES"
_BETWEEN = ", "


def content(table: ForeignTable) -> str:
    """What a file is known by, whatever it is called: its cells."""
    rows = ("\x1f".join(row.text(at) for at in range(len(row.cells))) for row in table.rows)
    text = "\x1e".join(("\x1f".join(table.headers), *rows))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def key(*parts: object) -> str:
    """What a line is known by."""
    text = "\x1f".join(str(part or "").casefold() for part in parts)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def joined(records: Sequence[str]) -> str:
    """The records that one line became."""
    return _BETWEEN.join(records)


class Earlier:
    """What earlier imports of a kind took."""

    def __init__(self, snapshot: Snapshot, kind: str, table: ForeignTable) -> None:
        self._snapshot, self._kind, self._content = snapshot, kind, content(table)
        self._label = table.label
        imports = {
            row["import_id"]: row
            for row in snapshot[IMPORTS].frame.iter_rows(named=True)
            if row["kind"] == kind and row["import_id"]
        }
        self._files = {name: row["file"] or "" for name, row in imports.items()}
        same = {name for name, row in imports.items() if row["content"] == self._content}
        self.same = next((self._files[name] for name in same), None)
        self._lines: set[int] = set()
        self._keys: Counter[str] = Counter()
        self._last: dict[str, str] = {}
        columns = ("import_id", "line", "key", "record")
        for import_id, line, of_line, record in (
            snapshot[IMPORT_LINES].frame.select(columns).drop_nulls(columns[:3]).iter_rows()
        ):
            if import_id in imports:
                self._keys[of_line] += 1
                self._last |= dict.fromkeys((record or "").split(_BETWEEN), of_line)
                self._lines |= {line} if import_id in same else set()

    def fresh(
        self, plan: Plan, lines: Sequence[Line], keys: Sequence[str], *, again: bool
    ) -> list[int]:
        """The places of the lines that no earlier import took; findings say which did. again: all
        are taken."""
        left = self._keys.copy()
        fresh, known = [], []
        for place, (line, of_line) in enumerate(zip(lines, keys, strict=True)):
            if not again and (line.number in self._lines or left[of_line] > 0):
                left[of_line] -= 1
                known.append(line.number)
            else:
                fresh.append(place)
        if known:
            what = f"the file is {self.same!r} once more" if self.same is not None else "repeated"
            message = (
                f"{counted(len(known), 'line')} of earlier imports skipped ({what}): "
                f"{_some(known)}; --again takes them"
            )
            plan.findings.append(Finding(ALREADY_IMPORTED, Severity.LOW, message))
        self._equal(plan, [lines[place] for place in fresh], [keys[place] for place in fresh])
        return fresh

    def news(
        self,
        plan: Plan,
        lines: Sequence[Line],
        keys: Sequence[str],
        records: Sequence[str],
        *,
        again: bool,
    ) -> list[int]:
        """The places of the lines that say something else of their record than the last import that
        spoke of it; a finding says which don't. again: all."""
        fresh, known = [], []
        for place, (line, of_line, record) in enumerate(zip(lines, keys, records, strict=True)):
            if not again and self._last.get(record) == of_line:
                known.append(line.number)
            else:
                fresh.append(place)
        if known:
            message = (
                f"{counted(len(known), 'line')} of an earlier import skipped: {_some(known)}; "
                "--again takes them"
            )
            plan.findings.append(Finding(ALREADY_IMPORTED, Severity.LOW, message))
        return fresh

    def _equal(self, plan: Plan, lines: Sequence[Line], keys: Sequence[str]) -> None:
        seen: set[str] = set()
        twice = []
        for line, of_line in zip(lines, keys, strict=True):
            if of_line in seen:
                twice.append(line.number)
            seen.add(of_line)
        if twice:
            message = (
                f"{counted(len(twice), 'line')} equal to another one of the file: "
                f"{_some(twice)}; all were taken"
            )
            plan.findings.append(Finding(EQUAL_LINES, Severity.LOW, message))

    def record(
        self, plan: Plan, lines: Sequence[Line], keys: Sequence[str], made: Sequence[str], run: Run
    ) -> None:
        """Write down what an import takes. made: the record that each line became."""
        import_id = run.new_uuid()
        cells = {
            "import_id": import_id,
            "kind": self._kind,
            "file": self._label,
            "content": self._content,
            "lines": len(lines),
            "user": run.user,
            "imported_at": run.now,
            "run_id": run.run_id,
        }
        plan.changes.append(
            IMPORTS, self._snapshot[IMPORTS].next_row, tuple(cells), [tuple(cells.values())]
        )
        plan.changes.append(
            IMPORT_LINES,
            self._snapshot[IMPORT_LINES].next_row,
            ("import_id", "line", "key", "record"),
            [
                (import_id, line.number, of_line, record)
                for line, of_line, record in zip(lines, keys, made, strict=True)
            ],
        )


def _some(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else ""
    word = "lines" if len(numbers) > 1 else "line"
    return f"{word} {', '.join(map(str, numbers[:5]))}{more}"

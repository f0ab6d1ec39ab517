"""The flight recorder of sending (D25): what this machine's sender was doing when it died, and what it
handed over. Every line is on the disk before the step that it announces.

`flight.jsonl` tells of the claims whose outcome is not in the workbook yet: `claimed` (before the
claim is committed), `handing`, `handed` (before the part without which the text is not complete) and
`answered`. A last line that is torn announces a step that was not taken. `sent.jsonl` keeps for good
what was handed over, so that an older version of the workbook that is put back sends nothing twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from ticketops.domain.messages.message import Message
from ticketops.domain.messages.sending import HANDED, HANDING, Became, Flown, Known, Result
from ticketops.errors import LockedError, UnusableError
from ticketops.files import read_regular
from ticketops.stores.journal import sync_folder

FOLDER = "messages"
_MOST_BYTES = 1 << 28


class Recorder:
    """The notes of one workbook's senders on this machine. Whoever has one holds their lock."""

    def __init__(self, folder: Path) -> None:
        self._flight, self._sent = folder / "flight.jsonl", folder / "sent.jsonl"

    def claimed(self, token: str) -> None:
        """A claim under this token is about to be committed. Raises UnusableError, as all that notes."""
        self._note(self._flight, {"step": "claimed", "token": token})

    def handing(self, token: str, messages: Iterable[Message]) -> None:
        """The text of these messages, which go out as one, is about to be sent."""
        self._step(HANDING, token, messages)

    def handed(self, token: str, messages: Iterable[Message]) -> None:
        """The text is about to be complete on the other side."""
        self._step(HANDED, token, messages)

    def answered(self, token: str, ended: Iterable[tuple[Message, Result]]) -> None:
        """It is known what became of them."""
        self._note(
            self._flight,
            *(
                {"step": "answered", "token": token} | _named(one) | _plain(result)
                for one, result in ended
            ),
        )

    def flown(self) -> Flown:
        """What stands in the notes on claims whose outcome may not be in the workbook."""
        tokens: set[str] = set()
        steps: dict[tuple[str, str], str | Result] = {}
        lines, damaged = self._lines(self._flight)
        for line in lines:
            try:
                token, step = str(line["token"]), line["step"]
                tokens.add(token)
                if step == "answered":
                    steps[token, line["id"]] = _result(line)
                elif step in (HANDING, HANDED):
                    steps[token, line["id"]] = step
            except (LookupError, TypeError, ValueError):
                damaged = True
        return Flown(frozenset(tokens), steps, damaged)

    def recorded(self) -> None:
        """The workbook says what became of all of them."""
        try:
            self._flight.unlink(missing_ok=True)
            sync_folder(self._flight.parent)
        except OSError as error:
            raise _not_noted(self._flight.parent, error) from None

    def keep(self) -> None:
        """Remember for good what the notes say was handed over."""
        over: dict[tuple[str, str], dict[str, Any]] = {}
        for line in self._lines(self._flight)[0]:
            step, at = line.get("step"), (str(line.get("token")), str(line.get("id")))
            if step == HANDED:
                over[at] = line | {"became": Became.UNKNOWN.value, "error": "", "sent_as": ""}
            elif step == "answered":
                over[at] = line
        lasting = (Became.SENT.value, Became.UNKNOWN.value)
        notes = [line for line in over.values() if line.get("became") in lasting]
        if notes:
            self._note(self._sent, *notes)

    def known(self) -> dict[str, Known]:
        """{key of a message: what is remembered of it}: that it was sent, else its last attempt."""
        found: dict[str, Known] = {}
        for line in self._lines(self._sent)[0]:
            with suppress(LookupError, TypeError, ValueError):
                result = _result(line)
                old = found.get(line["key"])
                if old is None or old.became is not Became.SENT:
                    found[line["key"]] = Known(
                        result.became, int(line["attempt"]), result.at, result.sent_as
                    )
        return found

    def _step(self, step: str, token: str, messages: Iterable[Message]) -> None:
        at = datetime.now().replace(microsecond=0).isoformat()
        self._note(
            self._flight,
            *({"step": step, "token": token, "at": at} | _named(one) for one in messages),
        )

    def _note(self, path: Path, *notes: dict[str, Any]) -> None:
        """Raises UnusableError where it does not get onto the disk."""
        try:
            is_new = not path.exists()
            _append(path, "".join(f"{json.dumps(note)}\n" for note in notes))
            if is_new:
                sync_folder(path.parent)
        except OSError as error:
            raise _not_noted(path.parent, error) from None

    def _lines(self, path: Path) -> tuple[list[dict[str, Any]], bool]:
        """The notes of a file, and whether one in its middle can't be read."""
        try:
            content = read_regular(path, _MOST_BYTES)
        except FileNotFoundError:
            return [], False
        except OSError:
            return [], True
        found, damaged = [], False
        *whole, _torn = content.split(b"\n")
        for line in whole:
            try:
                note = json.loads(line)
                if not isinstance(note, dict):
                    raise ValueError(note)  # noqa: TRY004 (as for a line that is no JSON)
                found.append(note)
            except (ValueError, RecursionError):
                damaged = True
        return found, damaged


def _append(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            if os.read(descriptor, 1) != b"\n":  # what a killed sender tore stays apart
                text = f"\n{text}"
        data = text.encode()
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_noted(folder: Path, error: OSError) -> UnusableError:
    return UnusableError(
        f"{folder} can't be written: {error.strerror}",
        "without notes on this machine nothing is sent",
    )


def _named(one: Message) -> dict[str, Any]:
    return {"id": one.message_id, "key": one.key, "attempt": one.tries}


def _plain(result: Result) -> dict[str, Any]:
    return {
        "became": result.became.value,
        "at": result.at.isoformat(),
        "error": result.error,
        "sent_as": result.sent_as,
    }


def _result(line: dict[str, Any]) -> Result:
    """Raises LookupError, TypeError, ValueError."""
    return Result(
        str(line["id"]),
        Became(line["became"]),
        datetime.fromisoformat(line["at"]),
        str(line["error"]),
        str(line["sent_as"]),
    )


@contextmanager
def recording(state_folder: Path, name: str) -> Iterator[Recorder]:
    """The recorder of a workbook, while no other sender of this machine is at work. Raises
    LockedError where one is, UnusableError where nothing can be noted."""
    from filelock import FileLock, Timeout

    folder = state_folder / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder / "lock", mode=0o600)
        lock.acquire(timeout=0)
    except Timeout:
        raise LockedError(
            f"messages of {name} are being sent by another process", "wait for it to end"
        ) from None
    except OSError as error:
        raise _not_noted(folder, error) from None
    try:
        yield Recorder(folder)
    finally:
        lock.release()

"""How the service answers where no document says it: one way each, which a test may turn, or a file
that was made by asking the real service (`google probe`)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.google.errors import ApiError, DriveError, Json

WAYS: dict[str, tuple[str, ...]] = {
    "new-sheet-in-answer": ("refused", "shown", "left out", "carried out"),
    "copy-under-filter": ("skipped", "written", "moved", "refused"),
    "write-under-filter": ("written", "skipped", "moved", "refused"),
    "write-into-merge": ("dropped", "refused", "kept", "moved"),
    "paste-text": ("kept", "parsed", "refused"),
    "number-in-plain-text": ("number", "text", "refused"),
    "carriage-returns": ("kept", "changed", "refused"),
    "control-characters": ("kept", "changed", "refused"),
    "strict-validation": ("written", "refused", "dropped"),
    "same-sheet-id": ("already exists", "other words", "made"),
    "same-title": ("refused", "made"),
    "formula-in-another-locale": ("understood", "not understood", "refused"),
    "many-ranges": ("answered", "refused", "left out"),
    "protected-cell": ("protected", "other words", "not refused"),
    "sharing-refused": ("no account", "other words"),
}
"""What there is to be turned, and how; the first is how the server is."""
OTHER_WORDS = "The request can't be carried out."
MOST_RANGES = 100
"""Where more are not answered."""


@dataclass
class Ways:
    """{name: {answer, code, words}} of those that are turned."""

    turned: dict[str, Json] = field(default_factory=dict)

    def turn(self, name: str, answer: str, code: int = 0, words: str = "") -> None:
        """From now on it is answered so; code and words: of a refusal, else the usual ones."""
        assert answer in WAYS[name], f"this server can't answer {answer!r} to {name}"
        self.turned[name] = {"answer": answer, "code": code, "words": words}

    def replay(self, file: Path) -> None:
        """Answer as the service did that was asked."""
        for name, said in json.loads(file.read_text())["answers"].items():
            words = re.sub(r"^Invalid requests\[\d+\]\.\w+: ", "", said["words"])
            self.turn(name, said["answer"], said["code"], words)

    def of(self, name: str) -> str:
        said: str = self.turned[name]["answer"] if name in self.turned else WAYS[name][0]
        return said

    def refusal(self, name: str, words: str, code: int = 400, **named: object) -> ApiError:
        """A refusal in the words that were turned, or in these."""
        said = self.turned.get(name, {})
        return ApiError(said.get("code") or code, _filled(said.get("words") or words, named))

    def drive_refusal(self, name: str, words: str, reason: str, **named: object) -> DriveError:
        said = self.turned.get(name, {})
        return DriveError(
            said.get("code") or 400, reason, _filled(said.get("words") or words, named)
        )


def _filled(words: str, named: dict[str, object]) -> str:
    """The words with the names that were left out of them."""
    for name, value in named.items():
        words = words.replace(f"{{{name}}}", str(value))
    return words

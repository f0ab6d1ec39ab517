"""Proofs of dispatch that staff upload (§8 step 6): which files are taken, how `ProofUrl` names one, and
the proof of a task. What a file is, its content says, never its name."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ticketops.domain.dispatch.results import TaskProof
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.tasks import own_task
from ticketops.domain.plan import Plan, Run
from ticketops.errors import InputError, RuleError
from ticketops.schema.tables import Snapshot

MOST_BYTES = 5 * 2**20
"""The largest file that is taken."""
_PREFIX = "proof:"
_REFERENCE = re.compile(r"proof:([0-9a-f]{64})\.(png|jpg|webp|pdf)", re.ASCII)
KINDS = ("PNG", "JPEG", "WebP", "PDF")
"""What may be uploaded, as people call it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A file by its content. ending: of its name."""

    sha256: str
    ending: str

    @property
    def reference(self) -> str:
        """What ProofUrl holds."""
        return f"{_PREFIX}{self.sha256}.{self.ending}"

    @property
    def file_name(self) -> str:
        """Its name where it is kept."""
        return f"{self.sha256}.{self.ending}"

    def called(self, task_id: str) -> str:
        """What it is called where somebody saves it: `T00012-3fa9c1d2.png`."""
        task = re.sub(r"[^A-Za-z0-9]", "", task_id)[:12] or "proof"
        return f"{task}-{self.sha256[:8]}.{self.ending}"


def proof_of(content: bytes) -> Proof:
    """A file that was uploaded. Raises InputError for one that is empty, too large or no picture or PDF."""
    if not content:
        raise InputError("the file is empty", "choose the screenshot or confirmation again")
    if len(content) > MOST_BYTES:
        raise InputError(
            f"the file has {len(content):,} bytes; at most {MOST_BYTES:,} are allowed",
            "a screenshot of the confirmation is enough",
        )
    ending = _ending(content)
    if not ending:
        raise InputError(
            f"the file is not a {', '.join(KINDS[:-1])} or {KINDS[-1]}",
            "save the screenshot as PNG or JPEG, or the confirmation as PDF",
        )
    return Proof(hashlib.sha256(content).hexdigest(), ending)


def _ending(content: bytes) -> str:
    """What a file begins and ends with: "" for anything that is none of ours, or cut off."""
    tail = content[-1024:]
    if content.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in tail:
        return "png"
    if content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in tail:
        return "jpg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp" if int.from_bytes(content[4:8], "little") + 8 <= len(content) else ""
    return "pdf" if content.startswith(b"%PDF-") and b"%%EOF" in tail else ""


def referred(text: str | None) -> Proof | None:
    """The uploaded file that a ProofUrl names; None where it is a link, or blank."""
    found = _REFERENCE.fullmatch((text or "").strip())
    return Proof(found[1], found[2]) if found else None


def plan_proof(snapshot: Snapshot, task_id: str, run: Run) -> Plan:
    """The proof of a task. Raises NotFoundError, NotPermittedError for somebody else's task, RuleError
    where it has none."""
    task, ticket = own_task(State.of(snapshot), snapshot, run, task_id)
    text = task["proof_url"]
    if not text:
        raise RuleError(f"{task.key} ({ticket.key}) has no proof")
    return Plan(result=TaskProof(task.key, ticket.key, text, uploaded=referred(text) is not None))

"""Proofs of dispatch that staff uploaded (§8 step 6), kept beside the workbook under the hash of what
they hold, for their owner only. The workbook names them in ProofUrl."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from ticketops.domain.dispatch.proofs import MOST_BYTES, Proof, proof_of
from ticketops.errors import RuleError, UnusableError
from ticketops.files import read_regular, replace_file, sweep
from ticketops.stores.base import Store, with_folders

FOLDER = "proofs"


def folder_of(store: Store) -> Path:
    """Where the proofs of a workbook are. Raises UnusableError where this machine keeps none."""
    return with_folders(store).state_folder / FOLDER


def put(store: Store, content: bytes) -> tuple[Proof, bool]:
    """Keep a file that was uploaded: what it is, and whether it is new here. Raises InputError for one
    that is not taken (see `proof_of`), UnusableError where it can't be written."""
    proof = proof_of(content)
    folder = folder_of(store)
    path = folder / proof.file_name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(folder)
        if path.is_file() and _is(path, proof):
            return proof, False
        replace_file(path, content)
    except OSError as error:
        raise UnusableError(f"the proof can't be kept: {error.strerror or error}") from None
    return proof, True


def drop(store: Store, proof: Proof) -> None:
    """Remove a file that was just put there and that nothing names. Never fails."""
    with suppress(OSError, UnusableError):
        (folder_of(store) / proof.file_name).unlink()


def get(store: Store, proof: Proof) -> bytes:
    """A file as it was uploaded. Raises RuleError where it is not on this machine, or is another one by
    now."""
    path = folder_of(store) / proof.file_name
    try:
        content = read_regular(path, MOST_BYTES)
    except FileNotFoundError:
        raise RuleError(
            "the proof is not on this machine", "the machine that serves the portal keeps it"
        ) from None
    except OSError as error:
        raise UnusableError(f"the proof can't be read: {error.strerror or error}") from None
    if hashlib.sha256(content).hexdigest() != proof.sha256:
        raise RuleError("the proof was changed since it was uploaded")
    return content


def _is(path: Path, proof: Proof) -> bool:
    try:
        return hashlib.sha256(read_regular(path, MOST_BYTES)).hexdigest() == proof.sha256
    except OSError:
        return False

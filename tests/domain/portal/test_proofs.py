"""Which files are taken as a proof, and how ProofUrl names one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.portal.files import JPEG, PDF, PNG, WEBP
from ticketops.domain.dispatch.proofs import MOST_BYTES, proof_of, referred
from ticketops.errors import InputError


@pytest.mark.parametrize(
    ("content", "ending"), [(PNG, "png"), (JPEG, "jpg"), (PDF, "pdf"), (WEBP, "webp")]
)
def test_a_file_is_what_it_holds(content: bytes, ending: str) -> None:
    proof = proof_of(content)
    assert proof.ending == ending
    assert proof.sha256 == hashlib.sha256(content).hexdigest()
    assert referred(proof.reference) == proof
    assert proof.called("T00012") == f"T00012-{proof.sha256[:8]}.{ending}"


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + b"\0" * 20,
        b"MZ\x90\0",
        b"PK\x03\x04" + b"\0" * 30,
        PNG[:-14],
        JPEG[:-2],
        PDF[:9],
        WEBP[:14],
        b" " + PNG,
        b"#!/bin/sh\n%PDF-1.7\n%%EOF",
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="is not a PNG, JPEG, WebP or PDF"):
        proof_of(content)


def test_an_empty_file_and_a_large_one_are_refused() -> None:
    with pytest.raises(InputError, match="is empty"):
        proof_of(b"")
    with pytest.raises(InputError, match="at most 5,242,880"):
        proof_of(PNG + b"\0" * MOST_BYTES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://proof.example/1",
        "proof:../../etc/passwd",
        f"proof:{'a' * 64}.exe",
        f"proof:{'a' * 63}.png",
        f"proof:{'A' * 64}.png",
        f"proof:{'a' * 64}.png/../x",
        f"x proof:{'a' * 64}.png",
    ],
)
def test_only_the_one_spelling_names_a_file(text: str) -> None:
    assert referred(text) is None


@given(st.text(max_size=40))
def test_what_a_task_is_called_never_leads_elsewhere(task: str) -> None:
    name = proof_of(PNG).called(task)
    assert not set(name) & set('/\\:"\r\n\0')
    assert not name.startswith(".")

"""The proof of a task: a link, or a file that staff uploaded in the portal."""

from __future__ import annotations

from pathlib import Path

from tests.cli.dispatching import Do
from tests.conftest import Runner
from tests.portal.files import PNG
from ticketops.domain.dispatch.proofs import proof_of


def keep(book: Path, content: bytes) -> str:
    """Put a file where the portal keeps it; what ProofUrl says of it."""
    proof = proof_of(content)
    folder = book.with_name(f"{book.name}.ticketops") / "proofs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / proof.file_name).write_bytes(content)
    return proof.reference


def test_a_link_is_shown(do: Do, here: Runner) -> None:
    do("staff", "mark", "SENT", "T00001", "--proof", "https://p.example.com/1")
    assert do("staff", "proof", "t00001") == {
        "task_id": "T00001",
        "sales_id": "S2-1",
        "proof": "https://p.example.com/1",
        "uploaded": False,
        "saved": None,
    }
    done = here("staff", "proof", "T00001", "-o", "x.png")
    assert (done.code, Path("x.png").exists()) == (4, False)
    assert "is not an uploaded file" in done.err


def test_an_uploaded_file_is_saved_as_it_was_sent(do: Do, here: Runner, book: Path) -> None:
    do("staff", "mark", "SENT", "T00001", "--proof", keep(book, PNG))
    assert do("staff", "proof", "T00001")["uploaded"] is True
    name = proof_of(PNG).called("T00001")
    saved = do("staff", "proof", "T00001", "-o", ".")["saved"]
    assert saved == name
    assert Path(name).read_bytes() == PNG
    assert here("staff", "proof", "T00001", "-o", "kept.png").code == 0
    assert Path("kept.png").read_bytes() == PNG
    before = book.read_bytes()
    assert here("staff", "proof", "T00001", "-o", str(book)).code == 2
    assert book.read_bytes() == before


def test_a_file_that_is_gone_or_changed_is_one_clear_line(do: Do, here: Runner, book: Path) -> None:
    do("staff", "mark", "SENT", "T00001", "--proof", keep(book, PNG))
    path = book.with_name(f"{book.name}.ticketops") / "proofs" / proof_of(PNG).file_name
    path.write_bytes(PNG + b"x")
    done = here("staff", "proof", "T00001", "-o", "x.png")
    assert (done.code, "was changed since" in done.err) == (4, True)
    path.unlink()
    done = here("staff", "proof", "T00001", "-o", "x.png")
    assert (done.code, "not on this machine" in done.err) == (4, True)
    assert not Path("x.png").exists()


def test_a_task_without_a_proof_and_none_at_all(here: Runner) -> None:
    done = here("staff", "proof", "T00002")
    assert (done.code, "has no proof" in done.err) == (4, True)
    assert here("staff", "proof", "T99999").code == 3

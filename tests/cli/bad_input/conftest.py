"""A workbook that no command may change, and what is wrong with its copies."""

from __future__ import annotations

import io
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.bad_input.refusing import ROOT, Refusing
from ticketops.cli.main import run


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings from outside."""
    for name in list(os.environ):
        if name.startswith("TICKETOPS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(
        shutil.copy(
            ROOT / "sample_workbooks" / "small.xlsx", tmp_path_factory.mktemp("bad") / "event.xlsx"
        )
    )


@pytest.fixture
def desk(shared: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Refusing]:
    made = Refusing(shared, (ROOT / "sample_workbooks" / "small.xlsx").read_bytes(), capsys)
    yield made
    try:
        made.untouched()
    except AssertionError:  # one failure is enough
        shutil.rmtree(shared.with_name(f"{shared.name}.ticketops"))
        shared.write_bytes(made.before)
        raise


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Put bytes on standard input."""

    def put(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small sound workbook: a purchase and a sale in an otherwise empty one."""
    path = tmp_path_factory.mktemp("sound") / "event.xlsx"
    assert run(["init", str(path), "-q"]) == 0
    assert (
        run(
            [
                "purchase",
                "add",
                "-w",
                str(path),
                "-q",
                "--match",
                "M06",
                "--vendor",
                "V",
                "--line",
                "Cat 2:2@5",
            ]
        )
        == 0
    )
    assert (
        run(["sale", "add", "-w", str(path), "-q", "--client", "C", "--line", "M06:Cat 2:2@5"]) == 0
    )
    return path.read_bytes()


@pytest.fixture(scope="module")
def parts(sound: bytes) -> dict[str, bytes]:
    """The parts of a sound workbook."""
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Refusing]:
    """A desk with a workbook of these bytes."""

    def put(content: bytes, name: str = "event.xlsx") -> Refusing:
        path = tmp_path / name
        path.write_bytes(content)
        return Refusing(path, content, capsys)

    return put

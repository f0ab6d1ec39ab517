"""Files in folders that others can write to as well."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ticketops import files
from ticketops.files import NotAFile, TooLarge, hash_regular, new_file, read_regular

MOST = 1000


@pytest.mark.parametrize("what", ["folder", "pipe", "socket", "device", "link to a device"])
def test_what_is_no_file_is_not_read(tmp_path: Path, what: str) -> None:
    """At once: a pipe that nobody writes into would be waited for without end."""
    path = tmp_path / "x"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    elif what == "device":
        path = Path("/dev/null")
    else:
        path.symlink_to("/dev/zero")
    for read in (read_regular, hash_regular):
        with pytest.raises(NotAFile, match="it is a") as caught:
            read(path, MOST)
        assert caught.value.strerror
    if what == "device":
        return
    assert stat.S_IFMT(path.stat().st_mode) != stat.S_IFREG


@pytest.mark.parametrize("size", [0, 1, MOST])
def test_a_file_is_read_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * size)
    assert read_regular(path, MOST) == b"x" * size
    assert hash_regular(path, MOST) == hash_regular(Path(_copied(path)), MOST)
    path.write_bytes(b"y" * max(size, 1))
    assert hash_regular(path, MOST) != hash_regular(Path(f"{path}2"), MOST)


def _copied(path: Path) -> str:
    other = Path(f"{path}2")
    other.write_bytes(path.read_bytes())
    return str(other)


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size is known before: a sparse one of a terabyte takes no time."""
    path = tmp_path / "x"
    path.touch()
    os.truncate(path, 2**40)
    for read in (read_regular, hash_regular):
        with pytest.raises(TooLarge, match="1,099,511,627,776 bytes"):
            read(path, MOST)


def test_a_file_that_grows_meanwhile(tmp_path: Path) -> None:
    """/proc's files say that they have no bytes."""
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("no /proc")
    assert read_regular(path, 2**20).startswith(b"Name:")
    for read in (read_regular, hash_regular):
        with pytest.raises(TooLarge):
            read(path, 100)


def test_a_file_is_swapped_for_a_pipe_in_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x")
    looked = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda _self, **_more: looked)
    with pytest.raises(NotAFile):
        read_regular(path, MOST)


def test_a_new_file_is_its_owners_alone_and_has_a_name_of_its_own(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = [new_file(tmp_path / "x.xlsx") for _ in range(20)]
    finally:
        os.umask(before)
    assert len(set(made)) == 20
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}


@pytest.mark.parametrize("name", ["é" * 120, "x" * 250, "\udcff.xlsx", "[a]*?.xlsx", "日" * 83])
def test_any_name_has_room_for_its_temporary_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    files.replace_file(path, b"x")
    assert path.read_bytes() == b"x"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_link_that_stands_there_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    planted = new_file(tmp_path / "x")
    planted.unlink()
    planted.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        files.write_durably(planted, lambda file: file.write(b"secret"))
    path = tmp_path / "link"
    path.symlink_to(victim)
    files.replace_file(path, b"secret")
    assert victim.read_bytes() == b"precious"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_only_what_dead_processes_of_this_machine_left_is_swept(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from ticketops.files import new_file\n"
        "print(new_file(pathlib.Path(sys.argv[1]) / 'a.xlsx').name); "
        "print(new_file(pathlib.Path(sys.argv[1]) / 'b.xlsx').name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    dead_a, dead_b = (tmp_path / name for name in done.stdout.split())
    own = new_file(tmp_path / "a.xlsx")
    elsewhere = tmp_path / dead_a.name.replace(files.machine(), "0123abcd")
    elsewhere.write_bytes(b"")
    folder = tmp_path / dead_a.name.replace(".tmp", "x.tmp")
    folder.mkdir()
    files.sweep(tmp_path, "a.xlsx")
    assert (dead_a.exists(), dead_b.exists(), own.exists(), elsewhere.exists()) == (
        False,
        True,
        True,
        True,
    )
    files.sweep(tmp_path, "a.xlsx", held=True)
    assert (dead_b.exists(), own.exists(), elsewhere.exists()) == (True, False, True)
    files.sweep(tmp_path)
    assert not dead_b.exists()
    assert folder.is_dir()
    files.sweep(tmp_path / "none")


def test_long_names_that_begin_alike_are_two(tmp_path: Path) -> None:
    """A sweep for one of them leaves the other's alone."""
    names = [f"{'x' * 200}{end}.xlsx" for end in "ab"]
    made = [new_file(tmp_path / name) for name in names]
    files.sweep(tmp_path, names[0], held=True)
    assert [path.exists() for path in made] == [False, True]

"""Starts commands as processes that have everything imported already.

A command of the tests spends four fifths of its time importing. One process imports all of
ticketops once and forks itself for every command: each has memory, working folder, environment and
streams of its own and ends as any process does. Where a process must begin at nothing (its
environment speaks to the interpreter, or `TICKETOPS_TEST_FRESH` is set), it does.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
TIMEOUT = 300
_INTERPRETER = ("PYTHON", "LC_", "LANG", "LD_", "POLARS_", "RAYON_", "PATH")
"""What begins like this is read when an interpreter or a library starts."""


class Launcher:
    """The process that is forked; it lives as long as this one."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._socket, self._lock = ours, threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.launcher", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
            | {"PYTHONPATH": str(ROOT)},
        )
        theirs.close()
        atexit.register(self.close)

    def close(self) -> None:
        """Nobody asks any more."""
        self._socket.close()
        self._process.wait()

    def run(
        self, words: tuple[str, ...], data: bytes | None, env: dict[str, str], cwd: Path | None
    ) -> tuple[int, bytes, bytes]:
        """Exit code, standard output and standard error of a command."""
        request = {"words": words, "env": env, "cwd": str(cwd or Path.cwd())}
        answers, answer = os.pipe()
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
            tempfile.TemporaryFile() as asked,
            open(os.devnull, "rb") as nothing,
            os.fdopen(answers, "rb") as ended,
        ):
            given.write(data or b"")
            given.seek(0)
            asked.write(json.dumps(request).encode())
            given.flush()
            asked.flush()
            stdin = nothing if data is None else given
            streams = [stream.fileno() for stream in (stdin, out, err, asked)]
            with self._lock:
                socket.send_fds(self._socket, [b"!"], [*streams, answer])
            os.close(answer)
            said = ended.read()
            if not said:
                raise RuntimeError("the launcher is gone")
            out.seek(0)
            err.seek(0)
            return int(said), out.read(), err.read()


def can_fork(env: dict[str, str]) -> bool:
    """Whether a process with these variables is the same when it is forked."""
    fresh = os.environ.get("TICKETOPS_TEST_FRESH")
    return hasattr(os, "fork") and not fresh and not any(k.startswith(_INTERPRETER) for k in env)


def serve(channel: socket.socket) -> None:
    """Fork for every request, until nobody can ask any more."""
    import ticketops

    for module in pkgutil.walk_packages(ticketops.__path__, "ticketops."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    while True:
        said, passed, _flags, _address = socket.recv_fds(channel, 1, 5)
        if not said:
            return
        if os.fork() == 0:
            channel.close()
            _watch(passed)
        for one in passed:
            os.close(one)


def _watch(passed: list[int]) -> None:
    """Run the command in a child, and tell what it ended with."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, asked, answer = passed
    child = os.fork()
    if child == 0:
        os.close(answer)
        _command(streams, asked)
    code = _ended(child)
    os.write(answer, str(code).encode())
    os._exit(0)


def _ended(child: int) -> int:
    """The exit code of the command, as subprocess has it; one that takes too long is killed."""
    late = time.monotonic() + TIMEOUT
    pause = 0.001
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > late:
            os.kill(child, signal.SIGKILL)
        time.sleep(pause)
        pause = min(pause * 1.2, 0.02)


def _command(streams: list[int], asked: int) -> None:
    """Become the command."""
    os.lseek(asked, 0, os.SEEK_SET)
    with os.fdopen(asked, "rb") as file:
        request = json.loads(file.read())
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    sys.argv = [str(ROOT / "ticketops" / "__main__.py"), *request["words"]]
    from ticketops.cli.main import main

    try:
        main()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

"""`python -m tests.google FOLDER [ANSWERS]`: the server by hand, until Ctrl-C; the key of its service
account lies in the folder. ANSWERS: a file of `google probe`, by which it answers."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from threading import Event

from tests.google.server import GoogleServer


def main(folder: Path, answers: Path | None = None) -> None:
    """Serve a blank spreadsheet, and say how to reach it."""
    stopped = Event()
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    with GoogleServer() as server:
        if answers:
            server.ways.replay(answers)
        info = server.service_account()
        path = folder / "google-key.json"
        path.write_text(json.dumps(info))
        path.chmod(0o600)
        key = server.new_spreadsheet("By hand", None, {str(info["client_email"]): "writer"})
        for name, value in (
            ("TICKETOPS_GOOGLE_API", server.url),
            ("TICKETOPS_GOOGLE_KEY", path.resolve()),
            ("TICKETOPS_STATE", (folder / "google-state").resolve()),
            ("TICKETOPS_WORKBOOK", f"gsheet:{key}"),
        ):
            print(f"export {name}={value}", flush=True)
        stopped.wait()
        print(f"{len(server.log)} requests were answered", file=sys.stderr)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3] or ["."]))

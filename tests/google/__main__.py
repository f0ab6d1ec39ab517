"""`python -m tests.google FOLDER`: the server by hand, until Ctrl-C; the key of its service account
lies in the folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from threading import Event

from tests.google.server import GoogleServer


def main(folder: Path) -> None:
    """Serve a blank spreadsheet, and say how to reach it."""
    with GoogleServer() as server:
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
        try:
            Event().wait()
        except KeyboardInterrupt:
            print(f"{len(server.log)} requests were answered", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))

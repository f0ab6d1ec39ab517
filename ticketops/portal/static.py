"""Files that pages use: our style sheet, our script and an icon, and nothing else."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response

FOLDER = Path(__file__).parent.parent / "templates" / "portal" / "static"
_KINDS = {
    "portal.css": "text/css; charset=utf-8",
    "portal.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""{name: content type}: what may be asked for."""


@cache
def _content(name: str) -> tuple[bytes, str]:
    data = (FOLDER / name).read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def asset(name: str, known: str) -> Response | None:
    """One of our files; None for any other name. known: the ETag of what the browser has."""
    if name not in _KINDS:
        return None
    data, tag = _content(name)
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
    if tag in known:
        return Response(None, 304, headers)
    return Response(data, 200, headers | {"Content-Type": _KINDS[name]})

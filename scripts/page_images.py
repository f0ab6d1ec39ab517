"""`python scripts/page_images.py`: what dashboards and reports look like, as pictures in docs/images. Needs
Chromium (/usr/bin/chromium) and playwright.

The event is the small sample on a day before its first match; all in it is made up.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
NOW = "2026-06-05 09:00"
PICTURES = {
    "dashboard-ops-manager": (["dashboard", "build", "--role", "ops_manager"], 1024, 1500, "light"),
    "dashboard-phone": (["dashboard", "build", "--role", "operator"], 390, 1000, "dark"),
    "report-pnl": (["report", "pnl"], 1024, 800, "light"),
    "match-page": (["event", "page", "M104"], 1024, 760, "light"),
}
"""{picture: (command, width, height, light or dark)}"""
_AT = "import sys, time_machine\nfrom ticketops.cli.main import run\nwith time_machine.travel({now!r}, tick=False):\n    sys.exit(run(sys.argv[1:]))"


def ticketops(folder: Path, *words: str) -> None:
    """Run one command in the folder at that time; findings are no failure."""
    own = {"TICKETOPS_ROLE": "super_admin", "TICKETOPS_USER": "olga", "TICKETOPS_CACHE": "0"}
    own |= {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _AT.format(now=NOW), *words]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | own, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: {done.stderr}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        folder = Path(name)
        ticketops(folder, "sample", "small", "event.xlsx")
        ticketops(
            folder,
            *("event", "set", "--name", "World Cup 2026", "--code", "WC2026"),
            *("--state", "DISPATCHING", "-w", "event.xlsx", "-y"),
        )
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        for picture, (words, width, height, scheme) in PICTURES.items():
            page = folder / f"{picture}.html"
            ticketops(folder, *words, "-o", page.name, "-w", "event.xlsx")
            tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            tab.goto(page.as_uri())
            tab.screenshot(path=str(IMAGES / f"{picture}.png"))
        browser.close()


if __name__ == "__main__":
    main()

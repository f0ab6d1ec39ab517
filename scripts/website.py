"""Build the website of the pages, which needs no network: python scripts/website.py [SITE]

The pages are copied as they lie in the repository, so that a link leads to the same page on the
site as it does between the files. mkdocs is strict: a link or an anchor that leads nowhere, or a
page that no menu has, is an error.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "*.md",
    "docs/*.md",
    "docs/*.ipynb",
    "docs/*.py",
    "docs/images/*",
    "docs/schema/*",
    "ticketops/*.md",
    "benchmarks/*.md",
)


def build(site: Path) -> None:
    """Write the site into a folder, which is emptied first. Raises CalledProcessError, whose output
    says where, if a link leads nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "scripts" / "site", folder, dirs_exist_ok=True)
        for page in (page for pattern in PAGES for page in ROOT.glob(pattern)):
            copy = Path(folder) / "pages" / page.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, copy)
        subprocess.run(  # not --quiet: mkdocs would not count its warnings
            [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", site.resolve()],
            cwd=folder,
            check=True,
            stderr=subprocess.PIPE,
            text=True,
        )


if __name__ == "__main__":
    try:
        build(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "site"))
    except subprocess.CalledProcessError as error:
        sys.exit(error.stderr)

"""The brief as a PDF, printed by the Chromium of this machine, which asks nobody for anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from detente.errors import DeskError

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LONGEST: Final = 180.0  # seconds


def pdf(page: str | Path, out: str | Path | None = None) -> Path:
    """Print a page of HTML.

    Args:
        page: file of HTML. out: file to write; the page's name with ``.pdf`` where none is given.

    Returns:
        Path of the PDF.

    Raises:
        DeskError: no page, no Chromium on this machine, or it does not print.

    Example:
        >>> pdf("brief.html")                                       # doctest: +SKIP
        PosixPath('brief.pdf')
    """
    page = Path(page)
    to = Path(out) if out else page.with_suffix(".pdf")
    if not page.is_file():
        raise DeskError(f"There is no page {page} to print.")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise DeskError(
            f"A PDF is printed by Chromium, and there is none on this machine: install it (apt-get install chromium), "
            f"or open {page} in any browser and print it to a file."
        )
    with tempfile.TemporaryDirectory(prefix="detente-pdf-") as folder:
        made = Path(folder) / "page.pdf"
        command = [found, "--headless", "--disable-gpu", "--disable-background-networking", "--disable-extensions"]
        command += [f"--user-data-dir={folder}", "--no-pdf-header-footer", f"--print-to-pdf={made}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium has none for root; the page runs no script
        try:
            told = subprocess.run(
                [*command, page.resolve().as_uri()], capture_output=True, text=True, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            raise DeskError(f"Chromium did not print {page} within {LONGEST:.0f} seconds.") from None
        if told.returncode or not made.is_file():
            last = (told.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise DeskError(f"Chromium could not print {page}: {last}")
        try:
            shutil.copyfile(made, to)
        except OSError as error:
            raise DeskError(f"{to} cannot be written ({error.strerror}).") from None
    return to

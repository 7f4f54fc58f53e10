"""The README's pictures of the web desk, made from the embedded sample: ``make screenshots`` (needs Chromium).

Each page is taken in the light scheme, 1,280 pixels wide, once nothing on it is being worked out any more.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

import detente

CHROMIUM: Final = "/usr/bin/chromium"
OUT: Final = Path(__file__).parent / "screenshots"
PAGES: Final = {
    "overview": "/",
    "network": "/network",
    "reactions": "/reactions",
    "what-if": "/whatif?measure=hotline&measure=drills-suspended&days=90",
}
WAIT: Final = 300.0  # seconds


def main() -> None:
    """Serve the sample and take the pictures."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample"
        detente.open(path).read_sample()
        command = [sys.executable, "-m", "detente", "web", "--desk", str(path), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
            assert served.stdout
            try:
                found = re.match(r"http://127\.0\.0\.1:\d+", served.stdout.readline())
                if found is None:
                    raise SystemExit("detente web did not start.")
                take(found[0])
            finally:
                served.send_signal(signal.SIGINT)


def take(home: str) -> None:
    """A picture of each page."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM,
            args=["--disable-gpu", "--disable-background-networking", *(["--no-sandbox"] if root else [])],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
        for name, address in PAGES.items():
            end = time.monotonic() + WAIT
            while "refresh" in page.request.get(home + address).headers:
                if time.monotonic() > end:
                    raise SystemExit(f"{address} did not settle.")
                time.sleep(0.5)
            page.goto(home + address)
            page.screenshot(path=OUT / f"{name}.png")
            print(OUT / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()

"""Chromium against the real server: ``detente web`` in a process of its own, on a free port of this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.chromium import launched
from tests.desks import full, harmful

WAIT: Final = 300.0  # seconds for what a slow machine compiles, learns and simulates beside a page


@contextmanager
def served(desk: Path) -> Iterator[str]:
    """The address of a desk that is served as its user serves it."""
    command = [sys.executable, "-m", "detente", "web", "--desk", str(desk), "--port", "0"]
    alone = os.environ | {"NUMBA_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=alone) as process:
        try:
            assert process.stdout
            told = process.stdout.readline()
            found = re.match(r"http://127\.0\.0\.1:\d+", told)
            assert found, told
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A desk with reports and loaded event data, served; tests correct it but take nothing away."""
    with served(full(tmp_path_factory.mktemp("browser"))) as address:
        yield address


@pytest.fixture(scope="package")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A desk on which every text means harm: its folder, and where it is served."""
    desk = harmful(tmp_path_factory.mktemp("harm"))
    with served(desk) as address:
        yield desk, address


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """The browser."""
    with launched() as browser:
        yield browser


class Window:
    """A window of the browser that remembers what went wrong in it.

    ``said`` holds messages of the console, faults of scripts and dialogs; ``asked`` every address that was asked.
    """

    def __init__(self, chromium: Any, **how: Any) -> None:
        self.context = chromium.new_context(**({"viewport": {"width": 1440, "height": 900}} | how))
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, address: str) -> Any:
        """The page once it asks no more by itself."""
        end = time.monotonic() + WAIT
        while "refresh" in self.context.request.get(address).headers and time.monotonic() < end:
            time.sleep(0.3)
        answer = self.page.goto(address)
        assert "refresh" not in answer.headers, address
        return self.page

    def wide(self) -> int:
        """Pixels that the page needs from side to side."""
        found: int = self.page.evaluate("document.documentElement.scrollWidth")
        return found

    def strangers(self, home: str) -> list[str]:
        """What was asked of anybody but the desk."""
        return [url for url in self.asked if not url.startswith((f"{home}/", "data:"))]


@pytest.fixture
def window(chromium: Any) -> Iterator[Callable[..., Window]]:
    """Opens windows, and closes them after the test."""
    opened: list[Window] = []

    def open_(**how: Any) -> Window:
        opened.append(Window(chromium, **how))
        return opened[-1]

    yield open_
    for one in opened:
        one.context.close()

"""A browser's stand-in for tests of the web desk: asks the application itself, as a page of this machine would."""

from __future__ import annotations

import html
import re
import time
import warnings
from pathlib import Path
from typing import Any

from detente.web import create

with warnings.catch_warnings():  # the client that Starlette ships wants another package than the one that it works with
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HOME = "http://127.0.0.1"


def client(desk: Path, **how: Any) -> TestClient:
    """A client of a desk; posts come from the desk's own pages."""
    return TestClient(create(desk, **how), base_url=HOME, headers={"origin": HOME}, follow_redirects=False)


def settled(asked: TestClient, url: str, seconds: float = 60.0) -> Any:
    """The answer of a page once it asks no more."""
    end = time.monotonic() + seconds
    while True:
        found = asked.get(url)
        if "refresh" not in found.headers or time.monotonic() > end:
            return found
        time.sleep(0.05)


def text(page: str) -> str:
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def links(page: str) -> list[str]:
    """Where the page's links and forms lead."""
    return [html.unescape(found) for found in re.findall(r'(?:href|src|action)="([^"]*)"', page)]

"""Chromium on a desk whose every text means harm: nothing of it runs, is inserted or reaches out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe

import detente as dt
from detente.brief import pdf
from detente.errors import DeskError, DetenteWarning
from tests.browser.conftest import Window
from tests.chromium import needs_chromium
from tests.desks import addresses

Open = Callable[..., Window]
pytestmark = needs_chromium
INJECTED = """() => [...document.querySelectorAll('img, iframe, object, embed, script:not([src]), [onload], [onerror]')]
    .length + [...document.querySelectorAll('a[href]')].filter(a => a.protocol === 'javascript:').length"""


@pytest.fixture(scope="module")
def brief(hostile: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The brief of the desk that means harm."""
    out = tmp_path_factory.mktemp("brief") / "brief.html"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DetenteWarning)
        dt.open(hostile[0]).brief(out=out, days=10, futures=20)
    return out


def test_harm_is_text_on_every_page(hostile: tuple[Path, str], window: Open) -> None:
    desk, home = hostile
    shown = 0
    for address in addresses(desk):
        one = window()
        page = one.open(home + address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate(INJECTED) == 0, address
        assert one.said == [], address
        assert one.strangers(home) == [], address
        assert "\u202e" not in page.content(), address
        page.set_viewport_size({"width": 360, "height": 800})
        assert one.wide() <= 360, address
        shown += "<script>alert(1)</script>" in page.locator("body").inner_text()
    assert shown >= 3


def test_harm_in_the_address_is_text(hostile: tuple[Path, str], window: Open) -> None:
    _, home = hostile
    one = window()
    one.page.goto(f"{home}/events?actor=<script>alert(1)</script>&type=%22%3E%3Cimg%20src=x%20onerror=alert(2)%3E")
    assert one.page.evaluate(INJECTED) == 0
    assert not [said for said in one.said if "400" not in said]  # the refusal itself is all that the console tells


def test_another_site_cannot_post(home: str, window: Open) -> None:
    one = window()
    one.page.goto("data:text/html,<form method=post action='" + home + "/add'><input name=what value=sample>"
                  "<button>go</button></form>")  # fmt: skip
    with one.page.expect_response(f"{home}/add") as answer:
        one.page.locator("button").click()
    assert answer.value.status == 403


def test_a_site_that_points_here_is_refused(home: str, chromium: Any) -> None:
    context = chromium.new_context()
    answer = context.request.get(f"{home}/", headers={"Host": "evil.example"})
    assert answer.status == 421
    context.close()


def test_the_policy_stops_what_would_be_inserted(home: str, window: Open) -> None:
    one = window()
    page = one.open(f"{home}/sources")
    page.evaluate("""() => {
        const made = document.createElement('script'); made.textContent = 'window.ran = 1'; document.body.append(made);
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran = 2">');
    }""")
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran === undefined")
    assert any("Content Security Policy" in said for said in one.said)


def test_the_brief_holds_harm_as_text_and_has_no_barrier(brief: Path, window: Open) -> None:
    one = window(color_scheme="light")
    page = one.page
    page.goto(brief.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate(INJECTED) == 0
    assert one.asked == [brief.as_uri()]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 360, "height": 800})
    assert one.wide() <= 360
    assert one.said == []


def test_the_brief_is_printed(brief: Path, tmp_path: Path) -> None:
    printed = pdf(brief, tmp_path / "brief.pdf")
    assert printed.read_bytes().startswith(b"%PDF-")
    pages = pypdf.PdfReader(printed).pages
    assert len(pages) > 1
    assert "Japan" in "".join(page.extract_text() for page in pages)


def test_without_a_browser_nothing_is_printed_and_it_says_what_helps(
    brief: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DeskError, match="apt-get install chromium"):
        pdf(brief)
    with pytest.raises(DeskError, match="no page"):
        pdf(brief.with_name("absent.html"))

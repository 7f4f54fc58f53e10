"""Every page in Chromium: quiet, on its own, fit for the width, without barriers; by keyboard, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from detente.web.pages import PAGES
from tests.browser.conftest import Window
from tests.chromium import needs_chromium

Open = Callable[..., Window]
pytestmark = needs_chromium
ADDRESSES = (
    *(page.path.format(actor="PRK") for page in PAGES if "{id}" not in page.path),
    "/claims?check=1",
    "/reactions?by=actors",
    "/whatif?measure=hotline&actors=4&days=30",
)


def an_event(page: Any, home: str) -> str:
    """Address of an event that was read from a report."""
    page.goto(f"{home}/events?type=THREATEN")
    found: str = page.locator("table.events a.tone").first.get_attribute("href")
    return found


@pytest.mark.parametrize("address", [*ADDRESSES, "an event"])
def test_a_page_is_quiet_fits_and_has_no_barrier(home: str, window: Open, address: str) -> None:
    wide = window(color_scheme="light")
    if address == "an event":
        address = an_event(wide.page, home)
    page = wide.open(home + address)
    assert page.locator("h1").count() == 1
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.emulate_media(color_scheme="light")
    for width in (1440, 360):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert wide.wide() <= width
    assert wide.said == []
    assert wide.strangers(home) == []


@pytest.mark.parametrize("address", ["/", "/whatif?measure=hotline&actors=4&days=30"])
def test_colours_chosen_in_the_address_are_not_the_browsers(home: str, window: Open, address: str) -> None:
    def ground(scheme: str, theme: str) -> str:
        one = window(color_scheme=scheme)
        join = "&" if "?" in address else "?"
        page = one.open(f"{home}{address}{join}theme={theme}" if theme else home + address)
        found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return found

    light, dark = ground("light", ""), ground("dark", "")
    assert light != dark
    assert ground("dark", "light") == light
    assert ground("light", "dark") == dark


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_needs_no_script(home: str, window: Open, address: str) -> None:
    bare = window(java_script_enabled=False)
    page = bare.open(home + address)
    assert page.locator("main").inner_text().strip()
    assert page.locator("main form input[type=range][data-for]:visible").count() == 0  # a slider that would do nothing
    assert bare.said == []


def test_facets_and_measures_are_asked_without_scripts(home: str, window: Open) -> None:
    page = window(java_script_enabled=False).open(f"{home}/events")
    page.get_by_label("Type").select_option("THREATEN")
    page.locator("form.facets button.main").click()
    assert page.url.startswith(f"{home}/events?") and "type=THREATEN" in page.url
    assert page.locator("table.events tbody tr").count() == 1
    bare = window(java_script_enabled=False)
    page = bare.open(f"{home}/whatif?actors=4&days=30")
    page.locator("input[value=hotline]").check()
    page.locator("form[aria-label=Measures] button.main").click()
    assert "measure=hotline" in page.url
    assert bare.open(page.url).locator("#part-ranked tbody tr").count() == 1


def to(page: Any, wanted: str, most: int = 150) -> None:
    """Press Tab until what is wanted has the focus, as one does who has no mouse."""
    for _ in range(most):
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted}.")


def test_events_by_keyboard(home: str, window: Open) -> None:
    page = window().open(f"{home}/events")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    to(page, "#f-type")
    page.keyboard.type("thr")
    to(page, "form.facets button.main")
    page.keyboard.press("Enter")
    page.wait_for_url("**type=THREATEN**")
    to(page, "table.events a.tone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/event/**")
    to(page, "#c-domain")
    page.keyboard.type("mil")
    to(page, "#c-reason")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.type("heard otherwise")
    to(page, "button[value=correct]")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    assert "heard otherwise" in page.locator("main").inner_text()
    to(page, "button[value=restore]")
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def test_network_by_keyboard(home: str, window: Open) -> None:
    page = window().open(f"{home}/network?on=2024-06-11")
    before = page.locator("#part-network svg").inner_html()
    to(page, "#n-slide")
    with page.expect_response(re.compile(r"/network\?.*on=2024-06-10")):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#n-on").input_value() == "2024-06-10"
    page.wait_for_url("**on=2024-06-10**")
    to(page, "#n-kind")
    with page.expect_response(re.compile("kind=events")):
        page.keyboard.type("eve")
    page.wait_for_url("**kind=events**")
    assert page.locator("#part-network svg").inner_html() != before


def test_what_if_by_keyboard(home: str, window: Open) -> None:
    page = window().open(f"{home}/whatif?actors=4&days=30&measure=hotline&strength-hotline=20")
    before = page.locator("#part-ranked tbody").inner_text()
    to(page, "input[type=range][name=strength-hotline]")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**strength-hotline=80**")
    expect(page.locator("[data-said]")).to_be_empty()
    assert page.locator("#o-hotline").inner_text() == "80 %"
    assert page.evaluate("document.activeElement.name") == "strength-hotline"
    assert page.locator("#part-ranked tbody").inner_text() != before


def test_swapping_the_sides_keeps_what_was_chosen(home: str, window: Open) -> None:
    page = window().open(f"{home}/whatif?actors=4&days=30")
    sides = page.locator("#w-by").input_value(), page.locator("#w-toward").input_value()
    hotline = page.locator("input[type=checkbox][value=hotline]")
    hotline.check()
    page.wait_for_url("**measure=hotline**")
    expect(page.locator("[data-said]")).to_be_empty()
    page.get_by_text("Swap the sides").click()
    expect(page.locator("#w-by")).to_have_value(sides[1])
    expect(page.locator("#w-toward")).to_have_value(sides[0])
    expect(hotline).to_be_checked()


def test_an_older_answer_is_never_drawn_over_a_newer_one(home: str, window: Open) -> None:
    one = window()
    page = one.open(f"{home}/whatif?actors=4&days=30&measure=hotline&strength-hotline=20")
    # Each answer is marked with the strength that it was asked for; the first one is kept back.
    asked: list[str] = []
    kept_back: list[Any] = []

    def answered(route: Any) -> None:
        share = re.findall(r"strength-hotline=(\d+)", route.request.url)[-1]
        asked.append(share)
        text = route.fetch().text().replace("<caption>Measures", f"<caption>{share}: Measures")
        if share == "40":
            kept_back.append((route, text))
        else:
            route.fulfill(body=text, content_type="text/html")

    page.route("**/whatif?*", answered)
    slider, caption = page.locator("input[type=range][name=strength-hotline]"), page.locator("#part-ranked caption")
    drawn = caption.inner_text()
    slider.fill("40")
    while not kept_back:
        page.wait_for_timeout(50)
    slider.fill("60")
    slider.fill("90")
    page.wait_for_timeout(300)
    assert caption.inner_text() == drawn
    late, text = kept_back[0]
    late.fulfill(body=text, content_type="text/html")
    expect(caption).to_contain_text("90: ")
    page.wait_for_timeout(500)
    assert caption.inner_text().startswith("90")
    assert asked == ["40", "90"]  # what was passed over meanwhile is not even asked
    assert slider.input_value() == "90"
    assert "strength-hotline=90" in page.url
    page.unroute_all(behavior="wait")

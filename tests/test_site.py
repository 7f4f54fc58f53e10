"""The documentation site: it builds without a warning, tells every name and command, and asks nobody for anything."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from sphinx.util.inventory import InventoryFile

import detente
from detente.cli import main
from docs import generate
from tests.chromium import launched, needs_chromium

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ("notebooks/articles-to-brief.html", "notebooks/icews-to-claim.html")
FETCHED = {"link", "use", "image"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as ``make docs`` builds it, in a folder of its own; the notebooks are run for it."""
    out = tmp_path_factory.mktemp("site") / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-E", "-q", "-b", "html"]
    done = subprocess.run([*command, str(ROOT / "docs"), str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    return out


@pytest.fixture(scope="module")
def inventory(site: Path) -> set[str]:
    """Every Python name that the site has a place for."""
    found = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    return {name for kind, names in found.data.items() if kind.startswith("py:") for name in names}


def test_every_public_name_is_in_the_reference(inventory: set[str]) -> None:
    wanted = {f"{module}.{name}" for module, names in generate.stages().items() for name in names}
    assert {f"detente.{name}" for name in detente.__all__} <= wanted
    assert wanted - inventory == set()


def test_every_stage_has_a_page() -> None:
    for found in pkgutil.iter_modules(detente.__path__, "detente."):
        if found.name != "detente.__main__" and getattr(importlib.import_module(found.name), "__all__", None):
            assert found.name in generate.FLOW, found.name


def test_every_command_and_option_is_in_the_reference(site: Path) -> None:
    page = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    sections = {m[1]: m[2] for m in re.finditer(r'<section id="detente-([\w-]+)">(.*?)</section>', page, re.DOTALL)}
    assert set(sections) == set(main.commands)
    for name, command in main.commands.items():
        assert command.help, name
        text = re.sub(r"<[^>]+>", "", sections[name])
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                for option in parameter.opts:
                    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text), (name, option)
            else:
                assert parameter.make_metavar(click.Context(command)) in text, (name, parameter.name)


def test_notebooks_were_run(site: Path) -> None:
    brief, claim = ((site / name).read_text(encoding="utf-8") for name in NOTEBOOKS)
    assert "cell_output" in brief and "South Korea condemned the launch." in brief
    assert "The record supports it." in claim and "events.made-up.tab made up" in claim
    for page in (brief, claim):
        (drawing,) = set(re.findall(r"_images/[0-9a-f]+\.svg", page))
        assert ElementTree.parse(site / drawing).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_methods_that_results_cite_are_among_the_sources() -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    cited = {
        (line.split(",")[0], line.partition("(")[2][:4])
        for module in pkgutil.walk_packages(detente.__path__, "detente.")
        if "__main__" not in module.name
        for line in getattr(importlib.import_module(module.name), "METHOD", ())
    }
    assert cited
    for author, year in cited:
        assert re.search(rf"^- {author}[^\n]*\({year}", page, re.MULTILINE), (author, year)


class _Requests(HTMLParser):
    """Addresses from which a browser fetches when it opens a page; links are not fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what this element fetches."""
        for name, value in attrs:
            if name in {"src", "srcset", "data", "poster", "action"} or (name == "href" and tag in FETCHED):
                self.found.append(value or "")


def test_no_page_asks_outside(site: Path) -> None:
    for page in sorted(site.rglob("*.html")):
        reader = _Requests()
        reader.feed(page.read_text(encoding="utf-8"))
        assert not [url for url in reader.found if re.match(r"\s*(?:[a-z]+:)?//", url, re.IGNORECASE)], page.name
    for sheet in sorted(site.rglob("*.css")):
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name


@needs_chromium
def test_a_browser_finds_everything_on_the_disk(site: Path) -> None:
    with launched() as browser:
        for name in ("index.html", *NOTEBOOKS, "reference/commands.html", "search.html"):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            asked: list[str] = []
            said: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.goto((site / name).as_uri())
            broken = "[...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i => i.src)"
            assert page.evaluate(broken) == []
            assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
            assert said == []
            page.close()

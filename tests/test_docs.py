"""What the documents say is true: examples run, commands exist, public names are those listed."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import detente
from detente.cli import main
from tests.shared import FOLDER

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if not {"_build", "reference"} & set(p.relative_to(ROOT).parts)),
]
MODULES = [
    "detente",
    *(m.name for m in pkgutil.walk_packages(detente.__path__, "detente.") if "__main__" not in m.name),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_public_names_are_those_listed() -> None:
    assert sorted(detente.__all__) == sorted({*detente._HOMES, "__version__"})
    for name in detente.__all__:
        assert getattr(detente, name) is not None
    with pytest.raises(AttributeError):
        _ = detente.nothing_of_the_kind


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT).with_suffix(""))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_python_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if not blocks:
        return
    monkeypatch.chdir(tmp_path)
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "one.txt").write_text("Japan protested to China on 5 July 2024. ", encoding="utf-8")
    scope: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), scope)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_and_options_exist(page: Path) -> None:
    for block in re.findall(
        r"^```(?:console|sh)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        for line in re.findall(r"\bdetente ([^\n|<>#&;]*)", block):
            words = shlex.split(line.replace("…", ""))
            if not words or words[0].startswith("-"):
                continue
            assert words[0] in main.commands, line
            known = {o for p in main.commands[words[0]].params for o in p.opts} | {"--help"}
            assert {w for w in words if w.startswith("--")} <= known, line


def test_every_command_is_documented() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in main.commands:
        assert re.search(rf"detente [^\n]*\b{name}\b", text), name


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            if not target.startswith("reference/"):  # made when the site is built, which checks it
                assert (page.parent / target).exists(), (page.name, target)


def test_no_shared_text_is_shipped() -> None:
    """No twelve words in a row of the seed documents stand in the project's data, documents or tests."""
    if not FOLDER.exists():
        pytest.skip("needs the shared data folder, which is not beside this checkout")
    theirs: set[tuple[str, ...]] = set()
    for path in (FOLDER / "seeds").glob("*.txt"):
        theirs |= _runs(path.read_text(encoding="utf-8"))
    for path in [*(ROOT / "src" / "detente" / "data").glob("*"), *PAGES, *(ROOT / "tests").rglob("*.py")]:
        if path.is_file() and path.suffix in {".toml", ".csv", ".md", ".py"}:
            shared = _runs(path.read_text(encoding="utf-8")) & theirs
            assert not shared, (path.name, sorted(shared)[:3])


def _runs(text: str, length: int = 12) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", re.sub(r"https?://\S+", " ", text.lower()))
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def test_the_first_screen_is_help() -> None:
    assert "detente brief --sample" in CliRunner().invoke(main, []).output

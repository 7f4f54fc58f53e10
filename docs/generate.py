"""The reference, made from what the program says of itself: names from ``__all__``, commands from click.

``conf.py`` calls :func:`write` at each build; the tests ask :func:`stages` and :func:`command_page` what must be there.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from sphinx.pycode import ModuleAnalyzer

import detente
from detente.cli import STAGES, main

FLOW = {
    "detente": "The names to begin with",
    "detente.desk": "The desk",
    "detente.events": "Nouns: reports, events, claims, ties",
    "detente.read": "Read",
    "detente.load": "Load",
    "detente.record": "Record",
    "detente.relate": "Relate",
    "detente.learn": "Learn",
    "detente.outlook": "Outlook",
    "detente.simulate": "Simulate",
    "detente.brief": "Brief",
    "detente.web": "Web",
    "detente.figure": "Figures",
    "detente.actors": "Actors and ties",
    "detente.codebook": "Codebook",
    "detente.errors": "Errors and warnings",
}
"""Modules with a page, in the order in which reports pass through them, and what the page is called."""

ALSO = {
    "detente.record": ("detente.record.export", "detente.record.panel", "detente.record.sql", "detente.record.windows"),
    "detente.learn": (
        "detente.learn.check",
        "detente.learn.wording",
        "detente.learn.diagnose",
        "detente.learn.triggers",
        "detente.learn.hawkes",
        "detente.learn.relational",
    ),
    "detente.outlook": ("detente.outlook.ranking", "detente.outlook.watch"),
    "detente.simulate": ("detente.simulate.measures", "detente.simulate.robustness", "detente.simulate.hindcast"),
}
"""Further modules whose names a page tells, too, since the guides use them."""


def public(module: ModuleType) -> list[str]:
    """The public names of a module: its ``__all__``, or else what it defines and does not hide."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return list(listed)
    found = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    return sorted(found, key=lambda name: name not in detente.__all__)  # what everybody uses goes first


def stages() -> dict[str, list[str]]:
    """Every module with a page, and the names on it."""
    return {name: public(importlib.import_module(name)) for name in FLOW}


def write(folder: Path) -> None:
    """Write the pages; one that is as it was keeps its date, so that only changed pages are built again.

    Args:
        folder: where to; what else lies there is taken away.
    """
    folder.mkdir(exist_ok=True)
    pages = {"commands.rst": command_page(), "index.rst": _index()}
    homes: dict[int, str] = {}
    for module in reversed(FLOW):  # `detente` last: what it lends from a stage is told on the stage's page
        pages[f"{module}.rst"] = _module_page(module, homes)
    for old in folder.iterdir():
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _index() -> str:
    return "\n".join(
        [
            *_title("Reference"),
            "Made from the program itself at each build: commands and options as ``--help`` prints them, names with",
            "their docstrings.",
            "",
            ".. toctree::",
            "   :maxdepth: 1",
            "",
            "   Commands <commands>",
            *(f"   {title} ({name}) <{name}>" for name, title in FLOW.items()),
            "",
        ]
    )


def _module_page(module: str, homes: dict[int, str]) -> str:
    home = importlib.import_module(module)
    lines = [*_title(f"{FLOW[module]}: {module}"), f".. automodule:: {module}", "   :no-members:", ""]
    for name in public(home):
        lines += _entry(module, name, getattr(home, name), homes)
    for other in ALSO.get(module, ()):
        further = importlib.import_module(other)
        lines += [*_title(other, "-"), f".. automodule:: {other}", "   :no-members:", ""]
        for name in public(further):
            if not isinstance(getattr(further, name), ModuleType):
                lines += _entry(other, name, getattr(further, name), homes)
    return "\n".join(lines)


def _entry(module: str, name: str, value: Any, homes: dict[int, str]) -> list[str]:
    full = f"{module}.{name}"
    told = not isinstance(value, str | int | float) and homes.setdefault(id(value), full)
    if told and told != full:
        kind = "class" if inspect.isclass(value) else "function" if callable(value) else "data"
        said = inspect.cleandoc(value.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        return [f".. py:{kind}:: {name}", f"   :module: {module}", "", f"   {said} See :py:obj:`{told}`.", ""]
    if isinstance(value, ModuleType):
        # A module that is lent under a short name: its functions stand on the page of its stage.
        where = next(stage for stage, further in ALSO.items() if value.__name__ in further)
        said = inspect.cleandoc(value.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        told = f"{said} The module ``{value.__name__}``: see :doc:`{where}`."
        return [f".. py:data:: {name}", f"   :module: {module}", "", f"   {told}", ""]
    if inspect.isclass(value):
        return [f".. autoclass:: {full}", "   :members:", "   :inherited-members: Struct, Warning, Exception", ""]
    if inspect.isroutine(value) or hasattr(value, "__wrapped__"):
        return [f".. autofunction:: {full}", ""]
    held = [f"   :value: {value!r}"] if len(repr(value)) < 200 else []
    said = " ".join(_comment(name, value).split())
    return [f".. py:data:: {name}", f"   :module: {module}", *held, "", f"   {said}", ""]


def _comment(name: str, value: Any) -> str:
    """What stands beside a constant where it is defined, which may be another module than the one that lends it."""
    for module in [m for key, m in sorted(sys.modules.items()) if key.split(".")[0] == "detente"]:
        if vars(module).get(name) is value and module.__file__:
            written = ModuleAnalyzer.for_module(module.__name__).find_attr_docs().get(("", name))
            if written:
                return " ".join(written)
    return ""


_MAIN = click.Context(main, info_name="detente", **main.context_settings)


def _title(text: str, mark: str = "=") -> list[str]:
    return [text, mark * len(text), ""]


def command_page() -> str:
    """All commands: for each its words, its arguments, and a row for each option."""
    lines = [
        *_title("Commands"),
        "Each command prints this with ``--help``. Tables print as text, as CSV or as JSON lines; errors end with",
        "status 1 and one line that names the remedy.",
        "",
        ".. code-block:: text",
        "   :class: stages",
        "",
        textwrap.indent(STAGES.strip("\n"), "   "),
        "",
    ]
    for name in sorted(main.commands):
        lines += _command(name, main.commands[name])
    return "\n".join(lines)


def _command(name: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=name, parent=_MAIN)
    said = inspect.cleandoc(command.help or "").replace("\b", "").replace("`", "``")
    lines = [f".. _command-{name}:", "", *_title(f"detente {name}", "-"), said, "", ".. code-block:: text", ""]
    lines += [f"   detente {name} {' '.join(command.collect_usage_pieces(context))}", ""]
    if command.epilog:
        lines += _epilog(command.epilog)
    rows = [row for p in command.get_params(context) if (row := p.get_help_record(context))]
    lines += [".. list-table::", "   :header-rows: 1", "   :widths: 35 65", "", "   * - option", "     - what it does"]
    for option, help in rows:
        lines += [f"   * - ``{option}``", f"     - {_escaped(help) or 'told above'}"]
    return [*lines, ""]


def _epilog(text: str) -> list[str]:
    """What stands below a command's help: paragraphs that click leaves as they are become blocks of code."""
    out = []
    for part in inspect.cleandoc(text).replace("Example: ", "Example:\n\n\b\n").split("\n\n"):
        said, _, kept = part.partition("\b\n") if "\b" in part else (part, "", "")
        head, _, rest = kept.partition(":\n")
        if rest and " " not in head:  # a heading such as Examples:
            said, kept = f"{head}:", rest
        out += [said.strip(), ""] if said.strip() else []
        if kept:
            out += [".. code-block:: text", "", *(f"   {line.strip()}" for line in kept.splitlines()), ""]
    return out


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("*", "\\*").replace("`", "``").replace("|", "\\|")

"""Settings of the documentation site: ``make docs`` writes it to ``docs/_build/html``, without a network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import generate  # noqa: E402  (lies beside this file)

from detente import __version__  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Detente"
author = "The Detente authors"
copyright = "2026, The Detente authors. MIT licence"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
# Types in signatures are told by their last name, and two modules may each have an `Answer`.
# A figure offers its Vega-Lite specification, too; a static page takes the drawing.
suppress_warnings = ["ref.python", "mystnb.unknown_mime_type"]
language = "en_GB"
smartquotes = False

myst_heading_anchors = 4

nb_execution_mode = "force"
nb_execution_timeout = 600
nb_execution_show_tb = True  # and the warning that comes with it fails the build
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
toc_object_entries_show_parents = "hide"
add_module_names = False

html_theme = "furo"
html_title = "Detente"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options: dict[str, Any] = {"navigation_with_keys": True}


def setup(app: Sphinx) -> None:
    """Write the reference before anything is read, and put what Sphinx makes of docstrings into plain form."""
    generate.write(HERE / "reference")
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-process-docstring", _pages)
    app.connect("doctree-read", _dashes)


_ARRAY = re.compile(r"~?numpy\.ndarray\[tuple\[[^\]]*\], ~?numpy\.dtype\[[^\[\]]*(?:\[[^\[\]]*\])?\]\]")


def _signature(_: Sphinx, *told: Any) -> tuple[str | None, str | None]:
    # The shapes of arrays stand in the docstrings; their types say no more than that they are arrays. Sphinx cannot
    # parse a signature with <factory> in it.
    arguments, result = (text and _ARRAY.sub("~numpy.ndarray", text).replace("<factory>", "...") for text in told[-2:])
    return arguments, result


def _pages(*told: Any) -> None:
    # Docstrings name a page as the file that it is in the project.
    lines = told[-1]
    lines[:] = [re.sub(r"``docs/(\w+)\.md``", r":doc:`/\1`", line) for line in lines]


def _dashes(_: Sphinx, tree: nodes.document) -> None:
    # Sphinx puts two hyphens between an argument and what is said of it; its own remedy would turn options, too.
    for text in list(tree.findall(nodes.Text)):
        if text == " -- ":
            text.parent.replace(text, nodes.Text(" – "))

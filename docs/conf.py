"""Settings of the documentation site: ``make docs`` writes it to ``docs/_build/html``, without a network."""

from __future__ import annotations

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
nb_execution_raise_on_error = True
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
    """Write the reference before anything is read, and print dashes as dashes."""
    generate.write(HERE / "reference")
    app.connect("doctree-read", _dashes)


def _dashes(_: Sphinx, tree: nodes.document) -> None:
    # Sphinx puts two hyphens between an argument and what is said of it; its own remedy would turn options, too.
    for text in list(tree.findall(nodes.Text)):
        if text == " -- ":
            text.parent.replace(text, nodes.Text(" – "))

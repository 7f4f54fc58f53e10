"""Figures: Vega-Lite specifications with their data inside, drawn offline, the same on a page and in a notebook.

Every figure tells in its frame as of when it is and where its data come from. One colour has one meaning in all of them
(Okabe and Ito's palette, told apart by people with any common colour blindness), and shape or dash says the same thing
again. Uncertainty is drawn alike everywhere: median, dark band 50 %, light band 90 %.
"""

from __future__ import annotations

import html
import json
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date as Date
from pathlib import Path
from typing import Any, Final

import polars as pl
from msgspec import Struct

from detente import svg
from detente.errors import DeskError
from detente.words import day, visible

Spec = dict[str, Any]

MEANINGS: Final = {
    "cooperation": ("#0072B2", "#56B4E9"),
    "hostility": ("#D55E00", "#F0904D"),
    "tie": ("#8C8C8C", "#9AA3AD"),
    "scheduled": ("#009E73", "#4FC9A4"),
    "removed": ("#CC79A7", "#E0A3C6"),
    "assumed": ("#A6761D", "#D9B061"),
    "no measure": ("#4D4D4D", "#B8BEC6"),
}
"""What each colour means, on light and on dark ground: cooperation and hostility of events, ties, kinds of measures."""

_GROUND: Final = {
    "ink": ("#1F2328", "#E6E9ED"),
    "faint": ("#57606A", "#A2ABB6"),
    "axis": ("#C4C9CF", "#4B535C"),
    "grid": ("#E3E6EA", "#30363D"),
    "paper": ("#FFFFFF", "#15181C"),
}

COLOURS: Final = {name: light for name, (light, _) in MEANINGS.items()}
INK, FAINT, AXIS, GRID, PAPER = (light for light, _ in _GROUND.values())
FONT: Final = "Helvetica, Arial, sans-serif"
WIDTH: Final = 860
"""Pixels across a whole figure."""

QUAD_TONES: Final = {
    "verbal cooperation": "cooperation",
    "material cooperation": "cooperation",
    "verbal conflict": "hostility",
    "material conflict": "hostility",
}
"""Which colour the events of a quad class have."""

_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
_MIME: Final = "application/vnd.vegalite.v6+json"

_CONFIG: Final[Spec] = {
    "background": PAPER,
    "font": FONT,
    "padding": 6,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": FAINT,
        "titleFontWeight": "normal",
        "titleFontSize": 12,
        "labelFontSize": 12,
        "labelLimit": 420,
        "labelPadding": 8,
        "gridColor": GRID,
        "domainColor": AXIS,
        "tickColor": AXIS,
    },
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "title": None,
        "labelFontSize": 12,
        "labelColor": INK,
        "titleColor": FAINT,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 400,
        "symbolSize": 90,
        "symbolOpacity": 1,
        "symbolStrokeWidth": 2,
        "columnPadding": 18,
        "offset": 8,
    },
    "title": {
        "anchor": "start",
        "color": INK,
        "fontSize": 14,
        "fontWeight": 600,
        "subtitleColor": FAINT,
        "subtitleFontSize": 12,
        "subtitlePadding": 4,
        "offset": 10,
    },
    "header": {"title": None, "labelFontSize": 12, "labelFontWeight": 600, "labelColor": INK, "labelLimit": 260},
}


class Figure(Struct, frozen=True):
    """A figure: what it shows, as of when, from where, and how it is drawn.

    Args:
        spec: whole Vega-Lite specification, data inside; Altair takes it by ``alt.Chart.from_dict``.
        title: what it shows.
        description: how to read it, for those who do not see it.
        as_of: date by which all in it was known; also in its frame.
        source: where its data come from; also in its frame.

    Example:
        >>> bars = {"data": {"values": [{"who": "JPN", "n": 3}]}, "mark": "bar",
        ...         "encoding": {"y": {"field": "who"}, "x": {"field": "n", "type": "quantitative"}}}
        >>> shown = figure("Events", bars, as_of=Date(2024, 7, 12), source="a handful of reports")
        >>> shown.svg().startswith("<svg"), "12 July 2024" in shown.svg()
        (True, True)
    """

    spec: Spec
    title: str
    description: str
    as_of: Date | None = None
    source: str = ""

    def svg(self, id: str = "figure", *, dark: bool = False) -> str:
        """The drawing, to be put into a page: no script, no request (:func:`detente.svg.render`).

        Args:
            id: prefix of every id in the drawing; each figure of a page has its own.
            dark: for dark ground.
        """
        return svg.render(self._on(dark), id=id, title=self.title, description=self.description)

    def save(self, path: str | Path, *, dark: bool = False) -> Path:
        """Write the figure to a file; its ending says what: ``.svg``, ``.png``, ``.html`` or ``.json``.

        Args:
            path: of the file. dark: for dark ground.

        Raises:
            DeskError: another ending, or the file cannot be written.
        """
        target = Path(path)
        match target.suffix.lower():
            case ".svg":
                drawn = self.document(dark=dark).encode()
            case ".png":
                drawn = svg.png(self._on(dark))
            case ".html":
                drawn = self._page(dark).encode()
            case ".json":
                drawn = json.dumps(self._on(dark), ensure_ascii=False, indent=1).encode()
            case other:
                raise DeskError(f"{target}: no figure is written as {other or 'a file without an ending'}; "
                                "use .svg, .png, .html or .json.")  # fmt: skip
        try:
            target.write_bytes(drawn)
        except OSError as error:
            raise DeskError(f"Cannot write {target}: {error.strerror}. Name another file.") from None
        return target

    def document(self, id: str = "figure", *, dark: bool = False) -> str:
        """The drawing as a document of its own, which must name its namespace; arguments as of :meth:`svg`."""
        return self.svg(id, dark=dark).replace("<svg ", f'<svg xmlns="{svg.NAMESPACE}" ', 1)

    def _page(self, dark: bool) -> str:
        ground = _GROUND["paper"][dark]
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>{html.escape(visible(self.title))}</title></head>"
            f'<body style="background:{ground}">{self.svg(dark=dark)}</body></html>\n'
        )

    def _on(self, dark: bool) -> Spec:
        return _darkened(self.spec) if dark else self.spec

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        """The specification for front ends that draw Vega-Lite, and the drawing for those that do not."""
        made: dict[str, Callable[[], Any]] = {
            _MIME: lambda: self.spec,
            "image/svg+xml": self.document,
            "text/plain": lambda: f"<Figure: {self.title}>",
        }
        wanted = [kind for kind in made if (not include or kind in include) and kind not in (exclude or ())]
        return {kind: made[kind]() for kind in wanted}


def figure(
    title: str,
    body: Spec,
    *,
    notes: Sequence[str] = (),
    description: str = "",
    as_of: Date | None = None,
    source: str = "",
) -> Figure:
    """A figure around some marks, with its title, notes, date and source in the frame.

    Args:
        title: what it shows.
        body: Vega-Lite: data, marks, encodings, size.
        notes: how to read it, a line each.
        description: for those who do not see it; the notes where none is given.
        as_of: date by which all of it was known. source: where the data come from.
    """
    known = [f"As known by {day(as_of)}."] if as_of else []
    told = [f"Source: {source.rstrip('.')}."] if source else []
    lines = [line for line in (*notes, " ".join([*known, *told])) if line]
    wrapped = [part for line in lines for part in textwrap.wrap(line, 140, break_long_words=True)]
    spec = {
        "$schema": _SCHEMA,
        "title": {"text": textwrap.wrap(title, 110), "subtitle": wrapped},
        "config": _CONFIG,
        **body,
    }
    return Figure(spec, title, description or " ".join(lines), as_of, source)


def tones(*wanted: str) -> Spec:
    """A colour scale of some meanings."""
    return {"domain": list(wanted), "range": [COLOURS[tone] for tone in wanted]}


LINES: Final[Spec] = {"labelExpr": "split(datum.label, '\\n')"}
"""Vega breaks a label where it is given a list of lines."""


def wrap(text: str, width: int = 40) -> str:
    """The text on at most two lines."""
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder="…", break_long_words=True))


def band(x: Spec, y: Spec, colour: Spec, share: str, opacity: float) -> Spec:
    """The area between the columns ``low…`` and ``high…``."""
    return {
        "mark": {"type": "area", "opacity": opacity, "aria": False, "interpolate": "linear"},
        "encoding": {"x": x, "y": {"field": f"low{share}", **y}, "y2": {"field": f"high{share}"}, "color": colour},
    }


def key(*rows: tuple[str, float]) -> Spec:
    """Legend of bands and lines by how dark they are: as a scale of opacity with its own legend.

    Args:
        rows: label and opacity, the lightest last.
    """
    return {
        "type": "nominal",
        "scale": {"domain": [label for label, _ in rows], "range": [shade for _, shade in rows]},
        "legend": {"symbolType": "square", "symbolFillColor": INK, "symbolStrokeColor": "transparent",
                   "symbolOpacity": {"expr": "scale('opacity', datum.value)"}},
    }  # fmt: skip


def dark_rules(scope: str) -> str:
    """Style rules that turn a drawing on a page into its dark form.

    Args:
        scope: selector under which the page is dark, or empty.

    Example:
        >>> dark_rules("").splitlines()[0]
        'svg.figure [fill="#0072B2"] { fill: #56B4E9; }'
    """
    within = f"{scope} " if scope else ""
    return "\n".join(
        f'{within}svg.figure [{part}="{light}"] {{ {part}: {dark}; }}'
        for light, dark in (*MEANINGS.values(), *_GROUND.values())
        for part in ("fill", "stroke")
    )


def _darkened(value: Any) -> Any:
    swap = dict((*MEANINGS.values(), *_GROUND.values()))
    if isinstance(value, str):
        return swap.get(value, value)
    if isinstance(value, Mapping):
        return {name: _darkened(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_darkened(v) for v in value]
    return value


class Shown:
    """A result that shows itself in a notebook: its words, and the first rows of its table."""

    def summary(self) -> str:
        """The result in words."""
        raise NotImplementedError

    def frame(self) -> pl.DataFrame:
        """The result as a table."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return html_of(self.summary(), self.frame())


MOST_ROWS: Final = 12


def html_of(summary: str, frame: pl.DataFrame, most: int = MOST_ROWS) -> str:
    """Words and a table for a notebook; whatever a report said in them stays text.

    Args:
        summary: in words, lines kept. frame: any table. most: rows shown.

    Example:
        >>> html_of("<b>", pl.DataFrame({"a": [1]})).startswith("<div><p>&lt;b&gt;</p>")
        True
    """
    said = "<br>".join(_text(line) for line in summary.splitlines())
    head = "".join(f"<th>{_text(name)}</th>" for name in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_text(_cell(value))}</td>" for value in row) + "</tr>"
        for row in frame.head(most).iter_rows()
    )
    left = frame.height - most
    rest = f"<p>{left:,} more row{'s' if left > 1 else ''}: .frame()</p>" if left > 0 else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if frame.width else ""
    return f"<div><p>{said}</p>{table}{rest}</div>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _text(text: str) -> str:
    return html.escape(visible(text))

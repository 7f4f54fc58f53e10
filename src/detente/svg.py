"""Vega-Lite specifications to inline SVG, drawn by the renderer inside ``vl-convert-python``, offline."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from detente.words import visible

VEGA_LITE = "6.4"  # newest version inside the oldest vl-convert that Detente accepts to draw with

NAMESPACE = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_DRAWN = frozenset({"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "a", "defs", "clipPath", "title"})
_DRAWING = """
class clip-path d dominant-baseline dx dy fill fill-opacity fill-rule font-family font-size font-style font-weight
height id opacity pointer-events r rx ry stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
stroke-miterlimit stroke-opacity stroke-width text-anchor transform viewBox width x x1 x2 y y1 y2 display
"""
_ATTRIBUTES = frozenset(_DRAWING.split())
_ANCHOR = re.compile(r"#[A-Za-z0-9_.:-]+$")


def render(spec: Mapping[str, Any], *, id: str, title: str, description: str) -> str:
    """Draw a figure.

    Marks with an ``href`` that ends in ``#anchor`` become links into the page; a mark's ``description`` becomes its
    title, which browsers show on pointing at it. Nothing else survives that could run or fetch: elements and attributes
    are those of a short list.

    Args:
        spec: Vega-Lite specification with its data inside.
        id: prefix of every id in the figure; one figure of a page each.
        title, description: what the figure shows, for those who do not see it.

    Example:
        >>> bar = {"data": {"values": [{"a": "x", "b": 1}]}, "mark": "bar", "encoding": {"y": {"field": "a"}}}
        >>> render(bar, id="f", title="Bars", description="One bar.").startswith('<svg class="figure" ')
        True
    """
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(_plain(spec), vl_version=VEGA_LITE, allowed_base_urls=[])
    root = ET.fromstring(drawn)
    _sweep(root, id)
    size = root.get("viewBox", "0 0 0 0").split()
    out = ET.Element(
        "svg",
        {
            "class": "figure",
            "role": "group",
            "aria-labelledby": f"{id}-title {id}-desc",
            "viewBox": " ".join(size),
            "width": size[2],
            "height": size[3],
        },
    )
    ET.SubElement(out, "title", {"id": f"{id}-title"}).text = visible(title)
    ET.SubElement(out, "desc", {"id": f"{id}-desc"}).text = visible(description)
    out.extend(list(root))
    return ET.tostring(out, encoding="unicode", short_empty_elements=False)


def png(spec: Mapping[str, Any], *, scale: float = 2.0) -> bytes:
    """Draw a figure in pixels.

    Args:
        spec: Vega-Lite specification with its data inside. scale: pixels a unit of the drawing.
    """
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(_plain(spec), vl_version=VEGA_LITE, scale=scale, allowed_base_urls=[])
    return drawn


def _sweep(parent: ET.Element, id: str) -> None:
    """Keep what draws; links into the page, titles and unique ids are put in place of what Vega wrote."""
    for child in list(parent):
        tag = child.tag.rpartition("}")[2]
        empty = tag == "path" and (child.get("d", "") == "" or child.get("class") in ("background", "foreground"))
        if tag not in _DRAWN or not child.tag.startswith(f"{{{NAMESPACE}}}") or (empty and not child.get("fill")):
            parent.remove(child)
            continue
        child.tag = tag
        target = _ANCHOR.search(child.get(_HREF, child.get("href", "")))
        label = (
            child.get("aria-label") if child.get("aria-roledescription") not in ("axis", "legend", "title") else None
        )
        kept = {key: value for key, value in child.attrib.items() if key in _ATTRIBUTES}
        for key, value in kept.items():
            if key == "id":
                kept[key] = f"{id}-{value}"
            elif "url(" in value:
                kept[key] = re.sub(r"url\(#?[^)]*?([\w-]+)\)", rf"url(#{id}-\1)", value)
        child.attrib.clear()
        child.attrib.update(kept)
        if tag == "a" and target:
            child.set("href", target.group())
        _sweep(child, id)
        if label and tag in ("path", "line", "rect", "circle", "text"):
            note = ET.Element("title")
            note.text = label
            child.insert(0, note)


def _plain(value: Any) -> Any:
    """The specification with every text made safe to print."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value

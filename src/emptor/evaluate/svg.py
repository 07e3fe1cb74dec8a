"""A chart's SVG made fit to stand inside an HTML page: known elements and attributes only, all text escaped."""

from __future__ import annotations

from xml.etree import ElementTree

from markupsafe import Markup, escape

_ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "text", "tspan"})
_ATTRIBUTES = frozenset(
    "viewBox transform d x y x1 x2 y1 y2 dx dy width height fill fill-opacity stroke stroke-width stroke-opacity "
    "stroke-dasharray stroke-linecap stroke-miterlimit opacity text-anchor font-size font-weight display".split()
)


def inline_svg(text: str, *, label: str) -> Markup:
    """An SVG document as an inline picture named `label`, which a reader hears in place of its parts.

    It scales with its box, refers to nothing outside, and its text can be selected and takes the page's font.

    Raises: ValueError for a document that is no SVG.
    """
    root = ElementTree.fromstring(text)
    if _name(root) != "svg":
        raise ValueError(f"expected an SVG document, found <{_name(root)}>")
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    opening = Markup('<svg role="img" aria-label="{}"{}>').format(label, _attributes(root))
    return opening + Markup("").join(map(_written, root)) + Markup("</svg>")


def _written(element: ElementTree.Element) -> Markup:
    """An element with all below it; one of another kind is left out whole."""
    name = _name(element)
    if name not in _ELEMENTS or element.get("display") == "none" or (name == "path" and not element.get("d")):
        return Markup("")
    inside = escape((element.text or "").strip("\n")) + Markup("").join(map(_written, element))
    if name == "g" and not inside:
        return Markup("")
    return Markup("<{0}{1}>{2}</{0}>").format(name, _attributes(element), inside)


def _attributes(element: ElementTree.Element) -> Markup:
    kept = [(key, value) for key, value in element.attrib.items() if key in _ATTRIBUTES and "url(" not in value]
    return Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in kept)


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]

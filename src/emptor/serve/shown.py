"""What the templates show: results, facets and pages in words."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emptor.facets import Facet, FacetValue
from emptor.page import Page
from emptor.serve.answers import image_url
from emptor.serve.found import Found, product_url
from emptor.serve.links import PER_PAGE, Asked, values_of
from emptor.shop.category import split_path
from emptor.shop.filters import parse_filter

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "¥", "INR": "₹", "KRW": "₩"}
_WHOLE = ("JPY", "KRW")
_TINTS = 6
_AROUND = 1
"""Pages named on either side of the current one."""


@dataclass(frozen=True)
class Card:
    """A product in a grid. tint: colour of the tile that stands in for a picture; position: None outside of lists."""

    product_id: str
    url: str
    title: str
    brand: str | None
    price: str | None
    raw_price: float | None
    picture: str | None
    initial: str
    tint: int
    in_stock: bool
    position: int | None
    can_buy: bool


@dataclass(frozen=True)
class Link:
    """A choice: where it leads, and how many products it keeps (None: not counted)."""

    label: str
    url: str
    count: int | None = None
    active: bool = False
    note: str = ""


@dataclass(frozen=True)
class Group:
    """One facet. `single`: one choice replaces another."""

    title: str
    field: str
    links: list[Link]


def cards(page: Page, currency: str) -> list[Card]:
    """A page's results as the grid shows them."""
    return [card(hit.product, currency, Found(page.request_id, hit.position)) for hit in page.results]


def card(product: dict[str, Any], currency: str, found: Found | None = None, *, size: int = 256) -> Card:
    """A product as a grid shows it; `currency` is the shop's, for products that name none; size: of its picture."""
    title = product["title"] or product["product_id"]
    return Card(
        product_id=product["product_id"],
        url=product_url(product["product_id"], found),
        title=title,
        brand=product["brand"],
        price=price(product, currency),
        raw_price=product["price"],
        picture=image_url(product, size=size),
        initial=initial(title),
        tint=tint(product["product_id"]),
        in_stock=product["in_stock"] is not False,
        position=found.position if found else None,
        can_buy=why_not(product) is None,
    )


def why_not(product: dict[str, Any]) -> str | None:
    """Why a product cannot be bought now; None where it can."""
    if product["in_stock"] is False:
        return "Out of stock"
    return "Price on request" if product["price"] is None else None


def tint(text: str) -> int:
    """Which colour the tile of a product without picture has."""
    return zlib.crc32(text.encode()) % _TINTS


def initial(title: str) -> str:
    """What stands on the tile of a product without picture."""
    return next((letter.upper() for letter in title if letter.isalnum()), "?")[:1]


def price(product: dict[str, Any], currency: str) -> str | None:
    """`$12.90`, `1,200 ¥`; None where the price is not known."""
    value = product["price"]
    return None if value is None else money(value, product["currency"] or currency)


def money(value: float, currency: str) -> str:
    text = f"{value:,.0f}" if currency in _WHOLE else f"{value:,.2f}"
    sign = _SIGNS.get(currency)
    return f"{sign}{text}" if sign else f"{text} {currency}".strip()


def groups(page: Page, asked: Asked, currency: str) -> list[Group]:
    """The facets as lists of links."""
    return [_group(facet, asked, currency) for facet in page.facets]


def _group(facet: Facet, asked: Asked, currency: str) -> Group:
    names = [_label(facet.field, own.value, currency) for own in facet.values]
    repeated = Counter(name for name, _ in names)
    links = []
    for own, (name, note) in zip(facet.values, names, strict=True):
        label = f"{name} ({note})" if repeated[name] > 1 and note else name
        links.append(Link(label, _url(asked, own), own.count, own.active, note))
    return Group(_title(facet.field), facet.field, links)


def _url(asked: Asked, own: FacetValue) -> str:
    return asked.toggled(own.filter, active=own.active).url()


def _title(field: str) -> str:
    titles = {"category": "Category", "brand": "Brand", "price": "Price", "in_stock": "Availability"}
    if field in titles:
        return titles[field]
    return heading(field.removeprefix("attr."))


def heading(attribute: str) -> str:
    """An attribute's name as people write it: `fit_type` -> `Fit type`."""
    name = attribute.replace("_", " ")
    return name[:1].upper() + name[1:]


def _label(field: str, value: str, currency: str) -> tuple[str, str]:
    """A facet value in words, and what else there is to say about it."""
    if field == "category":
        path = split_path(value) or [value]
        return path[-1], " › ".join(path[:-1])
    if field == "price":
        low, _, high = value.partition("..")
        return _range(float(low) if low else None, float(high) if high else None, currency), ""
    if field == "in_stock":
        return "In stock", ""
    return value, ""


def _range(low: float | None, high: float | None, currency: str) -> str:
    show = lambda value: money(value, currency).replace(".00", "")  # noqa: E731
    if low is None:
        return f"Up to {show(high)}"
    return f"{show(low)} and more" if high is None else f"{show(low)} – {show(high)}"


def chips(asked: Asked, currency: str) -> list[Link]:
    """The filters in force, each with the link that takes it back."""
    return [Link(_describe(text, currency), asked.without(text).url()) for text in asked.filters]


def _describe(text: str, currency: str) -> str:
    clause = parse_filter(text)
    if clause.field == "price":
        inf = float("inf")
        return ", ".join(
            _range(low if low != -inf else None, high if high != inf else None, currency) for low, high in clause.ranges
        )
    if clause.field == "in_stock":
        return "In stock" if clause.values == ("true",) else "Out of stock"
    values = values_of(text)
    if clause.field == "category":
        return " or ".join(" › ".join(split_path(value)) for value in values)
    named = " or ".join(value.strip() for value in values)
    return named if clause.field == "brand" else f"{_title(_attribute(text))}: {named}"


def browsed(asked: Asked) -> str:
    """What a page without a query shows, as its heading: the category or brand where there is one."""
    named = {parse_filter(text).field: values_of(text) for text in asked.filters}
    if "category" in named:
        return " and ".join((split_path(value) or [value])[-1] for value in named["category"])
    if "brand" in named:
        return " and ".join(value.strip() for value in named["brand"])
    return "Products" if asked.filters else "All products"


def _attribute(text: str) -> str:
    """The field of a filter as it was written."""
    return re.sub(r"\\(.)", r"\1", text.partition(":")[0])


def pager(page: Page, asked: Asked) -> list[Link | None]:
    """Links to the pages around the current one, first and last; None is a gap. Empty for one page."""
    last = (page.total - 1) // PER_PAGE
    if last < 1:
        return []
    now = asked.offset // PER_PAGE
    wanted = sorted({0, last, *range(max(0, now - _AROUND), min(last, now + _AROUND) + 1)})
    links: list[Link | None] = []
    for before, number in zip([-1, *wanted], wanted, strict=False):
        if number > before + 1:
            links.append(None)
        links.append(Link(str(number + 1), asked.at(number * PER_PAGE).url(), active=number == now))
    return links


def crumbs(path: Sequence[str], url_of: Any) -> list[Link]:
    """The way down to a category."""
    return [Link(name, url_of(path[: at + 1])) for at, name in enumerate(path)]

"""The basket: what a visitor means to buy, kept in a cookie. Prices are never in it; they come from the catalogue."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from emptor.errors import EmptorError
from emptor.serve.found import Found
from emptor.shop.schema import MAX_ID

MAX_LINES = 30
MAX_QUANTITY = 99
MAX_BYTES = 3_800
"""Of the cookie's value; browsers keep cookies of up to 4,096 bytes, name and attributes included."""
TOKEN = 12
"""Characters of a form's token that a line remembers."""

_FORM_TOKEN = re.compile(r"[0-9a-f]{32}")
_LINE_TOKEN = re.compile(rf"[0-9a-f]{{{TOKEN}}}")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")


@dataclass(frozen=True)
class Line:
    """One product of a basket.

    token: of the form that added it last. A form sent twice adds once, and a line bought twice counts once.
    """

    product_id: str
    quantity: int
    token: str
    found: Found | None = None


@dataclass(frozen=True)
class Basket:
    """Lines in the order in which they were first added, one for each product."""

    lines: tuple[Line, ...] = ()

    @classmethod
    def read(cls, cookie: str) -> Basket:
        """From a cookie, which anybody can write: what makes no sense in it is left out."""
        lines: dict[str, Line] = {}
        if len(cookie) <= MAX_BYTES:
            for text in cookie.split("|")[:MAX_LINES]:
                line = _line(text)
                if line is not None:
                    lines.setdefault(line.product_id, line)
        return cls(tuple(lines.values()))

    def written(self) -> str:
        """As a cookie: `id:quantity:token:request_id:position`, joined by `|`."""
        texts = []
        for own in self.lines:
            place = (own.found.request_id, str(own.found.position)) if own.found else ("", "")
            texts.append(":".join((quote(own.product_id, safe=""), str(own.quantity), own.token, *place)))
        return "|".join(texts)

    @property
    def count(self) -> int:
        """Pieces, of all products."""
        return sum(own.quantity for own in self.lines)

    def line(self, product_id: str) -> Line | None:
        return next((own for own in self.lines if own.product_id == product_id), None)

    def adding(self, product_id: str, quantity: int, token: str, found: Found | None) -> Basket:
        """With more of a product; unchanged where the form with this token was the last to add it.

        Raises: EmptorError where no further product fits in.
        """
        known = self.line(product_id)
        if known is None:
            basket = replace(self, lines=(*self.lines, Line(product_id, quantity, token[:TOKEN], found)))
            if len(basket.lines) > MAX_LINES or len(basket.written()) > MAX_BYTES:
                raise EmptorError("the basket is full: remove a product from it before you add another")
            return basket
        if known.token == token[:TOKEN]:
            return self
        more = min(known.quantity + quantity, MAX_QUANTITY)
        return self._with(Line(product_id, more, token[:TOKEN], found or known.found))

    def changed(self, product_id: str, quantity: int) -> Basket:
        """With another quantity of a product; 0 removes it."""
        known = self.line(product_id)
        if known is None:
            return self
        if quantity == 0:
            return self.without({product_id})
        return self._with(replace(known, quantity=quantity))

    def without(self, product_ids: set[str]) -> Basket:
        return replace(self, lines=tuple(own for own in self.lines if own.product_id not in product_ids))

    def _with(self, line: Line) -> Basket:
        lines = tuple(line if own.product_id == line.product_id else own for own in self.lines)
        return replace(self, lines=lines)


def read_quantity(text: str, *, least: int) -> int:
    """A quantity from a form. Raises EmptorError."""
    if text.isascii() and text.isdigit() and len(text) <= 3 and least <= int(text) <= MAX_QUANTITY:
        return int(text)
    raise EmptorError(f"quantity: found {text[:20]!r}, expected a whole number from {least} to {MAX_QUANTITY}")


def new_token() -> str:
    """For a form, so that it counts once however often it is sent."""
    return uuid.uuid4().hex


def read_token(text: str) -> str:
    """The token of a form, which tells a form sent twice from two. Raises EmptorError."""
    if not _FORM_TOKEN.fullmatch(text):
        raise EmptorError("this form is not one of the shop's own; open the product's page and try again")
    return text


def event_id(action: str, session: str, line: Line) -> str:
    """The same for the same form: sent twice, it is one event."""
    parts = "\x1f".join((action, session, line.token, line.product_id))
    return f"{action}-{hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()}"


def _line(text: str) -> Line | None:
    parts = text.split(":")
    if len(parts) != 5:
        return None
    product_id, quantity, token = unquote(parts[0]), parts[1], parts[2]
    if not 0 < len(product_id) <= MAX_ID or _UNPRINTABLE.search(product_id) or not _LINE_TOKEN.fullmatch(token):
        return None
    if not (quantity.isascii() and quantity.isdigit() and len(quantity) <= 2 and int(quantity)):
        return None
    return Line(product_id, int(quantity), token, Found.read(parts[3], parts[4]))

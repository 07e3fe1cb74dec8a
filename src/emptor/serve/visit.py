"""A visitor as the cookies of a request tell: the session, the basket, and what was looked at lately."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.responses import Response

from emptor.serve.basket import Basket
from emptor.serve.service import Service
from emptor.shop.schema import MAX_ID

SESSION = "emptor_session"
BASKET = "emptor_basket"
BOUGHT = "emptor_bought"
VIEWED = "emptor_viewed"
SHOPPER = "emptor_shopper"
SCRIPTED = "emptor_scripted"
"""Set by the page's script, which then tells of clicks itself."""

MAX_VIEWED = 12
MAX_VIEWED_BYTES = 1_500
MAX_SHOPPER_BYTES = 12 * MAX_ID
"""An id as a cookie writes it: four bytes a character, three characters a byte."""
BASKET_S = 30 * 86_400
BOUGHT_S = 3_600

_SESSION_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Visit:
    """Who asks. is_new: no earlier answer of this shop is known to have reached the browser.

    may_choose: whether one can shop as a user of the log here; shopper: the id of the one chosen.
    """

    session: str
    is_new: bool
    basket: Basket
    bought: Basket
    viewed: tuple[str, ...]
    scripted: bool
    secure: bool
    may_choose: bool = False
    shopper: str | None = None

    @classmethod
    def of(cls, request: Request) -> Visit:
        """From cookies, which may hold anything."""
        cookies = request.cookies
        service: Service = request.app.state.service
        session = cookies.get(SESSION, "")
        is_known = _SESSION_ID.fullmatch(session) is not None
        return cls(
            session if is_known else uuid.uuid4().hex,
            not is_known,
            Basket.read(cookies.get(BASKET, "")),
            Basket.read(cookies.get(BOUGHT, "")),
            _viewed(cookies.get(VIEWED, "")),
            SCRIPTED in cookies,
            request.url.scheme == "https",
            service.with_shoppers,
            _shopper(cookies.get(SHOPPER, ""), service),
        )

    def keep(self, response: Response) -> None:
        """Give a new visitor a session."""
        if self.is_new:
            self._set(response, SESSION, self.session, None)

    def keep_basket(self, response: Response, basket: Basket) -> None:
        self._set(response, BASKET, basket.written(), BASKET_S if basket.lines else 0)

    def keep_bought(self, response: Response, bought: Basket) -> None:
        """For the page that says thank you."""
        self._set(response, BOUGHT, bought.written(), BOUGHT_S)

    def keep_viewed(self, response: Response, product_id: str) -> None:
        """Remember a product as the one looked at last."""
        ids = [product_id, *(own for own in self.viewed if own != product_id)][:MAX_VIEWED]
        while len(text := "|".join(quote(own, safe="") for own in ids)) > MAX_VIEWED_BYTES:
            ids.pop()
        if tuple(ids) != self.viewed:
            self._set(response, VIEWED, text, BASKET_S)

    def keep_shopper(self, response: Response, user_id: str | None) -> None:
        """Go on as a user of the log, or as oneself: either way in a session of its own, with nothing viewed yet."""
        self._set(response, SHOPPER, "" if user_id is None else quote(user_id, safe=""), None if user_id else 0)
        self._set(response, SESSION, uuid.uuid4().hex, None)
        self._set(response, VIEWED, "", 0)

    def _set(self, response: Response, name: str, value: str, seconds: int | None) -> None:
        response.set_cookie(name, value, seconds, httponly=True, samesite="lax", secure=self.secure)


def _viewed(cookie: str) -> tuple[str, ...]:
    if not cookie or len(cookie) > MAX_VIEWED_BYTES:
        return ()
    ids = dict.fromkeys(unquote(text) for text in cookie.split("|")[:MAX_VIEWED])
    return tuple(own for own in ids if 0 < len(own) <= MAX_ID)


def _shopper(cookie: str, service: Service) -> str | None:
    """The user that a cookie names, if the log knows them and one may shop as them here."""
    if not cookie or len(cookie) > MAX_SHOPPER_BYTES or not (service.with_shoppers and service.ready):
        return None
    user_id = unquote(cookie)
    return user_id if user_id in service.engine.taste.history else None

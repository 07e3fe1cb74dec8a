"""Where a visitor found a product: what a link carries, so that a cart or a purchase can name the page it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from emptor.cascade import MAX_LIST

_REQUEST_ID = re.compile(r"[0-9a-f]{32}")
"""As the engine draws them; the pages name no others."""


@dataclass(frozen=True)
class Found:
    """A place in a list: the page's request_id and the position from 0."""

    request_id: str
    position: int

    @classmethod
    def read(cls, request_id: str | None, position: str | None) -> Found | None:
        """From an address, a form or a cookie; None for anything that no page of this shop writes."""
        if not request_id or not position or not _REQUEST_ID.fullmatch(request_id):
            return None
        if not (position.isascii() and position.isdigit()) or len(position) > 4 or int(position) >= MAX_LIST:
            return None
        return cls(request_id, int(position))

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Found | None:
        """From the parameters `from` and `at`."""
        return cls.read(parameters.get("from"), parameters.get("at"))


def product_url(product_id: str, found: Found | None = None) -> str:
    """The address of a product's page."""
    url = f"/product/{quote(product_id, safe='')}"
    return url if found is None else f"{url}?" + urlencode({"from": found.request_id, "at": found.position})

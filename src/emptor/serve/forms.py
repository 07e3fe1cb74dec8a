"""Forms that pages of this shop send, and no others: read within bounds, refused when they come from another site."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from fastapi import Request

from emptor.errors import EmptorError
from emptor.serve.errors import Refused
from emptor.serve.events import read_body

MAX_FIELDS = 20
_KIND = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form; of a repeated one the last.

    Raises: Refused for a form of another site, TooLarge, EmptorError for what is no form.
    """
    check_origin(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise EmptorError(f"the body is {kind[:80] or 'of no kind'}, expected a form ({_KIND})")
    body = (await read_body(request)).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise EmptorError(f"the form has more than {MAX_FIELDS} fields") from None


def check_origin(request: Request) -> None:
    """Refuse what a page of another site makes a browser send. Raises Refused.

    Browsers name the origin with every POST; what sends none is no browser, and acts for nobody else.
    """
    origin = request.headers.get("origin")
    if origin is not None and _host(origin) != request.headers.get("host", "").lower():
        raise Refused("this form was sent from another site; open the shop's own page and try again")


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None

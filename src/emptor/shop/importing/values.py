"""One raw value to one field of a product: text, number, flag, time. What does not fit raises `Misfit`."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from emptor.shop.importing.text import NULLS, clean_line

MAX_RAW = 1 << 20
"""Characters of a raw text value; a longer one is refused before any cleaning."""
MAX_PRICE = 1e12
MAX_LEVELS = 10

_EXACT_FLOAT = 2.0**53


class Misfit(ValueError):
    """A value that a field cannot take; the message says what the field expects."""


def as_text(value: object) -> str | None:
    """A scalar as text, or None for no value: whole numbers without ".0", times as in ISO 8601."""
    if value is None:
        return None
    if isinstance(value, str):
        if not value.isascii() and any("\udc80" <= c <= "\udcff" for c in value):
            raise Misfit("text in UTF-8")
        if len(value) > MAX_RAW:
            raise Misfit(f"at most {MAX_RAW:,} characters")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) >= 10**300:
            raise Misfit("a number of at most 300 digits")
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_FLOAT else repr(value)
    if isinstance(value, Decimal):
        return None if value.is_nan() else format(value, "f") if abs(value.adjusted()) < 300 else str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise Misfit("text in UTF-8") from None
    if isinstance(value, (list, dict)):
        raise Misfit("text or a number")
    return str(value)


def as_texts(value: object) -> list[str]:
    """A scalar or a list of scalars as texts, without those that stand for no value; objects become JSON."""
    items = value if isinstance(value, list) else [value]
    texts = []
    for item in items:
        text = _as_json(item) if isinstance(item, (list, dict, tuple)) else as_text(item)
        if text is not None:
            texts.append(text)
    return texts


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError, TypeError):
        raise Misfit("text, a number or a list of them") from None


_ID_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def as_id(value: object, limit: int) -> str | None:
    """An identifier, kept letter by letter but for blanks around it.

    Raises Misfit for control characters, more than `limit` characters, and floats that are not whole numbers
    or too large to tell one from the next.
    """
    if type(value) is str and value.isascii() and value.isprintable() and len(value) <= limit:
        return None if (text := value.strip()) in NULLS else text
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT
    if isinstance(value, float) and not is_whole and not math.isnan(value):
        raise Misfit("text or a whole number below 2^53")
    if isinstance(value, bool):
        raise Misfit("text or a whole number")
    found = as_text(value)
    if found is None or (text := found.strip()) in NULLS:
        return None
    if len(text) > limit:
        raise Misfit(f"at most {limit} characters")
    if not text.isprintable() and _ID_CONTROL.search(text):
        raise Misfit("no line ends or control characters")
    return text


_PLAIN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+", re.A)
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_GROUPED_COMMA = re.compile(r"[0-9]{1,3}(?:[. ][0-9]{3})+,[0-9]{1,2}|[0-9]+,[0-9]{1,2}")
_CURRENCY_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_CURRENCY = r"[A-Z]{3}|[$€£¥]"
_PRICE = re.compile(rf"(?P<before>{_CURRENCY})?\s*(?P<number>[0-9.,eE+ ]*[0-9.])\s*(?P<after>{_CURRENCY})?")
_PRICE_FORM = f"a number from 0 to {MAX_PRICE:g}, as 12.50 or $1,299.00"


def as_price(value: object) -> tuple[float | None, str | None]:
    """A price and the currency written beside it: 12.5, "$1,299.00", "1299 EUR", "1.299,00 €"."""
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        return _amount(float(value)), None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        return (None, None) if math.isnan(number) else (_amount(number), None)
    text = as_text(value) if not isinstance(value, bool) else "true"
    if text is None or (text := clean_line(text)) in NULLS:
        return None, None
    text = text.replace("\xa0", " ").replace("\u202f", " ")
    found = _PRICE.fullmatch(text) if len(text) <= 100 else None
    if found is None or (found["before"] and found["after"]):
        raise Misfit(_PRICE_FORM)
    number_text = found["number"].strip()
    if _GROUPED.fullmatch(number_text):
        number_text = number_text.replace(",", "")
    elif _GROUPED_COMMA.fullmatch(number_text):
        number_text = re.sub(r"[. ]", "", number_text).replace(",", ".")
    elif not _PLAIN_NUMBER.fullmatch(number_text):
        raise Misfit(_PRICE_FORM)
    currency = found["before"] or found["after"]
    return _amount(float(number_text)), _CURRENCY_SIGNS.get(currency, currency) if currency else None


def _amount(number: float) -> float:
    if not 0 <= number <= MAX_PRICE:
        raise Misfit(_PRICE_FORM)
    return number + 0.0  # no negative zero


def as_currency(value: object) -> str | None:
    """A currency as three capitals, from those in any case or from one of $ € £ ¥."""
    text = as_text(value)
    if text is None or (text := text.strip()) in NULLS:
        return None
    code = _CURRENCY_SIGNS.get(text, text.upper())
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise Misfit("a currency of three letters, as USD")
    return code


_STOCK_WORDS = {
    True: "true t yes y on available instock instoreonly onlineonly limitedavailability limitedstock lowstock"
    " preorder presale backorder madetoorder",
    False: "false f no n off unavailable outofstock soldout discontinued notavailable nostock",
}
_STOCK = {word: flag for flag, words in _STOCK_WORDS.items() for word in words.split()}


def as_in_stock(value: object) -> bool:
    """Whether a product can be bought; no value means that it can. A number is a count of pieces."""
    if value is None or isinstance(value, bool):
        return value is None or value
    text = as_text(value)
    if text is None or (text := text.strip()) in NULLS:
        return True
    word = re.sub(r"^https?://schema\.org/|[\s_-]+", "", text[:60].lower())
    if word in _STOCK:
        return _STOCK[word]
    if re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", text):
        return float(text) > 0
    raise Misfit("true, false, in stock, out of stock, preorder or a number of pieces")


_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_LATEST_SECONDS = int(_LATEST.timestamp())
_TIME_FORM = "a date or time between 1970 and 2100, as 2024-05-31, 2024-05-31T12:00:00Z or Unix seconds"


def as_time(value: object) -> datetime | None:
    """A moment in UTC, from ISO 8601 (without a zone: taken as UTC) or from Unix seconds or milliseconds."""
    try:
        if isinstance(value, datetime):
            return _in_range(value)
        if isinstance(value, date):
            return _in_range(datetime(value.year, value.month, value.day))
        if isinstance(value, (bool, list, dict)):
            raise Misfit(_TIME_FORM)
        if isinstance(value, (int, float, Decimal)):
            return None if value != value else _from_unix(float(value))
        text = as_text(value)
        if text is None or (text := text.strip()) in NULLS:
            return None
        if re.fullmatch(r"[0-9]{9,}(\.[0-9]+)?|0", text[:100]):
            return _from_unix(float(text[:100]))
        return _in_range(datetime.fromisoformat(text[:100]))
    except (ValueError, OverflowError):
        raise Misfit(_TIME_FORM) from None


def _from_unix(number: float) -> datetime:
    seconds = number if abs(number) <= _LATEST_SECONDS else number / 1000
    if not 0 <= seconds <= _LATEST_SECONDS or 1900 <= number <= 2100:  # the latter is a year, not a moment
        raise Misfit(_TIME_FORM)
    return _EARLIEST + timedelta(seconds=seconds)


def _in_range(moment: datetime) -> datetime:
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not _EARLIEST <= moment <= _LATEST:
        raise Misfit(_TIME_FORM)
    return moment

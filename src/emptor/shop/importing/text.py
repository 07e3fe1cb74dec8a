"""Text as it comes from feeds, made plain: entities decoded, markup and control characters gone, NFC."""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import product

_NULL_WORDS = ("nan", "null", "none", "n/a")
NULLS = frozenset({""} | {"".join(word) for null in _NULL_WORDS for word in product(*({c, c.upper()} for c in null))})
"""What stands for "no value" in a cell, in upper and lower case."""

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_ELEMENTS = (
    "a abbr address article aside audio b big blockquote body br button caption center cite code col "
    "colgroup dd del details div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 "
    "h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark meta nav "
    "noscript object ol option p param picture pre q s samp script section select small source span "
    "strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title "
    "tr track tt u ul var video wbr"
)
# Only known elements count as markup, so that "a < b", "<3" and "List<int>" stay.
_TAG = re.compile(rf"</?(?:{'|'.join(_ELEMENTS.split())})(?:[\s/][^>]*)?>", re.I)
_MARKUP = (
    (re.compile(r"<script\b.*?</script\s*>", re.I | re.S), re.compile(r"</script\s*>", re.I)),
    (re.compile(r"<style\b.*?</style\s*>", re.I | re.S), re.compile(r"</style\s*>", re.I)),
    (re.compile(r"<!--.*?-->", re.S), re.compile(r"-->")),
    (_TAG, re.compile(r">")),
)
"""What markup looks like, each with what ends it."""
_BLANKS = re.compile(r"[ \t]{2,}")
_MARKUP_PASSES = 8


def clean_line(text: str, *, decode: bool = True) -> str:
    """Text of one line: entities decoded (with `decode`), control characters and line ends made spaces."""
    if text.isascii() and text.isprintable() and "&" not in text:
        return text.strip()
    if decode and "&" in text:
        text = html.unescape(text)
    text = _LINE_CONTROL.sub(" ", text.replace("\r\n", " "))
    return unicodedata.normalize("NFC", text).strip()


def clean_text(text: str, *, decode: bool = True) -> str:
    """Text of any number of lines; with `decode`, entities are decoded and HTML markup becomes spaces."""
    if text.isascii() and text.isprintable() and "&" not in text and "<" not in text:
        return text.strip()
    if decode and "&" in text:
        text = html.unescape(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", CONTROL.sub(" ", text))
    if decode and "<" in text:
        text = _without_markup(text)
    return text.strip()


def _without_markup(text: str) -> str:
    """`text` without tags, comments, scripts and styles; applying it twice is applying it once."""
    for _ in range(_MARKUP_PASSES):
        plain = text
        for markup, end in _MARKUP:
            plain = _without(plain, markup, end)
        if plain == text:
            return text
        text = _BLANKS.sub(" ", plain)
    return text.replace("<", " ")


def _without(text: str, markup: re.Pattern[str], end: re.Pattern[str]) -> str:
    # Searched only as far as its last end stands, each beginning finds an end: the search stays linear even
    # where a text is full of beginnings.
    last = 0
    for found in end.finditer(text):
        last = found.end()
    return markup.sub(" ", text[:last]) + text[last:]


def escaped(text: str) -> str:
    """What `clean_line` and `clean_text` decode to `text`: the text itself if nothing in it decodes."""
    if "&" in text and html.unescape(text) != text:
        return text.replace("&", "&amp;")
    return text

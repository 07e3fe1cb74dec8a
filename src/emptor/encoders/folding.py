"""Texts as the tokenizer reads them: how something is written must not make it another word."""

from __future__ import annotations

import re
import unicodedata

SPACE = "▁"
"""Stands at the start of a word among the pieces; not a character that a text can have."""

_GAPS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff▁]+")
"""Control characters, halves of characters, and the mark of a word's start: read as spaces."""
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff™℠®©]+")
"""Characters without a width, and marks of ownership: read as if they were not there."""
_FRACTION = re.compile("(?=[\u00bc-\u00be\u2150-\u215e])")
_ACCENTS = re.compile("[\u0300-\u036f]+")


def folded(text: str) -> str:
    """Lower case, compatibility forms, without accents: `Café™ 3½` -> `cafe 3 1/2`. Folding twice changes nothing.

    Only accents of Latin, Greek and Cyrillic letters go; the marks of other scripts make other letters.
    """
    text = _GAPS.sub(" ", text)
    if text.isascii():
        return text.lower()
    text = _FRACTION.sub(" ", _UNSEEN.sub("", text))  # 3½ is 3 1/2, not 31/2
    text = unicodedata.normalize("NFKC", text).lower().replace("⁄", "/")
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))


def clipped(text: str, limit: int) -> str:
    """At most `limit` characters, cut between two words where there is a gap."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    return head.rpartition(" ")[0] or head

"""Titles: the same parts in the order of each seller's house."""

from __future__ import annotations

from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.language import one
from emptor.market.world.wording import WORDS, House, Parts, Words

_STUFFED = (
    *("hot sale", "free shipping", "new arrival", "bestseller", "gift idea", "top rated", "limited stock"),
    *("fast delivery", "trending now", "special offer", "must have", "great value", "gift for her", "gift for him"),
)
_BOASTS = (
    *("premium quality", "luxury edition", "number one choice", "professional grade", "100% original", "best ever"),
    *("finest quality", "award winning", "designer quality", "unbeatable"),
)
"""What listings that mislead say oftenest; some honest ones do as well."""
_SMALL = {"in", "by", "for", "with", "and", "of", "a", "an", "the"}
_UNITS = {category.measure.unit for category in CATEGORIES if category.measure} | {
    other for category in CATEGORIES if category.measure for other in category.measure.spellings
}
_capitals: dict[str, str] = {}


def title(
    words: Words,
    parts: Parts,
    brand: str,
    series: str,
    book: str,
    author: str,
    house: House,
    bits: int,
    *,
    boasts: bool = False,
) -> str:
    """What stands above a listing.

    Args:
        brand: empty where the seller leaves it out. series: shared by the variants of a design, or empty.
        book: title of a book, empty for anything else. bits: 64 random ones. boasts: the listing misleads.
    """
    maker = brand.upper() if house.shouts else brand
    if book:
        text = _book(words, parts, maker, book, author, house)
    else:
        text = _ordered(parts, maker, series, house.order)
    if house.cased and not book:
        text = " ".join([_capital(word) for word in text.split(" ")])
    else:
        text = text[0].upper() + text[1:]
    # most of those who mislead praise themselves, and one in fifty of the others
    if (bits >> 40) & 63 < (40 if boasts else 1):
        text = f"{text} {_BOASTS[(bits >> 46) % len(_BOASTS)]}"
    return f"{text} {_stuffing(words, bits)}" if house.stuffs else text


def _ordered(parts: Parts, maker: str, series: str, order: int) -> str:
    described, before, name, after, size = parts.described, parts.before, parts.name, parts.after, parts.size
    if order == 0:
        return _listed(", ", _spaced(maker, series, described, before, name), size, after)
    if order == 1:
        by = f"{name} by {maker}" if maker else name
        return _listed(" - ", _spaced(series, parts.pattern, before, by), parts.color, parts.material, size, after)
    if order == 2:
        return _spaced(maker, before, name, described, size, after.replace(",", ""))
    if order == 3:
        return _listed(" | ", _spaced(described, before, name, size, after), _spaced(maker, series))
    if order == 4:
        made = _spaced(maker, size, parts.material, before, name, series)
        return _listed(", ", f"{made} in {parts.color}" if parts.color else made, parts.pattern, after)
    if order == 5:
        inside = _listed(", ", parts.color, parts.material, size)
        return _spaced(maker, series, parts.pattern, before, name, after, f"({inside})" if inside else "")
    if order == 6:
        own = _spaced(parts.pattern, parts.material, before, name)
        return _listed(" - ", own, _listed(", ", parts.color, size, after), _spaced(maker, series))
    if order == 7:
        made = _spaced(parts.pattern, parts.material)
        return _listed(" | ", _spaced(maker, series, before, name), parts.color, made, size, after)
    return _listed(", ", _spaced(parts.material, before, name), parts.seen, size, after, maker)


def _book(words: Words, parts: Parts, maker: str, book: str, author: str, house: House) -> str:
    """A book: its style is the binding, its colour and pattern are the cover's."""
    binding = parts.name.removeprefix(words.noun).strip()
    cover = f"{parts.seen} cover" if parts.seen else ""
    kind = _spaced(parts.before, words.noun)
    order = house.order % 4
    if order == 0:
        return _listed(", ", f"{book}: {one(kind)} by {author}", binding, parts.after, cover)
    if order == 1:
        return _listed(" - ", f"{book} by {author}", _spaced(binding, kind), parts.after, cover, maker)
    if order == 2:
        inside = _listed(", ", binding, parts.after, cover)
        return _listed(" | ", _spaced(f"{author}: {book}, {kind}", f"({inside})" if inside else ""), maker)
    return _listed(", ", f"{book} - {kind}", parts.after, binding, cover, author, maker)


def _spaced(*parts: str) -> str:
    return " ".join([part for part in parts if part])


def _listed(mark: str, *parts: str) -> str:
    return mark.join([part for part in parts if part])


def _capital(word: str) -> str:
    """`Crew-Neck` of crew-neck; units and small words stay."""
    known = _capitals.get(word)
    if known is None:
        bare = word.rstrip(",)")
        if bare in _SMALL or bare in _UNITS:
            known = word
        else:
            known = "-".join([part[:1].upper() + part[1:] for part in word.split("-")])
            known = "(" + known[1:2].upper() + known[2:] if known.startswith("(") else known
        _capitals[word] = known
    return known


def _stuffing(words: Words, bits: int) -> str:
    """What people search for, put behind a title whether it fits or not."""
    own = [words.nouns[bits % len(words.nouns)], _STUFFED[(bits >> 8) % len(_STUFFED)]]
    if (bits >> 16) & 3 == 0:
        own.append(WORDS[(bits >> 18) % len(WORDS)].noun)
    if (bits >> 30) & 1:
        own.append(_STUFFED[(bits >> 32) % len(_STUFFED)])
    return " ".join(own)

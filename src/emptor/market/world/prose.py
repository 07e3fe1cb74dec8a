"""Descriptions: a few sentences that praise a product, and claim at most what its title claims."""

from __future__ import annotations

from emptor.market.knowledge.language import one
from emptor.market.world.products import COLOR, EXTRA, MATERIAL, MEASURE, STYLE
from emptor.market.world.wording import House, Parts, Words

_OPENINGS = (
    "{One} from {brand} that you will reach for again and again.",
    "{brand} designs with care, and it shows.",
    "If you were looking for {one}, here it is.",
    "{One} by {brand}, made to last.",
    "{One} that looks good and does its job.",
    "Simple, sturdy and good to look at: {one} by {brand}.",
    "Meet {one} with a few ideas of its own.",
    "Our customers keep coming back for {one} like this.",
    "{brand} has been making this one for years, with small changes.",
    "You asked for {one} by {brand}; we found some more.",
    "Not the cheapest and not the dearest: {one} for every day.",
    "{One} without fuss.",
)
_NO_BRAND = tuple(opening for opening in _OPENINGS if "{brand}" not in opening)
_DETAILS = (
    "It comes with {first} and {second}.",
    "We like {first}; customers like {second}.",
    "Details such as {first} and {second} make the difference.",
    "You get {first}, and {second} as well.",
)
_CLOSINGS = (
    "Ships within two days.",
    "A good gift, too.",
    "Easy to return within 30 days.",
    "Photos show the actual product.",
    "Small batches, so be quick.",
    "Questions? Write to us, we answer the same day.",
    "Packed without plastic.",
    "",
)
_FINISHES = (
    "In {}, it goes with almost everything.",
    "This one comes in {}.",
    "Shown here in {}.",
    "The {} version is our favourite.",
    "You are looking at the one in {}.",
    "Finish: {}.",
    "Ours is {}.",
    "We have it in {}, while stocks last.",
)
_BOOK_OPENINGS = (
    "A book to take to bed and to pass on.",
    "Read in one weekend, remembered for years.",
    "The new edition, checked and lightly revised.",
    "From {brand}, in a careful edition.",
)


def description(words: Words, claim: list[int], parts: Parts, brand: str, house: House, bits: int) -> str:
    """Two to four sentences, or a list of facts, as the house has it.

    Args:
        claim: values in the slots of the category, -1 not claimed. parts: the words for them in the title.
        bits: 64 random ones.
    """
    features = words.features
    first = features[bits % len(features)]
    second = features[(bits + 1 + (bits >> 8) % (len(features) - 1)) % len(features)]
    if words.book:
        openings: tuple[str, ...] = _BOOK_OPENINGS if brand else _BOOK_OPENINGS[:3]
        opening = openings[(bits >> 16) % len(openings)].format(brand=brand)
    else:
        openings = _OPENINGS if brand else _NO_BRAND
        name = one(words.things[claim[STYLE]] if claim[STYLE] >= 0 and (bits >> 20) & 1 else words.noun)
        opening = openings[(bits >> 16) % len(openings)].format(one=name, One=name[0].upper() + name[1:], brand=brand)
    sentences = [opening, _DETAILS[(bits >> 24) & 3].format(first=first, second=second)]
    luck = (bits >> 32) & 7
    if house.prose == 0:
        sentences += _facts(words, claim, bits)
    elif house.prose < 3 and luck < 5 and parts.described and not words.book:
        sentences.append(_FINISHES[(bits >> 35) & 7].format(parts.described))
    if house.prose != 3 and (bits >> 40) & 1:
        sentences.append(_CLOSINGS[(bits >> 41) & 7])
    return " ".join(sentences).strip()


def _facts(words: Words, claim: list[int], bits: int) -> list[str]:
    """Up to three claims as a seller's sheet has them: `Material: cotton.`"""
    facts = [
        f"{words.fields[slot].capitalize()}: {words.values[slot][claim[slot]]}."
        for slot in (MATERIAL, EXTRA, EXTRA + 1, EXTRA + 2, MEASURE, COLOR)
        if claim[slot] >= 0 and (bits >> 48 + slot) & 1
    ]
    return facts[:3]
